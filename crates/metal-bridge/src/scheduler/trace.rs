//! The executed schedule, for people: Chrome's and Perfetto's trace format, and the graph of what is pending as DOT.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write;
use std::sync::Arc;

use serde_json::{Value, json};

use super::error::OperationError;
use super::operation::OperationId;
use super::state::{Node, Phase};

/// When and where an operation began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) begin: f64,
    pub(super) end: f64,
    pub(super) worker: usize,
    pub(super) asynchronous: bool,
}

/// Notes operations as they end, the last ones up to a number.
#[derive(Debug)]
pub(super) struct Recorder {
    capacity: usize,
    operations: VecDeque<ExecutedOperation>,
    dropped: u64,
}

/// What a manager has executed; see [`stop_trace`](super::CommandBufferManager::stop_trace).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ScheduleTrace {
    /// The operations in the order in which they ended.
    pub operations: Vec<ExecutedOperation>,
    /// Operations that ended before these and were not kept.
    pub dropped: u64,
}

/// An operation that has ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ExecutedOperation {
    /// The operation.
    pub id: OperationId,
    /// Its label, if it has one.
    pub label: Option<Arc<str>>,
    /// When it began to execute, in seconds on the clock of [`CommandBuffer::gpu_start_time`].
    ///
    /// [`CommandBuffer::gpu_start_time`]: crate::CommandBuffer::gpu_start_time
    pub begin: f64,
    /// When it had ended, its cleanup and handler included.
    pub end: f64,
    /// The worker on which it ran, from 0.
    pub worker: usize,
    /// Whether it went on without a worker.
    pub asynchronous: bool,
    /// The operations that it had to wait for when it was queued, because of its dependencies or its buffers.
    pub waited_for: Vec<OperationId>,
    /// How it ended.
    pub outcome: Outcome,
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Well.
    Succeeded,
    /// It failed itself.
    Failed,
    /// It was cancelled, perhaps for a dependency.
    Cancelled,
}

impl Recorder {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, operations: VecDeque::new(), dropped: 0 }
    }

    pub(super) fn record(
        &mut self,
        id: OperationId,
        label: Option<Arc<str>>,
        span: Span,
        before: Vec<u64>,
        result: &Result<(), OperationError>,
    ) {
        if self.operations.len() >= self.capacity {
            self.dropped += 1;
            if self.operations.pop_front().is_none() {
                return;
            }
        }
        let Span { begin, end, worker, asynchronous } = span;
        let waited_for = before.into_iter().map(|number| OperationId { number, ..id }).collect();
        let outcome = match result {
            Ok(()) => Outcome::Succeeded,
            Err(error) if error.is_cancelled() => Outcome::Cancelled,
            Err(_) => Outcome::Failed,
        };
        let operation =
            ExecutedOperation { id, label, begin, end, worker, asynchronous, waited_for, outcome };
        self.operations.push_back(operation);
    }

    pub(super) fn finish(self) -> ScheduleTrace {
        ScheduleTrace { operations: self.operations.into(), dropped: self.dropped }
    }
}

impl ScheduleTrace {
    /// As JSON in the trace event format, which <https://ui.perfetto.dev> and `chrome://tracing` open: a row for each
    /// worker, further rows for asynchronous operations, and arrows from operations to those that waited for them.
    pub fn to_json(&self) -> String {
        const MICROSECONDS: f64 = 1e6;
        let start = self.operations.iter().map(|operation| operation.begin).fold(f64::INFINITY, f64::min);
        let time = |seconds: f64| (seconds - start) * MICROSECONDS;
        let rows = self.rows();
        let ended: HashMap<OperationId, (f64, usize)> =
            self.operations.iter().zip(&rows).map(|(o, row)| (o.id, (time(o.end), *row))).collect();
        let mut events = Vec::new();
        let mut arrows = 0u64;
        for (operation, row) in self.operations.iter().zip(&rows) {
            let begin = time(operation.begin);
            let name = match &operation.label {
                Some(label) => label.to_string(),
                None => format!("operation {}", operation.id),
            };
            let waited_for: Vec<u64> = operation.waited_for.iter().map(|id| id.number).collect();
            events.push(json!({
                "ph": "X", "cat": "operation", "name": name, "pid": 1, "tid": row,
                "ts": begin, "dur": time(operation.end) - begin,
                "args": {
                    "id": operation.id.number,
                    "outcome": format!("{:?}", operation.outcome),
                    "waited for": waited_for,
                },
            }));
            for before in &operation.waited_for {
                let Some((end, other)) = ended.get(before) else { continue };
                arrows += 1;
                let arrow = |phase: &str, at: f64, row: usize| -> Value {
                    json!({
                        "ph": phase, "bp": "e", "cat": "dependency", "name": "dependency", "id": arrows,
                        "pid": 1, "tid": row, "ts": at,
                    })
                };
                events.push(arrow("s", *end, *other));
                events.push(arrow("f", begin, *row));
            }
        }
        let mut named: Vec<(usize, bool)> = rows
            .iter()
            .zip(&self.operations)
            .map(|(row, operation)| (*row, operation.asynchronous))
            .collect();
        named.sort_unstable();
        named.dedup();
        for (row, asynchronous) in named {
            let name = if asynchronous { "asynchronous".to_owned() } else { format!("worker {row}") };
            events.push(json!({
                "ph": "M", "name": "thread_name", "pid": 1, "tid": row, "args": { "name": name },
            }));
        }
        json!({ "traceEvents": events, "displayTimeUnit": "ms", "otherData": { "dropped": self.dropped } })
            .to_string()
    }

    /// A row for each operation: its worker, or for asynchronous ones the first row beyond the workers that is free while
    /// it lasts.
    fn rows(&self) -> Vec<usize> {
        let workers = self.operations.iter().map(|operation| operation.worker + 1).max().unwrap_or(0);
        let mut rows: Vec<usize> = self.operations.iter().map(|operation| operation.worker).collect();
        let mut asynchronous: Vec<usize> =
            (0..self.operations.len()).filter(|i| self.operations[*i].asynchronous).collect();
        asynchronous.sort_by(|a, b| self.operations[*a].begin.total_cmp(&self.operations[*b].begin));
        let mut free_from: Vec<f64> = Vec::new();
        for index in asynchronous {
            let ExecutedOperation { begin, end, .. } = self.operations[index];
            let row = free_from.iter().position(|free| *free <= begin).unwrap_or(free_from.len());
            match free_from.get_mut(row) {
                Some(free) => *free = end,
                None => free_from.push(end),
            }
            rows[index] = workers + row;
        }
        rows
    }
}

/// The graph of operations that have not ended, as DOT.
pub(super) fn dot(nodes: &[Node]) -> String {
    let mut dot = String::from("digraph operations {\n  node [shape=box];\n");
    // Writing to a `String` cannot fail.
    for node in nodes {
        let label = node.label.as_deref().unwrap_or_default();
        let state = match (node.cancelled, node.phase) {
            (true, _) => "cancelled",
            (false, Phase::Waiting) => "waiting",
            (false, Phase::Ready) => "ready",
            (false, Phase::Running) => "running",
            (false, Phase::InFlight | Phase::Told) => "in flight",
        };
        let _ = writeln!(dot, "  {} [label=\"{} {}\\n{state}\"];", node.id, node.id, quoted(label));
    }
    for node in nodes {
        for (dependent, declared) in &node.dependents {
            let style = if *declared { "" } else { " [style=dashed]" };
            let _ = writeln!(dot, "  {} -> {dependent}{style};", node.id);
        }
    }
    dot.push_str("}\n");
    dot
}

/// Text as DOT's strings may have it.
fn quoted(text: &str) -> String {
    let clean = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect::<String>();
    clean.replace('\\', "\\\\").replace('"', "\\\"")
}

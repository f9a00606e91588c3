//! What can be seen of a manager's work.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::common::*;
use metal_bridge::Error;
use metal_bridge::scheduler::Outcome;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

#[test]
fn traces_have_times_rows_and_dependencies() {
    let manager = manager(2);
    assert_eq!(manager.stop_trace().operations, []);
    manager.start_trace(100);
    let x = buffer(&manager);
    let a = queue(&manager, |o| o.label("a \"quoted\"").output_buffers([&x]).execute(|| Ok(())));
    let (gate, end) = blocker(&manager);
    let b = queue(&manager, |o| o.input_buffers([&x]).depends_on(gate).execute_command_buffer(|_, _| Ok(())));
    let c = queue(&manager, |o| o.depends_on(b).execute(|| Err(Error::other("bad"))));
    let d = queue(&manager, |o| o.depends_on(c));
    end.send(Ok(())).unwrap();
    manager.shutdown().unwrap();
    let trace = manager.stop_trace();
    let by_id: HashMap<_, _> = trace.operations.iter().map(|operation| (operation.id, operation)).collect();
    assert_eq!((trace.operations.len(), trace.dropped), (5, 0));
    assert!(by_id.values().all(|operation| operation.begin <= operation.end));
    assert!(by_id[&b].waited_for.contains(&gate) && by_id[&b].asynchronous);
    assert!(by_id[&b].begin >= by_id[&a].end && by_id[&c].begin >= by_id[&b].end);
    assert_eq!(by_id[&c].outcome, Outcome::Failed);
    assert_eq!((by_id[&d].outcome, &by_id[&d].waited_for), (Outcome::Cancelled, &vec![c]));

    let json: serde_json::Value = serde_json::from_str(&trace.to_json()).unwrap();
    let events = json["traceEvents"].as_array().unwrap();
    let of = |phase: &str| events.iter().filter(|event| event["ph"] == phase).collect::<Vec<_>>();
    assert_eq!(of("X").len(), 5);
    assert!(of("X").iter().any(|event| event["name"] == "a \"quoted\""));
    let arrows: usize = trace.operations.iter().map(|operation| operation.waited_for.len()).sum();
    assert!(arrows >= 3);
    assert_eq!((of("s").len(), of("f").len()), (arrows, arrows));
    assert!(of("X").iter().all(|event| event["ts"].as_f64().unwrap() >= 0.0));
}

#[test]
fn traces_keep_the_latest() {
    let manager = manager(1);
    manager.start_trace(2);
    let ids: Vec<_> = (0..5).map(|_| queue(&manager, |o| o)).collect();
    manager.shutdown().unwrap();
    let trace = manager.stop_trace();
    assert_eq!(trace.operations.iter().map(|o| o.id).collect::<Vec<_>>(), ids[3..]);
    assert_eq!(trace.dropped, 3);
}

#[test]
fn what_is_pending_is_a_graph() {
    let manager = manager(1);
    let x = buffer(&manager);
    let (first, end) = blocker(&manager);
    while manager.get_stats().in_flight == 0 {
        std::thread::yield_now();
    }
    let second = queue(&manager, |o| o.label("say \"hi\"\\").depends_on(first).output_buffers([&x]));
    let third = queue(&manager, |o| o.input_buffers([&x]));
    assert_eq!(
        manager.to_dot(),
        format!(
            "digraph operations {{\n  node [shape=box];\n  {first} [label=\"{first} \\nrunning\"];\n  \
             {second} [label=\"{second} say \\\"hi\\\"\\\\\\nwaiting\"];\n  {third} [label=\"{third} \\nwaiting\"];\n  \
             {first} -> {second};\n  {second} -> {third} [style=dashed];\n}}\n"
        )
    );
    let stats = manager.get_stats();
    assert_eq!((stats.queued, stats.pending, stats.in_flight, stats.peak), (3, 2, 1, 3));
    end.send(Ok(())).unwrap();
    manager.wait_for_operation(third).unwrap();
}

/// Notes the spans and events of this crate.
#[derive(Clone, Default)]
struct Notes(Arc<(AtomicU64, Mutex<Vec<String>>)>);

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0 += &format!(" {field}={value:?}");
    }
}

impl Subscriber for Notes {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("metal_bridge")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut text = Text(span.metadata().name().to_owned());
        span.record(&mut text);
        self.0.1.lock().unwrap().push(text.0);
        Id::from_u64(self.0.0.fetch_add(1, Ordering::SeqCst) + 1)
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(event.metadata().level().to_string());
        event.record(&mut text);
        self.0.1.lock().unwrap().push(text.0);
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn operations_are_spans() {
    let notes = Notes::default();
    // Workers have no subscriber of their own: it has to be the process's.
    if tracing::subscriber::set_global_default(notes.clone()).is_err() {
        panic!("another test of this process has set a subscriber");
    }
    let manager = manager(1);
    let good = queue(&manager, |o| o.label("a good one").execute(|| Ok(())));
    let bad =
        queue(&manager, |o| o.cleanup(|| Err(Error::other("stuck"))).execute(|| Err(Error::other("bad"))));
    manager.wait_for_operation(good).unwrap();
    manager.wait_for_operation(bad).unwrap_err();
    let notes = notes.0.1.lock().unwrap();
    let has = |parts: &[&str]| notes.iter().any(|note| parts.iter().all(|part| note.contains(part)));
    assert!(has(&["operation", "id=1", "a good one"]), "{notes:?}");
    assert!(has(&["DEBUG", "id=2", "bad"]), "{notes:?}");
    assert!(has(&["WARN", "id=2", "stuck"]), "{notes:?}");
}

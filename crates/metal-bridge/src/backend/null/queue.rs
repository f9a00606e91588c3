use std::fmt::Write;
use std::sync::Arc;

use super::device::Control;
use crate::backend::{self, Binding, BlitCommand, ComputeCommand, Dispatch, Pass, Submission};
use crate::size::Size;

#[derive(Debug)]
pub(super) struct NullQueue(Arc<Control>);

impl NullQueue {
    pub(super) fn new(control: Arc<Control>) -> Self {
        Self(control)
    }
}

impl backend::Queue for NullQueue {
    fn submit(&self, submission: Submission) {
        self.0.submit(submission);
    }
}

/// One line for each command, and for each label.
pub(super) fn describe(Submission { label, passes, .. }: &Submission) -> Vec<String> {
    let mut lines = Vec::new();
    let title = |what: &str, label: &str, lines: &mut Vec<String>| {
        if !label.is_empty() {
            lines.push(format!("{what} \"{label}\""));
        }
    };
    title("command buffer", label, &mut lines);
    for pass in passes {
        match pass {
            Pass::Compute { label, dispatch_type, commands } => {
                title(&format!("{dispatch_type:?} compute command encoder"), label, &mut lines);
                lines.extend(commands.iter().map(describe_compute));
            }
            Pass::Blit { label, commands } => {
                title("blit command encoder", label, &mut lines);
                lines.extend(commands.iter().map(describe_blit));
            }
            Pass::Program { label, call } => {
                title("program", label, &mut lines);
                lines.push(format!("program: {} feeds, {} results", call.feeds.len(), call.results.len()));
            }
        }
    }
    lines
}

fn describe_compute(command: &ComputeCommand) -> String {
    match command {
        ComputeCommand::Dispatch(dispatch) => describe_dispatch(dispatch),
        ComputeCommand::Routine(call) => format!("routine {}", call.routine),
        ComputeCommand::Barrier(scope) => format!("barrier: {scope:?}"),
        ComputeCommand::PushDebugGroup(name) => format!("push debug group `{name}`"),
        ComputeCommand::PopDebugGroup => "pop debug group".into(),
    }
}

fn describe_dispatch(dispatch: &Dispatch) -> String {
    let size = |extents: [u32; 3]| Size::from(extents.map(|extent| extent as usize));
    let mut line = format!(
        "dispatch `{}`: grid {}, threadgroup {}",
        dispatch.pipeline.reflection().name,
        size(dispatch.threads_per_grid),
        size(dispatch.threads_per_threadgroup),
    );
    for (index, binding) in dispatch.buffers.iter().enumerate() {
        // Writing to a `String` cannot fail.
        let _ = match binding {
            None => Ok(()),
            Some(Binding::Buffer { offset, length, .. }) => {
                write!(line, ", buffer {index}: {length} bytes from byte {offset}")
            }
            Some(Binding::Bytes(bytes)) => {
                write!(line, ", buffer {index}: set to {} bytes", bytes.as_slice().len())
            }
        };
    }
    for (index, length) in dispatch.threadgroup_memory.iter().enumerate().filter(|(_, length)| **length > 0) {
        let _ = write!(line, ", threadgroup memory {index}: {length} bytes");
    }
    line
}

fn describe_blit(command: &BlitCommand) -> String {
    match command {
        BlitCommand::Copy { source_offset, destination_offset, size, .. } => {
            format!("copy {size} bytes from byte {source_offset} to byte {destination_offset}")
        }
        BlitCommand::Fill { range, value, .. } => {
            format!("fill bytes {} to {} with {value}", range.start, range.end)
        }
        BlitCommand::Synchronize { .. } => "synchronize".into(),
        BlitCommand::PushDebugGroup(name) => format!("push debug group `{name}`"),
        BlitCommand::PopDebugGroup => "pop debug group".into(),
    }
}

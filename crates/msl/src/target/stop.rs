//! Loops that end when the launch is stopped.

use super::control_flow::ControlFlow;
use super::entry::STOPPED;
use super::split::split_edge;
use crate::llvm::{Builder, Module};
use crate::runtime::THREAD;

/// Makes every cycle of the thread function test the launch's flag, and return if it is set.
pub(super) fn stop_loops(module: &Module) {
    let function = module.function(THREAD).expect("the thread function was added");
    let context = function.parameters()[0];
    let back_edges = ControlFlow::new(function).back_edges;
    if back_edges.is_empty() {
        return;
    }
    let stopped = module
        .function(STOPPED)
        .unwrap_or_else(|| module.add_function(STOPPED, module.int_type(1), &[module.pointer_type(0)]));
    let leave = Builder::append_block(module, function, "stopped");
    Builder::at_end(module, leave).ret(None);
    for (from, to) in back_edges {
        let middle = split_edge(module, from, to);
        let builder = Builder::at_end(module, middle);
        let stop = builder.call(stopped, &[context]);
        builder.branch_if(stop, leave, to);
    }
}

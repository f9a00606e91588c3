//! What steps do and where values lie, for people.

use std::fmt::Write as _;

use super::emit::shape_of;
use crate::graph::ir::{Arena, NodeId, Op};

/// What a step does.
#[derive(Clone, Debug)]
pub(crate) struct Description {
    /// The tensors that it writes: `softmax "y": f32[2, 3]`.
    pub(crate) results: Vec<String>,
    /// The calls of the program that it computes, each with its operations: `addition at main.rs:12: broadcast, add`.
    pub(crate) operations: Vec<String>,
    /// Bytes of the tensors that it reads, each once.
    pub(crate) read: usize,
    /// Bytes of the tensors that it writes.
    pub(crate) written: usize,
    /// Multiplications and additions of products of matrices and convolutions.
    pub(crate) flops: f64,
}

impl Description {
    /// Of a step that reads `leaves` and writes `outputs`, which are among what is computed.
    pub(crate) fn new(arena: &Arena, leaves: &[NodeId], outputs: &[NodeId], computed: &[NodeId]) -> Self {
        let bytes = |nodes: &[NodeId]| nodes.iter().map(|&id| size_of(arena, id)).sum();
        Self {
            results: outputs.iter().map(|&id| name(arena, id)).collect(),
            operations: operations(arena, computed),
            read: bytes(leaves),
            written: bytes(outputs),
            flops: computed.iter().map(|&id| flops(arena, id)).sum(),
        }
    }
}

/// The operations of each call, in the order in which they were built.
fn operations(arena: &Arena, computed: &[NodeId]) -> Vec<String> {
    let mut calls: Vec<(String, Vec<&str>)> = Vec::new();
    let mut computed = computed.to_vec();
    computed.sort();
    for id in computed {
        let (name, origin) = (arena.nodes[id].op.name(), arena.nodes[id].origin);
        let gradient = if origin.gradient { "gradient of " } else { "" };
        let call = format!("{gradient}{} at {}:{}", origin.call, origin.file(), origin.line());
        match calls.iter_mut().find(|(known, _)| *known == call) {
            Some((_, operations)) => operations.push(name),
            None => calls.push((call, vec![name])),
        }
    }
    calls.into_iter().map(|(call, operations)| format!("{call}: {}", operations.join(", "))).collect()
}

/// The bytes of a tensor of known size.
pub(crate) fn size_of(arena: &Arena, id: NodeId) -> usize {
    shape_of(arena, id).iter().product::<usize>() * arena.ty(id).data_type.size()
}

/// A tensor with its type.
pub(crate) fn name(arena: &Arena, id: NodeId) -> String {
    format!("{}: {}", arena.describe(id), arena.ty(id))
}

/// Multiplications and additions of a contraction; nothing for other operations.
fn flops(arena: &Arena, id: NodeId) -> f64 {
    let node = &arena.nodes[id];
    let product = |sizes: &[usize]| sizes.iter().map(|&size| size as f64).product::<f64>();
    let shape = |place: usize| shape_of(arena, node.operands[place]);
    // Each result of a convolution is a sum over all weights of one filter.
    let convolution = |results: &[usize], weights: &[usize]| 2.0 * product(results) * product(&weights[1..]);
    match &node.op {
        Op::MatMul => {
            let depth = shape(0).last().copied().unwrap_or(1);
            2.0 * product(&shape_of(arena, id)) * depth as f64
        }
        Op::Conv2d(_) => convolution(&shape_of(arena, id), &shape(1)),
        Op::Conv2dDataGradient { .. } => convolution(&shape(0), &shape(1)),
        Op::Conv2dWeightsGradient { .. } => convolution(&shape(0), &shape_of(arena, id)),
        _ => 0.0,
    }
}

/// Where a value lies in the arena, and from which step to which, both included.
#[derive(Clone, Debug)]
pub(crate) struct Placement {
    /// Bytes.
    pub(crate) offset: usize,
    /// Bytes.
    pub(crate) size: usize,
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) name: String,
}

/// A plan of memory as text, one line for each value.
pub(crate) fn memory_text(arena: usize, memory: &[Placement]) -> String {
    let mut text = format!("arena of {arena} bytes\n");
    for Placement { offset, size, from, to, name } in memory {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{offset:>12} +{size:<12} steps {from:>3} to {to:<3} {name}");
    }
    text
}

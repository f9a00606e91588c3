//! Gives open dimensions their sizes.

use std::sync::Arc;

use super::op::{Op, SliceRange};
use super::{Arena, Key, Node, NodeId, Table};
use crate::graph::dim::{Bindings, Dim};
use crate::graph::error::{GraphError, GraphProblem};
use crate::graph::shape::Shape;

/// Finds the sizes of open dimensions that a value of shape `got` tells for a placeholder. Adds them to
/// `bindings`, or says what contradicts.
///
/// When all values' shapes have been bound, each is to be [checked](check_bound).
pub(crate) fn bind(shape: &Shape, got: &[usize], bindings: &mut Bindings) -> Result<(), String> {
    if shape.rank() != got.len() {
        return Err(format!("its rank is {}, not {}", got.len(), shape.rank()));
    }
    for (dim, &size) in shape.iter().zip(got) {
        if let [symbol] = dim.symbols() {
            if size == 0 || !size.is_multiple_of(dim.factor()) {
                return Err(format!("{size} is no multiple of {dim}"));
            }
            let value = size / dim.factor();
            match bindings.insert(symbol.clone(), value) {
                Some(before) if before != value => {
                    return Err(format!("{} is {value} here, but {before} elsewhere", symbol.name()));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Checks that a value's shape, of the right rank, is a placeholder's with the names' sizes.
pub(crate) fn check_bound(shape: &Shape, got: &[usize], bindings: &Bindings) -> Result<(), String> {
    for (dim, &size) in shape.iter().zip(got) {
        match dim.substitute(bindings) {
            Some(known) if known == size => {}
            Some(known) if known.is_open() => {
                return Err(format!("{dim} is {size}, which does not tell the size of each"));
            }
            _ => return Err(format!("{size} is not {dim}")),
        }
    }
    Ok(())
}

/// A graph with sizes in the place of names.
#[derive(Clone, Debug)]
pub(crate) struct Specialised {
    /// What the roots need, and nothing else; all variables, with the same ids.
    pub(crate) arena: Arena,
    /// The new node for each old one that is needed.
    nodes: Table<NodeId, Option<NodeId>>,
}

impl Specialised {
    /// The new node for an old one; `None` if the roots do not need it.
    pub(crate) fn node(&self, id: NodeId) -> Option<NodeId> {
        self.nodes[id]
    }
}

/// Copies what `roots` need, with names replaced by what is bound to them, and checks every operation again.
/// Names that are not bound stay: with none bound this removes dead code.
///
/// # Errors
///
/// An operation is not possible with these sizes: it is named, with its place.
pub(crate) fn specialise(
    arena: &Arena,
    roots: &[NodeId],
    bindings: &Bindings,
) -> Result<Specialised, GraphError> {
    let mut new = Arena { variables: arena.variables.clone(), ..Arena::default() };
    let mut nodes = Table::<NodeId, Option<NodeId>>::filled(arena.nodes.len(), None);
    for id in arena.reachable(roots) {
        let Node { op, operands, ty, origin, label } = &arena.nodes[id];
        let error = |problem| GraphError::new(origin.call, origin.location, problem).with_label(label);
        let op = substitute(op, bindings).ok_or_else(|| {
            error(GraphProblem::TooLarge {
                argument: "result",
                shape: ty.shape.clone(),
                data_type: ty.data_type,
            })
        })?;
        let operands: Vec<NodeId> =
            operands.iter().map(|&operand| nodes[operand].expect("operands come first")).collect();
        let copy = new.add(op, &operands, *origin).map_err(error)?;
        new.nodes[copy].label = Arc::clone(label);
        nodes[id] = Some(copy);
    }
    debug_assert!(roots.iter().all(|root| root.index() < arena.nodes.len()));
    Ok(Specialised { arena: new, nodes })
}

/// The operation with names replaced in all shapes that it states; `None` on overflow.
fn substitute(op: &Op, bindings: &Bindings) -> Option<Op> {
    let dims = |dims: &[Dim]| dims.iter().map(|dim| dim.substitute(bindings)).collect::<Option<Vec<_>>>();
    Some(match op {
        Op::Placeholder { data_type, shape } => {
            Op::Placeholder { data_type: *data_type, shape: shape.substitute(bindings)? }
        }
        Op::Fill { value, shape } => Op::Fill { value: *value, shape: shape.substitute(bindings)? },
        Op::Iota { data_type, shape, axis } => {
            Op::Iota { data_type: *data_type, shape: shape.substitute(bindings)?, axis: *axis }
        }
        Op::RandomBits { shape } => Op::RandomBits { shape: shape.substitute(bindings)? },
        Op::Reshape { shape } => Op::Reshape { shape: shape.substitute(bindings)? },
        Op::Broadcast { shape } => Op::Broadcast { shape: shape.substitute(bindings)? },
        Op::Slice { ranges } => {
            let range = |SliceRange { start, stop, step }: &SliceRange| {
                Some(SliceRange {
                    start: start.substitute(bindings)?,
                    stop: stop.substitute(bindings)?,
                    step: *step,
                })
            };
            Op::Slice { ranges: ranges.iter().map(range).collect::<Option<_>>()? }
        }
        Op::Pad { before, after, value } => {
            Op::Pad { before: dims(before)?, after: dims(after)?, value: *value }
        }
        Op::Conv2dDataGradient { convolution, source_shape } => Op::Conv2dDataGradient {
            convolution: *convolution,
            source_shape: source_shape.substitute(bindings)?,
        },
        Op::Conv2dWeightsGradient { convolution, weights_shape } => Op::Conv2dWeightsGradient {
            convolution: *convolution,
            weights_shape: weights_shape.substitute(bindings)?,
        },
        Op::AvgPool2dGradient { pooling, count_padding, source_shape } => Op::AvgPool2dGradient {
            pooling: *pooling,
            count_padding: *count_padding,
            source_shape: source_shape.substitute(bindings)?,
        },
        // The rest state no shape.
        Op::Data(_)
        | Op::Read(_)
        | Op::Assign(_)
        | Op::Unary(_)
        | Op::Binary(_)
        | Op::Compare(_)
        | Op::Select
        | Op::Cast(_)
        | Op::Reduce { .. }
        | Op::ArgReduce { .. }
        | Op::Permute { .. }
        | Op::Concat { .. }
        | Op::Reverse { .. }
        | Op::Gather { .. }
        | Op::ScatterAdd { .. }
        | Op::MatMul
        | Op::Conv2d(_)
        | Op::MaxPool2d(_)
        | Op::MaxPool2dSelect(_)
        | Op::MaxPool2dGradient(_)
        | Op::AvgPool2d { .. } => op.clone(),
    })
}

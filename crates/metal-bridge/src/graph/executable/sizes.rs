//! Which sizes open dimensions have.

use std::collections::BTreeMap;

use super::Inner;
use crate::buffer::Buffer;
use crate::graph::dim::{Bindings, Dim};
use crate::graph::error::GraphProblem;
use crate::graph::ir::{Arena, Op};

/// The sizes that a descriptor gives, by the graph's names.
pub(super) fn given(arena: &Arena, dimensions: &BTreeMap<String, usize>) -> Result<Bindings, GraphProblem> {
    let mut bindings = Bindings::new();
    for (name, &size) in dimensions {
        let symbol = arena
            .nodes
            .iter()
            .flat_map(|(_, node)| node.ty.shape.dims())
            .flat_map(Dim::symbols)
            .find(|symbol| symbol.name() == name);
        let Some(symbol) = symbol else {
            return Err(GraphProblem::Parameter {
                parameter: "dimension",
                got: format!("{name:?}"),
                expected: "the name of an open dimension of the graph".into(),
            });
        };
        if size == 0 {
            return Err(GraphProblem::Parameter {
                parameter: "dimension",
                got: format!("{name} = 0"),
                expected: "a size of at least 1".into(),
            });
        }
        bindings.insert(symbol.clone(), size);
    }
    Ok(bindings)
}

/// The name of a dimension whose size is still unknown.
pub(super) fn missing(inner: &Inner, bindings: &Bindings) -> Option<String> {
    let needed = inner.arena.reachable(&[inner.targets.as_slice(), &inner.operations].concat());
    let shapes = needed.iter().map(|&id| &inner.arena.ty(id).shape);
    let mut symbols = shapes.flat_map(|shape| shape.iter()).flat_map(Dim::symbols);
    symbols.find(|symbol| !bindings.contains_key(symbol)).map(|symbol| symbol.name().to_owned())
}

/// Adds the sizes that follow from the lengths of inputs.
pub(super) fn from_lengths(
    inner: &Inner,
    feeds: &[Option<&Buffer>],
    bindings: &mut Bindings,
) -> Result<(), GraphProblem> {
    // A size that one input tells may leave only one open in another.
    loop {
        let known = bindings.len();
        for (&id, buffer) in inner.feeds.iter().zip(feeds) {
            let Some(buffer) = buffer else { continue };
            let node = &inner.arena.nodes[id];
            let Op::Placeholder { data_type, shape } = &node.op else { continue };
            let count = shape.element_count().and_then(|count| count.substitute(bindings));
            let Some(count) = count else { continue };
            let [symbol] = count.symbols() else { continue };
            let bytes = count.factor() * data_type.size();
            if !buffer.length().is_multiple_of(bytes) {
                return Err(GraphProblem::BufferLength {
                    tensor: inner.arena.describe(id),
                    data_type: *data_type,
                    shape: shape.clone(),
                    buffer: buffer.describe(),
                    got: buffer.length(),
                    expected: buffer.length().next_multiple_of(bytes),
                });
            }
            bindings.insert(symbol.clone(), buffer.length() / bytes);
        }
        if bindings.len() == known {
            return Ok(());
        }
    }
}

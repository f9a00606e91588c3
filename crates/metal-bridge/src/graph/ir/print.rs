//! Graphs as text and as DOT.

use std::fmt::{self, Write as _};

use super::op::{Convolution, Op, Pooling, SliceRange, Window};
use super::{Arena, Node, NodeId};
use crate::graph::dim::Dim;

/// One line for each node: `%3 = add %1, %2 : f32[2, 3]  // addition at main.rs:12 "sum"`.
pub(crate) fn text(arena: &Arena, nodes: &[NodeId]) -> String {
    let mut out = String::new();
    for (id, variable) in arena.variables.iter() {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "variable {id} \"{}\" = {:?}", variable.name, variable.initial);
    }
    for &id in nodes {
        let Node { op, operands, ty, origin, label } = &arena.nodes[id];
        let _ = write!(out, "{id} = {}", Described(op));
        for (i, operand) in operands.iter().enumerate() {
            let _ = write!(out, "{}{operand}", if i == 0 { " " } else { ", " });
        }
        let _ = write!(out, " : {ty}  // {}", if origin.gradient { "gradient of " } else { "" });
        let _ = write!(out, "{} at {}:{}", origin.call, origin.file(), origin.line());
        let _ = if label.is_empty() { writeln!(out) } else { writeln!(out, " {label:?}") };
    }
    out
}

/// A directed graph in the language of Graphviz.
pub(crate) fn dot(arena: &Arena, nodes: &[NodeId]) -> String {
    let mut out = String::from(
        "digraph {\n  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\", fontsize=10];\n  edge [fontname=\"sans-serif\", fontsize=9];\n",
    );
    for &id in nodes {
        let Node { op, operands, ty, origin, label } = &arena.nodes[id];
        let colour = colour(&arena.nodes[id]);
        let mut lines = vec![format!("{id} {}", Described(op)), ty.to_string()];
        if !label.is_empty() {
            lines.insert(0, label.to_string());
        }
        lines.push(format!("{} at {}:{}", origin.call, origin.file(), origin.line()));
        let lines: Vec<String> = lines.iter().map(|line| escape(line)).collect();
        let name = id.to_string();
        let name = name.trim_start_matches('%');
        let _ = writeln!(out, "  n{name} [label=\"{}\", fillcolor=\"{colour}\"];", lines.join("\\n"));
        for operand in operands {
            let operand = operand.to_string();
            let _ = writeln!(out, "  n{} -> n{name};", operand.trim_start_matches('%'));
        }
    }
    out.push_str("}\n");
    out
}

/// What a node is filled with in drawings.
pub(super) fn colour(node: &Node) -> &'static str {
    match node.op {
        Op::Placeholder { .. } => "#d6e8fa",
        Op::Data(_) | Op::Fill { .. } | Op::Iota { .. } => "#eeeeee",
        Op::Read(_) | Op::Assign(_) => "#fae3c5",
        Op::MatMul | Op::Conv2d(_) | Op::Conv2dDataGradient { .. } | Op::Conv2dWeightsGradient { .. } => {
            "#d9f2d9"
        }
        _ if node.origin.gradient => "#f7e6f7",
        _ => "white",
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r'], " ")
}

/// An operation with its parameters.
pub(crate) struct Described<'a>(pub(crate) &'a Op);

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())?;
        match self.0 {
            Op::Data(data) => write!(f, " {data:?}"),
            Op::Fill { value, .. } => write!(f, " {value}"),
            Op::Read(variable) | Op::Assign(variable) => write!(f, " {variable}"),
            Op::Iota { axis, .. } | Op::ArgReduce { axis, .. } | Op::Concat { axis } => {
                write!(f, " axis={axis}")
            }
            Op::Cast(data_type) => write!(f, " {data_type}"),
            Op::Reduce { axes, .. } | Op::Permute { axes } | Op::Reverse { axes } => {
                write!(f, " axes={axes:?}")
            }
            Op::Slice { ranges } => {
                f.write_str(" ")?;
                list(
                    f,
                    ranges.iter().map(|SliceRange { start, stop, step }| match step {
                        1 => format!("{start}..{stop}"),
                        _ => format!("{start}..{stop}/{step}"),
                    }),
                )
            }
            Op::Pad { before, after, value } => {
                f.write_str(" before=")?;
                list(f, before.iter().map(Dim::to_string))?;
                f.write_str(" after=")?;
                list(f, after.iter().map(Dim::to_string))?;
                write!(f, " value={value}")
            }
            Op::Gather { axis, batch } | Op::ScatterAdd { axis, batch } => {
                write!(f, " axis={axis}")?;
                if *batch > 0 { write!(f, " batch={batch}") } else { Ok(()) }
            }
            Op::Conv2d(convolution)
            | Op::Conv2dDataGradient { convolution, .. }
            | Op::Conv2dWeightsGradient { convolution, .. } => {
                let Convolution { window, groups } = convolution;
                write_window(f, window)?;
                if *groups != 1 { write!(f, " groups={groups}") } else { Ok(()) }
            }
            Op::MaxPool2d(pooling) | Op::MaxPool2dSelect(pooling) | Op::MaxPool2dGradient(pooling) => {
                write_pooling(f, pooling)
            }
            Op::AvgPool2d { pooling, count_padding }
            | Op::AvgPool2dGradient { pooling, count_padding, .. } => {
                write_pooling(f, pooling)?;
                if *count_padding { write!(f, " count_padding") } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, items: impl Iterator<Item = String>) -> fmt::Result {
    write!(f, "[{}]", items.collect::<Vec<_>>().join(", "))
}

fn write_pooling(f: &mut fmt::Formatter<'_>, pooling: &Pooling) -> fmt::Result {
    write!(f, " kernel={:?}", pooling.kernel)?;
    write_window(f, &pooling.window)
}

/// What is not as by default.
fn write_window(f: &mut fmt::Formatter<'_>, window: &Window) -> fmt::Result {
    let Window { strides, dilations, padding } = window;
    if *strides != [1, 1] {
        write!(f, " strides={strides:?}")?;
    }
    if *dilations != [1, 1] {
        write!(f, " dilations={dilations:?}")?;
    }
    if *padding != [[0, 0], [0, 0]] {
        write!(f, " padding={padding:?}")?;
    }
    Ok(())
}

//! The graph's own form: static single assignment of primitive operations on tensors, in an arena.
//!
//! * [`op`]: the operations, with what they mean.
//! * [`infer`]: the one place that says what operands an operation takes and what it makes. Every node went
//!   through it, so whatever is in an [`Arena`] is legal.
//! * [`specialise`]: gives open dimensions their sizes.
//! * [`print`](mod@print): text and DOT; [`drawing`]: SVG, with the nodes where [`layered`] puts them.

pub(crate) mod drawing;
pub(crate) mod infer;
mod layered;
pub(crate) mod op;
pub(crate) mod print;
pub(crate) mod specialise;
mod table;

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

pub(crate) use infer::check_shape;
pub(crate) use op::Op;
pub(crate) use table::{Key, NodeId, Table, VariableId};

use super::data::TensorData;
use super::data_type::TensorDataType;
use super::error::GraphProblem;
use super::shape::Shape;

/// The most dimensions that a tensor can have, as in MPSGraph.
pub(crate) const MAX_RANK: usize = 16;

/// What is known of a tensor before it has values.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct TensorType {
    pub(crate) data_type: TensorDataType,
    pub(crate) shape: Shape,
}

impl TensorType {
    pub(crate) fn new(data_type: TensorDataType, shape: impl Into<Shape>) -> Self {
        Self { data_type, shape: shape.into() }
    }
}

impl fmt::Display for TensorType {
    /// `f32[2, 3]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.data_type, self.shape)
    }
}

impl fmt::Debug for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Which call of the program an operation comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The method, as `softmax`: several operations may come from one.
    pub(crate) call: &'static str,
    /// Where it is in this program; of a graph that was saved, where it was loaded.
    pub(crate) location: &'static Location<'static>,
    /// File and line in the program that has saved the graph.
    pub(crate) saved: Option<(&'static str, u32)>,
    /// Whether it computes a gradient: the call and place are those of the operation that is differentiated.
    pub(crate) gradient: bool,
}

impl Origin {
    /// The source file, without its directories: prints are the same wherever a program was built.
    pub(crate) fn file(&self) -> &'static str {
        let path = self.saved.map_or(self.location.file(), |(file, _)| file);
        path.rsplit(['/', '\\']).next().unwrap_or(path)
    }

    pub(crate) fn line(&self) -> u32 {
        self.saved.map_or(self.location.line(), |(_, line)| line)
    }
}

/// An operation and the tensor that it makes.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) op: Op,
    /// Nodes that are earlier in the arena.
    pub(crate) operands: Vec<NodeId>,
    /// What [`infer`] says it makes.
    pub(crate) ty: TensorType,
    pub(crate) origin: Origin,
    /// The user's name for the tensor; may be empty.
    pub(crate) label: Arc<str>,
}

/// State that outlives executions.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub(crate) name: Arc<str>,
    /// Its type and shape, and its value before the first execution.
    pub(crate) initial: TensorData,
}

/// The nodes of a graph, each after its operands, and its variables. Nothing is ever removed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arena {
    pub(crate) nodes: Table<NodeId, Node>,
    pub(crate) variables: Table<VariableId, Variable>,
}

impl Arena {
    /// Adds an operation after checking it.
    pub(crate) fn add(
        &mut self,
        op: Op,
        operands: &[NodeId],
        origin: Origin,
    ) -> Result<NodeId, GraphProblem> {
        let types: Vec<&TensorType> = operands.iter().map(|&id| &self.nodes[id].ty).collect();
        let ty = infer::infer(&op, &types, &self.variables)?;
        Ok(self.nodes.push(Node { op, operands: operands.to_vec(), ty, origin, label: Arc::default() }))
    }

    /// The type of a node's tensor.
    pub(crate) fn ty(&self, id: NodeId) -> &TensorType {
        &self.nodes[id].ty
    }

    /// The nodes that `roots` need, themselves included, each after its operands.
    pub(crate) fn reachable(&self, roots: &[NodeId]) -> Vec<NodeId> {
        let mut needed = Table::<NodeId, bool>::filled(self.nodes.len(), false);
        for &root in roots {
            needed[root] = true;
        }
        for (id, node) in self.nodes.iter().rev() {
            if needed[id] {
                for &operand in &node.operands {
                    needed[operand] = true;
                }
            }
        }
        needed.iter().filter(|&(_, &needed)| needed).map(|(id, _)| id).collect()
    }

    /// The variables that nodes assign, with the nodes that do.
    ///
    /// # Errors
    ///
    /// Two nodes assign the same variable.
    pub(crate) fn assignments(&self, nodes: &[NodeId]) -> Result<Vec<(VariableId, NodeId)>, GraphProblem> {
        let mut found: Vec<(VariableId, NodeId)> = Vec::new();
        for &id in nodes {
            let Op::Assign(variable) = self.nodes[id].op else { continue };
            if let Some(&(_, first)) = found.iter().find(|(v, _)| *v == variable) {
                return Err(GraphProblem::Parameter {
                    parameter: "targets",
                    got: format!("{} and {}", self.describe(first), self.describe(id)),
                    expected: format!(
                        "at most one assignment of variable \"{}\"",
                        self.variables[variable].name
                    ),
                });
            }
            found.push((variable, id));
        }
        Ok(found)
    }

    /// What to call a node in messages: its label, or its number.
    pub(crate) fn describe(&self, id: NodeId) -> String {
        let node = &self.nodes[id];
        match &*node.label {
            "" => format!("{} {id}", node.op.name()),
            label => format!("{} \"{label}\"", node.op.name()),
        }
    }
}

//! Nodes as MSL: the value of any node at any position, as statements of a kernel.
//!
//! [`Emitter::value`] is the one entry. A node with memory of its own is loaded; any other is computed where it
//! is needed, from its operands' values at the positions that it needs them at. What a node's value is does not
//! depend on where it is computed: 16-bit floats are `float` in registers, but rounded to their type by each
//! operation, and products and sums are contracted only where a node says so. So fusion changes no bit.

mod contraction;
mod elementwise;
mod index;
mod kernel;
mod literal;
mod movement;
mod reduction;
mod window;

use std::cell::Cell;
use std::collections::HashMap;

pub(crate) use kernel::{Body, Kernel, Region, Space, emit};
pub(crate) use movement::source;
pub(crate) use window::overlap;

use super::index::{Index, Var, signed};
use crate::graph::data_type::TensorDataType;
use crate::graph::ir::{Arena, Node, NodeId, Op, Table};

/// Functions that kernels use, after the standard library.
pub(crate) const PRELUDE: &str = include_str!("prelude.metal");

/// Writes the body of one kernel.
pub(crate) struct Emitter<'a> {
    arena: &'a Arena,
    /// Which nodes have memory.
    stored: &'a Table<NodeId, bool>,
    /// Nodes that this kernel computes although they have memory, or are reductions along its rows.
    members: &'a [NodeId],
    /// The indices of the elements that the thread works on: members are only known there.
    here: Vec<Index>,
    /// The values of reductions along the row.
    rows: HashMap<NodeId, String>,
    /// Whether indices have 64 bits.
    wide: bool,
    body: String,
    indent: usize,
    /// Names of the variables of indices, by number.
    names: Vec<String>,
    /// Values that are at hand, innermost block last.
    scopes: Vec<HashMap<(NodeId, Index), String>>,
    /// Nodes whose memory is read, in the order of their arguments.
    leaves: Vec<NodeId>,
    /// What is read where.
    accesses: Vec<(NodeId, Index)>,
    /// Nodes that were computed with a loop.
    loops: Vec<NodeId>,
    /// Nodes that were computed.
    computed: Vec<NodeId>,
    /// Whether a member is needed at a position that this thread does not compute.
    illegal: bool,
    next: usize,
    /// How many indices were written that are no plain strides.
    divisions: Cell<usize>,
}

impl<'a> Emitter<'a> {
    fn new(arena: &'a Arena, stored: &'a Table<NodeId, bool>, members: &'a [NodeId], wide: bool) -> Self {
        Self {
            arena,
            stored,
            members,
            here: Vec::new(),
            rows: HashMap::new(),
            wide,
            body: String::new(),
            indent: 1,
            names: Vec::new(),
            scopes: vec![HashMap::new()],
            leaves: Vec::new(),
            accesses: Vec::new(),
            loops: Vec::new(),
            computed: Vec::new(),
            illegal: false,
            next: 0,
            divisions: Cell::new(0),
        }
    }

    /// The value of a node at a position, as an expression without effects: a name or a literal.
    fn value(&mut self, id: NodeId, at: &[Index]) -> String {
        let place = Index::ravel(at, &self.shape(id));
        self.value_at(id, at, place)
    }

    /// The value of a node at a position, where the element has this index.
    fn value_at(&mut self, id: NodeId, at: &[Index], place: Index) -> String {
        let node = &self.arena.nodes[id];
        if let Some(literal) = literal::of(node) {
            return literal;
        }
        let key = (id, place);
        if let Some(known) = self.scopes.iter().rev().find_map(|scope| scope.get(&key)) {
            return known.clone();
        }
        let place = key.1.clone();
        let value = if self.members.contains(&id) {
            if !self.here.contains(&place) {
                self.illegal = true;
                return "0".into();
            }
            match self.rows.get(&id) {
                Some(row) => row.clone(),
                None => self.compute(id, node, at),
            }
        } else if self.stored[id] || is_memory(node) {
            self.load(id, place)
        } else {
            self.compute(id, node, at)
        };
        self.scopes.last_mut().expect("there is a block").insert(key, value.clone());
        value
    }

    fn compute(&mut self, id: NodeId, node: &Node, at: &[Index]) -> String {
        if !self.computed.contains(&id) {
            self.computed.push(id);
        }
        if is_heavy(&node.op) && !self.loops.contains(&id) {
            self.loops.push(id);
        }
        match &node.op {
            Op::Placeholder { .. } | Op::Data(_) | Op::Fill { .. } | Op::Read(_) => {
                unreachable!("{} is not computed", node.op.name())
            }
            Op::Assign(_) => self.value(node.operands[0], at),
            Op::Iota { .. }
            | Op::RandomBits { .. }
            | Op::Unary(_)
            | Op::Binary(_)
            | Op::Compare(_)
            | Op::Select
            | Op::Cast(_) => self.elementwise(node, at),
            Op::Reshape { .. }
            | Op::Permute { .. }
            | Op::Broadcast { .. }
            | Op::Slice { .. }
            | Op::Pad { .. }
            | Op::Concat { .. }
            | Op::Reverse { .. } => self.movement(node, at),
            Op::Gather { .. } | Op::ScatterAdd { .. } => self.indexed(node, at),
            Op::Reduce { .. } | Op::ArgReduce { .. } => self.reduction(node, at),
            Op::MatMul | Op::Conv2d(_) | Op::Conv2dDataGradient { .. } | Op::Conv2dWeightsGradient { .. } => {
                self.contraction(node, at)
            }
            Op::MaxPool2d(_)
            | Op::MaxPool2dSelect(_)
            | Op::MaxPool2dGradient(_)
            | Op::AvgPool2d { .. }
            | Op::AvgPool2dGradient { .. } => self.window(node, at),
        }
    }

    /// Reads an element of a node's memory.
    fn load(&mut self, id: NodeId, place: Index) -> String {
        let argument = self.leaves.iter().position(|&leaf| leaf == id).unwrap_or_else(|| {
            self.leaves.push(id);
            self.leaves.len() - 1
        });
        let element = format!("in{argument}[{}]", self.index(&place));
        let data_type = self.arena.ty(id).data_type;
        let value = match data_type {
            TensorDataType::Float16 | TensorDataType::BFloat16 => format!("float({element})"),
            TensorDataType::Bool => format!("{element} != 0"),
            _ => element,
        };
        self.accesses.push((id, place));
        self.bind(register(data_type), &value)
    }

    /// The sizes of a node's tensor.
    fn shape(&self, id: NodeId) -> Vec<usize> {
        shape_of(self.arena, id)
    }

    fn data_type(&self, id: NodeId) -> TensorDataType {
        self.arena.ty(id).data_type
    }

    // Text.

    fn line(&mut self, text: &str) {
        for _ in 0..self.indent {
            self.body.push_str("    ");
        }
        self.body.push_str(text);
        self.body.push('\n');
    }

    fn fresh(&mut self, prefix: &str) -> String {
        self.next += 1;
        format!("{prefix}{}", self.next)
    }

    /// A constant with a value.
    fn bind(&mut self, data_type: &str, value: &str) -> String {
        let name = self.fresh("t");
        self.line(&format!("const {data_type} {name} = {value};"));
        name
    }

    /// A variable with a first value.
    fn declare(&mut self, data_type: &str, value: &str) -> String {
        let name = self.fresh("a");
        self.line(&format!("{data_type} {name} = {value};"));
        name
    }

    fn open(&mut self, head: &str) {
        self.line(&format!("{head} {{"));
        self.indent += 1;
        self.scopes.push(HashMap::new());
    }

    fn close(&mut self) {
        self.scopes.pop();
        self.indent -= 1;
        self.line("}");
    }

    // Indices.

    /// The type of indices.
    fn index_type(&self) -> &'static str {
        if self.wide { "ulong" } else { "uint" }
    }

    /// A number as an index.
    fn number(&self, number: impl std::fmt::Display) -> String {
        format!("{number}{}", if self.wide { "ul" } else { "u" })
    }

    /// An index as an expression.
    fn index(&self, index: &Index) -> String {
        if !index.is_affine() {
            self.divisions.set(self.divisions.get() + 1);
        }
        index.text(if self.wide { "ul" } else { "u" }, &|var| self.names[var.id as usize].clone())
    }

    /// A variable of indices with this name.
    fn var(&mut self, name: String, size: usize) -> Var {
        self.names.push(name);
        let id = u32::try_from(self.names.len() - 1).expect("kernels are small");
        Var { id, size: signed(size) }
    }

    /// A variable of indices with a value, which is below `size` wherever it is used.
    fn bind_index(&mut self, value: &str, size: usize) -> (String, Index) {
        let name = self.fresh("p");
        self.line(&format!("const {} {name} = {value};", self.index_type()));
        let var = self.var(name.clone(), size);
        (name, Index::var(var))
    }

    /// Opens a loop over 0 to `size`.
    fn open_loop(&mut self, size: usize) -> Index {
        let name = self.fresh("k");
        let (data_type, end) = (self.index_type(), self.number(size));
        self.open(&format!("for ({data_type} {name} = 0; {name} < {end}; {name}++)"));
        let var = self.var(name, size);
        Index::var(var)
    }
}

/// Sizes that are known.
pub(crate) fn shape_of(arena: &Arena, id: NodeId) -> Vec<usize> {
    arena.ty(id).shape.known().expect("all sizes are known when code is generated")
}

/// Whether a node's values are there before anything is computed.
pub(crate) fn is_memory(node: &Node) -> bool {
    matches!(node.op, Op::Placeholder { .. } | Op::Data(_) | Op::Read(_)) && literal::of(node).is_none()
}

/// Whether a node has no memory and needs none: its value is a literal or a position.
pub(crate) fn is_free(node: &Node) -> bool {
    matches!(node.op, Op::Iota { .. }) || literal::of(node).is_some()
}

/// Whether computing one element takes a loop.
pub(crate) fn is_heavy(op: &Op) -> bool {
    matches!(
        op,
        Op::ScatterAdd { .. }
            | Op::Reduce { .. }
            | Op::ArgReduce { .. }
            | Op::MatMul
            | Op::Conv2d(_)
            | Op::Conv2dDataGradient { .. }
            | Op::Conv2dWeightsGradient { .. }
            | Op::MaxPool2d(_)
            | Op::MaxPool2dSelect(_)
            | Op::MaxPool2dGradient(_)
            | Op::AvgPool2d { .. }
            | Op::AvgPool2dGradient { .. }
    )
}

/// The type of an element in memory.
fn memory(data_type: TensorDataType) -> &'static str {
    match data_type {
        TensorDataType::Float32 => "float",
        TensorDataType::Float16 => "half",
        TensorDataType::BFloat16 => "bfloat",
        TensorDataType::Int32 => "int",
        TensorDataType::Int64 => "long",
        TensorDataType::UInt8 | TensorDataType::Bool => "uchar",
    }
}

/// The type of an element's value.
fn register(data_type: TensorDataType) -> &'static str {
    match data_type {
        TensorDataType::Float32 | TensorDataType::Float16 | TensorDataType::BFloat16 => "float",
        TensorDataType::Int32 => "int",
        TensorDataType::Int64 => "long",
        TensorDataType::UInt8 => "uchar",
        TensorDataType::Bool => "bool",
    }
}

/// An expression of type `float` rounded to a type of floats.
fn rounded(data_type: TensorDataType, value: &str) -> String {
    match data_type {
        TensorDataType::Float16 => format!("float(half({value}))"),
        TensorDataType::BFloat16 => format!("float(bfloat({value}))"),
        _ => value.to_owned(),
    }
}

//! From a graph to a program in MPSGraph's vocabulary, for devices that execute such programs.
//!
//! Each operation becomes one or more instructions that mean what [`ir::op`](super::ir::op) says of it, whatever MPSGraph
//! leaves open: what is out of range is masked, NaN is asked for, 16-bit floats are computed in f32 and rounded after each
//! operation, as u8 is in i32. Tensors of more dimensions than a program may have are kept with the first of them merged.
//!
//! * [`builder`]: instructions by name, constants, casts; each other file has one family of operations.
//! * [`lower`] puts it together, with where feeds come from and results go.

mod builder;
mod contraction;
mod elementwise;
mod index;
mod movement;
mod random;
mod reduction;
#[cfg(test)]
mod tests;
mod window;

use super::compile::description::{Description, name};
use super::compile::emit::shape_of;
use super::compile::passes::{self, Subject, text};
use super::data::TensorData;
use super::data_type::{Scalar, TensorDataType};
use super::ir::op::UnaryOp;
use super::ir::{Arena, Node, NodeId, Op, Table, VariableId};
use crate::backend::tensor_program::{Operation, TensorProgram, TensorShape, Value};
use crate::device::Device;
use builder::{Builder, Lowered};
use index::Picks;
use movement::physical;

/// Where a tensor lies when a program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The buffer of a feed, by its number among the executable's.
    Feed(usize),
    /// The buffer of a target, by its number.
    Target(usize),
    Variable(VariableId),
    /// A constant, by its number.
    Constant(usize),
    /// Memory for the new value of a variable, whose old one is needed until the program has run.
    Staging(usize),
}

/// Elements that are copied as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Move {
    pub(crate) from: Place,
    pub(crate) to: Place,
    /// Bytes.
    pub(crate) size: usize,
}

/// A graph as a program, and what is done around it.
#[derive(Debug)]
pub(crate) struct TensorGraph {
    /// Without results if there is nothing to compute.
    pub(crate) program: TensorProgram,
    /// Where the program's feeds come from, and where its results go.
    pub(crate) feeds: Vec<Place>,
    pub(crate) results: Vec<Place>,
    /// What is copied when the program has run, in this order.
    pub(crate) moves: Vec<Move>,
    /// Constants that are only copied.
    pub(crate) constants: Vec<TensorData>,
    /// Variables that are read or assigned.
    pub(crate) variables: Vec<VariableId>,
    /// The bytes of each staging place.
    pub(crate) staging: Vec<usize>,
    /// The graph that was lowered, as text.
    pub(crate) graph: String,
    pub(crate) description: Description,
}

impl TensorGraph {
    /// Whether the buffer of a feed is read.
    pub(crate) fn needs_feed(&self, number: usize) -> bool {
        let place = Place::Feed(number);
        self.feeds.contains(&place) || self.moves.iter().any(|copy| copy.from == place)
    }
}

/// Makes a program of a graph of known sizes.
///
/// # Errors
///
/// Why no such program can be had: a tensor is too large.
pub(crate) fn lower(
    arena: Arena,
    feeds: Vec<Option<NodeId>>,
    targets: &[NodeId],
    device: &Device,
    optimise: bool,
    print: bool,
) -> Result<TensorGraph, String> {
    let mut roots = targets.to_vec();
    roots.extend(arena.nodes.iter().filter(|(_, node)| matches!(node.op, Op::Assign(_))).map(|(id, _)| id));
    let mut subject = Subject { arena, roots, feeds };
    if optimise {
        passes::optimise(&mut subject, device, print);
    }
    let graph = text(&subject);
    let Subject { arena, roots, feeds } = subject;
    let (targets, assigned) = roots.split_at(targets.len());
    let mut lowering = Lowering {
        arena: &arena,
        feeds: &feeds,
        builder: Builder::default(),
        values: Table::filled(arena.nodes.len(), None),
        sources: Vec::new(),
    };
    lowering.nodes(&roots)?;
    let mut places = Places::default();
    places.targets(&mut lowering, targets)?;
    places.assignments(&mut lowering, assigned)?;
    let variables = arena.variables.iter().map(|(id, _)| id);
    let used = |id: VariableId| {
        lowering.sources.contains(&Place::Variable(id))
            || places.moves.iter().any(|copy| [copy.from, copy.to].contains(&Place::Variable(id)))
    };
    let variables = variables.filter(|&id| used(id)).collect();
    let needed = arena.reachable(&roots);
    let is_source = |id: &&NodeId| {
        matches!(arena.nodes[**id].op, Op::Placeholder { .. } | Op::Read(_) | Op::Data(_) | Op::Fill { .. })
    };
    let leaves: Vec<NodeId> = needed.iter().filter(is_source).copied().collect();
    let computed: Vec<NodeId> = needed.iter().filter(|id| !is_source(id)).copied().collect();
    let description = Description::new(&arena, &leaves, &roots, &computed);
    Ok(TensorGraph {
        program: lowering.builder.program,
        feeds: lowering.sources,
        results: places.results,
        moves: places.moves,
        constants: places.constants,
        variables,
        staging: places.staging,
        graph,
        description,
    })
}

/// A graph that is being made a program.
struct Lowering<'a> {
    arena: &'a Arena,
    feeds: &'a [Option<NodeId>],
    builder: Builder,
    values: Table<NodeId, Option<Value>>,
    /// Where the program's feeds come from.
    sources: Vec<Place>,
}

/// Where the value of a root comes from.
enum Origin {
    Result(usize),
    Memory(Place),
    Constant(TensorData),
}

impl Lowering<'_> {
    /// Lowers what the roots need, but not what is there already and only wanted as it is.
    fn nodes(&mut self, roots: &[NodeId]) -> Lowered<()> {
        for id in self.arena.reachable(roots) {
            let node = &self.arena.nodes[id];
            match node.op {
                // Made when somebody computes with them.
                Op::Placeholder { .. } | Op::Read(_) | Op::Data(_) => {}
                Op::Assign(_) | Op::Unary(UnaryOp::StopGradient) => {}
                _ => {
                    let operands = node.operands.iter().map(|&operand| self.value(operand));
                    let operands = operands.collect::<Lowered<Vec<Value>>>()?;
                    self.note(id);
                    let value = self.whole_operation(id, node, operands)?;
                    debug_assert_eq!(
                        *self.builder.program.ty(value),
                        TensorShape::new(node.ty.data_type, physical(&shape_of(self.arena, id)))
                    );
                    self.values[id] = Some(value);
                }
            }
        }
        Ok(())
    }

    /// The node whose value this one has.
    fn same(&self, id: NodeId) -> NodeId {
        match self.arena.nodes[id].op {
            Op::Assign(_) | Op::Unary(UnaryOp::StopGradient) => self.same(self.arena.nodes[id].operands[0]),
            _ => id,
        }
    }

    /// Where a node's value lies without being computed.
    fn memory(&self, id: NodeId) -> Option<Place> {
        match self.arena.nodes[id].op {
            Op::Placeholder { .. } => self.feeds.iter().position(|feed| *feed == Some(id)).map(Place::Feed),
            Op::Read(variable) => Some(Place::Variable(variable)),
            _ => None,
        }
    }

    /// The value of a node that comes before those that use it.
    fn value(&mut self, id: NodeId) -> Lowered {
        let id = self.same(id);
        if let Some(value) = self.values[id] {
            return Ok(value);
        }
        let node = &self.arena.nodes[id];
        let sizes = physical(&shape_of(self.arena, id));
        self.note(id);
        let value = match &node.op {
            Op::Data(data) => {
                let bytes = data.bytes().to_vec();
                self.builder.data(TensorData::from_parts(data.data_type(), sizes, bytes))?
            }
            _ => {
                let place =
                    self.memory(id).ok_or_else(|| format!("{} has no value", name(self.arena, id)))?;
                self.sources.push(place);
                let ty = TensorShape::new(node.ty.data_type, sizes);
                self.builder.add(Operation::Placeholder(ty), &[])?
            }
        };
        self.values[id] = Some(value);
        Ok(value)
    }

    fn note(&mut self, id: NodeId) {
        let (node, origin) = (&self.arena.nodes[id], self.arena.nodes[id].origin);
        let of = if origin.gradient { "gradient of " } else { "" };
        let (file, line) = (origin.file(), origin.line());
        self.builder.program.note(format!(
            "{id} {}: {}, {of}{} at {file}:{line}",
            self.arena.describe(id),
            node.ty,
            origin.call
        ));
    }

    /// Where the value of a root comes from; it becomes a result of the program if it is computed.
    fn origin(&mut self, id: NodeId) -> Lowered<Origin> {
        let id = self.same(id);
        if let Some(place) = self.memory(id) {
            return Ok(Origin::Memory(place));
        }
        let node = &self.arena.nodes[id];
        if let Op::Data(data) = &node.op {
            return Ok(Origin::Constant(data.clone()));
        }
        let value = self.value(id)?;
        let program = &mut self.builder.program;
        match &program.instructions()[value.index()].operation {
            Operation::Placeholder(_) => {
                let number = program.feeds().iter().position(|&feed| feed == value);
                let place = number.and_then(|number| self.sources.get(number));
                Ok(Origin::Memory(*place.ok_or("a feed without a source")?))
            }
            Operation::Constant(data) => Ok(Origin::Constant(data.clone())),
            Operation::Fill { value, ty } => {
                let scalar = Scalar::from_f64(ty.data_type, *value);
                let mut bytes = Vec::with_capacity(ty.bytes());
                (0..ty.elements()).for_each(|_| scalar.write(&mut bytes));
                Ok(Origin::Constant(TensorData::from_parts(ty.data_type, ty.sizes.clone(), bytes)))
            }
            _ => program.add_result(value).map(Origin::Result),
        }
    }

    /// An operation of any types: what is smaller than 16 bits is moved as i32.
    fn whole_operation(&mut self, id: NodeId, node: &Node, operands: Vec<Value>) -> Lowered {
        let data_type = node.ty.data_type;
        let moves = matches!(
            node.op,
            Op::Permute { .. }
                | Op::Broadcast { .. }
                | Op::Slice { .. }
                | Op::Pad { .. }
                | Op::Concat { .. }
                | Op::Reverse { .. }
        );
        if !moves || data_type.size() > 1 {
            return self.operation(id, node, &operands);
        }
        let wide = operands.into_iter().map(|operand| self.builder.cast(operand, TensorDataType::Int32));
        let wide = wide.collect::<Lowered<Vec<Value>>>()?;
        let moved = self.operation(id, node, &wide)?;
        self.builder.cast(moved, data_type)
    }

    fn operation(&mut self, id: NodeId, node: &Node, operands: &[Value]) -> Lowered {
        let arena = self.arena;
        let known = |shape: &super::shape::Shape| shape.known().unwrap_or_default();
        let size = |dim: &super::dim::Dim| dim.value().unwrap_or(1);
        let shape = |place: usize| shape_of(arena, node.operands[place]);
        let result = shape_of(arena, id);
        let builder = &mut self.builder;
        let x = |place: usize| operands[place];
        match &node.op {
            Op::Placeholder { .. } | Op::Data(_) | Op::Read(_) | Op::Assign(_) => {
                unreachable!("{} is no instruction", node.op.name())
            }
            Op::Fill { value, .. } => builder.constant(*value, &physical(&result)),
            Op::Iota { data_type, axis, .. } => builder.iota(*data_type, &result, *axis),
            Op::RandomBits { .. } => builder.random_bits(x(0), x(1), &result),
            Op::Unary(op) => builder.unary_op(*op, x(0)),
            Op::Binary(op) => builder.binary_op(*op, x(0), x(1)),
            Op::Compare(op) => builder.compare_op(*op, x(0), x(1)),
            Op::Select => builder.select(x(0), x(1), x(2)),
            Op::Cast(to) => builder.cast(x(0), *to),
            Op::Reduce { op, axes } => builder.reduce_op(*op, x(0), &shape(0), axes),
            Op::ArgReduce { op, axis } => builder.arg_reduce(*op, x(0), &shape(0), *axis),
            Op::Reshape { .. } => builder.reshape(x(0), &physical(&result)),
            Op::Permute { axes } => builder.permute(x(0), &shape(0), axes),
            Op::Broadcast { .. } => builder.broadcast_op(x(0), &shape(0), &result),
            Op::Slice { ranges } => {
                let ranges: Vec<[usize; 3]> =
                    ranges.iter().map(|range| [size(&range.start), size(&range.stop), range.step]).collect();
                builder.slice(x(0), &shape(0), &ranges)
            }
            Op::Pad { before, after, value } => {
                let sizes = |dims: &[super::dim::Dim]| dims.iter().map(size).collect::<Vec<_>>();
                let value = match builder.data_type(x(0)) {
                    TensorDataType::Int32 => Scalar::from_i64(TensorDataType::Int32, value.to_i64()),
                    _ => *value,
                };
                builder.pad_op(x(0), &shape(0), &sizes(before), &sizes(after), value)
            }
            Op::Concat { axis } => {
                let parts: Vec<(Value, Vec<usize>)> =
                    operands.iter().enumerate().map(|(place, &part)| (part, shape(place))).collect();
                builder.concat_op(&parts, *axis)
            }
            Op::Reverse { axes } => builder.reverse(x(0), &shape(0), axes),
            Op::Gather { axis, batch } => {
                let picks = Picks::new(&shape(0), &shape(1), *axis, *batch);
                builder.gather(&picks, x(0), x(1), &result)
            }
            Op::ScatterAdd { axis, batch } => {
                let picks = Picks::new(&shape(0), &shape(1), *axis, *batch);
                builder.scatter_add(&picks, x(0), x(1), x(2), &result)
            }
            Op::MatMul => builder.matmul((x(0), &shape(0)), (x(1), &shape(1)), &result),
            Op::Conv2d(convolution) => builder.conv2d(convolution, x(0), (x(1), &shape(1))),
            Op::Conv2dDataGradient { convolution, source_shape } => {
                let source = known(source_shape);
                builder.conv2d_data_gradient(convolution, x(0), (x(1), &shape(1)), &source)
            }
            Op::Conv2dWeightsGradient { convolution, weights_shape } => {
                builder.conv2d_weights_gradient(convolution, x(0), x(1), &known(weights_shape))
            }
            Op::MaxPool2d(pooling) => builder.max_pool(pooling, x(0), &shape(0), &result),
            Op::MaxPool2dSelect(pooling) => {
                builder.max_pool_select(pooling, [x(0), x(1)], &shape(0), &result)
            }
            Op::MaxPool2dGradient(pooling) => {
                builder.max_pool_gradient(pooling, x(0), x(1), &shape(1), &shape(0))
            }
            Op::AvgPool2d { pooling, count_padding } => {
                builder.avg_pool(pooling, *count_padding, x(0), &shape(0), &result)
            }
            Op::AvgPool2dGradient { pooling, count_padding, source_shape } => {
                let source = known(source_shape);
                builder.avg_pool_gradient(pooling, *count_padding, x(0), &source, &shape(0))
            }
        }
    }
}

/// Where results go, and what is copied then.
#[derive(Default)]
struct Places {
    results: Vec<Place>,
    moves: Vec<Move>,
    constants: Vec<TensorData>,
    staging: Vec<usize>,
}

impl Places {
    fn targets(&mut self, lowering: &mut Lowering<'_>, targets: &[NodeId]) -> Lowered<()> {
        for (number, &id) in targets.iter().enumerate() {
            let (to, size) = (Place::Target(number), bytes(lowering.arena, id));
            match lowering.origin(id)? {
                Origin::Result(result) if result == self.results.len() => self.results.push(to),
                Origin::Result(result) => self.moves.push(Move { from: self.results[result], to, size }),
                Origin::Memory(from) => self.moves.push(Move { from, to, size }),
                Origin::Constant(data) => {
                    let from = self.constant(data);
                    self.moves.push(Move { from, to, size });
                }
            }
        }
        Ok(())
    }

    /// New values are put into variables when nothing needs the old ones any more: neither the program nor a copy.
    fn assignments(&mut self, lowering: &mut Lowering<'_>, assigned: &[NodeId]) -> Lowered<()> {
        let mut last = Vec::new();
        for &id in assigned {
            let Op::Assign(variable) = lowering.arena.nodes[id].op else { continue };
            let (to, size) = (Place::Variable(variable), bytes(lowering.arena, id));
            let from = match lowering.origin(id)? {
                Origin::Result(result) if result == self.results.len() => {
                    let staging = self.stage(size);
                    self.results.push(staging);
                    staging
                }
                Origin::Result(result) => self.results[result],
                Origin::Memory(from) if from == to => continue,
                Origin::Memory(from @ Place::Variable(_)) => {
                    let staging = self.stage(size);
                    self.moves.push(Move { from, to: staging, size });
                    staging
                }
                Origin::Memory(from) => from,
                Origin::Constant(data) => self.constant(data),
            };
            last.push(Move { from, to, size });
        }
        self.moves.extend(last);
        Ok(())
    }

    fn stage(&mut self, size: usize) -> Place {
        self.staging.push(size);
        Place::Staging(self.staging.len() - 1)
    }

    fn constant(&mut self, data: TensorData) -> Place {
        self.constants.push(data);
        Place::Constant(self.constants.len() - 1)
    }
}

fn bytes(arena: &Arena, id: NodeId) -> usize {
    shape_of(arena, id).iter().product::<usize>() * arena.ty(id).data_type.size()
}

//! Which operations the device computes by a routine of its own instead of a kernel.

use super::emit::{is_free, overlap, shape_of, source};
use super::index::{Index, Var, signed};
use super::storage::is_view;
use crate::backend::routine::{Conv2d, Epilogue, MatMul, Matrices, MaxPool2d, Routine};
use crate::device::Device;
use crate::graph::data_type::{Scalar, TensorDataType};
use crate::graph::ir::op::{BinaryOp, CompareOp, Convolution, Pooling, UnaryOp};
use crate::graph::ir::{Arena, Node, NodeId, Op, Table};

/// Multiplications below which a kernel is as good: it takes in what comes before and after.
const FEWEST: usize = 32 * 32 * 32;
/// Elements of the source below which the gradient of pooling is as good in a kernel.
const FEWEST_POOLED: usize = 1 << 12;
/// Filters of a group below which convolutions are better in a kernel: with one, most of a register would be empty.
const FEWEST_FILTERS: usize = 2;

/// How the device computes an operation, with what it takes in of those that follow.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) routine: Routine,
    /// Whose memory it reads: that of two operands, and of a bias if there is one. The operands of the operations may
    /// be views of it.
    pub(crate) operands: Vec<NodeId>,
    /// The operations that are computed, the one with the result last.
    pub(crate) computed: Vec<NodeId>,
    /// Elements of temporary memory.
    pub(crate) scratch: usize,
    /// Elements of the form that the second operand is laid out in once, since it is a constant; 0 if it is read as it is.
    pub(crate) laid_out: usize,
}

/// What the device computes by routines.
#[derive(Debug)]
pub(crate) struct Calls {
    by_result: Table<NodeId, Option<Call>>,
    within: Table<NodeId, bool>,
}

impl Calls {
    /// None at all.
    pub(crate) fn none(arena: &Arena) -> Self {
        let len = arena.nodes.len();
        Self { by_result: Table::filled(len, None), within: Table::filled(len, false) }
    }

    /// The call that computes an operation, if it is the last one that the call computes.
    pub(crate) fn of(&self, id: NodeId) -> Option<&Call> {
        self.by_result[id].as_ref()
    }

    /// Whether an operation is computed within a call and its value never in memory.
    pub(crate) fn is_within(&self, id: NodeId) -> bool {
        self.within[id]
    }
}

/// The routines for all operations that have one. `roots` are targets and assignments.
pub(crate) fn choose(arena: &Arena, roots: &[NodeId], device: &Device) -> Calls {
    let mut calls = Calls::none(arena);
    let mut users = Table::<NodeId, Vec<NodeId>>::filled(arena.nodes.len(), Vec::new());
    for (id, node) in arena.nodes.iter() {
        for &operand in &node.operands {
            users[operand].push(id);
        }
    }
    for (id, node) in arena.nodes.iter() {
        let Some(mut call) = of(arena, node, device) else { continue };
        call.computed.push(id);
        take_in(arena, &mut call, |id| match users[id].as_slice() {
            [user] if !roots.contains(&id) => Some(*user),
            _ => None,
        });
        if matches!(arena.nodes[call.operands[1]].op, Op::Data(_)) {
            call.laid_out = device.routine_layout(&call.routine);
            if call.laid_out > 0 {
                call.scratch = 0;
            }
        }
        let (&result, before) = call.computed.split_last().expect("a call computes something");
        for &id in before {
            calls.within[id] = true;
        }
        calls.by_result[result] = Some(call);
    }
    calls
}

/// Gives a call the bias and the activation that follow, if nobody else needs what is before them. `only_user` tells
/// the operation that alone uses a value.
fn take_in(arena: &Arena, call: &mut Call, only_user: impl Fn(NodeId) -> Option<NodeId>) {
    let start = call.computed[0];
    if let Routine::MaxPool2dGradient(sizes) = &mut call.routine {
        if let Some(user) = only_user(start).filter(|&user| is_relu_gradient(arena, user, start)) {
            sizes.masked = true;
            call.computed.push(user);
        }
        return;
    }
    let (Routine::MatMul(MatMul { epilogue, .. }) | Routine::Conv2d(_, epilogue)) = &mut call.routine else {
        return;
    };
    let is_matmul = matches!(arena.nodes[start].op, Op::MatMul);
    let mut end = start;
    let mut within = Vec::new();
    while let Some(user) = only_user(end) {
        let node = &arena.nodes[user];
        let shape = shape_of(arena, user);
        let axis = if is_matmul { shape.len().wrapping_sub(1) } else { 1 };
        within.push(user);
        let taken = match &node.op {
            // Of products of three axes, say: as long as columns stay what they are.
            Op::Reshape { .. } if is_matmul && shape.last() == shape_of(arena, end).last() => false,
            Op::Binary(BinaryOp::Add) if *epilogue == Epilogue::default() => {
                let other = node.operands.iter().copied().find(|&operand| operand != end);
                let Some(bias) = other.and_then(|other| vector(arena, other, &shape, axis)) else { return };
                epilogue.bias = true;
                call.operands.push(bias);
                true
            }
            Op::Unary(UnaryOp::Relu) if !epilogue.relu => {
                epilogue.relu = true;
                true
            }
            _ => return,
        };
        end = user;
        if taken {
            call.computed.append(&mut within);
        }
    }
}

/// Whether an operation is the gradient of the ReLU whose result was pooled.
fn is_relu_gradient(arena: &Arena, id: NodeId, pooled: NodeId) -> bool {
    let source = arena.nodes[pooled].operands[1];
    let is_zero = |id: NodeId| matches!(&arena.nodes[id].op, Op::Fill { value, .. } if *value == Scalar::from_f64(TensorDataType::Float32, 0.0));
    let node = &arena.nodes[id];
    let (Op::Select, &[condition, gradient, other]) = (&node.op, node.operands.as_slice()) else {
        return false;
    };
    let condition = &arena.nodes[condition];
    matches!(condition.op, Op::Compare(CompareOp::Greater))
        && condition.operands[0] == source
        && is_zero(condition.operands[1])
        && gradient == pooled
        && is_zero(other)
}

/// The memory of a vector that a tensor shows along one axis, and nothing along the others.
fn vector(arena: &Arena, id: NodeId, shape: &[usize], axis: usize) -> Option<NodeId> {
    if shape.get(axis).is_none_or(|&size| size < 2) {
        return None;
    }
    let at: Vec<Index> = variables(shape).map(Index::var).collect();
    let along = at[axis].clone();
    let mut found = None;
    look_through(arena, id, at, |id, place| {
        let elements: usize = shape_of(arena, id).iter().product();
        if *place == along && elements == shape[axis] && !is_free(&arena.nodes[id]) {
            found = Some(id);
        }
    });
    found
}

/// The routine for an operation whose operands are in the graph, before it takes in what follows.
pub(crate) fn of(arena: &Arena, node: &Node, device: &Device) -> Option<Call> {
    if node.ty.data_type != TensorDataType::Float32 {
        return None;
    }
    let shape = |place: usize| shape_of(arena, node.operands[place]);
    let result = node.ty.shape.known()?;
    let (routine, operands) = match &node.op {
        Op::MatMul => matmul(arena, node, &result)?,
        Op::Conv2d(convolution) => {
            let sizes = sizes(convolution, &shape(0), &shape(1), &result);
            (Routine::Conv2d(sizes, Epilogue::default()), dense_operands(arena, node)?)
        }
        Op::Conv2dDataGradient { convolution, .. } => {
            let sizes = sizes(convolution, &result, &shape(1), &shape(0));
            (Routine::Conv2dDataGradient(sizes), dense_operands(arena, node)?)
        }
        Op::Conv2dWeightsGradient { convolution, .. } => {
            let sizes = sizes(convolution, &shape(1), &result, &shape(0));
            (Routine::Conv2dWeightsGradient(sizes), dense_operands(arena, node)?)
        }
        Op::MaxPool2dGradient(pooling) if !overlap(pooling, 0) && !overlap(pooling, 1) => {
            (Routine::MaxPool2dGradient(pooled(pooling, &result, &shape(0))), dense_operands(arena, node)?)
        }
        _ => return None,
    };
    let pays = match &routine {
        Routine::MatMul(sizes) => sizes.rows * sizes.columns * sizes.depth >= FEWEST,
        Routine::Conv2d(sizes, _) | Routine::Conv2dDataGradient(sizes) => {
            sizes.group_filters() >= FEWEST_FILTERS && routine.flops() >= 2.0 * FEWEST as f64
        }
        Routine::Conv2dWeightsGradient(_) => routine.flops() >= 2.0 * FEWEST as f64,
        Routine::MaxPool2dGradient(sizes) => sizes.planes * sizes.source_area() >= FEWEST_POOLED,
    };
    if !pays || operands.iter().any(|&id| is_free(&arena.nodes[id])) {
        return None;
    }
    let scratch = device.routine_scratch(&routine)?;
    Some(Call { routine, operands: operands.to_vec(), computed: Vec::new(), scratch, laid_out: 0 })
}

fn matmul(arena: &Arena, node: &Node, result: &[usize]) -> Option<(Routine, [NodeId; 2])> {
    let (batch, matrix) = result.split_at(result.len() - 2);
    let depth = *shape_of(arena, node.operands[0]).last()?;
    let (a_base, a) = matrices(arena, node.operands[0], batch, [matrix[0], depth])?;
    let (b_base, b) = matrices(arena, node.operands[1], batch, [depth, matrix[1]])?;
    let (batch, [rows, columns]) = (batch.to_vec(), [matrix[0], matrix[1]]);
    let mut sizes = MatMul { batch, rows, columns, depth, a, b, epilogue: Epilogue::default() };
    fold(&mut sizes);
    Some((Routine::MatMul(sizes), [a_base, b_base]))
}

/// Makes one product of those of the innermost axis of the batch, if they have `b` in common and the rows of `a`
/// follow each other.
fn fold(sizes: &mut MatMul) {
    while let (Some(&size), Some(&a), Some(&b)) =
        (sizes.batch.last(), sizes.a.batch.last(), sizes.b.batch.last())
    {
        let follows = sizes.rows == 1 || a == sizes.rows * sizes.a.row;
        if size > 1 && (b != 0 || !follows) {
            return;
        }
        if size > 1 {
            if sizes.rows == 1 {
                sizes.a.row = a;
            }
            sizes.rows *= size;
        }
        for stack in [&mut sizes.batch, &mut sizes.a.batch, &mut sizes.b.batch] {
            stack.pop();
        }
    }
}

/// Where the matrices of an operand lie in the memory that it is a view of, looking through as many views as
/// possible.
fn matrices(
    arena: &Arena,
    operand: NodeId,
    batch: &[usize],
    matrix: [usize; 2],
) -> Option<(NodeId, Matrices)> {
    let vars: Vec<Var> = variables(batch.iter().chain(&matrix)).collect();
    let shape = shape_of(arena, operand);
    let own = &vars[vars.len() - shape.len()..];
    let at =
        shape.iter().zip(own).map(|(&size, &v)| if size == 1 { Index::default() } else { Index::var(v) });
    let mut found = None;
    look_through(arena, operand, at.collect(), |id, place| {
        let distances: Option<Vec<usize>> =
            vars.iter().map(|&v| usize::try_from(place.stride(v)?).ok()).collect();
        let distances = distances.filter(|_| place.is_affine() && place.range().0 >= 0);
        if let Some(mut batch) = distances {
            let offset =
                usize::try_from(place.start()).expect("no distance is negative, so this is the least");
            let (column, row) = (batch.pop().unwrap_or(0), batch.pop().unwrap_or(0));
            found = Some((id, Matrices { offset, batch, row, column }));
        }
    });
    found
}

/// The memory in which the elements of both operands lie densely, one after the other.
fn dense_operands(arena: &Arena, node: &Node) -> Option<[NodeId; 2]> {
    let dense = |operand: NodeId| {
        let shape = shape_of(arena, operand);
        let at: Vec<Index> = variables(&shape).map(Index::var).collect();
        let own = Index::ravel(&at, &shape);
        let elements: usize = shape.iter().product();
        let mut found = operand;
        look_through(arena, operand, at, |id, place| {
            if *place == own && shape_of(arena, id).iter().product::<usize>() == elements {
                found = id;
            }
        });
        found
    };
    Some([dense(*node.operands.first()?), dense(*node.operands.get(1)?)])
}

/// A variable for each axis of a tensor.
fn variables<'a>(sizes: impl IntoIterator<Item = &'a usize>) -> impl Iterator<Item = Var> {
    (0..).zip(sizes).map(|(id, &size)| Var { id, size: signed(size) })
}

/// Calls `each` for a node and all that it is a view of, with the place there of the element at a position.
fn look_through(arena: &Arena, mut id: NodeId, mut at: Vec<Index>, mut each: impl FnMut(NodeId, &Index)) {
    loop {
        each(id, &Index::ravel(&at, &shape_of(arena, id)));
        let node = &arena.nodes[id];
        if !is_view(&node.op) {
            return;
        }
        id = node.operands[0];
        at = source(node, &shape_of(arena, id), &at).expect("views have sources");
    }
}

fn sizes(convolution: &Convolution, source: &[usize], weights: &[usize], result: &[usize]) -> Conv2d {
    let Convolution { window, groups } = convolution;
    Conv2d {
        images: source[0],
        channels: source[1],
        filters: weights[0],
        groups: *groups,
        source: [source[2], source[3]],
        result: [result[2], result[3]],
        kernel: [weights[2], weights[3]],
        strides: window.strides,
        dilations: window.dilations,
        padding: window.padding.map(|[before, _]| before),
    }
}

fn pooled(pooling: &Pooling, source: &[usize], result: &[usize]) -> MaxPool2d {
    let Pooling { window, kernel } = pooling;
    MaxPool2d {
        planes: source[0] * source[1],
        source: [source[2], source[3]],
        result: [result[2], result[3]],
        kernel: *kernel,
        strides: window.strides,
        dilations: window.dilations,
        padding: window.padding.map(|[before, _]| before),
        masked: false,
    }
}

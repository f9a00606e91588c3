//! Which nodes get memory of their own. All others are computed where they are needed.

use std::collections::BTreeSet;

use super::emit::{is_free, is_heavy, is_memory, overlap, shape_of, source};
use super::index::{Index, Var, signed};
use super::routine::Calls;
use crate::graph::ir::op::UnaryOp;
use crate::graph::ir::{Arena, Node, NodeId, Op, Table};

/// What is cheaper than this is computed again rather than stored. Sums count 1, functions 8.
const CHEAP: usize = 4;
/// The most that one value may cost, and the most tensors it may be made of.
const COSTLY: usize = 200;
const MANY_LEAVES: usize = 16;
/// The most tensors that a kernel may read: it has 31 buffers.
const MOST_LEAVES: usize = 24;

/// Which nodes have memory, and why.
pub(crate) struct Storage {
    pub(crate) stored: Table<NodeId, bool>,
    /// Those that need it whatever is fused: targets, assigned values, and what loops read again and again.
    pub(crate) required: Table<NodeId, bool>,
    /// The cost of computing each node from what is stored.
    pub(crate) cost: Table<NodeId, usize>,
}

/// Memory for everything: each operation is a kernel of its own.
pub(crate) fn everything(arena: &Arena) -> Storage {
    let mut stored = Table::<NodeId, bool>::filled(arena.nodes.len(), false);
    for (id, node) in arena.nodes.iter() {
        stored[id] = !is_memory(node) && !is_free(node);
    }
    Storage { required: stored.clone(), stored, cost: Table::filled(arena.nodes.len(), 0) }
}

/// Memory where it pays. `roots` are targets and assignments; `calls` what the device computes by routines.
pub(crate) fn choose(arena: &Arena, roots: &[NodeId], calls: &Calls) -> Storage {
    let len = arena.nodes.len();
    let mut users = Table::<NodeId, Vec<NodeId>>::filled(len, Vec::new());
    for (id, node) in arena.nodes.iter() {
        for &operand in &node.operands {
            if !users[operand].contains(&id) {
                users[operand].push(id);
            }
        }
    }
    let mut required = Table::<NodeId, bool>::filled(len, false);
    let mut repeated = Table::<NodeId, bool>::filled(len, false);
    for &root in roots {
        required[root] = true;
    }
    for (id, node) in arena.nodes.iter() {
        if calls.is_within(id) {
            continue;
        }
        if let Some(call) = calls.of(id) {
            required[id] = true;
            for &operand in &call.operands {
                required[operand] |= !is_memory(&arena.nodes[operand]);
            }
        } else if rereads(&node.op) {
            for (place, &operand) in node.operands.iter().enumerate() {
                let base = if strided(arena, id, place) { operand } else { base(arena, operand) };
                required[base] |= !is_memory(&arena.nodes[base]) && !is_free(&arena.nodes[base])
                    || (base == operand && is_view(&arena.nodes[base].op));
            }
        }
        if matches!(node.op, Op::Broadcast { .. } | Op::Gather { .. } | Op::Pad { .. } | Op::Concat { .. }) {
            repeated[base(arena, node.operands[0])] = true;
        }
        if matches!(node.op, Op::Concat { .. } | Op::Gather { .. }) {
            for &operand in &node.operands {
                repeated[base(arena, operand)] = true;
            }
        }
    }

    let mut stored = required.clone();
    let mut cost = Table::<NodeId, usize>::filled(len, 0);
    let mut leaves = Table::<NodeId, BTreeSet<NodeId>>::filled(len, BTreeSet::new());
    let mut cores = BTreeSet::new();
    // Whether a node is computed with a loop that has been fused into it.
    let mut fused = Table::<NodeId, bool>::filled(len, false);
    for (id, node) in arena.nodes.iter() {
        if is_free(node) || calls.is_within(id) {
            continue;
        }
        if is_memory(node) {
            leaves[id].insert(id);
            continue;
        }
        let union = |leaves: &Table<NodeId, BTreeSet<NodeId>>| -> BTreeSet<NodeId> {
            node.operands.iter().flat_map(|&o| leaves[o].clone()).collect()
        };
        let mut own = union(&leaves);
        while own.len() > MOST_LEAVES {
            let widest = node.operands.iter().copied().max_by_key(|&o| leaves[o].len());
            let widest = widest.filter(|&o| leaves[o].len() > 1).expect("operations have few operands");
            stored[widest] = true;
            leaves[widest] = BTreeSet::from([widest]);
            (cost[widest], fused[widest]) = (0, false);
            own = union(&leaves);
        }
        let total = node.operands.iter().map(|&o| cost[o]).sum::<usize>() + price(&node.op);
        fused[id] = node.operands.iter().any(|&o| fused[o]);
        let end = if is_heavy(&node.op) && !required[id] && !is_row_reduction(arena, id) {
            end_of_chain(arena, id, &users, &required, &repeated)
        } else {
            None
        };
        if is_heavy(&node.op) {
            match end {
                Some(end) if !fused[id] && cores.insert(end) => fused[id] = true,
                _ => stored[id] = true,
            }
        } else if !is_view(&node.op) || fused[id] {
            let again = users[id].len() > 1 || repeated[id];
            stored[id] |= again && (total > CHEAP || fused[id]);
            stored[id] |= (total > COSTLY && !fused[id]) || own.len() > MANY_LEAVES;
        }
        if stored[id] {
            own = BTreeSet::from([id]);
            cost[id] = 0;
            fused[id] = false;
        } else {
            cost[id] = total;
        }
        leaves[id] = own;
    }
    // What it costs to compute what is stored, for those that turn out not to need it.
    for (id, node) in arena.nodes.iter() {
        if stored[id] {
            cost[id] = node.operands.iter().map(|&o| if stored[o] { 0 } else { cost[o] }).sum::<usize>()
                + price(&node.op);
        }
    }
    Storage { stored, required, cost }
}

/// Whether a reduction is along whole rows: its axes are the last ones.
pub(crate) fn is_row_reduction(arena: &Arena, id: NodeId) -> bool {
    let node = &arena.nodes[id];
    let Op::Reduce { axes, .. } = &node.op else { return false };
    let shape = shape_of(arena, node.operands[0]);
    let last = (0..shape.len()).rev().find(|axis| shape[*axis] > 1 && !axes.contains(axis));
    let length: usize = axes.iter().map(|&axis| shape[axis]).product();
    length > 1 && axes.iter().all(|&axis| shape[axis] == 1 || last.is_none_or(|last| axis > last))
}

pub(crate) fn is_view(op: &Op) -> bool {
    matches!(
        op,
        Op::Reshape { .. }
            | Op::Permute { .. }
            | Op::Broadcast { .. }
            | Op::Slice { .. }
            | Op::Reverse { .. }
    )
}

/// What a chain of views shows.
fn base(arena: &Arena, mut id: NodeId) -> NodeId {
    while is_view(&arena.nodes[id].op) {
        id = arena.nodes[id].operands[0];
    }
    id
}

/// Whether an operation reads the elements of its operands many times.
fn rereads(op: &Op) -> bool {
    match op {
        Op::Reduce { .. } | Op::ArgReduce { .. } => false,
        Op::MaxPool2d(pooling) | Op::AvgPool2d { pooling, .. } => overlap(pooling, 0) || overlap(pooling, 1),
        op => is_heavy(op),
    }
}

/// Whether neighbouring threads would read elements of an operand of a matrix product or convolution that do
/// not follow each other.
fn strided(arena: &Arena, id: NodeId, place: usize) -> bool {
    let node = &arena.nodes[id];
    let along_threads = match node.op {
        Op::MatMul => place == 1,
        Op::Conv2d(_) | Op::Conv2dDataGradient { .. } => place == 0,
        _ => false,
    };
    if !along_threads || !is_view(&arena.nodes[node.operands[place]].op) {
        return false;
    }
    let mut at: Vec<Index> = Vec::new();
    let mut last = None;
    for (i, size) in shape_of(arena, node.operands[place]).into_iter().enumerate() {
        let var = Var { id: u32::try_from(i).expect("ranks are small"), size: signed(size) };
        at.push(Index::var(var));
        last = Some(var);
    }
    let Some(last) = last.filter(|var| var.size > 1) else { return false };
    let mut current = node.operands[place];
    while is_view(&arena.nodes[current].op) {
        let view = &arena.nodes[current];
        let shape = shape_of(arena, view.operands[0]);
        at = source(view, &shape, &at).expect("views have sources");
        current = view.operands[0];
    }
    Index::ravel(&at, &shape_of(arena, current)).stride(last) != Some(1)
}

/// What one element of an operation costs, apart from its operands.
pub(crate) fn price(op: &Op) -> usize {
    match op {
        Op::Unary(UnaryOp::StopGradient) | Op::Assign(_) | Op::Reshape { .. } | Op::Permute { .. } => 0,
        Op::Broadcast { .. } | Op::Slice { .. } | Op::Reverse { .. } => 0,
        Op::Unary(
            UnaryOp::Exp
            | UnaryOp::Log
            | UnaryOp::Sin
            | UnaryOp::Cos
            | UnaryOp::Tan
            | UnaryOp::Tanh
            | UnaryOp::Erf
            | UnaryOp::Sigmoid,
        ) => 8,
        Op::Binary(crate::graph::ir::op::BinaryOp::Pow) => 16,
        Op::RandomBits { .. } => 40,
        Op::Pad { .. } | Op::Concat { .. } | Op::Gather { .. } => 2,
        op if is_heavy(op) => 1000,
        _ => 1,
    }
}

/// The node that will be stored if an operation with a loop is computed within its consumers: each of them
/// alone needs the one before, for the same element. `None` if there is no such node.
fn end_of_chain(
    arena: &Arena,
    start: NodeId,
    users: &Table<NodeId, Vec<NodeId>>,
    required: &Table<NodeId, bool>,
    repeated: &Table<NodeId, bool>,
) -> Option<NodeId> {
    let elements = |id| shape_of(arena, id).iter().product::<usize>();
    let mut current = start;
    loop {
        let [user] = users[current].as_slice() else { return None };
        if repeated[current] || elements(*user) != elements(start) || !passes_on(&arena.nodes[*user]) {
            return None;
        }
        current = *user;
        if required[current] || users[current].len() > 1 || repeated[current] {
            return Some(current);
        }
    }
}

/// Whether an operation needs of each operand the one element at its own place, or one in the same order along
/// the last axis.
fn passes_on(node: &Node) -> bool {
    match &node.op {
        Op::Unary(_)
        | Op::Binary(_)
        | Op::Compare(_)
        | Op::Select
        | Op::Cast(_)
        | Op::Reshape { .. }
        | Op::Assign(_) => true,
        Op::Permute { axes } => axes.last() == Some(&(axes.len() - 1)),
        _ => false,
    }
}

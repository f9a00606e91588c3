//! How graphs are rewritten: a rule looks at one operation and says what to put in its place.

use std::sync::Arc;

use crate::graph::ir::{Arena, Node, NodeId, Op, Table, TensorType};

/// A graph in which every operation went through a rule.
pub(crate) struct Rewritten {
    pub(crate) arena: Arena,
    /// The new node for each old one that was needed.
    nodes: Table<NodeId, Option<NodeId>>,
    /// Whether the rule put something in the place of an operation.
    pub(crate) changed: bool,
}

impl Rewritten {
    /// The new node for an old one; `None` if it was not needed.
    pub(crate) fn node(&self, id: NodeId) -> Option<NodeId> {
        self.nodes[id]
    }
}

/// The new graph as a rule sees it: the operands of the operation in question are in it already.
pub(crate) struct Patch<'a> {
    pub(crate) arena: &'a mut Arena,
    node: &'a Node,
}

impl Patch<'_> {
    /// Adds an operation, which counts as coming from where the replaced one does.
    pub(crate) fn add(&mut self, op: Op, operands: &[NodeId]) -> NodeId {
        self.arena.add(op, operands, self.node.origin).unwrap_or_else(|problem| {
            unreachable!("a rewrite of {} made an illegal operation: {problem}", self.node.op.name())
        })
    }

    pub(crate) fn op(&self, id: NodeId) -> &Op {
        &self.arena.nodes[id].op
    }

    pub(crate) fn operand(&self, id: NodeId, place: usize) -> NodeId {
        self.arena.nodes[id].operands[place]
    }

    pub(crate) fn ty(&self, id: NodeId) -> &TensorType {
        self.arena.ty(id)
    }

    /// The sizes of a tensor.
    pub(crate) fn sizes(&self, id: NodeId) -> Vec<usize> {
        super::emit::shape_of(self.arena, id)
    }
}

/// A rule: the node that replaces an operation whose operands are in the new graph, or `None` to keep it.
pub(crate) type Rule<'a> = dyn FnMut(&mut Patch<'_>, &Node) -> Option<NodeId> + 'a;

/// Puts what `roots` need through a rule. What is not needed is gone afterwards, but for what has just lost its
/// last use.
pub(crate) fn rewrite(arena: &Arena, roots: &[NodeId], rule: &mut Rule<'_>) -> Rewritten {
    let mut new = Arena { variables: arena.variables.clone(), ..Arena::default() };
    let mut nodes = Table::<NodeId, Option<NodeId>>::filled(arena.nodes.len(), None);
    let mut changed = false;
    for id in arena.reachable(roots) {
        let mut node = arena.nodes[id].clone();
        for operand in &mut node.operands {
            *operand = nodes[*operand].expect("operands come first");
        }
        let before = new.nodes.len();
        let replaced = rule(&mut Patch { arena: &mut new, node: &node }, &node);
        changed |= replaced.is_some();
        let place = replaced.unwrap_or_else(|| new.nodes.push(node.clone()));
        debug_assert!(*new.ty(place) == node.ty, "{} became another type", node.op.name());
        use crate::graph::ir::Key;
        if place.index() >= before && new.nodes[place].label.is_empty() {
            new.nodes[place].label = Arc::clone(&node.label);
        }
        nodes[id] = Some(place);
    }
    Rewritten { arena: new, nodes, changed }
}

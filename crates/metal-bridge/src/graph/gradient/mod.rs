//! Reverse-mode differentiation: gradients are operations of the same graph, so they can be differentiated
//! again, printed and compiled like any others.
//!
//! Nodes are visited from the last to the first. Each turns the gradient of its result into gradients of its
//! operands, by a rule in the file of its family; what reaches a node from several others is added up.

mod contraction;
mod elementwise;
mod index;
mod movement;
mod reduction;
mod window;

use super::build::{Built, Call};
use super::error::GraphProblem;
use super::handle::{Graph, GraphTensor};
use super::ir::{Node, NodeId, Op, Origin, Table};
use crate::error::Result;

impl Graph {
    /// The gradients of a tensor by others: how much the sum of the elements of `of` changes with each
    /// element of these. They have the types and shapes of the tensors they are by.
    ///
    /// Where `of` does not depend on a tensor, or only through operations without derivative (comparisons,
    /// roundings, integers, positions), the gradient is zeros. The gradients are tensors of this graph like any
    /// other: gradients of gradients are as good.
    ///
    /// ```
    /// use metal_bridge::graph::{Graph, reference};
    ///
    /// let graph = Graph::new();
    /// let x = graph.constant_with_data([3], &[1.0f32, 2.0, 3.0])?;
    /// let y = graph.pow(&x, 3)?;
    /// let first = graph.gradients(&y, &[&x])?;
    /// let second = graph.gradients(&first[0], &[&x])?;
    /// let values = reference::evaluate(&[&first[0], &second[0]], &[])?;
    /// assert_eq!(values[0].to_f64(), [3.0, 12.0, 27.0]);
    /// assert_eq!(values[1].to_f64(), [6.0, 12.0, 18.0]);
    /// # Ok::<(), metal_bridge::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A tensor is not of floats or belongs to another graph; or the derivative of an operation on the way
    /// needs a size that is open: that of a product along an open dimension does.
    #[doc(alias = "gradientForPrimaryTensor:withTensors:name:")]
    #[doc(alias = "backward")]
    #[track_caller]
    pub fn gradients(&self, of: &GraphTensor, with_respect_to: &[&GraphTensor]) -> Result<Vec<GraphTensor>> {
        let gradients = self.call("gradients", |call| {
            let of = call.tensor("of", of)?;
            let by = call.tensors("with_respect_to", with_respect_to)?;
            call.float("of", of)?;
            for &node in &by {
                call.float("with_respect_to", node)?;
            }
            gradients(call, of, &by)
        })?;
        Ok(gradients.into_iter().map(|id| self.tensor(id)).collect())
    }
}

/// The gradients of the sum of `of` by nodes, all of floats.
fn gradients(
    call: &mut Call<'_>,
    of: NodeId,
    by: &[NodeId],
) -> std::result::Result<Vec<NodeId>, GraphProblem> {
    let order = call.arena.reachable(&[of]);
    // Which nodes depend on the wanted ones through floats alone: only there gradients matter.
    let mut active = Table::<NodeId, bool>::filled(call.arena.nodes.len(), false);
    for &node in by {
        active[node] = true;
    }
    for &id in &order {
        let Node { op, operands, ty, .. } = &call.arena.nodes[id];
        let through = ty.data_type.is_float() && has_derivative(op);
        active[id] |= through && operands.iter().any(|&operand| active[operand]);
    }

    let mut found = Table::<NodeId, Option<NodeId>>::filled(call.arena.nodes.len(), None);
    let own = call.origin;
    found[of] = Some(call.fill_like(of, 1.0)?);
    for &id in order.iter().rev() {
        let (true, Some(gradient)) = (active[id], found[id]) else { continue };
        let node = call.arena.nodes[id].clone();
        if !has_derivative(&node.op) || !node.operands.iter().any(|&operand| active[operand]) {
            continue;
        }
        call.origin = Origin { gradient: true, ..node.origin };
        let wanted: Vec<bool> = node.operands.iter().map(|&operand| active[operand]).collect();
        let rule = Rule { id, node: &node, gradient, wanted: &wanted };
        for (operand, part) in rule.apply(call)? {
            let operand = node.operands[operand];
            found[operand] = Some(match found[operand] {
                Some(sum) => call.plus(sum, part)?,
                None => part,
            });
        }
    }
    call.origin = own;
    by.iter().map(|&node| found[node].map_or_else(|| call.fill_like(node, 0.0), Ok)).collect()
}

/// Whether a change of some operand can change the result a little.
fn has_derivative(op: &Op) -> bool {
    use super::ir::op::UnaryOp;
    match op {
        Op::Unary(op) => !matches!(
            op,
            UnaryOp::Sign
                | UnaryOp::Floor
                | UnaryOp::Ceil
                | UnaryOp::Round
                | UnaryOp::Trunc
                | UnaryOp::Not
                | UnaryOp::IsNan
                | UnaryOp::IsFinite
                | UnaryOp::StopGradient
        ),
        Op::Placeholder { .. }
        | Op::Data(_)
        | Op::Fill { .. }
        | Op::Read(_)
        | Op::Iota { .. }
        | Op::RandomBits { .. }
        | Op::Compare(_)
        | Op::ArgReduce { .. } => false,
        _ => true,
    }
}

/// Gradients of operands, by their places.
type Parts = std::result::Result<Vec<(usize, NodeId)>, GraphProblem>;

/// How the gradient of one operand is built.
type Part<'a> = &'a dyn Fn(&mut Call<'_>) -> Built;

/// One node on the way back.
struct Rule<'a> {
    id: NodeId,
    node: &'a Node,
    /// The gradient of its result.
    gradient: NodeId,
    /// Which operands' gradients matter. Others need not be computed.
    wanted: &'a [bool],
}

impl Rule<'_> {
    fn operand(&self, place: usize) -> NodeId {
        self.node.operands[place]
    }

    /// The gradients of those of some operands that are wanted.
    fn each(&self, call: &mut Call<'_>, rules: &[(usize, Part<'_>)]) -> Parts {
        rules
            .iter()
            .filter(|(place, _)| self.wanted[*place])
            .map(|(place, rule)| Ok((*place, rule(call)?)))
            .collect()
    }

    fn apply(&self, call: &mut Call<'_>) -> Parts {
        let gradient = self.gradient;
        match &self.node.op {
            Op::Assign(_) => Ok(vec![(0, gradient)]),
            Op::Unary(op) => Ok(vec![(0, elementwise::unary(self, call, *op)?)]),
            Op::Binary(op) => elementwise::binary(self, call, *op),
            Op::Select => elementwise::select(self, call),
            Op::Cast(_) => {
                let data_type = call.data_type(self.operand(0));
                Ok(vec![(0, call.cast(gradient, data_type)?)])
            }
            Op::Reduce { op, axes } => Ok(vec![(0, reduction::reduce(self, call, *op, axes)?)]),
            Op::Reshape { .. }
            | Op::Permute { .. }
            | Op::Broadcast { .. }
            | Op::Slice { .. }
            | Op::Pad { .. }
            | Op::Reverse { .. } => Ok(vec![(0, movement::one(self, call)?)]),
            Op::Concat { axis } => movement::concat(self, call, *axis),
            Op::Gather { axis, batch } => index::gather(self, call, *axis, *batch),
            Op::ScatterAdd { axis, batch } => index::scatter_add(self, call, *axis, *batch),
            Op::MatMul => contraction::matmul(self, call),
            Op::Conv2d(convolution) => contraction::conv2d(self, call, *convolution),
            Op::Conv2dDataGradient { convolution, .. } => {
                contraction::data_gradient(self, call, *convolution)
            }
            Op::Conv2dWeightsGradient { convolution, .. } => {
                contraction::weights_gradient(self, call, *convolution)
            }
            Op::MaxPool2d(_)
            | Op::MaxPool2dSelect(_)
            | Op::MaxPool2dGradient(_)
            | Op::AvgPool2d { .. }
            | Op::AvgPool2dGradient { .. } => window::pool(self, call),
            Op::Placeholder { .. }
            | Op::Data(_)
            | Op::Fill { .. }
            | Op::Read(_)
            | Op::Iota { .. }
            | Op::RandomBits { .. }
            | Op::Compare(_)
            | Op::ArgReduce { .. } => unreachable!("{} has no derivative", self.node.op.name()),
        }
    }
}

//! Padding of convolutions becomes an operation, so that their inner loops test nothing. The products with the
//! padding are zeros as long as the other factors are finite.

use crate::graph::compile::patch::Patch;
use crate::graph::data_type::Scalar;
use crate::graph::dim::Dim;
use crate::graph::ir::op::Convolution;
use crate::graph::ir::{Arena, Node, NodeId, Op};

/// `has_routine` tells whether the device has a routine for an operation, which then knows of padding.
pub(super) fn rule(
    patch: &mut Patch<'_>,
    node: &Node,
    has_routine: &dyn Fn(&Arena, &Node) -> bool,
) -> Option<NodeId> {
    let (convolution, place) = match &node.op {
        Op::Conv2d(convolution) => (convolution, 0),
        Op::Conv2dWeightsGradient { convolution, .. } => (convolution, 1),
        _ => return None,
    };
    let [rows, columns] = convolution.window.padding;
    if (rows == [0, 0] && columns == [0, 0]) || has_routine(patch.arena, node) {
        return None;
    }
    let sizes = |i: usize| [0, 0, rows[i], columns[i]].map(Dim::known).to_vec();
    let value = Scalar::from_i64(node.ty.data_type, 0);
    let source = node.operands[place];
    let [height, width] = [patch.sizes(source)[2], patch.sizes(source)[3]];
    // Much padding around little would only cost memory.
    if rows[0] + rows[1] > height || columns[0] + columns[1] > width {
        return None;
    }
    let mut operands = node.operands.clone();
    operands[place] = patch.add(Op::Pad { before: sizes(0), after: sizes(1), value }, &[source]);
    let mut window = convolution.window;
    window.padding = [[0, 0], [0, 0]];
    let convolution = Convolution { window, ..*convolution };
    let op = match &node.op {
        Op::Conv2dWeightsGradient { weights_shape, .. } => {
            Op::Conv2dWeightsGradient { convolution, weights_shape: weights_shape.clone() }
        }
        _ => Op::Conv2d(convolution),
    };
    Some(patch.add(op, &operands))
}

//! Pooling.

use super::super::build::Call;
use super::super::ir::Op;
use super::{Parts, Rule};

pub(super) fn pool(rule: &Rule<'_>, call: &mut Call<'_>) -> Parts {
    let g = rule.gradient;
    let source_shape = call.shape(rule.operand(0));
    match rule.node.op {
        Op::MaxPool2d(pooling) => {
            Ok(vec![(0, call.add(Op::MaxPool2dGradient(pooling), &[g, rule.operand(0)])?)])
        }
        // Which elements are the greatest does not change a little: only the values count.
        Op::MaxPool2dSelect(pooling) => {
            let source = rule.operand(0);
            rule.each(
                call,
                &[
                    (0, &|call| call.fill_like(source, 0.0)),
                    (1, &|call| call.add(Op::MaxPool2dGradient(pooling), &[g, source])),
                ],
            )
        }
        Op::MaxPool2dGradient(pooling) => {
            let source = rule.operand(1);
            rule.each(
                call,
                &[
                    (0, &|call| call.add(Op::MaxPool2dSelect(pooling), &[source, g])),
                    (1, &|call| call.fill_like(source, 0.0)),
                ],
            )
        }
        Op::AvgPool2d { pooling, count_padding } => {
            let op = Op::AvgPool2dGradient { pooling, count_padding, source_shape };
            Ok(vec![(0, call.add(op, &[g])?)])
        }
        Op::AvgPool2dGradient { pooling, count_padding, .. } => {
            Ok(vec![(0, call.add(Op::AvgPool2d { pooling, count_padding }, &[g])?)])
        }
        ref op => unreachable!("{} is no pooling", op.name()),
    }
}

//! Matrix products and convolutions. Each is linear in both operands, so the gradients of the three
//! convolutions are each other.

use super::super::build::Call;
use super::super::ir::Op;
use super::super::ir::op::Convolution;
use super::movement::sum_to;
use super::{Parts, Rule};

pub(super) fn matmul(rule: &Rule<'_>, call: &mut Call<'_>) -> Parts {
    let (a, b, g) = (rule.operand(0), rule.operand(1), rule.gradient);
    rule.each(
        call,
        &[
            (0, &|call| {
                let b = call.transposed(b)?;
                let product = call.add(Op::MatMul, &[g, b])?;
                let shape = call.shape(a);
                sum_to(call, product, &shape)
            }),
            (1, &|call| {
                let a = call.transposed(a)?;
                let product = call.add(Op::MatMul, &[a, g])?;
                let shape = call.shape(b);
                sum_to(call, product, &shape)
            }),
        ],
    )
}

pub(super) fn conv2d(rule: &Rule<'_>, call: &mut Call<'_>, convolution: Convolution) -> Parts {
    let (source, weights, g) = (rule.operand(0), rule.operand(1), rule.gradient);
    rule.each(
        call,
        &[
            (0, &|call| {
                let source_shape = call.shape(source);
                call.add(Op::Conv2dDataGradient { convolution, source_shape }, &[g, weights])
            }),
            (1, &|call| {
                let weights_shape = call.shape(weights);
                call.add(Op::Conv2dWeightsGradient { convolution, weights_shape }, &[g, source])
            }),
        ],
    )
}

pub(super) fn data_gradient(rule: &Rule<'_>, call: &mut Call<'_>, convolution: Convolution) -> Parts {
    let (incoming, weights, g) = (rule.operand(0), rule.operand(1), rule.gradient);
    rule.each(
        call,
        &[
            (0, &|call| call.add(Op::Conv2d(convolution), &[g, weights])),
            (1, &|call| {
                let weights_shape = call.shape(weights);
                call.add(Op::Conv2dWeightsGradient { convolution, weights_shape }, &[incoming, g])
            }),
        ],
    )
}

pub(super) fn weights_gradient(rule: &Rule<'_>, call: &mut Call<'_>, convolution: Convolution) -> Parts {
    let (incoming, source, g) = (rule.operand(0), rule.operand(1), rule.gradient);
    rule.each(
        call,
        &[
            (0, &|call| call.add(Op::Conv2d(convolution), &[source, g])),
            (1, &|call| {
                let source_shape = call.shape(source);
                call.add(Op::Conv2dDataGradient { convolution, source_shape }, &[incoming, g])
            }),
        ],
    )
}

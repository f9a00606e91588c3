//! Element-wise operations.

use super::super::build::{Built, Call};
use super::super::ir::op::{BinaryOp, CompareOp, UnaryOp};
use super::{Parts, Rule};

pub(super) fn unary(rule: &Rule<'_>, call: &mut Call<'_>, op: UnaryOp) -> Built {
    let (x, y, g) = (rule.operand(0), rule.id, rule.gradient);
    match op {
        UnaryOp::Neg => call.negated(g),
        UnaryOp::Abs => {
            let sign = call.unary(UnaryOp::Sign, x)?;
            call.times(g, sign)
        }
        UnaryOp::Reciprocal => {
            // -y²
            let square = call.squared(y)?;
            let product = call.times(g, square)?;
            call.negated(product)
        }
        UnaryOp::Sqrt => {
            // 1 / 2y
            let half = call.scaled(g, 0.5)?;
            call.over(half, y)
        }
        UnaryOp::Rsqrt => {
            // -y³ / 2
            let cube = call.power(y, 3.0)?;
            let half = call.scaled(g, -0.5)?;
            call.times(half, cube)
        }
        UnaryOp::Exp => call.times(g, y),
        UnaryOp::Log => call.over(g, x),
        UnaryOp::Sin => {
            let cos = call.unary(UnaryOp::Cos, x)?;
            call.times(g, cos)
        }
        UnaryOp::Cos => {
            let sin = call.unary(UnaryOp::Sin, x)?;
            let product = call.times(g, sin)?;
            call.negated(product)
        }
        UnaryOp::Tan => {
            // 1 + y²
            let square = call.squared(y)?;
            let slope = call.shifted(square, 1.0)?;
            call.times(g, slope)
        }
        UnaryOp::Tanh => {
            // 1 - y²
            let square = call.squared(y)?;
            let one = call.fill_like(y, 1.0)?;
            let slope = call.minus(one, square)?;
            call.times(g, slope)
        }
        UnaryOp::Erf => {
            // 2 / √π · exp(-x²)
            let square = call.squared(x)?;
            let square = call.negated(square)?;
            let exp = call.unary(UnaryOp::Exp, square)?;
            let slope = call.scaled(exp, std::f64::consts::FRAC_2_SQRT_PI)?;
            call.times(g, slope)
        }
        UnaryOp::Sigmoid => {
            // y · (1 - y)
            let one = call.fill_like(y, 1.0)?;
            let rest = call.minus(one, y)?;
            let slope = call.times(y, rest)?;
            call.times(g, slope)
        }
        UnaryOp::Relu => {
            let positive = call.compare_number(CompareOp::Greater, y, 0.0)?;
            let zero = call.fill_like(g, 0.0)?;
            call.select(positive, g, zero)
        }
        UnaryOp::Sign
        | UnaryOp::Floor
        | UnaryOp::Ceil
        | UnaryOp::Round
        | UnaryOp::Trunc
        | UnaryOp::Not
        | UnaryOp::IsNan
        | UnaryOp::IsFinite
        | UnaryOp::StopGradient => unreachable!("{} has no derivative", op.name()),
    }
}

pub(super) fn binary(rule: &Rule<'_>, call: &mut Call<'_>, op: BinaryOp) -> Parts {
    let (a, b, y, g) = (rule.operand(0), rule.operand(1), rule.id, rule.gradient);
    match op {
        BinaryOp::Add => rule.each(call, &[(0, &|_| Ok(g)), (1, &|_| Ok(g))]),
        BinaryOp::Sub => rule.each(call, &[(0, &|_| Ok(g)), (1, &|call| call.negated(g))]),
        BinaryOp::Mul => rule.each(call, &[(0, &|call| call.times(g, b)), (1, &|call| call.times(g, a))]),
        BinaryOp::Div => rule.each(
            call,
            &[
                (0, &|call| call.over(g, b)),
                (1, &|call| {
                    // -y / b
                    let slope = call.over(y, b)?;
                    let product = call.times(g, slope)?;
                    call.negated(product)
                }),
            ],
        ),
        BinaryOp::Rem => rule.each(
            call,
            &[
                (0, &|_| Ok(g)),
                (1, &|call| {
                    // -trunc(a / b)
                    let quotient = call.over(a, b)?;
                    let whole = call.unary(UnaryOp::Trunc, quotient)?;
                    let product = call.times(g, whole)?;
                    call.negated(product)
                }),
            ],
        ),
        BinaryOp::Pow => rule.each(
            call,
            &[
                (0, &|call| {
                    // b · a^(b - 1), and 0 where b is 0 whatever a is.
                    let less = call.shifted(b, -1.0)?;
                    let power = call.binary(BinaryOp::Pow, a, less)?;
                    let slope = call.times(b, power)?;
                    let product = call.times(g, slope)?;
                    let zero = call.fill_like(b, 0.0)?;
                    let constant = call.compare(CompareOp::Equal, b, zero)?;
                    call.select(constant, zero, product)
                }),
                (1, &|call| {
                    // y · ln a, and 0 where a is 0 and b not negative.
                    let log = call.unary(UnaryOp::Log, a)?;
                    let slope = call.times(y, log)?;
                    let product = call.times(g, slope)?;
                    let zero = call.fill_like(a, 0.0)?;
                    let of_zero = call.compare(CompareOp::Equal, a, zero)?;
                    let positive = call.compare(CompareOp::GreaterEqual, b, zero)?;
                    let constant = call.binary(BinaryOp::And, of_zero, positive)?;
                    call.select(constant, zero, product)
                }),
            ],
        ),
        BinaryOp::Max => rule.each(
            call,
            &[
                (0, &|call| share(rule, call, CompareOp::Greater)),
                (1, &|call| share(rule, call, CompareOp::Less)),
            ],
        ),
        BinaryOp::Min => rule.each(
            call,
            &[
                (0, &|call| share(rule, call, CompareOp::Less)),
                (1, &|call| share(rule, call, CompareOp::Greater)),
            ],
        ),
        BinaryOp::And | BinaryOp::Or | BinaryOp::Xor => unreachable!("{} is not of floats", op.name()),
    }
}

/// The gradient where the operands compare so, half of it where they are equal, else nothing.
fn share(rule: &Rule<'_>, call: &mut Call<'_>, whole: CompareOp) -> Built {
    let (a, b, g) = (rule.operand(0), rule.operand(1), rule.gradient);
    let whole = call.compare(whole, a, b)?;
    let equal = call.compare(CompareOp::Equal, a, b)?;
    let half = call.scaled(g, 0.5)?;
    let zero = call.fill_like(g, 0.0)?;
    let rest = call.select(equal, half, zero)?;
    call.select(whole, g, rest)
}

pub(super) fn select(rule: &Rule<'_>, call: &mut Call<'_>) -> Parts {
    let (condition, g) = (rule.operand(0), rule.gradient);
    let zero = call.fill_like(g, 0.0)?;
    rule.each(
        call,
        &[(1, &|call| call.select(condition, g, zero)), (2, &|call| call.select(condition, zero, g))],
    )
}

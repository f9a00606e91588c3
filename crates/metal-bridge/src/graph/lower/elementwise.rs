//! Operations on single elements.

use super::builder::{Builder, Lowered, computed_in};
use crate::backend::tensor_program::{Binary, Operation, Unary, Value};
use crate::graph::TensorDataType::{Bool, Float32, Int64};
use crate::graph::data_type::Scalar;
use crate::graph::ir::op::{BinaryOp, CompareOp, UnaryOp};

impl Builder {
    pub(super) fn unary_op(&mut self, op: UnaryOp, x: Value) -> Lowered {
        let data_type = self.data_type(x);
        if op == UnaryOp::StopGradient {
            return Ok(x);
        }
        let x = self.up(x)?;
        match op {
            UnaryOp::IsNan => return self.unary(Unary::IsNaN, x),
            UnaryOp::IsFinite => return self.unary(Unary::IsFinite, x),
            UnaryOp::Not if data_type == Bool => return self.unary(Unary::Not, x),
            _ => {}
        }
        let result = if computed_in(data_type) == Float32 { self.float(op, x) } else { self.integer(op, x) }?;
        self.down(result, data_type)
    }

    fn float(&mut self, op: UnaryOp, x: Value) -> Lowered {
        let simple = match op {
            UnaryOp::Neg => Unary::Negative,
            UnaryOp::Abs => Unary::Absolute,
            UnaryOp::Reciprocal => Unary::Reciprocal,
            UnaryOp::Sqrt => Unary::SquareRoot,
            UnaryOp::Exp => Unary::Exponent,
            UnaryOp::Log => Unary::Logarithm,
            UnaryOp::Sin => Unary::Sin,
            UnaryOp::Cos => Unary::Cos,
            UnaryOp::Tan => Unary::Tan,
            UnaryOp::Tanh => Unary::Tanh,
            UnaryOp::Erf => Unary::Erf,
            UnaryOp::Sigmoid => Unary::Sigmoid,
            UnaryOp::Floor => Unary::Floor,
            UnaryOp::Ceil => Unary::Ceil,
            UnaryOp::Round => Unary::Rint,
            UnaryOp::Trunc => Unary::Truncate,
            UnaryOp::Sign => {
                let (sign, nan) = (self.unary(Unary::Sign, x)?, self.unary(Unary::IsNaN, x)?);
                return self.select(nan, x, sign);
            }
            UnaryOp::Rsqrt => {
                let root = self.unary(Unary::SquareRoot, x)?;
                return self.unary(Unary::Reciprocal, root);
            }
            UnaryOp::Relu => return self.with(Binary::MaximumWithNaNPropagation, x, 0),
            UnaryOp::Not | UnaryOp::IsNan | UnaryOp::IsFinite | UnaryOp::StopGradient => {
                unreachable!("{} makes no float", op.name())
            }
        };
        self.unary(simple, x)
    }

    fn integer(&mut self, op: UnaryOp, x: Value) -> Lowered {
        match op {
            UnaryOp::Neg => self.unary(Unary::Negative, x),
            UnaryOp::Not => self.unary(Unary::BitwiseNot, x),
            UnaryOp::Abs => {
                let (negative, opposite) =
                    (self.with(Binary::LessThan, x, 0)?, self.unary(Unary::Negative, x)?);
                self.select(negative, opposite, x)
            }
            UnaryOp::Relu => {
                let (positive, zero) = (self.with(Binary::GreaterThan, x, 0)?, self.number_like(x, 0)?);
                self.select(positive, x, zero)
            }
            UnaryOp::Sign => {
                let (positive, negative) =
                    (self.with(Binary::GreaterThan, x, 0)?, self.with(Binary::LessThan, x, 0)?);
                let (one, minus_one) = (self.number_like(x, 1)?, self.number_like(x, -1)?);
                let zero = self.number_like(x, 0)?;
                let rest = self.select(negative, minus_one, zero)?;
                self.select(positive, one, rest)
            }
            _ => unreachable!("{} is not of integers", op.name()),
        }
    }

    pub(super) fn binary_op(&mut self, op: BinaryOp, a: Value, b: Value) -> Lowered {
        let data_type = self.data_type(a);
        let (a, b) = (self.up(a)?, self.up(b)?);
        let result = match computed_in(data_type) {
            Bool => {
                let logical = match op {
                    BinaryOp::And => Binary::LogicalAnd,
                    BinaryOp::Or => Binary::LogicalOr,
                    BinaryOp::Xor => Binary::LogicalXor,
                    _ => unreachable!("{} is not of bools", op.name()),
                };
                self.binary(logical, a, b)
            }
            Float32 => match op {
                BinaryOp::Add => self.binary(Binary::Addition, a, b),
                BinaryOp::Sub => self.binary(Binary::Subtraction, a, b),
                BinaryOp::Mul => self.binary(Binary::Multiplication, a, b),
                BinaryOp::Div => self.binary(Binary::Division, a, b),
                BinaryOp::Pow => self.binary(Binary::Power, a, b),
                BinaryOp::Max => self.binary(Binary::MaximumWithNaNPropagation, a, b),
                BinaryOp::Min => self.binary(Binary::MinimumWithNaNPropagation, a, b),
                BinaryOp::Rem => self.float_remainder(a, b),
                BinaryOp::And | BinaryOp::Or | BinaryOp::Xor => {
                    unreachable!("{} is not of floats", op.name())
                }
            },
            _ => match op {
                BinaryOp::Add => self.binary(Binary::Addition, a, b),
                BinaryOp::Sub => self.binary(Binary::Subtraction, a, b),
                BinaryOp::Mul => self.binary(Binary::Multiplication, a, b),
                BinaryOp::And => self.binary(Binary::BitwiseAnd, a, b),
                BinaryOp::Or => self.binary(Binary::BitwiseOr, a, b),
                BinaryOp::Xor => self.binary(Binary::BitwiseXor, a, b),
                BinaryOp::Max => self.greater(a, b),
                BinaryOp::Min => self.less(a, b),
                BinaryOp::Div => Ok(self.divide(a, b)?.0),
                BinaryOp::Rem => Ok(self.divide(a, b)?.1),
                BinaryOp::Pow => unreachable!("powers are of floats"),
            },
        }?;
        self.down(result, data_type)
    }

    /// The greater one of integers.
    pub(super) fn greater(&mut self, a: Value, b: Value) -> Lowered {
        let greater = self.binary(Binary::GreaterThan, a, b)?;
        self.select(greater, a, b)
    }

    /// The smaller one of integers.
    pub(super) fn less(&mut self, a: Value, b: Value) -> Lowered {
        let less = self.binary(Binary::LessThan, a, b)?;
        self.select(less, a, b)
    }

    /// `a` stays where it is finite and `b` infinite, which a remainder made of a quotient would lose.
    fn float_remainder(&mut self, a: Value, b: Value) -> Lowered {
        let remainder = self.binary(Binary::Modulo, a, b)?;
        let size = self.unary(Unary::Absolute, b)?;
        let infinity = self.one_like(b, Scalar::from_f64(Float32, f64::INFINITY))?;
        let (infinite, finite) =
            (self.binary(Binary::Equal, size, infinity)?, self.unary(Unary::IsFinite, a)?);
        let stays = self.binary(Binary::LogicalAnd, infinite, finite)?;
        self.select(stays, a, remainder)
    }

    /// Quotient and remainder of integers, cut towards zero; by 0 they are 0. MPSGraph's division is that of f32: each
    /// quotient of what remains adds some 20 bits, until the sum is right but for one.
    fn divide(&mut self, a: Value, b: Value) -> Lowered<(Value, Value)> {
        let data_type = self.data_type(a);
        let (zero, one, minus_one) =
            (self.number_like(a, 0)?, self.number_like(a, 1)?, self.number_like(a, -1)?);
        let by_zero = self.binary(Binary::Equal, b, zero)?;
        let by_one = self.binary(Binary::Equal, b, one)?;
        let by_minus_one = self.binary(Binary::Equal, b, minus_one)?;
        let special = self.binary(Binary::LogicalOr, by_one, by_minus_one)?;
        let special = self.binary(Binary::LogicalOr, by_zero, special)?;
        // Every other quotient, with its error, fits the type.
        let two = self.number_like(a, 2)?;
        let divisor = self.select(special, two, b)?;
        let wide_divisor = self.add(Operation::Cast(Float32), &[divisor])?;
        let (mut quotient, mut remainder) = (zero, a);
        for _ in 0..if data_type == Int64 { 4 } else { 2 } {
            let wide = self.add(Operation::Cast(Float32), &[remainder])?;
            let estimate = self.binary(Binary::Division, wide, wide_divisor)?;
            let estimate = self.unary(Unary::Truncate, estimate)?;
            let estimate = self.add(Operation::Cast(data_type), &[estimate])?;
            quotient = self.binary(Binary::Addition, quotient, estimate)?;
            remainder = self.rest(a, quotient, divisor)?;
        }
        let negative = self.binary(Binary::LessThan, a, zero)?;
        let below = self.binary(Binary::LessThan, divisor, zero)?;
        let opposite = self.binary(Binary::LogicalXor, negative, below)?;
        let further = self.select(opposite, minus_one, one)?;
        let back = self.select(opposite, one, minus_one)?;
        // Too far, what remains has the other sign than `a`.
        let uneven = self.binary(Binary::NotEqual, remainder, zero)?;
        let falls = self.binary(Binary::LessThan, remainder, zero)?;
        let other = self.binary(Binary::LogicalXor, falls, negative)?;
        let too_far = self.binary(Binary::LogicalAnd, uneven, other)?;
        // Too short, it has the size of the divisor or more; of the negatives, of which there is one more.
        let opposite = self.unary(Unary::Negative, remainder)?;
        let size = self.select(falls, remainder, opposite)?;
        let opposite = self.unary(Unary::Negative, divisor)?;
        let bound = self.select(below, divisor, opposite)?;
        let too_short = self.binary(Binary::LessThanOrEqual, size, bound)?;
        let step = self.select(too_short, further, zero)?;
        let step = self.select(too_far, back, step)?;
        let quotient = self.binary(Binary::Addition, quotient, step)?;
        let remainder = self.rest(a, quotient, divisor)?;
        let remainder = self.select(special, zero, remainder)?;
        let opposite = self.unary(Unary::Negative, a)?;
        let quotient = self.select(by_one, a, quotient)?;
        let quotient = self.select(by_minus_one, opposite, quotient)?;
        let quotient = self.select(by_zero, zero, quotient)?;
        Ok((quotient, remainder))
    }

    /// `a - quotient * divisor`.
    fn rest(&mut self, a: Value, quotient: Value, divisor: Value) -> Lowered {
        let product = self.binary(Binary::Multiplication, quotient, divisor)?;
        self.binary(Binary::Subtraction, a, product)
    }

    pub(super) fn compare_op(&mut self, op: CompareOp, a: Value, b: Value) -> Lowered {
        if self.data_type(a) == Bool {
            let other = self.binary(Binary::LogicalXor, a, b)?;
            return if op == CompareOp::NotEqual { Ok(other) } else { self.unary(Unary::Not, other) };
        }
        let (a, b) = (self.up(a)?, self.up(b)?);
        let op = match op {
            CompareOp::Equal => Binary::Equal,
            CompareOp::NotEqual => Binary::NotEqual,
            CompareOp::Less => Binary::LessThan,
            CompareOp::LessEqual => Binary::LessThanOrEqual,
            CompareOp::Greater => Binary::GreaterThan,
            CompareOp::GreaterEqual => Binary::GreaterThanOrEqual,
        };
        self.binary(op, a, b)
    }
}

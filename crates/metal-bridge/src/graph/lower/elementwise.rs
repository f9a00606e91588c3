//! Operations on single elements.

use super::builder::{Builder, Lowered, computed_in};
use crate::backend::tensor_program::{Binary, Operation, Unary, Value};
use crate::graph::TensorDataType::{Bool, Float32};
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
        let sizes = self.sizes(size);
        let infinity = self.constant(Scalar::from_f64(Float32, f64::INFINITY), &sizes)?;
        let (infinite, finite) =
            (self.binary(Binary::Equal, size, infinity)?, self.unary(Unary::IsFinite, a)?);
        let stays = self.binary(Binary::LogicalAnd, infinite, finite)?;
        self.select(stays, a, remainder)
    }

    /// Quotient and remainder of integers, cut towards zero. Division by 0 gives 0 and 0; by -1 the negative, which no division
    /// has to overflow for.
    fn divide(&mut self, a: Value, b: Value) -> Lowered<(Value, Value)> {
        let (zero, one) = (self.number_like(a, 0)?, self.number_like(a, 1)?);
        let by_zero = self.with(Binary::Equal, b, 0)?;
        let by_minus_one = self.with(Binary::Equal, b, -1)?;
        let special = self.binary(Binary::LogicalOr, by_zero, by_minus_one)?;
        let divisor = self.select(special, one, b)?;
        let quotient = self.binary(Binary::Division, a, divisor)?;
        let product = self.binary(Binary::Multiplication, quotient, divisor)?;
        let remainder = self.binary(Binary::Subtraction, a, product)?;
        // Rounded away from zero, the remainder has the other sign than `a`: one less in size, then.
        let uneven = self.with(Binary::NotEqual, remainder, 0)?;
        let (below, negative) =
            (self.with(Binary::LessThan, remainder, 0)?, self.with(Binary::LessThan, a, 0)?);
        let other = self.binary(Binary::LogicalXor, below, negative)?;
        let away = self.binary(Binary::LogicalAnd, uneven, other)?;
        let minus_one = self.number_like(a, -1)?;
        let (falls, divides) = (negative, self.with(Binary::LessThan, divisor, 0)?);
        let opposite = self.binary(Binary::LogicalXor, falls, divides)?;
        let step = self.select(opposite, one, minus_one)?;
        let step = self.select(away, step, zero)?;
        let quotient = self.binary(Binary::Addition, quotient, step)?;
        let product = self.binary(Binary::Multiplication, quotient, divisor)?;
        let remainder = self.binary(Binary::Subtraction, a, product)?;
        let opposite = self.unary(Unary::Negative, a)?;
        let quotient = self.select(by_minus_one, opposite, quotient)?;
        let quotient = self.select(by_zero, zero, quotient)?;
        Ok((quotient, remainder))
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

    /// The position along the only axis, in any type of numbers.
    pub(super) fn positions(&mut self, count: usize, data_type: crate::graph::TensorDataType) -> Lowered {
        let positions = self.add(Operation::Coordinate { axis: 0, sizes: vec![count] }, &[])?;
        self.cast(positions, data_type)
    }
}

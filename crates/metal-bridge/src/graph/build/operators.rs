//! `+`, `-`, `*`, `/` and unary `-` on tensors, on numbers, and on results as one of the operands.
//!
//! Of numbers only f64 and i32 are operands, so that the type of a literal is known where it stands. Rust's rules
//! leave no way to add two results, or a result and a number.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::Operand;
use crate::error::{Error, Result};
use crate::graph::handle::GraphTensor;
use crate::graph::ir::Op;
use crate::graph::ir::op::{BinaryOp, UnaryOp};

macro_rules! operators {
    ($($trait:ident, $method:ident, $name:literal, $op:ident;)*) => {
        $(
            operators!(@tensor $trait, $method, $name, $op, &GraphTensor, &GraphTensor);
            operators!(@tensor $trait, $method, $name, $op, &GraphTensor, GraphTensor);
            operators!(@tensor $trait, $method, $name, $op, GraphTensor, &GraphTensor);
            operators!(@tensor $trait, $method, $name, $op, GraphTensor, GraphTensor);

            operators!(@right $trait, $method, $name, $op, &GraphTensor);
            operators!(@right $trait, $method, $name, $op, GraphTensor);

            /// A result as the left operand: its error is the error.
            impl $trait<&GraphTensor> for Result<GraphTensor, Error> {
                type Output = Result<GraphTensor>;
                #[track_caller]
                fn $method(self, other: &GraphTensor) -> Result<GraphTensor> {
                    let this = self?;
                    apply($name, BinaryOp::$op, &this, (&this).into(), other.into())
                }
            }

            /// A result as the left operand: its error is the error.
            impl $trait<GraphTensor> for Result<GraphTensor, Error> {
                type Output = Result<GraphTensor>;
                #[track_caller]
                fn $method(self, other: GraphTensor) -> Result<GraphTensor> {
                    let this = self?;
                    apply($name, BinaryOp::$op, &this, (&this).into(), (&other).into())
                }
            }

            operators!(@number $trait, $method, $name, $op, f64, i32);
        )*
    };
    (@tensor $trait:ident, $method:ident, $name:literal, $op:ident, $left:ty, $right:ty) => {
        impl $trait<$right> for $left {
            type Output = Result<GraphTensor>;
            #[track_caller]
            #[allow(clippy::needless_borrow, reason = "an operand may be a reference already")]
            fn $method(self, other: $right) -> Result<GraphTensor> {
                apply($name, BinaryOp::$op, &self, Operand::Tensor(&self), Operand::Tensor(&other))
            }
        }
    };
    (@right $trait:ident, $method:ident, $name:literal, $op:ident, $left:ty) => {
        /// A result as the right operand: its error is the error.
        impl $trait<Result<GraphTensor, Error>> for $left {
            type Output = Result<GraphTensor>;
            #[track_caller]
            #[allow(clippy::needless_borrow, reason = "an operand may be a reference already")]
            fn $method(self, other: Result<GraphTensor, Error>) -> Result<GraphTensor> {
                let other = other?;
                apply($name, BinaryOp::$op, &self, Operand::Tensor(&self), (&other).into())
            }
        }
    };
    (@number $trait:ident, $method:ident, $name:literal, $op:ident, $($number:ty),*) => {
        $(
            impl $trait<$number> for &GraphTensor {
                type Output = Result<GraphTensor>;
                #[track_caller]
                fn $method(self, number: $number) -> Result<GraphTensor> {
                    apply($name, BinaryOp::$op, self, self.into(), number.into())
                }
            }

            impl $trait<$number> for GraphTensor {
                type Output = Result<GraphTensor>;
                #[track_caller]
                fn $method(self, number: $number) -> Result<GraphTensor> {
                    apply($name, BinaryOp::$op, &self, (&self).into(), number.into())
                }
            }

            impl $trait<&GraphTensor> for $number {
                type Output = Result<GraphTensor>;
                #[track_caller]
                fn $method(self, tensor: &GraphTensor) -> Result<GraphTensor> {
                    apply($name, BinaryOp::$op, tensor, self.into(), tensor.into())
                }
            }

            impl $trait<GraphTensor> for $number {
                type Output = Result<GraphTensor>;
                #[track_caller]
                fn $method(self, tensor: GraphTensor) -> Result<GraphTensor> {
                    apply($name, BinaryOp::$op, &tensor, self.into(), (&tensor).into())
                }
            }
        )*
    };
}

operators! {
    Add, add, "addition", Add;
    Sub, sub, "subtraction", Sub;
    Mul, mul, "multiplication", Mul;
    Div, div, "division", Div;
}

impl Neg for &GraphTensor {
    type Output = Result<GraphTensor>;
    #[track_caller]
    fn neg(self) -> Result<GraphTensor> {
        self.graph().build("neg", |call| call.unary(UnaryOp::Neg, self.id()))
    }
}

impl Neg for GraphTensor {
    type Output = Result<GraphTensor>;
    #[track_caller]
    fn neg(self) -> Result<GraphTensor> {
        -&self
    }
}

#[track_caller]
fn apply(
    name: &'static str,
    op: BinaryOp,
    of: &GraphTensor,
    a: Operand<'_>,
    b: Operand<'_>,
) -> Result<GraphTensor> {
    of.graph().binary(name, Op::Binary(op), a, b)
}

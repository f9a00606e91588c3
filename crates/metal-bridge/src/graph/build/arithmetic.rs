//! Element-wise arithmetic, comparisons and conversions.

use super::{Built, Call, Operand};
use crate::error::Result;
use crate::graph::data_type::TensorDataType;
use crate::graph::error::GraphProblem;
use crate::graph::handle::{Graph, GraphTensor};
use crate::graph::ir::op::{BinaryOp, CompareOp, UnaryOp};
use crate::graph::ir::{NodeId, Op};

macro_rules! unary_methods {
    ($($(#[$doc:meta])* $name:ident => $op:ident;)*) => {
        impl Graph {
            $(
                $(#[$doc])*
                #[track_caller]
                pub fn $name(&self, tensor: &GraphTensor) -> Result<GraphTensor> {
                    self.build(stringify!($name), |call| {
                        let x = call.tensor("tensor", tensor)?;
                        call.unary(UnaryOp::$op, x)
                    })
                }
            )*
        }
    };
}

unary_methods! {
    /// -x, of numbers. Integers wrap around.
    #[doc(alias = "negativeWithTensor:name:")]
    neg => Neg;
    /// |x|, of numbers. The least integer stays as it is.
    #[doc(alias = "absoluteWithTensor:name:")]
    abs => Abs;
    /// -1, 0 or 1, and NaN for NaN; of numbers.
    #[doc(alias = "signWithTensor:name:")]
    sign => Sign;
    /// 1 / x, of floats.
    #[doc(alias = "reciprocalWithTensor:name:")]
    reciprocal => Reciprocal;
    /// √x, of floats; NaN for negative numbers.
    #[doc(alias = "squareRootWithTensor:name:")]
    sqrt => Sqrt;
    /// 1 / √x, of floats.
    #[doc(alias = "reciprocalSquareRootWithTensor:name:")]
    rsqrt => Rsqrt;
    /// e to the power of x, of floats.
    #[doc(alias = "exponentWithTensor:name:")]
    exp => Exp;
    /// The natural logarithm, of floats; NaN for negative numbers.
    #[doc(alias = "logarithmWithTensor:name:")]
    log => Log;
    /// The sine of an angle in radians, of floats.
    #[doc(alias = "sinWithTensor:name:")]
    sin => Sin;
    /// The cosine of an angle in radians, of floats.
    #[doc(alias = "cosWithTensor:name:")]
    cos => Cos;
    /// The tangent of an angle in radians, of floats.
    #[doc(alias = "tanWithTensor:name:")]
    tan => Tan;
    /// The hyperbolic tangent, of floats.
    #[doc(alias = "tanhWithTensor:name:")]
    tanh => Tanh;
    /// The error function, of floats.
    #[doc(alias = "erfWithTensor:name:")]
    erf => Erf;
    /// The greatest whole number that is not greater, of floats.
    #[doc(alias = "floorWithTensor:name:")]
    floor => Floor;
    /// The least whole number that is not less, of floats.
    #[doc(alias = "ceilWithTensor:name:")]
    ceil => Ceil;
    /// The nearest whole number, and of two the even one; of floats.
    #[doc(alias = "rintWithTensor:name:")]
    round => Round;
    /// The whole number without the fraction, of floats.
    #[doc(alias = "truncateWithTensor:name:")]
    trunc => Trunc;
    /// Not, of booleans; all bits inverted, of integers.
    #[doc(alias = "notWithTensor:name:")]
    #[doc(alias = "bitwiseNOTWithTensor:name:")]
    logical_not => Not;
    /// Whether an element is NaN; of floats, to booleans.
    #[doc(alias = "isNaNWithTensor:name:")]
    is_nan => IsNan;
    /// Whether an element is neither NaN nor infinite; of floats, to booleans.
    #[doc(alias = "isFiniteWithTensor:name:")]
    is_finite => IsFinite;
    /// The tensor itself, which [`gradients`](Graph::gradients) take as if it were constant.
    #[doc(alias = "detach")]
    stop_gradient => StopGradient;
}

macro_rules! binary_methods {
    ($($(#[$doc:meta])* $name:ident => $op:expr;)*) => {
        impl Graph {
            $(
                $(#[$doc])*
                #[track_caller]
                pub fn $name<'a>(
                    &self,
                    a: impl Into<Operand<'a>>,
                    b: impl Into<Operand<'a>>,
                ) -> Result<GraphTensor> {
                    self.binary(stringify!($name), $op, a.into(), b.into())
                }
            )*
        }
    };
}

binary_methods! {
    /// a + b, element by element. Shapes are broadcast; a number takes the tensor's type.
    #[doc(alias = "additionWithPrimaryTensor:secondaryTensor:name:")]
    addition => Op::Binary(BinaryOp::Add);
    /// a - b, element by element. Shapes are broadcast; a number takes the tensor's type.
    #[doc(alias = "subtractionWithPrimaryTensor:secondaryTensor:name:")]
    subtraction => Op::Binary(BinaryOp::Sub);
    /// a · b, element by element. Shapes are broadcast; a number takes the tensor's type.
    #[doc(alias = "multiplicationWithPrimaryTensor:secondaryTensor:name:")]
    multiplication => Op::Binary(BinaryOp::Mul);
    /// a / b, element by element. Shapes are broadcast; a number takes the tensor's type. Quotients of integers
    /// are cut towards zero; by zero they are 0, and the least integer by -1 is itself.
    #[doc(alias = "divisionWithPrimaryTensor:secondaryTensor:name:")]
    division => Op::Binary(BinaryOp::Div);
    /// The remainder of a / b, with the sign of `a`; of integers by zero 0, of floats by zero NaN.
    #[doc(alias = "moduloWithPrimaryTensor:secondaryTensor:name:")]
    #[doc(alias = "fmod")]
    modulo => Op::Binary(BinaryOp::Rem);
    /// The greater one, of numbers; NaN if one is NaN.
    #[doc(alias = "maximumWithPrimaryTensor:secondaryTensor:name:")]
    maximum => Op::Binary(BinaryOp::Max);
    /// The lesser one, of numbers; NaN if one is NaN.
    #[doc(alias = "minimumWithPrimaryTensor:secondaryTensor:name:")]
    minimum => Op::Binary(BinaryOp::Min);
    /// And, of booleans; of integers bit by bit.
    #[doc(alias = "logicalANDWithPrimaryTensor:secondaryTensor:name:")]
    #[doc(alias = "bitwiseANDWithPrimaryTensor:secondaryTensor:name:")]
    logical_and => Op::Binary(BinaryOp::And);
    /// Or, of booleans; of integers bit by bit.
    #[doc(alias = "logicalORWithPrimaryTensor:secondaryTensor:name:")]
    #[doc(alias = "bitwiseORWithPrimaryTensor:secondaryTensor:name:")]
    logical_or => Op::Binary(BinaryOp::Or);
    /// Exclusive or, of booleans; of integers bit by bit.
    #[doc(alias = "logicalXORWithPrimaryTensor:secondaryTensor:name:")]
    #[doc(alias = "bitwiseXORWithPrimaryTensor:secondaryTensor:name:")]
    logical_xor => Op::Binary(BinaryOp::Xor);
    /// a = b, to booleans. NaN equals nothing.
    #[doc(alias = "equalWithPrimaryTensor:secondaryTensor:name:")]
    equal => Op::Compare(CompareOp::Equal);
    /// a ≠ b, to booleans.
    #[doc(alias = "notEqualWithPrimaryTensor:secondaryTensor:name:")]
    not_equal => Op::Compare(CompareOp::NotEqual);
    /// a < b, of numbers, to booleans.
    #[doc(alias = "lessThanWithPrimaryTensor:secondaryTensor:name:")]
    less_than => Op::Compare(CompareOp::Less);
    /// a ≤ b, of numbers, to booleans.
    #[doc(alias = "lessThanOrEqualToWithPrimaryTensor:secondaryTensor:name:")]
    less_than_or_equal_to => Op::Compare(CompareOp::LessEqual);
    /// a > b, of numbers, to booleans.
    #[doc(alias = "greaterThanWithPrimaryTensor:secondaryTensor:name:")]
    greater_than => Op::Compare(CompareOp::Greater);
    /// a ≥ b, of numbers, to booleans.
    #[doc(alias = "greaterThanOrEqualToWithPrimaryTensor:secondaryTensor:name:")]
    greater_than_or_equal_to => Op::Compare(CompareOp::GreaterEqual);
}

impl Graph {
    /// An element-wise operation of two operands.
    #[track_caller]
    pub(super) fn binary(
        &self,
        name: &'static str,
        op: Op,
        a: Operand<'_>,
        b: Operand<'_>,
    ) -> Result<GraphTensor> {
        self.build(name, |call| {
            let operands = call.operands(["a", "b"], a, b)?;
            call.add(op, &operands)
        })
    }

    /// x², of numbers.
    #[doc(alias = "squareWithTensor:name:")]
    #[track_caller]
    pub fn square(&self, tensor: &GraphTensor) -> Result<GraphTensor> {
        self.build("square", |call| {
            let x = call.tensor("tensor", tensor)?;
            call.squared(x)
        })
    }

    /// a to the power of b, of floats. Shapes are broadcast; a number takes the tensor's type. Powers by the
    /// numbers -1, 0, 0.5, 1, 2 and 3 are products and roots.
    #[doc(alias = "powerWithPrimaryTensor:secondaryTensor:name:")]
    #[track_caller]
    pub fn pow<'a>(&self, a: impl Into<Operand<'a>>, b: impl Into<Operand<'a>>) -> Result<GraphTensor> {
        let (a, b) = (a.into(), b.into());
        self.build("pow", |call| {
            let power = match b {
                Operand::Float(power) => Some(power),
                Operand::Integer(power) => Some(power as f64),
                _ => None,
            };
            if let (Operand::Tensor(a), Some(power)) = (a, power) {
                let x = call.tensor("a", a)?;
                call.float("a", x)?;
                return call.power(x, power);
            }
            let operands = call.operands(["a", "b"], a, b)?;
            call.add(Op::Binary(BinaryOp::Pow), &operands)
        })
    }

    /// `a` where the condition holds, else `b`. All three are broadcast to one shape.
    ///
    /// # Errors
    ///
    /// The condition is not of booleans, `a` and `b` are both numbers or of different types, or the shapes do
    /// not broadcast.
    #[doc(alias = "selectWithPredicateTensor:truePredicateTensor:falsePredicateTensor:name:")]
    #[doc(alias = "where")]
    #[track_caller]
    pub fn select<'a>(
        &self,
        condition: &GraphTensor,
        a: impl Into<Operand<'a>>,
        b: impl Into<Operand<'a>>,
    ) -> Result<GraphTensor> {
        let (a, b) = (a.into(), b.into());
        self.build("select", |call| {
            let condition = call.tensor("condition", condition)?;
            let [a, b] = call.operands(["a", "b"], a, b)?;
            call.select_broadcast(condition, a, b)
        })
    }

    /// The element, or the bound that it is beyond; NaN stays. Of numbers. The derivative is 1 between the bounds
    /// and 0 at them.
    ///
    /// # Errors
    ///
    /// A bound is a tensor, or a number that the tensor's type cannot hold, or `minimum` is greater than
    /// `maximum`.
    #[doc(alias = "clampWithTensor:minValueTensor:maxValueTensor:name:")]
    #[track_caller]
    pub fn clamp<'a>(
        &self,
        tensor: &GraphTensor,
        minimum: impl Into<Operand<'a>>,
        maximum: impl Into<Operand<'a>>,
    ) -> Result<GraphTensor> {
        let (minimum, maximum) = (minimum.into(), maximum.into());
        self.build("clamp", |call| {
            let x = call.tensor("tensor", tensor)?;
            let data_type = call.data_type(x);
            let shape = call.shape(x);
            let mut bounds = Vec::new();
            for (parameter, bound) in [("minimum", minimum), ("maximum", maximum)] {
                bounds.push(bound.scalar(parameter, data_type).ok_or_else(|| {
                    GraphProblem::Parameter {
                        parameter,
                        got: "a tensor".into(),
                        expected: "a number; use maximum and minimum".into(),
                    }
                })??);
            }
            if bounds[0].to_f64().partial_cmp(&bounds[1].to_f64()).is_none_or(std::cmp::Ordering::is_gt) {
                return Err(GraphProblem::Parameter {
                    parameter: "minimum",
                    got: bounds[0].to_string(),
                    expected: format!("at most `maximum`, {}", bounds[1]),
                });
            }
            let [low, high] = [bounds[0], bounds[1]].map(|value| Op::Fill { value, shape: shape.clone() });
            let (low, high) = (call.add(low, &[])?, call.add(high, &[])?);
            let below = call.compare(CompareOp::LessEqual, x, low)?;
            let above = call.compare(CompareOp::GreaterEqual, x, high)?;
            let upper = call.select(above, high, x)?;
            call.select(below, low, upper)
        })
    }

    /// The elements in another type. Floats become integers by cutting and saturating, NaN becomes 0; integers
    /// become integers by wrapping around, and floats by rounding; anything but 0 is true.
    #[doc(alias = "castTensor:toType:name:")]
    #[track_caller]
    pub fn cast(&self, tensor: &GraphTensor, data_type: TensorDataType) -> Result<GraphTensor> {
        self.build("cast", |call| {
            let x = call.tensor("tensor", tensor)?;
            call.cast(x, data_type)
        })
    }
}

impl Call<'_> {
    /// A power of floats by a number.
    pub(crate) fn power(&mut self, x: NodeId, power: f64) -> Built {
        if power == 0.0 {
            self.fill_like(x, 1.0)
        } else if power == 1.0 {
            Ok(x)
        } else if power == 2.0 {
            self.squared(x)
        } else if power == 3.0 {
            let square = self.squared(x)?;
            self.times(square, x)
        } else if power == -1.0 {
            self.unary(UnaryOp::Reciprocal, x)
        } else if power == 0.5 {
            self.unary(UnaryOp::Sqrt, x)
        } else {
            self.binary_number(BinaryOp::Pow, x, power)
        }
    }

    /// A selection of which the condition may have to be broadcast, or `a` and `b`, which are of one shape.
    pub(crate) fn select_broadcast(&mut self, condition: NodeId, a: NodeId, b: NodeId) -> Built {
        let shape =
            crate::graph::ir::infer::broadcast("condition", &self.shape(condition), "a", &self.shape(a))?;
        let condition = self.broadcast(condition, &shape)?;
        let (a, b) = (self.broadcast(a, &shape)?, self.broadcast(b, &shape)?);
        self.select(condition, a, b)
    }

    /// Computes what needs more than 16 bits in f32: the operands are converted, and the result is converted
    /// back to the first one's type.
    pub(crate) fn in_f32<const N: usize>(
        &mut self,
        operands: [NodeId; N],
        compute: impl FnOnce(&mut Self, [NodeId; N]) -> Built,
    ) -> Built {
        let data_type = self.data_type(operands[0]);
        let mut wide = operands;
        for operand in &mut wide {
            *operand = self.cast(*operand, TensorDataType::Float32)?;
        }
        let result = compute(self, wide)?;
        self.cast(result, data_type)
    }
}

//! The primitive operations: everything else that a graph offers is composed of them when it is built.
//!
//! The set is as small as differentiation, the compiler and the reference interpreter can have it without
//! losing precision or speed. Element-wise operations take tensors of one shape (`Broadcast` is explicit), and
//! each operation makes one tensor. They are saved under the names that they have here (`saved.rs`), so a name that
//! changes needs a `rename` or a new version of the format. Each operand is described as `name: shape`; names in capitals are sizes.

use serde::{Deserialize, Serialize};

use super::table::VariableId;
use crate::graph::data::TensorData;
use crate::graph::data_type::{Scalar, TensorDataType};
use crate::graph::dim::Dim;
use crate::graph::shape::Shape;

/// A primitive operation, without its operands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Op {
    // Sources.
    /// A tensor that is given for each execution. The node's label is its name.
    Placeholder { data_type: TensorDataType, shape: Shape },
    /// Values known when the graph is built.
    Data(TensorData),
    /// One value for all elements.
    Fill { value: Scalar, shape: Shape },
    /// The value of a variable before the execution, whatever the execution assigns.
    Read(VariableId),
    /// `(value)` → `value`. When the execution ends, the variable has this value.
    Assign(VariableId),
    /// The position along an axis: 0, 1, 2, …
    Iota { data_type: TensorDataType, shape: Shape, axis: usize },
    /// `(seed: i64 [], counter: i64 [])` → uniform random bits as i32, by Philox4x32-10 (Salmon et al.,
    /// *Parallel random numbers: as easy as 1, 2, 3*, 2011). Element `i`, in row-major order, is word `i % 4`
    /// of the block with key `(seed, seed >> 32)` and counter `(i / 4, i / 4 >> 32, counter, counter >> 32)`.
    RandomBits { shape: Shape },

    // Element-wise.
    /// `(x)`.
    Unary(UnaryOp),
    /// `(a, b)`, of one type and shape.
    Binary(BinaryOp),
    /// `(a, b)`, of one type and shape → bool. With NaN all are false but `NotEqual`.
    Compare(CompareOp),
    /// `(condition: bool, a, b)` → `a` where the condition holds, else `b`.
    Select,
    /// `(x)`. Floats become integers by cutting and saturating, NaN becomes 0; integers become integers by
    /// wrapping and floats by rounding; anything but 0 is true.
    Cast(TensorDataType),

    // Reductions.
    /// `(x)` → without the axes, which are ascending. 16-bit floats accumulate in f32 and round once; integers
    /// wrap around.
    Reduce { op: ReduceOp, axes: Vec<usize> },
    /// `(x)` → the position (i32) of the greatest or least element along the axis, without the axis. Of equal
    /// ones the first; NaN is greater than, and less than, every number.
    ArgReduce { op: ArgReduceOp, axis: usize },

    // Movement.
    /// `(x)` → the same elements in the same order.
    Reshape { shape: Shape },
    /// `(x)` → axis `i` of the result is axis `axes[i]` of `x`.
    Permute { axes: Vec<usize> },
    /// `(x)` → repeated along new leading axes and along axes of size 1.
    Broadcast { shape: Shape },
    /// `(x)` → the part within the ranges, one for each axis.
    Slice { ranges: Vec<SliceRange> },
    /// `(x)` → with elements of one value before and after it, along each axis.
    Pad { before: Vec<Dim>, after: Vec<Dim>, value: Scalar },
    /// `(x, …)`, one or more → one after the other along the axis.
    Concat { axis: usize },
    /// `(x)` → last element first, along each of the ascending axes.
    Reverse { axes: Vec<usize> },

    // Indexed.
    /// `(x: B… O… N I…, indices: B… J…)` → `B… O… J… I…`: with `batch` axes `B`, the elements of `x` at the
    /// indices along `axis` (`N`), which is at least `batch`. Indices are i32 or i64; those that are not within
    /// 0 and N give 0.
    Gather { axis: usize, batch: usize },
    /// `(x: B… O… N I…, indices: B… J…, updates: B… O… J… I…)` → `x` with the updates added where `Gather`
    /// would have read. Updates for one element are added in row-major order of the updates; those with an
    /// index that is not within 0 and N are dropped.
    ScatterAdd { axis: usize, batch: usize },

    // Contractions.
    /// `(a: A… M K, b: B… K N)` → `C… M N`, floats, with `A…` and `B…` broadcast to `C…`. Accumulates in f32.
    MatMul,
    /// `(source: N C H W, weights: O C/G KH KW)` → `N O OH OW`: cross-correlation, floats. Accumulates in f32.
    Conv2d(Convolution),
    /// `(gradient: N O OH OW, weights)` → the gradient of `Conv2d` by its source, which has `source_shape`.
    Conv2dDataGradient { convolution: Convolution, source_shape: Shape },
    /// `(gradient: N O OH OW, source)` → the gradient of `Conv2d` by its weights, which have `weights_shape`.
    Conv2dWeightsGradient { convolution: Convolution, weights_shape: Shape },

    // Pooling.
    /// `(source: N C H W)` → the greatest element in each window; NaN is greater than every number. Padding
    /// counts as the least value of the type.
    MaxPool2d(Pooling),
    /// `(source: N C H W, values: N C H W)` → the value where `source` has the greatest element of each window:
    /// the first of them in row-major order, and 0 for a window of nothing but padding.
    MaxPool2dSelect(Pooling),
    /// `(gradient: N C OH OW, source: N C H W)` → zeros, and each window's gradient added where `source` has
    /// the greatest element of the window, the first of them.
    MaxPool2dGradient(Pooling),
    /// `(source: N C H W)` → the mean of each window, floats. Accumulates in f32. The divisor is the number of
    /// elements that are no padding, or the whole window if `count_padding`; a mean of nothing is 0.
    AvgPool2d { pooling: Pooling, count_padding: bool },
    /// `(gradient: N C OH OW)` → the gradient of `AvgPool2d` by its source, which has `source_shape`.
    AvgPool2dGradient { pooling: Pooling, count_padding: bool, source_shape: Shape },
}

/// Operations of one operand. Floats only, where nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UnaryOp {
    /// Numbers.
    Neg,
    /// Numbers.
    Abs,
    /// -1, 0 or 1, and NaN for NaN; numbers.
    Sign,
    Reciprocal,
    Sqrt,
    /// 1 / √x.
    Rsqrt,
    Exp,
    Log,
    Sin,
    Cos,
    Tan,
    Tanh,
    Erf,
    /// 1 / (1 + exp(-x)): primitive, so that neither side overflows and its derivative uses its value.
    Sigmoid,
    /// max(x, 0), NaN for NaN; numbers. Primitive, because its derivative at 0 is 0, where that of the maximum
    /// is a half.
    Relu,
    Floor,
    Ceil,
    /// To the nearest whole number, halves to the even one.
    Round,
    /// Towards zero.
    Trunc,
    /// Of bool: not. Of integers: the complement of all bits.
    Not,
    /// To bool.
    IsNan,
    /// To bool: neither NaN nor infinite.
    IsFinite,
    /// The operand itself, of any type, whose derivative counts as 0.
    StopGradient,
}

/// Operations of two operands. Numbers, where nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BinaryOp {
    Add,
    Sub,
    Mul,
    /// Integers are cut towards zero; by zero they give 0, and the least integer by -1 gives itself.
    Div,
    /// The remainder of `Div`, with the sign of `a`; of integers by zero 0, of floats by zero NaN.
    Rem,
    /// Floats.
    Pow,
    /// NaN if one is NaN.
    Max,
    /// NaN if one is NaN.
    Min,
    /// Bools or integers, bit by bit.
    And,
    /// Bools or integers, bit by bit.
    Or,
    /// Bools or integers, bit by bit.
    Xor,
}

/// Comparisons. Equality of all types, order of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CompareOp {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// How elements are made one. Numbers; the maximum and minimum are NaN if an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReduceOp {
    Sum,
    Product,
    Max,
    Min,
}

/// Which element's position is wanted. Numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ArgReduceOp {
    Max,
    Min,
}

/// The elements `start`, `start + step`, … before `stop`. At least one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SliceRange {
    pub(crate) start: Dim,
    pub(crate) stop: Dim,
    pub(crate) step: usize,
}

/// How a window moves over the two last axes. Pairs are `[along height, along width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Window {
    pub(crate) strides: [usize; 2],
    pub(crate) dilations: [usize; 2],
    /// `[[top, bottom], [left, right]]`.
    pub(crate) padding: [[usize; 2]; 2],
}

/// A convolution, apart from the sizes of source and weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Convolution {
    pub(crate) window: Window,
    pub(crate) groups: usize,
}

/// A pooling, apart from the size of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pooling {
    pub(crate) window: Window,
    pub(crate) kernel: [usize; 2],
}

impl Op {
    /// The operation's name in prints, errors of specialising, and nowhere else.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Placeholder { .. } => "placeholder",
            Self::Data(_) => "data",
            Self::Fill { .. } => "fill",
            Self::Read(_) => "read",
            Self::Assign(_) => "assign",
            Self::Iota { .. } => "iota",
            Self::RandomBits { .. } => "random_bits",
            Self::Unary(op) => op.name(),
            Self::Binary(op) => op.name(),
            Self::Compare(op) => op.name(),
            Self::Select => "select",
            Self::Cast(_) => "cast",
            Self::Reduce { op, .. } => op.name(),
            Self::ArgReduce { op: ArgReduceOp::Max, .. } => "argmax",
            Self::ArgReduce { op: ArgReduceOp::Min, .. } => "argmin",
            Self::Reshape { .. } => "reshape",
            Self::Permute { .. } => "permute",
            Self::Broadcast { .. } => "broadcast",
            Self::Slice { .. } => "slice",
            Self::Pad { .. } => "pad",
            Self::Concat { .. } => "concat",
            Self::Reverse { .. } => "reverse",
            Self::Gather { .. } => "gather",
            Self::ScatterAdd { .. } => "scatter_add",
            Self::MatMul => "matmul",
            Self::Conv2d(_) => "conv2d",
            Self::Conv2dDataGradient { .. } => "conv2d_data_gradient",
            Self::Conv2dWeightsGradient { .. } => "conv2d_weights_gradient",
            Self::MaxPool2d(_) => "max_pool2d",
            Self::MaxPool2dSelect(_) => "max_pool2d_select",
            Self::MaxPool2dGradient(_) => "max_pool2d_gradient",
            Self::AvgPool2d { .. } => "avg_pool2d",
            Self::AvgPool2dGradient { .. } => "avg_pool2d_gradient",
        }
    }
}

macro_rules! names {
    ($($type:ident { $($variant:ident = $name:literal),* $(,)? })*) => {
        $(
            impl $type {
                /// The name in prints.
                pub(crate) const fn name(self) -> &'static str {
                    match self {
                        $(Self::$variant => $name,)*
                    }
                }
            }
        )*
    };
}

names! {
    UnaryOp {
        Neg = "neg", Abs = "abs", Sign = "sign", Reciprocal = "reciprocal", Sqrt = "sqrt", Rsqrt = "rsqrt",
        Exp = "exp", Log = "log", Sin = "sin", Cos = "cos", Tan = "tan", Tanh = "tanh", Erf = "erf",
        Sigmoid = "sigmoid", Relu = "relu", Floor = "floor", Ceil = "ceil", Round = "round", Trunc = "trunc",
        Not = "not", IsNan = "is_nan", IsFinite = "is_finite", StopGradient = "stop_gradient",
    }
    BinaryOp {
        Add = "add", Sub = "sub", Mul = "mul", Div = "div", Rem = "rem", Pow = "pow", Max = "max", Min = "min",
        And = "and", Or = "or", Xor = "xor",
    }
    CompareOp {
        Equal = "equal", NotEqual = "not_equal", Less = "less", LessEqual = "less_equal", Greater = "greater",
        GreaterEqual = "greater_equal",
    }
    ReduceOp {
        Sum = "reduce_sum", Product = "reduce_product", Max = "reduce_max", Min = "reduce_min",
    }
}

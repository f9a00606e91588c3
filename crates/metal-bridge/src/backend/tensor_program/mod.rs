//! Programs on tensors in the vocabulary of MPSGraph, for devices that execute these by themselves. Plain data, made
//! and tested on every platform.
//!
//! * A program is a flat list of [instructions](Instruction); each makes one tensor, of known type and size, of tensors
//!   before it.
//! * The vocabulary is a small part of MPSGraph's, chosen so that nothing depends on what Apple does not document, or on
//!   what is known to go wrong: `padTensor` loses large images, average pooling the digits of long ones. Shapes have 1 to
//!   [`MAX_RANK`] dimensions, arithmetic is on f32, i32, i64 and bool only, indices are always within their axis, and casts
//!   between integers never lose anything. Whoever makes a program (`graph::lower`) composes the rest.
//! * [`TensorProgram::add`] is the one gate: it [checks](check) each instruction, for MPSGraph aborts the process where shapes
//!   and types do not fit.
//! * `interpret` is the meaning, for tests.

mod check;
#[cfg(test)]
pub(crate) mod host;
#[cfg(test)]
mod interpret;

use std::any::Any;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use crate::graph::{TensorData, TensorDataType};

/// The most dimensions of a tensor: kernels of MPS abort on some axes beyond.
pub(crate) const MAX_RANK: usize = 4;

/// Tensors have fewer bytes, each element counted as four at least, which it has where it is computed with: MPS counts
/// in 32 bits.
pub(crate) const MAX_BYTES: usize = 1 << 31;

/// The greatest depth of a product of matrices: from 32767 on, some GPUs add what lies behind the operands.
pub(crate) const MAX_DEPTH: usize = 1 << 14;

/// The most columns of a product of matrices: beyond, some systems compute only the first of them.
pub(crate) const MAX_COLUMNS: usize = 1 << 15;

/// The most images of a convolution: from 2^16 on, gradients by the weights are wrong.
pub(crate) const MAX_IMAGES: usize = 1 << 15;

/// The tensor that an instruction makes: the instruction's number.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Value(u32);

impl Value {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t{}", self.0)
    }
}

/// The type of a tensor's elements, and its sizes, which are all at least 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TensorShape {
    pub(crate) data_type: TensorDataType,
    pub(crate) sizes: Vec<usize>,
}

impl TensorShape {
    pub(crate) fn new(data_type: TensorDataType, sizes: impl Into<Vec<usize>>) -> Self {
        Self { data_type, sizes: sizes.into() }
    }

    pub(crate) fn elements(&self) -> usize {
        self.sizes.iter().product()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.elements() * self.data_type.size()
    }
}

impl fmt::Display for TensorShape {
    /// `f32[2, 3]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:?}", self.data_type, self.sizes)
    }
}

/// An operation, with the tensors it takes and what it makes.
#[derive(Clone, Debug)]
pub(crate) struct Instruction {
    pub(crate) operation: Operation,
    pub(crate) operands: Vec<Value>,
    pub(crate) ty: TensorShape,
}

/// What is done, with the method of MPSGraph that does it. Operands have one shape, where nothing else is said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operation {
    /// `placeholderWithShape:dataType:name:`. The program lists them as feeds.
    Placeholder(TensorShape),
    /// `constantWithData:shape:dataType:`. Not of bools.
    Constant(TensorData),
    /// `constantWithScalar:shape:dataType:`, of f32, i32 or i64: one value for all elements, which f64 holds exactly.
    Fill {
        value: f64,
        ty: TensorShape,
    },
    /// `coordinateAlongAxis:withShape:name:` → i32: the position along the axis.
    Coordinate {
        axis: usize,
        sizes: Vec<usize>,
    },
    Unary(Unary),
    /// Sizes of 1 are repeated where the other operand has more.
    Binary(Binary),
    /// `selectWithPredicateTensor:truePredicateTensor:falsePredicateTensor:name:`: `(bool, x, x)`, of f32, i32 or i64.
    /// Sizes of 1 are repeated as of `Binary`.
    Select,
    /// `castTensor:toType:name:`. From f32 to the 16-bit floats and back; to f32 from integers; from f32 to i32 or i64, of
    /// whole numbers that these hold; between integers that both types hold.
    Cast(TensorDataType),
    /// `reduction…WithTensor:axes:name:`, of f32 or i32; the axes, which are ascending, get the size 1.
    Reduce {
        op: Reduction,
        axes: Vec<usize>,
    },
    /// `reshapeTensor:withShape:name:`.
    Reshape(Vec<usize>),
    /// `transposeTensor:permutation:name:`, as all that moves elements of more than 8 bits: axis `i` of the result is axis `permutation[i]` of the operand.
    Transpose(Vec<usize>),
    /// `broadcastTensor:toShape:name:`: axes of size 1 are repeated; the rank stays.
    Broadcast(Vec<usize>),
    /// `sliceTensor:starts:ends:strides:name:`; at least one element along each axis.
    Slice {
        starts: Vec<usize>,
        ends: Vec<usize>,
        strides: Vec<usize>,
    },
    /// `concatTensors:dimension:name:`, of two or more.
    Concat {
        axis: usize,
    },
    /// `reverseTensor:axes:name:`.
    Reverse {
        axes: Vec<usize>,
    },
    /// `gatherWithUpdatesTensor:indicesTensor:axis:batchDimensions:name:` along axis 0, without batch:
    /// `(x: R I, indices: i32 C)` → `C I`. Indices are within 0 and R.
    Gather,
    /// `scatterWithDataTensor:updatesTensor:indicesTensor:axis:mode:name:` along axis 0, adding, of f32 or i32:
    /// `(x: R I, updates: C I, indices: i32 C)` → `x` with the updates added, in any order. Indices are within 0 and R.
    ScatterAdd,
    /// `matrixMultiplicationWithPrimaryTensor:secondaryTensor:name:`: `(M K, K N)` → `M N`, or
    /// `(B M K, B K N)` → `B M N`; f32. K is at most [`MAX_DEPTH`], N at most [`MAX_COLUMNS`].
    MatMul,
    /// `convolution2DWithSourceTensor:weightsTensor:descriptor:name:`: `(N C H W, O C/groups KH KW)` → `N O OH OW`; f32. N is at
    /// most [`MAX_IMAGES`], also of the gradients. The padding along each axis is smaller than the extent of the weights.
    Conv2d {
        window: Window,
        groups: usize,
    },
    /// `convolution2DDataGradientWithIncomingGradientTensor:weightsTensor:outputShape:forwardConvolutionDescriptor:name:`:
    /// `(gradient: N O OH OW, weights)` → the gradient by the source, of these sizes.
    Conv2dDataGradient {
        window: Window,
        groups: usize,
        sizes: Vec<usize>,
    },
    /// `convolution2DWeightsGradientWithIncomingGradientTensor:sourceTensor:outputShape:forwardConvolutionDescriptor:name:`:
    /// `(gradient: N O OH OW, source)` → the gradient by the weights, of these sizes.
    Conv2dWeightsGradient {
        window: Window,
        groups: usize,
        sizes: Vec<usize>,
    },
}

/// Operations of one operand, of f32 where nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unary {
    /// Also of i32 and i64, where the least number gives itself.
    Negative,
    Absolute,
    /// -1, 0 or 1; NaN gives anything.
    Sign,
    Reciprocal,
    SquareRoot,
    Exponent,
    Logarithm,
    Sin,
    Cos,
    Tan,
    Tanh,
    Erf,
    Sigmoid,
    Floor,
    Ceil,
    /// To the nearest whole number, halves to the even one.
    Rint,
    Truncate,
    /// To bool.
    IsNaN,
    /// To bool.
    IsFinite,
    /// Of bool.
    Not,
    /// Of i32 or i64.
    BitwiseNot,
}

/// Operations of two operands, of f32, i32 or i64 where nothing else is said. Integers wrap around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    Addition,
    Subtraction,
    Multiplication,
    /// f32: MPSGraph divides integers as floats do, more or less.
    Division,
    /// f32: the remainder of a division whose quotient is cut. Of an infinite `b` anything.
    Modulo,
    /// f32.
    Power,
    /// f32: NaN if one is NaN.
    MaximumWithNaNPropagation,
    /// f32: NaN if one is NaN.
    MinimumWithNaNPropagation,
    /// i32 or i64, as for the other bitwise operations.
    BitwiseAnd,
    BitwiseOr,
    BitwiseXor,
    /// By less than the number of bits.
    BitwiseLeftShift,
    /// By less than the number of bits; what comes in at the left may be anything.
    BitwiseRightShift,
    /// bool, as for the other logical operations.
    LogicalAnd,
    LogicalOr,
    LogicalXor,
    /// To bool, as the other comparisons; with NaN all are false but `NotEqual`.
    Equal,
    NotEqual,
    LessThan,
    LessThanOrEqual,
    GreaterThan,
    GreaterThanOrEqual,
}

impl Binary {
    pub(crate) fn compares(self) -> bool {
        matches!(
            self,
            Self::Equal
                | Self::NotEqual
                | Self::LessThan
                | Self::LessThanOrEqual
                | Self::GreaterThan
                | Self::GreaterThanOrEqual
        )
    }
}

/// How elements are made one. i32 wraps around; the maximum and minimum are NaN if an element is
/// (`reductionMaximumPropagateNaNWithTensor`), and sums and products are made in any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reduction {
    Sum,
    Product,
    Maximum,
    Minimum,
}

/// How a window moves over height and width. Pairs are `[along height, along width]`, padding is
/// `[[top, bottom], [left, right]]`, all explicit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) strides: [usize; 2],
    pub(crate) dilations: [usize; 2],
    pub(crate) padding: [[usize; 2]; 2],
}

/// Instructions, what they are fed with, and what they are made for.
#[derive(Clone, Debug, Default)]
pub(crate) struct TensorProgram {
    instructions: Vec<Instruction>,
    /// Its placeholders, in their order.
    feeds: Vec<Value>,
    /// No two are the same, and none is a placeholder or constant.
    results: Vec<Value>,
    /// What comes from which operation of the graph: the number of the first instruction, and text.
    notes: Vec<(usize, String)>,
}

impl TensorProgram {
    /// Adds an instruction.
    ///
    /// # Errors
    ///
    /// Why MPSGraph could refuse it; the instruction is not added.
    pub(crate) fn add(&mut self, operation: Operation, operands: &[Value]) -> Result<Value, String> {
        let types: Vec<&TensorShape> = operands.iter().map(|&operand| self.ty(operand)).collect();
        let ty =
            check::check(&operation, &types).map_err(|why| format!("{operation:?} of {types:?}: {why}"))?;
        let value = Value(u32::try_from(self.instructions.len()).map_err(|_| "too many instructions")?);
        if matches!(operation, Operation::Placeholder(_)) {
            self.feeds.push(value);
        }
        self.instructions.push(Instruction { operation, operands: operands.to_vec(), ty });
        Ok(value)
    }

    /// Makes a tensor a result and tells its place among the results.
    ///
    /// # Errors
    ///
    /// It is a placeholder or constant, which MPSGraph may not give back.
    pub(crate) fn add_result(&mut self, value: Value) -> Result<usize, String> {
        if matches!(
            self.instructions[value.index()].operation,
            Operation::Placeholder(_) | Operation::Constant(_) | Operation::Fill { .. }
        ) {
            return Err(format!("{value:?} is no result"));
        }
        if let Some(place) = self.results.iter().position(|&known| known == value) {
            return Ok(place);
        }
        self.results.push(value);
        Ok(self.results.len() - 1)
    }

    /// Says what the following instructions do, for people.
    pub(crate) fn note(&mut self, text: String) {
        self.notes.push((self.instructions.len(), text));
    }

    pub(crate) fn ty(&self, value: Value) -> &TensorShape {
        &self.instructions[value.index()].ty
    }

    pub(crate) fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    pub(crate) fn feeds(&self) -> &[Value] {
        &self.feeds
    }

    pub(crate) fn results(&self) -> &[Value] {
        &self.results
    }

    /// One line for each instruction, under what it comes from.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let mut notes = self.notes.iter().peekable();
        for (number, Instruction { operation, operands, ty }) in self.instructions.iter().enumerate() {
            while let Some((_, note)) = notes.next_if(|(first, _)| *first <= number) {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "// {note}");
            }
            let _ = match operation {
                Operation::Unary(op) => writeln!(text, "t{number}: {ty} = {op:?} {operands:?}"),
                Operation::Binary(op) => writeln!(text, "t{number}: {ty} = {op:?} {operands:?}"),
                Operation::Placeholder(_) => writeln!(text, "t{number}: {ty} = Placeholder"),
                Operation::Fill { value, .. } => writeln!(text, "t{number}: {ty} = Fill {value}"),
                _ => writeln!(text, "t{number}: {ty} = {operation:?} {operands:?}"),
            };
        }
        let _ = writeln!(text, "results: {:?}", self.results);
        text
    }
}

/// A program made ready on a device. Back ends find their own type again through [`own`](super::own).
pub(crate) trait Executable: Any + fmt::Debug + Send + Sync {}

/// One run of a program.
#[derive(Debug)]
pub(crate) struct ProgramCall {
    #[cfg_attr(
        not(any(target_vendor = "apple", test)),
        expect(dead_code, reason = "devices of other systems have none")
    )]
    pub(crate) executable: Arc<dyn Executable>,
    /// For each feed of the program its buffer, as large as the tensor, with the elements in row-major order.
    pub(crate) feeds: Vec<super::Binding>,
    /// For each result. None of them shares bytes with a feed or another result.
    pub(crate) results: Vec<super::Binding>,
}

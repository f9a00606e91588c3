//! Instructions by name, and the steps that many operations share: constants, types that are computed in, casts.

use super::super::data::TensorData;
use super::super::data_type::Scalar;
use crate::backend::tensor_program::{
    Binary, Operation, Reduction, TensorProgram, TensorShape, Unary, Value,
};
use crate::graph::TensorDataType::{self, BFloat16, Bool, Float16, Float32, Int32, Int64, UInt8};

/// A value, or why the graph is beyond what MPSGraph takes: tensors that are too large.
pub(super) type Lowered<T = Value> = Result<T, String>;

/// Writes a program.
#[derive(Default)]
pub(super) struct Builder {
    pub(super) program: TensorProgram,
}

/// The type that tensors of a type are computed in: all others are only moved and cast.
pub(super) fn computed_in(data_type: TensorDataType) -> TensorDataType {
    match data_type {
        Float16 | BFloat16 => Float32,
        UInt8 => Int32,
        Float32 | Int32 | Int64 | Bool => data_type,
    }
}

impl Builder {
    pub(super) fn add(&mut self, operation: Operation, operands: &[Value]) -> Lowered {
        self.program.add(operation, operands)
    }

    pub(super) fn data_type(&self, x: Value) -> TensorDataType {
        self.program.ty(x).data_type
    }

    pub(super) fn sizes(&self, x: Value) -> Vec<usize> {
        self.program.ty(x).sizes.clone()
    }

    pub(super) fn unary(&mut self, op: Unary, x: Value) -> Lowered {
        self.add(Operation::Unary(op), &[x])
    }

    pub(super) fn binary(&mut self, op: Binary, a: Value, b: Value) -> Lowered {
        self.add(Operation::Binary(op), &[a, b])
    }

    /// An operation with one number for all elements, of the operand's type.
    pub(super) fn with(&mut self, op: Binary, a: Value, number: i64) -> Lowered {
        let b = self.number_like(a, number)?;
        self.binary(op, a, b)
    }

    /// Sizes of 1 are repeated; booleans and types that are only moved are chosen among, too.
    pub(super) fn select(&mut self, condition: Value, a: Value, b: Value) -> Lowered {
        let data_type = self.data_type(a);
        if data_type == Bool {
            let other = self.unary(Unary::Not, condition)?;
            let a = self.binary(Binary::LogicalAnd, condition, a)?;
            let b = self.binary(Binary::LogicalAnd, other, b)?;
            return self.binary(Binary::LogicalOr, a, b);
        }
        let (a, b) = (self.up(a)?, self.up(b)?);
        let chosen = self.add(Operation::Select, &[condition, a, b])?;
        self.down(chosen, data_type)
    }

    pub(super) fn reduce(&mut self, op: Reduction, x: Value, axes: Vec<usize>) -> Lowered {
        self.add(Operation::Reduce { op, axes }, &[x])
    }

    pub(super) fn reshape(&mut self, x: Value, sizes: &[usize]) -> Lowered {
        if self.program.ty(x).sizes == sizes {
            return Ok(x);
        }
        self.add(Operation::Reshape(sizes.to_vec()), &[x])
    }

    pub(super) fn broadcast(&mut self, x: Value, sizes: &[usize]) -> Lowered {
        if self.program.ty(x).sizes == sizes {
            return Ok(x);
        }
        self.add(Operation::Broadcast(sizes.to_vec()), &[x])
    }

    /// Every `stride`-th element along one axis, from `start` on and before `end`.
    pub(super) fn slice_axis(&mut self, x: Value, axis: usize, [start, end, stride]: [usize; 3]) -> Lowered {
        let sizes = self.sizes(x);
        if [start, end, stride] == [0, sizes[axis], 1] {
            return Ok(x);
        }
        let (mut starts, mut ends, mut strides) = (vec![0; sizes.len()], sizes.clone(), vec![1; sizes.len()]);
        (starts[axis], ends[axis], strides[axis]) = (start, end, stride);
        self.add(Operation::Slice { starts, ends, strides }, &[x])
    }

    /// Elements of one value before and after others, along some axes; joined, because MPSGraph's padding loses large images.
    pub(super) fn pad(&mut self, x: Value, before: &[usize], after: &[usize], value: Scalar) -> Lowered {
        if before.iter().chain(after).all(|&size| size == 0) {
            return Ok(x);
        }
        let mut padded = x;
        for axis in 0..before.len() {
            let mut sizes = self.sizes(padded);
            let mut parts = Vec::new();
            for (count, is_before) in [(before[axis], true), (after[axis], false)] {
                if !is_before {
                    parts.push(padded);
                }
                if count > 0 {
                    sizes[axis] = count;
                    parts.push(self.constant(value, &sizes)?);
                }
            }
            padded = self.concat(axis, &parts)?;
        }
        Ok(padded)
    }

    /// One or more.
    pub(super) fn concat(&mut self, axis: usize, parts: &[Value]) -> Lowered {
        match parts {
            [one] => Ok(*one),
            parts => self.add(Operation::Concat { axis }, parts),
        }
    }

    /// One value of any type for all elements.
    pub(super) fn constant(&mut self, value: Scalar, sizes: &[usize]) -> Lowered {
        let data_type = value.data_type();
        let ty = |data_type| TensorShape::new(data_type, sizes);
        match data_type {
            Float32 => self.add(Operation::Fill { value: value.to_f64(), ty: ty(Float32) }, &[]),
            Int32 => self.add(Operation::Fill { value: value.to_f64(), ty: ty(Int32) }, &[]),
            Int64 if value.to_i64().unsigned_abs() <= 1 << 53 => {
                self.add(Operation::Fill { value: value.to_f64(), ty: ty(Int64) }, &[])
            }
            Int64 => {
                let mut bytes = Vec::new();
                value.write(&mut bytes);
                let one = TensorData::from_parts(Int64, vec![1; sizes.len()], bytes);
                let one = self.add(Operation::Constant(one), &[])?;
                self.broadcast(one, sizes)
            }
            Float16 | BFloat16 => {
                let wide = self.add(Operation::Fill { value: value.to_f64(), ty: ty(Float32) }, &[])?;
                self.add(Operation::Cast(data_type), &[wide])
            }
            UInt8 => {
                let wide = self.add(Operation::Fill { value: value.to_f64(), ty: ty(Int32) }, &[])?;
                self.add(Operation::Cast(UInt8), &[wide])
            }
            Bool => {
                let wide = self.add(Operation::Fill { value: value.to_f64(), ty: ty(Int32) }, &[])?;
                self.with(Binary::NotEqual, wide, 0)
            }
        }
    }

    /// One value of the rank of another tensor, to be repeated.
    pub(super) fn one_like(&mut self, x: Value, value: Scalar) -> Lowered {
        let ones = vec![1; self.program.ty(x).sizes.len()];
        self.constant(value, &ones)
    }

    /// A whole number of the type and rank of another tensor, to be repeated.
    pub(super) fn number_like(&mut self, x: Value, number: i64) -> Lowered {
        let data_type = self.data_type(x);
        self.one_like(x, Scalar::from_i64(data_type, number))
    }

    /// Values known now.
    pub(super) fn data(&mut self, data: TensorData) -> Lowered {
        if data.data_type() != Bool {
            return self.add(Operation::Constant(data), &[]);
        }
        let bytes = TensorData::from_parts(UInt8, data.shape().to_vec(), data.bytes().to_vec());
        let bytes = self.add(Operation::Constant(bytes), &[])?;
        let wide = self.add(Operation::Cast(Int32), &[bytes])?;
        self.with(Binary::NotEqual, wide, 0)
    }

    /// Truth values known now.
    pub(super) fn mask(&mut self, values: &[bool], sizes: &[usize]) -> Lowered {
        let bytes = values.iter().map(|&value| u8::from(value)).collect();
        self.data(TensorData::from_parts(Bool, sizes.to_vec(), bytes))
    }

    /// In the type that is computed in, which holds all values.
    pub(super) fn up(&mut self, x: Value) -> Lowered {
        let (data_type, wide) = (self.data_type(x), computed_in(self.data_type(x)));
        if data_type == wide { Ok(x) } else { self.add(Operation::Cast(wide), &[x]) }
    }

    /// From the type that `data_type` is computed in to itself: floats are rounded, integers wrap around.
    pub(super) fn down(&mut self, x: Value, data_type: TensorDataType) -> Lowered {
        debug_assert_eq!(self.data_type(x), computed_in(data_type));
        match data_type {
            Float16 | BFloat16 => self.add(Operation::Cast(data_type), &[x]),
            UInt8 => {
                let low = self.with(Binary::BitwiseAnd, x, 255)?;
                self.add(Operation::Cast(UInt8), &[low])
            }
            Float32 | Int32 | Int64 | Bool => Ok(x),
        }
    }

    /// Conversion as `Op::Cast` has it.
    pub(super) fn cast(&mut self, x: Value, to: TensorDataType) -> Lowered {
        let from = self.data_type(x);
        if from == to {
            return Ok(x);
        }
        let x = self.up(x)?;
        let from = computed_in(from);
        let wide = computed_in(to);
        let converted = match (from, wide) {
            (from, wide) if from == wide => x,
            (_, Bool) => self.with(Binary::NotEqual, x, 0)?,
            (Bool, _) => {
                let [one, zero] = [1, 0].map(|number| Scalar::from_i64(wide, number));
                let (one, zero) = (self.one_like(x, one)?, self.one_like(x, zero)?);
                self.add(Operation::Select, &[x, one, zero])?
            }
            (Float32, _) => return self.cut(x, to),
            (Int64, Int32) => self.half(x, 0)?,
            _ => self.add(Operation::Cast(wide), &[x])?,
        };
        self.down(converted, to)
    }

    /// From f32 to integers, cut and saturated; NaN becomes 0.
    fn cut(&mut self, x: Value, to: TensorDataType) -> Lowered {
        let wide = computed_in(to);
        // The bounds are exact in f32; what is at the end or beyond gets the greatest number.
        let (least, end) = match to {
            Int32 => (-(2f64.powi(31)), 2f64.powi(31)),
            Int64 => (-(2f64.powi(63)), 2f64.powi(63)),
            _ => (0.0, 256.0),
        };
        let number = |value| Scalar::from_f64(Float32, value);
        let zero = self.one_like(x, number(0.0))?;
        let (least, end) = (self.one_like(x, number(least))?, self.one_like(x, number(end))?);
        let whole = self.unary(Unary::Truncate, x)?;
        let nan = self.unary(Unary::IsNaN, x)?;
        let whole = self.select(nan, zero, whole)?;
        let small = self.binary(Binary::LessThan, whole, least)?;
        let whole = self.select(small, least, whole)?;
        let large = self.binary(Binary::GreaterThanOrEqual, whole, end)?;
        let whole = self.select(large, zero, whole)?;
        let cast = self.add(Operation::Cast(wide), &[whole])?;
        let greatest = Scalar::from_i64(wide, Scalar::from_f64(to, f64::INFINITY).to_i64());
        let greatest = self.one_like(x, greatest)?;
        let saturated = self.select(large, greatest, cast)?;
        self.down(saturated, to)
    }

    /// The low (0) or high (1) 32 bits of an i64 as an i32, through 16 bits at a time, which both types hold.
    pub(super) fn half(&mut self, x: Value, half: i64) -> Lowered {
        let mut quarters = Vec::new();
        for quarter in [2 * half, 2 * half + 1] {
            let shifted =
                if quarter == 0 { x } else { self.with(Binary::BitwiseRightShift, x, 16 * quarter)? };
            let bits = self.with(Binary::BitwiseAnd, shifted, 0xFFFF)?;
            quarters.push(self.add(Operation::Cast(Int32), &[bits])?);
        }
        let high = self.with(Binary::BitwiseLeftShift, quarters[1], 16)?;
        self.binary(Binary::BitwiseOr, high, quarters[0])
    }
}

//! Operations with indices: rows of a matrix are read or added to, at indices that are always within it; what has another
//! index is masked.

use super::builder::{Builder, Lowered, computed_in};
use super::movement::physical;
use crate::backend::tensor_program::{Binary, Operation, Value};
use crate::graph::TensorDataType::{self, BFloat16, Bool, Float16, Float32, Int32, Int64, UInt8};
use crate::graph::data_type::Scalar;

/// The sizes of a gather or scatter: `x` is `B… O… N I…`, the indices are `B… J…`.
pub(super) struct Picks {
    batches: usize,
    outer: usize,
    size: usize,
    inner: usize,
    /// In each batch.
    chosen: usize,
}

impl Picks {
    pub(super) fn new(x: &[usize], indices: &[usize], axis: usize, batch: usize) -> Self {
        let product = |sizes: &[usize]| sizes.iter().product();
        Self {
            batches: product(&x[..batch]),
            outer: product(&x[batch..axis]),
            size: x[axis],
            inner: product(&x[axis + 1..]),
            chosen: product(&indices[batch..]),
        }
    }

    fn rows(&self) -> usize {
        self.batches * self.outer * self.size
    }

    /// Of all batches and `O…`.
    fn picks(&self) -> usize {
        self.batches * self.outer * self.chosen
    }
}

impl Builder {
    /// For each pick a row that exists, and whether it is meant: lists of i32 and bool.
    fn rows(&mut self, picks: &Picks, indices: Value) -> Lowered<(Value, Value)> {
        let &Picks { batches, outer, size, chosen, .. } = picks;
        let indices = self.reshape(indices, &[batches, 1, chosen])?;
        let size = i64::try_from(size).map_err(|_| "too large")?;
        let not_below = self.with(Binary::GreaterThanOrEqual, indices, 0)?;
        let not_beyond = if self.data_type(indices) == Int32 && size > i64::from(i32::MAX) {
            not_below
        } else {
            self.with(Binary::LessThan, indices, size)?
        };
        let valid = self.binary(Binary::LogicalAnd, not_below, not_beyond)?;
        let zero = self.number_like(indices, 0)?;
        let index = self.select(valid, indices, zero)?;
        let mut index =
            if self.data_type(index) == Int64 { self.add(Operation::Cast(Int32), &[index])? } else { index };
        let mut valid = valid;
        if batches * outer > 1 {
            let first = self.add(Operation::Coordinate { axis: 0, sizes: vec![batches * outer] }, &[])?;
            let first = self.with(Binary::Multiplication, first, size)?;
            let first = self.reshape(first, &[batches, outer, 1])?;
            index = self.binary(Binary::Addition, first, index)?;
            // To the shape of all picks, as every index is.
            let all = self.with(Binary::GreaterThanOrEqual, index, 0)?;
            valid = self.binary(Binary::LogicalAnd, valid, all)?;
        }
        let count = [picks.picks()];
        Ok((self.reshape(index, &count)?, self.reshape(valid, &count)?))
    }

    pub(super) fn gather(&mut self, picks: &Picks, x: Value, indices: Value, result: &[usize]) -> Lowered {
        let data_type = self.data_type(x);
        let (rows, valid) = self.rows(picks, indices)?;
        let x = match data_type {
            BFloat16 | UInt8 => self.up(x)?,
            Bool => self.cast(x, Int32)?,
            Float32 | Float16 | Int32 | Int64 => x,
        };
        let x = self.reshape(x, &[picks.rows(), picks.inner])?;
        let gathered = self.add(Operation::Gather, &[x, rows])?;
        let gathered = match data_type {
            Bool => self.with(Binary::NotEqual, gathered, 0)?,
            BFloat16 | UInt8 => self.down(gathered, data_type)?,
            _ => gathered,
        };
        let valid = self.reshape(valid, &[picks.picks(), 1])?;
        let zero = self.number_like(gathered, 0)?;
        let masked = self.select(valid, gathered, zero)?;
        self.reshape(masked, &physical(result))
    }

    pub(super) fn scatter_add(
        &mut self,
        picks: &Picks,
        x: Value,
        indices: Value,
        updates: Value,
        result: &[usize],
    ) -> Lowered {
        let (rows, valid) = self.rows(picks, indices)?;
        let sum = self.add_rows([picks.rows(), picks.inner], x, rows, valid, updates)?;
        self.reshape(sum, &physical(result))
    }

    /// Adds updates, one row for each index, to the rows of `x` where the index is valid.
    pub(super) fn add_rows(
        &mut self,
        [rows, inner]: [usize; 2],
        x: Value,
        indices: Value,
        valid: Value,
        updates: Value,
    ) -> Lowered {
        let data_type = self.data_type(x);
        let count = self.sizes(indices)[0];
        let (x, updates) = (self.up(x)?, self.up(updates)?);
        let (x, updates) = (self.reshape(x, &[rows, inner])?, self.reshape(updates, &[count, inner])?);
        let valid = self.reshape(valid, &[count, 1])?;
        // Whatever is added to keeps its sign: -0 is what changes nothing.
        let wide = computed_in(data_type);
        let nothing = if wide == Float32 { Scalar::from_f64(wide, -0.0) } else { Scalar::from_i64(wide, 0) };
        let nothing = self.one_like(updates, nothing)?;
        let updates = self.select(valid, updates, nothing)?;
        let sum = if wide == Int64 {
            self.add_wide_rows(x, indices, updates, count)?
        } else {
            self.add(Operation::ScatterAdd, &[x, updates, indices])?
        };
        self.down(sum, data_type)
    }

    /// In pieces of so few bits that the sums of all updates fit an i32, for nothing is said of atomic sums of i64.
    fn add_wide_rows(&mut self, x: Value, indices: Value, updates: Value, count: usize) -> Lowered {
        let bits = [16, 8, 4, 2, 1].into_iter().find(|bits| count <= (i32::MAX as usize) >> bits);
        let bits = bits.ok_or("too many updates")?;
        let sizes = self.sizes(x);
        let zeros = self.constant(Scalar::from_i64(Int32, 0), &sizes)?;
        let mut sum = x;
        for shift in (0..64).step_by(bits) {
            let shift = i64::from(shift);
            let piece = match shift {
                0 => updates,
                _ => self.with(Binary::BitwiseRightShift, updates, shift)?,
            };
            let piece = self.with(Binary::BitwiseAnd, piece, (1 << bits) - 1)?;
            let piece = self.add(Operation::Cast(Int32), &[piece])?;
            let pieces = self.add(Operation::ScatterAdd, &[zeros, piece, indices])?;
            let pieces = self.add(Operation::Cast(Int64), &[pieces])?;
            let pieces = match shift {
                0 => pieces,
                _ => self.with(Binary::BitwiseLeftShift, pieces, shift)?,
            };
            sum = self.binary(Binary::Addition, sum, pieces)?;
        }
        Ok(sum)
    }

    /// Numbers from 0 on, in any type of numbers, along one axis of a shape.
    pub(super) fn iota(&mut self, data_type: TensorDataType, sizes: &[usize], axis: usize) -> Lowered {
        let positions = self.add(Operation::Coordinate { axis: 0, sizes: vec![sizes[axis]] }, &[])?;
        let mut along = vec![1; sizes.len() - axis];
        along[0] = sizes[axis];
        let positions = self.broadcast_op(positions, &along, sizes)?;
        self.cast(positions, data_type)
    }
}

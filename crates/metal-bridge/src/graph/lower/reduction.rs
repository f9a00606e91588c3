//! Reductions.

use super::builder::{Builder, Lowered, computed_in};
use super::movement::{physical, runs};
use crate::backend::tensor_program::{Binary, Operation, Reduction, Unary, Value};
use crate::graph::TensorDataType::{Float32, Int32, Int64};
use crate::graph::ir::op::{ArgReduceOp, ReduceOp};

fn reduction(op: ReduceOp) -> Reduction {
    match op {
        ReduceOp::Sum => Reduction::Sum,
        ReduceOp::Product => Reduction::Product,
        ReduceOp::Max => Reduction::Maximum,
        ReduceOp::Min => Reduction::Minimum,
    }
}

impl Builder {
    pub(super) fn reduce_op(&mut self, op: ReduceOp, x: Value, sizes: &[usize], axes: &[usize]) -> Lowered {
        let data_type = self.data_type(x);
        let kinds: Vec<bool> = (0..sizes.len()).map(|axis| axes.contains(&axis)).collect();
        let result: Vec<usize> =
            sizes.iter().zip(&kinds).filter(|(_, reduced)| !**reduced).map(|(&size, _)| size).collect();
        let runs = runs(sizes, &kinds);
        let mut merged: Vec<usize> = runs.iter().map(|run| run.0).collect();
        let reduced: Vec<usize> = (0..runs.len()).filter(|&run| runs[run].1).collect();
        let mut x = x;
        if !reduced.is_empty() {
            x = self.up(x)?;
            x = self.along(x, &mut merged, &reduced, &mut |this, x, places| {
                let axes: Vec<usize> = places.iter().map(|&(place, _)| place).collect();
                if this.data_type(x) == Int64 {
                    return axes.into_iter().try_fold(x, |x, axis| this.halve(op, x, axis));
                }
                this.reduce(reduction(op), x, axes)
            })?;
            x = self.down(x, data_type)?;
        }
        self.reshape(x, &physical(&result))
    }

    /// A reduction of i64, for which MPSGraph's are not documented: the halves of the axis are combined until one element
    /// is left.
    fn halve(&mut self, op: ReduceOp, x: Value, axis: usize) -> Lowered {
        let mut x = x;
        loop {
            let size = self.sizes(x)[axis];
            if size == 1 {
                return Ok(x);
            }
            let half = size / 2;
            let first = self.slice_axis(x, axis, [0, half, 1])?;
            let second = self.slice_axis(x, axis, [half, 2 * half, 1])?;
            let both = match op {
                ReduceOp::Sum => self.binary(Binary::Addition, first, second),
                ReduceOp::Product => self.binary(Binary::Multiplication, first, second),
                ReduceOp::Max => self.greater(first, second),
                ReduceOp::Min => self.less(first, second),
            }?;
            x = if size == 2 * half {
                both
            } else {
                let last = self.slice_axis(x, axis, [2 * half, size, 1])?;
                self.concat(axis, &[both, last])?
            };
        }
    }

    /// The first position whose element is the greatest (least) one, or NaN; MPSGraph's own reductions say of neither which
    /// they take.
    pub(super) fn arg_reduce(&mut self, op: ArgReduceOp, x: Value, sizes: &[usize], axis: usize) -> Lowered {
        let outer: usize = sizes[..axis].iter().product();
        let inner: usize = sizes[axis + 1..].iter().product();
        let folded = [outer, sizes[axis], inner];
        let x = self.up(x)?;
        let x = self.reshape(x, &folded)?;
        let best = match op {
            ArgReduceOp::Max => ReduceOp::Max,
            ArgReduceOp::Min => ReduceOp::Min,
        };
        let best = self.reduce_op(best, x, &folded, &[1])?;
        let best = self.reshape(best, &[outer, 1, inner])?;
        let mut is_best = self.binary(Binary::Equal, x, best)?;
        if computed_in(self.data_type(x)) == Float32 {
            let nan = self.unary(Unary::IsNaN, x)?;
            is_best = self.binary(Binary::LogicalOr, is_best, nan)?;
        }
        let positions = self.add(Operation::Coordinate { axis: 1, sizes: folded.to_vec() }, &[])?;
        let beyond = i64::try_from(sizes[axis]).map_err(|_| "too large")?;
        let beyond = self.number_like(positions, beyond)?;
        let candidates = self.select(is_best, positions, beyond)?;
        debug_assert_eq!(self.data_type(candidates), Int32);
        let first = self.reduce(Reduction::Minimum, candidates, vec![1])?;
        let mut result = sizes.to_vec();
        result.remove(axis);
        self.reshape(first, &physical(&result))
    }
}

//! Operations that only move elements. Axes that nothing happens along are made one, and where more are left than a tensor may
//! have, an operation is done axis by axis.

use super::builder::{Builder, Lowered};
use crate::backend::tensor_program::{MAX_RANK, Operation, Value};
use crate::graph::data_type::Scalar;

/// The sizes that a tensor has in programs: its own if they are few enough.
pub(super) fn physical(sizes: &[usize]) -> Vec<usize> {
    match sizes.len() {
        0 => vec![1],
        rank if rank <= MAX_RANK => sizes.to_vec(),
        rank => {
            let (leading, rest) = sizes.split_at(rank - (MAX_RANK - 1));
            let mut sizes = vec![leading.iter().product()];
            sizes.extend(rest);
            sizes
        }
    }
}

/// Neighbours of one kind as one axis each, without axes of size 1 where others are.
pub(super) fn runs(sizes: &[usize], kinds: &[bool]) -> Vec<(usize, bool)> {
    let mut runs: Vec<(usize, bool)> = Vec::new();
    for (&size, &kind) in sizes.iter().zip(kinds).filter(|&(&size, _)| size != 1) {
        match runs.last_mut() {
            Some((whole, last)) if *last == kind => *whole *= size,
            _ => runs.push((size, kind)),
        }
    }
    runs
}

/// What one or more axes are done with: the tensor, and for each axis its place in the tensor and among the axes.
pub(super) type AxisStep<'a> = dyn FnMut(&mut Builder, Value, &[(usize, usize)]) -> Lowered + 'a;

impl Builder {
    /// Does something along some ascending axes of a tensor of these sizes, all at once or one after the other: `step` gets a
    /// tensor in which all others are merged. The result has the sizes that `sizes` get.
    pub(super) fn along(
        &mut self,
        x: Value,
        sizes: &mut [usize],
        axes: &[usize],
        step: &mut AxisStep<'_>,
    ) -> Lowered {
        let all: Vec<(usize, usize)> = axes.iter().copied().enumerate().collect();
        let (merged, _) = around(sizes, axes);
        let groups: Vec<&[(usize, usize)]> =
            if merged.len() <= MAX_RANK { vec![&all] } else { all.chunks(1).collect() };
        let mut x = x;
        for group in groups {
            let group_axes: Vec<usize> = group.iter().map(|&(_, axis)| axis).collect();
            let (merged, places) = around(sizes, &group_axes);
            x = self.reshape(x, &merged)?;
            let numbered: Vec<(usize, usize)> =
                places.iter().copied().zip(group.iter().map(|&(number, _)| number)).collect();
            x = step(self, x, &numbered)?;
            let made = self.sizes(x);
            for (&place, &axis) in places.iter().zip(&group_axes) {
                sizes[axis] = made[place];
            }
        }
        Ok(x)
    }

    pub(super) fn permute(&mut self, x: Value, sizes: &[usize], axes: &[usize]) -> Lowered {
        let result: Vec<usize> = axes.iter().map(|&axis| sizes[axis]).collect();
        // Axes that stay beside each other, as lists of old ones in the new order.
        let mut merged: Vec<Vec<usize>> = Vec::new();
        for &axis in axes.iter().filter(|&&axis| sizes[axis] != 1) {
            let follows = |last: &usize| sizes[last + 1..axis].iter().all(|&size| size == 1);
            match merged.last_mut() {
                Some(run) if run.last().is_some_and(|last| *last < axis && follows(last)) => run.push(axis),
                _ => merged.push(vec![axis]),
            }
        }
        let size = |run: &Vec<usize>| run.iter().map(|&axis| sizes[axis]).product::<usize>();
        let mut order: Vec<usize> = (0..merged.len()).collect();
        order.sort_by_key(|&run| merged[run][0]);
        let mut x = x;
        if merged.len() <= MAX_RANK {
            if !order.is_sorted() {
                let from: Vec<usize> = order.iter().map(|&run| size(&merged[run])).collect();
                x = self.reshape(x, &from)?;
                let place = |run: usize| order.iter().position(|&r| r == run).unwrap_or(run);
                x = self.add(Operation::Transpose((0..merged.len()).map(place).collect()), &[x])?;
            }
        } else {
            // One run after the other comes to its place, before those that lie there.
            for place in 0..merged.len() {
                let found = order.iter().position(|&run| run == place).unwrap_or(place);
                if found != place {
                    let product = |runs: &[usize]| runs.iter().map(|&run| size(&merged[run])).product();
                    let blocks = [
                        product(&order[..place]),
                        product(&order[place..found]),
                        product(&order[found..=found]),
                        product(&order[found + 1..]),
                    ];
                    x = self.reshape(x, &blocks)?;
                    x = self.add(Operation::Transpose(vec![0, 2, 1, 3]), &[x])?;
                    order[place..=found].rotate_right(1);
                }
            }
        }
        self.reshape(x, &physical(&result))
    }

    /// To a shape of as many axes or more, as `Op::Broadcast` has it.
    pub(super) fn broadcast_op(&mut self, x: Value, from: &[usize], to: &[usize]) -> Lowered {
        let mut old = vec![1; to.len() - from.len()];
        old.extend(from);
        let repeated: Vec<bool> = old.iter().zip(to).map(|(old, new)| old != new).collect();
        let runs = runs(to, &repeated);
        let mut sizes: Vec<usize> =
            runs.iter().map(|&(size, repeated)| if repeated { 1 } else { size }).collect();
        let axes: Vec<usize> = (0..runs.len()).filter(|&run| runs[run].1).collect();
        let mut x = x;
        if !axes.is_empty() {
            x = self.along(x, &mut sizes, &axes, &mut |this, x, places| {
                let mut sizes = this.sizes(x);
                places.iter().for_each(|&(place, number)| sizes[place] = runs[axes[number]].0);
                this.broadcast(x, &sizes)
            })?;
        }
        self.reshape(x, &physical(to))
    }

    /// For each axis start, end and step.
    pub(super) fn slice(&mut self, x: Value, sizes: &[usize], ranges: &[[usize; 3]]) -> Lowered {
        let axes: Vec<usize> = (0..sizes.len()).filter(|&axis| ranges[axis] != [0, sizes[axis], 1]).collect();
        if axes.is_empty() {
            return Ok(x);
        }
        let mut sizes = sizes.to_vec();
        let x = self.along(x, &mut sizes, &axes, &mut |this, x, places| {
            let mut ends = this.sizes(x);
            let (mut starts, mut strides) = (vec![0; ends.len()], vec![1; ends.len()]);
            for &(place, number) in places {
                [starts[place], ends[place], strides[place]] = ranges[axes[number]];
            }
            this.add(Operation::Slice { starts, ends, strides }, &[x])
        })?;
        self.reshape(x, &physical(&sizes))
    }

    pub(super) fn pad_op(
        &mut self,
        x: Value,
        sizes: &[usize],
        before: &[usize],
        after: &[usize],
        value: Scalar,
    ) -> Lowered {
        let axes: Vec<usize> = (0..sizes.len()).filter(|&axis| before[axis] > 0 || after[axis] > 0).collect();
        if axes.is_empty() {
            return Ok(x);
        }
        let mut sizes = sizes.to_vec();
        let x = self.along(x, &mut sizes, &axes, &mut |this, x, places| {
            let rank = this.sizes(x).len();
            let (mut first, mut last) = (vec![0; rank], vec![0; rank]);
            for &(place, number) in places {
                (first[place], last[place]) = (before[axes[number]], after[axes[number]]);
            }
            this.pad(x, &first, &last, value)
        })?;
        self.reshape(x, &physical(&sizes))
    }

    pub(super) fn reverse(&mut self, x: Value, sizes: &[usize], axes: &[usize]) -> Lowered {
        let axes: Vec<usize> = axes.iter().copied().filter(|&axis| sizes[axis] > 1).collect();
        if axes.is_empty() {
            return Ok(x);
        }
        let mut sizes = sizes.to_vec();
        let x = self.along(x, &mut sizes, &axes, &mut |this, x, places| {
            this.add(Operation::Reverse { axes: places.iter().map(|&(place, _)| place).collect() }, &[x])
        })?;
        self.reshape(x, &physical(&sizes))
    }

    /// Tensors with their sizes, one after the other along an axis.
    pub(super) fn concat_op(&mut self, parts: &[(Value, Vec<usize>)], axis: usize) -> Lowered {
        let mut merged = Vec::new();
        let mut result = parts[0].1.clone();
        result[axis] = parts.iter().map(|(_, sizes)| sizes[axis]).sum();
        for (x, sizes) in parts {
            let outer: usize = sizes[..axis].iter().product();
            let inner: usize = sizes[axis + 1..].iter().product();
            merged.push(self.reshape(*x, &[outer, sizes[axis], inner])?);
        }
        let x = self.concat(1, &merged)?;
        self.reshape(x, &physical(&result))
    }
}

/// Sizes with all axes merged that lie between some others, and where these are then.
fn around(sizes: &[usize], axes: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let (mut merged, mut places) = (Vec::new(), Vec::new());
    let mut next = 0;
    for &axis in axes {
        let between: usize = sizes[next..axis].iter().product();
        if between > 1 {
            merged.push(between);
        }
        places.push(merged.len());
        merged.push(sizes[axis]);
        next = axis + 1;
    }
    let rest: usize = sizes[next..].iter().product();
    if rest > 1 {
        merged.push(rest);
    }
    (merged, places)
}

//! What MPSGraph takes: the one place that says which instructions are legal, and what they make.

use super::{
    Binary, MAX_BYTES, MAX_COLUMNS, MAX_DEPTH, MAX_IMAGES, MAX_RANK, Operation, TensorShape, Unary, Window,
};
use crate::graph::TensorDataType::{self, Bool, Float16, Float32, Int32, Int64, UInt8};

type Checked<T> = Result<T, &'static str>;

/// The type and sizes of what an instruction makes.
pub(super) fn check(operation: &Operation, operands: &[&TensorShape]) -> Checked<TensorShape> {
    let ty = result(operation, operands)?;
    let within = (1..=MAX_RANK).contains(&ty.sizes.len()) && !ty.sizes.contains(&0);
    require(within, "a tensor has 1 to 4 dimensions of at least 1")?;
    let bytes = ty.sizes.iter().try_fold(ty.data_type.size(), |bytes, &size| bytes.checked_mul(size));
    let bytes = bytes.map(|bytes| bytes / ty.data_type.size() * ty.data_type.size().max(4));
    require(bytes.is_some_and(|bytes| bytes < MAX_BYTES), "the tensor is too large")?;
    Ok(ty)
}

fn result(operation: &Operation, operands: &[&TensorShape]) -> Checked<TensorShape> {
    Ok(match (operation, operands) {
        (Operation::Placeholder(ty), []) => ty.clone(),
        (Operation::Constant(data), []) => {
            require(data.data_type() != Bool, "constants are numbers")?;
            TensorShape::new(data.data_type(), data.shape())
        }
        (Operation::Fill { value, ty }, []) => {
            let exact = match ty.data_type {
                Float32 => value.is_nan() || f64::from(*value as f32) == *value,
                Int32 => f64::from(*value as i32) == *value,
                Int64 => (*value as i64) as f64 == *value && value.abs() <= (1i64 << 53) as f64,
                _ => false,
            };
            require(exact, "the value is not exact in the type")?;
            ty.clone()
        }
        (Operation::Coordinate { axis, sizes }, []) => {
            require(*axis < sizes.len(), "no such axis")?;
            TensorShape::new(Int32, sizes.clone())
        }
        (Operation::Unary(op), [x]) => {
            let (takes, makes): (&[TensorDataType], _) = match op {
                Unary::Negative => (&[Float32, Int32, Int64], x.data_type),
                Unary::BitwiseNot => (&[Int32, Int64], x.data_type),
                Unary::Not => (&[Bool], Bool),
                Unary::IsNaN | Unary::IsFinite => (&[Float32], Bool),
                _ => (&[Float32], Float32),
            };
            require(takes.contains(&x.data_type), "not of this type")?;
            TensorShape::new(makes, x.sizes.clone())
        }
        (Operation::Binary(op), [a, b]) => {
            let takes: &[TensorDataType] = match op {
                Binary::Addition | Binary::Subtraction | Binary::Multiplication => &[Float32, Int32, Int64],
                Binary::Division
                | Binary::Modulo
                | Binary::Power
                | Binary::MaximumWithNaNPropagation
                | Binary::MinimumWithNaNPropagation => &[Float32],
                Binary::BitwiseAnd
                | Binary::BitwiseOr
                | Binary::BitwiseXor
                | Binary::BitwiseLeftShift
                | Binary::BitwiseRightShift => &[Int32, Int64],
                Binary::LogicalAnd | Binary::LogicalOr | Binary::LogicalXor => &[Bool],
                op => {
                    debug_assert!(op.compares());
                    &[Float32, Int32, Int64]
                }
            };
            require(a.data_type == b.data_type && takes.contains(&a.data_type), "not of these types")?;
            let makes = if op.compares() { Bool } else { a.data_type };
            TensorShape::new(makes, repeated(&a.sizes, &b.sizes)?)
        }
        (Operation::Select, [condition, a, b]) => {
            require(condition.data_type == Bool && a.data_type == b.data_type, "not of these types")?;
            require(matches!(a.data_type, Float32 | Int32 | Int64), "not of this type")?;
            TensorShape::new(a.data_type, repeated(&condition.sizes, &repeated(&a.sizes, &b.sizes)?)?)
        }
        (Operation::Cast(to), [x]) => {
            let known = match x.data_type {
                Float32 => !matches!(to, Bool | UInt8),
                TensorDataType::Float16 | TensorDataType::BFloat16 => *to == Float32,
                Int32 | Int64 | UInt8 => to.is_integer() || *to == Float32,
                Bool => false,
            };
            require(known && x.data_type != *to, "not between these types")?;
            TensorShape::new(*to, x.sizes.clone())
        }
        (Operation::Reduce { axes, .. }, [x]) => {
            require(matches!(x.data_type, Float32 | Int32), "not of this type")?;
            ascending(axes, x.sizes.len())?;
            let mut sizes = x.sizes.clone();
            axes.iter().for_each(|&axis| sizes[axis] = 1);
            TensorShape::new(x.data_type, sizes)
        }
        (Operation::Reshape(sizes), [x]) => {
            require(product(sizes) == Some(x.elements()), "another number of elements")?;
            TensorShape::new(x.data_type, sizes.clone())
        }
        (Operation::Transpose(permutation), [x]) => {
            movable(x)?;
            let mut sorted = permutation.clone();
            sorted.sort_unstable();
            require(sorted.iter().copied().eq(0..x.sizes.len()), "no permutation")?;
            TensorShape::new(x.data_type, permutation.iter().map(|&axis| x.sizes[axis]).collect::<Vec<_>>())
        }
        (Operation::Broadcast(sizes), [x]) => {
            movable(x)?;
            require(repeated(&x.sizes, sizes)? == *sizes, "of other sizes")?;
            TensorShape::new(x.data_type, sizes.clone())
        }
        (Operation::Slice { starts, ends, strides }, [x]) => {
            movable(x)?;
            let rank = x.sizes.len();
            require([starts, ends, strides].iter().all(|list| list.len() == rank), "of another rank")?;
            let mut sizes = Vec::with_capacity(rank);
            for (axis, &size) in x.sizes.iter().enumerate() {
                let (start, end, stride) = (starts[axis], ends[axis], strides[axis]);
                require(start < end && end <= size && stride > 0, "not within the tensor")?;
                sizes.push((end - start).div_ceil(stride));
            }
            TensorShape::new(x.data_type, sizes)
        }
        (Operation::Concat { axis }, [first, rest @ ..]) => {
            movable(first)?;
            require(!rest.is_empty() && *axis < first.sizes.len(), "no such axis")?;
            let mut sizes = first.sizes.clone();
            for x in rest {
                let mut other = x.sizes.clone();
                require(x.data_type == first.data_type && other.len() == sizes.len(), "of different types")?;
                let along = other[*axis];
                other[*axis] = first.sizes[*axis];
                require(other == first.sizes, "of different shapes")?;
                sizes[*axis] = sizes[*axis].checked_add(along).ok_or("too large")?;
            }
            TensorShape::new(first.data_type, sizes)
        }
        (Operation::Reverse { axes }, [x]) => {
            movable(x)?;
            ascending(axes, x.sizes.len())?;
            (*x).clone()
        }
        (Operation::Gather, [x, indices]) => {
            let [rows, inner] = matrix(x)?;
            let count = list(indices)?;
            require(
                matches!(x.data_type, Float32 | Float16 | Int32 | Int64) && rows > 0,
                "not of this type",
            )?;
            TensorShape::new(x.data_type, [count, inner])
        }
        (Operation::ScatterAdd, [x, updates, indices]) => {
            let ([_, inner], count) = (matrix(x)?, list(indices)?);
            require(matches!(x.data_type, Float32 | Int32), "not of this type")?;
            require(updates.data_type == x.data_type && matrix(updates)? == [count, inner], "other updates")?;
            (*x).clone()
        }
        (Operation::MatMul, [a, b]) => {
            floats(&[a, b])?;
            let [.., depth, columns] = *b.sizes else { return Err("no matrix") };
            require(depth <= MAX_DEPTH && columns <= MAX_COLUMNS, "matrices that are too large")?;
            match (a.sizes.as_slice(), b.sizes.as_slice()) {
                (&[rows, depth], &[same, columns]) if depth == same => {
                    TensorShape::new(Float32, [rows, columns])
                }
                (&[batch, rows, depth], &[of, same, columns]) if batch == of && depth == same => {
                    TensorShape::new(Float32, [batch, rows, columns])
                }
                _ => return Err("matrices that do not fit"),
            }
        }
        (Operation::Conv2d { window, groups }, [source, weights]) => {
            floats(&[source, weights])?;
            TensorShape::new(Float32, convolved(window, *groups, &source.sizes, &weights.sizes)?)
        }
        (Operation::Conv2dDataGradient { window, groups, sizes }, [gradient, weights]) => {
            floats(&[gradient, weights])?;
            let same = convolved(window, *groups, sizes, &weights.sizes)? == gradient.sizes;
            require(same, "the gradient has other sizes")?;
            TensorShape::new(Float32, sizes.clone())
        }
        (Operation::Conv2dWeightsGradient { window, groups, sizes }, [gradient, source]) => {
            floats(&[gradient, source])?;
            let same = convolved(window, *groups, &source.sizes, sizes)? == gradient.sizes;
            require(same, "the gradient has other sizes")?;
            TensorShape::new(Float32, sizes.clone())
        }
        _ => return Err("another number of operands"),
    })
}

fn require(holds: bool, otherwise: &'static str) -> Checked<()> {
    if holds { Ok(()) } else { Err(otherwise) }
}

fn product(sizes: &[usize]) -> Option<usize> {
    sizes.iter().try_fold(1usize, |product, &size| product.checked_mul(size))
}

fn ascending(axes: &[usize], rank: usize) -> Checked<()> {
    let ascend = axes.is_sorted_by(|a, b| a < b);
    require(!axes.is_empty() && ascend && axes.iter().all(|&axis| axis < rank), "no such axes")
}

/// The sizes of two tensors of one rank where sizes of 1 are repeated.
fn repeated(a: &[usize], b: &[usize]) -> Checked<Vec<usize>> {
    require(a.len() == b.len(), "of different ranks")?;
    let pairs = a.iter().zip(b);
    require(pairs.clone().all(|(&a, &b)| a == b || a == 1 || b == 1), "of different shapes")?;
    Ok(pairs.map(|(&a, &b)| a.max(b)).collect())
}

/// Small types are not moved: other than of arithmetic, it is not documented which types MPSGraph moves, and bools are known
/// not to be joined.
fn movable(x: &TensorShape) -> Checked<()> {
    require(x.data_type.size() > 1, "not of this type")
}

fn floats(operands: &[&TensorShape]) -> Checked<()> {
    require(operands.iter().all(|x| x.data_type == Float32), "not of this type")
}

fn matrix(x: &TensorShape) -> Checked<[usize; 2]> {
    x.sizes.as_slice().try_into().map_err(|_| "no matrix")
}

fn list(indices: &TensorShape) -> Checked<usize> {
    require(indices.data_type == Int32 && indices.sizes.len() == 1, "no list of indices")?;
    Ok(indices.sizes[0])
}

/// How often a window fits along height or width.
fn positions(window: &Window, axis: usize, size: usize, kernel: usize) -> Checked<usize> {
    let (stride, dilation) = (window.strides[axis], window.dilations[axis]);
    require(stride > 0 && dilation > 0 && kernel > 0, "an empty window")?;
    let reach = (kernel - 1).checked_mul(dilation).ok_or("too large")?;
    require(window.padding[axis].iter().all(|&padding| padding <= reach), "more padding than the window")?;
    let [before, after] = window.padding[axis];
    let padded = size.checked_add(before).and_then(|size| size.checked_add(after)).ok_or("too large")?;
    Ok(padded.checked_sub(reach + 1).ok_or("a window larger than the image")? / stride + 1)
}

fn convolved(window: &Window, groups: usize, source: &[usize], weights: &[usize]) -> Checked<Vec<usize>> {
    let (&[images, channels, height, width], &[filters, depth, kernel_height, kernel_width]) =
        (source, weights)
    else {
        return Err("images and weights have rank 4");
    };
    require(images <= MAX_IMAGES, "too many images")?;
    let divided = groups > 0 && filters.is_multiple_of(groups) && depth.checked_mul(groups) == Some(channels);
    require(divided, "groups do not divide the channels")?;
    let rows = positions(window, 0, height, kernel_height)?;
    Ok(vec![images, filters, rows, positions(window, 1, width, kernel_width)?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::tensor_program::Reduction;
    use crate::graph::TensorData;

    const WINDOW: Window = Window { strides: [1, 2], dilations: [1, 1], padding: [[0, 1], [1, 0]] };

    fn f32s(sizes: &[usize]) -> TensorShape {
        TensorShape::new(Float32, sizes)
    }

    fn ints(sizes: &[usize]) -> TensorShape {
        TensorShape::new(Int32, sizes)
    }

    fn try_check(operation: &Operation, operands: &[TensorShape]) -> Checked<TensorShape> {
        check(operation, &operands.iter().collect::<Vec<_>>())
    }

    /// Each refusal keeps an abort of the process away.
    #[test]
    fn what_mpsgraph_would_abort_on_is_refused() {
        let bools = TensorShape::new(Bool, [2, 3]);
        let bytes = TensorData::from_bytes(Bool, [1], &[1]).unwrap();
        let cases: &[(Operation, &[TensorShape])] = &[
            (Operation::Placeholder(f32s(&[])), &[]),
            (Operation::Placeholder(f32s(&[2, 0])), &[]),
            (Operation::Placeholder(f32s(&[1, 1, 1, 1, 1])), &[]),
            (Operation::Placeholder(f32s(&[1 << 20, 1 << 9])), &[]),
            (Operation::Placeholder(TensorShape::new(UInt8, [1 << 30])), &[]),
            (Operation::Placeholder(f32s(&[usize::MAX, 2])), &[]),
            (Operation::Constant(bytes), &[]),
            (Operation::Fill { value: 0.1, ty: f32s(&[1]) }, &[]),
            (Operation::Fill { value: 2f64.powi(31), ty: ints(&[1]) }, &[]),
            (Operation::Coordinate { axis: 1, sizes: vec![3] }, &[]),
            (Operation::Unary(Unary::Exponent), &[ints(&[2])]),
            (Operation::Unary(Unary::Exponent), &[TensorShape::new(Float16, [2])]),
            (Operation::Unary(Unary::Not), &[ints(&[2])]),
            (Operation::Binary(Binary::Addition), &[f32s(&[2, 3]), f32s(&[3, 2])]),
            (Operation::Binary(Binary::Addition), &[f32s(&[2, 3]), f32s(&[3])]),
            (Operation::Binary(Binary::Addition), &[f32s(&[2]), ints(&[2])]),
            (Operation::Binary(Binary::Division), &[ints(&[2]), ints(&[2])]),
            (Operation::Binary(Binary::LessThan), &[bools.clone(), bools.clone()]),
            (Operation::Select, &[f32s(&[2, 3]), f32s(&[2, 3]), f32s(&[2, 3])]),
            (Operation::Select, &[bools.clone(), f32s(&[2, 3]), ints(&[2, 3])]),
            (Operation::Select, &[bools.clone(), bools.clone(), bools.clone()]),
            (Operation::Cast(Bool), &[f32s(&[2])]),
            (Operation::Cast(UInt8), &[f32s(&[2])]),
            (Operation::Cast(Float32), &[TensorShape::new(Bool, [2])]),
            (Operation::Cast(Float32), &[f32s(&[2])]),
            (Operation::Reduce { op: Reduction::Sum, axes: vec![2] }, &[f32s(&[2, 3])]),
            (Operation::Reduce { op: Reduction::Sum, axes: vec![1, 0] }, &[f32s(&[2, 3])]),
            (Operation::Reduce { op: Reduction::Sum, axes: vec![0] }, &[TensorShape::new(Int64, [2])]),
            (Operation::Reshape(vec![4]), &[f32s(&[2, 3])]),
            (Operation::Transpose(vec![0, 0]), &[f32s(&[2, 3])]),
            (Operation::Transpose(vec![0]), &[f32s(&[2, 3])]),
            (Operation::Broadcast(vec![4, 3]), &[f32s(&[2, 3])]),
            (Operation::Broadcast(vec![1, 3]), &[f32s(&[2, 3])]),
            (Operation::Slice { starts: vec![1], ends: vec![1], strides: vec![1] }, &[f32s(&[2])]),
            (Operation::Slice { starts: vec![0], ends: vec![3], strides: vec![1] }, &[f32s(&[2])]),
            (Operation::Slice { starts: vec![0], ends: vec![2], strides: vec![0] }, &[f32s(&[2])]),
            (Operation::Concat { axis: 0 }, &[f32s(&[2, 3])]),
            (Operation::Concat { axis: 0 }, &[f32s(&[2, 3]), f32s(&[2, 4])]),
            (Operation::Concat { axis: 0 }, &[f32s(&[2]), ints(&[2])]),
            (Operation::Reverse { axes: vec![1] }, &[f32s(&[2])]),
            (Operation::Reverse { axes: vec![1] }, &[TensorShape::new(UInt8, [2, 2])]),
            (Operation::Concat { axis: 0 }, &[bools.clone(), bools.clone()]),
            (Operation::Gather, &[f32s(&[2, 3]), f32s(&[2])]),
            (Operation::Gather, &[f32s(&[2]), ints(&[2])]),
            (Operation::ScatterAdd, &[f32s(&[2, 3]), f32s(&[4, 3]), ints(&[5])]),
            (Operation::MatMul, &[f32s(&[2, 3]), f32s(&[2, 3])]),
            (Operation::MatMul, &[f32s(&[2, 2, 3]), f32s(&[1, 3, 4])]),
            (Operation::MatMul, &[f32s(&[2, MAX_DEPTH + 1]), f32s(&[MAX_DEPTH + 1, 2])]),
            (Operation::MatMul, &[f32s(&[2, 2]), f32s(&[2, MAX_COLUMNS + 1])]),
            (Operation::Conv2d { window: WINDOW, groups: 2 }, &[f32s(&[1, 3, 4, 4]), f32s(&[2, 1, 2, 2])]),
            (Operation::Conv2d { window: WINDOW, groups: 1 }, &[f32s(&[1, 3, 4, 4]), f32s(&[2, 3, 1, 1])]),
            (Operation::Conv2d { window: WINDOW, groups: 1 }, &[f32s(&[1, 3, 4, 4]), f32s(&[2, 3, 7, 2])]),
            (
                Operation::Conv2d { window: WINDOW, groups: 1 },
                &[f32s(&[MAX_IMAGES + 1, 1, 4, 4]), f32s(&[1, 1, 2, 2])],
            ),
            (
                Operation::Conv2dDataGradient { window: WINDOW, groups: 1, sizes: vec![1, 3, 4, 4] },
                &[f32s(&[1, 2, 4, 4]), f32s(&[2, 3, 2, 2])],
            ),
            (Operation::MatMul, &[f32s(&[2, 2])]),
        ];
        for (operation, operands) in cases {
            let result = try_check(operation, operands);
            assert!(result.is_err(), "{operation:?} of {operands:?} makes {result:?}");
        }
    }

    #[test]
    fn what_fits_is_taken() {
        let convolution = Operation::Conv2d { window: WINDOW, groups: 1 };
        let makes = try_check(&convolution, &[f32s(&[1, 3, 4, 4]), f32s(&[2, 3, 2, 2])]);
        assert_eq!(makes, Ok(f32s(&[1, 2, 4, 2])));
        let gradient = Operation::Conv2dDataGradient { window: WINDOW, groups: 1, sizes: vec![1, 3, 4, 4] };
        let makes = try_check(&gradient, &[f32s(&[1, 2, 4, 2]), f32s(&[2, 3, 2, 2])]);
        assert_eq!(makes, Ok(f32s(&[1, 3, 4, 4])));
        let largest = MAX_BYTES / 4 - 1;
        assert!(try_check(&Operation::Placeholder(f32s(&[largest])), &[]).is_ok());
        assert!(try_check(&Operation::Fill { value: f64::NAN, ty: f32s(&[1]) }, &[]).is_ok());
        assert_eq!(
            try_check(&Operation::Select, &[TensorShape::new(Bool, [2, 1]), ints(&[1, 3]), ints(&[1, 1])]),
            Ok(ints(&[2, 3]))
        );
    }
}

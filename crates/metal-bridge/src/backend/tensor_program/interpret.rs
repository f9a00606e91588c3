//! What programs mean, as far as Apple documents it: plain and slow, for tests.
//!
//! Where nothing is documented the result is made to be of no use: what a shift to the right brings in alternates, a quotient is
//! two steps too large or too small by turns, sums are made from the last element to the first. What would be undefined, such as
//! an index beyond its axis, is a panic.

use super::{Binary, Instruction, Operation, Reduction, TensorProgram, TensorShape, Unary, Value, Window};
use crate::graph::TensorDataType;
use crate::graph::TensorDataType::{Bool, Float32, Int32, Int64};
use crate::graph::data_type::Scalar;

/// Elements in row-major order: floats as they are, integers and booleans exactly.
#[derive(Clone, Debug)]
enum Elements {
    Floats(Vec<f64>),
    Integers(Vec<i64>),
}

#[derive(Clone, Debug)]
struct Tensor {
    ty: TensorShape,
    elements: Elements,
}

impl Tensor {
    fn from_bytes(ty: &TensorShape, bytes: &[u8]) -> Self {
        let scalars = bytes.chunks_exact(ty.data_type.size());
        let scalars = scalars.map(|bytes| Scalar::from_bytes(ty.data_type, bytes));
        let elements = match ty.data_type.is_float() {
            true => Elements::Floats(scalars.map(Scalar::to_f64).collect()),
            false => Elements::Integers(scalars.map(Scalar::to_i64).collect()),
        };
        Self { ty: ty.clone(), elements }
    }

    fn into_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.ty.bytes());
        match self.elements {
            Elements::Floats(values) => {
                values.iter().for_each(|&v| Scalar::from_f64(self.ty.data_type, v).write(&mut bytes));
            }
            Elements::Integers(values) => {
                values.iter().for_each(|&v| Scalar::from_i64(self.ty.data_type, v).write(&mut bytes));
            }
        }
        bytes
    }

    fn floats(&self) -> &[f64] {
        match &self.elements {
            Elements::Floats(values) => values,
            Elements::Integers(_) => panic!("integers where floats are"),
        }
    }

    fn integers(&self) -> &[i64] {
        match &self.elements {
            Elements::Integers(values) => values,
            Elements::Floats(_) => panic!("floats where integers are"),
        }
    }

    /// Elements at places of this tensor.
    fn picked(&self, ty: &TensorShape, places: impl Iterator<Item = usize>) -> Self {
        let elements = match &self.elements {
            Elements::Floats(values) => Elements::Floats(places.map(|place| values[place]).collect()),
            Elements::Integers(values) => Elements::Integers(places.map(|place| values[place]).collect()),
        };
        Self { ty: ty.clone(), elements }
    }
}

/// Runs a program on the bytes of its feeds and gives those of its results.
pub(super) fn run(program: &TensorProgram, feeds: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut tensors: Vec<Tensor> = Vec::new();
    let mut feeds = feeds.iter();
    for Instruction { operation, operands, ty } in program.instructions() {
        let operands: Vec<&Tensor> = operands.iter().map(|operand| &tensors[operand.index()]).collect();
        let tensor = match operation {
            Operation::Placeholder(_) => Tensor::from_bytes(ty, feeds.next().expect("a feed for each")),
            _ => compute(operation, &operands, ty),
        };
        assert_eq!(tensor.ty, *ty, "{operation:?}");
        tensors.push(tensor);
    }
    program.results().iter().map(|value: &Value| tensors[value.index()].clone().into_bytes()).collect()
}

fn single(value: f64) -> f64 {
    f64::from(value as f32)
}

fn rounded(values: impl Iterator<Item = f64>) -> Elements {
    Elements::Floats(values.map(single).collect())
}

fn wrapped(data_type: TensorDataType, values: impl Iterator<Item = i64>) -> Elements {
    Elements::Integers(values.map(|value| Scalar::from_i64(data_type, value).to_i64()).collect())
}

/// The position of an element along each axis.
fn position(mut place: usize, sizes: &[usize]) -> Vec<usize> {
    let mut position = vec![0; sizes.len()];
    for axis in (0..sizes.len()).rev() {
        position[axis] = place % sizes[axis];
        place /= sizes[axis];
    }
    position
}

fn place(position: &[usize], sizes: &[usize]) -> usize {
    position.iter().zip(sizes).fold(0, |place, (&p, &size)| {
        assert!(p < size);
        place * size + p
    })
}

fn compute(operation: &Operation, operands: &[&Tensor], ty: &TensorShape) -> Tensor {
    let sizes = &ty.sizes;
    let count = ty.elements();
    let x = || operands[0];
    let with = |elements| Tensor { ty: ty.clone(), elements };
    let moved = |from: &dyn Fn(Vec<usize>) -> Vec<usize>| {
        let old = &x().ty.sizes;
        x().picked(ty, (0..count).map(|i| place(&from(position(i, sizes)), old)))
    };
    match operation {
        Operation::Placeholder(_) => unreachable!("feeds are given"),
        Operation::Constant(data) => Tensor::from_bytes(ty, data.bytes()),
        Operation::Fill { value, .. } if ty.data_type == Float32 => {
            with(Elements::Floats(vec![*value; count]))
        }
        Operation::Fill { value, .. } => with(Elements::Integers(vec![*value as i64; count])),
        Operation::Coordinate { axis, .. } => {
            with(Elements::Integers((0..count).map(|i| position(i, sizes)[*axis] as i64).collect()))
        }
        Operation::Unary(op) => with(unary(*op, x(), ty.data_type)),
        Operation::Binary(op) => with(binary(*op, x(), operands[1], ty)),
        Operation::Select => {
            let [a, b] = [operands[1], operands[2]].map(|x| repeated(x, ty));
            let chosen = repeated(x(), &TensorShape::new(Bool, sizes.clone()));
            let chosen = chosen.integers();
            with(match (&a.elements, &b.elements) {
                (Elements::Floats(a), Elements::Floats(b)) => {
                    Elements::Floats((0..count).map(|i| if chosen[i] != 0 { a[i] } else { b[i] }).collect())
                }
                _ => {
                    let (a, b) = (a.integers(), b.integers());
                    Elements::Integers((0..count).map(|i| if chosen[i] != 0 { a[i] } else { b[i] }).collect())
                }
            })
        }
        Operation::Cast(to) => with(cast(x(), *to)),
        Operation::Reduce { op, .. } => with(reduce(*op, x(), sizes)),
        Operation::Reshape(_) => x().picked(ty, 0..count),
        Operation::Transpose(permutation) => moved(&|position| {
            let mut from = vec![0; position.len()];
            permutation.iter().zip(position).for_each(|(&axis, p)| from[axis] = p);
            from
        }),
        Operation::Broadcast(_) => repeated(x(), ty),
        Operation::Slice { starts, strides, .. } => moved(&|position| {
            position.iter().zip(starts).zip(strides).map(|((p, start), stride)| start + p * stride).collect()
        }),
        Operation::Reverse { axes } => moved(&|mut position| {
            axes.iter().for_each(|&axis| position[axis] = sizes[axis] - 1 - position[axis]);
            position
        }),
        Operation::Concat { axis } => {
            let mut parts = operands.to_vec();
            let mut result = parts.remove(0).clone();
            for part in parts {
                result = joined(&result, part, *axis);
            }
            result
        }
        Operation::Gather => {
            let inner = sizes[1];
            let indices = operands[1].integers();
            let row = |i: usize| usize::try_from(indices[i / inner]).expect("indices are within the axis");
            x().picked(ty, (0..count).map(|i| place(&[row(i), i % inner], &x().ty.sizes)))
        }
        Operation::ScatterAdd => {
            let inner = sizes[1];
            let (updates, indices) = (operands[1], operands[2].integers());
            let mut result = x().clone();
            for i in (0..updates.ty.elements()).rev() {
                let row = usize::try_from(indices[i / inner]).expect("indices are within the axis");
                let to = place(&[row, i % inner], sizes);
                match &mut result.elements {
                    Elements::Floats(values) => values[to] = single(values[to] + updates.floats()[i]),
                    Elements::Integers(values) => {
                        values[to] =
                            i64::from((values[to] as i32).wrapping_add(updates.integers()[i] as i32));
                    }
                }
            }
            result
        }
        Operation::MatMul => {
            let (a, b) = (x().floats(), operands[1].floats());
            let [rows, columns] = [sizes[sizes.len() - 2], sizes[sizes.len() - 1]];
            let depth = x().ty.sizes[sizes.len() - 1];
            let element = |i: usize| {
                let (matrix, row, column) = (i / columns / rows, i / columns % rows, i % columns);
                let b = &b[matrix * depth * columns..];
                (0..depth).map(|j| a[(matrix * rows + row) * depth + j] * b[j * columns + column]).sum()
            };
            with(rounded((0..count).map(element)))
        }
        Operation::Conv2d { window, groups } => {
            let mut sums = vec![0.0; count];
            let (source, weights) = (operands[0], operands[1]);
            let (s, w) = (source.floats(), weights.floats());
            products(window, *groups, [&source.ty.sizes, &weights.ty.sizes, sizes], |from, by, to| {
                sums[to] += s[from] * w[by];
            });
            with(rounded(sums.into_iter()))
        }
        Operation::Conv2dDataGradient { window, groups, .. } => {
            let mut sums = vec![0.0; count];
            let (gradient, weights) = (operands[0], operands[1]);
            let (g, w) = (gradient.floats(), weights.floats());
            products(window, *groups, [sizes, &weights.ty.sizes, &gradient.ty.sizes], |from, by, to| {
                sums[from] += g[to] * w[by];
            });
            with(rounded(sums.into_iter()))
        }
        Operation::Conv2dWeightsGradient { window, groups, .. } => {
            let mut sums = vec![0.0; count];
            let (gradient, source) = (operands[0], operands[1]);
            let (g, s) = (gradient.floats(), source.floats());
            products(window, *groups, [&source.ty.sizes, sizes, &gradient.ty.sizes], |from, by, to| {
                sums[by] += g[to] * s[from];
            });
            with(rounded(sums.into_iter()))
        }
    }
}

/// A tensor with its sizes of 1 repeated.
fn repeated(x: &Tensor, ty: &TensorShape) -> Tensor {
    let from = |i: usize| {
        let at = position(i, &ty.sizes);
        let at: Vec<usize> =
            at.iter().zip(&x.ty.sizes).map(|(&p, &size)| if size == 1 { 0 } else { p }).collect();
        place(&at, &x.ty.sizes)
    };
    x.picked(ty, (0..ty.elements()).map(from))
}

fn joined(a: &Tensor, b: &Tensor, axis: usize) -> Tensor {
    let mut ty = a.ty.clone();
    ty.sizes[axis] += b.ty.sizes[axis];
    let (mut floats, mut integers) = (Vec::new(), Vec::new());
    for i in 0..ty.elements() {
        let mut at = position(i, &ty.sizes);
        let from = if at[axis] < a.ty.sizes[axis] { a } else { b };
        if at[axis] >= a.ty.sizes[axis] {
            at[axis] -= a.ty.sizes[axis];
        }
        let i = place(&at, &from.ty.sizes);
        match &from.elements {
            Elements::Floats(values) => floats.push(values[i]),
            Elements::Integers(values) => integers.push(values[i]),
        }
    }
    let elements =
        if ty.data_type.is_float() { Elements::Floats(floats) } else { Elements::Integers(integers) };
    Tensor { ty, elements }
}

fn unary(op: Unary, x: &Tensor, result: TensorDataType) -> Elements {
    let to_bool = |holds: &dyn Fn(f64) -> bool| {
        Elements::Integers(x.floats().iter().map(|&x| i64::from(holds(x))).collect())
    };
    match op {
        Unary::IsNaN => return to_bool(&f64::is_nan),
        Unary::IsFinite => return to_bool(&f64::is_finite),
        Unary::Not => return Elements::Integers(x.integers().iter().map(|x| 1 - x).collect()),
        Unary::BitwiseNot => return wrapped(result, x.integers().iter().map(|x| !x)),
        Unary::Negative if result != Float32 => {
            return wrapped(result, x.integers().iter().map(|x| x.wrapping_neg()));
        }
        _ => {}
    }
    rounded(x.floats().iter().map(|&x| match op {
        Unary::Negative => -x,
        Unary::Absolute => x.abs(),
        Unary::Sign if x.is_nan() => 7.0,
        Unary::Sign if x == 0.0 => x,
        Unary::Sign => x.signum(),
        Unary::Reciprocal => 1.0 / x,
        Unary::SquareRoot => x.sqrt(),
        Unary::Exponent => x.exp(),
        Unary::Logarithm => x.ln(),
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        Unary::Tan => x.tan(),
        Unary::Tanh => x.tanh(),
        Unary::Erf => libm::erf(x),
        Unary::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Unary::Floor => x.floor(),
        Unary::Ceil => x.ceil(),
        Unary::Rint => x.round_ties_even(),
        Unary::Truncate => x.trunc(),
        Unary::IsNaN | Unary::IsFinite | Unary::Not | Unary::BitwiseNot => unreachable!("done"),
    }))
}

fn binary(op: Binary, a: &Tensor, b: &Tensor, ty: &TensorShape) -> Elements {
    let [a, b] = [a, b].map(|x| repeated(x, &TensorShape::new(x.ty.data_type, ty.sizes.clone())));
    let places = 0..ty.elements();
    match (&a.elements, &b.elements) {
        (Elements::Floats(a), Elements::Floats(b)) if op.compares() => {
            let holds = |a: f64, b: f64| match op {
                Binary::Equal => a == b,
                Binary::NotEqual => a != b,
                Binary::LessThan => a < b,
                Binary::LessThanOrEqual => a <= b,
                Binary::GreaterThan => a > b,
                _ => a >= b,
            };
            Elements::Integers(places.map(|i| i64::from(holds(a[i], b[i]))).collect())
        }
        (Elements::Floats(a), Elements::Floats(b)) => rounded(places.map(|i| {
            let (a, b) = (a[i], b[i]);
            let nan = a.is_nan() || b.is_nan();
            match op {
                Binary::Addition => a + b,
                Binary::Subtraction => a - b,
                Binary::Multiplication => a * b,
                Binary::Division => nearly(a / b, i),
                Binary::Modulo if b.is_infinite() => f64::NAN,
                Binary::Modulo => a % b,
                Binary::Power => a.powf(b),
                Binary::MaximumWithNaNPropagation | Binary::MinimumWithNaNPropagation if nan => f64::NAN,
                Binary::MaximumWithNaNPropagation => a.max(b),
                Binary::MinimumWithNaNPropagation => a.min(b),
                _ => unreachable!("{op:?} is not of floats"),
            }
        })),
        _ => {
            let data_type = a.ty.data_type;
            let (a, b) = (a.integers(), b.integers());
            wrapped(ty.data_type, places.map(|i| integers(op, data_type, i, a[i], b[i])))
        }
    }
}

/// A quotient that is not whole, made wrong by two steps of its type; one of small whole numbers that is whole is right.
fn nearly(quotient: f64, number: usize) -> f64 {
    let exact = single(quotient);
    if exact == quotient && quotient.abs() < f64::from(1 << 12) || !exact.is_normal() {
        return exact;
    }
    let step = 2.0 * f64::from(f32::EPSILON) * exact.abs();
    if number.is_multiple_of(2) { exact + step } else { exact - step }
}

fn integers(op: Binary, data_type: TensorDataType, number: usize, a: i64, b: i64) -> i64 {
    let bits = if data_type == Int32 { 32 } else { 64 };
    match op {
        Binary::Addition => a.wrapping_add(b),
        Binary::Subtraction => a.wrapping_sub(b),
        Binary::Multiplication => a.wrapping_mul(b),
        Binary::BitwiseAnd => a & b,
        Binary::BitwiseOr => a | b,
        Binary::BitwiseXor => a ^ b,
        Binary::BitwiseLeftShift => {
            assert!((0..bits).contains(&b));
            a.wrapping_shl(b as u32)
        }
        Binary::BitwiseRightShift => {
            assert!((0..bits).contains(&b));
            let kept = if bits == 32 {
                i64::from((a as i32).cast_unsigned() >> b)
            } else {
                (a.cast_unsigned() >> b) as i64
            };
            let new = if b == 0 { 0 } else { -1i64 << (bits - b) };
            if number.is_multiple_of(2) { kept } else { kept | new }
        }
        Binary::LogicalAnd => a & b,
        Binary::LogicalOr => a | b,
        Binary::LogicalXor => a ^ b,
        Binary::Equal => i64::from(a == b),
        Binary::NotEqual => i64::from(a != b),
        Binary::LessThan => i64::from(a < b),
        Binary::LessThanOrEqual => i64::from(a <= b),
        Binary::GreaterThan => i64::from(a > b),
        Binary::GreaterThanOrEqual => i64::from(a >= b),
        _ => unreachable!("{op:?} is not of integers"),
    }
}

fn cast(x: &Tensor, to: TensorDataType) -> Elements {
    match &x.elements {
        Elements::Floats(values) if to.is_float() => {
            Elements::Floats(values.iter().map(|&v| Scalar::from_f64(to, v).to_f64()).collect())
        }
        Elements::Floats(values) => {
            let held = |&v: &f64| {
                let integer = Scalar::from_f64(to, v).to_i64();
                assert!(integer as f64 == v && (integer != i64::MAX), "{v} is no {to}");
                integer
            };
            Elements::Integers(values.iter().map(held).collect())
        }
        Elements::Integers(values) if to == Float32 => {
            Elements::Floats(values.iter().map(|&v| f64::from(v as f32)).collect())
        }
        Elements::Integers(values) => {
            let fits = |&v: &i64| Scalar::from_i64(to, v).to_i64() == v;
            assert!(x.ty.data_type != Bool && values.iter().all(fits), "{values:?} are no {to}");
            Elements::Integers(values.clone())
        }
    }
}

fn reduce(op: Reduction, x: &Tensor, sizes: &[usize]) -> Elements {
    assert!(x.ty.data_type != Int64);
    let places = (0..x.ty.elements()).rev().map(|i| {
        let at = position(i, &x.ty.sizes);
        let at: Vec<usize> = at.iter().zip(sizes).map(|(&p, &size)| if size == 1 { 0 } else { p }).collect();
        (i, place(&at, sizes))
    });
    let count: usize = sizes.iter().product();
    match &x.elements {
        Elements::Floats(values) => {
            let mut results: Vec<Option<f64>> = vec![None; count];
            for (from, to) in places {
                let value = values[from];
                results[to] = Some(results[to].map_or(value, |so_far| match op {
                    Reduction::Sum => so_far + value,
                    Reduction::Product => so_far * value,
                    _ if so_far.is_nan() || value.is_nan() => f64::NAN,
                    Reduction::Maximum => so_far.max(value),
                    Reduction::Minimum => so_far.min(value),
                }));
            }
            rounded(results.into_iter().map(|result| result.expect("no axis is empty")))
        }
        Elements::Integers(values) => {
            let mut results: Vec<Option<i64>> = vec![None; count];
            for (from, to) in places {
                let value = values[from];
                results[to] = Some(results[to].map_or(value, |so_far| match op {
                    Reduction::Sum => so_far.wrapping_add(value),
                    Reduction::Product => i64::from((so_far as i32).wrapping_mul(value as i32)),
                    Reduction::Maximum => so_far.max(value),
                    Reduction::Minimum => so_far.min(value),
                }));
            }
            wrapped(Int32, results.into_iter().map(|result| result.expect("no axis is empty")))
        }
    }
}

/// Where in an image an element of a window lies; `None` in the padding.
fn inside(window: &Window, axis: usize, output: usize, element: usize, size: usize) -> Option<usize> {
    let place = output * window.strides[axis] + element * window.dilations[axis];
    place.checked_sub(window.padding[axis][0]).filter(|&place| place < size)
}

/// Calls `visit` with the places in source, weights and result of each product.
fn products(
    window: &Window,
    groups: usize,
    [source, weights, result]: [&[usize]; 3],
    mut visit: impl FnMut(usize, usize, usize),
) {
    let filters = weights[0] / groups;
    for to in 0..result.iter().product() {
        let [n, filter, y, x] = position(to, result)[..] else { panic!("images have rank 4") };
        for by in 0..weights[1..].iter().product() {
            let [channel, row, column] = position(by, &weights[1..])[..] else {
                panic!("weights have rank 4")
            };
            let (from_y, from_x) =
                (inside(window, 0, y, row, source[2]), inside(window, 1, x, column, source[3]));
            if let (Some(from_y), Some(from_x)) = (from_y, from_x) {
                let channel_of = filter / filters * weights[1] + channel;
                let from = place(&[n, channel_of, from_y, from_x], source);
                visit(from, filter * weights[1..].iter().product::<usize>() + by, to);
            }
        }
    }
}

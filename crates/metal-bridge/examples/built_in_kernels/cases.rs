//! What each kernel is run on, what it must give, and how far from that it may be.

use metal_bridge::Size;

use super::reference::{Adam, Sgd, layer_norm, linear, matmul, sigmoid};

/// One kernel and its arguments.
pub(crate) struct Case {
    pub(crate) kernel: &'static str,
    pub(crate) size: String,
    pub(crate) work: Work,
    pub(crate) grid: Size,
    pub(crate) group: Size,
    /// In the order of the buffer indices.
    pub(crate) arguments: Vec<Argument>,
    /// Expected contents by buffer index, computed from the arguments as they are before the run.
    pub(crate) reference: Reference,
    /// Largest error that rounding in single precision explains.
    pub(crate) tolerance: f64,
}

/// Computes expected contents, by buffer index.
type Reference = fn(&[Argument]) -> Vec<(usize, Vec<f64>)>;

/// What a rate counts.
pub(crate) enum Work {
    Bytes(f64),
    Operations(f64),
}

pub(crate) enum Argument {
    Floats(Vec<f32>),
    Ints(Vec<i32>),
    /// This many elements of four bytes, to be written.
    Output(usize),
    Float(f32),
    Uint(u32),
}

impl Argument {
    fn floats(&self) -> &[f32] {
        match self {
            Self::Floats(data) => data,
            _ => unreachable!("the case has floats here"),
        }
    }

    fn ints(&self) -> &[i32] {
        match self {
            Self::Ints(data) => data,
            _ => unreachable!("the case has integers here"),
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Uint(value) => *value as usize,
            _ => unreachable!("the case has a size here"),
        }
    }
}

const ELEMENTS: usize = 1 << 24;
/// Half a unit in the last place of 1.
const ROUNDING: f64 = 1.0 / (1u64 << 24) as f64;
const ADAM: Adam = Adam { rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 10 };
const SGD: Sgd = Sgd { rate: 1e-2, momentum: 0.9, weight_decay: 1e-4 };

pub(crate) fn all() -> impl Iterator<Item = Case> {
    // Made one by one, so that only one case's data is in memory.
    let makers: [fn() -> Case; 15] = [
        || binary("add_arrays_float32", floats, |a| zip_floats(a, |x, y| x + y), 2.0 * ROUNDING),
        || binary("add_arrays_int32", ints, |a| zip_ints(a, i32::wrapping_add), 0.0),
        || binary("mul_arrays_float32", floats, |a| zip_floats(a, |x, y| x * y), ROUNDING),
        || binary("mul_arrays_int32", ints, |a| zip_ints(a, i32::wrapping_mul), 0.0),
        || unary("relu_float32", floats, |a| map(a[0].floats(), |x| x.max(0.0)), 0.0),
        || {
            unary(
                "relu_int32",
                ints,
                |a| vec![(1, a[0].ints().iter().map(|x| f64::from(*x.max(&0))).collect())],
                0.0,
            )
        },
        || unary("sigmoid_float32", floats, |a| map(a[0].floats(), sigmoid), 16.0 * ROUNDING),
        matmul_case,
        batch_matmul_case,
        || linear_case("linear_forward_float32", |a| linear_reference(a, |x| x)),
        || linear_case("linear_relu_float32", |a| linear_reference(a, |x| x.max(0.0))),
        || linear_case("linear_sigmoid_float32", |a| linear_reference(a, sigmoid)),
        adam_case,
        sgd_case,
        layer_norm_case,
    ];
    makers.into_iter().map(|make| make())
}

// Element-wise kernels.

fn element_wise(
    kernel: &'static str,
    arguments: Vec<Argument>,
    moved: usize,
    reference: Reference,
    tolerance: f64,
) -> Case {
    Case {
        kernel,
        size: ELEMENTS.to_string(),
        work: Work::Bytes((moved * 4 * ELEMENTS) as f64),
        grid: ELEMENTS.into(),
        group: 256.into(),
        arguments,
        reference,
        tolerance,
    }
}

fn unary(
    kernel: &'static str,
    data: fn(u64, usize) -> Argument,
    reference: Reference,
    tolerance: f64,
) -> Case {
    element_wise(kernel, vec![data(1, ELEMENTS), Argument::Output(ELEMENTS)], 2, reference, tolerance)
}

fn binary(
    kernel: &'static str,
    data: fn(u64, usize) -> Argument,
    reference: Reference,
    tolerance: f64,
) -> Case {
    let arguments = vec![data(1, ELEMENTS), data(2, ELEMENTS), Argument::Output(ELEMENTS)];
    element_wise(kernel, arguments, 3, reference, tolerance)
}

fn map(x: &[f32], f: fn(f64) -> f64) -> Vec<(usize, Vec<f64>)> {
    vec![(1, x.iter().map(|x| f(f64::from(*x))).collect())]
}

fn zip_floats(a: &[Argument], f: fn(f64, f64) -> f64) -> Vec<(usize, Vec<f64>)> {
    let pairs = a[0].floats().iter().zip(a[1].floats());
    vec![(2, pairs.map(|(x, y)| f(f64::from(*x), f64::from(*y))).collect())]
}

fn zip_ints(a: &[Argument], f: fn(i32, i32) -> i32) -> Vec<(usize, Vec<f64>)> {
    let pairs = a[0].ints().iter().zip(a[1].ints());
    vec![(2, pairs.map(|(x, y)| f64::from(f(*x, *y))).collect())]
}

// Matrix products. A sum of n products of numbers up to 1 is off by n² roundings at most.

fn product_tolerance(inner: usize) -> f64 {
    (inner * inner) as f64 * ROUNDING
}

fn operations(sizes: [usize; 3]) -> f64 {
    2.0 * sizes.map(|n| n as f64).iter().product::<f64>()
}

fn matmul_case() -> Case {
    const N: usize = 512;
    Case {
        kernel: "matmul_float32",
        size: format!("{N}×{N}×{N}"),
        work: Work::Operations(operations([N; 3])),
        grid: (N, N).into(),
        group: (32, 8).into(),
        arguments: vec![
            floats(1, N * N),
            floats(2, N * N),
            Argument::Output(N * N),
            uint(N),
            uint(N),
            uint(N),
        ],
        reference: |a| vec![(2, matmul(a[0].floats(), a[1].floats(), [N; 3]))],
        tolerance: product_tolerance(N),
    }
}

fn batch_matmul_case() -> Case {
    const N: usize = 128;
    const BATCH: usize = 16;
    let count = BATCH * N * N;
    Case {
        kernel: "batch_matmul_float32",
        size: format!("{BATCH}×({N}×{N}×{N})"),
        work: Work::Operations(BATCH as f64 * operations([N; 3])),
        grid: (N, N, BATCH).into(),
        group: (32, 8).into(),
        arguments: vec![
            floats(1, count),
            floats(2, count),
            Argument::Output(count),
            uint(BATCH),
            uint(N),
            uint(N),
            uint(N),
        ],
        reference: |a| {
            let pairs = a[0].floats().chunks_exact(N * N).zip(a[1].floats().chunks_exact(N * N));
            vec![(2, pairs.flat_map(|(x, y)| matmul(x, y, [N; 3])).collect())]
        },
        tolerance: product_tolerance(N),
    }
}

fn linear_case(kernel: &'static str, reference: Reference) -> Case {
    const SIZES: [usize; 3] = [256, 784, 512];
    let [batch, inputs, outputs] = SIZES;
    Case {
        kernel,
        size: format!("{batch}×{inputs}→{outputs}"),
        work: Work::Operations(operations(SIZES)),
        grid: (outputs, batch).into(),
        group: (32, 8).into(),
        arguments: vec![
            floats(1, batch * inputs),
            floats(2, inputs * outputs),
            floats(3, outputs),
            Argument::Output(batch * outputs),
            uint(batch),
            uint(inputs),
            uint(outputs),
        ],
        reference,
        tolerance: product_tolerance(inputs + 1),
    }
}

fn linear_reference(a: &[Argument], activation: fn(f64) -> f64) -> Vec<(usize, Vec<f64>)> {
    let sizes = [a[4].size(), a[5].size(), a[6].size()];
    let out = linear(a[0].floats(), a[1].floats(), a[2].floats(), sizes);
    vec![(3, out.into_iter().map(activation).collect())]
}

// Optimisers and normalisation.

fn adam_case() -> Case {
    let arguments = vec![
        floats(1, ELEMENTS),
        floats(2, ELEMENTS),
        floats(3, ELEMENTS),
        positive_floats(4, ELEMENTS),
        Argument::Float(ADAM.rate),
        Argument::Float(ADAM.beta1),
        Argument::Float(ADAM.beta2),
        Argument::Float(ADAM.epsilon),
        Argument::Uint(ADAM.step),
    ];
    let reference: Reference = |a| {
        let values = (0..ELEMENTS).map(|i| ADAM.update([0, 1, 2, 3].map(|k| a[k].floats()[i])));
        unzip(values, [0, 2, 3])
    };
    // 1 - beta2 loses ten bits, and so do quotients by it; the rate makes parameters a thousandth as sensitive.
    element_wise("adam_update_float32", arguments, 7, reference, 1e-5)
}

fn sgd_case() -> Case {
    let arguments = vec![
        floats(1, ELEMENTS),
        floats(2, ELEMENTS),
        floats(3, ELEMENTS),
        Argument::Float(SGD.rate),
        Argument::Float(SGD.momentum),
        Argument::Float(SGD.weight_decay),
    ];
    let reference: Reference = |a| {
        let values = (0..ELEMENTS).map(|i| SGD.update([0, 1, 2].map(|k| a[k].floats()[i])));
        unzip(values, [0, 2])
    };
    element_wise("sgd_momentum_update_float32", arguments, 5, reference, 8.0 * ROUNDING)
}

fn unzip<const N: usize>(
    values: impl Iterator<Item = [f64; N]>,
    indices: [usize; N],
) -> Vec<(usize, Vec<f64>)> {
    let mut columns = indices.map(|index| (index, Vec::with_capacity(ELEMENTS)));
    for row in values {
        for ((_, column), value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    columns.into()
}

fn layer_norm_case() -> Case {
    const BATCH: usize = 4096;
    const FEATURES: usize = 1024;
    Case {
        kernel: "layer_norm_float32",
        size: format!("{BATCH}×{FEATURES}"),
        work: Work::Bytes((2 * 4 * BATCH * FEATURES) as f64),
        grid: (FEATURES, BATCH).into(),
        group: 256.into(),
        arguments: vec![
            floats(1, BATCH * FEATURES),
            floats(2, FEATURES),
            floats(3, FEATURES),
            Argument::Output(BATCH * FEATURES),
            Argument::Output(BATCH),
            Argument::Output(BATCH),
            uint(BATCH),
            uint(FEATURES),
        ],
        reference: |a| {
            let [out, mean, variance] = layer_norm(a[0].floats(), a[1].floats(), a[2].floats());
            vec![(3, out), (4, mean), (5, variance)]
        },
        // Sums over a row, divided by its length, are off by as many roundings; the results are about twice as large.
        tolerance: 4.0 * FEATURES as f64 * ROUNDING,
    }
}

// Data.

fn uint(value: usize) -> Argument {
    Argument::Uint(value as u32)
}

/// Numbers from -1 to 1.
fn floats(seed: u64, count: usize) -> Argument {
    Argument::Floats(random_bits(seed, count).map(|bits| bits as i32 as f32 / i32::MAX as f32).collect())
}

/// Numbers from 0 to 1.
fn positive_floats(seed: u64, count: usize) -> Argument {
    Argument::Floats(random_bits(seed, count).map(|bits| bits as f32 / u32::MAX as f32).collect())
}

fn ints(seed: u64, count: usize) -> Argument {
    Argument::Ints(random_bits(seed, count).map(|bits| bits as i32).collect())
}

/// SplitMix64's upper halves.
fn random_bits(seed: u64, count: usize) -> impl Iterator<Item = u32> {
    let mut state = seed;
    (0..count).map(move |_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let bits = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 32) as u32
    })
}

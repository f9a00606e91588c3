//! What is measured, how its results are checked, and the targets.

use metal_bridge::{Buffer, ResourceOptions};

use crate::Result;
use crate::compare::Statistic;
use crate::graphs::{self, Run};
use crate::ours::{Dispatch, Ours};
use crate::peer::Peer;
use crate::reference::{layer_norm, linear, matmul, sigmoid};

/// Some work, and what others reach at it.
pub(crate) struct Work {
    pub(crate) name: &'static str,
    pub(crate) rate: Rate,
    pub(crate) statistic: Statistic,
    pub(crate) plan: Planner,
    pub(crate) peers: Vec<Against>,
    /// Seconds that it may take.
    pub(crate) limit: Option<f64>,
}

type Planner = Box<dyn Fn(&Ours) -> Result<Plan>>;

/// What is counted per second, and how much of it a run does.
#[derive(Clone, Copy)]
pub(crate) enum Rate {
    /// Each element read or written once.
    Bytes(f64),
    Operations(f64),
    Pixels(f64),
    Nothing,
}

/// A peer to compare with.
pub(crate) struct Against {
    pub(crate) peer: Peer,
    /// The name of the work in the peer's program.
    pub(crate) work: &'static str,
    /// How many times as fast as the peer it must be.
    pub(crate) target: Option<f64>,
}

/// What to run, with data, and what tells whether results are right.
pub(crate) struct Plan {
    pub(crate) content: Content,
    pub(crate) check: Box<dyn Fn() -> Result<()>>,
}

pub(crate) enum Content {
    Kernels(Vec<Dispatch>),
    Graph {
        run: Run,
        /// Numbers of the result, which the peers' must be equal to.
        samples: Vec<f64>,
    },
}

/// Half a unit in the last place of 1.
pub(crate) const ROUNDING: f64 = 1.0 / (1u64 << 24) as f64;

pub(crate) fn all() -> Vec<Work> {
    let against = |peer, work, target| Against { peer, work, target: Some(target) };
    let work =
        |name, rate, plan, peers| Work { name, rate, statistic: Statistic::Best, plan, peers, limit: None };
    let product = |name, n, group, peers| {
        let plan: Planner = Box::new(move |ours| matmul_plan(ours, n, group));
        work(name, operations([n; 3]), plan, peers)
    };
    let kernels = vec![
        work(
            "add f32, 2^25",
            bytes(12 << 25),
            Box::new(|ours| add_plan(ours, 1 << 25)),
            vec![against(Peer::Loops, "add_2^25", 0.95), against(Peer::PyTorch, "add_2^25", 1.0)],
        ),
        work(
            "sigmoid f32, 2^25",
            bytes(8 << 25),
            Box::new(|ours| sigmoid_plan(ours, 1 << 25)),
            vec![against(Peer::PyTorch, "sigmoid_2^25", 1.0)],
        ),
        product(
            "matmul_float32 512³, threadgroup 32×8",
            512,
            (32, 8),
            vec![against(Peer::Pocl, "matmul_512_32x8", 40.0), against(Peer::PyTorch, "matmul_512", 0.5)],
        ),
        product(
            "matmul_float32 512³, threadgroup 16×16",
            512,
            (16, 16),
            vec![against(Peer::Pocl, "matmul_512_16x16", 40.0), against(Peer::PyTorch, "matmul_512", 0.5)],
        ),
        product(
            "matmul_float32 1024³, threadgroup 32×8",
            1024,
            (32, 8),
            vec![against(Peer::Pocl, "matmul_1024_32x8", 40.0)],
        ),
        product(
            "matmul_float32 1024³, threadgroup 16×16",
            1024,
            (16, 16),
            vec![against(Peer::Pocl, "matmul_1024_16x16", 40.0)],
        ),
        work(
            "linear_relu_float32, batch 256, 784→512",
            operations(LINEAR),
            Box::new(linear_plan),
            vec![against(Peer::PyTorch, "linear_relu_256_784_512", 0.3)],
        ),
        work(
            "layer_norm_float32, 512×512",
            bytes(8 * 512 * 512),
            Box::new(|ours| layer_norm_plan(ours, 512, 512)),
            vec![against(Peer::Pocl, "layer_norm_512_512", 20.0)],
        ),
        work(
            "sum 2^24, tree in threadgroup memory, 16 elements per thread",
            bytes(4 << 24),
            Box::new(|ours| sum_plan(ours, "sum_tree_16", 1 << 24, 16)),
            vec![against(Peer::Loops, "sum_2^24", 0.7)],
        ),
        work(
            "sum 2^24, simd_sum, 16 elements per thread",
            bytes(4 << 24),
            Box::new(|ours| sum_plan(ours, "sum_simd_16", 1 << 24, 16)),
            vec![against(Peer::Loops, "sum_2^24", 0.7)],
        ),
        work(
            "sum 2^24, tree in threadgroup memory, 1 element per thread",
            bytes(4 << 24),
            Box::new(|ours| sum_plan(ours, "sum_tree_1", 1 << 24, 1)),
            vec![Against { peer: Peer::Loops, work: "sum_2^24", target: None }],
        ),
        work(
            "Mandelbrot 2048², 256 iterations",
            Rate::Pixels(2048.0 * 2048.0),
            Box::new(|ours| mandelbrot_plan(ours, 2048, 256)),
            vec![against(Peer::Loops, "mandelbrot_2048", 0.7)],
        ),
        Work {
            statistic: Statistic::Median,
            limit: Some(10e-6),
            ..work(
                "add f32, 1,024 elements, commit to completed",
                Rate::Nothing,
                Box::new(|ours| add_plan(ours, 1024)),
                vec![Against { peer: Peer::Pocl, work: "add_1024", target: None }],
            )
        },
    ];
    kernels.into_iter().chain(graphs::all()).collect()
}

pub(crate) fn bytes(count: usize) -> Rate {
    Rate::Bytes(count as f64)
}

pub(crate) fn operations(sizes: [usize; 3]) -> Rate {
    Rate::Operations(2.0 * sizes.map(|n| n as f64).iter().product::<f64>())
}

// Plans.

fn add_plan(ours: &Ours, count: usize) -> Result<Plan> {
    let (a, b) = (floats(1, count), floats(2, count));
    let out = output(ours, count)?;
    Ok(Plan {
        content: Content::Kernels(vec![Dispatch {
            kernel: "add_arrays_float32",
            buffers: vec![input(ours, &a)?, input(ours, &b)?, out.clone()],
            sizes: vec![],
            grid: count.into(),
            group: 256.into(),
        }]),
        check: Box::new(move || {
            near(&out, a.iter().zip(&b).map(|(a, b)| f64::from(*a) + f64::from(*b)), 2.0 * ROUNDING)
        }),
    })
}

fn sigmoid_plan(ours: &Ours, count: usize) -> Result<Plan> {
    let x = floats(1, count);
    let out = output(ours, count)?;
    Ok(Plan {
        content: Content::Kernels(vec![Dispatch {
            kernel: "sigmoid_float32",
            buffers: vec![input(ours, &x)?, out.clone()],
            sizes: vec![],
            grid: count.into(),
            group: 256.into(),
        }]),
        check: Box::new(move || near(&out, x.iter().map(|x| sigmoid(f64::from(*x))), 16.0 * ROUNDING)),
    })
}

// A sum of n products of numbers up to 1 is off by n² roundings at most.
pub(crate) fn product_tolerance(inner: usize) -> f64 {
    (inner * inner) as f64 * ROUNDING
}

fn matmul_plan(ours: &Ours, n: usize, group: (usize, usize)) -> Result<Plan> {
    let (a, b) = (floats(1, n * n), floats(2, n * n));
    let out = output(ours, n * n)?;
    let expected = matmul(&a, &b, [n; 3]);
    Ok(Plan {
        content: Content::Kernels(vec![Dispatch {
            kernel: "matmul_float32",
            buffers: vec![input(ours, &a)?, input(ours, &b)?, out.clone()],
            sizes: vec![n as u32; 3],
            grid: (n, n).into(),
            group: group.into(),
        }]),
        check: Box::new(move || near(&out, expected.iter().copied(), product_tolerance(n))),
    })
}

/// Rows, inputs and outputs of the linear layer.
const LINEAR: [usize; 3] = [256, 784, 512];

fn linear_plan(ours: &Ours) -> Result<Plan> {
    let [batch, inputs, outputs] = LINEAR;
    let (x, weight, bias) = (floats(1, batch * inputs), floats(2, inputs * outputs), floats(3, outputs));
    let out = output(ours, batch * outputs)?;
    let expected = linear(&x, &weight, &bias, LINEAR);
    Ok(Plan {
        content: Content::Kernels(vec![Dispatch {
            kernel: "linear_relu_float32",
            buffers: vec![input(ours, &x)?, input(ours, &weight)?, input(ours, &bias)?, out.clone()],
            sizes: LINEAR.map(|size| size as u32).into(),
            grid: (outputs, batch).into(),
            group: (32, 8).into(),
        }]),
        check: Box::new(move || {
            near(&out, expected.iter().map(|value| value.max(0.0)), product_tolerance(inputs + 1))
        }),
    })
}

fn layer_norm_plan(ours: &Ours, rows: usize, features: usize) -> Result<Plan> {
    let (x, gamma, beta) = (floats(1, rows * features), floats(2, features), floats(3, features));
    let outputs = [output(ours, rows * features)?, output(ours, rows)?, output(ours, rows)?];
    let expected = layer_norm(&x, &gamma, &beta);
    let inputs = [input(ours, &x)?, input(ours, &gamma)?, input(ours, &beta)?];
    // Sums over a row, divided by its length, are off by as many roundings; the results are about twice as large.
    let tolerance = 4.0 * features as f64 * ROUNDING;
    Ok(Plan {
        content: Content::Kernels(vec![Dispatch {
            kernel: "layer_norm_float32",
            buffers: inputs.into_iter().chain(outputs.iter().cloned()).collect(),
            sizes: vec![rows as u32, features as u32],
            grid: (features, rows).into(),
            group: 256.into(),
        }]),
        check: Box::new(move || {
            let mut pairs = outputs.iter().zip(&expected);
            pairs.try_for_each(|(out, expected)| near(out, expected.iter().copied(), tolerance))
        }),
    })
}

/// Sums of each threadgroup's elements, then of those sums, and so on until one is left.
fn sum_plan(ours: &Ours, kernel: &'static str, count: usize, share: usize) -> Result<Plan> {
    const WIDTH: usize = 256;
    // Without negative numbers nothing cancels out, so that an element left out shows.
    let data: Vec<f32> = floats(1, count).into_iter().map(f32::abs).collect();
    let (mut buffer, mut left) = (input(ours, &data)?, count);
    let (mut dispatches, mut additions) = (Vec::new(), 0);
    while left > 1 {
        let groups = left.div_ceil(WIDTH * share);
        let sums = output(ours, groups)?;
        dispatches.push(Dispatch {
            kernel,
            buffers: vec![buffer, sums.clone()],
            sizes: vec![left as u32],
            grid: (groups * WIDTH).into(),
            group: WIDTH.into(),
        });
        additions += share + WIDTH.ilog2() as usize;
        (buffer, left) = (sums, groups);
    }
    let expected: f64 = data.iter().map(|value| f64::from(*value)).sum();
    // Each addition that an element goes through is off by a rounding at most.
    let tolerance = additions as f64 * ROUNDING * expected;
    Ok(Plan {
        content: Content::Kernels(dispatches),
        check: Box::new(move || near(&buffer, [expected].into_iter(), tolerance)),
    })
}

fn mandelbrot_plan(ours: &Ours, side: usize, iterations: u32) -> Result<Plan> {
    let image = output(ours, side * side)?;
    let expected = mandelbrot(side, iterations);
    Ok(Plan {
        content: Content::Kernels(vec![Dispatch {
            kernel: "mandelbrot",
            buffers: vec![image.clone()],
            sizes: vec![side as u32, iterations],
            grid: (side, side).into(),
            group: (32, 8).into(),
        }]),
        check: Box::new(move || {
            let image = image.map_read::<u32>()?;
            let different = image.iter().zip(&expected).filter(|(a, b)| a != b).count();
            // Rounding differs where multiplications and additions are fused, and decides on few pixels.
            if different * 100 < expected.len() {
                Ok(())
            } else {
                Err(format!("{different} other pixels").into())
            }
        }),
    })
}

/// What the kernel `mandelbrot` computes.
fn mandelbrot(side: usize, iterations: u32) -> Vec<u32> {
    let step = 3.0 / side as f32;
    let pixel = |x: usize, y: usize| {
        let (cr, ci) = (x as f32 * step - 2.0, y as f32 * step - 1.5);
        let (mut zr, mut zi, mut count) = (0.0f32, 0.0f32, 0);
        while count < iterations && zr * zr + zi * zi <= 4.0 {
            (zr, zi) = (zr * zr - zi * zi + cr, 2.0 * zr * zi + ci);
            count += 1;
        }
        count
    };
    (0..side * side).map(|i| pixel(i % side, i / side)).collect()
}

// Data.

fn input(ours: &Ours, data: &[f32]) -> Result<Buffer> {
    Ok(ours.device.new_buffer_with_data(data, ResourceOptions::default())?)
}

/// For so many elements of four bytes, zero as long as nothing is written.
fn output(ours: &Ours, count: usize) -> Result<Buffer> {
    Ok(ours.device.new_buffer_with_length(4 * count, ResourceOptions::default())?)
}

/// An error if a result is further from what is expected than the tolerance, or is no number.
pub(crate) fn near(buffer: &Buffer, expected: impl Iterator<Item = f64>, tolerance: f64) -> Result<()> {
    for (i, (got, expected)) in buffer.map_read::<f32>()?.iter().zip(expected).enumerate() {
        let error = (f64::from(*got) - expected).abs();
        if error.is_nan() || error > tolerance {
            return Err(format!("element {i} is {got}, not {expected} ± {tolerance:.1e}").into());
        }
    }
    Ok(())
}

/// Numbers from -1 to 1: SplitMix64's upper halves.
pub(crate) fn floats(seed: u64, count: usize) -> Vec<f32> {
    let mut state = seed;
    let numbers = (0..count).map(|_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let bits = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 32) as i32 as f32 / i32::MAX as f32
    });
    numbers.collect()
}

//! Routines against plain loops, for sizes of all kinds.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use proptest::prelude::*;

use super::super::buffer::CpuBuffer;
use super::*;
use crate::backend::memory::Budget;
use crate::backend::routine::{Conv2d, Epilogue, MatMul, Matrices, MaxPool2d};
use crate::backend::{Binding, Buffer as _};

/// Small whole numbers, so that sums are exact in any order.
fn values(count: usize, seed: u32) -> Vec<f32> {
    let value = |i: usize| (i as u32).wrapping_add(seed).wrapping_mul(2_654_435_761) >> 28;
    (0..count).map(|i| value(i) as f32 - 8.0).collect()
}

/// A bias for a routine, if it adds one.
fn bias(routine: &Routine) -> Vec<f32> {
    match routine {
        Routine::MatMul(sizes) => values(sizes.columns, 20),
        Routine::Conv2d(sizes, _) => values(sizes.filters, 20),
        _ => Vec::new(),
    }
}

/// What becomes of a sum.
fn finished(epilogue: Epilogue, sum: f32, bias: f32) -> f32 {
    let sum = if epilogue.bias { sum + bias } else { sum };
    if epilogue.relu { sum.max(0.0) } else { sum }
}

/// A call with buffers of its own.
fn call(
    routine: &Routine,
    scratch: usize,
    first: &[f32],
    second: &[f32],
    result: usize,
) -> (RoutineCall, Arc<CpuBuffer>) {
    let budget = Budget::new(1 << 30);
    let buffer = |values: &[f32]| {
        let buffer = CpuBuffer::new(values.len().max(1) * 4, &budget).unwrap();
        // SAFETY: the buffer is as long, and nobody else has it.
        unsafe {
            std::ptr::copy_nonoverlapping(
                values.as_ptr(),
                buffer.contents().cast::<f32>().as_ptr(),
                values.len(),
            );
        }
        Arc::new(buffer)
    };
    let bind = |buffer: &Arc<CpuBuffer>, elements: usize| Binding::Buffer {
        buffer: buffer.clone(),
        offset: 0,
        length: elements * 4,
    };
    let bias = bias(routine);
    let (a, b, out) = (buffer(first), buffer(second), buffer(&vec![f32::NAN; result]));
    let added = buffer(&bias);
    let temporary = buffer(&vec![f32::NAN; scratch]);
    let call = RoutineCall {
        routine: routine.clone(),
        operands: [bind(&a, first.len()), bind(&b, second.len())],
        laid_out: false,
        bias: routine.epilogue().bias.then(|| bind(&added, bias.len())),
        result: bind(&out, result),
        scratch: (scratch > 0).then(|| bind(&temporary, scratch)),
    };
    (call, out)
}

/// Runs a routine, its units last to first, with memory that holds what must not be read.
fn run(routine: &Routine, first: &[f32], second: &[f32], result: usize) -> Vec<f32> {
    let (call, out) = call(routine, scratch(routine), first, second, result);
    let mut scratch = Scratch { panel: vec![f32::NAN; 100_000], ..Scratch::default() };
    // SAFETY: the call lives until the end of this function, and no one else uses its buffers.
    for work in unsafe { RoutineWork::phases(&call) } {
        for unit in (0..work.units()).rev() {
            work.run(unit..unit + 1, &AtomicBool::new(false), &mut scratch).unwrap();
        }
    }
    // SAFETY: the buffer has as many elements, all of which were written.
    unsafe { std::slice::from_raw_parts(out.contents().cast::<f32>().as_ptr(), result) }.to_vec()
}

/// As [`run`] with a second operand that has been laid out once; as that one if there is nothing to lay out.
fn run_laid_out(routine: &Routine, first: &[f32], second: &[f32], result: usize) -> Vec<f32> {
    let elements = layout(routine);
    if elements == 0 {
        return run(routine, first, second, result);
    }
    let (mut call, out) = call(routine, elements, first, second, result);
    let to = call.scratch.take().expect("there is as much as is asked for");
    // SAFETY: there is room for the form, and no one else uses the buffers.
    unsafe { lay_out(routine, &call.operands[1], &to) };
    call.operands[1] = to;
    call.laid_out = true;
    let mut scratch = Scratch { panel: vec![f32::NAN; 100_000], ..Scratch::default() };
    // SAFETY: the call lives until the end of this function, and no one else uses its buffers.
    for work in unsafe { RoutineWork::phases(&call) } {
        work.run(0..work.units(), &AtomicBool::new(false), &mut scratch).unwrap();
    }
    // SAFETY: the buffer has as many elements, all of which were written.
    unsafe { std::slice::from_raw_parts(out.contents().cast::<f32>().as_ptr(), result) }.to_vec()
}

/// `[result element, source element, weight]` of each product of a convolution.
fn products(sizes: &Conv2d) -> Vec<[usize; 3]> {
    let mut all = Vec::new();
    let [height, width] = sizes.source;
    for image in 0..sizes.images {
        for filter in 0..sizes.filters {
            let group = filter / sizes.group_filters();
            for c in 0..sizes.group_channels() {
                let channel = group * sizes.group_channels() + c;
                for (oy, ox) in (0..sizes.result[0]).flat_map(|y| (0..sizes.result[1]).map(move |x| (y, x))) {
                    for (ky, kx) in
                        (0..sizes.kernel[0]).flat_map(|y| (0..sizes.kernel[1]).map(move |x| (y, x)))
                    {
                        let y =
                            (oy * sizes.strides[0] + ky * sizes.dilations[0]).wrapping_sub(sizes.padding[0]);
                        let x =
                            (ox * sizes.strides[1] + kx * sizes.dilations[1]).wrapping_sub(sizes.padding[1]);
                        if y < height && x < width {
                            all.push([
                                ((image * sizes.filters + filter) * sizes.result[0] + oy) * sizes.result[1]
                                    + ox,
                                ((image * sizes.channels + channel) * height + y) * width + x,
                                ((filter * sizes.group_channels() + c) * sizes.kernel[0] + ky)
                                    * sizes.kernel[1]
                                    + kx,
                            ]);
                        }
                    }
                }
            }
        }
    }
    all
}

/// Sums up products of two tensors; `places` picks where each product's factors and sum are.
fn sums(
    products: &[[usize; 3]],
    places: [usize; 3],
    first: &[f32],
    second: &[f32],
    result: usize,
) -> Vec<f32> {
    let mut sums = vec![0.0; result];
    for product in products {
        let [to, a, b] = places.map(|place| product[place]);
        sums[to] += first[a] * second[b];
    }
    sums
}

fn axis() -> impl Strategy<Value = (usize, usize, usize, usize, usize, usize)> {
    // (source, kernel, stride, dilation, padding before, padding after)
    (1usize..40, 1usize..5, 1usize..4, 1usize..4, 0usize..6, 0usize..6)
        .prop_filter("the kernel fits", |&(size, kernel, _, dilation, before, after)| {
            (kernel - 1) * dilation < size + before + after
        })
}

fn convolution() -> impl Strategy<Value = Conv2d> {
    (1usize..4, 1usize..4, 1usize..5, 1usize..9, axis(), axis()).prop_map(
        |(images, groups, channels, filters, height, width)| {
            let result = |(size, kernel, stride, dilation, before, after)| {
                (size + before + after - (kernel - 1) * dilation - 1) / stride + 1
            };
            Conv2d {
                images,
                channels: groups * channels,
                filters: groups * filters,
                groups,
                source: [height.0, width.0],
                result: [result(height), result(width)],
                kernel: [height.1, width.1],
                strides: [height.2, width.2],
                dilations: [height.3, width.3],
                padding: [height.4, width.4],
            }
        },
    )
}

/// Those that there are transforms of tiles for.
fn transformed() -> impl Strategy<Value = Conv2d> {
    let axis = || (4usize..14, 0usize..4, 0usize..4);
    (1usize..4, 14usize..36, 14usize..40, axis(), axis()).prop_map(
        |(images, channels, filters, height, width)| {
            let result = |(size, before, after): (usize, usize, usize)| size + before + after - 2;
            Conv2d {
                images,
                channels,
                filters,
                groups: 1,
                source: [height.0, width.0],
                result: [result(height), result(width)],
                kernel: [3, 3],
                strides: [1, 1],
                dilations: [1, 1],
                padding: [height.1, width.1],
            }
        },
    )
}

/// All three convolutions of these sizes.
fn check(sizes: Conv2d) {
    let products = products(&sizes);
    let source = values(sizes.images * sizes.channels * sizes.source_area(), 1);
    let weights = values(sizes.filters * sizes.group_channels() * sizes.kernel_area(), 2);
    let gradient = values(sizes.images * sizes.filters * sizes.result_area(), 3);
    let forward = run(&Routine::Conv2d(sizes, Epilogue::default()), &source, &weights, gradient.len());
    assert_eq!(forward, sums(&products, [0, 1, 2], &source, &weights, gradient.len()), "{sizes:?}");
    let routine = Routine::Conv2d(sizes, Epilogue { bias: true, relu: true });
    let added = bias(&routine);
    let filter = |element: usize| element / sizes.result_area() % sizes.filters;
    let expected: Vec<f32> = forward
        .iter()
        .enumerate()
        .map(|(i, &sum)| finished(routine.epilogue(), sum, added[filter(i)]))
        .collect();
    assert_eq!(run(&routine, &source, &weights, gradient.len()), expected, "{sizes:?}");
    assert_eq!(run_laid_out(&routine, &source, &weights, gradient.len()), expected, "{sizes:?}");
    let by_source = run(&Routine::Conv2dDataGradient(sizes), &gradient, &weights, source.len());
    assert_eq!(by_source, sums(&products, [1, 0, 2], &gradient, &weights, source.len()), "{sizes:?}");
    let by_weights = run(&Routine::Conv2dWeightsGradient(sizes), &gradient, &source, weights.len());
    assert_eq!(by_weights, sums(&products, [2, 0, 1], &gradient, &source, weights.len()), "{sizes:?}");
}

/// Windows without an element in common.
fn pooling() -> impl Strategy<Value = MaxPool2d> {
    let apart = || {
        axis().prop_map(|(size, kernel, gap, dilation, before, after)| {
            let extent = (kernel - 1) * dilation + 1;
            let stride = extent + gap - 1;
            (size, kernel, stride, dilation, before, (size + before + after - extent) / stride + 1)
        })
    };
    let tiling = || {
        (1usize..40, 1usize..5).prop_map(|(size, kernel)| {
            let size = size.max(kernel);
            (size, kernel, kernel, 1, 0, size / kernel)
        })
    };
    let axes = prop_oneof![(apart(), apart()), (tiling(), tiling())];
    (1usize..40, axes, any::<bool>()).prop_map(|(planes, (height, width), masked)| MaxPool2d {
        planes,
        source: [height.0, width.0],
        result: [height.5, width.5],
        kernel: [height.1, width.1],
        strides: [height.2, width.2],
        dilations: [height.3, width.3],
        padding: [height.4, width.4],
        masked,
    })
}

/// The gradient of pooling, by its definition.
fn pooled(sizes: &MaxPool2d, gradient: &[f32], source: &[f32]) -> Vec<f32> {
    let mut result = vec![0.0; source.len()];
    for (window, &gradient) in gradient.iter().enumerate() {
        let (plane, place) =
            (window / (sizes.result[0] * sizes.result[1]), window % (sizes.result[0] * sizes.result[1]));
        let output = [place / sizes.result[1], place % sizes.result[1]];
        let mut greatest: Option<usize> = None;
        for (ky, kx) in (0..sizes.kernel[0]).flat_map(|y| (0..sizes.kernel[1]).map(move |x| (y, x))) {
            let [y, x] = [(0, ky), (1, kx)].map(|(axis, k)| {
                (output[axis] * sizes.strides[axis] + k * sizes.dilations[axis])
                    .wrapping_sub(sizes.padding[axis])
            });
            if y >= sizes.source[0] || x >= sizes.source[1] {
                continue;
            }
            let at = plane * sizes.source_area() + y * sizes.source[1] + x;
            let is_beyond =
                |best: usize| source[at] > source[best] || (source[at].is_nan() && !source[best].is_nan());
            if greatest.is_none_or(is_beyond) {
                greatest = Some(at);
            }
        }
        if let Some(at) = greatest.filter(|&at| !sizes.masked || source[at] > 0.0) {
            result[at] += gradient;
        }
    }
    result
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn pooling_gives_gradients_to_the_greatest(sizes in pooling(), special in 0usize..3) {
        let mut source = values(sizes.planes * sizes.source_area(), 1);
        match special {
            1 => source.iter_mut().step_by(3).for_each(|value| *value = f32::NAN),
            2 => source.iter_mut().for_each(|value| *value = f32::NEG_INFINITY),
            _ => {}
        }
        let gradient = values(sizes.planes * sizes.result[0] * sizes.result[1], 2);
        let expected = pooled(&sizes, &gradient, &source);
        let got = run(&Routine::MaxPool2dGradient(sizes), &gradient, &source, source.len());
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn convolutions_are_sums_of_products(sizes in convolution()) {
        check(sizes);
        #[cfg(target_arch = "x86_64")]
        super::registers::tests::with_avx2(|| check(sizes));
    }

    #[test]
    fn transformed_convolutions_are_sums_of_products(sizes in transformed()) {
        check(sizes);
        #[cfg(target_arch = "x86_64")]
        super::registers::tests::with_avx2(|| check(sizes));
    }

    #[test]
    fn products_of_matrices_are_sums_of_products(
        batch in prop::collection::vec(1usize..4, 0..3),
        (rows, columns, depth) in (1usize..80, 1usize..150, prop_oneof![1usize..40, 190usize..400]),
        (a_gap, b_gap, a_transposed, b_transposed) in (0usize..3, 0usize..3, any::<bool>(), any::<bool>()),
        (b_shared, biased, relu) in any::<(bool, bool, bool)>(),
    ) {
        let matrices = |rows: usize, columns: usize, gap: usize, transposed: bool, shared: bool| {
            let (row, column) = if transposed { (1, rows + gap) } else { (columns + gap, 1) };
            let size = if transposed { columns * (rows + gap) } else { rows * (columns + gap) };
            let mut stride = if shared { 0 } else { size };
            let mut strides: Vec<usize> = Vec::new();
            for &size in batch.iter().rev() {
                strides.insert(0, stride);
                stride *= size;
            }
            (Matrices { offset: gap, batch: strides, row, column }, gap + size * batch.iter().product::<usize>())
        };
        let (a, a_elements) = matrices(rows, depth, a_gap, a_transposed, false);
        let (b, b_elements) = matrices(depth, columns, b_gap, b_transposed, b_shared);
        let epilogue = Epilogue { bias: biased, relu };
        let sizes = MatMul { batch: batch.clone(), rows, columns, depth, a, b, epilogue };
        let (first, second) = (values(a_elements, 5), values(b_elements, 6));
        let products = sizes.products();
        let added = values(columns, 20);
        let mut expected = vec![0.0f32; products * rows * columns];
        for product in 0..products {
            let mut rest = product;
            let (mut a_at, mut b_at) = (sizes.a.offset, sizes.b.offset);
            for (i, &size) in batch.iter().enumerate().rev() {
                a_at += rest % size * sizes.a.batch[i];
                b_at += rest % size * sizes.b.batch[i];
                rest /= size;
            }
            for (r, c) in (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c))) {
                let term = |k: usize| {
                    first[a_at + r * sizes.a.row + k * sizes.a.column]
                        * second[b_at + k * sizes.b.row + c * sizes.b.column]
                };
                let sum: f32 = (0..depth).map(term).sum();
                expected[(product * rows + r) * columns + c] = finished(epilogue, sum, added[c]);
            }
        }
        let routine = Routine::MatMul(sizes);
        prop_assert_eq!(&run(&routine, &first, &second, expected.len()), &expected);
        prop_assert_eq!(&run_laid_out(&routine, &first, &second, expected.len()), &expected);
    }
}

#[test]
fn large_sizes_are_cut_into_units() {
    let base = Conv2d {
        images: 1,
        channels: 130,
        filters: 200,
        groups: 1,
        source: [9, 9],
        result: [9, 9],
        kernel: [3, 3],
        strides: [1, 1],
        dilations: [1, 1],
        padding: [1, 1],
    };
    check(base);
    assert!(convolution::forward_units(&base) > 1, "by filters");
    assert!(convolution::data_gradient_units(&base) > 1, "by channels");
    assert!(convolution::weights_gradient_units(&base) > 1, "by channels");
    let large = Conv2d { images: 2, channels: 2, filters: 5, source: [70, 70], result: [70, 70], ..base };
    check(large);
    assert!(convolution::forward_units(&large) > 2, "by parts of planes");
    let banded = Conv2d { channels: 20, filters: 40, source: [31, 26], result: [31, 26], ..base };
    check(banded);
    let pointwise = Conv2d { kernel: [1, 1], padding: [0, 0], ..base };
    check(pointwise);
    // With a right matrix that lies along its columns, and is laid out anew in parts.
    let a = Matrices { offset: 0, batch: vec![], row: 1100, column: 1 };
    let b = Matrices { offset: 0, batch: vec![], row: 1, column: 1100 };
    let sizes =
        MatMul { batch: vec![], rows: 5, columns: 40, depth: 1100, a, b, epilogue: Epilogue::default() };
    assert_eq!(matmul::parts(&sizes), 1);
    let (first, second) = (values(5500, 9), values(44_000, 10));
    let got = run(&Routine::MatMul(sizes), &first, &second, 200);
    for (i, value) in got.into_iter().enumerate() {
        let (a, b) = (&first[i / 40 * 1100..], &second[i % 40 * 1100..]);
        assert_eq!(value, (0..1100).map(|k| a[k] * b[k]).sum::<f32>());
    }
    // Deep, and too small to be cut elsewhere.
    let batch = |row, column, stride| Matrices { offset: 0, batch: vec![stride], row, column };
    let (a, b) = (batch(5003, 1, 5003), batch(7, 1, 0));
    let epilogue = Epilogue { bias: true, relu: true };
    let sizes = MatMul { batch: vec![2], rows: 1, columns: 7, depth: 5003, a, b, epilogue };
    assert!(matmul::parts(&sizes) > 2);
    let added = values(7, 20);
    let (first, second) = (values(10_006, 11), values(35_021, 12));
    let got = run(&Routine::MatMul(sizes), &first, &second, 14);
    for (i, value) in got.into_iter().enumerate() {
        let a = &first[i / 7 * 5003..];
        let sum = (0..5003).map(|k| a[k] * second[k * 7 + i % 7]).sum::<f32>();
        assert_eq!(value, finished(epilogue, sum, added[i % 7]));
    }
    let a = Matrices { offset: 0, batch: vec![], row: 3, column: 1 };
    let b = Matrices { offset: 0, batch: vec![], row: 700, column: 1 };
    let sizes = MatMul { batch: vec![], rows: 600, columns: 700, depth: 3, a, b, epilogue };
    assert!(matmul::units(&sizes) > 4);
    let added = values(700, 20);
    let (first, second) = (values(1800, 7), values(2100, 8));
    let got = run(&Routine::MatMul(sizes), &first, &second, 600 * 700);
    for (i, value) in got.into_iter().enumerate() {
        let (row, column) = (i / 700, i % 700);
        let sum = (0..3).map(|k| first[row * 3 + k] * second[k * 700 + column]).sum::<f32>();
        assert_eq!(value, finished(epilogue, sum, added[column]));
    }
}

/// What each method makes of some routines, in GFLOP/s of one thread: what the rules that choose between them come from.
///
/// `cargo test --release -p metal-bridge --lib methods_compared -- --ignored --nocapture`
#[test]
#[ignore = "measures"]
fn methods_compared() {
    const ROUNDS: usize = 15;
    let convolution = |images, channels, filters, side, kernel: usize| {
        let [source, kernel, padding] = [[side; 2], [kernel; 2], [kernel / 2; 2]];
        let (groups, strides, dilations) = (1, [1; 2], [1; 2]);
        Conv2d {
            images,
            channels,
            filters,
            groups,
            source,
            result: source,
            kernel,
            strides,
            dilations,
            padding,
        }
    };
    let convolutions = [
        [8, 1, 32, 28, 3],
        [8, 3, 16, 128, 3],
        [8, 16, 32, 64, 3],
        [8, 32, 64, 14, 3],
        [8, 32, 64, 32, 3],
        [4, 128, 128, 28, 3],
        [4, 256, 256, 14, 3],
        [4, 512, 512, 7, 3],
        [8, 8, 2, 32, 3],
        [8, 16, 4, 32, 3],
        [8, 16, 16, 24, 5],
        [1, 64, 64, 56, 3],
        [8, 32, 64, 4, 3],
        [8, 16, 16, 32, 3],
        [8, 24, 48, 30, 3],
        [16, 64, 64, 4, 3],
    ];
    let mut routines: Vec<(Routine, [usize; 3])> = Vec::new();
    for [images, channels, filters, side, kernel] in convolutions {
        let sizes = convolution(images, channels, filters, side, kernel);
        let [source, result] = [channels, filters].map(|planes| images * planes * side * side);
        let weights = filters * channels * kernel * kernel;
        routines.push((Routine::Conv2d(sizes, Epilogue::default()), [source, weights, result]));
        routines.push((Routine::Conv2dDataGradient(sizes), [result, weights, source]));
        routines.push((Routine::Conv2dWeightsGradient(sizes), [result, source, weights]));
    }
    for (routine, [first, second, result]) in routines {
        let methods = Method::all(&routine);
        let needed = methods.iter().map(Method::scratch).max().unwrap_or(0);
        let (call, _out) = call(&routine, needed, &values(first, 1), &values(second, 2), result);
        let mut best = vec![f64::INFINITY; methods.len()];
        let mut scratch = Scratch::default();
        for _ in 0..ROUNDS {
            for (method, best) in methods.iter().zip(&mut best) {
                let start = std::time::Instant::now();
                // SAFETY: the call lives until the end of this function, and no one else uses its buffers.
                for work in unsafe { RoutineWork::phases_of(method.clone(), &call) } {
                    work.run(0..work.units(), &AtomicBool::new(false), &mut scratch).unwrap();
                }
                *best = best.min(start.elapsed().as_secs_f64());
            }
        }
        let rates: Vec<String> = methods
            .iter()
            .zip(&best)
            .map(|(method, best)| {
                format!("{method:?}").split('(').next().unwrap_or_default().to_owned()
                    + &format!(" {:.0}", routine.flops() / best * 1e-9)
            })
            .collect();
        println!("{routine}: {}", rates.join(", "));
    }
}

//! The built-in kernels against references in double precision: random data, ragged sizes, many shapes of threadgroups.

#[path = "kernels/random.rs"]
mod random;
#[path = "kernels/run.rs"]
mod run;

use metal_bridge::kernels::METAL_KERNEL_NAMES;
use random::Random;
use run::{Scalar::Float, Scalar::Uint, buffer, run};

/// The unit roundoff of f32: the largest relative error of one correctly rounded operation.
const U: f64 = 1.0 / (1u64 << 24) as f64;

/// Threadgroups of all kinds: single threads, whole and partial SIMD-groups, flat, tall and square ones.
const GROUPS: [[usize; 2]; 11] =
    [[1, 1], [32, 1], [8, 8], [16, 16], [256, 1], [1, 64], [7, 3], [1024, 1], [33, 1], [3, 5], [2, 512]];

/// Checks every element; `bound` gives the allowed absolute error of element i.
fn check(what: &str, got: &[f32], want: &[f64], bound: impl Fn(usize) -> f64) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let error = (f64::from(*got) - want).abs();
        assert!(
            error <= bound(i),
            "{what}: element {i} is {got}, expected {want}, error {error:e} > {:e}",
            bound(i)
        );
    }
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

/// The CPU device shows what it compiles to.
#[cfg(any(not(target_vendor = "apple"), feature = "cpu"))]
#[test]
fn each_can_be_shown_at_every_stage() {
    use metal_bridge::{Device, DeviceConfig, METAL_KERNEL_SOURCE, Stage};
    let device = Device::cpu(DeviceConfig::new()).unwrap();
    let library = device.new_library_with_source(METAL_KERNEL_SOURCE, &Default::default()).unwrap();
    for name in METAL_KERNEL_NAMES {
        let function = library.new_function_with_name(name).unwrap();
        // Those of a row of a threadgroup share their sums. How many run together depends on the machine elsewhere.
        let threads = if name == "layer_norm_float32" {
            "32 threads of SIMD-groups along x"
        } else {
            "threads of the grid"
        };
        for (stage, part) in [
            (Stage::Llvm, "define void @msl.thread(".to_owned()),
            (Stage::Kernel, format!("kernel \"{name}\" {{\n")),
            (Stage::Plan, threads.to_owned()),
            (Stage::Assembly, "\tret".to_owned()),
        ] {
            let text = function.inspect(stage).unwrap_or_else(|error| panic!("{name}, {stage:?}: {error}"));
            assert!(text.contains(&part), "{name}, {stage:?}:\n{text}");
        }
    }
}

#[test]
fn the_library_has_the_documented_kernels() {
    assert_eq!(run::library().function_names(), METAL_KERNEL_NAMES);
}

#[test]
fn arguments_stand_at_their_documented_indices() {
    let linear = ["input", "weight", "bias", "output", "batch_size", "input_features", "output_features"];
    let binary = ["inputA", "inputB", "result"];
    for (kernel, arguments) in [
        ("add_arrays_float32", &binary[..]),
        ("add_arrays_int32", &binary),
        ("mul_arrays_float32", &binary),
        ("mul_arrays_int32", &binary),
        ("relu_float32", &["input", "result"]),
        ("relu_int32", &["input", "result"]),
        ("sigmoid_float32", &["input", "result"]),
        ("matmul_float32", &["matrixA", "matrixB", "result", "M", "N", "P"]),
        ("batch_matmul_float32", &["batchA", "batchB", "batchResult", "batch_size", "M", "N", "P"]),
        ("linear_forward_float32", &linear),
        ("linear_relu_float32", &linear),
        ("linear_sigmoid_float32", &linear),
        ("adam_update_float32", &["params", "gradients", "m", "v", "lr", "beta1", "beta2", "eps", "t"]),
        (
            "sgd_momentum_update_float32",
            &["params", "gradients", "velocity", "lr", "momentum", "weight_decay"],
        ),
        (
            "layer_norm_float32",
            &["input", "gamma", "beta", "output", "mean_out", "var_out", "batch_size", "features"],
        ),
    ] {
        let function = run::library().new_function_with_name(kernel).unwrap();
        let found: Vec<_> =
            function.reflection().arguments.iter().map(|a| (a.index, a.name.as_str())).collect();
        let expected: Vec<_> = (0u32..).zip(arguments.iter().copied()).collect();
        assert_eq!(found, expected, "{kernel}");
    }
}

#[test]
fn every_file_compiles_alone() {
    for (file, source) in [
        ("elementwise", include_str!("../src/kernels/elementwise.metal")),
        ("activation", include_str!("../src/kernels/activation.metal")),
        ("matmul", include_str!("../src/kernels/matmul.metal")),
        ("linear", include_str!("../src/kernels/linear.metal")),
        ("optimizer", include_str!("../src/kernels/optimizer.metal")),
        ("layer_norm", include_str!("../src/kernels/layer_norm.metal")),
    ] {
        let library = run::device().new_library_with_source(source, &Default::default());
        let library = library.unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(library.warnings().is_empty(), "{file}: {:?}", library.warnings());
        assert!(library.function_names().iter().all(|name| METAL_KERNEL_NAMES.contains(name)), "{file}");
    }
}

/// Lengths around SIMD-groups and threadgroups, and one for each shape of threadgroup.
fn lengths() -> impl Iterator<Item = (usize, [usize; 2])> {
    let lengths = [1, 31, 32, 33, 1000, 1024, 1025, 4099, 7, 255, 2048];
    lengths.into_iter().zip(GROUPS)
}

#[test]
fn arithmetic_is_exact() {
    let mut random = Random::new(1);
    for (n, group) in lengths() {
        let (a, b) = (random.floats(n, 100.0), random.floats(n, 100.0));
        let (x, y) = (random.ints(n), random.ints(n));
        let [fa, fb, fr] = [buffer(&a), buffer(&b), buffer(&vec![0f32; n])];
        let [ix, iy, ir] = [buffer(&x), buffer(&y), buffer(&vec![0i32; n])];
        run("add_arrays_float32", &[&fa, &fb, &fr], &[], [n, 1, 1], group);
        // One operation has one correctly rounded result.
        assert_eq!(fr.read::<f32>().unwrap(), a.iter().zip(&b).map(|(a, b)| a + b).collect::<Vec<_>>());
        run("mul_arrays_float32", &[&fa, &fb, &fr], &[], [n, 1, 1], group);
        assert_eq!(fr.read::<f32>().unwrap(), a.iter().zip(&b).map(|(a, b)| a * b).collect::<Vec<_>>());
        run("add_arrays_int32", &[&ix, &iy, &ir], &[], [n, 1, 1], group);
        assert_eq!(
            ir.read::<i32>().unwrap(),
            x.iter().zip(&y).map(|(x, y)| x.wrapping_add(*y)).collect::<Vec<_>>()
        );
        run("mul_arrays_int32", &[&ix, &iy, &ir], &[], [n, 1, 1], group);
        assert_eq!(
            ir.read::<i32>().unwrap(),
            x.iter().zip(&y).map(|(x, y)| x.wrapping_mul(*y)).collect::<Vec<_>>()
        );
    }
}

#[test]
fn arithmetic_in_place() {
    let a = buffer(&[1.0f32, 2.0, 3.0]);
    run("add_arrays_float32", &[&a, &a, &a], &[], [3, 1, 1], [2, 1]);
    assert_eq!(a.read::<f32>().unwrap(), [2.0, 4.0, 6.0]);
}

#[test]
fn relu_is_exact() {
    let mut random = Random::new(2);
    for (n, group) in lengths() {
        let (a, x) = (random.floats(n, 10.0), random.ints(n));
        let (fr, ir) = (buffer(&vec![-1f32; n]), buffer(&vec![-1i32; n]));
        run("relu_float32", &[&buffer(&a), &fr], &[], [n, 1, 1], group);
        assert_eq!(fr.read::<f32>().unwrap(), a.iter().map(|a| a.max(0.0)).collect::<Vec<_>>());
        run("relu_int32", &[&buffer(&x), &ir], &[], [n, 1, 1], group);
        assert_eq!(ir.read::<i32>().unwrap(), x.iter().map(|x| *x.max(&0)).collect::<Vec<_>>());
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// How far the kernels' sigmoid of x may be off: MSL allows its fast exp 3 + 2|x| units in the last place, and
/// addition and division a few more. Where the result is below the normal numbers, it may be zero.
fn sigmoid_bound(x: f64) -> f64 {
    (3.0 + 2.0 * x.abs() + 5.0) * 2.0 * U * sigmoid(x) + f64::from(f32::MIN_POSITIVE)
}

#[test]
fn sigmoid_within_the_bounds_of_exp() {
    let mut random = Random::new(3);
    for (n, group) in lengths() {
        let mut x = random.floats(n, 20.0);
        x.extend([0.0, -0.0, 88.0, -88.0, 104.0, -104.0, 1e30, -1e30, f32::MAX, f32::MIN]);
        let result = buffer(&vec![-1f32; x.len()]);
        run("sigmoid_float32", &[&buffer(&x), &result], &[], [x.len(), 1, 1], group);
        let x = wide(&x);
        let want: Vec<f64> = x.iter().map(|x| sigmoid(*x)).collect();
        check("sigmoid", &result.read().unwrap(), &want, |i| sigmoid_bound(x[i]));
    }
}

/// The product of a[m, n] and b[n, p], and the sums of the products' magnitudes, which bound the error: a sum of n
/// products in any order, fused or not, is off by at most about n units of roundoff of that.
fn product(a: &[f64], b: &[f64], [m, n, p]: [usize; 3]) -> (Vec<f64>, Vec<f64>) {
    let (mut values, mut magnitudes) = (Vec::new(), Vec::new());
    for row in 0..m {
        for col in 0..p {
            let terms = || (0..n).map(|k| a[row * n + k] * b[k * p + col]);
            values.push(terms().sum());
            magnitudes.push(terms().map(f64::abs).sum());
        }
    }
    (values, magnitudes)
}

/// Sizes of matrices, one for each shape of threadgroup.
const MATRICES: [[usize; 3]; 11] = [
    [1, 1, 1],
    [5, 7, 65],
    [8, 8, 8],
    [33, 65, 31],
    [2, 1000, 300],
    [100, 3, 1],
    [29, 17, 23],
    [1, 64, 1500],
    [64, 64, 64],
    [11, 0, 6],
    [13, 128, 9],
];

#[test]
fn matmul_within_the_bound_of_a_plain_sum() {
    let mut random = Random::new(4);
    for (shape @ [m, n, p], group) in MATRICES.into_iter().zip(GROUPS) {
        let (a, b) = (random.floats(m * n, 1.0), random.floats(n * p, 1.0));
        let (want, magnitudes) = product(&wide(&a), &wide(&b), shape);
        // The exact grid, and one rounded up.
        for grid in [[p, m, 1], [p + 5, m + 3, 1]] {
            let result = buffer(&vec![-1f32; m * p]);
            let sizes = [Uint(m), Uint(n), Uint(p)];
            run("matmul_float32", &[&buffer(&a), &buffer(&b), &result], &sizes, grid, group);
            let bound = |i: usize| (n + 1) as f64 * U * magnitudes[i];
            check(&format!("matmul {shape:?} {group:?}"), &result.read().unwrap(), &want, bound);
        }
    }
}

#[test]
fn batch_matmul_within_the_bound_of_a_plain_sum() {
    let mut random = Random::new(5);
    for ((shape @ [m, n, p], group), batch) in
        MATRICES.into_iter().zip(GROUPS).zip([1, 2, 5, 3].into_iter().cycle())
    {
        let (a, b) = (random.floats(batch * m * n, 1.0), random.floats(batch * n * p, 1.0));
        let (mut want, mut magnitudes) = (Vec::new(), Vec::new());
        for i in 0..batch {
            let (values, sums) =
                product(&wide(&a[i * m * n..][..m * n]), &wide(&b[i * n * p..][..n * p]), shape);
            want.extend(values);
            magnitudes.extend(sums);
        }
        let result = buffer(&vec![-1f32; batch * m * p]);
        let sizes = [Uint(batch), Uint(m), Uint(n), Uint(p)];
        let grid = [p + 1, m + 2, batch + 1];
        run("batch_matmul_float32", &[&buffer(&a), &buffer(&b), &result], &sizes, grid, group);
        let bound = |i: usize| (n + 1) as f64 * U * magnitudes[i];
        check(&format!("batch_matmul {batch} {shape:?} {group:?}"), &result.read().unwrap(), &want, bound);
    }
}

#[test]
fn linear_layers() {
    let mut random = Random::new(6);
    for (shape @ [batch, inputs, outputs], group) in MATRICES.into_iter().zip(GROUPS) {
        let (x, w) = (random.floats(batch * inputs, 1.0), random.floats(inputs * outputs, 1.0));
        let bias = random.floats(outputs, 2.0);
        let (mut sums, mut bounds) = product(&wide(&x), &wide(&w), shape);
        for (i, (sum, bound)) in sums.iter_mut().zip(&mut bounds).enumerate() {
            let bias = f64::from(bias[i % outputs]);
            *sum += bias;
            *bound = (inputs + 2) as f64 * U * (*bound + bias.abs());
        }
        let [x, w, bias] = [buffer(&x), buffer(&w), buffer(&bias)];
        let sizes = [Uint(batch), Uint(inputs), Uint(outputs)];
        let layer = |kernel| {
            let result = buffer(&vec![-1f32; batch * outputs]);
            run(kernel, &[&x, &w, &bias, &result], &sizes, [outputs + 3, batch + 1, 1], group);
            result.read::<f32>().unwrap()
        };
        check("linear_forward", &layer("linear_forward_float32"), &sums, |i| bounds[i]);
        let relu: Vec<f64> = sums.iter().map(|s| s.max(0.0)).collect();
        check("linear_relu", &layer("linear_relu_float32"), &relu, |i| bounds[i]);
        let sigmoids: Vec<f64> = sums.iter().map(|s| sigmoid(*s)).collect();
        // The sigmoid's slope is at most 1/4.
        check("linear_sigmoid", &layer("linear_sigmoid_float32"), &sigmoids, |i| {
            bounds[i] / 4.0 + sigmoid_bound(sums[i])
        });
    }
}

#[test]
fn adam_over_several_steps() {
    let mut random = Random::new(7);
    let (lr, beta1, beta2, eps) = (0.01f32, 0.9f32, 0.999f32, 1e-8f32);
    let [b1, b2] = [beta1, beta2].map(f64::from);
    for ((n, group), first) in lengths().zip([1usize, 1, 2, 10, 100, 1000, 1, 5, 20000, 3, 7]) {
        let mut params = random.floats(n, 1.0);
        let (mut m, mut v) = (random.floats(n, 0.1), random.floats(n, 0.1));
        v.iter_mut().for_each(|v| *v = v.abs());
        let buffers = [buffer(&params), buffer(&m), buffer(&v)];
        for t in first..first + 3 {
            let gradients = random.floats(n, 1.0);
            let arguments = [&buffers[0], &buffer(&gradients), &buffers[1], &buffers[2]];
            let scalars = [Float(lr), Float(beta1), Float(beta2), Float(eps), Uint(t)];
            run("adam_update_float32", &arguments, &scalars, [n, 1, 1], group);

            let [mut want_p, mut want_m, mut want_v] = [vec![0.0; n], vec![0.0; n], vec![0.0; n]];
            let [mut bound_p, mut bound_m, mut bound_v] = [vec![0.0; n], vec![0.0; n], vec![0.0; n]];
            let [power1, power2] = [b1.powi(t as i32), b2.powi(t as i32)];
            // MSL's precise pow may be off by 16 units in the last place; the subtraction from 1 magnifies that.
            let [off1, off2] =
                [power1 / (1.0 - power1), power2 / (1.0 - power2)].map(|k| (32.0 * k + 2.0) * U);
            for i in 0..n {
                let [p, g, m, v] = [params[i], gradients[i], m[i], v[i]].map(f64::from);
                want_m[i] = b1 * m + (1.0 - b1) * g;
                want_v[i] = b2 * v + (1.0 - b2) * g * g;
                // Up to three roundings in each term and one of the sum.
                bound_m[i] = 4.0 * U * ((b1 * m).abs() + ((1.0 - b1) * g).abs());
                bound_v[i] = 5.0 * U * want_v[i];
                let divisor = (want_v[i] / (1.0 - power2)).sqrt() + f64::from(eps);
                let factor = f64::from(lr) / (1.0 - power1) / divisor;
                want_p[i] = p - factor * want_m[i];
                let relative = off1 + (off2 + 5.0 * U) / 2.0 + 12.0 * U;
                bound_p[i] = factor * (bound_m[i] + want_m[i].abs() * relative) + 2.0 * U * p.abs();
            }
            params = buffers[0].read().unwrap();
            m = buffers[1].read().unwrap();
            v = buffers[2].read().unwrap();
            check("adam m", &m, &want_m, |i| bound_m[i]);
            check("adam v", &v, &want_v, |i| bound_v[i]);
            check(&format!("adam params, step {t}"), &params, &want_p, |i| bound_p[i]);
        }
    }
}

#[test]
fn sgd_over_several_steps() {
    let mut random = Random::new(8);
    let (lr, momentum, decay) = (0.1f32, 0.9f32, 0.01f32);
    for (n, group) in lengths() {
        let (mut params, mut velocity) = (random.floats(n, 1.0), random.floats(n, 1.0));
        let buffers = [buffer(&params), buffer(&velocity)];
        for _ in 0..3 {
            let gradients = random.floats(n, 1.0);
            let arguments = [&buffers[0], &buffer(&gradients), &buffers[1]];
            let scalars = [Float(lr), Float(momentum), Float(decay)];
            run("sgd_momentum_update_float32", &arguments, &scalars, [n, 1, 1], group);
            let [mut want_p, mut want_v, mut bound_p, mut bound_v] = [(); 4].map(|()| vec![0.0; n]);
            for i in 0..n {
                let [p, g, v] = [params[i], gradients[i], velocity[i]].map(f64::from);
                let [lr, momentum, decay] = [lr, momentum, decay].map(f64::from);
                want_v[i] = momentum * v + g + decay * p;
                want_p[i] = p - lr * want_v[i];
                bound_v[i] = 4.0 * U * ((momentum * v).abs() + g.abs() + (decay * p).abs());
                bound_p[i] = lr * bound_v[i] + 2.0 * U * (p.abs() + lr * want_v[i].abs());
            }
            params = buffers[0].read().unwrap();
            velocity = buffers[1].read().unwrap();
            check("sgd velocity", &velocity, &want_v, |i| bound_v[i]);
            check("sgd params", &params, &want_p, |i| bound_p[i]);
        }
    }
}

/// One layer norm with this input, against the reference.
fn check_layer_norm(
    random: &mut Random,
    x: &[f32],
    [batch, features]: [usize; 2],
    grid: [usize; 3],
    group: [usize; 2],
) {
    let what =
        |part: &str| format!("layer_norm {batch} x {features}, grid {grid:?}, group {group:?}: {part}");
    let (gamma, beta) = (random.floats(features, 2.0), random.floats(features, 2.0));
    let [output, means, vars] = [batch * features, batch, batch].map(|n| buffer(&vec![f32::NAN; n]));
    let arguments = [&buffer(x), &buffer(&gamma), &buffer(&beta), &output, &means, &vars];
    run("layer_norm_float32", &arguments, &[Uint(batch), Uint(features)], grid, group);

    let n = features as f64;
    let [mut want_mean, mut want_var, mut want, mut bound_mean, mut bound_var, mut bound] =
        [(); 6].map(|()| Vec::new());
    for row in wide(x).chunks(features) {
        let mean = row.iter().sum::<f64>() / n;
        let spread = row.iter().map(|x| (x - mean).abs()).sum::<f64>() / n;
        let var = row.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        // The first estimate of the mean is off by up to n roundings of the sum, and the correction brings that
        // down to n roundings of the deviations and one of the result.
        let first = n * U * row.iter().map(|x| x.abs()).sum::<f64>() / n;
        let mean_bound = 2.0 * U * mean.abs() + (n + 3.0) * U * (spread + first);
        let var_bound = (n + 8.0) * U * (var + first * first) + 4.0 * first * mean_bound;
        want_mean.push(mean);
        want_var.push(var);
        bound_mean.push(mean_bound);
        bound_var.push(var_bound);
        let inverse = 1.0 / (var + 1e-5).sqrt();
        for ((x, gamma), beta) in row.iter().zip(wide(&gamma)).zip(wide(&beta)) {
            let normalized = (x - mean) * inverse;
            want.push(gamma * normalized + beta);
            // rsqrt in fast mode may be off by 2 units in the last place.
            let relative = 8.0 * U + var_bound / (var + 1e-5);
            bound.push(
                gamma.abs() * (mean_bound * inverse + normalized.abs() * relative) + 2.0 * U * beta.abs(),
            );
        }
    }
    check(&what("mean"), &means.read().unwrap(), &want_mean, |i| bound_mean[i]);
    check(&what("variance"), &vars.read().unwrap(), &want_var, |i| bound_var[i]);
    check(&what("output"), &output.read().unwrap(), &want, |i| bound[i]);
}

#[test]
fn layer_norm_for_every_shape_of_threadgroup() {
    let mut random = Random::new(9);
    for shape @ [batch, features] in [[1, 1], [3, 5], [7, 32], [5, 100], [4, 513], [70, 3]] {
        let x = random.floats(batch * features, 3.0);
        for group in GROUPS {
            check_layer_norm(&mut random, &x, shape, [features, batch, 1], group);
            // A grid rounded up, with whole threadgroups outside of the data.
            check_layer_norm(&mut random, &x, shape, [features + 70, batch + 5, 1], group);
        }
    }
}

#[test]
fn layer_norm_of_values_far_from_zero() {
    let mut random = Random::new(10);
    for (offset, group) in [(1e4f32, [256, 1]), (-1e6, [1, 1]), (1e6, [8, 8]), (3e7, [1024, 1])] {
        let x: Vec<f32> =
            random.floats(4 * 700, 1.0).iter().map(|x| offset + x * (1.0 + offset.abs() * 1e-6)).collect();
        check_layer_norm(&mut random, &x, [4, 700], [700, 4, 1], group);
    }
}

#[test]
fn layer_norm_of_constant_rows() {
    let mut random = Random::new(11);
    let x: Vec<f32> = [7.0f32, -1e8, 0.1, 0.0].iter().flat_map(|x| [*x; 50]).collect();
    for group in GROUPS {
        check_layer_norm(&mut random, &x, [4, 50], [50, 4, 1], group);
    }
}

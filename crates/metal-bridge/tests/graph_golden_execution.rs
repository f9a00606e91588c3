//! Executables compute what PyTorch computes, forward and backward: the cases of `graph_golden`, compiled.

#[path = "graph_golden/cases.rs"]
#[allow(dead_code, reason = "second gradients are the reference's")]
mod cases;
mod graph;

use cases::{Case, load};
use graph::{compile, run};
use metal_bridge::graph::{GraphDevice, GraphOptimization, GraphTensor, TensorDataType};

/// What executes graphs here. The unit tests of `graph/lower` run these tests, too, on a device of theirs.
fn test_device() -> metal_bridge::Device {
    metal_bridge::Device::system_default().unwrap()
}

/// How many tests the cases are divided among, so that they are compiled in parallel.
const PARTS: usize = 6;

/// What is wrong with a case whose floats are of a type whose steps are `epsilon`. Errors may be 16 steps of
/// the greatest value: what a dozen roundings make in the longest of these compositions.
fn check(case: &Case, device: &GraphDevice, floats: TensorDataType, epsilon: f64) -> Vec<String> {
    let built = case.build(floats).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let mut targets: Vec<&GraphTensor> = Vec::new();
    let mut expected = Vec::new();
    for (target, values) in
        built.outputs.iter().chain(&built.first).zip(case.outputs.iter().chain(&case.first))
    {
        // Gradients may be one tensor.
        if !targets.contains(&target) {
            targets.push(target);
            expected.push(values);
        }
    }
    let inputs: Vec<_> =
        built.inputs.iter().zip(&case.inputs).map(|(tensor, values)| (tensor, values.data(floats))).collect();
    let executable = compile(device, &targets, &inputs, GraphOptimization::Level1);
    let mut failures = Vec::new();
    for ((got, expected), target) in run(&executable, &targets, &inputs).iter().zip(&expected).zip(&targets) {
        assert_eq!(got.shape(), expected.shape, "{}", case.name);
        let limit =
            if expected.data_type.is_float() { 16.0 * epsilon * expected.magnitude().max(1.0) } else { 0.0 };
        let close = |a: f64, b: f64| (a.is_nan() && b.is_nan()) || a == b || (a - b).abs() <= limit;
        let values = got.to_f64();
        if let Some(i) = values.iter().zip(&expected.numbers).position(|(&a, &b)| !close(a, b)) {
            failures.push(format!(
                "{floats} {}: {target:?}[{i}] is {}, expected {}",
                case.name, values[i], expected.numbers[i]
            ));
        }
    }
    failures
}

fn check_part(part: usize) {
    let device = GraphDevice::new(&crate::test_device());
    let mut failures = Vec::new();
    let cases = load().into_iter().filter(|case| !case.is_optimiser());
    for (number, case) in cases.enumerate().filter(|(number, _)| number % PARTS == part) {
        failures.extend(check(&case, &device, TensorDataType::Float32, f64::from(f32::EPSILON)));
        // What is new with 16 bits is where values are rounded, which few cases show.
        let (floats, epsilon) = if number % 2 == 0 {
            (TensorDataType::Float16, half::f16::EPSILON.to_f64())
        } else {
            (TensorDataType::BFloat16, half::bf16::EPSILON.to_f64())
        };
        if (number / PARTS).is_multiple_of(6) && case.inputs.iter().all(|values| values.exact_in(floats)) {
            failures.extend(check(&case, &device, floats, epsilon));
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

macro_rules! parts {
    ($($name:ident = $part:literal),*) => {
        $(
            #[test]
            fn $name() {
                check_part($part);
            }
        )*

        #[test]
        fn all_parts_are_tested() {
            assert_eq!([$($part),*].len(), PARTS);
        }
    };
}

parts!(part_0 = 0, part_1 = 1, part_2 = 2, part_3 = 3, part_4 = 4, part_5 = 5);

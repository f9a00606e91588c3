//! Graphs compute what PyTorch computes, forward, backward, and backward again: `graph_golden/values.jsonl` has
//! values that `graph_golden/generate.py` has made with it.
//!
//! Here the reference interpreter computes; the cases are in a module of their own, for whatever else executes
//! graphs.

#[path = "graph_golden/cases.rs"]
mod cases;

use cases::{Case, Values, load};
use metal_bridge::graph::reference::{Interpreter, evaluate, evaluate_f64};
use metal_bridge::graph::{AdamDescriptor, Graph, GraphTensor, SgdDescriptor, TensorData, TensorDataType};

/// What is wrong with values, or nothing. `tolerance` is relative to the greatest of those expected.
fn compare(what: &str, got: &[f64], expected: &Values, tolerance: f64) -> Option<String> {
    assert_eq!(got.len(), expected.numbers.len(), "{what}");
    let tolerance =
        if expected.data_type.is_float() { tolerance * expected.magnitude().max(1.0) } else { 0.0 };
    let close = |a: f64, b: f64| (a.is_nan() && b.is_nan()) || a == b || (a - b).abs() <= tolerance;
    let wrong = got.iter().zip(&expected.numbers).position(|(&a, &b)| !close(a, b))?;
    Some(format!("{what}[{wrong}] is {}, expected {}", got[wrong], expected.numbers[wrong]))
}

fn report(failures: &[String]) {
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// Everything in double precision. Constants of a graph are f32, so the tolerance is that of f32.
#[test]
fn values_and_two_gradients_are_pytorchs() {
    let mut failures = Vec::new();
    let mut gradients = 0;
    for case in load().iter().filter(|case| !case.is_optimiser()) {
        let built =
            case.build(TensorDataType::Float32).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let inputs: Vec<_> = built
            .inputs
            .iter()
            .zip(&case.inputs)
            .map(|(tensor, values)| (tensor, values.shape.as_slice(), values.numbers.as_slice()))
            .collect();
        for (what, tensors, expected) in [
            ("output", &built.outputs, &case.outputs),
            ("first", &built.first, &case.first),
            ("second", &built.second, &case.second),
        ] {
            assert_eq!(tensors.len(), expected.len(), "{}: {what}", case.name);
            let targets: Vec<&GraphTensor> = tensors.iter().collect();
            let got =
                evaluate_f64(&targets, &inputs).unwrap_or_else(|error| panic!("{}: {error}", case.name));
            for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
                assert_eq!(
                    tensors[i].shape().known().as_ref(),
                    Some(&expected.shape),
                    "{}: {what}",
                    case.name
                );
                let what = format!("{}: {what} {i}", case.name);
                failures.extend(compare(&what, got, expected, 2e-6));
            }
            gradients += usize::from(what != "output" && !tensors.is_empty());
        }
    }
    assert!(gradients > 400, "only {gradients} gradients");
    report(&failures);
}

/// Values and first gradients in each type of floats, rounded after each operation. The tolerances are 16 times
/// the type's relative error: what a dozen roundings make of it in the longest of these compositions.
#[test]
fn every_type_of_floats_is_near_pytorchs_doubles() {
    let mut failures = Vec::new();
    for (floats, epsilon) in [
        (TensorDataType::Float32, f64::from(f32::EPSILON)),
        (TensorDataType::Float16, half::f16::EPSILON.to_f64()),
        (TensorDataType::BFloat16, half::bf16::EPSILON.to_f64()),
    ] {
        let mut count = 0;
        for case in load().iter().filter(|case| !case.is_optimiser()) {
            if !case.inputs.iter().all(|values| values.exact_in(floats)) {
                continue;
            }
            count += 1;
            let built = case.build(floats).unwrap_or_else(|error| panic!("{}: {error}", case.name));
            let inputs: Vec<_> = built
                .inputs
                .iter()
                .zip(&case.inputs)
                .map(|(tensor, values)| (tensor, values.data(floats)))
                .collect();
            for (what, tensors, expected) in
                [("output", &built.outputs, &case.outputs), ("first", &built.first, &case.first)]
            {
                let targets: Vec<&GraphTensor> = tensors.iter().collect();
                let got =
                    evaluate(&targets, &inputs).unwrap_or_else(|error| panic!("{}: {error}", case.name));
                for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
                    let what = format!("{floats} {}: {what} {i}", case.name);
                    failures.extend(compare(&what, &got.to_f64(), expected, 16.0 * epsilon));
                }
            }
        }
        assert!(count > 400, "only {count} cases of {floats}");
    }
    report(&failures);
}

/// A derivative along a random direction is what a small step shows. Where the steps to both sides differ there
/// is a corner, and no derivative.
#[test]
fn gradients_are_what_small_steps_show() {
    const STEP: f64 = 1e-5;
    let mut corners = 0;
    let mut checked = 0;
    let mut failures = Vec::new();
    for case in load().iter().filter(|case| !case.weights.is_empty()) {
        let built = case.build(TensorDataType::Float32).unwrap();
        let outputs: Vec<&GraphTensor> = built.outputs.iter().collect();
        // Directions that are neither equal nor aligned with an axis.
        let direction = |i: usize, j: usize| ((i * 31 + j * 17 + 5) % 13) as f64 / 6.5 - 0.9;
        let total = |step: f64| -> f64 {
            let moved: Vec<Vec<f64>> = case
                .inputs
                .iter()
                .enumerate()
                .map(|(i, values)| {
                    let step = if values.data_type.is_float() { step } else { 0.0 };
                    values.numbers.iter().enumerate().map(|(j, n)| n + step * direction(i, j)).collect()
                })
                .collect();
            let inputs: Vec<_> = built
                .inputs
                .iter()
                .zip(&case.inputs)
                .zip(&moved)
                .map(|((tensor, values), numbers)| (tensor, values.shape.as_slice(), numbers.as_slice()))
                .collect();
            let outputs = evaluate_f64(&outputs, &inputs).unwrap();
            let weighted = outputs.iter().zip(&case.weights);
            weighted.map(|(y, w)| y.iter().zip(&w.numbers).map(|(y, w)| y * w).sum::<f64>()).sum()
        };
        let inputs: Vec<_> = built
            .inputs
            .iter()
            .zip(&case.inputs)
            .map(|(tensor, values)| (tensor, values.shape.as_slice(), values.numbers.as_slice()))
            .collect();
        let first = evaluate_f64(&built.first.iter().collect::<Vec<_>>(), &inputs).unwrap();
        let floats = case.inputs.iter().enumerate().filter(|(_, values)| values.data_type.is_float());
        let expected: f64 = floats
            .zip(&first)
            .map(|((i, _), gradient)| {
                gradient.iter().enumerate().map(|(j, g)| g * direction(i, j)).sum::<f64>()
            })
            .sum();
        let (below, here, above) = (total(-STEP), total(0.0), total(STEP));
        let scale = 1.0 + expected.abs() + here.abs();
        if ((above - here) - (here - below)).abs() / STEP > 1e-2 * scale
            || !here.is_finite()
            || !expected.is_finite()
        {
            corners += 1;
            continue;
        }
        checked += 1;
        let got = (above - below) / (2.0 * STEP);
        if (got - expected).abs() > 1e-5 * scale {
            failures.push(format!("{}: {expected}, but a small step shows {got}", case.name));
        }
    }
    assert!(checked > 300 && corners < 40, "{checked} checked, {corners} corners");
    report(&failures);
}

/// What optimisers make of a value, step by step.
#[test]
fn optimisers_step_as_pytorchs() {
    let mut failures = Vec::new();
    let cases: Vec<Case> = load().into_iter().filter(Case::is_optimiser).collect();
    assert_eq!(cases.len(), 9);
    for case in cases {
        let graph = Graph::new();
        let start = case.inputs[0].data(TensorDataType::Float32);
        let value = graph.variable(start.clone(), "value").unwrap();
        let gradient = graph.placeholder_tensor(start.shape(), TensorDataType::Float32).unwrap();
        let number = |name: &str| case.params[name].as_f64();
        let rate = number("lr").unwrap();
        let targets = if case.op == "sgd" {
            let descriptor = SgdDescriptor {
                momentum: number("momentum").unwrap_or(0.0),
                dampening: number("dampening").unwrap_or(0.0),
                weight_decay: number("weight_decay").unwrap_or(0.0),
                nesterov: case.params["nesterov"].as_bool().unwrap_or(false),
            };
            graph.sgd_step(&[&value], &[&gradient], rate, &descriptor).unwrap()
        } else {
            let default =
                if case.op == "adamw" { AdamDescriptor::adamw() } else { AdamDescriptor::default() };
            let betas = case.params["betas"].as_array();
            let beta = |i: usize| betas.map(|betas| betas[i].as_f64().unwrap());
            let descriptor = AdamDescriptor {
                beta1: beta(0).unwrap_or(default.beta1),
                beta2: beta(1).unwrap_or(default.beta2),
                epsilon: number("eps").unwrap_or(default.epsilon),
                weight_decay: number("weight_decay").unwrap_or(default.weight_decay),
                ..default
            };
            graph.adam_step(&[&value], &[&gradient], rate, &descriptor).unwrap()
        };
        let targets: Vec<&GraphTensor> = targets.iter().collect();
        let mut interpreter = Interpreter::new(&graph);
        for (step, expected) in case.outputs.iter().enumerate() {
            let data: TensorData = case.inputs[1 + step].data(TensorDataType::Float32);
            interpreter.evaluate(&targets, &[(&gradient, data)]).unwrap();
            let got = interpreter.variable(&value).unwrap().to_f64();
            let what = format!("{}: step {step}", case.name);
            failures.extend(compare(&what, &got, expected, 2e-6));
        }
    }
    report(&failures);
}

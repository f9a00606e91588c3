//! Programs mean what graphs do: the tests of executables, the golden cases and random graphs among them, run on a device that
//! interprets programs.

#![allow(clippy::duplicate_mod, reason = "each file of tests has what they share")]

#[path = "../../../tests/graph_edges.rs"]
#[allow(dead_code, reason = "the device is the crate's")]
mod edges;
#[path = "../../../tests/graph_executables.rs"]
#[allow(dead_code, reason = "the device is the crate's")]
mod executables;
#[path = "../../../tests/graph_execution.rs"]
#[allow(dead_code, reason = "the device is the crate's")]
mod execution;
#[path = "../../../tests/graph_golden_execution.rs"]
#[allow(dead_code, reason = "the device is the crate's")]
mod golden;
#[path = "../../../tests/graph_profile.rs"]
#[allow(dead_code, reason = "the device is the crate's")]
mod profile;

use super::lower;
use crate::graph::dim::Bindings;
use crate::graph::ir::specialise::specialise;
use crate::graph::{Graph, GraphTensor, TensorDataType};

/// What a graph is lowered to, as text, or why it is not.
fn lowered(target: &GraphTensor, feed: &GraphTensor) -> Result<String, String> {
    let specialised = specialise(&target.graph().lock(), &[target.id()], &Bindings::new()).unwrap();
    let [target, feed] = [target, feed].map(|tensor| specialised.node(tensor.id()));
    let device = crate::test_device();
    let graph = lower(specialised.arena, vec![feed], &[target.unwrap()], &device, true, false)?;
    Ok(graph.program.text())
}

/// Then there are kernels.
#[test]
fn tensors_beyond_two_gibibytes_are_refused() {
    let graph = Graph::new();
    let x = graph.placeholder_tensor([1 << 15, 1 << 14], TensorDataType::Float32).unwrap();
    let why = lowered(&(&x + 1.0).unwrap(), &x).unwrap_err();
    assert!(why.contains("too large"), "{why}");
    let x = graph.placeholder_tensor([1 << 15, (1 << 14) - 1], TensorDataType::Float32).unwrap();
    assert!(lowered(&(&x + 1.0).unwrap(), &x).is_ok());
}

/// What people see of a program.
#[test]
fn programs_are_shown_with_what_they_come_from() {
    let graph = Graph::new();
    let x = graph.placeholder_tensor([2, 3], TensorDataType::Float16).unwrap().with_label("image");
    let text = lowered(&graph.exp(&x).unwrap(), &x).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines.iter().any(|line| line.starts_with("// ") && line.contains("\"image\": f16[2, 3]")),
        "{text}"
    );
    assert!(lines.iter().any(|line| line.contains("exp at tests.rs:")), "{text}");
    let instructions: Vec<&str> = lines.into_iter().filter(|line| !line.starts_with("//")).collect();
    assert_eq!(
        instructions,
        [
            "t0: f16[2, 3] = Placeholder",
            "t1: f32[2, 3] = Cast(Float32) [t0]",
            "t2: f32[2, 3] = Exponent [t1]",
            "t3: f16[2, 3] = Cast(Float16) [t2]",
            "results: [t3]",
        ]
    );
}

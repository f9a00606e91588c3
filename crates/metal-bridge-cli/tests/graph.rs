//! `metal-bridge graph` over graphs that programs have saved.

mod common;

use common::metal_bridge;
use metal_bridge::graph::{Graph, GraphTensor, TensorDataType};

/// The example in the repository, with an open dimension called `batch`.
const CLASSIFIER: &str = "../../../metal-bridge/examples/classifier.json";

fn graph(options: &str) -> common::Outcome {
    metal_bridge(&format!("graph {CLASSIFIER} {options}"))
}

#[track_caller]
fn shown(options: &str) -> String {
    graph(options).exits(0).without_complaint().out
}

#[test]
fn forms_that_need_no_device() {
    let text = include_str!("../../metal-bridge/examples/classifier.json");
    let (loaded, _) = Graph::from_json(text).unwrap();
    assert_eq!(shown(""), loaded.to_text());
    assert_eq!(shown("--emit text"), loaded.to_text());
    assert_eq!(shown("--emit dot"), loaded.to_dot());
    let drawing = shown("--emit svg");
    assert_eq!(drawing, loaded.to_svg());
    assert!(drawing.starts_with("<svg") && drawing.ends_with("</svg>\n"));
    assert_eq!(drawing.matches("<g><title>").count(), loaded.operation_count());
    assert!(
        drawing.contains(">points</text>") && drawing.contains("softmax_cross_entropy at classifier.rs:")
    );
}

#[test]
fn forms_of_what_is_compiled() {
    let optimized = shown("--emit optimized --size batch=32");
    assert!(optimized.contains("f32[32, 16]") && !optimized.contains("batch"), "{optimized}");
    let msl = shown("--emit msl --size batch=32");
    assert!(msl.contains("#include <metal_stdlib>") && msl.contains("kernel void region_0("), "{msl}");
    let memory = shown("--emit memory --size batch=32");
    assert!(memory.starts_with("<svg") && memory.contains("f32[32, 16]"), "{memory}");
}

#[test]
fn times_of_all_steps() {
    let table = shown("--emit times --size batch=32 --runs 2");
    for part in ["share", "GFLOP/s", "region_0 → ", "matrix_multiplication at classifier.rs:", "medians of 2"]
    {
        assert!(table.contains(part), "expected {part:?} in:\n{table}");
    }
    let kernels = shown("--emit msl --size batch=32").matches("kernel void").count();
    assert!(table.matches(" → ").count() >= kernels, "{table}");
}

#[test]
fn every_type_of_input_gets_values() {
    let graph = Graph::new();
    let inputs = TensorDataType::ALL.map(|data_type| graph.placeholder_tensor([3, 5], data_type).unwrap());
    let sums: Vec<GraphTensor> =
        inputs.iter().map(|input| graph.cast(input, TensorDataType::Float32).unwrap()).collect();
    let targets: Vec<&GraphTensor> = sums.iter().collect();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("casts.json");
    std::fs::write(&path, graph.to_json(&targets).unwrap()).unwrap();
    let table = metal_bridge(&format!("graph {} --emit times --runs 1", path.display())).exits(0).out;
    assert!(table.contains("cast at graph.rs:"), "{table}");
}

#[test]
fn output_goes_to_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("graph.dot");
    graph(&format!("--emit dot -o {}", path.display())).exits(0).without_complaint().prints("");
    assert_eq!(std::fs::read_to_string(path).unwrap(), shown("--emit dot"));
    graph("-o nowhere/graph.txt").exits(1).complains(&["nowhere/graph.txt"]);
}

#[test]
fn mistakes_are_explained() {
    graph("--emit msl").exits(2).complains(&["--emit", "--size batch=N"]);
    graph("--size bath=3").exits(2).complains(&["--size bath", "called batch"]);
    graph("--size batch=3").exits(2).complains(&["--size batch", "changes nothing", "--emit"]);
    graph("--size batch").exits(2).complains(&["--size", "such as batch=64"]);
    graph("--size batch=0").exits(2).complains(&["`0` is no size"]);
    graph("--size batch=18446744073709551615 --emit msl").exits(1).complains(&["bytes"]);
    graph("--emit picture").exits(2).complains(&["--emit", "times"]);
    graph("--runs 0").exits(2).complains(&["--runs"]);
    metal_bridge("graph nowhere.json").exits(1).complains(&["nowhere.json"]);
    metal_bridge("graph add.metal")
        .exits(1)
        .complains(&["error: add.metal: the text is no saved graph", "line 1"]);
    metal_bridge("graph").exits(2);
}

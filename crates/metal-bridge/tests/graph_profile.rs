//! What an executable says of its steps: times, amounts, and where values lie.

mod graph;

use graph::{Random, buffer, placeholder};
use metal_bridge::graph::{
    Convolution2dDescriptor, Graph, GraphCompilationDescriptor, GraphDevice, GraphExecutable, GraphProblem,
    GraphTensor, TensorData, TensorDataType,
};
use metal_bridge::{Error, Result};

use TensorDataType::Float32;

/// What executes graphs here. The unit tests of `graph/lower` run these tests, too, on a device of theirs.
fn test_device() -> metal_bridge::Device {
    metal_bridge::Device::system_default().unwrap()
}

fn compile(
    feeds: &[&GraphTensor],
    targets: &[&GraphTensor],
    device: &GraphDevice,
) -> Result<GraphExecutable> {
    targets[0].graph().compile(device, feeds, targets, &GraphCompilationDescriptor::new())
}

#[test]
fn each_step_is_described_and_the_work_is_done() -> Result<()> {
    let graph = Graph::new();
    let mut random = Random::new(3);
    let image = placeholder(&graph, &[2, 3, 20, 20], Float32).with_label("image");
    let weights = graph.constant_with_data([8, 3, 3, 3], &[0.25f32; 216])?;
    let features =
        graph.convolution_2d(&image, &weights, None, &Convolution2dDescriptor::default().with_padding(1))?;
    let flat = graph.flatten(&features, 1)?;
    let matrix = graph.constant_with_data([3200, 4], &[0.5f32; 12_800])?;
    let scores = graph.softmax(&graph.matrix_multiplication(&flat, &matrix)?, -1)?.with_label("scores");
    let device = GraphDevice::new(&crate::test_device());
    let executable = compile(&[&image], &[&scores], &device)?;

    let input = buffer(device.device(), &random.data(Float32, &[2, 3, 20, 20]));
    let queue = device.device().new_command_queue()?;
    let profile = executable.profile(&queue, &[(&image, &input)], 2)?;
    assert_eq!(profile.steps.len(), executable.step_counts()[0]);
    assert_eq!(profile.runs, 2);
    assert!(profile.execution.as_nanos() > 0);
    assert!(profile.steps.iter().all(|step| step.time.as_nanos() > 0 && !step.operations.is_empty()));
    // Each result of the convolution is 27 products, each of the matrix product's 3200, and as many additions.
    let flops: f64 = profile.steps.iter().map(|step| step.flops).sum();
    assert_eq!(flops, 2.0 * (2.0 * 8.0 * 400.0 * 27.0 + 2.0 * 4.0 * 3200.0));
    let last = profile.steps.last().unwrap();
    assert_eq!(last.bytes_written, 2 * 4 * 4);
    assert!(last.results[0].contains("\"scores\": f32[2, 4]"), "{:?}", last.results);
    let calls: Vec<&str> =
        profile.steps.iter().flat_map(|step| &step.operations).map(String::as_str).collect();
    for call in ["convolution_2d at graph_profile.rs:", "softmax at graph_profile.rs:"] {
        assert!(calls.iter().any(|operation| operation.starts_with(call)), "{calls:?}");
    }
    let table = profile.to_string();
    assert!(table.contains(" → ") && table.lines().count() > profile.steps.len() + 2, "{table}");
    Ok(())
}

/// Variables that swap their values have to be copied at the end, which is a step, too.
#[test]
fn variables_are_assigned_by_each_run() -> Result<()> {
    let graph = Graph::new();
    let a = graph.variable(TensorData::new([2], &[1i32, 2])?, "a")?;
    let b = graph.variable(TensorData::new([2], &[10i32, 20])?, "b")?;
    let count = graph.variable(TensorData::new([1], &[0i32])?, "count")?;
    let targets = [
        graph.assign(&a, &graph.reverse(&b, &[0])?)?,
        graph.assign(&b, &graph.reverse(&a, &[0])?)?,
        graph.assign(&count, &(&count + 1)?)?,
    ];
    let device = GraphDevice::new(&crate::test_device());
    let targets: Vec<&GraphTensor> = targets.iter().collect();
    let executable = compile(&[], &targets, &device)?;
    let profile = executable.profile(&device.device().new_command_queue()?, &[], 3)?;
    assert_eq!(profile.steps.len(), executable.step_counts()[0] + 1, "{profile}");
    assert_eq!(profile.steps.last().unwrap().name, "copies");
    // A first run and three that count, each in steps and as a whole.
    assert_eq!(device.read_variable(&count)?.to_vec::<i32>()?, [8]);
    assert_eq!(device.read_variable(&a)?.to_vec::<i32>()?, [1, 2]);
    Ok(())
}

#[test]
fn mistakes_are_those_of_executions() -> Result<()> {
    let graph = Graph::new();
    let x = placeholder(&graph, &[4], Float32);
    let device = GraphDevice::new(&crate::test_device());
    let executable = compile(&[&x], &[&graph.exp(&x)?], &device)?;
    let Err(Error::Graph(error)) = executable.profile(&device.device().new_command_queue()?, &[], 1) else {
        panic!("no input was given")
    };
    assert_eq!(error.operation(), "profile");
    assert!(matches!(error.problem(), GraphProblem::MissingInput { .. }));
    Ok(())
}

#[test]
fn the_memory_plan_is_drawn() -> Result<()> {
    let graph = Graph::new();
    let x = placeholder(&graph, &[64, 64], Float32);
    let first = graph.softmax(&graph.matrix_multiplication(&x, &x)?, -1)?.with_label("a<b");
    let y = graph.matrix_multiplication(&first, &first)?;
    let device = GraphDevice::new(&crate::test_device());
    let executable = compile(&[&x], &[&y], &device)?;
    let picture = &executable.memory_pictures()[0];
    let plan = &executable.memory_plans()[0];
    assert_eq!(picture.matches("<g><title>").count(), plan.lines().count() - 1, "{plan}\n{picture}");
    // A device that executes the graph by itself does not tell where values lie.
    assert!(plan.contains("a<b") || executable.step_counts()[0] == 1, "{plan}");
    assert_eq!(picture.contains("a&lt;b"), plan.contains("a<b"), "{picture}");
    assert!(!picture.contains("a<b"), "{picture}");
    Ok(())
}

//! What is particular to graphs on Apple's GPUs: MPSGraph executes them. That it computes what graphs mean is what the other
//! tests of graphs show, on the same device.
#![cfg(target_vendor = "apple")]

use metal_bridge::graph::{
    Graph, GraphCompilationDescriptor, GraphDevice, GraphExecutionDescriptor, GraphOptimization,
    TensorDataType,
};
use metal_bridge::{Device, DeviceKind, ResourceOptions};

/// The default GPU, whatever the environment says.
fn device() -> Device {
    let devices = Device::all().unwrap();
    devices.into_iter().find(|device| device.kind() == DeviceKind::Metal).expect("this machine has a GPU")
}

#[test]
fn a_graph_is_one_step_of_mpsgraphs() {
    let graph = Graph::new();
    let x = graph.placeholder_tensor([64, 64], TensorDataType::Float32).unwrap().with_label("x");
    let y = graph.softmax(&graph.matrix_multiplication(&x, &x).unwrap(), -1).unwrap();
    let device = device();
    let input = device.new_buffer_with_data(&[0.5f32; 64 * 64], ResourceOptions::default()).unwrap();
    let queue = device.new_command_queue().unwrap();
    for level in [GraphOptimization::Level0, GraphOptimization::Level1] {
        let descriptor = GraphCompilationDescriptor::new().optimization_level(level);
        let executable = graph.compile(&GraphDevice::new(&device), &[&x], &[&y], &descriptor).unwrap();
        assert_eq!(executable.step_counts(), [1]);
        assert!(executable.sources()[0].contains("MatMul"), "{}", executable.sources()[0]);
        let execution =
            executable.execute(&queue, &[(&x, &input)], None, &GraphExecutionDescriptor::new()).unwrap();
        let values = execution.read(&y).unwrap().to_vec::<f32>().unwrap();
        assert!(values.iter().all(|value| (value - 1.0 / 64.0).abs() < 1e-6), "{values:?}");
        let profile = executable.profile(&queue, &[(&x, &input)], 2).unwrap();
        assert_eq!(profile.steps[0].name, "graph");
        assert!(profile.execution.as_nanos() > 0);
    }
}

/// Executions of one queue see what the ones before have assigned, also when several threads hand them over.
#[test]
fn executions_from_many_threads_are_whole() {
    let graph = Graph::new();
    let first = metal_bridge::graph::TensorData::new([4], &[0i32; 4]).unwrap();
    let count = graph.variable(first, "count").unwrap();
    let next = graph.assign(&count, &(&count + 1).unwrap()).unwrap();
    let device = device();
    let graph_device = GraphDevice::new(&device);
    let executable = graph.compile(&graph_device, &[], &[&next], &GraphCompilationDescriptor::new()).unwrap();
    let queue = device.new_command_queue().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..25 {
                    executable.execute(&queue, &[], None, &GraphExecutionDescriptor::new()).unwrap();
                }
            });
        }
    });
    assert_eq!(graph_device.read_variable(&count).unwrap().to_vec::<i32>().unwrap(), [100; 4]);
}

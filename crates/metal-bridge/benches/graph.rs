//! Graphs: executions of whole executables, and of parts of them that have names.
//!
//! `cargo bench -p metal-bridge --bench graph`

use divan::Bencher;
use divan::counter::ItemsCount;
use metal_bridge::graph::{
    AdamDescriptor, Graph, GraphCompilationDescriptor, GraphDevice, GraphExecutable,
    GraphExecutionDescriptor, GraphTensor, LossReduction, TensorData, TensorDataType,
};
use metal_bridge::{Buffer, CommandQueue, Device, ResourceOptions, Result};

use TensorDataType::{Float32, Int32};

fn main() {
    divan::main();
}

/// An executable with buffers for everything.
struct Work {
    executable: GraphExecutable,
    queue: CommandQueue,
    inputs: Vec<(GraphTensor, Buffer)>,
    results: Vec<(GraphTensor, Buffer)>,
}

impl Work {
    fn new(targets: &[&GraphTensor], feeds: &[(&GraphTensor, Vec<u8>)]) -> Result<Self> {
        let device = Device::system_default()?;
        let feed_tensors: Vec<&GraphTensor> = feeds.iter().map(|(tensor, _)| *tensor).collect();
        let executable = targets[0].graph().compile(
            &GraphDevice::new(&device),
            &feed_tensors,
            targets,
            &GraphCompilationDescriptor::new(),
        )?;
        let options = ResourceOptions::default();
        let inputs = feeds
            .iter()
            .map(|(tensor, bytes)| Ok(((*tensor).clone(), device.new_buffer_with_bytes(bytes, options)?)))
            .collect::<Result<_>>()?;
        let results = targets
            .iter()
            .map(|tensor| {
                let elements: usize = tensor.shape().known().unwrap_or_default().iter().product();
                let length = elements * tensor.data_type().size();
                Ok(((*tensor).clone(), device.new_buffer_with_length(length, options)?))
            })
            .collect::<Result<_>>()?;
        Ok(Self { executable, queue: device.new_command_queue()?, inputs, results })
    }

    fn run(&self) {
        let inputs: Vec<_> = self.inputs.iter().map(|(tensor, buffer)| (tensor, buffer)).collect();
        let results: Vec<_> = self.results.iter().map(|(tensor, buffer)| (tensor, buffer)).collect();
        let descriptor = GraphExecutionDescriptor::new().wait_until_completed(true);
        self.executable.execute(&self.queue, &inputs, Some(&results), &descriptor).expect("it ran before");
    }
}

/// Floats between -1 and 1.
fn floats(count: usize) -> Vec<u8> {
    let value = |i: usize| ((i as u32).wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 23) as f32 - 1.0;
    (0..count).flat_map(|i| value(i).to_ne_bytes()).collect()
}

fn bench(bencher: Bencher<'_, '_>, items: usize, work: Result<Work>) {
    let work = work.expect("the graph is right");
    work.run();
    bencher.counter(ItemsCount::new(items)).bench(|| work.run());
}

#[divan::bench]
fn tiny(bencher: Bencher<'_, '_>) {
    let work = || {
        let graph = Graph::new();
        let x = graph.placeholder_tensor([64], Float32)?;
        let y = graph.relu(&(&(&x * 2.0)? + 1.0)?)?;
        Work::new(&[&y], &[(&x, floats(64))])
    };
    bench(bencher, 64, work());
}

#[divan::bench(args = [512, 1024])]
fn matmul(bencher: Bencher<'_, '_>, n: usize) {
    let work = || {
        let graph = Graph::new();
        let (a, b) = (graph.placeholder_tensor([n, n], Float32)?, graph.placeholder_tensor([n, n], Float32)?);
        let product = graph.matrix_multiplication(&a, &b)?;
        Work::new(&[&product], &[(&a, floats(n * n)), (&b, floats(n * n))])
    };
    bench(bencher, 2 * n * n * n, work());
}

#[divan::bench]
fn softmax(bencher: Bencher<'_, '_>) {
    let work = || {
        let graph = Graph::new();
        let x = graph.placeholder_tensor([4096, 1024], Float32)?;
        let y = graph.softmax(&x, -1)?;
        Work::new(&[&y], &[(&x, floats(4096 * 1024))])
    };
    bench(bencher, 4096 * 1024, work());
}

#[divan::bench]
fn layer_norm(bencher: Bencher<'_, '_>) {
    let work = || {
        let graph = Graph::new();
        let x = graph.placeholder_tensor([4096, 1024], Float32)?;
        let (gamma, beta) =
            (graph.placeholder_tensor([1024], Float32)?, graph.placeholder_tensor([1024], Float32)?);
        let y = graph.layer_norm(&x, &[-1], Some(&gamma), Some(&beta), 1e-5)?;
        Work::new(&[&y], &[(&x, floats(4096 * 1024)), (&gamma, floats(1024)), (&beta, floats(1024))])
    };
    bench(bencher, 4096 * 1024, work());
}

/// Eight element-wise operations on 2^24 values.
#[divan::bench]
fn chain(bencher: Bencher<'_, '_>) {
    const COUNT: usize = 1 << 24;
    let work = || {
        let graph = Graph::new();
        let x = graph.placeholder_tensor([COUNT], Float32)?;
        let mut y = x.clone();
        for i in 0..4 {
            y = graph.maximum(&(&y * (1.5 + f64::from(i)))?, -0.25)?;
        }
        Work::new(&[&y], &[(&x, floats(COUNT))])
    };
    bench(bencher, COUNT, work());
}

/// 784-512-256-10 with cross-entropy, a step of Adam.
#[divan::bench]
fn perceptron_adam(bencher: Bencher<'_, '_>) {
    const BATCH: usize = 256;
    let work = || {
        let graph = Graph::new();
        let x = graph.placeholder_tensor([BATCH, 784], Float32)?.with_label("x");
        let labels = graph.placeholder_tensor([BATCH], Int32)?.with_label("labels");
        let mut variables = Vec::new();
        let mut y = x.clone();
        for (layer, [from, to]) in [[784, 512], [512, 256], [256, 10]].into_iter().enumerate() {
            let data = TensorData::from_bytes(Float32, [from, to], &floats(from * to))?;
            let w = graph.variable(data, &format!("w{layer}"))?;
            let b =
                graph.variable(TensorData::from_bytes(Float32, [to], &floats(to))?, &format!("b{layer}"))?;
            y = (&graph.matrix_multiplication(&y, &w)? + &b)?;
            if layer < 2 {
                y = graph.relu(&y)?;
            }
            variables.extend([w, b]);
        }
        let loss = graph.softmax_cross_entropy(&y, &labels, -1, LossReduction::Mean)?;
        let by: Vec<&GraphTensor> = variables.iter().collect();
        let gradients = graph.gradients(&loss, &by)?;
        let gradients: Vec<&GraphTensor> = gradients.iter().collect();
        let steps = graph.adam_step(&by, &gradients, 1e-3, &AdamDescriptor::default())?;
        let mut targets = vec![&loss];
        targets.extend(&steps);
        let classes: Vec<u8> = (0..BATCH as i32).flat_map(|i| (i % 10).to_ne_bytes()).collect();
        Work::new(&targets, &[(&x, floats(BATCH * 784)), (&labels, classes)])
    };
    bench(bencher, BATCH, work());
}

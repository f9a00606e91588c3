//! Many threads ask one network: requests that come at the same time are computed together, as an inference server
//! does it.
//!
//! ```text
//! cargo run --release -p metal-bridge-examples --bin server
//! ```

use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use metal_bridge::graph::{
    Dim, Graph, GraphCompilationDescriptor, GraphDevice, GraphExecutable, GraphExecutionDescriptor,
    GraphTensor, TensorData, TensorDataType,
};
use metal_bridge::{CommandQueue, Device, ResourceOptions};

const INPUTS: usize = 256;
const OUTPUTS: usize = 64;
const CLIENTS: usize = 8;
const REQUESTS: usize = 200;
const MOST: usize = 16;

/// A question and where the answer goes.
struct Request {
    input: Vec<f32>,
    answer: mpsc::Sender<Vec<f32>>,
}

/// A layer whose batch may be of any size.
struct Network {
    executable: GraphExecutable,
    queue: CommandQueue,
    x: GraphTensor,
    y: GraphTensor,
}

impl Network {
    fn new(device: &Device) -> Result<Self> {
        let graph = Graph::new();
        let x = graph.placeholder_tensor([Dim::open("batch"), INPUTS.into()], TensorDataType::Float32)?;
        let mut random = fastrand::Rng::with_seed(1);
        let values: Vec<f32> = (0..INPUTS * OUTPUTS).map(|_| random.f32() - 0.5).collect();
        let w = graph.constant(TensorData::new([INPUTS, OUTPUTS], &values)?)?;
        let y = graph.softmax(&graph.matrix_multiplication(&x, &w)?, -1)?;
        let descriptor = GraphCompilationDescriptor::new().cached_shapes(MOST);
        let executable = graph.compile(&GraphDevice::new(device), &[&x], &[&y], &descriptor)?;
        Ok(Self { executable, queue: device.new_command_queue()?, x, y })
    }

    /// The answers for some inputs.
    fn ask(&self, inputs: &[f32]) -> Result<Vec<f32>> {
        let buffer = self.queue.device().new_buffer_with_data(inputs, ResourceOptions::default())?;
        let descriptor = GraphExecutionDescriptor::new().dimension("batch", inputs.len() / INPUTS);
        let execution = self.executable.execute(&self.queue, &[(&self.x, &buffer)], None, &descriptor)?;
        Ok(execution.read(&self.y)?.to_vec()?)
    }

    /// Answers until nobody can ask any more. Gives the numbers of requests and batches.
    fn serve(&self, requests: &mpsc::Receiver<Request>) -> Result<[usize; 2]> {
        let [mut answered, mut batches] = [0; 2];
        while let Ok(first) = requests.recv() {
            // Whoever has asked in the meantime is answered as well.
            let mut together = vec![first];
            together.extend(requests.try_iter().take(MOST - 1));
            let inputs: Vec<f32> = together.iter().flat_map(|request| request.input.clone()).collect();
            let answers = self.ask(&inputs)?;
            for (request, answer) in together.iter().zip(answers.chunks(OUTPUTS)) {
                // Who has gone away needs no answer.
                let _ = request.answer.send(answer.to_vec());
            }
            answered += together.len();
            batches += 1;
        }
        Ok([answered, batches])
    }
}

fn main() -> Result<()> {
    let network = Network::new(&Device::system_default()?)?;
    for batch in 1..=MOST {
        network.ask(&vec![0.0; batch * INPUTS])?; // compiles for this size
    }
    let start = Instant::now();
    let (ask, requests) = mpsc::channel::<Request>();
    let [answered, batches] = thread::scope(|scope| -> Result<[usize; 2]> {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let ask = ask.clone();
                scope.spawn(move || -> Result<()> {
                    for number in 0..REQUESTS {
                        let input =
                            (0..INPUTS).map(|i| ((i * 7 + client * 3 + number) % 11) as f32 / 11.0).collect();
                        let (answer, answers) = mpsc::channel();
                        ask.send(Request { input, answer }).ok().context("the server has gone")?;
                        let probabilities = answers.recv().context("the server gave no answer")?;
                        let sum: f32 = probabilities.iter().sum();
                        ensure!((sum - 1.0).abs() < 1e-4, "probabilities add up to {sum}");
                    }
                    Ok(())
                })
            })
            .collect();
        drop(ask);
        let served = network.serve(&requests);
        drop(requests);
        for client in clients {
            client.join().expect("clients do not panic")?;
        }
        served
    })?;
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{answered} requests of {CLIENTS} threads in {batches} batches: {:.0} a second",
        answered as f64 / seconds
    );
    Ok(())
}

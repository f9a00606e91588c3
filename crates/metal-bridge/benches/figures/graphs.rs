//! Works of graphs. `peers/pytorch_graphs.py` and `peers/jax_graphs.py` do the same with the same numbers.

use std::time::{Duration, Instant};

use metal_bridge::graph::{
    AdamDescriptor, AttentionDescriptor, Convolution2dDescriptor, Element, Graph, GraphCompilationDescriptor,
    GraphDevice, GraphExecutable, GraphExecutionDescriptor, GraphProfile, GraphTensor, LossReduction,
    Operand, Pooling2dDescriptor, TensorData,
    TensorDataType::{Float32, Int32},
};
use metal_bridge::{Buffer, CommandQueue, Device, ResourceOptions};

use crate::Result;
use crate::compare::Statistic;
use crate::ours::Ours;
use crate::peer::Peer;
use crate::reference::{layer_norm, matmul};
use crate::works::{
    Against, Content, Plan, ROUNDING, Rate, Work, bytes, floats, near, operations, product_tolerance,
};

/// All works of graphs but those that need processes of their own.
pub(crate) fn all() -> Vec<Work> {
    let work = |name, rate, peers_work, target, plan: fn(&Ours) -> Result<Plan>| {
        let against = |peer| Against { peer, work: peers_work, target: Some(target) };
        Work {
            name,
            rate,
            statistic: Statistic::Best,
            plan: Box::new(plan),
            peers: vec![against(Peer::PyTorchGraphs), against(Peer::Jax)],
            limit: None,
        }
    };
    vec![
        work("graph: matmul 512³", operations([512; 3]), "matmul_512", 1.0, |ours| product(ours, 512)),
        work("graph: matmul 1024³", operations([1024; 3]), "matmul_1024", 1.0, |ours| product(ours, 1024)),
        work("graph: matmul 2048³", operations([2048; 3]), "matmul_2048", 1.0, |ours| product(ours, 2048)),
        work("graph: softmax 4096×1024", bytes(8 * 4096 * 1024), "softmax", 1.2, softmax),
        work("graph: layer norm 4096×1024", bytes(8 * 4096 * 1024), "layer_norm", 1.2, normalisation),
        work("graph: 8 element-wise operations on 2^24", bytes(8 << 24), "chain", 1.2, chain),
        work(
            "graph: attention, batch 8, 8 heads, 256 tokens of 64",
            Rate::Operations(4.0 * 64.0 * 256.0 * 256.0 * 64.0),
            "attention",
            1.0,
            attention,
        ),
        work(
            "graph: MLP 784-512-256-10, batch 256, Adam step",
            Rate::Operations(3.0 * mlp_operations()),
            "mlp_step",
            1.5,
            |ours| training(ours, mlp),
        ),
        work(
            "graph: CNN, 32 images of 128², inference",
            Rate::Operations(CNN.operations()),
            "cnn_inference",
            2.0,
            cnn_inference,
        ),
        work(
            "graph: CNN, 32 images of 128², Adam step",
            Rate::Operations(3.0 * CNN.operations()),
            "cnn_step",
            2.0,
            |ours| training(ours, |device| CNN.step(device, EPSILON)),
        ),
        work(
            "graph: MNIST network of the demo, batch 128, Adam step",
            Rate::Operations(3.0 * MNIST.operations()),
            "mnist_step",
            2.0,
            |ours| training(ours, |device| MNIST.step(device, EPSILON)),
        ),
        Work {
            statistic: Statistic::Median,
            limit: Some(15e-6),
            peers: Vec::new(),
            ..work("graph: 3 operations on 64 values, execute and wait", Rate::Nothing, "", 1.0, tiny)
        },
    ]
}

/// A graph with its inputs, ready to be compiled.
pub(crate) struct Model {
    feeds: Vec<(GraphTensor, Buffer)>,
    targets: Vec<GraphTensor>,
    /// What is assigned besides.
    operations: Vec<GraphTensor>,
}

impl Model {
    pub(crate) fn compile(self, device: &Device) -> Result<Run> {
        let feeds: Vec<_> = self.feeds.iter().map(|(tensor, _)| tensor).collect();
        let targets: Vec<_> = self.targets.iter().collect();
        let executable = targets[0].graph().compile(
            &GraphDevice::new(device),
            &feeds,
            &targets,
            &GraphCompilationDescriptor::new().target_operations(&self.operations),
        )?;
        let result = |tensor: &GraphTensor| -> Result<_> {
            let elements: usize = tensor.shape().known().unwrap_or_default().iter().product();
            Ok(device
                .new_buffer_with_length(elements * tensor.data_type().size(), ResourceOptions::default())?)
        };
        let results =
            self.targets.iter().map(|target| Ok((target.clone(), result(target)?))).collect::<Result<_>>()?;
        Ok(Run { executable, queue: device.new_command_queue()?, feeds: self.feeds, results })
    }
}

/// A graph that can be run again and again.
pub(crate) struct Run {
    executable: GraphExecutable,
    queue: CommandQueue,
    feeds: Vec<(GraphTensor, Buffer)>,
    results: Vec<(GraphTensor, Buffer)>,
}

impl Run {
    /// Runs it; gives the time until completion is known.
    pub(crate) fn run(&self) -> Result<Duration> {
        let descriptor = GraphExecutionDescriptor::new().wait_until_completed(true);
        let feeds: Vec<_> = self.feeds.iter().map(|(tensor, buffer)| (tensor, buffer)).collect();
        let results: Vec<_> = self.results.iter().map(|(tensor, buffer)| (tensor, buffer)).collect();
        let start = Instant::now();
        self.executable.execute(&self.queue, &feeds, Some(&results), &descriptor)?;
        Ok(start.elapsed())
    }

    /// The times of its steps, medians of so many runs.
    pub(crate) fn profile(&self, runs: usize) -> Result<GraphProfile> {
        let feeds: Vec<_> = self.feeds.iter().map(|(tensor, buffer)| (tensor, buffer)).collect();
        Ok(self.executable.profile(&self.queue, &feeds, runs)?)
    }

    /// The first target's buffer.
    fn result(&self) -> &Buffer {
        &self.results[0].1
    }

    /// A step of training; gives the loss before it.
    pub(crate) fn step(&self) -> Result<f64> {
        self.run()?;
        Ok(f64::from(self.result().read::<f32>()?[0]))
    }
}

/// How many numbers of a result are compared with the peers'.
const SAMPLES: usize = 64;

/// The plan of a graph that has run once, with its result's check.
fn plan(run: Run, check: impl Fn(&Buffer) -> Result<()> + 'static) -> Result<Plan> {
    run.run()?;
    let result = run.result().clone();
    let all = result.read::<f32>()?;
    let samples = all.iter().step_by(all.len().div_ceil(SAMPLES)).map(|value| f64::from(*value)).collect();
    Ok(Plan { content: Content::Graph { run, samples }, check: Box::new(move || check(&result)) })
}

fn feed(ours: &Ours, graph: &Graph, data: &[f32], shape: &[usize]) -> Result<(GraphTensor, Buffer)> {
    let tensor = graph.placeholder_tensor(shape.to_vec(), Float32)?;
    Ok((tensor, ours.device.new_buffer_with_data(data, ResourceOptions::default())?))
}

fn product(ours: &Ours, n: usize) -> Result<Plan> {
    let graph = Graph::new();
    let [a, b] = [1, 2].map(|seed| floats(seed, n * n));
    let feeds = vec![feed(ours, &graph, &a, &[n, n])?, feed(ours, &graph, &b, &[n, n])?];
    let targets = vec![graph.matrix_multiplication(&feeds[0].0, &feeds[1].0)?];
    let expected = matmul(&a, &b, [n; 3]);
    plan(Model { feeds, targets, operations: Vec::new() }.compile(&ours.device)?, move |result| {
        near(result, expected.iter().copied(), product_tolerance(n))
    })
}

const ROWS: usize = 4096;
const COLUMNS: usize = 1024;

fn softmax(ours: &Ours) -> Result<Plan> {
    let graph = Graph::new();
    let x = floats(1, ROWS * COLUMNS);
    let feeds = vec![feed(ours, &graph, &x, &[ROWS, COLUMNS])?];
    let targets = vec![graph.softmax(&feeds[0].0, -1)?];
    let expected: Vec<f64> = x.chunks_exact(COLUMNS).flat_map(softmax_of).collect();
    plan(Model { feeds, targets, operations: Vec::new() }.compile(&ours.device)?, move |result| {
        near(result, expected.iter().copied(), 16.0 * ROUNDING / COLUMNS as f64)
    })
}

fn softmax_of(scores: &[f32]) -> Vec<f64> {
    let powers: Vec<f64> = scores.iter().map(|x| f64::from(*x).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

fn normalisation(ours: &Ours) -> Result<Plan> {
    let graph = Graph::new();
    let (x, gamma, beta) = (floats(1, ROWS * COLUMNS), floats(2, COLUMNS), floats(3, COLUMNS));
    let feeds = vec![
        feed(ours, &graph, &x, &[ROWS, COLUMNS])?,
        feed(ours, &graph, &gamma, &[COLUMNS])?,
        feed(ours, &graph, &beta, &[COLUMNS])?,
    ];
    let targets = vec![graph.layer_norm(&feeds[0].0, &[-1], Some(&feeds[1].0), Some(&feeds[2].0), 1e-5)?];
    let [expected, ..] = layer_norm(&x, &gamma, &beta);
    plan(Model { feeds, targets, operations: Vec::new() }.compile(&ours.device)?, move |result| {
        near(result, expected.iter().copied(), 4.0 * COLUMNS as f64 * ROUNDING)
    })
}

fn chain(ours: &Ours) -> Result<Plan> {
    const FACTORS: [f32; 4] = [1.5, 2.5, 3.5, 4.5];
    const LEAST: f32 = -0.25;
    let graph = Graph::new();
    let x = floats(1, 1 << 24);
    let feeds = vec![feed(ours, &graph, &x, &[x.len()])?];
    let mut y = feeds[0].0.clone();
    for factor in FACTORS {
        y = graph.maximum(&(&y * f64::from(factor))?, f64::from(LEAST))?;
    }
    plan(Model { feeds, targets: vec![y], operations: Vec::new() }.compile(&ours.device)?, move |result| {
        let steps = |x: &f32| FACTORS.iter().fold(*x, |y, factor| (y * factor).max(LEAST));
        near(result, x.iter().map(|x| f64::from(steps(x))), 0.0)
    })
}

fn attention(ours: &Ours) -> Result<Plan> {
    const SHAPE: [usize; 4] = [8, 8, 256, 64];
    let [batch, heads, tokens, features] = SHAPE;
    let graph = Graph::new();
    let data = [1, 2, 3].map(|seed| floats(seed, SHAPE.iter().product()));
    let feeds = data.iter().map(|data| feed(ours, &graph, data, &SHAPE)).collect::<Result<Vec<_>>>()?;
    let [query, key, value] = [0, 1, 2].map(|i| &feeds[i].0);
    let targets =
        vec![graph.scaled_dot_product_attention(query, key, value, &AttentionDescriptor::default())?];
    let mut expected = Vec::with_capacity(data[0].len());
    for head in 0..batch * heads {
        let [query, key, value] =
            [0, 1, 2].map(|i| &data[i][head * tokens * features..][..tokens * features]);
        for query in query.chunks_exact(features) {
            let score = |key: &[f32]| -> f32 {
                let terms = query.iter().zip(key).map(|(q, k)| f64::from(*q) * f64::from(*k));
                (terms.sum::<f64>() / (features as f64).sqrt()) as f32
            };
            let scores: Vec<f32> = key.chunks_exact(features).map(score).collect();
            let mut sums = vec![0.0; features];
            for (weight, value) in softmax_of(&scores).into_iter().zip(value.chunks_exact(features)) {
                sums.iter_mut().zip(value).for_each(|(sum, value)| *sum += weight * f64::from(*value));
            }
            expected.extend(sums);
        }
    }
    plan(Model { feeds, targets, operations: Vec::new() }.compile(&ours.device)?, move |result| {
        near(result, expected.iter().copied(), product_tolerance(features))
    })
}

fn tiny(ours: &Ours) -> Result<Plan> {
    let graph = Graph::new();
    let x = floats(1, 64);
    let feeds = vec![feed(ours, &graph, &x, &[64])?];
    let targets = vec![graph.relu(&(&(&feeds[0].0 * 2.0)? + 1.0)?)?];
    plan(Model { feeds, targets, operations: Vec::new() }.compile(&ours.device)?, move |result| {
        near(result, x.iter().map(|x| f64::from((x * 2.0 + 1.0).max(0.0))), 0.0)
    })
}

// Networks.

/// A network while it is written down.
struct Network<'a> {
    device: &'a Device,
    graph: Graph,
    feeds: Vec<(GraphTensor, Buffer)>,
    variables: Vec<GraphTensor>,
}

impl<'a> Network<'a> {
    fn new(device: &'a Device) -> Self {
        Self { device, graph: Graph::new(), feeds: Vec::new(), variables: Vec::new() }
    }

    fn feed<T: Element + bytemuck::Pod>(&mut self, shape: &[usize], data: &[T]) -> Result<GraphTensor> {
        let tensor = self.graph.placeholder_tensor(shape.to_vec(), T::DATA_TYPE)?;
        self.feeds
            .push((tensor.clone(), self.device.new_buffer_with_data(data, ResourceOptions::default())?));
        Ok(tensor)
    }

    /// A variable of random numbers, as small as the many inputs that each output has ask for.
    fn variable(&mut self, shape: &[usize], inputs: usize) -> Result<GraphTensor> {
        let scale = (1.0 / (inputs as f64).sqrt()) as f32;
        let seed = 100 + self.variables.len() as u64;
        let values: Vec<f32> =
            floats(seed, shape.iter().product()).into_iter().map(|value| value * scale).collect();
        let variable =
            self.graph.variable(TensorData::new(shape.to_vec(), &values)?, &format!("parameter {seed}"))?;
        self.variables.push(variable.clone());
        Ok(variable)
    }

    fn linear(&mut self, x: &GraphTensor, from: usize, to: usize) -> Result<GraphTensor> {
        let weights = self.variable(&[from, to], from)?;
        let bias = self.variable(&[to], from)?;
        Ok((&self.graph.matrix_multiplication(x, &weights)? + &bias)?)
    }

    fn relu(&self, x: &GraphTensor) -> Result<GraphTensor> {
        Ok(self.graph.relu(x)?)
    }

    /// A convolution of 3×3 with a bias and ReLU, and the largest of each 2×2 results.
    fn block(&mut self, x: &GraphTensor, from: usize, to: usize) -> Result<GraphTensor> {
        let weights = self.variable(&[to, from, 3, 3], 9 * from)?;
        let bias = self.variable(&[to], 9 * from)?;
        let same = Convolution2dDescriptor::default().with_padding(1);
        let y = self.graph.convolution_2d(x, &weights, Some(&bias), &same)?;
        Ok(self.graph.max_pool_2d(&self.relu(&y)?, &Pooling2dDescriptor::new(2, 2))?)
    }

    /// The model of a step with the cross entropy of some logits; its last feed is the learning rate, its first target the
    /// loss.
    fn step(mut self, logits: &GraphTensor, epsilon: f64) -> Result<Model> {
        let [batch, classes] = logits.shape().known().unwrap_or_default()[..] else {
            return Err("logits have two dimensions".into());
        };
        let labels: Vec<i32> = (0..batch).map(|i| (i % classes) as i32).collect();
        let labels = self.feed(&[batch], &labels)?;
        debug_assert_eq!(labels.data_type(), Int32);
        let rate = self.feed(&[], &[LEARNING_RATE])?;
        let loss = self.graph.softmax_cross_entropy(logits, &labels, -1, LossReduction::Mean)?;
        let variables: Vec<_> = self.variables.iter().collect();
        let gradients = self.graph.gradients(&loss, &variables)?;
        let gradients: Vec<_> = gradients.iter().collect();
        let descriptor = AdamDescriptor { epsilon, ..AdamDescriptor::default() };
        let operations = self.graph.adam_step(&variables, &gradients, Operand::from(&rate), &descriptor)?;
        Ok(Model { feeds: self.feeds, targets: vec![loss], operations })
    }
}

const BATCH_MLP: usize = 256;
const LAYERS: [usize; 4] = [784, 512, 256, 10];

fn mlp_operations() -> f64 {
    LAYERS.windows(2).map(|sizes| 2.0 * (BATCH_MLP * sizes[0] * sizes[1]) as f64).sum()
}

/// A step of the fully connected network.
fn mlp(device: &Device) -> Result<Model> {
    let mut network = Network::new(device);
    let mut y = network.feed(&[BATCH_MLP, LAYERS[0]], &floats(1, BATCH_MLP * LAYERS[0]))?;
    for (layer, sizes) in LAYERS.windows(2).enumerate() {
        y = network.linear(&y, sizes[0], sizes[1])?;
        if layer + 2 < LAYERS.len() {
            y = network.relu(&y)?;
        }
    }
    network.step(&y, EPSILON)
}

/// A network of convolutions, each with a pooling that halves the sides, and two dense layers.
struct Convolutional<const LAYERS: usize> {
    batch: usize,
    /// Of the images.
    side: usize,
    /// Before and after each convolution.
    channels: [usize; LAYERS],
    hidden: usize,
    classes: usize,
}

const CNN: Convolutional<4> =
    Convolutional { batch: 32, side: 128, channels: [3, 16, 32, 64], hidden: 128, classes: 2 };
/// The network of `cargo xtask demo`, without dropout.
const MNIST: Convolutional<3> =
    Convolutional { batch: 128, side: 28, channels: [1, 32, 64], hidden: 128, classes: 10 };

impl<const LAYERS: usize> Convolutional<LAYERS> {
    /// How many features the convolutions leave.
    fn features(&self) -> usize {
        let side = self.side >> (LAYERS - 1);
        self.channels[LAYERS - 1] * side * side
    }

    fn operations(&self) -> f64 {
        let convolutions = self.channels.windows(2).enumerate().map(|(layer, sizes)| {
            let side = self.side >> layer;
            2 * self.batch * side * side * sizes[1] * sizes[0] * 9
        });
        let dense = 2 * self.batch * (self.features() * self.hidden + self.hidden * self.classes);
        (convolutions.sum::<usize>() + dense) as f64
    }

    fn logits(&self, network: &mut Network<'_>) -> Result<GraphTensor> {
        let shape = [self.batch, self.channels[0], self.side, self.side];
        let mut y = network.feed(&shape, &floats(1, shape.iter().product()))?;
        for sizes in self.channels.windows(2) {
            y = network.block(&y, sizes[0], sizes[1])?;
        }
        let y = network.graph.flatten(&y, 1)?;
        let y = network.linear(&y, self.features(), self.hidden)?;
        let y = network.relu(&y)?;
        network.linear(&y, self.hidden, self.classes)
    }

    fn step(&self, device: &Device, epsilon: f64) -> Result<Model> {
        let mut network = Network::new(device);
        let logits = self.logits(&mut network)?;
        network.step(&logits, epsilon)
    }
}

fn cnn_inference(ours: &Ours) -> Result<Plan> {
    let mut network = Network::new(&ours.device);
    let logits = CNN.logits(&mut network)?;
    let run = Model { feeds: network.feeds, targets: vec![logits], operations: Vec::new() }
        .compile(&ours.device)?;
    run.run()?;
    let first = run.result().read::<f32>()?;
    plan(run, move |result| near(result, first.iter().map(|value| f64::from(*value)), 0.0))
}

/// A step of the network with convolutions; with another small number of Adam it is a new graph.
pub(crate) fn cnn_step(device: &Device, epsilon: f64) -> Result<Model> {
    CNN.step(device, epsilon)
}

const LEARNING_RATE: f32 = 1e-4;

pub(crate) const EPSILON: f64 = 1e-8;

/// Steps whose losses are compared with the peers'. While it is measured, training stands nearly still: a network that knows
/// all answers would have gradients of next to nothing, and arithmetic with such numbers takes another time.
fn training(ours: &Ours, model: fn(&Device) -> Result<Model>) -> Result<Plan> {
    const STEPS: usize = 3;
    const STANDSTILL: f32 = 1e-9;
    let run = model(&ours.device)?.compile(&ours.device)?;
    let samples = (0..STEPS).map(|_| run.step()).collect::<Result<Vec<_>>>()?;
    let falls = samples.iter().all(|loss| loss.is_finite()) && samples[STEPS - 1] < samples[0];
    if !falls {
        return Err(format!("wrong result: losses of {samples:?} in the first steps").into());
    }
    let rate = &run.feeds.last().expect("the learning rate is a feed").1;
    rate.write(&[STANDSTILL])?;
    let after = run.step()?;
    let loss = run.result().clone();
    let check = move || near(&loss, [after].into_iter(), 1e-3 * after);
    Ok(Plan { content: Content::Graph { run, samples }, check: Box::new(check) })
}

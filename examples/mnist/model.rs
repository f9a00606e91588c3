//! The network, as a graph.

use anyhow::Result;
use metal_bridge::graph::{
    AdamDescriptor, Convolution2dDescriptor, Dim, Graph, GraphTensor, LossReduction, Pooling2dDescriptor,
    Shape, TensorData, TensorDataType,
};

use crate::data::SIDE;

/// Of the first step; it falls to 0 as half a cosine (Loshchilov, Hutter: SGDR, 2017).
const LEARNING_RATE: f64 = 2e-3;
pub(crate) const BETAS: [f32; 2] = [0.9, 0.999];
pub(crate) const EPSILON: f32 = 1e-8;
/// The part of the dense layer's inputs that a training step leaves out.
const DROPOUT: f64 = 0.25;

/// The network in two versions that share their weights: one drops out, the other does not.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) graph: Graph,
    /// f32 `[batch, 1, 28, 28]`.
    pub(crate) images: GraphTensor,
    /// i32 `[batch]`.
    pub(crate) labels: GraphTensor,
    /// i64 `[]`: the number of the step, which decides what is dropped.
    pub(crate) step: GraphTensor,
    /// f32 `[]`: the learning rate.
    pub(crate) rate: GraphTensor,
    pub(crate) weights: Vec<GraphTensor>,
    /// With dropout.
    pub(crate) training: Version,
    /// Without.
    pub(crate) evaluation: Version,
    /// Of the training loss by each of the weights.
    pub(crate) gradients: Vec<GraphTensor>,
    /// What makes a step of Adam in the graph.
    pub(crate) adam: Vec<GraphTensor>,
}

/// What a version of the network computes.
#[derive(Debug)]
pub(crate) struct Version {
    /// f32 `[]`: the mean cross entropy.
    pub(crate) loss: GraphTensor,
    /// i32 `[batch]`: the digit that is most likely.
    pub(crate) digits: GraphTensor,
}

impl Model {
    /// First weights follow from the seed.
    pub(crate) fn new(seed: u64) -> Result<Self> {
        let graph = Graph::new();
        let images = graph
            .placeholder_tensor(
                [Dim::open("batch"), 1.into(), SIDE.into(), SIDE.into()],
                TensorDataType::Float32,
            )?
            .with_label("images");
        let labels =
            graph.placeholder_tensor([Dim::open("batch")], TensorDataType::Int32)?.with_label("labels");
        let step = graph.placeholder_tensor(Shape::scalar(), TensorDataType::Int64)?.with_label("step");
        let rate = graph.placeholder_tensor(Shape::scalar(), TensorDataType::Float32)?.with_label("rate");
        let mut random = fastrand::Rng::with_seed(seed);
        let mut weights = Vec::new();
        // Uniform within ±√(6 / inputs) (He et al.: Delving Deep into Rectifiers, 2015); biases begin with 0.
        let mut layer =
            |name: &str, shape: &[usize], inputs: usize, outputs: usize| -> Result<[GraphTensor; 2]> {
                let limit = (6.0 / inputs as f32).sqrt();
                let values: Vec<f32> =
                    (0..shape.iter().product()).map(|_| (random.f32() * 2.0 - 1.0) * limit).collect();
                let weight = graph.variable(TensorData::new(shape, &values)?, &format!("{name}.weight"))?;
                let bias = graph
                    .variable(TensorData::new([outputs], &vec![0.0f32; outputs])?, &format!("{name}.bias"))?;
                weights.extend([weight.clone(), bias.clone()]);
                Ok([weight, bias])
            };
        let layers = [
            layer("convolution1", &[32, 1, 3, 3], 9, 32)?,
            layer("convolution2", &[64, 32, 3, 3], 32 * 9, 64)?,
            layer("dense1", &[64 * 7 * 7, 128], 64 * 7 * 7, 128)?,
            layer("dense2", &[128, 10], 128, 10)?,
        ];
        let training = version(&graph, &images, &labels, &layers, Some((seed, &step)))?;
        let evaluation = version(&graph, &images, &labels, &layers, None)?;
        let by: Vec<&GraphTensor> = weights.iter().collect();
        let gradients = graph.gradients(&training.loss, &by)?;
        let descriptor = AdamDescriptor {
            beta1: BETAS[0].into(),
            beta2: BETAS[1].into(),
            epsilon: EPSILON.into(),
            ..AdamDescriptor::default()
        };
        let adam = graph.adam_step(&by, &gradients.iter().collect::<Vec<_>>(), &rate, &descriptor)?;
        Ok(Self { graph, images, labels, step, rate, weights, training, evaluation, gradients, adam })
    }
}

/// The learning rate of a step of all.
pub(crate) fn learning_rate(step: u64, steps: u64) -> f32 {
    let part = step as f64 / steps as f64;
    (LEARNING_RATE * 0.5 * (1.0 + (part * std::f64::consts::PI).cos())) as f32
}

/// Two convolutions with pooling, and two dense layers.
fn version(
    graph: &Graph,
    images: &GraphTensor,
    labels: &GraphTensor,
    [convolution1, convolution2, dense1, dense2]: &[[GraphTensor; 2]; 4],
    dropout: Option<(u64, &GraphTensor)>,
) -> Result<Version> {
    let padded = Convolution2dDescriptor {
        padding_left: 1,
        padding_right: 1,
        padding_top: 1,
        padding_bottom: 1,
        ..Convolution2dDescriptor::default()
    };
    let mut x = images.clone();
    for [weight, bias] in [convolution1, convolution2] {
        x = graph.relu(&graph.convolution_2d(&x, weight, Some(bias), &padded)?)?;
        x = graph.max_pool_2d(&x, &Pooling2dDescriptor::new(2, 2))?;
    }
    x = graph.flatten(&x, 1)?;
    if let Some((seed, step)) = dropout {
        x = graph.dropout(&x, DROPOUT, seed as i64, step)?;
    }
    x = graph.relu(&(&graph.matrix_multiplication(&x, &dense1[0])? + &dense1[1])?)?;
    let logits = (&graph.matrix_multiplication(&x, &dense2[0])? + &dense2[1])?;
    let loss = graph.softmax_cross_entropy(&logits, labels, -1, LossReduction::Mean)?;
    let digits = graph.reduction_arg_maximum(&logits, &[-1], false)?;
    Ok(Version { loss, digits })
}

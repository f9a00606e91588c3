//! Layer, RMS and batch normalisation.

use super::activation::number_within;
use super::{Built, Call};
use crate::error::Result;
use crate::graph::data_type::TensorDataType;
use crate::graph::error::GraphProblem;
use crate::graph::handle::{Graph, GraphTensor};
use crate::graph::ir::NodeId;
use crate::graph::ir::op::{BinaryOp, UnaryOp};

/// What batch normalisation in training gives.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BatchNorm {
    /// The normalised tensor.
    pub output: GraphTensor,
    /// The mean of each channel, in f32.
    pub mean: GraphTensor,
    /// The unbiased variance of each channel, in f32: what running statistics are made of.
    pub variance: GraphTensor,
}

impl Graph {
    /// Layer normalisation, of floats: along the axes, the distance from the mean divided by the standard
    /// deviation, then times `gamma`, plus `beta`, which broadcast to the tensor's shape. `epsilon` is added to
    /// the (biased) variance. 16-bit floats are computed in f32.
    ///
    /// ```
    /// use metal_bridge::{Graph, TensorDataType::Float32};
    ///
    /// let graph = Graph::new();
    /// let x = graph.placeholder_tensor([32, 20, 64], Float32)?;
    /// let gamma = graph.placeholder_tensor([64], Float32)?;
    /// let y = graph.layer_norm(&x, &[-1], Some(&gamma), None, 1e-5)?;
    /// # assert_eq!(y.shape(), x.shape());
    /// # Ok::<(), metal_bridge::Error>(())
    /// ```
    #[doc(alias = "normalizationWithTensor:meanTensor:varianceTensor:gammaTensor:betaTensor:epsilon:name:")]
    #[track_caller]
    pub fn layer_norm(
        &self,
        tensor: &GraphTensor,
        axes: &[isize],
        gamma: Option<&GraphTensor>,
        beta: Option<&GraphTensor>,
        epsilon: f64,
    ) -> Result<GraphTensor> {
        self.build("layer_norm", |call| {
            let x = call.tensor("tensor", tensor)?;
            call.float("tensor", x)?;
            check_epsilon(epsilon)?;
            let axes = call.axes_or_all("axes", axes, x)?;
            let gamma = call.scale_or_shift("gamma", gamma, x)?;
            let beta = call.scale_or_shift("beta", beta, x)?;
            call.in_f32([x], |call, [x]| {
                let mean = call.mean(x, &axes, true)?;
                let mean = call.broadcast(mean, &call.shape(x))?;
                let distance = call.minus(x, mean)?;
                let square = call.squared(distance)?;
                let variance = call.mean(square, &axes, true)?;
                let normal = call.over_root(distance, variance, epsilon)?;
                call.scale_and_shift(normal, gamma, beta)
            })
        })
    }

    /// RMS normalisation, of floats: the tensor divided by the root of its mean square along the axes, then
    /// times `gamma`. `epsilon` is added to the mean square. 16-bit floats are computed in f32.
    #[track_caller]
    pub fn rms_norm(
        &self,
        tensor: &GraphTensor,
        axes: &[isize],
        gamma: Option<&GraphTensor>,
        epsilon: f64,
    ) -> Result<GraphTensor> {
        self.build("rms_norm", |call| {
            let x = call.tensor("tensor", tensor)?;
            call.float("tensor", x)?;
            check_epsilon(epsilon)?;
            let axes = call.axes_or_all("axes", axes, x)?;
            let gamma = call.scale_or_shift("gamma", gamma, x)?;
            call.in_f32([x], |call, [x]| {
                let square = call.squared(x)?;
                let mean = call.mean(square, &axes, true)?;
                let normal = call.over_root(x, mean, epsilon)?;
                call.scale_and_shift(normal, gamma, None)
            })
        })
    }

    /// Batch normalisation with known statistics, of floats: for each channel (axis 1), the distance from
    /// `mean` divided by the root of `variance` plus `epsilon`, then times `gamma`, plus `beta`. All four have
    /// one element for each channel. 16-bit floats are computed in f32; statistics may be in f32 as well.
    #[doc(alias = "normalizationWithTensor:meanTensor:varianceTensor:gammaTensor:betaTensor:epsilon:name:")]
    #[track_caller]
    pub fn batch_norm_inference(
        &self,
        tensor: &GraphTensor,
        mean: &GraphTensor,
        variance: &GraphTensor,
        gamma: Option<&GraphTensor>,
        beta: Option<&GraphTensor>,
        epsilon: f64,
    ) -> Result<GraphTensor> {
        self.build("batch_norm_inference", |call| {
            let x = call.tensor("tensor", tensor)?;
            call.float("tensor", x)?;
            check_epsilon(epsilon)?;
            let mean = call.channels("mean", mean, x)?;
            let variance = call.channels("variance", variance, x)?;
            let gamma = gamma.map(|gamma| call.channels("gamma", gamma, x)).transpose()?;
            let beta = beta.map(|beta| call.channels("beta", beta, x)).transpose()?;
            call.in_f32([x], |call, [x]| {
                let mean = call.broadcast(mean, &call.shape(x))?;
                let distance = call.minus(x, mean)?;
                let normal = call.over_root(distance, variance, epsilon)?;
                call.scale_and_shift(normal, gamma, beta)
            })
        })
    }

    /// Batch normalisation in training, of floats: as [`batch_norm_inference`](Self::batch_norm_inference),
    /// with the mean and biased variance of each channel (axis 1) of this very tensor, which are differentiated
    /// too. 16-bit floats are computed in f32.
    ///
    /// Running statistics are variables that the program updates:
    ///
    /// ```
    /// use metal_bridge::graph::{Graph, TensorData, TensorDataType::Float32};
    ///
    /// let graph = Graph::new();
    /// let x = graph.placeholder_tensor([32, 8, 14, 14], Float32)?;
    /// let running = graph.variable(TensorData::new([8], &[0.0f32; 8])?, "running mean")?;
    /// let norm = graph.batch_norm_training(&x, None, None, 1e-5)?;
    /// let updated = ((&running * 0.9)? + &norm.mean * 0.1)?;
    /// let update = graph.assign(&running, &updated)?; // to be one of the targets
    /// # assert_eq!(update.shape(), [8]);
    /// # Ok::<(), metal_bridge::Error>(())
    /// ```
    #[track_caller]
    pub fn batch_norm_training(
        &self,
        tensor: &GraphTensor,
        gamma: Option<&GraphTensor>,
        beta: Option<&GraphTensor>,
        epsilon: f64,
    ) -> Result<BatchNorm> {
        let (output, mean, variance) = self.call("batch_norm_training", |call| {
            let x = call.tensor("tensor", tensor)?;
            call.float("tensor", x)?;
            check_epsilon(epsilon)?;
            let gamma = gamma.map(|gamma| call.channels("gamma", gamma, x)).transpose()?;
            let beta = beta.map(|beta| call.channels("beta", beta, x)).transpose()?;
            let shape = call.shape(x);
            if shape.rank() < 2 {
                return Err(GraphProblem::Rank {
                    argument: "tensor",
                    got: shape,
                    expected: "at least 2: batch and channels",
                });
            }
            let data_type = call.data_type(x);
            let axes: Vec<usize> = (0..shape.rank()).filter(|&axis| axis != 1).collect();
            let x = call.cast(x, TensorDataType::Float32)?;
            let mean = call.mean(x, &axes, true)?;
            let wide_mean = call.broadcast(mean, &shape)?;
            let distance = call.minus(x, wide_mean)?;
            let square = call.squared(distance)?;
            let variance = call.mean(square, &axes, true)?;
            let normal = call.over_root(distance, variance, epsilon)?;
            let output = call.scale_and_shift(normal, gamma, beta)?;
            let output = call.cast(output, data_type)?;

            let channels = shape[1..2].into();
            let (mean, variance) = (call.reshape(mean, &channels)?, call.reshape(variance, &channels)?);
            let variance = call.unbiased(variance, x, &axes)?;
            Ok((output, mean, variance))
        })?;
        Ok(BatchNorm {
            output: self.tensor(output),
            mean: self.tensor(mean),
            variance: self.tensor(variance),
        })
    }
}

fn check_epsilon(epsilon: f64) -> std::result::Result<(), GraphProblem> {
    let holds = epsilon >= 0.0 && epsilon.is_finite();
    number_within("epsilon", epsilon, holds, "a number of at least 0")
}

impl Call<'_> {
    /// x / √(square + epsilon), where `square` broadcasts.
    fn over_root(&mut self, x: NodeId, square: NodeId, epsilon: f64) -> Built {
        let shifted = self.shifted(square, epsilon)?;
        let inverse = self.unary(UnaryOp::Rsqrt, shifted)?;
        let inverse = self.broadcast(inverse, &self.shape(x))?;
        self.times(x, inverse)
    }

    /// x · gamma + beta, which broadcast.
    fn scale_and_shift(&mut self, x: NodeId, gamma: Option<NodeId>, beta: Option<NodeId>) -> Built {
        let shape = self.shape(x);
        let mut result = x;
        if let Some(gamma) = gamma {
            let gamma = self.broadcast(gamma, &shape)?;
            result = self.times(result, gamma)?;
        }
        if let Some(beta) = beta {
            let beta = self.broadcast(beta, &shape)?;
            result = self.plus(result, beta)?;
        }
        Ok(result)
    }

    /// A parameter in f32 that broadcasts to the shape of `x`, and is of its type or f32.
    fn scale_or_shift(
        &mut self,
        argument: &'static str,
        parameter: Option<&GraphTensor>,
        x: NodeId,
    ) -> std::result::Result<Option<NodeId>, GraphProblem> {
        let Some(parameter) = parameter else { return Ok(None) };
        let parameter = self.tensor(argument, parameter)?;
        self.parameter_type(argument, parameter, x)?;
        let (got, expected) = (self.shape(parameter), self.shape(x));
        if crate::graph::ir::infer::broadcast(argument, &got, "tensor", &expected)? != expected {
            return Err(GraphProblem::Shape {
                argument,
                got,
                expected: format!("a shape that broadcasts to {expected}, the tensor's"),
            });
        }
        self.cast(parameter, TensorDataType::Float32).map(Some)
    }

    /// A vector with an element for each channel of `x`, in f32 and with axes to broadcast it.
    fn channels(&mut self, argument: &'static str, vector: &GraphTensor, x: NodeId) -> Built {
        let vector = self.tensor(argument, vector)?;
        self.parameter_type(argument, vector, x)?;
        let (shape, got) = (self.shape(x), self.shape(vector));
        if shape.rank() < 2 {
            return Err(GraphProblem::Rank {
                argument: "tensor",
                got: shape,
                expected: "at least 2: batch and channels",
            });
        }
        if got.dims() != &shape[1..2] {
            return Err(GraphProblem::Shape {
                argument,
                got,
                expected: format!("[{}]: one element for each channel", shape[1]),
            });
        }
        let mut wide: crate::graph::shape::Shape = vec![1usize; shape.rank() - 1].into();
        wide.dims_mut()[0] = shape[1].clone();
        let vector = self.reshape(vector, &wide)?;
        self.cast(vector, TensorDataType::Float32)
    }

    fn parameter_type(
        &self,
        argument: &'static str,
        parameter: NodeId,
        x: NodeId,
    ) -> std::result::Result<(), GraphProblem> {
        let (got, expected) = (self.data_type(parameter), self.data_type(x));
        if got == expected || got == TensorDataType::Float32 {
            return Ok(());
        }
        Err(GraphProblem::DataTypes { argument, got, other: "tensor", expected })
    }

    /// The unbiased variance from the biased one. Of a single element it is what the biased one is: 0.
    fn unbiased(&mut self, variance: NodeId, x: NodeId, axes: &[usize]) -> Built {
        let count = self.count_like(variance, x, axes)?;
        let less = self.shifted(count, -1.0)?;
        let less = self.binary_number(BinaryOp::Max, less, 1.0)?;
        let product = self.times(variance, count)?;
        self.over(product, less)
    }
}

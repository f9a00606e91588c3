//! Activations.

use super::{Built, Call};
use crate::error::Result;
use crate::graph::error::GraphProblem;
use crate::graph::handle::{Graph, GraphTensor};
use crate::graph::ir::NodeId;
use crate::graph::ir::op::{BinaryOp, CompareOp, ReduceOp, UnaryOp};

impl Graph {
    /// max(x, 0), of numbers; NaN stays. Its derivative at 0 is 0.
    #[doc(alias = "reLUWithTensor:name:")]
    #[track_caller]
    pub fn relu(&self, tensor: &GraphTensor) -> Result<GraphTensor> {
        self.float_function("relu", tensor, |call, x| call.unary(UnaryOp::Relu, x))
    }

    /// 1 / (1 + exp(-x)), of floats.
    #[doc(alias = "sigmoidWithTensor:name:")]
    #[track_caller]
    pub fn sigmoid(&self, tensor: &GraphTensor) -> Result<GraphTensor> {
        self.float_function("sigmoid", tensor, |call, x| call.unary(UnaryOp::Sigmoid, x))
    }

    /// x where it is greater than 0, else `slope` · x; of floats.
    #[doc(alias = "leakyReLUWithTensor:alpha:name:")]
    #[track_caller]
    pub fn leaky_relu(&self, tensor: &GraphTensor, slope: f64) -> Result<GraphTensor> {
        self.float_function("leaky_relu", tensor, |call, x| {
            let positive = call.compare_number(CompareOp::Greater, x, 0.0)?;
            let scaled = call.binary_number(BinaryOp::Mul, x, slope)?;
            call.select(positive, x, scaled)
        })
    }

    /// x · sigmoid(x), of floats: also called swish.
    #[doc(alias = "swish")]
    #[track_caller]
    pub fn silu(&self, tensor: &GraphTensor) -> Result<GraphTensor> {
        self.float_function("silu", tensor, |call, x| {
            let sigmoid = call.unary(UnaryOp::Sigmoid, x)?;
            call.times(x, sigmoid)
        })
    }

    /// The Gaussian error linear unit, x · (1 + erf(x / √2)) / 2; of floats.
    #[track_caller]
    pub fn gelu(&self, tensor: &GraphTensor) -> Result<GraphTensor> {
        self.float_function("gelu", tensor, |call, x| {
            call.in_f32([x], |call, [x]| {
                let scaled = call.scaled(x, std::f64::consts::FRAC_1_SQRT_2)?;
                let erf = call.unary(UnaryOp::Erf, scaled)?;
                call.gelu_of(x, erf)
            })
        })
    }

    /// [`gelu`](Self::gelu) with the approximation x · (1 + tanh(√(2/π) · (x + 0.044715 · x³))) / 2.
    #[track_caller]
    pub fn gelu_tanh(&self, tensor: &GraphTensor) -> Result<GraphTensor> {
        self.float_function("gelu_tanh", tensor, |call, x| {
            call.in_f32([x], |call, [x]| {
                let cube = call.power(x, 3.0)?;
                let cube = call.scaled(cube, 0.044715)?;
                let inner = call.plus(x, cube)?;
                let inner =
                    call.scaled(inner, std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2)?;
                let tanh = call.unary(UnaryOp::Tanh, inner)?;
                call.gelu_of(x, tanh)
            })
        })
    }

    /// exp(x) divided by its sum along an axis, without overflow; of floats. 16-bit floats are computed in f32.
    ///
    /// ```
    /// use metal_bridge::graph::{Graph, TensorData, reference};
    ///
    /// let graph = Graph::new();
    /// let x = graph.constant_with_data([2], &[1000.0f32, 1000.0])?;
    /// let y = graph.softmax(&x, -1)?;
    /// assert_eq!(reference::evaluate(&[&y], &[])?[0].to_f64(), [0.5, 0.5]);
    /// # Ok::<(), metal_bridge::Error>(())
    /// ```
    #[doc(alias = "softMaxWithTensor:axis:name:")]
    #[track_caller]
    pub fn softmax(&self, tensor: &GraphTensor, axis: isize) -> Result<GraphTensor> {
        self.float_function("softmax", tensor, |call, x| {
            let axis = call.axis("axis", axis, x)?;
            call.in_f32([x], |call, [x]| call.softmax(x, axis))
        })
    }

    /// The logarithm of [`softmax`](Self::softmax), computed without it: precise also where that is 0.
    #[track_caller]
    pub fn log_softmax(&self, tensor: &GraphTensor, axis: isize) -> Result<GraphTensor> {
        self.float_function("log_softmax", tensor, |call, x| {
            let axis = call.axis("axis", axis, x)?;
            call.in_f32([x], |call, [x]| call.log_softmax(x, axis))
        })
    }

    #[track_caller]
    fn float_function(
        &self,
        name: &'static str,
        tensor: &GraphTensor,
        build: impl FnOnce(&mut Call<'_>, NodeId) -> Built,
    ) -> Result<GraphTensor> {
        self.build(name, |call| {
            let x = call.tensor("tensor", tensor)?;
            if name != "relu" {
                call.float("tensor", x)?;
            }
            build(call, x)
        })
    }
}

impl Call<'_> {
    /// x · (1 + y) / 2.
    fn gelu_of(&mut self, x: NodeId, y: NodeId) -> Built {
        let half = self.scaled(x, 0.5)?;
        let one_more = self.shifted(y, 1.0)?;
        self.times(half, one_more)
    }

    /// x less its greatest element along the axis. That is a constant to gradients: it cancels.
    fn less_greatest(&mut self, x: NodeId, axis: usize) -> Built {
        let still = self.unary(UnaryOp::StopGradient, x)?;
        let greatest = self.reduce(ReduceOp::Max, still, &[axis], true)?;
        let greatest = self.broadcast(greatest, &self.shape(x))?;
        self.minus(x, greatest)
    }

    pub(crate) fn softmax(&mut self, x: NodeId, axis: usize) -> Built {
        let shifted = self.less_greatest(x, axis)?;
        let exp = self.unary(UnaryOp::Exp, shifted)?;
        let sum = self.sum(exp, &[axis], true)?;
        // One division for each row instead of one for each element. The sum is between 1 and the row's length.
        let scale = self.unary(UnaryOp::Reciprocal, sum)?;
        let scale = self.broadcast(scale, &self.shape(x))?;
        self.times(exp, scale)
    }

    pub(crate) fn log_softmax(&mut self, x: NodeId, axis: usize) -> Built {
        let shifted = self.less_greatest(x, axis)?;
        let exp = self.unary(UnaryOp::Exp, shifted)?;
        let sum = self.sum(exp, &[axis], true)?;
        let log = self.unary(UnaryOp::Log, sum)?;
        let log = self.broadcast(log, &self.shape(x))?;
        self.minus(shifted, log)
    }
}

/// Checks that a number is within a range; NaN is not.
pub(super) fn number_within(
    parameter: &'static str,
    value: f64,
    holds: bool,
    expected: &str,
) -> std::result::Result<(), GraphProblem> {
    if holds {
        return Ok(());
    }
    Err(GraphProblem::Parameter { parameter, got: format!("{value:?}"), expected: expected.to_owned() })
}

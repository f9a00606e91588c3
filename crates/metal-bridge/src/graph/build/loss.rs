//! Losses.

use super::{Built, Call};
use crate::error::Result;
use crate::graph::error::GraphProblem;
use crate::graph::handle::{Graph, GraphTensor};
use crate::graph::ir::NodeId;

/// What becomes of the losses of the single examples.
#[doc(alias = "MPSGraphLossReductionType")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LossReduction {
    /// They stay as they are.
    None,
    /// Their sum.
    Sum,
    /// Their mean.
    #[default]
    Mean,
}

impl Graph {
    /// The cross entropy of labels and [`softmax`](Self::softmax) of logits along an axis: the loss of
    /// classification. 16-bit floats are computed in f32.
    ///
    /// Labels are either the classes' numbers, of an integer type and of the logits' shape without the axis; or
    /// probabilities, of the logits' type and shape. A number that is no class makes the loss 0.
    ///
    /// ```
    /// use metal_bridge::graph::{Graph, LossReduction, TensorDataType};
    ///
    /// let graph = Graph::new();
    /// let logits = graph.placeholder_tensor([32, 10], TensorDataType::Float32)?;
    /// let labels = graph.placeholder_tensor([32], TensorDataType::Int32)?;
    /// let loss = graph.softmax_cross_entropy(&logits, &labels, -1, LossReduction::Mean)?;
    /// assert_eq!(loss.shape(), []);
    /// # Ok::<(), metal_bridge::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The logits are no floats, or the labels have another type or shape than these.
    #[doc(alias = "softMaxCrossEntropyWithSourceTensor:labelsTensor:axis:reductionType:name:")]
    #[track_caller]
    pub fn softmax_cross_entropy(
        &self,
        logits: &GraphTensor,
        labels: &GraphTensor,
        axis: isize,
        reduction: LossReduction,
    ) -> Result<GraphTensor> {
        self.build("softmax_cross_entropy", |call| {
            let (logits, labels) = (call.tensor("logits", logits)?, call.tensor("labels", labels)?);
            call.float("logits", logits)?;
            let axis = call.axis("axis", axis, logits)?;
            call.in_f32([logits], |call, [wide]| {
                let log = call.log_softmax(wide, axis)?;
                let chosen = call.weigh("labels", labels, log, logits, axis)?;
                let loss = call.sum(chosen, &[axis], false)?;
                let loss = call.negated(loss)?;
                call.reduce_loss(loss, reduction)
            })
        })
    }

    /// The squared distance of two tensors of one type, which are broadcast; of floats. 16-bit floats are
    /// computed in f32.
    #[doc(alias = "mse_loss")]
    #[track_caller]
    pub fn mean_squared_error(
        &self,
        predictions: &GraphTensor,
        targets: &GraphTensor,
        reduction: LossReduction,
    ) -> Result<GraphTensor> {
        self.build("mean_squared_error", |call| {
            let predictions = call.tensor("predictions", predictions)?;
            let targets = call.tensor("targets", targets)?;
            call.float("predictions", predictions)?;
            let pair = call.broadcast_pair(["predictions", "targets"], predictions, targets)?;
            call.in_f32(pair, |call, [predictions, targets]| {
                let distance = call.minus(predictions, targets)?;
                let square = call.squared(distance)?;
                call.reduce_loss(square, reduction)
            })
        })
    }
}

impl Call<'_> {
    /// Logarithms of probabilities times what labels say of them.
    fn weigh(
        &mut self,
        argument: &'static str,
        labels: NodeId,
        log: NodeId,
        logits: NodeId,
        axis: usize,
    ) -> Built {
        let (data_type, got) = (self.data_type(labels), self.shape(labels));
        let mut expected = self.shape(log);
        if data_type.is_float() {
            let logits_type = self.data_type(logits);
            if data_type != logits_type {
                return Err(GraphProblem::DataTypes {
                    argument,
                    got: data_type,
                    other: "logits",
                    expected: logits_type,
                });
            }
            if got != expected {
                return Err(GraphProblem::Shape {
                    argument,
                    got,
                    expected: format!("{expected}, the logits', for labels that are probabilities"),
                });
            }
            let labels = self.cast(labels, self.data_type(log))?;
            return self.times(labels, log);
        }
        let classes = expected.dims_mut().remove(axis);
        if got != expected {
            return Err(GraphProblem::Shape {
                argument,
                got,
                expected: format!("{expected}, the logits' without axis {axis}, for labels that are numbers"),
            });
        }
        let hot = self.one_hot(argument, labels, axis, classes)?;
        let zero = self.fill_like(log, 0.0)?;
        self.select(hot, log, zero)
    }

    fn reduce_loss(&mut self, loss: NodeId, reduction: LossReduction) -> Built {
        let axes: Vec<usize> = (0..self.rank(loss)).collect();
        match reduction {
            LossReduction::None => Ok(loss),
            LossReduction::Sum => self.sum(loss, &axes, false),
            LossReduction::Mean => self.mean(loss, &axes, false),
        }
    }
}

//! Matrix products and convolutions.

use super::{Built, Call};
use crate::error::Result;
use crate::graph::error::GraphProblem;
use crate::graph::handle::{Graph, GraphTensor};
use crate::graph::ir::op::{Convolution, Window};
use crate::graph::ir::{NodeId, Op};
use crate::graph::shape::{Shape, product};

/// How the weights of a convolution move over its source. Sizes and steps are in elements, y along the height
/// and x along the width.
///
/// Sources have the layout NCHW: batch, channels, height, width; weights OIHW: output channels, input channels
/// of one group, height, width.
///
/// ```
/// use metal_bridge::graph::Convolution2dDescriptor;
///
/// let same = Convolution2dDescriptor::default().with_padding(1);
/// let halving = Convolution2dDescriptor { stride_x: 2, stride_y: 2, ..same };
/// # assert_eq!(halving.padding_top, 1);
/// ```
#[doc(alias = "MPSGraphConvolution2DOpDescriptor")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Convolution2dDescriptor {
    /// Distance of neighbouring results in the source, along the width. At least 1.
    pub stride_x: usize,
    /// Distance of neighbouring results in the source, along the height. At least 1.
    pub stride_y: usize,
    /// Distance of neighbouring weights in the source, along the width. At least 1.
    pub dilation_x: usize,
    /// Distance of neighbouring weights in the source, along the height. At least 1.
    pub dilation_y: usize,
    /// Zeros before each row.
    pub padding_left: usize,
    /// Zeros after each row.
    pub padding_right: usize,
    /// Rows of zeros above.
    pub padding_top: usize,
    /// Rows of zeros below.
    pub padding_bottom: usize,
    /// The channels are cut into so many groups, and results are made of the channels of their own group
    /// only. Divides the numbers of input and output channels.
    pub groups: usize,
}

impl Default for Convolution2dDescriptor {
    /// Steps of 1, no padding, one group.
    fn default() -> Self {
        Self {
            stride_x: 1,
            stride_y: 1,
            dilation_x: 1,
            dilation_y: 1,
            padding_left: 0,
            padding_right: 0,
            padding_top: 0,
            padding_bottom: 0,
            groups: 1,
        }
    }
}

impl Convolution2dDescriptor {
    /// With this stride along both axes.
    #[must_use]
    pub const fn with_stride(self, stride: usize) -> Self {
        Self { stride_x: stride, stride_y: stride, ..self }
    }

    /// With this dilation along both axes.
    #[must_use]
    pub const fn with_dilation(self, dilation: usize) -> Self {
        Self { dilation_x: dilation, dilation_y: dilation, ..self }
    }

    /// With this padding on all four sides.
    #[must_use]
    pub const fn with_padding(self, padding: usize) -> Self {
        Self {
            padding_left: padding,
            padding_right: padding,
            padding_top: padding,
            padding_bottom: padding,
            ..self
        }
    }

    /// With so many groups.
    #[must_use]
    pub const fn with_groups(self, groups: usize) -> Self {
        Self { groups, ..self }
    }

    fn convolution(self) -> Convolution {
        Convolution {
            window: Window {
                strides: [self.stride_y, self.stride_x],
                dilations: [self.dilation_y, self.dilation_x],
                padding: [[self.padding_top, self.padding_bottom], [self.padding_left, self.padding_right]],
            },
            groups: self.groups,
        }
    }
}

impl Graph {
    /// The matrix product, of floats. Of `[A…, m, k]` and `[B…, k, n]` it has shape `[C…, m, n]`, where the
    /// leading sizes are broadcast. A vector as `a` is a row, as `b` a column, and the result is without that
    /// axis. 16-bit floats accumulate in f32.
    ///
    /// ```
    /// use metal_bridge::{Graph, TensorDataType::Float32};
    ///
    /// let graph = Graph::new();
    /// let a = graph.placeholder_tensor([8, 1, 32, 64], Float32)?;
    /// let b = graph.placeholder_tensor([3, 64, 16], Float32)?;
    /// assert_eq!(graph.matrix_multiplication(&a, &b)?.shape(), [8, 3, 32, 16]);
    /// # Ok::<(), metal_bridge::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Types differ or are not floats, an operand is a scalar, or sizes do not fit.
    #[doc(alias = "matrixMultiplicationWithPrimaryTensor:secondaryTensor:name:")]
    #[doc(alias = "matmul")]
    #[track_caller]
    pub fn matrix_multiplication(&self, a: &GraphTensor, b: &GraphTensor) -> Result<GraphTensor> {
        self.build("matrix_multiplication", |call| {
            let (a, b) = (call.tensor("a", a)?, call.tensor("b", b)?);
            call.matmul(a, b)
        })
    }

    /// The convolution of a source (NCHW) with weights (OIHW), of floats; more exactly the cross-correlation,
    /// as everywhere in neural networks. `bias` has one element for each output channel. 16-bit floats
    /// accumulate in f32. Padding counts as zeros; with weights that are infinite or NaN, results at the border may
    /// be NaN for it. So may results beside those that see an infinity or NaN in the source, and the same holds for
    /// gradients: devices may compute blocks of results from shared sums of products.
    ///
    /// # Errors
    ///
    /// Types differ or are not floats, ranks are not 4, channels do not fit the groups, or the padded source
    /// is smaller than the weights.
    #[doc(alias = "convolution2DWithSourceTensor:weightsTensor:descriptor:name:")]
    #[doc(alias = "Conv2D")]
    #[doc(alias = "conv2d")]
    #[track_caller]
    pub fn convolution_2d(
        &self,
        source: &GraphTensor,
        weights: &GraphTensor,
        bias: Option<&GraphTensor>,
        descriptor: &Convolution2dDescriptor,
    ) -> Result<GraphTensor> {
        self.build("convolution_2d", |call| {
            let (source, weights) = (call.tensor("source", source)?, call.tensor("weights", weights)?);
            let result = call.add(Op::Conv2d(descriptor.convolution()), &[source, weights])?;
            let Some(bias) = bias else { return Ok(result) };
            let bias = call.tensor("bias", bias)?;
            let bias = call.per_channel("bias", bias, result)?;
            call.plus(result, bias)
        })
    }

    /// The transposed convolution: what [`convolution_2d`](Self::convolution_2d) with these weights does to
    /// gradients. `source` has as many channels as the weights have output channels (so weights are `[in,
    /// out / groups, height, width]` in its own terms), and `output_shape` is the shape of the result, which
    /// a convolution with this descriptor would turn into the source's.
    ///
    /// # Errors
    ///
    /// As for a convolution of a source of `output_shape`; its result must have the shape of `source`.
    #[doc(alias = "convolutionTranspose2DWithSourceTensor:weightsTensor:outputShape:descriptor:name:")]
    #[doc(alias = "ConvolutionTranspose2D")]
    #[track_caller]
    pub fn convolution_transpose_2d(
        &self,
        source: &GraphTensor,
        weights: &GraphTensor,
        output_shape: impl Into<Shape>,
        descriptor: &Convolution2dDescriptor,
    ) -> Result<GraphTensor> {
        let source_shape = output_shape.into();
        self.build("convolution_transpose_2d", |call| {
            let (source, weights) = (call.tensor("source", source)?, call.tensor("weights", weights)?);
            let op = Op::Conv2dDataGradient { convolution: descriptor.convolution(), source_shape };
            call.add(op, &[source, weights]).map_err(|problem| match problem {
                // In the words of this call.
                GraphProblem::Shape { argument: "incoming_gradient", got, expected } => {
                    GraphProblem::Shape { argument: "source", got, expected }
                }
                GraphProblem::DataType { argument: "incoming_gradient", got, expected } => {
                    GraphProblem::DataType { argument: "source", got, expected }
                }
                GraphProblem::DataTypes { argument, got, other: "incoming_gradient", expected } => {
                    GraphProblem::DataTypes { argument, got, other: "source", expected }
                }
                other => other,
            })
        })
    }

    /// The gradient of a convolution by its source, which has `source_shape`.
    ///
    /// # Errors
    ///
    /// As for the convolution; its result must have the shape of `incoming_gradient`.
    #[doc(
        alias = "convolution2DDataGradientWithIncomingGradientTensor:weightsTensor:outputShape:forwardConvolutionDescriptor:name:"
    )]
    #[doc(alias = "Convolution2DDataGradient")]
    #[track_caller]
    pub fn convolution_2d_data_gradient(
        &self,
        incoming_gradient: &GraphTensor,
        weights: &GraphTensor,
        source_shape: impl Into<Shape>,
        descriptor: &Convolution2dDescriptor,
    ) -> Result<GraphTensor> {
        let source_shape = source_shape.into();
        self.build("convolution_2d_data_gradient", |call| {
            let gradient = call.tensor("incoming_gradient", incoming_gradient)?;
            let weights = call.tensor("weights", weights)?;
            let op = Op::Conv2dDataGradient { convolution: descriptor.convolution(), source_shape };
            call.add(op, &[gradient, weights])
        })
    }

    /// The gradient of a convolution by its weights, which have `weights_shape`.
    ///
    /// # Errors
    ///
    /// As for the convolution; its result must have the shape of `incoming_gradient`.
    #[doc(
        alias = "convolution2DWeightsGradientWithIncomingGradientTensor:sourceTensor:outputShape:forwardConvolutionDescriptor:name:"
    )]
    #[doc(alias = "Convolution2DWeightsGradient")]
    #[track_caller]
    pub fn convolution_2d_weights_gradient(
        &self,
        incoming_gradient: &GraphTensor,
        source: &GraphTensor,
        weights_shape: impl Into<Shape>,
        descriptor: &Convolution2dDescriptor,
    ) -> Result<GraphTensor> {
        let weights_shape = weights_shape.into();
        self.build("convolution_2d_weights_gradient", |call| {
            let gradient = call.tensor("incoming_gradient", incoming_gradient)?;
            let source = call.tensor("source", source)?;
            let op = Op::Conv2dWeightsGradient { convolution: descriptor.convolution(), weights_shape };
            call.add(op, &[gradient, source])
        })
    }
}

impl Call<'_> {
    /// A matrix product in which operands may be vectors.
    ///
    /// Of many matrices with a single one, the rows of all are made the rows of one: that is a faster product, and
    /// so are its gradients, of which the second one's would else be a sum of as many products.
    pub(crate) fn matmul(&mut self, a: NodeId, b: NodeId) -> Built {
        let (a_shape, b_shape) = (self.shape(a), self.shape(b));
        let (a, b) = (self.as_matrix(a, 0)?, self.as_matrix(b, 1)?);
        let (left, right) = (self.shape(a), self.shape(b));
        let result = if left.rank() > 2 && right.rank() == 2 && left[left.rank() - 1] == right[0] {
            let (rows, columns) = (left.rank() - 1, left[left.rank() - 1].clone());
            let count = product(&left[..rows]).expect("a part of a product that fits");
            let flat = self.reshape(a, &[count, columns].into())?;
            let flat = self.add(Op::MatMul, &[flat, b])?;
            let mut shape: Shape = left[..rows].into();
            shape.dims_mut().push(right[1].clone());
            self.reshape(flat, &shape)?
        } else {
            self.add(Op::MatMul, &[a, b])?
        };
        let mut shape = self.shape(result);
        let rank = shape.rank();
        if b_shape.rank() == 1 {
            shape.dims_mut().remove(rank - 1);
        }
        if a_shape.rank() == 1 {
            shape.dims_mut().remove(rank - 2);
        }
        self.reshape(result, &shape)
    }

    /// A vector with a new axis at this place; anything else as it is.
    fn as_matrix(&mut self, x: NodeId, axis: usize) -> Built {
        let mut shape = self.shape(x);
        if shape.rank() == 1 {
            shape.dims_mut().insert(axis, 1.into());
        }
        self.reshape(x, &shape)
    }

    /// A vector with one element for each channel (axis 1) of `x`, broadcast to the shape of `x`.
    pub(crate) fn per_channel(&mut self, argument: &'static str, vector: NodeId, x: NodeId) -> Built {
        let shape = self.shape(x);
        if shape.rank() < 2 {
            return Err(GraphProblem::Rank {
                argument: "tensor",
                got: shape,
                expected: "at least 2: batch and channels",
            });
        }
        let (got, expected) = (self.data_type(vector), self.data_type(x));
        if got != expected {
            return Err(GraphProblem::DataTypes { argument, got, other: "tensor", expected });
        }
        let got = self.shape(vector);
        if got.dims() != &shape[1..2] {
            return Err(GraphProblem::Shape {
                argument,
                got,
                expected: format!("[{}]: one element for each channel", shape[1]),
            });
        }
        let mut wide: Shape = vec![1usize; shape.rank() - 1].into();
        wide.dims_mut()[0] = shape[1].clone();
        let vector = self.reshape(vector, &wide)?;
        self.broadcast(vector, &shape)
    }
}

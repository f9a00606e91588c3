//! Pooling over height and width.

use crate::error::Result;
use crate::graph::handle::{Graph, GraphTensor};
use crate::graph::ir::Op;
use crate::graph::ir::op::{Pooling, Window};

/// How a window moves over a source of layout NCHW. Sizes and steps are in elements, y along the height and x
/// along the width.
///
/// ```
/// use metal_bridge::graph::Pooling2dDescriptor;
///
/// let halves = Pooling2dDescriptor::new(2, 2);
/// assert_eq!((halves.stride_y, halves.stride_x), (2, 2));
/// let overlapping = Pooling2dDescriptor { stride_x: 1, stride_y: 1, ..Pooling2dDescriptor::new(3, 3) };
/// # assert_eq!(overlapping.kernel_width, 3);
/// ```
#[doc(alias = "MPSGraphPooling2DOpDescriptor")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pooling2dDescriptor {
    /// Elements of the window along the width. At least 1.
    pub kernel_width: usize,
    /// Elements of the window along the height. At least 1.
    pub kernel_height: usize,
    /// Distance of neighbouring windows along the width. At least 1.
    pub stride_x: usize,
    /// Distance of neighbouring windows along the height. At least 1.
    pub stride_y: usize,
    /// Distance of the window's elements along the width. At least 1.
    pub dilation_x: usize,
    /// Distance of the window's elements along the height. At least 1.
    pub dilation_y: usize,
    /// Padding before each row. At most `dilation_x · (kernel_width - 1)`, as the others accordingly.
    pub padding_left: usize,
    /// Padding after each row.
    pub padding_right: usize,
    /// Rows of padding above.
    pub padding_top: usize,
    /// Rows of padding below.
    pub padding_bottom: usize,
    /// Whether a mean counts padding as zeros, as PyTorch does by default, or leaves it out, as MPSGraph does
    /// by default.
    pub include_zero_pad_to_average: bool,
}

impl Pooling2dDescriptor {
    /// Windows of this size side by side: strides are as large as the window. No padding; it would not count
    /// in means.
    pub const fn new(kernel_height: usize, kernel_width: usize) -> Self {
        Self {
            kernel_width,
            kernel_height,
            stride_x: kernel_width,
            stride_y: kernel_height,
            dilation_x: 1,
            dilation_y: 1,
            padding_left: 0,
            padding_right: 0,
            padding_top: 0,
            padding_bottom: 0,
            include_zero_pad_to_average: false,
        }
    }

    /// With this stride along both axes.
    #[must_use]
    pub const fn with_stride(self, stride: usize) -> Self {
        Self { stride_x: stride, stride_y: stride, ..self }
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

    fn pooling(self) -> Pooling {
        Pooling {
            window: Window {
                strides: [self.stride_y, self.stride_x],
                dilations: [self.dilation_y, self.dilation_x],
                padding: [[self.padding_top, self.padding_bottom], [self.padding_left, self.padding_right]],
            },
            kernel: [self.kernel_height, self.kernel_width],
        }
    }
}

impl Graph {
    /// The greatest element in each window of a source (NCHW), of numbers; NaN if there is one. Padding is
    /// less than every number. The gradient goes to the first greatest element of a window.
    ///
    /// # Errors
    ///
    /// The rank is not 4, or the window does not fit the padded source.
    #[doc(alias = "maxPooling2DWithSourceTensor:descriptor:name:")]
    #[doc(alias = "MaxPool2D")]
    #[doc(alias = "max_pool2d")]
    #[track_caller]
    pub fn max_pool_2d(&self, source: &GraphTensor, descriptor: &Pooling2dDescriptor) -> Result<GraphTensor> {
        self.build("max_pool_2d", |call| {
            let source = call.tensor("source", source)?;
            call.add(Op::MaxPool2d(descriptor.pooling()), &[source])
        })
    }

    /// The mean of each window of a source (NCHW), of floats. Whether padding counts is the descriptor's
    /// [`include_zero_pad_to_average`](Pooling2dDescriptor::include_zero_pad_to_average). 16-bit floats
    /// accumulate in f32.
    ///
    /// # Errors
    ///
    /// The type is none of floats, the rank is not 4, or the window does not fit the padded source.
    #[doc(alias = "avgPooling2DWithSourceTensor:descriptor:name:")]
    #[doc(alias = "AvgPool2D")]
    #[doc(alias = "avg_pool2d")]
    #[track_caller]
    pub fn avg_pool_2d(&self, source: &GraphTensor, descriptor: &Pooling2dDescriptor) -> Result<GraphTensor> {
        self.build("avg_pool_2d", |call| {
            let source = call.tensor("source", source)?;
            let count_padding = descriptor.include_zero_pad_to_average;
            call.add(Op::AvgPool2d { pooling: descriptor.pooling(), count_padding }, &[source])
        })
    }
}

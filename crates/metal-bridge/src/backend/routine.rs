//! Computations that a back end may have of its own, better than any kernel: products and convolutions of f32
//! tensors. Descriptions only; each back end computes them in its way.
//!
//! Results are dense in row-major order and never overlap what is read.

#![cfg_attr(
    all(target_vendor = "apple", not(feature = "cpu")),
    allow(dead_code, reason = "only the CPU device has routines")
)]

use std::fmt;

/// A computation of two tensors that makes a third one. All sizes are at least 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Routine {
    MatMul(MatMul),
    /// `(source: N C H W, weights: O C/groups KH KW)` → `N O OH OW`.
    Conv2d(Conv2d, Epilogue),
    /// `(gradient: N O OH OW, weights)` → the gradient by the source.
    Conv2dDataGradient(Conv2d),
    /// `(gradient: N O OH OW, source)` → the gradient by the weights.
    Conv2dWeightsGradient(Conv2d),
}

/// Products of matrices: for each index of the batch, `rows × depth` times `depth × columns`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MatMul {
    pub(crate) batch: Vec<usize>,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) depth: usize,
    pub(crate) a: Matrices,
    pub(crate) b: Matrices,
    pub(crate) epilogue: Epilogue,
}

/// What is done with each element of a result before it is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Epilogue {
    /// A bias is added, of one element for each column of a product of matrices, or for each filter of a convolution.
    pub(crate) bias: bool,
    /// What is below 0 becomes 0 then; NaN stays.
    pub(crate) relu: bool,
}

/// Where the elements of matrices lie, in elements. Strides may be 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Matrices {
    pub(crate) offset: usize,
    /// The distance of neighbours along each axis of the batch, ...
    pub(crate) batch: Vec<usize>,
    /// ... of elements below each other, ...
    pub(crate) row: usize,
    /// ... and of elements beside each other.
    pub(crate) column: usize,
}

/// The sizes of a convolution. Pairs are `[along height, along width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Conv2d {
    pub(crate) images: usize,
    /// Of the source.
    pub(crate) channels: usize,
    /// Of the result.
    pub(crate) filters: usize,
    pub(crate) groups: usize,
    pub(crate) source: [usize; 2],
    pub(crate) result: [usize; 2],
    pub(crate) kernel: [usize; 2],
    pub(crate) strides: [usize; 2],
    pub(crate) dilations: [usize; 2],
    /// Before the first element; what is after the last one follows from the sizes.
    pub(crate) padding: [usize; 2],
}

impl Routine {
    /// Multiplications and additions.
    pub(crate) fn flops(&self) -> f64 {
        let product = |factors: &[usize]| factors.iter().map(|&factor| factor as f64).product::<f64>();
        2.0 * match self {
            Self::MatMul(MatMul { batch, rows, columns, depth, .. }) => {
                product(batch) * product(&[*rows, *columns, *depth])
            }
            Self::Conv2d(sizes, _) | Self::Conv2dDataGradient(sizes) | Self::Conv2dWeightsGradient(sizes) => {
                product(&[sizes.images, sizes.filters, sizes.channels / sizes.groups])
                    * product(&[sizes.result[0], sizes.result[1], sizes.kernel[0], sizes.kernel[1]])
            }
        }
    }

    /// What is done with the result.
    pub(crate) fn epilogue(&self) -> Epilogue {
        match self {
            Self::MatMul(MatMul { epilogue, .. }) | Self::Conv2d(_, epilogue) => *epilogue,
            Self::Conv2dDataGradient(_) | Self::Conv2dWeightsGradient(_) => Epilogue::default(),
        }
    }

    /// The name without sizes.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::MatMul(_) => "matmul",
            Self::Conv2d(..) => "conv2d",
            Self::Conv2dDataGradient(_) => "conv2d_data_gradient",
            Self::Conv2dWeightsGradient(_) => "conv2d_weights_gradient",
        }
    }
}

impl MatMul {
    /// The number of products.
    pub(crate) fn products(&self) -> usize {
        self.batch.iter().product()
    }
}

impl Conv2d {
    /// Channels of the source that a filter sees.
    pub(crate) fn group_channels(&self) -> usize {
        self.channels / self.groups
    }

    pub(crate) fn group_filters(&self) -> usize {
        self.filters / self.groups
    }

    /// Elements of one channel of the source.
    pub(crate) fn source_area(&self) -> usize {
        self.source[0] * self.source[1]
    }

    /// Elements of one channel of the result.
    pub(crate) fn result_area(&self) -> usize {
        self.result[0] * self.result[1]
    }

    pub(crate) fn kernel_area(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Whether each element of the result sees the one element of the source at its own place.
    pub(crate) fn is_pointwise(&self) -> bool {
        self.kernel == [1, 1]
            && self.strides == [1, 1]
            && self.source == self.result
            && self.padding == [0, 0]
    }
}

impl fmt::Display for Routine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MatMul(MatMul { batch, rows, columns, depth, .. }) => {
                write!(f, "{}", self.name())?;
                for size in batch {
                    write!(f, " {size} ×")?;
                }
                write!(f, " ({rows} × {depth} × {columns})")
            }
            Self::Conv2d(sizes, _) | Self::Conv2dDataGradient(sizes) | Self::Conv2dWeightsGradient(sizes) => {
                let Conv2d { images, channels, filters, source: [h, w], kernel: [kh, kw], .. } = sizes;
                write!(
                    f,
                    "{} of {images} × {channels} × {h} × {w} with {filters} filters of {kh} × {kw}",
                    self.name()
                )
            }
        }
    }
}

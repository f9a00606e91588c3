//! The calls that add operations.
//!
//! Public methods of [`Graph`](super::Graph) resolve their arguments and hand over to [`Call`], whose methods
//! work on nodes: compositions and gradients are made of these too, under one lock.

mod activation;
mod arithmetic;
mod attention;
mod call;
mod convolution;
mod index;
mod loss;
mod movement;
mod normalisation;
mod operand;
mod operators;
mod optimiser;
mod pooling;
mod random;
mod reduction;
mod sources;

pub use attention::AttentionDescriptor;
pub(crate) use call::{Built, Call, kept};
pub use convolution::Convolution2dDescriptor;
pub use loss::LossReduction;
pub use normalisation::BatchNorm;
pub use operand::Operand;
pub use optimiser::{AdamDescriptor, SgdDescriptor};
pub use pooling::Pooling2dDescriptor;

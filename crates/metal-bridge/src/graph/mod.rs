//! Graphs of tensor operations, in the manner of MPSGraph.
//!
//! A [`Graph`] is written down first: operations on tensors that have types and shapes but no values yet. What
//! is wrong with an operation is the error of the call that adds it, so a graph that exists can be run.

mod build;
mod data;
mod data_type;
mod dim;
mod error;
mod gradient;
mod handle;
pub(crate) mod ir;
pub mod reference;
mod shape;

pub use build::{
    AdamDescriptor, AttentionDescriptor, BatchNorm, Convolution2dDescriptor, LossReduction, Operand,
    Pooling2dDescriptor, SgdDescriptor,
};
pub use data::TensorData;
pub use data_type::{Element, TensorDataType};
pub use dim::Dim;
pub use error::{GraphError, GraphProblem};
pub use handle::{Graph, GraphTensor};
pub use shape::Shape;

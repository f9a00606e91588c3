//! Graphs of tensor operations, in the manner of MPSGraph.
//!
//! # The model
//!
//! * A [`Graph`] is written down first: operations on [tensors](GraphTensor) that have types and shapes, but no
//!   values yet. [Placeholders](Graph::placeholder_tensor) get their values at execution,
//!   [constants](Graph::constant_with_data) have them, and [variables](Graph::variable) keep them from one
//!   execution to the next.
//! * What is wrong is the [error](GraphError) of the call that would make it: it names operation, argument, what
//!   is there, what is expected, and the place in the program. A graph that exists can be executed.
//! * [`Graph::gradients`] adds operations that compute derivatives, which can be differentiated again.
//! * Operations are computed for *targets*, and only what these need. [`Graph::compile`] makes a
//!   [`GraphExecutable`] for a [`GraphDevice`], of kernels or, on Apple's GPUs, through MPSGraph, and [`GraphExecutable::execute`] hands it to a queue.
//!   [`mod@reference`] computes plainly and slowly, for tests.
//!
//! ```
//! use metal_bridge::graph::TensorDataType::{Float32, Int32};
//! use metal_bridge::graph::{
//!     AdamDescriptor, Dim, Graph, GraphCompilationDescriptor, GraphDevice, GraphExecutionDescriptor, LossReduction,
//!     TensorData,
//! };
//! use metal_bridge::{Device, ResourceOptions};
//!
//! # fn main() -> metal_bridge::Result<()> {
//! // A classifier of points in the plane, for batches of any size.
//! let graph = Graph::new();
//! let points = graph.placeholder_tensor([Dim::open("batch"), 2.into()], Float32)?.with_label("points");
//! let classes = graph.placeholder_tensor([Dim::open("batch")], Int32)?.with_label("classes");
//! let weights = graph.variable(TensorData::new([2, 3], &[0.1f32, -0.2, 0.3, 0.2, 0.1, -0.1])?, "weights")?;
//! let bias = graph.variable(TensorData::new([3], &[0.0f32; 3])?, "bias")?;
//!
//! let logits = (graph.matrix_multiplication(&points, &weights)? + &bias)?;
//! let loss = graph.softmax_cross_entropy(&logits, &classes, -1, LossReduction::Mean)?;
//! let gradients = graph.gradients(&loss, &[&weights, &bias])?;
//! let step = graph.adam_step(
//!     &[&weights, &bias],
//!     &[&gradients[0], &gradients[1]],
//!     0.05,
//!     &AdamDescriptor::default(),
//! )?;
//!
//! let mut targets = vec![&loss];
//! targets.extend(&step);
//! let device = Device::system_default()?;
//! let graph_device = GraphDevice::new(&device); // keeps the variables
//! let executable =
//!     graph.compile(&graph_device, &[&points, &classes], &targets, &GraphCompilationDescriptor::new())?;
//! let queue = device.new_command_queue()?;
//! let data = [1.0f32, 0.0, 0.0, 1.0, -1.0, -1.0];
//! let inputs = [
//!     (&points, &device.new_buffer_with_data(&data, ResourceOptions::default())?),
//!     (&classes, &device.new_buffer_with_data(&[0i32, 1, 2], ResourceOptions::default())?),
//! ];
//! let step = || executable.execute(&queue, &inputs, None, &GraphExecutionDescriptor::new());
//! let first = step()?.read(&loss)?.to_f64()[0];
//! for _ in 0..20 {
//!     step()?; // does not wait
//! }
//! let last = step()?.read(&loss)?.to_f64()[0];
//! assert!(last < first / 2.0);
//! # Ok(())
//! # }
//! ```
//!
//! # Rules
//!
//! * **Types** ([`TensorDataType`]) are never converted without [`cast`](Graph::cast). Numbers as operands take the
//!   type of the tensor beside them, if it can hold them.
//! * **Shapes** broadcast as NumPy's. Sizes are known, at least 1, or [open](Dim::open). A tensor has at most 16
//!   dimensions and `isize::MAX` bytes. Axes may count from the last one: -1.
//! * **16-bit floats** accumulate in f32; softmax, normalisations, losses and the like are computed in f32.
//! * **Variables** are read as they were before an execution, and assigned at its end.
//! * **Indices** that are not within an axis read zeros and write nothing.
//! * **Layouts** are NCHW for images, OIHW for the weights of convolutions.

mod build;
#[cfg(feature = "safetensors")]
mod checkpoint;
mod compile;
mod data;
pub(crate) mod data_type;
mod dim;
mod error;
mod executable;
mod gradient;
mod handle;
pub(crate) mod ir;
mod lower;
pub mod reference;
mod saved;
mod shape;

pub use build::{
    AdamDescriptor, AttentionDescriptor, BatchNorm, Convolution2dDescriptor, LossReduction, Operand,
    Pooling2dDescriptor, SgdDescriptor,
};
#[cfg(feature = "safetensors")]
pub use checkpoint::{Checkpoint, CheckpointError};
pub use data::TensorData;
pub use data_type::{Element, TensorDataType};
pub use dim::Dim;
pub use error::{GraphError, GraphProblem};
pub use executable::{
    GraphCompilationDescriptor, GraphDevice, GraphExecutable, GraphExecution, GraphExecutionDescriptor,
    GraphOptimization, GraphProfile, GraphStepProfile,
};
pub use handle::{Graph, GraphTensor};
pub use shape::Shape;

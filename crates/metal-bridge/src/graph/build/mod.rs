//! The calls that add operations.
//!
//! Public methods of [`Graph`](super::Graph) resolve their arguments and hand over to [`Call`], whose methods
//! work on nodes: compositions and gradients are made of these too, under one lock.

mod call;
mod operand;
mod sources;

pub(crate) use call::Call;
pub use operand::Operand;

//! Metal compute on any machine.

pub mod kernels;

pub use kernels::METAL_KERNEL_SOURCE;

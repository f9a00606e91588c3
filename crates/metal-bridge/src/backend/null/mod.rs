//! The device that records and does nothing; see [`null`](crate::null).

mod buffer;
pub(crate) mod device;
mod library;
mod pipeline;
mod queue;

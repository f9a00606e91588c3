//! The processor as a device: kernels compiled by [`msl`] run on a pool of worker threads.
//!
//! A queue with work is in the pool's list. A worker takes it and executes one command buffer after the other
//! (*drives* the queue). The work of one command is cut into units — a kernel's own, the
//! blocks of a copy — which form a [`region`]; the driver hands out ranges of units to itself and to workers
//! that have nothing else to do. Kernels never wait for anything, so one worker is enough for progress, and
//! more cannot block each other.

mod buffer;
pub(crate) mod device;
mod library;
mod pipeline;
mod pool;
mod queue;
mod region;
mod routine;
mod system;
mod watchdog;
mod work;

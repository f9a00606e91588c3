//! From a graph to kernels: passes, regions, generated MSL, and a plan of memory.
//!
//! * [`passes`]: rewrites of the graph, each a rule in a file of its own ([`patch`] applies them).
//! * [`routine`] tells what the device computes by itself.
//! * [`storage`] decides what gets memory, [`regions`] what shares a kernel.
//! * [`emit`] writes a region as a kernel in MSL; positions are symbolic ([`index`]).
//! * [`plan`] gives what lives between kernels its place in one buffer.
//! * [`description`] says of steps and places what people want to know.
//! * [`program`] is all of it together, for one set of sizes.

pub(crate) mod description;
pub(crate) mod emit;
pub(crate) mod index;
pub(crate) mod passes;
pub(crate) mod patch;
pub(crate) mod plan;
pub(crate) mod program;
pub(crate) mod regions;
pub(crate) mod routine;
pub(crate) mod storage;

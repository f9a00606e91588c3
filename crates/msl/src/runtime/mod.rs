//! Running native kernels: the memory layout they see, the functions they call, how a grid is cut into units, and the
//! scheduling of the threads of one threadgroup.

mod code;
mod collectives;
mod context;
mod cut;
mod hooks;
mod host;
mod imports;
mod run;
mod scratch;
#[cfg(test)]
mod tests;
mod threads;

pub(crate) use code::{
    Code, CompilePart, EntryKind, Gang, Generated, Groups, PART, Program, RESUME, RUN_PART, SIMDGROUPS,
    THREAD, THREADGROUP,
};
pub(crate) use collectives::{Collective, Element, Operator, Shape};
pub(crate) use context::{
    GroupContext, KEY_WORDS, KnownMemory, Parked, ParkedOperation, Site, UNKNOWN_MEMORY,
};
#[cfg(test)]
pub(crate) use imports::imports;
pub(crate) use run::{Shapes, run, whole_threadgroups};
pub use scratch::Scratch;

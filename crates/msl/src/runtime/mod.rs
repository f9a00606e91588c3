//! Running native kernels: the memory layout they see, the functions they call, and the scheduling of
//! the threads of one threadgroup.

mod collectives;
mod context;
mod hooks;
mod imports;
mod threadgroup;

pub(crate) use collectives::Collective;
pub(crate) use context::{
    GroupContext, KEY_WORDS, KnownMemory, Parked, ParkedOperation, Site, UNKNOWN_MEMORY,
};
pub(crate) use imports::imports;
pub use threadgroup::Scratch;
pub(crate) use threadgroup::{Entry, Program, run};

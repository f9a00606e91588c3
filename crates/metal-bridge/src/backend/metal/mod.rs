//! A GPU through Apple's Metal.
//!
//! Written from Apple's documentation and checked by types, lints, a linker and, as far as it is plain Rust, unit tests on
//! other systems; it has **not been run on a Mac** by its authors.
//!
//! What needs Metal is in `device`, `buffer`, `library`, `pipeline`, `queue`, `encode`, `graph` and `instruction`, which exist on Apple's systems
//! only. Everything that can be decided without an object of Metal is plain Rust in the other files, which the tests of all
//! systems compile.
//!
//! Rules of Metal that every call here keeps to:
//!
//! * Objects that a method returns without `new` or `copy` in its name are *autoreleased*: on threads of Rust they would
//!   live for ever. So every function that talks to Metal does it in an `autoreleasepool`.
//! * Metal answers with nil where memory, a name or a right is missing. A nil is an `Err` here.
//! * Handlers run on threads of Metal's own, through which nothing may unwind.
//! * `contents` of a private buffer is null, though its Rust type says otherwise: it is never asked.
//! * Encoders must be ended whatever happens.
//! * Command buffers keep their resources alive; a submission is kept until its end all the same, because the allocator relies
//!   on it.

#[cfg(target_vendor = "apple")]
pub(crate) mod buffer;
mod bytes;
#[cfg(target_vendor = "apple")]
pub(crate) mod device;
mod diagnostics;
#[cfg(target_vendor = "apple")]
mod encode;
mod fault;
#[cfg(target_vendor = "apple")]
mod graph;
mod includes;
#[cfg(target_vendor = "apple")]
mod instruction;
#[cfg(target_vendor = "apple")]
mod library;
mod limits;
#[cfg(target_vendor = "apple")]
mod pipeline;
#[cfg(target_vendor = "apple")]
pub(crate) mod queue;
mod reflection;
mod source;
mod types;

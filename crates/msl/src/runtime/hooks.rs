//! Functions that generated code calls.

use std::ffi::c_void;

use super::context::GroupContext;
use super::threadgroup::Host;

/// An access outside of its memory. Returns whether it may be done after all: a pointer whose origin the
/// compiler does not know is looked up among everything that is bound.
///
/// # Safety
///
/// Called by generated code with the context that [`run`](super::run) gave it.
#[allow(clippy::too_many_arguments, reason = "generated code passes plain numbers")]
pub(super) unsafe extern "C" fn fault(
    context: *const GroupContext,
    thread: u32,
    site: u32,
    tag: i32,
    address: u64,
    start: u64,
    length: u64,
    size: u64,
) -> bool {
    // SAFETY: the context is the one that `run` made, and `host` points to its `Host`; the thread that runs
    // the threadgroup is the only one to use it.
    unsafe {
        let host = &mut *(*context).host.cast::<Host<'_>>();
        host.out_of_bounds(&*context, thread, site, tag, address, start, length, size)
    }
}

/// Code that the source declares unreachable was reached.
///
/// # Safety
///
/// As for [`fault`].
pub(super) unsafe extern "C" fn unreachable(context: *const GroupContext, thread: u32, site: u32) {
    // SAFETY: as in `fault`.
    unsafe {
        let host = &mut *(*context).host.cast::<Host<'_>>();
        host.unreachable(&*context, thread, site);
    }
}

/// Memory for a thread's coroutine frame, kept for the next threadgroup.
///
/// # Safety
///
/// As for [`fault`].
pub(super) unsafe extern "C" fn frame(context: *const GroupContext, thread: u32, size: u64) -> *mut c_void {
    // SAFETY: as in `fault`.
    unsafe {
        let host = &mut *(*context).host.cast::<Host<'_>>();
        host.frame(thread, size)
    }
}

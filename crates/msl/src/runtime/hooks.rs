//! Functions that generated code calls.

use std::ffi::c_void;

use super::context::GroupContext;
use super::host::{BadAccess, Host};

/// The host of a context.
///
/// # Safety
///
/// The context is the one that [`run`](super::run) gave to generated code, which calls this.
unsafe fn host<'a>(context: *const GroupContext) -> &'a mut Host<'a> {
    // SAFETY: `host` points to the `Host` that `run` made; the thread that runs the units is the only one to use
    // it, and does nothing with it while generated code runs.
    unsafe { &mut *(*context).host.cast::<Host<'_>>() }
}

/// An access outside of its memory by a thread, given by its index in the threadgroup. Returns whether it may be
/// done after all: a pointer whose origin the compiler does not know is looked up among everything that is bound.
///
/// # Safety
///
/// As for [`host`].
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
    let access = BadAccess { site, tag, address, start, length, size };
    // SAFETY: the caller's promise.
    unsafe { host(context).out_of_bounds(&access, || (*context).position_in_grid(thread)) }
}

/// The same of a thread given by its position in the grid.
///
/// # Safety
///
/// As for [`host`].
#[allow(clippy::too_many_arguments, reason = "generated code passes plain numbers")]
pub(super) unsafe extern "C" fn fault_at(
    context: *const GroupContext,
    x: u32,
    y: u32,
    z: u32,
    site: u32,
    tag: i32,
    address: u64,
    start: u64,
    length: u64,
    size: u64,
) -> bool {
    let access = BadAccess { site, tag, address, start, length, size };
    // SAFETY: the caller's promise.
    unsafe { host(context).out_of_bounds(&access, || [x, y, z]) }
}

/// Code that the source declares unreachable was reached by a thread, given by its index in the threadgroup.
///
/// # Safety
///
/// As for [`host`].
pub(super) unsafe extern "C" fn unreachable(context: *const GroupContext, thread: u32, site: u32) {
    // SAFETY: the caller's promise.
    unsafe { host(context).unreachable(site, || (*context).position_in_grid(thread)) };
}

/// The same of a thread given by its position in the grid.
///
/// # Safety
///
/// As for [`host`].
pub(super) unsafe extern "C" fn unreachable_at(
    context: *const GroupContext,
    x: u32,
    y: u32,
    z: u32,
    site: u32,
) {
    // SAFETY: the caller's promise.
    unsafe { host(context).unreachable(site, || [x, y, z]) };
}

/// Memory for the frame of a coroutine, given by its index in the threadgroup, kept for the next threadgroup.
///
/// # Safety
///
/// As for [`host`].
pub(super) unsafe extern "C" fn frame(context: *const GroupContext, index: u32, size: u64) -> *mut c_void {
    // SAFETY: the caller's promise.
    unsafe { host(context).frame(index, size) }
}

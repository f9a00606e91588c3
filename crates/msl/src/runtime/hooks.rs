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

/// Of the lanes of a row that access a memory, each `stride` bytes after the one before, those that are within it: lane n
/// is if `base + n * stride` is below `limit`. The first of the others is reported. The row is given by the index in the threadgroup
/// of its lane 0 and, for code that does not know of threadgroups, by its position in the grid.
///
/// # Safety
///
/// As for [`host`].
#[allow(clippy::too_many_arguments, reason = "generated code passes plain numbers")]
pub(super) unsafe extern "C" fn within(
    context: *const GroupContext,
    first: u32,
    x: u32,
    y: u32,
    z: u32,
    lanes: u32,
    base: u64,
    stride: u64,
    limit: u64,
    start: u64,
    length: u64,
    size: u64,
    site: u32,
    tag: i32,
) -> u32 {
    let offset = |lane: u32| base.wrapping_add(stride.wrapping_mul(lane.into()));
    let good =
        (0..u32::BITS).filter(|lane| offset(*lane) < limit).fold(0, |mask, lane| mask | 1 << lane) & lanes;
    if good != lanes {
        let lane = (lanes & !good).trailing_zeros();
        let access = BadAccess { site, tag, address: start.wrapping_add(offset(lane)), start, length, size };
        // SAFETY: the caller's promise.
        let host = unsafe { host(context) };
        let in_grid = host.code.is_for_grid();
        host.out_of_bounds(&access, || match in_grid {
            true => [x + lane, y, z],
            // SAFETY: the caller's promise.
            false => unsafe { (*context).position_in_grid(first + lane) },
        });
    }
    good
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

/// Runs a row of threads, of which some may be absent, by the code for that.
///
/// # Safety
///
/// As for [`host`].
pub(super) unsafe extern "C" fn part(
    context: *const GroupContext,
    first: u32,
    x: u32,
    y: u32,
    z: u32,
    count: u32,
) {
    // SAFETY: the caller's promise. The host is not used while the code runs.
    let run = unsafe { host(context) }.part();
    if let Some(run) = run {
        // SAFETY: code of the same kernel for the same context, whose arguments are passed on.
        unsafe { run(context, first, x, y, z, count) };
    }
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

//! Schedules SIMD-groups that wait for each other at the barriers of their threadgroup.

use std::ffi::c_void;
use std::sync::atomic::Ordering;

use super::context::{GroupContext, Parked, ParkedOperation};
use crate::SIMD_WIDTH;

/// Runs the SIMD-groups of a threadgroup of `count` threads until all have ended, or the launch is stopped. A
/// SIMD-group that has ended is not waited for.
///
/// # Safety
///
/// The functions were generated for this context, whose `parked` has an entry for each SIMD-group.
pub(super) unsafe fn run(
    context: &GroupContext,
    count: u32,
    start: unsafe extern "C" fn(*const GroupContext, u32),
    resume: unsafe extern "C" fn(*mut c_void),
) {
    let groups = count.div_ceil(SIMD_WIDTH) as usize;
    let first = context.parked;
    // SAFETY: the caller's promise. Entries are used between calls of generated code only.
    let parked = |group: usize| -> &mut Parked { unsafe { &mut *first.add(group) } };
    // SAFETY: points to the launch's flag.
    let stopped = || unsafe { (*context.stop).load(Ordering::Relaxed) };
    let mut waiting = 0;
    for group in 0..groups {
        parked(group).operation = ParkedOperation::DONE;
        // SAFETY: the caller's promise.
        unsafe { start(context, group as u32 * SIMD_WIDTH) };
        waiting += usize::from(parked(group).operation != ParkedOperation::DONE);
    }
    while waiting > 0 {
        waiting = 0;
        for group in 0..groups {
            let entry = parked(group);
            if entry.operation == ParkedOperation::DONE {
                continue;
            }
            if stopped() {
                return;
            }
            let handle = entry.handle;
            // SAFETY: a suspended coroutine of this threadgroup.
            unsafe { resume(handle) };
            waiting += usize::from(parked(group).operation != ParkedOperation::DONE);
        }
    }
}

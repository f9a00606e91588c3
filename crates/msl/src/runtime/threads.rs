//! Schedules threads that wait for each other: at barriers, and in operations of their SIMD-group.

use std::ffi::c_void;
use std::sync::atomic::Ordering;

use super::collectives::Collective;
use super::context::{GroupContext, ParkedOperation};
use crate::SIMD_WIDTH;

/// Runs the threads of one threadgroup until all have ended.
///
/// Threads of a SIMD-group that wait for each other are those parked at the same place with the same loop
/// iterations. Of several such sets, the one that comes first in the order of execution goes on, so that
/// threads that took another branch catch up and join again.
///
/// # Safety
///
/// The functions were generated for this context, whose `parked` has an entry for each of its `count` threads.
pub(super) unsafe fn run(
    context: &GroupContext,
    count: u32,
    start: unsafe extern "C" fn(*const GroupContext, u32, u32, u32, u32),
    resume: unsafe extern "C" fn(*mut c_void),
) {
    // SAFETY: the caller's promise. Entries are read and written between calls of generated code only.
    let parked = |thread: usize| unsafe { &mut *context.parked.add(thread) };
    let stopped = || {
        // SAFETY: points to the launch's flag.
        unsafe { (*context.stop).load(Ordering::Relaxed) }
    };
    let [width, height, _] = context.threads_per_threadgroup.map(|n| n.max(1));
    for thread in 0..count {
        parked(thread as usize).operation = ParkedOperation::DONE;
        // SAFETY: the caller's promise.
        unsafe { start(context, thread, thread % width, thread / width % height, thread / width / height) };
    }
    let count = count as usize;
    let lanes_of = |first: usize| first..(first + SIMD_WIDTH as usize).min(count);
    loop {
        for first in (0..count).step_by(SIMD_WIDTH as usize) {
            loop {
                if stopped() {
                    return;
                }
                let collective =
                    lanes_of(first).filter(|t| parked(*t).operation > ParkedOperation::THREADGROUP_BARRIER);
                let Some(leader) = collective.min_by_key(|t| parked(*t).key) else { break };
                let (operation, key) = (parked(leader).operation, parked(leader).key);
                let mut active = 0u32;
                let mut values = [None; 32];
                for thread in lanes_of(first) {
                    let entry = parked(thread);
                    if entry.operation == operation && entry.key == key {
                        active |= 1 << (thread - first);
                        values[thread - first] = Some(entry.value);
                    }
                }
                let mut results = [0; 32];
                match operation {
                    ParkedOperation::BALLOT => {
                        let ballot =
                            (0..32).filter(|i| values[*i].is_some_and(|v| v != 0)).map(|i| 1u64 << i).sum();
                        results.fill(ballot);
                    }
                    ParkedOperation::SHUFFLE => {
                        for lane in (0..32).filter(|i| active >> i & 1 == 1) {
                            let source = parked(first + lane).lane as usize;
                            results[lane] = values.get(source).copied().flatten().unwrap_or(0);
                        }
                    }
                    number => {
                        if let Some(collective) = Collective::from_number(number) {
                            collective.apply(&values, &mut results);
                        }
                    }
                }
                for lane in (0..32usize).filter(|i| active >> i & 1 == 1) {
                    let entry = parked(first + lane);
                    entry.result = results[lane];
                    let handle = entry.handle;
                    // SAFETY: a suspended coroutine of this threadgroup.
                    unsafe { resume(handle) };
                }
            }
        }
        // Everyone left waits at a threadgroup barrier.
        let mut any = false;
        for thread in 0..count {
            let entry = parked(thread);
            if entry.operation == ParkedOperation::THREADGROUP_BARRIER {
                any = true;
                let handle = entry.handle;
                // SAFETY: a suspended coroutine of this threadgroup.
                unsafe { resume(handle) };
            }
        }
        if !any || stopped() {
            return;
        }
    }
}

//! The same dispatch in native code.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;

use super::super::Argument;
use super::super::interpret::Dispatch;
use super::header::Run;
use crate::{Binding, Kernel, Launch, MAX_BUFFERS, Scratch};

/// Runs a dispatch; the buffers hold the results then. Returns whether there was no fault.
pub(super) fn run(
    kernel: &Kernel,
    dispatch: &mut Dispatch,
    places: &HashMap<usize, Argument>,
    run: &Run,
) -> bool {
    // Words of 16 bytes, so that the memory is aligned as Metal's.
    let mut memory: HashMap<usize, (Vec<u128>, usize)> = HashMap::new();
    for (index, argument) in places {
        let content = &dispatch.buffers[argument];
        let mut words = vec![0u128; content.len().div_ceil(16).max(1)];
        for (word, bytes) in words.iter_mut().zip(content.chunks(16)) {
            let mut all = [0; 16];
            all[..bytes.len()].copy_from_slice(bytes);
            *word = u128::from_ne_bytes(all);
        }
        memory.insert(*index, (words, content.len()));
    }
    let mut buffers = vec![None; MAX_BUFFERS];
    for (index, (words, length)) in &mut memory {
        buffers[*index] = Some(Binding { address: words.as_mut_ptr().cast(), length: *length as u64 });
    }
    let slots = run.threadgroup.keys().last().map_or(0, |last| last.0 + 1);
    let mut threadgroup_memory = vec![0; slots];
    for (index, bytes) in &run.threadgroup {
        threadgroup_memory[index.0] = *bytes;
    }
    let launch = Launch {
        buffers: &buffers,
        threadgroup_memory: &threadgroup_memory,
        threads_per_grid: dispatch.threads_per_grid,
        threads_per_threadgroup: dispatch.threads_per_threadgroup,
        stop: &AtomicBool::new(false),
    };
    let units = kernel.units(&launch);
    // SAFETY: the bindings are memory of this function that nothing else refers to meanwhile.
    let result = unsafe { kernel.run(&launch, 0..units, &mut Scratch::default()) };
    for (index, argument) in places {
        let (words, length) = &memory[index];
        let mut bytes: Vec<u8> = words.iter().flat_map(|w| w.to_ne_bytes()).collect();
        bytes.truncate(*length);
        dispatch.buffers.insert(*argument, bytes);
    }
    result.is_ok()
}

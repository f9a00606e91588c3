//! Runs kernels in our own form, slowly and plainly: what their meaning is, for tests.
//!
//! Threads that wait at different places of a SIMD-group at once are not run: see [`Trouble::Divergent`].

pub(crate) mod arithmetic;
mod thread;

use std::collections::HashMap;

use super::op::{LaunchValue, Op};
use super::{Argument, Function, Inst, Storage, Type, Variable};
use thread::{Stop, Thread};

/// Most instructions of one threadgroup.
const MAX_STEPS: u64 = 200_000_000;
const SIMD_WIDTH: usize = crate::SIMD_WIDTH as usize;

/// Why a launch ended early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The kernel did what it must not.
    Fault(String),
    /// Threads of a SIMD-group wait at different places, or in different iterations: what meets there is not modelled.
    Divergent,
    Endless,
}

/// One dispatch.
#[derive(Clone, Debug)]
pub(crate) struct Dispatch {
    /// Content by the kernel's arguments in device memory.
    pub(crate) buffers: HashMap<Argument, Vec<u8>>,
    /// Bytes by the kernel's arguments in threadgroup memory.
    pub(crate) threadgroup_memory: HashMap<Argument, usize>,
    pub(crate) threads_per_grid: [u32; 3],
    pub(crate) threads_per_threadgroup: [u32; 3],
}

/// Runs all threadgroups one after the other; the buffers hold the results then.
pub(crate) fn run(function: &Function, dispatch: &mut Dispatch) -> Result<(), Trouble> {
    let mut memory = Memory::default();
    let mut launch = Launch {
        function,
        arguments: HashMap::new(),
        variables: HashMap::new(),
        threads_per_grid: dispatch.threads_per_grid,
        dispatch_threads: dispatch.threads_per_threadgroup,
        threads: dispatch.threads_per_threadgroup,
        group: [0; 3],
    };
    // Two arguments may be the same buffer only if the caller binds them so; here each has its own.
    for (argument, content) in &dispatch.buffers {
        launch.arguments.insert(*argument, memory.add(content.clone()));
    }
    for (variable, data) in function.variables.iter() {
        if let Storage::Constant(content) = &data.storage {
            launch.variables.insert(variable, memory.add(content.clone()));
        }
    }
    let groups = launch.groups();
    for z in 0..groups[2] {
        for y in 0..groups[1] {
            for x in 0..groups[0] {
                launch.group = [x, y, z];
                launch.threads = std::array::from_fn(|i| {
                    let first = launch.group[i] * launch.dispatch_threads[i];
                    launch.dispatch_threads[i].min(launch.threads_per_grid[i] - first)
                });
                let kept = memory.regions.len();
                for (argument, bytes) in &dispatch.threadgroup_memory {
                    launch.arguments.insert(*argument, memory.add(vec![0; *bytes]));
                }
                for (variable, data) in function.variables.iter() {
                    if data.storage == Storage::Threadgroup {
                        launch.variables.insert(variable, memory.add(vec![0; data.bytes as usize]));
                    }
                }
                threadgroup(&launch, &mut memory)?;
                memory.regions.truncate(kept);
            }
        }
    }
    for (argument, content) in &mut dispatch.buffers {
        *content = memory.regions[Memory::region(launch.arguments[argument])].clone();
    }
    Ok(())
}

/// What threads of a threadgroup read.
struct Launch<'f> {
    function: &'f Function,
    /// Addresses.
    arguments: HashMap<Argument, u64>,
    /// Addresses of variables that are not private.
    variables: HashMap<Variable, u64>,
    threads_per_grid: [u32; 3],
    dispatch_threads: [u32; 3],
    /// Of this threadgroup.
    threads: [u32; 3],
    group: [u32; 3],
}

impl Launch<'_> {
    fn groups(&self) -> [u32; 3] {
        std::array::from_fn(|i| self.threads_per_grid[i].div_ceil(self.dispatch_threads[i]))
    }

    fn value(&self, value: LaunchValue, axis: usize) -> u32 {
        match value {
            LaunchValue::ThreadsPerGrid => self.threads_per_grid[axis],
            LaunchValue::ThreadgroupsPerGrid => self.groups()[axis],
            LaunchValue::ThreadgroupPositionInGrid => self.group[axis],
            LaunchValue::ThreadsPerThreadgroup => self.threads[axis],
            LaunchValue::DispatchThreadsPerThreadgroup => self.dispatch_threads[axis],
        }
    }
}

/// Pieces of memory, far from each other in the space of addresses.
#[derive(Default)]
struct Memory {
    regions: Vec<Vec<u8>>,
}

impl Memory {
    const SHIFT: u32 = 40;

    fn add(&mut self, content: Vec<u8>) -> u64 {
        self.regions.push(content);
        (self.regions.len() as u64) << Self::SHIFT
    }

    fn region(address: u64) -> usize {
        ((address >> Self::SHIFT) as usize).wrapping_sub(1)
    }

    fn slice(&mut self, address: u64, length: u64) -> Result<&mut [u8], Trouble> {
        let fault = || Trouble::Fault(format!("access of {length} bytes at {address:#x}"));
        if length == 0 {
            return Ok(&mut []);
        }
        let offset = address & ((1 << Self::SHIFT) - 1);
        let region = self.regions.get_mut(Self::region(address)).ok_or_else(fault)?;
        let end = offset.checked_add(length).filter(|end| *end <= region.len() as u64).ok_or_else(fault)?;
        Ok(&mut region[offset as usize..end as usize])
    }

    fn load(&mut self, address: u64, ty: Type) -> Result<u128, Trouble> {
        let mut bytes = [0; 16];
        let slice = self.slice(address, ty.bytes().into())?;
        bytes[..slice.len()].copy_from_slice(slice);
        Ok(u128::from_le_bytes(bytes))
    }

    fn store(&mut self, address: u64, ty: Type, bits: u128) -> Result<(), Trouble> {
        let slice = self.slice(address, ty.bytes().into())?;
        slice.copy_from_slice(&bits.to_le_bytes()[..slice.len()]);
        Ok(())
    }
}

/// Runs one threadgroup: its SIMD-groups in turn, each until all its threads wait.
fn threadgroup(launch: &Launch<'_>, memory: &mut Memory) -> Result<(), Trouble> {
    let count: u32 = launch.threads.iter().product();
    let mut threads: Vec<Thread> = (0..count).map(|i| Thread::new(launch, memory, i)).collect();
    let mut steps = 0;
    loop {
        for group in threads.chunks_mut(SIMD_WIDTH) {
            simdgroup(launch, memory, group, &mut steps)?;
        }
        if threads.iter().all(|t| t.waits.is_none()) {
            return Ok(());
        }
        // All that are left wait at a barrier of the threadgroup.
        threads.iter_mut().filter(|t| t.waits.is_some()).for_each(Thread::go_on);
    }
}

/// Runs the threads of a SIMD-group until all have ended or wait at a barrier of the threadgroup.
fn simdgroup(
    launch: &Launch<'_>,
    memory: &mut Memory,
    threads: &mut [Thread],
    steps: &mut u64,
) -> Result<(), Trouble> {
    loop {
        for thread in threads.iter_mut().filter(|t| !t.ended && t.waits.is_none()) {
            match thread.run(launch, memory, steps)? {
                Stop::Ended => thread.ended = true,
                Stop::Waits(inst) => thread.waits = Some(inst),
            }
        }
        let mut places = threads.iter().filter_map(|t| Some((t.waits?, t.repeated)));
        let Some(place) = places.next() else { return Ok(()) };
        let op = |inst: Inst| launch.function.instructions[inst].op;
        if op(place.0) == Op::ThreadgroupBarrier {
            let all = places.all(|(inst, _)| op(inst) == Op::ThreadgroupBarrier);
            return if all { Ok(()) } else { Err(Trouble::Divergent) };
        }
        if places.any(|other| other != place) {
            return Err(Trouble::Divergent);
        }
        meet(launch, threads, place.0)?;
    }
}

/// Does an operation of the SIMD-group for all threads that wait at it.
fn meet(launch: &Launch<'_>, threads: &mut [Thread], inst: Inst) -> Result<(), Trouble> {
    let data = &launch.function.instructions[inst];
    let operand = |thread: &Thread, i: usize| thread.value(launch.function, data.operands[i]);
    let values: [Option<u64>; SIMD_WIDTH] = std::array::from_fn(|lane| {
        let thread = threads.get(lane).filter(|t| t.waits.is_some())?;
        data.operands.first()?;
        Some(operand(thread, 0) as u64)
    });
    let mut results = [0; SIMD_WIDTH];
    match data.op {
        Op::SimdgroupBarrier => {}
        Op::Ballot => {
            let bits = (0..SIMD_WIDTH).filter(|lane| values[*lane] == Some(1)).map(|lane| 1 << lane).sum();
            results.fill(bits);
        }
        Op::Shuffle => {
            for (lane, thread) in threads.iter().enumerate().filter(|(_, t)| t.waits.is_some()) {
                let from = operand(thread, 1) as usize;
                results[lane] = values.get(from).copied().flatten().unwrap_or(0);
            }
        }
        Op::Collective(collective) => collective.apply(&values, &mut results),
        _ => return Err(Trouble::Fault(format!("{} is no operation of a SIMD-group", data.op.name()))),
    }
    for (lane, thread) in threads.iter_mut().enumerate().filter(|(_, t)| t.waits.is_some()) {
        if let Some(result) = data.results.first() {
            thread.set(launch.function, *result, results[lane].into());
        }
        thread.go_on();
    }
    Ok(())
}

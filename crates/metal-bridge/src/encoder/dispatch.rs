//! The checks of a dispatch, and what a back end needs to run it.

use std::sync::Arc;

use msl_types::{Access, Argument, FunctionReflection};

use crate::backend::{Binding, Bytes, Dispatch};
use crate::buffer::Buffer;
use crate::command_buffer::{Uses, add_use};
use crate::device::MAX_BUFFERS;
use crate::error::{Error, Result};
use crate::pipeline::ComputePipelineState;
use crate::size::Size;

/// Lengths of threadgroup memory are multiples of this.
pub(super) const THREADGROUP_MEMORY_GRANULE: usize = 16;

/// What is bound to a buffer index.
pub(super) enum Bound {
    Buffer { buffer: Buffer, offset: usize },
    Bytes(Bytes),
}

/// The size of a grid as the caller counts it.
#[derive(Clone, Copy)]
pub(super) enum Grid {
    Threads(Size),
    Threadgroups(Size),
}

/// Checks a dispatch and adds the buffers it uses to `uses`. An empty grid gives `None`, whatever is bound.
pub(super) fn prepare(
    pipeline: &ComputePipelineState,
    bound: &[Option<Bound>; MAX_BUFFERS],
    threadgroup_memory: &[u32; MAX_BUFFERS],
    grid: Grid,
    threads_per_threadgroup: Size,
    uses: &mut Uses,
) -> Result<Option<Dispatch>> {
    let reflection = pipeline.reflection();
    let threads_per_threadgroup = check_threadgroup(pipeline, threads_per_threadgroup)?;
    let Some(threads_per_grid) = check_grid(reflection, grid, threads_per_threadgroup)? else {
        return Ok(None);
    };
    if !pipeline.device().limits().non_uniform_threadgroups {
        check_full_threadgroups(reflection, threads_per_grid, threads_per_threadgroup)?;
    }
    let threadgroup_memory = check_threadgroup_memory(pipeline, threadgroup_memory)?;
    let buffers = check_buffers(reflection, bound)?;
    for argument in reflection.arguments.iter().filter(|a| a.kind.is_buffer()) {
        if let Some(Bound::Buffer { buffer, .. }) = &bound[argument.index as usize] {
            add_use(uses, buffer, argument.access == Access::ReadWrite);
        }
    }
    let pipeline = Arc::clone(pipeline.backend());
    Ok(Some(Dispatch { pipeline, buffers, threadgroup_memory, threads_per_grid, threads_per_threadgroup }))
}

fn check_threadgroup(pipeline: &ComputePipelineState, size: Size) -> Result<[u32; 3]> {
    let kernel = || pipeline.name().to_owned();
    if size.is_empty() {
        return Err(Error::EmptyThreadgroup { kernel: kernel(), threads_per_threadgroup: size });
    }
    if let Some(expected) = pipeline.required_threads_per_threadgroup().filter(|r| *r != size) {
        return Err(Error::ThreadgroupSize { kernel: kernel(), got: size, expected });
    }
    let limit = pipeline.max_total_threads_per_threadgroup();
    let too_large = || Error::ThreadgroupTooLarge { kernel: kernel(), threads_per_threadgroup: size, limit };
    let maximum = pipeline.device().max_threads_per_threadgroup().to_array();
    let fits = size.total().is_some_and(|total| total <= limit)
        && size.to_array().iter().zip(maximum).all(|(extent, most)| *extent <= most);
    if !fits {
        return Err(too_large());
    }
    to_u32(size).ok_or_else(too_large)
}

/// The grid in threads; `None` if it is empty.
fn check_grid(
    reflection: &FunctionReflection,
    grid: Grid,
    threads_per_threadgroup: [u32; 3],
) -> Result<Option<[u32; 3]>> {
    let (size, unit) = match grid {
        Grid::Threads(size) => (size, "threads"),
        Grid::Threadgroups(size) => (size, "threadgroups"),
    };
    if size.is_empty() {
        return Ok(None);
    }
    let threads = to_u32(size).and_then(|extents| {
        let mut threads = extents;
        if matches!(grid, Grid::Threadgroups(_)) {
            for (extent, per_threadgroup) in threads.iter_mut().zip(threads_per_threadgroup) {
                *extent = extent.checked_mul(per_threadgroup)?;
            }
        }
        // The number of threadgroups must be countable.
        let threadgroups = threads.iter().zip(threads_per_threadgroup).map(|(t, g)| u64::from(t.div_ceil(g)));
        threadgroups.into_iter().try_fold(1u64, u64::checked_mul)?;
        Some(threads)
    });
    threads.map(Some).ok_or_else(|| Error::GridTooLarge {
        kernel: reflection.name.clone(),
        grid: size,
        unit,
        limit: u32::MAX,
    })
}

/// For devices whose threadgroups all have the same size.
fn check_full_threadgroups(
    reflection: &FunctionReflection,
    threads_per_grid: [u32; 3],
    threads_per_threadgroup: [u32; 3],
) -> Result<()> {
    let full =
        threads_per_grid.iter().zip(threads_per_threadgroup).all(|(all, each)| all.is_multiple_of(each));
    if full {
        return Ok(());
    }
    let size = |extents: [u32; 3]| Size::from(extents.map(|extent| extent as usize));
    Err(Error::PartialThreadgroups {
        kernel: reflection.name.clone(),
        threads_per_grid: size(threads_per_grid),
        threads_per_threadgroup: size(threads_per_threadgroup),
    })
}

fn to_u32(size: Size) -> Option<[u32; 3]> {
    let [x, y, z] = size.to_array().map(u32::try_from);
    Some([x.ok()?, y.ok()?, z.ok()?])
}

fn check_threadgroup_memory(
    pipeline: &ComputePipelineState,
    lengths: &[u32; MAX_BUFFERS],
) -> Result<Box<[u32]>> {
    let reflection = pipeline.reflection();
    let arguments = || reflection.arguments.iter().filter(|a| !a.kind.is_buffer());
    let mut set = 0;
    let mut used = Vec::new();
    for argument in arguments() {
        let length = slot(lengths, argument).copied().unwrap_or(0);
        if length == 0 {
            return Err(missing(reflection, argument));
        }
        if (length as usize) < argument.size {
            return Err(too_small(reflection, argument, length as usize));
        }
        let index = argument.index as usize;
        if used.len() <= index {
            used.resize(index + 1, 0);
        }
        used[index] = length;
        set += length as usize;
    }
    let declared = reflection.static_threadgroup_memory_length;
    let limit = pipeline.device().max_threadgroup_memory_length();
    if declared.saturating_add(set) > limit {
        let kernel = Some(reflection.name.clone());
        return Err(Error::ThreadgroupMemoryTooLarge { kernel, declared, set, limit });
    }
    Ok(used.into())
}

fn check_buffers(
    reflection: &FunctionReflection,
    bound: &[Option<Bound>; MAX_BUFFERS],
) -> Result<Box<[Option<Binding>]>> {
    let mut bindings = Vec::new();
    for argument in reflection.arguments.iter().filter(|a| a.kind.is_buffer()) {
        let binding = match slot(bound, argument).and_then(Option::as_ref) {
            None => return Err(missing(reflection, argument)),
            Some(Bound::Bytes(bytes)) => {
                if argument.access == Access::ReadWrite {
                    return Err(Error::BytesNotWritable {
                        kernel: reflection.name.clone(),
                        argument: argument.name.clone(),
                        index: argument.index,
                    });
                }
                check_size(reflection, argument, bytes.as_slice().len())?;
                Binding::Bytes(bytes.clone())
            }
            Some(Bound::Buffer { buffer, offset }) => {
                let offset = *offset;
                if !offset.is_multiple_of(argument.alignment.max(1)) {
                    return Err(Error::ArgumentMisaligned {
                        kernel: reflection.name.clone(),
                        argument: argument.name.clone(),
                        index: argument.index,
                        type_name: argument.type_name.clone(),
                        offset,
                        alignment: argument.alignment,
                    });
                }
                check_size(reflection, argument, buffer.length() - offset)?;
                bind_from(buffer, offset)
            }
        };
        let index = argument.index as usize;
        if bindings.len() <= index {
            bindings.resize_with(index + 1, || None);
        }
        bindings[index] = Some(binding);
    }
    Ok(bindings.into())
}

/// A buffer from a byte offset within it on.
pub(super) fn bind_from(buffer: &Buffer, offset: usize) -> Binding {
    Binding::Buffer {
        buffer: Arc::clone(buffer.backend()),
        offset: buffer.backend_offset() + offset,
        length: buffer.length() - offset,
    }
}

/// The entry for an argument; `None` if its index is beyond all slots, so that nothing can be bound there.
fn slot<'a, T>(slots: &'a [T; MAX_BUFFERS], argument: &Argument) -> Option<&'a T> {
    slots.get(argument.index as usize)
}

fn check_size(reflection: &FunctionReflection, argument: &Argument, got: usize) -> Result<()> {
    if got < argument.size { Err(too_small(reflection, argument, got)) } else { Ok(()) }
}

fn missing(reflection: &FunctionReflection, argument: &Argument) -> Error {
    Error::MissingArgument {
        kernel: reflection.name.clone(),
        argument: argument.name.clone(),
        kind: argument.kind,
        index: argument.index,
    }
}

fn too_small(reflection: &FunctionReflection, argument: &Argument, got: usize) -> Error {
    Error::ArgumentTooSmall {
        kernel: reflection.name.clone(),
        argument: argument.name.clone(),
        kind: argument.kind,
        index: argument.index,
        type_name: argument.type_name.clone(),
        expected: argument.size,
        got,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_full_threadgroups_pass_where_no_others_run() {
        let reflection = crate::null::reflection("k");
        assert_eq!(check_full_threadgroups(&reflection, [64, 8, 1], [32, 4, 1]), Ok(()));
        assert_eq!(
            check_full_threadgroups(&reflection, [64, 9, 1], [32, 4, 1]),
            Err(Error::PartialThreadgroups {
                kernel: "k".into(),
                threads_per_grid: Size::new(64, 9, 1),
                threads_per_threadgroup: Size::new(32, 4, 1),
            })
        );
    }
}

//! The commands as work in units.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use msl_types::{KernelFault, PipelineError};

use super::buffer::CpuBuffer;
use super::pipeline::CpuPipeline;
use super::region::{Cost, Scratch, Work};
use crate::backend::{Binding, BlitCommand, Dispatch, own};

/// Where a binding's memory is.
pub(super) fn address(binding: &Binding) -> msl::Binding {
    match binding {
        Binding::Buffer { buffer, offset, length } => {
            msl::Binding { address: own::<CpuBuffer>(&**buffer).at(*offset), length: *length as u64 }
        }
        // Never written to: the API refuses bytes for arguments that a kernel may write.
        Binding::Bytes(bytes) => {
            let bytes = bytes.as_slice();
            msl::Binding { address: bytes.as_ptr().cast_mut(), length: bytes.len() as u64 }
        }
    }
}

/// A dispatch, in the kernel's units. Holds addresses only: the submission keeps the memory alive.
pub(super) struct KernelWork {
    kernel: msl::Kernel,
    pub(super) cost: Arc<Cost>,
    buffers: Vec<Option<msl::Binding>>,
    threadgroup_memory: Box<[u32]>,
    threads_per_grid: [u32; 3],
    threads_per_threadgroup: [u32; 3],
}

// SAFETY: the addresses are of memory that any thread may access; that it is sound to do so while the work
// is being done is the promise of `KernelWork::new`.
unsafe impl Send for KernelWork {}
// SAFETY: as for `Send`; nothing is changed through a shared reference but the memory of the bindings, which
// is the kernel's affair.
unsafe impl Sync for KernelWork {}

impl KernelWork {
    /// # Safety
    ///
    /// The work may be run only while the dispatch lives and its command buffer is in flight.
    pub(super) unsafe fn new(dispatch: &Dispatch) -> Self {
        let pipeline: &CpuPipeline = own(&*dispatch.pipeline);
        Self {
            kernel: pipeline.kernel.clone(),
            cost: pipeline.cost.clone(),
            buffers: dispatch.buffers.iter().map(|binding| binding.as_ref().map(address)).collect(),
            threadgroup_memory: dispatch.threadgroup_memory.clone(),
            threads_per_grid: dispatch.threads_per_grid,
            threads_per_threadgroup: dispatch.threads_per_threadgroup,
        }
    }

    /// Compiles what is still missing for this dispatch.
    pub(super) fn prepare(&self) -> Result<(), PipelineError> {
        self.kernel.prepare(&self.launch(&AtomicBool::new(false)))
    }

    pub(super) fn units(&self) -> u64 {
        self.kernel.units(&self.launch(&AtomicBool::new(false)))
    }

    pub(super) fn threads(&self) -> f64 {
        self.threads_per_grid.iter().map(|extent| f64::from(*extent)).product()
    }

    fn launch<'a>(&'a self, stop: &'a AtomicBool) -> msl::Launch<'a> {
        msl::Launch {
            buffers: &self.buffers,
            threadgroup_memory: &self.threadgroup_memory,
            threads_per_grid: self.threads_per_grid,
            threads_per_threadgroup: self.threads_per_threadgroup,
            stop,
        }
    }
}

impl Work for KernelWork {
    fn run(
        &self,
        units: Range<u64>,
        stop: &AtomicBool,
        scratch: &mut Scratch,
    ) -> Result<(), Box<KernelFault>> {
        // SAFETY: by the promise of `KernelWork::new`, the memory is alive and in use by this command buffer,
        // so the API lets the host neither write it nor, if the kernel writes it, refer to it. The API has
        // checked bindings and sizes.
        unsafe { self.kernel.run(&self.launch(stop), units, &mut scratch.kernel) }
    }

    fn name(&self) -> &str {
        &self.kernel.reflection().name
    }
}

/// A copy or a fill, in units of [`BLOCK`] bytes. Holds addresses only: the submission keeps the memory alive.
pub(super) struct BlitWork {
    kind: BlitKind,
    size: usize,
}

enum BlitKind {
    Copy { from: *const u8, to: *mut u8 },
    Fill { to: *mut u8, value: u8 },
}

/// Bytes of a unit: large enough to be worth waking a worker.
const BLOCK: usize = 256 << 10;

// SAFETY: as for `KernelWork`.
unsafe impl Send for BlitWork {}
// SAFETY: as for `KernelWork`.
unsafe impl Sync for BlitWork {}

impl BlitWork {
    /// The work of a command, if it has any.
    ///
    /// # Safety
    ///
    /// The work may be run only while the command lives and its command buffer is in flight.
    pub(super) unsafe fn new(command: &BlitCommand) -> Option<Self> {
        let (kind, size) = match command {
            BlitCommand::Copy { source, source_offset, destination, destination_offset, size } => {
                let from = own::<CpuBuffer>(&**source).at(*source_offset).cast_const();
                let to = own::<CpuBuffer>(&**destination).at(*destination_offset);
                (BlitKind::Copy { from, to }, *size)
            }
            BlitCommand::Fill { buffer, range, value } => {
                let to = own::<CpuBuffer>(&**buffer).at(range.start);
                (BlitKind::Fill { to, value: *value }, range.len())
            }
            BlitCommand::Synchronize { .. } | BlitCommand::PushDebugGroup(_) | BlitCommand::PopDebugGroup => {
                return None;
            }
        };
        Some(Self { kind, size })
    }

    pub(super) fn units(&self) -> u64 {
        self.size.div_ceil(BLOCK) as u64
    }
}

impl Work for BlitWork {
    fn run(
        &self,
        units: Range<u64>,
        _stop: &AtomicBool,
        _scratch: &mut Scratch,
    ) -> Result<(), Box<KernelFault>> {
        let start = units.start as usize * BLOCK;
        let size = (units.end as usize * BLOCK).min(self.size) - start;
        match self.kind {
            // SAFETY: the API has checked that both ranges lie within their buffers and do not overlap; by the
            // promise of `BlitWork::new` the memory is alive and the host keeps away from it. Work of other
            // queues may be at the same bytes, whose values are then unspecified; nothing depends on them here.
            BlitKind::Copy { from, to } => unsafe {
                std::ptr::copy_nonoverlapping(from.add(start), to.add(start), size);
            },
            // SAFETY: as for the copy.
            BlitKind::Fill { to, value } => unsafe { std::ptr::write_bytes(to.add(start), value, size) },
        }
        Ok(())
    }

    fn name(&self) -> &str {
        "blit"
    }
}

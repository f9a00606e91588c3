use std::sync::Arc;
use std::time::Duration;

use msl_types::{CompileOptions, LibraryError};

use super::buffer::CpuBuffer;
use super::library::CpuLibrary;
use super::pool::{self, Pool};
use super::queue::CpuQueue;
use super::system;
#[cfg(feature = "dlpack")]
use crate::backend::memory::Memory;
use crate::backend::routine::Routine;
use crate::backend::{self, Binding, memory::Budget};
use crate::buffer::StorageMode;
use crate::device::{DeviceConfig, DeviceKind, Limits, MAX_THREADS};
use crate::error::{Error, Result};
use crate::switches;

/// Long beyond what useful dispatches take; short enough to call an endless one an error.
const TIME_LIMIT: Duration = Duration::from_secs(300);
#[derive(Debug)]
pub(crate) struct CpuDevice {
    name: String,
    pool: Pool,
    budget: Arc<Budget>,
    compiler: msl::Compiler,
}

impl CpuDevice {
    pub(crate) fn new(config: &DeviceConfig) -> Result<Self> {
        let threads = config.threads.map_or_else(switches::threads, |n| Ok(Some(n)))?;
        let threads = threads.unwrap_or_else(system::processors);
        if threads.get() > MAX_THREADS {
            return Err(Error::TooManyThreads { threads: threads.get(), limit: MAX_THREADS });
        }
        let time_limit = config.time_limit.map_or_else(switches::time_limit, |limit| Ok(Some(limit)))?;
        let memory_limit =
            config.memory_limit.map_or_else(switches::memory_limit, |bytes| Ok(Some(bytes)))?;
        let plural = if threads.get() == 1 { "" } else { "s" };
        Ok(Self {
            name: format!("{} (CPU, {threads} thread{plural})", system::processor_name()),
            pool: Pool::new(threads, time_limit.unwrap_or(Some(TIME_LIMIT)))?,
            budget: Budget::new(memory_limit.unwrap_or_else(system::memory)),
            compiler: msl::Compiler::new(msl::CompilerConfig::default()),
        })
    }
}

impl backend::Device for CpuDevice {
    fn kind(&self) -> DeviceKind {
        DeviceKind::Cpu
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> Limits {
        Limits { look_for: pool::look_for(), ..Limits::with_memory(self.budget.limit()) }
    }

    fn current_allocated_size(&self) -> u64 {
        self.budget.used()
    }

    fn new_buffer(&self, length: usize, _mode: StorageMode) -> Result<Arc<dyn backend::Buffer>> {
        Ok(Arc::new(CpuBuffer::new(length, &self.budget)?))
    }

    #[cfg(feature = "dlpack")]
    fn buffer_in(&self, memory: Memory) -> Option<Arc<dyn backend::Buffer>> {
        Some(Arc::new(CpuBuffer::in_memory(memory)))
    }

    fn new_library(
        &self,
        source: &str,
        options: &CompileOptions,
    ) -> Result<Arc<dyn backend::Library>, LibraryError> {
        Ok(Arc::new(CpuLibrary::new(self.compiler.compile(source, options)?)))
    }

    fn routine_scratch(&self, routine: &Routine) -> Option<usize> {
        Some(super::routine::scratch(routine))
    }

    fn routine_layout(&self, routine: &Routine) -> usize {
        super::routine::layout(routine)
    }

    unsafe fn lay_out(&self, routine: &Routine, operand: &Binding, to: &Binding) {
        // SAFETY: by the promise of this method.
        unsafe { super::routine::lay_out(routine, operand, to) }
    }

    fn new_queue(&self) -> Result<Arc<dyn backend::Queue>> {
        Ok(Arc::new(CpuQueue::new(self.pool.shared().clone())))
    }
}

use std::sync::Arc;

use msl_types::{FunctionReflection, PipelineLog};

use super::region::Cost;
use crate::backend;

#[derive(Debug)]
pub(super) struct CpuPipeline {
    pub(super) kernel: msl::Kernel,
    /// What a thread has cost so far.
    pub(super) cost: Arc<Cost>,
}

impl CpuPipeline {
    pub(super) fn new(kernel: msl::Kernel) -> Self {
        Self { kernel, cost: Arc::default() }
    }
}

impl backend::Pipeline for CpuPipeline {
    fn reflection(&self) -> &FunctionReflection {
        self.kernel.reflection()
    }

    fn log(&self) -> &PipelineLog {
        self.kernel.log()
    }
}

use std::sync::Arc;

use msl_types::{Diagnostic, FunctionConstantValues, FunctionReflection, PipelineError, Stage};

use super::pipeline::CpuPipeline;
use crate::backend;

#[derive(Debug)]
pub(super) struct CpuLibrary(msl::Library);

impl CpuLibrary {
    pub(super) fn new(library: msl::Library) -> Self {
        Self(library)
    }
}

impl backend::Library for CpuLibrary {
    fn functions(&self) -> &[FunctionReflection] {
        self.0.functions()
    }

    fn warnings(&self) -> &[Diagnostic] {
        self.0.warnings()
    }

    fn new_pipeline(
        &self,
        name: &str,
        constants: &FunctionConstantValues,
    ) -> Result<Arc<dyn backend::Pipeline>, PipelineError> {
        Ok(Arc::new(CpuPipeline::new(msl::Kernel::build(&self.0, name, constants)?)))
    }

    fn inspect(
        &self,
        name: &str,
        constants: &FunctionConstantValues,
        stage: Stage,
    ) -> Result<String, PipelineError> {
        msl::inspect(&self.0, name, constants, stage)
    }
}

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
        checked: bool,
    ) -> Result<Arc<dyn backend::Pipeline>, PipelineError> {
        let mut options = msl::BuildOptions::default();
        if !checked {
            // SAFETY: the API's caller has promised the same for each dispatch.
            options = unsafe { options.unchecked() };
        }
        Ok(Arc::new(CpuPipeline::new(msl::Kernel::build_with(&self.0, name, constants, &options)?)))
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

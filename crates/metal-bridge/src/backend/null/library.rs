use std::sync::Arc;

use msl_types::{Diagnostic, FunctionConstantValues, FunctionReflection, PipelineError};

use super::pipeline::NullPipeline;
use crate::backend;

#[derive(Debug)]
pub(super) struct NullLibrary(Arc<[FunctionReflection]>);

impl NullLibrary {
    pub(super) fn new(functions: Arc<[FunctionReflection]>) -> Self {
        Self(functions)
    }
}

impl backend::Library for NullLibrary {
    fn functions(&self) -> &[FunctionReflection] {
        &self.0
    }

    fn warnings(&self) -> &[Diagnostic] {
        &[]
    }

    fn new_pipeline(
        &self,
        name: &str,
        _: &FunctionConstantValues,
        _: bool,
    ) -> Result<Arc<dyn backend::Pipeline>, PipelineError> {
        let function = self.0.iter().find(|f| f.name == name).ok_or_else(|| PipelineError::Unsupported {
            kernel: name.to_owned(),
            reason: "not declared".into(),
        })?;
        Ok(Arc::new(NullPipeline::new(function.clone())))
    }
}

use msl_types::FunctionReflection;

use crate::backend;

#[derive(Debug)]
pub(super) struct NullPipeline(FunctionReflection);

impl NullPipeline {
    pub(super) fn new(reflection: FunctionReflection) -> Self {
        Self(reflection)
    }
}

impl backend::Pipeline for NullPipeline {
    fn reflection(&self) -> &FunctionReflection {
        &self.0
    }
}

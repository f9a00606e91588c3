use msl_types::{FunctionReflection, PipelineLog};

use crate::backend;

#[derive(Debug)]
pub(super) struct NullPipeline {
    reflection: FunctionReflection,
    log: PipelineLog,
}

impl NullPipeline {
    pub(super) fn new(reflection: FunctionReflection) -> Self {
        Self { reflection, log: PipelineLog::default() }
    }
}

impl backend::Pipeline for NullPipeline {
    fn reflection(&self) -> &FunctionReflection {
        &self.reflection
    }

    fn log(&self) -> &PipelineLog {
        &self.log
    }
}

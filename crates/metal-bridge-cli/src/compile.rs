//! `metal-bridge compile`: what a kernel is compiled to.

use std::io::{self, Write};

use metal_bridge::Device;

use crate::cli::CompileKernelArguments;
use crate::constants;
use crate::error::Result;
use crate::log;
use crate::source;

/// Prints one kernel at a stage of its compilation, or what the compiler has to say of it.
pub(crate) fn run(arguments: &CompileKernelArguments) -> Result<()> {
    let device = Device::system_default()?;
    let library = source::library(&device, &arguments.file, &arguments.compile)?;
    let constants = constants::values(&arguments.constant)?;
    let function = library.new_function_with_name_and_constants(&arguments.kernel, &constants)?;
    let mut out = io::stdout().lock();
    if let Some(form) = arguments.emit {
        out.write_all(function.inspect(form.into())?.as_bytes())?;
    }
    if arguments.report {
        let pipeline = device.new_compute_pipeline_state_with_function(&function)?;
        log::show_report(&pipeline, &mut out)?;
    }
    Ok(())
}

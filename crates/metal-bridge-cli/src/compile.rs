//! `metal-bridge compile`: what a kernel is compiled to.

use std::io::{self, Write};

use metal_bridge::Device;

use crate::cli::CompileKernelArguments;
use crate::constants;
use crate::error::Result;
use crate::source;

/// Prints one kernel at a stage of its compilation.
pub(crate) fn run(arguments: &CompileKernelArguments) -> Result<()> {
    let device = Device::system_default()?;
    let library = source::library(&device, &arguments.file, &arguments.compile)?;
    let constants = constants::values(&arguments.constant)?;
    let function = library.new_function_with_name_and_constants(&arguments.kernel, &constants)?;
    let text = function.inspect(arguments.emit.into())?;
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(())
}

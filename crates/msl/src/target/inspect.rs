//! Looking at what a kernel becomes on its way to native code.

use super::{BuildOptions, internal, make_safe, optimise, specialised, unsupported, vector};
use crate::kernel::{self, Function};
use crate::llvm::Module;
use crate::reflect::KernelEntry;
use crate::runtime::Groups;
use crate::simt::Vectorised;
use crate::{FunctionConstantValues, Library, PipelineError, Stage};

/// The text of one kernel of a library at a stage.
///
/// # Errors
///
/// Those of [`Kernel::build`](crate::Kernel::build); [`PipelineError::Unsupported`] also if the kernel has something
/// that the form asked for cannot hold.
pub fn inspect(
    library: &Library,
    kernel: &str,
    constants: &FunctionConstantValues,
    stage: Stage,
) -> Result<String, PipelineError> {
    specialised(library, kernel, constants, move |mut module, machine, kernel, absent| {
        let threadgroup_bytes = optimise(&mut module, machine, kernel, absent)?;
        let vector = |module: &mut Module| -> Result<Result<Vec<Module>, String>, PipelineError> {
            let (groups, options) = (Groups::Whole, BuildOptions::default());
            let vectorised = vector::vectorise(module, machine, kernel, threadgroup_bytes, groups, options)?;
            Ok(vectorised.and_then(|Vectorised { whole, part, .. }| {
                [Some(whole), part].iter().flatten().map(|text| vector::lower(text, machine)).collect()
            }))
        };
        let refused =
            |refusal: String| unsupported(kernel, format!("it cannot be vectorised: it has {refusal}"));
        match stage {
            Stage::Llvm => {
                module.strip_debug_info();
                Ok(module.to_string())
            }
            Stage::Kernel => Ok(import(&module, kernel)?.to_string()),
            Stage::Plan => vector::describe(&mut module, machine, kernel)?.map_err(refused),
            Stage::Vector => match vector(&mut module)? {
                Ok(modules) => Ok(modules.iter().map(Module::to_string).collect()),
                Err(refusal) => Err(refused(refusal)),
            },
            Stage::Assembly => {
                let mut modules = match vector(&mut module)? {
                    Ok(modules) => modules,
                    Err(_) => {
                        make_safe(&mut module, machine, kernel, BuildOptions::default())?;
                        vec![module]
                    }
                };
                let text: Result<String, String> =
                    modules.iter_mut().map(|module| machine.emit_assembly(module)).collect();
                text.map_err(|message| internal(kernel, message))
            }
            other => Err(unsupported(kernel, format!("there is no text for {other:?}"))),
        }
    })
}

/// Imports and verifies an optimised kernel.
fn import(module: &Module, kernel: &KernelEntry) -> Result<Function, PipelineError> {
    let function = kernel::import(module, kernel).map_err(|error| unsupported(kernel, error.to_string()))?;
    kernel::verify(&function).map_err(|error| internal(kernel, format!("imported illegally: {error}")))?;
    Ok(function)
}

/// One kernel of a library in our own form.
#[cfg(test)]
pub(crate) fn imported(
    library: &Library,
    kernel: &str,
    constants: &FunctionConstantValues,
) -> Result<Function, PipelineError> {
    specialised(library, kernel, constants, |mut module, machine, kernel, absent| {
        optimise(&mut module, machine, kernel, absent)?;
        import(&module, kernel)
    })
}

/// Reads the text of a kernel in our own form ([`Stage::Kernel`]), checks it, and writes it again, with values and
/// blocks numbered in their order.
///
/// # Errors
///
/// What is wrong, with the line, or the instruction and the rule that it breaks.
pub fn read_kernel(text: &str) -> Result<String, String> {
    let function = kernel::parse(text).map_err(|error| error.to_string())?;
    kernel::verify(&function).map_err(|error| error.to_string())?;
    Ok(function.to_string())
}

//! Looking at what a kernel becomes on its way to native code.

use super::vector::Refusal;
use super::{BuildOptions, internal, make_safe, optimise, specialised, unsupported, vector};
use crate::kernel::{self, Function};
use crate::llvm::{Machine, Module};
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
    let groups = if matches!(stage, Stage::Vector | Stage::Assembly) { Groups::Whole } else { Groups::Any };
    let text = specialised(library, kernel, constants, move |mut module, machine, kernel, absent| {
        let optimised = optimise(&mut module, machine, kernel, absent, groups)?;
        let vector = |module: &mut Module| -> Result<Result<Vec<Module>, Refusal>, PipelineError> {
            let options = BuildOptions::default();
            let vectorised = vector::vectorise(module, machine, kernel, optimised, groups, options)?;
            Ok(vectorised.and_then(|Vectorised { whole, part, .. }| {
                [Some(whole), part].iter().flatten().map(|text| vector::lower(text, machine)).collect()
            }))
        };
        let refused =
            |refusal: Refusal| unsupported(kernel, format!("it cannot be vectorised: it has {refusal}"));
        match stage {
            Stage::Llvm => {
                module.strip_debug_info();
                Ok(Some(module.to_string()))
            }
            Stage::Kernel => Ok(Some(import(&module, kernel)?.to_string())),
            Stage::Plan => vector::describe(&mut module, machine, kernel)?.map(Some).map_err(refused),
            Stage::Vector => match vector(&mut module)? {
                Ok(modules) => Ok(Some(modules.iter().map(Module::to_string).collect())),
                Err(refusal) => Err(refused(refusal)),
            },
            Stage::Assembly => match vector(&mut module)? {
                Ok(modules) => assembly(modules, machine, kernel).map(Some),
                Err(_) => Ok(None),
            },
            other => Err(unsupported(kernel, format!("there is no text for {other:?}"))),
        }
    })?;
    if let Some(text) = text {
        return Ok(text);
    }
    specialised(library, kernel, constants, |mut module, machine, kernel, absent| {
        optimise(&mut module, machine, kernel, absent, Groups::Any)?;
        make_safe(&mut module, machine, kernel, BuildOptions::default())?;
        assembly(vec![module], machine, kernel)
    })
}

fn assembly(modules: Vec<Module>, machine: &Machine, kernel: &KernelEntry) -> Result<String, PipelineError> {
    let text: Result<String, String> =
        modules.into_iter().map(|mut module| machine.emit_assembly(&mut module)).collect();
    text.map_err(|message| internal(kernel, message))
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
        optimise(&mut module, machine, kernel, absent, Groups::Any)?;
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

//! Code that runs 32 threads of a kernel together.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{BuildOptions, Optimised, internal, legalise};
use crate::kernel::{self, Function};
use crate::llvm::{Machine, Module};
use crate::reflect::KernelEntry;
use crate::runtime::{Generated, Groups};
use crate::simt::{self, Text, Vectorised};
use crate::{PipelineError, Remark};

/// What makes registers of the places of values, and loops of what is left: kernels come here optimised, and LLVM's
/// usual passes take three times as long and find nothing more.
const PASSES: &str = "always-inline,coro-early,\
    function(sroa,early-cse<memssa>,simplifycfg,instcombine<no-verify-fixpoint>,simplifycfg),\
    cgscc(coro-split),coro-cleanup,globaldce,\
    function(sroa,early-cse<memssa>,loop-mssa(licm),gvn<no-memdep>,instcombine<no-verify-fixpoint>,simplifycfg,loop-mssa(licm),dse,simplifycfg)";

/// Why a kernel is not vectorised.
pub(super) type Refusal = String;

/// Imports an optimised kernel in the form that the vectoriser needs.
fn import(
    module: &mut Module,
    machine: &Machine,
    kernel: &KernelEntry,
) -> Result<Result<Function, Refusal>, PipelineError> {
    let internal = |message: String| internal(kernel, message);
    module.run_passes("function(loop-simplify,lcssa)", machine).map_err(internal)?;
    let function = match kernel::import(module, kernel) {
        Ok(function) => function,
        Err(error) => return Ok(Err(error.to_string())),
    };
    Ok(kernel::verify(&function)
        .map_err(|error| bug(&format!("imported illegally: {error}")))
        .map(|()| function))
}

/// Text as a module of LLVM, optimised.
fn optimise(text: &Text, machine: &Machine) -> Result<Module, String> {
    let mut module = Module::parse_text(&text.text)?;
    module.set_machine(machine);
    if text.words_only
        && let Some(features) = machine.features_for_words()
    {
        for function in module.functions().into_iter().filter(|function| !function.is_declaration()) {
            function.set_function_attribute("target-features", &features);
        }
    }
    module.verify()?;
    module.run_passes(PASSES, machine)?;
    legalise::return_at_unreachable(&module);
    module.verify()?;
    Ok(module)
}

/// An optimised kernel vectorised, as text; or why it cannot be.
pub(super) fn vectorise(
    module: &mut Module,
    machine: &Machine,
    kernel: &KernelEntry,
    optimised: Optimised,
    groups: Groups,
    options: BuildOptions,
) -> Result<Result<Vectorised, Refusal>, PipelineError> {
    let function = match import(module, machine, kernel)? {
        Ok(function) => function,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let checked = options.is_checked();
    Ok(contain_bugs(|| simt::vectorise(&function, kernel, machine, optimised, groups, checked)))
}

/// Text of a vectorised kernel as a module of LLVM, ready for code; or why there is none, which is a mistake of ours.
pub(super) fn lower(text: &Text, machine: &Machine) -> Result<Module, Refusal> {
    optimise(text, machine).map_err(|message| bug(&message))
}

/// A refusal because of a mistake of ours.
fn bug(message: &str) -> Refusal {
    format!("met a bug of the compiler, which please report with the kernel's source: {message}")
}

/// Does what may panic by a mistake of ours: the kernel still has scalar code.
fn contain_bugs<T>(work: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    // What the work has changed is dropped with it.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<String>().map(String::as_str);
        Err(bug(message.or_else(|| panic.downcast_ref().copied()).unwrap_or("a panic")))
    })
}

/// The plans of an optimised kernel's vector code as text; or why there are none.
pub(super) fn describe(
    module: &mut Module,
    machine: &Machine,
    kernel: &KernelEntry,
) -> Result<Result<String, Refusal>, PipelineError> {
    let describe = |function: Function| {
        contain_bugs(|| simt::describe(&function, machine.vector_registers(), Groups::Straight))
    };
    Ok(import(module, machine, kernel)?.and_then(describe).map(|plans| plans.join("\n")))
}

/// Vector code for an optimised kernel: what runs whole tiles as code, and the rest as text, for [`compile`] if it is needed.
pub(super) struct Code {
    pub(super) generated: Generated,
    pub(super) part: Option<Text>,
    pub(super) remarks: Vec<Remark>,
}

/// Vector code for an optimised kernel; or why it can have none.
pub(super) fn generate(
    module: &mut Module,
    machine: &Machine,
    kernel: &KernelEntry,
    optimised: Optimised,
    groups: Groups,
    options: BuildOptions,
) -> Result<Result<Code, Refusal>, PipelineError> {
    let vectorised = vectorise(module, machine, kernel, optimised, groups, options)?;
    let lowered = vectorised.and_then(|vectorised| Ok((lower(&vectorised.whole, machine)?, vectorised)));
    let (mut code, vectorised) = match lowered {
        Ok(lowered) => lowered,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let object = machine.emit_object(&mut code).map_err(|message| internal(kernel, message))?;
    let Vectorised { part, entry, groups, most_together, sites, memories, remarks, .. } = vectorised;
    let has_part = part.is_some();
    let generated = Generated { object, entry, groups, most_together, has_part, sites, memories };
    Ok(Ok(Code { generated, part, remarks }))
}

/// Text of a vectorised kernel as an object file.
pub(super) fn compile(text: &Text, machine: &Machine) -> Result<Vec<u8>, String> {
    machine.emit_object(&mut lower(text, machine)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_are_refusals_that_ask_for_a_report() {
        let kernels = [7, 40];
        let refusal = contain_bugs(|| Ok(kernels[kernels.len()])).unwrap_err();
        assert!(refusal.contains("please report"), "{refusal}");
        assert!(refusal.contains("index out of bounds"), "{refusal}");
        assert_eq!(contain_bugs(|| Err::<(), _>("calls".into())), Err("calls".into()));
        assert_eq!(contain_bugs(|| Ok(1)), Ok(1));
    }
}

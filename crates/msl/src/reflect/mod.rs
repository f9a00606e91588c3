//! What the kernels of a module take, read from the annotations that the source rewriting left.

mod constants;
mod names;
mod parameters;
mod references;

pub(crate) use constants::{ModuleConstant, module_constants};
pub(crate) use names::{demangle, variable_name};
pub(crate) use parameters::{Builtin, Parameter, Role};
pub(crate) use references::References;

use crate::llvm::{Module, TypeKind, Value};
use crate::{Diagnostic, FunctionConstant, FunctionReflection, Severity};

/// A kernel of a module.
#[derive(Clone, Debug)]
pub(crate) struct KernelEntry {
    /// Name of the LLVM function.
    pub(crate) symbol: String,
    pub(crate) reflection: FunctionReflection,
    pub(crate) parameters: Vec<Parameter>,
}

/// Reads all kernels, in the order of the source.
///
/// Errors are mistakes of the user that only show here, such as a parameter that nothing binds.
pub(crate) fn read_kernels(module: &Module) -> Result<Vec<KernelEntry>, Vec<Diagnostic>> {
    let constants = module_constants(module);
    let mut references = References::new(module);
    let mut kernels = Vec::<KernelEntry>::new();
    let mut errors = Vec::new();
    for (function, annotations) in annotated_functions(module) {
        if !annotations.iter().any(|a| a == "msl.kernel") || function.is_declaration() {
            continue;
        }
        let symbol = function.name();
        let demangled = demangle(&symbol);
        let line = function.definition_line();
        let error = |message: String| Diagnostic {
            severity: Severity::Error,
            file: "program_source".into(),
            line,
            column: 1,
            message: format!("kernel '{}': {message}", demangled.name),
            snippet: String::new(),
        };
        if function.result_type().kind() != TypeKind::LLVMVoidTypeKind {
            errors.push(error("a kernel must return void".into()));
            continue;
        }
        let parameters = match parameters::read(module, function, &demangled) {
            Ok(parameters) => parameters,
            Err(message) => {
                errors.push(error(message));
                continue;
            }
        };
        let reached = references.reached_from(function);
        let mut used: Vec<FunctionConstant> = constants
            .iter()
            .filter(|c| reached.contains(&c.variable))
            .map(|c| c.reflection.clone())
            .collect();
        for guard in parameters.iter().filter_map(|p| p.guard.as_ref()) {
            let constant = constants.iter().find(|c| c.reflection.name == *guard);
            used.extend(constant.filter(|c| !used.contains(&c.reflection)).map(|c| c.reflection.clone()));
        }
        used.sort_by_key(|c| c.index);
        let number = |name: &str| {
            annotations.iter().find_map(|a| a.strip_prefix("msl.")?.strip_prefix(name)?.strip_prefix(':'))
        };
        let threads: Vec<u32> = number("required_threads_per_threadgroup")
            .map(|text| text.split(',').filter_map(|n| n.trim().parse().ok()).collect())
            .unwrap_or_default();
        let reflection = FunctionReflection {
            name: String::new(),
            arguments: parameters.iter().filter_map(Parameter::argument).collect(),
            function_constants: used,
            static_threadgroup_memory_length: threadgroup_layout(module, reached.iter().copied()).1,
            max_total_threads_per_threadgroup: number("max_total_threads_per_threadgroup")
                .and_then(|n| n.trim().parse().ok()),
            required_threads_per_threadgroup: (!threads.is_empty())
                .then(|| std::array::from_fn(|i| threads.get(i).copied().unwrap_or(1))),
            line,
        };
        let mut host_names: Vec<String> =
            annotations.iter().filter_map(|a| Some(a.strip_prefix("msl.host_name:")?.to_owned())).collect();
        if host_names.is_empty() {
            host_names.push(demangled.name.clone());
        }
        for name in host_names {
            match kernels.iter().find(|k| k.reflection.name == name) {
                None => kernels.push(KernelEntry {
                    symbol: symbol.clone(),
                    reflection: FunctionReflection { name, ..reflection.clone() },
                    parameters: parameters.clone(),
                }),
                Some(other) if other.symbol != symbol => {
                    let taken =
                        format!("the kernel at line {} is also named '{name}'", other.reflection.line);
                    errors.push(error(taken));
                }
                Some(_) => {}
            }
        }
    }
    if errors.is_empty() { Ok(kernels) } else { Err(errors) }
}

/// Offsets of the `threadgroup` variables among `globals` in the threadgroup's memory, and their total size.
pub(crate) fn threadgroup_layout<'m>(
    module: &Module,
    globals: impl Iterator<Item = Value<'m>>,
) -> (Vec<(Value<'m>, u64)>, usize) {
    let mut variables: Vec<Value<'m>> =
        globals.filter(|g| g.is_global_variable() && g.ty().address_space() == 3).collect();
    variables.sort_by_key(|g| g.name());
    let mut offset = 0u64;
    let mut layout = Vec::new();
    for variable in variables {
        let ty = variable.value_type();
        let alignment = u64::from(variable.alignment()).max(module.align_of(ty)).max(1);
        offset = offset.next_multiple_of(alignment);
        layout.push((variable, offset));
        offset = offset.saturating_add(module.size_of(ty));
    }
    (layout, usize::try_from(offset.next_multiple_of(16)).unwrap_or(usize::MAX))
}

/// Functions with their annotation strings, from `llvm.global.annotations`.
fn annotated_functions(module: &Module) -> Vec<(Value<'_>, Vec<String>)> {
    let mut result = Vec::<(Value<'_>, Vec<String>)>::new();
    let Some(list) = module.global("llvm.global.annotations").and_then(Value::initializer) else {
        return result;
    };
    for entry in list.operands() {
        if entry.operand_count() < 2 {
            continue;
        }
        let function = strip_casts(entry.operand(0));
        let Some(text) = annotation_text(entry.operand(1)) else { continue };
        if !function.is_function() {
            continue;
        }
        match result.iter_mut().find(|(f, _)| *f == function) {
            Some((_, texts)) => texts.push(text),
            None => result.push((function, vec![text])),
        }
    }
    // A template's annotations stand beside those of its instantiations: each once.
    for (_, texts) in &mut result {
        let mut seen = Vec::new();
        texts.retain(|t| {
            !seen.contains(t) && {
                seen.push(t.clone());
                true
            }
        });
    }
    result
}

/// The text that an annotation's string operand points to.
fn annotation_text(pointer: Value<'_>) -> Option<String> {
    let global = strip_casts(pointer);
    if !global.is_global_variable() {
        return None;
    }
    global.initializer()?.constant_string()
}

/// What a constant expression of casts is made from.
fn strip_casts(mut value: Value<'_>) -> Value<'_> {
    while value.is_constant_expression() {
        value = value.operand(0);
    }
    value
}

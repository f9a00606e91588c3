//! What the kernels of a module take, read from the annotations that the source rewriting left.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

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
#[derive(Clone, Debug, Serialize, Deserialize)]
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
    let mut names = HashMap::new();
    let mut errors = Vec::new();
    for (function, annotations) in annotated_functions(module) {
        if !annotations.iter().any(|a| a.text == "msl.kernel") || function.is_declaration() {
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
        let parameters = match parameters::read(module, function, &demangled, &annotations) {
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
        let numbers = |name: &str| -> Option<Vec<u32>> {
            annotations.iter().find_map(|a| {
                let text = a.argument(name)?;
                if a.values.is_empty() {
                    return text.split(',').map(|n| n.trim().parse().ok()).collect();
                }
                a.values.iter().map(|n| u32::try_from(*n).ok()).collect()
            })
        };
        let reflection = FunctionReflection {
            name: String::new(),
            arguments: parameters.iter().filter_map(Parameter::argument).collect(),
            function_constants: used,
            static_threadgroup_memory_length: threadgroup_layout(module, reached.iter().copied()).1,
            max_total_threads_per_threadgroup: numbers("max_total_threads_per_threadgroup")
                .and_then(|n| n.first().copied()),
            required_threads_per_threadgroup: numbers("required_threads_per_threadgroup")
                .map(|threads| std::array::from_fn(|i| threads.get(i).copied().unwrap_or(1))),
            line,
        };
        let mut host_names: Vec<String> =
            annotations.iter().filter_map(|a| Some(a.argument("host_name")?.to_owned())).collect();
        if host_names.is_empty() {
            host_names.push(demangled.name.clone());
        }
        for name in host_names {
            match names.get(&name).map(|position: &usize| &kernels[*position]) {
                None => {
                    names.insert(name.clone(), kernels.len());
                    kernels.push(KernelEntry {
                        symbol: symbol.clone(),
                        reflection: FunctionReflection { name, ..reflection.clone() },
                        parameters: parameters.clone(),
                    })
                }
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

/// An annotation of a function: its text, and the values of its arguments where it has any.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Annotation {
    text: String,
    values: Vec<i64>,
}

impl Annotation {
    /// What stands behind `msl.NAME:`.
    fn argument(&self, name: &str) -> Option<&str> {
        self.text.strip_prefix("msl.")?.strip_prefix(name)?.strip_prefix(':')
    }
}

/// Functions with their annotations, from `llvm.global.annotations`.
fn annotated_functions(module: &Module) -> Vec<(Value<'_>, Vec<Annotation>)> {
    let mut result = Vec::<(Value<'_>, Vec<Annotation>)>::new();
    let mut positions = HashMap::new();
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
        // The last of five operands points to a structure of the arguments.
        let list = (entry.operand_count() > 4).then(|| strip_casts(entry.operand(4)));
        let structure = list.filter(|l| l.is_global_variable()).and_then(Value::initializer);
        let values = structure.map(|s| s.operands().map(|v| v.constant_i64().unwrap_or(0)).collect());
        let annotation = Annotation { text, values: values.unwrap_or_default() };
        let position = *positions.entry(function).or_insert_with(|| {
            result.push((function, Vec::new()));
            result.len() - 1
        });
        result[position].1.push(annotation);
    }
    // A template's annotations stand beside those of its instantiations: each once.
    for (_, annotations) in &mut result {
        let mut seen = Vec::new();
        annotations.retain(|t| {
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

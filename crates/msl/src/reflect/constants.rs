//! Function constants of a module.
//!
//! The source rewriting turns `constant T v [[function_constant(n)]];` into an external variable `v` and
//! the constants `__msl_fc_v` (the index) and `__msl_fct_v` (the type); where the source asks whether `v` is
//! defined, there is an external variable `__msl_fcd_v`.

use super::names::demangle;
use crate::llvm::{Module, Value};
use crate::{DataType, FunctionConstant, ScalarType};

/// A function constant and the variables that stand for it.
#[derive(Clone, Debug)]
pub(crate) struct ModuleConstant<'m> {
    pub(crate) reflection: FunctionConstant,
    pub(crate) variable: Value<'m>,
    /// Whether a value was given, if the source asks.
    pub(crate) is_defined: Option<Value<'m>>,
}

/// All function constants of a module.
pub(crate) fn module_constants(module: &Module) -> Vec<ModuleConstant<'_>> {
    // A large library has thousands of variables; only these can belong to a function constant.
    let globals: Vec<(String, Value<'_>)> = module
        .globals()
        .into_iter()
        .map(|global| (global.name(), global))
        .filter(|(symbol, global)| symbol.contains("__msl_fc") || global.is_declaration())
        .map(|(symbol, global)| (demangle(&symbol).name, global))
        .collect();
    let find = |name: &str| globals.iter().find(|(n, _)| n == name).map(|(_, g)| *g);
    let number = |name: &str| find(name)?.initializer()?.constant_i64();
    let mut constants = Vec::new();
    for (name, global) in &globals {
        let (scope, last) = name.rsplit_once("::").map_or(("", name.as_str()), |(s, l)| (s, l));
        let Some(plain) = last.strip_prefix("__msl_fc_") else { continue };
        let Some(index) = global.initializer().and_then(Value::constant_i64) else { continue };
        let sibling = |prefix: &str| match scope {
            "" => format!("{prefix}{plain}"),
            scope => format!("{scope}::{prefix}{plain}"),
        };
        let Some(variable) = find(&sibling("")) else { continue };
        let is_defined = find(&sibling("__msl_fcd_"));
        constants.push(ModuleConstant {
            reflection: FunctionConstant {
                name: plain.into(),
                index: index as u32,
                data_type: data_type(number(&sibling("__msl_fct_")), variable),
                required: is_defined.is_none(),
            },
            variable,
            is_defined,
        });
    }
    constants.sort_by_key(|c| c.reflection.index);
    constants
}

/// The type: the code in the low byte is the scalar's position in [`ScalarType::ALL`], the next byte the lanes.
fn data_type(code: Option<i64>, variable: Value<'_>) -> DataType {
    if let Some(code) = code
        && let Some(scalar) = ScalarType::ALL.get((code & 255) as usize)
    {
        return DataType { scalar: *scalar, lanes: (code >> 8 & 255) as u8 };
    }
    use crate::llvm::TypeKind;
    DataType::scalar(match variable.value_type().kind() {
        TypeKind::LLVMHalfTypeKind => ScalarType::Half,
        TypeKind::LLVMBFloatTypeKind => ScalarType::BFloat,
        TypeKind::LLVMFloatTypeKind => ScalarType::Float,
        _ => match variable.value_type().int_width() {
            64 => ScalarType::Long,
            32 => ScalarType::Int,
            16 => ScalarType::Short,
            _ => ScalarType::Bool,
        },
    })
}

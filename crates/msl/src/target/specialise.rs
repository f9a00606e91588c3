//! Values for function constants.

use crate::llvm::{Module, Type, TypeKind, Value};
use crate::reflect::{KernelEntry, ModuleConstant, module_constants};
use crate::{ConstantValue, FunctionConstantValues, PipelineError};

/// Gives every function constant of the module its value. Returns, for each parameter of the kernel,
/// whether its guarding constant says that it is absent.
pub(super) fn apply(
    module: &Module,
    kernel: &KernelEntry,
    values: &FunctionConstantValues,
) -> Result<Vec<bool>, PipelineError> {
    let constants = module_constants(module);
    for constant in &constants {
        let reflection = &constant.reflection;
        let value = values.get(reflection.index, &reflection.name);
        if let Some(value) = value
            && value.data_type() != reflection.data_type
        {
            return Err(PipelineError::ConstantType {
                kernel: kernel.reflection.name.clone(),
                constant: reflection.name.clone(),
                index: reflection.index,
                expected: reflection.data_type,
                got: value.data_type(),
            });
        }
        let used = kernel.reflection.function_constants.iter().any(|c| c == reflection);
        if value.is_none() && used && reflection.required {
            return Err(PipelineError::MissingConstant {
                kernel: kernel.reflection.name.clone(),
                constant: reflection.name.clone(),
                index: reflection.index,
                data_type: reflection.data_type,
            });
        }
        define(constant, value);
    }
    let is_false = |name: &str| {
        let constant = constants.iter().find(|c| c.reflection.name == name);
        let value = constant.and_then(|c| values.get(c.reflection.index, name));
        value.is_none_or(|v| v.bytes().iter().all(|b| *b == 0))
    };
    Ok(kernel.parameters.iter().map(|p| p.guard.as_deref().is_some_and(is_false)).collect())
}

fn define(constant: &ModuleConstant<'_>, value: Option<&ConstantValue>) {
    let ty = constant.variable.value_type();
    let initializer = match value {
        Some(value) => constant_of(ty, value),
        None => ty.zero(),
    };
    constant.variable.set_initializer(initializer);
    constant.variable.make_internal();
    if let Some(is_defined) = constant.is_defined {
        is_defined.set_initializer(is_defined.value_type().int(i64::from(value.is_some())));
        is_defined.make_internal();
    }
}

/// A constant of a type with the bytes of a value: scalars at the leaves, in order, as often as there are.
fn constant_of<'m>(ty: Type<'m>, value: &ConstantValue) -> Value<'m> {
    let size = value.data_type().scalar.size();
    let bits: Vec<u64> = value
        .bytes()
        .chunks(size)
        .map(|chunk| {
            let mut bytes = [0; 8];
            bytes[..size].copy_from_slice(chunk);
            u64::from_le_bytes(bytes)
        })
        .collect();
    build(ty, &bits, &mut 0)
}

fn build<'m>(ty: Type<'m>, bits: &[u64], next: &mut usize) -> Value<'m> {
    let members: Vec<Type<'m>> = match ty.kind() {
        TypeKind::LLVMStructTypeKind => ty.members(),
        TypeKind::LLVMVectorTypeKind => vec![ty.element(); ty.lanes() as usize],
        _ => {
            let raw = bits.get(*next).copied().unwrap_or(0);
            *next += 1;
            return ty.constant_from_bits(raw);
        }
    };
    let values: Vec<Value<'m>> = members.into_iter().map(|t| build(t, bits, next)).collect();
    ty.aggregate(&values)
}

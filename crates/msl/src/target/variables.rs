//! Variables of a kernel in threadgroup memory.

use crate::llvm::{Builder, Module, Opcode, Value};
use crate::reflect::threadgroup_layout;

/// Hides the threadgroup variables' contents from the optimiser, which would take a variable that only one
/// function uses for its own; returns the bytes that they take.
pub(super) fn reserve_threadgroup(module: &Module) -> usize {
    let (layout, total) = threadgroup_layout(module, module.globals().into_iter());
    for (variable, _) in layout {
        variable.make_external_declaration();
    }
    total
}

/// Writes constant expressions over threadgroup variables out as instructions, so that the variables can be
/// replaced by addresses known only at run time.
pub(super) fn expand_constants(module: &Module) -> Result<(), String> {
    for function in module.functions().into_iter().filter(|f| !f.is_declaration()) {
        for instruction in function.instructions() {
            for index in 0..instruction.operand_count() {
                let operand = instruction.operand(index);
                if !reaches_threadgroup_variable(operand, 0) || operand.is_global_variable() {
                    continue;
                }
                let place = if instruction.opcode() == Opcode::LLVMPHI {
                    instruction.incoming()[index as usize].1.terminator()
                } else {
                    instruction
                };
                instruction.set_operand(index, expand(module, operand, place)?);
            }
        }
    }
    Ok(())
}

/// Deepest nesting of constant expressions; clang's are a few levels deep.
const MAX_DEPTH: u32 = 64;

fn reaches_threadgroup_variable(value: Value<'_>, depth: u32) -> bool {
    if value.is_global_variable() {
        return value.ty().address_space() == 3;
    }
    value.is_constant()
        && !value.is_function()
        && depth < MAX_DEPTH
        && value.operands().any(|o| reaches_threadgroup_variable(o, depth + 1))
}

fn expand<'m>(module: &'m Module, value: Value<'m>, before: Value<'m>) -> Result<Value<'m>, String> {
    if !value.is_constant_expression() {
        if value.is_global_variable() || !reaches_threadgroup_variable(value, 0) {
            return Ok(value);
        }
        return Err("an array of addresses of threadgroup variables is not supported".into());
    }
    let operands = value.operands().map(|o| expand(module, o, before)).collect::<Result<Vec<_>, _>>()?;
    let builder = Builder::before(module, before);
    Ok(match (value.constant_opcode(), &operands[..]) {
        (Opcode::LLVMGetElementPtr, [pointer, indices @ ..]) => {
            builder.gep(value.gep_source_type(), *pointer, indices)
        }
        (opcode, [a, b]) => builder.binary(opcode, *a, *b),
        (opcode, [a]) => builder.cast(opcode, *a, value.ty()),
        (opcode, _) => return Err(format!("constant expression {opcode:?} of a threadgroup variable")),
    })
}

//! Variables of a kernel in threadgroup memory.

use std::collections::HashMap;

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

/// Puts the addresses of threadgroup variables, known only at run time, in the variables' places. Constant
/// expressions over them become instructions.
pub(super) fn substitute<'m>(
    module: &'m Module,
    function: Value<'m>,
    addresses: &HashMap<Value<'m>, Value<'m>>,
) -> Result<(), String> {
    for instruction in function.instructions() {
        for index in 0..instruction.operand_count() {
            let operand = instruction.operand(index);
            if !reaches_threadgroup_variable(operand, 0) {
                continue;
            }
            let place = if instruction.opcode() == Opcode::LLVMPHI {
                instruction.incoming()[index as usize].1.terminator()
            } else {
                instruction
            };
            instruction.set_operand(index, expand(module, operand, place, addresses)?);
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

fn expand<'m>(
    module: &'m Module,
    value: Value<'m>,
    before: Value<'m>,
    addresses: &HashMap<Value<'m>, Value<'m>>,
) -> Result<Value<'m>, String> {
    if let Some(address) = addresses.get(&value) {
        return Ok(*address);
    }
    if !reaches_threadgroup_variable(value, 0) {
        return Ok(value);
    }
    if !value.is_constant_expression() {
        return Err("an array of addresses of threadgroup variables is not supported".into());
    }
    let operands =
        value.operands().map(|o| expand(module, o, before, addresses)).collect::<Result<Vec<_>, _>>()?;
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

//! Compiles the library's mathematics as it is written, whatever the user's math mode.

use crate::llvm::{Builder, Module, Opcode, TypeKind};

/// How the names of all functions in the headers' namespace `metal::__math` begin.
const MATHEMATICS: &str = "_ZN5metal6__math";

/// Takes all fast-math flags off the arithmetic of the mathematical functions, before they are inlined: LLVM would
/// undo their compensated sums. For the target that clang compiles for, no pragma does so. LLVM's C interface can
/// only add flags, so each instruction is made again without.
pub(super) fn keep_mathematics(module: &Module) {
    for function in module.functions().into_iter().filter(|f| f.name().starts_with(MATHEMATICS)) {
        for instruction in function.instructions() {
            let opcode = instruction.opcode();
            let builder = Builder::before(module, instruction);
            let plain = match opcode {
                Opcode::LLVMFAdd | Opcode::LLVMFSub | Opcode::LLVMFMul | Opcode::LLVMFDiv => {
                    builder.binary(opcode, instruction.operand(0), instruction.operand(1))
                }
                Opcode::LLVMFNeg => builder.negate_float(instruction.operand(0)),
                Opcode::LLVMFCmp => builder.compare_floats(
                    instruction.real_predicate(),
                    instruction.operand(0),
                    instruction.operand(1),
                ),
                // Of calls, only those of intrinsics are left when all is inlined.
                Opcode::LLVMCall => match instruction.called_function() {
                    Some(callee)
                        if callee.name().starts_with("llvm.")
                            && callee.result_type().kind() == TypeKind::LLVMFloatTypeKind =>
                    {
                        let operands: Vec<_> =
                            instruction.operands().take(callee.parameters().len()).collect();
                        builder.call(callee, &operands)
                    }
                    _ => continue,
                },
                _ => continue,
            };
            instruction.replace_all_uses_with(plain);
            instruction.erase();
        }
    }
}

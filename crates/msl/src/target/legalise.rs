//! What C++ leaves undefined and MSL, or safety, defines. Runs before any optimisation, so that LLVM never
//! sees the undefined form.

use crate::llvm::{Builder, IntPredicate, Module, Opcode, TypeKind, Value};

/// The function that stands for reaching unreachable code.
pub(crate) const UNREACHABLE: &str = "msl.unreachable";

/// Rewrites all functions of the module:
///
/// * a shift's amount is taken modulo the width (MSL specification, 3.1);
/// * a division by zero, or of the least integer by −1, divides by 1: MSL leaves the value open, and the
///   machine must not trap;
/// * a float converts to an integer by saturation, NaN to 0;
/// * unreachable code and traps report a fault and return;
/// * what clang folded to poison (a shift past the width, a division by zero or a conversion out of range, of
///   constants) is zero: all code behind a use of it could go away otherwise.
pub(super) fn legalise(module: &Module) {
    for function in module.functions().into_iter().filter(|f| !f.is_declaration()) {
        for instruction in function.instructions() {
            define_operands(instruction);
            match instruction.opcode() {
                Opcode::LLVMShl | Opcode::LLVMLShr | Opcode::LLVMAShr => shift(module, instruction),
                Opcode::LLVMUDiv | Opcode::LLVMURem => division(module, instruction, false),
                Opcode::LLVMSDiv | Opcode::LLVMSRem => division(module, instruction, true),
                Opcode::LLVMFPToSI => to_integer(module, instruction, "llvm.fptosi.sat"),
                Opcode::LLVMFPToUI => to_integer(module, instruction, "llvm.fptoui.sat"),
                Opcode::LLVMUnreachable => unreachable(module, instruction),
                Opcode::LLVMCall => {
                    let callee = instruction.called_function().map(Value::name);
                    if matches!(callee.as_deref(), Some("llvm.trap" | "llvm.debugtrap" | "llvm.ubsantrap")) {
                        instruction.erase();
                    }
                }
                _ => {}
            }
        }
    }
}

fn define_operands(instruction: Value<'_>) {
    // These build vectors and structures up from nothing, element by element.
    if matches!(
        instruction.opcode(),
        Opcode::LLVMInsertElement | Opcode::LLVMInsertValue | Opcode::LLVMShuffleVector
    ) {
        return;
    }
    for (index, operand) in (0..).zip(instruction.operands().collect::<Vec<_>>()) {
        if operand.is_undefined() {
            instruction.set_operand(index, operand.ty().zero());
        }
    }
}

fn shift(module: &Module, instruction: Value<'_>) {
    let amount = instruction.operand(1);
    let width = amount.ty().element().int_width();
    if amount.constant_u64().is_some_and(|n| n < u64::from(width)) {
        return;
    }
    let builder = Builder::before(module, instruction);
    let mask = amount.ty().int(i64::from(width) - 1);
    instruction.set_operand(1, builder.binary(Opcode::LLVMAnd, amount, mask));
}

fn division(module: &Module, instruction: Value<'_>, signed: bool) {
    let (dividend, divisor) = (instruction.operand(0), instruction.operand(1));
    if divisor.constant_i64().is_some_and(|n| n != 0 && (n != -1 || !signed)) {
        return;
    }
    let ty = divisor.ty();
    let builder = Builder::before(module, instruction);
    // Frozen, so that the test and the division see the same value.
    let divisor = builder.freeze(divisor);
    let mut trap = builder.compare(IntPredicate::LLVMIntEQ, divisor, ty.int(0));
    if signed {
        let dividend = builder.freeze(dividend);
        instruction.set_operand(0, dividend);
        let width = ty.element().int_width().min(64);
        let least = builder.compare(IntPredicate::LLVMIntEQ, dividend, ty.int(i64::MIN >> (64 - width)));
        let minus_one = builder.compare(IntPredicate::LLVMIntEQ, divisor, ty.int(-1));
        let overflow = builder.binary(Opcode::LLVMAnd, least, minus_one);
        trap = builder.binary(Opcode::LLVMOr, trap, overflow);
    }
    instruction.set_operand(1, builder.select(trap, ty.int(1), divisor));
}

fn to_integer(module: &Module, instruction: Value<'_>, intrinsic: &str) {
    let builder = Builder::before(module, instruction);
    let mut value = instruction.operand(0);
    // LLVM 19 converts a half that is NaN to the least 16-bit integer where the processor has halves.
    if value.ty().kind() == TypeKind::LLVMHalfTypeKind {
        value = builder.cast(Opcode::LLVMFPExt, value, module.float_type());
    }
    let function = module.intrinsic(intrinsic, &[instruction.ty(), value.ty()]);
    let result = builder.call(function, &[value]);
    instruction.replace_all_uses_with(result);
    instruction.erase();
}

fn unreachable(module: &Module, instruction: Value<'_>) {
    let reached = module.function(UNREACHABLE).unwrap_or_else(|| {
        let function = module.add_function(UNREACHABLE, module.void_type(), &[]);
        function.add_function_attribute("nounwind");
        function
    });
    let builder = Builder::before(module, instruction);
    builder.call(reached, &[]);
    return_nothing(module, &builder, instruction);
}

/// Makes whatever `unreachable` the optimiser left return, so that control never runs on into other code.
pub(super) fn return_at_unreachable(module: &Module) {
    for function in module.functions().into_iter().filter(|f| !f.is_declaration()) {
        for instruction in function.instructions() {
            if instruction.opcode() == Opcode::LLVMUnreachable {
                let builder = Builder::before(module, instruction);
                return_nothing(module, &builder, instruction);
            }
        }
    }
}

/// Replaces a terminator by the return of a zero.
fn return_nothing<'m>(module: &'m Module, builder: &Builder<'m>, terminator: Value<'m>) {
    let result = terminator.block().function().result_type();
    builder.ret((result != module.void_type()).then(|| result.zero()));
    terminator.erase();
}

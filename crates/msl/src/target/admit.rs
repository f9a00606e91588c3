//! What may be compiled to native code. Everything else is an error here, because LLVM's code generators end
//! the process on what they do not know, and because a kernel must reach nothing of its host.

use super::entry::{ARGUMENT, VALUE};
use super::legalise::UNREACHABLE;
use crate::llvm::{Module, Opcode, Type, TypeKind, Value};
use crate::reflect::{demangle, variable_name};
use crate::runtime::Collective;
use crate::runtime::THREAD;

/// Most bytes of constants at program scope that one kernel uses.
const MAX_CONSTANT_BYTES: u64 = 64 << 20;
/// Most bytes of private variables of one thread.
const MAX_PRIVATE_BYTES: u64 = 256 << 10;

/// Intrinsics that every code generator knows, by prefix.
const INTRINSICS: &[&str] = &[
    "llvm.abs.",
    "llvm.bitreverse.",
    "llvm.bswap.",
    "llvm.canonicalize.",
    "llvm.ceil.",
    "llvm.copysign.",
    "llvm.ctlz.",
    "llvm.ctpop.",
    "llvm.cttz.",
    "llvm.experimental.noalias.scope.decl",
    "llvm.fabs.",
    "llvm.floor.",
    "llvm.fma.",
    "llvm.fmuladd.",
    "llvm.fptosi.sat.",
    "llvm.fptoui.sat.",
    "llvm.frexp.",
    "llvm.fshl.",
    "llvm.fshr.",
    "llvm.invariant.",
    "llvm.is.fpclass.",
    "llvm.ldexp.",
    "llvm.lifetime.",
    "llvm.maximum.",
    "llvm.maxnum.",
    "llvm.memcpy.",
    "llvm.memmove.",
    "llvm.memset.",
    "llvm.minimum.",
    "llvm.minnum.",
    "llvm.nearbyint.",
    "llvm.rint.",
    "llvm.round.",
    "llvm.roundeven.",
    "llvm.sadd.",
    "llvm.scmp.",
    "llvm.smax.",
    "llvm.smin.",
    "llvm.smul.with.overflow.",
    "llvm.sqrt.",
    "llvm.ssub.",
    "llvm.trunc.",
    "llvm.uadd.",
    "llvm.ucmp.",
    "llvm.umax.",
    "llvm.umin.",
    "llvm.umul.with.overflow.",
    "llvm.usub.",
    "llvm.vector.reduce.",
];

/// Checks the optimised module: one function, known operations and types, no mutable globals.
pub(super) fn admit(module: &Module) -> Result<(), String> {
    let mut constant_bytes = 0u64;
    for global in module.globals() {
        let symbol = global.name();
        if symbol == "llvm.global_ctors" {
            // The optimiser evaluates what it can, and leaves an empty list then.
            if global.initializer().is_none_or(|list| list.operand_count() == 0) {
                continue;
            }
            return Err("the initial value of a variable at program scope is not a constant".into());
        }
        let name = variable_name(&symbol);
        let space = global.ty().address_space();
        if global.users().is_empty() || space == 3 {
            continue;
        }
        if global.is_declaration() {
            return Err(format!("variable `{name}` is declared but not defined"));
        }
        if !global.is_constant_global() || global.is_thread_local() || !matches!(space, 0 | 1) {
            return Err(format!("variable `{name}` at program scope must be in the constant address space"));
        }
        constant_bytes = constant_bytes.saturating_add(module.size_of(global.value_type()));
        if constant_bytes > MAX_CONSTANT_BYTES {
            return Err(format!(
                "constant `{name}` makes {constant_bytes} bytes of constants; at most {MAX_CONSTANT_BYTES} are supported"
            ));
        }
    }
    for function in module.functions() {
        if function.is_declaration() {
            continue;
        }
        let name = function.name();
        if name != THREAD {
            return Err(format!(
                "function `{}` cannot be inlined: Metal supports neither recursion nor calls through pointers",
                demangle(&name).name
            ));
        }
        let entry = function.blocks()[0];
        let mut private = 0u64;
        for instruction in function.instructions() {
            check_type(instruction.ty())?;
            for operand in instruction.operands() {
                check_type(operand.ty())?;
            }
            match instruction.opcode() {
                // The optimiser's own notes; what they promise of pointers need not hold for hostile ones.
                Opcode::LLVMCall
                    if instruction.called_function().is_some_and(|f| f.name() == "llvm.assume") =>
                {
                    instruction.erase();
                }
                Opcode::LLVMCall => check_call(instruction)?,
                Opcode::LLVMAlloca => {
                    let fixed =
                        instruction.operand(0).constant_u64() == Some(1) && instruction.block() == entry;
                    if !fixed {
                        return Err("a private array must have a constant size".into());
                    }
                    private = private.saturating_add(module.size_of(instruction.allocated_type()));
                }
                Opcode::LLVMInvoke
                | Opcode::LLVMIndirectBr
                | Opcode::LLVMCallBr
                | Opcode::LLVMVAArg
                | Opcode::LLVMResume
                | Opcode::LLVMLandingPad
                | Opcode::LLVMCleanupRet
                | Opcode::LLVMCatchRet
                | Opcode::LLVMCatchPad
                | Opcode::LLVMCleanupPad
                | Opcode::LLVMCatchSwitch => {
                    return Err(format!("{:?} is not supported in Metal", instruction.opcode()));
                }
                _ => {}
            }
        }
        if private > MAX_PRIVATE_BYTES {
            return Err(format!(
                "{private} bytes of private variables; at most {MAX_PRIVATE_BYTES} are supported"
            ));
        }
    }
    Ok(())
}

fn check_call(call: Value<'_>) -> Result<(), String> {
    let Some(callee) = call.called_function() else {
        return Err(if call.called_value().is_inline_asm() {
            "inline assembly is not supported in Metal".into()
        } else {
            "calls through pointers are not supported".into()
        });
    };
    let name = callee.name();
    if callee.intrinsic_id() != 0 {
        return if INTRINSICS.iter().any(|known| name.starts_with(known)) {
            Ok(())
        } else {
            Err(format!("builtin `{name}` is not supported in Metal"))
        };
    }
    if name.starts_with(ARGUMENT) || name.starts_with(VALUE) || name == UNREACHABLE || is_hook(&name) {
        return Ok(());
    }
    Err(format!("undefined function `{}`", demangle(&name).name))
}

/// Whether a symbol is one of the functions that the headers declare for back ends (`__msl_hooks`).
fn is_hook(name: &str) -> bool {
    let Some(hook) = name.strip_prefix("msl.") else { return false };
    Collective::number(hook).is_some()
        || matches!(
            hook,
            "threadgroup_barrier"
                | "simdgroup_barrier"
                | "simd_lane"
                | "simd_ballot"
                | "simd_shuffle.i32"
                | "simd_shuffle.i64"
        )
}

/// Types that code generators handle: integers to 128 bits, floats to 64, and vectors and structures of them.
fn check_type(ty: Type<'_>) -> Result<(), String> {
    let unsupported = || Err(format!("type {ty} is not supported in Metal"));
    match ty.kind() {
        TypeKind::LLVMIntegerTypeKind if ty.int_width() > 128 => unsupported(),
        TypeKind::LLVMX86_FP80TypeKind
        | TypeKind::LLVMFP128TypeKind
        | TypeKind::LLVMPPC_FP128TypeKind
        | TypeKind::LLVMScalableVectorTypeKind
        | TypeKind::LLVMX86_MMXTypeKind
        | TypeKind::LLVMX86_AMXTypeKind
        | TypeKind::LLVMTargetExtTypeKind => unsupported(),
        TypeKind::LLVMVectorTypeKind if ty.lanes() > 256 => unsupported(),
        TypeKind::LLVMVectorTypeKind => check_type(ty.element()),
        TypeKind::LLVMStructTypeKind => ty.members().into_iter().try_for_each(check_type),
        _ => Ok(()),
    }
}

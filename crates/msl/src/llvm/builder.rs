//! Inserting instructions.

use std::marker::PhantomData;

pub(crate) use llvm_sys::LLVMIntPredicate as IntPredicate;
use llvm_sys::core::*;
use llvm_sys::prelude::*;

use super::{Block, Module, Opcode, RealPredicate, Type, Value};

/// Inserts instructions at one place.
pub(crate) struct Builder<'m>(LLVMBuilderRef, PhantomData<&'m Module>);

impl<'m> Builder<'m> {
    fn new(module: &'m Module) -> Self {
        // SAFETY: a live context.
        Self(unsafe { LLVMCreateBuilderInContext(module.context) }, PhantomData)
    }

    /// Inserts before an instruction, with its debug location.
    pub(crate) fn before(module: &'m Module, instruction: Value<'m>) -> Self {
        assert!(instruction.is_instruction());
        let builder = Self::new(module);
        // SAFETY: a live instruction in a block.
        unsafe { LLVMPositionBuilderBefore(builder.0, instruction.0) };
        builder
    }

    /// Inserts at the end of a block.
    pub(crate) fn at_end(module: &'m Module, block: Block<'m>) -> Self {
        let builder = Self::new(module);
        // SAFETY: a live block.
        unsafe { LLVMPositionBuilderAtEnd(builder.0, block.0) };
        builder
    }

    /// Adds a block at the end of a function.
    pub(crate) fn append_block(module: &'m Module, function: Value<'m>, name: &str) -> Block<'m> {
        assert!(function.is_function());
        let name = super::c_string(name);
        // SAFETY: a live function of the module.
        Block::new(unsafe { LLVMAppendBasicBlockInContext(module.context, function.0, name.as_ptr()) })
    }

    pub(crate) fn binary(&self, opcode: Opcode, a: Value<'m>, b: Value<'m>) -> Value<'m> {
        // SAFETY: operands of the same type, as the opcode asks.
        Value::new(unsafe { LLVMBuildBinOp(self.0, opcode, a.0, b.0, c"".as_ptr()) })
    }

    pub(crate) fn compare(&self, predicate: IntPredicate, a: Value<'m>, b: Value<'m>) -> Value<'m> {
        // SAFETY: integer or pointer operands of the same type.
        Value::new(unsafe { LLVMBuildICmp(self.0, predicate, a.0, b.0, c"".as_ptr()) })
    }

    pub(crate) fn compare_floats(&self, predicate: RealPredicate, a: Value<'m>, b: Value<'m>) -> Value<'m> {
        // SAFETY: floating-point operands of the same type.
        Value::new(unsafe { LLVMBuildFCmp(self.0, predicate, a.0, b.0, c"".as_ptr()) })
    }

    pub(crate) fn negate_float(&self, value: Value<'m>) -> Value<'m> {
        // SAFETY: a floating-point operand.
        Value::new(unsafe { LLVMBuildFNeg(self.0, value.0, c"".as_ptr()) })
    }

    pub(crate) fn select(&self, condition: Value<'m>, yes: Value<'m>, no: Value<'m>) -> Value<'m> {
        // SAFETY: a boolean (vector) and two values of the same type.
        Value::new(unsafe { LLVMBuildSelect(self.0, condition.0, yes.0, no.0, c"".as_ptr()) })
    }

    pub(crate) fn freeze(&self, value: Value<'m>) -> Value<'m> {
        // SAFETY: a first-class value.
        Value::new(unsafe { LLVMBuildFreeze(self.0, value.0, c"".as_ptr()) })
    }

    pub(crate) fn call(&self, function: Value<'m>, arguments: &[Value<'m>]) -> Value<'m> {
        assert!(function.is_function());
        let mut arguments: Vec<LLVMValueRef> = arguments.iter().map(|v| v.0).collect();
        // SAFETY: arguments of the function's parameter types.
        Value::new(unsafe {
            let ty = LLVMGlobalGetValueType(function.0);
            LLVMBuildCall2(
                self.0,
                ty,
                function.0,
                arguments.as_mut_ptr(),
                arguments.len() as u32,
                c"".as_ptr(),
            )
        })
    }

    pub(crate) fn load(&self, ty: Type<'m>, pointer: Value<'m>) -> Value<'m> {
        // SAFETY: a pointer and a sized type.
        Value::new(unsafe { LLVMBuildLoad2(self.0, ty.0, pointer.0, c"".as_ptr()) })
    }

    pub(crate) fn store(&self, value: Value<'m>, pointer: Value<'m>) -> Value<'m> {
        // SAFETY: a sized value and a pointer.
        Value::new(unsafe { LLVMBuildStore(self.0, value.0, pointer.0) })
    }

    pub(crate) fn alloca(&self, ty: Type<'m>, alignment: u32) -> Value<'m> {
        // SAFETY: a sized type; the result is an alloca, whose alignment can be set.
        Value::new(unsafe {
            let raw = LLVMBuildAlloca(self.0, ty.0, c"".as_ptr());
            LLVMSetAlignment(raw, alignment);
            raw
        })
    }

    /// `pointer` plus a number of bytes.
    pub(crate) fn byte_offset(&self, module: &'m Module, pointer: Value<'m>, bytes: Value<'m>) -> Value<'m> {
        let mut index = bytes.0;
        // SAFETY: a pointer and an integer.
        Value::new(unsafe {
            LLVMBuildGEP2(self.0, module.int_type(8).0, pointer.0, &mut index, 1, c"".as_ptr())
        })
    }

    /// A getelementptr with the source type and indices of another.
    pub(crate) fn gep(&self, source: Type<'m>, pointer: Value<'m>, indices: &[Value<'m>]) -> Value<'m> {
        let mut indices: Vec<LLVMValueRef> = indices.iter().map(|v| v.0).collect();
        // SAFETY: indices that fit the source type.
        Value::new(unsafe {
            LLVMBuildGEP2(
                self.0,
                source.0,
                pointer.0,
                indices.as_mut_ptr(),
                indices.len() as u32,
                c"".as_ptr(),
            )
        })
    }

    pub(crate) fn cast(&self, opcode: Opcode, value: Value<'m>, ty: Type<'m>) -> Value<'m> {
        // SAFETY: a value and type that the opcode allows.
        Value::new(unsafe { LLVMBuildCast(self.0, opcode, value.0, ty.0, c"".as_ptr()) })
    }

    pub(crate) fn phi(&self, ty: Type<'m>) -> Value<'m> {
        // SAFETY: a first-class type; inserted before any other instruction of the block by the caller.
        Value::new(unsafe { LLVMBuildPhi(self.0, ty.0, c"".as_ptr()) })
    }

    pub(crate) fn branch(&self, target: Block<'m>) {
        // SAFETY: a block of the same function.
        unsafe { LLVMBuildBr(self.0, target.0) };
    }

    pub(crate) fn branch_if(&self, condition: Value<'m>, yes: Block<'m>, no: Block<'m>) {
        // SAFETY: a boolean, and blocks of the same function.
        unsafe { LLVMBuildCondBr(self.0, condition.0, yes.0, no.0) };
    }

    /// A switch over an integer.
    pub(crate) fn switch(&self, value: Value<'m>, default: Block<'m>, cases: &[(Value<'m>, Block<'m>)]) {
        // SAFETY: an integer, constants of its type, and blocks of the same function.
        unsafe {
            let switch = LLVMBuildSwitch(self.0, value.0, default.0, cases.len() as u32);
            for (case, target) in cases {
                LLVMAddCase(switch, case.0, target.0);
            }
        }
    }

    /// Moves an instruction here from wherever it is.
    pub(crate) fn take(&self, instruction: Value<'m>) {
        assert!(instruction.is_instruction());
        // SAFETY: a live instruction; taken out of its block before it goes into this one.
        unsafe {
            LLVMInstructionRemoveFromParent(instruction.0);
            LLVMInsertIntoBuilder(self.0, instruction.0);
        }
    }

    pub(crate) fn ret(&self, value: Option<Value<'m>>) {
        // SAFETY: a value of the function's result type, or none for void.
        unsafe {
            match value {
                Some(value) => LLVMBuildRet(self.0, value.0),
                None => LLVMBuildRetVoid(self.0),
            }
        };
    }
}

impl Drop for Builder<'_> {
    fn drop(&mut self) {
        // SAFETY: created by `new`, disposed of once.
        unsafe { LLVMDisposeBuilder(self.0) }
    }
}

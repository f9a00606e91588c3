//! What instructions and constants say beside their operands.

use llvm_sys::core::*;
pub(crate) use llvm_sys::{LLVMAtomicRMWBinOp as AtomicOperation, LLVMRealPredicate as RealPredicate};

use super::{IntPredicate, Module, Opcode, Type, TypeKind, Value};

impl<'m> Value<'m> {
    /// Whether a constant is undefined or poison.
    pub(crate) fn is_undefined(self) -> bool {
        // SAFETY: a live value.
        unsafe { LLVMIsUndef(self.0) != 0 || LLVMIsPoison(self.0) != 0 }
    }

    /// Whether a constant's bits are all zero.
    pub(crate) fn is_zero(self) -> bool {
        // SAFETY: a live value.
        self.is_constant() && unsafe { LLVMIsNull(self.0) != 0 }
    }

    /// Element of a constant vector, array or structure.
    pub(crate) fn constant_element(self, index: u32) -> Option<Value<'m>> {
        if !self.is_constant() {
            return None;
        }
        // SAFETY: a live constant; LLVM returns null for what has no such element.
        Self::from_nullable(unsafe { LLVMGetAggregateElement(self.0, index) })
    }

    /// The bits of an integer or floating-point constant of at most 128 bits.
    pub(crate) fn constant_bits(self) -> Option<u128> {
        let width = match self.ty().kind() {
            TypeKind::LLVMHalfTypeKind | TypeKind::LLVMBFloatTypeKind => 16,
            TypeKind::LLVMFloatTypeKind => 32,
            TypeKind::LLVMDoubleTypeKind => 64,
            TypeKind::LLVMIntegerTypeKind if self.is_constant_int() => {
                if let Some(bits) = self.constant_u64() {
                    return Some(bits.into());
                }
                // LLVM's C API gives wider numbers as text only: `i128 -5`.
                let text = self.to_string();
                return Some(text.rsplit(' ').next()?.parse::<i128>().ok()? as u128);
            }
            _ => return None,
        };
        // SAFETY: a live value; the kind is tested before its bits are taken as an integer of its width.
        let integer = unsafe {
            if LLVMIsAConstantFP(self.0).is_null() {
                return None;
            }
            let context = LLVMGetTypeContext(LLVMTypeOf(self.0));
            Self::new(LLVMConstBitCast(self.0, LLVMIntTypeInContext(context, width)))
        };
        integer.constant_u64().map(u128::from)
    }

    pub(crate) fn int_predicate(self) -> IntPredicate {
        assert_eq!(self.opcode(), Opcode::LLVMICmp);
        // SAFETY: a live comparison of integers.
        unsafe { LLVMGetICmpPredicate(self.0) }
    }

    pub(crate) fn real_predicate(self) -> RealPredicate {
        assert_eq!(self.opcode(), Opcode::LLVMFCmp);
        // SAFETY: a live comparison of floats.
        unsafe { LLVMGetFCmpPredicate(self.0) }
    }

    /// Flags of fast math: LLVM's bits; 0 where there can be none.
    pub(crate) fn fast_math_flags(self) -> u32 {
        // SAFETY: a live value; LLVM is asked first whether it can have flags.
        unsafe {
            let possible = self.is_instruction() && LLVMCanValueUseFastMathFlags(self.0) != 0;
            if possible { LLVMGetFastMathFlags(self.0) } else { 0 }
        }
    }

    /// For each lane of a shufflevector its lane of both operands, one after the other; `None` if it is undefined.
    pub(crate) fn shuffle_mask(self) -> Vec<Option<u32>> {
        assert_eq!(self.opcode(), Opcode::LLVMShuffleVector);
        // SAFETY: a live shufflevector; indices are below its count.
        unsafe {
            (0..LLVMGetNumMaskElements(self.0))
                .map(|i| u32::try_from(LLVMGetMaskValue(self.0, i)).ok())
                .collect()
        }
    }

    /// The path of members of an extractvalue or insertvalue.
    pub(crate) fn member_indices(self) -> Vec<u32> {
        assert!(matches!(self.opcode(), Opcode::LLVMExtractValue | Opcode::LLVMInsertValue));
        // SAFETY: a live instruction of these kinds has that many indices.
        unsafe {
            std::slice::from_raw_parts(LLVMGetIndices(self.0), LLVMGetNumIndices(self.0) as usize).to_vec()
        }
    }
}

impl Type<'_> {
    /// Number of elements of an array type; 0 for any other.
    pub(crate) fn array_length(self) -> u64 {
        if self.kind() != TypeKind::LLVMArrayTypeKind {
            return 0;
        }
        // SAFETY: an array type.
        unsafe { LLVMGetArrayLength2(self.0) }
    }
}

impl Module {
    /// Offset in bytes of a structure's member.
    pub(crate) fn member_offset(&self, ty: Type<'_>, member: u32) -> u64 {
        assert!((member as usize) < ty.members().len());
        // SAFETY: a live module, a structure type of its context and one of its members.
        unsafe {
            let layout = llvm_sys::target::LLVMGetModuleDataLayout(self.module);
            llvm_sys::target::LLVMOffsetOfElement(layout, ty.0, member)
        }
    }
}

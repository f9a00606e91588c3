//! Variables and accesses to memory.

use super::super::op::{Access, Modify, Op};
use super::super::{Space, Storage, Type, Value, VariableData};
use super::{Importer, Result, Start};
use crate::llvm::{self, AtomicOperation, TypeKind};
use crate::reflect::variable_name;

impl<'m> Importer<'m> {
    pub(super) fn private_variable(&mut self, alloca: llvm::Value<'m>) -> Result<Vec<Value>> {
        let variable = self.declare(alloca, |importer| {
            let module = importer.module;
            let ty = alloca.allocated_type();
            Ok(VariableData {
                name: variable_name(&alloca.name()),
                space: Space::Generic,
                bytes: module.size_of(ty),
                alignment: u64::from(alloca.alignment()).max(1),
                storage: Storage::Private,
            })
        })?;
        Ok(vec![self.at_start(Start::Variable(variable))])
    }

    pub(super) fn load(
        &mut self,
        load: llvm::Value<'m>,
        pointer: &[Value],
        types: &[Type],
    ) -> Result<Vec<Value>> {
        if let Some(words) = words_of_bits(types) {
            let access = access_of(load, load.ty(), &words)?;
            let words = self.emit(Op::Load(access), pointer, &words);
            return self.bit_cast(&words, types);
        }
        let access = access_of(load, load.ty(), types)?;
        Ok(self.emit(Op::Load(access), pointer, types))
    }

    pub(super) fn store(&mut self, store: llvm::Value<'m>, operands: &[Vec<Value>]) -> Result<()> {
        let [values, pointer] = operands else { return Err("a store has two operands".into()) };
        let mut values = values.clone();
        let mut types: Vec<Type> = values.iter().map(|v| self.function.ty(*v)).collect();
        if let Some(words) = words_of_bits(&types) {
            values = self.bit_cast(&values, &words)?;
            types = words;
        }
        let access = access_of(store, store.operand(0).ty(), &types)?;
        let all: Vec<Value> = pointer.iter().copied().chain(values).collect();
        self.emit(Op::Store(access), &all, &[]);
        Ok(())
    }

    pub(super) fn modify(
        &mut self,
        instruction: llvm::Value<'m>,
        operands: &[Vec<Value>],
    ) -> Result<Vec<Value>> {
        use AtomicOperation::*;
        let op = match instruction.atomic_operation() {
            LLVMAtomicRMWBinOpXchg => Modify::Exchange,
            LLVMAtomicRMWBinOpAdd => Modify::Add,
            LLVMAtomicRMWBinOpSub => Modify::Sub,
            LLVMAtomicRMWBinOpAnd => Modify::And,
            LLVMAtomicRMWBinOpNand => Modify::Nand,
            LLVMAtomicRMWBinOpOr => Modify::Or,
            LLVMAtomicRMWBinOpXor => Modify::Xor,
            LLVMAtomicRMWBinOpMax => Modify::SMax,
            LLVMAtomicRMWBinOpMin => Modify::SMin,
            LLVMAtomicRMWBinOpUMax => Modify::UMax,
            LLVMAtomicRMWBinOpUMin => Modify::UMin,
            LLVMAtomicRMWBinOpFAdd => Modify::FAdd,
            LLVMAtomicRMWBinOpFSub => Modify::FSub,
            LLVMAtomicRMWBinOpFMax => Modify::FMax,
            LLVMAtomicRMWBinOpFMin => Modify::FMin,
            other => return Err(format!("atomic operation {other:?} cannot be imported")),
        };
        match operands {
            [pointer, value] if pointer.len() == 1 && value.len() == 1 => {
                let ty = self.function.ty(value[0]);
                Ok(self.emit(Op::Modify(op), &[pointer[0], value[0]], &[ty]))
            }
            _ => Err(format!("`{instruction}` cannot be imported")),
        }
    }

    pub(super) fn compare_exchange(&mut self, operands: &[Vec<Value>], types: &[Type]) -> Result<Vec<Value>> {
        let all: Vec<Value> = operands.iter().flatten().copied().collect();
        if all.len() != 3 {
            return Err("a compare-and-exchange of several values cannot be imported".into());
        }
        Ok(self.emit(Op::CompareExchange, &all, types))
    }

    /// memcpy, memmove (every copy may overlap) and memset.
    pub(super) fn memory_intrinsic(&mut self, call: llvm::Value<'m>, op: Op) -> Result<Vec<Value>> {
        let first = self.scalar(call.operand(0))?;
        let second = self.scalar(call.operand(1))?;
        let length = self.scalar(call.operand(2))?;
        let length = self.resize(length, Type::I64, false);
        self.emit(op, &[first, second, length], &[]);
        Ok(Vec::new())
    }
}

/// The largest integers that in memory are the same as a vector of single bits.
fn words_of_bits(types: &[Type]) -> Option<Vec<Type>> {
    if types.is_empty() || types.iter().any(|ty| *ty != Type::I1) {
        return None;
    }
    let word = [Type::I32, Type::Int(16), Type::I8]
        .into_iter()
        .find(|word| types.len().is_multiple_of(word.bits() as usize))?;
    Some(vec![word; types.len() / word.bits() as usize])
}

/// How a load or store accesses values of these types, which follow one another in memory.
fn access_of(instruction: llvm::Value<'_>, ty: llvm::Type<'_>, types: &[Type]) -> Result<Access> {
    let vector = ty.kind() == TypeKind::LLVMVectorTypeKind;
    if matches!(ty.kind(), TypeKind::LLVMStructTypeKind | TypeKind::LLVMArrayTypeKind) {
        return Err("a load or store of a whole structure cannot be imported".into());
    }
    if types.iter().any(|ty| ty.bits() % 8 != 0) {
        return Err(format!("a load or store of type {ty} cannot be imported"));
    }
    match (instruction.is_atomic_access(), instruction.is_volatile()) {
        (true, _) if vector => Err("an atomic access to a vector cannot be imported".into()),
        (true, _) => Ok(Access::Atomic),
        (false, true) => Ok(Access::Volatile),
        (false, false) => Ok(Access::Plain),
    }
}

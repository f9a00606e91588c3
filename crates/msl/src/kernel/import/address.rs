//! Addresses: all getelementptr becomes arithmetic.

use super::super::op::{Binary, Op};
use super::super::{Type, Value};
use super::{Importer, Result};
use crate::llvm::{self, TypeKind};

impl<'m> Importer<'m> {
    /// A getelementptr instruction or expression with the components of its operands.
    pub(super) fn address(&mut self, gep: llvm::Value<'m>, operands: &[Vec<Value>]) -> Result<Vec<Value>> {
        let lanes = operands.iter().map(Vec::len).max().unwrap_or(1);
        // Scalars among vectors are for all lanes.
        let lane_of = |components: &[Value], lane: usize| -> Option<Value> {
            if components.len() == 1 { components.first() } else { components.get(lane) }.copied()
        };
        let malformed = || format!("`{gep}` cannot be imported");
        let mut results = Vec::with_capacity(lanes);
        for lane in 0..lanes {
            let mut pointer = lane_of(&operands[0], lane).ok_or_else(malformed)?;
            let pointer_type = self.function.ty(pointer);
            let mut constant = 0i64;
            let mut variable = None;
            let mut ty = gep.gep_source_type();
            for (i, index) in operands[1..].iter().enumerate() {
                let index = lane_of(index, lane).ok_or_else(malformed)?;
                let size = if i == 0 {
                    self.module.size_of(ty)
                } else if ty.kind() == TypeKind::LLVMStructTypeKind {
                    let member = self.function.constant_bits(index).and_then(|m| u32::try_from(m).ok());
                    let member =
                        member.filter(|m| (*m as usize) < ty.members().len()).ok_or_else(malformed)?;
                    constant = constant.wrapping_add(self.module.member_offset(ty, member) as i64);
                    ty = ty.members()[member as usize];
                    continue;
                } else {
                    let vector = ty.kind() == TypeKind::LLVMVectorTypeKind;
                    ty = ty.element();
                    if vector { self.module.store_size_of(ty) } else { self.module.size_of(ty) }
                };
                let index = self.resize(index, Type::I64, true);
                if let Some(bits) = self.function.constant_bits(index) {
                    constant = constant.wrapping_add((bits as i64).wrapping_mul(size as i64));
                    continue;
                }
                let step = match size {
                    1 => index,
                    _ => {
                        let size = self.function.constant(Type::I64, size.into());
                        self.emit1(Op::Binary(Binary::Mul), &[index, size], Type::I64)
                    }
                };
                variable = Some(match variable {
                    None => step,
                    Some(sum) => self.emit1(Op::Binary(Binary::Add), &[sum, step], Type::I64),
                });
            }
            if let Some(offset) = variable {
                pointer = self.emit1(Op::PtrAdd, &[pointer, offset], pointer_type);
            }
            if constant != 0 {
                let offset = self.function.constant(Type::I64, constant as u64 as u128);
                pointer = self.emit1(Op::PtrAdd, &[pointer, offset], pointer_type);
            }
            results.push(pointer);
        }
        Ok(results)
    }
}

//! Instructions that compute: each is done for all components.

use super::super::op::{Binary, Cast, FastMath, FloatCompare, IntCompare, Op, Unary};
use super::super::{Type, Value};
use super::{Importer, Result};
use crate::llvm::{self, IntPredicate, Opcode, RealPredicate};

impl<'m> Importer<'m> {
    /// Imports an instruction that is neither a phi nor a terminator; returns its components.
    pub(super) fn instruction(&mut self, instruction: llvm::Value<'m>) -> Result<Vec<Value>> {
        let opcode = instruction.opcode();
        match opcode {
            Opcode::LLVMCall => return self.call(instruction),
            Opcode::LLVMAlloca => return self.private_variable(instruction),
            Opcode::LLVMFence => {
                self.emit(Op::Fence, &[], &[]);
                return Ok(Vec::new());
            }
            _ => {}
        }
        let operands = instruction.operands().map(|o| self.operand(o)).collect::<Result<Vec<_>>>()?;
        let types = self.component_types(instruction.ty())?;
        let computed = match opcode {
            Opcode::LLVMGetElementPtr => Some(self.address(instruction, &operands)?),
            Opcode::LLVMLoad => Some(self.load(instruction, &operands[0], &types)?),
            Opcode::LLVMStore => {
                self.store(instruction, &operands)?;
                Some(Vec::new())
            }
            Opcode::LLVMAtomicRMW => Some(self.modify(instruction, &operands)?),
            Opcode::LLVMAtomicCmpXchg => Some(self.compare_exchange(&operands, &types)?),
            Opcode::LLVMICmp => {
                let op = Op::IntCompare(int_compare(instruction.int_predicate()));
                Some(self.each(op, FastMath::default(), &operands, &types)?)
            }
            Opcode::LLVMFCmp => {
                let op = Op::FloatCompare(float_compare(instruction.real_predicate()));
                let fast = FastMath::from_bits(instruction.fast_math_flags());
                Some(self.each(op, fast, &operands, &types)?)
            }
            Opcode::LLVMExtractElement => Some(self.extract_element(&operands)?),
            Opcode::LLVMInsertElement => Some(self.insert_element(&operands)?),
            Opcode::LLVMShuffleVector => Some(self.shuffle_vector(instruction, &operands, &types)?),
            Opcode::LLVMExtractValue => {
                let start = self.member(instruction)?;
                operands[0].get(start..start + types.len()).map(<[Value]>::to_vec)
            }
            Opcode::LLVMInsertValue => {
                let start = self.member(instruction)?;
                let mut components = operands[0].clone();
                let place = components.get_mut(start..start + operands[1].len());
                place.map(|place| place.copy_from_slice(&operands[1])).map(|()| components)
            }
            _ => self.plain(opcode, instruction, &operands, &types)?,
        };
        match computed {
            Some(components) if components.len() == types.len() => Ok(components),
            _ => Err(format!("`{instruction}` cannot be imported")),
        }
    }

    /// Instructions that constant expressions may be too; `None` for others.
    pub(super) fn plain(
        &mut self,
        opcode: Opcode,
        value: llvm::Value<'m>,
        operands: &[Vec<Value>],
        types: &[Type],
    ) -> Result<Option<Vec<Value>>> {
        let op = match opcode {
            Opcode::LLVMFreeze => return Ok(operands.first().cloned()),
            Opcode::LLVMBitCast => return self.bit_cast(&operands[0], types).map(Some),
            Opcode::LLVMPtrToInt | Opcode::LLVMIntToPtr => {
                return self.pointer_cast(opcode, &operands[0], types).map(Some);
            }
            Opcode::LLVMSelect => return self.select(operands).map(Some),
            Opcode::LLVMAdd => Op::Binary(Binary::Add),
            Opcode::LLVMSub => Op::Binary(Binary::Sub),
            Opcode::LLVMMul => Op::Binary(Binary::Mul),
            Opcode::LLVMUDiv => Op::Binary(Binary::UDiv),
            Opcode::LLVMSDiv => Op::Binary(Binary::SDiv),
            Opcode::LLVMURem => Op::Binary(Binary::URem),
            Opcode::LLVMSRem => Op::Binary(Binary::SRem),
            Opcode::LLVMAnd => Op::Binary(Binary::And),
            // LLVM makes these of sums, of which analyses know more.
            Opcode::LLVMOr if value.is_disjoint_or() => Op::Binary(Binary::Add),
            Opcode::LLVMOr => Op::Binary(Binary::Or),
            Opcode::LLVMXor => Op::Binary(Binary::Xor),
            Opcode::LLVMShl => Op::Binary(Binary::Shl),
            Opcode::LLVMLShr => Op::Binary(Binary::LShr),
            Opcode::LLVMAShr => Op::Binary(Binary::AShr),
            Opcode::LLVMFAdd => Op::Binary(Binary::FAdd),
            Opcode::LLVMFSub => Op::Binary(Binary::FSub),
            Opcode::LLVMFMul => Op::Binary(Binary::FMul),
            Opcode::LLVMFDiv => Op::Binary(Binary::FDiv),
            Opcode::LLVMFRem => Op::Binary(Binary::FRem),
            Opcode::LLVMFNeg => Op::Unary(Unary::FNeg),
            Opcode::LLVMTrunc => Op::Cast(Cast::Trunc),
            Opcode::LLVMZExt => Op::Cast(Cast::ZExt),
            Opcode::LLVMSExt => Op::Cast(Cast::SExt),
            Opcode::LLVMFPTrunc => Op::Cast(Cast::FTrunc),
            Opcode::LLVMFPExt => Op::Cast(Cast::FExt),
            Opcode::LLVMSIToFP => Op::Cast(Cast::SIntToFloat),
            Opcode::LLVMUIToFP => Op::Cast(Cast::UIntToFloat),
            // What is left of these was made by the optimiser from conversions that saturate and cannot overflow.
            Opcode::LLVMFPToSI => Op::Cast(Cast::FloatToSInt),
            Opcode::LLVMFPToUI => Op::Cast(Cast::FloatToUInt),
            Opcode::LLVMAddrSpaceCast => Op::Cast(Cast::Space),
            _ => return Ok(None),
        };
        let fast = FastMath::from_bits(value.fast_math_flags());
        self.each(op, fast, operands, types).map(Some)
    }

    /// An operation with one result for each component. An operand with one component is for all.
    pub(super) fn each(
        &mut self,
        op: Op,
        fast: FastMath,
        operands: &[Vec<Value>],
        types: &[Type],
    ) -> Result<Vec<Value>> {
        let mut results = Vec::with_capacity(types.len());
        for (lane, ty) in types.iter().enumerate() {
            let operands: Option<Vec<Value>> = operands
                .iter()
                .map(|o| if o.len() == 1 { o.first() } else { o.get(lane) }.copied())
                .collect();
            let operands =
                operands.ok_or_else(|| format!("`{}` of different numbers of lanes", op.name()))?;
            results.extend(self.emit_fast(op, fast, &operands, &[*ty]));
        }
        Ok(results)
    }

    /// The condition may be one for all components.
    fn select(&mut self, operands: &[Vec<Value>]) -> Result<Vec<Value>> {
        let [condition, yes, no] = operands else { return Err("a select has three operands".into()) };
        let types: Vec<Type> = yes.iter().map(|v| self.function.ty(*v)).collect();
        if no.len() != yes.len() || condition.len() != 1 && condition.len() != yes.len() {
            return Err("a select of different numbers of lanes".into());
        }
        let mut results = Vec::with_capacity(types.len());
        for (lane, ty) in types.into_iter().enumerate() {
            let condition = if condition.len() == 1 { condition[0] } else { condition[lane] };
            results.push(self.emit1(Op::Select, &[condition, yes[lane], no[lane]], ty));
        }
        Ok(results)
    }

    /// Between pointers and integers of any width.
    fn pointer_cast(&mut self, opcode: Opcode, values: &[Value], types: &[Type]) -> Result<Vec<Value>> {
        if values.len() != types.len() {
            return Err("a cast of different numbers of lanes".into());
        }
        let mut results = Vec::with_capacity(types.len());
        for (value, ty) in values.iter().zip(types) {
            results.push(if opcode == Opcode::LLVMPtrToInt {
                let address = self.emit1(Op::Cast(Cast::PtrToInt), &[*value], Type::I64);
                self.resize(address, *ty, false)
            } else {
                let address = self.resize(*value, Type::I64, false);
                self.emit1(Op::Cast(Cast::IntToPtr), &[address], *ty)
            });
        }
        Ok(results)
    }
}

fn int_compare(predicate: IntPredicate) -> IntCompare {
    match predicate {
        IntPredicate::LLVMIntEQ => IntCompare::Eq,
        IntPredicate::LLVMIntNE => IntCompare::Ne,
        IntPredicate::LLVMIntUGT => IntCompare::Ugt,
        IntPredicate::LLVMIntUGE => IntCompare::Uge,
        IntPredicate::LLVMIntULT => IntCompare::Ult,
        IntPredicate::LLVMIntULE => IntCompare::Ule,
        IntPredicate::LLVMIntSGT => IntCompare::Sgt,
        IntPredicate::LLVMIntSGE => IntCompare::Sge,
        IntPredicate::LLVMIntSLT => IntCompare::Slt,
        IntPredicate::LLVMIntSLE => IntCompare::Sle,
    }
}

fn float_compare(predicate: RealPredicate) -> FloatCompare {
    match predicate {
        RealPredicate::LLVMRealPredicateFalse => FloatCompare::False,
        RealPredicate::LLVMRealOEQ => FloatCompare::Oeq,
        RealPredicate::LLVMRealOGT => FloatCompare::Ogt,
        RealPredicate::LLVMRealOGE => FloatCompare::Oge,
        RealPredicate::LLVMRealOLT => FloatCompare::Olt,
        RealPredicate::LLVMRealOLE => FloatCompare::Ole,
        RealPredicate::LLVMRealONE => FloatCompare::One,
        RealPredicate::LLVMRealORD => FloatCompare::Ord,
        RealPredicate::LLVMRealUNO => FloatCompare::Uno,
        RealPredicate::LLVMRealUEQ => FloatCompare::Ueq,
        RealPredicate::LLVMRealUGT => FloatCompare::Ugt,
        RealPredicate::LLVMRealUGE => FloatCompare::Uge,
        RealPredicate::LLVMRealULT => FloatCompare::Ult,
        RealPredicate::LLVMRealULE => FloatCompare::Ule,
        RealPredicate::LLVMRealUNE => FloatCompare::Une,
        RealPredicate::LLVMRealPredicateTrue => FloatCompare::True,
    }
}

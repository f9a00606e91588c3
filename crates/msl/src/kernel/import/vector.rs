//! Vectors and structures taken apart: what only moves components, and casts between shapes.

use super::super::op::{Binary, Cast, FastMath, IntCompare, Op};
use super::super::{Type, Value};
use super::{Importer, Result};
use crate::llvm::{self, TypeKind};

impl<'m> Importer<'m> {
    pub(super) fn extract_element(&mut self, operands: &[Vec<Value>]) -> Result<Vec<Value>> {
        let [vector, index] = operands else { return Err("an extractelement has two operands".into()) };
        let mut result = *vector.first().ok_or("a vector without lanes")?;
        let index = *index.first().ok_or("an index without a value")?;
        if let Some(lane) = self.function.constant_bits(index) {
            // Beyond the lanes the result is poison.
            return Ok(vec![lane_at(vector, lane).unwrap_or(result)]);
        }
        let ty = self.function.ty(result);
        for (lane, component) in vector.iter().enumerate().skip(1) {
            let here = self.is_lane(index, lane);
            result = self.emit1(Op::Select, &[here, *component, result], ty);
        }
        Ok(vec![result])
    }

    pub(super) fn insert_element(&mut self, operands: &[Vec<Value>]) -> Result<Vec<Value>> {
        let [vector, value, index] = operands else {
            return Err("an insertelement has three operands".into());
        };
        let mut result = vector.clone();
        let value = *value.first().ok_or("an element without a value")?;
        let index = *index.first().ok_or("an index without a value")?;
        if let Some(lane) = self.function.constant_bits(index) {
            if let Some(place) = usize::try_from(lane).ok().and_then(|lane| result.get_mut(lane)) {
                *place = value;
            }
            return Ok(result);
        }
        let ty = self.function.ty(value);
        for (lane, component) in result.iter_mut().enumerate() {
            let here = self.is_lane(index, lane);
            *component = self.emit1(Op::Select, &[here, value, *component], ty);
        }
        Ok(result)
    }

    fn is_lane(&mut self, index: Value, lane: usize) -> Value {
        let lane = self.function.constant(self.function.ty(index), lane as u128);
        self.emit1(Op::IntCompare(IntCompare::Eq), &[index, lane], Type::I1)
    }

    pub(super) fn shuffle_vector(
        &mut self,
        shuffle: llvm::Value<'m>,
        operands: &[Vec<Value>],
        types: &[Type],
    ) -> Result<Vec<Value>> {
        let all: Vec<Value> = operands.iter().take(2).flatten().copied().collect();
        let mut results = Vec::with_capacity(types.len());
        for (lane, ty) in shuffle.shuffle_mask().into_iter().zip(types) {
            results.push(match lane {
                Some(lane) => *all.get(lane as usize).ok_or("a lane beyond both vectors")?,
                None => self.function.constant(*ty, 0),
            });
        }
        Ok(results)
    }

    /// The first component that an extractvalue or insertvalue names.
    pub(super) fn member(&self, instruction: llvm::Value<'m>) -> Result<usize> {
        let mut ty = instruction.operand(0).ty();
        let mut start = 0;
        for index in instruction.member_indices() {
            if ty.kind() == TypeKind::LLVMStructTypeKind {
                let members = ty.members();
                for member in members.iter().take(index as usize) {
                    start += self.component_types(*member)?.len();
                }
                ty = *members.get(index as usize).ok_or("a member beyond its structure")?;
            } else {
                ty = ty.element();
                start += self.component_types(ty)?.len() * index as usize;
            }
        }
        Ok(start)
    }

    /// Values as others with the same bits, the lowest first.
    pub(super) fn bit_cast(&mut self, values: &[Value], types: &[Type]) -> Result<Vec<Value>> {
        let (Some(from), Some(to)) = (values.first().map(|v| self.function.ty(*v)), types.first().copied())
        else {
            return Err("a bitcast of nothing".into());
        };
        if from == to {
            return Ok(values.to_vec());
        }
        if from.bits() == to.bits() {
            return self.each(Op::Cast(Cast::Bits), FastMath::default(), &[values.to_vec()], types);
        }
        let total = from.bits() as usize * values.len();
        if from.is_pointer() || to.is_pointer() || total != to.bits() as usize * types.len() {
            return Err(format!("a bitcast from {from} to {to} cannot be imported"));
        }
        // Through integers of the wider type, or of all bits if neither is a multiple of the other.
        let (low, high) = (from.bits().min(to.bits()), from.bits().max(to.bits()));
        let width = if high % low == 0 { high as usize } else { total };
        let Some(unit) = u8::try_from(width).ok().filter(|w| *w <= 128).map(Type::Int) else {
            return Err(format!("a bitcast from {from} to {to} cannot be imported"));
        };
        let mut results = Vec::with_capacity(types.len());
        for values in values.chunks(width / from.bits() as usize) {
            let mut joined = None;
            for (i, value) in values.iter().enumerate() {
                let bits = self.reinterpret(*value, Type::Int(from.bits() as u8));
                let wide = self.resize(bits, unit, false);
                let amount = self.function.constant(unit, (i as u32 * from.bits()).into());
                joined = Some(match joined {
                    None => wide,
                    Some(joined) => {
                        let high = self.emit1(Op::Binary(Binary::Shl), &[wide, amount], unit);
                        self.emit1(Op::Binary(Binary::Or), &[joined, high], unit)
                    }
                });
            }
            let joined = joined.ok_or("a bitcast of nothing")?;
            for i in 0..width as u32 / to.bits() {
                let part = if i == 0 {
                    joined
                } else {
                    let amount = self.function.constant(unit, (i * to.bits()).into());
                    self.emit1(Op::Binary(Binary::LShr), &[joined, amount], unit)
                };
                let part = self.resize(part, Type::Int(to.bits() as u8), false);
                results.push(self.reinterpret(part, to));
            }
        }
        Ok(results)
    }

    /// A value with the same bits of another type of the same width.
    fn reinterpret(&mut self, value: Value, ty: Type) -> Value {
        if self.function.ty(value) == ty { value } else { self.emit1(Op::Cast(Cast::Bits), &[value], ty) }
    }
}

fn lane_at(vector: &[Value], lane: u128) -> Option<Value> {
    vector.get(usize::try_from(lane).ok()?).copied()
}

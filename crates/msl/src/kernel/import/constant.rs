//! Constants, constant expressions, and variables with a constant content.

use super::super::{Space, Storage, Type, Value, VariableData};
use super::{Importer, MAX_DEPTH, Result, Start};
use crate::llvm::{self, Opcode, TypeKind};
use crate::reflect::variable_name;

/// Most bytes of the content of one variable.
const MAX_CONTENT: u64 = 16 << 20;

impl<'m> Importer<'m> {
    /// The components of a constant. `depth` is that of the nesting around it.
    pub(super) fn constant(&mut self, value: llvm::Value<'m>, depth: u32) -> Result<Vec<Value>> {
        if depth > MAX_DEPTH {
            return Err("a constant expression is nested too deeply".into());
        }
        if value.is_global_variable() {
            return Ok(vec![self.global(value)?]);
        }
        if value.is_function() {
            return Err(format!("function `{}` is used as a value", value.name()));
        }
        if value.is_undefined() || value.is_zero() {
            let types = self.component_types(value.ty())?;
            return Ok(types.into_iter().map(|ty| self.function.constant(ty, 0)).collect());
        }
        if let Some(bits) = value.constant_bits() {
            let ty = self.scalar_type(value.ty())?;
            return Ok(vec![self.function.constant(ty, bits)]);
        }
        if value.is_constant_expression() {
            return self.expression(value, depth);
        }
        let ty = value.ty();
        let count = match ty.kind() {
            TypeKind::LLVMStructTypeKind => ty.members().len() as u64,
            TypeKind::LLVMVectorTypeKind => u64::from(ty.lanes()),
            TypeKind::LLVMArrayTypeKind => ty.array_length(),
            _ => return Err(format!("constant `{value}` cannot be imported")),
        };
        self.component_types(ty)?;
        let mut components = Vec::new();
        for i in 0..count as u32 {
            let element = value.constant_element(i);
            let element = element.ok_or_else(|| format!("constant `{value}` cannot be imported"))?;
            components.extend(self.constant(element, depth + 1)?);
        }
        Ok(components)
    }

    /// A constant expression becomes instructions where it is used.
    fn expression(&mut self, value: llvm::Value<'m>, depth: u32) -> Result<Vec<Value>> {
        let operands = value.operands().map(|o| self.constant(o, depth + 1)).collect::<Result<Vec<_>>>()?;
        match value.constant_opcode() {
            Opcode::LLVMGetElementPtr => self.address(value, &operands),
            opcode => {
                let types = self.component_types(value.ty())?;
                self.plain(opcode, value, &operands, &types)?
                    .ok_or_else(|| format!("constant expression `{value}` cannot be imported"))
            }
        }
    }

    /// The address of a global variable.
    fn global(&mut self, global: llvm::Value<'m>) -> Result<Value> {
        let variable = self.declare(global, |importer| {
            let Type::Ptr(space) = importer.scalar_type(global.ty())? else {
                return Err(format!("`{}` is no variable", global.name()));
            };
            let module = importer.module;
            let ty = global.value_type();
            let name = variable_name(&global.name());
            let bytes = module.size_of(ty);
            let storage = match global.initializer() {
                None if space == Space::Threadgroup => Storage::Threadgroup,
                None => return Err(format!("variable `{name}` is declared but not defined")),
                Some(_) if bytes > MAX_CONTENT => {
                    return Err(format!("variable `{name}` has {bytes} bytes; at most {MAX_CONTENT}"));
                }
                Some(content) => {
                    let mut data = vec![0; bytes as usize];
                    importer
                        .content(content, &mut data, 0)
                        .map_err(|what| format!("variable `{name}`: {what}"))?;
                    Storage::Constant(data)
                }
            };
            let alignment = u64::from(global.alignment()).max(module.align_of(ty)).max(1);
            Ok(VariableData { name, space, bytes, alignment, storage })
        })?;
        Ok(self.at_start(Start::Variable(variable)))
    }

    /// Writes the bytes of a constant to the start of `data`, which is zero.
    fn content(&self, value: llvm::Value<'m>, data: &mut [u8], depth: u32) -> Result<()> {
        let too_short = "its content is larger than itself";
        if value.is_zero() || value.is_undefined() {
            return Ok(());
        }
        if depth > MAX_DEPTH {
            return Err("its type is nested too deeply".into());
        }
        let ty = value.ty();
        if let Some(bits) = value.constant_bits() {
            let bytes = &bits.to_le_bytes()[..self.scalar_type(ty)?.bytes() as usize];
            data.get_mut(..bytes.len()).ok_or(too_short)?.copy_from_slice(bytes);
            return Ok(());
        }
        let place = |i: u32| match ty.kind() {
            TypeKind::LLVMStructTypeKind => self.module.member_offset(ty, i),
            // The elements of a vector follow one another without padding; those of an array with theirs.
            TypeKind::LLVMVectorTypeKind => self.module.store_size_of(ty.element()) * u64::from(i),
            _ => self.module.size_of(ty.element()) * u64::from(i),
        };
        let count = match ty.kind() {
            TypeKind::LLVMStructTypeKind => ty.members().len() as u64,
            TypeKind::LLVMVectorTypeKind if ty.element().int_width().is_multiple_of(8) => {
                u64::from(ty.lanes())
            }
            TypeKind::LLVMArrayTypeKind => ty.array_length(),
            _ => return Err(format!("its content `{value}` is not plain data")),
        };
        for i in 0..count as u32 {
            let element = value.constant_element(i).ok_or("its content cannot be read")?;
            let rest = data.get_mut(place(i) as usize..).ok_or(too_short)?;
            self.content(element, rest, depth + 1)?;
        }
        Ok(())
    }
}

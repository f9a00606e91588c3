//! From LLVM's form of a kernel, after inlining and optimisation, to our own.
//!
//! Runs on the thread function when [`admit`](crate::target) has let it pass, before accesses are checked. Vectors
//! and structures are taken apart: an LLVM value is a list of our values, its components in order.
//! What cannot be imported is an error, never another meaning:
//!
//! * undefined values and poison become zeros, and `freeze` nothing: zero is one of the values they may have;
//! * promises (`nsw`, `exact`, `inbounds`, alignment, …) are dropped;
//! * every atomic operation is relaxed, as MSL's are.

mod address;
mod constant;
mod control;
mod instruction;
mod intrinsic;
mod memory;
mod vector;

use std::collections::HashMap;
use std::fmt;

use super::op::{Axis, Cast, FastMath, Op};
use super::{Argument, Block, File, Function, Inst, Location, Space, Type, Value, Variable, VariableData};
use crate::SourceLocation;
use crate::llvm::{self, Module, TypeKind};
use crate::reflect::KernelEntry;
use crate::runtime::THREAD;
use crate::target::user_location;

/// Most components of one LLVM value.
const MAX_COMPONENTS: u64 = 4096;
/// Deepest nesting of constant expressions and types; clang's are a few levels deep.
const MAX_DEPTH: u32 = 64;

/// Why a kernel could not be imported, and where that is in the source, if it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ImportError {
    pub(crate) what: String,
    pub(crate) location: Option<SourceLocation>,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(SourceLocation { file, line, column }) = &self.location {
            write!(f, "{file}:{line}:{column}: ")?;
        }
        f.write_str(&self.what)
    }
}

/// Imports the thread function of a module.
pub(crate) fn import(module: &Module, kernel: &KernelEntry) -> std::result::Result<Function, ImportError> {
    let error = |what: &str| ImportError { what: what.into(), location: None };
    let thread = module.function(THREAD).ok_or_else(|| error("the module has no thread function"))?;
    let mut importer = Importer {
        module,
        kernel,
        function: Function { name: kernel.reflection.name.clone(), ..Function::default() },
        components: HashMap::new(),
        blocks: HashMap::new(),
        current: None,
        location: None,
        start: Vec::new(),
        started: HashMap::new(),
        arguments: HashMap::new(),
        variables: HashMap::new(),
        files: HashMap::new(),
    };
    let imported = importer.body(thread);
    imported.map_err(|what| {
        let place = importer.location.map(|l| SourceLocation {
            file: importer.function.files[l.file].clone(),
            line: l.line,
            column: l.column,
        });
        ImportError { what, location: place }
    })?;
    Ok(importer.function)
}

type Result<T> = std::result::Result<T, String>;

/// What the kernel reads that is the same wherever it is read.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Start {
    ThreadIndex,
    ThreadPosition(Axis),
    Variable(Variable),
}

struct Importer<'m> {
    module: &'m Module,
    kernel: &'m KernelEntry,
    function: Function,
    /// The components of each LLVM value met so far.
    components: HashMap<llvm::Value<'m>, Vec<Value>>,
    blocks: HashMap<llvm::Block<'m>, Block>,
    /// The block that instructions are added to.
    current: Option<Block>,
    /// Of the LLVM instruction being imported.
    location: Option<Location>,
    /// Instructions to be put at the start of the first block.
    start: Vec<Inst>,
    started: HashMap<Start, Value>,
    arguments: HashMap<u32, Argument>,
    variables: HashMap<llvm::Value<'m>, Variable>,
    files: HashMap<String, File>,
}

impl<'m> Importer<'m> {
    /// Adds an instruction to the current block.
    fn emit(&mut self, op: Op, operands: &[Value], results: &[Type]) -> Vec<Value> {
        self.emit_fast(op, FastMath::default(), operands, results)
    }

    fn emit_fast(&mut self, op: Op, fast: FastMath, operands: &[Value], results: &[Type]) -> Vec<Value> {
        let inst = self.function.make(op, operands.to_vec(), results);
        let data = &mut self.function.instructions[inst];
        data.location = self.location;
        if op.is_float_arithmetic() {
            data.fast_math = fast;
        }
        let results = data.results.clone();
        let block = self.current.expect("instructions are imported into a block");
        self.function.blocks[block].instructions.push(inst);
        results
    }

    /// Adds an instruction with one result.
    fn emit1(&mut self, op: Op, operands: &[Value], result: Type) -> Value {
        self.emit(op, operands, &[result])[0]
    }

    /// The value of an instruction without operands, which is put at the start of the kernel.
    fn at_start(&mut self, what: Start) -> Value {
        if let Some(value) = self.started.get(&what) {
            return *value;
        }
        let (op, ty) = match what {
            Start::ThreadIndex => (Op::ThreadIndex, Type::I32),
            Start::ThreadPosition(axis) => (Op::ThreadPosition(axis), Type::I32),
            Start::Variable(variable) => {
                (Op::Variable(variable), Type::Ptr(self.function.variables[variable].space))
            }
        };
        let inst = self.function.make(op, Vec::new(), &[ty]);
        self.start.push(inst);
        let value = self.function.instructions[inst].results[0];
        self.started.insert(what, value);
        value
    }

    /// Declares a variable for an alloca or global variable of LLVM's; only once for each.
    fn declare(
        &mut self,
        origin: llvm::Value<'m>,
        data: impl FnOnce(&Self) -> Result<VariableData>,
    ) -> Result<Variable> {
        if let Some(variable) = self.variables.get(&origin) {
            return Ok(*variable);
        }
        let data = data(self)?;
        let variable = self.function.variables.push(data);
        self.variables.insert(origin, variable);
        Ok(variable)
    }

    /// The components of an operand.
    fn operand(&mut self, value: llvm::Value<'m>) -> Result<Vec<Value>> {
        if let Some(components) = self.components.get(&value) {
            return Ok(components.clone());
        }
        if value.is_constant() {
            return self.constant(value, 0);
        }
        Err(format!("`{value}` is used before it is imported"))
    }

    /// The only component of a scalar operand.
    fn scalar(&mut self, value: llvm::Value<'m>) -> Result<Value> {
        match self.operand(value)?[..] {
            [only] => Ok(only),
            _ => Err(format!("`{value}` is not a scalar")),
        }
    }

    /// The type of a scalar.
    fn scalar_type(&self, ty: llvm::Type<'m>) -> Result<Type> {
        let unsupported = || format!("type {ty} cannot be imported");
        Ok(match ty.kind() {
            TypeKind::LLVMIntegerTypeKind => {
                let width = u8::try_from(ty.int_width()).ok().filter(|w| (1..=128).contains(w));
                Type::Int(width.ok_or_else(unsupported)?)
            }
            TypeKind::LLVMHalfTypeKind => Type::F16,
            TypeKind::LLVMBFloatTypeKind => Type::BF16,
            TypeKind::LLVMFloatTypeKind => Type::F32,
            TypeKind::LLVMDoubleTypeKind => Type::F64,
            TypeKind::LLVMPointerTypeKind => {
                Type::Ptr(Space::from_number(ty.address_space()).ok_or_else(unsupported)?)
            }
            _ => return Err(unsupported()),
        })
    }

    /// The types of the components of a value.
    fn component_types(&self, ty: llvm::Type<'m>) -> Result<Vec<Type>> {
        let mut types = Vec::new();
        let mut pending = vec![ty];
        while let Some(ty) = pending.pop() {
            let element = match ty.kind() {
                TypeKind::LLVMStructTypeKind => {
                    pending.extend(ty.members().into_iter().rev());
                    continue;
                }
                TypeKind::LLVMVectorTypeKind | TypeKind::LLVMArrayTypeKind => ty.element(),
                TypeKind::LLVMVoidTypeKind => continue,
                _ => {
                    types.push(self.scalar_type(ty)?);
                    continue;
                }
            };
            let count = u64::from(ty.lanes()).max(ty.array_length());
            let many = count.saturating_add((types.len() + pending.len()) as u64);
            if many > MAX_COMPONENTS || ty.kind() == TypeKind::LLVMArrayTypeKind && ty.array_length() == 0 {
                return Err(format!("a value of type {ty} cannot be imported"));
            }
            pending.extend(vec![element; count as usize]);
        }
        Ok(types)
    }

    /// Where an instruction comes from.
    fn place(&mut self, instruction: llvm::Value<'m>) -> Option<Location> {
        let SourceLocation { file, line, column } = user_location(&instruction.locations())?;
        let file = match self.files.get(&file) {
            Some(known) => *known,
            None => {
                let new = self.function.files.push(file.clone());
                self.files.insert(file, new);
                new
            }
        };
        Some(Location { file, line, column })
    }

    /// An integer as another width, with its sign if `signed`.
    fn resize(&mut self, value: Value, to: Type, signed: bool) -> Value {
        let from = self.function.ty(value);
        if from == to {
            return value;
        }
        if let Some(bits) = self.function.constant_bits(value) {
            let unused = 128 - from.bits();
            let extended = if signed { ((bits << unused) as i128 >> unused) as u128 } else { bits };
            return self.function.constant(to, extended);
        }
        let cast = match (to.bits() < from.bits(), signed) {
            (true, _) => Cast::Trunc,
            (false, true) => Cast::SExt,
            (false, false) => Cast::ZExt,
        };
        self.emit1(Op::Cast(cast), &[value], to)
    }
}

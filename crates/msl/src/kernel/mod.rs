//! Our own form of one kernel: a small SSA of scalars, on which analyses and the vectoriser work.
//!
//! * Entities are typed indices into tables ([`Value`], [`Inst`], [`Block`], …) of a [`Function`].
//! * Every value is a scalar. Vectors and structures are split into components where LLVM's form is
//!   imported; only a load with several results and a store with several operands show that accesses are
//!   next to each other.
//! * Blocks have parameters instead of phis. Control flow is reducible, and every block is reached.
//! * Addresses are explicit: `ptradd` adds bytes.
//! * Nothing is undefined but what an operation says ([`op`]): there is no poison, overflow wraps, and the flags
//!   by which LLVM promises more are dropped. Where LLVM's form has undefined values, they are zeros here, which
//!   is one of the values that they might have.
//!
//! [`verify`] says what is legal; [`print`] and [`parse`] are the text of it.

mod flow;
mod import;
#[cfg(test)]
pub(crate) mod interpret;
pub(crate) mod op;
mod parse;
mod print;
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod types;
mod verify;

use std::collections::HashMap;

pub(crate) use flow::Flow;
pub(crate) use import::import;
pub(crate) use op::{Access, Axis, Binary, Cast, FastMath, LaunchValue, Op};
pub(crate) use parse::parse;
pub(crate) use print::Names;
pub(crate) use table::{Argument, Block, File, Inst, Key, Table, Value, Variable};
pub(crate) use types::{Space, Type};
pub(crate) use verify::verify;

/// One kernel.
#[derive(Clone, Debug, Default)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) files: Table<File, String>,
    pub(crate) arguments: Table<Argument, ArgumentData>,
    pub(crate) variables: Table<Variable, VariableData>,
    pub(crate) values: Table<Value, ValueData>,
    pub(crate) instructions: Table<Inst, InstData>,
    pub(crate) blocks: Table<Block, BlockData>,
    /// The blocks in their order in text; the first is where the kernel starts.
    pub(crate) layout: Vec<Block>,
    constants: HashMap<(Type, u128), Value>,
}

/// Memory that the launch binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ArgumentData {
    pub(crate) name: String,
    /// Position in the kernel's list of parameters.
    pub(crate) parameter: u32,
    pub(crate) space: Space,
}

/// Memory that the kernel declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VariableData {
    pub(crate) name: String,
    pub(crate) space: Space,
    pub(crate) bytes: u64,
    pub(crate) alignment: u64,
    pub(crate) storage: Storage,
}

/// Whose a variable is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    /// Each thread has its own.
    Private,
    /// Each threadgroup has its own.
    Threadgroup,
    /// There is one, with this content, which is only read.
    Constant(Vec<u8>),
}

/// A value: its type and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ValueData {
    pub(crate) ty: Type,
    pub(crate) definition: Definition,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Definition {
    /// These bits; of a pointer always 0.
    Constant(u128),
    /// A block's parameter, by its position.
    Parameter(Block, u32),
    /// An instruction's result, by its position.
    Result(Inst, u32),
}

/// An instruction.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct InstData {
    pub(crate) op: Op,
    pub(crate) fast_math: FastMath,
    pub(crate) operands: Vec<Value>,
    pub(crate) results: Vec<Value>,
    pub(crate) location: Option<Location>,
}

/// A place in the source, from 1; column 0 if only the line is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) file: File,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// A basic block.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BlockData {
    pub(crate) parameters: Vec<Value>,
    pub(crate) instructions: Vec<Inst>,
    pub(crate) terminator: Terminator,
    /// Of the terminator.
    pub(crate) location: Option<Location>,
}

/// Where control goes at the end of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Terminator {
    Jump(Target),
    Branch {
        condition: Value,
        yes: Target,
        no: Target,
    },
    Switch {
        value: Value,
        cases: Vec<(u128, Target)>,
        default: Target,
    },
    /// The thread has ended.
    Return,
}

/// A block to go to with values for its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) block: Block,
    pub(crate) arguments: Vec<Value>,
}

impl Terminator {
    /// Where control may go.
    pub(crate) fn targets(&self) -> Vec<&Target> {
        match self {
            Self::Jump(target) => vec![target],
            Self::Branch { yes, no, .. } => vec![yes, no],
            Self::Switch { cases, default, .. } => {
                std::iter::once(default).chain(cases.iter().map(|(_, target)| target)).collect()
            }
            Self::Return => Vec::new(),
        }
    }

    /// What decides where control goes.
    pub(crate) fn selector(&self) -> Option<Value> {
        match self {
            Self::Branch { condition, .. } => Some(*condition),
            Self::Switch { value, .. } => Some(*value),
            Self::Jump(_) | Self::Return => None,
        }
    }
}

impl Function {
    /// The constant of a type with these bits; those beyond its width are ignored.
    pub(crate) fn constant(&mut self, ty: Type, bits: u128) -> Value {
        let bits = bits & ty.mask();
        let values = &mut self.values;
        *self
            .constants
            .entry((ty, bits))
            .or_insert_with(|| values.push(ValueData { ty, definition: Definition::Constant(bits) }))
    }

    /// The bits of a constant.
    pub(crate) fn constant_bits(&self, value: Value) -> Option<u128> {
        match self.values[value].definition {
            Definition::Constant(bits) => Some(bits),
            _ => None,
        }
    }

    pub(crate) fn ty(&self, value: Value) -> Type {
        self.values[value].ty
    }

    /// Adds a block at the end, which returns until it is given another terminator.
    pub(crate) fn add_block(&mut self) -> Block {
        let block = self.blocks.push(BlockData {
            parameters: Vec::new(),
            instructions: Vec::new(),
            terminator: Terminator::Return,
            location: None,
        });
        self.layout.push(block);
        block
    }

    /// Adds a parameter to a block.
    pub(crate) fn add_parameter(&mut self, block: Block, ty: Type) -> Value {
        let position = self.blocks[block].parameters.len() as u32;
        let value = self.values.push(ValueData { ty, definition: Definition::Parameter(block, position) });
        self.blocks[block].parameters.push(value);
        value
    }

    /// Makes an instruction with new results of these types; it is in no block yet.
    pub(crate) fn make(&mut self, op: Op, operands: Vec<Value>, results: &[Type]) -> Inst {
        let inst = self.instructions.push(InstData {
            op,
            fast_math: FastMath::default(),
            operands,
            results: Vec::new(),
            location: None,
        });
        for (position, ty) in results.iter().enumerate() {
            let definition = Definition::Result(inst, position as u32);
            let value = self.values.push(ValueData { ty: *ty, definition });
            self.instructions[inst].results.push(value);
        }
        inst
    }
}

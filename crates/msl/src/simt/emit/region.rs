//! The memories that pointers lead to: their addresses and lengths.

use std::collections::HashSet;
use std::fmt::Write;
use std::mem::offset_of;

use super::{Emitter, LANES};
use crate::kernel::{Op, Storage, Variable};
use crate::runtime::{GroupContext, KnownMemory, UNKNOWN_MEMORY};
use crate::simt::code::Operand;
use crate::simt::origin::Origin;
use crate::target::binding_place;
use crate::{Access, Binding, Memory};

/// A memory of arguments or variables.
#[derive(Clone, Debug)]
pub(super) struct Region {
    pub(super) start: Operand,
    /// In bytes; of private variables for one thread.
    pub(super) length: Operand,
    pub(super) writable: bool,
    /// Position in the list of memories.
    pub(super) tag: i32,
    /// Of a private variable.
    pub(super) private: Option<Private>,
}

/// How the private memories of the lanes of a tile lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Private {
    /// Bytes that are kept together; those of the lanes follow each other. As long as the variable if it is not
    /// interleaved.
    pub(super) granule: u64,
    pub(super) bytes: u64,
}

/// Most bytes of private variables in a tile's frame.
const MAX_PRIVATE: u64 = 512 << 10;

impl Emitter<'_> {
    /// Finds where all memories are that the kernel uses.
    pub(super) fn find_regions(&mut self) -> Result<(), String> {
        let mut used = HashSet::new();
        let mut origins = vec![Origin::Null];
        for block in &self.nest.order {
            for inst in &self.function.blocks[*block].instructions {
                let origin = match self.function.instructions[*inst].op {
                    Op::Argument(argument) => Origin::Argument(argument),
                    Op::Variable(variable) => Origin::Variable(variable),
                    _ => continue,
                };
                if used.insert(origin) {
                    origins.push(origin);
                }
            }
        }
        let mut private = 0;
        for origin in origins {
            let region = match origin {
                Origin::Null => Region {
                    start: Operand::new("null"),
                    length: Operand::int(0),
                    writable: false,
                    tag: UNKNOWN_MEMORY,
                    private: None,
                },
                Origin::Argument(argument) => self.argument(argument)?,
                Origin::Variable(variable) => match &self.function.variables[variable].storage {
                    Storage::Private => {
                        let region = self.private_variable(variable)?;
                        private += region.private.map_or(0, |p| p.bytes);
                        region
                    }
                    Storage::Threadgroup => self.threadgroup_variable(variable),
                    Storage::Constant(content) => self.constant_table(variable, content),
                },
            };
            self.regions.insert(origin, region);
        }
        let all = private * u64::from(LANES) * u64::from(self.plan.rows);
        if all > MAX_PRIVATE {
            return Err(format!(
                "its private variables have {private} bytes for each thread; vector code keeps at most {} for {} threads",
                MAX_PRIVATE,
                LANES * self.plan.rows
            ));
        }
        Ok(())
    }

    /// The address where a memory starts, as an integer.
    pub(super) fn start_of(&mut self, origin: Origin) -> Operand {
        let start = self.regions[&origin].start.clone();
        self.code.value(format_args!("ptrtoint ptr {start} to i64"))
    }

    fn argument(&mut self, argument: crate::kernel::Argument) -> Result<Region, String> {
        let data = &self.function.arguments[argument];
        let parameter = self
            .entry
            .parameters
            .get(data.parameter as usize)
            .ok_or_else(|| format!("argument `{}` has no parameter", data.name))?;
        let (Some(argument), Some((table, offset))) = (parameter.argument(), binding_place(parameter.role))
        else {
            return Err(format!("argument `{}` is no memory", data.name));
        };
        let table = self.read_table(table as u64);
        let entry = self.code.value(format_args!("getelementptr i8, ptr {table}, i64 {offset}"));
        let start = self.code.value(format_args!("load ptr, ptr {entry}, !invariant.load !2"));
        let length = offset_of!(Binding, length);
        let place = self.code.value(format_args!("getelementptr i8, ptr {entry}, i64 {length}"));
        let length = self.code.value(format_args!("load i64, ptr {place}, !invariant.load !2"));
        let memory = Memory::Argument { name: argument.name, kind: argument.kind, index: argument.index };
        let tag = self.tables.memory(KnownMemory { memory, access: argument.access });
        let writable = argument.access == Access::ReadWrite;
        Ok(Region { start, length, writable, tag, private: None })
    }

    fn variable_tag(&mut self, variable: Variable, access: Access) -> i32 {
        let name = self.function.variables[variable].name.clone();
        self.tables.memory(KnownMemory { memory: Memory::Variable { name }, access })
    }

    fn private_variable(&mut self, variable: Variable) -> Result<Region, String> {
        let data = &self.function.variables[variable];
        let bytes = data.bytes;
        let granule = self.granule(variable);
        let all = bytes * u64::from(LANES) * u64::from(self.plan.rows);
        let start = self.code.place(&format!("[{all} x i8]"), 64);
        let tag = self.variable_tag(variable, Access::ReadWrite);
        let private = Some(Private { granule, bytes });
        Ok(Region { start, length: Operand::int(bytes as i64), writable: true, tag, private })
    }

    fn threadgroup_variable(&mut self, variable: Variable) -> Region {
        let offset = self.tables.threadgroup_offset(self.function, variable);
        let memory = self.read_context("ptr", offset_of!(GroupContext, threadgroup_memory) as u64);
        let start = self.code.value(format_args!("getelementptr i8, ptr {memory}, i64 {offset}"));
        let length = Operand::int(self.function.variables[variable].bytes as i64);
        let tag = self.variable_tag(variable, Access::ReadWrite);
        Region { start, length, writable: true, tag, private: None }
    }

    fn constant_table(&mut self, variable: Variable, content: &[u8]) -> Region {
        use crate::kernel::Key;
        let name = format!("@constant.{}", variable.index());
        let mut text = String::new();
        for byte in content {
            let _ = write!(text, "\\{byte:02X}");
        }
        let alignment = self.function.variables[variable].alignment.max(1);
        let length = content.len();
        self.code.declarations.insert(format!(
            "{name} = private unnamed_addr constant [{length} x i8] c\"{text}\", align {alignment}"
        ));
        let tag = self.variable_tag(variable, Access::ReadOnly);
        let length = Operand::int(length as i64);
        Region { start: Operand::new(name), length, writable: false, tag, private: None }
    }
}

//! The memories that pointers lead to: their addresses and lengths.

use std::collections::HashSet;
use std::fmt::Write;
use std::mem::offset_of;

use super::Emitter;
use crate::kernel::{Op, Storage, Variable};
use crate::runtime::{GroupContext, KnownMemory, UNKNOWN_MEMORY};
use crate::simt::code::Operand;
use crate::simt::driver;
use crate::simt::origin::Origin;
use crate::target::binding_place;
use crate::{Access, Binding, MAX_TOTAL_THREADS_PER_THREADGROUP, Memory, SIMD_WIDTH};

/// A memory of arguments or variables.
#[derive(Clone, Debug)]
pub(super) struct Region {
    pub(super) start: Operand,
    /// In bytes; of private variables for one thread.
    pub(super) length: Operand,
    /// Bytes that may be written.
    pub(super) writable: Operand,
    /// Position in the list of memories.
    pub(super) tag: Operand,
    /// Of a private variable.
    pub(super) private: Option<Private>,
    /// Of an argument whose lengths [`region_at`](Emitter::region_at) reads for each use.
    pub(super) later: Option<Lengths>,
}

/// Where the length of an argument is, and whether so much may be written.
#[derive(Clone, Debug)]
pub(super) struct Lengths {
    place: Operand,
    /// At least, as every launch promises.
    least: usize,
    writable: bool,
}

/// What is known of a length: at least this, and not negative as a signed number.
fn known_length(least: usize) -> String {
    format!("!range !{{i64 {least}, i64 {}}}", i64::MIN)
}

/// How the private memories of the lanes of a tile lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Private {
    /// Bytes that are kept together; those of the lanes follow each other. All of a lane's if it is not interleaved.
    pub(super) granule: u64,
    /// Of one lane.
    pub(super) bytes: u64,
    /// Of the variable.
    pub(super) length: u64,
}

/// Most bytes of private variables on a thread's stack; more are in memory of the worker, beyond the frames of all
/// SIMD-groups of a threadgroup.
const ON_STACK: u64 = 64 << 10;
const BEYOND_FRAMES: u32 = MAX_TOTAL_THREADS_PER_THREADGROUP / SIMD_WIDTH;

impl Emitter<'_> {
    /// Finds where all memories are that the kernel uses.
    pub(super) fn find_regions(&mut self) -> Result<(), String> {
        let mut used = HashSet::new();
        let mut origins = vec![Origin::Null, Origin::Unknown];
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
        let mut private = self.private_memory(&origins);
        for origin in origins {
            let region = match origin {
                Origin::Null | Origin::Unknown | Origin::Several => Region {
                    start: Operand::new("null"),
                    length: Operand::int(0),
                    writable: Operand::int(0),
                    tag: Operand::int(i64::from(UNKNOWN_MEMORY)),
                    private: None,
                    later: None,
                },
                Origin::Argument(argument) => self.argument(argument)?,
                Origin::Variable(variable) => match &self.function.variables[variable].storage {
                    Storage::Private => self.private_variable(variable, &mut private),
                    Storage::Threadgroup => self.threadgroup_variable(variable),
                    Storage::Constant(content) => self.constant_table(variable, content),
                },
            };
            self.regions.insert(origin, region);
        }
        Ok(())
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
        let table = driver::table(self.plan, &mut self.code, table);
        let entry = self.code.value(format_args!("getelementptr i8, ptr {table}, i64 {offset}"));
        let start = self.code.value(format_args!("load ptr, ptr {entry}, !invariant.load !2"));
        let length = offset_of!(Binding, length);
        let place = self.code.value(format_args!("getelementptr i8, ptr {entry}, i64 {length}"));
        let is_writable = argument.access == Access::ReadWrite;
        // Known from the start it would have to be kept at each wait. LLVM must not find that it does not change: it would know it
        // from the start again.
        let later = self.plan.waits.then(|| Lengths {
            place: place.clone(),
            least: argument.size,
            writable: is_writable,
        });
        let known = known_length(argument.size);
        let length = match &later {
            None => self.code.value(format_args!("load i64, ptr {place}, !invariant.load !2, {known}")),
            Some(_) => Operand::int(0),
        };
        let memory = Memory::Argument { name: argument.name, kind: argument.kind, index: argument.index };
        let tag = self.tables.memory(KnownMemory { memory, access: argument.access });
        let writable = if is_writable { length.clone() } else { Operand::int(0) };
        Ok(Region { start, length, writable, tag: Operand::int(tag.into()), private: None, later })
    }

    /// A memory, with its length.
    pub(super) fn region_at(&mut self, origin: Origin) -> Region {
        let mut region = self.regions[&origin].clone();
        if let Some(Lengths { place, least, writable }) = region.later.take() {
            region.length = self.code.value(format_args!("load i64, ptr {place}, {}", known_length(least)));
            if writable {
                region.writable = region.length.clone();
            }
        }
        region
    }

    fn variable_tag(&mut self, variable: Variable, access: Access) -> Operand {
        let name = self.function.variables[variable].name.clone();
        Operand::int(self.tables.memory(KnownMemory { memory: Memory::Variable { name }, access }).into())
    }

    /// How the private memories of a variable lie.
    fn layout(&self, variable: Variable) -> Private {
        let data = &self.function.variables[variable];
        let granule = self.granule(variable);
        if granule < data.bytes {
            return Private { granule, bytes: data.bytes, length: data.bytes };
        }
        let bytes = data.bytes.next_multiple_of(data.alignment.max(1));
        Private { granule: bytes, bytes, length: data.bytes }
    }

    /// Bytes that a variable takes for all threads of a tile.
    fn bytes_of_tile(&self, variable: Variable) -> u64 {
        // Loads of words may reach beyond the last byte.
        (self.layout(variable).bytes * u64::from(self.lanes() * self.plan.rows) + 4).next_multiple_of(64)
    }

    /// Memory for the private variables if they are too large for the stack.
    fn private_memory(&mut self, origins: &[Origin]) -> Option<Operand> {
        let all: u64 = origins
            .iter()
            .filter_map(|origin| match origin {
                Origin::Variable(v) if self.function.variables[*v].storage == Storage::Private => Some(*v),
                _ => None,
            })
            .map(|variable| self.bytes_of_tile(variable))
            .sum();
        if all <= ON_STACK {
            return None;
        }
        let index = match self.plan.waits {
            true => self.code.value(format_args!("add i32 %simdgroup, {BEYOND_FRAMES}")),
            false => Operand::int(BEYOND_FRAMES.into()),
        };
        self.code.declarations.insert("declare ptr @msl.rt.frame(ptr, i32, i64)".into());
        Some(self.code.value(format_args!("call ptr @msl.rt.frame(ptr %context, i32 {index}, i64 {all})")))
    }

    /// A private variable, in a frame of its own or, if given, in memory of which it takes its part.
    fn private_variable(&mut self, variable: Variable, memory: &mut Option<Operand>) -> Region {
        let private = self.layout(variable);
        let all = self.bytes_of_tile(variable);
        let start = match memory.take() {
            None => self.code.place(&format!("[{all} x i8]"), 64),
            Some(start) => {
                *memory = Some(self.place_at(&start, &Operand::int(all as i64), 0));
                start
            }
        };
        let tag = self.variable_tag(variable, Access::ReadWrite);
        let length = Operand::int(private.length as i64);
        Region { start, writable: length.clone(), length, tag, private: Some(private), later: None }
    }

    fn threadgroup_variable(&mut self, variable: Variable) -> Region {
        let offset = self.tables.threadgroup_offset(self.function, variable);
        let memory = self.read_context("ptr", offset_of!(GroupContext, threadgroup_memory) as u64);
        let start = self.code.value(format_args!("getelementptr i8, ptr {memory}, i64 {offset}"));
        let length = Operand::int(self.function.variables[variable].bytes as i64);
        let tag = self.variable_tag(variable, Access::ReadWrite);
        Region { start, writable: length.clone(), length, tag, private: None, later: None }
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
        let start = Operand::new(name);
        Region { start, length, writable: Operand::int(0), tag, private: None, later: None }
    }
}

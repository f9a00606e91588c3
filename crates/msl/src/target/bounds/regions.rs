//! Which memory each pointer of the thread function may be used for.

use std::collections::{HashMap, HashSet};
use std::mem::offset_of;

use super::super::control_flow::ControlFlow;
use super::super::entry::{ARGUMENT, binding_place};
use super::super::variables::substitute;
use super::Checker;
use crate::llvm::{Builder, Opcode, Value};
use crate::reflect::{threadgroup_layout, variable_name};
use crate::runtime::{GroupContext, KnownMemory, UNKNOWN_MEMORY};
use crate::{Access, Binding, Memory};

/// The memory that a pointer may be used for: first address, number of bytes for reading and for writing,
/// position in the list of memories.
#[derive(Clone, Copy)]
pub(super) struct Region<'m> {
    pub(super) start: Value<'m>,
    length: Value<'m>,
    writable: Value<'m>,
    pub(super) tag: Value<'m>,
}

impl<'m> Region<'m> {
    /// Bytes that may be accessed so.
    pub(super) fn length_for(&self, access: Access) -> Value<'m> {
        match access {
            Access::ReadOnly => self.length,
            Access::ReadWrite => self.writable,
        }
    }
}

impl<'m> Checker<'m> {
    /// The tag of a memory that messages shall name.
    fn memory(&mut self, memory: Memory, access: Access) -> Value<'m> {
        self.memories.push(KnownMemory { memory, access });
        self.module.int_type(32).int(self.memories.len() as i64 - 1)
    }

    /// The tag of a variable.
    fn variable(&mut self, variable: Value<'m>, access: Access) -> Value<'m> {
        let name = variable_name(&variable.name());
        self.memory(Memory::Variable { name }, access)
    }

    /// Replaces the stand-ins of arguments and the threadgroup variables by addresses, known as regions.
    pub(super) fn resolve_memory(&mut self) -> Result<(), String> {
        let (module, context) = (self.module, self.thread.parameters()[0]);
        let long = module.int_type(64);
        let at = |builder: &Builder<'m>, pointer, offset: usize| {
            builder.byte_offset(module, pointer, long.int(offset as i64))
        };
        for call in self.thread.instructions() {
            let Some(callee) = call.called_function() else { continue };
            let callee = callee.name();
            let Some(position) = callee.strip_prefix(ARGUMENT).and_then(|n| n.parse::<usize>().ok()) else {
                continue;
            };
            let Some(argument) = self.kernel.parameters[position].argument() else { continue };
            let memory = Memory::Argument { name: argument.name, kind: argument.kind, index: argument.index };
            let tag = self.memory(memory, argument.access);
            let Some((table, offset)) = binding_place(self.kernel.parameters[position].role) else {
                continue;
            };
            let builder = Builder::before(module, self.start);
            let table =
                builder.load(module.pointer_type(0), at(&builder, context, table)).set_invariant_load();
            let entry = at(&builder, table, offset);
            let address = builder.load(call.ty(), entry).set_invariant_load();
            let length_place = at(&builder, entry, offset_of!(Binding, length));
            let length = builder.load(long, length_place).set_invariant_load();
            let region = Region {
                start: builder.cast(Opcode::LLVMPtrToInt, address, long),
                length,
                writable: if argument.access == Access::ReadWrite { length } else { long.int(0) },
                tag,
            };
            self.regions.insert(address, region);
            call.replace_all_uses_with(address);
            if call == self.start {
                self.start = call.next_instruction().expect("a block ends with a terminator");
            }
            call.erase();
        }
        let (layout, _) = threadgroup_layout(module, module.globals().into_iter());
        let mut addresses = HashMap::new();
        for (variable, offset) in layout {
            let builder = Builder::before(module, self.start);
            let place = at(&builder, context, offset_of!(GroupContext, threadgroup_memory));
            let memory = builder.load(variable.ty(), place).set_invariant_load();
            let address = at(&builder, memory, offset as usize);
            let region = Region {
                start: builder.cast(Opcode::LLVMPtrToInt, address, long),
                length: self.i64(module.size_of(variable.value_type()) as i64),
                writable: self.i64(module.size_of(variable.value_type()) as i64),
                tag: self.variable(variable, Access::ReadWrite),
            };
            self.regions.insert(address, region);
            addresses.insert(variable, address);
        }
        substitute(module, self.thread, &addresses)
    }

    /// Instructions that read the runtime's context rather than the kernel's memory.
    pub(super) fn own_instructions(&self) -> HashSet<Value<'m>> {
        let context = self.thread.parameters()[0];
        let mut own = HashSet::from([context]);
        // Addresses in the context and loads from them; the arguments' addresses loaded are the kernel's.
        let mut pending = vec![context];
        while let Some(value) = pending.pop() {
            for user in value.users() {
                let inside = match user.opcode() {
                    Opcode::LLVMGetElementPtr => true,
                    Opcode::LLVMLoad => !self.regions.contains_key(&user) && user.operand(0) == value,
                    _ => false,
                };
                if self.regions.contains_key(&user) {
                    own.insert(user);
                } else if inside && own.insert(user) && user.ty() == self.module.pointer_type(0) {
                    pending.push(user);
                }
            }
        }
        own
    }

    /// Whether an access lies within a variable, as the code alone shows.
    pub(super) fn is_within_variable(&self, mut pointer: Value<'m>, size: u64) -> bool {
        let mut offset = 0i64;
        loop {
            if pointer.is_alloca() {
                let length = self.module.size_of(pointer.allocated_type());
                return offset >= 0 && size <= length && offset as u64 <= length - size;
            }
            if pointer.is_instruction()
                && pointer.opcode() == Opcode::LLVMGetElementPtr
                && let Some(step) = self.module.constant_gep_offset(pointer)
                && let Some(sum) = offset.checked_add(step)
            {
                offset = sum;
                pointer = pointer.operand(0);
            } else {
                return false;
            }
        }
    }

    /// Finds the regions of all pointers: in the order of execution, so that what a pointer is made from comes
    /// first; phis are completed at the end.
    pub(super) fn find_regions(&mut self) {
        let mut phis = Vec::new();
        for block in ControlFlow::new(self.thread).order {
            for pointer in block.instructions() {
                if !pointer.ty().is_pointer() || self.regions.contains_key(&pointer) {
                    continue;
                }
                let long = self.module.int_type(64);
                let region = match pointer.opcode() {
                    Opcode::LLVMAlloca => {
                        let after = pointer.next_instruction().expect("a block ends with a terminator");
                        Region {
                            start: Builder::before(self.module, after).cast(
                                Opcode::LLVMPtrToInt,
                                pointer,
                                long,
                            ),
                            length: self.i64(self.module.size_of(pointer.allocated_type()) as i64),
                            writable: self.i64(self.module.size_of(pointer.allocated_type()) as i64),
                            tag: self.variable(pointer, Access::ReadWrite),
                        }
                    }
                    Opcode::LLVMGetElementPtr
                    | Opcode::LLVMAddrSpaceCast
                    | Opcode::LLVMBitCast
                    | Opcode::LLVMFreeze => self.region(pointer.operand(0)),
                    Opcode::LLVMSelect => self.select(pointer),
                    Opcode::LLVMPHI => {
                        phis.push(pointer);
                        let builder = Builder::before(self.module, pointer);
                        Region {
                            start: builder.phi(long),
                            length: builder.phi(long),
                            writable: builder.phi(long),
                            tag: builder.phi(self.module.int_type(32)),
                        }
                    }
                    _ => self.unknown(),
                };
                self.regions.insert(pointer, region);
            }
        }
        for phi in phis {
            let region = self.regions[&phi];
            for (value, block) in phi.incoming() {
                let incoming = self.region(value);
                region.start.add_incoming(incoming.start, block);
                region.length.add_incoming(incoming.length, block);
                region.writable.add_incoming(incoming.writable, block);
                region.tag.add_incoming(incoming.tag, block);
            }
        }
    }

    pub(super) fn unknown(&self) -> Region<'m> {
        Region {
            start: self.i64(0),
            length: self.i64(0),
            writable: self.i64(0),
            tag: self.module.int_type(32).int(i64::from(UNKNOWN_MEMORY)),
        }
    }

    /// The region of a pointer: found before for instructions, made here for constants.
    pub(super) fn region(&mut self, pointer: Value<'m>) -> Region<'m> {
        if let Some(region) = self.regions.get(&pointer) {
            return *region;
        }
        let mut origin = pointer;
        while origin.is_constant_expression() {
            match origin.constant_opcode() {
                Opcode::LLVMGetElementPtr | Opcode::LLVMAddrSpaceCast | Opcode::LLVMBitCast => {
                    origin = origin.operand(0);
                }
                _ => return self.unknown(),
            }
        }
        if !origin.is_global_variable() {
            return self.unknown();
        }
        let builder = Builder::before(self.module, self.start);
        let region = Region {
            start: builder.cast(Opcode::LLVMPtrToInt, origin, self.module.int_type(64)),
            length: self.i64(self.module.size_of(origin.value_type()) as i64),
            // Variables at program scope are constants.
            writable: self.i64(0),
            tag: self.variable(origin, Access::ReadOnly),
        };
        self.regions.insert(pointer, region);
        region
    }

    fn select(&mut self, pointer: Value<'m>) -> Region<'m> {
        let yes = self.region(pointer.operand(1));
        let no = self.region(pointer.operand(2));
        let builder = Builder::before(self.module, pointer);
        // The pointer and its region must choose alike, even on an undefined condition.
        let condition = builder.freeze(pointer.operand(0));
        pointer.set_operand(0, condition);
        Region {
            start: builder.select(condition, yes.start, no.start),
            length: builder.select(condition, yes.length, no.length),
            writable: builder.select(condition, yes.writable, no.writable),
            tag: builder.select(condition, yes.tag, no.tag),
        }
    }
}

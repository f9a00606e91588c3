//! Checked accesses: every load, store and atomic operation stays within the memory that its pointer was
//! made from.
//!
//! Each pointer gets a *region* — start, length and a tag for messages — by following it to its origin: an
//! argument, a variable, or, where control flow merges, whichever applies (as SoftBound does: Nagarakatte et
//! al., 2009). A pointer of unknown origin (read from memory) has an empty region; the runtime looks it up.
//! An access outside of its region is not performed: it reads zero, writes nothing, and reports a fault.

use std::collections::{BTreeMap, HashMap};
use std::mem::offset_of;
use std::path::Path;

use super::control_flow::ControlFlow;
use super::entry::{ARGUMENT, THREAD, binding_place};
use super::variables::substitute;
use crate::llvm::{Builder, Location, Module, Opcode, Value};
use crate::reflect::{KernelEntry, threadgroup_layout, variable_name};
use crate::runtime::{GroupContext, KnownMemory, Site, UNKNOWN_MEMORY};
use crate::{Access, Binding, Memory, SourceLocation};

/// The memory that a pointer may be used for: first address, number of bytes for reading and for writing,
/// position in the list of memories.
#[derive(Clone, Copy)]
struct Region<'m> {
    start: Value<'m>,
    length: Value<'m>,
    writable: Value<'m>,
    tag: Value<'m>,
}

impl<'m> Region<'m> {
    /// Bytes that may be accessed so.
    fn length_for(&self, access: Access) -> Value<'m> {
        match access {
            Access::ReadOnly => self.length,
            Access::ReadWrite => self.writable,
        }
    }
}

/// Checks all accesses of the thread function, and gives arguments and threadgroup variables their
/// addresses. Returns what the messages need to know of each access,
/// and of each memory.
pub(super) fn check_accesses(
    module: &mut Module,
    kernel: &KernelEntry,
) -> Result<(Vec<Site>, Vec<KnownMemory>), String> {
    let (sites, memories, helpers) = {
        let mut checker = Checker::new(module, kernel);
        checker.resolve_memory()?;
        checker.run()?;
        (checker.sites, checker.memories, checker.helpers)
    };
    let text: String = helpers.into_values().collect();
    module.link_text(&(text + DECLARATIONS))?;
    Ok((sites, memories))
}

const DECLARATIONS: &str =
    "declare zeroext i1 @msl.rt.fault(ptr, i32, i32, i32, i64, i64, i64, i64) nounwind cold\n";

struct Checker<'m> {
    module: &'m Module,
    kernel: &'m KernelEntry,
    thread: Value<'m>,
    /// Before this instruction of the entry block, what all accesses need is computed.
    start: Value<'m>,
    regions: HashMap<Value<'m>, Region<'m>>,
    sites: Vec<Site>,
    memories: Vec<KnownMemory>,
    /// Text of the functions that do checked accesses, by name.
    helpers: BTreeMap<String, String>,
}

impl<'m> Checker<'m> {
    fn new(module: &'m Module, kernel: &'m KernelEntry) -> Self {
        let thread = module.function(THREAD).expect("the thread function was added");
        let start = thread.blocks()[0].first_instruction();
        Self {
            module,
            kernel,
            thread,
            start,
            regions: HashMap::new(),
            sites: Vec::new(),
            memories: Vec::new(),
            helpers: BTreeMap::new(),
        }
    }

    fn i64(&self, value: i64) -> Value<'m> {
        self.module.int_type(64).int(value)
    }

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
    fn resolve_memory(&mut self) -> Result<(), String> {
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

    fn run(&mut self) -> Result<(), String> {
        for instruction in self.thread.instructions() {
            if instruction.opcode() == Opcode::LLVMGetElementPtr {
                instruction.clear_gep_flags();
            }
        }
        // What resolving memory inserted is before `start` and reads the context only.
        let own = self.own_instructions();
        self.find_regions();
        for instruction in self.thread.instructions() {
            if own.contains(&instruction) {
                continue;
            }
            match instruction.opcode() {
                Opcode::LLVMLoad | Opcode::LLVMStore => self.plain(instruction)?,
                Opcode::LLVMAtomicRMW => self.read_modify_write(instruction)?,
                Opcode::LLVMAtomicCmpXchg => self.compare_exchange(instruction)?,
                Opcode::LLVMCall => self.intrinsic(instruction)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Instructions that read the runtime's context rather than the kernel's memory.
    fn own_instructions(&self) -> std::collections::HashSet<Value<'m>> {
        let context = self.thread.parameters()[0];
        let mut own = std::collections::HashSet::from([context]);
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

    fn plain(&mut self, access: Value<'m>) -> Result<(), String> {
        let is_store = access.opcode() == Opcode::LLVMStore;
        let (pointer, ty) = if is_store {
            (access.operand(1), access.operand(0).ty())
        } else {
            (access.operand(0), access.ty())
        };
        let size = self.module.store_size_of(ty);
        if self.is_within_variable(pointer, size) {
            return Ok(());
        }
        let atomic = access.is_atomic_access();
        let (what, order) = match (atomic, access.is_volatile()) {
            (true, _) => ("atomic ", " monotonic"),
            (false, true) => ("volatile ", ""),
            (false, false) => ("", ""),
        };
        let alignment = if atomic { size } else { 1 };
        let space = pointer.ty().address_space();
        let kind = if is_store { "store" } else { "load" };
        let name = helper_name(&format!("{kind}.{what}"), &format!("{ty}.{space}"));
        let (result, parameter, operation, skip) = if is_store {
            (
                "void".to_owned(),
                format!(", {ty} %value"),
                format!(
                    "store {what}{ty} %value, ptr addrspace({space}) %q{order}, align {alignment}\n  ret void"
                ),
                "ret void".to_owned(),
            )
        } else {
            (
                ty.to_string(),
                String::new(),
                format!(
                    "%v = load {what}{ty}, ptr addrspace({space}) %q{order}, align {alignment}\n  ret {ty} %v"
                ),
                format!("ret {ty} zeroinitializer"),
            )
        };
        let helper = Helper { name, result, space, parameter, size, alignment, operation, skip };
        let values = if is_store { vec![access.operand(0)] } else { Vec::new() };
        let kind = if is_store { Access::ReadWrite } else { Access::ReadOnly };
        self.replace(access, pointer, &helper, &values, kind)
    }

    fn read_modify_write(&mut self, access: Value<'m>) -> Result<(), String> {
        use llvm_sys::LLVMAtomicRMWBinOp::*;
        let operation = match access.atomic_operation() {
            LLVMAtomicRMWBinOpXchg => "xchg",
            LLVMAtomicRMWBinOpAdd => "add",
            LLVMAtomicRMWBinOpSub => "sub",
            LLVMAtomicRMWBinOpAnd => "and",
            LLVMAtomicRMWBinOpNand => "nand",
            LLVMAtomicRMWBinOpOr => "or",
            LLVMAtomicRMWBinOpXor => "xor",
            LLVMAtomicRMWBinOpMax => "max",
            LLVMAtomicRMWBinOpMin => "min",
            LLVMAtomicRMWBinOpUMax => "umax",
            LLVMAtomicRMWBinOpUMin => "umin",
            LLVMAtomicRMWBinOpFAdd => "fadd",
            LLVMAtomicRMWBinOpFSub => "fsub",
            LLVMAtomicRMWBinOpFMax => "fmax",
            LLVMAtomicRMWBinOpFMin => "fmin",
            other => return Err(format!("atomic operation {other:?} is not supported")),
        };
        let (pointer, value) = (access.operand(0), access.operand(1));
        let ty = value.ty();
        let space = pointer.ty().address_space();
        let size = self.module.store_size_of(ty);
        let helper = Helper {
            name: helper_name(&format!("rmw.{operation}"), &format!("{ty}.{space}")),
            result: ty.to_string(),
            space,
            parameter: format!(", {ty} %value"),
            size,
            alignment: size,
            operation: format!(
                "%v = atomicrmw {operation} ptr addrspace({space}) %q, {ty} %value monotonic\n  ret {ty} %v"
            ),
            skip: format!("ret {ty} zeroinitializer"),
        };
        self.replace(access, pointer, &helper, &[value], Access::ReadWrite)
    }

    fn compare_exchange(&mut self, access: Value<'m>) -> Result<(), String> {
        let (pointer, expected, new) = (access.operand(0), access.operand(1), access.operand(2));
        let ty = new.ty();
        let space = pointer.ty().address_space();
        let size = self.module.store_size_of(ty);
        let helper = Helper {
            name: helper_name("cmpxchg", &format!("{ty}.{space}")),
            result: format!("{{ {ty}, i1 }}"),
            space,
            parameter: format!(", {ty} %expected, {ty} %new"),
            size,
            alignment: size,
            operation: format!(
                "%v = cmpxchg ptr addrspace({space}) %q, {ty} %expected, {ty} %new monotonic monotonic\n  ret {{ {ty}, i1 }} %v"
            ),
            // A failed exchange may be repeated until it succeeds: let it seem to have succeeded.
            skip: format!("ret {{ {ty}, i1 }} {{ {ty} zeroinitializer, i1 true }}"),
        };
        self.replace(access, pointer, &helper, &[expected, new], Access::ReadWrite)
    }

    /// Memory intrinsics: each range is checked by a call that gives a pointer to nothing if it is outside,
    /// and a length of 0 then.
    fn intrinsic(&mut self, call: Value<'m>) -> Result<(), String> {
        let Some(callee) = call.called_function() else { return Ok(()) };
        let name = callee.name();
        let ranges: &[(u32, Access)] =
            if name.starts_with("llvm.memcpy.") || name.starts_with("llvm.memmove.") {
                &[(0, Access::ReadWrite), (1, Access::ReadOnly)]
            } else if name.starts_with("llvm.memset.") {
                &[(0, Access::ReadWrite)]
            } else {
                return Ok(());
            };
        for (operand, access) in ranges {
            let (pointer, length) = (call.operand(*operand), call.operand(2));
            if length.constant_u64().is_some_and(|n| self.is_within_variable(pointer, n)) {
                continue;
            }
            let space = pointer.ty().address_space();
            let width = length.ty().int_width();
            let name = format!("msl.range.{space}.{width}");
            self.helpers.entry(name.clone()).or_insert_with(|| {
                let widen = if width == 64 { "%n = add i64 %count, 0" } else { "%n = zext i32 %count to i64" };
                format!(
                    "define i{width} @{name}(ptr %context, i32 %thread, ptr addrspace({space}) %p, i64 %start, i64 %length, i32 %tag, i32 %site, i{width} %count) alwaysinline nounwind {{
  {widen}
  %a = ptrtoint ptr addrspace({space}) %p to i64
  %o = sub i64 %a, %start
  %big = icmp uge i64 %length, %n
  %last = sub i64 %length, %n
  %in = icmp ule i64 %o, %last
  %within = and i1 %big, %in
  %none = icmp eq i64 %n, 0
  %ok = or i1 %within, %none
  br i1 %ok, label %do, label %bad
bad:
  %again = call zeroext i1 @msl.rt.fault(ptr %context, i32 %thread, i32 %site, i32 %tag, i64 %a, i64 %start, i64 %length, i64 %n)
  br i1 %again, label %do, label %skip
do:
  ret i{width} %count
skip:
  ret i{width} 0
}}
"
                )
            });
            let region = self.region(pointer);
            let builder = Builder::before(self.module, call);
            let pointer = builder.freeze(pointer);
            let length = builder.freeze(length);
            let site = self.site(call, *access);
            let parameters = self.thread.parameters();
            let helper = self.declare(&name, length.ty(), &[pointer.ty()], &[length.ty()]);
            let arguments = [
                parameters[0],
                parameters[1],
                pointer,
                region.start,
                region.length_for(*access),
                region.tag,
                site,
                length,
            ];
            let length = builder.call(helper, &arguments);
            call.set_operand(*operand, pointer);
            call.set_operand(2, length);
            call.clear_argument_attributes(*operand);
        }
        Ok(())
    }

    /// Puts a call of the helper in an access's place.
    fn replace(
        &mut self,
        access: Value<'m>,
        pointer: Value<'m>,
        helper: &Helper,
        values: &[Value<'m>],
        kind: Access,
    ) -> Result<(), String> {
        if access.operands().any(|o| !matches!(o.ty().members().len(), 0)) {
            return Err("a load or store of a whole structure is not supported".into());
        }
        self.helpers.entry(helper.name.clone()).or_insert_with(|| helper.text());
        let region = self.region(pointer);
        let site = self.site(access, kind);
        let types: Vec<_> = values.iter().map(|v| v.ty()).collect();
        let function = self.declare(&helper.name, access.ty(), &[pointer.ty()], &types);
        let parameters = self.thread.parameters();
        let mut arguments = vec![
            parameters[0],
            parameters[1],
            pointer,
            region.start,
            region.length_for(kind),
            region.tag,
            site,
        ];
        arguments.extend(values);
        let result = Builder::before(self.module, access).call(function, &arguments);
        if kind == Access::ReadOnly || access.opcode() != Opcode::LLVMStore {
            access.replace_all_uses_with(result);
        }
        // The erased instruction's place in memory may come to hold another.
        if self.regions.remove(&access).is_some() {
            let unknown = self.unknown();
            self.regions.insert(result, unknown);
        }
        access.erase();
        Ok(())
    }

    /// Declares a helper: context, thread, pointer, region and site, then what is given.
    fn declare(
        &self,
        name: &str,
        result: crate::llvm::Type<'m>,
        pointer: &[crate::llvm::Type<'m>],
        values: &[crate::llvm::Type<'m>],
    ) -> Value<'m> {
        if let Some(function) = self.module.function(name) {
            return function;
        }
        let (int, long) = (self.module.int_type(32), self.module.int_type(64));
        let mut parameters = vec![self.module.pointer_type(0), int];
        parameters.extend(pointer);
        parameters.extend([long, long, int, int]);
        parameters.extend(values);
        self.module.add_function(name, result, &parameters)
    }

    fn site(&mut self, instruction: Value<'m>, access: Access) -> Value<'m> {
        let site = Site { access, location: user_location(&instruction.locations()) };
        self.sites.push(site);
        self.module.int_type(32).int(self.sites.len() as i64 - 1)
    }

    /// Whether an access lies within a variable, as the code alone shows.
    fn is_within_variable(&self, mut pointer: Value<'m>, size: u64) -> bool {
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
    fn find_regions(&mut self) {
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

    fn unknown(&self) -> Region<'m> {
        Region {
            start: self.i64(0),
            length: self.i64(0),
            writable: self.i64(0),
            tag: self.module.int_type(32).int(i64::from(UNKNOWN_MEMORY)),
        }
    }

    /// The region of a pointer: found before for instructions, made here for constants.
    fn region(&mut self, pointer: Value<'m>) -> Region<'m> {
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

/// A function that does one kind of access if it is within its region.
struct Helper {
    name: String,
    result: String,
    space: u32,
    parameter: String,
    size: u64,
    /// What the hardware asks of an atomic access; 1 for any other.
    alignment: u64,
    operation: String,
    skip: String,
}

impl Helper {
    fn text(&self) -> String {
        let Self { name, result, space, parameter, size, alignment, operation, skip } = self;
        let aligned = if *alignment > 1 {
            format!(
                "%low = and i64 %a, {}\n  %even = icmp eq i64 %low, 0\n  %ok = and i1 %within, %even",
                alignment - 1
            )
        } else {
            "%ok = and i1 %within, true".into()
        };
        format!(
            "define {result} @\"{name}\"(ptr %context, i32 %thread, ptr addrspace({space}) %p, i64 %start, i64 %length, i32 %tag, i32 %site{parameter}) alwaysinline nounwind {{
  %q = freeze ptr addrspace({space}) %p
  %a = ptrtoint ptr addrspace({space}) %q to i64
  %o = sub i64 %a, %start
  %big = icmp uge i64 %length, {size}
  %last = sub i64 %length, {size}
  %in = icmp ule i64 %o, %last
  %within = and i1 %big, %in
  {aligned}
  br i1 %ok, label %do, label %bad
bad:
  %again = call zeroext i1 @msl.rt.fault(ptr %context, i32 %thread, i32 %site, i32 %tag, i64 %a, i64 %start, i64 %length, i64 {size})
  br i1 %again, label %do, label %skip
do:
  {operation}
skip:
  {skip}
}}
"
        )
    }
}

/// A symbol for a helper of one kind of access to one type.
fn helper_name(kind: &str, ty: &str) -> String {
    let plain = |text: &str| text.replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "_");
    format!("msl.{}.{}", plain(kind), plain(ty))
}

/// The innermost place in the user's own source.
pub(crate) fn user_location(places: &[Location]) -> Option<SourceLocation> {
    let own = places.iter().find(|p| {
        let path = Path::new(&p.directory).join(&p.file);
        p.line > 0 && !crate::front::is_header(&path)
    })?;
    Some(SourceLocation { file: own.file.clone(), line: own.line, column: own.column })
}

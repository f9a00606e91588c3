//! Checked accesses: every load, store and atomic operation stays within the memory that its pointer was
//! made from.
//!
//! Each pointer gets a *region* — start, length and a tag for messages — by following it to its origin: an
//! argument, a variable, or, where control flow merges, whichever applies (as SoftBound does: Nagarakatte et
//! al., 2009). A pointer of unknown origin (read from memory) has an empty region; the runtime looks it up.
//! An access outside of its region is not performed: it reads zero, writes nothing, and reports a fault.

mod helper;
mod regions;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use helper::{Helper, helper_name, range_text};
use regions::Region;

use crate::llvm::{Builder, Location, Module, Opcode, Value};
use crate::reflect::KernelEntry;
use crate::runtime::{KnownMemory, Site, THREAD};
use crate::{Access, SourceLocation};

/// Checks all accesses of the thread function, and gives arguments and threadgroup variables their
/// addresses. Returns what the messages need to know of each access, and of each memory. If not
/// `checked`, accesses are only made such that they may be at any address.
pub(super) fn check_accesses(
    module: &mut Module,
    kernel: &KernelEntry,
    checked: bool,
) -> Result<(Vec<Site>, Vec<KnownMemory>), String> {
    let (sites, memories, helpers) = {
        let mut checker = Checker::new(module, kernel, checked);
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
    checked: bool,
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
    fn new(module: &'m Module, kernel: &'m KernelEntry, checked: bool) -> Self {
        let thread = module.function(THREAD).expect("the thread function was added");
        let start = thread.blocks()[0].first_instruction();
        Self {
            module,
            kernel,
            checked,
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

    fn run(&mut self) -> Result<(), String> {
        // A broken promise must not make an address anything, nor a result another one than in other code that is
        // made of the same function.
        self.thread.instructions().into_iter().for_each(Value::clear_promises);
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
            self.helpers.entry(name.clone()).or_insert_with(|| range_text(&name, space, width, self.checked));
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
        self.helpers.entry(helper.name.clone()).or_insert_with(|| helper.text(self.checked));
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
}

/// The innermost place in the user's own source.
pub(crate) fn user_location(places: &[Location]) -> Option<SourceLocation> {
    let own = places.iter().find(|p| {
        let path = Path::new(&p.directory).join(&p.file);
        p.line > 0 && !crate::front::is_header(&path)
    })?;
    Some(SourceLocation { file: own.file.clone(), line: own.line, column: own.column })
}

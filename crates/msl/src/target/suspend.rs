//! Threads that wait for each other: each becomes a coroutine (LLVM's switched-resume lowering) that parks
//! where it waits, so that its frame holds just what lives across the wait.

use std::collections::HashMap;
use std::mem::offset_of;

use super::bounds::user_location;
use super::control_flow::ControlFlow;
use super::legalise::UNREACHABLE;
use super::split::split_before;
use crate::llvm::{Block, Builder, Module, Opcode, TypeKind, Value};
use crate::runtime::{Collective, GroupContext, KEY_WORDS, Parked, ParkedOperation, Site, THREAD};
use crate::{Access, SIMD_WIDTH};

/// Lowers the hooks of synchronisation and SIMD-groups in the thread function. Returns whether threads wait.
pub(super) fn suspend(module: &Module, sites: &mut Vec<Site>) -> bool {
    let thread = module.function(THREAD).expect("the thread function was added");
    let mut waits = Vec::new();
    for call in thread.instructions() {
        let Some(callee) = call.called_function() else { continue };
        match callee.name().as_str() {
            UNREACHABLE => report_unreachable(module, call, sites),
            "msl.simd_lane" => {
                let lane = Builder::before(module, call).binary(
                    Opcode::LLVMAnd,
                    thread.parameters()[1],
                    module.int_type(32).int(i64::from(SIMD_WIDTH) - 1),
                );
                call.replace_all_uses_with(lane);
                call.erase();
            }
            name => {
                if let Some(operation) = operation_of(name) {
                    waits.push((call, operation));
                }
            }
        }
    }
    if waits.is_empty() {
        return false;
    }
    Coroutine::new(module, thread).lower(&waits);
    true
}

fn operation_of(hook: &str) -> Option<u32> {
    let name = hook.strip_prefix("msl.")?;
    Some(match name {
        "threadgroup_barrier" => ParkedOperation::THREADGROUP_BARRIER,
        "simdgroup_barrier" => ParkedOperation::SIMDGROUP_BARRIER,
        "simd_ballot" => ParkedOperation::BALLOT,
        "simd_shuffle.i32" | "simd_shuffle.i64" => ParkedOperation::SHUFFLE,
        _ => Collective::number(name)?,
    })
}

fn report_unreachable(module: &Module, call: Value<'_>, sites: &mut Vec<Site>) {
    let location = user_location(&call.locations());
    sites.push(Site { access: Access::ReadOnly, location });
    let (pointer, int) = (module.pointer_type(0), module.int_type(32));
    let name = "msl.rt.unreachable";
    let hook = module
        .function(name)
        .unwrap_or_else(|| module.add_function(name, module.void_type(), &[pointer, int, int]));
    let parameters = call.block().function().parameters();
    let site = int.int(sites.len() as i64 - 1);
    Builder::before(module, call).call(hook, &[parameters[0], parameters[1], site]);
    call.erase();
}

/// The thread function being made a coroutine.
struct Coroutine<'m> {
    module: &'m Module,
    /// The thread's [`Parked`].
    parked: Value<'m>,
    id: Value<'m>,
    handle: Value<'m>,
    /// Where control leaves the coroutine, suspended or ended.
    leave: Block<'m>,
    /// Where a destroyed coroutine goes; none is ever destroyed.
    cleanup: Block<'m>,
}

impl<'m> Coroutine<'m> {
    fn new(module: &'m Module, thread: Value<'m>) -> Self {
        thread.add_function_attribute("presplitcoroutine");
        let (pointer, int, long) = (module.pointer_type(0), module.int_type(32), module.int_type(64));
        let parameters = thread.parameters();
        let (context, index) = (parameters[0], parameters[1]);

        let builder = Builder::before(module, thread.blocks()[0].first_instruction());
        let table_place =
            builder.byte_offset(module, context, long.int(offset_of!(GroupContext, parked) as i64));
        let table = builder.load(pointer, table_place);
        let wide_index = builder.cast(Opcode::LLVMZExt, index, long);
        let offset = builder.binary(Opcode::LLVMMul, wide_index, long.int(size_of::<Parked>() as i64));
        let parked = builder.byte_offset(module, table, offset);
        let null = pointer.zero();
        let id = builder.call(module.intrinsic("llvm.coro.id", &[]), &[int.int(0), null, null, null]);
        let size = builder.call(module.intrinsic("llvm.coro.size", &[long]), &[]);
        let allocate = module.add_function("msl.rt.frame", pointer, &[pointer, int, long]);
        let memory = builder.call(allocate, &[context, index, size]);
        let handle = builder.call(module.intrinsic("llvm.coro.begin", &[]), &[id, memory]);
        builder.store(handle, parked);

        let leave = Builder::append_block(module, thread, "leave");
        let cleanup = Builder::append_block(module, thread, "cleanup");
        Self { module, parked, id, handle, leave, cleanup }
    }

    fn lower(&self, waits: &[(Value<'m>, u32)]) {
        let thread = self.leave.function();
        let returns: Vec<Value<'m>> =
            thread.instructions().into_iter().filter(|i| i.opcode() == Opcode::LLVMRet).collect();
        self.finish();
        let end = Builder::append_block(self.module, thread, "end");
        let builder = Builder::at_end(self.module, end);
        self.store(&builder, offset_of!(Parked, operation), ParkedOperation::DONE);
        self.suspend(&builder, true, None);
        for ret in returns {
            Builder::before(self.module, ret).branch(end);
            ret.erase();
        }
        // All splits come before the keys, whose counters are phis: splitting a block replaces phis after it.
        let split = |call: Value<'m>| {
            let block = call.block();
            Builder::at_end(self.module, block).branch(split_before(self.module, call));
            block
        };
        let blocks: Vec<Block<'m>> = waits.iter().map(|(call, _)| split(*call)).collect();
        let keys = self.keys(waits);
        for (((call, operation), key), block) in waits.iter().zip(keys).zip(blocks) {
            self.wait(*call, *operation, &key, block);
        }
    }

    /// Fills the blocks through which control leaves.
    fn finish(&self) {
        let module = self.module;
        let builder = Builder::at_end(module, self.cleanup);
        builder.call(module.intrinsic("llvm.coro.free", &[]), &[self.id, self.handle]);
        builder.branch(self.leave);
        let builder = Builder::at_end(module, self.leave);
        let none = module.token_type().zero();
        let no = module.int_type(1).int(0);
        builder.call(module.intrinsic("llvm.coro.end", &[]), &[self.handle, no, none]);
        builder.ret(None);
    }

    fn store(&self, builder: &Builder<'m>, offset: usize, value: u32) {
        let place =
            builder.byte_offset(self.module, self.parked, self.module.int_type(64).int(offset as i64));
        builder.store(self.module.int_type(32).int(i64::from(value)), place);
    }

    /// Suspends; goes on at `resume`, if there is a way on.
    fn suspend(&self, builder: &Builder<'m>, last: bool, resume: Option<Block<'m>>) {
        let module = self.module;
        let none = module.token_type().zero();
        let last = module.int_type(1).int(i64::from(last));
        let how = builder.call(module.intrinsic("llvm.coro.suspend", &[]), &[none, last]);
        let byte = module.int_type(8);
        let mut cases = vec![(byte.int(1), self.cleanup)];
        cases.extend(resume.map(|block| (byte.int(0), block)));
        builder.switch(how, self.leave, &cases);
    }

    /// Replaces the call of a hook, the first instruction of its block, by parking at the end of the block
    /// before it and, once resumed, the result.
    fn wait(&self, call: Value<'m>, operation: u32, key: &[Value<'m>], before: Block<'m>) {
        let module = self.module;
        let long = module.int_type(64);
        let place = |builder: &Builder<'m>, offset: usize| {
            builder.byte_offset(module, self.parked, long.int(offset as i64))
        };
        let rest = call.block();
        let branch = before.terminator();
        let builder = Builder::before(module, branch);
        self.store(&builder, offset_of!(Parked, operation), operation);
        if operation > ParkedOperation::SIMDGROUP_BARRIER {
            let value = self.widen(&builder, call.operand(0));
            builder.store(value, place(&builder, offset_of!(Parked, value)));
        }
        if operation == ParkedOperation::SHUFFLE {
            builder.store(call.operand(1), place(&builder, offset_of!(Parked, lane)));
        }
        if operation != ParkedOperation::THREADGROUP_BARRIER {
            let zero = module.int_type(32).int(0);
            for i in 0..KEY_WORDS {
                let word = key.get(i).copied().unwrap_or(zero);
                builder.store(word, place(&builder, offset_of!(Parked, key) + 4 * i));
            }
        }
        self.suspend(&builder, false, Some(rest));
        branch.erase();

        if operation > ParkedOperation::SIMDGROUP_BARRIER {
            let builder = Builder::before(module, call);
            let result = builder.load(long, place(&builder, offset_of!(Parked, result)));
            let ty = call.ty();
            let narrow = match ty.kind() {
                TypeKind::LLVMFloatTypeKind => {
                    let bits = builder.cast(Opcode::LLVMTrunc, result, module.int_type(32));
                    builder.cast(Opcode::LLVMBitCast, bits, ty)
                }
                _ if ty.int_width() < 64 => builder.cast(Opcode::LLVMTrunc, result, ty),
                _ => result,
            };
            call.replace_all_uses_with(narrow);
        }
        call.erase();
    }

    /// A hook's argument as 64 bits.
    fn widen(&self, builder: &Builder<'m>, value: Value<'m>) -> Value<'m> {
        let long = self.module.int_type(64);
        let ty = value.ty();
        if ty.kind() == TypeKind::LLVMFloatTypeKind {
            let bits = builder.cast(Opcode::LLVMBitCast, value, self.module.int_type(32));
            return builder.cast(Opcode::LLVMZExt, bits, long);
        }
        if ty.int_width() < 64 { builder.cast(Opcode::LLVMZExt, value, long) } else { value }
    }

    /// For each wait its place in the order of execution, as in [`Parked::key`]. Adds the counters of the
    /// loops around waits.
    fn keys(&self, waits: &[(Value<'m>, u32)]) -> Vec<Vec<Value<'m>>> {
        let int = self.module.int_type(32);
        let flow = ControlFlow::new(self.leave.function());
        let mut counters = HashMap::<Block<'m>, Value<'m>>::new();
        let mut keys = Vec::with_capacity(waits.len());
        for (call, _) in waits {
            let mut key = Vec::new();
            let block = call.block();
            for header in flow.loops_around(block) {
                let counter = *counters.entry(header).or_insert_with(|| self.count(&flow, header));
                key.push(int.int(flow.position(header).unwrap_or(0) as i64));
                key.push(counter);
            }
            key.push(int.int(flow.position(block).unwrap_or(0) as i64));
            keys.push(key);
        }
        keys
    }

    /// A counter of a loop's iterations, 0 in the first.
    fn count(&self, flow: &ControlFlow<'m>, header: Block<'m>) -> Value<'m> {
        let int = self.module.int_type(32);
        let builder = Builder::before(self.module, header.first_instruction());
        let counter = builder.phi(int);
        let builder = Builder::before(self.module, header.first_non_phi());
        let next = builder.binary(Opcode::LLVMAdd, counter, int.int(1));
        let mut predecessors = Vec::new();
        for block in &flow.order {
            // One entry for each edge, as LLVM's phis have.
            predecessors
                .extend(block.terminator().successors().into_iter().filter(|s| *s == header).map(|_| *block));
        }
        for block in predecessors {
            let back = flow.back_edges.contains(&(block, header));
            counter.add_incoming(if back { next } else { int.int(0) }, block);
        }
        counter
    }
}

//! Stores past the caches: what fills a large memory once is not read again soon, and lines that are written whole need not be
//! read before. That saves one in four transfers of an addition.

use super::Emitter;
use super::region::Region;
use super::walk::LINE;
use crate::kernel::{Access, Op, Value};
use crate::simt::code::Operand;

/// Smaller memories may be in the caches when they are read next.
const LARGE: u64 = 64 << 20;

impl Emitter<'_> {
    /// Whether a row of so many bytes may be stored past the caches: each thread does it once, and nothing is read from there.
    pub(super) fn may_stream(&self, pointer: Value, bytes: u32) -> bool {
        let function = self.function;
        let data = self.inst.map(|inst| &function.instructions[inst]);
        let is_plain = data.is_some_and(|data| data.op == Op::Store(Access::Plain));
        self.code.streams()
            && is_plain
            && !self.is_ordered()
            && self.walks(pointer, bytes)
            && !self.is_read(pointer)
    }

    /// Whether threads wait for what others have stored.
    fn is_ordered(&self) -> bool {
        let function = self.function;
        let insts = self.nest.order.iter().flat_map(|block| &function.blocks[*block].instructions);
        self.plan.waits || insts.into_iter().any(|inst| function.instructions[*inst].op == Op::Fence)
    }

    /// Whether the kernel reads from the memory that a pointer leads to.
    fn is_read(&self, pointer: Value) -> bool {
        let function = self.function;
        let origin = self.origins.of(pointer);
        let insts = self.nest.order.iter().flat_map(|block| &function.blocks[*block].instructions);
        insts.map(|inst| &function.instructions[*inst]).any(|data| {
            !matches!(data.op, Op::Store(_))
                && data.operands.iter().any(|operand| {
                    function.ty(*operand).is_pointer()
                        && self.origins.of(*operand) == origin
                        && !matches!(data.op, Op::PtrAdd)
                })
        })
    }

    /// Stores a row past the caches if its memory is large and it fills whole lines.
    pub(super) fn store_streamed(&mut self, ty: &str, row: &Operand, place: &Operand, region: &Region) {
        let is_large = self.code.value(format_args!("icmp uge i64 {}, {LARGE}", region.length));
        let address = self.code.value(format_args!("ptrtoint ptr {place} to i64"));
        let beyond = self.code.value(format_args!("and i64 {address}, {}", LINE - 1));
        let is_line = self.code.value(format_args!("icmp eq i64 {beyond}, 0"));
        let past = self.code.value(format_args!("and i1 {is_large}, {is_line}"));
        let (stream, keep, on) = (self.code.label("stream"), self.code.label("keep"), self.code.label("on"));
        self.code.branch(&past, &stream, &keep);
        self.code.start(&stream);
        self.code.effect(format_args!("store {ty} {row}, ptr {place}, align {LINE}, !nontemporal !5"));
        self.code.jump(&on);
        self.code.start(&keep);
        self.code.effect(format_args!("store {ty} {row}, ptr {place}, align 1"));
        self.code.jump(&on);
        self.code.start(&on);
    }
}

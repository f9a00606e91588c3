//! Copies and fillings of bytes, lane after lane.

use super::Emitter;
use super::anywhere::Memories;
use crate::kernel::{Inst, Op, Value};
use crate::simt::code::Operand;

/// Ranges of bytes, one for each lane.
struct Ranges {
    memories: Memories,
    offsets: Operand,
    site: u32,
}

impl Emitter<'_> {
    /// Copies or sets bytes.
    pub(super) fn bytes_of_lanes(&mut self, inst: Inst) {
        let (longs, bytes) = (self.lane_form().wrap("i64"), self.lane_form().wrap("i8"));
        let data = &self.function.instructions[inst];
        let (op, operands) = (data.op, data.operands.clone());
        self.remark(format!("`{}` of memory is done lane by lane", op.name()));
        for row in 0..self.rows() {
            let active = self.active_of(row);
            let counts = self.vector(operands[2], row);
            let to = self.ranges(inst, operands[0], row, true);
            let from = (op == Op::CopyMemory).then(|| self.ranges(inst, operands[1], row, false));
            let byte = (op == Op::SetMemory).then(|| self.vector(operands[1], row));
            self.each_lane(&active, |this, lane| {
                let count = this.of_lane(&longs, &counts, lane);
                let (to, count) = this.range_of_lane(&to, row, lane, &count);
                if let Some(from) = &from {
                    let (from, count) = this.range_of_lane(from, row, lane, &count);
                    let arguments =
                        [("ptr", &to), ("ptr", &from), ("i64", &count), ("i1", &Operand::new("false"))];
                    this.code.call("void", "llvm.memmove.p0.p0.i64", &arguments, "");
                }
                if let Some(byte) = &byte {
                    let byte = this.of_lane(&bytes, byte, lane);
                    let arguments =
                        [("ptr", &to), ("i8", &byte), ("i64", &count), ("i1", &Operand::new("false"))];
                    this.code.call("void", "llvm.memset.p0.i64", &arguments, "");
                }
            });
        }
    }

    fn ranges(&mut self, inst: Inst, pointer: Value, row: usize, write: bool) -> Ranges {
        let memories = self.memories(pointer, row, write);
        let offsets = self.vector(pointer, row);
        let site = self.tables.site(self.function, inst, write);
        Ranges { memories, offsets, site }
    }

    /// Where a lane's range starts, and how many of its bytes may be accessed: all, or none, which is reported.
    fn range_of_lane(
        &mut self,
        ranges: &Ranges,
        row: usize,
        lane: &Operand,
        count: &Operand,
    ) -> (Operand, Operand) {
        let longs = self.lane_form().wrap("i64");
        let words = self.lane_form().wrap("i32");
        let offset = self.of_lane(&longs, &ranges.offsets, lane);
        let start = self.of_lane(&longs, &ranges.memories.starts, lane);
        let address = self.code.value(format_args!("add i64 {start}, {offset}"));
        let place = self.code.value(format_args!("inttoptr i64 {address} to ptr"));
        if !self.plan.checked {
            return (place, count.clone());
        }
        let length = self.of_lane(&longs, &ranges.memories.lengths, lane);
        let tag = self.of_lane(&words, &ranges.memories.tags, lane);
        let fits = self.code.value(format_args!("icmp uge i64 {length}, {count}"));
        let last = self.code.value(format_args!("sub i64 {length}, {count}"));
        let early = self.code.value(format_args!("icmp ule i64 {offset}, {last}"));
        let within = self.code.value(format_args!("and i1 {fits}, {early}"));
        let none = self.code.value(format_args!("icmp eq i64 {count}, 0"));
        let good = self.code.value(format_args!("or i1 {within}, {none}"));
        let site = ranges.site;
        let count = self.either(
            &good,
            |_| vec![count.clone()],
            |this| {
                let again = this.call_fault(
                    row,
                    lane,
                    format_args!(
                        "i32 {site}, i32 {tag}, i64 {address}, i64 {start}, i64 {length}, i64 {count}"
                    ),
                );
                vec![this.code.value(format_args!("select i1 {again}, i64 {count}, i64 0"))]
            },
            &["i64".to_owned()],
        )[0]
        .clone();
        (place, count)
    }
}

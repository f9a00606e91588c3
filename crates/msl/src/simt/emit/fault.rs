//! Accesses outside of their memory: what is computed to find them, and what is called then.

use super::Emitter;
use super::region::Region;
use crate::simt::Threads;
use crate::simt::code::Operand;

/// What LLVM may know of the hooks for faults: nothing that code reads is changed by them but the flag that stops the launch, whose
/// atomic loads stay. So what was read before an access is not read again after it.
const HOOK: &str = "nounwind cold memory(argmem: read, inaccessiblemem: readwrite)";

/// Where the accesses of a row of lanes are, in bytes from the start of their memory.
#[derive(Clone, Debug)]
pub(super) enum Offsets {
    Same(Operand),
    Each(Operand),
}

/// An access, for checks and messages.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    pub(super) region: Region,
    pub(super) bytes: u64,
    pub(super) write: bool,
    pub(super) site: u32,
}

impl Checked {
    /// Bytes that may be accessed so.
    pub(super) fn length(&self) -> &Operand {
        if self.write { &self.region.writable } else { &self.region.length }
    }
}

impl Emitter<'_> {
    /// Offsets below this are within the memory, also `reach` bytes further on. Zero if none are.
    pub(super) fn limit(&mut self, access: &Checked, reach: u64) -> Operand {
        let less = access.bytes - 1 + reach;
        let length = access.length();
        if less == 0 {
            return length.clone();
        }
        self.code.declarations.insert("declare i64 @llvm.usub.sat.i64(i64, i64)".into());
        self.code.value(format_args!("call i64 @llvm.usub.sat.i64(i64 {length}, i64 {less})"))
    }

    /// Whether an access is within the memory at an offset that is at most a number, also `reach` bytes further on. It must not
    /// be negative.
    pub(super) fn ends_inside(
        &mut self,
        access: &Checked,
        offset: &Operand,
        most: u64,
        reach: u64,
    ) -> Operand {
        let more = access.bytes - 1 + reach;
        if most.checked_add(more).is_none_or(|end| end > i64::MAX as u64) {
            let limit = self.limit(access, reach);
            return self.code.value(format_args!("icmp ult i64 {offset}, {limit}"));
        }
        // What does not wrap around can be added to the offset; taken from a length it has to stop at 0.
        let last = match more {
            0 => offset.clone(),
            _ => self.code.value(format_args!("add i64 {offset}, {more}")),
        };
        self.code.value(format_args!("icmp ult i64 {last}, {}", access.length()))
    }

    /// Reports the first of the lanes in `bad`, a mask that is not empty.
    pub(super) fn report(&mut self, access: &Checked, row: usize, bad: &Operand, offsets: &Offsets) {
        let lane = self.first_lane(bad);
        let offset = match offsets {
            Offsets::Same(offset) => offset.clone(),
            Offsets::Each(vector) => {
                let ty = self.lane_form().wrap("i64");
                self.of_lane(&ty, vector, &lane)
            }
        };
        let base = self.code.value(format_args!("ptrtoint ptr {} to i64", self.start(access)));
        let address = self.code.value(format_args!("add i64 {base}, {offset}"));
        let (site, tag, length, bytes) = (access.site, &access.region.tag, access.length(), access.bytes);
        self.call_fault(
            row,
            &lane,
            format_args!("i32 {site}, i32 {tag}, i64 {address}, i64 {base}, i64 {length}, i64 {bytes}"),
        );
    }

    /// Reports an access of a row at one offset, if any of its lanes is active.
    pub(super) fn report_same(&mut self, access: &Checked, row: usize, offset: &Operand) {
        let active = self.active_of(row);
        let some = self.any(std::slice::from_ref(&active));
        let (fault, on) = (self.code.label("fault"), self.code.label("on"));
        self.code.branch(&some, &fault, &on);
        self.code.start(&fault);
        self.report(access, row, &active, &Offsets::Same(offset.clone()));
        self.code.jump(&on);
        self.code.start(&on);
    }

    /// As [`within`](Self::within), for lanes of which each is `stride` bytes after the one before.
    pub(super) fn within_stride(
        &mut self,
        access: &Checked,
        row: usize,
        base: &Operand,
        stride: i64,
        active: &Operand,
    ) -> Operand {
        let limit = self.limit(access, 0);
        let bits = self.bits(active);
        let (x, y) = self.row_position(row as u32);
        let first = match self.plan.threads {
            Threads::Grid => Operand::int(0),
            _ => self.first_of(row),
        };
        let start = self.start(access);
        let (site, tag, length, bytes) = (access.site, &access.region.tag, access.length(), access.bytes);
        self.code.declarations.insert(format!(
            "declare i32 @msl.rt.within(ptr, i32, i32, i32, i32, i32, i64, i64, i64, ptr, i64, i64, i32, i32) {HOOK}"
        ));
        let good = self.code.value(format_args!(
            "call i32 @msl.rt.within(ptr %context, i32 {first}, i32 {x}, i32 {y}, i32 %z, i32 {bits}, i64 {base}, \
             i64 {stride}, i64 {limit}, ptr {start}, i64 {length}, i64 {bytes}, i32 {site}, i32 {tag})"
        ));
        self.mask_of_bits(&good)
    }

    /// Where the memory of an access starts, for messages.
    fn start(&self, access: &Checked) -> Operand {
        // Each lane has its own private memory.
        match access.region.private {
            Some(_) => Operand::new("null"),
            None => access.region.start.clone(),
        }
    }

    /// Calls the hook for an access of a lane; the result says whether it may be done after all.
    pub(super) fn call_fault(
        &mut self,
        row: usize,
        lane: &Operand,
        access: std::fmt::Arguments<'_>,
    ) -> Operand {
        if self.plan.threads == Threads::Grid {
            let (x, y) = self.row_position(row as u32);
            let x = self.code.value(format_args!("add i32 {x}, {lane}"));
            self.code.declarations.insert(format!(
                "declare zeroext i1 @msl.rt.fault_at(ptr, i32, i32, i32, i32, i32, i64, i64, i64, i64) {HOOK}"
            ));
            self.code.value(format_args!(
                "call zeroext i1 @msl.rt.fault_at(ptr %context, i32 {x}, i32 {y}, i32 %z, {access})"
            ))
        } else {
            let first = self.first_of(row);
            let thread = self.code.value(format_args!("add i32 {first}, {lane}"));
            self.code.declarations.insert(format!(
                "declare zeroext i1 @msl.rt.fault(ptr, i32, i32, i32, i64, i64, i64, i64) {HOOK}"
            ));
            self.code
                .value(format_args!("call zeroext i1 @msl.rt.fault(ptr %context, i32 {thread}, {access})"))
        }
    }

    /// The lanes of `active` whose access is within the memory; reports the others.
    pub(super) fn within(
        &mut self,
        access: &Checked,
        row: usize,
        offsets: &Operand,
        active: &Operand,
    ) -> Operand {
        if !self.checks() {
            return active.clone();
        }
        let limit = self.limit(access, 0);
        let limits = self.code.splat("i64", &limit);
        let vector = self.lane_form().wrap("i64");
        let inside = self.code.value(format_args!("icmp ult {vector} {offsets}, {limits}"));
        let mask = self.mask_type();
        let good =
            self.code.value(format_args!("select {mask} {active}, {mask} {inside}, {mask} zeroinitializer"));
        let bad = self.code.value(format_args!("xor {mask} {active}, {good}"));
        let any = self.any(std::slice::from_ref(&bad));
        // The rows after the first find what the first has stored.
        if (row == 0 || !access.write) && self.may_restart_here() {
            let (restart, on) = (self.restart_here(), self.code.label("on"));
            self.unlikely(&any, &restart, &on);
            self.code.start(&on);
            return active.clone();
        }
        let (fault, on) = (self.code.label("fault"), self.code.label("on"));
        self.unlikely(&any, &fault, &on);
        self.code.start(&fault);
        self.report(access, row, &bad, &Offsets::Each(offsets.clone()));
        self.code.jump(&on);
        self.code.start(&on);
        good
    }

    /// Branches to `yes` if a condition holds, as it seldom does.
    pub(super) fn unlikely(
        &mut self,
        condition: &Operand,
        yes: &crate::simt::code::Label,
        no: &crate::simt::code::Label,
    ) {
        self.code.end(format_args!("br i1 {condition}, {}, {}, !prof !1", yes.target(), no.target()));
    }
}

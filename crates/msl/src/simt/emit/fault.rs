//! Accesses outside of their memory: what is computed to find them, and what is called then.

use super::region::Region;
use super::{Emitter, LANES};
use crate::kernel::Axis;
use crate::simt::Threads;
use crate::simt::code::{Form, Operand};

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

impl Emitter<'_> {
    /// Offsets below this are within the memory, also `reach` bytes further on. Zero if none are.
    pub(super) fn limit(&mut self, access: &Checked, reach: u64) -> Operand {
        if access.write && !access.region.writable {
            return Operand::int(0);
        }
        let less = access.bytes - 1 + reach;
        let length = &access.region.length;
        if less == 0 {
            return length.clone();
        }
        self.code.declarations.insert("declare i64 @llvm.usub.sat.i64(i64, i64)".into());
        self.code.value(format_args!("call i64 @llvm.usub.sat.i64(i64 {length}, i64 {less})"))
    }

    /// Reports the first of the lanes in `bad`, a mask that is not empty.
    pub(super) fn report(&mut self, access: &Checked, row: usize, bad: &Operand, offsets: &Offsets) {
        let bits = self.bits(bad);
        self.code.declarations.insert("declare i32 @llvm.cttz.i32(i32, i1)".into());
        let lane = self.code.value(format_args!("call i32 @llvm.cttz.i32(i32 {bits}, i1 false)"));
        let lane = self.code.value(format_args!("and i32 {lane}, {}", LANES - 1));
        let offset = match offsets {
            Offsets::Same(offset) => offset.clone(),
            Offsets::Each(vector) => {
                self.code.value(format_args!("extractelement <{LANES} x i64> {vector}, i32 {lane}"))
            }
        };
        let start = match access.region.private {
            // Each lane has its own.
            Some(_) => Operand::int(0),
            None => self.code.value(format_args!("ptrtoint ptr {} to i64", access.region.start)),
        };
        let address = self.code.value(format_args!("add i64 {start}, {offset}"));
        let length = match access.write && !access.region.writable {
            true => Operand::int(0),
            false => access.region.length.clone(),
        };
        let (site, tag, bytes) = (access.site, access.region.tag, access.bytes);
        let rest = format!("i32 {site}, i32 {tag}, i64 {address}, i64 {start}, i64 {length}, i64 {bytes}");
        if self.plan.threads == Threads::Grid {
            let (x, y) = self.row_position(row as u32);
            let x = self.code.value(format_args!("add i32 {x}, {lane}"));
            self.code.declarations.insert(
                "declare zeroext i1 @msl.rt.fault_at(ptr, i32, i32, i32, i32, i32, i64, i64, i64, i64) nounwind cold"
                    .into(),
            );
            self.code.value(format_args!(
                "call zeroext i1 @msl.rt.fault_at(ptr %context, i32 {x}, i32 {y}, i32 %z, {rest})"
            ));
        } else {
            debug_assert!(self.plan.across == Axis::X || row == 0, "groups have no rows along y");
            let step = row as u32 * LANES;
            let thread = self.code.value(format_args!("add i32 %first, {lane}"));
            let thread = self.code.value(format_args!("add i32 {thread}, {step}"));
            self.code.declarations.insert(
                "declare zeroext i1 @msl.rt.fault(ptr, i32, i32, i32, i64, i64, i64, i64) nounwind cold"
                    .into(),
            );
            self.code
                .value(format_args!("call zeroext i1 @msl.rt.fault(ptr %context, i32 {thread}, {rest})"));
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
        let limits = self.code.splat("i64", LANES, &limit);
        let vector = Form::Vector(LANES).wrap("i64");
        let inside = self.code.value(format_args!("icmp ult {vector} {offsets}, {limits}"));
        let mask = format!("<{LANES} x i1>");
        let good =
            self.code.value(format_args!("select {mask} {active}, {mask} {inside}, {mask} zeroinitializer"));
        let bad = self.code.value(format_args!("xor {mask} {active}, {good}"));
        let any = self.any(std::slice::from_ref(&bad));
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

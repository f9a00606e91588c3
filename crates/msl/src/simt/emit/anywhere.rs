//! Accesses by pointers of which only the running code knows the memory, or of which each lane has its own: by
//! addresses, lane by lane.

use super::Emitter;
use super::memory::Element;
use super::region::Region;
use super::values::Emitted;
use crate::kernel::{Access, Inst, Type, Value};
use crate::simt::code::Operand;
use crate::simt::origin::{Origin, number};
use crate::simt::shape::Lanes;

/// The memory that each lane's pointer leads to, as vectors.
pub(super) struct Memories {
    /// Addresses.
    pub(super) starts: Operand,
    pub(super) lengths: Operand,
    pub(super) tags: Operand,
}

/// An access of the lanes of a row.
#[derive(Clone, Copy)]
pub(super) struct Reach {
    pub(super) bytes: u64,
    pub(super) write: bool,
    /// What the hardware asks of an atomic access; 1 for any other.
    pub(super) alignment: u64,
}

impl Emitter<'_> {
    /// The memory of a pointer, if it is one for all threads of a tile.
    pub(super) fn region_of(&mut self, pointer: Value) -> Option<Region> {
        let origin = self.origins.of(pointer);
        let Some(which) = self.origins.which(pointer) else {
            // What is bound there is looked up for each access.
            let known = origin != Origin::Unknown || !self.plan.checked;
            return known.then(|| self.region_at(origin));
        };
        let unknown = self.plan.checked && self.origins.all_of(pointer).any(|o| o == Origin::Unknown);
        if unknown || self.origins.may_be_private(pointer) || !self.shapes.of(which).is_uniform() {
            return None;
        }
        let which = self.base(which, 0);
        let mut region = self.regions[&Origin::Null].clone();
        for origin in self.candidates(pointer) {
            let other = self.region_at(origin);
            let is = self.code.value(format_args!("icmp eq i32 {which}, {}", number(origin)));
            let mut choose = |ty: &str, yes: &Operand, no: &Operand| {
                self.code.value(format_args!("select i1 {is}, {ty} {yes}, {ty} {no}"))
            };
            region = Region {
                start: choose("ptr", &other.start, &region.start),
                length: choose("i64", &other.length, &region.length),
                writable: choose("i64", &other.writable, &region.writable),
                tag: choose("i32", &other.tag, &region.tag),
                ..region
            };
        }
        Some(region)
    }

    /// The memories that a pointer may lead to; in none of them it leads to nothing.
    fn candidates(&self, pointer: Value) -> Vec<Origin> {
        let nowhere = |origin: &Origin| matches!(origin, Origin::Null | Origin::Unknown);
        self.origins.all_of(pointer).filter(|origin| !nowhere(origin)).collect()
    }

    /// The address where a memory starts that is one for all lanes.
    pub(super) fn start_of(&mut self, origin: Origin) -> Operand {
        let start = self.regions[&origin].start.clone();
        self.code.value(format_args!("ptrtoint ptr {start} to i64"))
    }

    /// The addresses where the memories of the lanes of a row start.
    fn starts_of(&mut self, origin: Origin, row: usize) -> Operand {
        let mut start = self.start_of(origin);
        let Some(private) = self.regions[&origin].private else {
            return self.code.splat("i64", &start);
        };
        if row > 0 {
            let offset = private.bytes * u64::from(self.lanes()) * row as u64;
            start = self.code.value(format_args!("add i64 {start}, {offset}"));
        }
        self.ramp(Type::I64, &start, private.granule as i64)
    }

    /// The memories of the lanes' pointers.
    pub(super) fn memories(&mut self, pointer: Value, row: usize, write: bool) -> Memories {
        let mask_ty = self.mask_type();
        let longs = self.lane_form().wrap("i64");
        let words = self.lane_form().wrap("i32");
        let of = |this: &mut Self, origin: Origin| {
            let region = this.region_at(origin);
            let length = if write { &region.writable } else { &region.length };
            Memories {
                starts: this.starts_of(origin, row),
                lengths: this.code.splat("i64", length),
                tags: this.code.splat("i32", &region.tag),
            }
        };
        let Some(which) = self.origins.which(pointer) else {
            return of(self, self.origins.of(pointer));
        };
        let which = self.vector(which, row);
        let mut all = of(self, Origin::Unknown);
        for origin in self.candidates(pointer) {
            let other = of(self, origin);
            let is = self.code.value(format_args!("icmp eq {words} {which}, splat (i32 {})", number(origin)));
            let mut choose = |ty: &str, yes: &Operand, no: &Operand| {
                self.code.value(format_args!("select {mask_ty} {is}, {ty} {yes}, {ty} {no}"))
            };
            all = Memories {
                starts: choose(&longs, &other.starts, &all.starts),
                lengths: choose(&longs, &other.lengths, &all.lengths),
                tags: choose(&words, &other.tags, &all.tags),
            };
        }
        all
    }

    /// The address of a pointer that is one for all lanes, and not into private memory.
    pub(super) fn address_of(&mut self, pointer: Value, row: usize) -> Operand {
        let offset = self.base(pointer, row);
        let start = match self.origins.which(pointer) {
            None => self.start_of(self.origins.of(pointer)),
            Some(which) => {
                let which = self.base(which, row);
                let mut start = Operand::int(0);
                for origin in self.candidates(pointer) {
                    let other = self.start_of(origin);
                    let is = self.code.value(format_args!("icmp eq i32 {which}, {}", number(origin)));
                    start = self.code.value(format_args!("select i1 {is}, i64 {other}, i64 {start}"));
                }
                start
            }
        };
        self.code.value(format_args!("add i64 {start}, {offset}"))
    }

    /// The addresses of a pointer of all lanes of a row, as integers.
    pub(super) fn addresses_of(&mut self, pointer: Value, row: usize) -> Operand {
        let longs = self.lane_form().wrap("i64");
        let memories = self.memories(pointer, row, false);
        let offsets = self.vector(pointer, row);
        self.code.value(format_args!("add {longs} {}, {offsets}", memories.starts))
    }

    /// The places that the active lanes of a row access, and the lanes that may do so; the others are reported.
    pub(super) fn reach(
        &mut self,
        inst: Inst,
        pointer: Value,
        row: usize,
        active: &Operand,
        access: Reach,
    ) -> (Operand, Operand) {
        let mask_ty = self.mask_type();
        let pointers = self.lane_form().wrap("ptr");
        let longs = self.lane_form().wrap("i64");
        let words = self.lane_form().wrap("i32");
        let memories = self.memories(pointer, row, access.write);
        let offsets = self.vector(pointer, row);
        let addresses = self.code.value(format_args!("add {longs} {}, {offsets}", memories.starts));
        let places = self.code.value(format_args!("inttoptr {longs} {addresses} to {pointers}"));
        if !self.plan.checked {
            return (places, active.clone());
        }
        let name = format!("llvm.usub.sat.{}", self.lane_form().mangled(Type::I64));
        let less = Operand::new(format!("splat (i64 {})", access.bytes - 1));
        let limits = self.code.call(&longs, &name, &[(&longs, &memories.lengths), (&longs, &less)], "");
        let mut inside = self.code.value(format_args!("icmp ult {longs} {offsets}, {limits}"));
        if access.alignment > 1 {
            let low = self
                .code
                .value(format_args!("and {longs} {addresses}, splat (i64 {})", access.alignment - 1));
            let even = self.code.value(format_args!("icmp eq {longs} {low}, zeroinitializer"));
            inside = self.code.value(format_args!("and {mask_ty} {inside}, {even}"));
        }
        let good = self
            .code
            .value(format_args!("select {mask_ty} {active}, {mask_ty} {inside}, {mask_ty} zeroinitializer"));
        let bad = self.code.value(format_args!("xor {mask_ty} {active}, {good}"));
        let allowed = self.code.place("i32", 4);
        let bits = self.bits(&good);
        self.code.effect(format_args!("store i32 {bits}, ptr {allowed}"));
        let site = self.tables.site(self.function, inst, access.write);
        self.each_lane(&bad, |this, lane| {
            let address = this.of_lane(&longs, &addresses, lane);
            let start = this.of_lane(&longs, &memories.starts, lane);
            let length = this.of_lane(&longs, &memories.lengths, lane);
            let tag = this.of_lane(&words, &memories.tags, lane);
            let bytes = access.bytes;
            let again = this.call_fault(
                row,
                lane,
                format_args!("i32 {site}, i32 {tag}, i64 {address}, i64 {start}, i64 {length}, i64 {bytes}"),
            );
            let again = this.code.value(format_args!("zext i1 {again} to i32"));
            let bit = this.code.value(format_args!("shl i32 {again}, {lane}"));
            let old = this.code.value(format_args!("load i32, ptr {allowed}"));
            let new = this.code.value(format_args!("or i32 {old}, {bit}"));
            this.code.effect(format_args!("store i32 {new}, ptr {allowed}"));
        });
        let bits = self.code.value(format_args!("load i32, ptr {allowed}"));
        let mask = self.mask_of_bits(&bits);
        (places, mask)
    }

    /// One lane's element of a vector.
    pub(super) fn of_lane(&mut self, ty: &str, vector: &Operand, lane: &Operand) -> Operand {
        self.code.value(format_args!("extractelement {ty} {vector}, i32 {lane}"))
    }

    /// A loop over the lanes of a mask, from the first.
    pub(super) fn each_lane(&mut self, mask: &Operand, work: impl FnOnce(&mut Self, &Operand)) {
        let remaining = self.code.place("i32", 4);
        let bits = self.bits(mask);
        self.code.effect(format_args!("store i32 {bits}, ptr {remaining}"));
        let any = self.code.value(format_args!("icmp ne i32 {bits}, 0"));
        let (lanes, done) = (self.code.label("lanes"), self.code.label("done"));
        self.code.branch(&any, &lanes, &done);
        self.code.start(&lanes);
        let bits = self.code.value(format_args!("load i32, ptr {remaining}"));
        self.code.declarations.insert("declare i32 @llvm.cttz.i32(i32, i1)".into());
        let lane = self.code.value(format_args!("call i32 @llvm.cttz.i32(i32 {bits}, i1 false)"));
        let lane = self.code.value(format_args!("and i32 {lane}, {}", self.lanes() - 1));
        self.aside(|this| work(this, &lane));
        let lower = self.code.value(format_args!("sub i32 {bits}, 1"));
        let rest = self.code.value(format_args!("and i32 {bits}, {lower}"));
        self.code.effect(format_args!("store i32 {rest}, ptr {remaining}"));
        let more = self.code.value(format_args!("icmp ne i32 {rest}, 0"));
        self.code.branch(&more, &lanes, &done);
        self.code.start(&done);
    }

    /// Loads by addresses.
    pub(super) fn load_anywhere(
        &mut self,
        inst: Inst,
        access: Access,
        pointer: Value,
        element: Element,
        results: &[Value],
    ) {
        let mask_ty = self.mask_type();
        self.remark("gathers from memory known only when it runs, lane by lane".into());
        let uniform = self.lanes_of(results[0]) == Lanes::Uniform;
        let mut all = vec![Emitted::default(); results.len()];
        for row in 0..self.rows_of(results[0]) {
            let mut active = self.active_of(row);
            let mut lane = None;
            if uniform {
                // One of them loads for all.
                let last = self.last_lane(&active);
                let bit = self.code.value(format_args!("shl i32 1, {last}"));
                let one = self.mask_of_bits(&bit);
                active = self.code.value(format_args!("and {mask_ty} {active}, {one}"));
                lane = Some(last);
            }
            let reach = Reach { bytes: element.all(), write: false, alignment: alignment(access, element) };
            let (places, mask) = self.reach(inst, pointer, row, &active, reach);
            self.keep_order(access);
            let values = self.gather_at(&places, &mask, element, element.bytes());
            for (emitted, value) in all.iter_mut().zip(values) {
                match &lane {
                    Some(lane) => {
                        let one = self.of_lane(&self.lane_form().of(element.ty), &value, lane);
                        emitted.scalars.push(one);
                    }
                    None => emitted.vectors.push(value),
                }
            }
        }
        for (result, emitted) in results.iter().zip(all) {
            self.define(*result, emitted);
        }
    }

    /// Stores by addresses.
    pub(super) fn store_anywhere(
        &mut self,
        inst: Inst,
        access: Access,
        pointer: Value,
        element: Element,
        values: &[Value],
    ) {
        self.remark("scatters to memory known only when it runs, lane by lane".into());
        for row in 0..self.rows() {
            let active = self.active_of(row);
            let parts: Vec<Operand> = values.iter().map(|value| self.vector(*value, row)).collect();
            let reach = Reach { bytes: element.all(), write: true, alignment: alignment(access, element) };
            let (places, mask) = self.reach(inst, pointer, row, &active, reach);
            self.keep_order(access);
            self.scatter_at(&places, &mask, &parts, element, element.bytes());
        }
    }

    /// Before accesses that other threads may wait for: LLVM moves no others across this.
    pub(super) fn keep_order(&mut self, access: Access) {
        if access != Access::Plain {
            self.code.effect("fence syncscope(\"singlethread\") seq_cst");
        }
    }
}

/// What the hardware asks of an access.
fn alignment(access: Access, element: Element) -> u64 {
    if access == Access::Atomic { element.bytes() } else { 1 }
}

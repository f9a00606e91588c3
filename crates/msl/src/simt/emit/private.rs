//! Private variables: each lane has its own, and where it can be, what the lanes have at one offset lies together.

use super::Emitter;
use super::fault::Checked;
use super::memory::Element;
use super::region::Private;
use super::values::Emitted;
use crate::kernel::{Cast, Inst, Op, Storage, Value, Variable};
use crate::simt::code::Operand;
use crate::simt::origin::Origin;
use crate::simt::shape::{Lanes, trailing_zeros};

impl Emitter<'_> {
    /// Whether a pointer leads to a private variable.
    pub(super) fn is_private(&self, pointer: Value) -> bool {
        matches!(self.origins.of(pointer), Origin::Variable(v)
            if self.function.variables[v].storage == Storage::Private)
    }

    /// The size that all accesses of a private variable have, if they are also aligned to it, and nothing needs its
    /// address; else the whole of it.
    pub(super) fn granule(&self, variable: Variable) -> u64 {
        let whole = self.function.variables[variable].bytes;
        let mut size = None;
        for block in &self.nest.order {
            for inst in &self.function.blocks[*block].instructions {
                let data = &self.function.instructions[*inst];
                let value = match data.op {
                    Op::Load(_) => data.results.first(),
                    Op::Store(_) => data.operands.get(1),
                    Op::Modify(_)
                    | Op::CompareExchange
                    | Op::CopyMemory
                    | Op::SetMemory
                    | Op::Cast(Cast::PtrToInt) => None,
                    _ => continue,
                };
                let touches = |v: &Value| self.origins.all_of(*v).any(|o| o == Origin::Variable(variable));
                let pointers = if data.op == Op::CopyMemory { 2 } else { 1 };
                if !data.operands.iter().take(pointers).any(touches) {
                    continue;
                }
                let one = self.origins.of(data.operands[0]) != Origin::Several;
                let Some(value) = value.filter(|_| one) else { return whole };
                let Ok(element) = Element::new(self.function.ty(*value), 1) else { return whole };
                let bytes = element.bytes();
                let aligned = 1u64 << trailing_zeros(self.function, data.operands[0], 12).min(32) >= bytes;
                if !aligned || size.is_some_and(|s| s != bytes) {
                    return whole;
                }
                size = Some(bytes);
            }
        }
        size.filter(|s| whole.is_multiple_of(*s)).unwrap_or(whole)
    }

    /// Where the memory of a row of lanes starts.
    fn row_start(&mut self, checked: &Checked, private: Private, row: usize) -> Operand {
        let offset = private.bytes * u64::from(self.lanes()) * row as u64;
        self.place_at(&checked.region.start.clone(), &Operand::int(offset as i64), 0)
    }

    /// Offsets of the lanes' values from where the memory of the row starts.
    fn spread(&mut self, private: Private, offsets: &Operand) -> Operand {
        let lanes = self.lanes();
        let ty = self.lane_form().wrap("i64");
        let own: Vec<String> =
            (0..u64::from(self.lanes())).map(|lane| format!("i64 {}", lane * private.granule)).collect();
        let scaled = if private.granule == private.bytes {
            offsets.clone()
        } else {
            self.code.value(format_args!("mul {ty} {offsets}, splat (i64 {lanes})"))
        };
        self.code.value(format_args!("add {ty} {scaled}, <{}>", own.join(", ")))
    }

    fn access_private(
        &mut self,
        inst: Inst,
        pointer: Value,
        element: Element,
        write: bool,
    ) -> (Checked, Private) {
        let region = self.regions[&self.origins.of(pointer)].clone();
        let private = region.private.unwrap_or(Private { granule: 1, bytes: 1, length: 1 });
        let site = self.tables.site(self.function, inst, write);
        (Checked { region, bytes: element.all(), write, site }, private)
    }

    /// Components are this far from each other in the memory of a row.
    fn apart(&self, private: Private, element: Element) -> u64 {
        if private.granule == private.bytes {
            element.bytes()
        } else {
            element.bytes() * u64::from(self.lanes())
        }
    }

    /// Whether all lanes of a row access the same offset, at which their values lie together.
    fn is_together(&self, pointer: Value, private: Private, element: Element) -> bool {
        // An access larger than the variable lies together nowhere, and faults.
        self.lanes_of(pointer) == Lanes::Uniform
            && private.granule == element.bytes()
            && element.all() <= private.length
    }

    pub(super) fn load_private(&mut self, inst: Inst, pointer: Value, element: Element, results: &[Value]) {
        let (checked, private) = self.access_private(inst, pointer, element, false);
        let mut parts: Vec<Vec<Operand>> = vec![Vec::new(); results.len()];
        for row in 0..self.rows_of(results[0]) {
            let start = self.row_start(&checked, private, row);
            let loaded = if self.is_together(pointer, private, element) {
                let ty = self.lane_form().of(element.memory);
                let places = self.together(&checked, pointer, row, &start, element);
                places
                    .iter()
                    .map(|place| {
                        let align = element.bytes();
                        let value = self.code.value(format_args!("load {ty}, ptr {place}, align {align}"));
                        self.after_load(value, element, self.lane_form())
                    })
                    .collect()
            } else {
                let offsets = self.vector(pointer, row);
                let active = self.active_of(row);
                let mask = self.within(&checked, row, &offsets, &active);
                let offsets = self.spread(private, &offsets);
                self.gather(&start, &offsets, &mask, element, self.apart(private, element))
            };
            for (part, value) in parts.iter_mut().zip(loaded) {
                part.push(value);
            }
        }
        for (result, vectors) in results.iter().zip(parts) {
            self.define(*result, Emitted { vectors, ..Emitted::default() });
        }
    }

    /// The places of the components of all lanes at one offset. An offset outside of the variable is reported, and
    /// replaced by one that is inside.
    fn together(
        &mut self,
        checked: &Checked,
        pointer: Value,
        row: usize,
        start: &Operand,
        element: Element,
    ) -> Vec<Operand> {
        let lanes = self.lanes();
        let mut offset = self.base(pointer, row);
        if self.checks() {
            let limit = self.limit(checked, 0);
            let inside = self.code.value(format_args!("icmp ult i64 {offset}, {limit}"));
            offset = self.either(
                &inside,
                |_| vec![offset.clone()],
                |this| {
                    this.report_same(checked, row, &offset);
                    vec![Operand::int(0)]
                },
                &["i64".to_owned()],
            )[0]
            .clone();
        }
        let offset = self.code.value(format_args!("mul i64 {offset}, {lanes}"));
        (0..element.count)
            .map(|component| {
                self.place_at(start, &offset, component * element.bytes() * u64::from(self.lanes()))
            })
            .collect()
    }

    pub(super) fn store_private(&mut self, inst: Inst, pointer: Value, element: Element, values: &[Value]) {
        let mask_ty = self.mask_type();
        let (checked, private) = self.access_private(inst, pointer, element, true);
        for row in 0..self.rows() {
            let start = self.row_start(&checked, private, row);
            let active = self.active_of(row);
            let parts: Vec<Operand> = values.iter().map(|v| self.vector(*v, row)).collect();
            if self.is_together(pointer, private, element) {
                let before = self.base(pointer, row);
                let places = self.together(&checked, pointer, row, &start, element);
                let mut mask = active;
                if self.checks() {
                    let limit = self.limit(&checked, 0);
                    let inside = self.code.value(format_args!("icmp ult i64 {before}, {limit}"));
                    let inside = self.code.splat("i1", &inside);
                    mask = self.code.value(format_args!(
                        "select {mask_ty} {mask}, {mask_ty} {inside}, {mask_ty} zeroinitializer"
                    ));
                }
                // The variable is this thread's own, so the other lanes may be written as they were.
                let (ty, align) = (self.lane_form().of(element.memory), element.bytes());
                for (place, part) in places.iter().zip(parts) {
                    let part = self.before_store(part, element, self.lane_form());
                    let old = self.code.value(format_args!("load {ty}, ptr {place}, align {align}"));
                    let new =
                        self.code.value(format_args!("select {mask_ty} {mask}, {ty} {part}, {ty} {old}"));
                    self.code.effect(format_args!("store {ty} {new}, ptr {place}, align {align}"));
                }
            } else {
                let offsets = self.vector(pointer, row);
                let mask = self.within(&checked, row, &offsets, &active);
                let offsets = self.spread(private, &offsets);
                self.scatter(&start, &offsets, &mask, &parts, element, self.apart(private, element));
            }
        }
    }
}

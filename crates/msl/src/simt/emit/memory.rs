//! Loads and stores: of one value for all lanes, of values next to each other, and of any others lane by lane.

use super::Emitter;
use super::fault::{Checked, Offsets};
use super::masked::Row;
use super::region::Region;
use super::values::{Emitted, of_row};
use crate::kernel::{Access, Inst, Op, Type, Value};
use crate::simt::code::{Form, Label, Operand};
use crate::simt::shape::Lanes;

/// The values of a load or store in memory: how many of one type follow each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element {
    pub(super) ty: Type,
    /// As it is in memory.
    pub(super) memory: Type,
    pub(super) count: u64,
}

impl Element {
    pub(super) fn new(ty: Type, count: usize) -> Result<Self, String> {
        let memory = if ty == Type::I1 { Type::I8 } else { ty };
        if !memory.bits().is_power_of_two() || memory.bits() < 8 {
            return Err(format!("an access of type {ty}"));
        }
        Ok(Self { ty, memory, count: count as u64 })
    }

    pub(super) fn bytes(self) -> u64 {
        u64::from(self.memory.bytes())
    }

    /// Bytes of all together.
    pub(super) fn all(self) -> u64 {
        self.bytes() * self.count
    }
}

/// How the lanes' accesses lie to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pattern {
    Same,
    /// Each lane's follows that of the lane before.
    Contiguous,
    /// Each lane's comes before that of the lane before.
    Reversed,
    /// Each lane's is a few elements after that of the lane before.
    Strided(u64),
    Any,
}

/// Whether the accesses of the rows of a tile are within the memory and lie as their stride says.
pub(super) struct Inside {
    /// By row.
    pub(super) rows: Vec<Operand>,
    /// It does not matter for rows of which no lane is active.
    pub(super) if_active: bool,
}

impl Emitter<'_> {
    fn pattern(&self, pointer: Value, element: Element) -> Pattern {
        let all = element.all() as i64;
        match self.lanes_of(pointer) {
            Lanes::Uniform => Pattern::Same,
            Lanes::Affine(stride) | Lanes::Speculative(stride) if stride == all => Pattern::Contiguous,
            Lanes::Affine(stride) | Lanes::Speculative(stride) if stride == -all => Pattern::Reversed,
            _ => self.few_apart(pointer, element).map_or(Pattern::Any, Pattern::Strided),
        }
    }

    /// Whether an instruction accesses what lies next to each other in memory.
    pub(super) fn is_contiguous(&self, inst: Inst) -> bool {
        let data = &self.function.instructions[inst];
        let values = match data.op {
            Op::Load(Access::Plain) => &data.results[..],
            Op::Store(Access::Plain) => &data.operands[1..],
            _ => return false,
        };
        let element = Element::new(self.function.ty(values[0]), values.len());
        element.is_ok_and(|element| {
            !self.is_private(data.operands[0])
                && matches!(self.pattern(data.operands[0], element), Pattern::Contiguous | Pattern::Reversed)
        })
    }

    pub(super) fn checked_access(&mut self, inst: Inst, region: Region, bytes: u64, write: bool) -> Checked {
        let site = self.tables.site(self.function, inst, write);
        Checked { region, bytes, write, site }
    }

    pub(super) fn load(&mut self, inst: Inst, access: Access) -> Result<(), String> {
        let data = &self.function.instructions[inst];
        let (pointer, results) = (data.operands[0], data.results.clone());
        let element = Element::new(self.function.ty(results[0]), results.len())?;
        if self.is_private(pointer) {
            self.load_private(inst, pointer, element, &results);
            return Ok(());
        }
        let aligned = self.is_aligned(access, pointer, element);
        let Some(region) = self.region_of(pointer).filter(|_| aligned) else {
            self.load_anywhere(inst, access, pointer, element, &results);
            return Ok(());
        };
        let checked = self.checked_access(inst, region, element.all(), false);
        let rows = self.rows_of(results[0]);
        let pattern = self.pattern(pointer, element);
        // By row, then by component.
        let loaded: Vec<Vec<Operand>> = match pattern {
            Pattern::Same => self.load_same(&checked, pointer, element, access, rows),
            Pattern::Contiguous | Pattern::Reversed if access == Access::Plain => {
                self.load_contiguous(&checked, pointer, element, rows, pattern == Pattern::Reversed)
            }
            Pattern::Strided(apart) if access == Access::Plain => {
                self.load_strided(&checked, pointer, element, rows, apart)
            }
            _ => {
                self.remark("gathers from memory, lane by lane".into());
                self.keep_order(access);
                (0..rows)
                    .map(|row| {
                        let offsets = self.vector(pointer, row);
                        let active = self.active_of(row);
                        self.gather_checked(&checked, row, &offsets, &active, element)
                    })
                    .collect()
            }
        };
        for (i, result) in results.iter().enumerate() {
            let all: Vec<Operand> = loaded.iter().map(|row| row[i].clone()).collect();
            let emitted = match self.lanes_of(*result) {
                Lanes::Uniform => Emitted { scalars: all, ..Emitted::default() },
                _ if pattern == Pattern::Same => {
                    let ty = Form::Scalar.of(element.ty);
                    let vectors = all.iter().map(|one| self.code.splat(&ty, one)).collect();
                    Emitted { vectors, ..Emitted::default() }
                }
                _ => Emitted { vectors: all, ..Emitted::default() },
            };
            self.define(*result, emitted);
        }
        Ok(())
    }

    /// Whether an access is known to be aligned as it must be: one that is atomic.
    fn is_aligned(&self, access: Access, pointer: Value, element: Element) -> bool {
        let known = 1 << crate::simt::shape::trailing_zeros(self.function, pointer, 12).min(16);
        access != Access::Atomic || known >= element.bytes()
    }

    /// One address for all lanes of a row.
    fn load_same(
        &mut self,
        checked: &Checked,
        pointer: Value,
        element: Element,
        access: Access,
        rows: usize,
    ) -> Vec<Vec<Operand>> {
        let offsets: Vec<Operand> = (0..rows).map(|row| self.base(pointer, row)).collect();
        let read = |this: &mut Self, offset: &Operand| -> Vec<Operand> {
            (0..element.count).map(|i| this.read_one(checked, offset, i, element, access)).collect()
        };
        if !self.checks() {
            return (0..rows).map(|row| self.read_if_any(row, rows, &offsets[row], element, read)).collect();
        }
        let most = self.bounds(pointer).most;
        let inside: Vec<Operand> = offsets.iter().map(|o| self.ends_inside(checked, o, most, 0)).collect();
        self.unless_outside(
            &Inside { rows: inside.clone(), if_active: false },
            |this| offsets.iter().flat_map(|offset| read(this, offset)).collect(),
            |this| {
                let mut values = Vec::new();
                for (row, offset) in offsets.iter().enumerate() {
                    let zero: Vec<Operand> =
                        (0..element.count).map(|_| Form::Scalar.constant(element.ty, 0)).collect();
                    let one = this.either(
                        &inside[row],
                        |this| read(this, offset),
                        |this| {
                            this.report_same(checked, row, offset);
                            zero
                        },
                        &vec![Form::Scalar.of(element.ty); element.count as usize],
                    );
                    values.extend(one);
                }
                values
            },
            &vec![Form::Scalar.of(element.ty); rows * element.count as usize],
        )
        .chunks(element.count as usize)
        .map(<[Operand]>::to_vec)
        .collect()
    }

    /// Reads for a row of which lanes may run: where none does, there may be nothing to read.
    fn read_if_any(
        &mut self,
        row: usize,
        rows: usize,
        offset: &Operand,
        element: Element,
        read: impl Fn(&mut Self, &Operand) -> Vec<Operand>,
    ) -> Vec<Operand> {
        let active = self.active_of(row);
        // A block that no lane of any row runs is skipped.
        if rows == 1 || self.is_all_lanes(&active) {
            return read(self, offset);
        }
        let some = self.any(std::slice::from_ref(&active));
        let zero = Form::Scalar.constant(element.ty, 0);
        self.either(
            &some,
            |this| read(this, offset),
            |_| vec![zero; element.count as usize],
            &vec![Form::Scalar.of(element.ty); element.count as usize],
        )
    }

    fn read_one(
        &mut self,
        checked: &Checked,
        offset: &Operand,
        component: u64,
        element: Element,
        access: Access,
    ) -> Operand {
        let place = self.place_at(&checked.region.start, offset, component * element.bytes());
        let ty = Form::Scalar.of(element.memory);
        let value = match access {
            Access::Plain => self.code.value(format_args!("load {ty}, ptr {place}, align 1")),
            Access::Volatile => self.code.value(format_args!("load volatile {ty}, ptr {place}, align 1")),
            Access::Atomic => self
                .code
                .value(format_args!("load atomic {ty}, ptr {place} monotonic, align {}", element.bytes())),
        };
        self.after_load(value, element, Form::Scalar)
    }

    /// An address: a start plus an offset plus a constant.
    pub(super) fn place_at(&mut self, start: &Operand, offset: &Operand, more: u64) -> Operand {
        let place = self.code.value(format_args!("getelementptr i8, ptr {start}, i64 {offset}"));
        if more == 0 {
            return place;
        }
        self.code.value(format_args!("getelementptr i8, ptr {place}, i64 {more}"))
    }

    /// A value as it is outside of memory.
    pub(super) fn after_load(&mut self, value: Operand, element: Element, form: Form) -> Operand {
        if element.ty == element.memory {
            return value;
        }
        let (from, to) = (form.of(element.memory), form.of(element.ty));
        self.code.value(format_args!("trunc {from} {value} to {to}"))
    }

    /// A value as it is in memory.
    pub(super) fn before_store(&mut self, value: Operand, element: Element, form: Form) -> Operand {
        if element.ty == element.memory {
            return value;
        }
        let (from, to) = (form.of(element.ty), form.of(element.memory));
        self.code.value(format_args!("zext {from} {value} to {to}"))
    }

    /// Whether all of some conditions hold.
    pub(super) fn all_of(&mut self, conditions: &[Operand]) -> Operand {
        let mut all: Option<Operand> = None;
        for condition in conditions {
            all = Some(match all {
                None => condition.clone(),
                Some(other) => self.code.value(format_args!("and i1 {other}, {condition}")),
            });
        }
        all.unwrap_or(Operand::new("true"))
    }

    /// As [`either`](Self::either) where the other way is for accesses outside of their memory: the tile starts again if it may.
    pub(super) fn unless_outside(
        &mut self,
        inside: &Inside,
        usual: impl FnOnce(&mut Self) -> Vec<Operand>,
        other: impl FnOnce(&mut Self) -> Vec<Operand>,
        types: &[String],
    ) -> Vec<Operand> {
        if self.is_again {
            return other(self);
        }
        let all = self.all_of(&inside.rows);
        let restart = self.may_restart_here().then(|| self.restart_here());
        if let Some(restart) = restart.clone().filter(|_| !inside.if_active) {
            self.or_at(&all, &restart);
            return usual(self);
        }
        let fast = self.code.label("fast");
        let slow = restart.clone().unwrap_or_else(|| self.code.label("slow"));
        let outside = if inside.if_active { self.code.label("outside") } else { slow.clone() };
        self.code.end(format_args!("br i1 {all}, {}, {}, !prof !0", fast.target(), outside.target()));
        if inside.if_active {
            // Seldom rows without active lanes are outside.
            self.code.start(&outside);
            let mut active = Vec::new();
            for (row, inside) in inside.rows.iter().enumerate() {
                let some = self.any(&[self.active_of(row)]);
                active.push(self.code.value(format_args!("select i1 {some}, i1 {inside}, i1 true")));
            }
            let all = self.all_of(&active);
            self.code.branch(&all, &fast, &slow);
        }
        if restart.is_some() {
            self.code.start(&fast);
            return usual(self);
        }
        self.ways((&fast, &slow), usual, other, types)
    }

    /// Values of types from one of two ways, of which the first is usual.
    pub(super) fn either(
        &mut self,
        condition: &Operand,
        usual: impl FnOnce(&mut Self) -> Vec<Operand>,
        other: impl FnOnce(&mut Self) -> Vec<Operand>,
        types: &[String],
    ) -> Vec<Operand> {
        let (fast, slow) = (self.code.label("fast"), self.code.label("slow"));
        self.code.end(format_args!("br i1 {condition}, {}, {}, !prof !0", fast.target(), slow.target()));
        self.ways((&fast, &slow), usual, other, types)
    }

    /// Values of types from one of two ways, which begin at labels.
    fn ways(
        &mut self,
        (fast, slow): (&Label, &Label),
        usual: impl FnOnce(&mut Self) -> Vec<Operand>,
        other: impl FnOnce(&mut Self) -> Vec<Operand>,
        types: &[String],
    ) -> Vec<Operand> {
        let on = self.code.label("on");
        self.code.start(fast);
        let a = self.aside(usual);
        let a_end = self.code.current().clone();
        self.code.jump(&on);
        self.code.start(slow);
        let b = self.aside(other);
        let b_end = self.code.current().clone();
        self.code.jump(&on);
        self.code.start(&on);
        types
            .iter()
            .zip(a.iter().zip(&b))
            .map(|(ty, (a, b))| {
                self.code.value(format_args!("phi {ty} [{a}, {}], [{b}, {}]", a_end.name(), b_end.name()))
            })
            .collect()
    }

    /// Whether the accesses of all lanes are within the memory and lie as their stride says; none if that is known.
    fn all_inside(&mut self, checked: &Checked, pointer: Value, rows: usize) -> Option<Inside> {
        let (stride, is_valid) = match self.lanes_of(pointer) {
            Lanes::Speculative(stride) => (stride, self.is_proved()),
            Lanes::Affine(stride) => (stride, true),
            Lanes::Uniform | Lanes::Varying => (0, true),
        };
        if is_valid && !self.checks() {
            return None;
        }
        let reach = stride.unsigned_abs() * u64::from(self.lanes() - 1);
        let most = self.bounds(pointer).most;
        let mut all = Vec::new();
        for row in 0..rows {
            let mut conditions = Vec::new();
            if !is_valid {
                conditions.push(self.valid(pointer, row));
            }
            if self.checks() {
                let base = self.base(pointer, row);
                let (first, most) = match stride {
                    0.. => (base, most),
                    _ => (self.code.value(format_args!("sub i64 {base}, {reach}")), u64::MAX),
                };
                conditions.push(self.ends_inside(checked, &first, most, reach));
            }
            all.push(self.all_of(&conditions));
        }
        // Where some lane of some row is active, other rows may have none, and be anywhere.
        Some(Inside { rows: all, if_active: rows > 1 && self.active.is_some() })
    }

    fn load_contiguous(
        &mut self,
        checked: &Checked,
        pointer: Value,
        element: Element,
        rows: usize,
        reversed: bool,
    ) -> Vec<Vec<Operand>> {
        let fast = |this: &mut Self| -> Vec<Operand> {
            (0..rows)
                .flat_map(|row| {
                    let active = this.active.as_ref().map(|masks| of_row(masks, row).clone());
                    this.load_row(checked, pointer, element, row, reversed, active.as_ref())
                })
                .collect()
        };
        let speculative = matches!(self.lanes_of(pointer), Lanes::Speculative(_));
        let stride = if reversed { -(element.all() as i64) } else { element.all() as i64 };
        let values = match self.all_inside(checked, pointer, rows) {
            None => fast(self),
            Some(inside) => {
                let types = vec![self.lane_form().of(element.ty); rows * element.count as usize];
                self.unless_outside(
                    &inside,
                    fast,
                    |this| {
                        (0..rows)
                            .flat_map(|row| {
                                let active = this.active_of(row);
                                if speculative {
                                    let offsets = this.vector(pointer, row);
                                    return this.gather_checked(checked, row, &offsets, &active, element);
                                }
                                let base = this.base(pointer, row);
                                let mask = this.within_stride(checked, row, &base, stride, &active);
                                this.load_row(checked, pointer, element, row, reversed, Some(&mask))
                            })
                            .collect()
                    },
                    &types,
                )
            }
        };
        values.chunks(element.count as usize).map(<[Operand]>::to_vec).collect()
    }

    fn load_row(
        &mut self,
        checked: &Checked,
        pointer: Value,
        element: Element,
        row: usize,
        reversed: bool,
        active: Option<&Operand>,
    ) -> Vec<Operand> {
        let place = self.row_place(checked, pointer, element, row, reversed);
        let count = element.count;
        let wide = Form::Vector(self.lanes() * count as u32);
        let ty = wide.of(element.memory);
        let all = match active {
            None => {
                self.ask_ahead(pointer, wide.bytes(element.memory), &place, &checked.region);
                self.code.value(format_args!("load {ty}, ptr {place}, align 1"))
            }
            Some(mask) => {
                let mask = self.in_order(mask, reversed);
                self.masked_load(Row::of(element), &place, &mask)
            }
        };
        (0..count)
            .map(|component| {
                let part = if count == 1 && !reversed {
                    all.clone()
                } else {
                    let lanes = u64::from(self.lanes());
                    let lanes = (0..lanes).map(|lane| {
                        let lane = if reversed { lanes - 1 - lane } else { lane };
                        lane * count + component
                    });
                    self.shuffle(&ty, &all, lanes)
                };
                self.after_load(part, element, self.lane_form())
            })
            .collect()
    }

    /// Where the accesses of a row begin.
    fn row_place(
        &mut self,
        checked: &Checked,
        pointer: Value,
        element: Element,
        row: usize,
        reversed: bool,
    ) -> Operand {
        let mut base = self.base(pointer, row);
        if reversed {
            let reach = element.all() * u64::from(self.lanes() - 1);
            base = self.code.value(format_args!("sub i64 {base}, {reach}"));
        }
        self.place_at(&checked.region.start, &base, 0)
    }

    /// Elements of a vector in another order.
    pub(super) fn shuffle(
        &mut self,
        ty: &str,
        vector: &Operand,
        indices: impl Iterator<Item = u64>,
    ) -> Operand {
        let list: Vec<String> = indices.map(|i| format!("i32 {i}")).collect();
        self.code.value(format_args!(
            "shufflevector {ty} {vector}, {ty} poison, <{} x i32> <{}>",
            list.len(),
            list.join(", ")
        ))
    }

    /// A mask in the order of what is in memory.
    fn in_order(&mut self, mask: &Operand, reversed: bool) -> Operand {
        if !reversed {
            return mask.clone();
        }
        let lanes = u64::from(self.lanes());
        self.shuffle(&self.mask_type(), mask, (0..lanes).rev())
    }

    pub(super) fn gather_checked(
        &mut self,
        checked: &Checked,
        row: usize,
        offsets: &Operand,
        active: &Operand,
        element: Element,
    ) -> Vec<Operand> {
        let mask = self.within(checked, row, offsets, active);
        self.gather(&checked.region.start.clone(), offsets, &mask, element, element.bytes())
    }

    /// Loads the components of each lane, `apart` bytes from each other.
    pub(super) fn gather(
        &mut self,
        start: &Operand,
        offsets: &Operand,
        mask: &Operand,
        element: Element,
        apart: u64,
    ) -> Vec<Operand> {
        let places = self.places(start, offsets);
        self.gather_at(&places, mask, element, apart)
    }

    pub(super) fn gather_at(
        &mut self,
        places: &Operand,
        mask: &Operand,
        element: Element,
        apart: u64,
    ) -> Vec<Operand> {
        (0..element.count)
            .map(|component| {
                let places = self.places_further(places, component * apart);
                let value = self.masked_gather(element.memory, &places, mask);
                self.after_load(value, element, self.lane_form())
            })
            .collect()
    }

    pub(super) fn places(&mut self, start: &Operand, offsets: &Operand) -> Operand {
        let longs = self.lane_form().wrap("i64");
        self.code.value(format_args!("getelementptr i8, ptr {start}, {longs} {offsets}"))
    }

    pub(super) fn places_further(&mut self, places: &Operand, more: u64) -> Operand {
        if more == 0 {
            return places.clone();
        }
        let pointers = self.lane_form().wrap("ptr");
        self.code.value(format_args!("getelementptr i8, {pointers} {places}, i64 {more}"))
    }

    pub(super) fn store(&mut self, inst: Inst, access: Access) -> Result<(), String> {
        let data = &self.function.instructions[inst];
        let (pointer, values) = (data.operands[0], data.operands[1..].to_vec());
        let element = Element::new(self.function.ty(values[0]), values.len())?;
        if self.is_private(pointer) {
            self.store_private(inst, pointer, element, &values);
            return Ok(());
        }
        let aligned = self.is_aligned(access, pointer, element);
        let Some(region) = self.region_of(pointer).filter(|_| aligned) else {
            self.store_anywhere(inst, access, pointer, element, &values);
            return Ok(());
        };
        let checked = self.checked_access(inst, region, element.all(), true);
        let rows = std::iter::once(pointer)
            .chain(values.iter().copied())
            .map(|v| self.rows_of(v))
            .chain(self.active.as_ref().map(Vec::len))
            .max()
            .unwrap_or(1);
        match self.pattern(pointer, element) {
            Pattern::Same => {
                for row in 0..rows {
                    self.store_same(&checked, pointer, &values, element, access, row);
                }
            }
            pattern @ (Pattern::Contiguous | Pattern::Reversed) if access == Access::Plain => {
                self.store_contiguous(
                    &checked,
                    pointer,
                    &values,
                    element,
                    rows,
                    pattern == Pattern::Reversed,
                );
            }
            Pattern::Strided(apart) if access == Access::Plain && apart > element.count => {
                self.store_strided(&checked, (pointer, &values), element, rows, apart);
            }
            _ => {
                self.remark("scatters to memory, lane by lane".into());
                self.keep_order(access);
                for row in 0..rows {
                    self.scatter_row(&checked, pointer, &values, element, row);
                }
            }
        }
        Ok(())
    }

    /// Stores to one address for a row: the value of its last active lane.
    fn store_same(
        &mut self,
        checked: &Checked,
        pointer: Value,
        values: &[Value],
        element: Element,
        access: Access,
        row: usize,
    ) {
        let active = self.active_of(row);
        let offset = self.base(pointer, row);
        let done = self.code.label("stored");
        // The other rows may have no active lane.
        if self.active.is_some() && self.rows() > 1 {
            let some = self.any(std::slice::from_ref(&active));
            let go = self.code.label("some");
            self.code.branch(&some, &go, &done);
            self.code.start(&go);
        }
        if self.checks() {
            let most = self.bounds(pointer).most;
            let inside = self.ends_inside(checked, &offset, most, 0);
            // The rows after the first find what the first has stored.
            if row == 0 && self.may_restart_here() {
                let restart = self.restart_here();
                self.or_at(&inside, &restart);
            } else {
                let (good, bad) = (self.code.label("good"), self.code.label("bad"));
                self.code.end(format_args!("br i1 {inside}, {}, {}, !prof !0", good.target(), bad.target()));
                self.code.start(&bad);
                self.report(checked, row, &active, &Offsets::Same(offset.clone()));
                self.code.jump(&done);
                self.code.start(&good);
            }
        }
        self.aside(|this| {
            let mut last = None;
            for (i, value) in values.iter().enumerate() {
                let one = if this.lanes_of(*value) == Lanes::Uniform {
                    this.base(*value, row)
                } else {
                    let lane = last.get_or_insert_with(|| this.last_lane(&active)).clone();
                    let vector = this.vector(*value, row);
                    let ty = this.lane_form().of(element.ty);
                    this.code.value(format_args!("extractelement {ty} {vector}, i32 {lane}"))
                };
                let one = this.before_store(one, element, Form::Scalar);
                let place = this.place_at(&checked.region.start, &offset, i as u64 * element.bytes());
                let ty = Form::Scalar.of(element.memory);
                this.code.effect(match access {
                    Access::Plain => format!("store {ty} {one}, ptr {place}, align 1"),
                    Access::Volatile => format!("store volatile {ty} {one}, ptr {place}, align 1"),
                    Access::Atomic => {
                        format!("store atomic {ty} {one}, ptr {place} monotonic, align {}", element.bytes())
                    }
                });
            }
        });
        self.code.jump(&done);
        self.code.start(&done);
    }

    /// The last lane of a mask that is not empty.
    pub(super) fn last_lane(&mut self, mask: &Operand) -> Operand {
        let bits = self.bits(mask);
        self.code.declarations.insert("declare i32 @llvm.ctlz.i32(i32, i1)".into());
        let zeros = self.code.value(format_args!("call i32 @llvm.ctlz.i32(i32 {bits}, i1 false)"));
        let lane = self.code.value(format_args!("sub i32 31, {zeros}"));
        self.code.value(format_args!("and i32 {lane}, {}", self.lanes() - 1))
    }

    /// The first lane of a mask that is not empty.
    pub(super) fn first_lane(&mut self, mask: &Operand) -> Operand {
        let bits = self.bits(mask);
        self.code.declarations.insert("declare i32 @llvm.cttz.i32(i32, i1)".into());
        let lane = self.code.value(format_args!("call i32 @llvm.cttz.i32(i32 {bits}, i1 false)"));
        self.code.value(format_args!("and i32 {lane}, {}", self.lanes() - 1))
    }

    fn store_contiguous(
        &mut self,
        checked: &Checked,
        pointer: Value,
        values: &[Value],
        element: Element,
        rows: usize,
        reversed: bool,
    ) {
        // Vectors are made before ways part, to be made once.
        for value in values {
            for row in 0..rows {
                self.vector(*value, row);
            }
        }
        let fast = |this: &mut Self| -> Vec<Operand> {
            for row in 0..rows {
                let active = this.active.as_ref().map(|masks| of_row(masks, row).clone());
                this.store_row(checked, (pointer, values), element, row, reversed, active.as_ref());
            }
            Vec::new()
        };
        let speculative = matches!(self.lanes_of(pointer), Lanes::Speculative(_));
        let stride = if reversed { -(element.all() as i64) } else { element.all() as i64 };
        match self.all_inside(checked, pointer, rows) {
            None => {
                fast(self);
            }
            Some(inside) => {
                self.unless_outside(
                    &inside,
                    fast,
                    |this| {
                        for row in 0..rows {
                            if speculative {
                                this.scatter_row(checked, pointer, values, element, row);
                                continue;
                            }
                            let base = this.base(pointer, row);
                            let active = this.active_of(row);
                            let mask = this.within_stride(checked, row, &base, stride, &active);
                            this.store_row(checked, (pointer, values), element, row, reversed, Some(&mask));
                        }
                        Vec::new()
                    },
                    &[],
                );
            }
        }
    }

    fn store_row(
        &mut self,
        checked: &Checked,
        (pointer, values): (Value, &[Value]),
        element: Element,
        row: usize,
        reversed: bool,
        active: Option<&Operand>,
    ) {
        let place = self.row_place(checked, pointer, element, row, reversed);
        let count = element.count;
        let wide = Form::Vector(self.lanes() * count as u32);
        let ty = wide.of(element.memory);
        let parts: Vec<Operand> = values
            .iter()
            .map(|value| {
                let vector = self.vector(*value, row);
                self.before_store(vector, element, self.lane_form())
            })
            .collect();
        let mut all = self.interleave(&parts, element);
        if reversed {
            let lanes = u64::from(self.lanes());
            let indices = (0..lanes * count).map(|i| (lanes - 1 - i / count) * count + i % count);
            all = self.shuffle(&ty, &all, indices);
        }
        match active {
            None if self.may_stream(pointer, wide.bytes(element.memory)) => {
                self.store_streamed(&ty, &all, &place, &checked.region);
            }
            None => self.code.effect(format_args!("store {ty} {all}, ptr {place}, align 1")),
            Some(mask) => {
                let mask = self.in_order(mask, reversed);
                self.masked_store(Row::of(element), &all, &place, &mask);
            }
        }
    }

    /// One vector with the components of lane 0, then those of lane 1, and so on.
    fn interleave(&mut self, parts: &[Operand], element: Element) -> Operand {
        let lanes = u64::from(self.lanes());
        // All parts after each other, two at a time.
        let mut joined: Vec<(Operand, u64)> = parts.iter().map(|p| (p.clone(), lanes)).collect();
        if joined.len() == 1 {
            return joined.remove(0).0;
        }
        while joined.len() > 1 {
            let mut next = Vec::new();
            for pair in joined.chunks(2) {
                let [(a, n), (b, m)] = pair else {
                    next.push(pair[0].clone());
                    continue;
                };
                let width = (*n).max(*m);
                let a = self.widened(a, *n, width, element.memory);
                let b = self.widened(b, *m, width, element.memory);
                let ty = Form::Vector(width as u32).of(element.memory);
                // What widening has added stays between the parts only where the second is shorter: at the end.
                let indices: Vec<String> = (0..*n + *m)
                    .map(|i| if i < *n { i } else { width + i - n })
                    .map(|i| format!("i32 {i}"))
                    .collect();
                let both = self.code.value(format_args!(
                    "shufflevector {ty} {a}, {ty} {b}, <{} x i32> <{}>",
                    indices.len(),
                    indices.join(", ")
                ));
                next.push((both, n + m));
            }
            joined = next;
        }
        let count = parts.len() as u64;
        let ty = Form::Vector((lanes * count) as u32).of(element.memory);
        let all = joined[0].0.clone();
        self.shuffle(&ty, &all, (0..lanes * count).map(|i| i % count * lanes + i / count))
    }

    fn widened(&mut self, vector: &Operand, from: u64, to: u64, ty: Type) -> Operand {
        if from == to {
            return vector.clone();
        }
        let name = Form::Vector(from as u32).of(ty);
        self.shuffle(&name, vector, (0..to).map(|i| i.min(from - 1)))
    }

    pub(super) fn scatter_row(
        &mut self,
        checked: &Checked,
        pointer: Value,
        values: &[Value],
        element: Element,
        row: usize,
    ) {
        let offsets = self.vector(pointer, row);
        let active = self.active_of(row);
        let mask = self.within(checked, row, &offsets, &active);
        let parts: Vec<Operand> = values.iter().map(|value| self.vector(*value, row)).collect();
        self.scatter(&checked.region.start.clone(), &offsets, &mask, &parts, element, element.bytes());
    }

    /// Stores the components of each lane, `apart` bytes from each other.
    pub(super) fn scatter(
        &mut self,
        start: &Operand,
        offsets: &Operand,
        mask: &Operand,
        parts: &[Operand],
        element: Element,
        apart: u64,
    ) {
        let places = self.places(start, offsets);
        self.scatter_at(&places, mask, parts, element, apart);
    }

    pub(super) fn scatter_at(
        &mut self,
        places: &Operand,
        mask: &Operand,
        parts: &[Operand],
        element: Element,
        apart: u64,
    ) {
        for (component, part) in parts.iter().enumerate() {
            let places = self.places_further(places, component as u64 * apart);
            let part = self.before_store(part.clone(), element, self.lane_form());
            self.masked_scatter(element.memory, &part, &places, mask);
        }
    }
}

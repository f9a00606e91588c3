//! Accesses that lie a few elements apart: all of memory from the first lane's to the last lane's is loaded, or stored
//! with gaps, and lanes are told apart by shuffles.
//!
//! This is done only where all lanes' accesses are within the memory, also those of lanes that are not active, so that
//! nothing between them is outside.

use super::Emitter;
use super::fault::Checked;
use super::memory::{Element, Inside};
use super::values::of_row;
use crate::kernel::Value;
use crate::simt::code::{Form, Operand};
use crate::simt::shape::Lanes;

/// Bytes of a register, of which a shuffle takes two.
const REGISTER: u64 = 64;

/// An element of one of several vectors.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    vector: usize,
    element: u64,
}

impl Emitter<'_> {
    /// From one lane's to the next lane's access, in elements, if that is worth loading what lies between.
    pub(super) fn few_apart(&self, pointer: Value, element: Element) -> Option<u64> {
        let (Lanes::Affine(stride) | Lanes::Speculative(stride)) = self.lanes_of(pointer) else {
            return None;
        };
        let stride = u64::try_from(stride).ok()?;
        let most = if self.code.permuted_words() >= 16 { 8 } else { 4 };
        let apart = stride / element.bytes();
        let few = stride.is_multiple_of(element.bytes()) && (1..=most).contains(&apart);
        (few && element.count <= 2 * most).then_some(apart)
    }

    /// Whether the accesses of all lanes are within the memory and lie as their stride says; no condition if that is not
    /// known, for some lanes are not active and nothing is checked.
    fn all_lanes_inside(&mut self, checked: &Checked, pointer: Value, rows: usize) -> Option<Vec<Operand>> {
        let mut conditions = Vec::new();
        let stride = match self.lanes_of(pointer) {
            Lanes::Affine(stride) => stride,
            Lanes::Speculative(stride) => {
                conditions.extend((0..rows).map(|row| self.valid(pointer, row)));
                stride
            }
            Lanes::Uniform | Lanes::Varying => return None,
        };
        if !self.plan.checked {
            return self.active.is_none().then_some(conditions);
        }
        // What was shown before a loop may hold for the active lanes only.
        if self.active.is_some() || self.checks() {
            let reach = stride.unsigned_abs() * (u64::from(self.lanes()) - 1);
            let most = self.bounds(pointer).most;
            for row in 0..rows {
                let base = self.base(pointer, row);
                conditions.push(self.ends_inside(checked, &base, most, reach));
            }
        }
        Some(conditions)
    }

    /// Loads accesses that lie `apart` elements from each other. By row, then by component.
    pub(super) fn load_strided(
        &mut self,
        checked: &Checked,
        pointer: Value,
        element: Element,
        rows: usize,
        apart: u64,
    ) -> Vec<Vec<Operand>> {
        let slow = |this: &mut Self| -> Vec<Operand> {
            (0..rows)
                .flat_map(|row| {
                    let offsets = this.vector(pointer, row);
                    let active = this.active_of(row);
                    this.gather_checked(checked, row, &offsets, &active, element)
                })
                .collect()
        };
        let fast = |this: &mut Self| -> Vec<Operand> {
            (0..rows).flat_map(|row| this.load_strided_row(checked, pointer, element, row, apart)).collect()
        };
        let values = match self.all_lanes_inside(checked, pointer, rows) {
            None => slow(self),
            Some(conditions) if conditions.is_empty() => fast(self),
            Some(conditions) => {
                let inside = Inside { rows: conditions, if_active: false };
                let types = vec![self.lane_form().of(element.ty); rows * element.count as usize];
                self.unless_outside(&inside, fast, slow, &types)
            }
        };
        values.chunks(element.count as usize).map(<[Operand]>::to_vec).collect()
    }

    fn load_strided_row(
        &mut self,
        checked: &Checked,
        pointer: Value,
        element: Element,
        row: usize,
        apart: u64,
    ) -> Vec<Operand> {
        let base = self.base(pointer, row);
        let start = self.place_at(&checked.region.start, &base, 0);
        let all = u64::from(self.lanes());
        let width = (REGISTER / element.bytes()).min(all);
        let total = apart * (all - 1) + element.count;
        // The last vector ends where the last access does.
        let firsts: Vec<u64> = (0..total.div_ceil(width)).map(|i| (i * width).min(total - width)).collect();
        let ty = Form::Vector(width as u32).of(element.memory);
        let vectors: Vec<Operand> = firsts
            .iter()
            .map(|first| {
                let place = self.place_at(&start, &Operand::int((first * element.bytes()) as i64), 0);
                self.code.value(format_args!("load {ty}, ptr {place}, align 1"))
            })
            .collect();
        (0..element.count)
            .map(|component| {
                let groups: Vec<Operand> = (0..all / width)
                    .map(|group| {
                        let wanted: Vec<Option<Place>> = (0..width)
                            .map(|lane| {
                                let position = (group * width + lane) * apart + component;
                                let vector = (position / width) as usize;
                                Some(Place { vector, element: position - firsts[vector] })
                            })
                            .collect();
                        self.assemble(&vectors, &wanted, element, width)
                    })
                    .collect();
                let vector = self.joined(groups, width, element);
                self.after_load(vector, element, self.lane_form())
            })
            .collect()
    }

    /// A vector of elements of others, two at a time. What is not wanted may be anything.
    fn assemble(
        &mut self,
        vectors: &[Operand],
        wanted: &[Option<Place>],
        element: Element,
        width: u64,
    ) -> Operand {
        let ty = Form::Vector(width as u32).of(element.memory);
        // Vectors with where in them is what, by place in the result.
        let mut parts: Vec<(Operand, Vec<Option<u64>>)> = vectors
            .iter()
            .enumerate()
            .map(|(number, vector)| {
                let own = |place: &Option<Place>| place.filter(|p| p.vector == number).map(|p| p.element);
                (vector.clone(), wanted.iter().map(own).collect::<Vec<_>>())
            })
            .filter(|(_, places)| places.iter().any(Option::is_some))
            .collect();
        if let [(vector, places)] = &parts[..] {
            let poison = (Operand::new("poison"), vec![None; places.len()]);
            let first = (vector.clone(), places.clone());
            parts = vec![first, poison];
        }
        while parts.len() > 1 {
            let mut next = Vec::new();
            for pair in parts.chunks(2) {
                let [(a, of_a), (b, of_b)] = pair else {
                    next.push(pair[0].clone());
                    continue;
                };
                let indices: Vec<String> = of_a
                    .iter()
                    .zip(of_b)
                    .map(|places| match places {
                        (Some(i), _) => format!("i32 {i}"),
                        (None, Some(i)) => format!("i32 {}", i + width),
                        (None, None) => "i32 poison".into(),
                    })
                    .collect();
                let both = self.code.value(format_args!(
                    "shufflevector {ty} {a}, {ty} {b}, <{width} x i32> <{}>",
                    indices.join(", ")
                ));
                let places = of_a.iter().zip(of_b).enumerate();
                let places = places.map(|(i, (a, b))| a.or(*b).map(|_| i as u64)).collect();
                next.push((both, places));
            }
            parts = next;
        }
        parts.pop().map_or(Operand::new("poison"), |(vector, _)| vector)
    }

    /// One vector of all lanes from vectors of some of them.
    fn joined(&mut self, mut groups: Vec<Operand>, mut width: u64, element: Element) -> Operand {
        while groups.len() > 1 {
            let ty = Form::Vector(width as u32).of(element.memory);
            width *= 2;
            let indices: Vec<String> = (0..width).map(|i| format!("i32 {i}")).collect();
            let indices = indices.join(", ");
            groups = groups
                .chunks(2)
                .map(|pair| {
                    self.code.value(format_args!(
                        "shufflevector {ty} {}, {ty} {}, <{width} x i32> <{indices}>",
                        pair[0], pair[1]
                    ))
                })
                .collect();
        }
        groups.remove(0)
    }

    /// Stores accesses that lie `apart` elements from each other, and do not overlap.
    pub(super) fn store_strided(
        &mut self,
        checked: &Checked,
        (pointer, values): (Value, &[Value]),
        element: Element,
        rows: usize,
        apart: u64,
    ) {
        // Vectors are made before ways part, to be made once.
        for value in values {
            for row in 0..rows {
                self.vector(*value, row);
            }
        }
        let slow = |this: &mut Self| -> Vec<Operand> {
            for row in 0..rows {
                this.scatter_row(checked, pointer, values, element, row);
            }
            Vec::new()
        };
        let fast = |this: &mut Self| -> Vec<Operand> {
            for row in 0..rows {
                let active = this.active.as_ref().map(|masks| of_row(masks, row).clone());
                this.store_strided_row(checked, (pointer, values), element, row, apart, active.as_ref());
            }
            Vec::new()
        };
        // Stores leave gaps; which, depends on the mask.
        let leaves_gaps = self.active.is_none() || self.code.masks().contiguous(element.memory.bits());
        match self.all_lanes_inside(checked, pointer, rows).filter(|_| leaves_gaps) {
            None => {
                slow(self);
            }
            Some(conditions) if conditions.is_empty() => {
                fast(self);
            }
            Some(conditions) => {
                let inside = Inside { rows: conditions, if_active: false };
                self.unless_outside(&inside, fast, slow, &[]);
            }
        }
    }

    fn store_strided_row(
        &mut self,
        checked: &Checked,
        (pointer, values): (Value, &[Value]),
        element: Element,
        row: usize,
        apart: u64,
        active: Option<&Operand>,
    ) {
        let base = self.base(pointer, row);
        let start = self.place_at(&checked.region.start, &base, 0);
        let all = u64::from(self.lanes());
        let width = (REGISTER / element.bytes()).min(all);
        let (ty, many) = (Form::Vector(width as u32).of(element.memory), self.lane_form().of(element.memory));
        let (lanes_ty, mask_ty) = (self.mask_type(), format!("<{width} x i1>"));
        let groups = (all / width) as usize;
        // By component, then by group of lanes.
        let mut vectors = Vec::new();
        for value in values {
            let vector = self.vector(*value, row);
            let vector = self.before_store(vector, element, self.lane_form());
            for group in 0..groups as u64 {
                vectors.push(match groups {
                    1 => vector.clone(),
                    _ => self.shuffle(&many, &vector, group * width..(group + 1) * width),
                });
            }
        }
        let total = apart * (all - 1) + element.count;
        for first in (0..total).step_by(width as usize) {
            let lanes: Vec<Option<(u64, u64)>> = (first..first + width)
                .map(|position| (position / apart, position % apart))
                .map(|(lane, component)| {
                    (lane < all && component < element.count).then_some((lane, component))
                })
                .collect();
            if lanes.iter().all(Option::is_none) {
                continue;
            }
            let wanted: Vec<Option<Place>> = lanes
                .iter()
                .map(|place| {
                    let (lane, component) = (*place)?;
                    let vector = component as usize * groups + (lane / width) as usize;
                    Some(Place { vector, element: lane % width })
                })
                .collect();
            let vector = self.assemble(&vectors, &wanted, element, width);
            let mask = match active {
                None => {
                    let list: Vec<String> = lanes.iter().map(|l| format!("i1 {}", l.is_some())).collect();
                    Operand::new(format!("<{}>", list.join(", ")))
                }
                Some(active) => {
                    let list: Vec<String> = lanes
                        .iter()
                        .map(|place| format!("i32 {}", place.map_or(all, |(lane, _)| lane)))
                        .collect();
                    self.code.value(format_args!(
                        "shufflevector {lanes_ty} {active}, {lanes_ty} zeroinitializer, <{width} x i32> <{}>",
                        list.join(", ")
                    ))
                }
            };
            let place = self.place_at(&start, &Operand::int((first * element.bytes()) as i64), 0);
            let name = format!("llvm.masked.store.{}.p0", Form::Vector(width as u32).mangled(element.memory));
            self.code.call(
                "void",
                &name,
                &[(&ty, &vector), ("ptr", &place), ("i32", &Operand::int(1)), (&mask_ty, &mask)],
                "",
            );
        }
    }
}

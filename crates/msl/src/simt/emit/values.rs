//! Values while a function is being written: what LLVM values a kernel's value has, and where those are that blocks share.

use super::Emitter;
use crate::kernel::{Definition, Type, Value};
use crate::simt::code::{Form, Operand, scalar};
use crate::simt::origin::Origin;
use crate::simt::shape::{Lanes, signed};

/// The LLVM values of one value, each list with one for all rows or one for each.
#[derive(Clone, Debug, Default)]
pub(super) struct Emitted {
    /// Uniform: the value; affine or speculative: that of lane 0.
    pub(super) scalars: Vec<Operand>,
    /// Speculative: whether the value is affine.
    pub(super) valid: Vec<Operand>,
    /// Speculative or varying: the values of all lanes.
    pub(super) vectors: Vec<Operand>,
}

/// Places in the frame for the parts of [`Emitted`].
#[derive(Clone, Debug, Default)]
pub(super) struct Slot(Emitted);

/// The one of a list that a row has.
pub(super) fn of_row(list: &[Operand], row: usize) -> &Operand {
    &list[if list.len() == 1 { 0 } else { row }]
}

impl Emitter<'_> {
    /// The number of rows in which a value has different LLVM values.
    pub(super) fn rows_of(&self, value: Value) -> usize {
        if self.shapes.of(value).rows { self.rows() } else { 1 }
    }

    pub(super) fn lanes_of(&self, value: Value) -> Lanes {
        self.shapes.of(value).lanes
    }

    /// The LLVM values of a value that has been computed.
    pub(super) fn get(&mut self, value: Value) -> Emitted {
        if let Some(known) = self.known.get(&value) {
            return known.clone();
        }
        let emitted = match self.function.values[value].definition {
            Definition::Constant(bits) => {
                let ty = self.function.ty(value);
                Emitted { scalars: vec![Form::Scalar.constant(ty, bits)], ..Emitted::default() }
            }
            _ => {
                let slot = self.slots.get(&value).cloned().unwrap_or_default();
                let ty = self.function.ty(value);
                let load = |this: &mut Self, places: &[Operand], ty: &str| -> Vec<Operand> {
                    places.iter().map(|p| this.code.value(format_args!("load {ty}, ptr {p}"))).collect()
                };
                Emitted {
                    scalars: load(self, &slot.0.scalars, &scalar(ty)),
                    valid: load(self, &slot.0.valid, "i1"),
                    vectors: load(self, &slot.0.vectors, &self.lane_form().of(ty)),
                }
            }
        };
        self.known.insert(value, emitted.clone());
        emitted
    }

    /// What a value is computed from in scalar code: the uniform value, or that of lane 0.
    pub(super) fn base(&mut self, value: Value, row: usize) -> Operand {
        let emitted = self.get(value);
        of_row(&emitted.scalars, row).clone()
    }

    /// The values of all lanes.
    pub(super) fn vector(&mut self, value: Value, row: usize) -> Operand {
        let row = if self.rows_of(value) == 1 { 0 } else { row };
        if let Some(vector) = self.vectors.get(&(value, row)) {
            return vector.clone();
        }
        let ty = self.function.ty(value);
        let emitted = self.get(value);
        let vector = match (self.function.constant_bits(value), self.lanes_of(value)) {
            (Some(bits), _) => self.lane_form().constant(ty, bits),
            (_, Lanes::Uniform) => self.code.splat(&scalar(ty), of_row(&emitted.scalars, row)),
            (_, Lanes::Affine(stride)) => self.ramp(ty, of_row(&emitted.scalars, row), stride),
            (_, Lanes::Speculative(_) | Lanes::Varying) => of_row(&emitted.vectors, row).clone(),
        };
        self.vectors.insert((value, row), vector.clone());
        vector
    }

    /// A value for lane 0 plus a constant for each further lane.
    pub(super) fn ramp(&mut self, ty: Type, base: &Operand, stride: i64) -> Operand {
        let name = scalar(ty);
        let splat = self.code.splat(&name, base);
        let steps: Vec<String> = (0..i64::from(self.lanes()))
            .map(|lane| format!("{name} {}", signed(stride.wrapping_mul(lane) as u128, ty)))
            .collect();
        let vector = self.lane_form().of(ty);
        self.code.value(format_args!("add {vector} {splat}, <{}>", steps.join(", ")))
    }

    /// Keeps a computed value, and puts it into its places if other blocks use it.
    pub(super) fn define(&mut self, value: Value, emitted: Emitted) {
        if let Some(slot) = self.slots.get(&value).cloned() {
            self.write(value, &slot, &emitted, None);
        }
        self.known.insert(value, emitted);
    }

    /// Writes into the places of a value; with masks only the lanes they select.
    pub(super) fn write(&mut self, value: Value, slot: &Slot, emitted: &Emitted, masks: Option<&[Operand]>) {
        let mask_ty = self.mask_type();
        let ty = self.function.ty(value);
        let (one, many) = (scalar(ty), self.lane_form().of(ty));
        for (place, new) in slot.0.scalars.iter().zip(&emitted.scalars) {
            self.code.effect(format_args!("store {one} {new}, ptr {place}"));
        }
        for (place, new) in slot.0.valid.iter().zip(&emitted.valid) {
            self.code.effect(format_args!("store i1 {new}, ptr {place}"));
        }
        for (row, (place, new)) in slot.0.vectors.iter().zip(&emitted.vectors).enumerate() {
            let blended = masks.map(|masks| {
                let old = self.code.value(format_args!("load {many}, ptr {place}"));
                let mask = of_row(masks, row);
                self.code.value(format_args!("select {mask_ty} {mask}, {many} {new}, {many} {old}"))
            });
            let new = blended.as_ref().unwrap_or(new);
            self.code.effect(format_args!("store {many} {new}, ptr {place}"));
        }
    }

    /// Makes places for a value.
    pub(super) fn make_slot(&mut self, value: Value) {
        let ty = self.function.ty(value);
        let rows = self.rows_of(value);
        let (one, many) = (scalar(ty), self.lane_form().of(ty));
        let mut places = |ty: &str| -> Vec<Operand> { (0..rows).map(|_| self.code.place(ty, 64)).collect() };
        let emitted = match self.shapes.of(value).lanes {
            Lanes::Uniform | Lanes::Affine(_) => Emitted { scalars: places(&one), ..Emitted::default() },
            Lanes::Speculative(_) => {
                Emitted { scalars: places(&one), valid: places("i1"), vectors: places(&many) }
            }
            Lanes::Varying => Emitted { vectors: places(&many), ..Emitted::default() },
        };
        self.slots.insert(value, Slot(emitted));
    }

    /// A value in the shape that another has, to be put in its place.
    pub(super) fn shaped_as(&mut self, value: Value, wanted: Value) -> Emitted {
        let rows = self.rows_of(wanted);
        let each = |this: &mut Self, part: fn(&mut Self, Value, usize) -> Operand| -> Vec<Operand> {
            (0..rows).map(|row| part(this, value, row)).collect()
        };
        if self.is_null_in(value, wanted) {
            return self.null_in(wanted);
        }
        match self.shapes.of(wanted).lanes {
            Lanes::Uniform | Lanes::Affine(_) => {
                Emitted { scalars: each(self, Self::base), ..Emitted::default() }
            }
            Lanes::Speculative(_) => Emitted {
                scalars: each(self, Self::base),
                valid: each(self, Self::valid),
                vectors: each(self, Self::vector),
            },
            Lanes::Varying => Emitted { vectors: each(self, Self::vector), ..Emitted::default() },
        }
    }

    /// Whether a value is affine after all.
    pub(super) fn valid(&mut self, value: Value, row: usize) -> Operand {
        let emitted = self.get(value);
        if emitted.valid.is_empty() { Operand::new("true") } else { of_row(&emitted.valid, row).clone() }
    }

    /// Whether a value is the null pointer where one into memory is wanted.
    fn is_null_in(&self, value: Value, wanted: Value) -> bool {
        self.function.ty(value).is_pointer()
            && self.origins.of(value) == Origin::Null
            && matches!(self.origins.of(wanted), Origin::Argument(_) | Origin::Variable(_))
    }

    /// The null pointer as an offset from where the memory of another pointer starts.
    fn null_in(&mut self, wanted: Value) -> Emitted {
        let start = self.start_of(self.origins.of(wanted));
        let offset = self.code.value(format_args!("sub i64 0, {start}"));
        let rows = self.rows_of(wanted);
        let vector = self.code.splat("i64", &offset);
        Emitted {
            scalars: vec![offset; rows],
            valid: vec![Operand::new("false"); rows],
            vectors: vec![vector; rows],
        }
    }

    /// Writes what may not be run, without keeping values of it for what comes after.
    pub(super) fn aside<T>(&mut self, write: impl FnOnce(&mut Self) -> T) -> T {
        let (known, vectors) = (self.known.clone(), self.vectors.clone());
        let result = write(self);
        (self.known, self.vectors) = (known, vectors);
        result
    }
}

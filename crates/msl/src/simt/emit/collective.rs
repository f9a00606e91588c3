//! Operations across lanes: reductions and scans of any number of lanes, votes and shuffles of those
//! of a SIMD-group.
//!
//! Values are combined in the order that `runtime/collectives.rs` says, so that results are the same bits as of
//! threads that run one after the other.

use super::super::code::{Code, Form, Operand};
use crate::SIMD_WIDTH;
use crate::kernel::Type;
use crate::runtime::{Collective, Element, Operator, Shape};

/// The lanes of a SIMD-group.
const LANES: usize = SIMD_WIDTH as usize;
const FORM: Form = Form::Vector(SIMD_WIDTH);

/// The result of a collective operation in each lane, as a vector. `active` is the mask of active lanes.
///
/// A reduction over all lanes is better written by [`reduce`].
pub(super) fn emit(code: &mut Code, collective: Collective, value: &Operand, active: &Operand) -> Operand {
    let mut group = Group::new(code, collective);
    let value = group.masked(value, active);
    match collective.shape {
        Shape::Reduce if collective.quad => {
            let halves = group.shuffle(&value, |i| i & !3 | (i + 2) & 3);
            let value = group.combine(group.lanes, &value, &halves);
            let next = group.shuffle(&value, |i| i & !3 | (i + 1) & 3);
            let value = group.combine(group.lanes, &value, &next);
            group.shuffle(&value, |i| i & !3)
        }
        Shape::Reduce => {
            let result = group.fold(value);
            let name = group.element();
            code.splat(&name, &result)
        }
        Shape::ScanInclusive => group.scan(value),
        Shape::ScanExclusive => {
            let value = group.scan(value);
            let value = group.moved_up(&value, 1);
            if (collective.operator, collective.element) != (Operator::Add, Element::F32) {
                return value;
            }
            let zero = group.form().constant(Type::F32, 0);
            group.combine(group.lanes, &value, &zero)
        }
    }
}

/// The result of a reduction over all lanes (not quads): one scalar for all.
pub(super) fn reduce(code: &mut Code, collective: Collective, value: &Operand, active: &Operand) -> Operand {
    assert!(!collective.quad && collective.shape == Shape::Reduce, "`{}` is not uniform", collective.hook());
    let mut group = Group::new(code, collective);
    let value = group.masked(value, active);
    group.fold(value)
}

/// An `i32` with the bits of the active lanes where the mask `value` is true.
pub(super) fn ballot(code: &mut Code, value: &Operand, active: &Operand) -> Operand {
    let both = code.value(format_args!("and {} {value}, {active}", FORM.of(Type::I1)));
    code.bits(&both)
}

/// For each lane the value (`i32` or `i64`) of the lane whose number (`i32`) it has in `lanes`: 0 if there is no
/// such active lane.
pub(super) fn shuffle(
    code: &mut Code,
    ty: Type,
    value: &Operand,
    lanes: &Operand,
    active: &Operand,
) -> Operand {
    let (int, mask) = (FORM.of(Type::I32), FORM.of(Type::I1));
    let value = zero_inactive(code, ty, value, active);
    let width = FORM.constant(Type::I32, SIMD_WIDTH.into());
    let exists = code.value(format_args!("icmp ult {int} {lanes}, {width}"));
    let moved = if ty == Type::I64 {
        let long = FORM.of(ty);
        let half = FORM.constant(ty, 32);
        let high = code.value(format_args!("lshr {long} {value}, {half}"));
        let [low, high] = [&value, &high].map(|part| {
            let part = code.value(format_args!("trunc {long} {part} to {int}"));
            let part = permute(code, &part, lanes);
            code.value(format_args!("zext {int} {part} to {long}"))
        });
        let high = code.value(format_args!("shl {long} {high}, {half}"));
        code.value(format_args!("or {long} {low}, {high}"))
    } else {
        permute(code, &value, lanes)
    };
    let ty = FORM.of(ty);
    code.value(format_args!("select {mask} {exists}, {ty} {moved}, {ty} zeroinitializer"))
}

/// The value (`i32` or `i64`) of the lane with a number that all lanes have, an `i32`; a scalar. 0 if there is no
/// such active lane.
pub(super) fn from_lane(
    code: &mut Code,
    ty: Type,
    value: &Operand,
    lane: &Operand,
    active: &Operand,
) -> Operand {
    let value = zero_inactive(code, ty, value, active);
    let exists = code.value(format_args!("icmp ult i32 {lane}, {SIMD_WIDTH}"));
    let lane = code.value(format_args!("and i32 {lane}, {}", SIMD_WIDTH - 1));
    let one = code.value(format_args!("extractelement {} {value}, i32 {lane}", FORM.of(ty)));
    let ty = Form::Scalar.of(ty);
    code.value(format_args!("select i1 {exists}, {ty} {one}, {ty} 0"))
}

fn zero_inactive(code: &mut Code, ty: Type, value: &Operand, active: &Operand) -> Operand {
    let (mask, ty) = (FORM.of(Type::I1), FORM.of(ty));
    code.value(format_args!("select {mask} {active}, {ty} {value}, {ty} zeroinitializer"))
}

/// The elements of 32 `i32` at indices of which the lowest 5 bits count.
fn permute(code: &mut Code, value: &Operand, indices: &Operand) -> Operand {
    let block = code.permuted_words() as usize;
    if block == 0 {
        return permute_in_memory(code, value, indices);
    }
    let form = Form::Vector(block as u32);
    let (ty, mask) = (form.of(Type::I32), form.of(Type::I1));
    let [sources, indices] = [value, indices]
        .map(|v| -> Vec<Operand> { (0..LANES / block).map(|i| part(code, v, i * block, block)).collect() });
    let mut blocks: Vec<Operand> = indices
        .iter()
        .map(|indices| {
            if block == 16 {
                let name = "llvm.x86.avx512.vpermi2var.d.512";
                let arguments =
                    [(ty.as_str(), &sources[0]), (ty.as_str(), indices), (ty.as_str(), &sources[1])];
                return code.call(&ty, name, &arguments, "");
            }
            let (place, most) = (form.constant(Type::I32, 3), form.constant(Type::I32, 3));
            let from = code.value(format_args!("lshr {ty} {indices}, {place}"));
            let from = code.value(format_args!("and {ty} {from}, {most}"));
            let mut result: Option<Operand> = None;
            for (i, source) in sources.iter().enumerate() {
                let name = "llvm.x86.avx2.permd";
                let moved = code.call(&ty, name, &[(&ty, source), (&ty, indices)], "");
                result = Some(match result {
                    None => moved,
                    Some(others) => {
                        let number = form.constant(Type::I32, i as u128);
                        let here = code.value(format_args!("icmp eq {ty} {from}, {number}"));
                        code.value(format_args!("select {mask} {here}, {ty} {moved}, {ty} {others}"))
                    }
                });
            }
            result.expect("there are several blocks")
        })
        .collect();
    let mut size = block;
    while size < LANES {
        let order = order(0..2 * size);
        blocks = blocks
            .chunks(2)
            .map(|pair| {
                let ty = format!("<{size} x i32>");
                code.value(format_args!("shufflevector {ty} {}, {ty} {}, {order}", pair[0], pair[1]))
            })
            .collect();
        size *= 2;
    }
    blocks.remove(0)
}

/// As [`permute`], through the stack.
fn permute_in_memory(code: &mut Code, value: &Operand, indices: &Operand) -> Operand {
    let whole = FORM.of(Type::I32);
    let place = code.place(&whole, 64);
    code.effect(format_args!("store {whole} {value}, ptr {place}, align 64"));
    let most = FORM.constant(Type::I32, u128::from(SIMD_WIDTH) - 1);
    let indices = code.value(format_args!("and {whole} {indices}, {most}"));
    let places = code.value(format_args!("getelementptr i32, ptr {place}, {whole} {indices}"));
    let pointers = FORM.wrap("ptr");
    let mask = FORM.of(Type::I1);
    code.call(
        &whole,
        "llvm.masked.gather.v32i32.v32p0",
        &[
            (&pointers, &places),
            ("i32", &Operand::int(4)),
            (&mask, &FORM.constant(Type::I1, 1)),
            (&whole, &Operand::new("zeroinitializer")),
        ],
        "",
    )
}

/// Consecutive elements of 32 `i32`.
fn part(code: &mut Code, value: &Operand, first: usize, count: usize) -> Operand {
    let whole = FORM.of(Type::I32);
    let order = order(first..first + count);
    code.value(format_args!("shufflevector {whole} {value}, {whole} poison, {order}"))
}

/// The constant vector that tells `shufflevector` what to take.
fn order(indices: impl ExactSizeIterator<Item = usize>) -> String {
    let count = indices.len();
    let list: Vec<String> = indices.map(|i| format!("i32 {i}")).collect();
    format!("<{count} x i32> <{}>", list.join(", "))
}

/// A collective operation being written.
struct Group<'a> {
    code: &'a mut Code,
    lanes: usize,
    collective: Collective,
    ty: Type,
}

impl<'a> Group<'a> {
    fn new(code: &'a mut Code, collective: Collective) -> Self {
        let ty = match collective.element {
            Element::F32 => Type::F32,
            Element::I32 | Element::U32 => Type::I32,
            Element::I64 | Element::U64 => Type::I64,
        };
        let lanes = code.lanes() as usize;
        Self { code, lanes, collective, ty }
    }

    fn form(&self) -> Form {
        self.code.lane_form()
    }

    fn element(&self) -> String {
        Form::Scalar.of(self.ty)
    }

    fn neutral(&self) -> Operand {
        self.form().constant(self.ty, self.collective.neutral().into())
    }

    /// The value with the neutral one in lanes that are not active.
    fn masked(&mut self, value: &Operand, active: &Operand) -> Operand {
        let (mask, ty, neutral) = (self.form().of(Type::I1), self.form().of(self.ty), self.neutral());
        self.code.value(format_args!("select {mask} {active}, {ty} {value}, {ty} {neutral}"))
    }

    /// Combines values of so many lanes each.
    fn combine(&mut self, lanes: usize, a: &Operand, b: &Operand) -> Operand {
        let form = if lanes == 1 { Form::Scalar } else { Form::Vector(lanes as u32) };
        let (ty, i1) = (form.of(self.ty), form.of(Type::I1));
        let signed = matches!(self.collective.element, Element::I32 | Element::I64);
        let float = self.ty == Type::F32;
        let instruction = match (self.collective.operator, float) {
            (Operator::Add, false) => "add",
            (Operator::Mul, false) => "mul",
            (Operator::Add, true) => "fadd",
            (Operator::Mul, true) => "fmul",
            (Operator::And, _) => "and",
            (Operator::Or, _) => "or",
            (Operator::Xor, _) => "xor",
            (operator @ (Operator::Min | Operator::Max), false) => {
                let sign = if signed { 's' } else { 'u' };
                let which = if operator == Operator::Min { "min" } else { "max" };
                let name = format!("llvm.{sign}{which}.{}", form.mangled(self.ty));
                return self.code.call(&ty, &name, &[(&ty, a), (&ty, b)], "");
            }
            (operator @ (Operator::Min | Operator::Max), true) => {
                let better = if operator == Operator::Min { "olt" } else { "ogt" };
                let better = self.code.value(format_args!("fcmp {better} {ty} {b}, {a}"));
                let nan = self.code.value(format_args!("fcmp uno {ty} {a}, {a}"));
                let second = self.code.value(format_args!("or {i1} {better}, {nan}"));
                return self.code.value(format_args!("select {i1} {second}, {ty} {b}, {ty} {a}"));
            }
        };
        self.code.value(format_args!("{instruction} {ty} {a}, {b}"))
    }

    /// All lanes combined to a scalar.
    fn fold(&mut self, value: Operand) -> Operand {
        let mut value = value;
        let mut lanes = self.lanes;
        while lanes > 2 {
            let half = lanes / 2;
            let ty = Form::Vector(lanes as u32).of(self.ty);
            let [low, high] = [0, half].map(|first| {
                let order = order(first..first + half);
                self.code.value(format_args!("shufflevector {ty} {value}, {ty} poison, {order}"))
            });
            value = self.combine(half, &low, &high);
            lanes = half;
        }
        let ty = Form::Vector(2).of(self.ty);
        let [a, b] = [0, 1].map(|i| self.code.value(format_args!("extractelement {ty} {value}, i32 {i}")));
        self.combine(1, &a, &b)
    }

    /// Each lane combined with all below it in all lanes or its quad.
    fn scan(&mut self, value: Operand) -> Operand {
        let group = if self.collective.quad { 4 } else { self.lanes };
        let mut value = value;
        let mut below = 1;
        while below < group {
            let moved = self.moved_up(&value, below);
            value = self.combine(self.lanes, &moved, &value);
            below *= 2;
        }
        value
    }

    /// Each lane's value is that of the lane so many below it, the neutral one if there is none, or none in its quad.
    fn moved_up(&mut self, value: &Operand, by: usize) -> Operand {
        let group = if self.collective.quad { 4 } else { self.lanes };
        let (ty, neutral, lanes) = (self.form().of(self.ty), self.neutral(), self.lanes);
        let order = order((0..lanes).map(|i| if i % group < by { lanes } else { i - by }));
        self.code.value(format_args!("shufflevector {ty} {value}, {ty} {neutral}, {order}"))
    }

    fn shuffle(&mut self, value: &Operand, from: impl Fn(usize) -> usize) -> Operand {
        let ty = self.form().of(self.ty);
        let order = order((0..self.lanes).map(from));
        self.code.value(format_args!("shufflevector {ty} {value}, {ty} poison, {order}"))
    }
}

//! Operations over the active lanes of a SIMD-group or quad.
//!
//! The order in which values meet is part of the meaning, because sums of floats depend on it; generated code for
//! whole SIMD-groups (`simt/emit/collective.rs`) follows the same:
//!
//! * Lanes that are not active have the [neutral](Collective::neutral) value.
//! * A reduction folds the upper half of the lanes onto the lower one until one is left.
//! * An inclusive scan combines each lane with the one 1, then 2, 4, … lanes below it.
//! * An exclusive scan is the inclusive one of the lane below, starting with the neutral value; a sum of floats
//!   starts with +0.
//! * Of floats, min is `b` if `b < a` or if `a` is a NaN, else `a`, with `a` from the lower lane; max likewise.

use super::context::ParkedOperation;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Mul,
    Min,
    Max,
    And,
    Or,
    Xor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Reduce,
    ScanInclusive,
    ScanExclusive,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    F32,
    I32,
    U32,
    I64,
    U64,
}

/// A reduction or prefix scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Collective {
    pub(crate) quad: bool,
    pub(crate) shape: Shape,
    pub(crate) operator: Operator,
    pub(crate) element: Element,
}

const SCOPES: [(&str, bool); 2] = [("simd_", false), ("quad_", true)];
const SHAPES: [(&str, Shape); 3] = [
    ("reduce_", Shape::Reduce),
    ("scan_inclusive_", Shape::ScanInclusive),
    ("scan_exclusive_", Shape::ScanExclusive),
];
const OPERATORS: [(&str, Operator); 7] = [
    ("add", Operator::Add),
    ("mul", Operator::Mul),
    ("min", Operator::Min),
    ("max", Operator::Max),
    ("and", Operator::And),
    ("or", Operator::Or),
    ("xor", Operator::Xor),
];
const ELEMENTS: [(&str, Element); 5] = [
    (".f32", Element::F32),
    (".i32", Element::I32),
    (".u32", Element::U32),
    (".i64", Element::I64),
    (".u64", Element::U64),
];

impl Collective {
    /// All of them with their hooks, in the order of their numbers.
    pub(crate) fn hooks() -> impl Iterator<Item = (String, Self)> {
        SCOPES.into_iter().flat_map(|(scope, quad)| {
            SHAPES.into_iter().flat_map(move |(what, shape)| {
                OPERATORS.into_iter().flat_map(move |(op, operator)| {
                    let bitwise = matches!(operator, Operator::And | Operator::Or | Operator::Xor);
                    let elements = ELEMENTS.into_iter().filter(move |(_, e)| !bitwise || *e != Element::F32);
                    elements.map(move |(suffix, element)| {
                        (format!("{scope}{what}{op}{suffix}"), Self { quad, shape, operator, element })
                    })
                })
            })
        })
    }

    /// The number of the operation of a hook: `simd_reduce_add.f32`.
    pub(crate) fn number(hook: &str) -> Option<u32> {
        Self::hooks().position(|(name, _)| name == hook).map(|i| i as u32 + ParkedOperation::FIRST_COLLECTIVE)
    }

    /// Its hook: `simd_reduce_add.f32`.
    pub(crate) fn hook(self) -> String {
        Self::hooks().find(|(_, c)| *c == self).map(|(name, _)| name).unwrap_or_default()
    }

    /// The name of the type of its operand and result: `f32`, `i64`; integers have no sign there.
    pub(crate) fn element_name(self) -> &'static str {
        match self.element {
            Element::F32 => "f32",
            Element::I32 | Element::U32 => "i32",
            Element::I64 | Element::U64 => "i64",
        }
    }

    /// Whether all active lanes get the same.
    pub(crate) fn is_uniform(self) -> bool {
        !self.quad && self.shape == Shape::Reduce
    }

    /// The operation with a number that [`number`](Self::number) gave.
    pub(super) fn from_number(number: u32) -> Option<Self> {
        Self::hooks().nth(number.checked_sub(ParkedOperation::FIRST_COLLECTIVE)? as usize).map(|(_, c)| c)
    }

    /// Computes the results for the lanes with a value; of a reduction, for all lanes.
    pub(crate) fn apply(self, values: &[Option<u64>; 32], results: &mut [u64; 32]) {
        let group = if self.quad { 4 } else { 32 };
        let neutral = self.neutral();
        for (values, results) in values.chunks(group).zip(results.chunks_mut(group)) {
            for (result, value) in results.iter_mut().zip(values) {
                *result = value.unwrap_or(neutral);
            }
            if self.shape == Shape::Reduce {
                let mut half = group / 2;
                while half > 0 {
                    for i in 0..half {
                        results[i] = self.combine(results[i], results[i + half]);
                    }
                    half /= 2;
                }
                results.fill(results[0]);
                continue;
            }
            let mut below = 1;
            while below < group {
                for i in (below..group).rev() {
                    results[i] = self.combine(results[i - below], results[i]);
                }
                below *= 2;
            }
            if self.shape == Shape::ScanExclusive {
                results.rotate_right(1);
                results[0] = neutral;
                if (self.operator, self.element) == (Operator::Add, Element::F32) {
                    for result in results {
                        *result = self.combine(*result, u64::from(0f32.to_bits()));
                    }
                }
            }
        }
    }

    /// What changes no value it is combined with: bits of the element's type.
    pub(crate) fn neutral(self) -> u64 {
        let wide = matches!(self.element, Element::I64 | Element::U64);
        let mask = if wide { u64::MAX } else { u32::MAX.into() };
        let sign = mask / 2 + 1;
        match (self.operator, self.element) {
            (Operator::Add, Element::F32) => u64::from((-0f32).to_bits()),
            (Operator::Mul, Element::F32) => u64::from(1f32.to_bits()),
            // min and max take the other value.
            (Operator::Min | Operator::Max, Element::F32) => u64::from(f32::NAN.to_bits()),
            (Operator::Add | Operator::Or | Operator::Xor, _) => 0,
            (Operator::Mul, _) => 1,
            (Operator::And, _) => mask,
            (Operator::Min, Element::I32 | Element::I64) => sign - 1,
            (Operator::Max, Element::I32 | Element::I64) => sign,
            (Operator::Min, _) => mask,
            (Operator::Max, _) => 0,
        }
    }

    fn combine(self, a: u64, b: u64) -> u64 {
        let float = |f: fn(f32, f32) -> f32| {
            u64::from(f(f32::from_bits(a as u32), f32::from_bits(b as u32)).to_bits())
        };
        let min = self.operator == Operator::Min;
        match (self.operator, self.element) {
            (Operator::And, _) => a & b,
            (Operator::Or, _) => a | b,
            (Operator::Xor, _) => a ^ b,
            (Operator::Add, Element::F32) => float(|a, b| a + b),
            (Operator::Mul, Element::F32) => float(|a, b| a * b),
            (Operator::Min, Element::F32) => float(|a, b| if b < a || a.is_nan() { b } else { a }),
            (Operator::Max, Element::F32) => float(|a, b| if b > a || a.is_nan() { b } else { a }),
            (Operator::Add, _) => a.wrapping_add(b),
            (Operator::Mul, _) => a.wrapping_mul(b),
            (_, Element::I32) => {
                let (a, b) = (a as i32, b as i32);
                (if min { a.min(b) } else { a.max(b) }) as u32 as u64
            }
            (_, Element::U32) => {
                let (a, b) = (a as u32, b as u32);
                u64::from(if min { a.min(b) } else { a.max(b) })
            }
            (_, Element::I64) => {
                let (a, b) = (a as i64, b as i64);
                (if min { a.min(b) } else { a.max(b) }) as u64
            }
            (_, Element::U64) => {
                if min {
                    a.min(b)
                } else {
                    a.max(b)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(hook: &str, values: &[Option<u64>; 32]) -> [u64; 32] {
        let mut results = [0; 32];
        Collective::from_number(Collective::number(hook).unwrap()).unwrap().apply(values, &mut results);
        results
    }

    #[test]
    fn numbers_round_trip() {
        for (i, (name, collective)) in Collective::hooks().enumerate() {
            let number = Collective::number(&name).unwrap();
            assert_eq!(number, i as u32 + ParkedOperation::FIRST_COLLECTIVE);
            assert_eq!(Collective::from_number(number), Some(collective));
        }
        assert_eq!(Collective::number("simd_reduce_add.f64"), None);
        assert_eq!(Collective::from_number(ParkedOperation::SHUFFLE), None);
    }

    #[test]
    fn only_active_lanes_count() {
        let mut values = [None; 32];
        values[1] = Some(5);
        values[4] = Some(7);
        values[31] = Some(100);
        let sum = apply("simd_reduce_add.u32", &values);
        assert_eq!((sum[1], sum[4], sum[31]), (112, 112, 112));
        let before = apply("simd_scan_exclusive_add.u32", &values);
        assert_eq!((before[1], before[4], before[31]), (0, 5, 12));
        let product = apply("simd_scan_inclusive_mul.u32", &values);
        assert_eq!((product[1], product[4], product[31]), (5, 35, 3500));
    }

    #[test]
    fn quads_are_apart() {
        let values = std::array::from_fn(|i| Some(i as u64));
        let sum = apply("quad_reduce_add.u32", &values);
        assert_eq!(sum[0], 6);
        assert_eq!(sum[7], 4 + 5 + 6 + 7);
        let least = apply("quad_reduce_min.i32", &std::array::from_fn(|i| Some((-(i as i32)) as u32 as u64)));
        assert_eq!(least[5] as i32, -7);
    }
}

//! Operations over the active lanes of a SIMD-group or quad.

use super::context::ParkedOperation;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Add,
    Mul,
    Min,
    Max,
    And,
    Or,
    Xor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Reduce,
    ScanInclusive,
    ScanExclusive,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    F32,
    I32,
    U32,
    I64,
    U64,
}

/// A reduction or prefix scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Collective {
    quad: bool,
    shape: Shape,
    operator: Operator,
    element: Element,
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
                    ELEMENTS.into_iter().map(move |(suffix, element)| {
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

    /// The operation with a number that [`number`](Self::number) gave.
    pub(super) fn from_number(number: u32) -> Option<Self> {
        Self::hooks().nth(number.checked_sub(ParkedOperation::FIRST_COLLECTIVE)? as usize).map(|(_, c)| c)
    }

    /// Computes the results for the lanes with a value, each in lane order.
    pub(crate) fn apply(self, values: &[Option<u64>; 32], results: &mut [u64; 32]) {
        let group = if self.quad { 4 } else { 32 };
        for start in (0..32).step_by(group) {
            let lanes = start..start + group;
            let mut running = self.identity();
            let mut first = true;
            for lane in lanes.clone() {
                let Some(value) = values[lane] else { continue };
                if self.shape == Shape::ScanExclusive {
                    results[lane] = running;
                }
                running = if first { value } else { self.combine(running, value) };
                first = false;
                if self.shape == Shape::ScanInclusive {
                    results[lane] = running;
                }
            }
            if self.shape == Shape::Reduce {
                results[lanes].fill(running);
            }
        }
    }

    fn identity(self) -> u64 {
        match (self.operator, self.element) {
            (Operator::Mul, Element::F32) => u64::from(1f32.to_bits()),
            (Operator::Mul, _) => 1,
            // Only exclusive sums and products show their identity.
            _ => 0,
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
            (Operator::Min, Element::F32) => float(f32::min),
            (Operator::Max, Element::F32) => float(f32::max),
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

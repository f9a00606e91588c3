//! Element-wise operations.

use super::super::data_type::{Scalar, TensorDataType};
use super::super::ir::op::{BinaryOp, CompareOp, UnaryOp};
use super::tensor::{Precision, Tensor, Values, wrap};

pub(super) fn unary(op: UnaryOp, x: &Tensor, precision: Precision) -> Tensor {
    let data_type = x.data_type;
    let with = |data_type, values| Tensor { data_type, shape: x.shape.clone(), values };
    match &x.values {
        Values::Floats(values) => match op {
            UnaryOp::IsNan | UnaryOp::IsFinite => {
                let is = |v: &f64| if op == UnaryOp::IsNan { v.is_nan() } else { v.is_finite() };
                let values = values.iter().map(|v| i64::from(is(v))).collect();
                with(TensorDataType::Bool, Values::Integers(values))
            }
            _ => {
                let values = values.iter().map(|&v| precision.round(data_type, float(op, v))).collect();
                with(data_type, Values::Floats(values))
            }
        },
        Values::Integers(values) => {
            let values = values.iter().map(|&v| wrap(data_type, integer(op, data_type, v))).collect();
            with(data_type, Values::Integers(values))
        }
    }
}

fn float(op: UnaryOp, x: f64) -> f64 {
    match op {
        UnaryOp::Neg => -x,
        UnaryOp::Abs => x.abs(),
        // Zeros keep their sign, as NaN stays NaN.
        UnaryOp::Sign => {
            if x > 0.0 {
                1.0
            } else if x < 0.0 {
                -1.0
            } else {
                x
            }
        }
        UnaryOp::Reciprocal => 1.0 / x,
        UnaryOp::Sqrt => x.sqrt(),
        UnaryOp::Rsqrt => 1.0 / x.sqrt(),
        UnaryOp::Exp => x.exp(),
        UnaryOp::Log => x.ln(),
        UnaryOp::Sin => x.sin(),
        UnaryOp::Cos => x.cos(),
        UnaryOp::Tan => x.tan(),
        UnaryOp::Tanh => x.tanh(),
        UnaryOp::Erf => libm::erf(x),
        UnaryOp::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        UnaryOp::Relu => {
            if x > 0.0 || x.is_nan() {
                x
            } else {
                0.0
            }
        }
        UnaryOp::Floor => x.floor(),
        UnaryOp::Ceil => x.ceil(),
        UnaryOp::Round => x.round_ties_even(),
        UnaryOp::Trunc => x.trunc(),
        UnaryOp::StopGradient => x,
        UnaryOp::Not | UnaryOp::IsNan | UnaryOp::IsFinite => unreachable!("{} makes no float", op.name()),
    }
}

fn integer(op: UnaryOp, data_type: TensorDataType, x: i64) -> i64 {
    match op {
        UnaryOp::Neg => x.wrapping_neg(),
        UnaryOp::Abs => x.wrapping_abs(),
        UnaryOp::Sign => x.signum(),
        UnaryOp::Relu => x.max(0),
        UnaryOp::Not if data_type == TensorDataType::Bool => 1 - x,
        UnaryOp::Not => !x,
        UnaryOp::StopGradient => x,
        _ => unreachable!("{} is not of integers", op.name()),
    }
}

pub(super) fn binary(op: BinaryOp, a: &Tensor, b: &Tensor, precision: Precision) -> Tensor {
    let data_type = a.data_type;
    let values = match (&a.values, &b.values) {
        (Values::Floats(a), Values::Floats(b)) => {
            let pairs = a.iter().zip(b);
            Values::Floats(pairs.map(|(&a, &b)| precision.round(data_type, floats(op, a, b))).collect())
        }
        (Values::Integers(a), Values::Integers(b)) => {
            let pairs = a.iter().zip(b);
            Values::Integers(pairs.map(|(&a, &b)| wrap(data_type, integers(op, a, b))).collect())
        }
        _ => unreachable!("operands are of one type"),
    };
    Tensor { data_type, shape: a.shape.clone(), values }
}

fn floats(op: BinaryOp, a: f64, b: f64) -> f64 {
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::Rem => a % b,
        BinaryOp::Pow => a.powf(b),
        BinaryOp::Max => maximum(a, b),
        BinaryOp::Min => -maximum(-a, -b),
        BinaryOp::And | BinaryOp::Or | BinaryOp::Xor => unreachable!("{} is not of floats", op.name()),
    }
}

/// The greater one; NaN if one is.
pub(super) fn maximum(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}

fn integers(op: BinaryOp, a: i64, b: i64) -> i64 {
    match op {
        BinaryOp::Add => a.wrapping_add(b),
        BinaryOp::Sub => a.wrapping_sub(b),
        BinaryOp::Mul => a.wrapping_mul(b),
        BinaryOp::Div if b == 0 => 0,
        BinaryOp::Div => a.wrapping_div(b),
        BinaryOp::Rem if b == 0 => 0,
        BinaryOp::Rem => a.wrapping_rem(b),
        BinaryOp::Max => a.max(b),
        BinaryOp::Min => a.min(b),
        BinaryOp::And => a & b,
        BinaryOp::Or => a | b,
        BinaryOp::Xor => a ^ b,
        BinaryOp::Pow => unreachable!("powers are of floats"),
    }
}

pub(super) fn compare(op: CompareOp, a: &Tensor, b: &Tensor) -> Tensor {
    let values = match (&a.values, &b.values) {
        (Values::Floats(a), Values::Floats(b)) => {
            a.iter().zip(b).map(|(a, b)| i64::from(holds(op, a.partial_cmp(b)))).collect()
        }
        (Values::Integers(a), Values::Integers(b)) => {
            a.iter().zip(b).map(|(a, b)| i64::from(holds(op, Some(a.cmp(b))))).collect()
        }
        _ => unreachable!("operands are of one type"),
    };
    Tensor { data_type: TensorDataType::Bool, shape: a.shape.clone(), values: Values::Integers(values) }
}

/// Whether a comparison holds; NaN has no order.
fn holds(op: CompareOp, order: Option<std::cmp::Ordering>) -> bool {
    let Some(order) = order else { return op == CompareOp::NotEqual };
    match op {
        CompareOp::Equal => order.is_eq(),
        CompareOp::NotEqual => order.is_ne(),
        CompareOp::Less => order.is_lt(),
        CompareOp::LessEqual => order.is_le(),
        CompareOp::Greater => order.is_gt(),
        CompareOp::GreaterEqual => order.is_ge(),
    }
}

pub(super) fn select(condition: &Tensor, a: &Tensor, b: &Tensor) -> Tensor {
    let chosen = |i: usize| condition.integer(i) != 0;
    let values = match (&a.values, &b.values) {
        (Values::Floats(a), Values::Floats(b)) => {
            Values::Floats((0..a.len()).map(|i| if chosen(i) { a[i] } else { b[i] }).collect())
        }
        (Values::Integers(a), Values::Integers(b)) => {
            Values::Integers((0..a.len()).map(|i| if chosen(i) { a[i] } else { b[i] }).collect())
        }
        _ => unreachable!("operands are of one type"),
    };
    Tensor { data_type: a.data_type, shape: a.shape.clone(), values }
}

pub(super) fn cast(to: TensorDataType, x: &Tensor, precision: Precision) -> Tensor {
    let values = match &x.values {
        Values::Floats(values) if to.is_float() => {
            Values::Floats(values.iter().map(|&v| precision.round(to, v)).collect())
        }
        Values::Floats(values) => {
            Values::Integers(values.iter().map(|&v| Scalar::from_f64(to, v).to_i64()).collect())
        }
        Values::Integers(values) if to.is_float() => {
            Values::Floats(values.iter().map(|&v| precision.round(to, v as f64)).collect())
        }
        Values::Integers(values) => Values::Integers(values.iter().map(|&v| wrap(to, v)).collect()),
    };
    Tensor { data_type: to, shape: x.shape.clone(), values }
}

//! Constants in generated code.

use crate::graph::data_type::{Scalar, TensorDataType};
use crate::graph::ir::{Node, Op};

/// The literal for a tensor of one value, however many elements have it.
pub(super) fn of(node: &Node) -> Option<String> {
    match &node.op {
        Op::Fill { value, .. } => Some(scalar(*value)),
        Op::Data(data) if data.element_count() == 1 => data.scalars().next().map(scalar),
        _ => None,
    }
}

/// A value as an expression of the type that values of its type have in registers.
pub(super) fn scalar(value: Scalar) -> String {
    match value.data_type() {
        TensorDataType::Float32 | TensorDataType::Float16 | TensorDataType::BFloat16 => {
            float(value.to_f64() as f32)
        }
        TensorDataType::Int32 => int(value.to_i64()),
        TensorDataType::Int64 => long(value.to_i64()),
        TensorDataType::UInt8 => format!("uchar({})", value.to_i64()),
        TensorDataType::Bool => (value.to_i64() != 0).to_string(),
    }
}

pub(super) fn float(value: f32) -> String {
    if value.is_nan() {
        format!("as_type<float>({:#x}u)", value.to_bits())
    } else if value.is_infinite() {
        if value > 0.0 { "INFINITY" } else { "(-INFINITY)" }.into()
    } else if value.is_sign_negative() {
        format!("({value:?}f)")
    } else {
        format!("{value:?}f")
    }
}

fn int(value: i64) -> String {
    match value {
        -2_147_483_648 => "(-2147483647 - 1)".into(),
        0.. => value.to_string(),
        _ => format!("({value})"),
    }
}

fn long(value: i64) -> String {
    match value {
        i64::MIN => "(-9223372036854775807l - 1l)".into(),
        0.. => format!("{value}l"),
        _ => format!("({value}l)"),
    }
}

/// The least value of a type.
pub(super) fn least(data_type: TensorDataType) -> String {
    match data_type {
        TensorDataType::Int32 => int(i32::MIN.into()),
        TensorDataType::Int64 => long(i64::MIN),
        TensorDataType::UInt8 => "uchar(0)".into(),
        TensorDataType::Bool => "false".into(),
        _ => float(f32::NEG_INFINITY),
    }
}

/// The greatest value of a type.
pub(super) fn greatest(data_type: TensorDataType) -> String {
    match data_type {
        TensorDataType::Int32 => int(i32::MAX.into()),
        TensorDataType::Int64 => long(i64::MAX),
        TensorDataType::UInt8 => "uchar(255)".into(),
        TensorDataType::Bool => "true".into(),
        _ => float(f32::INFINITY),
    }
}

/// 0 or 1 in a type.
pub(super) fn small(data_type: TensorDataType, value: i64) -> String {
    scalar(Scalar::from_i64(data_type, value))
}

//! Element-wise operations, positions and random bits.

use super::{Emitter, register, rounded};
use crate::graph::compile::index::Index;
use crate::graph::data_type::TensorDataType;
use crate::graph::ir::op::{BinaryOp, CompareOp, UnaryOp};
use crate::graph::ir::{Node, Op};

impl Emitter<'_> {
    pub(super) fn elementwise(&mut self, node: &Node, at: &[Index]) -> String {
        let to = node.ty.data_type;
        let expression = match &node.op {
            Op::Iota { axis, .. } => position(to, &self.index(&at[*axis])),
            Op::RandomBits { shape } => {
                let shape = shape.known().expect("all sizes are known");
                let (seed, counter) = (self.value(node.operands[0], &[]), self.value(node.operands[1], &[]));
                let place = self.index(&Index::ravel(at, &shape));
                format!("graph_philox({seed}, {counter}, ulong({place}))")
            }
            Op::Unary(UnaryOp::StopGradient) => return self.value(node.operands[0], at),
            op => {
                let from = self.data_type(node.operands[0]);
                let values: Vec<String> = node.operands.iter().map(|&id| self.value(id, at)).collect();
                match (op, values.as_slice()) {
                    (Op::Unary(op), [x]) => unary(*op, from, x),
                    (Op::Binary(op), [a, b]) => binary(*op, from, a, b),
                    (Op::Compare(op), [a, b]) => compare(*op, a, b),
                    (Op::Select, [condition, a, b]) => format!("{condition} ? {a} : {b}"),
                    (Op::Cast(_), [x]) => cast(from, to, x),
                    _ => unreachable!("{} is not element-wise", op.name()),
                }
            }
        };
        self.bind(register(to), &expression)
    }
}

/// A position as a value.
fn position(to: TensorDataType, place: &str) -> String {
    match to {
        TensorDataType::UInt8 => format!("uchar({place} < 255 ? {place} : 255)"),
        TensorDataType::Int32 => format!("int({place})"),
        TensorDataType::Int64 => format!("long({place})"),
        _ => rounded(to, &format!("float({place})")),
    }
}

fn unary(op: UnaryOp, data_type: TensorDataType, x: &str) -> String {
    if !data_type.is_float() {
        return integer(op, data_type, x);
    }
    let round = |value: String| rounded(data_type, &value);
    match op {
        UnaryOp::Neg => format!("-{x}"),
        UnaryOp::Abs => format!("fabs({x})"),
        UnaryOp::Sign => format!("{x} > 0.0f ? 1.0f : ({x} < 0.0f ? -1.0f : {x})"),
        UnaryOp::Reciprocal => round(format!("1.0f / {x}")),
        UnaryOp::Sqrt => round(format!("sqrt({x})")),
        UnaryOp::Rsqrt => round(format!("rsqrt({x})")),
        UnaryOp::Exp => round(format!("exp({x})")),
        UnaryOp::Log => round(format!("log({x})")),
        UnaryOp::Sin => round(format!("sin({x})")),
        UnaryOp::Cos => round(format!("cos({x})")),
        UnaryOp::Tan => round(format!("tan({x})")),
        UnaryOp::Tanh => round(format!("tanh({x})")),
        UnaryOp::Erf => round(format!("graph_erf({x})")),
        UnaryOp::Sigmoid => round(format!("1.0f / (1.0f + exp(-{x}))")),
        // NaN is not below 0, so it stays.
        UnaryOp::Relu => format!("{x} <= 0.0f ? 0.0f : {x}"),
        UnaryOp::Floor => format!("floor({x})"),
        UnaryOp::Ceil => format!("ceil({x})"),
        UnaryOp::Round => format!("rint({x})"),
        UnaryOp::Trunc => format!("trunc({x})"),
        UnaryOp::IsNan => format!("{x} != {x}"),
        UnaryOp::IsFinite => format!("fabs({x}) < INFINITY"),
        UnaryOp::Not | UnaryOp::StopGradient => unreachable!("{} is handled before", op.name()),
    }
}

/// The unsigned type in which integers of a type wrap around.
fn unsigned(data_type: TensorDataType) -> &'static str {
    match data_type {
        TensorDataType::Int64 => "ulong",
        _ => "uint",
    }
}

/// An expression of integers, computed without overflow.
pub(super) fn wrapping(data_type: TensorDataType, operator: &str, a: &str, b: &str) -> String {
    let (to, by) = (register(data_type), unsigned(data_type));
    format!("{to}({by}({a}) {operator} {by}({b}))")
}

fn integer(op: UnaryOp, data_type: TensorDataType, x: &str) -> String {
    let to = register(data_type);
    match op {
        UnaryOp::Neg => wrapping(data_type, "-", "0", x),
        UnaryOp::Abs => format!("{x} < 0 ? {} : {x}", wrapping(data_type, "-", "0", x)),
        UnaryOp::Sign => format!("{to}({x} > 0 ? 1 : ({x} < 0 ? -1 : 0))"),
        UnaryOp::Relu => format!("{x} > 0 ? {x} : {to}(0)"),
        UnaryOp::Not if data_type == TensorDataType::Bool => format!("!{x}"),
        UnaryOp::Not => format!("{to}(~{x})"),
        _ => unreachable!("{} is not of integers", op.name()),
    }
}

fn binary(op: BinaryOp, data_type: TensorDataType, a: &str, b: &str) -> String {
    let float = data_type.is_float();
    let round = |value: String| rounded(data_type, &value);
    let to = register(data_type);
    match op {
        BinaryOp::Add if float => round(format!("{a} + {b}")),
        BinaryOp::Sub if float => round(format!("{a} - {b}")),
        BinaryOp::Mul if float => round(format!("{a} * {b}")),
        BinaryOp::Div if float => round(format!("{a} / {b}")),
        BinaryOp::Rem if float => round(format!("fmod({a}, {b})")),
        BinaryOp::Pow => round(format!("pow({a}, {b})")),
        BinaryOp::Max => maximum(data_type, a, b),
        BinaryOp::Min => minimum(data_type, a, b),
        BinaryOp::Add => wrapping(data_type, "+", a, b),
        BinaryOp::Sub => wrapping(data_type, "-", a, b),
        BinaryOp::Mul => wrapping(data_type, "*", a, b),
        BinaryOp::Div if data_type == TensorDataType::UInt8 => {
            format!("{b} == 0 ? uchar(0) : uchar({a} / {b})")
        }
        BinaryOp::Rem if data_type == TensorDataType::UInt8 => {
            format!("{b} == 0 ? uchar(0) : uchar({a} % {b})")
        }
        BinaryOp::Div => format!("graph_div({a}, {b})"),
        BinaryOp::Rem => format!("graph_rem({a}, {b})"),
        BinaryOp::And if data_type == TensorDataType::Bool => format!("{a} && {b}"),
        BinaryOp::Or if data_type == TensorDataType::Bool => format!("{a} || {b}"),
        BinaryOp::Xor if data_type == TensorDataType::Bool => format!("{a} != {b}"),
        BinaryOp::And => format!("{to}({a} & {b})"),
        BinaryOp::Or => format!("{to}({a} | {b})"),
        BinaryOp::Xor => format!("{to}({a} ^ {b})"),
    }
}

/// The greater of two values; NaN if one is.
pub(super) fn maximum(data_type: TensorDataType, a: &str, b: &str) -> String {
    let nan = if data_type.is_float() { format!(" || {a} != {a}") } else { String::new() };
    format!("{a} > {b}{nan} ? {a} : {b}")
}

/// The lesser of two values; NaN if one is.
pub(super) fn minimum(data_type: TensorDataType, a: &str, b: &str) -> String {
    let nan = if data_type.is_float() { format!(" || {a} != {a}") } else { String::new() };
    format!("{a} < {b}{nan} ? {a} : {b}")
}

fn compare(op: CompareOp, a: &str, b: &str) -> String {
    let operator = match op {
        CompareOp::Equal => "==",
        CompareOp::NotEqual => "!=",
        CompareOp::Less => "<",
        CompareOp::LessEqual => "<=",
        CompareOp::Greater => ">",
        CompareOp::GreaterEqual => ">=",
    };
    format!("{a} {operator} {b}")
}

fn cast(from: TensorDataType, to: TensorDataType, x: &str) -> String {
    match to {
        TensorDataType::Bool if from.is_float() => format!("{x} != 0.0f"),
        TensorDataType::Bool if from == TensorDataType::Bool => x.to_owned(),
        TensorDataType::Bool => format!("{x} != 0"),
        TensorDataType::Int32 if from.is_float() => format!("graph_to_int({x})"),
        TensorDataType::Int64 if from.is_float() => format!("graph_to_long({x})"),
        TensorDataType::UInt8 if from.is_float() => format!("graph_to_uchar({x})"),
        TensorDataType::Int32 | TensorDataType::Int64 | TensorDataType::UInt8 => {
            format!("{}({x})", register(to))
        }
        _ if from.is_float() => rounded(to, x),
        _ => rounded(to, &format!("float({x})")),
    }
}

//! The text of a kernel: what people read, and what [`parse`](super::parse) reads back.

use std::collections::HashMap;
use std::fmt::{self, Write};

use half::{bf16, f16};

use super::{Block, Definition, Function, Inst, Location, Op, Storage, Target, Terminator, Type, Value};

/// Short names of values and blocks: they are numbered in the order of the text.
pub(crate) struct Names {
    values: HashMap<Value, usize>,
    blocks: HashMap<Block, usize>,
}

impl Names {
    pub(crate) fn new(function: &Function) -> Self {
        let mut names = Self { values: HashMap::new(), blocks: HashMap::new() };
        for block in &function.layout {
            let number = names.blocks.len();
            names.blocks.entry(*block).or_insert(number);
            let Some(data) = function.blocks.get(*block) else { continue };
            let results = data
                .instructions
                .iter()
                .filter_map(|i| function.instructions.get(*i))
                .flat_map(|i| &i.results);
            for value in data.parameters.iter().chain(results) {
                let number = names.values.len();
                names.values.entry(*value).or_insert(number);
            }
        }
        names
    }

    pub(crate) fn block(&self, block: Block) -> String {
        match self.blocks.get(&block) {
            Some(number) => format!("b{number}"),
            None => format!("{block:?}?"),
        }
    }

    pub(crate) fn value(&self, function: &Function, value: Value) -> String {
        match (self.values.get(&value), function.values.get(value)) {
            (Some(number), _) => format!("v{number}"),
            (None, Some(data)) => match data.definition {
                Definition::Constant(bits) => literal(data.ty, bits),
                _ => format!("{value:?}?"),
            },
            (None, None) => format!("{value:?}?"),
        }
    }

    fn list(&self, function: &Function, values: &[Value]) -> String {
        values.iter().map(|v| self.value(function, *v)).collect::<Vec<_>>().join(", ")
    }

    fn typed_list(&self, function: &Function, values: &[Value]) -> String {
        let typed = |value: &Value| match function.values.get(*value) {
            Some(data) => format!("{}: {}", self.value(function, *value), data.ty),
            None => self.value(function, *value),
        };
        values.iter().map(typed).collect::<Vec<_>>().join(", ")
    }

    /// The text of an instruction.
    pub(crate) fn instruction(&self, function: &Function, inst: Inst) -> String {
        let data = &function.instructions[inst];
        let mut text = String::new();
        if !data.results.is_empty() {
            text += &self.typed_list(function, &data.results);
            text += " = ";
        }
        text += &data.op.name();
        for flag in data.fast_math.names() {
            text += " ";
            text += flag;
        }
        let beside = match data.op {
            Op::IsClass(mask) => Some(format!("{mask}")),
            Op::Argument(argument) => Some(format!("{argument:?}")),
            Op::Variable(variable) => Some(format!("{variable:?}")),
            Op::Launch(value, axis) => Some(format!("{}.{}", value.name(), axis.name())),
            _ => None,
        };
        let operands = data.operands.iter().map(|v| self.value(function, *v));
        let all = beside.into_iter().chain(operands).collect::<Vec<_>>();
        if !all.is_empty() {
            text += " ";
            text += &all.join(", ");
        }
        text + &place(data.location)
    }

    fn target(&self, function: &Function, target: &Target) -> String {
        let block = self.block(target.block);
        if target.arguments.is_empty() {
            return block;
        }
        format!("{block}({})", self.list(function, &target.arguments))
    }

    /// The text of a block's terminator.
    pub(crate) fn terminator(&self, function: &Function, block: Block) -> String {
        let target = |target| self.target(function, target);
        let data = &function.blocks[block];
        let text = match &data.terminator {
            Terminator::Jump(to) => format!("br {}", target(to)),
            Terminator::Branch { condition, yes, no } => {
                format!("brif {}, {}, {}", self.value(function, *condition), target(yes), target(no))
            }
            Terminator::Switch { value, cases, default } => {
                let mut text = format!("switch {}, {}", self.value(function, *value), target(default));
                for (bits, to) in cases {
                    let _ = write!(text, ", {bits}: {}", target(to));
                }
                text
            }
            Terminator::Return => "ret".into(),
        };
        text + &place(data.location)
    }
}

fn place(location: Option<Location>) -> String {
    match location {
        Some(Location { file, line, column }) => format!(" @{file:?}:{line}:{column}"),
        None => String::new(),
    }
}

/// A constant with its type: `5:i32`, `-0.5:f32`, `nan(0x7fc00000):f32`, `null:ptr.device`, `true`.
fn literal(ty: Type, bits: u128) -> String {
    let float = |value: f64, text: String| {
        if value.is_nan() { format!("nan({bits:#x}):{ty}") } else { format!("{text}:{ty}") }
    };
    match ty {
        Type::I1 => (bits == 1).to_string(),
        Type::Int(width) => format!("{}:{ty}", (bits << (128 - width)) as i128 >> (128 - width)),
        Type::Ptr(_) if bits == 0 => format!("null:{ty}"),
        Type::Ptr(_) => format!("{bits:#x}:{ty}"),
        Type::F16 => {
            let value = f16::from_bits(bits as u16).to_f32();
            float(value.into(), format!("{value:?}"))
        }
        Type::BF16 => {
            let value = bf16::from_bits(bits as u16).to_f32();
            float(value.into(), format!("{value:?}"))
        }
        Type::F32 => {
            let value = f32::from_bits(bits as u32);
            float(value.into(), format!("{value:?}"))
        }
        Type::F64 => {
            let value = f64::from_bits(bits as u64);
            float(value, format!("{value:?}"))
        }
    }
}

/// A string in quotes.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.extend(c.escape_unicode()),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Names::new(self);
        writeln!(f, "kernel {} {{", quoted(&self.name))?;
        for (file, name) in self.files.iter() {
            writeln!(f, "file {file:?} = {}", quoted(name))?;
        }
        for (argument, data) in self.arguments.iter() {
            let (name, space) = (quoted(&data.name), data.space.name());
            writeln!(f, "argument {argument:?} = {space} {name} parameter {}", data.parameter)?;
        }
        for (variable, data) in self.variables.iter() {
            let storage = match &data.storage {
                Storage::Private => "private",
                Storage::Threadgroup => "threadgroup",
                Storage::Constant(_) => "constant",
            };
            write!(
                f,
                "variable {variable:?} = {storage} {} {} bytes {} align {}",
                data.space.name(),
                quoted(&data.name),
                data.bytes,
                data.alignment
            )?;
            if let Storage::Constant(content) = &data.storage {
                f.write_str(" #")?;
                content.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
            }
            writeln!(f)?;
        }
        for block in &self.layout {
            let data = &self.blocks[*block];
            f.write_str(&names.block(*block))?;
            if !data.parameters.is_empty() {
                write!(f, "({})", names.typed_list(self, &data.parameters))?;
            }
            writeln!(f, ":")?;
            for inst in &data.instructions {
                writeln!(f, "    {}", names.instruction(self, *inst))?;
            }
            writeln!(f, "    {}", names.terminator(self, *block))?;
        }
        writeln!(f, "}}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_show_what_they_are() {
        for (ty, bits, text) in [
            (Type::I1, 1, "true"),
            (Type::I8, 0xff, "-1:i8"),
            (Type::I64, 1 << 63, "-9223372036854775808:i64"),
            (Type::Int(128), u128::MAX, "-1:i128"),
            (Type::Int(24), 0x7fffff, "8388607:i24"),
            (Type::F32, 0x3fc00000, "1.5:f32"),
            (Type::F32, 0x80000000, "-0.0:f32"),
            (Type::F32, 1, "1e-45:f32"),
            (Type::F32, 0xff800000, "-inf:f32"),
            (Type::F32, 0x7fc00001, "nan(0x7fc00001):f32"),
            (Type::F16, 0x3c00, "1.0:f16"),
            (Type::BF16, 0xc000, "-2.0:bf16"),
            (Type::F64, 0x3ff8000000000000, "1.5:f64"),
            (Type::Ptr(super::super::Space::Device), 0, "null:ptr.device"),
        ] {
            assert_eq!(literal(ty, bits), text);
        }
        assert_eq!(quoted("a\"b\\c\nd"), r#""a\"b\\c\u{a}d""#);
    }
}

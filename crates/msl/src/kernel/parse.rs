//! Reads the text of a kernel that [`print`](super::print) writes.
//!
//! Only form is checked here; [`verify`](super::verify) checks the rest.

mod literal;
mod tokens;

use std::collections::HashMap;

use super::op::{Axis, LaunchValue};
use super::{
    Argument, ArgumentData, Block, Definition, File, Function, InstData, Key, Location, Op, Space, Storage,
    Target, Terminator, Type, Value, ValueData, Variable, VariableData,
};
use literal::literal;
use tokens::Line;

/// What is wrong with a text, and in which line, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParseError {
    pub(crate) line: usize,
    pub(crate) message: String,
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

type Result<T> = std::result::Result<T, String>;

/// Reads one kernel.
pub(crate) fn parse(text: &str) -> std::result::Result<Function, ParseError> {
    let mut lines = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let line = Line::new(line).map_err(|message| ParseError { line: i + 1, message })?;
        if !line.is_end() {
            lines.push((i + 1, line));
        }
    }
    let operations = Op::plain().map(|op| (op.name(), op)).collect();
    let mut parser = Parser { operations, ..Parser::default() };
    for step in [Parser::declare, Parser::read] {
        let mut state = State::Start;
        for (number, line) in &lines {
            state = step(&mut parser, state, &mut line.clone())
                .map_err(|message| ParseError { line: *number, message })?;
        }
        if state != State::End {
            let line = lines.last().map_or(1, |(number, _)| *number);
            return Err(ParseError { line, message: "the text ends here; expected `}`".into() });
        }
    }
    Ok(parser.function)
}

/// What has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    Header,
    /// In a block.
    Open(Block),
    /// After a block's terminator.
    Closed,
    End,
}

#[derive(Default)]
struct Parser {
    function: Function,
    values: HashMap<String, Value>,
    blocks: HashMap<String, Block>,
    /// Operations that their name says all of.
    operations: HashMap<String, Op>,
}

impl Parser {
    /// First reading: names of blocks and values, which may be used before the line that defines them.
    fn declare(&mut self, state: State, line: &mut Line) -> Result<State> {
        if state == State::Start {
            return Ok(State::Header);
        }
        if let Some(name) = line.label() {
            let block = self.function.add_block();
            if self.blocks.insert(name.into(), block).is_some() {
                return Err(format!("block {name} is defined twice"));
            }
            if line.take('(') {
                loop {
                    let (name, ty) = definition(line)?;
                    let value = self.function.add_parameter(block, ty);
                    self.define(name, value)?;
                    if !line.take(',') {
                        break;
                    }
                }
            }
        } else if line.value_name().is_some() {
            loop {
                let (name, ty) = definition(line)?;
                // The second reading says what defines it.
                let value = ValueData { ty, definition: Definition::Constant(0) };
                let value = self.function.values.push(value);
                self.define(name, value)?;
                if !line.take(',') {
                    break;
                }
            }
        }
        Ok(State::End)
    }

    fn define(&mut self, name: String, value: Value) -> Result<()> {
        match self.values.insert(name.clone(), value) {
            Some(_) => Err(format!("{name} is defined twice")),
            None => Ok(()),
        }
    }

    /// Second reading: everything.
    fn read(&mut self, state: State, line: &mut Line) -> Result<State> {
        let next = self.line(state, line)?;
        line.end()?;
        Ok(next)
    }

    fn line(&mut self, state: State, line: &mut Line) -> Result<State> {
        match state {
            State::Start => {
                line.keyword("kernel")?;
                self.function.name = line.text()?;
                line.expect('{')?;
                return Ok(State::Header);
            }
            State::End => return Err("there is text after the `}`".into()),
            State::Closed if line.take('}') => return Ok(State::End),
            State::Header if line.label().is_none() => {
                self.header(line)?;
                return Ok(state);
            }
            State::Open(block) => return self.body(block, line),
            State::Header | State::Closed => {}
        }
        let Some(name) = line.label().map(str::to_owned) else {
            return Err("expected a block, such as `b0:`, or `}`".into());
        };
        let block = self.blocks[&name];
        if line.take('(') {
            while !line.take(')') {
                definition(line)?;
                line.take(',');
            }
        }
        line.expect(':')?;
        Ok(State::Open(block))
    }

    fn header(&mut self, line: &mut Line) -> Result<()> {
        let kind = line.word()?;
        let name = line.word()?;
        line.expect('=')?;
        match kind.as_str() {
            "file" => {
                let text = line.text()?;
                check_name(self.function.files.push(text), &name)
            }
            "argument" => {
                let space = space(line)?;
                let text = line.text()?;
                line.keyword("parameter")?;
                let data = ArgumentData { name: text, parameter: line.number()?, space };
                check_name(self.function.arguments.push(data), &name)
            }
            "variable" => {
                let storage = line.word()?;
                let space = space(line)?;
                let text = line.text()?;
                line.keyword("bytes")?;
                let bytes = line.number()?;
                line.keyword("align")?;
                let alignment = line.number()?;
                let storage = match storage.as_str() {
                    "private" => Storage::Private,
                    "threadgroup" => Storage::Threadgroup,
                    "constant" => {
                        line.expect('#')?;
                        let digits = if line.is_end() { String::new() } else { line.word()? };
                        Storage::Constant(content(&digits)?)
                    }
                    other => return Err(format!("`{other}` is not private, threadgroup or constant")),
                };
                let data = VariableData { name: text, space, bytes, alignment, storage };
                check_name(self.function.variables.push(data), &name)
            }
            other => Err(format!("`{other}` is not file, argument or variable")),
        }
    }

    fn body(&mut self, block: Block, line: &mut Line) -> Result<State> {
        if line.is_next('}') || line.label().is_some() {
            return Err("the block before this line ends without br, brif, switch or ret".into());
        }
        let mut results = Vec::new();
        if line.value_name().is_some() {
            loop {
                let (name, _) = definition(line)?;
                results.push(self.values[&name]);
                if !line.take(',') {
                    break;
                }
            }
            line.expect('=')?;
        }
        let word = line.word()?;
        if results.is_empty()
            && let Some(terminator) = self.terminator(&word, line)?
        {
            let location = location(line)?;
            let data = &mut self.function.blocks[block];
            data.terminator = terminator;
            data.location = location;
            return Ok(State::Closed);
        }
        let mut fast_math = super::FastMath::default();
        let op = self.operation(&word, line)?;
        while line.peek_word().is_some_and(|flag| fast_math.add(flag)) {
            line.word()?;
        }
        let beside = matches!(op, Op::IsClass(_) | Op::Argument(_) | Op::Variable(_) | Op::Launch(..));
        let mut operands = Vec::new();
        if !line.is_end() && !line.is_next('@') && (!beside || line.take(',')) {
            operands.push(self.operand(line)?);
            while line.take(',') {
                operands.push(self.operand(line)?);
            }
        }
        let location = location(line)?;
        let data = InstData { op, fast_math, operands, results: results.clone(), location };
        let inst = self.function.instructions.push(data);
        for (position, value) in results.into_iter().enumerate() {
            self.function.values[value].definition = Definition::Result(inst, position as u32);
        }
        self.function.blocks[block].instructions.push(inst);
        Ok(State::Open(block))
    }

    /// The operation with a name, and what stands beside its operands.
    fn operation(&self, name: &str, line: &mut Line) -> Result<Op> {
        Ok(match name {
            "is_class" => Op::IsClass(line.number()?),
            "argument" => Op::Argument(Argument::from_index(numbered(&line.word()?, 'a')?)),
            "variable" => Op::Variable(Variable::from_index(numbered(&line.word()?, 'x')?)),
            "launch" => {
                let word = line.word()?;
                let (value, axis) = word.split_once('.').unwrap_or((&word, ""));
                let value = LaunchValue::ALL.iter().find(|v| v.name() == value);
                let axis = Axis::ALL.iter().find(|a| a.name() == axis);
                match (value, axis) {
                    (Some(value), Some(axis)) => Op::Launch(*value, *axis),
                    _ => return Err(format!("`{word}` is not a value of the launch")),
                }
            }
            _ => *self.operations.get(name).ok_or_else(|| format!("there is no operation `{name}`"))?,
        })
    }

    fn terminator(&mut self, word: &str, line: &mut Line) -> Result<Option<Terminator>> {
        Ok(Some(match word {
            "ret" => Terminator::Return,
            "br" => Terminator::Jump(self.target(line)?),
            "brif" => {
                let condition = self.operand(line)?;
                line.expect(',')?;
                let yes = self.target(line)?;
                line.expect(',')?;
                Terminator::Branch { condition, yes, no: self.target(line)? }
            }
            "switch" => {
                let value = self.operand(line)?;
                line.expect(',')?;
                let default = self.target(line)?;
                let mut cases = Vec::new();
                while line.take(',') {
                    let bits = line.number()?;
                    line.expect(':')?;
                    cases.push((bits, self.target(line)?));
                }
                Terminator::Switch { value, cases, default }
            }
            _ => return Ok(None),
        }))
    }

    fn target(&mut self, line: &mut Line) -> Result<Target> {
        let name = line.word()?;
        let Some(block) = self.blocks.get(&name).copied() else {
            return Err(format!("there is no block {name}"));
        };
        let mut arguments = Vec::new();
        if line.take('(') {
            loop {
                arguments.push(self.operand(line)?);
                if !line.take(',') {
                    break;
                }
            }
            line.expect(')')?;
        }
        Ok(Target { block, arguments })
    }

    fn operand(&mut self, line: &mut Line) -> Result<Value> {
        if let Some(name) = line.value_name().map(str::to_owned) {
            line.word()?;
            return self.values.get(&name).copied().ok_or_else(|| format!("{name} is not defined"));
        }
        let (ty, bits) = literal(line)?;
        Ok(self.function.constant(ty, bits))
    }
}

/// `v0: i32`.
fn definition(line: &mut Line) -> Result<(String, Type)> {
    let Some(name) = line.value_name().map(str::to_owned) else {
        return Err(format!("expected a value, such as `v0: i32`, before {}", line.rest()));
    };
    line.word()?;
    line.expect(':')?;
    Ok((name, ty(line)?))
}

fn ty(line: &mut Line) -> Result<Type> {
    let word = line.word()?;
    Type::parse(&word).ok_or_else(|| format!("`{word}` is not a type"))
}

fn space(line: &mut Line) -> Result<Space> {
    let word = line.word()?;
    Space::parse(&word).ok_or_else(|| format!("`{word}` is not generic, device or threadgroup"))
}

/// Bytes in hexadecimal.
fn content(digits: &str) -> Result<Vec<u8>> {
    let wrong = || format!("`{digits}` is not a list of bytes in hexadecimal");
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) || !digits.len().is_multiple_of(2) {
        return Err(wrong());
    }
    (0..digits.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&digits[i..i + 2], 16).map_err(|_| wrong()))
        .collect()
}

/// Entities of the header are numbered in their order.
fn check_name<K: Key + std::fmt::Debug>(key: K, name: &str) -> Result<()> {
    let expected = format!("{key:?}");
    if name == expected { Ok(()) } else { Err(format!("expected {expected} instead of {name}")) }
}

/// `@f0:12:5`, if there is one.
fn location(line: &mut Line) -> Result<Option<Location>> {
    if !line.take('@') {
        return Ok(None);
    }
    let file = File::from_index(numbered(&line.word()?, 'f')?);
    line.expect(':')?;
    let source_line = line.number()?;
    line.expect(':')?;
    Ok(Some(Location { file, line: source_line, column: line.number()? }))
}

/// The number in a name such as `a0`.
fn numbered(name: &str, prefix: char) -> Result<usize> {
    let number = name.strip_prefix(prefix).and_then(|digits| digits.parse::<u32>().ok());
    number
        .map(|n| n as usize)
        .ok_or_else(|| format!("expected a name such as `{prefix}0` instead of `{name}`"))
}

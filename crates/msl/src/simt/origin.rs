//! Which memory each pointer leads to: every pointer of a kernel is an offset from one argument or variable.

use std::collections::HashMap;

use crate::kernel::{self, Argument, Function, Op, Value, Variable};

/// What a pointer's offset counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Origin {
    /// The null pointer, or one made from constants only.
    Null,
    Argument(Argument),
    Variable(Variable),
}

/// Origins of all pointers.
#[derive(Debug)]
pub(super) struct Origins(HashMap<Value, Origin>);

impl Origins {
    /// Follows every pointer to where it comes from.
    pub(super) fn new(function: &Function, order: &[kernel::Block]) -> Result<Self, String> {
        let mut origins = Self(HashMap::new());
        loop {
            let before = origins.0.clone();
            for block in order {
                for inst in &function.blocks[*block].instructions {
                    origins.instruction(function, *inst)?;
                }
                for target in function.blocks[*block].terminator.targets() {
                    let parameters = &function.blocks[target.block].parameters;
                    for (parameter, argument) in parameters.iter().zip(&target.arguments) {
                        if function.ty(*parameter).is_pointer() {
                            origins.merge(function, *parameter, *argument)?;
                        }
                    }
                }
            }
            if origins.0 == before {
                return Ok(origins);
            }
        }
    }

    /// Where a pointer comes from.
    pub(super) fn of(&self, pointer: Value) -> Origin {
        self.0.get(&pointer).copied().unwrap_or(Origin::Null)
    }

    fn instruction(&mut self, function: &Function, inst: kernel::Inst) -> Result<(), String> {
        let data = &function.instructions[inst];
        match data.op {
            Op::Argument(argument) => self.set(function, data.results[0], Origin::Argument(argument)),
            Op::Variable(variable) => self.set(function, data.results[0], Origin::Variable(variable)),
            Op::PtrAdd | Op::Cast(kernel::Cast::Space) => {
                self.merge(function, data.results[0], data.operands[0])
            }
            Op::Select if function.ty(data.results[0]).is_pointer() => {
                self.merge(function, data.results[0], data.operands[1])?;
                self.merge(function, data.results[0], data.operands[2])
            }
            _ if data.results.iter().any(|r| function.ty(*r).is_pointer()) => {
                Err(format!("a pointer that `{}` gives", data.op.name()))
            }
            Op::Store(_) | Op::Modify(_)
                if data.operands[1..].iter().any(|v| function.ty(*v).is_pointer()) =>
            {
                Err("a pointer that is stored in memory".into())
            }
            _ => Ok(()),
        }
    }

    fn merge(&mut self, function: &Function, into: Value, from: Value) -> Result<(), String> {
        match self.0.get(&from).copied() {
            Some(origin) => self.set(function, into, origin),
            None if function.constant_bits(from).is_some() => self.set(function, into, Origin::Null),
            // Not known yet: a parameter of a loop's header.
            None => Ok(()),
        }
    }

    fn set(&mut self, function: &Function, value: Value, origin: Origin) -> Result<(), String> {
        match self.0.get(&value).copied() {
            Some(old) if old == origin || origin == Origin::Null => {}
            None | Some(Origin::Null) => {
                self.0.insert(value, origin);
            }
            Some(old) => {
                let name = |origin| match origin {
                    Origin::Null => "null".to_owned(),
                    Origin::Argument(a) => function.arguments[a].name.clone(),
                    Origin::Variable(v) => function.variables[v].name.clone(),
                };
                return Err(format!("a pointer into `{}` or `{}`", name(old), name(origin)));
            }
        }
        Ok(())
    }
}

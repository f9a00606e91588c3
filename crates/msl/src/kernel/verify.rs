//! What a kernel may be. Everything that imports, reads or changes kernels must keep these rules.

mod signature;

use std::collections::{HashMap, HashSet};
use std::fmt;

use super::flow::Flow;
use super::print::Names;
use super::{
    Block, Definition, Function, Inst, Location, Op, Space, Storage, Target, Terminator, Type, Value,
};

/// A rule that a kernel breaks, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VerifyError {
    /// A block and an instruction of it, or a declaration, as they are printed.
    pub(crate) place: String,
    pub(crate) rule: String,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.rule)
    }
}

/// Checks all rules; the error is the first broken one.
pub(crate) fn verify(function: &Function) -> Result<(), VerifyError> {
    let mut verifier = Verifier { function, names: Names::new(function), homes: HashMap::new() };
    verifier.declarations()?;
    verifier.blocks()?;
    verifier.definitions()?;
    let flow = verifier.flow()?;
    for block in &function.layout {
        verifier.block(*block, &flow)?;
    }
    Ok(())
}

struct Verifier<'f> {
    function: &'f Function,
    names: Names,
    /// The block of each instruction, and its position there.
    homes: HashMap<Inst, (Block, usize)>,
}

impl Verifier<'_> {
    /// Variables are plain memory, in a space that suits them.
    fn declarations(&self) -> Result<(), VerifyError> {
        for (variable, data) in self.function.variables.iter() {
            let error =
                |rule: &str| Err(VerifyError { place: format!("variable {variable:?}"), rule: rule.into() });
            if !data.alignment.is_power_of_two() {
                return error("an alignment is a power of two");
            }
            match &data.storage {
                Storage::Private if data.space != Space::Generic => {
                    return error("private variables are in the generic space");
                }
                Storage::Threadgroup if data.space != Space::Threadgroup => {
                    return error("variables of a threadgroup are in the threadgroup space");
                }
                Storage::Constant(_) if data.space == Space::Threadgroup => {
                    return error("constant variables are not in the threadgroup space");
                }
                Storage::Constant(content) if content.len() as u64 != data.bytes => {
                    return error("a constant variable has content for all its bytes");
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Every block of the layout is there once, and all targets are in the layout.
    fn blocks(&self) -> Result<(), VerifyError> {
        let function = self.function;
        let error = |block, rule: String| Err(VerifyError { place: self.names.block(block), rule });
        let mut seen = HashSet::new();
        for block in &function.layout {
            if function.blocks.get(*block).is_none() || !seen.insert(*block) {
                return error(*block, "a block is in the layout once".into());
            }
        }
        let Some(first) = function.layout.first().copied() else {
            return Err(VerifyError { place: "kernel".into(), rule: "a kernel has a block".into() });
        };
        if !function.blocks[first].parameters.is_empty() {
            return error(first, "the first block has no parameters".into());
        }
        for block in &function.layout {
            for target in function.blocks[*block].terminator.targets() {
                if target.block == first {
                    return self.at_end(*block, "nothing goes to the first block");
                }
                if !seen.contains(&target.block) {
                    return self.at_end(*block, "control goes to blocks of the layout only");
                }
            }
        }
        Ok(())
    }

    /// Every value is defined once, by what its data says.
    fn definitions(&mut self) -> Result<(), VerifyError> {
        let function = self.function;
        let mut defined = HashSet::new();
        for block in &function.layout {
            let data = &function.blocks[*block];
            for (i, value) in data.parameters.iter().enumerate() {
                let expected = Definition::Parameter(*block, i as u32);
                if !defined.insert(*value) || !self.is_defined_by(*value, expected) {
                    let rule = "a parameter is defined once, by its block".into();
                    return Err(VerifyError { place: self.names.block(*block), rule });
                }
            }
            for (position, inst) in data.instructions.iter().enumerate() {
                let known = function.instructions.get(*inst).is_some();
                if !known || self.homes.insert(*inst, (*block, position)).is_some() {
                    let rule = format!("{inst:?} exists and is in one block, once");
                    return Err(VerifyError { place: self.names.block(*block), rule });
                }
                for (i, value) in function.instructions[*inst].results.iter().enumerate() {
                    let expected = Definition::Result(*inst, i as u32);
                    if !defined.insert(*value) || !self.is_defined_by(*value, expected) {
                        return self.at(*block, *inst, "a result is defined once, by its instruction");
                    }
                }
            }
        }
        Ok(())
    }

    fn is_defined_by(&self, value: Value, definition: Definition) -> bool {
        self.function.values.get(value).is_some_and(|data| data.definition == definition)
    }

    /// Every block is reached, and loops have one entry.
    fn flow(&self) -> Result<Flow, VerifyError> {
        let flow = Flow::new(self.function);
        for block in &self.function.layout {
            if !flow.reaches(*block) {
                let rule = "every block is reached from the first".into();
                return Err(VerifyError { place: self.names.block(*block), rule });
            }
        }
        if let Some((from, to)) = flow.irreducible {
            let to = self.names.block(to);
            return self
                .at_end(from, &format!("control flow is reducible: {to} is not the loop's only entry"));
        }
        Ok(flow)
    }

    fn block(&self, block: Block, flow: &Flow) -> Result<(), VerifyError> {
        let function = self.function;
        let data = &function.blocks[block];
        for (position, inst) in data.instructions.iter().enumerate() {
            let inst_data = &function.instructions[*inst];
            for operand in &inst_data.operands {
                if let Err(rule) = self.available(*operand, block, position, flow) {
                    return self.at(block, *inst, &rule);
                }
            }
            if !inst_data.fast_math.is_none() && !inst_data.op.is_float_arithmetic() {
                return self.at(block, *inst, "only float arithmetic has flags of fast math");
            }
            if let Err(rule) =
                self.declared(inst_data.op).and_then(|()| signature::check(function, inst_data))
            {
                return self.at(block, *inst, &rule);
            }
            if !self.is_place(inst_data.location) {
                return self.at(block, *inst, "a location is in a file that is declared");
            }
        }
        let end = data.instructions.len();
        let arguments = data.terminator.targets().into_iter().flat_map(|t| &t.arguments);
        for value in data.terminator.selector().iter().chain(arguments) {
            if let Err(rule) = self.available(*value, block, end, flow) {
                return self.at_end(block, &rule);
            }
        }
        if let Err(rule) = self.terminator(&data.terminator) {
            return self.at_end(block, &rule);
        }
        if !self.is_place(data.location) {
            return self.at_end(block, "a location is in a file that is declared");
        }
        Ok(())
    }

    fn is_place(&self, location: Option<Location>) -> bool {
        location.is_none_or(|l| self.function.files.get(l.file).is_some() && l.line > 0)
    }

    /// A value is defined on every way to where it is used.
    fn available(&self, value: Value, block: Block, position: usize, flow: &Flow) -> Result<(), String> {
        let function = self.function;
        let Some(data) = function.values.get(value) else {
            return Err(format!("{value:?} does not exist"));
        };
        let name = || self.names.value(function, value);
        let home = match data.definition {
            Definition::Constant(bits) if bits & !data.ty.mask() != 0 => {
                return Err(format!("constant {} has more bits than its type", name()));
            }
            Definition::Constant(bits) if data.ty.is_pointer() && bits != 0 => {
                return Err(format!("constant {} is a pointer other than null", name()));
            }
            Definition::Constant(_) => return Ok(()),
            Definition::Parameter(home, i) => {
                let known = function.blocks.get(home).and_then(|b| b.parameters.get(i as usize));
                if known != Some(&value) {
                    return Err(format!("{} is no parameter of its block", name()));
                }
                home
            }
            Definition::Result(inst, i) => {
                let known = function.instructions.get(inst).and_then(|data| data.results.get(i as usize));
                let (Some((home, at)), true) = (self.homes.get(&inst), known == Some(&value)) else {
                    return Err(format!("{} is no result of an instruction in a block", name()));
                };
                if *home == block {
                    let before = *at < position;
                    return if before {
                        Ok(())
                    } else {
                        Err(format!("{} is used before it is defined", name()))
                    };
                }
                *home
            }
        };
        if flow.dominates(home, block) {
            return Ok(());
        }
        let (home, block) = (self.names.block(home), self.names.block(block));
        Err(format!("{} is defined in {home}, which does not dominate {block}", name()))
    }

    /// What an operation names beside its operands is declared, and its results are of that space.
    fn declared(&self, op: Op) -> Result<(), String> {
        let known = match op {
            Op::Argument(argument) => self.function.arguments.get(argument).is_some(),
            Op::Variable(variable) => self.function.variables.get(variable).is_some(),
            _ => true,
        };
        if known { Ok(()) } else { Err("arguments and variables are declared".into()) }
    }

    fn terminator(&self, terminator: &Terminator) -> Result<(), String> {
        match terminator {
            Terminator::Branch { condition, .. } if self.function.ty(*condition) != Type::I1 => {
                return Err("the condition of brif is an i1".into());
            }
            Terminator::Switch { value, cases, .. } => {
                let ty = self.function.ty(*value);
                if !ty.is_int() {
                    return Err("switch is over an integer".into());
                }
                let mut seen = HashSet::new();
                for (bits, _) in cases {
                    if *bits > ty.mask() {
                        return Err(format!("case {bits} has more bits than {ty}"));
                    }
                    if !seen.insert(bits) {
                        return Err(format!("case {bits} is there twice"));
                    }
                }
            }
            _ => {}
        }
        terminator.targets().into_iter().try_for_each(|target| self.arguments(target))
    }

    /// A target gives each parameter of its block a value of its type.
    fn arguments(&self, target: &Target) -> Result<(), String> {
        let parameters = &self.function.blocks[target.block].parameters;
        let name = self.names.block(target.block);
        if parameters.len() != target.arguments.len() {
            let (want, got) = (parameters.len(), target.arguments.len());
            return Err(format!("{name} has {want} parameters, but is given {got} values"));
        }
        for (i, (parameter, argument)) in parameters.iter().zip(&target.arguments).enumerate() {
            let (want, got) = (self.function.ty(*parameter), self.function.ty(*argument));
            if want != got {
                return Err(format!("parameter {} of {name} is {want}, but is given {got}", i + 1));
            }
        }
        Ok(())
    }

    fn at<T>(&self, block: Block, inst: Inst, rule: &str) -> Result<T, VerifyError> {
        let text = self.names.instruction(self.function, inst);
        Err(VerifyError { place: format!("{}: `{text}`", self.names.block(block)), rule: rule.into() })
    }

    fn at_end<T>(&self, block: Block, rule: &str) -> Result<T, VerifyError> {
        let text = self.names.terminator(self.function, block);
        Err(VerifyError { place: format!("{}: `{text}`", self.names.block(block)), rule: rule.into() })
    }
}

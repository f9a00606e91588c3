//! Which memory each pointer leads to. A pointer is an offset from an argument or a variable; which one is known from
//! the code alone, or a value that goes where the pointer goes says it.

use std::collections::{BTreeSet, HashMap};

use crate::kernel::{
    Argument, Block, Cast, Definition, Function, Inst, Key, Op, Storage, Target, Terminator, Type, Value,
    Variable,
};

/// What a pointer's offset counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Origin {
    /// The null pointer, or one made from constants only.
    Null,
    /// A pointer made from a number, as those read from memory are. Counts from address 0.
    Unknown,
    Argument(Argument),
    Variable(Variable),
    /// One of several of the others.
    Several,
}

/// Origins of all pointers.
#[derive(Debug)]
pub(super) struct Origins {
    sets: HashMap<Value, BTreeSet<Origin>>,
    /// For pointers with several origins: the value that has the number of the one.
    which: HashMap<Value, Value>,
    private: BTreeSet<Variable>,
}

impl Origins {
    /// Follows every pointer to where it comes from, and adds the values to the kernel that say which of several origins
    /// a pointer has. Pointers are neither loaded nor stored (see [`lower`](super::lower)).
    pub(super) fn new(function: &mut Function) -> Result<Self, String> {
        let private = function.variables.iter().filter(|(_, data)| data.storage == Storage::Private);
        let private = private.map(|(variable, _)| variable).collect();
        let mut origins = Self { sets: HashMap::new(), which: HashMap::new(), private };
        while origins.follow(function)? {}
        origins.tell_apart(function);
        Ok(origins)
    }

    /// Where a pointer comes from.
    pub(super) fn of(&self, pointer: Value) -> Origin {
        let Some(set) = self.sets.get(&pointer) else { return Origin::Null };
        let mut known = set.iter().filter(|origin| **origin != Origin::Null);
        match (known.next(), known.next()) {
            (None, _) => Origin::Null,
            // Where each lane has its own memory, no offset from it is the null pointer of all.
            (Some(Origin::Variable(v)), None) if set.len() > 1 && self.private.contains(v) => Origin::Several,
            (Some(origin), None) => *origin,
            (Some(_), Some(_)) => Origin::Several,
        }
    }

    /// All that a pointer may come from.
    pub(super) fn all_of(&self, pointer: Value) -> impl Iterator<Item = Origin> + '_ {
        self.sets.get(&pointer).into_iter().flatten().copied()
    }

    /// The value with the [`number`] of the origin of a pointer with several.
    pub(super) fn which(&self, pointer: Value) -> Option<Value> {
        self.which.get(&pointer).copied()
    }

    /// Whether a pointer may lead to memory of which each lane has its own.
    pub(super) fn may_be_private(&self, pointer: Value) -> bool {
        self.all_of(pointer).any(|origin| matches!(origin, Origin::Variable(v) if self.private.contains(&v)))
    }

    /// One step of all pointers; whether there is more to find.
    fn follow(&mut self, function: &Function) -> Result<bool, String> {
        let mut more = false;
        for block in &function.layout {
            let data = &function.blocks[*block];
            for inst in &data.instructions {
                more |= self.instruction(function, *inst)?;
            }
            for target in data.terminator.targets() {
                let parameters = &function.blocks[target.block].parameters;
                for (parameter, argument) in parameters.iter().zip(&target.arguments) {
                    if function.ty(*parameter).is_pointer() {
                        more |= self.merge(function, *parameter, *argument);
                    }
                }
            }
        }
        Ok(more)
    }

    fn instruction(&mut self, function: &Function, inst: Inst) -> Result<bool, String> {
        let data = &function.instructions[inst];
        let Some(result) = data.results.first().copied().filter(|r| function.ty(*r).is_pointer()) else {
            return Ok(false);
        };
        Ok(match data.op {
            Op::Argument(argument) => self.add(result, Origin::Argument(argument)),
            Op::Variable(variable) => self.add(result, Origin::Variable(variable)),
            Op::Cast(Cast::IntToPtr) => self.add(result, Origin::Unknown),
            Op::PtrAdd | Op::Cast(Cast::Space) => self.merge(function, result, data.operands[0]),
            Op::Select => {
                let first = self.merge(function, result, data.operands[1]);
                self.merge(function, result, data.operands[2]) || first
            }
            op => return Err(format!("a pointer that `{}` gives", op.name())),
        })
    }

    fn merge(&mut self, function: &Function, into: Value, from: Value) -> bool {
        if function.constant_bits(from).is_some() {
            return self.add(into, Origin::Null);
        }
        let from: Vec<Origin> = self.all_of(from).collect();
        let mut more = false;
        for origin in from {
            more |= self.add(into, origin);
        }
        more
    }

    fn add(&mut self, value: Value, origin: Origin) -> bool {
        self.sets.entry(value).or_default().insert(origin)
    }

    /// Adds the values that say which of several origins pointers have.
    fn tell_apart(&mut self, function: &mut Function) {
        let several = |this: &Self, value: Value| this.of(value) == Origin::Several;
        // First those that are made where pointers merge; what goes into them may be one of them.
        let mut passed: Vec<(Block, usize)> = Vec::new();
        let mut selected: Vec<(Inst, Inst)> = Vec::new();
        let zero = function.constant(Type::I32, 0);
        for block in function.layout.clone() {
            for (position, parameter) in function.blocks[block].parameters.clone().into_iter().enumerate() {
                if several(self, parameter) {
                    let which = function.add_parameter(block, Type::I32);
                    self.which.insert(parameter, which);
                    passed.push((block, position));
                }
            }
            let mut instructions = Vec::new();
            for inst in std::mem::take(&mut function.blocks[block].instructions) {
                instructions.push(inst);
                let data = &function.instructions[inst];
                if data.op == Op::Select && several(self, data.results[0]) {
                    let (pointer, condition) = (data.results[0], data.operands[0]);
                    let choice = function.make(Op::Select, vec![condition, zero, zero], &[Type::I32]);
                    self.which.insert(pointer, function.instructions[choice].results[0]);
                    selected.push((inst, choice));
                    instructions.push(choice);
                }
            }
            function.blocks[block].instructions = instructions;
        }
        for value in self.sets.keys().copied().collect::<Vec<_>>() {
            if several(self, value) {
                let which = self.number_of(function, value);
                self.which.insert(value, which);
            }
        }
        for (inst, choice) in selected {
            for i in 1..=2 {
                let pointer = function.instructions[inst].operands[i];
                let which = self.number_of(function, pointer);
                function.instructions[choice].operands[i] = which;
            }
        }
        for block in function.layout.clone() {
            let mut terminator =
                std::mem::replace(&mut function.blocks[block].terminator, Terminator::Return);
            for target in targets(&mut terminator) {
                for (_, position) in passed.iter().filter(|(to, _)| *to == target.block) {
                    let which = self.number_of(function, target.arguments[*position]);
                    target.arguments.push(which);
                }
            }
            function.blocks[block].terminator = terminator;
        }
    }

    /// The value that has the number of a pointer's origin.
    fn number_of(&self, function: &mut Function, mut pointer: Value) -> Value {
        loop {
            match self.of(pointer) {
                Origin::Several => {}
                origin => return function.constant(Type::I32, u128::from(number(origin))),
            }
            if let Some(which) = self.which.get(&pointer) {
                return *which;
            }
            // Parameters and selected pointers have their value by now: only offsets and casts are left.
            let Definition::Result(inst, _) = function.values[pointer].definition else {
                unreachable!("a constant pointer has one origin")
            };
            pointer = function.instructions[inst].operands[0];
        }
    }
}

/// The number of an origin in the values that say which one a pointer has.
pub(super) fn number(origin: Origin) -> u32 {
    match origin {
        Origin::Null | Origin::Unknown | Origin::Several => 0,
        Origin::Argument(argument) => 1 + 2 * argument.index() as u32,
        Origin::Variable(variable) => 2 + 2 * variable.index() as u32,
    }
}

fn targets(terminator: &mut Terminator) -> Vec<&mut Target> {
    match terminator {
        Terminator::Jump(target) => vec![target],
        Terminator::Branch { yes, no, .. } => vec![yes, no],
        Terminator::Switch { cases, default, .. } => {
            std::iter::once(default).chain(cases.iter_mut().map(|(_, target)| target)).collect()
        }
        Terminator::Return => Vec::new(),
    }
}

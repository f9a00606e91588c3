//! Which functions and variables a function reaches.

use std::collections::{HashMap, HashSet};

use crate::llvm::{Module, Value};

/// The references of a module's functions and variables, found as they are asked for.
pub(crate) struct References<'m> {
    direct: HashMap<Value<'m>, Vec<Value<'m>>>,
    /// Variables that are initialised at load time, and the functions that do it.
    initialisers: HashMap<Value<'m>, Vec<Value<'m>>>,
}

impl<'m> References<'m> {
    pub(crate) fn new(module: &'m Module) -> Self {
        let mut references = Self { direct: HashMap::new(), initialisers: HashMap::new() };
        for function in module.functions() {
            if !function.name().starts_with("__cxx_global_var_init") {
                continue;
            }
            for target in references.direct(function).to_vec() {
                if target.is_global_variable() && !target.is_constant_global() {
                    references.initialisers.entry(target).or_default().push(function);
                }
            }
        }
        references
    }

    /// Everything that a function reaches: functions and global variables, itself included.
    pub(crate) fn reached_from(&mut self, root: Value<'m>) -> HashSet<Value<'m>> {
        let mut reached = HashSet::from([root]);
        let mut pending = vec![root];
        while let Some(value) = pending.pop() {
            let mut next = self.direct(value).to_vec();
            next.extend(self.initialisers.get(&value).into_iter().flatten());
            pending.extend(next.into_iter().filter(|v| reached.insert(*v)));
        }
        reached
    }

    fn direct(&mut self, value: Value<'m>) -> &[Value<'m>] {
        self.direct.entry(value).or_insert_with(|| {
            let mut found = HashSet::new();
            let mut seen = HashSet::new();
            let mut pending: Vec<Value<'m>> = if value.is_function() {
                value.instructions().into_iter().flat_map(|i| i.operands()).collect()
            } else if value.is_global_variable() {
                value.initializer().into_iter().collect()
            } else {
                Vec::new()
            };
            while let Some(operand) = pending.pop() {
                if operand.is_function() || operand.is_global_variable() {
                    found.insert(operand);
                } else if operand.is_constant() && operand.operand_count() > 0 && seen.insert(operand) {
                    pending.extend(operand.operands());
                }
            }
            found.into_iter().collect()
        })
    }
}

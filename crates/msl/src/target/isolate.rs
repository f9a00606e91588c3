//! Leaves one kernel and what it needs, ready to be inlined into one function.

use std::collections::HashMap;

use crate::llvm::{Module, Value};
use crate::reflect::{KernelEntry, demangle};

/// Most instructions of a kernel with all its calls inlined. Beyond this, compiling would take minutes and
/// gigabytes: a few lines of nested calls can ask for any amount.
const MAX_INLINED_INSTRUCTIONS: u64 = 2_000_000;

/// Removes annotations and everything that the kernel does not reach; prepares all functions for inlining.
pub(super) fn isolate(module: &mut Module, kernel: &KernelEntry) -> Result<(), String> {
    if !module.inline_asm().is_empty() {
        return Err("inline assembly is not supported in Metal".into());
    }
    if module.has_aliases() {
        return Err("aliases of functions or variables are not supported in Metal".into());
    }
    for list in ["llvm.global.annotations", "llvm.used", "llvm.compiler.used"] {
        if let Some(list) = module.global(list) {
            list.delete_global();
        }
    }
    for function in module.functions() {
        for attribute in ["noinline", "optnone", "target-cpu", "target-features"] {
            function.remove_function_attribute(attribute);
        }
        if function.is_declaration() {
            continue;
        }
        for instruction in function.instructions() {
            let callee = instruction.called_function().map(Value::name);
            if callee.is_some_and(|n| n.starts_with("llvm.var.annotation") || n == "llvm.assume") {
                instruction.erase();
            }
        }
        if function.name() != kernel.symbol {
            function.make_internal();
        }
    }
    for global in module.globals() {
        // Lists of LLVM's own keep their linkage; declarations have nothing to keep private.
        if !global.name().starts_with("llvm.") && !global.is_declaration() {
            global.make_internal();
        }
    }
    module.remove_unreached()?;

    let mut sizes = HashMap::new();
    for function in module.functions().into_iter().filter(|f| !f.is_declaration()) {
        inlined_size(function, &mut sizes)?;
        function.add_function_attribute("alwaysinline");
    }
    Ok(())
}

/// Number of instructions of a function with all its calls inlined.
fn inlined_size<'m>(root: Value<'m>, sizes: &mut HashMap<Value<'m>, Option<u64>>) -> Result<u64, String> {
    // Depth first, without recursion of our own: a function is counted when all it calls are.
    let mut pending = vec![root];
    while let Some(function) = pending.last().copied() {
        if matches!(sizes.get(&function), Some(Some(_))) {
            pending.pop();
            continue;
        }
        let instructions = function.instructions();
        let callees: Vec<Value<'m>> =
            instructions.iter().filter_map(|i| i.called_function()).filter(|f| !f.is_declaration()).collect();
        sizes.insert(function, None);
        let mut size = instructions.len() as u64;
        let mut ready = true;
        for callee in callees {
            match sizes.get(&callee) {
                Some(Some(inner)) => size = size.saturating_add(*inner),
                Some(None) => {
                    let name = demangle(&callee.name()).name;
                    return Err(format!("function `{name}` calls itself; Metal does not support recursion"));
                }
                None => {
                    pending.push(callee);
                    ready = false;
                    break;
                }
            }
        }
        if !ready {
            continue;
        }
        if size > MAX_INLINED_INSTRUCTIONS {
            return Err(format!(
                "with its calls inlined it has more than {MAX_INLINED_INSTRUCTIONS} instructions; make it smaller"
            ));
        }
        sizes.insert(function, Some(size));
        pending.pop();
    }
    Ok(sizes[&root].unwrap_or(0))
}

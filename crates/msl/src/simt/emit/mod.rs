//! From a kernel with its analyses to text of LLVM: the function that runs one tile of threads.

mod anywhere;
mod arithmetic;
mod atomic;
mod bounds;
mod bytes;
mod collective;
mod control;
mod costs;
mod fault;
mod hoist;
mod instruction;
mod masked;
mod memory;
mod private;
mod region;
mod stream;
mod strided;
#[cfg(test)]
mod tests;
mod values;
mod walk;

use std::collections::{HashMap, HashSet};

use super::code::{Code, Form, Label, Operand};
use super::loops::Nest;
use super::origin::{Origin, Origins};
use super::schedule::{Activity, Schedule};
use super::shape::Shapes;
use super::{Plan, Tables};
use crate::kernel::{Block, Function, Inst, Type, Value};
use crate::reflect::KernelEntry;
use region::Region;
use values::{Emitted, Slot};

/// Everything known while a function is being written.
pub(super) struct Emitter<'a> {
    function: &'a Function,
    entry: &'a KernelEntry,
    nest: &'a Nest,
    origins: &'a Origins,
    shapes: &'a Shapes,
    schedule: &'a Schedule,
    plan: &'a Plan,
    tables: &'a mut Tables,
    code: Code,
    labels: HashMap<Block, Label>,
    /// Where blocks that may be skipped begin when they are not.
    bodies: HashMap<Block, Label>,
    /// Where control goes when all threads are done.
    end: Label,
    /// Where control goes if lanes part at an asserted branch, or checks before a loop fail; set when there is one.
    restart: Option<Label>,
    regions: HashMap<Origin, Region>,
    /// Values of the launch, by their place in the context.
    launch: HashMap<u64, Operand>,
    slots: HashMap<Value, Slot>,
    /// For blocks with a flag or a mask of their own: its places, one for a flag, else one per row.
    activity: HashMap<Block, Vec<Operand>>,
    /// Values known in the block being written, and their vectors by row.
    known: HashMap<Value, Emitted>,
    vectors: HashMap<(Value, usize), Operand>,
    /// The lanes that run the block being written, by row; none if all do.
    active: Option<Vec<Operand>>,
    inst: Option<Inst>,
    /// Accesses that need no checks where the code being written runs.
    proved: HashSet<Inst>,
    /// Accesses that are within their memory whatever happens.
    inside: HashSet<Inst>,
    /// Instructions before which nothing can be seen of the tile, if it may start again.
    quiet: HashSet<Inst>,
    /// Where the block being written starts again, with checks, until something can be seen of it.
    again: Option<Label>,
    /// Whether something leads there.
    is_restarted: bool,
    /// Whether the block being written has started again.
    is_again: bool,
    /// Branches at which no lanes part where the code being written runs, and what their conditions are there.
    open: HashMap<Block, bool>,
}

/// What is known of a kernel under a plan.
#[derive(Clone, Copy)]
pub(super) struct Analyses<'a> {
    pub(super) nest: &'a Nest,
    pub(super) origins: &'a Origins,
    pub(super) shapes: &'a Shapes,
    pub(super) schedule: &'a Schedule,
}

/// The text of the function `name` for a plan; adds what it needs to the tables.
pub(super) fn tile(
    function: &Function,
    entry: &KernelEntry,
    Analyses { nest, origins, shapes, schedule }: Analyses<'_>,
    plan: &Plan,
    mut code: Code,
    tables: &mut Tables,
    name: &str,
) -> Result<String, String> {
    let end = code.label("end");
    let mut emitter = Emitter {
        function,
        entry,
        nest,
        origins,
        shapes,
        schedule,
        plan,
        tables,
        code,
        labels: HashMap::new(),
        bodies: HashMap::new(),
        end,
        restart: None,
        regions: HashMap::new(),
        launch: HashMap::new(),
        slots: HashMap::new(),
        activity: HashMap::new(),
        known: HashMap::new(),
        vectors: HashMap::new(),
        active: None,
        inst: None,
        proved: HashSet::new(),
        open: HashMap::new(),
        inside: HashSet::new(),
        quiet: HashSet::new(),
        again: None,
        is_restarted: false,
        is_again: false,
    };
    emitter.inside = emitter.find_inside();
    emitter.quiet = emitter.find_quiet();
    emitter.prologue()?;
    let hoisted = emitter.find_hoisted();
    emitter.remark_costs(&hoisted);
    let mut position = 0;
    while let Some(&block) = nest.order.get(position) {
        match hoisted.get(&block) {
            Some(checks) => position = emitter.versions(block, checks)?,
            None => {
                emitter.block(block)?;
                position += 1;
            }
        }
    }
    emitter.epilogue();
    let (places, text, declarations) = emitter.code.finish();
    tables.declarations.extend(declarations);
    let attributes = plan.attributes();
    // What runs whole tiles is called by what goes through these, the other by the runtime.
    let linkage = if plan.full { "internal" } else { "external" };
    Ok(format!(
        "define {linkage} void @{name}({}) {attributes} {} {{\nplaces:\n{places}  br label %entry\n{text}}}\n",
        super::driver::parameters(plan),
        super::driver::ATTRIBUTES
    ))
}

impl Emitter<'_> {
    /// Lanes of a row.
    fn lanes(&self) -> u32 {
        self.code.lanes()
    }

    /// The form of values of which each lane has its own.
    fn lane_form(&self) -> Form {
        self.code.lane_form()
    }

    /// The type of masks.
    fn mask_type(&self) -> String {
        self.lane_form().of(Type::I1)
    }

    /// Rows of which each has its own values.
    fn rows(&self) -> usize {
        self.plan.rows as usize
    }

    /// Whether the instruction being written checks where it accesses memory.
    fn checks(&self) -> bool {
        self.plan.checked && !self.is_proved() && !self.inst.is_some_and(|inst| self.inside.contains(&inst))
    }

    /// Whether a loop's ranges have shown where the instruction being written accesses memory.
    fn is_proved(&self) -> bool {
        self.inst.is_some_and(|inst| self.proved.contains(&inst))
    }

    /// Notes for the vectorisation report.
    fn remark(&mut self, message: String) {
        let location = self.inst.and_then(|inst| self.tables.location(self.function, inst));
        self.tables.remark(message, location);
    }
}

//! The text of a plan: the kernel with its blocks in the order in which they run, which lanes run each, how its values vary,
//! and what becomes of its branches.

use std::fmt::Write as _;

use super::loops::Nest;
use super::schedule::{Activity, Next, Schedule};
use super::shape::{Lanes, Shapes};
use super::{Plan, Threads};
use crate::kernel::{Block, Function, Names, Terminator, Value};

/// Column at which the kernel's own text begins.
const COLUMN: usize = 22;

/// Describes a plan.
pub(super) fn describe(
    function: &Function,
    nest: &Nest,
    shapes: &Shapes,
    schedule: &Schedule,
    plan: &Plan,
) -> String {
    let describer = Describer { function, nest, shapes, schedule, names: Names::new(function) };
    let mut text = heading(plan);
    for block in &nest.order {
        describer.block(*block, &mut text);
    }
    text
}

fn heading(plan: &Plan) -> String {
    let of = match plan.threads {
        Threads::Grid => "the grid",
        Threads::Straight if plan.together => "all SIMD-groups of a threadgroup",
        Threads::Straight => "SIMD-groups along x",
        Threads::General => "SIMD-groups of any threadgroup",
    };
    let rows = match plan.rows {
        1 => String::new(),
        rows => format!(", {rows} rows along {}", plan.across.name()),
    };
    let how = if plan.full { "all threads are there" } else { "threads may be absent" };
    let waits = if plan.waits { "; waits at barriers" } else { "" };
    format!("plan: {} threads of {of}{rows}; {how}{waits}\n", plan.lanes)
}

struct Describer<'a> {
    function: &'a Function,
    nest: &'a Nest,
    shapes: &'a Shapes,
    schedule: &'a Schedule,
    names: Names,
}

impl Describer<'_> {
    fn block(&self, block: Block, text: &mut String) {
        let data = &self.function.blocks[block];
        let _ = writeln!(text, "{}: {}", self.names.block(block), self.who(block));
        for value in &data.parameters {
            let name = format!("{}: {}", self.names.value(self.function, *value), self.function.ty(*value));
            line(&self.shape(*value), &name, text);
        }
        for inst in &data.instructions {
            let shape = match self.function.instructions[*inst].results.first() {
                Some(result) => self.shape(*result),
                None => String::new(),
            };
            line(&shape, &self.names.instruction(self.function, *inst), text);
        }
        line(&self.end(block), &self.names.terminator(self.function, block), text);
    }

    /// Which lanes run a block.
    fn who(&self, block: Block) -> String {
        let owner = self.shapes.mask(block);
        let mut who = if owner == self.nest.order[0] {
            "all lanes".to_owned()
        } else if owner == block {
            "lanes of its own".to_owned()
        } else {
            format!("lanes of {}", self.names.block(owner))
        };
        if self.schedule.activity(block) != Activity::Direct {
            let _ = write!(who, ", skipped to {} if none", self.next(self.schedule.skip(block)));
        }
        if let Some(own) = self.nest.headed_by(block) {
            let apart = self.shapes.divergent_loops.contains(&own);
            who += if apart { "; a loop that lanes leave one by one" } else { "; a loop" };
        }
        who
    }

    fn next(&self, next: Next) -> String {
        match next {
            Next::Block(block) => self.names.block(block),
            Next::End => "the end".into(),
        }
    }

    fn shape(&self, value: Value) -> String {
        let shape = self.shapes.of(value);
        let mut text = match shape.lanes {
            Lanes::Uniform => "uniform".to_owned(),
            Lanes::Affine(stride) => format!("affine {stride}"),
            Lanes::Speculative(stride) => format!("affine {stride}?"),
            Lanes::Varying => "varying".to_owned(),
        };
        if shape.rows {
            text += " by row";
        }
        text
    }

    /// Where control goes.
    fn end(&self, block: Block) -> String {
        let terminator = &self.function.blocks[block].terminator;
        let to = |target: usize| self.next(self.schedule.next(block, target));
        let round = terminator.targets().iter().any(|t| {
            self.nest
                .headed_by(t.block)
                .is_some_and(|l| self.nest.data(l).latch == block && self.shapes.divergent_loops.contains(&l))
        });
        if round {
            return format!("round, then {}", self.next(self.schedule.skip(block)));
        }
        if self.shapes.divergent.contains(&block) {
            return format!("parts, to {}", to(0));
        }
        let mut all: Vec<String> = (0..terminator.targets().len().max(1)).map(to).collect();
        all.dedup();
        let prefix = match terminator {
            _ if self.shapes.asserted.contains(&block) => "all alike, to ",
            Terminator::Branch { .. } | Terminator::Switch { .. } => "together, to ",
            Terminator::Jump(_) | Terminator::Return => "to ",
        };
        prefix.to_owned() + &all.join("/")
    }
}

fn line(beside: &str, text: &str, all: &mut String) {
    let _ = writeln!(all, "    {beside:COLUMN$}{text}");
}

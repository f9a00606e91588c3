//! How many threads are the lanes of a row, and how many rows are run together.
//!
//! SIMD-groups have 32 threads. Code that does not know of them has as many lanes as fill a few registers: fewer, and the machine
//! waits for each operation before the next; more, and values do not stay in registers.
//!
//! Rows share what they read along the other direction, and their chains of dependent operations overlap; more rows than the
//! registers hold cost more than that gives.

use super::loops::{Loop, Nest};
use super::origin::Origins;
use super::shape::{Lanes, Shapes, has_effect};
use super::{Plan, Threads};
use crate::kernel::{Axis, Block, Definition, Function, Key, Op, Type, Value};
use crate::llvm::VectorRegisters;

/// Registers that values of 32 bits take in one row, where the number of lanes is free.
const REGISTERS_OF_ROW: u32 = 2;
/// Rows to try, the most first. Of a product of matrices AVX2's registers hold 6 rows of two: on a shared EPYC 512³ and 1024³
/// took 0.4 to 0.75 of the time of 4 rows, and less than with 8, which do not fit.
const CHOICES: [u32; 4] = [8, 6, 4, 2];
/// Rows whose masks the machine's registers for masks hold.
const MOST_WITH_MASKS: u32 = 4;
/// Registers for what comes and goes.
const SPARE: u32 = 2;

/// Threads of a row.
pub(super) fn lanes(threads: Threads, registers: VectorRegisters) -> u32 {
    match threads {
        Threads::Grid => (REGISTERS_OF_ROW * registers.bytes / 4).min(crate::SIMD_WIDTH),
        Threads::Straight | Threads::General => crate::SIMD_WIDTH,
    }
}

/// Sets rows and their direction in a plan for whole tiles.
pub(super) fn choose(
    function: &Function,
    nest: &Nest,
    origins: &Origins,
    plan: &Plan,
    registers: VectorRegisters,
) -> Plan {
    let along_y = function
        .layout
        .iter()
        .flat_map(|block| &function.blocks[*block].instructions)
        .any(|inst| function.instructions[*inst].op == Op::GridPosition(Axis::Y));
    let across = if along_y { Axis::Y } else { Axis::X };
    if plan.threads != Threads::Grid || nest.loops.is_empty() {
        return plan.clone();
    }
    let probe = Plan { rows: 2, across, ..plan.clone() };
    let shapes = Shapes::new(function, nest, origins, &probe);
    let first = nest.order[0];
    let masked: Vec<Block> =
        nest.order.iter().copied().filter(|block| shapes.mask(*block) != first).collect();
    let touches_memory = |block: &Block| {
        function.blocks[*block].instructions.iter().any(|inst| {
            let op = function.instructions[*inst].op;
            matches!(op, Op::Load(_)) || has_effect(op)
        })
    };
    if masked.iter().any(touches_memory) {
        return plan.clone();
    }
    // The loops in which most time is spent.
    let innermost = nest.all().filter(|l| !nest.all().any(|other| nest.data(other).parent == Some(*l)));
    let rows = innermost
        .map(|l| {
            let live = Live::of(function, nest, &shapes, l, (plan.lanes, registers));
            let most = if masked.is_empty() { CHOICES[0] } else { MOST_WITH_MASKS };
            CHOICES
                .into_iter()
                .filter(|rows| *rows <= most)
                .find(|rows| rows * live.per_row + live.shared + SPARE <= registers.count)
                .unwrap_or(1)
        })
        .min();
    match rows {
        Some(rows) if rows > 1 => Plan { rows, ..probe },
        _ => plan.clone(),
    }
}

/// Vector registers that the values of a loop take.
struct Live {
    per_row: u32,
    shared: u32,
}

impl Live {
    fn of(
        function: &Function,
        nest: &Nest,
        shapes: &Shapes,
        l: Loop,
        (lanes, registers): (u32, VectorRegisters),
    ) -> Self {
        let mut live = Self { per_row: 0, shared: 0 };
        let mut seen = vec![false; function.values.len()];
        let mut count = |value: Value| {
            let shape = shapes.of(value);
            if shape.lanes != Lanes::Varying || std::mem::replace(&mut seen[value.index()], true) {
                return;
            }
            let bits = match function.ty(value) {
                Type::Int(1) => return,
                ty => ty.bits(),
            };
            let taken = (bits * lanes / 8).div_ceil(registers.bytes);
            *(if shape.rows { &mut live.per_row } else { &mut live.shared }) += taken;
        };
        let header = nest.data(l).header;
        for parameter in &function.blocks[header].parameters {
            count(*parameter);
        }
        // What lanes have left the loop with.
        for from in &nest.order[nest.data(l).span.clone()] {
            for target in function.blocks[*from].terminator.targets() {
                if !nest.contains(l, target.block) && shapes.divergent_loops.contains(&l) {
                    function.blocks[target.block].parameters.iter().for_each(|p| count(*p));
                }
            }
        }
        let mut widest = 0;
        for position in nest.data(l).span.clone() {
            let block = nest.order[position];
            for inst in &function.blocks[block].instructions {
                let data = &function.instructions[*inst];
                for operand in &data.operands {
                    // Also what blocks of the loop pass to each other.
                    let outside = match function.values[*operand].definition {
                        Definition::Constant(_) => false,
                        Definition::Parameter(at, _) => !nest.contains(l, at),
                        Definition::Result(inst, _) => !function.blocks[block].instructions.contains(&inst),
                    };
                    if outside {
                        count(*operand);
                    }
                }
                if matches!(data.op, Op::Load(_)) {
                    let shared = data
                        .results
                        .iter()
                        .filter(|r| !shapes.of(**r).rows)
                        .filter(|r| shapes.of(**r).lanes == Lanes::Varying);
                    let bytes: u32 = shared.map(|r| function.ty(*r).bytes() * lanes).sum();
                    widest = widest.max(bytes.div_ceil(registers.bytes));
                }
            }
        }
        live.shared += widest;
        live
    }
}

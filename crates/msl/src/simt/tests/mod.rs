//! The analyses of control flow agree with what threads do on their own.

mod files;
mod graphs;
mod machine;

use super::describe::describe;
use super::loops::Nest;
use super::origin::Origins;
use super::schedule::Schedule;
use super::shape::Shapes;
use super::{Plan, Threads};
use crate::kernel::{self, Axis, Function};
use graphs::Style;
use machine::{Machine, Tile};

/// Kernels, each scheduled for several kinds of tiles.
const KERNELS: u64 = 500;

/// `METAL_BRIDGE_SCHEDULES=N` tries N kernels instead of a few, `METAL_BRIDGE_SCHEDULES_FIRST=N` begins with the one of that
/// number.
#[test]
fn schedules_run_each_thread_as_it_would_run_alone() {
    let number = |name: &str| std::env::var(name).ok().map(|n| n.parse::<u64>().expect("a number"));
    let first = number("METAL_BRIDGE_SCHEDULES_FIRST").unwrap_or(0);
    let count = number("METAL_BRIDGE_SCHEDULES").unwrap_or(KERNELS);
    let mut counts = Counts::default();
    let mut failures: Vec<(usize, String)> = Vec::new();
    for seed in first..first + count {
        if let Err(problem) = try_kernel(seed, &mut counts) {
            failures.push(problem);
        }
    }
    println!("{counts:?}");
    failures.sort();
    if let Some((_, smallest)) = failures.first() {
        panic!("{} of {count} kernels; the smallest:\n{smallest}", failures.len());
    }
    if count >= KERNELS {
        // The kernels have what is to be tested.
        let Counts { restarted, divergent_loops, uniform_loops, flags, masks, tiles, .. } = counts;
        for (what, number) in [
            ("tiles that start again", restarted),
            ("divergent loops", divergent_loops),
            ("uniform loops", uniform_loops),
            ("blocks with flags", flags),
            ("blocks with masks", masks),
        ] {
            assert!(number > tiles / 50, "only {number} {what} in {tiles} tiles");
        }
    }
}

#[derive(Debug, Default)]
struct Counts {
    tiles: usize,
    restarted: usize,
    divergent_loops: usize,
    uniform_loops: usize,
    flags: usize,
    masks: usize,
}

/// Runs one kernel in several plans; an error comes with the size of the kernel.
fn try_kernel(seed: u64, counts: &mut Counts) -> Result<(), (usize, String)> {
    let mut random = fastrand::Rng::with_seed(seed);
    let style = Style { width: random.usize(1..7), groups: random.bool(), simple_loops: random.u32(..3) > 0 };
    let mut function = graphs::random(&mut random, style);
    let origins =
        Origins::new(&mut function).map_err(|error| (0, format!("kernel {seed}: refused: {error}")))?;
    let fail = |what: String| (function.layout.len(), format!("kernel {seed}: {what}\n{function}"));
    kernel::verify(&function).map_err(|error| fail(format!("illegal: {error}")))?;
    let nest = Nest::new(&function).map_err(|error| fail(format!("refused: {error}")))?;
    for plan in plans(&mut random, style.groups) {
        let shapes = Shapes::new(&function, &nest, &origins, &plan);
        let schedule = Schedule::new(&function, &nest, &shapes);
        let tile = Tile {
            position: [plan.lanes * random.u32(..3), random.u32(..3)],
            count: if plan.full { plan.lanes } else { random.u32(1..=plan.lanes) },
            threads_per_grid: [random.u32(1..90), random.u32(1..5)],
        };
        let machine = Machine::new(&function, &nest, &shapes, &schedule, &plan, tile);
        counts.tiles += 1;
        counts.count(&function, &nest, &shapes, &schedule);
        match machine.run() {
            Ok(restarted) => counts.restarted += usize::from(restarted),
            Err(what) => {
                let text = describe(&function, &nest, &shapes, &schedule, &plan);
                return Err(fail(format!("{what}\n{tile:?}\n{text}")));
            }
        }
    }
    Ok(())
}

fn plans(random: &mut fastrand::Rng, groups: bool) -> Vec<Plan> {
    let mut plans = Vec::new();
    let kinds: &[Threads] = if groups { &[Threads::Straight, Threads::General] } else { &[Threads::Grid] };
    for &threads in kinds {
        let lanes = match threads {
            Threads::Grid => *random.choice(&[8, 16, 32]).unwrap(),
            _ => crate::SIMD_WIDTH,
        };
        let part = Plan {
            threads,
            lanes,
            rows: 1,
            across: Axis::X,
            checked: true,
            full: false,
            may_restart: false,
            waits: false,
            together: false,
            is_for_whole: false,
        };
        let may_restart = random.bool();
        let whole = Plan { full: true, may_restart, ..part.clone() };
        for across in [Axis::X, Axis::Y] {
            let rows = random.u32(2..4);
            match threads {
                Threads::Grid => plans.push(Plan { rows, across, ..whole.clone() }),
                Threads::Straight => {
                    let may_restart = false;
                    plans.push(Plan { rows, across, may_restart, together: true, ..whole.clone() });
                }
                Threads::General => {}
            }
        }
        plans.extend([part, whole]);
    }
    plans
}

impl Counts {
    fn count(&mut self, function: &Function, nest: &Nest, shapes: &Shapes, schedule: &Schedule) {
        use super::schedule::Activity;
        self.divergent_loops += shapes.divergent_loops.len();
        self.uniform_loops += nest.loops.len() - shapes.divergent_loops.len();
        for block in &function.layout {
            match schedule.activity(*block) {
                Activity::Direct => {}
                Activity::Flag => self.flags += 1,
                Activity::Mask => self.masks += 1,
            }
        }
    }
}

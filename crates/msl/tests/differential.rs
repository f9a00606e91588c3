//! Generated kernels, built in every way there is, must give the same.
//!
//! `METAL_BRIDGE_FUZZ=N` runs N kernels instead of a few, `METAL_BRIDGE_FUZZ_SEED=N` others, and
//! `METAL_BRIDGE_FUZZ_FIRST=N` starts with the kernel of that number. `METAL_BRIDGE_FUZZ_THREADS=N` checks N sources at a
//! time. `METAL_BRIDGE_FUZZ_SHOW=1` prints their source. Where the process dies, `METAL_BRIDGE_FUZZ_APART=1` checks each
//! kernel in a process of its own, to find which one it is. `METAL_BRIDGE_FUZZ_FILE=PATH` checks the kernel in a file
//! instead, in the form that `METAL_BRIDGE_FUZZ_SHOW` prints. Release builds are several times as fast:
//! `METAL_BRIDGE_FUZZ=1000 cargo test --release -p msl --test differential -- --nocapture`.
#![cfg(unix)]

#[path = "differential/compare.rs"]
mod compare;
#[allow(dead_code, reason = "shared with other tests")]
mod fuzz;
#[path = "guard/memory.rs"]
mod memory;
#[path = "differential/replay.rs"]
mod replay;
#[path = "differential/shrink.rs"]
mod shrink;
mod ways;

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use compare::{Counts, Kind, Session};
use fuzz::Program;

/// Kernels of one source: few, as each compilation of a kernel reads the code of all.
const BATCH: u64 = 8;
/// Between two reports of a long run.
const REPORT: Duration = Duration::from_secs(30);
/// After so many kernels that went wrong a run ends.
const MOST_WRONG: usize = 20;

#[test]
fn generated_kernels_agree() {
    run(64, false);
}

/// One access of these kernels may be outside of its buffer, in some of their threads.
#[test]
fn generated_kernels_fault_alike() {
    run(64, true);
}

fn run(default: u64, may_fault: bool) {
    if let Some(path) = replay::given() {
        return replay::check_file(&path);
    }
    let number = |name: &str| std::env::var(name).ok().map(|n| n.parse::<u64>().expect("a number"));
    let count = number("METAL_BRIDGE_FUZZ").unwrap_or(default);
    let first = number("METAL_BRIDGE_FUZZ_FIRST").unwrap_or(0);
    let threads = number("METAL_BRIDGE_FUZZ_THREADS").unwrap_or(1);
    let run = Run {
        seed: number("METAL_BRIDGE_FUZZ_SEED").unwrap_or(1),
        may_fault,
        show: number("METAL_BRIDGE_FUZZ_SHOW") == Some(1),
        session: Session::new(number("METAL_BRIDGE_FUZZ_APART") == Some(1)),
        next: AtomicU64::new(first),
        end: first + count,
        start: Instant::now(),
        found: Mutex::default(),
    };
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(|| run.work()))));
    let Found { counts, wrong, report, .. } = run.found.into_inner().expect("no thread has panicked");
    println!("{counts}, in {:.1} s", run.start.elapsed().as_secs_f64());
    assert_eq!(wrong, 0, "{wrong} kernels went wrong\n{report}");
    let enough =
        run.session.isolated || counts.finished > 0 && (!may_fault || counts.faulted > 0 || count < 50);
    assert!(enough, "{counts}");
}

/// The kernels of a range of numbers, checked by threads that take a source's at a time.
struct Run {
    seed: u64,
    may_fault: bool,
    show: bool,
    session: Session,
    next: AtomicU64,
    end: u64,
    start: Instant,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    counts: Counts,
    /// Kernels that went wrong; the first of them are in the report.
    wrong: usize,
    report: String,
    /// How long the run had taken at the last report of its progress.
    reported: Duration,
}

impl Run {
    fn work(&self) {
        loop {
            let batch = self.next.fetch_add(BATCH, Ordering::Relaxed);
            let is_over = self.found.lock().expect("no thread has panicked").wrong > MOST_WRONG;
            if batch >= self.end || is_over {
                return;
            }
            self.check(batch..self.end.min(batch + BATCH));
        }
    }

    fn check(&self, cases: Range<u64>) {
        let Self { seed, may_fault, session, .. } = self;
        // If the process dies, this says where.
        println!("kernels {cases:?} of seed {seed}");
        let programs: Vec<(u64, Program)> = cases
            .map(|case| {
                let own = seed << 32 | case;
                (own, Program::generate(own, case as usize, *may_fault))
            })
            .collect();
        if self.show {
            programs.iter().for_each(|(own, program)| println!("{}", replay::text(*own, program)));
        }
        let mut counts = Counts::default();
        let problems = session.check(&programs, &mut counts);
        self.add(counts);
        for (own, program, problem) in problems {
            let number = own & 0xffff_ffff;
            let wrong = {
                let mut found = self.found.lock().expect("no thread has panicked");
                found.wrong += 1;
                found.wrong
            };
            if wrong > 5 {
                continue;
            }
            println!("{problem}\nseed {seed}, kernel {number}");
            let (small, problem) = match problem.kind {
                Kind::Source => (program.clone(), problem),
                _ => shrink::shrink(session, own, program, problem),
            };
            let text = replay::text(own, &small);
            println!("smaller:\n{text}\n{problem}");
            let report = &mut self.found.lock().expect("no thread has panicked").report;
            let _ = writeln!(report, "seed {seed}, kernel {number}: {problem}\n{text}");
        }
    }

    fn add(&self, counts: Counts) {
        let mut found = self.found.lock().expect("no thread has panicked");
        found.counts.add(counts);
        let elapsed = self.start.elapsed();
        if elapsed >= found.reported + REPORT {
            found.reported = elapsed;
            let Counts { kernels, finished, faulted, .. } = found.counts;
            let rate = kernels as f64 / elapsed.as_secs_f64();
            println!(
                "{kernels} kernels, {} launches, {rate:.2} kernels a second, {} wrong",
                finished + faulted,
                found.wrong
            );
        }
    }
}

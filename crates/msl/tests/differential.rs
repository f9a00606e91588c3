//! Generated kernels, built in every way there is, must give the same.
//!
//! `METAL_BRIDGE_FUZZ=N` runs N kernels instead of a few, `METAL_BRIDGE_FUZZ_SEED=N` others, and
//! `METAL_BRIDGE_FUZZ_FIRST=N` starts with the kernel of that number. `METAL_BRIDGE_FUZZ_SHOW=1` prints their source.
//! Where the process dies, `METAL_BRIDGE_FUZZ_APART=1` checks each kernel in a process of its own, to find which one it
//! is. `METAL_BRIDGE_FUZZ_FILE=PATH` checks the kernel in a file instead, in the form that `METAL_BRIDGE_FUZZ_SHOW` prints.
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
use std::time::Instant;

use compare::{Counts, Kind, Session};
use fuzz::Program;

/// Kernels of one source.
const BATCH: u64 = 16;

#[test]
fn generated_kernels_agree() {
    run(48, false);
}

/// One access of these kernels may be outside of its buffer, in some of their threads.
#[test]
fn generated_kernels_fault_alike() {
    run(48, true);
}

fn run(default: u64, may_fault: bool) {
    if let Some(path) = replay::given() {
        return replay::check_file(&path);
    }
    let number = |name: &str| std::env::var(name).ok().map(|n| n.parse::<u64>().expect("a number"));
    let count = number("METAL_BRIDGE_FUZZ").unwrap_or(default);
    let seed = number("METAL_BRIDGE_FUZZ_SEED").unwrap_or(1);
    let first = number("METAL_BRIDGE_FUZZ_FIRST").unwrap_or(0);
    let show = number("METAL_BRIDGE_FUZZ_SHOW") == Some(1);
    let session = Session::new(number("METAL_BRIDGE_FUZZ_APART") == Some(1));
    let start = Instant::now();
    let mut counts = Counts::default();
    let mut report = String::new();
    let mut failed = 0;
    for batch in (first..first + count).step_by(BATCH as usize) {
        let cases = batch..(first + count).min(batch + BATCH);
        // If the process dies, this says where.
        println!("kernels {cases:?} of seed {seed}");
        let programs: Vec<(u64, Program)> = cases
            .map(|case| {
                let own = seed << 32 | case;
                (own, Program::generate(own, case as usize, may_fault))
            })
            .collect();
        if show {
            programs.iter().for_each(|(own, program)| println!("{}", replay::text(*own, program)));
        }
        for (own, program, problem) in session.check(&programs, &mut counts) {
            failed += 1;
            if failed > 5 {
                continue;
            }
            println!("{problem}\nseed {seed}, kernel {}", own & 0xffff_ffff);
            let (small, problem) = match problem.kind {
                Kind::Source => (program.clone(), problem),
                _ => shrink::shrink(&session, own, program, problem),
            };
            let text = replay::text(own, &small);
            println!("smaller:\n{text}\n{problem}");
            let _ = writeln!(report, "seed {seed}, kernel {}: {problem}\n{text}", own & 0xffff_ffff);
        }
        if failed > 20 {
            break;
        }
    }
    println!("{counts} in {:.1} s", start.elapsed().as_secs_f64());
    assert_eq!(failed, 0, "{failed} kernels went wrong\n{report}");
    let enough = session.isolated || counts.finished > 0 && (!may_fault || counts.faulted > 0 || count < 50);
    assert!(enough, "{counts}");
}

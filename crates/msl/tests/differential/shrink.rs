//! Makes a kernel that goes wrong as small as it stays wrong.

use std::time::{Duration, Instant};

use super::compare::{Counts, Problem, Session};
use super::fuzz::Program;

/// Time for one kernel.
const PATIENCE: Duration = Duration::from_secs(120);

/// The smallest program found that has a problem of the same kind.
pub(crate) fn shrink(
    session: &Session,
    seed: u64,
    program: &Program,
    problem: Problem,
) -> (Program, Problem) {
    let end = Instant::now() + PATIENCE;
    let (mut best, mut found) = (program.clone(), problem);
    // Where the last step succeeded, the next may as well.
    let mut at = 0;
    loop {
        let reductions = best.tree.reductions();
        let count = reductions.len();
        let step = (0..count).map(|i| (i + at) % count).find_map(|i| {
            if Instant::now() > end {
                return None;
            }
            let smaller = Program { tree: reductions[i].clone(), ..best.clone() };
            let problem = wrong(session, seed, &smaller)?;
            (problem.kind == found.kind).then_some((i, smaller, problem))
        });
        match step {
            Some((i, smaller, problem)) => (at, best, found) = (i, smaller, problem),
            None => return (best, found),
        }
    }
}

fn wrong(session: &Session, seed: u64, program: &Program) -> Option<Problem> {
    let programs = [(seed, program.clone())];
    let mut wrong = session.check(&programs, &mut Counts::default());
    wrong.pop().map(|(.., problem)| problem)
}

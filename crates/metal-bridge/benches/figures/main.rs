//! How fast kernels run, each compared with what others make of the same work:
//!
//! ```text
//! cargo xtask peers     # once: installs what to compare with
//! cargo xtask bench     # prints a table in Markdown
//! ```
//!
//! Peers are programs of their own (`benches/peers`) that take turns with us: a machine gets faster and slower
//! all the time, but what runs one right after the other finds about the same conditions.

mod arguments;
mod compare;
mod machine;
mod ours;
mod peer;
#[path = "../../examples/demo/reference.rs"]
#[allow(dead_code, reason = "only the demo uses all of it")]
mod reference;
mod startup;
mod table;
mod works;

use std::error::Error;
use std::process::ExitCode;

use arguments::{Arguments, Request};
use compare::{Effort, Failed, alone, compare};
use ours::{Job, Ours};
use peer::Peers;
use table::{Report, Row};
use works::Work;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let request = match arguments::parse(std::env::args().skip(1)) {
        Ok(request) => request,
        Err(message) => {
            eprintln!("error: {message}");
            return ExitCode::from(2);
        }
    };
    let done = match request {
        Request::Measure(arguments) => measure(&arguments),
        Request::Startup { threads, source } => startup::child(threads, &source),
        Request::Hint => {
            println!("`cargo xtask bench` runs this, with what it compares with.");
            Ok(())
        }
        Request::List => {
            works::all()
                .iter()
                .map(|work| work.name)
                .chain([startup::NAME])
                .for_each(|name| println!("{name}"));
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures everything that is asked for and prints the report. An error if a result of ours was wrong or
/// could not be had; targets that are not met are no error, since a busy machine may be the reason.
fn measure(arguments: &Arguments) -> Result<()> {
    if cfg!(debug_assertions) {
        eprintln!("This is a debug build: its times mean nothing.");
    }
    let works: Vec<Work> = works::all().into_iter().filter(|work| arguments.wants(work.name)).collect();
    let startup = arguments.wants(startup::NAME);
    let count = works.len() + usize::from(startup);
    if count == 0 {
        return Err("no work has such a name; --list prints the names".into());
    }

    let ours = Ours::new(arguments.threads)?;
    let mut peers = Peers::new(arguments.peers.clone(), arguments.threads);
    let effort = if arguments.quick { Effort::QUICK } else { Effort::FULL };
    let mut report = Report::new(machine::describe(&ours, arguments.threads));
    for (i, work) in works.iter().enumerate() {
        eprintln!("[{}/{count}] {}", i + 1, work.name);
        if let Err(error) = measure_work(work, &ours, &mut peers, effort, &mut report) {
            report.fail(work.name, &*error);
        }
    }
    if startup {
        eprintln!("[{count}/{count}] {}", startup::NAME);
        match startup::measure(arguments.threads, effort) {
            Ok(rows) => report.rows.extend(rows),
            Err(error) => report.fail(startup::NAME, &*error),
        }
    }
    print!("{}", report.text(&peers, &machine::disturbance()));
    report.outcome()
}

/// Adds the rows of one work to the report. An error if ours fails or gives a wrong result.
fn measure_work(
    work: &Work,
    ours: &Ours,
    peers: &mut Peers,
    effort: Effort,
    report: &mut Report,
) -> Result<()> {
    let plan = (work.plan)(ours)?;
    let job = Job::new(ours, &plan.dispatches)?;
    job.run()?;
    (plan.check)().map_err(|error| format!("wrong result: {error}"))?;
    report.warnings.extend(job.warnings());

    if let Some(limit) = work.limit {
        let times = alone(work.statistic, effort, &mut |seconds| job.round(seconds))?;
        report.rows.push(Row::limit(work, limit, times));
    }
    for against in &work.peers {
        let mut other = |seconds| peers.round(against, seconds);
        report.rows.push(
            match compare(work.statistic, effort, &mut |seconds| job.round(seconds), &mut other) {
                Ok(comparison) => Row::compared(work, against, &comparison),
                Err(Failed::Other(reason)) => {
                    eprintln!("      {}: {reason}", against.peer.name());
                    let times = alone(work.statistic, effort, &mut |seconds| job.round(seconds))?;
                    Row::missing(work, against, times, &reason)
                }
                Err(Failed::Ours(error)) => return Err(error),
            },
        );
    }
    let unchecked = job.unchecked()?;
    unchecked.run()?;
    (plan.check)().map_err(|error| format!("wrong result without checks: {error}"))?;
    let mut turns = |seconds| unchecked.round(seconds);
    match compare(work.statistic, effort, &mut |seconds| job.round(seconds), &mut turns) {
        Ok(comparison) => report.rows.push(Row::unchecked(work, &comparison)),
        Err(Failed::Other(error)) => return Err(error.into()),
        Err(Failed::Ours(error)) => return Err(error),
    }
    // What ran many times and in turn with others is right as well.
    (plan.check)().map_err(|error| format!("wrong result after many runs: {error}").into())
}

//! How fast kernels and graphs run, each compared with what others make of the same work:
//!
//! ```text
//! cargo xtask peers     # once: installs what to compare with
//! cargo xtask bench     # prints tables in Markdown, and writes them and a picture to target/bench
//! ```
//!
//! Peers are programs of their own (`benches/peers`) that take turns with us: a machine gets faster and slower
//! all the time, but what runs one right after the other finds about the same conditions.

mod arguments;
mod compare;
mod graphs;
mod machine;
mod ours;
mod peer;
mod plot;
#[path = "../../examples/built_in_kernels/reference.rs"]
#[allow(dead_code, reason = "only the demo uses all of it")]
mod reference;
mod scheduling;
mod startup;
mod table;
mod training;
mod works;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use arguments::{Arguments, Request};
use compare::{Effort, Failed, alone, compare};
use ours::{Job, Ours, round};
use peer::Peers;
use table::{Report, Row};
use works::{Content, Work};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Measures what is no work of kernels or graphs, and gives its rows.
type Measure<'a> = &'a dyn Fn(&Peers) -> Result<Vec<Row>>;

fn main() -> ExitCode {
    let request = match arguments::parse(std::env::args().skip(1)) {
        Ok(request) => request,
        Err(message) => {
            eprintln!("error: {message}");
            return ExitCode::from(2);
        }
    };
    let done = match request {
        Request::Measure(arguments) if arguments.profile => profile(&arguments),
        Request::Measure(arguments) => measure(&arguments),
        Request::Startup { threads, source } => startup::child(threads, &source),
        Request::Training { threads, epsilon } => training::child(threads, epsilon),
        Request::Hint => {
            println!("`cargo xtask bench` runs this, with what it compares with.");
            Ok(())
        }
        Request::List => {
            works::all()
                .iter()
                .map(|work| work.name)
                .chain([startup::NAME, training::NAME, scheduling::NAME])
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

/// Prints how long each step of the graphs takes that are asked for.
fn profile(arguments: &Arguments) -> Result<()> {
    let ours = Ours::new(arguments.threads)?;
    for work in works::all().iter().filter(|work| arguments.wants(work.name)) {
        if let Content::Graph { run, .. } = &(work.plan)(&ours)?.content {
            println!("{}\n{}", work.name, run.profile(if arguments.quick { 20 } else { 100 })?);
        }
    }
    println!("{}", machine::disturbance());
    Ok(())
}

/// Measures everything that is asked for, prints the report and writes it. An error if a result of ours was wrong or
/// could not be had; targets that are not met are no error, since a busy machine may be the reason.
fn measure(arguments: &Arguments) -> Result<()> {
    if cfg!(debug_assertions) {
        eprintln!("This is a debug build: its times mean nothing.");
    }
    let works: Vec<Work> = works::all().into_iter().filter(|work| arguments.wants(work.name)).collect();
    let (threads, effort) = (arguments.threads, if arguments.quick { Effort::QUICK } else { Effort::FULL });
    let others: [(&str, Measure<'_>); 3] = [
        (startup::NAME, &|_| startup::measure(threads, effort)),
        (training::NAME, &|peers| training::measure(threads, effort, peers)),
        (scheduling::NAME, &|_| scheduling::measure(threads, effort)),
    ];
    let others: Vec<_> = others.into_iter().filter(|(name, _)| arguments.wants(name)).collect();
    let count = works.len() + others.len();
    if count == 0 {
        return Err("no work has such a name; --list prints the names".into());
    }

    let ours = Ours::new(arguments.threads)?;
    let mut peers = Peers::new(arguments.peers.clone(), arguments.threads);
    let mut report = Report::new(machine::describe(&ours, arguments.threads));
    for (i, work) in works.iter().enumerate() {
        eprintln!("[{}/{count}] {}", i + 1, work.name);
        if let Err(error) = measure_work(work, &ours, &mut peers, effort, &mut report) {
            report.fail(work.name, &*error);
        }
    }
    for (i, (name, measure)) in others.iter().enumerate() {
        eprintln!("[{}/{count}] {name}", works.len() + i + 1);
        match measure(&peers) {
            Ok(rows) => report.rows.extend(rows),
            Err(error) => report.fail(name, &*error),
        }
    }
    let text = report.text(&peers, &machine::disturbance());
    print!("{text}");
    if let Some(directory) = &arguments.report {
        report.write(directory, &text)?;
    }
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
    let check = |when: &str| (plan.check)().map_err(|error| format!("wrong result{when}: {error}"));
    match &plan.content {
        Content::Kernels(dispatches) => {
            let job = Job::new(ours, dispatches)?;
            job.run()?;
            check("")?;
            report.warnings.extend(job.warnings());
            measure_against(work, &|| job.run(), &[], peers, effort, report)?;
            let unchecked = job.unchecked()?;
            unchecked.run()?;
            check(" without checks")?;
            let mut turns = |seconds| round(|| unchecked.run(), seconds);
            match compare(work.statistic, effort, &mut |seconds| round(|| job.run(), seconds), &mut turns) {
                Ok(comparison) => report.rows.push(Row::unchecked(work, &comparison)),
                Err(Failed::Other(error)) => return Err(error.into()),
                Err(Failed::Ours(error)) => return Err(error),
            }
        }
        Content::Graph { run, samples } => {
            check("")?;
            measure_against(work, &|| run.run(), samples, peers, effort, report)?;
        }
    }
    // What ran many times and in turn with others is right as well.
    Ok(check(" after many runs")?)
}

/// Adds the rows of one work alone, if it has a limit, and with each of its peers. An error also if a peer's result is another
/// than ours.
fn measure_against(
    work: &Work,
    run: &dyn Fn() -> Result<Duration>,
    samples: &[f64],
    peers: &mut Peers,
    effort: Effort,
    report: &mut Report,
) -> Result<()> {
    if let Some(limit) = work.limit {
        let times = alone(work.statistic, effort, &mut |seconds| round(run, seconds))?;
        report.rows.push(Row::limit(work, limit, times));
    }
    for against in &work.peers {
        if let Ok(theirs) = peers.prepare(against) {
            same(samples, theirs).map_err(|error| format!("{}: {error}", against.peer.name()))?;
        }
        let mut other = |seconds| peers.round(against, seconds);
        report.rows.push(
            match compare(work.statistic, effort, &mut |seconds| round(run, seconds), &mut other) {
                Ok(comparison) => Row::compared(work, against, &comparison),
                Err(Failed::Other(reason)) => {
                    eprintln!("      {}: {reason}", against.peer.name());
                    let times = alone(work.statistic, effort, &mut |seconds| round(run, seconds))?;
                    Row::missing(work, against, times, &reason)
                }
                Err(Failed::Ours(error)) => return Err(error),
            },
        );
    }
    Ok(())
}

/// An error if numbers of two results differ by more than so many roundings of single-precision floats may make.
fn same(ours: &[f64], theirs: &[f64]) -> Result<()> {
    const TOLERANCE: f64 = 1e-4;
    let largest = ours.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= TOLERANCE * largest;
    if ours.len() == theirs.len() && ours.iter().zip(theirs).all(near) {
        return Ok(());
    }
    Err(format!("its result is {theirs:?}, ours {ours:?}").into())
}

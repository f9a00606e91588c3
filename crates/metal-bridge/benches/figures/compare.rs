//! Two sides that take turns, and what their times say.

use std::error::Error;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use crate::Result;

/// How long to measure.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) rounds: usize,
    /// Of one side's turn; at least one run is made whatever it takes.
    seconds: f64,
}

impl Effort {
    pub(crate) const FULL: Self = Self { rounds: 11, seconds: 0.25 };
    pub(crate) const QUICK: Self = Self { rounds: 3, seconds: 0.05 };
}

/// What stands for the runs of one turn.
#[derive(Clone, Copy)]
pub(crate) enum Statistic {
    /// What else runs on the machine only ever takes from a side, and not the same from each: threads that wait for
    /// each other without sleeping, as some peers' do, suffer most.
    Best,
    /// For latencies, which are what one may expect and not what there may be.
    Median,
}

impl Statistic {
    fn of(self, times: &mut [f64]) -> f64 {
        times.sort_by(f64::total_cmp);
        match self {
            Self::Median => times[times.len() / 2],
            Self::Best => times[0],
        }
    }
}

/// One side: runs for about so many seconds and gives the seconds of each run.
pub(crate) type Side<'a> = &'a mut dyn FnMut(f64) -> Result<Vec<f64>>;

/// The middle of some values, and the quartiles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

impl Spread {
    /// Of one value or more.
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let last = values.len() - 1;
        Self { low: values[last / 4], median: values[last / 2], high: values[last - last / 4] }
    }
}

/// The seconds of both sides, and by what factor ours was faster in each round.
pub(crate) struct Comparison {
    pub(crate) ours: Spread,
    pub(crate) other: Spread,
    pub(crate) ratio: Spread,
}

/// Which side failed.
pub(crate) enum Failed {
    Ours(Box<dyn Error>),
    Other(String),
}

/// Lets both sides take turns.
pub(crate) fn compare(
    statistic: Statistic,
    effort: Effort,
    ours: Side<'_>,
    other: Side<'_>,
) -> std::result::Result<Comparison, Failed> {
    let (mut our_times, mut other_times, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let progress = Progress(effort.rounds);
    for round in 0..effort.rounds {
        progress.show(round);
        // The other side first: it is what may be missing.
        let other = turn(statistic, effort, other).map_err(|error| Failed::Other(error.to_string()))?;
        let ours = turn(statistic, effort, ours).map_err(Failed::Ours)?;
        our_times.push(ours);
        other_times.push(other);
        ratios.push(other / ours);
    }
    Ok(Comparison { ours: Spread::of(our_times), other: Spread::of(other_times), ratio: Spread::of(ratios) })
}

/// The seconds of one side without another.
pub(crate) fn alone(statistic: Statistic, effort: Effort, side: Side<'_>) -> Result<Spread> {
    let progress = Progress(effort.rounds);
    let times = (0..effort.rounds).map(|round| {
        progress.show(round);
        turn(statistic, effort, side)
    });
    Ok(Spread::of(times.collect::<Result<_>>()?))
}

fn turn(statistic: Statistic, effort: Effort, side: Side<'_>) -> Result<f64> {
    // The threads of the other side look for work a little longer before they sleep.
    std::thread::sleep(Duration::from_millis(20));
    let mut times = side(effort.seconds)?;
    match times.as_slice() {
        [] => Err("no run was made".into()),
        _ => Ok(statistic.of(&mut times)),
    }
}

/// A bar on a terminal, of so many rounds; gone when it is dropped.
struct Progress(usize);

impl Progress {
    fn show(&self, round: usize) {
        let mut terminal = std::io::stderr();
        if terminal.is_terminal() {
            let _ = write!(terminal, "\r      [{}{}]", "#".repeat(round), ".".repeat(self.0 - round));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        let mut terminal = std::io::stderr();
        if terminal.is_terminal() {
            let _ = write!(terminal, "\r{}\r", " ".repeat(8 + self.0));
        }
    }
}

//! The report: tables in Markdown, and what its picture shows.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::Result;
use crate::compare::{Comparison, Spread};
use crate::peer::{Peer, Peers};
use crate::plot::{self, Bar};
use crate::works::{Against, Rate, Work};

/// Kernels may take so many times as long with their checks.
const CHECKS_COST: f64 = 1.05;

/// One line of the table.
pub(crate) struct Row {
    work: String,
    ours: String,
    peer: String,
    ratio: String,
    target: String,
    met: Met,
    /// What the picture has of it.
    bar: Option<Bar>,
}

const TABLES: [&str; 3] = ["Kernels", "Graphs", "Scheduler and allocator"];

/// The table of a work, told by how its name begins.
fn table(work: &str) -> &'static str {
    match work.split_once(": ") {
        Some(("graph", _)) => TABLES[1],
        Some(("scheduler" | "allocator", _)) => TABLES[2],
        _ => TABLES[0],
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Met {
    Yes,
    No,
    /// What to compare with is not here.
    Unknown,
    NoTarget,
}

impl Met {
    fn if_so(met: bool) -> Self {
        if met { Self::Yes } else { Self::No }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "**no**",
            Self::Unknown => "unknown",
            Self::NoTarget => "—",
        }
    }
}

impl Row {
    /// With a peer.
    pub(crate) fn compared(work: &Work, against: &Against, comparison: &Comparison) -> Self {
        Self::with_other(work.name.into(), work.rate, against.peer.name(), against.target, comparison)
    }

    /// With the same kernels, unchecked.
    pub(crate) fn unchecked(work: &Work, comparison: &Comparison) -> Self {
        let target = Some(1.0 / CHECKS_COST);
        Self::with_other(work.name.into(), work.rate, "ours unchecked", target, comparison)
    }

    /// Seconds with a limit, beside what another needs for as little.
    pub(crate) fn within(work: String, limit: f64, other: &'static str, comparison: &Comparison) -> Self {
        let target = format!("≤ {}", time(limit));
        let met = Met::if_so(comparison.ours.median <= limit);
        Self { target, met, ..Self::with_other(work, Rate::Nothing, other, None, comparison) }
    }

    fn with_other(
        work: String,
        rate: Rate,
        other: &'static str,
        target: Option<f64>,
        comparison: &Comparison,
    ) -> Self {
        let Comparison { ours, other: times, ratio } = comparison;
        let bar = Bar { work: work.clone(), peer: other, factor: ratio.median, target };
        Self {
            work,
            ours: figure(rate, ours.median),
            peer: format!("{other} {}", figure(rate, times.median)),
            ratio: format!("{} ({}–{})", factor(ratio.median), factor(ratio.low), factor(ratio.high)),
            target: at_least(target),
            met: target.map_or(Met::NoTarget, |target| Met::if_so(ratio.median >= target)),
            bar: Some(bar),
        }
    }

    /// Without the peer.
    pub(crate) fn missing(work: &Work, against: &Against, ours: Spread, reason: &str) -> Self {
        Self {
            work: work.name.into(),
            ours: figure(work.rate, ours.median),
            peer: format!("{} missing: {reason}", against.peer.name()),
            ratio: "—".into(),
            target: at_least(against.target),
            met: if against.target.is_some() { Met::Unknown } else { Met::NoTarget },
            bar: None,
        }
    }

    /// Work with a limit of seconds.
    pub(crate) fn limit(work: &Work, limit: f64, times: Spread) -> Self {
        Self::seconds(work.name.into(), times, limit)
    }

    /// Seconds with a limit.
    pub(crate) fn seconds(work: String, times: Spread, limit: f64) -> Self {
        let ours = format!("{} ({}–{})", time(times.median), time(times.low), time(times.high));
        Self::alone(work, ours, format!("≤ {}", time(limit)), Met::if_so(times.median <= limit))
    }

    /// Memory with a limit.
    pub(crate) fn bytes(work: String, bytes: Option<f64>, limit: f64) -> Self {
        let megabytes = |bytes: f64| format!("{:.0} MB", bytes * 1e-6);
        let met = bytes.map_or(Met::Unknown, |bytes| Met::if_so(bytes <= limit));
        Self::alone(work, bytes.map_or("unknown".into(), megabytes), format!("≤ {}", megabytes(limit)), met)
    }

    /// The most memory of processes, and what of it was there before any work, with a peer's.
    pub(crate) fn memory(
        work: String,
        ours: [f64; 2],
        peer: Peer,
        theirs: [f64; 2],
        target: Option<f64>,
    ) -> Self {
        let ratio = theirs[0] / ours[0];
        let bar = Bar { work: work.clone(), peer: peer.name(), factor: ratio, target };
        Self {
            work,
            ours: megabytes(ours),
            peer: format!("{} {}", peer.name(), megabytes(theirs)),
            ratio: factor(ratio),
            target: at_least(target),
            met: target.map_or(Met::NoTarget, |target| Met::if_so(ratio >= target)),
            bar: Some(bar),
        }
    }

    /// The same without the peer.
    pub(crate) fn memory_missing(
        work: String,
        ours: [f64; 2],
        peer: Peer,
        reason: &str,
        target: Option<f64>,
    ) -> Self {
        Self {
            work,
            ours: megabytes(ours),
            peer: format!("{} missing: {reason}", peer.name()),
            ratio: "—".into(),
            target: at_least(target),
            met: if target.is_some() { Met::Unknown } else { Met::NoTarget },
            bar: None,
        }
    }

    /// Seconds that are told and no more.
    pub(crate) fn remark(work: String, seconds: f64) -> Self {
        Self::alone(work, time(seconds), "—".into(), Met::NoTarget)
    }

    fn alone(work: String, ours: String, target: String, met: Met) -> Self {
        Self { work, ours, peer: "—".into(), ratio: "—".into(), target, met, bar: None }
    }
}

/// Everything that was measured.
pub(crate) struct Report {
    machine: String,
    pub(crate) rows: Vec<Row>,
    /// Of the compiler, for the kernels measured.
    pub(crate) warnings: Vec<String>,
    failures: Vec<String>,
}

impl Report {
    pub(crate) fn new(machine: String) -> Self {
        Self { machine, rows: Vec::new(), warnings: Vec::new(), failures: Vec::new() }
    }

    /// Notes that a result of ours is wrong or could not be had.
    pub(crate) fn fail(&mut self, work: &str, error: &dyn Error) {
        eprintln!("      FAILED: {error}");
        self.failures.push(format!("{work}: {error}"));
    }

    /// An error if there were failures.
    pub(crate) fn outcome(&self) -> Result<()> {
        match self.failures.as_slice() {
            [] => Ok(()),
            failures => Err(failures.join("; ").into()),
        }
    }

    /// Writes the report and its picture into a directory; the text is that of [`text`](Self::text).
    pub(crate) fn write(&self, directory: &Path, text: &str) -> Result<()> {
        const PICTURE: &str = "report.png";
        fs::create_dir_all(directory)?;
        let bars: Vec<Bar> =
            self.tables().flat_map(|(_, rows)| rows).filter_map(|row| row.bar.clone()).collect();
        plot::draw(&directory.join(PICTURE), "metal-bridge beside others: how many times as fast", &bars)?;
        let picture =
            if bars.is_empty() { String::new() } else { format!("\n![Factors of all works]({PICTURE})\n") };
        let path = directory.join("report.md");
        fs::write(&path, format!("# Benchmarks\n\n{text}{picture}"))?;
        eprintln!("The report is in {}.", path.display());
        Ok(())
    }

    /// The tables that have rows.
    fn tables(&self) -> impl Iterator<Item = (&'static str, Vec<&Row>)> {
        let rows = |name| self.rows.iter().filter(|row| table(&row.work) == name).collect::<Vec<_>>();
        TABLES.into_iter().map(move |name| (name, rows(name))).filter(|(_, rows)| !rows.is_empty())
    }

    pub(crate) fn text(&self, peers: &Peers, disturbance: &str) -> String {
        let mut text = self.machine.clone();
        for (peer, version) in peers.versions() {
            let line = match version {
                Ok(version) => format!("- {}: {version}\n", peer.name()),
                Err(reason) => format!("- {}: missing ({reason})\n", peer.name()),
            };
            // One of a name may be there with several programs.
            if !text.contains(&line) {
                text += &line;
            }
        }
        let _ = writeln!(text, "- {disturbance}\n");
        for (table, rows) in self.tables() {
            let _ = writeln!(text, "## {table}\n");
            text += "| work | ours | peer | ours is faster by | target | met |\n|---|---|---|---|---|---|\n";
            for Row { work, ours, peer, ratio, target, met, .. } in rows {
                let _ = writeln!(text, "| {work} | {ours} | {peer} | {ratio} | {target} | {} |", met.text());
            }
            text.push('\n');
        }
        let count = |met| self.rows.iter().filter(|row| row.met == met).count();
        let _ = writeln!(
            text,
            "Targets met: {}, missed: {}, not judged: {}.\n",
            count(Met::Yes),
            count(Met::No),
            count(Met::Unknown)
        );
        text += "A figure is the median over rounds in which both sides took turns, a factor that of the rounds' \
                 factors, with quartiles. What counts of a side's turn is its best run, for latencies, operations and \
                 buffers its median run. GB/s count each element read or written once. Of several peers, the better \
                 one has to be beaten.\n";
        if !self.warnings.is_empty() {
            text += "\nThe compiler warns:\n\n";
        }
        for (i, warning) in self.warnings.iter().enumerate() {
            if !self.warnings[..i].contains(warning) {
                let _ = writeln!(text, "- {warning}");
            }
        }
        for failure in &self.failures {
            let _ = writeln!(text, "\n**FAILED** {failure}");
        }
        text
    }
}

fn figure(rate: Rate, seconds: f64) -> String {
    let rate = match rate {
        Rate::Bytes(bytes) => format!(", {:.1} GB/s", bytes / seconds * 1e-9),
        Rate::Operations(operations) => format!(", {:.1} GFLOP/s", operations / seconds * 1e-9),
        Rate::Pixels(pixels) => format!(", {:.1} Mpixel/s", pixels / seconds * 1e-6),
        Rate::Nothing => String::new(),
    };
    time(seconds) + &rate
}

/// The most memory, and what of it was there at first.
fn megabytes([peak, start]: [f64; 2]) -> String {
    format!("{:.0} MB ({:.0} MB at first)", peak * 1e-6, start * 1e-6)
}

fn time(seconds: f64) -> String {
    match seconds {
        _ if seconds < 1e-6 => format!("{:.0} ns", seconds * 1e9),
        _ if seconds < 1e-3 => format!("{:.1} µs", seconds * 1e6),
        _ if seconds < 1.0 => format!("{:.2} ms", seconds * 1e3),
        _ => format!("{seconds:.2} s"),
    }
}

fn at_least(target: Option<f64>) -> String {
    target.map_or("—".into(), |target| format!("≥ {}", factor(target)))
}

fn factor(factor: f64) -> String {
    if factor < 10.0 { format!("{factor:.2}") } else { format!("{factor:.0}") }
}

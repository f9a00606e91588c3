//! The command line of the benchmark, as `cargo xtask bench` gives it.

use std::num::NonZeroUsize;
use std::path::PathBuf;

/// What to do.
#[derive(Debug, PartialEq)]
pub(crate) enum Request {
    Measure(Arguments),
    /// Print the names of all works.
    List,
    /// It was not started by `cargo xtask bench`, but maybe with the other benchmarks and their arguments.
    Hint,
    /// In a process that another one of this program has started: build the pipelines of this source.
    Startup {
        threads: NonZeroUsize,
        source: PathBuf,
    },
    /// In such a process: compile the graph of a training step with this small number of Adam, and make steps.
    Training {
        threads: NonZeroUsize,
        epsilon: f64,
    },
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// Threads that each side may use.
    pub(crate) threads: NonZeroUsize,
    /// Fewer and shorter rounds.
    pub(crate) quick: bool,
    /// Instead of comparing, show how long the steps of graphs take.
    pub(crate) profile: bool,
    /// Parts of the names of the works to measure; all if there are none.
    pub(crate) only: Vec<String>,
    /// Where `cargo xtask peers` has put peers.
    pub(crate) peers: PathBuf,
    /// The directory for the report and its picture.
    pub(crate) report: Option<PathBuf>,
}

impl Arguments {
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| name.contains(part.as_str()))
    }
}

/// Reads the arguments after the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Request, String> {
    let arguments: Vec<String> = arguments.into_iter().collect();
    if !arguments.iter().any(|argument| ["--peers", "--startup", "--training"].contains(&argument.as_str())) {
        return Ok(Request::Hint);
    }
    let mut arguments = arguments.into_iter();
    let two = const { NonZeroUsize::new(2).unwrap() };
    let mut parsed = Arguments {
        threads: two,
        quick: false,
        profile: false,
        only: Vec::new(),
        peers: PathBuf::new(),
        report: None,
    };
    let (mut list, mut startup, mut training) = (false, None, None);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--bench" => {} // cargo says so to every benchmark
            "--quick" => parsed.quick = true,
            "--profile" => parsed.profile = true,
            "--list" => list = true,
            "--only" => parsed.only.push(value()?),
            "--peers" => parsed.peers = value()?.into(),
            "--report" => parsed.report = Some(value()?.into()),
            "--startup" => startup = Some(PathBuf::from(value()?)),
            "--training" => {
                let text = value()?;
                training = Some(text.parse().map_err(|_| format!("--training {text}: not a number"))?);
            }
            "--threads" => {
                let text = value()?;
                parsed.threads =
                    text.parse().map_err(|_| format!("--threads {text}: not a number from 1"))?;
            }
            other => return Err(format!("unexpected argument `{other}`")),
        }
    }
    let threads = parsed.threads;
    Ok(match (startup, training) {
        (Some(source), _) => Request::Startup { threads, source },
        (None, Some(epsilon)) => Request::Training { threads, epsilon },
        (None, None) if list => Request::List,
        (None, None) => Request::Measure(parsed),
    })
}

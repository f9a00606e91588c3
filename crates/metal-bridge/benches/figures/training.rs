//! The memory and the time of compiling that a step of training takes, each time in a process of its own.

use std::num::NonZeroUsize;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use metal_bridge::{Device, DeviceConfig};

use crate::Result;
use crate::compare::{Effort, Spread};
use crate::graphs::{EPSILON, cnn_step};
use crate::peer::{Peer, Peers};
use crate::startup::{peak_bytes, words};
use crate::table::Row;

pub(crate) const NAME: &str = "graph: CNN, Adam step, in a new process";

const LIMIT_COLD: f64 = 2.0;
const LIMIT_CACHED: f64 = 0.05;

/// Steps after which the most memory is asked for.
const STEPS: usize = 5;

/// Measures with a new cache directory: a graph that it does not know, then again.
pub(crate) fn measure(threads: NonZeroUsize, effort: Effort, peers: &Peers) -> Result<Vec<Row>> {
    let directory = tempfile::tempdir()?;
    let run = |variant: usize| start(threads, directory.path(), EPSILON * (variant + 1) as f64);
    let first = run(0)?; // precompiles the headers
    let (mut cold, mut cached) = (Vec::new(), Vec::new());
    let (mut start, mut peak) = (first.start, first.peak);
    for round in 1..=effort.rounds {
        let [new, again] = [run(round)?, run(round)?];
        cold.push(new.seconds);
        cached.push(again.seconds);
        (start, peak) = (start.max(new.start), peak.max(new.peak));
    }
    let mut rows = vec![
        Row::seconds(format!("{NAME}: compiling, cold"), Spread::of(cold), LIMIT_COLD),
        Row::seconds(format!("{NAME}: compiling, cached"), Spread::of(cached), LIMIT_CACHED),
    ];
    for (peer, target) in [(Peer::PyTorchGraphs, Some(1.0)), (Peer::Jax, None)] {
        let work = format!("{NAME}: peak resident memory");
        rows.push(match peer_memory(peer, peers, threads) {
            Ok(theirs) => Row::memory(work, [peak, start], peer, theirs, target),
            Err(reason) => {
                eprintln!("      {}: {reason}", peer.name());
                Row::memory_missing(work, [peak, start], peer, &reason.to_string(), target)
            }
        });
    }
    Ok(rows)
}

struct Child {
    seconds: f64,
    /// The most bytes of resident memory when there is a device, and at the end.
    start: f64,
    peak: f64,
}

fn start(threads: NonZeroUsize, cache: &Path, epsilon: f64) -> Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--threads", &threads.to_string(), "--training", &epsilon.to_string()]);
    command.env("METAL_BRIDGE_CACHE_DIR", cache);
    let [seconds, start, peak] = words(command)?;
    Ok(Child { seconds, start, peak })
}

/// The most bytes that a peer's process has had at the end of its steps, and after its imports.
fn peer_memory(peer: Peer, peers: &Peers, threads: NonZeroUsize) -> Result<[f64; 2]> {
    let mut command = peers.command(peer);
    command.args(["cnn_step", &threads.to_string(), &STEPS.to_string()]);
    let [start, peak] = words(command)?;
    Ok([peak, start])
}

/// Compiles the graph and makes steps; prints the seconds of compiling, and the most memory that this process has had before
/// and in all.
pub(crate) fn child(threads: NonZeroUsize, epsilon: f64) -> Result<()> {
    let device = Device::cpu(DeviceConfig::new().threads(threads))?;
    let start = peak_bytes().ok_or("the system does not say how much memory is in use")?;
    let model = cnn_step(&device, epsilon)?;
    let begin = Instant::now();
    let run = model.compile(&device)?;
    let seconds = begin.elapsed().as_secs_f64();
    for _ in 0..STEPS {
        run.step()?;
    }
    println!("{seconds} {start} {}", peak_bytes().unwrap_or(start));
    Ok(())
}

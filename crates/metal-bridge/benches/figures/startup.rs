//! How long it takes until all built-in kernels can run, and how much memory: each time in a process of its own.

use std::num::NonZeroUsize;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use metal_bridge::kernels::METAL_KERNEL_NAMES;
use metal_bridge::{CompileOptions, Device, DeviceConfig, METAL_KERNEL_SOURCE};

use crate::Result;
use crate::compare::{Effort, Spread};
use crate::table::Row;

pub(crate) const NAME: &str = "15 kernels: library and all pipelines";

const LIMIT_COLD: f64 = 0.5;
const LIMIT_CACHED: f64 = 0.01;
const LIMIT_MEMORY: f64 = 300e6;

/// Measures with a new cache directory: a source that it does not know, then again.
pub(crate) fn measure(threads: NonZeroUsize, effort: Effort) -> Result<Vec<Row>> {
    let directory = tempfile::tempdir()?;
    let cache = directory.path().join("cache");
    let source = directory.path().join("source.metal");
    let run = |variant: usize| -> Result<Child> {
        // Code that no library before had, so that nothing that was made of one fits.
        let own = format!("kernel void own(device uint *out [[buffer(0)]]) {{ *out = {variant}; }}\n");
        std::fs::write(&source, format!("{METAL_KERNEL_SOURCE}\n{own}"))?;
        start(threads, &cache, &source)
    };

    let first = run(0)?; // finds clang, and precompiles the headers
    let (mut cold, mut cached, mut memory) = (Vec::new(), Vec::new(), first.peak_bytes);
    for round in 1..=effort.rounds {
        let [new, again] = [run(round)?, run(round)?];
        cold.push(new.seconds);
        cached.push(again.seconds);
        memory = memory.zip(new.peak_bytes).map(|(a, b)| a.max(b));
    }
    Ok(vec![
        Row::seconds(format!("{NAME}, cold"), Spread::of(cold), LIMIT_COLD),
        Row::seconds(format!("{NAME}, cached"), Spread::of(cached), LIMIT_CACHED),
        Row::bytes(format!("{NAME}, cold: peak resident memory"), memory, LIMIT_MEMORY),
        Row::remark(format!("{NAME}, the first time on a machine"), first.seconds),
    ])
}

struct Child {
    seconds: f64,
    /// Unknown where the system does not say.
    peak_bytes: Option<f64>,
}

fn start(threads: NonZeroUsize, cache: &Path, source: &Path) -> Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--threads", &threads.to_string(), "--startup"]).arg(source);
    command.env("METAL_BRIDGE_CACHE_DIR", cache);
    let [seconds, peak_bytes] = words(command)?;
    Ok(Child { seconds, peak_bytes: Some(peak_bytes).filter(|bytes| bytes.is_finite()) })
}

/// The numbers that a process prints.
pub(crate) fn words<const COUNT: usize>(mut command: Command) -> Result<[f64; COUNT]> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("the process that measures ended with {}", output.status).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let numbers: Option<Vec<f64>> = text.split_whitespace().map(|word| word.parse().ok()).collect();
    let numbers = numbers.and_then(|numbers| numbers.try_into().ok());
    Ok(numbers.ok_or_else(|| format!("the process that measures said {text:?}, not {COUNT} numbers"))?)
}

/// Builds all pipelines, on as many threads as given, as a program that wants to start soon does; prints the seconds, and the
/// most memory that this process has had.
pub(crate) fn child(threads: NonZeroUsize, source: &Path) -> Result<()> {
    let source = std::fs::read_to_string(source)?;
    let device = Device::cpu(DeviceConfig::new().threads(threads))?;
    let start = Instant::now();
    let library = device.new_library_with_source(&source, &CompileOptions::default())?;
    let next = AtomicUsize::new(0);
    let build = || -> metal_bridge::Result<()> {
        while let Some(name) = METAL_KERNEL_NAMES.get(next.fetch_add(1, Ordering::Relaxed)) {
            let function = library.new_function_with_name(name)?;
            device.new_compute_pipeline_state_with_function(&function)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let builders: Vec<_> = (0..threads.get()).map(|_| scope.spawn(build)).collect();
        builders.into_iter().try_for_each(|builder| builder.join().expect("building does not panic"))
    })?;
    println!("{} {}", start.elapsed().as_secs_f64(), peak_bytes().unwrap_or(f64::NAN));
    Ok(())
}

/// The most resident memory that this process has had.
pub(crate) fn peak_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? * 1024.0)
}

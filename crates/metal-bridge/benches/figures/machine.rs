//! What this runs on.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::process::Command;
use std::thread::available_parallelism;

use crate::ours::Ours;

/// A few lines of Markdown.
pub(crate) fn describe(ours: &Ours, threads: NonZeroUsize) -> String {
    let processors = available_parallelism().map_or("unknown".to_owned(), |n| n.to_string());
    let mut text = format!("- device: {}, {threads} threads for each side\n", ours.device.name());
    let _ =
        write!(text, "- machine: {}, {processors} processors", processor().unwrap_or("unknown CPU".into()));
    if let Some(gibibytes) = memory() {
        let _ = write!(text, ", {gibibytes:.0} GiB");
    }
    let _ = writeln!(text, ", {}", system());
    let clang = std::env::var_os("METAL_BRIDGE_CLANG").unwrap_or_else(|| "clang-19".into());
    for tool in [OsStr::new("rustc"), &clang] {
        if let Some(version) = version(tool) {
            let _ = writeln!(text, "- {version}");
        }
    }
    let _ = writeln!(text, "- {}", load());
    text
}

/// The first line of what a program says of its version.
fn version(program: &OsStr) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned())
}

/// How busy the machine is.
fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").ok();
    match load.as_deref().and_then(|text| text.split(' ').next()) {
        Some(load) => format!("load before (processes that want to run, over the last minute): {load}"),
        None => "load before: unknown".into(),
    }
}

/// How much other programs have disturbed this one, and whether that is too much.
pub(crate) fn disturbance() -> String {
    match waiting() {
        Some(part) if part > 0.2 => format!(
            "**our threads had to wait for a processor for {:.0} % of their time: this machine is busy, and the figures \
             mean little**",
            part * 100.0
        ),
        Some(part) => {
            format!("our threads had to wait for a processor for {:.1} % of their time", part * 100.0)
        }
        None => "how long our threads had to wait for a processor: unknown".into(),
    }
}

/// The part of the time in which this process's threads, those that are left, could run and did not.
fn waiting() -> Option<f64> {
    let (mut running, mut waiting) = (0.0, 0.0);
    for thread in std::fs::read_dir("/proc/self/task").ok()? {
        let text = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        let mut nanoseconds = text.split_whitespace().map_while(|word| word.parse::<f64>().ok());
        running += nanoseconds.next()?;
        waiting += nanoseconds.next()?;
    }
    (running > 0.0).then(|| waiting / (running + waiting))
}

fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let field = |name| text.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_prefix(':'));
    let flags = field("flags")?;
    let vectors =
        ["avx512f", "avx2", "avx"].into_iter().find(|name| flags.split(' ').any(|flag| flag == *name));
    let name = field("model name")?.trim();
    Some(vectors.map_or(name.to_owned(), |vectors| format!("{name} ({vectors})")))
}

fn memory() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / f64::from(1 << 20))
}

fn system() -> String {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.map_or(std::env::consts::OS, |name| name.trim_matches('"')).to_owned()
}

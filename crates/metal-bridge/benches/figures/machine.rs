//! What this runs on.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
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
    let _ = writeln!(text, "- {}", load());
    text
}

/// How busy the machine is.
pub(crate) fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").ok();
    match load.as_deref().and_then(|text| text.split(' ').next()) {
        Some(load) => format!("load (processes that want to run, over the last minute): {load}"),
        None => "load: unknown".into(),
    }
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

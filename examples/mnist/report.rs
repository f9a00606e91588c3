//! The summary at the end.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use metal_bridge::ScheduleTrace;

/// Where the operations' time went, by their labels: how many there were, seconds of all, and the middle one.
pub(crate) fn times(trace: &ScheduleTrace) -> String {
    let mut by_label: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for operation in &trace.operations {
        let label = operation.label.as_deref().unwrap_or("other");
        by_label.entry(label).or_default().push(operation.end - operation.begin);
    }
    let mut text = String::new();
    let _ = writeln!(text, "{:<18} {:>7} {:>10} {:>12}", "operations", "number", "seconds", "median ms");
    for (label, mut seconds) in by_label {
        seconds.sort_by(f64::total_cmp);
        let median = seconds[seconds.len() / 2] * 1e3;
        let _ = writeln!(
            text,
            "{label:<18} {:>7} {:>10.2} {median:>12.2}",
            seconds.len(),
            seconds.iter().sum::<f64>()
        );
    }
    text
}

/// The most memory that the process has had, in bytes, where the system tells.
pub(crate) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

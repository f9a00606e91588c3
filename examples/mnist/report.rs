//! The summary at the end.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use metal_bridge::ScheduleTrace;
use metal_bridge::graph::GraphProfile;

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

/// Where the time of a training step goes: its longest parts.
pub(crate) fn steps(profile: &GraphProfile) -> String {
    const SHOWN: usize = 8;
    let all: f64 = profile.steps.iter().map(|step| step.time.as_secs_f64()).sum();
    let mut longest: Vec<_> = profile.steps.iter().collect();
    longest.sort_by_key(|step| std::cmp::Reverse(step.time));
    let mut text = String::new();
    let _ =
        writeln!(text, "{:<25} {:>7} {:>8} {:>9}  result", "a step of training", "ms", "share", "GFLOP/s");
    let (shown, others) = longest.split_at(SHOWN.min(longest.len()));
    for step in shown {
        let seconds = step.time.as_secs_f64();
        let rate =
            if step.flops > 0.0 { format!("{:.0}", step.flops / seconds * 1e-9) } else { "–".into() };
        let (name, result) = (&step.name, step.results.join(", "));
        let _ = writeln!(
            text,
            "{name:<25} {:>7.2} {:>6.1} % {rate:>9}  {result}",
            seconds * 1e3,
            100.0 * seconds / all
        );
    }
    let rest: f64 = others.iter().map(|step| step.time.as_secs_f64()).sum();
    let _ = writeln!(
        text,
        "{:<25} {:>7.2} {:>6.1} %",
        format!("{} others", others.len()),
        rest * 1e3,
        100.0 * rest / all
    );
    let _ = writeln!(text, "{:<25} {:>7.2}", "in one command buffer", profile.execution.as_secs_f64() * 1e3);
    text
}

/// The most memory that the process has had, in bytes, where the system tells.
pub(crate) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

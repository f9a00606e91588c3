//! `--time N`: how long a dispatch takes.

use std::io::Write;
use std::time::Instant;

use metal_bridge::CommandQueue;

use super::Dispatch;
use super::bindings::Bindings;
use crate::error::Result;

/// Runs the dispatch `runs` times, one after the other, and prints the median and the rates that follow.
pub(super) fn measure(
    runs: u32,
    dispatch: &Dispatch<'_>,
    queue: &CommandQueue,
    bindings: &Bindings<'_>,
    out: &mut impl Write,
) -> Result<()> {
    let mut waited = Vec::new();
    let mut on_device = Vec::new();
    for _ in 0..runs {
        let start = Instant::now();
        let times = dispatch.execute(queue, bindings)?;
        waited.push(start.elapsed().as_secs_f64());
        on_device.extend(times.map(|(start, end)| end - start));
    }
    let waited = Spread::of(waited);
    writeln!(out, "{dispatch}")?;
    writeln!(
        out,
        "median of {runs}, encoded, committed and completed: {} (fastest {}, slowest {})",
        seconds(waited.median),
        seconds(waited.fastest),
        seconds(waited.slowest)
    )?;
    // The rates are those of the work itself, where the device says how long that took.
    let time = if on_device.len() == runs as usize {
        let time = Spread::of(on_device).median;
        writeln!(out, "median on the device: {}", seconds(time))?;
        time
    } else {
        waited.median
    };
    let bytes = bindings.buffer_bytes();
    writeln!(out, "{}threads/s", rate(dispatch.threads() / time))?;
    if bytes > 0.0 {
        writeln!(out, "{}B/s, each of the {}B in buffers counted once", rate(bytes / time), rate(bytes))?;
    }
    Ok(())
}

struct Spread {
    median: f64,
    fastest: f64,
    slowest: f64,
}

impl Spread {
    /// Of at least one time.
    fn of(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        let middle = times.len() / 2;
        let median =
            if times.len() % 2 == 1 { times[middle] } else { (times[middle - 1] + times[middle]) / 2.0 };
        Self { median, fastest: times[0], slowest: times[times.len() - 1] }
    }
}

/// A time with three or four digits.
fn seconds(time: f64) -> String {
    let (factor, unit) = match time {
        t if t < 1e-6 => (1e9, "ns"),
        t if t < 1e-3 => (1e6, "µs"),
        t if t < 1.0 => (1e3, "ms"),
        _ => (1.0, "s"),
    };
    format!("{:.*} {unit}", decimals(time * factor), time * factor)
}

/// A number with three digits, a space, and the letter of its power of 1000, to stand before a unit.
fn rate(value: f64) -> String {
    let (factor, letter) = match value {
        v if v >= 1e12 => (1e-12, "T"),
        v if v >= 1e9 => (1e-9, "G"),
        v if v >= 1e6 => (1e-6, "M"),
        v if v >= 1e3 => (1e-3, "k"),
        _ => (1.0, ""),
    };
    format!("{:.*} {letter}", decimals(value * factor), value * factor)
}

fn decimals(value: f64) -> usize {
    match value {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        let odd = Spread::of(vec![3.0, 1.0, 2.0]);
        assert_eq!((odd.fastest, odd.median, odd.slowest), (1.0, 2.0, 3.0));
        assert_eq!(Spread::of(vec![4.0, 1.0, 2.0, 3.0]).median, 2.5);
        assert_eq!(Spread::of(vec![4.0]).median, 4.0);
    }

    #[test]
    fn figures_have_three_digits() {
        assert_eq!(seconds(0.000_012_34), "12.3 µs");
        assert_eq!(seconds(1.5), "1.50 s");
        assert_eq!(seconds(2.5e-8), "25.0 ns");
        assert_eq!(rate(1.234e10), "12.3 G");
        assert_eq!(rate(999.0), "999 ");
        assert_eq!(rate(5e13), "50.0 T");
    }
}

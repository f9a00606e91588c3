//! Every environment variable that this crate and the compiler beneath it read.
//!
//! Switches serve people who cannot or do not want to change a program; a program itself uses
//! [`DeviceConfig`](crate::DeviceConfig), which wins over switches. They are read when a device is made.
//!
//! ```
//! for (name, meaning) in metal_bridge::switches::all() {
//!     println!("{name}: {meaning}");
//! }
//! ```

#![cfg_attr(
    all(target_vendor = "apple", not(feature = "cpu")),
    allow(dead_code, reason = "the CPU device reads most of them")
)]

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::device::MAX_THREADS;
use crate::error::{Error, Result};

/// One environment variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Switch {
    /// Its name.
    pub name: &'static str,
    /// What it may be set to. Empty is as good as unset.
    pub values: &'static str,
    /// What it does, and its default.
    pub doc: &'static str,
}

/// Which device [`Device::system_default`](crate::Device::system_default) gives.
pub const DEVICE: Switch = Switch {
    name: "METAL_BRIDGE_DEVICE",
    values: "metal, cpu or null",
    doc: "The device that Device::system_default gives; metal is a GPU of Apple's systems, cpu the processor (on Apple's systems with the cargo feature `cpu`), null checks everything, compiles and runs nothing, and has no kernels. Default: the GPU where there is Metal, else the processor.",
};

/// Worker threads of CPU devices.
pub const THREADS: Switch = Switch {
    name: "METAL_BRIDGE_THREADS",
    values: "a number from 1 to 1024",
    doc: "Worker threads of a CPU device. Default: one per processor that the process may use.",
};

/// Time limit of a dispatch on CPU devices.
pub const TIME_LIMIT_SECONDS: Switch = Switch {
    name: "METAL_BRIDGE_TIME_LIMIT_SECONDS",
    values: "a number of seconds above 0, or none",
    doc: "How long one dispatch may run on a CPU device before it is stopped with an error. Default: 300.",
};

/// Memory of all buffers of a CPU device.
pub const MEMORY_LIMIT_MIB: Switch = Switch {
    name: "METAL_BRIDGE_MEMORY_LIMIT_MIB",
    values: "a number of MiB from 1",
    doc: "Most memory that all buffers of a CPU device may have together. Default: the machine's memory, or the control group's limit if that is lower.",
};

/// Whether graphs are printed while they are compiled.
pub const PRINT_GRAPHS: Switch = Switch {
    name: "METAL_BRIDGE_PRINT_GRAPHS",
    values: "1 or 0",
    doc: "Prints a graph to the standard error before and after each pass of its compilation that changes it. Read when a graph is compiled. Default: 0.",
};

/// The switches of this crate.
pub const ALL: &[Switch] = &[DEVICE, THREADS, TIME_LIMIT_SECONDS, MEMORY_LIMIT_MIB, PRINT_GRAPHS];

/// Names and explanations of all switches, those of the compiler included.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    let own = ALL.iter().map(|switch| (switch.name, switch.doc));
    #[cfg(any(not(target_vendor = "apple"), feature = "cpu"))]
    let own = own.chain(msl::switches::ALL.iter().map(|switch| (switch.name, switch.doc)));
    own
}

impl Switch {
    /// The value set in the environment; `None` if unset or empty.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSwitch`] if it is not Unicode.
    pub(crate) fn value(&self) -> Result<Option<String>> {
        match std::env::var(self.name) {
            Ok(value) if value.is_empty() => Ok(None),
            Ok(value) => Ok(Some(value)),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(value)) => Err(self.invalid(value.to_string_lossy())),
        }
    }

    fn parsed<T>(&self, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
        self.value()?.map(|text| parse(text.trim()).ok_or_else(|| self.invalid(text))).transpose()
    }

    fn invalid(&self, value: impl Into<String>) -> Error {
        Error::InvalidSwitch { switch: self.name, value: value.into(), expected: self.values }
    }
}

/// [`THREADS`], if set.
pub(crate) fn threads() -> Result<Option<NonZeroUsize>> {
    THREADS.parsed(parse_threads)
}

/// [`TIME_LIMIT_SECONDS`], if set; the inner `None` stands for no limit.
pub(crate) fn time_limit() -> Result<Option<Option<Duration>>> {
    TIME_LIMIT_SECONDS.parsed(parse_time_limit)
}

/// [`MEMORY_LIMIT_MIB`] in bytes, if set.
pub(crate) fn memory_limit() -> Result<Option<u64>> {
    MEMORY_LIMIT_MIB.parsed(parse_mebibytes)
}

/// [`PRINT_GRAPHS`]: whether it is set.
pub(crate) fn print_graphs() -> Result<bool> {
    let parse = |text: &str| match text {
        "1" => Some(true),
        "0" => Some(false),
        _ => None,
    };
    Ok(PRINT_GRAPHS.parsed(parse)?.unwrap_or(false))
}

fn parse_threads(text: &str) -> Option<NonZeroUsize> {
    text.parse().ok().filter(|n: &NonZeroUsize| n.get() <= MAX_THREADS)
}

fn parse_time_limit(text: &str) -> Option<Option<Duration>> {
    if text == "none" {
        return Some(None);
    }
    let seconds = text.parse::<f64>().ok().filter(|s| *s > 0.0)?;
    Duration::try_from_secs_f64(seconds).ok().filter(|d| !d.is_zero()).map(Some)
}

fn parse_mebibytes(text: &str) -> Option<u64> {
    text.parse::<u64>().ok().filter(|n| *n > 0)?.checked_mul(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_values_are_refused() {
        for text in ["", "0", "-1", "1025", "99999999999999999999", "two", "1.5"] {
            assert_eq!(parse_threads(text), None, "{text}");
        }
        for text in ["", "0", "-1", "nan", "inf", "1e400", "1e-30", "soon"] {
            assert_eq!(parse_time_limit(text), None, "{text}");
        }
        for text in ["", "0", "-1", "18446744073709551615", "much"] {
            assert_eq!(parse_mebibytes(text), None, "{text}");
        }
    }

    #[test]
    fn good_values_are_taken() {
        assert_eq!(parse_threads("4"), NonZeroUsize::new(4));
        assert_eq!(parse_time_limit("1.5"), Some(Some(Duration::from_millis(1500))));
        assert_eq!(parse_time_limit("none"), Some(None));
        assert_eq!(parse_mebibytes("2"), Some(2 << 20));
    }
}

//! The time base of start and end times.

use std::sync::OnceLock;
use std::time::Instant;

/// Seconds since the first call in this process.
pub(crate) fn seconds() -> f64 {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    EPOCH.get_or_init(Instant::now).elapsed().as_secs_f64()
}

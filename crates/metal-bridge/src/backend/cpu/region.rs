//! One command's work, shared among workers: units from 0 to `total`, handed out in ranges.

use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::time::{Duration, Instant};

use msl_types::{FaultKind, KernelFault};

use crate::command_buffer::panic_message;
use crate::error::{Error, Result};
use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::sync::thread::{self, Thread};
use crate::sync::{Mutex, lock, look_for};

/// Something that can be done in units, in any order, on several threads.
pub(super) trait Work: Send + Sync {
    /// Does some units. Ends early and without an error when `stop` becomes true.
    fn run(
        &self,
        units: Range<u64>,
        stop: &AtomicBool,
        scratch: &mut Scratch,
    ) -> Result<(), Box<KernelFault>>;

    /// What it is called if it takes too long.
    fn name(&self) -> &str;
}

/// What a worker keeps from one piece of work to the next, so that it need not be allocated again.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) kernel: msl::Scratch,
    /// Elements that a routine works on; left as they are.
    pub(super) panel: Vec<f32>,
}

/// The state of some work that is being done. The driver of the queue makes it, takes part, and leaves
/// only when nobody works on it any more; whatever the work refers to has to live as long.
pub(super) struct Region<W: ?Sized = dyn Work> {
    next: AtomicU64,
    total: u64,
    /// A range is this part of what is left, ...
    divisor: u64,
    /// ... but at least so many units, ...
    least: u64,
    /// ... and at most so many: about as many as take [`RANGE`].
    most: AtomicU64,
    /// Threads in [`take_part`](Region::take_part).
    inside: AtomicUsize,
    stop: AtomicBool,
    timed_out: AtomicBool,
    failure: Mutex<Option<(u64, Failure)>>,
    driver: Thread,
    work: W,
}

enum Failure {
    Fault(Box<KernelFault>),
    Panic(String),
}

/// How long a range should take: long against handing it out, short for queues that wait for a worker.
pub(super) const RANGE: Duration = Duration::from_micros(500);
/// How long a driver looks whether the others have left before it goes to sleep.
const LOOK_FOR: Duration = Duration::from_micros(50);

/// How large ranges are to begin with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ranges {
    /// A range is one `divisor`th of what is left, ...
    pub(super) divisor: usize,
    /// ... within these limits.
    pub(super) least: u64,
    pub(super) most: u64,
}

impl<W: Work> Region<W> {
    /// Work that the calling thread drives.
    pub(super) fn new(work: W, total: u64, ranges: Ranges) -> Self {
        Self {
            next: AtomicU64::new(0),
            total,
            divisor: ranges.divisor.max(1) as u64,
            least: ranges.least.max(1),
            most: AtomicU64::new(ranges.most.max(1)),
            inside: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            timed_out: AtomicBool::new(false),
            failure: Mutex::new(None),
            driver: thread::current(),
            work,
        }
    }
}

impl<W: Work + ?Sized> Region<W> {
    /// Whether all units are handed out, or no more should be.
    pub(super) fn is_exhausted(&self) -> bool {
        self.next.load(Ordering::SeqCst) >= self.total || self.stop.load(Ordering::Relaxed)
    }

    /// Works on the region until it is exhausted, or until `pause` says so after a range. Gives the number of
    /// units done and the time they took.
    pub(super) fn take_part(
        &self,
        scratch: &mut Scratch,
        mut pause: impl FnMut() -> bool,
    ) -> (u64, Duration) {
        // A driver that sees nobody inside after everything was handed out knows that nobody has a
        // range: who enters later gets none. Hence the order: enter, then take.
        self.inside.fetch_add(1, Ordering::SeqCst);
        let start = Instant::now();
        let (mut done, mut elapsed) = (0, Duration::ZERO);
        while let Some(range) = self.take() {
            let units = range.end - range.start;
            self.run(range, scratch);
            let now = start.elapsed();
            self.adapt(units, now - elapsed);
            (done, elapsed) = (done + units, now);
            if pause() {
                break;
            }
        }
        if self.inside.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.driver.unpark();
        }
        (done, elapsed)
    }

    fn take(&self) -> Option<Range<u64>> {
        let mut start = self.next.load(Ordering::SeqCst);
        loop {
            if start >= self.total || self.stop.load(Ordering::Relaxed) {
                return None;
            }
            let left = self.total - start;
            let part = (left / self.divisor).max(self.least).min(self.most.load(Ordering::Relaxed));
            let end = start + part.min(left);
            match self.next.compare_exchange_weak(start, end, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => return Some(start..end),
                Err(now) => start = now,
            }
        }
    }

    /// Brings the size of ranges closer to [`RANGE`].
    fn adapt(&self, units: u64, elapsed: Duration) {
        if elapsed < RANGE / 2 {
            if units >= self.most.load(Ordering::Relaxed) {
                self.most.store(units.saturating_mul(2), Ordering::Relaxed);
            }
        } else if elapsed > RANGE * 2 {
            self.most.store((units / 2).max(1), Ordering::Relaxed);
        }
    }

    fn run(&self, range: Range<u64>, scratch: &mut Scratch) {
        let start = range.start;
        let result = catch_unwind(AssertUnwindSafe(|| self.work.run(range, &self.stop, scratch)));
        match result {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => self.fail(start, Failure::Fault(fault)),
            Err(payload) => self.panicked(start, scratch, payload),
        }
    }

    #[cold]
    fn panicked(&self, start: u64, scratch: &mut Scratch, payload: Box<dyn Any + Send>) {
        // It may have been left in the middle of a change.
        *scratch = Scratch::default();
        self.fail(start, Failure::Panic(panic_message(payload)));
    }

    /// Keeps the failure with the lowest units, which depends least on luck.
    #[cold]
    fn fail(&self, start: u64, failure: Failure) {
        let mut first = lock(&self.failure);
        if first.as_ref().is_none_or(|(at, _)| start < *at) {
            *first = Some((start, failure));
        }
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Stops the work because it ran too long.
    pub(super) fn time_out(&self) {
        self.timed_out.store(true, Ordering::Relaxed);
        self.stop.store(true, Ordering::Release);
    }

    /// Waits until nobody works on the region; to be called by the driver when it is exhausted.
    pub(super) fn wait_until_left(&self) {
        look_for(LOOK_FOR, || self.inside.load(Ordering::SeqCst) == 0);
        while self.inside.load(Ordering::SeqCst) != 0 {
            thread::park();
        }
    }

    /// How the work ended.
    pub(super) fn result(&self, time_limit: Option<Duration>) -> Result<()> {
        match lock(&self.failure).take() {
            Some((_, Failure::Fault(fault))) => Err(fault.into()),
            Some((_, Failure::Panic(message))) => Err(Error::Internal { message }),
            None if self.timed_out.load(Ordering::Relaxed) => {
                let limit = time_limit.unwrap_or_default();
                let kernel = self.work.name().to_owned();
                let kind = FaultKind::TimedOut { limit };
                Err(Box::new(KernelFault { kernel, kind, thread_position_in_grid: None, location: None })
                    .into())
            }
            None => Ok(()),
        }
    }
}

/// What a thread of a kernel costs, as seen so far: waking other workers for very little work takes longer than
/// the work.
#[derive(Debug, Default)]
pub(super) struct Cost(AtomicU32);

impl Cost {
    /// Nanoseconds of one thread, if they are known.
    pub(super) fn nanoseconds(&self) -> Option<f64> {
        let known = f64::from(f32::from_bits(self.0.load(Ordering::Relaxed)));
        (known > 0.0).then_some(known)
    }

    /// Learns from a measurement. Lost updates do not matter.
    pub(super) fn learn(&self, threads: f64, elapsed: Duration) {
        let seen = elapsed.as_nanos() as f32 / threads as f32;
        let known = f32::from_bits(self.0.load(Ordering::Relaxed));
        let mixed = if known > 0.0 { (3.0 * known + seen) / 4.0 } else { seen };
        self.0.store(mixed.to_bits(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn ranges(divisor: usize, most: u64) -> Ranges {
        Ranges { divisor, least: 1, most }
    }

    struct Marks(Vec<AtomicU32>);

    impl Work for Marks {
        fn run(&self, units: Range<u64>, _: &AtomicBool, _: &mut Scratch) -> Result<(), Box<KernelFault>> {
            for unit in units {
                self.0[unit as usize].fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        }

        fn name(&self) -> &str {
            "marks"
        }
    }

    #[test]
    fn every_unit_is_done_once() {
        for total in [1u64, 2, 7, 1000] {
            let marks = Marks((0..total).map(|_| AtomicU32::new(0)).collect());
            let region = Arc::new(Region::new(marks, total, ranges(4, 1)));
            std::thread::scope(|scope| {
                for _ in 0..3 {
                    let region = region.clone();
                    scope.spawn(move || region.take_part(&mut Scratch::default(), || false));
                }
                region.take_part(&mut Scratch::default(), || false);
                region.wait_until_left();
                assert!(region.work.0.iter().all(|mark| mark.load(Ordering::Relaxed) == 1));
            });
            assert_eq!(region.result(None), Ok(()));
        }
    }

    struct Fails;

    impl Work for Fails {
        fn run(&self, units: Range<u64>, _: &AtomicBool, _: &mut Scratch) -> Result<(), Box<KernelFault>> {
            std::panic::resume_unwind(Box::new(format!("deliberate at {}", units.start)))
        }

        fn name(&self) -> &str {
            "fails"
        }
    }

    #[test]
    fn a_panic_ends_the_region_with_an_error() {
        let region = Region::new(Fails, 100, ranges(1, 100));
        region.take_part(&mut Scratch::default(), || false);
        assert!(region.is_exhausted());
        assert_eq!(region.result(None), Err(Error::Internal { message: "deliberate at 0".into() }));
    }

    #[test]
    fn a_time_out_is_a_fault() {
        let region = Region::new(Marks(Vec::new()), 1, ranges(1, 1));
        region.time_out();
        region.take_part(&mut Scratch::default(), || false);
        let limit = Duration::from_secs(3);
        let Err(Error::Kernel(fault)) = region.result(Some(limit)) else { panic!() };
        assert_eq!(fault.kernel, "marks");
        assert_eq!(fault.kind, FaultKind::TimedOut { limit });
    }

    #[test]
    fn ranges_do_not_overflow() {
        let region = Region::new(Fails, u64::MAX, ranges(4, u64::MAX));
        let first = region.take().unwrap();
        assert_eq!(first, 0..u64::MAX / 4);
        region.next.store(u64::MAX - 1, Ordering::SeqCst);
        assert_eq!(region.take(), Some(u64::MAX - 1..u64::MAX));
        assert_eq!(region.take(), None);
    }

    #[test]
    fn the_last_ranges_are_not_too_small() {
        let region = Region::new(Fails, 100, Ranges { divisor: 2, least: 20, most: 1000 });
        let all: Vec<_> = std::iter::from_fn(|| region.take()).collect();
        assert_eq!(all, [0..50, 50..75, 75..95, 95..100]);
        let region = Region::new(Fails, 7, Ranges { divisor: 2, least: 20, most: 3 });
        assert_eq!(region.take(), Some(0..3), "the upper limit holds");
    }

    #[test]
    fn ranges_grow_while_they_are_short() {
        let region = Region::new(Fails, 1 << 40, ranges(1, 1));
        assert_eq!(region.take(), Some(0..1));
        region.adapt(1, Duration::ZERO);
        assert_eq!(region.take(), Some(1..3));
        region.adapt(2, RANGE);
        assert_eq!(region.take(), Some(3..5));
        region.adapt(2, RANGE * 3);
        assert_eq!(region.take(), Some(5..6));
        region.adapt(u64::MAX, Duration::ZERO);
        assert_eq!(region.take(), Some(6..1 << 40));
    }
}

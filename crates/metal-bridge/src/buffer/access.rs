//! Who uses a buffer at the moment: committed work, calls of the host that copy, and views of the host.

use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::failure::Failure;
use crate::sync::{Monitor, look_for};

/// Keeps conflicting uses of one buffer apart. Views are under the caller's control and may live on for
/// ever, so what conflicts with one is an error; everything else ends by itself and is waited for.
#[derive(Debug, Default)]
pub(crate) struct Access(Monitor<Uses>);

/// A view is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mapped {
    pub(crate) for_writing: bool,
}

#[derive(Debug, Default)]
struct Uses {
    /// Committed command buffers that read only.
    reading_work: usize,
    /// Committed command buffers that write.
    writing_work: usize,
    /// Calls that are copying out.
    host_reads: usize,
    /// A call that is copying in.
    host_write: bool,
    views: usize,
    view_mut: bool,
    /// Of the last work that was to write and failed.
    failure: Option<Arc<Failure>>,
}

impl Uses {
    fn conflict(&self, writes: bool) -> Result<(), Mapped> {
        if self.view_mut {
            Err(Mapped { for_writing: true })
        } else if writes && self.views > 0 {
            Err(Mapped { for_writing: false })
        } else {
            Ok(())
        }
    }

    fn work_is_in_the_way(&self, host_writes: bool) -> bool {
        self.writing_work > 0 || (host_writes && self.reading_work > 0)
    }

    fn host_is_in_the_way(&self, writes: bool) -> bool {
        self.host_write || (writes && self.host_reads > 0)
    }
}

impl Access {
    /// Waits while `busy`, fails if a view conflicts, then makes the change. Looks for `patience` before it
    /// sleeps.
    fn begin(
        &self,
        patience: Duration,
        writes: bool,
        busy: impl Fn(&Uses) -> bool,
        change: impl FnOnce(&mut Uses),
    ) -> Result<(), Mapped> {
        look_for(patience, || {
            let uses = self.0.lock();
            uses.conflict(writes).is_err() || !busy(&uses)
        });
        let mut uses = self.0.lock();
        loop {
            uses.conflict(writes)?;
            if !busy(&uses) {
                change(&mut uses);
                return Ok(());
            }
            uses = self.0.wait(uses);
        }
    }

    fn end(&self, change: impl FnOnce(&mut Uses)) {
        change(&mut self.0.lock());
        self.0.notify_all();
    }

    /// Waits at most for a copy by the host.
    pub(crate) fn begin_work(&self, writes: bool) -> Result<(), Mapped> {
        self.begin(
            Duration::ZERO,
            writes,
            |uses| uses.host_is_in_the_way(writes),
            |uses| if writes { uses.writing_work += 1 } else { uses.reading_work += 1 },
        )
    }

    /// `failure`: what ended the work, if it failed.
    pub(crate) fn end_work(&self, writes: bool, failure: Option<&Arc<Failure>>) {
        self.end(|uses| {
            if !writes {
                uses.reading_work -= 1;
                return;
            }
            uses.writing_work -= 1;
            if failure.is_some() {
                uses.failure = failure.cloned();
            }
        });
    }

    /// Why the buffer does not hold what it should, if nobody has been told yet.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.0.lock().failure.take()?.tell_first()
    }

    pub(crate) fn begin_host_read(&self, patience: Duration) -> Result<(), Mapped> {
        self.begin(
            patience,
            false,
            |uses| uses.work_is_in_the_way(false) || uses.host_is_in_the_way(false),
            |uses| uses.host_reads += 1,
        )
    }

    pub(crate) fn end_host_read(&self) {
        self.end(|uses| uses.host_reads -= 1);
    }

    pub(crate) fn begin_host_write(&self, patience: Duration) -> Result<(), Mapped> {
        self.begin(
            patience,
            true,
            |uses| uses.work_is_in_the_way(true) || uses.host_is_in_the_way(true),
            |uses| uses.host_write = true,
        )
    }

    pub(crate) fn end_host_write(&self) {
        self.end(|uses| uses.host_write = false);
    }

    pub(crate) fn begin_view(&self, patience: Duration) -> Result<(), Mapped> {
        self.begin(
            patience,
            false,
            |uses| uses.work_is_in_the_way(false) || uses.host_is_in_the_way(false),
            |uses| uses.views += 1,
        )
    }

    pub(crate) fn end_view(&self) {
        self.end(|uses| uses.views -= 1);
    }

    pub(crate) fn begin_view_mut(&self, patience: Duration) -> Result<(), Mapped> {
        self.begin(
            patience,
            true,
            |uses| uses.work_is_in_the_way(true) || uses.host_is_in_the_way(true),
            |uses| uses.view_mut = true,
        )
    }

    pub(crate) fn end_view_mut(&self) {
        self.end(|uses| uses.view_mut = false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READING: Mapped = Mapped { for_writing: false };
    const WRITING: Mapped = Mapped { for_writing: true };

    #[test]
    fn views_exclude_what_conflicts() {
        let access = Access::default();
        access.begin_view(Duration::ZERO).unwrap();
        access.begin_view(Duration::ZERO).unwrap();
        access.begin_work(false).unwrap();
        access.begin_host_read(Duration::ZERO).unwrap();
        assert_eq!(access.begin_work(true), Err(READING));
        assert_eq!(access.begin_host_write(Duration::ZERO), Err(READING));
        assert_eq!(access.begin_view_mut(Duration::ZERO), Err(READING));
        access.end_host_read();
        access.end_work(false, None);
        access.end_view();
        access.end_view();

        access.begin_view_mut(Duration::ZERO).unwrap();
        assert_eq!(access.begin_work(false), Err(WRITING));
        assert_eq!(access.begin_host_read(Duration::ZERO), Err(WRITING));
        assert_eq!(access.begin_view(Duration::ZERO), Err(WRITING));
        assert_eq!(access.begin_view_mut(Duration::ZERO), Err(WRITING));
        access.end_view_mut();
        access.begin_work(true).unwrap();
        access.end_work(true, None);
    }

    #[test]
    fn the_host_waits_for_work() {
        let access = Access::default();
        let released = std::sync::atomic::AtomicBool::new(false);
        access.begin_work(true).unwrap();
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                access.begin_host_read(Duration::ZERO).unwrap();
                let seen = released.load(std::sync::atomic::Ordering::SeqCst);
                access.end_host_read();
                seen
            });
            std::thread::yield_now();
            released.store(true, std::sync::atomic::Ordering::SeqCst);
            access.end_work(true, None);
            assert!(reader.join().unwrap(), "read while work was writing");
        });
    }

    #[test]
    fn a_failure_is_told_once() {
        let access = Access::default();
        let failure = |message: &str| Arc::new(Failure::new(Error::Internal { message: message.into() }));
        let end = |writes, failure: Option<&Arc<Failure>>| {
            access.begin_work(writes).unwrap();
            access.end_work(writes, failure);
        };
        // What is only read is as it was.
        end(false, Some(&failure("of a reader")));
        assert_eq!(access.failure(), None);

        let of_writer = failure("of a writer");
        end(true, Some(&of_writer));
        // Other work may have written other parts of the buffer.
        end(true, None);
        assert_eq!(access.failure(), Some(of_writer.tell()));
        assert_eq!(access.failure(), None);

        // Who asks the work knows.
        end(true, Some(&of_writer));
        assert_eq!(access.failure(), None);
    }
}

//! What became of operations that have ended, in bounded memory.
//!
//! Ids are generated in order, and operations end nearly in order: so those with the same outcome form few intervals of
//! ids, which is all that is kept of most of them — millions of operations that succeed take one interval. What failed
//! has its error kept, too, up to a number; older errors are dropped, and only *that* these operations did not succeed
//! is still known. Ids that are never queued and outcomes that alternate break intervals up; when there are too many,
//! those of the lowest ids are forgotten.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::error::OperationError;
use super::ids::BuildIdHasher;

/// Most intervals: 2 MiB or so.
const MAX_INTERVALS: usize = 1 << 16;
/// A success so far beyond the latest interval begins another one: ids between them may have failed, or never come.
const FAR: u64 = 1 << 10;

/// What is known of an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Ended well.
    Succeeded,
    /// Did not; the error, if it is still kept.
    Unsuccessful(Option<OperationError>),
    /// Nothing any more.
    Forgotten,
    /// It has not ended.
    Not,
}

#[derive(Debug)]
pub(super) struct Results {
    /// First and last id of an interval of successes, apart from the others: most ids that end belong here.
    latest: Option<(u64, u64)>,
    /// By first id: last id, and whether they succeeded.
    intervals: BTreeMap<u64, (u64, bool)>,
    max_intervals: usize,
    /// What lies below it, and in no interval, is forgotten.
    horizon: u64,
    errors: HashMap<u64, OperationError, BuildIdHasher>,
    /// Keys of `errors`, the oldest first.
    order: VecDeque<u64>,
    max_errors: usize,
}

impl Results {
    pub(super) fn new(max_errors: usize) -> Self {
        Self {
            latest: None,
            intervals: BTreeMap::new(),
            max_intervals: MAX_INTERVALS,
            horizon: 0,
            errors: HashMap::default(),
            order: VecDeque::new(),
            max_errors,
        }
    }

    pub(super) fn get(&self, id: u64) -> Known {
        if self.latest.is_some_and(|(first, last)| (first..=last).contains(&id)) {
            return Known::Succeeded;
        }
        match self.intervals.range(..=id).next_back() {
            Some((_, (last, succeeded))) if *last >= id => {
                if *succeeded {
                    Known::Succeeded
                } else {
                    Known::Unsuccessful(self.errors.get(&id).cloned())
                }
            }
            _ if id < self.horizon => Known::Forgotten,
            _ => Known::Not,
        }
    }

    /// Notes the outcome of an id, once.
    pub(super) fn record(&mut self, id: u64, result: Result<(), OperationError>) {
        let succeeded = result.is_ok();
        if let Err(error) = result
            && self.max_errors > 0
        {
            if self.order.len() == self.max_errors
                && let Some(oldest) = self.order.pop_front()
            {
                self.errors.remove(&oldest);
            }
            self.errors.insert(id, error);
            self.order.push_back(id);
        }
        let first = match self.latest {
            _ if !succeeded => return self.insert(id, id, false),
            None => id,
            Some((first, last)) if last + 1 == id => first,
            Some((first, last)) if last + FAR < id => {
                self.insert(first, last, true);
                id
            }
            Some(_) => return self.insert(id, id, true),
        };
        self.latest = Some((first, self.take_successes_at(id + 1).unwrap_or(id)));
    }

    /// Removes the interval of successes that begins with an id; gives its end.
    fn take_successes_at(&mut self, id: u64) -> Option<u64> {
        let (last, succeeded) = *self.intervals.get(&id)?;
        succeeded.then(|| {
            self.intervals.remove(&id);
            last
        })
    }

    /// Adds an interval, merged with its neighbours.
    fn insert(&mut self, first: u64, mut last: u64, succeeded: bool) {
        if let Some((after, _)) = self.intervals.get(&(last + 1)).filter(|(_, outcome)| *outcome == succeeded)
        {
            let after = *after;
            self.intervals.remove(&(last + 1));
            last = after;
        }
        if let Some((_, before)) = self.intervals.range_mut(..first).next_back()
            && *before == (first - 1, succeeded)
        {
            before.0 = last;
            return;
        }
        self.intervals.insert(first, (last, succeeded));
        if self.intervals.len() > self.max_intervals
            && let Some((_, (last, _))) = self.intervals.pop_first()
        {
            self.horizon = self.horizon.max(last + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::{Cause, OperationName};
    use super::super::operation::OperationId;
    use super::*;

    fn error(number: u64) -> OperationError {
        let name = OperationName { id: OperationId { manager: 0, number }, label: "".into() };
        OperationError::new(name, Cause::Abandoned)
    }

    #[test]
    fn successes_take_one_interval_in_whatever_order() {
        let mut results = Results::new(10);
        let mut ids: Vec<u64> = (1..=10_000).collect();
        ids.sort_by_key(|id| id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40);
        for id in ids {
            assert_eq!(results.get(id), Known::Not);
            results.record(id, Ok(()));
            assert_eq!(results.get(id), Known::Succeeded);
        }
        assert!(results.intervals.len() <= 1);
        assert_eq!((results.get(0), results.get(10_001)), (Known::Not, Known::Not));
    }

    #[test]
    fn errors_are_kept_up_to_a_number() {
        let mut results = Results::new(3);
        for id in 1..=5 {
            results.record(id, Err(error(id)));
        }
        assert_eq!(results.get(2), Known::Unsuccessful(None));
        assert_eq!(results.get(3), Known::Unsuccessful(Some(error(3))));
        assert_eq!((results.errors.len(), results.order.len(), results.intervals.len()), (3, 3, 1));
    }

    #[test]
    fn scattered_outcomes_are_forgotten_from_below() {
        let mut results = Results::new(1);
        results.max_intervals = 4;
        for id in (1..=19).step_by(2) {
            results.record(id, Ok(()));
        }
        assert_eq!(results.intervals.len(), 4);
        assert_eq!((results.get(11), results.get(10)), (Known::Forgotten, Known::Forgotten));
        assert_eq!(
            (results.get(13), results.get(14), results.get(20)),
            (Known::Succeeded, Known::Not, Known::Not)
        );
    }
}

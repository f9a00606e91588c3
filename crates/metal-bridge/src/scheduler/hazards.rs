//! Who uses a buffer among the operations that have not ended, and who therefore has to wait for whom.

use std::collections::HashMap;

use super::ids::BuildIdHasher;
use crate::buffer::Buffer;

/// Unfinished operations by the buffers they use. Keys are [`Buffer::id`]s: an operation holds its buffers until it has
/// ended, so no other buffer can have the key of one that is here.
#[derive(Debug, Default)]
pub(super) struct Hazards(HashMap<usize, Users, BuildIdHasher>);

#[derive(Debug, Default)]
struct Users {
    /// The last operation that writes.
    writer: Option<u64>,
    /// Operations after it that read; may have ended already.
    readers: Vec<u64>,
    /// How many operations of any kind have to be removed yet.
    unfinished: usize,
}

/// How an operation uses a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Access {
    key: usize,
    writes: bool,
}

/// What an operation does with its buffers, one entry for each.
pub(super) fn accesses(reads: &[Buffer], writes: &[&[Buffer]]) -> Vec<Access> {
    let mut all: Vec<_> = reads.iter().map(|buffer| Access { key: buffer.id(), writes: false }).collect();
    let written = writes.iter().copied().flatten();
    all.extend(written.map(|buffer| Access { key: buffer.id(), writes: true }));
    // Of several entries for one buffer, the one that writes comes first and stays.
    all.sort_unstable_by_key(|access| (access.key, !access.writes));
    all.dedup_by_key(|access| access.key);
    all
}

impl Hazards {
    /// Adds an operation; tells `wait_for` each operation that it has to wait for, perhaps several times, and perhaps
    /// some that have ended.
    pub(super) fn add(
        &mut self,
        id: u64,
        accesses: &[Access],
        is_unfinished: impl Fn(u64) -> bool,
        mut wait_for: impl FnMut(u64),
    ) {
        for Access { key, writes } in accesses {
            let users = self.0.entry(*key).or_default();
            users.unfinished += 1;
            users.writer.iter().copied().for_each(&mut wait_for);
            if *writes {
                users.readers.drain(..).for_each(&mut wait_for);
                users.writer = Some(id);
            } else {
                // Those that have ended go when they are half of all, so this takes no time on the average.
                if users.readers.len() == users.readers.capacity() {
                    users.readers.retain(|reader| is_unfinished(*reader));
                    users.readers.reserve(users.readers.len() + 4);
                }
                users.readers.push(id);
            }
        }
    }

    /// Removes an operation that has ended.
    pub(super) fn remove(&mut self, id: u64, accesses: &[Access]) {
        for Access { key, .. } in accesses {
            let Some(users) = self.0.get_mut(key) else { continue };
            users.unfinished -= 1;
            if users.unfinished == 0 {
                self.0.remove(key);
            } else if users.writer == Some(id) {
                users.writer = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(key: usize, writes: bool) -> [Access; 1] {
        [Access { key, writes }]
    }

    fn waits(hazards: &mut Hazards, id: u64, accesses: &[Access]) -> Vec<u64> {
        let mut waits = Vec::new();
        hazards.add(id, accesses, |_| true, |other| waits.push(other));
        waits
    }

    #[test]
    fn readers_wait_for_writers_and_writers_for_both() {
        let mut hazards = Hazards::default();
        assert_eq!(waits(&mut hazards, 1, &access(7, true)), [0u64; 0]);
        assert_eq!(waits(&mut hazards, 2, &access(7, false)), [1]);
        assert_eq!(waits(&mut hazards, 3, &access(7, false)), [1]);
        assert_eq!(waits(&mut hazards, 4, &access(7, true)), [1, 2, 3]);
        assert_eq!(waits(&mut hazards, 5, &access(7, true)), [4]);
        assert_eq!(waits(&mut hazards, 6, &access(8, true)), [0u64; 0]);
        for id in 1..=5 {
            hazards.remove(id, &access(7, true));
        }
        hazards.remove(6, &access(8, true));
        assert!(hazards.0.is_empty());
    }

    #[test]
    fn readers_that_have_ended_are_dropped() {
        let mut hazards = Hazards::default();
        hazards.add(0, &access(1, false), |_| true, |_| ());
        for id in 1..100_000 {
            hazards.add(id, &access(1, false), |other| other + 3 > id, |_| ());
            hazards.remove(id - 1, &access(1, false));
        }
        assert!(hazards.0[&1].readers.len() < 100);
    }
}

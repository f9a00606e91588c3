//! Where values lie: lifetimes in one arena.

/// Offsets are multiples of this many bytes.
pub(crate) const ALIGNMENT: usize = 256;

/// A value that needs memory from one step to another, both included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lifetime {
    /// Bytes.
    pub(crate) size: usize,
    /// The step that writes it.
    pub(crate) from: usize,
    /// The last step that reads it.
    pub(crate) to: usize,
    /// A value whose memory it may take over, since the step that writes this one reads each element of that
    /// one only where it writes.
    pub(crate) over: Vec<usize>,
}

/// Offsets of values, and the size of the arena. `None` on overflow.
pub(crate) fn plan(values: &[Lifetime]) -> Option<(Vec<usize>, usize)> {
    // Values that take over each other's memory form one block.
    let mut block: Vec<usize> = (0..values.len()).collect();
    let mut extents: Vec<Lifetime> = values.to_vec();
    // The step in which each block was taken over last: it has room for one heir.
    let mut taken_over: Vec<Option<usize>> = vec![None; values.len()];
    for (i, value) in values.iter().enumerate() {
        let heir = value.over.iter().copied().find(|&old| {
            let old = block[old];
            let free = extents[old].to == value.from && taken_over[old] != Some(value.from);
            free && value.size <= extents[old].size
        });
        if let Some(old) = heir {
            let old = block[old];
            block[i] = old;
            extents[old].to = value.to;
            taken_over[old] = Some(value.from);
        }
    }
    let mut order: Vec<usize> = (0..values.len()).filter(|&i| block[i] == i).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(extents[i].size), extents[i].from));
    let mut placed: Vec<usize> = Vec::new();
    let mut offsets = vec![0; values.len()];
    let mut end = 0usize;
    for i in order {
        let own = &extents[i];
        let mut taken: Vec<(usize, usize)> = placed
            .iter()
            .filter(|&&other| extents[other].from <= own.to && own.from <= extents[other].to)
            .map(|&other| {
                (offsets[other], offsets[other] + rounded(extents[other].size).unwrap_or(usize::MAX))
            })
            .collect();
        taken.sort_unstable();
        let size = rounded(own.size)?;
        let mut offset = 0usize;
        for (start, stop) in taken {
            if offset.checked_add(size)? <= start {
                break;
            }
            offset = offset.max(stop);
        }
        offsets[i] = offset;
        end = end.max(offset.checked_add(size)?);
        placed.push(i);
    }
    for i in 0..values.len() {
        offsets[i] = offsets[block[i]];
    }
    Some((offsets, end))
}

fn rounded(size: usize) -> Option<usize> {
    size.checked_next_multiple_of(ALIGNMENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small generator: xorshift.
    struct Random(u64);

    impl Random {
        fn below(&mut self, end: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % end as u64) as usize
        }
    }

    #[test]
    fn living_values_never_overlap() {
        for seed in 1..500 {
            let mut random = Random(u64::wrapping_mul(seed, 0x9E37_79B9_7F4A_7C15));
            let steps = 1 + random.below(12);
            let mut values: Vec<Lifetime> = Vec::new();
            for from in 0..steps {
                for _ in 0..random.below(4) {
                    let to = from + random.below(steps - from);
                    let size = 1 + random.below(2000);
                    let over = (0..values.len()).filter(|&i| values[i].to == from && values[i].from < from);
                    let over = over.filter(|_| from % 2 == 0).collect();
                    values.push(Lifetime { size, from, to, over });
                }
            }
            let (offsets, end) = plan(&values).unwrap();
            for (i, a) in values.iter().enumerate() {
                assert!(offsets[i].is_multiple_of(ALIGNMENT) && offsets[i] + a.size <= end);
                for (j, b) in values.iter().enumerate().take(i) {
                    let together = a.from <= b.to && b.from <= a.to;
                    let apart = offsets[i] + a.size <= offsets[j] || offsets[j] + b.size <= offsets[i];
                    // One that is taken over dies in the step that the heir is made in, and has one heir.
                    let heir = offsets[i] == offsets[j] && a.from == b.to && a.over.contains(&j);
                    assert!(!together || apart || heir, "seed {seed}: {a:?} and {b:?}");
                }
            }
            for j in 0..values.len() {
                let heirs = (0..values.len()).filter(|&i| {
                    values[i].over.contains(&j) && offsets[i] == offsets[j] && values[i].from == values[j].to
                });
                assert!(heirs.count() <= 1, "seed {seed}");
            }
        }
    }

    #[test]
    fn chains_need_the_memory_of_one_value() {
        let value = |from: usize| Lifetime {
            size: 1000,
            from,
            to: from + 1,
            over: if from > 0 { vec![from - 1] } else { vec![] },
        };
        let (offsets, end) = plan(&(0..10).map(value).collect::<Vec<_>>()).unwrap();
        assert_eq!(offsets, [0; 10]);
        assert_eq!(end, 1024);
    }
}

//! Random graphs of 10,000 operations with errors and panics, against what must come of them.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use super::common::*;
use metal_bridge::scheduler::Cause;
use metal_bridge::{Completion, Error, OperationId};

const OPERATIONS: usize = 10_000;

/// A small generator, so that one seed makes a whole graph.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit.max(1)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Good,
    Fails,
    Panics,
}

#[derive(Default)]
struct Slot {
    executed: AtomicU8,
    cleaned: AtomicU8,
    completed: AtomicU8,
    /// Ticks of one clock.
    begin: AtomicU64,
    end: AtomicU64,
    completion: Mutex<Option<Completion>>,
}

/// Runs a graph and checks everything that is known of its end.
fn run(seed: u64, workers: usize, asynchronous: bool) {
    let mut random = Random(seed);
    let manager = manager(workers);
    let slots: Arc<Vec<Slot>> = Arc::new((0..OPERATIONS).map(|_| Slot::default()).collect());
    let clock = Arc::new(AtomicU64::new(1));
    let mut ids: Vec<OperationId> = Vec::new();
    let mut kinds = Vec::new();
    let mut dependencies: Vec<Vec<usize>> = Vec::new();
    for index in 0..OPERATIONS {
        let near = random.below(2) == 0;
        let mine: Vec<usize> = (0..random.below(4))
            .filter(|_| index > 0)
            .map(|_| {
                if near {
                    index - 1 - (random.0 as usize >> 7) % index.min(20)
                } else {
                    (random.0 as usize >> 9) % index
                }
            })
            .collect();
        let kind = match random.below(400) {
            0 => Kind::Fails,
            1 => Kind::Panics,
            _ => Kind::Good,
        };
        let tick = |clock: &AtomicU64| clock.fetch_add(1, Ordering::SeqCst);
        let later = asynchronous && random.below(10) == 0;
        let (a, b, c) = (slots.clone(), slots.clone(), slots.clone());
        let (start, stop) = (clock.clone(), clock.clone());
        let execute = move || {
            a[index].executed.fetch_add(1, Ordering::SeqCst);
            a[index].begin.store(tick(&start), Ordering::SeqCst);
            match kind {
                Kind::Good => Ok(()),
                Kind::Fails => Err(Error::other(index)),
                Kind::Panics => std::panic::resume_unwind(Box::new(index.to_string())),
            }
        };
        let id = queue(&manager, |operation| {
            let operation = operation.dependencies(mine.iter().map(|other| ids[*other]));
            let operation = if later {
                operation.execute_async(move |_, completer| {
                    let result = execute();
                    // Half of them end on another thread, after the function has returned.
                    if index % 2 == 0 {
                        std::thread::spawn(move || completer.complete(result));
                    } else {
                        completer.complete(result);
                    }
                    Ok(())
                })
            } else {
                operation.execute(execute)
            };
            operation
                .cleanup(move || {
                    b[index].cleaned.fetch_add(1, Ordering::SeqCst);
                    Ok(())
                })
                .on_complete(move |completion| {
                    let slot = &c[index];
                    slot.completed.fetch_add(1, Ordering::SeqCst);
                    slot.end.store(stop.fetch_add(1, Ordering::SeqCst), Ordering::SeqCst);
                    *slot.completion.lock().unwrap() = Some(completion.clone());
                })
        });
        ids.push(id);
        kinds.push(kind);
        dependencies.push(mine);
        if index % 100 == 0 {
            let stats = manager.get_stats();
            let ended = stats.executed + stats.failed + stats.cancelled;
            assert_eq!(stats.queued, ended + (stats.pending + stats.in_flight) as u64, "{stats:?}");
        }
    }
    manager.shutdown().unwrap();

    let mut expected: Vec<bool> = Vec::new();
    let mut counts = (0, 0, 0);
    for index in 0..OPERATIONS {
        let slot = &slots[index];
        let all_good = dependencies[index].iter().all(|other| expected[*other]);
        let succeeds = all_good && kinds[index] == Kind::Good;
        expected.push(succeeds);
        assert_eq!(slot.executed.load(Ordering::SeqCst), u8::from(all_good), "operation {index}");
        assert_eq!(slot.cleaned.load(Ordering::SeqCst), 1, "operation {index}");
        assert_eq!(slot.completed.load(Ordering::SeqCst), 1, "operation {index}");
        let completion = slot.completion.lock().unwrap().clone().unwrap();
        assert_eq!(manager.wait_for_operation(ids[index]), completion.result.clone().map_err(Error::from));
        match completion.result {
            Ok(()) => {
                assert!(succeeds, "operation {index}");
                counts.0 += 1;
            }
            Err(error) if all_good => {
                assert_eq!((error.root(), error.is_cancelled()), (ids[index], false));
                match error.cause() {
                    Cause::Failed(error) => {
                        assert_eq!((kinds[index], error), (Kind::Fails, &Error::other(index)))
                    }
                    Cause::Panicked(message) => {
                        assert_eq!((kinds[index], message), (Kind::Panics, &index.to_string()));
                    }
                    other => panic!("{other:?}"),
                }
                counts.1 += 1;
            }
            Err(error) => {
                assert!(error.is_cancelled());
                counts.2 += 1;
                // Each link of the chain is a declared dependency, and the last failed itself.
                let chain: Vec<_> = error.chain().map(|operation| operation.id).collect();
                let position = |id: &OperationId| ids.binary_search(id).unwrap();
                let root = position(&error.root());
                assert_ne!(kinds[root], Kind::Good);
                assert!(dependencies[root].iter().all(|other| expected[*other]));
                let links = if error.omitted() == 0 { chain.len() } else { chain.len() - 1 };
                for pair in chain[..links].windows(2) {
                    assert!(dependencies[position(&pair[0])].contains(&position(&pair[1])), "{error}");
                }
            }
        }
        if all_good {
            let begin = slot.begin.load(Ordering::SeqCst);
            for other in dependencies[index].iter().collect::<HashSet<_>>() {
                assert!(
                    slots[*other].end.load(Ordering::SeqCst) < begin,
                    "operation {index} ran before {other}"
                );
            }
        }
    }
    let stats = manager.get_stats();
    assert_eq!((stats.executed, stats.failed, stats.cancelled), counts);
    assert_eq!((stats.queued, stats.cleanup_errors), (OPERATIONS as u64, 0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn every_operation_ends_once_in_order_and_with_the_right_cause(
        seed: u64, workers in 1usize..5, asynchronous: bool,
    ) {
        run(seed, workers, asynchronous);
    }
}

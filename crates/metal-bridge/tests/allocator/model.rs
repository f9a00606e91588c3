//! Random allocations and releases against a model: no overlap, exact numbers, everything comes back.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{SHARED, address, allocator};
use metal_bridge::{AllocatorConfig, Buffer, BufferAllocator, MemoryStats, StorageMode};

#[derive(Clone, Debug)]
enum Step {
    Allocate { length: usize, mode: StorageMode },
    Release(prop::sample::Index),
    Trim,
    TrimTo(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let length = prop_oneof![
        4 => 1usize..3000,
        2 => 1usize..200_000,
        1 => 1usize..6_000_000,
        1 => Just(1 << 20),
    ];
    let mode = prop_oneof![4 => Just(StorageMode::Shared), 1 => Just(StorageMode::Managed)];
    prop_oneof![
        12 => (length, mode).prop_map(|(length, mode)| Step::Allocate { length, mode }),
        11 => any::<prop::sample::Index>().prop_map(Step::Release),
        1 => Just(Step::Trim),
        1 => (0u64..8 << 20).prop_map(Step::TrimTo),
    ]
}

fn config() -> impl Strategy<Value = AllocatorConfig> {
    let classes = prop_oneof![Just(None), Just(Some(vec![256, 1024, 65536])), Just(Some(vec![]))];
    let limit = prop_oneof![Just(u64::MAX), 0u64..10 << 20];
    let budget = prop_oneof![Just(None), (8u64 << 20..40 << 20).prop_map(Some)];
    let block = prop_oneof![Just(2usize << 20), Just(4096), Just(64 << 10)];
    (classes, limit, 0u64..1 << 20, budget, block).prop_map(
        |(classes, cached, class_limit, budget, block)| {
            let mut config =
                AllocatorConfig::new().maximum_cached(cached).class_limit(class_limit).minimum_block(block);
            if let Some(classes) = classes {
                config = config.size_classes(classes);
            }
            if let Some(budget) = budget {
                config = config.budget(budget);
            }
            config
        },
    )
}

/// What must be true at every moment.
fn check(
    allocator: &BufferAllocator,
    live: &BTreeMap<usize, Buffer>,
    failures: u64,
    cached_limit: Option<u64>,
) -> MemoryStats {
    let stats = allocator.memory_stats();
    assert_eq!(stats.live(), live.len() as u64);
    assert_eq!(stats.used_memory, live.values().map(|buffer| buffer.length() as u64).sum::<u64>());
    assert_eq!(stats.total_memory, stats.active + stats.total_free);
    assert_eq!(stats.num_allocations, stats.num_pool_hits + stats.num_pool_misses);
    assert_eq!(stats.num_failures, failures);
    assert_eq!(stats.total_memory, allocator.device().current_allocated_size());
    assert!(stats.used_memory <= stats.active && stats.trimmable <= stats.total_free);
    assert!(stats.peak_used >= stats.used_memory && stats.peak_total >= stats.total_memory);
    assert_eq!(stats.classes.iter().map(|class| class.live).sum::<u64>(), live.len() as u64);
    if let Some(limit) = cached_limit {
        assert!(stats.total_free <= limit || stats.trimmable == 0, "{stats:?}");
    }
    let mut end = 0;
    for (start, buffer) in live {
        assert!(*start >= end, "buffers overlap");
        end = start + buffer.length();
    }
    stats
}

/// The snapshot agrees with the numbers.
fn check_snapshot(allocator: &BufferAllocator, live: &BTreeMap<usize, Buffer>) {
    use metal_bridge::allocator::ChunkUse;
    let snapshot = allocator.snapshot();
    let mut active = 0;
    for block in &snapshot.blocks {
        let mut end = 0;
        let mut free_before = false;
        for chunk in &block.chunks {
            assert_eq!(chunk.offset, end);
            end += chunk.size;
            let free = chunk.usage == ChunkUse::Free;
            assert!(!(free && free_before), "free neighbours are merged");
            free_before = free;
            if matches!(chunk.usage, ChunkUse::Live(_)) {
                active += chunk.size as u64;
            }
        }
        assert_eq!(end, block.length);
    }
    assert_eq!(active, snapshot.stats.active);
    assert_eq!(snapshot.buffers().count(), live.len());
    assert_eq!(
        snapshot.blocks.iter().map(|block| block.length as u64).sum::<u64>(),
        snapshot.stats.total_memory
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn traces_agree_with_the_model(config in config(), steps in prop::collection::vec(step(), 1..250)) {
        let allocator = allocator(config);
        let mut live: BTreeMap<usize, Buffer> = BTreeMap::new();
        let mut failures = 0;
        for step in steps {
            match step {
                Step::Allocate { length, mode } => match allocator.allocate(length, mode.into()) {
                    Ok(buffer) => {
                        assert_eq!((buffer.length(), address(&buffer) % 256), (length, 0));
                        // Each live buffer keeps what was written to it.
                        let mark = [buffer.length() as u8; 1];
                        buffer.write(&mark).unwrap();
                        buffer.write_at(length - 1, &mark).unwrap();
                        live.insert(address(&buffer), buffer);
                    }
                    Err(metal_bridge::Error::PoolExhausted { .. }) => failures += 1,
                    Err(other) => panic!("{other}"),
                },
                Step::Release(index) if !live.is_empty() => {
                    let key = *index.get(&live.keys().copied().collect::<Vec<_>>());
                    let buffer = live.remove(&key).unwrap();
                    let mut marks = [0u8; 2];
                    buffer.read_into(0, &mut marks[..1]).unwrap();
                    buffer.read_into(buffer.length() - 1, &mut marks[1..]).unwrap();
                    assert_eq!(marks, [buffer.length() as u8; 2]);
                }
                Step::Release(_) => {}
                Step::Trim => {
                    allocator.trim();
                    assert_eq!(allocator.memory_stats().trimmable, 0);
                }
                Step::TrimTo(cached) => {
                    allocator.trim_to(cached);
                    let stats = allocator.memory_stats();
                    assert!(stats.total_free <= cached || stats.trimmable == 0);
                }
            }
            check(&allocator, &live, failures, None);
        }
        check_snapshot(&allocator, &live);
        live.clear();
        let stats = check(&allocator, &live, failures, None);
        assert_eq!((stats.active, stats.used_memory, stats.trimmable), (0, 0, stats.total_free));
        allocator.trim();
        assert_eq!(check(&allocator, &live, failures, Some(0)).total_memory, 0);
        let again = allocator.allocate(100, SHARED).unwrap();
        drop(again);
    }
}

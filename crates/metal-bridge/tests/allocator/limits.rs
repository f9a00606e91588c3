//! How much memory an allocator keeps, and what happens when there is none.

use super::{SHARED, allocator};
use metal_bridge::{AllocatorConfig, BufferAllocator, Error};

const MIB: usize = 1 << 20;

#[test]
fn large_requests_split_and_merge_blocks() {
    let allocator = allocator(AllocatorConfig::new().class_limit(0));
    let buffers: Vec<_> = (0..8).map(|_| allocator.allocate(2 * MIB + 5, SHARED).unwrap()).collect();
    let stats = allocator.memory_stats();
    assert_eq!((stats.num_blocks_reserved, stats.total_memory), (1, 20 << 20));
    assert_eq!((stats.num_pool_misses, stats.num_pool_hits), (1, 7));
    assert_eq!(stats.used_memory, 8 * (2 * MIB as u64 + 5));
    assert_eq!(stats.trimmable, 0);
    drop(buffers);
    // All in one again.
    let large = allocator.allocate(9 * MIB, SHARED).unwrap();
    assert_eq!(allocator.memory_stats().num_blocks_reserved, 1);
    let own = allocator.allocate(11 * MIB, SHARED).unwrap();
    assert_eq!(allocator.memory_stats().num_blocks_reserved, 1, "there was room for both");
    let more = allocator.allocate(15 * MIB - 1, SHARED).unwrap();
    assert_eq!(allocator.memory_stats().total_memory, (20 + 16) << 20);
    drop((large, own, more));
    assert_eq!(allocator.trim(), 36 << 20);
    assert_eq!(allocator.memory_stats().num_blocks_returned, 2);
}

#[test]
fn running_out_is_an_error_with_the_numbers_after_a_trim() {
    let allocator = allocator(AllocatorConfig::new().budget(8 << 20));
    let small = allocator.allocate(1000, SHARED).unwrap();
    drop(allocator.allocate(5 * MIB, SHARED).unwrap());
    // Blocks of the usual size do not fit, one of the exact size does, once the other is gone.
    let large = allocator.allocate(6 * MIB, SHARED).unwrap();
    assert_eq!(allocator.memory_stats().num_blocks_returned, 1);
    let error = allocator.allocate(3 * MIB, SHARED).unwrap_err();
    let Error::PoolExhausted { length, active, cached, reserved, budget, device_allocated, device_limit } =
        error
    else {
        panic!("{error}");
    };
    assert_eq!((length, active, budget), (3 * MIB, 6 * MIB as u64 + 1024, Some(8 << 20)));
    assert_eq!((reserved, cached), (8 << 20, (2 << 20) - 1024));
    assert_eq!((device_allocated, device_limit), (8 << 20, 1 << 30));
    assert_eq!(allocator.memory_stats().num_failures, 1);
    drop(large);
    allocator.allocate(3 * MIB, SHARED).unwrap();
    drop(small);
}

#[test]
fn the_devices_limit_counts_as_well() {
    let allocator = allocator(AllocatorConfig::new());
    let limit = allocator.device().max_buffer_length();
    assert!(matches!(allocator.allocate(0, SHARED), Err(Error::EmptyBuffer)));
    assert!(matches!(allocator.allocate(limit + 1, SHARED), Err(Error::BufferTooLong { .. })));
    assert!(matches!(allocator.allocate(usize::MAX, SHARED), Err(Error::BufferTooLong { .. })));
    // Rounded up to its size class this would be too long.
    let most = allocator.allocate(limit / 32 * 31 + 1, SHARED).unwrap();
    let error = allocator.allocate(limit / 2, SHARED).unwrap_err();
    assert!(matches!(error, Error::PoolExhausted { budget: None, .. }), "{error}");
    drop(most);
    // What is cached makes room for another kind of memory.
    allocator.allocate(limit, metal_bridge::ResourceOptions::STORAGE_MODE_PRIVATE).unwrap();
}

#[test]
fn allocators_of_a_device_make_room_for_each_other() {
    let first = allocator(AllocatorConfig::new());
    let device = first.device().clone();
    let second = BufferAllocator::new(&device, AllocatorConfig::new()).unwrap();
    let limit = device.max_buffer_length();
    drop(first.allocate(limit / 4 * 3, SHARED).unwrap());
    assert!(device.current_allocated_size() as usize >= limit / 4 * 3);
    let buffer = second.allocate(limit / 2, SHARED).unwrap();
    assert_eq!((first.memory_stats().total_memory, second.memory_stats().num_failures), (0, 0));
    drop(buffer);
    // A buffer of the device's own.
    device.new_buffer_with_length(limit / 4 * 3, SHARED).unwrap();
    assert_eq!(second.memory_stats().total_memory, 0);
}

#[test]
fn what_is_cached_is_limited() {
    let allocator = allocator(AllocatorConfig::new().maximum_cached(4 << 20));
    let buffers: Vec<_> = (0..3).map(|_| allocator.allocate(12 * MIB, SHARED).unwrap()).collect();
    let small = allocator.allocate(100, SHARED).unwrap();
    assert_eq!(allocator.memory_stats().num_blocks_reserved, 4);
    drop(buffers);
    let stats = allocator.memory_stats();
    assert_eq!((stats.total_memory, stats.trimmable), (2 << 20, 0));
    drop(small);
    assert_eq!(allocator.memory_stats().total_memory, 2 << 20, "two MiB may be cached");
    assert_eq!(allocator.trim_to(1 << 20), 2 << 20);
}

#[test]
fn above_the_high_watermark_blocks_go_back_until_the_low_one() {
    let allocator = allocator(AllocatorConfig::new().watermarks(40 << 20, 30 << 20));
    let [a, b, c] = [12, 12, 12].map(|size| allocator.allocate(size * MIB, SHARED).unwrap());
    drop((a, b));
    assert_eq!(allocator.memory_stats().total_memory, 36 << 20);
    // Reserving 16 MiB would pass 40 MiB: both free blocks go, since only that gets below 30.
    let d = allocator.allocate(16 * MIB, SHARED).unwrap();
    assert_eq!(allocator.memory_stats().total_memory, 28 << 20);
    // Nothing is free: the watermark is passed.
    let e = allocator.allocate(14 * MIB, SHARED).unwrap();
    assert_eq!(allocator.memory_stats().total_memory, 42 << 20);
    drop((c, d, e));
}

#[test]
fn size_classes_and_their_limits_are_kept() {
    let config = AllocatorConfig::new()
        .size_classes([256, 1024, 4096])
        .class_limit(1 << 20)
        .class_limit_of(1024, 1024);
    let allocator = allocator(config);
    let buffers: Vec<_> = [1, 256, 257, 1000, 1024, 4000, 5000]
        .map(|length| allocator.allocate(length, SHARED).unwrap())
        .into();
    let classes: Vec<_> =
        allocator.memory_stats().classes.iter().map(|c| (c.size, c.live, c.cached)).collect();
    assert_eq!(classes, [(0, 1, 0), (256, 2, 0), (1024, 3, 0), (4096, 1, 0)]);
    assert_eq!(allocator.memory_stats().active, 2 * 256 + 3 * 1024 + 4096 + (64 << 10));
    drop(buffers);
    let classes: Vec<_> =
        allocator.memory_stats().classes.iter().map(|c| (c.size, c.live, c.cached)).collect();
    assert_eq!(classes, [(0, 0, 0), (256, 0, 2), (1024, 0, 1), (4096, 0, 1)]);
    allocator.trim();
    assert!(allocator.memory_stats().classes.iter().all(|class| class.cached == 0));
}

#[test]
fn peaks_are_reset_to_what_is_there() {
    let allocator = allocator(AllocatorConfig::new());
    let (small, large) =
        (allocator.allocate(100, SHARED).unwrap(), allocator.allocate(30 * MIB, SHARED).unwrap());
    drop(large);
    allocator.trim();
    let stats = allocator.memory_stats();
    assert_eq!((stats.peak_used, stats.peak_total), (30 * MIB as u64 + 100, 32 << 20));
    allocator.reset_peaks();
    let stats = allocator.memory_stats();
    assert_eq!((stats.peak_used, stats.peak_active, stats.peak_total), (100, 256, 2 << 20));
    assert_eq!((stats.reserved(), stats.cached()), (2 << 20, (2 << 20) - 256));
    assert!((stats.internal_fragmentation() - 156.0 / 256.0).abs() < 1e-12);
    assert!((stats.fragmentation() - (1.0 - 256.0 / (2 << 20) as f64)).abs() < 1e-12);
    drop(small);
    assert_eq!(allocator.memory_stats().fragmentation(), 0.0);
}

#[test]
fn impossible_settings_are_errors() {
    let device = metal_bridge::Device::null();
    let error = BufferAllocator::new(&device, AllocatorConfig::new().minimum_block(1)).unwrap_err();
    assert!(matches!(error, Error::InvalidSetting { setting: "minimum_block", .. }), "{error}");
}

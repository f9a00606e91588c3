//! Buffers of an allocator are buffers like any other, and reach nothing but their own memory.

use std::sync::{Arc, Barrier};

use super::{SHARED, address, allocator, common};
use metal_bridge::null::NullDevice;
use metal_bridge::{AllocatorConfig, Buffer, BufferAllocator, Error, ResourceOptions, StorageMode};

fn fill(queue: &metal_bridge::CommandQueue, buffer: &Buffer, value: u8) -> metal_bridge::CommandBuffer {
    let command_buffer = queue.new_command_buffer();
    let mut blit = command_buffer.new_blit_command_encoder().unwrap();
    blit.fill_buffer(buffer, 0..buffer.length(), value).unwrap();
    blit.end_encoding().unwrap();
    command_buffer
}

#[test]
fn small_buffers_share_a_block_and_nothing_else() {
    let allocator = allocator(AllocatorConfig::new());
    let buffers: Vec<_> =
        (0..100u8).map(|i| allocator.allocate_with_data(&[i; 300], SHARED).unwrap()).collect();
    assert_eq!(allocator.device().current_allocated_size(), 2 << 20);
    for (i, buffer) in (0..).zip(&buffers) {
        assert_eq!(address(buffer) % 256, 0);
        assert_eq!((buffer.length(), buffer.storage_mode()), (300, StorageMode::Shared));
        assert_eq!(buffer.read::<u8>().unwrap(), [i; 300]);
        assert!(matches!(buffer.write_at(299, &[0u8; 2]), Err(Error::OutOfRange { length: 300, .. })));
        assert!(buffer.map_read_range::<u8>(0..301).is_err());
    }
    // A view of one is in nobody else's way.
    let view = buffers[3].map_write::<u8>().unwrap();
    buffers[2].write(&[9u8; 300]).unwrap();
    assert!(matches!(buffers[3].read::<u8>(), Err(Error::BufferMapped { .. })));
    assert_eq!(view[..], [3; 300]);
}

#[test]
fn copies_and_fills_stay_within() {
    for common::Fixture { device, .. } in common::Fixture::all() {
        let allocator = BufferAllocator::new(&device, AllocatorConfig::new()).unwrap();
        let [before, source, target, after] =
            [1u8, 2, 3, 4].map(|value| allocator.allocate_with_data(&[value; 512], SHARED).unwrap());
        let queue = device.new_command_queue().unwrap();
        let command_buffer = queue.new_command_buffer();
        let mut blit = command_buffer.new_blit_command_encoder().unwrap();
        blit.fill_buffer(&source, 500..512, 7).unwrap();
        blit.copy_from_buffer(&source, 256, &target, 0, 256).unwrap();
        assert!(blit.copy_from_buffer(&source, 0, &source, 0, 512).is_err());
        drop(blit);
        let command_buffer = queue.new_command_buffer();
        let mut blit = command_buffer.new_blit_command_encoder().unwrap();
        blit.fill_buffer(&source, 500..512, 7).unwrap();
        blit.copy_from_buffer(&source, 256, &target, 0, 256).unwrap();
        blit.end_encoding().unwrap();
        command_buffer.commit().unwrap();
        command_buffer.wait_until_completed().unwrap();
        assert_eq!(before.read::<u8>().unwrap(), [1; 512]);
        assert_eq!(after.read::<u8>().unwrap(), [4; 512]);
        if device.kind() != metal_bridge::DeviceKind::Null {
            let expected: Vec<u8> = [vec![2; 244], vec![7; 12], vec![3; 256]].concat();
            assert_eq!(target.read::<u8>().unwrap(), expected);
        }
    }
}

#[cfg(any(not(target_vendor = "apple"), feature = "cpu"))]
#[test]
fn kernels_cannot_leave_their_part_of_a_block() {
    let fixture = common::Fixture::cpu(metal_bridge::DeviceConfig::new());
    let allocator = BufferAllocator::new(&fixture.device, AllocatorConfig::new()).unwrap();
    let [before, input, output, after] =
        [1.0f32, 2.0, 3.0, 4.0].map(|value| allocator.allocate_with_data(&[value; 64], SHARED).unwrap());
    let run = |threads: usize, offset: usize| {
        let command_buffer = fixture.device.new_command_queue().unwrap().new_command_buffer();
        let mut encoder = command_buffer.new_compute_command_encoder().unwrap();
        encoder.set_compute_pipeline_state(&fixture.pipeline("scale")).unwrap();
        encoder.set_buffers(0, &[(&input, 0), (&output, offset)]).unwrap();
        encoder.set_bytes(&[10.0f32], 2).unwrap();
        encoder.dispatch_threads(threads, 32).unwrap();
        encoder.end_encoding().unwrap();
        command_buffer.commit().unwrap();
        command_buffer.wait_until_completed()
    };
    run(32, 128).unwrap();
    assert_eq!(output.read::<f32>().unwrap(), [[3.0; 32], [20.0; 32]].concat());
    // The block goes on beyond the buffers.
    let Err(Error::Kernel(fault)) = run(65, 0) else { panic!("expected a fault") };
    assert!(matches!(fault.kind, metal_bridge::FaultKind::OutOfBounds { .. }), "{fault}");
    let Err(Error::Kernel(_)) = run(33, 128) else { panic!("expected a fault") };
    assert_eq!(before.read::<f32>().unwrap(), [1.0; 64]);
    assert_eq!(after.read::<f32>().unwrap(), [4.0; 64]);
}

#[test]
fn memory_is_used_again_when_work_on_it_has_ended() {
    let null = NullDevice::new();
    let allocator = BufferAllocator::new(&null.device(), AllocatorConfig::new()).unwrap();
    let queue = null.device().new_command_queue().unwrap();
    let first = allocator.allocate(1000, SHARED).unwrap();
    let memory = address(&first);
    null.hold();
    let work = fill(&queue, &first, 1);
    work.commit().unwrap();
    drop((first, work));
    assert_eq!(allocator.memory_stats().live(), 1);
    let second = allocator.allocate(1000, SHARED).unwrap();
    assert_ne!(address(&second), memory);
    null.release();
    assert_eq!(allocator.memory_stats().live(), 1);
    let third = allocator.allocate(1000, SHARED).unwrap();
    assert_eq!(address(&third), memory);
    // Encoded work keeps its buffers as well.
    let encoded = fill(&queue, &third, 1);
    drop(third);
    assert_eq!(allocator.memory_stats().live(), 2);
    drop(encoded);
    assert_eq!(allocator.memory_stats().live(), 1);
}

#[test]
fn storage_modes_do_not_mix() {
    let allocator = allocator(AllocatorConfig::new());
    let modes = [StorageMode::Shared, StorageMode::Managed, StorageMode::Private];
    let buffers = modes.map(|mode| allocator.allocate(256, mode.into()).unwrap());
    assert_eq!(buffers.each_ref().map(Buffer::storage_mode), modes);
    assert_eq!(allocator.memory_stats().num_pool_misses, 3);
    assert!(buffers[2].read::<u8>().is_err());
    buffers[1].did_modify_range(0..256).unwrap();
    assert!(buffers[1].did_modify_range(0..257).is_err());
    drop(buffers);
    for mode in modes {
        allocator.allocate(256, mode.into()).unwrap();
    }
    assert_eq!(allocator.memory_stats().num_pool_misses, 3);
    let error = allocator.allocate_with_data(&[1u8], ResourceOptions::STORAGE_MODE_PRIVATE).unwrap_err();
    assert!(matches!(error, Error::PrivateBuffer { .. }));
    assert_eq!(allocator.memory_stats().live(), 0);
}

#[test]
fn the_global_allocator_is_one() {
    use metal_bridge::Device;
    let (first, second) = (BufferAllocator::global().unwrap(), BufferAllocator::global().unwrap());
    let buffer = first.allocate(1, SHARED).unwrap();
    assert!(second.memory_stats().live() >= 1);
    assert_eq!(buffer.device(), &Device::system_default().unwrap());
}

#[test]
fn threads_get_memory_of_their_own() {
    const THREADS: usize = 4;
    let allocator = allocator(AllocatorConfig::new().class_limit(8 << 10).maximum_cached(4 << 20));
    let barrier = Arc::new(Barrier::new(THREADS));
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let (allocator, barrier) = (allocator.clone(), barrier.clone());
            std::thread::spawn(move || {
                barrier.wait();
                let mut held: Vec<(Buffer, u8)> = Vec::new();
                for i in 0..3000usize {
                    let length = 1 + i.wrapping_mul(2_654_435_761) % [300, 5000, 100_000][i % 3];
                    let value = (i + thread) as u8;
                    let buffer = allocator.allocate(length, SHARED).unwrap();
                    buffer.write(&vec![value; length]).unwrap();
                    held.push((buffer, value));
                    if held.len() > 20 {
                        let (buffer, value) = held.swap_remove(i % 20);
                        assert!(buffer.read::<u8>().unwrap().iter().all(|byte| *byte == value));
                    }
                    if i % 500 == 0 {
                        allocator.trim();
                        let _ = allocator.snapshot();
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let stats = allocator.memory_stats();
    assert_eq!((stats.live(), stats.active, stats.used_memory), (0, 0, 0));
    assert_eq!(stats.num_allocations, 3000 * THREADS as u64);
    assert_eq!(stats.trimmable, stats.total_free);
    allocator.trim();
    assert_eq!(allocator.device().current_allocated_size(), 0);
}

#[cfg(any(not(target_vendor = "apple"), feature = "cpu"))]
#[test]
fn buffers_outlive_their_allocator() {
    use metal_bridge::Device;
    let config = metal_bridge::DeviceConfig::new().threads(std::num::NonZeroUsize::MIN);
    let device = Device::cpu(config).unwrap();
    let allocator = BufferAllocator::new(&device, AllocatorConfig::new().on_leak(|_| ())).unwrap();
    let (kept, free) =
        (allocator.allocate(100, SHARED).unwrap(), allocator.allocate(50 << 20, SHARED).unwrap());
    drop(free);
    drop(allocator);
    // What was free is with the device again.
    assert_eq!(device.current_allocated_size(), 2 << 20);
    let queue = device.new_command_queue().unwrap();
    fill(&queue, &kept, 5).commit().unwrap();
    assert_eq!(kept.read::<u8>().unwrap(), [5; 100]);
    drop(kept);
    assert_eq!(device.current_allocated_size(), 0);
}

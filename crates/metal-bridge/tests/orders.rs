//! Many orders of the threads' steps, by shuttle: no deadlock, no lost wake-up, no lost work.
//!
//! `RUSTFLAGS="--cfg shuttle" cargo test --package metal-bridge --test orders --release`; nothing else of the
//! tests is made for that.
#![cfg(all(shuttle, any(not(target_vendor = "apple"), feature = "cpu")))]

#[path = "orders/scheduler.rs"]
mod scheduler;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use metal_bridge::{
    Buffer, CommandBuffer, CommandBufferStatus, CommandQueue, Device, DeviceConfig, Error, ResourceOptions,
};
use shuttle::sync::atomic::{AtomicUsize, Ordering};
use shuttle::thread;

/// Tries so many random orders, and as many that favour rare ones.
fn check(model: fn()) {
    const ORDERS: usize = 1500;
    shuttle::check_random(model, ORDERS);
    shuttle::check_pct(model, ORDERS, 3);
}

fn device(threads: usize, time_limit: Option<Duration>) -> Device {
    let threads = NonZeroUsize::new(threads).unwrap();
    Device::cpu(DeviceConfig::new().threads(threads).time_limit(time_limit)).unwrap()
}

fn buffer(device: &Device, length: usize) -> Buffer {
    device.new_buffer_with_length(length, ResourceOptions::default()).unwrap()
}

fn fill(queue: &CommandQueue, buffer: &Buffer, value: u8) -> CommandBuffer {
    let command_buffer = queue.new_command_buffer();
    let mut blit = command_buffer.new_blit_command_encoder().unwrap();
    blit.fill_buffer(buffer, 0..buffer.length(), value).unwrap();
    blit.end_encoding().unwrap();
    command_buffer
}

#[test]
fn work_is_done_in_order() {
    check(|| {
        let device = device(2, None);
        let queue = device.new_command_queue().unwrap();
        let buffer = buffer(&device, 16);
        let all: Vec<_> = (1..=3).map(|value| fill(&queue, &buffer, value)).collect();
        for command_buffer in &all {
            command_buffer.commit().unwrap();
        }
        all[1].wait_until_completed().unwrap();
        assert!(all[0].status().has_ended());
        assert_eq!(buffer.read::<u8>().unwrap(), [3; 16]);
    });
}

#[test]
fn queues_on_many_threads() {
    check(|| {
        let device = device(2, None);
        let threads: Vec<_> = (1..=3)
            .map(|value| {
                let device = device.clone();
                thread::spawn(move || {
                    let queue = device.new_command_queue().unwrap();
                    let buffer = buffer(&device, 16);
                    fill(&queue, &buffer, 0).commit().unwrap();
                    let last = fill(&queue, &buffer, value);
                    last.commit().unwrap();
                    last.wait_until_completed().unwrap();
                    assert_eq!(last.status(), CommandBufferStatus::Completed);
                    assert_eq!(buffer.read::<u8>().unwrap(), [value; 16]);
                })
            })
            .collect();
        drop(device);
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

#[test]
fn work_is_shared() {
    check(|| {
        // Four blocks of a blit's work, on three workers, under a watchdog.
        let device = device(3, Some(Duration::from_secs(1000)));
        let queue = device.new_command_queue().unwrap();
        let buffer = buffer(&device, 1 << 20);
        let command_buffer = fill(&queue, &buffer, 7);
        command_buffer.commit().unwrap();
        drop((device, queue, command_buffer));
        let view = buffer.map_read::<u8>().unwrap();
        assert!([0, 1 << 18, (1 << 19) + 5, (1 << 20) - 1].iter().all(|i| view[*i] == 7));
    });
}

#[test]
fn handlers_wait_commit_and_drop() {
    check(|| {
        let device = device(1, None);
        let queue = device.new_command_queue().unwrap();
        let handled = Arc::new(AtomicUsize::new(0));
        let buffer = buffer(&device, 16);
        let (first, second) = (fill(&queue, &buffer, 1), fill(&queue, &buffer, 2));
        let count = handled.clone();
        second
            .add_completed_handler(move |_| {
                count.fetch_add(1, Ordering::SeqCst);
            })
            .unwrap();
        let (count, other, target) = (handled.clone(), device.new_command_queue().unwrap(), buffer.clone());
        first
            .add_completed_handler(move |done| {
                done.wait_until_completed().unwrap();
                let third = fill(&other, &target, 3);
                let inner = count.clone();
                third
                    .add_completed_handler(move |_| {
                        inner.fetch_add(1, Ordering::SeqCst);
                    })
                    .unwrap();
                third.commit().unwrap();
                third.wait_until_completed().unwrap();
                count.fetch_add(1, Ordering::SeqCst);
            })
            .unwrap();
        first.commit().unwrap();
        second.commit().unwrap();
        drop((device, queue, buffer, first));
        // Its handler runs after the handler of the first.
        second.wait_until_completed().unwrap();
        assert!(handled.load(Ordering::SeqCst) >= 2);
    });
}

#[test]
fn the_last_handle_goes_with_the_work() {
    check(|| {
        let device = device(2, Some(Duration::from_secs(1000)));
        let queue = device.new_command_queue().unwrap();
        let buffer = buffer(&device, 16);
        let command_buffer = fill(&queue, &buffer, 1);
        let handle = device.clone();
        command_buffer.add_completed_handler(move |_| drop(handle)).unwrap();
        command_buffer.commit().unwrap();
        fill(&queue, &buffer, 2).commit().unwrap();
        // Every thread has to end, or shuttle reports a deadlock.
    });
}

#[test]
fn views_and_commits() {
    check(|| {
        let device = device(1, None);
        let queue = device.new_command_queue().unwrap();
        let buffer = buffer(&device, 16);
        let writer = {
            let buffer = buffer.clone();
            thread::spawn(move || {
                for value in [10, 20] {
                    match buffer.map_write::<u8>() {
                        Ok(mut view) => view.fill(value),
                        Err(Error::BufferMapped { .. }) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
            })
        };
        for value in [1, 2] {
            let command_buffer = fill(&queue, &buffer, value);
            while let Err(error) = command_buffer.commit() {
                assert!(matches!(error, Error::BufferMapped { .. }));
                thread::yield_now();
            }
            match buffer.read::<u8>() {
                Ok(seen) => assert!(seen.iter().all(|byte| *byte == seen[0])),
                Err(error) => assert!(matches!(error, Error::BufferMapped { .. })),
            }
        }
        writer.join().unwrap();
        buffer.write(&[0u8; 16]).unwrap();
    });
}

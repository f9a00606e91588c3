//! Many threads, many queues, handlers and drops; on CPU devices with one to four workers.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use common::device;
use metal_bridge::{Buffer, CommandBuffer, CommandQueue, Device, Error, ResourceOptions};

fn buffer(device: &Device, length: usize) -> Buffer {
    device.new_buffer_with_length(length, ResourceOptions::default()).unwrap()
}

fn copy(queue: &CommandQueue, from: &Buffer, to: &Buffer) -> CommandBuffer {
    let command_buffer = queue.new_command_buffer();
    let mut blit = command_buffer.new_blit_command_encoder().unwrap();
    blit.copy_from_buffer(from, 0, to, 0, from.length()).unwrap();
    blit.end_encoding().unwrap();
    command_buffer
}

#[test]
fn a_queue_keeps_the_order_of_commit() {
    for threads in 1..=4 {
        let device = device(threads);
        let queue = device.new_command_queue().unwrap();
        let chain: Vec<_> = (0..300).map(|_| buffer(&device, 64)).collect();
        chain[0].write(&[7u8; 64]).unwrap();
        for pair in chain.windows(2) {
            copy(&queue, &pair[0], &pair[1]).commit().unwrap();
        }
        assert_eq!(chain[299].read::<u8>().unwrap(), [7; 64]);
    }
}

#[test]
fn many_threads_share_a_queue_and_buffers() {
    for threads in [1, 2, 4] {
        let device = device(threads);
        let queue = device.new_command_queue().unwrap();
        let shared = buffer(&device, 4096);
        let handled = Arc::new(AtomicUsize::new(0));
        let start = Barrier::new(8);
        thread::scope(|scope| {
            for value in 0..8u8 {
                let (device, queue, shared, start) = (&device, &queue, &shared, &start);
                let handled = handled.clone();
                scope.spawn(move || {
                    let source =
                        device.new_buffer_with_data(&[value; 4096], ResourceOptions::default()).unwrap();
                    start.wait();
                    for i in 0..100 {
                        let command_buffer = copy(queue, &source, shared);
                        let handled = handled.clone();
                        command_buffer
                            .add_completed_handler(move |_| {
                                handled.fetch_add(1, Ordering::SeqCst);
                            })
                            .unwrap();
                        command_buffer.commit().unwrap();
                        if i % 7 == 0 {
                            command_buffer.wait_until_completed().unwrap();
                        }
                        if i % 5 == 0 {
                            // Never a mixture of two copies: reading waits until none is in flight.
                            let seen = shared.read::<u8>().unwrap();
                            assert!(seen.iter().all(|byte| *byte == seen[0]));
                        }
                    }
                });
            }
        });
        let last = queue.new_command_buffer();
        last.add_completed_handler(|_| {}).unwrap();
        last.commit().unwrap();
        last.wait_until_completed().unwrap();
        assert_eq!(handled.load(Ordering::SeqCst), 800);
    }
}

#[test]
fn queues_make_progress_side_by_side() {
    for threads in [1, 2, 3] {
        let device = device(threads);
        thread::scope(|scope| {
            for value in 0..6u8 {
                let device = &device;
                scope.spawn(move || {
                    let queue = device.new_command_queue().unwrap();
                    let (a, b) = (buffer(device, 1 << 20), buffer(device, 1 << 20));
                    for round in 0..30 {
                        let byte = value.wrapping_add(round);
                        let fill = queue.new_command_buffer();
                        let mut blit = fill.new_blit_command_encoder().unwrap();
                        blit.fill_buffer(&a, 0..1 << 20, byte).unwrap();
                        blit.end_encoding().unwrap();
                        fill.commit().unwrap();
                        copy(&queue, &a, &b).commit().unwrap();
                        let view = b.map_read::<u8>().unwrap();
                        assert!(view.iter().all(|seen| *seen == byte));
                    }
                });
            }
        });
    }
}

#[test]
fn mappings_and_commits_race_without_harm() {
    let device = device(2);
    let queue = device.new_command_queue().unwrap();
    let (source, target) = (buffer(&device, 256), buffer(&device, 256));
    let refused = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..500 {
                    let command_buffer = copy(&queue, &source, &target);
                    loop {
                        match command_buffer.commit() {
                            Ok(()) => break,
                            Err(Error::BufferMapped { .. }) => {
                                refused.fetch_add(1, Ordering::Relaxed);
                                thread::yield_now();
                            }
                            Err(other) => panic!("{other}"),
                        }
                    }
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                for i in 0..500u32 {
                    match source.map_write::<u32>() {
                        Ok(mut view) => view.fill(i),
                        Err(Error::BufferMapped { .. }) => {}
                        Err(other) => panic!("{other}"),
                    }
                    match target.map_read::<u32>() {
                        Ok(view) => assert!(view.iter().all(|value| *value == view[0])),
                        Err(other) => panic!("{other}"),
                    }
                }
            });
        }
    });
    // Everything is released in the end.
    source.write(&[1u8]).unwrap();
    target.write(&[1u8]).unwrap();
}

#[test]
fn handlers_wait_for_other_work_with_one_worker() {
    let device = device(1);
    let queue = device.new_command_queue().unwrap();
    let other = device.new_command_queue().unwrap();
    let (a, b) = (buffer(&device, 64), buffer(&device, 64));
    let (sender, receiver) = mpsc::channel();
    for _ in 0..100 {
        let (a, b, sender, other) = (a.clone(), b.clone(), sender.clone(), other.clone());
        let command_buffer = copy(&queue, &a, &b);
        command_buffer
            .add_completed_handler(move |_| {
                let next = copy(&other, &b, &a);
                let inner = sender.clone();
                next.add_completed_handler(move |_| inner.send(()).unwrap()).unwrap();
                next.commit().unwrap();
                next.wait_until_completed().unwrap();
                a.read::<u8>().unwrap();
            })
            .unwrap();
        command_buffer.commit().unwrap();
    }
    drop(sender);
    assert_eq!(receiver.iter().count(), 100);
}

#[test]
fn waiting_from_many_threads() {
    let device = device(2);
    let queue = device.new_command_queue().unwrap();
    let (a, b) = (buffer(&device, 1 << 20), buffer(&device, 1 << 20));
    for _ in 0..50 {
        let command_buffer = copy(&queue, &a, &b);
        thread::scope(|scope| {
            command_buffer.commit().unwrap();
            for _ in 0..4 {
                scope.spawn(|| command_buffer.wait_until_completed().unwrap());
                scope.spawn(|| command_buffer.wait_until_scheduled().unwrap());
            }
        });
    }
}

#[test]
fn devices_come_and_go_with_work_in_flight() {
    for round in 0..200 {
        let device = device(1 + round % 3);
        let queue = device.new_command_queue().unwrap();
        let (a, b) = (buffer(&device, 100_000), buffer(&device, 100_000));
        let (sender, receiver) = mpsc::channel();
        for _ in 0..5 {
            let command_buffer = copy(&queue, &a, &b);
            let (sender, device) = (sender.clone(), device.clone());
            command_buffer
                .add_completed_handler(move |done| {
                    drop(device);
                    sender.send(done.status()).unwrap();
                })
                .unwrap();
            command_buffer.commit().unwrap();
        }
        // The last handles are those of the handlers, or of the work itself.
        drop((device, queue, a, b, sender));
        assert_eq!(receiver.iter().count(), 5);
    }
}

//! The life of a command buffer: stages, handlers, errors, order; on a null device that is held back by hand.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use common::Fixture;
use metal_bridge::null::NullDevice;
use metal_bridge::{
    BarrierScope, CommandBuffer, CommandBufferStatus as Status, Device, DispatchType, Error, ResourceOptions,
    StorageMode,
};

fn failure(message: &str) -> Error {
    Error::Internal { message: message.into() }
}

#[test]
fn stages_and_times() {
    let null = NullDevice::new();
    let command_buffer = null.device().new_command_queue().unwrap().new_command_buffer();
    assert_eq!(command_buffer.status(), Status::NotEnqueued);
    assert_eq!((command_buffer.gpu_start_time(), command_buffer.gpu_end_time()), (None, None));
    null.hold();
    command_buffer.commit().unwrap();
    assert_eq!(command_buffer.status(), Status::Committed);
    assert!(null.release_one());
    assert!(!null.release_one());
    assert_eq!(command_buffer.status(), Status::Completed);
    assert_eq!(command_buffer.error(), None);
    assert!(command_buffer.gpu_start_time().unwrap() <= command_buffer.gpu_end_time().unwrap());
    command_buffer.wait_until_scheduled().unwrap();
    command_buffer.wait_until_completed().unwrap();
}

#[test]
fn a_failure_is_reported_everywhere_and_stays_with_its_command_buffer() {
    let null = NullDevice::new();
    let queue = null.device().new_command_queue().unwrap();
    null.hold();
    let (bad, good) = (queue.new_command_buffer(), queue.new_command_buffer());
    let (sender, receiver) = mpsc::channel();
    bad.add_completed_handler(move |done| sender.send((done.status(), done.error())).unwrap()).unwrap();
    bad.commit().unwrap();
    good.commit().unwrap();
    null.fail_next(failure("deliberate"));
    null.release();
    assert_eq!(bad.wait_until_completed(), Err(failure("deliberate")));
    assert_eq!(bad.error(), Some(failure("deliberate")));
    assert_eq!(bad.status(), Status::Error);
    assert!(bad.status().has_ended());
    assert_eq!(receiver.recv().unwrap(), (Status::Error, Some(failure("deliberate"))));
    assert_eq!(good.wait_until_completed(), Ok(()));
}

#[test]
fn handlers_run_once_each_in_order_on_another_thread() {
    for Fixture { device, .. } in Fixture::all() {
        let command_buffer = device.new_command_queue().unwrap().new_command_buffer();
        let calls = Arc::new(Mutex::new(Vec::new()));
        for i in 0..5 {
            let calls = calls.clone();
            let handler = move |_: &CommandBuffer| calls.lock().unwrap().push((i, thread::current().id()));
            command_buffer.add_completed_handler(handler).unwrap();
        }
        command_buffer.commit().unwrap();
        // Waiting includes the handlers.
        command_buffer.wait_until_completed().unwrap();
        let calls = calls.lock().unwrap();
        assert_eq!(calls.iter().map(|(i, _)| *i).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        assert!(calls.iter().all(|(_, id)| *id != thread::current().id()));
    }
}

#[test]
fn handlers_of_a_queue_run_in_the_order_of_commit() {
    for Fixture { device, .. } in Fixture::all() {
        let queue = device.new_command_queue().unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let all: Vec<_> = (0..100)
            .map(|i| {
                let command_buffer = queue.new_command_buffer();
                let order = order.clone();
                command_buffer.add_completed_handler(move |_| order.lock().unwrap().push(i)).unwrap();
                command_buffer.commit().unwrap();
                command_buffer
            })
            .collect();
        all.last().unwrap().wait_until_completed().unwrap();
        assert_eq!(*order.lock().unwrap(), (0..100).collect::<Vec<_>>());
    }
}

#[test]
fn a_panic_in_a_handler_is_contained() {
    for Fixture { device, .. } in Fixture::all() {
        let queue = device.new_command_queue().unwrap();
        let command_buffer = queue.new_command_buffer();
        let after = Arc::new(AtomicUsize::new(0));
        // `resume_unwind` panics without a message on the terminal.
        command_buffer.add_completed_handler(|_| std::panic::resume_unwind(Box::new("deliberate"))).unwrap();
        let count = after.clone();
        command_buffer
            .add_completed_handler(move |_| {
                count.fetch_add(1, Ordering::SeqCst);
            })
            .unwrap();
        command_buffer.commit().unwrap();
        command_buffer.wait_until_completed().unwrap();
        assert_eq!(after.load(Ordering::SeqCst), 1);
        assert_eq!(command_buffer.handler_panics(), ["deliberate"]);
        assert_eq!(command_buffer.status(), Status::Completed);
        let next = queue.new_command_buffer();
        next.commit().unwrap();
        next.wait_until_completed().unwrap();
    }
}

#[test]
fn a_handler_may_wait_commit_and_add_handlers() {
    for Fixture { device, .. } in Fixture::all() {
        let queue = device.new_command_queue().unwrap();
        let other = device.new_command_queue().unwrap();
        let buffer = device.new_buffer_with_length(64, ResourceOptions::default()).unwrap();
        let (sender, receiver) = mpsc::channel();
        let (all_committed, go) = mpsc::channel();
        let first = queue.new_command_buffer();
        let (second, third) = (queue.new_command_buffer(), other.new_command_buffer());
        let (later, also_later) = (second.clone(), third.clone());
        first
            .add_completed_handler(move |done| {
                go.recv().unwrap();
                // Of this, of the same, and of another queue; the last with a handler of its own.
                done.wait_until_completed().unwrap();
                later.wait_until_completed().unwrap();
                also_later.wait_until_completed().unwrap();
                let next = done.command_queue().new_command_buffer();
                let mut blit = next.new_blit_command_encoder().unwrap();
                blit.fill_buffer(&buffer, 0..64, 3).unwrap();
                blit.end_encoding().unwrap();
                next.add_completed_handler(move |_| sender.send(()).unwrap()).unwrap();
                next.commit().unwrap();
                next.wait_until_completed().unwrap();
                buffer.read::<u8>().unwrap();
            })
            .unwrap();
        third.add_completed_handler(|_| {}).unwrap();
        first.commit().unwrap();
        second.commit().unwrap();
        third.commit().unwrap();
        all_committed.send(()).unwrap();
        first.wait_until_completed().unwrap();
        receiver.recv().unwrap();
    }
}

#[test]
fn a_handler_blocked_for_long_does_not_hold_up_other_queues() {
    for Fixture { device, .. } in Fixture::all() {
        let (release, blocked) = mpsc::channel::<()>();
        let first = device.new_command_queue().unwrap().new_command_buffer();
        first.add_completed_handler(move |_| blocked.recv().unwrap()).unwrap();
        first.commit().unwrap();
        let second = device.new_command_queue().unwrap().new_command_buffer();
        second.add_completed_handler(move |_| release.send(()).unwrap()).unwrap();
        second.commit().unwrap();
        second.wait_until_completed().unwrap();
        first.wait_until_completed().unwrap();
    }
}

#[test]
fn what_is_never_committed_runs_no_handlers_and_leaks_nothing() {
    let device = Device::null();
    let token = Arc::new(());
    let command_buffer = device.new_command_queue().unwrap().new_command_buffer();
    let held = token.clone();
    command_buffer.add_completed_handler(move |_| drop(held)).unwrap();
    drop(command_buffer);
    assert_eq!(Arc::strong_count(&token), 1);
}

#[test]
fn the_host_waits_for_work_in_flight() {
    let null = NullDevice::new();
    let device = null.device();
    let buffer = device.new_buffer_with_length(64, ResourceOptions::default()).unwrap();
    let unrelated = device.new_buffer_with_length(64, ResourceOptions::default()).unwrap();
    let source = device.new_buffer_with_length(64, ResourceOptions::default()).unwrap();
    null.hold();
    let command_buffer = device.new_command_queue().unwrap().new_command_buffer();
    let mut blit = command_buffer.new_blit_command_encoder().unwrap();
    blit.copy_from_buffer(&source, 0, &buffer, 0, 64).unwrap();
    blit.end_encoding().unwrap();
    command_buffer.commit().unwrap();

    // Not waited for: a buffer that is not in use, and reading what is only read.
    unrelated.write(&[1u8]).unwrap();
    source.read::<u8>().unwrap();
    drop(source.map_read::<u8>().unwrap());

    let calls: [fn(&metal_bridge::Buffer); 5] = [
        |buffer| drop(buffer.read::<u8>().unwrap()),
        |buffer| drop(buffer.map_read::<u8>().unwrap()),
        |buffer| drop(buffer.map_write::<u8>().unwrap()),
        |buffer| buffer.write(&[1u8]).unwrap(),
        |buffer| buffer.read_into(0, &mut [0u8]).unwrap(),
    ];
    thread::scope(|scope| {
        let waiting: Vec<_> = calls
            .map(|call| (call, buffer.clone()))
            .into_iter()
            .chain([(calls[3], source.clone())])
            .map(|(call, buffer)| {
                let command_buffer = &command_buffer;
                scope.spawn(move || {
                    call(&buffer);
                    command_buffer.status()
                })
            })
            .collect();
        thread::yield_now();
        null.release();
        for thread in waiting {
            assert_eq!(thread.join().unwrap(), Status::Completed);
        }
    });
}

#[test]
fn a_commit_refused_for_a_mapping_takes_no_buffer() {
    let null = NullDevice::new();
    let device = null.device();
    let [a, b, c] = [(); 3].map(|()| device.new_buffer_with_length(8, ResourceOptions::default()).unwrap());
    let command_buffer = device.new_command_queue().unwrap().new_command_buffer();
    let mut blit = command_buffer.new_blit_command_encoder().unwrap();
    for buffer in [&a, &b, &c] {
        blit.fill_buffer(buffer, 0..8, 1).unwrap();
    }
    blit.end_encoding().unwrap();
    for mapped in [&a, &b, &c] {
        let view = mapped.map_read::<u8>().unwrap();
        assert!(matches!(command_buffer.commit(), Err(Error::BufferMapped { .. })));
        // None of the others is left waiting for work that never comes.
        for other in [&a, &b, &c].into_iter().filter(|other| *other != mapped) {
            other.write(&[2u8]).unwrap();
        }
        drop(view);
    }
    assert_eq!(null.commands(), Vec::<String>::new());
    command_buffer.commit().unwrap();
    command_buffer.wait_until_completed().unwrap();
    assert_eq!(null.commands().len(), 3);
}

#[test]
fn reading_work_and_reading_views_go_together() {
    let null = NullDevice::new();
    let device = null.device();
    let source = device.new_buffer_with_data(&[1u8, 2], ResourceOptions::default()).unwrap();
    let target = device.new_buffer_with_length(2, ResourceOptions::default()).unwrap();
    let view = source.map_read::<u8>().unwrap();
    null.hold();
    let command_buffer = device.new_command_queue().unwrap().new_command_buffer();
    let mut blit = command_buffer.new_blit_command_encoder().unwrap();
    blit.copy_from_buffer(&source, 0, &target, 0, 2).unwrap();
    blit.end_encoding().unwrap();
    command_buffer.commit().unwrap();
    assert_eq!(view[..], [1, 2]);
    null.release();
}

#[test]
fn buffers_live_until_the_work_has_ended() {
    let null = NullDevice::new();
    let device = null.device();
    let buffer = device.new_buffer_with_length(1000, ResourceOptions::default()).unwrap();
    let command_buffer = device.new_command_queue().unwrap().new_command_buffer();
    let mut blit = command_buffer.new_blit_command_encoder().unwrap();
    blit.fill_buffer(&buffer, 0..1000, 1).unwrap();
    blit.end_encoding().unwrap();
    null.hold();
    command_buffer.commit().unwrap();
    drop(buffer);
    assert_eq!(device.current_allocated_size(), 1000);
    null.release();
    command_buffer.wait_until_completed().unwrap();
    // The command buffer is still there, what it used is not.
    assert_eq!(device.current_allocated_size(), 0);
}

#[test]
fn what_is_recorded_is_what_was_asked_for() {
    let fixture = Fixture::null();
    let device = &fixture.device;
    let command_buffer = device.new_command_queue().unwrap().new_command_buffer();
    command_buffer.set_label("step");
    let buffer = device.new_buffer_with_length(256, ResourceOptions::default()).unwrap();
    let mut encoder =
        command_buffer.new_compute_command_encoder_with_dispatch_type(DispatchType::Concurrent).unwrap();
    encoder.set_label("forward");
    assert_eq!(encoder.dispatch_type(), DispatchType::Concurrent);
    encoder.set_compute_pipeline_state(&fixture.pipeline("scale")).unwrap();
    encoder.set_buffers(0, &[(&buffer, 0), (&buffer, 128)]).unwrap();
    encoder.set_bytes(&[1.0f32], 2).unwrap();
    encoder.dispatch_threads(10, 4).unwrap();
    encoder.memory_barrier_with_scope(BarrierScope::Buffers).unwrap();
    encoder.set_buffer_offset(64, 0).unwrap();
    encoder.dispatch_threadgroups((2, 3, 4), (8, 2, 1)).unwrap();
    encoder.set_compute_pipeline_state(&fixture.pipeline("half_full")).unwrap();
    encoder.set_threadgroup_memory_length(32, 0).unwrap();
    encoder.push_debug_group("sum");
    encoder.dispatch_threads(1, 1).unwrap();
    encoder.pop_debug_group().unwrap();
    encoder.end_encoding().unwrap();
    let managed = device.new_buffer_with_length(16, StorageMode::Managed.into()).unwrap();
    let mut blit = command_buffer.new_blit_command_encoder().unwrap();
    blit.copy_from_buffer(&buffer, 0, &buffer, 8, 8).unwrap();
    blit.fill_buffer(&buffer, 3..5, 9).unwrap();
    blit.synchronize_resource(&managed).unwrap();
    blit.end_encoding().unwrap();
    command_buffer.commit().unwrap();
    let expected = [
        "command buffer \"step\"",
        "Concurrent compute command encoder \"forward\"",
        "dispatch `scale`: grid 10 × 1 × 1, threadgroup 4 × 1 × 1, buffer 0: 256 bytes from byte 0, buffer 1: 128 bytes from byte 128, buffer 2: set to 4 bytes",
        "barrier: Buffers",
        "dispatch `scale`: grid 16 × 6 × 4, threadgroup 8 × 2 × 1, buffer 0: 192 bytes from byte 64, buffer 1: 128 bytes from byte 128, buffer 2: set to 4 bytes",
        "push debug group `sum`",
        "dispatch `half_full`: grid 1 × 1 × 1, threadgroup 1 × 1 × 1, buffer 0: 192 bytes from byte 64, threadgroup memory 0: 32 bytes",
        "pop debug group",
        "copy 8 bytes from byte 0 to byte 8",
        "fill bytes 3 to 5 with 9",
        "synchronize",
    ];
    assert_eq!(fixture.null.unwrap().commands(), expected);
}

#[test]
fn handles_can_be_shared_and_sent() {
    fn check<T: Clone + Send + Sync + std::fmt::Debug>() {}
    check::<Device>();
    check::<metal_bridge::Buffer>();
    check::<metal_bridge::Library>();
    check::<metal_bridge::Function>();
    check::<metal_bridge::ComputePipelineState>();
    check::<metal_bridge::CommandQueue>();
    check::<CommandBuffer>();
    check::<Error>();
    fn can_move<T: Send + Sync>() {}
    can_move::<metal_bridge::ComputeCommandEncoder>();
    can_move::<metal_bridge::BlitCommandEncoder>();
    can_move::<metal_bridge::BufferView<f32>>();
    can_move::<metal_bridge::BufferViewMut<f32>>();
}

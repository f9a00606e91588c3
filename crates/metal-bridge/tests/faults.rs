//! What kernels do wrong, and what takes too long, on CPU devices. No other device promises to notice.
#![cfg(any(not(target_vendor = "apple"), feature = "cpu"))]

mod common;

use std::num::NonZeroUsize;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use common::{dispatch, pipeline, zeros};
use metal_bridge::{
    CommandBufferStatus as Status, CompileOptions, Device, DeviceConfig, Error, FaultKind, KernelFault,
    Library, METAL_KERNEL_SOURCE,
};

const SOURCE: &str = r"
#include <metal_stdlib>
using namespace metal;

kernel void increment(device uint *values [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    values[i] += 1;
}

kernel void endless(device uint *values [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    while (values[i] == 0) {}
}

kernel void count(device atomic_uint *counter [[buffer(0)]]) {
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

kernel void wait_for_count(device atomic_uint *counter [[buffer(0)]]) {
    while (atomic_load_explicit(counter, memory_order_relaxed) == 0) {}
}

kernel void patient(device atomic_uint *counter [[buffer(0)]]) {
    for (uint i = 0; i < 100000 && atomic_load_explicit(counter, memory_order_relaxed) == 0; i++) {}
}

kernel void write_to_const(device const uint *values [[buffer(0)]]) {
    *(device uint *)values = 7;
}
";

fn device(threads: usize) -> Device {
    Device::cpu(DeviceConfig::new().threads(NonZeroUsize::new(threads).unwrap())).unwrap()
}

fn library(device: &Device) -> Library {
    device.new_library_with_source(SOURCE, &CompileOptions::default()).unwrap()
}

#[test]
fn a_fault_ends_its_command_buffer_and_no_other() {
    let device = device(2);
    let pipeline = pipeline(&library(&device), "increment");
    let queue = device.new_command_queue().unwrap();
    let values = zeros(&device, 1000);
    let bad = dispatch(&queue, &pipeline, &values, 1001, 64);
    let good = dispatch(&queue, &pipeline, &values, 1000, 64);
    let Err(Error::Kernel(fault)) = bad.wait_until_completed() else { panic!("{:?}", bad.error()) };
    let KernelFault { kernel, kind, thread_position_in_grid, location } = *fault;
    assert_eq!(kernel, "increment");
    assert!(matches!(kind, FaultKind::OutOfBounds { offset: 4000, size: 4, length: 4000, .. }), "{kind:?}");
    assert_eq!(thread_position_in_grid, Some([1000, 0, 0]));
    assert_eq!(location.unwrap().line, 6);
    assert_eq!(bad.status(), Status::Error);
    assert_eq!(good.wait_until_completed(), Ok(()));
}

#[test]
fn a_failure_that_nobody_waits_for_is_an_error_of_reading() {
    let device = device(2);
    let pipeline = pipeline(&library(&device), "increment");
    let queue = device.new_command_queue().unwrap();
    let values = zeros(&device, 4);
    let is_fault = |error| matches!(error, Error::Kernel(fault) if fault.kernel == "increment");

    dispatch(&queue, &pipeline, &values, 5, 64);
    assert!(is_fault(values.read::<u32>().unwrap_err()));
    assert_eq!(values.read::<u32>().unwrap().len(), 4, "what is there can be read");

    dispatch(&queue, &pipeline, &values, 5, 64);
    assert!(is_fault(values.map_read::<u32>().unwrap_err()));
    // The view that was not given is not in the way.
    dispatch(&queue, &pipeline, &values, 5, 64);
    assert!(is_fault(values.map_write::<u32>().unwrap_err()));
    dispatch(&queue, &pipeline, &values, 5, 64);
    assert!(is_fault(values.read_into(0, &mut [0u32]).unwrap_err()));

    // Whoever has asked the command buffer knows.
    let bad = dispatch(&queue, &pipeline, &values, 5, 64);
    assert!(is_fault(bad.wait_until_completed().unwrap_err()));
    assert!(values.read::<u32>().is_ok());
    let bad = dispatch(&queue, &pipeline, &values, 5, 64);
    while !bad.status().has_ended() {
        thread::yield_now();
    }
    assert!(values.read::<u32>().is_ok());
}

#[test]
fn what_is_only_read_cannot_be_written() {
    let device = device(1);
    let pipeline = pipeline(&library(&device), "write_to_const");
    let values = zeros(&device, 1);
    // The host may look at it at the same time, which is why this matters.
    let view = values.map_read::<u32>().unwrap();
    let bad = dispatch(&device.new_command_queue().unwrap(), &pipeline, &values, 1, 1);
    assert!(matches!(bad.wait_until_completed(), Err(Error::Kernel(_))));
    assert_eq!(view[..], [0]);
}

#[test]
fn commands_after_a_fault_do_not_run() {
    let device = device(2);
    let pipeline = pipeline(&library(&device), "increment");
    let values = zeros(&device, 10);
    let command_buffer = device.new_command_queue().unwrap().new_command_buffer();
    let mut encoder = command_buffer.new_compute_command_encoder().unwrap();
    encoder.set_compute_pipeline_state(&pipeline).unwrap();
    encoder.set_buffer(&values, 36, 0).unwrap();
    encoder.dispatch_threads(2, 2).unwrap();
    encoder.set_buffer(&values, 0, 0).unwrap();
    encoder.dispatch_threads(9, 9).unwrap();
    encoder.end_encoding().unwrap();
    let (sender, receiver) = mpsc::channel();
    command_buffer.add_completed_handler(move |done| sender.send(done.error().is_some()).unwrap()).unwrap();
    command_buffer.commit().unwrap();
    assert!(command_buffer.wait_until_completed().is_err());
    assert_eq!(receiver.recv(), Ok(true));
    assert_eq!(values.read::<u32>().unwrap()[..9], [0; 9]);
}

#[test]
fn an_endless_kernel_is_stopped() {
    let limit = Duration::from_millis(100);
    for threads in [1, 3] {
        let config = DeviceConfig::new().threads(NonZeroUsize::new(threads).unwrap()).time_limit(Some(limit));
        let device = Device::cpu(config).unwrap();
        let library = library(&device);
        let endless = pipeline(&library, "endless");
        let increment = pipeline(&library, "increment");
        let queue = device.new_command_queue().unwrap();
        let values = zeros(&device, 1000);
        let stuck = dispatch(&queue, &endless, &values, 1000, 10);
        let after = dispatch(&queue, &increment, &values, 1000, 10);
        let Err(Error::Kernel(fault)) = stuck.wait_until_completed() else { panic!() };
        assert_eq!(fault.kernel, "endless");
        assert_eq!(fault.kind, FaultKind::TimedOut { limit });
        after.wait_until_completed().unwrap();
        // Once more: the watchdog has been asleep in between.
        thread::sleep(3 * limit);
        let stuck = dispatch(&queue, &endless, &zeros(&device, 1), 1, 1);
        assert!(matches!(stuck.wait_until_completed(), Err(Error::Kernel(_))));
    }
}

#[test]
fn a_kernel_that_waits_for_another_queue_lets_it_run() {
    let device = device(2);
    let library = library(&device);
    let (wait, count) = (pipeline(&library, "wait_for_count"), pipeline(&library, "count"));
    let counter = zeros(&device, 1);
    // One threadgroup, so it occupies one worker.
    let waiting = dispatch(&device.new_command_queue().unwrap(), &wait, &counter, 1, 1);
    waiting.wait_until_scheduled().unwrap();
    let counting = dispatch(&device.new_command_queue().unwrap(), &count, &counter, 1, 1);
    counting.wait_until_completed().unwrap();
    waiting.wait_until_completed().unwrap();
}

#[test]
fn helpers_of_a_long_dispatch_leave_it_for_other_queues() {
    // Far less than the long dispatch takes while nobody counts.
    let limit = Duration::from_secs(30);
    let config = DeviceConfig::new().threads(NonZeroUsize::new(2).unwrap()).time_limit(Some(limit));
    let device = Device::cpu(config).unwrap();
    let library = library(&device);
    let (patient, count) = (pipeline(&library, "patient"), pipeline(&library, "count"));
    let counter = zeros(&device, 1);
    let long = dispatch(&device.new_command_queue().unwrap(), &patient, &counter, 1 << 20, 1);
    long.wait_until_scheduled().unwrap();
    dispatch(&device.new_command_queue().unwrap(), &count, &counter, 1, 1);
    assert_eq!(long.wait_until_completed(), Ok(()));
}

#[test]
fn a_grid_beyond_the_elements_of_a_built_in_kernel_names_the_argument() {
    let device = device(2);
    let library = device.new_library_with_source(METAL_KERNEL_SOURCE, &CompileOptions::default()).unwrap();
    let values = zeros(&device, 4);
    let command_buffer = device.new_command_queue().unwrap().new_command_buffer();
    let mut encoder = command_buffer.new_compute_command_encoder().unwrap();
    encoder.set_compute_pipeline_state(&pipeline(&library, "add_arrays_float32")).unwrap();
    encoder.set_buffers(0, &[(&values, 0); 3]).unwrap();
    encoder.dispatch_threads(5, 8).unwrap();
    encoder.end_encoding().unwrap();
    command_buffer.commit().unwrap();
    let text = command_buffer.wait_until_completed().unwrap_err().to_string();
    assert!(text.contains("add_arrays_float32") && text.contains("which has 16 bytes"), "{text}");
}

//! A device's threads end when its last handle is gone, whoever drops it. The only test of its process, since
//! it counts threads.
#![cfg(target_os = "linux")]

use std::num::NonZeroUsize;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use metal_bridge::{Device, DeviceConfig, ResourceOptions};

/// Threads of this crate in this process.
fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    tasks
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|name| name.starts_with("metal-bridge"))
        .count()
}

/// Fails if the threads have not ended after far longer than they can need.
#[track_caller]
fn wait_for_no_threads() {
    let start = Instant::now();
    while threads() > 0 {
        assert!(start.elapsed() < Duration::from_secs(60), "{} threads have not ended", threads());
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn threads_end_with_the_last_handle() {
    let config = || DeviceConfig::new().threads(NonZeroUsize::new(3).unwrap());
    assert_eq!(threads(), 0);

    let device = Device::cpu(config()).unwrap();
    // The names are set by the threads themselves, so this waits for them.
    let start = Instant::now();
    while threads() != 4 {
        assert!(start.elapsed() < Duration::from_secs(60), "three workers and a watchdog: {}", threads());
    }
    drop(device);
    wait_for_no_threads();

    // Dropped by the work itself, and by a handler.
    for with_handler in [false, true] {
        let device = Device::cpu(config()).unwrap();
        let command_buffer = device.new_command_queue().unwrap().new_command_buffer();
        let buffer = device.new_buffer_with_length(8 << 20, ResourceOptions::default()).unwrap();
        let mut blit = command_buffer.new_blit_command_encoder().unwrap();
        blit.fill_buffer(&buffer, 0..8 << 20, 1).unwrap();
        blit.end_encoding().unwrap();
        let (sender, receiver) = mpsc::channel();
        if with_handler {
            let handle = device.clone();
            let handler = move |_: &metal_bridge::CommandBuffer| {
                drop(handle);
                sender.send(()).unwrap();
            };
            command_buffer.add_completed_handler(handler).unwrap();
        } else {
            drop(sender);
        }
        command_buffer.commit().unwrap();
        drop((device, buffer, command_buffer));
        assert_eq!(receiver.iter().count(), usize::from(with_handler));
        wait_for_no_threads();
    }

    // The default device is no exception.
    let device = Device::system_default().unwrap();
    assert_eq!(device, Device::system_default().unwrap());
    drop(device);
    wait_for_no_threads();
}

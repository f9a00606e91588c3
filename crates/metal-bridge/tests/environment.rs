//! The environment chooses and configures devices. Each case is a process of its own.

use std::process::Command;

use metal_bridge::{Device, DeviceKind};

/// Runs [`child`] with a switch set; gives what it printed.
fn with(name: &str, value: &str) -> String {
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new(program);
    command.args(["--ignored", "--exact", "child", "--nocapture"]);
    for (switch, _) in metal_bridge::switches::all() {
        command.env_remove(switch);
    }
    let output = command.env(name, value).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "started by the other tests"]
fn child() {
    match Device::system_default() {
        Ok(device) => println!("default: {} {}", device.kind(), device.name()),
        Err(error) => println!("error: {error}"),
    }
    match Device::all() {
        Ok(devices) => println!("all: {:?}", devices.iter().map(Device::kind).collect::<Vec<_>>()),
        Err(error) => println!("error: {error}"),
    }
}

#[track_caller]
fn says(output: &str, part: &str) {
    assert!(output.contains(part), "“{part}” is missing in “{output}”");
}

#[test]
fn the_null_device_is_listed_on_request_only() {
    let output = with("METAL_BRIDGE_DEVICE", "null");
    says(&output, "default: null null");
    says(&output, "all: [Null");
    assert!(!with("METAL_BRIDGE_DEVICE", "").contains("Null"));
}

#[test]
fn unknown_devices_are_refused_with_a_list() {
    let output = with("METAL_BRIDGE_DEVICE", "quantum");
    says(&output, "error: METAL_BRIDGE_DEVICE=quantum");
    says(&output, "null");
}

#[test]
fn the_cpu_device_is_configured() {
    if !Device::all().unwrap().iter().any(|device| device.kind() == DeviceKind::Cpu) {
        return;
    }
    says(&with("METAL_BRIDGE_DEVICE", "cpu"), "default: cpu");
    says(&with("METAL_BRIDGE_THREADS", "3"), "3 threads)");
    says(&with("METAL_BRIDGE_THREADS", "1"), "1 thread)");
    says(
        &with("METAL_BRIDGE_THREADS", "0"),
        "error: METAL_BRIDGE_THREADS=0: expected a number from 1 to 1024",
    );
    says(&with("METAL_BRIDGE_TIME_LIMIT_SECONDS", "never"), "error: METAL_BRIDGE_TIME_LIMIT_SECONDS=never");
    says(&with("METAL_BRIDGE_TIME_LIMIT_SECONDS", "none"), "default: cpu");
    says(&with("METAL_BRIDGE_MEMORY_LIMIT_MIB", "-1"), "error: METAL_BRIDGE_MEMORY_LIMIT_MIB=-1");
}

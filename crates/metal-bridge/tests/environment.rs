//! The environment chooses and configures devices. Each case is a process of its own.

use std::process::Command;

use metal_bridge::Device;

/// Runs [`child`] with switches set; gives what it printed.
fn with(switches: &[(&str, &str)]) -> String {
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new(program);
    command.args(["--ignored", "--exact", "child", "--nocapture"]);
    for (switch, _) in metal_bridge::switches::all() {
        command.env_remove(switch);
    }
    let output = command.envs(switches.iter().copied()).output().unwrap();
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
    let output = with(&[("METAL_BRIDGE_DEVICE", "null")]);
    says(&output, "default: null null");
    says(&output, "all: [Null");
    assert!(!with(&[("METAL_BRIDGE_DEVICE", "")]).contains("Null"));
}

#[test]
fn unknown_devices_are_refused_with_a_list() {
    let output = with(&[("METAL_BRIDGE_DEVICE", "quantum")]);
    says(&output, "error: METAL_BRIDGE_DEVICE=quantum");
    says(&output, "null");
}

/// Without being asked for it, a build gives the GPU where there is Metal.
#[test]
fn kinds_that_are_not_in_the_build_say_so() {
    let [other, reason] =
        if cfg!(target_vendor = "apple") { ["cpu", "feature `cpu`"] } else { ["metal", "Apple's systems"] };
    if cfg!(all(target_vendor = "apple", feature = "cpu")) {
        return;
    }
    let output = with(&[("METAL_BRIDGE_DEVICE", other)]);
    says(&output, &format!("error: METAL_BRIDGE_DEVICE={other}: this build has no such device"));
    says(&output, reason);
}

#[cfg(any(not(target_vendor = "apple"), feature = "cpu"))]
#[test]
fn the_cpu_device_is_configured() {
    let cpu = |switch, value| with(&[("METAL_BRIDGE_DEVICE", "cpu"), (switch, value)]);
    says(&with(&[("METAL_BRIDGE_DEVICE", "cpu")]), "default: cpu");
    says(&with(&[("METAL_BRIDGE_DEVICE", "cpu")]), "all: [Cpu");
    says(&cpu("METAL_BRIDGE_THREADS", "3"), "3 threads)");
    says(&cpu("METAL_BRIDGE_THREADS", "1"), "1 thread)");
    says(
        &cpu("METAL_BRIDGE_THREADS", "0"),
        "error: METAL_BRIDGE_THREADS=0: expected a number from 1 to 1024",
    );
    says(&cpu("METAL_BRIDGE_TIME_LIMIT_SECONDS", "never"), "error: METAL_BRIDGE_TIME_LIMIT_SECONDS=never");
    says(&cpu("METAL_BRIDGE_TIME_LIMIT_SECONDS", "none"), "default: cpu");
    says(&cpu("METAL_BRIDGE_MEMORY_LIMIT_MIB", "-1"), "error: METAL_BRIDGE_MEMORY_LIMIT_MIB=-1");
}

/// On Apple's systems the GPU comes first, elsewhere the processor.
#[test]
fn the_default_is_the_best_device() {
    let output = with(&[]);
    let [name, kind] = if cfg!(target_vendor = "apple") { ["metal", "Metal"] } else { ["cpu", "Cpu"] };
    says(&output, &format!("default: {name} "));
    says(&output, &format!("all: [{kind}"));
}

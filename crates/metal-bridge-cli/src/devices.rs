//! `metal-bridge devices`, and the choice of a device.

use std::io::{self, Write};

use metal_bridge::Device;

use crate::error::{Failure, Result};

/// Lists the devices and their limits.
pub(crate) fn run() -> Result<()> {
    let mut out = io::stdout().lock();
    let devices = Device::all()?;
    if devices.is_empty() {
        // Its error says why there is none.
        Device::system_default()?;
    }
    for (number, device) in devices.iter().enumerate() {
        writeln!(out, "{number}: {} ({})", device.name(), device.kind().name())?;
        let memory = device.recommended_max_working_set_size();
        let [x, y, z] = device.max_threads_per_threadgroup().to_array();
        let lines = [
            ("threads of a SIMD-group", device.thread_execution_width().to_string()),
            ("threads of a threadgroup", format!("{x}, along the axes at most {x} × {y} × {z}")),
            ("threadgroup memory", format!("{} bytes", device.max_threadgroup_memory_length())),
            ("longest buffer", format!("{} bytes", device.max_buffer_length())),
            ("recommended memory in buffers", format!("{:.1} GiB", memory as f64 / (1u64 << 30) as f64)),
        ];
        for (what, value) in lines {
            writeln!(out, "   {what:30} {value}")?;
        }
    }
    Ok(())
}

/// The device of `--device`, or the system's default.
pub(crate) fn choose(wanted: Option<&str>) -> Result<Device> {
    let Some(wanted) = wanted else { return Ok(Device::system_default()?) };
    let mut devices = Device::all()?;
    let names: Vec<(&str, &str)> =
        devices.iter().map(|device| (device.kind().name(), device.name())).collect();
    match find(&names, wanted) {
        Ok(index) => Ok(devices.swap_remove(index)),
        Err(message) => Err(Failure::option(format!("--device {wanted}"), message)),
    }
}

/// Finds a device by its number, its kind, or a part of its name, among pairs of kind and name.
fn find(devices: &[(&str, &str)], wanted: &str) -> Result<usize, String> {
    if let Some(number) = wanted.parse().ok().filter(|number| *number < devices.len()) {
        return Ok(number);
    }
    let part = wanted.to_lowercase();
    let fits =
        |(kind, name): &(&str, &str)| kind.to_lowercase() == part || name.to_lowercase().contains(&part);
    let found: Vec<usize> = (0..devices.len()).filter(|i| !part.is_empty() && fits(&devices[*i])).collect();
    let list = |indices: &[usize]| {
        let described = indices.iter().map(|i| format!("{i}: {} ({})", devices[*i].1, devices[*i].0));
        described.collect::<Vec<_>>().join(", ")
    };
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(format!(
            "no such device; `metal-bridge devices` lists {}",
            list(&(0..devices.len()).collect::<Vec<_>>())
        )),
        several => Err(format!("several devices fit: {}", list(several))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_found_by_number_kind_and_name() {
        let devices = [("metal", "Apple M3"), ("cpu", "Apple M3 CPU"), ("cuda", "NVIDIA H200")];
        assert_eq!(find(&devices, "0"), Ok(0));
        assert_eq!(find(&devices, "CPU"), Ok(1));
        assert_eq!(find(&devices, "h200"), Ok(2));
        assert!(
            find(&devices, "apple").unwrap_err().contains("several devices fit: 0: Apple M3 (metal), 1:")
        );
        assert!(
            find(&devices, "7")
                .unwrap_err()
                .contains("no such device; `metal-bridge devices` lists 0: Apple M3 (metal)")
        );
        assert!(find(&devices, "").is_err());
    }
}

//! What the machine is, as far as the system tells.

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

/// Processors that the process may use.
pub(super) fn processors() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// The processor's name.
pub(super) fn processor_name() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    model_name(&info).map_or_else(|| std::env::consts::ARCH.to_owned(), str::to_owned)
}

fn model_name(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    let name = line.split_once(':')?.1.trim();
    (!name.is_empty()).then_some(name)
}

/// Bytes of memory that the process can hope for: the machine's, or its control group's limit if that
/// is lower. Where the system does not tell, no less than can be addressed.
pub(super) fn memory() -> u64 {
    #[cfg(target_vendor = "apple")]
    let machine = Some(objc2_foundation::NSProcessInfo::processInfo().physicalMemory());
    #[cfg(not(target_vendor = "apple"))]
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|info| total_memory(&info));
    let limits = [machine, control_group_limit(), limit_in(Path::new("/sys/fs/cgroup/memory"))];
    limits.into_iter().flatten().min().unwrap_or(isize::MAX as u64)
}

#[cfg(any(not(target_vendor = "apple"), test))]
fn total_memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}

/// The lowest limit of the process' control group (version 2) and the groups around it.
fn control_group_limit() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let root = Path::new("/sys/fs/cgroup");
    let group = root.join(path);
    group.ancestors().take_while(|dir| dir.starts_with(root)).filter_map(limit_in).min()
}

/// The limit set in one control group of either version.
fn limit_in(group: &Path) -> Option<u64> {
    let read = |name| fs::read_to_string(group.join(name)).ok()?.trim().parse::<u64>().ok();
    read("memory.max").or_else(|| read("memory.limit_in_bytes")).filter(|limit| *limit > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_files_are_understood() {
        assert_eq!(total_memory("MemTotal:       16384 kB\nMemFree: 1 kB\n"), Some(16 << 20));
        assert_eq!(total_memory("nonsense"), None);
        assert_eq!(model_name("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n"), Some("Some CPU @ 2 GHz"));
        assert_eq!(model_name("model name\t:\n"), None);
    }

    #[test]
    fn there_is_some_memory() {
        assert!(memory() >= 1 << 20);
    }
}

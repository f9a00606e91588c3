//! `metal-bridge memory` over snapshots that a program has saved.

mod common;

use common::metal_bridge;
use metal_bridge::{AllocatorConfig, BufferAllocator, Device, ResourceOptions};

#[test]
fn snapshots_become_tables_and_pictures() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let allocator = BufferAllocator::new(&Device::null(), AllocatorConfig::new()).unwrap();
    let buffer = allocator.allocate(1000, ResourceOptions::default()).unwrap();
    buffer.set_label("weights");
    std::fs::write(path("memory.json"), allocator.snapshot().to_json().unwrap()).unwrap();
    let (json, svg) = (path("memory.json").display().to_string(), path("memory.svg").display().to_string());
    let table = allocator.snapshot().to_string();
    metal_bridge(&format!("memory {json} --picture {svg}")).exits(0).without_complaint().prints(&table);
    assert!(
        table.contains("weights") && table.contains("block 0: 2.0 MiB, shared, for small requests"),
        "{table}"
    );
    let picture = std::fs::read_to_string(path("memory.svg")).unwrap();
    assert!(picture.starts_with("<svg") && picture.contains("1 weights (1000 bytes)"), "{picture}");

    std::fs::write(path("broken.json"), "{\"device\": 1}").unwrap();
    let broken = path("broken.json").display().to_string();
    metal_bridge(&format!("memory {broken}")).exits(1).complains(&["broken.json", "not a snapshot"]);
    metal_bridge("memory nowhere.json").exits(1).complains(&["nowhere.json"]);
    metal_bridge("memory").exits(2);
}

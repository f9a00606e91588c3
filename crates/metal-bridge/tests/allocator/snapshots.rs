//! What can be seen of an allocator's memory.

use std::sync::{Arc, Mutex};

use super::{SHARED, allocator};
use metal_bridge::allocator::ChunkUse;
use metal_bridge::{AllocatorConfig, Error, Snapshot};

#[test]
fn snapshots_have_all_blocks_and_labels() {
    let allocator = allocator(AllocatorConfig::new());
    let (a, b) = (allocator.allocate(100, SHARED).unwrap(), allocator.allocate(3000, SHARED).unwrap());
    drop(allocator.allocate(256, SHARED).unwrap());
    a.set_label("<weights> & \u{1b}[31m");
    b.set_label("gone");
    b.set_label("");
    let snapshot = allocator.snapshot();
    let [block] = &snapshot.blocks[..] else { panic!("{snapshot}") };
    assert_eq!((block.length, block.storage_mode.as_str(), block.small), (2 << 20, "shared", true));
    let chunks: Vec<_> = block.chunks.iter().map(|chunk| (chunk.offset, chunk.size)).collect();
    assert_eq!(chunks, [(0, 256), (256, 3072), (3328, 256), (3584, (2 << 20) - 3584)]);
    assert_eq!((&block.chunks[2].usage, &block.chunks[3].usage), (&ChunkUse::Kept, &ChunkUse::Free));
    let labels: Vec<_> =
        snapshot.buffers().map(|buffer| (buffer.number, buffer.length, &*buffer.label)).collect();
    assert_eq!(labels, [(1, 100, "<weights> & \u{1b}[31m"), (2, 3000, "")]);

    let table = snapshot.to_string();
    assert!(table.contains("2 live buffers, 3.0 KiB used of 2.0 MiB reserved"), "{table}");
    assert!(table.contains("1 <weights> & \u{fffd}[31m") && table.contains("(kept)"), "{table}");
    let picture = snapshot.to_svg();
    assert!(picture.contains("&lt;weights&gt; &amp; ") && !picture.contains('\u{1b}'), "{picture}");
    assert_eq!(picture.matches("<title>").count(), 4);

    let json = snapshot.to_json().unwrap();
    assert_eq!(Snapshot::from_json(&json).unwrap(), snapshot);
    for broken in
        ["", "{}", "[1]", &json[..json.len() - 1], &json.replace("\"offset\":256", "\"offset\":300")]
    {
        assert!(matches!(Snapshot::from_json(broken), Err(Error::InvalidSnapshot { .. })), "{broken}");
    }
    let contradictory = json.replace("\"num_deallocations\":1", "\"num_deallocations\":100");
    assert!(Snapshot::from_json(&contradictory).is_err());
    // The next buffer in the same memory has no label.
    drop(a);
    let again = allocator.allocate(200, SHARED).unwrap();
    assert!(allocator.snapshot().buffers().all(|buffer| buffer.label.is_empty()));
    drop(again);
}

#[test]
fn origins_are_noted_if_asked_for() {
    let allocator = allocator(AllocatorConfig::new().backtraces(true));
    let buffer = allocator.allocate(1, SHARED).unwrap();
    let snapshot = allocator.snapshot();
    let origin = snapshot.buffers().next().unwrap().origin.as_ref().unwrap();
    assert!(origin.contains("origins_are_noted_if_asked_for"), "{origin}");
    assert!(snapshot.to_string().contains("origins_are_noted_if_asked_for"));
    drop(buffer);
}

#[test]
fn leaks_are_reported() {
    let reports = Arc::new(Mutex::new(Vec::new()));
    let noted = reports.clone();
    let config = AllocatorConfig::new().on_leak(move |snapshot| {
        noted.lock().unwrap().push(snapshot.buffers().map(|buffer| buffer.label.clone()).collect::<Vec<_>>());
        std::panic::resume_unwind(Box::new("deliberate"));
    });
    let first = allocator(config.clone());
    drop((first.allocate(1, SHARED).unwrap(), first));
    assert_eq!(reports.lock().unwrap().len(), 0);
    let second = allocator(config);
    let clone = second.clone();
    let buffer = second.allocate(1, SHARED).unwrap();
    buffer.set_label("forgotten");
    drop(second);
    assert_eq!(reports.lock().unwrap().len(), 0);
    drop(clone);
    assert_eq!(*reports.lock().unwrap(), [["forgotten"]]);
}

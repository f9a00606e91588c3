//! `docs/api-map.md` is complete and true: it has every name of the Go package, and every name that it gives
//! for one of this crate exists — [`NAMES`] is made from paths that the compiler resolves.

use std::collections::{BTreeMap, BTreeSet};

use metal_bridge::{
    Buffer, CommandBuffer, CommandQueue, ComputeCommandEncoder, ComputePipelineState, Device, Function,
    Library, METAL_KERNEL_SOURCE, ResourceOptions, Size,
};

const MAP: &str = include_str!("../../../docs/api-map.md");
/// The names of the Go package's documentation, one to a line; methods and fields with their type, and kernels
/// with the constant that holds their source.
const GO_NAMES: &str = include_str!("api_map/go_names.txt");

/// Makes a list of names. Each is resolved by the compiler: types, fields, constants, functions (as values, so
/// that nothing is called), and generic functions through a call in a closure that never runs.
macro_rules! names {
    ($(types $($type:ident),+;)? $(fields $($owner:ident :: $field:ident),+;)? $(values $($value:path),+;)?
     $(calls $($class:ident :: $method:ident ( $($argument:expr),* )),+;)?) => {
        &[
            $($({ let _ = size_of::<$type>(); stringify!($type) }),+,)?
            $($({ let _ = |it: &$owner| { let _ = &it.$field; }; concat!(stringify!($owner), "::", stringify!($field)) }),+,)?
            $($({ let _ = $value; stringify!($value) }),+,)?
            $($({ let _ = |it: &mut $class| { let _ = $class::$method(it, $($argument),*); };
                 concat!(stringify!($class), "::", stringify!($method)) }),+,)?
        ]
    };
}

const NAMES: &[&str] = names! {
    types Buffer, CommandBuffer, CommandQueue, ComputeCommandEncoder, ComputePipelineState, Device, Function,
        Library, Size;
    fields Size::width, Size::height, Size::depth;
    values
        METAL_KERNEL_SOURCE,
        Device::system_default,
        Device::new_buffer_with_bytes,
        Device::new_buffer_with_length,
        Device::new_command_queue,
        Device::new_library_with_source,
        Device::new_compute_pipeline_state_with_function,
        Buffer::contents,
        Buffer::length,
        ResourceOptions::STORAGE_MODE_SHARED,
        ResourceOptions::STORAGE_MODE_MANAGED,
        ResourceOptions::STORAGE_MODE_PRIVATE,
        Library::new_function_with_name,
        CommandQueue::new_command_buffer,
        CommandBuffer::new_compute_command_encoder,
        CommandBuffer::commit,
        CommandBuffer::wait_until_completed,
        ComputeCommandEncoder::set_compute_pipeline_state,
        ComputeCommandEncoder::set_buffer,
        ComputeCommandEncoder::end_encoding;
    calls
        CommandBuffer::add_completed_handler(|_| ()),
        ComputeCommandEncoder::dispatch_threads(1, 1);
};

/// The rows of the map's tables: Go's name, and ours where there is one.
fn rows() -> BTreeMap<&'static str, Option<&'static str>> {
    let quoted = |cell: &'static str| cell.trim().strip_prefix('`')?.strip_suffix('`');
    let mut rows = BTreeMap::new();
    for line in MAP.lines() {
        let cells: Vec<&str> = line.split('|').collect();
        if let ["", go, _, rest @ ..] = cells.as_slice()
            && let Some(go) = quoted(go)
        {
            let ours = rest.first().and_then(|cell| quoted(cell));
            assert_eq!(rows.insert(go, ours), None, "`{go}` has two rows");
        }
    }
    rows
}

#[test]
fn every_go_name_is_mapped_and_no_other() {
    let mapped: BTreeSet<&str> = rows().into_keys().collect();
    let expected: BTreeSet<&str> = GO_NAMES.lines().collect();
    assert_eq!(mapped, expected);
}

#[test]
fn every_name_of_ours_exists() {
    let mut listed = BTreeSet::new();
    for (go, ours) in rows() {
        let Some(ours) = ours else { continue };
        if go.starts_with("MetalKernelSource.") {
            let definition = format!("kernel void {ours}(");
            assert!(METAL_KERNEL_SOURCE.contains(&definition), "there is no kernel `{ours}`");
        } else {
            listed.insert(ours);
        }
    }
    assert_eq!(listed, NAMES.iter().copied().collect());
}

#[test]
fn what_has_no_name_of_ours_is_called_planned() {
    let (_, planned) = MAP.split_once("## Planned").expect("the map has a section for what is planned");
    for (go, ours) in rows() {
        assert_eq!(ours.is_none(), planned.contains(&format!("| `{go}` |")), "`{go}`");
    }
}

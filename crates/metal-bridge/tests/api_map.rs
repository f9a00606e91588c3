//! `docs/api-map.md` is complete and true: it has every name of the Go package, and every name that it gives
//! for one of this crate exists — [`NAMES`] is made from paths that the compiler resolves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use metal_bridge::graph::{
    Convolution2dDescriptor, GraphCompilationDescriptor, GraphDevice, GraphExecutable,
    GraphExecutionDescriptor,
};
use metal_bridge::{
    Buffer, BufferAllocator, CommandBuffer, CommandBufferManager, CommandQueue, ComputeCommandEncoder,
    ComputePipelineState, Device, Function, Graph, GraphTensor, Library, METAL_KERNEL_SOURCE, MemoryStats,
    OperationId, PendingOperation, ResourceOptions, Size, TensorDataType,
};

const MAP: &str = include_str!("../../../docs/api-map.md");
/// The names of the Go package's documentation, one to a line; methods and fields with their type, and kernels
/// with the constant that holds their source.
const GO_NAMES: &str = include_str!("api_map/go_names.txt");

/// Makes a list of names. Each is resolved by the compiler: types, fields, constants, functions (as values, so
/// that nothing is called), and generic functions through a call in a closure that never runs; those of builders take
/// the object itself.
macro_rules! names {
    ($(types $($type:ident),+;)? $(fields $($owner:ident :: $field:ident),+;)? $(values $($value:path),+;)?
     $(calls $($class:ident :: $method:ident ( $($argument:expr),* )),+;)?
     $(builders $($builder:ident :: $part:ident ( $($value_of:expr),* )),+;)?) => {
        &[
            $($({ let _ = size_of::<$type>(); stringify!($type) }),+,)?
            $($({ let _ = |it: &$owner| { let _ = &it.$field; }; concat!(stringify!($owner), "::", stringify!($field)) }),+,)?
            $($({ let _ = $value; stringify!($value) }),+,)?
            $($({ let _ = |it: &mut $class| { let _ = $class::$method(it, $($argument),*); };
                 concat!(stringify!($class), "::", stringify!($method)) }),+,)?
            $($({ let _ = |it: $builder| { let _ = $builder::$part(it, $($value_of),*); };
                 concat!(stringify!($builder), "::", stringify!($part)) }),+,)?
        ]
    };
}

const NAMES: &[&str] = names! {
    types Buffer, BufferAllocator, CommandBuffer, CommandBufferManager, CommandQueue, ComputeCommandEncoder,
        ComputePipelineState, Device, Function, Graph, GraphCompilationDescriptor, GraphDevice, GraphExecutable,
        GraphExecutionDescriptor, GraphTensor, Library, MemoryStats, OperationId, PendingOperation, Size;
    fields Size::width, Size::height, Size::depth, MemoryStats::num_allocations, MemoryStats::num_deallocations,
        MemoryStats::num_pool_hits, MemoryStats::num_pool_misses, MemoryStats::total_memory, MemoryStats::used_memory,
        MemoryStats::total_free;
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
        ComputeCommandEncoder::end_encoding,
        CommandBufferManager::new,
        CommandBufferManager::generate_operation_id,
        CommandBufferManager::queue_operation,
        CommandBufferManager::wait_for_operation,
        CommandBufferManager::get_stats,
        CommandBufferManager::shutdown,
        PendingOperation::id,
        BufferAllocator::global,
        BufferAllocator::memory_stats,
        TensorDataType::Float32,
        TensorDataType::Float16,
        TensorDataType::Int32,
        Graph::new,
        Graph::matrix_multiplication,
        Graph::relu,
        Graph::sigmoid,
        Graph::softmax,
        Graph::transpose,
        Graph::reduction_sum,
        Graph::convolution_2d,
        Graph::max_pool_2d,
        Graph::avg_pool_2d,
        Graph::compile,
        GraphCompilationDescriptor::new,
        GraphDevice::new,
        GraphExecutable::execute,
        GraphExecutionDescriptor::new,
        GraphTensor::data_type,
        GraphTensor::shape;
    calls
        CommandBuffer::add_completed_handler(|_| ()),
        ComputeCommandEncoder::dispatch_threads(1, 1),
        Graph::placeholder_tensor([1], TensorDataType::Float32),
        Graph::constant_tensor(1.0, [1], TensorDataType::Float32),
        Graph::addition(1.0, 1.0),
        Graph::subtraction(1.0, 1.0),
        Graph::multiplication(1.0, 1.0),
        Graph::division(1.0, 1.0),
        Graph::reshape(&tensor(), [1]),
        Graph::convolution_transpose_2d(&tensor(), &tensor(), [1], &Convolution2dDescriptor::default()),
        Graph::convolution_2d_data_gradient(&tensor(), &tensor(), [1], &Convolution2dDescriptor::default()),
        Graph::convolution_2d_weights_gradient(&tensor(), &tensor(), [1], &Convolution2dDescriptor::default());
    builders
        PendingOperation::dependencies([]),
        PendingOperation::execute(|| Ok(())),
        PendingOperation::cleanup(|| Ok(())),
        PendingOperation::on_complete(|_| ()),
        PendingOperation::input_buffers([]),
        PendingOperation::output_buffers([]),
        PendingOperation::temp_buffers([]);
};

/// An argument for closures that never run.
fn tensor() -> GraphTensor {
    Graph::new().constant_tensor(1.0, [1], TensorDataType::Float32).unwrap()
}

/// A row of the map's tables.
struct Row {
    /// Empty where Metal has no name of its own.
    metal: &'static str,
    ours: Option<&'static str>,
}

/// The rows by Go's name.
fn rows() -> BTreeMap<&'static str, Row> {
    let quoted = |cell: &'static str| cell.trim().strip_prefix('`')?.strip_suffix('`');
    let mut rows = BTreeMap::new();
    for line in MAP.lines() {
        let cells: Vec<&str> = line.split('|').collect();
        if let ["", go, metal, rest @ ..] = cells.as_slice()
            && let Some(go) = quoted(go)
        {
            let ours = rest.first().and_then(|cell| quoted(cell));
            let row = Row { metal: quoted(metal).unwrap_or_default(), ours };
            assert!(rows.insert(go, row).is_none(), "`{go}` has two rows");
        }
    }
    rows
}

/// All of this crate's source.
fn source() -> String {
    let mut directories = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut source = String::new();
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                source += &std::fs::read_to_string(path).unwrap();
            }
        }
    }
    source
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
    for (go, Row { ours, .. }) in rows() {
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
fn every_name_has_one_of_ours() {
    for (go, Row { ours, .. }) in rows() {
        assert!(ours.is_some(), "`{go}`");
    }
}

/// Searching the documentation for Metal's or the Go package's name finds ours.
#[test]
#[cfg_attr(miri, ignore = "reads the source directory")]
fn other_names_are_aliases() {
    let source = source();
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    for (go, Row { metal, ours }) in rows() {
        let Some(ours) = ours.and_then(|path| path.rsplit("::").next()) else { continue };
        let go = go.rsplit('.').next().unwrap_or(go);
        for name in [metal, go] {
            let alias = format!("alias = \"{name}\""); // long ones have a line of their own
            assert!(
                name.is_empty() || plain(name) == plain(ours) || source.contains(&alias),
                "`{ours}` has no alias for `{name}`"
            );
        }
    }
}

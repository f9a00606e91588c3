//! Devices to test on, with the same functions on each.

#![allow(dead_code, reason = "each test uses a part")]

use std::num::NonZeroUsize;
use std::sync::OnceLock;

use metal_bridge::null::{self, NullDevice};
use metal_bridge::{
    Access, Argument, ArgumentKind, Buffer, CommandBuffer, CommandQueue, CompileOptions,
    ComputePipelineState, DataType, Device, DeviceConfig, DeviceKind, FunctionConstant, FunctionReflection,
    Library, ResourceOptions, ScalarType, Size,
};

/// The functions that every library of the tests has.
pub(crate) const SOURCE: &str = r#"
#include <metal_stdlib>
using namespace metal;

kernel void scale(device const float *input [[buffer(0)]],
                  device float *output [[buffer(1)]],
                  constant float &factor [[buffer(2)]],
                  uint i [[thread_position_in_grid]]) {
    output[i] = factor * input[i];
}

struct Params {
    float4 color;
    uint count;
};

kernel void shared_memory(device float4 *output [[buffer(0)]],
                          constant Params &params [[buffer(30)]],
                          threadgroup float4 *scratch [[threadgroup(1)]],
                          uint i [[thread_position_in_threadgroup]]) {
    scratch[i] = params.color;
    threadgroup_barrier(mem_flags::mem_threadgroup);
    output[i] = scratch[i] * float(params.count);
}

kernel void half_full(device float *output [[buffer(0)]],
                      threadgroup float *more [[threadgroup(0)]],
                      uint i [[thread_position_in_threadgroup]]) {
    threadgroup float own[4096];
    own[i] = float(i);
    more[i] = float(i);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    output[i] = own[i] + more[i];
}

constant uint amount [[function_constant(0)]];
constant bool negate [[function_constant(7)]];

kernel void constants(device int *output [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    output[i] = (is_function_constant_defined(negate) && negate) ? -int(amount) : int(amount);
}

[[max_total_threads_per_threadgroup(64)]]
kernel void at_most_64(device uint *output [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    output[i] = i;
}
"#;

/// What a test runs on.
pub(crate) struct Fixture {
    pub(crate) device: Device,
    pub(crate) library: Library,
    /// Steers the device if it is the null device.
    pub(crate) null: Option<NullDevice>,
}

impl Fixture {
    pub(crate) fn null() -> Self {
        let null = NullDevice::with_functions(reflections());
        let device = null.device();
        Self { library: library(&device), device, null: Some(null) }
    }

    /// A device that executes.
    pub(crate) fn system() -> Self {
        let device = Device::system_default().unwrap();
        Self { library: library(&device), device, null: None }
    }

    /// A CPU device of its own, for what other devices do not promise: faults, limits of time and memory.
    #[cfg(any(not(target_vendor = "apple"), feature = "cpu"))]
    pub(crate) fn cpu(config: DeviceConfig) -> Self {
        let device = Device::cpu(config).unwrap();
        Self { library: library(&device), device, null: None }
    }

    /// The null device and, where there is one, a device that executes.
    pub(crate) fn all() -> Vec<Self> {
        let mut fixtures = vec![Self::null()];
        if Device::all().unwrap().iter().any(|device| device.kind() != DeviceKind::Null) {
            fixtures.push(Self::system());
        }
        fixtures
    }

    pub(crate) fn pipeline(&self, name: &str) -> ComputePipelineState {
        pipeline(&self.library, name)
    }
}

/// The device that executes. If that is the processor, one of its own with so many workers.
pub(crate) fn device(threads: usize) -> Device {
    static KIND: OnceLock<DeviceKind> = OnceLock::new();
    match KIND.get_or_init(|| Device::system_default().unwrap().kind()) {
        DeviceKind::Cpu => {
            Device::cpu(DeviceConfig::new().threads(NonZeroUsize::new(threads).unwrap())).unwrap()
        }
        _ => Device::system_default().unwrap(),
    }
}

pub(crate) fn library(device: &Device) -> Library {
    device.new_library_with_source(SOURCE, &CompileOptions::default()).unwrap()
}

pub(crate) fn pipeline(library: &Library, name: &str) -> ComputePipelineState {
    let function = library.new_function_with_name(name).unwrap();
    library.device().new_compute_pipeline_state_with_function(&function).unwrap()
}

/// A buffer of zeros for numbers of 32 bits.
pub(crate) fn zeros(device: &Device, count: usize) -> Buffer {
    device.new_buffer_with_length(4 * count, ResourceOptions::default()).unwrap()
}

/// Commits one dispatch with one buffer.
pub(crate) fn dispatch(
    queue: &CommandQueue,
    pipeline: &ComputePipelineState,
    buffer: &Buffer,
    grid: impl Into<Size>,
    group: impl Into<Size>,
) -> CommandBuffer {
    let command_buffer = queue.new_command_buffer();
    let mut encoder = command_buffer.new_compute_command_encoder().unwrap();
    encoder.set_compute_pipeline_state(pipeline).unwrap();
    encoder.set_buffer(buffer, 0, 0).unwrap();
    encoder.dispatch_threads(grid, group).unwrap();
    encoder.end_encoding().unwrap();
    command_buffer.commit().unwrap();
    command_buffer
}

/// What [`SOURCE`] declares.
pub(crate) fn reflections() -> Vec<FunctionReflection> {
    use Access::{ReadOnly, ReadWrite};
    use ArgumentKind::{Constant, Device, Threadgroup};
    let argument = |name: &str, index, kind, access, (type_name, size, alignment): (&str, _, _)| Argument {
        name: name.into(),
        index,
        kind,
        access,
        type_name: type_name.into(),
        size,
        alignment,
    };
    let constant = |name: &str, index, scalar, required| FunctionConstant {
        name: name.into(),
        index,
        data_type: DataType::scalar(scalar),
        required,
    };
    let float = ("float", 4, 4);
    vec![
        FunctionReflection {
            arguments: vec![
                argument("input", 0, Device, ReadOnly, float),
                argument("output", 1, Device, ReadWrite, float),
                argument("factor", 2, Constant, ReadOnly, float),
            ],
            ..null::reflection("scale")
        },
        FunctionReflection {
            arguments: vec![
                argument("output", 0, Device, ReadWrite, ("float4", 16, 16)),
                argument("params", 30, Constant, ReadOnly, ("Params", 32, 16)),
                argument("scratch", 1, Threadgroup, ReadWrite, ("float4", 16, 16)),
            ],
            ..null::reflection("shared_memory")
        },
        FunctionReflection {
            arguments: vec![
                argument("output", 0, Device, ReadWrite, float),
                argument("more", 0, Threadgroup, ReadWrite, float),
            ],
            static_threadgroup_memory_length: 16384,
            ..null::reflection("half_full")
        },
        FunctionReflection {
            arguments: vec![argument("output", 0, Device, ReadWrite, ("int", 4, 4))],
            function_constants: vec![
                constant("amount", 0, ScalarType::UInt, true),
                constant("negate", 7, ScalarType::Bool, false),
            ],
            ..null::reflection("constants")
        },
        FunctionReflection {
            arguments: vec![argument("output", 0, Device, ReadWrite, ("uint", 4, 4))],
            max_total_threads_per_threadgroup: Some(64),
            ..null::reflection("at_most_64")
        },
    ]
}

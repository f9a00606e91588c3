//! What is particular to Metal: its compiler's words, what it tells of functions, copies of any bytes, its own clock and limits.
#![cfg(target_vendor = "apple")]

mod common;

use common::{Fixture, dispatch, pipeline, zeros};
use metal_bridge::{
    Access, ArgumentKind, CompileOptions, Device, DeviceKind, DispatchType, Error, FunctionConstantValues,
    LanguageVersion, LibraryError, MathMode, PipelineError, ResourceOptions, Severity, StorageMode,
};

const SHARED: ResourceOptions = ResourceOptions::STORAGE_MODE_SHARED;

/// The default GPU, whatever the environment says.
fn device() -> Device {
    let devices = Device::all().unwrap();
    devices.into_iter().find(|device| device.kind() == DeviceKind::Metal).expect("this machine has a GPU")
}

fn compile_errors(source: &str, options: &CompileOptions) -> Vec<metal_bridge::Diagnostic> {
    match device().new_library_with_source(source, options) {
        Err(Error::Library(error)) => match *error {
            LibraryError::Compile(error) => error.diagnostics,
            other => panic!("{other}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_gpu_comes_first_and_is_one_device() {
    let all = Device::all().unwrap();
    let gpus: Vec<_> = all.iter().filter(|device| device.kind() == DeviceKind::Metal).collect();
    assert!(!gpus.is_empty());
    for (i, gpu) in gpus.iter().enumerate() {
        assert!(!gpu.name().is_empty());
        assert!(gpu.thread_execution_width().is_power_of_two());
        assert!(gpu.max_threads_per_threadgroup().width >= 512);
        assert!(gpu.max_threadgroup_memory_length() >= 16 << 10);
        assert!(gpu.max_buffer_length() >= 256 << 20);
        assert!(gpu.recommended_max_working_set_size() > 0);
        assert!(gpus[..i].iter().all(|other| other != gpu), "one GPU is listed twice");
    }
    assert_eq!(Device::all().unwrap(), all);
}

#[test]
fn errors_have_places_and_the_sources_name() {
    let source = "#include <metal_stdlib>\nkernel void broken(device float *x [[buffer(0)]]) {\n    x[0] = missing;\n}\n";
    let options = CompileOptions { source_name: "shaders/broken.metal".into(), ..CompileOptions::default() };
    let diagnostics = compile_errors(source, &options);
    let error = diagnostics.iter().find(|diagnostic| diagnostic.severity == Severity::Error).unwrap();
    assert_eq!((error.file.as_str(), error.line, error.column), ("shaders/broken.metal", 3, 12), "{error}");
    assert!(error.message.contains("missing"), "{error}");
    assert_eq!(error.snippet.lines().next(), Some("    x[0] = missing;"), "{error}");
}

#[test]
fn warnings_of_what_compiles_are_kept() {
    let source = "#include <metal_stdlib>\nkernel void odd(device int *x [[buffer(0)]]) {\n    if (x[0] = 1) x[1] = 2;\n}\n";
    let library = device().new_library_with_source(source, &CompileOptions::default()).unwrap();
    let [warning, ..] = library.warnings() else { panic!("no warning") };
    assert_eq!((warning.severity, warning.line), (Severity::Warning, 3), "{warning}");
}

#[test]
fn included_files_are_found_and_named() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("good.h"), "#pragma once\nconstant float two = 2;\n").unwrap();
    std::fs::write(directory.path().join("bad.h"), "\nconstant float three = nothing;\n").unwrap();
    let options =
        CompileOptions { include_directories: vec![directory.path().into()], ..CompileOptions::default() };
    let good = "#include <metal_stdlib>\n#include \"good.h\"\n#include \"good.h\"\nusing namespace metal;\n\
                kernel void k(device float *x [[buffer(0)]], uint i [[thread_position_in_grid]]) { x[i] = two; }\n";
    let library = device().new_library_with_source(good, &options).unwrap();
    assert_eq!(library.functions()[0].line, 5);
    let error = &compile_errors("#include <metal_stdlib>\n#include \"bad.h\"\n", &options)[0];
    assert!(error.file.ends_with("bad.h") && error.line == 2, "{error}");
}

#[test]
fn options_reach_the_compiler() {
    let source = "#include <metal_stdlib>\nusing namespace metal;\n\
                  kernel void k(device int *x [[buffer(0)]]) { x[0] = NUMBER; x[1] = __METAL_VERSION__; }\n";
    let device = device();
    for math_mode in [MathMode::Safe, MathMode::Relaxed, MathMode::Fast] {
        for language_version in
            [LanguageVersion::V2_4, LanguageVersion::V3_0, LanguageVersion::V3_1, LanguageVersion::V3_2]
        {
            let preprocessor_macros = [("NUMBER".to_owned(), "42".to_owned())].into();
            let options = CompileOptions {
                math_mode,
                language_version,
                preprocessor_macros,
                ..CompileOptions::default()
            };
            let library = device.new_library_with_source(source, &options).unwrap();
            let out = zeros(&device, 2);
            let queue = device.new_command_queue().unwrap();
            dispatch(&queue, &pipeline(&library, "k"), &out, 1, 1).wait_until_completed().unwrap();
            let [number, version] = out.read::<i32>().unwrap()[..] else { panic!() };
            assert_eq!(number, 42);
            assert!(
                (240..=i32::try_from(language_version.number()).unwrap()).contains(&version),
                "{version}"
            );
        }
    }
}

#[test]
fn functions_are_known_before_pipelines_are_made() {
    let device = device();
    let library = common::library(&device);
    let names = ["scale", "shared_memory", "half_full", "constants", "at_most_64"];
    assert_eq!(library.function_names(), names);
    let shared = library.new_function_with_name("shared_memory").unwrap();
    let params = shared.reflection().buffer_argument(30).unwrap();
    assert_eq!((params.kind, params.access), (ArgumentKind::Constant, Access::ReadOnly));
    assert_eq!((params.type_name.as_str(), params.size), ("Params", 32));
    let constants = library.new_function_with_name("constants").unwrap();
    let found: Vec<_> =
        constants.function_constants().iter().map(|c| (c.name.as_str(), c.index, c.required)).collect();
    assert_eq!(found, [("amount", 0, true), ("negate", 7, false)]);
    assert_eq!(library.functions().len(), names.len());
}

/// With one value of a constant a kernel has an argument that it has not with another.
#[test]
fn pipelines_tell_what_their_own_constants_leave() {
    let source = "#include <metal_stdlib>\nusing namespace metal;\n\
                  constant bool has_bias [[function_constant(0)]];\n\
                  kernel void k(device float *x [[buffer(0)]],\n\
                                device const float *bias [[buffer(1), function_constant(has_bias)]],\n\
                                uint i [[thread_position_in_grid]]) { if (has_bias) x[i] += bias[i]; }\n";
    let device = device();
    let library = device.new_library_with_source(source, &CompileOptions::default()).unwrap();
    let arguments = |has_bias: bool| {
        let mut values = FunctionConstantValues::new();
        values.set_constant_value_at_index(0, has_bias);
        let function = library.new_function_with_name_and_constants("k", &values).unwrap();
        device.new_compute_pipeline_state_with_function(&function).unwrap().reflection().arguments.len()
    };
    assert_eq!([arguments(true), arguments(false)], [2, 1]);
    assert_eq!(library.functions()[0].arguments.len(), 2);
}

#[test]
fn what_encoders_cannot_bind_is_refused() {
    let source = "#include <metal_stdlib>\nusing namespace metal;\n\
                  kernel void paint(texture2d<float, access::write> image [[texture(0)]],\n\
                                    uint2 i [[thread_position_in_grid]]) { image.write(float4(1), i); }\n";
    let device = device();
    let library = device.new_library_with_source(source, &CompileOptions::default()).unwrap();
    let function = library.new_function_with_name("paint").unwrap();
    assert!(function.reflection().arguments.is_empty());
    let Err(Error::Pipeline(error)) = device.new_compute_pipeline_state_with_function(&function) else {
        panic!()
    };
    assert!(matches!(*error, PipelineError::Unsupported { .. }));
    assert!(error.to_string().contains("`image` is a texture"), "{error}");
}

/// Blit encoders of macOS take multiples of four bytes.
#[test]
fn copies_and_fills_of_any_bytes() {
    let device = device();
    let queue = device.new_command_queue().unwrap();
    let data: Vec<u8> = (0..64).collect();
    let from = device.new_buffer_with_bytes(&data, SHARED).unwrap();
    for (source, target, size) in
        (0..5usize).flat_map(|s| (0..5usize).flat_map(move |t| [1usize, 3, 4, 7, 8, 21].map(|n| (s, t, n))))
    {
        let to = device.new_buffer_with_bytes(&[200; 64], SHARED).unwrap();
        let command_buffer = queue.new_command_buffer();
        let mut blit = command_buffer.new_blit_command_encoder().unwrap();
        blit.set_label("bytes");
        blit.push_debug_group("outer");
        blit.copy_from_buffer(&from, source, &to, target, size).unwrap();
        blit.push_debug_group("inner");
        blit.fill_buffer(&to, 32 + source..32 + source + size, 7).unwrap();
        blit.pop_debug_group().unwrap();
        // What the same pass has written is seen.
        blit.copy_from_buffer(&to, 32 + source, &to, 60, 3).unwrap();
        blit.pop_debug_group().unwrap();
        blit.end_encoding().unwrap();
        command_buffer.commit().unwrap();
        command_buffer.wait_until_completed().unwrap();
        let mut expected = vec![200; 64];
        expected[target..target + size].copy_from_slice(&data[source..source + size]);
        expected[32 + source..32 + source + size].fill(7);
        expected.copy_within(32 + source..35 + source, 60);
        assert_eq!(to.read::<u8>().unwrap(), expected, "{size} bytes from {source} to {target}");
    }
}

#[test]
fn managed_buffers_are_synchronised_both_ways() {
    let fixture = Fixture { device: device(), library: common::library(&device()), null: None };
    let device = &fixture.device;
    let new = || device.new_buffer_with_length(4 * 1000, StorageMode::Managed.into()).unwrap();
    let (input, output) = (new(), new());
    let queue = device.new_command_queue().unwrap();
    for round in 1..4u8 {
        input.write(&[f32::from(round); 1000]).unwrap();
        let command_buffer = queue.new_command_buffer();
        let mut encoder = command_buffer.new_compute_command_encoder().unwrap();
        encoder.set_compute_pipeline_state(&fixture.pipeline("scale")).unwrap();
        encoder.set_buffers(0, &[(&input, 0), (&output, 0)]).unwrap();
        encoder.set_bytes(&[10.0f32], 2).unwrap();
        encoder.dispatch_threads(1000, 64).unwrap();
        encoder.end_encoding().unwrap();
        let mut blit = command_buffer.new_blit_command_encoder().unwrap();
        blit.synchronize_resource(&output).unwrap();
        blit.end_encoding().unwrap();
        command_buffer.commit().unwrap();
        assert_eq!(output.read::<f32>().unwrap(), [10.0 * f32::from(round); 1000]);
    }
}

#[test]
fn barriers_order_concurrent_dispatches() {
    let device = device();
    let scale = pipeline(&common::library(&device), "scale");
    let buffers: Vec<_> = (0..50).map(|_| zeros(&device, 10_000)).collect();
    buffers[0].write(&[1.0f32; 10_000]).unwrap();
    let command_buffer = device.new_command_queue().unwrap().new_command_buffer();
    let mut encoder =
        command_buffer.new_compute_command_encoder_with_dispatch_type(DispatchType::Concurrent).unwrap();
    encoder.set_compute_pipeline_state(&scale).unwrap();
    encoder.set_bytes(&[1.5f32], 2).unwrap();
    for pair in buffers.windows(2) {
        encoder.set_buffers(0, &[(&pair[0], 0), (&pair[1], 0)]).unwrap();
        encoder.dispatch_threads(10_000, 100).unwrap();
        encoder.memory_barrier_with_resources(&[&pair[1]]).unwrap();
    }
    encoder.end_encoding().unwrap();
    command_buffer.commit().unwrap();
    let expected = (1..50).fold(1.0f32, |value, _| value * 1.5);
    assert!(buffers[49].read::<f32>().unwrap().iter().all(|value| *value == expected));
}

/// More than Metal lets be in flight.
#[test]
fn thousands_of_command_buffers_are_committed() {
    let device = device();
    let queue = device.new_command_queue().unwrap();
    let at_most_64 = pipeline(&common::library(&device), "at_most_64");
    let out = zeros(&device, 64);
    let works: Vec<_> = (0..3000).map(|_| dispatch(&queue, &at_most_64, &out, 64, 64)).collect();
    for work in &works {
        work.wait_until_completed().unwrap();
        let (start, end) = (work.gpu_start_time().unwrap(), work.gpu_end_time().unwrap());
        assert!(start <= end && end - start < 60.0, "{start} to {end}");
    }
    assert_eq!(out.read::<u32>().unwrap(), (0..64).collect::<Vec<_>>());
}

#[test]
fn labels_reach_metals_objects() {
    let device = device();
    let queue = device.new_command_queue().unwrap();
    queue.set_label("a queue");
    let buffer = zeros(&device, 4);
    buffer.set_label("a buffer");
    let command_buffer = queue.new_command_buffer();
    command_buffer.set_label("a command buffer");
    let mut encoder = command_buffer.new_compute_command_encoder().unwrap();
    encoder.set_label("an encoder");
    encoder.push_debug_group("a group");
    encoder.set_compute_pipeline_state(&pipeline(&common::library(&device), "at_most_64")).unwrap();
    encoder.set_buffer(&buffer, 0, 0).unwrap();
    encoder.dispatch_threads(4, 4).unwrap();
    encoder.pop_debug_group().unwrap();
    encoder.end_encoding().unwrap();
    command_buffer.commit().unwrap();
    assert_eq!(buffer.read::<u32>().unwrap(), [0, 1, 2, 3]);
}

//! What Metal would abort on, log or ignore is an error of the call that does it, with names and numbers.

mod common;

use common::Fixture;
use metal_bridge::null::{self, NullDevice};
use metal_bridge::{
    ArgumentKind, Buffer, CommandBuffer, CommandBufferStatus, CompileOptions, ComputeCommandEncoder, Device,
    Error, FunctionConstantValues, FunctionReflection, PipelineError, ResourceOptions, Size, StorageMode,
};

fn command_buffer(device: &Device) -> CommandBuffer {
    device.new_command_queue().unwrap().new_command_buffer()
}

fn buffer(device: &Device, length: usize) -> Buffer {
    device.new_buffer_with_length(length, ResourceOptions::default()).unwrap()
}

fn encoder(device: &Device) -> ComputeCommandEncoder {
    command_buffer(device).new_compute_command_encoder().unwrap()
}

/// An encoder with `scale` and all it needs for 16 threads.
fn ready_to_scale(fixture: &Fixture) -> ComputeCommandEncoder {
    let mut encoder = encoder(&fixture.device);
    encoder.set_compute_pipeline_state(&fixture.pipeline("scale")).unwrap();
    encoder.set_buffer(&buffer(&fixture.device, 64), 0, 0).unwrap();
    encoder.set_buffer(&buffer(&fixture.device, 64), 0, 1).unwrap();
    encoder.set_bytes(&[2.0f32], 2).unwrap();
    encoder
}

/// Error text, checked to name what matters.
#[track_caller]
fn says(error: &Error, parts: &[&str]) {
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "“{part}” is missing in “{text}”");
    }
}

#[test]
fn committing_twice() {
    for Fixture { device, .. } in Fixture::all() {
        let command_buffer = command_buffer(&device);
        command_buffer.set_label("step 1");
        command_buffer.commit().unwrap();
        let error = command_buffer.commit().unwrap_err();
        assert!(matches!(error, Error::AlreadyCommitted { operation: "commit", .. }));
        says(&error, &["commit", "step 1"]);
        command_buffer.wait_until_completed().unwrap();
        assert_eq!(command_buffer.status(), CommandBufferStatus::Completed);
    }
}

#[test]
fn encoding_after_commit() {
    for Fixture { device, .. } in Fixture::all() {
        let command_buffer = command_buffer(&device);
        command_buffer.commit().unwrap();
        let compute = command_buffer.new_compute_command_encoder().unwrap_err();
        assert!(matches!(compute, Error::AlreadyCommitted { operation: "new_compute_command_encoder", .. }));
        let blit = command_buffer.new_blit_command_encoder().unwrap_err();
        assert!(matches!(blit, Error::AlreadyCommitted { operation: "new_blit_command_encoder", .. }));
        let handler = command_buffer.add_completed_handler(|_| {}).unwrap_err();
        assert!(matches!(handler, Error::AlreadyCommitted { operation: "add_completed_handler", .. }));
    }
}

#[test]
fn committing_with_an_open_encoder() {
    for Fixture { device, .. } in Fixture::all() {
        let command_buffer = command_buffer(&device);
        let mut encoder = command_buffer.new_compute_command_encoder().unwrap();
        encoder.set_label("forward");
        let error = command_buffer.commit().unwrap_err();
        assert!(matches!(error, Error::EncoderActive { .. }));
        says(&error, &["forward", "end_encoding"]);
        // Nothing is lost: it can still be ended.
        encoder.end_encoding().unwrap();
        command_buffer.commit().unwrap();
        command_buffer.wait_until_completed().unwrap();
    }
}

#[test]
fn an_encoder_never_ended() {
    for Fixture { device, .. } in Fixture::all() {
        let command_buffer = command_buffer(&device);
        let mut encoder = command_buffer.new_blit_command_encoder().unwrap();
        encoder.set_label("upload");
        drop(encoder);
        for _ in 0..2 {
            let Err(Error::EncodingFailed { first, .. }) = command_buffer.commit() else { panic!() };
            assert!(matches!(*first, Error::EncoderNotEnded { .. }));
            says(&first, &["upload", "end_encoding"]);
        }
        assert_eq!(command_buffer.status(), CommandBufferStatus::NotEnqueued);
    }
}

#[test]
fn two_encoders_at_once() {
    let device = Device::null();
    let command_buffer = command_buffer(&device);
    let first = command_buffer.new_compute_command_encoder().unwrap();
    assert!(matches!(command_buffer.new_blit_command_encoder(), Err(Error::EncoderActive { .. })));
    first.end_encoding().unwrap();
    command_buffer.new_blit_command_encoder().unwrap().end_encoding().unwrap();
    command_buffer.commit().unwrap();
}

#[test]
fn an_overlooked_error_of_encoding_stops_the_commit() {
    for fixture in Fixture::all() {
        let mut encoder = ready_to_scale(&fixture);
        let _ = encoder.set_buffer(&buffer(&fixture.device, 64), 64, 1);
        // Without the rule, this would run with the buffer bound before.
        encoder.dispatch_threads(16, 16).unwrap();
        let command_buffer = encoder.command_buffer().clone();
        encoder.end_encoding().unwrap();
        let Err(Error::EncodingFailed { first, .. }) = command_buffer.commit() else { panic!() };
        assert!(matches!(*first, Error::BufferOffset { .. }));
        assert_eq!(command_buffer.status(), CommandBufferStatus::NotEnqueued);
    }
}

#[test]
fn waiting_for_what_is_not_committed() {
    let command_buffer = command_buffer(&Device::null());
    assert!(matches!(command_buffer.wait_until_completed(), Err(Error::NotCommitted { .. })));
    assert!(matches!(command_buffer.wait_until_scheduled(), Err(Error::NotCommitted { .. })));
}

#[test]
fn dispatch_without_a_pipeline() {
    assert_eq!(encoder(&Device::null()).dispatch_threads(1, 1), Err(Error::NoPipeline));
}

#[test]
fn a_missing_argument() {
    for fixture in Fixture::all() {
        let mut encoder = encoder(&fixture.device);
        encoder.set_compute_pipeline_state(&fixture.pipeline("scale")).unwrap();
        encoder.set_buffer(&buffer(&fixture.device, 64), 0, 0).unwrap();
        let error = encoder.dispatch_threads(16, 16).unwrap_err();
        let expected = Error::MissingArgument {
            kernel: "scale".into(),
            argument: "output".into(),
            kind: ArgumentKind::Device,
            index: 1,
        };
        assert_eq!(error, expected);
        says(&error, &["`scale`", "`output`", "buffer index 1", "set_buffer"]);
    }
}

#[test]
fn a_missing_threadgroup_memory_length() {
    for fixture in Fixture::all() {
        let mut encoder = encoder(&fixture.device);
        encoder.set_compute_pipeline_state(&fixture.pipeline("shared_memory")).unwrap();
        encoder.set_buffer(&buffer(&fixture.device, 64), 0, 0).unwrap();
        encoder.set_buffer(&buffer(&fixture.device, 32), 0, 30).unwrap();
        let error = encoder.dispatch_threads(4, 4).unwrap_err();
        assert!(matches!(error, Error::MissingArgument { kind: ArgumentKind::Threadgroup, index: 1, .. }));
        says(&error, &["`scratch`", "threadgroup memory index 1", "set_threadgroup_memory_length"]);
        encoder.set_threadgroup_memory_length(64, 1).unwrap();
        encoder.dispatch_threads(4, 4).unwrap();
    }
}

#[test]
fn a_buffer_too_small_for_its_argument() {
    for fixture in Fixture::all() {
        let mut encoder = encoder(&fixture.device);
        encoder.set_compute_pipeline_state(&fixture.pipeline("shared_memory")).unwrap();
        encoder.set_threadgroup_memory_length(64, 1).unwrap();
        encoder.set_buffer(&buffer(&fixture.device, 64), 0, 0).unwrap();
        encoder.set_buffer(&buffer(&fixture.device, 48), 32, 30).unwrap();
        let error = encoder.dispatch_threads(4, 4).unwrap_err();
        assert!(matches!(error, Error::ArgumentTooSmall { index: 30, expected: 32, got: 16, .. }));
        says(&error, &["`shared_memory`", "`params`", "buffer index 30", "32 bytes", "`Params`", "16 are"]);

        encoder.set_bytes(&[0u8; 31], 30).unwrap();
        let error = encoder.dispatch_threads(4, 4).unwrap_err();
        assert!(matches!(error, Error::ArgumentTooSmall { index: 30, expected: 32, got: 31, .. }));
    }
}

#[test]
fn an_offset_past_the_end() {
    for fixture in Fixture::all() {
        let mut encoder = ready_to_scale(&fixture);
        let input = buffer(&fixture.device, 64);
        input.set_label("weights");
        for offset in [64, 65, usize::MAX] {
            let error = encoder.set_buffer(&input, offset, 0).unwrap_err();
            assert!(matches!(error, Error::BufferOffset { index: 0, length: 64, .. }));
            says(&error, &["weights", &offset.to_string(), "64 bytes"]);
            assert!(matches!(encoder.set_buffer_offset(offset, 0), Err(Error::BufferOffset { .. })));
        }
        encoder.set_buffer(&input, 60, 0).unwrap();
        encoder.set_buffer_offset(0, 0).unwrap();
    }
}

#[test]
fn an_offset_that_is_not_aligned() {
    for fixture in Fixture::all() {
        let mut encoder = ready_to_scale(&fixture);
        encoder.set_buffer(&buffer(&fixture.device, 64), 2, 0).unwrap();
        let error = encoder.dispatch_threads(1, 1).unwrap_err();
        assert!(matches!(error, Error::ArgumentMisaligned { index: 0, offset: 2, alignment: 4, .. }));
        says(&error, &["`scale`", "`input`", "offset 2", "multiple of 4", "`float`"]);
    }
}

#[test]
fn indices_that_do_not_exist() {
    let fixture = Fixture::null();
    let mut encoder = ready_to_scale(&fixture);
    let some = buffer(&fixture.device, 64);
    for index in [31, 32, usize::MAX] {
        let error = encoder.set_buffer(&some, 0, index).unwrap_err();
        assert_eq!(error, Error::Index { operation: "set_buffer", index, count: 31 });
        says(&error, &[&index.to_string(), "0 to 30"]);
        assert!(matches!(encoder.set_bytes(&[1u8], index), Err(Error::Index { .. })));
        assert!(matches!(encoder.set_buffer_offset(0, index), Err(Error::Index { .. })));
        assert!(matches!(encoder.set_threadgroup_memory_length(16, index), Err(Error::Index { .. })));
        assert!(matches!(encoder.set_buffers(index, &[(&some, 0)]), Err(Error::Index { .. })));
    }
    let error = encoder.set_buffers(30, &[(&some, 0), (&some, 0)]).unwrap_err();
    assert!(matches!(error, Error::Index { operation: "set_buffers", index: 31, .. }));
}

#[test]
fn all_31_slots_can_be_used() {
    let fixture = Fixture::null();
    let mut encoder = ready_to_scale(&fixture);
    for index in 0..31 {
        encoder.set_buffer(&buffer(&fixture.device, 4), 0, index).unwrap();
        encoder.set_threadgroup_memory_length(16, index).unwrap();
    }
    encoder.dispatch_threads(1, 1).unwrap();
}

#[test]
fn an_argument_that_no_index_can_bind() {
    let mut reflection = common::reflections().remove(0);
    reflection.arguments[1].index = 31;
    let null = NullDevice::with_functions(vec![reflection]);
    let library = common::library(&null.device());
    let mut encoder = encoder(&null.device());
    encoder.set_compute_pipeline_state(&common::pipeline(&library, "scale")).unwrap();
    encoder.set_buffer(&buffer(&null.device(), 64), 0, 0).unwrap();
    assert!(matches!(encoder.dispatch_threads(1, 1), Err(Error::MissingArgument { index: 31, .. })));
}

#[test]
fn set_buffer_offset_without_a_buffer() {
    let mut encoder = encoder(&Device::null());
    assert_eq!(encoder.set_buffer_offset(0, 3), Err(Error::NoBufferAtIndex { index: 3 }));
    encoder.set_bytes(&[1u32], 3).unwrap();
    assert_eq!(encoder.set_buffer_offset(0, 3), Err(Error::NoBufferAtIndex { index: 3 }));
}

#[test]
fn set_bytes_with_too_little_or_too_much() {
    let mut encoder = encoder(&Device::null());
    let error = encoder.set_bytes::<u8>(&[], 1).unwrap_err();
    assert_eq!(error, Error::BytesLength { index: 1, length: 0, limit: 4096 });
    let error = encoder.set_bytes(&[0u32; 1025], 1).unwrap_err();
    assert_eq!(error, Error::BytesLength { index: 1, length: 4100, limit: 4096 });
    says(&error, &["index 1", "4100", "4096"]);
    encoder.set_bytes(&[0u32; 1024], 1).unwrap();
}

#[test]
fn set_bytes_for_an_argument_that_is_written() {
    for fixture in Fixture::all() {
        let mut encoder = ready_to_scale(&fixture);
        encoder.set_bytes(&[0.0f32; 16], 1).unwrap();
        let error = encoder.dispatch_threads(16, 16).unwrap_err();
        assert!(matches!(error, Error::BytesNotWritable { index: 1, .. }));
        says(&error, &["`scale`", "`output`", "set_bytes"]);
        let mut encoder = ready_to_scale(&fixture);
        encoder.set_bytes(&[0.0f32; 16], 0).unwrap();
        encoder.dispatch_threads(16, 16).unwrap();
    }
}

#[test]
fn a_threadgroup_larger_than_the_limit() {
    for fixture in Fixture::all() {
        let mut encoder = ready_to_scale(&fixture);
        let sizes = [
            Size::from(1025),
            Size::new(33, 32, 1),
            Size::new(1, 1, 1025),
            Size::new(usize::MAX, usize::MAX, 1),
            Size::new(usize::MAX, 1, 1),
        ];
        for size in sizes {
            let error = encoder.dispatch_threads(16, size).unwrap_err();
            assert!(matches!(error, Error::ThreadgroupTooLarge { limit: 1024, .. }));
            says(&error, &["`scale`", &size.to_string(), "1024"]);
            assert!(matches!(encoder.dispatch_threadgroups(1, size), Err(Error::ThreadgroupTooLarge { .. })));
        }
        encoder.dispatch_threads(16, (32, 32)).unwrap();
    }
}

#[test]
fn a_threadgroup_larger_than_the_kernel_says() {
    for fixture in Fixture::all() {
        let mut encoder = encoder(&fixture.device);
        let pipeline = fixture.pipeline("at_most_64");
        assert_eq!(pipeline.max_total_threads_per_threadgroup(), 64);
        encoder.set_compute_pipeline_state(&pipeline).unwrap();
        encoder.set_buffer(&buffer(&fixture.device, 256), 0, 0).unwrap();
        let error = encoder.dispatch_threads(64, 65).unwrap_err();
        assert!(matches!(error, Error::ThreadgroupTooLarge { limit: 64, .. }));
        encoder.dispatch_threads(64, 64).unwrap();
    }
}

#[test]
fn a_threadgroup_of_another_size_than_required() {
    let reflection =
        FunctionReflection { required_threads_per_threadgroup: Some([8, 8, 1]), ..null::reflection("exact") };
    let null = NullDevice::with_functions(vec![reflection]);
    let library = common::library(&null.device());
    let mut encoder = encoder(&null.device());
    encoder.set_compute_pipeline_state(&common::pipeline(&library, "exact")).unwrap();
    let error = encoder.dispatch_threads(64, 64).unwrap_err();
    assert!(matches!(error, Error::ThreadgroupSize { .. }));
    says(&error, &["`exact`", "8 × 8 × 1", "64 × 1 × 1"]);
    encoder.dispatch_threads((64, 64), (8, 8)).unwrap();
}

#[test]
fn an_empty_grid_does_nothing() {
    for fixture in Fixture::all() {
        let mut encoder = encoder(&fixture.device);
        encoder.set_compute_pipeline_state(&fixture.pipeline("scale")).unwrap();
        for size in [Size::new(0, 1, 1), Size::new(5, 0, 5), Size::new(usize::MAX, usize::MAX, 0)] {
            // Nothing is bound, and nothing needs to be.
            encoder.dispatch_threads(size, 32).unwrap();
            encoder.dispatch_threadgroups(size, 32).unwrap();
        }
        let command_buffer = encoder.command_buffer().clone();
        encoder.end_encoding().unwrap();
        command_buffer.commit().unwrap();
        command_buffer.wait_until_completed().unwrap();
        if let Some(null) = fixture.null {
            assert_eq!(null.commands(), Vec::<String>::new());
        }
    }
}

#[test]
fn a_threadgroup_without_threads() {
    for fixture in Fixture::all() {
        let mut encoder = ready_to_scale(&fixture);
        for size in [Size::from(0), Size::new(8, 0, 1), Size::new(1, 1, 0)] {
            let error = encoder.dispatch_threads(16, size).unwrap_err();
            assert!(matches!(error, Error::EmptyThreadgroup { .. }));
            says(&error, &["`scale`", &size.to_string()]);
        }
    }
}

#[test]
fn grids_that_cannot_be_counted() {
    let fixture = Fixture::null();
    let mut encoder = ready_to_scale(&fixture);
    let most = u32::MAX as usize;
    for size in [Size::from(most + 1), Size::new(1, usize::MAX, 1), Size::new(most, most, most)] {
        let error = encoder.dispatch_threads(size, 1).unwrap_err();
        assert!(matches!(error, Error::GridTooLarge { unit: "threads", .. }));
        says(&error, &["`scale`", &size.to_string(), "4294967295"]);
    }
    for (size, group) in
        [(Size::from(most), 2), (Size::from(usize::MAX), 1024), (Size::new(1, most + 1, 1), 1)]
    {
        let error = encoder.dispatch_threadgroups(size, group).unwrap_err();
        assert!(matches!(error, Error::GridTooLarge { unit: "threadgroups", .. }));
    }
    encoder.dispatch_threads((most, most), 1024).unwrap();
    encoder.dispatch_threadgroups(most, 1).unwrap();
}

#[test]
fn threadgroup_memory_over_the_limit() {
    for fixture in Fixture::all() {
        let mut encoder = encoder(&fixture.device);
        let error = encoder.set_threadgroup_memory_length(32768 + 16, 0).unwrap_err();
        assert!(matches!(error, Error::ThreadgroupMemoryTooLarge { kernel: None, limit: 32768, .. }));
        let error = encoder.set_threadgroup_memory_length(usize::MAX & !15, 0).unwrap_err();
        assert!(matches!(error, Error::ThreadgroupMemoryTooLarge { .. }));

        // Alone each fits, together with what the kernel declares they do not.
        let pipeline = fixture.pipeline("half_full");
        assert_eq!(pipeline.static_threadgroup_memory_length(), 16384);
        encoder.set_compute_pipeline_state(&pipeline).unwrap();
        encoder.set_buffer(&buffer(&fixture.device, 64), 0, 0).unwrap();
        encoder.set_threadgroup_memory_length(16384 + 16, 0).unwrap();
        let error = encoder.dispatch_threads(16, 16).unwrap_err();
        let (declared, set, limit) = (16384, 16400, 32768);
        let kernel = Some("half_full".to_owned());
        assert_eq!(error, Error::ThreadgroupMemoryTooLarge { kernel, declared, set, limit });
        says(&error, &["`half_full`", "16384", "16400", "32768"]);
        encoder.set_threadgroup_memory_length(16384, 0).unwrap();
        encoder.dispatch_threads(16, 16).unwrap();
    }
}

#[test]
fn more_threadgroup_memory_declared_than_there_is() {
    let reflection =
        FunctionReflection { static_threadgroup_memory_length: 32769, ..null::reflection("greedy") };
    let device = NullDevice::with_functions(vec![reflection]).device();
    let function = common::library(&device).new_function_with_name("greedy").unwrap();
    let error = device.new_compute_pipeline_state_with_function(&function).unwrap_err();
    let (declared, set, limit) = (32769, 0, 32768);
    let kernel = Some("greedy".to_owned());
    assert_eq!(error, Error::ThreadgroupMemoryTooLarge { kernel, declared, set, limit });
}

#[test]
fn threadgroup_memory_not_in_steps_of_16() {
    let mut encoder = encoder(&Device::null());
    for length in [1, 8, 15, 17] {
        let error = encoder.set_threadgroup_memory_length(length, 2).unwrap_err();
        assert_eq!(error, Error::ThreadgroupMemoryLength { index: 2, length });
    }
}

#[test]
fn an_unknown_function() {
    for fixture in Fixture::all() {
        let error = fixture.library.new_function_with_name("skale").unwrap_err();
        let Error::Pipeline(inner) = &error else { panic!() };
        let PipelineError::UnknownFunction { name, available } = &**inner else { panic!() };
        assert_eq!(name, "skale");
        let mut available = available.clone();
        available.sort_unstable();
        assert_eq!(available, ["at_most_64", "constants", "half_full", "scale", "shared_memory"]);
        says(&error, &["`skale`", "`scale`", "`at_most_64`"]);
    }
}

#[test]
fn a_function_of_an_empty_library() {
    let library = Device::null().new_library_with_source("", &CompileOptions::default()).unwrap();
    says(&library.new_function_with_name("any").unwrap_err(), &["`any`", "no kernels"]);
}

#[test]
fn function_constants_without_a_value() {
    for Fixture { device, library, .. } in Fixture::all() {
        let missing = |error: Error| {
            let Error::Pipeline(inner) = &error else { panic!("{error}") };
            assert!(matches!(&**inner, PipelineError::MissingConstant { index: 0, .. }), "{error}");
            says(&error, &["`constants`", "`amount`", "index 0", "uint"]);
        };
        let mut values = FunctionConstantValues::new();
        values.set_constant_value_at_index(7, true);
        missing(library.new_function_with_name_and_constants("constants", &values).unwrap_err());
        // Without values there is a function, to look at, but no pipeline.
        let function = library.new_function_with_name("constants").unwrap();
        assert_eq!(function.function_constants().len(), 2);
        missing(device.new_compute_pipeline_state_with_function(&function).unwrap_err());

        values.set_constant_value_with_name("amount", 5u32);
        let function = library.new_function_with_name_and_constants("constants", &values).unwrap();
        device.new_compute_pipeline_state_with_function(&function).unwrap();
    }
}

#[test]
fn function_constants_of_the_wrong_type() {
    for Fixture { library, .. } in Fixture::all() {
        let mut values = FunctionConstantValues::new();
        values.set_constant_value_at_index(0, 5i32);
        let error = library.new_function_with_name_and_constants("constants", &values).unwrap_err();
        let Error::Pipeline(inner) = &error else { panic!("{error}") };
        assert!(matches!(&**inner, PipelineError::ConstantType { index: 0, .. }));
        says(&error, &["`constants`", "`amount`", "type uint", "type int"]);

        let mut values = FunctionConstantValues::new();
        values.set_constant_value_at_index(0, 5u32).set_constant_value_with_name("negate", 1u8);
        let error = library.new_function_with_name_and_constants("constants", &values).unwrap_err();
        says(&error, &["`negate`", "index 7", "bool", "uchar"]);
    }
}

#[test]
fn objects_of_different_devices() {
    for fixture in Fixture::all() {
        let other = Fixture::null();
        let foreign = buffer(&other.device, 64);
        foreign.set_label("foreign");
        let mismatch = |result: Result<(), Error>| {
            let error = result.unwrap_err();
            assert!(matches!(error, Error::DeviceMismatch { .. }), "{error}");
            says(&error, &["another device", other.device.name(), fixture.device.name()]);
        };

        let mut encoder = encoder(&fixture.device);
        mismatch(encoder.set_buffer(&foreign, 0, 0));
        mismatch(encoder.set_buffers(0, &[(&foreign, 0)]));
        mismatch(encoder.set_compute_pipeline_state(&other.pipeline("scale")));
        mismatch(encoder.memory_barrier_with_resources(&[&foreign]));

        let own = buffer(&fixture.device, 64);
        let mut blit = command_buffer(&fixture.device).new_blit_command_encoder().unwrap();
        mismatch(blit.copy_from_buffer(&foreign, 0, &own, 0, 64));
        mismatch(blit.copy_from_buffer(&own, 0, &foreign, 0, 64));
        mismatch(blit.fill_buffer(&foreign, 0..64, 0));
        mismatch(blit.synchronize_resource(&foreign));

        let function = other.library.new_function_with_name("scale").unwrap();
        mismatch(fixture.device.new_compute_pipeline_state_with_function(&function).map(drop));
    }
}

#[test]
fn copies_that_overlap() {
    for Fixture { device, .. } in Fixture::all() {
        let some = buffer(&device, 100);
        let mut blit = command_buffer(&device).new_blit_command_encoder().unwrap();
        for (from, to) in [(0, 0), (0, 49), (49, 0), (50, 50)] {
            let error = blit.copy_from_buffer(&some, from, &some, to, 50).unwrap_err();
            assert!(matches!(error, Error::OverlappingCopy { size: 50, .. }));
            says(&error, &["50 bytes", "100 bytes", "overlap"]);
        }
        blit.copy_from_buffer(&some, 0, &some, 50, 50).unwrap();
        blit.copy_from_buffer(&some, 50, &some, 0, 50).unwrap();
        blit.copy_from_buffer(&some, 7, &some, 7, 0).unwrap();
    }
}

#[test]
#[allow(clippy::reversed_empty_ranges, reason = "on purpose")]
fn blit_ranges_outside_of_the_buffer() {
    for Fixture { device, .. } in Fixture::all() {
        let (small, large) = (buffer(&device, 10), buffer(&device, 20));
        let mut blit = command_buffer(&device).new_blit_command_encoder().unwrap();
        let cases = [
            blit.copy_from_buffer(&small, 0, &large, 0, 11),
            blit.copy_from_buffer(&large, 0, &small, 0, 11),
            blit.copy_from_buffer(&large, usize::MAX, &small, 0, 2),
            blit.copy_from_buffer(&large, 0, &small, 9, usize::MAX),
            blit.copy_from_buffer(&large, 21, &small, 0, 0),
            blit.fill_buffer(&small, 0..11, 1),
            blit.fill_buffer(&small, 11..11, 1),
            blit.fill_buffer(&small, 5..usize::MAX, 1),
        ];
        for case in cases {
            assert!(matches!(case, Err(Error::OutOfRange { .. })), "{case:?}");
        }
        blit.fill_buffer(&small, 10..10, 1).unwrap();
        blit.fill_buffer(&small, 7..3, 1).unwrap();
    }
}

#[test]
fn buffers_of_impossible_lengths() {
    for Fixture { device, .. } in Fixture::all() {
        let options = ResourceOptions::default();
        assert_eq!(device.new_buffer_with_length(0, options), Err(Error::EmptyBuffer));
        assert_eq!(device.new_buffer_with_bytes(&[], options), Err(Error::EmptyBuffer));
        assert_eq!(device.new_buffer_with_data::<f32>(&[], options), Err(Error::EmptyBuffer));
        let limit = device.max_buffer_length();
        for length in [limit + 1, usize::MAX] {
            let error = device.new_buffer_with_length(length, options).unwrap_err();
            assert_eq!(error, Error::BufferTooLong { length, limit });
            says(&error, &[&length.to_string(), &limit.to_string()]);
        }
    }
}

#[test]
fn the_contents_of_private_buffers() {
    for Fixture { device, .. } in Fixture::all() {
        let options = ResourceOptions::STORAGE_MODE_PRIVATE;
        assert!(matches!(device.new_buffer_with_bytes(&[1], options), Err(Error::PrivateBuffer { .. })));
        let private = device.new_buffer_with_length(16, options).unwrap();
        private.set_label("activations");
        let errors = [
            private.read::<u8>().unwrap_err(),
            private.read_into(0, &mut [0u8]).unwrap_err(),
            private.write(&[1u8]).unwrap_err(),
            private.map_read::<u8>().unwrap_err(),
            private.map_write::<u8>().unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, Error::PrivateBuffer { .. }));
            says(&error, &["activations", "blit"]);
        }
        // SAFETY: nothing is done with the address.
        assert!(unsafe { private.contents() }.is_none());
    }
}

#[test]
fn managed_calls_for_other_buffers() {
    for Fixture { device, .. } in Fixture::all() {
        for mode in [StorageMode::Shared, StorageMode::Private] {
            let other = device.new_buffer_with_length(16, mode.into()).unwrap();
            let error = other.did_modify_range(0..16).unwrap_err();
            assert!(matches!(error, Error::NotManaged { .. }));
            says(&error, &["did_modify_range", &format!("{mode:?}"), "Managed"]);
            let mut blit = command_buffer(&device).new_blit_command_encoder().unwrap();
            assert!(matches!(blit.synchronize_resource(&other), Err(Error::NotManaged { .. })));
        }
        let managed = device.new_buffer_with_length(16, StorageMode::Managed.into()).unwrap();
        managed.did_modify_range(0..16).unwrap();
        assert!(matches!(managed.did_modify_range(0..17), Err(Error::OutOfRange { .. })));
    }
}

#[test]
fn host_ranges_outside_of_the_buffer() {
    let some = buffer(&Device::null(), 16);
    some.set_label("input");
    let errors = [
        some.read_range::<u8>(0..17).unwrap_err(),
        some.read_range::<u8>(usize::MAX - 1..usize::MAX).unwrap_err(),
        some.read_into(15, &mut [0u8; 2]).unwrap_err(),
        some.write(&[0u64; 3]).unwrap_err(),
        some.write_at(usize::MAX, &[0u8; 2]).unwrap_err(),
        some.map_read_range::<u8>(17..17).unwrap_err(),
        some.map_write_range::<u8>(8..17).unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error, Error::OutOfRange { length: 16, .. }), "{error}");
        says(&error, &["input", "16 bytes"]);
    }
}

#[test]
fn bytes_that_are_no_whole_elements() {
    #[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
    #[repr(C, align(512))]
    struct Wide([u8; 512]);

    let device = Device::null();
    let some = buffer(&device, 18);
    let errors = [
        some.read::<u32>().unwrap_err(),
        some.map_read::<u64>().unwrap_err(),
        some.map_write::<[f32; 3]>().unwrap_err(),
        some.map_read_range::<u16>(1..3).unwrap_err(),
        some.read::<()>().unwrap_err(),
        buffer(&device, 512).map_read::<Wide>().unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error, Error::ElementMismatch { .. }), "{error}");
    }
    says(&some.read::<u32>().unwrap_err(), &["18 bytes", "`u32`", "4 bytes"]);
    // Copies need no alignment.
    assert_eq!(some.read_range::<u16>(1..3).unwrap(), [0]);
    assert_eq!(buffer(&device, 512).read::<Wide>().unwrap().len(), 1);
}

#[test]
fn mapped_buffers() {
    for Fixture { device, .. } in Fixture::all() {
        let some = buffer(&device, 16);
        some.set_label("state");
        let fill = || {
            let command_buffer = command_buffer(&device);
            let mut blit = command_buffer.new_blit_command_encoder().unwrap();
            blit.fill_buffer(&some, 0..16, 1).unwrap();
            blit.end_encoding().unwrap();
            command_buffer
        };
        let view = some.map_read::<u8>().unwrap();
        let command_buffer = fill();
        for error in [command_buffer.commit().unwrap_err(), some.write(&[1u8]).unwrap_err()] {
            assert!(matches!(error, Error::BufferMapped { for_writing: false, .. }));
            says(&error, &["state", "mapped for reading"]);
        }
        assert!(matches!(some.map_write::<u8>(), Err(Error::BufferMapped { .. })));
        assert_eq!(command_buffer.status(), CommandBufferStatus::NotEnqueued);
        drop(view);
        command_buffer.commit().unwrap();
        command_buffer.wait_until_completed().unwrap();

        let view = some.map_write::<u8>().unwrap();
        let errors = [
            fill().commit().unwrap_err(),
            some.read::<u8>().unwrap_err(),
            some.map_read::<u8>().unwrap_err(),
            some.map_write::<u8>().unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, Error::BufferMapped { for_writing: true, .. }));
        }
        drop(view);
        fill().commit().unwrap();
        some.read::<u8>().unwrap();
    }
}

#[test]
fn debug_groups_out_of_balance() {
    let command_buffer = command_buffer(&Device::null());
    let mut encoder = command_buffer.new_compute_command_encoder().unwrap();
    assert!(matches!(encoder.pop_debug_group(), Err(Error::DebugGroups { open: 0, .. })));
    encoder.push_debug_group("layer 1");
    encoder.push_debug_group("layer 2");
    encoder.pop_debug_group().unwrap();
    assert!(matches!(encoder.end_encoding(), Err(Error::DebugGroups { open: 1, .. })));
    assert!(matches!(command_buffer.commit(), Err(Error::EncodingFailed { .. })));
}

#[cfg(any(not(target_vendor = "apple"), feature = "cpu"))]
#[test]
fn more_worker_threads_than_a_device_may_have() {
    let config = metal_bridge::DeviceConfig::new().threads(std::num::NonZeroUsize::MAX);
    let error = Device::cpu(config).unwrap_err();
    assert_eq!(error, Error::TooManyThreads { threads: usize::MAX, limit: 1024 });
}

#[test]
fn errors_are_small() {
    assert!(size_of::<Error>() <= 128, "{}", size_of::<Error>());
}

/// The null device's declarations, on which half of these tests rest, are what a compiler finds.
#[test]
fn declared_functions_are_the_compiled_ones() {
    let [declared, compiled] = &Fixture::all()[..] else { return };
    for function in declared.library.functions() {
        let found = compiled.library.new_function_with_name(&function.name).unwrap();
        let found = FunctionReflection { line: 0, ..found.reflection().clone() };
        assert_eq!(&found, function);
    }
}

//! Kernels on a device that executes: results, order, times.

mod common;

use std::thread;

use common::{Fixture, device, dispatch, pipeline, zeros};
use metal_bridge::{CompileOptions, Device, Error, FunctionConstantValues, Library, ResourceOptions, Size};

const SOURCE: &str = r"
#include <metal_stdlib>
using namespace metal;

kernel void increment(device uint *values [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    values[i] += 1;
}

kernel void positions(device uint *seen [[buffer(0)]],
                      uint3 position [[thread_position_in_grid]],
                      uint3 size [[threads_per_grid]]) {
    seen[(position.z * size.y + position.y) * size.x + position.x] += 1;
}

kernel void count(device atomic_uint *counter [[buffer(0)]]) {
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

kernel void number(device uint *out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
    out[i] = i * 3 + 1;
}

kernel void slow(device uint *out [[buffer(0)]], constant uint &rounds [[buffer(1)]],
                 uint i [[thread_position_in_grid]]) {
    uint x = i;
    for (uint r = 0; r < rounds; r++) { x = x * 1664525u + 1013904223u; }
    out[i] = x;
}
";

fn library(device: &Device) -> Library {
    device.new_library_with_source(SOURCE, &CompileOptions::default()).unwrap()
}

#[test]
fn bindings_hold_for_the_dispatches_after_them() {
    let fixture = Fixture::system();
    let device = &fixture.device;
    let input = device.new_buffer_with_data(&[1.0f32, 2.0, 3.0, 4.0], ResourceOptions::default()).unwrap();
    let output = zeros(device, 8);
    let command_buffer = device.new_command_queue().unwrap().new_command_buffer();
    let mut encoder = command_buffer.new_compute_command_encoder().unwrap();
    encoder.set_compute_pipeline_state(&fixture.pipeline("scale")).unwrap();
    encoder.set_buffers(0, &[(&input, 0), (&output, 0)]).unwrap();
    encoder.set_bytes(&[10.0f32], 2).unwrap();
    encoder.dispatch_threads(4, 4).unwrap();
    // The first dispatch keeps what was set then.
    encoder.set_bytes(&[100.0f32], 2).unwrap();
    encoder.set_buffer_offset(4, 0).unwrap();
    encoder.set_buffer_offset(20, 1).unwrap();
    encoder.dispatch_threads(3, 32).unwrap();
    encoder.end_encoding().unwrap();
    command_buffer.commit().unwrap();
    assert_eq!(output.read::<f32>().unwrap(), [10.0, 20.0, 30.0, 40.0, 0.0, 200.0, 300.0, 400.0]);
    command_buffer.wait_until_completed().unwrap();
}

#[test]
fn threadgroup_memory_of_both_kinds() {
    let fixture = Fixture::system();
    let device = &fixture.device;
    let output = zeros(device, 64);
    let command_buffer = device.new_command_queue().unwrap().new_command_buffer();
    let mut encoder = command_buffer.new_compute_command_encoder().unwrap();
    encoder.set_compute_pipeline_state(&fixture.pipeline("half_full")).unwrap();
    encoder.set_buffer(&output, 0, 0).unwrap();
    encoder.set_threadgroup_memory_length(256, 0).unwrap();
    encoder.dispatch_threads(64, 64).unwrap();
    encoder.end_encoding().unwrap();
    command_buffer.commit().unwrap();
    let expected: Vec<f32> = (0..64u8).map(|i| 2.0 * f32::from(i)).collect();
    assert_eq!(output.read::<f32>().unwrap(), expected);
}

#[test]
fn unchecked_pipelines_run() {
    let device = device(2);
    let function = library(&device).new_function_with_name("increment").unwrap();
    // SAFETY: every grid below has as many threads as the buffer has values.
    let pipeline = unsafe { device.new_unchecked_compute_pipeline_state_with_function(&function) }.unwrap();
    assert!(!pipeline.is_checked());
    assert!(device.new_compute_pipeline_state_with_function(&function).unwrap().is_checked());
    let values = zeros(&device, 5000);
    dispatch(&device.new_command_queue().unwrap(), &pipeline, &values, 5000, 100);
    assert_eq!(values.read::<u32>().unwrap(), [1; 5000]);
}

#[test]
fn function_constants_reach_the_kernel() {
    let fixture = Fixture::system();
    let queue = fixture.device.new_command_queue().unwrap();
    let run = |values: &FunctionConstantValues| {
        let function = fixture.library.new_function_with_name_and_constants("constants", values).unwrap();
        let pipeline = fixture.device.new_compute_pipeline_state_with_function(&function).unwrap();
        let output = zeros(&fixture.device, 1);
        dispatch(&queue, &pipeline, &output, 1, 1);
        output.read::<i32>().unwrap()[0]
    };
    let mut values = FunctionConstantValues::new();
    assert_eq!(run(values.set_constant_value_at_index(0, 5u32)), 5);
    assert_eq!(run(values.set_constant_value_at_index(7, false)), 5);
    assert_eq!(run(values.set_constant_value_with_name("negate", true)), -5);
}

#[test]
fn every_thread_runs_once() {
    for threads in [1, 2, 4] {
        let device = device(threads);
        let pipeline = pipeline(&library(&device), "positions");
        let queue = device.new_command_queue().unwrap();
        let grids = [
            (Size::from(1), Size::from(1)),
            (Size::from(100_003), Size::from(64)),
            (Size::new(37, 41, 5), Size::new(8, 4, 2)),
            (Size::new(3, 1, 1000), Size::new(16, 1, 3)),
        ];
        for (grid, group) in grids {
            let seen = zeros(&device, grid.total().unwrap());
            dispatch(&queue, &pipeline, &seen, grid, group).wait_until_completed().unwrap();
            assert!(seen.read::<u32>().unwrap().iter().all(|count| *count == 1), "{grid} by {group}");
        }
    }
}

#[test]
fn dispatches_see_the_results_of_those_before() {
    for threads in [1, 3] {
        let device = device(threads);
        let pipeline = pipeline(&library(&device), "increment");
        let queue = device.new_command_queue().unwrap();
        let values = zeros(&device, 5000);
        for _ in 0..20 {
            let command_buffer = queue.new_command_buffer();
            for _ in 0..5 {
                let mut encoder = command_buffer.new_compute_command_encoder().unwrap();
                encoder.set_compute_pipeline_state(&pipeline).unwrap();
                encoder.set_buffer(&values, 0, 0).unwrap();
                for _ in 0..5 {
                    encoder.dispatch_threads(5000, 96).unwrap();
                }
                encoder.end_encoding().unwrap();
            }
            command_buffer.commit().unwrap();
        }
        assert!(values.read::<u32>().unwrap().iter().all(|value| *value == 500));
    }
}

#[test]
fn many_threads_dispatch_on_many_queues() {
    for threads in [1, 2, 4] {
        let device = device(threads);
        let pipeline = pipeline(&library(&device), "count");
        let shared_queue = device.new_command_queue().unwrap();
        let total = zeros(&device, 1);
        thread::scope(|scope| {
            for worker in 0..6 {
                let (device, pipeline, shared_queue, total) = (&device, &pipeline, &shared_queue, &total);
                scope.spawn(move || {
                    let own_queue = device.new_command_queue().unwrap();
                    let own = zeros(device, 1);
                    for round in 0..50 {
                        dispatch(&own_queue, pipeline, &own, 200, 32);
                        let command_buffer = dispatch(shared_queue, pipeline, total, 100, 7);
                        if (worker + round) % 5 == 0 {
                            command_buffer.wait_until_completed().unwrap();
                        }
                    }
                    assert_eq!(own.read::<u32>().unwrap(), [50 * 200]);
                });
            }
        });
        assert_eq!(total.read::<u32>().unwrap(), [6 * 50 * 100]);
    }
}

#[test]
fn work_in_flight_survives_its_handles() {
    for threads in [1, 2] {
        let device = device(threads);
        let pipeline = pipeline(&library(&device), "slow");
        let out = zeros(&device, 10_000);
        let command_buffer = device.new_command_queue().unwrap().new_command_buffer();
        let mut encoder = command_buffer.new_compute_command_encoder().unwrap();
        encoder.set_compute_pipeline_state(&pipeline).unwrap();
        encoder.set_buffer(&out, 0, 0).unwrap();
        encoder.set_bytes(&[5000u32], 1).unwrap();
        encoder.dispatch_threads(10_000, 64).unwrap();
        encoder.end_encoding().unwrap();
        command_buffer.commit().unwrap();
        drop((device, pipeline, command_buffer));
        let expected =
            |i: u32| (0..5000).fold(i, |x, _| x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
        let out = out.read::<u32>().unwrap();
        assert_eq!((out[0], out[9999]), (expected(0), expected(9999)));
    }
}

#[test]
fn times_are_in_order() {
    let device = device(2);
    let pipeline = pipeline(&library(&device), "increment");
    let queue = device.new_command_queue().unwrap();
    let values = zeros(&device, 1000);
    let first = dispatch(&queue, &pipeline, &values, 1000, 64);
    let second = dispatch(&queue, &pipeline, &values, 1000, 64);
    second.wait_until_completed().unwrap();
    let times =
        [&first, &second].map(|work| [work.gpu_start_time(), work.gpu_end_time()].map(Option::unwrap));
    assert!(times.iter().all(|times| times.is_sorted()), "{times:?}");
    // A GPU may begin with work before that which it has to wait for has ended.
    assert!(times[0][0] <= times[1][0] && times[0][1] <= times[1][1], "{times:?}");
}

#[test]
fn source_with_errors_gives_diagnostics() {
    let device = device(1);
    let source = "kernel void broken(device float *x [[buffer(0)]]) { x[0] = y; }";
    let Err(Error::Library(error)) = device.new_library_with_source(source, &CompileOptions::default())
    else {
        panic!()
    };
    assert!(error.to_string().contains("program_source:1:"), "{error}");
    assert!(error.to_string().contains("'y'"), "{error}");
}

/// So large that stores go past the caches; each host thread sees all of them when the work has ended.
#[test]
fn large_results_are_whole() {
    let device = device(2);
    let pipeline = pipeline(&library(&device), "number");
    let queue = device.new_command_queue().unwrap();
    let count = (64 << 20) / 4 + 77;
    let values = zeros(&device, count);
    // At the start of a line of the caches, and between.
    for offset in [0, 36] {
        let command_buffer = queue.new_command_buffer();
        let mut encoder = command_buffer.new_compute_command_encoder().unwrap();
        encoder.set_compute_pipeline_state(&pipeline).unwrap();
        encoder.set_buffer(&values, offset, 0).unwrap();
        encoder.dispatch_threads(count - offset / 4, 256).unwrap();
        encoder.end_encoding().unwrap();
        command_buffer.commit().unwrap();
        command_buffer.wait_until_completed().unwrap();
        let values = values.map_read::<u32>().unwrap();
        let wrong =
            values[offset / 4..].iter().zip(0u32..).position(|(got, i)| *got != i.wrapping_mul(3) + 1);
        assert_eq!(wrong, None, "offset {offset}");
    }
}

/// The same of rows that SIMD-groups go through, which are also read ahead, to the end of the memory.
#[test]
fn large_results_of_rows_are_whole() {
    let source = r"
        #include <metal_stdlib>
        using namespace metal;
        kernel void rows(device const uint *in [[buffer(0)]], device uint *out [[buffer(1)]],
                         uint3 g [[thread_position_in_grid]], uint lane [[thread_index_in_simdgroup]]) {
            const ulong start = ulong(g.y) * 1024 + lane;
            for (ulong i = 0; i < 1024; i += 64) {
                out[start + i] = 3 * in[start + i] + 1;
                out[start + 32 + i] = 3 * in[start + 32 + i] + 1;
            }
        }";
    let device = device(2);
    let library = device.new_library_with_source(source, &CompileOptions::default()).unwrap();
    let pipeline = pipeline(&library, "rows");
    let queue = device.new_command_queue().unwrap();
    let rows = (64 << 20) / 4096 + 1;
    let count = rows * 1024;
    let numbers: Vec<u32> = (0..count as u32 + 9).collect();
    let numbers = device.new_buffer_with_data(&numbers, ResourceOptions::default()).unwrap();
    let values = zeros(&device, count + 9);
    for offset in [0, 36] {
        let command_buffer = queue.new_command_buffer();
        let mut encoder = command_buffer.new_compute_command_encoder().unwrap();
        encoder.set_compute_pipeline_state(&pipeline).unwrap();
        encoder.set_buffer(&numbers, offset, 0).unwrap();
        encoder.set_buffer(&values, offset, 1).unwrap();
        encoder.dispatch_threads([32, rows, 1], [32, 4, 1]).unwrap();
        encoder.end_encoding().unwrap();
        command_buffer.commit().unwrap();
        command_buffer.wait_until_completed().unwrap();
        let first = offset / 4;
        let values = values.map_read::<u32>().unwrap();
        let wrong = values[first..first + count]
            .iter()
            .zip(first as u32..)
            .position(|(got, i)| *got != i.wrapping_mul(3) + 1);
        assert_eq!(wrong, None, "offset {offset}");
    }
}

/// The 16-bit floats of `half` and structures that are `bytemuck::Pod` are what kernels have.
#[test]
fn half_and_plain_structures_are_elements() {
    use half::{bf16, f16};

    #[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
    #[repr(C)]
    struct Particle {
        position: [f32; 4],
        mass: f16,
        charge: bf16,
        id: u32,
        reserved: [u32; 2],
    }
    let source = r"
        struct Particle { float4 position; half mass; bfloat charge; uint id; };
        kernel void step(device Particle *particles [[buffer(0)]], constant half &factor [[buffer(1)]],
                         device bfloat *charges [[buffer(2)]], uint i [[thread_position_in_grid]]) {
            particles[i].mass *= factor;
            particles[i].position += float4(float(particles[i].charge));
            charges[i] = particles[i].charge;
            particles[i].id += 1;
        }";
    let device = Device::system_default().unwrap();
    let library = device.new_library_with_source(source, &CompileOptions::default()).unwrap();
    let function = library.new_function_with_name("step").unwrap();
    let particle = |position: f32, mass: f32, id| Particle {
        position: [position; 4],
        mass: f16::from_f32(mass),
        charge: bf16::from_f32(-1.5),
        id,
        reserved: [7; 2],
    };
    let before = [particle(1.0, 0.5, 10), particle(2.0, 0.25, 20)];
    let particles = device.new_buffer_with_data(&before, ResourceOptions::default()).unwrap();
    let charges = device.new_buffer_with_length(4, ResourceOptions::default()).unwrap();

    let command_buffer = device.new_command_queue().unwrap().new_command_buffer();
    let mut encoder = command_buffer.new_compute_command_encoder().unwrap();
    let pipeline = device.new_compute_pipeline_state_with_function(&function).unwrap();
    encoder.set_compute_pipeline_state(&pipeline).unwrap();
    encoder.set_buffer(&particles, 0, 0).unwrap();
    encoder.set_bytes(&[f16::from_f32(3.0)], 1).unwrap();
    encoder.set_buffer(&charges, 0, 2).unwrap();
    encoder.dispatch_threads(2, 2).unwrap();
    encoder.end_encoding().unwrap();
    command_buffer.commit().unwrap();

    let after = [particle(-0.5, 1.5, 11), particle(0.5, 0.75, 21)];
    assert_eq!(particles.read::<Particle>().unwrap(), after);
    assert_eq!(charges.map_read::<bf16>().unwrap()[..], [bf16::from_f32(-1.5); 2]);
}

//! What it takes to have a device do something: from `commit` until the work is known to have ended.

use divan::{Bencher, counter::BytesCount};
use metal_bridge::{
    Buffer, CommandBuffer, CommandQueue, CompileOptions, ComputePipelineState, Device, METAL_KERNEL_SOURCE,
    ResourceOptions,
};

fn main() {
    match Device::system_default() {
        Ok(device) => println!("device: {}", device.name()),
        Err(error) => return println!("{error}"),
    }
    divan::main();
}

struct Add {
    device: Device,
    queue: CommandQueue,
    pipeline: ComputePipelineState,
    buffers: [Buffer; 3],
    count: usize,
}

impl Add {
    fn new(count: usize) -> Self {
        let device = Device::system_default().expect("checked in main");
        let library = device
            .new_library_with_source(METAL_KERNEL_SOURCE, &CompileOptions::default())
            .expect("the built-in kernels compile");
        let function = library.new_function_with_name("add_arrays_float32").expect("it is built in");
        let pipeline = device.new_compute_pipeline_state_with_function(&function).expect("it can run");
        let buffer = || {
            let ones = vec![1.0f32; count];
            device.new_buffer_with_data(&ones, ResourceOptions::default()).expect("memory for a buffer")
        };
        let queue = device.new_command_queue().expect("a queue");
        let buffers = [buffer(), buffer(), buffer()];
        Self { device, queue, pipeline, buffers, count }
    }

    fn encode(&self) -> CommandBuffer {
        let command_buffer = self.queue.new_command_buffer();
        self.encode_into(&command_buffer, 1).expect("valid calls");
        command_buffer
    }

    fn encode_into(&self, command_buffer: &CommandBuffer, dispatches: usize) -> metal_bridge::Result<()> {
        let [a, b, sum] = &self.buffers;
        let mut encoder = command_buffer.new_compute_command_encoder()?;
        encoder.set_compute_pipeline_state(&self.pipeline)?;
        encoder.set_buffers(0, &[(a, 0), (b, 0), (sum, 0)])?;
        for _ in 0..dispatches {
            encoder.dispatch_threads(self.count, 256)?;
        }
        encoder.end_encoding()
    }
}

fn run(command_buffer: &CommandBuffer) {
    command_buffer.commit().expect("valid work");
    command_buffer.wait_until_completed().expect("work that succeeds");
}

/// A command buffer without commands: the way through the queue alone.
#[divan::bench]
fn commit_to_completed_empty(bencher: Bencher<'_, '_>) {
    let device = Device::system_default().expect("checked in main");
    let queue = device.new_command_queue().expect("a queue");
    bencher.with_inputs(|| queue.new_command_buffer()).bench_refs(|command_buffer| run(command_buffer));
}

/// An addition of vectors.
#[divan::bench(args = [1024, 1 << 16, 1 << 20])]
fn commit_to_completed_add(bencher: Bencher<'_, '_>, count: usize) {
    let add = Add::new(count);
    bencher
        .counter(BytesCount::new(12 * count))
        .with_inputs(|| add.encode())
        .bench_refs(|command_buffer| run(command_buffer));
}

/// The same, encoding included.
#[divan::bench]
fn encode_commit_completed_add_1024(bencher: Bencher<'_, '_>) {
    let add = Add::new(1024);
    bencher.bench_local(|| run(&add.encode()));
}

/// One command buffer of 100 dispatches: what each costs when nobody waits in between.
#[divan::bench]
fn a_hundred_dispatches_add_1024(bencher: Bencher<'_, '_>) {
    let add = Add::new(1024);
    bencher.bench_local(|| {
        let command_buffer = add.queue.new_command_buffer();
        add.encode_into(&command_buffer, 100).expect("valid calls");
        run(&command_buffer);
    });
}

/// Encoding alone.
#[divan::bench]
fn encode_add(bencher: Bencher<'_, '_>) {
    let add = Add::new(1024);
    bencher.bench_local(|| add.encode());
}

/// From `commit` until a completed handler has run on its thread.
#[divan::bench]
fn commit_to_handler(bencher: Bencher<'_, '_>) {
    let device = Device::system_default().expect("checked in main");
    let queue = device.new_command_queue().expect("a queue");
    bencher
        .with_inputs(|| {
            let command_buffer = queue.new_command_buffer();
            command_buffer.add_completed_handler(|_| {}).expect("a thread");
            command_buffer
        })
        .bench_refs(|command_buffer| run(command_buffer));
}

/// A new buffer, zeroed by the device.
#[divan::bench(args = [256, 1 << 20])]
fn new_buffer(bencher: Bencher<'_, '_>, length: usize) {
    let add = Add::new(1);
    bencher.bench_local(|| add.device.new_buffer_with_length(length, ResourceOptions::default()));
}

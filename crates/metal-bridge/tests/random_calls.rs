//! Random calls with random arguments, right and wrong ones: nothing panics or hangs, and the device works
//! afterwards.

mod common;

use common::Fixture;
use metal_bridge::{
    BlitCommandEncoder, Buffer, CommandBuffer, CommandQueue, ComputeCommandEncoder, ComputePipelineState,
    Error, ResourceOptions, Size, StorageMode,
};

/// A small generator (SplitMix64), so that a seed gives the same calls everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    /// A number, often one at which something changes.
    fn number(&mut self) -> usize {
        const SPECIAL: [usize; 18] = [
            0,
            1,
            2,
            3,
            4,
            15,
            16,
            30,
            31,
            32,
            63,
            64,
            1024,
            1025,
            4096,
            32768,
            u32::MAX as usize,
            usize::MAX,
        ];
        if self.below(3) > 0 { SPECIAL[self.below(SPECIAL.len())] } else { self.below(300) }
    }

    fn size(&mut self) -> Size {
        match self.below(4) {
            0 => Size::new(self.number(), self.number(), self.number()),
            1 => Size::from((self.number(), self.number())),
            _ => Size::from(self.number()),
        }
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// Commits valid work, with some chance of a fault or of running too long; `None` if a mapping is in its way.
fn work(
    random: &mut Random,
    fixture: &Fixture,
    queues: &[CommandQueue],
    buffers: &[Buffer],
    pipelines: &[ComputePipelineState],
) -> Option<CommandBuffer> {
    let command_buffer = random.pick(queues).new_command_buffer();
    let mut compute = command_buffer.new_compute_command_encoder().unwrap();
    for index in [0, 1, 30] {
        // At offset 32, `Params` just fits.
        compute.set_buffer(random.pick(&buffers[3..]), 16 * random.below(3), index).unwrap();
        compute.set_threadgroup_memory_length(1024, index).unwrap();
    }
    compute.set_bytes(&[2.0f32], 2).unwrap();
    for _ in 0..random.below(4) {
        compute.set_compute_pipeline_state(random.pick(pipelines)).unwrap();
        let grid = if random.below(10) == 0 { 1 << 31 } else { random.below(20) };
        compute.dispatch_threads(grid, 1 + random.below(64)).unwrap();
    }
    compute.end_encoding().unwrap();
    let mut blit = command_buffer.new_blit_command_encoder().unwrap();
    blit.copy_from_buffer(&buffers[random.below(3)], 0, &buffers[3 + random.below(6)], 60, 4).unwrap();
    blit.end_encoding().unwrap();
    assert_eq!(command_buffer.device(), &fixture.device);
    match command_buffer.commit() {
        Ok(()) => Some(command_buffer),
        Err(Error::BufferMapped { .. }) => None,
        Err(other) => panic!("{other}"),
    }
}

fn calls(random: &mut Random, fixture: &Fixture, other: &Fixture, steps: usize) {
    let device = &fixture.device;
    let queues: Vec<CommandQueue> = (0..2).map(|_| device.new_command_queue().unwrap()).collect();
    let modes = [StorageMode::Shared, StorageMode::Managed, StorageMode::Private];
    // Three short ones, three that all kernels can use, three of an odd length.
    let new = |length, mode: StorageMode| device.new_buffer_with_length(length, mode.into()).unwrap();
    let mut buffers: Vec<Buffer> =
        [4, 64, 1001].into_iter().flat_map(|length| modes.map(|mode| new(length, mode))).collect();
    buffers.push(other.device.new_buffer_with_length(64, ResourceOptions::default()).unwrap());
    let mut pipelines: Vec<_> =
        ["scale", "shared_memory", "half_full", "at_most_64"].map(|name| fixture.pipeline(name)).into();
    pipelines.push(other.pipeline("scale"));
    let mut command_buffers: Vec<CommandBuffer> = vec![queues[0].new_command_buffer()];
    let mut compute: Option<ComputeCommandEncoder> = None;
    let mut blit: Option<BlitCommandEncoder> = None;
    let (mut views, mut views_mut) = (Vec::new(), Vec::new());

    for _ in 0..steps {
        let buffer = random.pick(&buffers).clone();
        let command_buffer = random.pick(&command_buffers).clone();
        let (a, b) = (random.number(), random.number());
        match random.below(40) {
            36.. => command_buffers.extend(work(random, fixture, &queues, &buffers[..9], &pipelines[..4])),
            0 => command_buffers.push(random.pick(&queues).new_command_buffer()),
            1 => drop(command_buffer.commit()),
            2 => drop(command_buffer.wait_until_completed()),
            3 => drop(command_buffer.add_completed_handler(|done| drop(done.wait_until_completed()))),
            4..7 => compute = command_buffer.new_compute_command_encoder().ok().or(compute.take()),
            7 => blit = command_buffer.new_blit_command_encoder().ok().or(blit.take()),
            8 => drop(compute.take().map(ComputeCommandEncoder::end_encoding)),
            9 => drop(blit.take().map(BlitCommandEncoder::end_encoding)),
            10 => drop(buffer.read::<u8>()),
            11 => drop(buffer.read_range::<u32>(a..b)),
            12 => drop(buffer.write_at(a, &[1u16, 2])),
            13 => views.extend(buffer.map_read_range::<f32>(a..b).ok()),
            14 => views_mut.extend(buffer.map_write::<u16>().ok()),
            15 => views.clear(),
            16 => views_mut.clear(),
            17 => drop(buffer.did_modify_range(a..b)),
            18 => drop(buffer.read_into(a, &mut [0u8; 5])),
            19 => drop(device.new_buffer_with_length(a, (*random.pick(&modes)).into())),
            call => {
                let (size, group) = (random.size(), random.size());
                if let Some(blit) = &mut blit {
                    match call {
                        20..24 => {
                            drop(blit.copy_from_buffer(&buffer, a, random.pick(&buffers), b, random.number()))
                        }
                        24..28 => drop(blit.fill_buffer(&buffer, a..b, 3)),
                        28 => drop(blit.synchronize_resource(&buffer)),
                        _ => {}
                    }
                }
                if let Some(compute) = &mut compute {
                    match call {
                        20..22 => drop(compute.set_compute_pipeline_state(random.pick(&pipelines))),
                        22..26 => drop(compute.set_buffer(&buffer, a, b)),
                        26 => drop(compute.set_bytes(&vec![1u8; a.min(5000)], b)),
                        27 => drop(compute.set_buffer_offset(a, b)),
                        28 => drop(compute.set_threadgroup_memory_length(a, b)),
                        29..32 => drop(compute.dispatch_threads(size, group)),
                        32 => drop(compute.dispatch_threadgroups(size, group)),
                        33 => drop(compute.memory_barrier_with_resources(&[&buffer])),
                        34 => compute.push_debug_group("group"),
                        _ => drop(compute.pop_debug_group()),
                    }
                }
            }
        }
    }
    drop((views, views_mut, compute, blit));
    // Everything committed ends, and the device still works.
    for command_buffer in &command_buffers {
        let _ = command_buffer.wait_until_completed();
    }
    let buffer = device.new_buffer_with_data(&[1u8; 64], ResourceOptions::default()).unwrap();
    let last = queues[1].new_command_buffer();
    let mut blit = last.new_blit_command_encoder().unwrap();
    blit.fill_buffer(&buffer, 0..64, 2).unwrap();
    blit.end_encoding().unwrap();
    last.commit().unwrap();
    last.wait_until_completed().unwrap();
}

#[test]
fn on_the_null_device() {
    let (fixture, other) = (Fixture::null(), Fixture::null());
    for seed in 0..300 {
        calls(&mut Random(seed), &fixture, &other, 300);
    }
}

#[cfg(not(target_os = "macos"))]
#[test]
fn on_a_device_that_executes() {
    use std::time::Duration;

    use common::library;
    use metal_bridge::{Device, DeviceConfig};
    // Some dispatches are far too large.
    let device = Device::cpu(DeviceConfig::new().time_limit(Some(Duration::from_millis(20)))).unwrap();
    let fixture = Fixture { library: library(&device), device, null: None };
    let other = Fixture::null();
    for seed in 0..60 {
        calls(&mut Random(seed), &fixture, &other, 300);
    }
}

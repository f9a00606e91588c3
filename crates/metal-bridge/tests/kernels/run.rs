//! Running a built-in kernel.

use std::sync::OnceLock;

use metal_bridge::{
    Buffer, CompileOptions, Device, Library, METAL_KERNEL_SOURCE, ResourceOptions, Result, Size,
};

/// A scalar argument.
#[derive(Clone, Copy)]
pub(crate) enum Scalar {
    Uint(usize),
    Float(f32),
}

/// The device that the tests run on.
pub(crate) fn device() -> &'static Device {
    static DEVICE: OnceLock<Device> = OnceLock::new();
    DEVICE.get_or_init(|| Device::system_default().unwrap())
}

/// The library of all built-in kernels.
pub(crate) fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let library = device().new_library_with_source(METAL_KERNEL_SOURCE, &CompileOptions::default());
        library.unwrap_or_else(|error| panic!("{error}"))
    })
}

/// A buffer with this content; of one zero if there is none, as no buffer is empty.
pub(crate) fn buffer<T: bytemuck::Pod>(content: &[T]) -> Buffer {
    let options = ResourceOptions::default();
    match content {
        [] => device().new_buffer_with_length(size_of::<T>(), options),
        _ => device().new_buffer_with_data(content, options),
    }
    .unwrap()
}

/// Runs a kernel with its buffers and then its scalars at the indices from 0.
pub(crate) fn run(
    kernel: &str,
    buffers: &[&Buffer],
    scalars: &[Scalar],
    grid: [usize; 3],
    group: [usize; 2],
) {
    let done = || -> Result<()> {
        let function = library().new_function_with_name(kernel)?;
        let pipeline = device().new_compute_pipeline_state_with_function(&function)?;
        let queue = device().new_command_queue()?;
        let command_buffer = queue.new_command_buffer();
        let mut encoder = command_buffer.new_compute_command_encoder()?;
        encoder.set_compute_pipeline_state(&pipeline)?;
        for (index, buffer) in buffers.iter().enumerate() {
            encoder.set_buffer(buffer, 0, index)?;
        }
        for (index, scalar) in (buffers.len()..).zip(scalars) {
            match scalar {
                Scalar::Uint(value) => encoder.set_bytes(&[u32::try_from(*value).unwrap()], index)?,
                Scalar::Float(value) => encoder.set_bytes(&[*value], index)?,
            }
        }
        encoder.dispatch_threads(Size::new(grid[0], grid[1], grid[2]), Size::new(group[0], group[1], 1))?;
        encoder.end_encoding()?;
        command_buffer.commit()?;
        command_buffer.wait_until_completed()
    };
    done().unwrap_or_else(|error| panic!("{kernel}: {error}"));
}

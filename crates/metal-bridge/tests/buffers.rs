//! Buffers from the host's side and by blit commands, on every device that executes.

mod common;

use metal_bridge::{Buffer, Device, DeviceKind, ResourceOptions, StorageMode};

const SHARED: ResourceOptions = ResourceOptions::STORAGE_MODE_SHARED;

/// The device that executes, if there is one.
fn device() -> Option<Device> {
    Device::all().unwrap().into_iter().find(|device| device.kind() != DeviceKind::Null)
}

fn blit(device: &Device, encode: impl FnOnce(&mut metal_bridge::BlitCommandEncoder)) {
    let command_buffer = device.new_command_queue().unwrap().new_command_buffer();
    let mut encoder = command_buffer.new_blit_command_encoder().unwrap();
    encode(&mut encoder);
    encoder.end_encoding().unwrap();
    command_buffer.commit().unwrap();
    command_buffer.wait_until_completed().unwrap();
}

#[test]
fn new_buffers_are_zero_and_aligned() {
    for device in [Some(Device::null()), device()].into_iter().flatten() {
        for length in [1, 100, 65536, 1 << 20] {
            for mode in [StorageMode::Shared, StorageMode::Managed] {
                let buffer = device.new_buffer_with_length(length, mode.into()).unwrap();
                assert_eq!(buffer.length(), length);
                assert_eq!(buffer.storage_mode(), mode);
                assert!(buffer.read::<u8>().unwrap().iter().all(|byte| *byte == 0));
                // SAFETY: nothing is done with the address.
                assert_eq!(unsafe { buffer.contents() }.unwrap().as_ptr() as usize % 256, 0);
            }
        }
    }
}

#[test]
fn typed_reading_and_writing() {
    for device in [Some(Device::null()), device()].into_iter().flatten() {
        let buffer = device.new_buffer_with_data(&[1u32, 2, 3, 4], SHARED).unwrap();
        assert_eq!(buffer.read::<u32>().unwrap(), [1, 2, 3, 4]);
        assert_eq!(buffer.read::<[u32; 2]>().unwrap(), [[1, 2], [3, 4]]);
        assert_eq!(buffer.read_range::<u32>(4..12).unwrap(), [2, 3]);
        assert_eq!(buffer.read_range::<u32>(4..4).unwrap(), [0u32; 0]);
        buffer.write(&[7u32]).unwrap();
        buffer.write_at(12, &[9u8]).unwrap();
        buffer.write_at::<u8>(16, &[]).unwrap();
        let mut two = [0u32; 2];
        buffer.read_into(8, &mut two).unwrap();
        assert_eq!(two, [3, 9]);
        {
            let mut view = buffer.map_write_range::<u32>(4..12).unwrap();
            assert_eq!(view[..], [2, 3]);
            view.fill(5);
            assert_eq!(view.buffer(), &buffer);
        }
        let (view, other) = (buffer.map_read::<u32>().unwrap(), buffer.map_read_range::<u8>(0..1).unwrap());
        assert_eq!((&view[..], &other[..]), (&[7, 5, 5, 9][..], &[7][..]));
        drop(buffer);
        assert_eq!(view[0], 7, "a view keeps its buffer alive");
    }
}

#[test]
fn private_buffers_are_reached_by_copies() {
    let Some(device) = device() else { return };
    let data: Vec<u32> = (0..1000).collect();
    let upload = device.new_buffer_with_data(&data, SHARED).unwrap();
    let private = device.new_buffer_with_length(4000, StorageMode::Private.into()).unwrap();
    let download = device.new_buffer_with_length(4000, StorageMode::Managed.into()).unwrap();
    blit(&device, |encoder| {
        encoder.copy_from_buffer(&upload, 0, &private, 0, 4000).unwrap();
        encoder.copy_from_buffer(&private, 4, &download, 0, 3996).unwrap();
        encoder.synchronize_resource(&download).unwrap();
    });
    assert_eq!(download.read::<u32>().unwrap()[..999], data[1..]);
}

#[test]
fn large_copies_and_fills_reach_every_byte() {
    let Some(device) = device() else { return };
    let length = (5 << 20) + 12_345;
    let make = || device.new_buffer_with_length(length, SHARED).unwrap();
    let (a, b): (Buffer, Buffer) = (make(), make());
    blit(&device, |encoder| {
        encoder.fill_buffer(&a, 1..length - 1, 7).unwrap();
        encoder.copy_from_buffer(&a, 0, &b, 1, length - 1).unwrap();
    });
    let b = b.read::<u8>().unwrap();
    assert_eq!((b[0], b[1], b[2]), (0, 0, 7));
    assert!(b[2..].iter().all(|byte| *byte == 7));
    let a = a.read::<u8>().unwrap();
    assert_eq!((a[0], a[length - 1]), (0, 0));
    assert!(a[1..length - 1].iter().all(|byte| *byte == 7));
}

#[test]
fn copies_within_a_buffer() {
    let Some(device) = device() else { return };
    let buffer = device.new_buffer_with_data(&[1u8, 2, 3, 4, 0, 0], SHARED).unwrap();
    blit(&device, |encoder| {
        encoder.copy_from_buffer(&buffer, 2, &buffer, 4, 2).unwrap();
        encoder.copy_from_buffer(&buffer, 4, &buffer, 0, 2).unwrap();
    });
    assert_eq!(buffer.read::<u8>().unwrap(), [3, 4, 3, 4, 3, 4]);
}

#[test]
fn allocated_memory_is_counted() {
    let device = Device::null();
    let a = device.new_buffer_with_length(1000, SHARED).unwrap();
    let b = device.new_buffer_with_length(1 << 20, SHARED).unwrap();
    assert_eq!(device.current_allocated_size(), 1000 + (1 << 20));
    drop((a, b));
    assert_eq!(device.current_allocated_size(), 0);
    assert!(device.recommended_max_working_set_size() >= 1 << 20);
}

#[cfg(any(not(target_vendor = "apple"), feature = "cpu"))]
#[test]
fn memory_beyond_the_limit_is_refused_with_the_numbers() {
    use metal_bridge::{DeviceConfig, Error};
    let device = Device::cpu(DeviceConfig::new().memory_limit(1 << 20)).unwrap();
    assert_eq!(device.max_buffer_length(), 1 << 20);
    let held = device.new_buffer_with_length(1 << 19, SHARED).unwrap();
    let length = (1 << 19) + 1;
    let error = device.new_buffer_with_length(length, SHARED).unwrap_err();
    assert_eq!(error, Error::OutOfMemory { length, allocated: 1 << 19, limit: 1 << 20 });
    drop(held);
    device.new_buffer_with_length(length, SHARED).unwrap();
}

#[test]
fn labels_name_buffers() {
    let buffer = Device::null().new_buffer_with_length(4, SHARED).unwrap();
    assert_eq!(buffer.label(), "");
    buffer.set_label("gradients");
    assert_eq!(buffer.label(), "gradients");
    assert!(format!("{buffer:?}").contains("gradients"));
    assert_eq!(buffer.resource_options(), SHARED);
}

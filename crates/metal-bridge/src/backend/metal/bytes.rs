//! Copies and fills of any bytes. Blit encoders of macOS take multiples of four bytes only; what is left over is written by
//! kernels, one thread for each byte.

use std::ops::Range;

/// The kernels for what blit encoders do not take.
pub(super) const SOURCE: &str = "
#include <metal_stdlib>
using namespace metal;

kernel void copy_bytes(device const uchar *from [[buffer(0)]],
                       device uchar *to [[buffer(1)]],
                       uint i [[thread_position_in_grid]]) {
    to[i] = from[i];
}

kernel void fill_bytes(device uchar *to [[buffer(0)]],
                       constant uchar &value [[buffer(1)]],
                       uint i [[thread_position_in_grid]]) {
    to[i] = value;
}
";

/// Most bytes that a kernel writes in one dispatch: positions are numbers of 32 bits.
const MOST: usize = 1 << 30;

/// A part of a copy or fill, in bytes from its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// For a blit encoder.
    Blit(Range<usize>),
    /// For a kernel; at most [`MOST`] bytes.
    Kernel(Range<usize>),
}

/// Cuts a copy of some bytes from one offset to another, or a fill at one offset, twice given. Blit encoders take offsets and
/// sizes that are multiples of `granule`.
pub(super) fn cut(offsets: [usize; 2], size: usize, granule: usize) -> Vec<Part> {
    let mut parts = Vec::new();
    let [from, to] = offsets.map(|offset| offset % granule);
    let (start, end) = if from == to {
        let start = ((granule - from) % granule).min(size);
        (start, start + (size - start) / granule * granule)
    } else {
        (size, size)
    };
    kernels(0..start, &mut parts);
    if start < end {
        parts.push(Part::Blit(start..end));
    }
    kernels(end..size, &mut parts);
    parts
}

fn kernels(mut range: Range<usize>, parts: &mut Vec<Part>) {
    while !range.is_empty() {
        let end = range.end.min(range.start + MOST);
        parts.push(Part::Kernel(range.start..end));
        range.start = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(part: &Part) -> &Range<usize> {
        let (Part::Blit(range) | Part::Kernel(range)) = part;
        range
    }

    #[test]
    fn parts_cover_everything_once_and_suit_the_encoder() {
        for granule in [1, 4] {
            for (from, to, size) in
                (0..9).flat_map(|f| (0..9).flat_map(move |t| (1..40).map(move |s| (f, t, s))))
            {
                let parts = cut([from, to], size, granule);
                let mut next = 0;
                for part in &parts {
                    assert_eq!(range(part).start, next);
                    next = range(part).end;
                    if let Part::Blit(range) = part {
                        for number in [from + range.start, to + range.start, range.len()] {
                            assert!(number.is_multiple_of(granule), "{from} {to} {size}: {parts:?}");
                        }
                    }
                }
                assert_eq!(next, size);
                assert!(parts.len() <= 3);
                if granule == 1 {
                    assert_eq!(parts, [Part::Blit(0..size)]);
                }
            }
        }
    }

    #[test]
    fn large_misaligned_copies_are_several_dispatches() {
        let parts = cut([1, 2], MOST * 2 + 5, 4);
        assert_eq!(
            parts,
            [Part::Kernel(0..MOST), Part::Kernel(MOST..2 * MOST), Part::Kernel(2 * MOST..2 * MOST + 5)]
        );
    }

    /// The kernels do what they are for, on the processor.
    #[cfg(not(target_vendor = "apple"))]
    #[test]
    fn kernels_copy_and_fill() {
        use crate::{CompileOptions, Device, DeviceConfig, ResourceOptions};

        let device = Device::cpu(DeviceConfig::new()).unwrap();
        let library = device.new_library_with_source(SOURCE, &CompileOptions::default()).unwrap();
        let pipeline = |name: &str| {
            let function = library.new_function_with_name(name).unwrap();
            device.new_compute_pipeline_state_with_function(&function).unwrap()
        };
        let data: Vec<u8> = (0..=255).collect();
        let from = device.new_buffer_with_bytes(&data, ResourceOptions::default()).unwrap();
        let to = device.new_buffer_with_length(256, ResourceOptions::default()).unwrap();
        let command_buffer = device.new_command_queue().unwrap().new_command_buffer();
        let mut encoder = command_buffer.new_compute_command_encoder().unwrap();
        encoder.set_compute_pipeline_state(&pipeline("copy_bytes")).unwrap();
        encoder.set_buffers(0, &[(&from, 3), (&to, 5)]).unwrap();
        encoder.dispatch_threads(101, 64).unwrap();
        encoder.set_compute_pipeline_state(&pipeline("fill_bytes")).unwrap();
        encoder.set_buffer(&to, 201, 0).unwrap();
        encoder.set_bytes(&[7u8], 1).unwrap();
        encoder.dispatch_threads(13, 64).unwrap();
        encoder.end_encoding().unwrap();
        command_buffer.commit().unwrap();
        let mut expected = vec![0; 256];
        expected[5..106].copy_from_slice(&data[3..104]);
        expected[201..214].fill(7);
        assert_eq!(to.read::<u8>().unwrap(), expected);
    }
}

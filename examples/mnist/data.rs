//! The images and their labels.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use flate2::read::GzDecoder;

/// Pixels along each side of an image.
pub(crate) const SIDE: usize = 28;
/// Pixels of an image.
pub(crate) const PIXELS: usize = SIDE * SIDE;

/// Images with labels.
#[derive(Debug)]
pub(crate) struct Digits {
    /// From 0, paper, to 255, ink.
    pixels: Vec<u8>,
    labels: Vec<u8>,
}

impl Digits {
    /// Reads the images for `train`ing, or those for testing (`t10k`), as far as there are no more than a limit.
    pub(crate) fn load(folder: &Path, name: &str, limit: usize) -> Result<Self> {
        let mut pixels = idx(&folder.join(format!("{name}-images-idx3-ubyte.gz")), &[SIDE, SIDE])?;
        let mut labels = idx(&folder.join(format!("{name}-labels-idx1-ubyte.gz")), &[])?;
        ensure!(
            pixels.len() == labels.len() * PIXELS,
            "there are {} images, but {} labels",
            pixels.len() / PIXELS,
            labels.len()
        );
        ensure!(labels.iter().all(|&label| label < 10), "a label is no digit");
        labels.truncate(limit);
        pixels.truncate(labels.len() * PIXELS);
        Ok(Self { pixels, labels })
    }

    pub(crate) fn count(&self) -> usize {
        self.labels.len()
    }

    pub(crate) fn image(&self, number: usize) -> &[u8] {
        &self.pixels[number * PIXELS..][..PIXELS]
    }

    pub(crate) fn label(&self, number: usize) -> u8 {
        self.labels[number]
    }

    /// Some images as a network reads them: their mean is 0 and their deviation 1, over all of MNIST. With them
    /// their labels.
    pub(crate) fn batch(&self, numbers: &[usize]) -> (Vec<f32>, Vec<i32>) {
        let pixels = numbers.iter().flat_map(|&number| self.image(number));
        (pixels.map(|&pixel| value(pixel)).collect(), self.labels_of(numbers))
    }

    /// As [`batch`](Self::batch), each image moved by up to a pixel to any side, as follows from a seed: then a
    /// network cannot learn images by heart.
    pub(crate) fn moved_batch(&self, numbers: &[usize], seed: u64) -> (Vec<f32>, Vec<i32>) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut values = Vec::with_capacity(numbers.len() * PIXELS);
        for &number in numbers {
            let (down, right) = (random.usize(0..3), random.usize(0..3));
            let image = self.image(number);
            for place in 0..PIXELS {
                let (y, x) = (place / SIDE + down, place % SIDE + right);
                let inside = (1..=SIDE).contains(&y) && (1..=SIDE).contains(&x);
                values.push(value(if inside { image[(y - 1) * SIDE + x - 1] } else { 0 }));
            }
        }
        (values, self.labels_of(numbers))
    }

    fn labels_of(&self, numbers: &[usize]) -> Vec<i32> {
        numbers.iter().map(|&number| i32::from(self.label(number))).collect()
    }
}

fn value(pixel: u8) -> f32 {
    const MEAN: f32 = 0.1307;
    const DEVIATION: f32 = 0.3081;
    (f32::from(pixel) / 255.0 - MEAN) / DEVIATION
}

/// The bytes of an IDX file of bytes, whose elements have a shape.
fn idx(path: &Path, shape: &[usize]) -> Result<Vec<u8>> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut bytes = Vec::new();
    GzDecoder::new(file)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let header = 4 + 4 * (1 + shape.len());
    ensure!(
        bytes.len() >= header && bytes[..3] == [0, 0, 8] && usize::from(bytes[3]) == 1 + shape.len(),
        "{} is no IDX file of bytes with {} axes",
        path.display(),
        1 + shape.len()
    );
    let size = |axis: usize| {
        let at = 4 + 4 * axis;
        bytes[at..at + 4].iter().fold(0usize, |size, &byte| size << 8 | usize::from(byte))
    };
    for (axis, &expected) in shape.iter().enumerate() {
        ensure!(size(1 + axis) == expected, "{}: axis {} is not {expected}", path.display(), 1 + axis);
    }
    let expected = shape.iter().product::<usize>() * size(0);
    ensure!(bytes.len() == header + expected, "{} is not as long as it says", path.display());
    bytes.drain(..header);
    Ok(bytes)
}

//! Reproducible random data (SplitMix64).

/// A generator.
pub(crate) struct Random(u64);

impl Random {
    /// The same seed gives the same data.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Floats between -`scale` and `scale`.
    pub(crate) fn floats(&mut self, n: usize, scale: f32) -> Vec<f32> {
        (0..n).map(|_| ((self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0) * scale).collect()
    }

    /// Integers of all magnitudes.
    pub(crate) fn ints(&mut self, n: usize) -> Vec<i32> {
        (0..n).map(|i| self.next() as i32 >> (i % 31)).collect()
    }
}

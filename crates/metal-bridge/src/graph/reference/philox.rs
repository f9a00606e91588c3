//! Philox4x32-10: random bits from a key and a counter.
//!
//! John K. Salmon et al., *Parallel random numbers: as easy as 1, 2, 3*, SC 2011.

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;

/// One block of four words.
pub(super) fn block(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for round in 0..ROUNDS {
        if round > 0 {
            key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
        }
        let product = |i: usize, word: u32| {
            let product = u64::from(MULTIPLIERS[i]) * u64::from(word);
            ((product >> 32) as u32, product as u32)
        };
        let ((high0, low0), (high1, low1)) = (product(0, counter[0]), product(1, counter[2]));
        counter = [high1 ^ counter[1] ^ key[0], low1, high0 ^ counter[3] ^ key[1], low0];
    }
    counter
}

/// What `Op::RandomBits` makes: words as i32.
pub(super) fn bits(seed: i64, counter: i64, count: usize) -> Vec<i64> {
    let halves = |value: u64| [value as u32, (value >> 32) as u32];
    let (key, high) = (halves(seed.cast_unsigned()), halves(counter.cast_unsigned()));
    let mut words = Vec::with_capacity(count);
    for i in 0..count.div_ceil(4) {
        let low = halves(i as u64);
        let block = block([low[0], low[1], high[0], high[1]], key);
        words.extend(block.map(|word| i64::from(word.cast_signed())));
    }
    words.truncate(count);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers of the Random123 library, which the authors publish (`kat_vectors`).
    #[test]
    fn blocks_are_those_of_random123() {
        assert_eq!(block([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(block([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        let counter = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        let key = [0xa409_3822, 0x299f_31d0];
        assert_eq!(block(counter, key), [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
    }

    #[test]
    fn words_follow_each_other() {
        let words = bits(5, 7, 10);
        assert_eq!(words.len(), 10);
        let second = block([1, 0, 7, 0], [5, 0]).map(|word| i64::from(word.cast_signed()));
        assert_eq!(words[4..8], second);
        assert_ne!(bits(5, 7, 4), bits(5, 8, 4));
        assert_ne!(bits(5, 7, 4), bits(6, 7, 4));
    }
}

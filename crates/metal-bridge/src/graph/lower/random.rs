//! Philox4x32-10, as `Op::RandomBits` has it, in i32 whose bits are those of the generator's words.

use super::builder::{Builder, Lowered};
use super::movement::physical;
use crate::backend::tensor_program::{Binary, Operation, Value};
use crate::graph::TensorDataType::Int32;
use crate::graph::data_type::Scalar;

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: u32 = 10;

/// The number whose bits are a word's.
fn bits(word: u32) -> i64 {
    i64::from(word.cast_signed())
}

impl Builder {
    pub(super) fn random_bits(&mut self, seed: Value, counter: Value, sizes: &[usize]) -> Lowered {
        let count: usize = sizes.iter().product();
        let blocks = count.div_ceil(4);
        let (seed, counter) = (self.reshape(seed, &[1])?, self.reshape(counter, &[1])?);
        let first_key = [self.half(seed, 0)?, self.half(seed, 1)?];
        let high = [self.half(counter, 0)?, self.half(counter, 1)?];
        let number = self.add(Operation::Coordinate { axis: 0, sizes: vec![blocks] }, &[])?;
        let zero = self.constant(Scalar::from_i64(Int32, 0), &[blocks])?;
        let high = [self.broadcast(high[0], &[blocks])?, self.broadcast(high[1], &[blocks])?];
        let mut words = [number, zero, high[0], high[1]];
        for round in 0..ROUNDS {
            let mut key = first_key;
            for (key, weyl) in key.iter_mut().zip(WEYL) {
                if round > 0 {
                    *key = self.with(Binary::Addition, *key, bits(weyl.wrapping_mul(round)))?;
                }
            }
            let (high0, low0) = self.wide_product(words[0], MULTIPLIERS[0])?;
            let (high1, low1) = self.wide_product(words[2], MULTIPLIERS[1])?;
            let mixed = |this: &mut Self, high: Value, word: Value, key: Value| {
                let word = this.binary(Binary::BitwiseXor, high, word)?;
                this.binary(Binary::BitwiseXor, word, key)
            };
            words =
                [mixed(self, high1, words[1], key[0])?, low1, mixed(self, high0, words[3], key[1])?, low0];
        }
        let mut columns = Vec::with_capacity(4);
        for word in words {
            columns.push(self.reshape(word, &[blocks, 1])?);
        }
        let all = self.concat(1, &columns)?;
        let all = self.reshape(all, &[4 * blocks])?;
        let all = self.slice_axis(all, 0, [0, count, 1])?;
        self.reshape(all, &physical(sizes))
    }

    /// The upper and lower word of the product of unsigned words, whose halves' products fit one word.
    fn wide_product(&mut self, word: Value, by: u32) -> Lowered<(Value, Value)> {
        let low = self.with(Binary::Multiplication, word, bits(by))?;
        let (by_high, by_low) = (i64::from(by >> 16), i64::from(by & 0xFFFF));
        let (word_high, word_low) = (self.upper(word)?, self.lower(word)?);
        let first = self.with(Binary::Multiplication, word_low, by_low)?;
        let carried = self.upper(first)?;
        let second = self.with(Binary::Multiplication, word_high, by_low)?;
        let second = self.binary(Binary::Addition, second, carried)?;
        let (carried, rest) = (self.upper(second)?, self.lower(second)?);
        let third = self.with(Binary::Multiplication, word_low, by_high)?;
        let third = self.binary(Binary::Addition, third, rest)?;
        let more = self.upper(third)?;
        let high = self.with(Binary::Multiplication, word_high, by_high)?;
        let high = self.binary(Binary::Addition, high, carried)?;
        Ok((self.binary(Binary::Addition, high, more)?, low))
    }

    /// The upper 16 bits, whatever a shift to the right brings in.
    fn upper(&mut self, word: Value) -> Lowered {
        let shifted = self.with(Binary::BitwiseRightShift, word, 16)?;
        self.lower(shifted)
    }

    fn lower(&mut self, word: Value) -> Lowered {
        self.with(Binary::BitwiseAnd, word, 0xFFFF)
    }
}

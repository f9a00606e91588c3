//! Sums of products in vector registers.

use pulp::{Arch, Simd, WithSimd};

/// Vectors side by side.
pub(super) const VECTORS: usize = 3;
/// A multiple of the lanes of all vectors.
pub(super) const LANES: usize = 16;

/// What fits the registers of this processor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Registers {
    /// Elements of a vector; 1 if there are no vectors.
    pub(super) lanes: usize,
    /// How many rows of [`VECTORS`] vectors of sums there can be.
    pub(super) rows: usize,
}

impl Registers {
    /// Those of this processor.
    pub(super) fn new() -> Self {
        struct Count;
        impl WithSimd for Count {
            type Output = Registers;
            fn with_simd<S: Simd>(self, _: S) -> Registers {
                Registers { lanes: S::F32_LANES, rows: if S::REGISTER_COUNT >= 32 { 8 } else { 4 } }
            }
        }
        dispatch(Count)
    }
}

/// Runs an operation with the widest registers of this processor.
pub(super) fn dispatch<O: WithSimd>(operation: O) -> O::Output {
    #[cfg(all(test, target_arch = "x86_64"))]
    if let Some(narrow) = tests::narrow() {
        return Simd::vectorize(narrow, operation);
    }
    Arch::new().dispatch(operation)
}

/// `R` rows of `V` vectors of sums.
pub(super) type Sums<S, const R: usize, const V: usize> = [[<S as Simd>::f32s; V]; R];

/// No sums yet.
#[inline(always)]
pub(super) fn zeros<S: Simd, const R: usize, const V: usize>(simd: S) -> Sums<S, R, V> {
    [[simd.splat_f32s(0.0); V]; R]
}

/// Adds `factors[row] × values[column]` to the sum in each row and column.
///
/// # Safety
///
/// There are `R` factors and `V` vectors of values.
#[inline(always)]
pub(super) unsafe fn add_products<S: Simd, const R: usize, const V: usize>(
    simd: S,
    sums: &mut Sums<S, R, V>,
    factors: *const f32,
    values: *const f32,
) {
    // SAFETY: by the promise of this function.
    unsafe {
        let values: [S::f32s; V] = std::array::from_fn(|v| load(simd, values.add(v * S::F32_LANES)));
        for (row, sums) in sums.iter_mut().enumerate() {
            let factor = simd.splat_f32s(*factors.add(row));
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum = simd.mul_add_e_f32s(factor, value, *sum);
            }
        }
    }
}

/// The vector at an address.
///
/// # Safety
///
/// It can be read.
#[inline(always)]
pub(super) unsafe fn load<S: Simd>(_: S, from: *const f32) -> S::f32s {
    // SAFETY: by the promise of this function.
    unsafe { from.cast::<S::f32s>().read_unaligned() }
}

/// Writes a vector to an address.
///
/// # Safety
///
/// It can be written.
#[inline(always)]
pub(super) unsafe fn store<S: Simd>(_: S, vector: S::f32s, to: *mut f32) {
    // SAFETY: by the promise of this function.
    unsafe { to.cast::<S::f32s>().write_unaligned(vector) }
}

#[cfg(all(test, target_arch = "x86_64"))]
pub(super) mod tests {
    use std::cell::Cell;

    use pulp::x86::V3;

    thread_local! {
        static NARROW: Cell<Option<V3>> = const { Cell::new(None) };
    }

    /// What this thread dispatches to instead of what the processor has.
    pub(super) fn narrow() -> Option<V3> {
        NARROW.get()
    }

    /// Runs something as on a processor that has no more than AVX2; not at all on one without.
    pub(in super::super) fn with_avx2(run: impl FnOnce()) {
        if let Some(narrow) = V3::try_new() {
            struct Reset;
            impl Drop for Reset {
                fn drop(&mut self) {
                    NARROW.set(None);
                }
            }
            NARROW.set(Some(narrow));
            let _reset = Reset; // also if the test fails
            run();
        }
    }
}

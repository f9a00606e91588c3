//! Every symbol that generated code may refer to, with its address. Nothing else of the process can be
//! reached by name.

use super::code::RUN_PART;
use super::hooks;

/// Functions that LLVM's code generators call for operations without an instruction.
mod library {
    use std::ffi::c_void;

    /// C's functions of singles and doubles, by what Rust has for them.
    macro_rules! functions {
        ($($single:ident $double:ident = |$($x:ident),*| $value:expr;)*) => {
            $(
                pub(super) extern "C" fn $single($($x: f32),*) -> f32 {
                    $value
                }
                pub(super) extern "C" fn $double($($x: f64),*) -> f64 {
                    $value
                }
            )*
        };
    }
    functions! {
        fmodf fmod = |x, y| x % y;
        floorf floor = |x| x.floor();
        ceilf ceil = |x| x.ceil();
        truncf trunc = |x| x.trunc();
        rintf rint = |x| x.round_ties_even();
        roundf round = |x| x.round();
        fmaf fma = |x, y, z| x.mul_add(y, z);
        fminf fmin = |x, y| x.min(y);
        fmaxf fmax = |x, y| x.max(y);
    }
    pub(super) extern "C" fn ldexpf(x: f32, n: i32) -> f32 {
        // A double holds every single times a power of two within the single's range and beyond it.
        (f64::from(x) * 2f64.powi(n.clamp(-400, 400))) as f32
    }
    pub(super) extern "C" fn ldexp(x: f64, n: i32) -> f64 {
        // By powers that are normal numbers; only the last product is rounded.
        let mut left = n.clamp(-2200, 2200);
        let mut x = x;
        while left > 1000 {
            x *= 2f64.powi(1000);
            left -= 1000;
        }
        // If this leaves the range of normal numbers, what is left makes it 0 in any case.
        while left < -1000 {
            x *= 2f64.powi(-900);
            left += 900;
        }
        x * 2f64.powi(left)
    }

    /// # Safety
    ///
    /// As C's `memcpy`, overlap allowed.
    pub(super) unsafe extern "C" fn memmove(to: *mut c_void, from: *const c_void, n: usize) -> *mut c_void {
        // SAFETY: the caller's promise; generated code has checked both ranges.
        unsafe { std::ptr::copy(from.cast::<u8>(), to.cast::<u8>(), n) };
        to
    }
    /// # Safety
    ///
    /// As C's `memset`.
    pub(super) unsafe extern "C" fn memset(to: *mut c_void, value: i32, n: usize) -> *mut c_void {
        // SAFETY: the caller's promise; generated code has checked the range.
        unsafe { std::ptr::write_bytes(to.cast::<u8>(), value as u8, n) };
        to
    }
}

/// Conversions of 16-bit floats, which pass through vector registers where C has `_Float16`.
#[cfg(target_arch = "x86_64")]
#[allow(improper_ctypes_definitions, reason = "vectors stand for C's _Float16, which Rust has not")]
mod halves {
    use std::arch::x86_64::{__m128i, _mm_cvtsi32_si128, _mm_extract_epi16};

    fn from_bits(bits: u16) -> __m128i {
        // SAFETY: SSE2 is part of x86-64.
        unsafe { _mm_cvtsi32_si128(i32::from(bits)) }
    }
    pub(super) extern "C" fn single_to_half(x: f32) -> __m128i {
        from_bits(half::f16::from_f32(x).to_bits())
    }
    pub(super) extern "C" fn double_to_half(x: f64) -> __m128i {
        from_bits(half::f16::from_f64(x).to_bits())
    }
    pub(super) extern "C" fn single_to_bfloat(x: f32) -> __m128i {
        from_bits(half::bf16::from_f32(x).to_bits())
    }
    pub(super) extern "C" fn double_to_bfloat(x: f64) -> __m128i {
        from_bits(half::bf16::from_f64(x).to_bits())
    }
    pub(super) extern "C" fn half_to_single(x: __m128i) -> f32 {
        // SAFETY: SSE2 is part of x86-64.
        half::f16::from_bits(unsafe { _mm_extract_epi16::<0>(x) } as u16).to_f32()
    }
}

/// Conversions of 16-bit floats, which pass through vector registers where C has `_Float16`.
#[cfg(target_arch = "aarch64")]
#[allow(improper_ctypes_definitions, reason = "vectors stand for C's _Float16, which Rust has not")]
mod halves {
    use std::arch::aarch64::{uint16x4_t, vcreate_u16, vget_lane_u16};

    fn from_bits(bits: u16) -> uint16x4_t {
        // SAFETY: NEON is part of AArch64.
        unsafe { vcreate_u16(u64::from(bits)) }
    }
    pub(super) extern "C" fn single_to_half(x: f32) -> uint16x4_t {
        from_bits(half::f16::from_f32(x).to_bits())
    }
    pub(super) extern "C" fn double_to_half(x: f64) -> uint16x4_t {
        from_bits(half::f16::from_f64(x).to_bits())
    }
    pub(super) extern "C" fn single_to_bfloat(x: f32) -> uint16x4_t {
        from_bits(half::bf16::from_f32(x).to_bits())
    }
    pub(super) extern "C" fn double_to_bfloat(x: f64) -> uint16x4_t {
        from_bits(half::bf16::from_f64(x).to_bits())
    }
    pub(super) extern "C" fn half_to_single(x: uint16x4_t) -> f32 {
        // SAFETY: NEON is part of AArch64.
        half::f16::from_bits(unsafe { vget_lane_u16::<0>(x) }).to_f32()
    }
}

/// Name and address of everything that an object file may import.
pub(crate) fn imports() -> Vec<(&'static str, usize)> {
    let mut list = vec![
        ("msl.rt.fault", hooks::fault as *const () as usize),
        ("msl.rt.fault_at", hooks::fault_at as *const () as usize),
        (RUN_PART, hooks::part as *const () as usize),
        ("msl.rt.within", hooks::within as *const () as usize),
        ("msl.rt.unreachable", hooks::unreachable as *const () as usize),
        ("msl.rt.unreachable_at", hooks::unreachable_at as *const () as usize),
        ("msl.rt.frame", hooks::frame as *const () as usize),
        ("fmodf", library::fmodf as *const () as usize),
        ("fmod", library::fmod as *const () as usize),
        ("floorf", library::floorf as *const () as usize),
        ("floor", library::floor as *const () as usize),
        ("ceilf", library::ceilf as *const () as usize),
        ("ceil", library::ceil as *const () as usize),
        ("truncf", library::truncf as *const () as usize),
        ("trunc", library::trunc as *const () as usize),
        ("rintf", library::rintf as *const () as usize),
        ("rint", library::rint as *const () as usize),
        ("nearbyintf", library::rintf as *const () as usize),
        ("nearbyint", library::rint as *const () as usize),
        ("roundevenf", library::rintf as *const () as usize),
        ("roundeven", library::rint as *const () as usize),
        ("roundf", library::roundf as *const () as usize),
        ("round", library::round as *const () as usize),
        ("fmaf", library::fmaf as *const () as usize),
        ("fma", library::fma as *const () as usize),
        ("fminf", library::fminf as *const () as usize),
        ("fmin", library::fmin as *const () as usize),
        ("fmaxf", library::fmaxf as *const () as usize),
        ("fmax", library::fmax as *const () as usize),
        ("ldexpf", library::ldexpf as *const () as usize),
        ("ldexp", library::ldexp as *const () as usize),
        ("memcpy", library::memmove as *const () as usize),
        ("memmove", library::memmove as *const () as usize),
        ("memset", library::memset as *const () as usize),
    ];
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    list.extend([
        ("__truncsfhf2", halves::single_to_half as *const () as usize),
        ("__gnu_f2h_ieee", halves::single_to_half as *const () as usize),
        ("__truncdfhf2", halves::double_to_half as *const () as usize),
        ("__truncsfbf2", halves::single_to_bfloat as *const () as usize),
        ("__truncdfbf2", halves::double_to_bfloat as *const () as usize),
        ("__extendhfsf2", halves::half_to_single as *const () as usize),
    ]);
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scaling_reaches_the_least_number() {
        assert_eq!(library::ldexpf(1.0, -149), f32::from_bits(1));
    }
}

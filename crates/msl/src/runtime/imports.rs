//! Every symbol that generated code may refer to, with its address. Nothing else of the process can be
//! reached by name.

use super::hooks;

macro_rules! math {
    ($($name:ident => |$($argument:ident),*| $body:expr;)*) => {
        mod math {
            $(pub(super) extern "C" fn $name($($argument: f32),*) -> f32 { $body })*
        }
        const MATH: &[Math] = &[
            $(Math {
                name: stringify!($name),
                hook: concat!("msl.", stringify!($name), ".f32"),
                address: usize_fn::Address(math::$name as *const ()),
                arity: [$(stringify!($argument)),*].len(),
                #[cfg(test)]
                call: |values| {
                    let [$($argument),*] = values else { panic!("number of operands") };
                    math::$name($(*$argument),*)
                },
            },)*
        ];
    };
}

struct Math {
    name: &'static str,
    hook: &'static str,
    address: usize_fn::Address,
    arity: usize,
    #[cfg(test)]
    call: fn(&[f32]) -> f32,
}

/// A function of mathematics that kernels may call; it takes and gives `f32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MathFunction(usize);

impl MathFunction {
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..MATH.len()).map(Self)
    }

    /// The function of a hook: `msl.exp.f32`.
    pub(crate) fn from_hook(hook: &str) -> Option<Self> {
        MATH.iter().position(|m| m.hook == hook).map(Self)
    }

    /// Its name: `exp`.
    pub(crate) fn name(self) -> &'static str {
        MATH[self.0].name
    }

    /// Number of operands.
    pub(crate) fn arity(self) -> usize {
        MATH[self.0].arity
    }

    #[cfg(test)]
    pub(crate) fn call(self, operands: &[f32]) -> f32 {
        (MATH[self.0].call)(operands)
    }
}

/// Function addresses in constants.
mod usize_fn {
    #[derive(Clone, Copy)]
    pub(super) struct Address(pub(super) *const ());
    // SAFETY: the address of a function is the same for all threads.
    unsafe impl Sync for Address {}
}

/// sin(πx) and cos(πx) need an exact reduction, which single-precision arguments allow in double.
fn reduced(x: f32) -> f64 {
    f64::from(x) % 2.0
}

math! {
    exp => |x| x.exp();
    exp2 => |x| x.exp2();
    exp10 => |x| 10f64.powf(f64::from(x)) as f32;
    log => |x| x.ln();
    log2 => |x| x.log2();
    log10 => |x| x.log10();
    sin => |x| x.sin();
    cos => |x| x.cos();
    tan => |x| x.tan();
    asin => |x| x.asin();
    acos => |x| x.acos();
    atan => |x| x.atan();
    sinh => |x| x.sinh();
    cosh => |x| x.cosh();
    tanh => |x| x.tanh();
    asinh => |x| f64::from(x).asinh() as f32;
    acosh => |x| f64::from(x).acosh() as f32;
    atanh => |x| f64::from(x).atanh() as f32;
    sinpi => |x| (super::reduced(x) * std::f64::consts::PI).sin() as f32;
    cospi => |x| (super::reduced(x) * std::f64::consts::PI).cos() as f32;
    tanpi => |x| (super::reduced(x) * std::f64::consts::PI).tan() as f32;
    pow => |x, y| x.powf(y);
    powr => |x, y| if x < 0.0 { f32::NAN } else { x.powf(y) };
    atan2 => |y, x| y.atan2(x);
    fmod => |x, y| x % y;
}

/// Functions that LLVM's code generators call for operations without an instruction.
mod library {
    use std::ffi::c_void;

    pub(super) extern "C" fn fmodf(x: f32, y: f32) -> f32 {
        x % y
    }
    pub(super) extern "C" fn floorf(x: f32) -> f32 {
        x.floor()
    }
    pub(super) extern "C" fn ceilf(x: f32) -> f32 {
        x.ceil()
    }
    pub(super) extern "C" fn truncf(x: f32) -> f32 {
        x.trunc()
    }
    pub(super) extern "C" fn rintf(x: f32) -> f32 {
        x.round_ties_even()
    }
    pub(super) extern "C" fn roundf(x: f32) -> f32 {
        x.round()
    }
    pub(super) extern "C" fn fmaf(x: f32, y: f32, z: f32) -> f32 {
        x.mul_add(y, z)
    }
    pub(super) extern "C" fn ldexpf(x: f32, n: i32) -> f32 {
        // A double holds every single times a power of two within the single's range and beyond it.
        (f64::from(x) * 2f64.powi(n.clamp(-400, 400))) as f32
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
    let mut list: Vec<(&str, usize)> = MATH.iter().map(|m| (m.hook, m.address.0 as usize)).collect();
    list.extend([
        ("msl.rt.fault", hooks::fault as *const () as usize),
        ("msl.rt.unreachable", hooks::unreachable as *const () as usize),
        ("msl.rt.frame", hooks::frame as *const () as usize),
        ("fmodf", library::fmodf as *const () as usize),
        ("floorf", library::floorf as *const () as usize),
        ("ceilf", library::ceilf as *const () as usize),
        ("truncf", library::truncf as *const () as usize),
        ("rintf", library::rintf as *const () as usize),
        ("nearbyintf", library::rintf as *const () as usize),
        ("roundevenf", library::rintf as *const () as usize),
        ("roundf", library::roundf as *const () as usize),
        ("fmaf", library::fmaf as *const () as usize),
        ("ldexpf", library::ldexpf as *const () as usize),
        ("memcpy", library::memmove as *const () as usize),
        ("memmove", library::memmove as *const () as usize),
        ("memset", library::memset as *const () as usize),
    ]);
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
    fn exact_at_multiples_of_a_half() {
        assert_eq!(math::sinpi(1e6 + 0.5), 1.0);
        assert_eq!(math::cospi(3.0), -1.0);
        assert_eq!(math::exp10(2.0), 100.0);
        assert_eq!(library::ldexpf(1.0, -149), f32::from_bits(1));
        assert!(math::powr(-1.0, 2.0).is_nan());
    }

    #[test]
    fn functions_are_found_by_their_hooks() {
        let call = |hook: &str, operands: &[f32]| {
            let function = MathFunction::from_hook(hook).unwrap();
            assert_eq!(function.arity(), operands.len());
            function.call(operands)
        };
        assert_eq!(call("msl.exp2.f32", &[3.0]), 8.0);
        assert_eq!(call("msl.fmod.f32", &[7.0, 4.0]), 3.0);
        assert_eq!(MathFunction::from_hook("msl.exp2"), None);
    }
}

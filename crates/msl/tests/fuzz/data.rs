//! What generated kernels run on.

use fastrand::Rng;
use msl::{ConstantValue, FunctionConstantValues};

use super::Class;
use super::types::Scalar;

/// A buffer that kernels may have, bound at its place in [`BUFFERS`].
pub(crate) struct Buffer {
    pub(crate) name: &'static str,
    pub(crate) ty: &'static str,
    /// The types of its elements' parts.
    pub(crate) parts: &'static [Scalar],
    pub(crate) elements: usize,
    /// Whether its content is the same whatever the order of threads.
    pub(crate) is_compared: bool,
}

const fn buffer(name: &'static str, ty: &'static str, parts: &'static [Scalar], elements: usize) -> Buffer {
    Buffer { name, ty, parts, elements, is_compared: true }
}

const REC: &[Scalar] = &[
    Scalar::Uint,
    Scalar::Float,
    Scalar::Ushort,
    Scalar::Uchar,
    Scalar::Uchar,
    Scalar::Int,
    Scalar::Float,
    Scalar::Float,
    Scalar::Float,
    Scalar::Float,
];

pub(crate) const BUFFERS: &[Buffer] = &[
    buffer("in_i", "device const int* ", &[Scalar::Int], 2048),
    buffer("in_u", "device const uint* ", &[Scalar::Uint], 2048),
    buffer("in_f", "device const float* ", &[Scalar::Float], 2048),
    buffer("in_h", "device const half* ", &[Scalar::Half], 2048),
    buffer("in_l", "constant ulong* ", &[Scalar::Ulong], 2048),
    buffer("in_s", "device const ushort* ", &[Scalar::Ushort], 2048),
    buffer("in_c", "device const uchar* ", &[Scalar::Uchar], 2048),
    buffer("params", "constant Params& ", &[Scalar::Uint], 20),
    buffer("perm", "device const uint* ", &[Scalar::Uint], 512),
    buffer("few", "device const uint* ", &[Scalar::Uint], 64),
    buffer("out_i", "device int* ", &[Scalar::Int], 4096),
    buffer("out_u", "device uint* ", &[Scalar::Uint], 4096),
    buffer("out_f", "device float* ", &[Scalar::Float], 4096),
    buffer("out_h", "device half* ", &[Scalar::Half], 4096),
    buffer("out_l", "device ulong* ", &[Scalar::Ulong], 4096),
    buffer("out_s", "device ushort* ", &[Scalar::Ushort], 4096),
    buffer("out_c", "device uchar* ", &[Scalar::Uchar], 4096),
    buffer("out_v", "device float4* ", &[Scalar::Float], 2048),
    buffer("out_p", "device packed_float3* ", &[Scalar::Float], 1536),
    buffer("recs", "device Rec* ", REC, 512),
    buffer("acc", "device atomic_uint* ", &[Scalar::Uint], 48),
    buffer("acc_i", "device atomic_int* ", &[Scalar::Int], 24),
    buffer("acc_l", "device atomic_ulong* ", &[Scalar::Ulong], 8),
    buffer("own", "device atomic_uint* ", &[Scalar::Uint], 512),
    Buffer { is_compared: false, ..buffer("risky", "device atomic_uint* ", &[Scalar::Uint], 64) },
];

/// What stands before the kernels of a source.
pub(crate) const PRELUDE: &str = "#include <metal_stdlib>
using namespace metal;
constant uint FC_UINT [[function_constant(0)]];
constant bool FC_BOOL [[function_constant(1)]];
struct Params { int i[4]; uint u[4]; float f[4]; ulong l[2]; uint n; };
struct Rec { uint a; float b; ushort c; uchar d[2]; int e; float4 v; };
template <typename T> static T known(T x) { return x == x ? x : T(1); }
static uint bits(float x) { return as_type<uint>(known(x)); }
template <typename T> static T small(T x) { return T(int(x) & 31); }
template <typename T> static vec<T, 2> small(vec<T, 2> x) { return vec<T, 2>(int2(x) & 31); }
template <typename T> static vec<T, 3> small(vec<T, 3> x) { return vec<T, 3>(int3(x) & 31); }
template <typename T> static vec<T, 4> small(vec<T, 4> x) { return vec<T, 4>(int4(x) & 31); }
";

/// One dispatch.
#[derive(Clone, Debug)]
pub(crate) struct Dispatch {
    pub(crate) grid: [u32; 3],
    pub(crate) group: [u32; 3],
    /// By place in [`BUFFERS`].
    pub(crate) buffers: Vec<Vec<u8>>,
}

/// Values for the function constants.
pub(crate) fn constants(seed: u64) -> FunctionConstantValues {
    let mut random = Rng::with_seed(seed);
    let mut constants = FunctionConstantValues::new();
    let uint: u32 = if random.bool() { random.u32(..5) } else { random.u32(..) };
    constants.set_constant_value_at_index(0, ConstantValue::from(uint));
    constants.set_constant_value_at_index(1, ConstantValue::from(random.bool()));
    constants
}

/// Threads of a grid and of its threadgroups.
type Shape = [[u32; 3]; 2];

impl Class {
    fn shapes(self) -> &'static [Shape] {
        match self {
            Self::Line => &[
                [[1, 1, 1], [32, 1, 1]],
                [[32, 1, 1], [32, 1, 1]],
                [[40, 1, 1], [64, 1, 1]],
                [[100, 1, 1], [32, 1, 1]],
                [[97, 1, 1], [7, 1, 1]],
                [[256, 1, 1], [128, 1, 1]],
                [[31, 1, 1], [1, 1, 1]],
                // Several rows of 32 threads run together.
                [[300, 1, 1], [64, 1, 1]],
                [[512, 1, 1], [256, 1, 1]],
                [[263, 1, 1], [32, 1, 1]],
            ],
            Self::Plane => &[
                [[8, 8, 1], [8, 8, 1]],
                [[33, 5, 1], [16, 2, 1]],
                [[64, 3, 1], [32, 2, 1]],
                [[5, 7, 1], [3, 3, 1]],
                [[128, 2, 1], [64, 1, 1]],
                [[1, 70, 1], [1, 32, 1]],
                [[37, 6, 1], [32, 8, 1]],
                [[40, 9, 1], [8, 8, 1]],
                [[64, 8, 1], [32, 8, 1]],
                [[33, 15, 1], [32, 4, 1]],
            ],
            Self::Space => &[
                [[4, 4, 4], [4, 4, 4]],
                [[9, 5, 3], [4, 2, 2]],
                [[40, 2, 2], [32, 1, 2]],
                [[1, 3, 50], [1, 1, 25]],
                [[32, 8, 2], [32, 2, 1]],
            ],
            Self::Group => &[
                [[32, 1, 1], [32, 1, 1]],
                [[128, 1, 1], [64, 1, 1]],
                [[256, 1, 1], [256, 1, 1]],
                [[100, 1, 1], [40, 1, 1]],
                [[13, 1, 1], [5, 1, 1]],
                [[90, 1, 1], [33, 1, 1]],
                [[16, 16, 1], [16, 16, 1]],
                [[32, 4, 1], [32, 2, 1]],
                [[33, 5, 1], [16, 3, 1]],
                [[8, 8, 2], [8, 8, 1]],
                [[7, 3, 3], [7, 3, 3]],
                [[64, 2, 2], [64, 1, 2]],
                [[10, 9, 2], [4, 4, 2]],
                [[1, 40, 1], [1, 40, 1]],
                [[512, 1, 1], [256, 1, 1]],
                [[64, 8, 1], [32, 8, 1]],
                [[32, 16, 1], [32, 4, 1]],
            ],
        }
    }
}

impl Dispatch {
    /// The dispatches to try a kernel with that uses some of the buffers: each shape has several, with different contents.
    pub(crate) fn some(class: Class, seed: u64, count: u64, uses: impl Fn(usize) -> bool) -> Vec<Self> {
        // Where threadgroups matter, many shapes have code of their own, which takes far longer than to run it.
        let shapes = class.shapes();
        let most = if class == Class::Group { 3 } else { shapes.len() };
        let shapes = Rng::with_seed(seed).choose_multiple(shapes, most);
        let seeds = (0..count).map(|n| seed.wrapping_mul(31).wrapping_add(n));
        seeds.zip(shapes.iter().cycle()).map(|(seed, shape)| Self::generate(**shape, seed, &uses)).collect()
    }

    fn generate([grid, group]: Shape, seed: u64, uses: &impl Fn(usize) -> bool) -> Self {
        let mut random = Rng::with_seed(seed);
        let threads = grid.iter().product::<u32>();
        let mut content =
            |(i, buffer)| if uses(i) { content(buffer, threads, &mut random) } else { Vec::new() };
        let buffers = BUFFERS.iter().enumerate().map(&mut content).collect();
        Self { grid, group, buffers }
    }

    /// Bytes of the threadgroup memory that is an argument.
    pub(crate) const THREADGROUP_MEMORY: [u32; 1] = [1024];
}

fn content(buffer: &Buffer, threads: u32, random: &mut Rng) -> Vec<u8> {
    if buffer.name == "perm" {
        let mut numbers: Vec<u32> = (0..buffer.elements as u32).collect();
        random.shuffle(&mut numbers);
        return numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
    }
    if buffer.name == "params" {
        return params(threads, random);
    }
    let mut bytes = Vec::new();
    for _ in 0..buffer.elements {
        buffer.parts.iter().for_each(|part| push(*part, random, &mut bytes));
    }
    bytes
}

fn params(threads: u32, random: &mut Rng) -> Vec<u8> {
    let mut bytes = Vec::new();
    let types = [Scalar::Int, Scalar::Uint, Scalar::Float];
    types.iter().for_each(|ty| (0..4).for_each(|_| push(*ty, random, &mut bytes)));
    (0..2).for_each(|_| push(Scalar::Ulong, random, &mut bytes));
    bytes.extend((threads - threads / random.u32(1..9)).to_le_bytes());
    // Padding to the alignment of `ulong`, and to what the table says.
    bytes.resize(80, 0);
    bytes
}

/// Adds a number of any size, often a special one.
fn push(ty: Scalar, random: &mut Rng, to: &mut Vec<u8>) {
    let special: u64 = match random.u32(..8) {
        0..3 => random.u64(..4),
        3 => random.u64(..64),
        4 => u64::MAX - random.u64(..3),
        5 => 1 << random.u32(..64),
        _ => random.u64(..),
    };
    let float = match random.u32(..16) {
        0..6 => random.i32(-8..9) as f32,
        6..10 => random.f32() * 4.0 - 2.0,
        10 => 0.0,
        11 => -0.0,
        12 => [f32::INFINITY, f32::NEG_INFINITY, f32::NAN][random.usize(..3)],
        13 => f32::from_bits(random.u32(..1 << 23)),
        _ => f32::from_bits(random.u32(..) & !(1 << 23)),
    };
    match ty {
        Scalar::Bool | Scalar::Char | Scalar::Uchar => to.push(special as u8),
        Scalar::Short | Scalar::Ushort => to.extend((special as u16).to_le_bytes()),
        Scalar::Int | Scalar::Uint => to.extend((special as u32).to_le_bytes()),
        Scalar::Long | Scalar::Ulong => to.extend(special.to_le_bytes()),
        Scalar::Half => to.extend(half::f16::from_f32(float).to_le_bytes()),
        Scalar::Float => to.extend(float.to_le_bytes()),
    }
}

/// The first difference between two contents of a buffer, if there is one. A NaN is like another.
pub(crate) fn difference(buffer: &Buffer, a: &[u8], b: &[u8]) -> Option<String> {
    let mut at = 0;
    for (element, part) in (0..buffer.elements).flat_map(|e| buffer.parts.iter().map(move |p| (e, *p))) {
        let size = (part.bits() as usize).div_ceil(8);
        let (x, y) = (&a[at..at + size], &b[at..at + size]);
        at += size;
        if x != y && !(is_nan(part, x) && is_nan(part, y)) {
            let number = |bytes: &[u8]| bytes.iter().rev().fold(0u64, |n, byte| n << 8 | u64::from(*byte));
            let show = |bytes: &[u8]| match part {
                Scalar::Float => format!("{:?} ({:#x})", f32::from_bits(number(bytes) as u32), number(bytes)),
                Scalar::Half => {
                    format!("{} ({:#x})", half::f16::from_bits(number(bytes) as u16), number(bytes))
                }
                _ => format!("{:#x}", number(bytes)),
            };
            return Some(format!(
                "{}, element {element}, byte {}: {} against {}",
                buffer.name,
                at - size,
                show(x),
                show(y)
            ));
        }
    }
    None
}

fn is_nan(part: Scalar, bytes: &[u8]) -> bool {
    match (part, bytes) {
        (Scalar::Float, [a, b, c, d]) => f32::from_le_bytes([*a, *b, *c, *d]).is_nan(),
        (Scalar::Half, [a, b]) => half::f16::from_le_bytes([*a, *b]).is_nan(),
        _ => false,
    }
}

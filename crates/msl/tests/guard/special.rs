//! Accesses other than plain loads and stores of elements: atomics, local arrays, copies, pointers that walk.

use std::fmt::Write as _;
use std::sync::atomic::AtomicBool;

use msl::{FaultKind, FunctionConstantValues, KernelFault, Launch, Scratch};

use super::memory::{Guard, Guarded};
use super::patterns::TYPES;
use crate::ways;

/// What must happen.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    /// No fault, and the same results in all ways.
    Fine,
    /// A fault of the memory with this in its description.
    Fault(&'static str),
}

use End::{Fault, Fine};

/// A kernel of one statement or some. There are `device uint* a` at buffer 0, the number `p` at buffer 1, and
/// `device uint* out` of 256 elements at buffer 2; `gid` is the thread's position in the grid, `lid` that in its
/// threadgroup.
pub(super) struct Case {
    pub(super) name: &'static str,
    code: &'static str,
    /// Functions, structures and tables before the kernel.
    before: &'static str,
    /// Elements of `a`, which are their own indices at first.
    elements: usize,
    grid: u32,
    group: u32,
    /// Values of `p`, and what must happen.
    runs: &'static [(i32, End)],
}

const A: End = Fault("buffer 0");

const fn case(
    name: &'static str,
    elements: usize,
    [grid, group]: [u32; 2],
    runs: &'static [(i32, End)],
    code: &'static str,
) -> Case {
    Case { name, code, before: "", elements, grid, group, runs }
}

const fn with(before: &'static str, case: Case) -> Case {
    Case { before, ..case }
}

/// Each of the operations on one object, in the place of `OP`.
const ATOMICS: [&str; 12] = [
    "atomic_fetch_add_explicit(O, gid, memory_order_relaxed)",
    "atomic_fetch_sub_explicit(O, 3u, memory_order_relaxed)",
    "atomic_fetch_and_explicit(O, 3u, memory_order_relaxed)",
    "atomic_fetch_or_explicit(O, 3u, memory_order_relaxed)",
    "atomic_fetch_xor_explicit(O, 3u, memory_order_relaxed)",
    "atomic_fetch_min_explicit(O, gid, memory_order_relaxed)",
    "atomic_fetch_max_explicit(O, gid, memory_order_relaxed)",
    "atomic_exchange_explicit(O, 3u, memory_order_relaxed)",
    "atomic_store_explicit(O, 3u, memory_order_relaxed)",
    "out[gid] = atomic_load_explicit(O, memory_order_relaxed)",
    "{ uint e = 1; atomic_compare_exchange_weak_explicit(O, &e, 5u, memory_order_relaxed, memory_order_relaxed); }",
    "(void)atomic_fetch_max_explicit((device atomic_int*)(O), int(gid), memory_order_relaxed)",
];

pub(super) const CASES: &[Case] = &[
    case(
        "atomic_contiguous",
        40,
        [40, 40],
        &[(0, Fine), (1, A), (-1, A), (i32::MIN, A), (i32::MAX, A)],
        "ATOMIC(&((device atomic_uint*)a)[int(gid) + p]);",
    ),
    case(
        "atomic_uniform",
        40,
        [40, 32],
        &[(0, Fine), (39, Fine), (40, A), (-1, A), (i32::MIN, A)],
        "ATOMIC(&((device atomic_uint*)a)[p]);",
    ),
    case(
        "atomic_gathered",
        40,
        [40, 32],
        &[(0, Fine), (1, A), (-1, A)],
        "ATOMIC(&((device atomic_uint*)a)[int(out[gid + 128] + 39u - gid) + p]);",
    ),
    case(
        "atomic_masked",
        20,
        [40, 40],
        &[(20, Fine), (0, Fine), (21, A)],
        "if (int(gid) < p) ATOMIC(&((device atomic_uint*)a)[gid]);",
    ),
    case(
        "atomic_bytes",
        40,
        [40, 40],
        &[(0, Fine), (156, Fine), (158, A), (160, A), (2, A), (-2, A)],
        "ATOMIC((device atomic_uint*)((device uchar*)a + p));",
    ),
    case(
        "atomic_ulong",
        40,
        [20, 20],
        &[(0, Fine), (1, A), (-1, A)],
        "atomic_max_explicit(&((device atomic_ulong*)a)[int(gid) + p], ulong(gid), memory_order_relaxed);",
    ),
    case(
        "atomic_in_threadgroup",
        1,
        [40, 40],
        &[(0, Fine), (23, Fine), (24, Fault("`t`")), (-40, Fault("`t`")), (i32::MAX, Fault("`t`"))],
        "threadgroup atomic_uint t[63]; atomic_fetch_add_explicit(&t[int(lid) + p], 1u, memory_order_relaxed);",
    ),
    case(
        "private_array_read",
        1,
        [40, 40],
        &[
            (0, Fine),
            (6, Fine),
            (7, Fault("`t`")),
            (8, Fault("`t`")),
            (-1, Fault("`t`")),
            (i32::MIN, Fault("`t`")),
        ],
        "uint t[8]; for (uint i = 0; i < 8; i++) t[i] = i * gid + 1; out[gid] = t[p + int(gid & 1)];",
    ),
    case(
        "private_array_write",
        1,
        [40, 40],
        &[(0, Fine), (6, Fine), (7, Fault("`t`")), (-1, Fault("`t`")), (1 << 29, Fault("`t`"))],
        "uint t[8]; for (uint i = 0; i < 8; i++) t[i] = i; t[p + int(gid & 1)] = 9; out[gid] = t[gid & 7] + t[3];",
    ),
    case(
        "private_array_one_thread",
        1,
        [40, 40],
        &[(7, Fine), (8, Fault("`t`")), (-1, Fault("`t`"))],
        "float2 t[8]; for (uint i = 0; i < 8; i++) t[i] = float2(i, gid); if (gid == 37) t[p].y = 2; out[gid] = uint(t[gid & 7].y);",
    ),
    case(
        "private_array_masked",
        1,
        [40, 40],
        &[(0, Fine), (5, Fine), (100, Fine), (-3, Fine)],
        "short t[8]; for (int i = 0; i < 8; i++) t[i] = i; int j = int(gid) - 4 + p; if (j >= 0 && j < 8) out[gid] = t[j];",
    ),
    case(
        "threadgroup_array",
        1,
        [80, 40],
        &[(0, Fine), (24, Fine), (25, Fault("`t`")), (-1, Fault("`t`")), (i32::MIN, Fault("`t`"))],
        "threadgroup uint t[64]; t[lid] = gid; threadgroup_barrier(mem_flags::mem_threadgroup); out[gid] = t[int(lid) + p];",
    ),
    case(
        "threadgroup_array_write",
        1,
        [80, 40],
        &[(0, Fine), (24, Fine), (25, Fault("`t`")), (-1, Fault("`t`"))],
        "threadgroup float4 t[64]; t[int(lid) + p] = gid; threadgroup_barrier(mem_flags::mem_threadgroup); out[gid] = uint(t[lid].w) * 0u;",
    ),
    case(
        "threadgroup_argument",
        1,
        [40, 40],
        &[(0, Fine), (24, Fine), (25, Fault("threadgroup memory 0")), (-1, Fault("threadgroup memory 0"))],
        "shared[int(lid) + p] = gid; threadgroup_barrier(mem_flags::mem_threadgroup); out[gid] = shared[int(39 - lid) + p];",
    ),
    with(
        "constant uint table[5] = {3, 1, 4, 1, 5};\n",
        case(
            "constant_table",
            1,
            [40, 40],
            &[
                (0, Fine),
                (3, Fine),
                (4, Fault("`table`")),
                (-1, Fault("`table`")),
                (i32::MAX, Fault("`table`")),
            ],
            "out[gid] = table[p + int(gid & 1)];",
        ),
    ),
    case(
        "walking_to_a_mark",
        40,
        [40, 40],
        &[(39, Fine), (100, A)],
        "uint n = 0; for (device const uint* q = a + gid; *q != uint(p); q++) n++; out[gid] = n;",
    ),
    case(
        "walking_back",
        40,
        [40, 40],
        &[(0, Fine), (100, A)],
        "uint n = 0; for (device const uint* q = a + gid; *q != uint(p); q--) n++; out[gid] = n;",
    ),
    case(
        "searching_together",
        40,
        [40, 40],
        &[(39, Fine), (40, A)],
        "uint i = 0; while (a[i] != uint(p)) i++; out[gid] = i;",
    ),
    case(
        "writing_without_end",
        40,
        [40, 40],
        &[(1, A), (32, A), (-1, A)],
        "for (int i = int(gid);; i += p) a[i] = 7;",
    ),
    case("clearing", 40, [1, 1], &[(0, Fine), (40, Fine), (41, A)], "for (int i = 0; i < p; i++) a[i] = 0;"),
    case(
        "clearing_rows",
        40,
        [10, 10],
        &[(4, Fine), (5, A)],
        "for (int i = 0; i < p; i++) a[4 * int(gid) + i] = 0;",
    ),
    case(
        "uneven_rows",
        37,
        [10, 10],
        &[(37, Fine), (30, Fine), (38, A)],
        "uint s = 0; for (int i = 0; i < 4; i++) if (int(gid) * 4 + i < p) s += a[gid * 4 + i]; out[gid] = s;",
    ),
    with(
        "struct Big { uint x[40]; };\n",
        case(
            "struct_read",
            80,
            [2, 2],
            &[(0, Fine), (1, A), (2, A), (-1, A), (i32::MAX, A)],
            "Big t = ((device Big*)a)[int(gid) + p]; uint s = 0; for (uint i = 0; i < 40; i++) s += t.x[i]; out[gid] = s;",
        ),
    ),
    with(
        "struct Big { uint x[40]; };\n",
        case(
            "struct_write",
            80,
            [2, 2],
            &[(0, Fine), (1, A), (-1, A)],
            "Big t; for (uint i = 0; i < 40; i++) t.x[i] = i + gid; ((device Big*)a)[int(gid) + p] = t;",
        ),
    ),
    with(
        "struct Big { uint x[40]; };\n",
        case(
            "struct_copy",
            160,
            [2, 2],
            &[(2, Fine), (3, A), (-1, A)],
            "device Big* b = (device Big*)a; b[int(gid) + p] = b[gid];",
        ),
    ),
    with(
        TYPES,
        case(
            "struct_fields",
            64,
            [8, 8],
            &[(0, Fine), (1, A), (-1, A)],
            "device Mixed* m = (device Mixed*)a + p; m[gid].c = ushort(m[gid].b + m[gid].v.z); m[gid].d += 2; m[gid].v.x = 1;",
        ),
    ),
    case(
        "vector_at_any_element",
        40,
        [37, 37],
        &[(0, Fine), (1, A), (-1, A)],
        "uint4 v = uint4(*(device packed_uint4*)(a + int(gid) + p)); out[gid] = v.x + v.w;",
    ),
    case(
        "vector_at_any_byte",
        40,
        [1, 1],
        &[(0, Fine), (144, Fine), (145, A), (147, A), (160, A), (-1, A), (-15, A)],
        "*(device packed_uint4*)((device uchar*)a + p) = packed_uint4(1, 2, 3, 4);",
    ),
    case(
        "vector_components",
        40,
        [10, 10],
        &[(0, Fine), (1, A), (-1, A)],
        "device uint4* v = (device uint4*)a + p; v[gid].y = 5; v[gid].zw = v[gid].xy; out[gid] = v[gid].x;",
    ),
    case(
        "bytes_of_rows",
        10,
        [8, 8],
        &[(0, Fine), (32, Fine), (33, A), (-1, A)],
        "device uchar* b = (device uchar*)a + p; b[gid] = 1;",
    ),
    case(
        "one_of_two_buffers",
        40,
        [40, 40],
        &[(0, Fine), (1, A), (-1, Fault("buffer 2"))],
        "device uint* q = gid & 1 ? a : out; q[int(gid) + p] = 1;",
    ),
    case("shortest", 1, [40, 40], &[(50, Fine), (38, A)], "if (int(gid) >= p) a[gid - 38] = 1;"),
    case("shortest_read", 1, [40, 40], &[(50, Fine), (0, A)], "if (int(gid) >= p) out[gid] = a[0] + a[1];"),
    case(
        "fault_before_a_barrier",
        40,
        [80, 40],
        &[(39, Fine), (40, A), (-1, A)],
        "if (gid == 7) a[p] = 1; threadgroup_barrier(mem_flags::mem_device); out[gid] = 1;",
    ),
    case(
        "fault_between_barriers",
        40,
        [80, 40],
        &[(0, Fine), (1, A)],
        "for (int i = 0; i < 3; i++) { threadgroup_barrier(mem_flags::mem_device); if (lid == 39) out[i] = a[int(lid) + i * p]; }",
    ),
    case(
        "returned_threads",
        20,
        [40, 40],
        &[(20, Fine), (21, A)],
        "if (int(gid) >= p) return; out[gid] = simd_sum(a[gid]);",
    ),
    case(
        "chosen_value",
        20,
        [40, 40],
        &[(20, Fine), (3, Fine), (21, A)],
        "uint x = int(gid) < p ? a[gid] : 7u; out[gid] = x + (int(gid) < p && a[gid] > 2u ? 1u : 0u);",
    ),
    case(
        "far_and_back",
        40,
        [40, 40],
        &[(0, Fine), (1, A), (-1, A)],
        "device uint* q = a + 100000 + gid; q -= 100000 - p; *q = 3;",
    ),
    case("far", 40, [40, 40], &[(0, A), (1, A)], "a[(1u << 30) + gid] = 1;"),
    case(
        "half3",
        40,
        [20, 20],
        &[(0, Fine), (1, A), (-1, A)],
        "((device half3*)a)[int(gid) + p] = half3(1, 2, gid);",
    ),
    case(
        "unknown_pointer",
        40,
        [40, 40],
        &[(0, Fine), (-1, Fault("unknown"))],
        "device uint* q[2] = {a, out}; device uint* r = q[(gid + uint(p)) & 1u]; r[gid + (p < 0 ? 1u << 28 : 0u)] = 4;",
    ),
    case(
        "switch_of_widths",
        40,
        [40, 40],
        &[(0, Fine), (1, A)],
        "switch (gid & 3) { case 0: ((device uchar*)a)[gid] = 1; break; case 1: ((device ushort*)a)[gid] = 2; break; \
         case 2: a[gid] = 3; break; default: a[int(gid) + p] = 4; }",
    ),
];

/// The sources of a case: one for each atomic operation, if it has one.
fn sources(case: &Case) -> Vec<String> {
    let head = format!(
        "#include <metal_stdlib>\nusing namespace metal;\n{}kernel void k(device uint* a [[buffer(0)]], constant int& p [[buffer(1)]], \
         device uint* out [[buffer(2)]], threadgroup uint* shared [[threadgroup(0)]], uint gid [[thread_position_in_grid]], \
         uint lid [[thread_position_in_threadgroup]]) {{\n",
        case.before
    );
    let Some((before, rest)) = case.code.split_once("ATOMIC(") else {
        return vec![format!("{head}{}\n}}\n", case.code)];
    };
    let (object, behind) = rest.rsplit_once(");").expect("the end of the operation");
    let source = |atomic: &&str| format!("{head}{before}{};{behind}\n}}\n", atomic.replace('O', object));
    ATOMICS.iter().map(source).collect()
}

/// Runs a case in all ways.
pub(super) fn check(case: &Case) -> Result<(), String> {
    let mut problems = String::new();
    for source in sources(case) {
        let library = super::compile(&source)?;
        let constants = FunctionConstantValues::new();
        // SAFETY: these ways are checked.
        let built = unsafe { ways::build(&library, "k", &constants, |way| way.checked) }?;
        for (way, kernel) in built {
            for (p, end) in case.runs {
                for guard in Guard::BOTH {
                    if let Err(problem) = run(&kernel, case, *p, *end, guard) {
                        let _ = writeln!(problems, "{}, p {p}, guard {guard:?}: {problem}", way.name);
                    }
                }
            }
        }
        if !problems.is_empty() {
            return Err(format!("{problems}{source}"));
        }
    }
    Ok(())
}

fn run(kernel: &msl::Kernel, case: &Case, p: i32, end: End, guard: Guard) -> Result<(), String> {
    let numbers: Vec<u8> = (0..case.elements as u32).flat_map(u32::to_le_bytes).collect();
    let before = [numbers, p.to_le_bytes().to_vec(), vec![0; 1024]];
    let memory: Vec<Guarded> = before.iter().map(|content| Guarded::new(content, guard)).collect();
    let buffers: Vec<_> = memory.iter().map(|m| Some(m.binding())).collect();
    let launch = Launch {
        buffers: &buffers,
        threadgroup_memory: &[256],
        threads_per_grid: [case.grid, 1, 1],
        threads_per_threadgroup: [case.group, 1, 1],
        stop: &AtomicBool::new(false),
    };
    // SAFETY: the memory is there during the run, and used by nothing else.
    let result = unsafe { ways::run(kernel, &launch, &mut Scratch::default()) };
    if let Some(buffer) = memory.iter().position(|m| !m.is_alone()) {
        return Err(format!("something beside buffer {buffer} was written to"));
    }
    match (result, end) {
        (Ok(()), Fine) => Ok(()),
        (Ok(()), Fault(_)) => Err("it finished, but must fault".into()),
        (Err(fault), Fine) => Err(format!("it must not fault: {fault}")),
        (Err(fault), Fault(memory)) => check_fault(&fault, memory),
    }
}

fn check_fault(fault: &KernelFault, wanted: &str) -> Result<(), String> {
    let FaultKind::OutOfBounds { memory, .. } = &fault.kind else {
        return Err(format!("fault of another kind: {fault}"));
    };
    let placed =
        fault.location.as_ref().is_some_and(|l| l.line > 0) && fault.thread_position_in_grid.is_some();
    if memory.to_string().contains(wanted) && placed {
        Ok(())
    } else {
        Err(format!("not a fault of {wanted}, or without a place: {fault}"))
    }
}

//! Where threads reach: each pattern as MSL, and as what it means.

/// A way to compute an element's index. In `code`, `gid` is the thread (`uint`), `p` a number (`long`) and `list` an
/// array of numbers (`int`), one for each thread.
pub(super) struct Pattern {
    pub(super) name: &'static str,
    pub(super) code: &'static str,
    /// The index that the code has for a thread, widened to 64 bits, by p and the thread's number in `list`.
    pub(super) index: fn(u32, i64, i32) -> i64,
    /// How many elements there are, by the number of threads.
    pub(super) elements: fn(i64) -> i64,
    /// Values of `p` to try, by numbers of threads and of elements.
    pub(super) p: fn(i64, i64) -> Vec<i64>,
    /// Lists to try, by number of elements.
    pub(super) lists: fn(i64) -> Vec<ListPattern>,
}

/// Thread to number.
pub(super) type ListPattern = Box<dyn Fn(u32) -> i32>;

fn no_list(_: i64) -> Vec<ListPattern> {
    vec![Box::new(|_| 0)]
}

/// Numbers around the ends of a range of `spare` + 1 good ones; with some, only the last of 32 threads wraps.
fn around(spare: i64) -> Vec<i64> {
    let most = i64::from(i32::MAX);
    vec![0, spare, spare + 1, -1, -31, -32, most, most - 30, most - 31, -most - 1]
}

pub(super) const PATTERNS: &[Pattern] = &[
    Pattern {
        name: "contiguous_uint",
        code: "gid + uint(p)",
        index: |gid, p, _| i64::from(gid.wrapping_add(p as u32)),
        elements: |threads| threads + 2,
        p: |threads, elements| around(elements - threads),
        lists: no_list,
    },
    Pattern {
        name: "contiguous_int",
        code: "int(gid) + int(p)",
        index: |gid, p, _| i64::from((gid as i32).wrapping_add(p as i32)),
        elements: |threads| threads,
        p: |threads, elements| around(elements - threads),
        lists: no_list,
    },
    Pattern {
        name: "contiguous_long",
        code: "long(gid) + p",
        index: |gid, p, _| i64::from(gid).wrapping_add(p),
        elements: |threads| threads + 1,
        p: |threads, elements| [around(elements - threads), vec![i64::MAX, i64::MIN]].concat(),
        lists: no_list,
    },
    Pattern {
        name: "bytes_wrap",
        code: "ulong(gid) + ulong(p)",
        index: |gid, p, _| i64::from(gid).wrapping_add(p),
        elements: |threads| threads + 3,
        // Times the element's size, some of these are small numbers again.
        p: |_, _| vec![3, 4, 1 << 60, 1 << 61, 1 << 62, i64::MIN, (1 << 61) - 1, -(1 << 62) + 3],
        lists: no_list,
    },
    Pattern {
        name: "reversed",
        code: "int(p) - int(gid)",
        index: |gid, p, _| i64::from((p as i32).wrapping_sub(gid as i32)),
        elements: |threads| threads + 1,
        p: |threads, elements| {
            vec![elements - 1, elements, threads - 1, threads - 2, 0, i64::from(i32::MIN) + 1]
        },
        lists: no_list,
    },
    Pattern {
        name: "strided",
        code: "int(gid) * 3 + int(p)",
        index: |gid, p, _| i64::from((gid as i32).wrapping_mul(3).wrapping_add(p as i32)),
        elements: |threads| 3 * threads - 1,
        p: |_, _| around(1),
        lists: no_list,
    },
    Pattern {
        name: "stride_unknown",
        code: "gid * uint(p) + 1",
        index: |gid, p, _| i64::from(gid.wrapping_mul(p as u32).wrapping_add(1)),
        elements: |threads| 2 * threads,
        p: |_, _| vec![0, 1, 2, 3, -1, 1 << 30, 1 << 31],
        lists: no_list,
    },
    Pattern {
        name: "stride_wraps_int",
        code: "int(gid) * 0x40000000 + int(p)",
        index: |gid, p, _| i64::from((gid as i32).wrapping_mul(0x4000_0000).wrapping_add(p as i32)),
        elements: |_| 4,
        p: |_, _| around(3),
        lists: no_list,
    },
    Pattern {
        name: "stride_wraps_long",
        code: "ulong(gid) * 0x1000000000000000ul + ulong(p)",
        index: |gid, p, _| i64::from(gid).wrapping_mul(1 << 60).wrapping_add(p),
        elements: |_| 4,
        p: |_, _| around(3),
        lists: no_list,
    },
    Pattern {
        name: "short",
        code: "short(gid) + short(p)",
        index: |gid, p, _| i64::from(gid as i16) + i64::from(p as i16),
        elements: |threads| threads + 1,
        p: |_, _| vec![0, 1, 2, -1, -31, 32767, 32737, 32736, 65536, 65537],
        lists: no_list,
    },
    Pattern {
        name: "ushort_wraps",
        code: "ushort(gid + ushort(p))",
        index: |gid, p, _| i64::from((gid as u16).wrapping_add(p as u16)),
        elements: |threads| threads,
        p: |_, _| vec![0, 65536, 1, 65535, 65505, 65504],
        lists: no_list,
    },
    Pattern {
        name: "gathered",
        code: "list[gid]",
        index: |_, _, number| i64::from(number),
        elements: |_| 7,
        p: |_, _| vec![0],
        lists: |elements| {
            let inside = move |gid: u32| (gid as i32 * 5 + 3) % elements as i32;
            let one = move |bad: i32| -> ListPattern {
                Box::new(move |gid| if gid % 29 == 3 { bad } else { inside(gid) })
            };
            let bad = [elements as i32, -1, i32::MIN, i32::MAX].map(one);
            [Box::new(inside) as ListPattern].into_iter().chain(bad).collect()
        },
    },
    Pattern {
        name: "gathered_far",
        code: "long(list[gid]) * p",
        index: |_, p, number| i64::from(number).wrapping_mul(p),
        elements: |_| 9,
        p: |_, _| vec![0, 1, -1, 1 << 30, 1 << 60, i64::MIN],
        lists: |_| vec![Box::new(|gid| (gid % 9) as i32), Box::new(|gid| -((gid % 3) as i32))],
    },
    Pattern {
        name: "uniform",
        code: "p",
        index: |_, p, _| p,
        elements: |_| 3,
        p: |_, _| around(2),
        lists: no_list,
    },
    Pattern {
        name: "uniform_constant",
        code: "2",
        index: |_, _, _| 2,
        elements: |threads| if threads % 3 == 0 { 2 } else { 3 },
        p: |_, _| vec![0],
        lists: no_list,
    },
    Pattern {
        name: "exchanged",
        code: "(gid ^ 1) + uint(p)",
        index: |gid, p, _| i64::from((gid ^ 1).wrapping_add(p as u32)),
        elements: |threads| (threads + 1) / 2 * 2,
        p: |_, _| vec![0, 1, -1],
        lists: no_list,
    },
    Pattern {
        name: "divided",
        code: "int(gid / 4) - int(p)",
        index: |gid, p, _| i64::from((gid / 4) as i32) - i64::from(p as i32),
        elements: |threads| (threads + 3) / 4,
        p: |_, _| vec![0, 1, -1],
        lists: no_list,
    },
];

/// A type of elements.
pub(super) struct Element {
    pub(super) name: &'static str,
    pub(super) size: u64,
    /// Bytes of it that are not padding; these come first.
    pub(super) used: u64,
}

const fn element(name: &'static str, size: u64) -> Element {
    Element { name, size, used: size }
}

pub(super) const ELEMENTS: &[Element] = &[
    element("float", 4),
    element("uchar", 1),
    element("short", 2),
    element("half", 2),
    element("uint", 4),
    element("ulong", 8),
    element("float2", 8),
    Element { name: "float3", size: 16, used: 12 },
    element("packed_float3", 12),
    element("float4", 16),
    element("half4", 8),
    element("uchar4", 4),
    element("ulong4", 32),
    element("Pair", 8),
    element("Mixed", 32),
    element("Block", 18),
];

pub(super) const TYPES: &str = "
struct Pair { float a; uint b; };
struct Mixed { float4 v; uint a; ushort b, c; ulong d; };
struct Block { half scale; uchar quants[16]; };
";

//! Accesses in loops, whose checks may be done before the loop: bounds, steps and strides that the compiler does not
//! know, with what each loop does beside the kernel's code.

use std::sync::atomic::AtomicBool;

use fastrand::Rng;
use msl::{FaultKind, FunctionConstantValues, Kernel, KernelFault, Launch, Memory, Scratch};

use super::memory::{Guard, Guarded};
use crate::ways;

/// Elements of the buffer; each is its own index at first.
const ELEMENTS: i64 = 700;
/// So many that some are run together, row by row, and some are left.
const THREADS: u32 = 300;
/// Sets of numbers for each loop.
const SETS: u64 = 30;

/// Type of elements, its size, and the stride of threads if the compiler is to know it: some checks are done before the
/// loop then.
const VARIANTS: [(&str, usize, Option<i32>); 5] = [
    ("uint", 4, None),
    ("uint", 4, Some(1)),
    ("uint", 4, Some(4)),
    ("ushort", 2, Some(-1)),
    ("ushort", 2, Some(1)),
];

/// A loop: as MSL, in which `I` is an access of `a[…]` at an index, and as the indices that a thread accesses one after
/// the other. `q` has seven numbers: first, end, step (1 to 4), stride of threads, stride of iterations, start, special.
pub(super) struct Loop {
    pub(super) name: &'static str,
    code: &'static str,
    /// None if a signed number overflows, which is undefined.
    indices: fn(i32, &[i32; 7]) -> Option<Vec<i64>>,
}

/// `gid * q[3] + i * q[4] + q[5]`, for the values of `i`.
fn affine(gid: i32, q: &[i32; 7], iterations: impl IntoIterator<Item = i32>) -> Option<Vec<i64>> {
    let index = |i: i32| {
        let sum = gid.checked_mul(q[3])?.checked_add(i.checked_mul(q[4])?)?;
        sum.checked_add(q[5]).map(i64::from)
    };
    iterations.into_iter().map(index).collect()
}

fn up(q: &[i32; 7], end: i32) -> impl Iterator<Item = i32> + use<> {
    (q[0]..end.max(q[0])).step_by(q[2] as usize)
}

/// `i + w + q[5]` where a guard holds, for the values of `w`, from `q[6]` to nothing.
fn shrinking(i: u32, q: &[i32; 7], next: fn(u32) -> u32, guard: fn(u32, u32) -> bool) -> Option<Vec<i64>> {
    let all = std::iter::successors(Some(q[6] as u32), |w| Some(next(*w))).take_while(|w| *w > 0);
    let index = |w: u32| (i.wrapping_add(w) as i32).checked_add(q[5]).map(i64::from);
    all.filter(|w| guard(i, *w)).map(index).collect()
}

const AFFINE: &str = "int(gid) * q[3] + i * q[4] + q[5]";

pub(super) const LOOPS: &[Loop] = &[
    Loop {
        name: "up",
        code: "for (int i = q[0]; i < q[1]; i += q[2]) I(AFFINE);",
        indices: |gid, q| affine(gid, q, up(q, q[1])),
    },
    Loop {
        name: "by_one",
        code: "for (int i = q[0]; i < q[1]; i++) I(AFFINE);",
        indices: |gid, q| affine(gid, q, q[0]..q[1].max(q[0])),
    },
    Loop {
        name: "down",
        code: "for (int i = q[1]; i > q[0]; i -= q[2]) I(AFFINE);",
        indices: |gid, q| {
            let count = (q[1] - q[0]).max(0);
            affine(gid, q, (0..count).step_by(q[2] as usize).map(|n| q[1] - n))
        },
    },
    Loop {
        name: "by_four",
        code: "for (int i = q[0]; i < q[1]; i += 4) I(AFFINE);",
        indices: |gid, q| affine(gid, q, (q[0]..q[1].max(q[0])).step_by(4)),
    },
    Loop {
        name: "by_four_tested_last",
        code: "int i = q[0]; do { I(AFFINE); i += 4; } while (i < q[1]);",
        indices: |gid, q| affine(gid, q, (q[0]..q[1].max(q[0] + 1)).step_by(4)),
    },
    Loop {
        name: "by_minus_three",
        code: "for (int i = q[1]; i > q[0]; i -= 3) I(AFFINE);",
        indices: |gid, q| affine(gid, q, (0..(q[1] - q[0]).max(0)).step_by(3).map(|n| q[1] - n)),
    },
    Loop {
        name: "own_end",
        code: "for (int i = q[0]; i < q[1] + int(gid % 3u); i += q[2]) I(AFFINE);",
        indices: |gid, q| affine(gid, q, up(q, q[1] + gid % 3)),
    },
    Loop {
        name: "own_start",
        code: "for (int i = q[0] + int(gid & 3u); i < q[1]; i++) I(AFFINE);",
        indices: |gid, q| affine(gid, q, q[0] + (gid & 3)..q[1].max(q[0] + (gid & 3))),
    },
    Loop {
        name: "left",
        code: "for (int i = q[0]; i < q[1]; i++) { if (i == q[6]) break; I(AFFINE); }",
        indices: |gid, q| affine(gid, q, (q[0]..q[1].max(q[0])).take_while(|i| *i != q[6])),
    },
    Loop {
        name: "left_by_some",
        code: "for (int i = q[0]; i < q[1]; i++) { I(AFFINE); if (i == q[6] + int(gid & 1u)) break; }",
        indices: |gid, q| {
            let mut all = Vec::new();
            for i in q[0]..q[1].max(q[0]) {
                all.push(i);
                if i == q[6] + (gid & 1) {
                    break;
                }
            }
            affine(gid, q, all)
        },
    },
    Loop {
        name: "skipping",
        code: "for (int i = q[0]; i < q[1]; i++) { if (i >= q[6]) continue; I(AFFINE); }",
        indices: |gid, q| affine(gid, q, (q[0]..q[1].max(q[0])).filter(|i| *i < q[6])),
    },
    Loop {
        name: "some_threads",
        code: "if (int(gid) < q[6]) for (int i = q[0]; i < q[1]; i++) I(AFFINE);",
        indices: |gid, q| if gid < q[6] { affine(gid, q, q[0]..q[1].max(q[0])) } else { Some(Vec::new()) },
    },
    Loop {
        name: "no_threads_at_last",
        code: "for (int i = q[0]; i < q[1]; i++) if (int(gid) + i < q[6]) I(AFFINE);",
        indices: |gid, q| affine(gid, q, (q[0]..q[1].max(q[0])).filter(|i| gid + i < q[6])),
    },
    Loop {
        name: "guarded",
        code: "for (int i = q[0]; i < q[1]; i += q[2]) { int k = AFFINE; if (k < q[6]) I(k); }",
        indices: |gid, q| {
            let all = affine(gid, q, up(q, q[1]))?;
            Some(all.into_iter().filter(|k| *k < i64::from(q[6])).collect())
        },
    },
    Loop {
        name: "guarded_on_both_sides",
        code: "for (int i = q[0]; i < q[1]; i++) { int k = AFFINE; if (k >= q[0] && k <= q[6] + 3 * q[5]) I(k); }",
        indices: |gid, q| {
            let all = affine(gid, q, q[0]..q[1].max(q[0]))?;
            Some(all.into_iter().filter(|k| (q[0].into()..=i64::from(q[6] + 3 * q[5])).contains(k)).collect())
        },
    },
    Loop {
        name: "guarded_unsigned",
        code: "for (int i = q[0]; i < q[1]; i++) { uint k = uint(AFFINE); if (k >= uint(q[6] + 2 * q[5])) continue; I(k); }",
        indices: |gid, q| {
            let all = affine(gid, q, q[0]..q[1].max(q[0]))?;
            let guarded = all
                .into_iter()
                .map(|k| i64::from(k as u32))
                .filter(|k| *k < i64::from((q[6] + 2 * q[5]) as u32));
            Some(guarded.collect())
        },
    },
    Loop {
        name: "guarded_by_half",
        code: "for (uint w = uint(q[6]); w > 0u; w >>= 1) if (gid < w) I(int(gid + w) + q[5]);",
        indices: |gid, q| shrinking(gid as u32, q, |w| w >> 1, |gid, w| gid < w),
    },
    Loop {
        name: "guarded_by_third",
        code: "uint k = gid + 1u; for (uint w = uint(q[6]); w > 0u; w /= 3u) if (k <= w) I(int(k + w) + q[5]);",
        indices: |gid, q| shrinking(gid as u32 + 1, q, |w| w / 3, |k, w| k <= w),
    },
    Loop {
        name: "nested",
        code: "for (int j = 0; j < q[2]; j++) for (int i = q[0]; i < q[1]; i++) I(AFFINE + j);",
        indices: |gid, q| {
            let each = (0..q[2]).map(|j| {
                let row = affine(gid, q, q[0]..q[1].max(q[0]))?;
                Some(row.into_iter().map(move |i| i + i64::from(j)).collect::<Vec<_>>())
            });
            Some(each.collect::<Option<Vec<_>>>()?.concat())
        },
    },
    Loop {
        name: "triangle",
        code: "for (int j = 0; j < q[2]; j++) for (int i = q[0]; i < q[0] + j; i++) I(AFFINE);",
        indices: |gid, q| {
            let rows = (0..q[2]).map(|j| affine(gid, q, q[0]..q[0] + j));
            Some(rows.collect::<Option<Vec<_>>>()?.concat())
        },
    },
    Loop {
        name: "at_least_once",
        code: "int i = q[0]; do { I(AFFINE); i += q[2]; } while (i < q[1]);",
        indices: |gid, q| affine(gid, q, std::iter::once(q[0]).chain(up(q, q[1]).skip(1))),
    },
    Loop {
        name: "unsigned",
        code: "for (uint i = uint(q[0]); i < uint(q[1]); i += uint(q[2])) I(gid * uint(q[3]) + i * uint(q[4]) + uint(q[5]));",
        indices: |gid, q| {
            let (mut i, mut all) = (q[0] as u32, Vec::new());
            // Numbers below zero are large; a loop of so many steps is left out.
            if (q[1] as u32).saturating_sub(i) > 1000 {
                return None;
            }
            while i < q[1] as u32 {
                let sum = (gid as u32).wrapping_mul(q[3] as u32).wrapping_add(i.wrapping_mul(q[4] as u32));
                all.push(i64::from(sum.wrapping_add(q[5] as u32)));
                i = i.checked_add(q[2] as u32)?;
            }
            Some(all)
        },
    },
    Loop {
        name: "not_equal",
        code: "for (uint i = uint(q[0]); i != uint(q[1]); i++) I(gid + i * uint(q[4]));",
        indices: |gid, q| {
            let range = q[0]..q[1];
            (q[0] <= q[1]).then(|| {
                range
                    .map(|i| i64::from((gid as u32).wrapping_add((i as u32).wrapping_mul(q[4] as u32))))
                    .collect()
            })
        },
    },
    Loop {
        name: "pointer",
        code: "device uint* p = a + (long(gid) * q[3] + q[5]); for (int i = q[0]; i < q[1]; i++) { P; p += q[4]; }",
        indices: |gid, q| {
            let start = i64::from(gid) * i64::from(q[3]) + i64::from(q[5]);
            Some((0..i64::from((q[1] - q[0]).max(0))).map(|n| start + n * i64::from(q[4])).collect())
        },
    },
];

/// Numbers for a loop; often such that all is inside, or just not.
fn numbers(random: &mut Rng) -> [i32; 7] {
    let first = random.i32(-3..10);
    let thread = random.choice([0, 0, 1, 1, 1, -1, 2, 4, 1 << 28]).expect("some");
    let step = random.choice([1, 1, 1, 0, -1, 2, 5, 1 << 29]).expect("some");
    let start = random.choice([0, 0, 3, 40, 299, 350, 399, 699, -3]).expect("some");
    [
        first,
        first + random.i32(-2..24),
        random.i32(1..5),
        thread,
        step,
        start,
        random.choice([-1, 0, 5, 12, 20, 40, 256, 290]).expect("some"),
    ]
}

/// Runs a loop with many sets of numbers, as loads and as stores.
pub(super) fn check(test: &Loop) -> Result<(), String> {
    let mut counts = [0; 2];
    for (variant, loads) in VARIANTS.iter().flat_map(|v| [(v, true), (v, false)]) {
        let source = source(test, variant, loads);
        let library = super::compile(&source)?;
        let constants = FunctionConstantValues::new();
        // SAFETY: these ways are checked.
        let built = unsafe { ways::build(&library, "k", &constants, |way| way.checked) }?;
        for (way, kernel) in built {
            let mut random = Rng::with_seed(test.code.len() as u64);
            for set in 0..SETS {
                let mut q = numbers(&mut random);
                q[3] = variant.2.unwrap_or(q[3]);
                let indices: Option<Vec<Vec<i64>>> =
                    (0..THREADS as i32).map(|gid| (test.indices)(gid, &q)).collect();
                let Some(indices) = indices else { continue };
                let guard = Guard::BOTH[set as usize % 2];
                let run = Run { q: &q, indices: &indices, size: variant.1, loads, guard };
                let faulted = run
                    .check(&kernel)
                    .map_err(|e| format!("{}, q {q:?}, guard {guard:?}: {e}\n{source}", way.name))?;
                counts[usize::from(faulted)] += 1;
            }
        }
    }
    let [finished, faulted] = counts;
    println!("{finished} finished, {faulted} faulted");
    if finished < 100 || faulted < 100 {
        return Err(format!("only {finished} runs finished and {faulted} faulted"));
    }
    Ok(())
}

fn source(test: &Loop, (ty, _, stride): &(&str, usize, Option<i32>), loads: bool) -> String {
    let (access, through) = if loads { ("s += a[$]", "s += *p") } else { ("a[$] = gid", "*p = gid") };
    let (before, behind) = access.split_once('$').expect("an access");
    let code = test
        .code
        .replace("AFFINE", AFFINE)
        .replace('P', through)
        .replace("device uint*", &format!("device {ty}*"));
    let code = match code.split_once("I(") {
        None => code,
        Some((head, rest)) => {
            let end = closing(rest);
            format!("{head}{before}{}{behind}{}", &rest[..end], &rest[end + 1..])
        }
    };
    // Read before the loop, where stores cannot change them.
    let mut code = (0..7).fold(code, |code, i| code.replace(&format!("q[{i}]"), &format!("q{i}")));
    let numbers: String = (0..7).map(|i| format!("const int q{i} = q[{i}];\n")).collect();
    if let Some(stride) = stride {
        code = code.replace("q3", &stride.to_string());
    }
    format!(
        "#include <metal_stdlib>\nusing namespace metal;\n\
         kernel void k(device {ty}* a [[buffer(0)]], constant int* q [[buffer(1)]], device uint* out [[buffer(2)]], \
         uint gid [[thread_position_in_grid]]) {{\nuint s = 0;\n{numbers}{code}\nout[gid] = s;\n}}\n"
    )
}

/// Where the parenthesis closes that is open before the text.
fn closing(text: &str) -> usize {
    let mut open = 1;
    for (at, c) in text.char_indices() {
        match c {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return at;
        }
    }
    panic!("`{text}` has no end")
}

struct Run<'a> {
    q: &'a [i32; 7],
    /// By thread.
    indices: &'a [Vec<i64>],
    /// Bytes of an element.
    size: usize,
    loads: bool,
    guard: Guard,
}

impl Run<'_> {
    /// Whether it faulted, as it must.
    fn check(&self, kernel: &Kernel) -> Result<bool, String> {
        let numbers = (0..ELEMENTS as u32).flat_map(|n| n.to_le_bytes()[..self.size].to_vec()).collect();
        let out = vec![0xEE; 4 * THREADS as usize];
        let before = [numbers, self.q.iter().flat_map(|n| n.to_le_bytes()).collect(), out];
        let memory: Vec<Guarded> = before.iter().map(|content| Guarded::new(content, self.guard)).collect();
        let buffers: Vec<_> = memory.iter().map(|m| Some(m.binding())).collect();
        let launch = Launch {
            buffers: &buffers,
            threadgroup_memory: &[],
            threads_per_grid: [THREADS, 1, 1],
            threads_per_threadgroup: [THREADS, 1, 1],
            stop: &AtomicBool::new(false),
        };
        // SAFETY: the memory is there during the run, and used by nothing else.
        let result = unsafe { ways::run(kernel, &launch, &mut Scratch::default()) };
        if let Some(buffer) = memory.iter().position(|m| !m.is_alone()) {
            return Err(format!("something beside buffer {buffer} was written to"));
        }
        match (result, self.indices.iter().flatten().all(is_inside)) {
            (Ok(()), false) => Err("it finished, but an element is outside".into()),
            (Err(fault), true) => Err(format!("a fault, but all elements are inside: {fault}")),
            (Err(fault), false) => self.check_fault(&fault).map(|()| true),
            (Ok(()), true) => self.check_content(memory[0].content(), memory[2].content()).map(|()| false),
        }
    }

    fn check_fault(&self, fault: &KernelFault) -> Result<(), String> {
        let FaultKind::OutOfBounds { memory: Memory::Argument { index: 0, .. }, offset, .. } = &fault.kind
        else {
            return Err(format!("another fault: {fault}"));
        };
        let thread = fault.thread_position_in_grid.ok_or("a fault without a thread")?[0];
        let own = self.indices.get(thread as usize).ok_or("a fault of no thread")?;
        let is_blamed = |index: &i64| index * self.size as i64 == *offset && !is_inside(index);
        if own.iter().any(is_blamed) {
            Ok(())
        } else {
            Err(format!("the thread accesses no such element: {fault}"))
        }
    }

    fn check_content(&self, a: &[u8], out: &[u8]) -> Result<(), String> {
        for ((thread, own), got) in self.indices.iter().enumerate().zip(out.chunks_exact(4)) {
            let sum = own.iter().fold(0u32, |sum, index| sum.wrapping_add(*index as u32));
            let got = u32::from_le_bytes(got.try_into().expect("4 bytes"));
            if got != if self.loads { sum } else { 0 } {
                return Err(format!("thread {thread} has the sum {got} instead of {sum}"));
            }
        }
        for (element, got) in (0..).zip(a.chunks_exact(self.size)) {
            let got = got.iter().rev().fold(0, |n, byte| n << 8 | i64::from(*byte));
            let stores = |own: &Vec<i64>| own.contains(&element);
            let right = if self.loads || !self.indices.iter().any(stores) {
                got == element
            } else {
                self.indices.get(got as usize).is_some_and(stores)
            };
            if !right {
                return Err(format!("element {element} is {got}"));
            }
        }
        Ok(())
    }
}

fn is_inside(index: &i64) -> bool {
    (0..ELEMENTS).contains(index)
}

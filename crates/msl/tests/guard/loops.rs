//! Accesses in loops, whose checks may be done before the loop: bounds, steps and strides that the compiler does not
//! know, with what each loop does beside the kernel's code.

use std::sync::atomic::AtomicBool;

use fastrand::Rng;
use msl::{FaultKind, FunctionConstantValues, Kernel, Launch, Memory, Scratch};

use super::memory::{Guard, Guarded};
use crate::ways::{self, WAYS};

/// Elements of the buffer; each is its own index at first.
const ELEMENTS: i64 = 200;
const THREADS: u32 = 40;
/// Sets of numbers for each loop.
const SETS: u64 = 60;

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
    let start = random.choice([0, 0, 3, 40, 100, 160, 199, -3]).expect("some");
    [first, first + random.i32(-2..24), random.i32(1..5), thread, step, start, random.i32(-2..42)]
}

/// Runs a loop with many sets of numbers, as loads and as stores.
pub(super) fn check(test: &Loop) -> Result<(), String> {
    let mut counts = [0; 2];
    for (access, through) in [("s += a[$]", "s += *p"), ("a[$] = gid", "*p = gid")] {
        let (before, behind) = access.split_once('$').expect("an access");
        let code = test.code.replace("AFFINE", AFFINE).replace('P', through);
        let code = match code.split_once("I(") {
            None => code,
            Some((head, rest)) => {
                let end = closing(rest);
                format!("{head}{before}{}{behind}{}", &rest[..end], &rest[end + 1..])
            }
        };
        let source = format!(
            "#include <metal_stdlib>\nusing namespace metal;\n\
             kernel void k(device uint* a [[buffer(0)]], constant int* q [[buffer(1)]], device uint* out [[buffer(2)]], \
             uint gid [[thread_position_in_grid]]) {{\nuint s = 0;\n{code}\nout[gid] = s;\n}}\n"
        );
        let library = super::compile(&source)?;
        for way in WAYS.iter().filter(|way| way.checked) {
            // SAFETY: the way is checked.
            let kernel = unsafe { way.build(&library, "k", &FunctionConstantValues::new()) }
                .map_err(|e| format!("{}: {e}", way.name))?;
            let mut random = Rng::with_seed(test.code.len() as u64);
            for set in 0..SETS {
                let q = numbers(&mut random);
                let indices: Option<Vec<Vec<i64>>> =
                    (0..THREADS as i32).map(|gid| (test.indices)(gid, &q)).collect();
                let Some(indices) = indices else { continue };
                let guard = Guard::BOTH[set as usize % 2];
                let faulted =
                    run(&kernel, &q, &indices, before.starts_with('s') || through.starts_with('s'), guard)
                        .map_err(|e| format!("{}, q {q:?}, guard {guard:?}: {e}\n{source}", way.name))?;
                counts[usize::from(faulted)] += 1;
            }
        }
    }
    let [finished, faulted] = counts;
    println!("{finished} finished, {faulted} faulted");
    if finished < 20 || faulted < 20 {
        return Err(format!("only {finished} runs finished and {faulted} faulted"));
    }
    Ok(())
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

/// Whether it faulted, as it must.
fn run(
    kernel: &Kernel,
    q: &[i32; 7],
    indices: &[Vec<i64>],
    loads: bool,
    guard: Guard,
) -> Result<bool, String> {
    let numbers: Vec<u8> = (0..ELEMENTS as u32).flat_map(u32::to_le_bytes).collect();
    let out = vec![0xEE; 4 * THREADS as usize];
    let before = [numbers, q.iter().flat_map(|n| n.to_le_bytes()).collect(), out];
    let memory: Vec<Guarded> = before.iter().map(|content| Guarded::new(content, guard)).collect();
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
    let is_inside = |index: &i64| (0..ELEMENTS).contains(index);
    let must_fault = !indices.iter().flatten().all(is_inside);
    match &result {
        Ok(()) if must_fault => return Err("it finished, but an element is outside".into()),
        Err(fault) if !must_fault => return Err(format!("a fault, but all elements are inside: {fault}")),
        Err(fault) => {
            let FaultKind::OutOfBounds { memory: Memory::Argument { index: 0, .. }, offset, .. } =
                &fault.kind
            else {
                return Err(format!("another fault: {fault}"));
            };
            let thread = fault.thread_position_in_grid.ok_or("a fault without a thread")?[0];
            let own = indices.get(thread as usize).ok_or("a fault of no thread")?;
            if !own.iter().any(|index| index * 4 == *offset && !is_inside(index)) {
                return Err(format!("the thread accesses no such element: {fault}"));
            }
            return Ok(true);
        }
        Ok(()) => {}
    }
    let word =
        |content: &[u8], at: usize| u32::from_le_bytes(content[4 * at..][..4].try_into().expect("4 bytes"));
    for (thread, own) in indices.iter().enumerate() {
        let sum = own.iter().fold(0u32, |sum, index| sum.wrapping_add(*index as u32));
        let got = word(memory[2].content(), thread);
        if got != if loads { sum } else { 0 } {
            return Err(format!("thread {thread} has the sum {got} instead of {sum}"));
        }
    }
    for element in 0..ELEMENTS {
        let got = word(memory[0].content(), element as usize);
        let is_own = got == element as u32;
        let stores = |gid: usize| indices[gid].contains(&element);
        let right = if loads || !(0..THREADS as usize).any(stores) {
            is_own
        } else {
            (got as usize) < indices.len() && stores(got as usize)
        };
        if !right {
            return Err(format!("element {element} is {got}"));
        }
    }
    Ok(false)
}

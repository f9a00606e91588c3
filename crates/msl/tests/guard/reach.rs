//! Loads and stores of elements of every type by every pattern, inside and outside of a buffer.

use std::fmt::Write as _;
use std::sync::atomic::AtomicBool;

use msl::{Access, FaultKind, FunctionConstantValues, Kernel, KernelFault, Launch, Memory, Scratch};

use super::memory::{Guard, Guarded};
use super::patterns::{ELEMENTS, Element, Pattern, TYPES};
use crate::ways;

/// What a thread does with its element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Load,
    Store,
    /// As the two before, but threads whose element is outside do nothing.
    CheckedLoad,
    CheckedStore,
    /// Every other thread stores.
    OddStore,
    /// Up to three times, until the element is outside.
    LoopStore,
}

const OPERATIONS: [Operation; 6] = [
    Operation::Load,
    Operation::Store,
    Operation::CheckedLoad,
    Operation::CheckedStore,
    Operation::OddStore,
    Operation::LoopStore,
];

impl Operation {
    /// `I` is the pattern's index.
    fn code(self) -> &'static str {
        match self {
            Self::Load => "out[gid] = a[I];",
            Self::Store => "a[I] = in[gid];",
            Self::CheckedLoad => "if (ulong(I) < n) out[gid] = a[I];",
            Self::CheckedStore => "if (ulong(I) < n) a[I] = in[gid];",
            Self::OddStore => "if (gid & 1) a[I] = in[gid];",
            Self::LoopStore => {
                "for (uint k = 0; k < 2 + (gid & 1); k++) { if (ulong(I) >= n) break; a[I] = in[gid]; }"
            }
        }
    }

    fn loads(self) -> bool {
        matches!(self, Self::Load | Self::CheckedLoad)
    }

    /// Whether a thread accesses its element.
    fn does(self, gid: u32, index: i64, elements: u64) -> bool {
        match self {
            Self::Load | Self::Store => true,
            Self::CheckedLoad | Self::CheckedStore | Self::LoopStore => (index as u64) < elements,
            Self::OddStore => gid & 1 == 1,
        }
    }
}

/// How a kernel learns which thread it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Line,
    Plane,
    Groups,
    Barriers,
    SimdGroups,
}

const FORMS: [Form; 5] = [Form::Line, Form::Plane, Form::Groups, Form::Barriers, Form::SimdGroups];

impl Form {
    /// Parameters, the code before and the code behind.
    fn code(self) -> [&'static str; 3] {
        let in_groups = "uint group [[threadgroup_position_in_grid]], uint t [[thread_index_in_threadgroup]], \
                         uint w [[dispatch_threads_per_threadgroup]], uint lane [[thread_index_in_simdgroup]]";
        match self {
            Self::Line => ["uint gid [[thread_position_in_grid]]", "", ""],
            Self::Plane => [
                "uint2 q [[thread_position_in_grid]], uint2 g [[threads_per_grid]]",
                "uint gid = q.y * g.x + q.x;",
                "",
            ],
            Self::Groups => [in_groups, "uint gid = group * w + t;", ""],
            Self::Barriers => [
                in_groups,
                "threadgroup uint shared[256]; shared[w - 1 - t] = t; threadgroup_barrier(mem_flags::mem_threadgroup); \
                 uint gid = group * w + (w - 1 - shared[t]);",
                "threadgroup_barrier(mem_flags::mem_threadgroup); shared[t] = 0;",
            ],
            Self::SimdGroups => [
                in_groups,
                "uint gid = simd_broadcast_first(group * w + t) + lane;",
                "simdgroup_barrier(mem_flags::mem_none);",
            ],
        }
    }

    /// Grids, and their threadgroups.
    fn shapes(self) -> &'static [[[u32; 3]; 2]] {
        match self {
            Self::Line => &[
                [[1, 1, 1], [32, 1, 1]],
                [[64, 1, 1], [32, 1, 1]],
                [[40, 1, 1], [40, 1, 1]],
                [[103, 1, 1], [64, 1, 1]],
                [[33, 1, 1], [3, 1, 1]],
                [[300, 1, 1], [64, 1, 1]],
            ],
            Self::Plane => &[
                [[8, 8, 1], [8, 8, 1]],
                [[33, 3, 1], [16, 2, 1]],
                [[64, 2, 1], [32, 2, 1]],
                [[5, 7, 1], [5, 7, 1]],
                [[65, 2, 1], [64, 1, 1]],
                [[40, 9, 1], [8, 8, 1]],
            ],
            // The code of `Barriers` wants full threadgroups.
            Self::Groups | Self::Barriers | Self::SimdGroups => &[
                [[1, 1, 1], [1, 1, 1]],
                [[64, 1, 1], [32, 1, 1]],
                [[80, 1, 1], [40, 1, 1]],
                [[64, 1, 1], [64, 1, 1]],
                [[21, 1, 1], [7, 1, 1]],
                [[512, 1, 1], [256, 1, 1]],
            ],
        }
    }
}

/// One kernel: what it does in which form with which elements.
struct Case {
    operation: Operation,
    element: &'static Element,
    form: Form,
}

impl Case {
    fn name(&self) -> String {
        format!("{:?}_{}_{:?}", self.operation, self.element.name, self.form)
    }

    fn source(&self, pattern: &Pattern) -> String {
        let [parameters, before, behind] = self.form.code();
        let (name, ty) = (self.name(), self.element.name);
        let code = self.operation.code().replace('I', pattern.code);
        format!(
            "kernel void {name}(device {ty}* a [[buffer(0)]], constant long& p [[buffer(1)]], device const int* list [[buffer(2)]], \
             device const {ty}* in [[buffer(3)]], device {ty}* out [[buffer(4)]], constant ulong& n [[buffer(5)]], {parameters}) {{\n\
             {before}\n{code}\n{behind}\n}}\n"
        )
    }
}

/// What runs of a pattern came to.
#[derive(Default)]
struct Counts {
    finished: usize,
    faulted: usize,
}

/// Runs everything there is to a pattern.
pub(super) fn check(pattern: &'static Pattern) -> Result<(), String> {
    let seed = pattern.name.len() + pattern.code.len();
    let every = std::env::var_os("METAL_BRIDGE_REACH_ALL").is_some_and(|v| v == "1");
    let mut cases = Vec::new();
    for (i, element) in ELEMENTS.iter().enumerate() {
        for (j, operation) in OPERATIONS.into_iter().enumerate() {
            // With floats two forms of each operation; of the others every sixth operation, in one form, in turn.
            for (k, form) in FORMS.into_iter().enumerate() {
                let turn = i + j + seed;
                let chosen = if i == 0 {
                    k == turn % FORMS.len() || k == j % 2
                } else {
                    k == turn % FORMS.len() && turn.is_multiple_of(6)
                };
                if every || chosen {
                    cases.push(Case { operation, element, form });
                }
            }
        }
    }
    let sources: String = cases.iter().map(|case| case.source(pattern)).collect();
    let header = format!("#include <metal_stdlib>\nusing namespace metal;\n{TYPES}");
    let library = super::compile(&(header + &sources))?;
    let mut counts = Counts::default();
    let mut problems = String::new();
    for case in &cases {
        let constants = FunctionConstantValues::new();
        // SAFETY: these ways are checked.
        let built = unsafe { ways::build(&library, &case.name(), &constants, |way| way.checked) }?;
        for (way, kernel) in built {
            let mut number = 0;
            for [grid, group] in case.form.shapes() {
                let threads = grid.iter().product::<u32>();
                let elements = (pattern.elements)(threads.into());
                for p in (pattern.p)(threads.into(), elements) {
                    for list in (pattern.lists)(elements) {
                        let list: Vec<i32> = (0..threads).map(list).collect();
                        for guard in Guard::BOTH {
                            number += 1;
                            let length = length(case.element, elements as u64, number);
                            let run = Run {
                                pattern,
                                case,
                                grid: *grid,
                                group: *group,
                                p,
                                list: &list,
                                length,
                                guard,
                            };
                            if let Err(problem) = run.check(&kernel, &mut counts) {
                                let _ = writeln!(
                                    problems,
                                    "{}, {}, grid {grid:?} group {group:?} p {p} length {length} guard {guard:?}: {problem}",
                                    case.name(),
                                    way.name
                                );
                            }
                        }
                    }
                }
            }
        }
    }
    println!("{} kernels: {} runs finished, {} faulted", cases.len(), counts.finished, counts.faulted);
    if !problems.is_empty() {
        let count = problems.lines().count();
        let some: String = problems.lines().take(20).map(|l| format!("{l}\n")).collect();
        return Err(format!("{count} runs of `{}` went wrong, among them:\n{some}", pattern.code));
    }
    if counts.finished < 50 || counts.faulted < 50 {
        return Err(format!("only {} runs finished and {} faulted", counts.finished, counts.faulted));
    }
    Ok(())
}

/// Bytes for a number of elements, of which a launch has to bind at least one; sometimes with a part of one more.
fn length(element: &Element, elements: u64, number: u32) -> u64 {
    let whole = elements.max(1) * element.size;
    let parts: &[u64] = match element.size {
        1 => &[0],
        2 => &[0, 0, 0, 1],
        3..=4 => &[0, 0, 0, 2],
        _ => &[0, 0, 4, element.size - element.size % 4 - 4],
    };
    whole + parts[number as usize / 2 % parts.len()]
}

struct Run<'a> {
    pattern: &'a Pattern,
    case: &'a Case,
    grid: [u32; 3],
    group: [u32; 3],
    p: i64,
    list: &'a [i32],
    /// Bytes of the buffer that the pattern is about.
    length: u64,
    guard: Guard,
}

impl Run<'_> {
    fn check(&self, kernel: &Kernel, counts: &mut Counts) -> Result<(), String> {
        let (size, threads) = (self.case.element.size as usize, self.list.len());
        let n = self.length / self.case.element.size;
        let bytes = |salt: usize, length: usize| -> Vec<u8> {
            // Below 64: no float of these bytes is a NaN.
            (0..length).map(|i| ((i * 7 + i / 64 * 5 + salt) % 61) as u8).collect()
        };
        let before = [
            bytes(1, self.length as usize),
            self.p.to_le_bytes().to_vec(),
            self.list.iter().flat_map(|n| n.to_le_bytes()).collect(),
            bytes(2, threads * size),
            bytes(3, threads * size),
            n.to_le_bytes().to_vec(),
        ];
        let memory: Vec<Guarded> = before.iter().map(|content| Guarded::new(content, self.guard)).collect();
        let buffers: Vec<_> = memory.iter().map(|m| Some(m.binding())).collect();
        let launch = Launch {
            buffers: &buffers,
            threadgroup_memory: &[],
            threads_per_grid: self.grid,
            threads_per_threadgroup: self.group,
            stop: &AtomicBool::new(false),
        };
        // SAFETY: the memory is there during the run, and used by nothing else.
        let result = unsafe { ways::run(kernel, &launch, &mut Scratch::default()) };
        if let Some(buffer) = memory.iter().position(|m| !m.is_alone()) {
            return Err(format!("something beside buffer {buffer} was written to"));
        }
        for unwritten in [1, 2, 3, 5] {
            if memory[unwritten].content() != before[unwritten] {
                return Err(format!("buffer {unwritten} was written to"));
            }
        }
        match (&result, self.must_fault(), self.may_fault()) {
            (Ok(()), true, _) => return Err("it finished, although elements are outside".into()),
            (Err(fault), _, false) => {
                return Err(format!("fault, although all elements are inside: {fault}"));
            }
            (Ok(()), ..) => counts.finished += 1,
            (Err(fault), ..) => {
                counts.faulted += 1;
                self.check_fault(fault)?;
            }
        }
        self.check_content(&before, &memory, result.is_ok())
    }

    /// The index and the byte offset of a thread's element, if the thread accesses it.
    fn place(&self, gid: u32) -> Option<u64> {
        let index = (self.pattern.index)(gid, self.p, self.list[gid as usize]);
        let n = self.length / self.case.element.size;
        let does = self.case.operation.does(gid, index, n);
        does.then(|| (index as u64).wrapping_mul(self.case.element.size))
    }

    fn places(&self) -> impl Iterator<Item = (u32, u64)> {
        (0..self.list.len() as u32).filter_map(|gid| Some((gid, self.place(gid)?)))
    }

    fn is_inside(&self, offset: u64, size: u64) -> bool {
        offset.checked_add(size).is_some_and(|end| end <= self.length)
    }

    fn must_fault(&self) -> bool {
        self.places().any(|(_, offset)| !self.is_inside(offset, self.case.element.used))
    }

    fn may_fault(&self) -> bool {
        self.places().any(|(_, offset)| !self.is_inside(offset, self.case.element.size))
    }

    fn check_fault(&self, fault: &KernelFault) -> Result<(), String> {
        let FaultKind::OutOfBounds { memory, offset, size, length, access } = &fault.kind else {
            return Err(format!("fault of another kind: {fault}"));
        };
        let Some([x, y, z]) = fault.thread_position_in_grid else {
            return Err(format!("fault without a thread: {fault}"));
        };
        let gid = (z * self.grid[1] + y) * self.grid[0] + x;
        let Some(element) = ((gid as usize) < self.list.len()).then(|| self.place(gid)).flatten() else {
            return Err(format!("fault of a thread that accesses nothing: {fault}"));
        };
        let in_element = (*offset as u64).wrapping_sub(element);
        let wanted_access = if self.case.operation.loads() { Access::ReadOnly } else { Access::ReadWrite };
        let right = matches!(memory, Memory::Argument { index: 0, .. })
            && fault.kernel == self.case.name()
            && *length == self.length
            && *access == wanted_access
            && in_element.checked_add(*size).is_some_and(|end| end <= self.case.element.size)
            && !self.is_inside(*offset as u64, *size)
            && fault.location.as_ref().is_some_and(|l| l.line > 0);
        if right {
            Ok(())
        } else {
            Err(format!("a fault that is not so: {fault}; its element is at {element}"))
        }
    }

    fn check_content(&self, before: &[Vec<u8>], memory: &[Guarded], finished: bool) -> Result<(), String> {
        let (size, used) = (self.case.element.size as usize, self.case.element.used as usize);
        let (a, out) = (memory[0].content(), memory[4].content());
        if self.case.operation.loads() {
            if a != before[0] {
                return Err("the buffer was written to".into());
            }
            for gid in 0..self.list.len() {
                let slot = gid * size..gid * size + used;
                let (got, old) = (&out[slot.clone()], &before[4][slot]);
                let want = self.place(gid as u32).filter(|offset| self.is_inside(*offset, used as u64));
                let want = want.map(|offset| &a[offset as usize..][..used]);
                // Padding that is outside may count as part of an element, which is then not loaded at all.
                let whole = self.place(gid as u32).is_some_and(|offset| self.is_inside(offset, size as u64));
                let right = match want {
                    Some(want) if whole => got == want || !finished && got == old,
                    Some(want) => got == want || !finished,
                    // A load that is not done gives zeros.
                    None => got == old || !finished,
                };
                if !right {
                    return Err(format!("thread {gid} has read {got:?} instead of {want:?}"));
                }
            }
            return Ok(());
        }
        if out != before[4] {
            return Err("the output was written to".into());
        }
        // What may be at a byte: the old content, and what threads write there.
        let mut stored = vec![false; a.len()];
        let mut right: Vec<bool> = a.iter().zip(&before[0]).map(|(now, old)| now == old).collect();
        for (gid, offset) in self.places().filter(|(_, offset)| self.is_inside(*offset, used as u64)) {
            for i in 0..used {
                let at = offset as usize + i;
                let is_new = a[at] == before[3][gid as usize * size + i];
                if !stored[at] && finished {
                    right[at] = false;
                }
                stored[at] = true;
                right[at] |= is_new;
            }
        }
        // Padding may be written with anything.
        let padding = |at: usize| size != used && at % size >= used;
        match (0..a.len()).find(|at| !right[*at] && !padding(*at)) {
            Some(at) => Err(format!("byte {at} is {}, was {}", a[at], before[0][at])),
            None => Ok(()),
        }
    }
}

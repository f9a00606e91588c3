//! Code of every kind, written by hand as LLVM's text, runs as the runtime promises.

use std::mem::offset_of;
use std::sync::atomic::{AtomicBool, Ordering};

use super::context::{GroupContext, KnownMemory, Parked, Site};
use super::{Code, CompilePart, EntryKind, Generated, Groups, Program, Scratch, Shapes, run};
use crate::llvm::{Machine, Module};
use crate::simt::simdgroups;
use crate::{Access, Binding, CompilerFailure, FaultKind, KernelFault, Launch, Memory};

/// Puts the numbers that generated code knows into text.
fn filled(text: &str) -> String {
    let numbers = [
        ("BUFFERS", offset_of!(GroupContext, buffers)),
        ("MEMORY", offset_of!(GroupContext, threadgroup_memory)),
        ("STOP", offset_of!(GroupContext, stop)),
        ("PARKED_TABLE", offset_of!(GroupContext, parked)),
        ("THREADS_PER_GRID", offset_of!(GroupContext, threads_per_grid)),
        ("GROUP_POSITION", offset_of!(GroupContext, threadgroup_position_in_grid)),
        ("THREADS", offset_of!(GroupContext, threads_per_threadgroup)),
        ("PARKED_SIZE", size_of::<Parked>()),
    ];
    numbers
        .iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${name}"), &value.to_string()))
}

fn object(text: &str) -> Vec<u8> {
    let machine = Machine::host().unwrap();
    let mut module = Module::parse_text(&filled(text)).unwrap();
    module.set_machine(&machine);
    module.verify().unwrap();
    module.run_passes("default<O1>", &machine).unwrap();
    machine.emit_object(&mut module).unwrap()
}

fn code(text: &str, entry: EntryKind, groups: Groups) -> Code {
    code_with_part(text, entry, groups, None)
}

/// Code that has a part, if it is given one.
fn code_with_part(text: &str, entry: EntryKind, groups: Groups, part: Option<CompilePart>) -> Code {
    let (object, has_part) = (object(text), part.is_some());
    let sites = vec![Site { access: Access::ReadWrite, location: None }];
    let memory = Memory::Variable { name: "out".into() };
    let memories = vec![KnownMemory { memory, access: Access::ReadWrite }];
    let generated = Generated { object, entry, groups, most_together: 0, has_part, sites, memories };
    let part = part.unwrap_or_else(|| Box::new(|| unreachable!("nobody asks for it")));
    // SAFETY: the texts below have the entries that the tests say, and declare the hooks as they are.
    unsafe { Code::load(generated, part) }.unwrap()
}

struct Job {
    threads_per_grid: [u32; 3],
    threads_per_threadgroup: [u32; 3],
    static_threadgroup_memory: usize,
    out: Vec<u32>,
    stop: AtomicBool,
}

impl Job {
    fn new(threads_per_grid: [u32; 3], threads_per_threadgroup: [u32; 3]) -> Self {
        let out = vec![0; threads_per_grid.iter().product::<u32>() as usize];
        let stop = AtomicBool::new(false);
        Self { threads_per_grid, threads_per_threadgroup, static_threadgroup_memory: 0, out, stop }
    }

    /// Runs all units, `at_a_time` of them in each call.
    fn run(&mut self, straight: &Code, general: &Code, at_a_time: usize) -> Result<(), Box<KernelFault>> {
        let binding = Binding { address: self.out.as_mut_ptr().cast(), length: 4 * self.out.len() as u64 };
        let launch = Launch {
            buffers: &[Some(binding)],
            threadgroup_memory: &[],
            threads_per_grid: self.threads_per_grid,
            threads_per_threadgroup: self.threads_per_threadgroup,
            stop: &self.stop,
        };
        let static_threadgroup_memory = self.static_threadgroup_memory;
        let program = Program { kernel: "k".into(), writable_buffers: 1, static_threadgroup_memory };
        let shapes = Shapes { straight, general, together: None };
        let units = straight.units(&launch);
        let mut scratch = Scratch::default();
        for start in (0..units).step_by(at_a_time) {
            let units = start..(start + at_a_time as u64).min(units);
            // SAFETY: the binding is memory of this job that nothing else refers to meanwhile.
            unsafe { run(&program, shapes, &launch, units, &mut scratch) }?;
        }
        Ok(())
    }
}

/// Adds 1 + x + 1000 y + 100000 z to its word in a grid; beyond the buffer's length that is a fault.
const ROWS: &str = "
declare i1 @msl.rt.fault_at(ptr, i32, i32, i32, i32, i32, i64, i64, i64, i64)
define void @msl.rows(ptr %context, i32 %x0, i32 %x1, i32 %y0, i32 %y1, i32 %z) {
entry:
  %table.place = getelementptr i8, ptr %context, i64 $BUFFERS
  %table = load ptr, ptr %table.place
  %out = load ptr, ptr %table
  %length.place = getelementptr i8, ptr %table, i64 8
  %length = load i64, ptr %length.place
  %width.place = getelementptr i8, ptr %context, i64 $THREADS_PER_GRID
  %width = load i32, ptr %width.place
  %height.place = getelementptr i8, ptr %width.place, i64 4
  %height = load i32, ptr %height.place
  br label %thread
thread:
  %x = phi i32 [ %x0, %entry ], [ %x.next, %next ]
  %y = phi i32 [ %y0, %entry ], [ %y.next, %next ]
  %plane = mul i32 %z, %height
  %row = add i32 %plane, %y
  %before = mul i32 %row, %width
  %index = add i32 %before, %x
  %wide = zext i32 %index to i64
  %offset = mul i64 %wide, 4
  %word = getelementptr i8, ptr %out, i64 %offset
  %end = add i64 %offset, 4
  %inside = icmp ule i64 %end, %length
  br i1 %inside, label %do, label %bad
bad:
  %start = ptrtoint ptr %out to i64
  %address = ptrtoint ptr %word to i64
  %again = call i1 @msl.rt.fault_at(ptr %context, i32 %x, i32 %y, i32 %z, i32 0, i32 0, i64 %address, i64 %start, i64 %length, i64 4)
  br i1 %again, label %do, label %next
do:
  %old = load i32, ptr %word
  %a = add i32 %x, 1
  %b = mul i32 %y, 1000
  %c = mul i32 %z, 100000
  %ab = add i32 %a, %b
  %abc = add i32 %ab, %c
  %new = add i32 %old, %abc
  store i32 %new, ptr %word
  br label %next
next:
  %x1.next = add i32 %x, 1
  %wrap = icmp eq i32 %x1.next, %x1
  %x.next = select i1 %wrap, i32 %x0, i32 %x1.next
  %carry = zext i1 %wrap to i32
  %y.next = add i32 %y, %carry
  %done = icmp eq i32 %y.next, %y1
  br i1 %done, label %leave, label %thread
leave:
  ret void
}
";

#[test]
fn each_thread_of_a_grid_runs_once() {
    for step in [[32, 1], [32, 4]] {
        let code = code(ROWS, EntryKind::Grid { step }, Groups::Any);
        for [width, height, depth] in [[1, 1, 1], [5000, 1, 1], [70, 300, 2], [3, 2, 90]] {
            for at_a_time in [1, 7, 1 << 20] {
                let mut job = Job::new([width, height, depth], [8, 8, 1]);
                job.run(&code, &code, at_a_time).unwrap();
                for (i, word) in job.out.iter().enumerate() {
                    let (x, row) = (i as u32 % width, i as u32 / width);
                    assert_eq!(*word, 1 + x + 1000 * (row % height) + 100_000 * (row / height));
                }
            }
        }
    }
}

#[test]
fn faults_of_a_grid_name_the_thread() {
    let code = code(ROWS, EntryKind::Grid { step: [32, 1] }, Groups::Any);
    let mut job = Job::new([50, 20, 3], [10, 10, 1]);
    job.out.truncate(50 * 20 * 2 + 50 * 4 + 7);
    let fault = job.run(&code, &code, 1 << 20).unwrap_err();
    assert_eq!(fault.thread_position_in_grid, Some([7, 4, 2]));
    let memory = Memory::Variable { name: "out".into() };
    let length = 4 * job.out.len() as u64;
    let kind =
        FaultKind::OutOfBounds { memory, offset: length as i64, size: 4, length, access: Access::ReadWrite };
    assert_eq!(fault.kind, kind);
    assert!(job.stop.load(Ordering::Relaxed), "a fault stops the launch");
}

#[test]
fn a_launch_that_is_stopped_does_nothing_more() {
    let code = code(ROWS, EntryKind::Grid { step: [32, 1] }, Groups::Any);
    let mut job = Job::new([50, 20, 3], [10, 10, 1]);
    job.stop.store(true, Ordering::Relaxed);
    job.run(&code, &code, 1 << 20).unwrap();
    assert!(job.out.iter().all(|word| *word == 0));
}

/// Leaves what it is asked to do to the part.
const CALLS_PART: &str = "
declare void @msl.rt.part(ptr, i32, i32, i32, i32, i32)
define void @msl.rows(ptr %context, i32 %x0, i32 %x1, i32 %y0, i32 %y1, i32 %z) {
  %count = sub i32 %x1, %x0
  call void @msl.rt.part(ptr %context, i32 7, i32 %x0, i32 %y0, i32 %z, i32 %count)
  ret void
}
";

/// Writes its arguments to the buffer.
const PART_WRITES: &str = "
define void @msl.part(ptr %context, i32 %first, i32 %x, i32 %y, i32 %z, i32 %count) {
  %table.place = getelementptr i8, ptr %context, i64 $BUFFERS
  %table = load ptr, ptr %table.place
  %out = load ptr, ptr %table
  store i32 %first, ptr %out
  %second = getelementptr i32, ptr %out, i32 1
  store i32 %x, ptr %second
  %third = getelementptr i32, ptr %out, i32 2
  store i32 %count, ptr %third
  ret void
}
";

#[test]
fn a_part_is_compiled_once_when_it_is_called() {
    let kind = EntryKind::Grid { step: [32, 1] };
    let compile: CompilePart = Box::new(|| Ok(object(PART_WRITES)));
    let code = code_with_part(CALLS_PART, kind, Groups::Any, Some(compile));
    assert!(!code.has_compiled_part());
    for _ in 0..2 {
        let mut job = Job::new([20, 1, 1], [8, 8, 1]);
        job.run(&code, &code, 1).unwrap();
        assert_eq!(job.out[..3], [7, 0, 20]);
        assert!(code.has_compiled_part());
    }
}

#[test]
fn a_part_that_cannot_be_compiled_is_a_fault() {
    let fails: CompilePart = Box::new(|| Err(CompilerFailure::Internal("no part today".into()).into()));
    let panics: CompilePart = Box::new(|| panic!("a bug of ours, on purpose"));
    for (compile, message) in [(fails, "no part today"), (panics, "panicked")] {
        let kind = EntryKind::Grid { step: [32, 1] };
        let code = code_with_part(CALLS_PART, kind, Groups::Any, Some(compile));
        for _ in 0..2 {
            let mut job = Job::new([20, 1, 1], [8, 8, 1]);
            let fault = job.run(&code, &code, 1).unwrap_err().to_string();
            assert!(fault.contains("kernel `k`: code that it needs was not compiled"), "{fault}");
            assert!(fault.contains(message), "{fault}");
            assert!(job.stop.load(Ordering::Relaxed), "a fault stops the launch");
            assert!(job.out.iter().all(|word| *word == 0));
        }
    }
}

/// Adds a number to the threadgroup's word of the buffer.
fn marks(number: u32) -> String {
    "
define void @msl.threadgroup(ptr %context) {
  %table.place = getelementptr i8, ptr %context, i64 $BUFFERS
  %table = load ptr, ptr %table.place
  %out = load ptr, ptr %table
  %x.place = getelementptr i8, ptr %context, i64 $GROUP_POSITION
  %x = load i32, ptr %x.place
  %y.place = getelementptr i8, ptr %x.place, i64 4
  %y = load i32, ptr %y.place
  %row = mul i32 %y, 4
  %index = add i32 %row, %x
  %word = getelementptr i32, ptr %out, i32 %index
  %old = load i32, ptr %word
  %new = add i32 %old, NUMBER
  store i32 %new, ptr %word
  ret void
}
"
    .replace("NUMBER", &number.to_string())
}

#[test]
fn each_threadgroup_gets_the_code_for_its_shape() {
    let straight = code(&marks(1), EntryKind::Threadgroup, Groups::Straight);
    let general = code(&marks(2), EntryKind::Threadgroup, Groups::Any);
    let check = |grid, group, expected: [u32; 12]| {
        let mut job = Job::new(grid, group);
        job.run(&straight, &general, 5).unwrap();
        assert_eq!(job.out[..12], expected, "threadgroups of {group:?} in {grid:?}");
    };
    check([128, 12, 1], [32, 4, 1], [1; 12]);
    check([32, 12, 1], [8, 4, 1], [2; 12]);
    // The last column is 16 wide; the last row is one thread high.
    check([112, 9, 1], [32, 4, 1], [1, 1, 1, 2, 1, 1, 1, 2, 1, 1, 1, 1]);
    check([49, 12, 1], [16, 4, 1], [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]);
    check([64, 3, 1], [16, 1, 1], [1; 12]);
}

/// Code of which each SIMD-group runs the function, whether all its threads are there or not.
fn code_of_simdgroups(function: &'static str) -> Code {
    let part: CompilePart = Box::new(|| Ok(object(&function.replace("@msl.whole", "@msl.part"))));
    code_of_simdgroups_with(function, part)
}

fn code_of_simdgroups_with(function: &str, part: CompilePart) -> Code {
    let text = [
        function,
        &simdgroups(true, true),
        "declare void @msl.rt.part(ptr, i32, i32, i32, i32, i32)\n!2 = !{}",
    ]
    .concat();
    code_with_part(&text, EntryKind::Simdgroups, Groups::Straight, Some(part))
}

/// Each SIMD-group leaves its number in threadgroup memory, waits, and adds its neighbour's number, times ten to the
/// power of the round, to its word of the buffer; twice, so that there are several barriers. SIMD-group 3 ends early.
const WAITS_TWICE: &str = "
declare ptr @msl.rt.frame(ptr, i32, i64)
declare token @llvm.coro.id(i32, ptr, ptr, ptr)
declare i64 @llvm.coro.size.i64()
declare ptr @llvm.coro.begin(token, ptr)
declare i8 @llvm.coro.suspend(token, i1)
declare ptr @llvm.coro.free(token, ptr)
declare i1 @llvm.coro.end(ptr, i1, token)

define void @msl.whole(ptr %context, i32 %first, i32 %x, i32 %y, i32 %z, i32 %lanes) presplitcoroutine {
entry:
  %number = udiv i32 %first, 32
  %parked.place = getelementptr i8, ptr %context, i64 $PARKED_TABLE
  %parked.table = load ptr, ptr %parked.place
  %parked.offset = mul i32 %number, $PARKED_SIZE
  %parked = getelementptr i8, ptr %parked.table, i32 %parked.offset
  %id = call token @llvm.coro.id(i32 0, ptr null, ptr null, ptr null)
  %size = call i64 @llvm.coro.size.i64()
  %frame = call ptr @msl.rt.frame(ptr %context, i32 %number, i64 %size)
  %handle = call ptr @llvm.coro.begin(token %id, ptr %frame)
  store ptr %handle, ptr %parked

  %table.place = getelementptr i8, ptr %context, i64 $BUFFERS
  %table = load ptr, ptr %table.place
  %out = load ptr, ptr %table
  %group.place = getelementptr i8, ptr %context, i64 $GROUP_POSITION
  %group = load i32, ptr %group.place
  %threads.place = getelementptr i8, ptr %context, i64 $THREADS
  %threads = load i32, ptr %threads.place
  %rounded = add i32 %threads, 31
  %count = udiv i32 %rounded, 32
  %memory.place = getelementptr i8, ptr %context, i64 $MEMORY
  %memory = load ptr, ptr %memory.place
  %own = getelementptr i32, ptr %memory, i32 %number
  %following = add i32 %number, 1
  %neighbour = urem i32 %following, %count
  %other = getelementptr i32, ptr %memory, i32 %neighbour
  %groups = mul i32 %group, 32
  %index = add i32 %groups, %number
  %word = getelementptr i32, ptr %out, i32 %index
  %three = icmp eq i32 %number, 3
  br i1 %three, label %end, label %round
round:
  %scale = phi i32 [ 1, %entry ], [ %scale.next, %resumed ]
  %left = add i32 %number, %scale
  store i32 %left, ptr %own
  %how = call i8 @llvm.coro.suspend(token none, i1 false)
  switch i8 %how, label %leave [ i8 0, label %read
                                 i8 1, label %cleanup ]
read:
  %found = load i32, ptr %other
  %scaled = mul i32 %found, %scale
  %old = load i32, ptr %word
  %new = add i32 %old, %scaled
  store i32 %new, ptr %word
  %how2 = call i8 @llvm.coro.suspend(token none, i1 false)
  switch i8 %how2, label %leave [ i8 0, label %resumed
                                  i8 1, label %cleanup ]
resumed:
  %scale.next = mul i32 %scale, 1000
  %again = icmp eq i32 %scale, 1
  br i1 %again, label %round, label %end
end:
  %how3 = call i8 @llvm.coro.suspend(token none, i1 true)
  switch i8 %how3, label %leave [ i8 1, label %cleanup ]
cleanup:
  call ptr @llvm.coro.free(token %id, ptr %handle)
  br label %leave
leave:
  call i1 @llvm.coro.end(ptr %handle, i1 false, token none)
  ret void
}
";

#[test]
fn simdgroups_wait_for_each_other() {
    let code = code_of_simdgroups(WAITS_TWICE);
    for (threads, group) in [(64, 64), (1024, 1024), (3 * 320, 320), (150, 100), (32, 32), (1000, 1000)] {
        let mut job = Job::new([threads, 1, 1], [group, 1, 1]);
        let groups = threads.div_ceil(group);
        job.out = vec![0; 32 * groups as usize];
        job.static_threadgroup_memory = 128;
        job.run(&code, &code, 2).unwrap();
        for g in 0..groups {
            let count = (threads - g * group).min(group).div_ceil(32);
            let expected = |number: u32| {
                let neighbour = (number + 1) % count;
                let left = |scale: u32| if neighbour == 3 { 0 } else { neighbour + scale };
                if number == 3 || number >= count { 0 } else { left(1) + 1000 * left(1000) }
            };
            let words = &job.out[32 * g as usize..][..32];
            assert_eq!(*words, (0..32).map(expected).collect::<Vec<_>>(), "threadgroup {g} of {groups}");
        }
    }
}

#[test]
fn simdgroups_do_not_wait_for_one_whose_code_cannot_be_compiled() {
    let fails: CompilePart = Box::new(|| Err(CompilerFailure::Internal("no part today".into()).into()));
    let code = code_of_simdgroups_with(WAITS_TWICE, fails);
    let mut job = Job::new([80, 1, 1], [80, 1, 1]);
    job.static_threadgroup_memory = 128;
    let fault = job.run(&code, &code, 1).unwrap_err().to_string();
    assert!(fault.contains("no part today"), "{fault}");
}

/// Waits at a barrier for ever, counting the rounds of SIMD-group 0; stops the launch after 100.
const ENDLESS: &str = "
declare ptr @msl.rt.frame(ptr, i32, i64)
declare token @llvm.coro.id(i32, ptr, ptr, ptr)
declare i64 @llvm.coro.size.i64()
declare ptr @llvm.coro.begin(token, ptr)
declare i8 @llvm.coro.suspend(token, i1)
declare ptr @llvm.coro.free(token, ptr)
declare i1 @llvm.coro.end(ptr, i1, token)

define void @msl.whole(ptr %context, i32 %first, i32 %x, i32 %y, i32 %z, i32 %lanes) presplitcoroutine {
entry:
  %number = udiv i32 %first, 32
  %parked.place = getelementptr i8, ptr %context, i64 $PARKED_TABLE
  %parked.table = load ptr, ptr %parked.place
  %parked.offset = mul i32 %number, $PARKED_SIZE
  %parked = getelementptr i8, ptr %parked.table, i32 %parked.offset
  %id = call token @llvm.coro.id(i32 0, ptr null, ptr null, ptr null)
  %size = call i64 @llvm.coro.size.i64()
  %frame = call ptr @msl.rt.frame(ptr %context, i32 %number, i64 %size)
  %handle = call ptr @llvm.coro.begin(token %id, ptr %frame)
  store ptr %handle, ptr %parked
  %table.place = getelementptr i8, ptr %context, i64 $BUFFERS
  %table = load ptr, ptr %table.place
  %out = load ptr, ptr %table
  %stop.place = getelementptr i8, ptr %context, i64 $STOP
  %stop = load ptr, ptr %stop.place
  %word = getelementptr i32, ptr %out, i32 %number
  br label %round
round:
  %old = load i32, ptr %word
  %new = add i32 %old, 1
  store i32 %new, ptr %word
  %late = icmp ugt i32 %new, 100
  %flag = zext i1 %late to i8
  store atomic i8 %flag, ptr %stop monotonic, align 1
  %how = call i8 @llvm.coro.suspend(token none, i1 false)
  switch i8 %how, label %leave [ i8 0, label %round
                                 i8 1, label %cleanup ]
cleanup:
  call ptr @llvm.coro.free(token %id, ptr %handle)
  br label %leave
leave:
  call i1 @llvm.coro.end(ptr %handle, i1 false, token none)
  ret void
}
";

#[test]
fn simdgroups_that_wait_for_ever_can_be_stopped() {
    let code = code_of_simdgroups(ENDLESS);
    let mut job = Job::new([128, 1, 1], [64, 1, 1]);
    job.run(&code, &code, 2).unwrap();
    assert_eq!(job.out[..3], [101, 101, 0]);
}

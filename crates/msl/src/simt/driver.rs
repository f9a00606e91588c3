//! What the runtime calls: loops over the tiles of a rectangle of the grid, or the SIMD-groups of a threadgroup.

use std::mem::offset_of;

use super::code::{Code, Operand};
use super::{Plan, Threads};
use crate::SIMD_WIDTH;
use crate::runtime::{GroupContext, Parked, RUN_PART, SIMDGROUPS};

/// Of the functions that run a tile: position of the first thread, in the grid or in the threadgroup, its index in the
/// threadgroup, the number of threads if it may be less than all, and where the tables of bindings are if [`is_in_loop`].
pub(super) fn parameters(plan: &Plan) -> String {
    let mut text = format!("{}, i32 %first, i32 %x, i32 %y, i32 %z, i32 %count", context());
    if is_in_loop(plan) {
        text += &tables_as_arguments();
    }
    text
}

/// Whether a plan's function becomes part of a loop over tiles.
fn is_in_loop(plan: &Plan) -> bool {
    plan.full && !plan.waits && !plan.together
}

/// The tables of bindings: names of their addresses, and where the context has these.
const TABLES: [(&str, usize); 2] = [
    ("%buffers", offset_of!(GroupContext, buffers)),
    ("%threadgroup.arguments", offset_of!(GroupContext, threadgroup_arguments)),
];

/// What is known of the address of a table of bindings: it does not change, and there is a table, which may be read at any
/// time.
const TABLE: &str = "!invariant.load !2, !dereferenceable !3, !noundef !2, !align !4";

/// The address of the table of bindings that is at an offset of the context.
pub(super) fn table(plan: &Plan, code: &mut Code, offset: usize) -> Operand {
    if is_in_loop(plan)
        && let Some((name, _)) = TABLES.iter().find(|(_, place)| *place == offset)
    {
        return Operand::new(*name);
    }
    let place = code.value(format_args!("getelementptr i8, ptr %context, i64 {offset}"));
    code.value(format_args!("load ptr, ptr {place}, {TABLE}"))
}

/// Loads the addresses of the tables before a loop over tiles. Loaded in it they could only be moved out of it, as the loop
/// may have no iteration, by forgetting that they may be read at any time: then what is in the tables would stay in the loop.
fn tables() -> String {
    let load = |(name, offset)| {
        let place = format!("getelementptr i8, ptr %context, i64 {offset}");
        format!("  {name}.place = {place}\n  {name} = load ptr, ptr {name}.place, {TABLE}\n")
    };
    TABLES.map(load).concat()
}

/// The tables as parameters and arguments.
fn tables_as_arguments() -> String {
    TABLES.map(|(name, _)| format!(", ptr {name}")).concat()
}

/// The parameter of the context, which may be read at any time.
fn context() -> String {
    format!("ptr noundef align 8 dereferenceable({}) %context", size_of::<GroupContext>())
}

/// The attributes that all functions have in common, which [`attributes`] defines.
pub(super) const ATTRIBUTES: &str = "#0";

/// The definition of [`ATTRIBUTES`] for a machine whose vector registers have so many bytes. LLVM decides too late what has to
/// wait on the stack to align it for that: where vectors are larger than what the stack is aligned to anyway, half of them
/// would lie across two lines of the cache.
pub(super) fn attributes(vector_bytes: u32) -> String {
    match vector_bytes {
        0..=STACK_ALIGNMENT => format!("attributes {ATTRIBUTES} = {{ nounwind }}\n"),
        bytes => format!("attributes {ATTRIBUTES} = {{ nounwind alignstack={bytes} }}\n"),
    }
}

/// In bytes, on all machines that kernels run on.
const STACK_ALIGNMENT: u32 = 16;

/// The function that runs a tile of which all threads are there. [`RUN_PART`] runs a row of which some may be absent.
pub(super) const WHOLE: &str = "msl.whole";

/// Of a function, and of all calls of it: it leaves to its callers what is in registers. SIMD-groups that wait are resumed often and
/// do little at a time; if their function has slow ways, which need many registers, it would save and restore them each time.
/// Calls may change the frame pointer, too, so [`simdgroups`] must need none. Known on x86 only.
pub(super) const SAVES_NOTHING: &str = "\"no_callee_saved_registers\"";

/// The entry for a plan of whole tiles; `has_part`: there is the other function, too.
pub(super) fn entry(plan: &Plan, has_part: bool) -> String {
    match (plan.threads, plan.waits) {
        (Threads::Grid, _) => rows(plan),
        _ if plan.together => whole_threadgroup(plan.rows),
        (_, false) => threadgroup(plan.threads == Threads::Straight),
        (_, true) => simdgroups(plan.threads == Threads::Straight, has_part),
    }
}

/// A rectangle of the grid, by tiles. Tiles of several rows go down before they go right, as rows share what they read
/// along x.
fn rows(plan: &Plan) -> String {
    let lanes = plan.lanes;
    let [width, height] = plan.extents();
    let context = context();
    let call = |name: &str, x: &str, y: &str, more: &str| {
        format!("call void @{name}(ptr %context, i32 0, i32 {x}, i32 {y}, i32 %z, i32 {more})")
    };
    let whole = call(WHOLE, "%x", "%y", &format!("{lanes}{}", tables_as_arguments()));
    let part = call(RUN_PART, "%px", "%py", "%n");
    let head = format!(
        "define void @msl.rows({context}, i32 %x0, i32 %x1, i32 %y0, i32 %y1, i32 %z) {ATTRIBUTES} {{
entry:
{}  %none.x = icmp uge i32 %x0, %x1
  %none.y = icmp uge i32 %y0, %y1
  %none = or i1 %none.x, %none.y
  br i1 %none, label %end, label %line
line:",
        tables()
    );
    // Both orders have the same loops: an outer and an inner one over tiles, and rows of single tiles at the edges.
    if height > 1 {
        format!(
            "{head}
  %x = phi i32 [%x0, %entry], [%x.next, %line.end]
  %left = sub i32 %x1, %x
  %fits = icmp uge i32 %left, {width}
  %n = call i32 @llvm.umin.i32(i32 %left, i32 {lanes})
  br label %tile
tile:
  %y = phi i32 [%y0, %line], [%y.next, %tile.whole]
  %below = sub i32 %y1, %y
  %high = icmp uge i32 %below, {height}
  %is.whole = and i1 %fits, %high
  br i1 %is.whole, label %tile.whole, label %single
tile.whole:
  {whole}
  %y.next = add i32 %y, {height}
  %more = icmp ult i32 %y.next, %y1
  br i1 %more, label %tile, label %line.end
single:
  %py = phi i32 [%y, %tile], [%py.next, %single]
  {}
  %py.next = add i32 %py, 1
  %py.more = icmp ult i32 %py.next, %y1
  br i1 %py.more, label %single, label %line.end
line.end:
  %x.next = add i32 %x, {width}
  %wrapped = icmp ult i32 %left, {width}
  %last = icmp eq i32 %left, {width}
  %done = or i1 %wrapped, %last
  br i1 %done, label %end, label %line
end:
  ret void
}}
",
            part.replace("%px", "%x")
        )
    } else {
        format!(
            "{head}
  %y = phi i32 [%y0, %entry], [%y.next, %line.end]
  br label %tile
tile:
  %x = phi i32 [%x0, %line], [%x.next, %tile.whole]
  %left = sub i32 %x1, %x
  %fits = icmp uge i32 %left, {width}
  br i1 %fits, label %tile.whole, label %rest
tile.whole:
  {whole}
  %x.next = add i32 %x, {width}
  %more = icmp ult i32 %x.next, %x1
  br i1 %more, label %tile, label %line.end
rest:
  %px = phi i32 [%x, %tile], [%px.next, %rest]
  %px.left = sub i32 %x1, %px
  %n = call i32 @llvm.umin.i32(i32 %px.left, i32 {lanes})
  {}
  %px.next = add i32 %px, %n
  %px.more = icmp ult i32 %px.next, %x1
  br i1 %px.more, label %rest, label %line.end
line.end:
  %y.next = add i32 %y, 1
  %y.more = icmp ult i32 %y.next, %y1
  br i1 %y.more, label %line, label %end
end:
  ret void
}}
",
            part.replace("%py", "%y")
        )
    }
}

/// Loads the number of threads of the threadgroup along each direction.
fn extents() -> String {
    let place = offset_of!(GroupContext, threads_per_threadgroup);
    format!(
        "  %px = getelementptr i8, ptr %context, i64 {place}
  %py = getelementptr i8, ptr %px, i64 4
  %pz = getelementptr i8, ptr %px, i64 8
  %nx = load i32, ptr %px, !invariant.load !2
  %ny = load i32, ptr %py, !invariant.load !2
  %nz = load i32, ptr %pz, !invariant.load !2
  %nxy = mul i32 %nx, %ny
  %n = mul i32 %nxy, %nz
"
    )
}

/// The position of a thread by its index, where SIMD-groups lie within rows; the rest of the code does without.
fn position(straight: bool) -> &'static str {
    if straight {
        "  %x = urem i32 %first, %nx
  %line = udiv i32 %first, %nx
  %y = urem i32 %line, %ny
  %z = udiv i32 %line, %ny
"
    } else {
        "  %x = add i32 0, 0
  %y = add i32 0, 0
  %z = add i32 0, 0
"
    }
}

fn whole_threadgroup(simdgroups: u32) -> String {
    let (context, threads) = (context(), simdgroups * SIMD_WIDTH);
    format!(
        "define void @msl.threadgroup({context}) {ATTRIBUTES} {{
  call void @{WHOLE}(ptr %context, i32 0, i32 0, i32 0, i32 0, i32 {threads})
  ret void
}}
"
    )
}

fn threadgroup(straight: bool) -> String {
    let (context, extents, position) = (context(), extents(), position(straight));
    let (tables, arguments) = (tables(), tables_as_arguments());
    format!(
        "define void @msl.threadgroup({context}) {ATTRIBUTES} {{
entry:
{tables}{extents}  %empty = icmp eq i32 %n, 0
  br i1 %empty, label %end, label %simdgroup
simdgroup:
  %first = phi i32 [0, %entry], [%next, %on]
{position}  %left = sub i32 %n, %first
  %fits = icmp uge i32 %left, {SIMD_WIDTH}
  br i1 %fits, label %whole, label %part
whole:
  call void @{WHOLE}(ptr %context, i32 %first, i32 %x, i32 %y, i32 %z, i32 {SIMD_WIDTH}{arguments})
  br label %on
part:
  call void @{RUN_PART}(ptr %context, i32 %first, i32 %x, i32 %y, i32 %z, i32 %left)
  br label %on
on:
  %next = add i32 %first, {SIMD_WIDTH}
  %more = icmp ult i32 %next, %n
  br i1 %more, label %simdgroup, label %end
end:
  ret void
}}
"
    )
}

/// Starts the SIMD-groups of a threadgroup, and resumes each that waits until all have ended, or the launch is stopped.
/// One that has ended is not waited for.
pub(crate) fn simdgroups(straight: bool, has_part: bool) -> String {
    let (context, extents, position) = (context(), extents(), position(straight));
    let [parked, stop] = [offset_of!(GroupContext, parked), offset_of!(GroupContext, stop)];
    let (entry, handle) = (size_of::<Parked>(), offset_of!(Parked, handle));
    let part = match has_part {
        true => {
            format!("  call void @{RUN_PART}(ptr %context, i32 %first, i32 %x, i32 %y, i32 %z, i32 %left)\n")
        }
        false => String::new(),
    };
    // The handle of what has no function to go on with.
    format!(
        "@ended = internal constant ptr null
define void @{SIMDGROUPS}({context}) nounwind {{
entry:
{extents}  %parked.place = getelementptr i8, ptr %context, i64 {parked}
  %parked.table = load ptr, ptr %parked.place, !invariant.load !2
  %handles = getelementptr i8, ptr %parked.table, i64 {handle}
  %stop.place = getelementptr i8, ptr %context, i64 {stop}
  %stop = load ptr, ptr %stop.place, !invariant.load !2
  %empty = icmp eq i32 %n, 0
  br i1 %empty, label %end, label %start
start:
  %first = phi i32 [0, %entry], [%next, %started]
  %new = phi ptr [%handles, %entry], [%new.next, %started]
  store ptr @ended, ptr %new
{position}  %left = sub i32 %n, %first
  %fits = icmp uge i32 %left, {SIMD_WIDTH}
  br i1 %fits, label %whole, label %part
whole:
  call void @{WHOLE}(ptr %context, i32 %first, i32 %x, i32 %y, i32 %z, i32 {SIMD_WIDTH}) noinline {SAVES_NOTHING}
  br label %started
part:
{part}  br label %started
started:
  %next = add i32 %first, {SIMD_WIDTH}
  %new.next = getelementptr i8, ptr %new, i64 {entry}
  %more = icmp ult i32 %next, %n
  br i1 %more, label %start, label %round
round:
  %flag = load atomic i8, ptr %stop monotonic, align 1
  %goes.on = icmp eq i8 %flag, 0
  br i1 %goes.on, label %simdgroup, label %end
simdgroup:
  %old = phi ptr [%handles, %round], [%old.next, %resumed]
  %waited = phi i1 [false, %round], [%waits, %resumed]
  %handle = load ptr, ptr %old
  %has.ended = call i1 @llvm.coro.done(ptr %handle)
  br i1 %has.ended, label %resumed, label %resume
resume:
  call void @llvm.coro.resume(ptr %handle) {SAVES_NOTHING}
  br label %resumed
resumed:
  %waits = phi i1 [%waited, %simdgroup], [true, %resume]
  %old.next = getelementptr i8, ptr %old, i64 {entry}
  %last = icmp eq ptr %old.next, %new.next
  br i1 %last, label %round.end, label %simdgroup
round.end:
  br i1 %waits, label %round, label %end
end:
  ret void
}}
declare i1 @llvm.coro.done(ptr)
declare void @llvm.coro.resume(ptr)
"
    )
}

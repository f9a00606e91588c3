//! What the runtime calls: loops over the tiles of a rectangle of the grid, or the SIMD-groups of a threadgroup.

use std::mem::offset_of;

use super::{Plan, Threads};
use crate::SIMD_WIDTH;
use crate::runtime::GroupContext;

/// Of the functions that run a tile: position of the first thread, in the grid or in the threadgroup, its index in the
/// threadgroup, and the number of threads if it may be less than all.
pub(super) fn parameters() -> String {
    format!("{}, i32 %first, i32 %x, i32 %y, i32 %z, i32 %count", context())
}

/// The parameter of the context, which may be read at any time.
fn context() -> String {
    format!("ptr noundef align 8 dereferenceable({}) %context", size_of::<GroupContext>())
}

/// The function that runs a tile of which all threads are there.
pub(super) const WHOLE: &str = "msl.whole";
/// The function that runs a row of which some threads may be absent, and anything else.
pub(super) const PART: &str = "msl.part";

/// The entry for a plan of whole tiles; `has_part`: there is the other function, too.
pub(super) fn entry(plan: &Plan, has_part: bool) -> String {
    match (plan.threads, plan.waits) {
        (Threads::Grid, _) => rows(plan),
        _ if plan.together => whole_threadgroup(plan.rows),
        (_, false) => threadgroup(plan.threads == Threads::Straight),
        (_, true) => simdgroup(plan.threads == Threads::Straight, has_part),
    }
}

/// A rectangle of the grid, by tiles. Tiles of several rows go down before they go right, as rows share what they read
/// along x.
fn rows(plan: &Plan) -> String {
    let lanes = plan.lanes;
    let [width, height] = plan.extents();
    let context = context();
    let call = |name: &str, x: &str, y: &str, count: &str| {
        format!("call void @{name}(ptr %context, i32 0, i32 {x}, i32 {y}, i32 %z, i32 {count})")
    };
    let whole = call(WHOLE, "%x", "%y", &lanes.to_string());
    let part = call(PART, "%px", "%py", "%n");
    let head = format!(
        "define void @msl.rows({context}, i32 %x0, i32 %x1, i32 %y0, i32 %y1, i32 %z) nounwind {{
entry:
  %none.x = icmp uge i32 %x0, %x1
  %none.y = icmp uge i32 %y0, %y1
  %none = or i1 %none.x, %none.y
  br i1 %none, label %end, label %line
line:"
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
        "define void @msl.threadgroup({context}) nounwind {{
  call void @{WHOLE}(ptr %context, i32 0, i32 0, i32 0, i32 0, i32 {threads})
  ret void
}}
"
    )
}

fn threadgroup(straight: bool) -> String {
    let (context, extents, position) = (context(), extents(), position(straight));
    format!(
        "define void @msl.threadgroup({context}) nounwind {{
entry:
{extents}  %empty = icmp eq i32 %n, 0
  br i1 %empty, label %end, label %simdgroup
simdgroup:
  %first = phi i32 [0, %entry], [%next, %on]
{position}  %left = sub i32 %n, %first
  %fits = icmp uge i32 %left, {SIMD_WIDTH}
  br i1 %fits, label %whole, label %part
whole:
  call void @{WHOLE}(ptr %context, i32 %first, i32 %x, i32 %y, i32 %z, i32 {SIMD_WIDTH})
  br label %on
part:
  call void @{PART}(ptr %context, i32 %first, i32 %x, i32 %y, i32 %z, i32 %left)
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

fn simdgroup(straight: bool, has_part: bool) -> String {
    let (context, extents, position) = (context(), extents(), position(straight));
    let part = match has_part {
        true => format!("  call void @{PART}(ptr %context, i32 %first, i32 %x, i32 %y, i32 %z, i32 %left)\n"),
        false => String::new(),
    };
    format!(
        "define void @msl.simdgroup({context}, i32 %first) nounwind {{
entry:
{extents}{position}  %left = sub i32 %n, %first
  %fits = icmp uge i32 %left, {SIMD_WIDTH}
  br i1 %fits, label %whole, label %part
whole:
  call void @{WHOLE}(ptr %context, i32 %first, i32 %x, i32 %y, i32 %z, i32 {SIMD_WIDTH})
  ret void
part:
{part}  ret void
}}
define void @msl.resume(ptr %handle) nounwind {{
  call void @llvm.coro.resume(ptr %handle)
  ret void
}}
declare void @llvm.coro.resume(ptr)
"
    )
}

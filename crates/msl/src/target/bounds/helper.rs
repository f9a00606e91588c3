//! The functions that do checked accesses, in LLVM assembly: one for each kind of access and type, inlined into
//! the thread function.

/// A function that does one kind of access, if it is within its region.
pub(super) struct Helper {
    pub(super) name: String,
    pub(super) result: String,
    pub(super) space: u32,
    pub(super) parameter: String,
    pub(super) size: u64,
    /// What the hardware asks of an atomic access; 1 for any other.
    pub(super) alignment: u64,
    pub(super) operation: String,
    pub(super) skip: String,
}

impl Helper {
    /// Its definition; without the comparison if not `checked`.
    pub(super) fn text(&self, checked: bool) -> String {
        let Self { name, result, space, parameter, size, alignment, operation, skip } = self;
        let signature = format!(
            "define {result} @\"{name}\"(ptr %context, i32 %thread, ptr addrspace({space}) %p, i64 %start, i64 %length, i32 %tag, i32 %site{parameter}) alwaysinline nounwind"
        );
        if !checked {
            return format!("{signature} {{\n  %q = freeze ptr addrspace({space}) %p\n  {operation}\n}}\n");
        }
        let aligned = if *alignment > 1 {
            format!(
                "%low = and i64 %a, {}\n  %even = icmp eq i64 %low, 0\n  %ok = and i1 %within, %even",
                alignment - 1
            )
        } else {
            "%ok = and i1 %within, true".into()
        };
        format!(
            "{signature} {{
  %q = freeze ptr addrspace({space}) %p
  %a = ptrtoint ptr addrspace({space}) %q to i64
  %o = sub i64 %a, %start
  %big = icmp uge i64 %length, {size}
  %last = sub i64 %length, {size}
  %in = icmp ule i64 %o, %last
  %within = and i1 %big, %in
  {aligned}
  br i1 %ok, label %do, label %bad
bad:
  %again = call zeroext i1 @msl.rt.fault(ptr %context, i32 %thread, i32 %site, i32 %tag, i64 %a, i64 %start, i64 %length, i64 {size})
  br i1 %again, label %do, label %skip
do:
  {operation}
skip:
  {skip}
}}
"
        )
    }
}

/// A symbol for a helper of one kind of access to one type.
pub(super) fn helper_name(kind: &str, ty: &str) -> String {
    let plain = |text: &str| text.replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "_");
    format!("msl.{}.{}", plain(kind), plain(ty))
}

/// A function that gives the number of bytes of a range if it is within its region, else 0; always that number if
/// not `checked`.
pub(super) fn range_text(name: &str, space: u32, width: u32, checked: bool) -> String {
    let signature = format!(
        "define i{width} @{name}(ptr %context, i32 %thread, ptr addrspace({space}) %p, i64 %start, i64 %length, i32 %tag, i32 %site, i{width} %count) alwaysinline nounwind"
    );
    if !checked {
        return format!("{signature} {{\n  ret i{width} %count\n}}\n");
    }
    let widen = if width == 64 { "%n = add i64 %count, 0" } else { "%n = zext i32 %count to i64" };
    format!(
        "{signature} {{
  {widen}
  %a = ptrtoint ptr addrspace({space}) %p to i64
  %o = sub i64 %a, %start
  %big = icmp uge i64 %length, %n
  %last = sub i64 %length, %n
  %in = icmp ule i64 %o, %last
  %within = and i1 %big, %in
  %none = icmp eq i64 %n, 0
  %ok = or i1 %within, %none
  br i1 %ok, label %do, label %bad
bad:
  %again = call zeroext i1 @msl.rt.fault(ptr %context, i32 %thread, i32 %site, i32 %tag, i64 %a, i64 %start, i64 %length, i64 %n)
  br i1 %again, label %do, label %skip
do:
  ret i{width} %count
skip:
  ret i{width} 0
}}
"
    )
}

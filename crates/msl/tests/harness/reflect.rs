//! Reflection as text, for `reflect` in filetests.

use msl::{Access, ArgumentKind, FunctionReflection};

/// One block of lines for each kernel.
pub(crate) fn describe(functions: &[FunctionReflection]) -> String {
    let mut lines = Vec::new();
    for function in functions {
        lines.push(format!("kernel {} at line {}", function.name, function.line));
        for a in &function.arguments {
            let kind = match (a.kind, a.access) {
                (ArgumentKind::Device, Access::ReadOnly) => "device const",
                (ArgumentKind::Device, Access::ReadWrite) => "device",
                (ArgumentKind::Constant, _) => "constant",
                (ArgumentKind::Threadgroup, _) => "threadgroup",
            };
            let slot = if a.kind.is_buffer() { "buffer" } else { "memory" };
            lines.push(format!(
                "  {slot} {}: {kind} {} {}, size {}, alignment {}",
                a.index, a.type_name, a.name, a.size, a.alignment
            ));
        }
        for c in &function.function_constants {
            let needed = if c.required { "" } else { ", optional" };
            lines.push(format!("  constant {}: {} {}{needed}", c.index, c.data_type, c.name));
        }
        if function.static_threadgroup_memory_length > 0 {
            lines.push(format!("  threadgroup memory: {} bytes", function.static_threadgroup_memory_length));
        }
        if let Some(n) = function.max_total_threads_per_threadgroup {
            lines.push(format!("  at most {n} threads per threadgroup"));
        }
        if let Some([x, y, z]) = function.required_threads_per_threadgroup {
            lines.push(format!("  requires threadgroups of {x} x {y} x {z}"));
        }
    }
    lines.join("\n")
}

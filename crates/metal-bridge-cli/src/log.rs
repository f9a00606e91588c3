//! Printing what the compiler has to say of a pipeline.

use std::io::{self, Write};

use metal_bridge::{ComputePipelineState, Remark};

/// Prints the warnings.
pub(crate) fn show_warnings(pipeline: &ComputePipelineState, out: &mut impl Write) -> io::Result<()> {
    pipeline.log().warnings.iter().try_for_each(|remark| show(pipeline.name(), "warning", remark, out))
}

/// Prints all of it.
pub(crate) fn show_report(pipeline: &ComputePipelineState, out: &mut impl Write) -> io::Result<()> {
    show_warnings(pipeline, out)?;
    pipeline.log().remarks.iter().try_for_each(|remark| show(pipeline.name(), "remark", remark, out))
}

fn show(kernel: &str, kind: &str, remark: &Remark, out: &mut impl Write) -> io::Result<()> {
    match &remark.location {
        Some(location) => writeln!(out, "{location}: {kind}: {}", remark.message),
        None => writeln!(out, "kernel {kernel}: {kind}: {}", remark.message),
    }
}

//! `metal-bridge check`: a linter for Metal source that needs no Mac.

use std::io::{self, Write};
use std::path::Path;

use metal_bridge::{Access, Argument, ArgumentKind, Device, Diagnostic, FunctionReflection, Severity};
use serde::Serialize;

use crate::cli::{CheckArguments, CompileArguments};
use crate::error::{Failure, Result};
use crate::source::{self, Compiled};

/// Compiles each file and prints what was found. An error if one of them has errors.
pub(crate) fn run(arguments: &CheckArguments) -> Result<()> {
    let device = Device::system_default()?;
    let mut files = Vec::new();
    for path in &arguments.files {
        let file = check(&device, path, &arguments.compile);
        if !arguments.json {
            show(&file)?;
        }
        files.push(file);
    }
    let report = Report::new(&files);
    if arguments.json {
        let mut out = io::stdout().lock();
        serde_json::to_writer_pretty(&mut out, &report).map_err(io::Error::from)?;
        writeln!(out)?;
    }
    if report.errors == 0 { Ok(()) } else { Err(Failure::Reported) }
}

struct Checked<'a> {
    path: &'a Path,
    failure: Option<String>,
    diagnostics: Vec<Diagnostic>,
    kernels: Vec<FunctionReflection>,
}

fn check<'a>(device: &Device, path: &'a Path, arguments: &CompileArguments) -> Checked<'a> {
    let mut checked = Checked { path, failure: None, diagnostics: Vec::new(), kernels: Vec::new() };
    match source::compile(device, path, arguments) {
        Ok(Compiled::Library(library)) => {
            checked.diagnostics = library.warnings().to_vec();
            checked.kernels = library.functions().to_vec();
        }
        Ok(Compiled::Errors(diagnostics)) => checked.diagnostics = diagnostics,
        Err(failure) => checked.failure = Some(failure.to_string()),
    }
    checked
}

impl Checked<'_> {
    fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }

    fn errors(&self) -> usize {
        self.count(Severity::Error) + usize::from(self.failure.is_some())
    }
}

fn show(checked: &Checked<'_>) -> io::Result<()> {
    let mut err = anstream::stderr().lock();
    for diagnostic in &checked.diagnostics {
        source::show(diagnostic, &mut err)?;
    }
    if let Some(failure) = &checked.failure {
        crate::complain(failure);
    }
    if checked.errors() > 0 {
        return Ok(());
    }
    let mut out = anstream::stdout().lock();
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    write!(out, "{}: {}", checked.path.display(), count(checked.kernels.len(), "kernel"))?;
    match checked.count(Severity::Warning) {
        0 => writeln!(out)?,
        warnings => writeln!(out, ", {}", count(warnings, "warning"))?,
    }
    checked.kernels.iter().try_for_each(|kernel| show_kernel(kernel, &mut out))
}

fn show_kernel(kernel: &FunctionReflection, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "  kernel {} (line {})", kernel.name, kernel.line)?;
    for argument in &kernel.arguments {
        let slot = if argument.kind.is_buffer() { "buffer" } else { "threadgroup" };
        let slot = format!("{slot} {}", argument.index);
        writeln!(out, "    {slot:16} {:28} {}", written_type(argument), argument.name)?;
    }
    for constant in &kernel.function_constants {
        let slot = format!("constant {}", constant.index);
        let optional = if constant.required { "" } else { " (optional)" };
        writeln!(out, "    {slot:16} {:28} {}{optional}", constant.data_type.to_string(), constant.name)?;
    }
    if kernel.static_threadgroup_memory_length > 0 {
        writeln!(
            out,
            "    threadgroup memory of its own: {} bytes",
            kernel.static_threadgroup_memory_length
        )?;
    }
    if let Some(limit) = kernel.max_total_threads_per_threadgroup {
        writeln!(out, "    at most {limit} threads per threadgroup")?;
    }
    if let Some([x, y, z]) = kernel.required_threads_per_threadgroup {
        writeln!(out, "    threadgroups of {x} × {y} × {z} threads")?;
    }
    Ok(())
}

/// An argument's type with its address space, as MSL writes it.
pub(crate) fn written_type(argument: &Argument) -> String {
    let constant = if argument.kind == ArgumentKind::Device && argument.access == Access::ReadOnly {
        "const "
    } else {
        ""
    };
    format!("{} {constant}{}", kind_name(argument.kind), argument.type_name)
}

const fn kind_name(kind: ArgumentKind) -> &'static str {
    match kind {
        ArgumentKind::Device => "device",
        ArgumentKind::Constant => "constant",
        ArgumentKind::Threadgroup => "threadgroup",
    }
}

// The JSON document. `docs/cli.md` describes it; raise VERSION when a reader of it would break.

const VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    errors: usize,
    warnings: usize,
    files: Vec<FileReport<'a>>,
}

#[derive(Serialize)]
struct FileReport<'a> {
    path: String,
    ok: bool,
    failure: Option<&'a str>,
    diagnostics: Vec<DiagnosticReport<'a>>,
    kernels: Vec<KernelReport<'a>>,
}

#[derive(Serialize)]
struct DiagnosticReport<'a> {
    severity: String,
    file: &'a str,
    line: Option<u32>,
    column: Option<u32>,
    message: &'a str,
    snippet: &'a str,
}

#[derive(Serialize)]
struct KernelReport<'a> {
    name: &'a str,
    line: Option<u32>,
    arguments: Vec<ArgumentReport<'a>>,
    function_constants: Vec<ConstantReport<'a>>,
    static_threadgroup_memory_length: usize,
    max_total_threads_per_threadgroup: Option<u32>,
    required_threads_per_threadgroup: Option<[u32; 3]>,
}

#[derive(Serialize)]
struct ArgumentReport<'a> {
    name: &'a str,
    index: u32,
    kind: &'static str,
    access: &'static str,
    r#type: &'a str,
    size: Option<usize>,
    alignment: usize,
}

#[derive(Serialize)]
struct ConstantReport<'a> {
    name: &'a str,
    index: u32,
    r#type: String,
    required: bool,
}

impl<'a> Report<'a> {
    fn new(files: &'a [Checked<'a>]) -> Self {
        Self {
            version: VERSION,
            errors: files.iter().map(Checked::errors).sum(),
            warnings: files.iter().map(|file| file.count(Severity::Warning)).sum(),
            files: files.iter().map(FileReport::new).collect(),
        }
    }
}

impl<'a> FileReport<'a> {
    fn new(checked: &'a Checked<'a>) -> Self {
        Self {
            path: checked.path.display().to_string(),
            ok: checked.errors() == 0,
            failure: checked.failure.as_deref(),
            diagnostics: checked.diagnostics.iter().map(DiagnosticReport::new).collect(),
            kernels: checked.kernels.iter().map(KernelReport::new).collect(),
        }
    }
}

impl<'a> DiagnosticReport<'a> {
    fn new(diagnostic: &'a Diagnostic) -> Self {
        Self {
            severity: diagnostic.severity.to_string(),
            file: &diagnostic.file,
            line: known(diagnostic.line),
            column: known(diagnostic.column),
            message: &diagnostic.message,
            snippet: &diagnostic.snippet,
        }
    }
}

impl<'a> KernelReport<'a> {
    fn new(kernel: &'a FunctionReflection) -> Self {
        let argument = |argument: &'a Argument| ArgumentReport {
            name: &argument.name,
            index: argument.index,
            kind: kind_name(argument.kind),
            access: match argument.access {
                Access::ReadOnly => "read",
                Access::ReadWrite => "read_write",
            },
            r#type: &argument.type_name,
            size: (argument.size > 0).then_some(argument.size),
            alignment: argument.alignment,
        };
        Self {
            name: &kernel.name,
            line: known(kernel.line),
            arguments: kernel.arguments.iter().map(argument).collect(),
            function_constants: kernel
                .function_constants
                .iter()
                .map(|constant| ConstantReport {
                    name: &constant.name,
                    index: constant.index,
                    r#type: constant.data_type.to_string(),
                    required: constant.required,
                })
                .collect(),
            static_threadgroup_memory_length: kernel.static_threadgroup_memory_length,
            max_total_threads_per_threadgroup: kernel.max_total_threads_per_threadgroup,
            required_threads_per_threadgroup: kernel.required_threads_per_threadgroup,
        }
    }
}

/// Places count from 1; 0 stands for an unknown one.
fn known(place: u32) -> Option<u32> {
    (place > 0).then_some(place)
}

//! Source files, and other text: reading, compiling, and printing what the compiler says of them.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::builder::styling::{AnsiColor, Style};
use metal_bridge::{CompileOptions, Device, DeviceKind, Diagnostic, Error, Library, LibraryError, Severity};

use crate::cli::CompileArguments;
use crate::error::{Failure, Result};

/// Reads a file of text.
pub(crate) fn read(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).map_err(|source| Failure::File { path: path.into(), source })?;
    String::from_utf8(bytes)
        .map_err(|error| Failure::NotText { path: path.into(), position: error.utf8_error().valid_up_to() })
}

/// What became of a file of source.
pub(crate) enum Compiled {
    /// A library; its warnings are the diagnostics.
    Library(Library),
    /// The source has errors.
    Errors(Vec<Diagnostic>),
}

/// Compiles a file.
pub(crate) fn compile(device: &Device, path: &Path, arguments: &CompileArguments) -> Result<Compiled> {
    if device.kind() == DeviceKind::Null {
        let message = "this device neither compiles nor runs anything; unset the variable, or set it to cpu";
        return Err(Failure::option(metal_bridge::switches::DEVICE.name, message));
    }
    let source = read(path)?;
    // What `#include "…"` means in C++: first beside the file itself.
    let beside = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut include_directories: Vec<PathBuf> = vec![beside.into()];
    include_directories.extend(arguments.include.iter().cloned());
    let options = CompileOptions {
        math_mode: arguments.math_mode.into(),
        preprocessor_macros: arguments.define.iter().cloned().collect(),
        language_version: arguments.std.into(),
        include_directories,
        source_name: path.display().to_string(),
    };
    match device.new_library_with_source(&source, &options) {
        Ok(library) => Ok(Compiled::Library(library)),
        Err(Error::Library(error)) => match *error {
            LibraryError::Compile(error) => Ok(Compiled::Errors(error.diagnostics)),
            error => Err(Error::Library(Box::new(error)).into()),
        },
        Err(error) => Err(error.into()),
    }
}

/// Compiles a file and prints its diagnostics. Errors in the source are reported then.
pub(crate) fn library(device: &Device, path: &Path, arguments: &CompileArguments) -> Result<Library> {
    let compiled = compile(device, path, arguments)?;
    let mut err = anstream::stderr().lock();
    match compiled {
        Compiled::Library(library) => {
            library.warnings().iter().try_for_each(|warning| show(warning, &mut err))?;
            Ok(library)
        }
        Compiled::Errors(diagnostics) => {
            diagnostics.iter().try_for_each(|diagnostic| show(diagnostic, &mut err))?;
            debug_assert!(diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error));
            Err(Failure::Reported)
        }
    }
}

/// Prints a diagnostic as Metal does, its first words coloured by severity.
pub(crate) fn show(diagnostic: &Diagnostic, out: &mut impl Write) -> io::Result<()> {
    let bold = Style::new().bold();
    let severity = bold.fg_color(Some(match diagnostic.severity {
        Severity::Error => AnsiColor::Red.into(),
        Severity::Warning => AnsiColor::Yellow.into(),
        Severity::Note => AnsiColor::Cyan.into(),
    }));
    let Diagnostic { file, line, column, message, snippet, .. } = diagnostic;
    write!(out, "{bold}{file}:")?;
    if *line > 0 {
        write!(out, "{line}:{column}:")?;
    }
    writeln!(out, "{bold:#} {severity}{}:{severity:#} {bold}{message}{bold:#}", diagnostic.severity)?;
    if !snippet.is_empty() {
        writeln!(out, "{snippet}")?;
    }
    Ok(())
}

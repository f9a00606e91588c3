//! Why a command did not do its work.

use std::fmt::Display;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use metal_bridge::npy::NpyError;
use metal_bridge::{ArgumentKind, Error, PipelineError};

use crate::data::spec::ContentsError;

/// Shorthand for results of commands.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// An option does not go with the others, the kernel or the machine.
    #[error("{option}: {message}")]
    Option { option: String, message: String },
    /// The contents of an option's `SPEC` cannot be had.
    #[error("{option}: {source}")]
    Contents { option: String, source: ContentsError },
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// A `.npy` file cannot be written.
    #[error("{} {source}", path.display())]
    Npy { path: PathBuf, source: NpyError },
    /// A file of source is no text.
    #[error("{}: not UTF-8 text: byte {position} begins no character", path.display())]
    NotText { path: PathBuf, position: usize },
    /// What a file contains is not what it should be.
    #[error("{}: {}", path.display(), without_place(source))]
    Contained { path: PathBuf, source: Box<Error> },
    /// A call of the library failed.
    #[error(transparent)]
    Bridge(#[from] Error),
    /// What was printed could not be written.
    #[error("writing the output: {0}")]
    Output(#[from] io::Error),
    /// Everything was said already.
    #[error("")]
    Reported,
}

impl Failure {
    pub(crate) fn option(option: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Option { option: option.into(), message: message.into() }
    }

    /// Which option would help, where that is known.
    pub(crate) fn hint(&self) -> Option<String> {
        let Self::Bridge(error) = self else { return None };
        match error {
            Error::MissingArgument { kind: ArgumentKind::Threadgroup, index, .. } => {
                Some(format!("give its size in bytes with --threadgroup-memory {index}=1024"))
            }
            Error::MissingArgument { index, .. } => Some(format!(
                "give it with --buffer {index}=SPEC, or a small one by value with --bytes {index}=SPEC"
            )),
            Error::Pipeline(error) => match &**error {
                PipelineError::MissingConstant { index, data_type, .. } => {
                    Some(format!("give it with --constant {index}={data_type}:VALUE"))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The program's exit status.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Option { .. } => 2,
            _ => 1,
        }
    }

    /// Whether the reader of the output has gone away, as `head` does: no reason to complain.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// An error of reading a graph, without the call that read it: this program's source is no place of the user's.
fn without_place(error: &Error) -> &dyn Display {
    match error {
        Error::Graph(error) => error.problem(),
        other => other,
    }
}

impl From<Failure> for ExitCode {
    fn from(failure: Failure) -> Self {
        Self::from(failure.exit_code())
    }
}

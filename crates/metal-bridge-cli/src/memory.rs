//! `metal-bridge memory`: shows a snapshot of an allocator's memory that a program has saved.

use std::io::{self, Write};

use metal_bridge::Snapshot;

use crate::cli::MemoryArguments;
use crate::error::{Failure, Result};
use crate::source;

/// Prints the table, and saves the picture if one is wanted.
pub(crate) fn run(arguments: &MemoryArguments) -> Result<()> {
    let path = &arguments.file;
    let text = source::read(path)?;
    let snapshot = Snapshot::from_json(&text)
        .map_err(|source| Failure::Contained { path: path.clone(), source: Box::new(source) })?;
    if let Some(picture) = &arguments.picture {
        std::fs::write(picture, snapshot.to_svg())
            .map_err(|source| Failure::File { path: picture.clone(), source })?;
    }
    write!(io::stdout().lock(), "{snapshot}")?;
    Ok(())
}

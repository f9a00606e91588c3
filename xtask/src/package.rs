//! The crates as they would be published.

use crate::command::Shell;

/// Packs every crate that can be published and builds it from its package alone, each with the packages of the others.
/// Changes that are not committed are packed, too: nothing is uploaded.
pub(crate) fn run(shell: &Shell) -> Result<(), String> {
    let mut command = shell.cargo(&["package", "--workspace", "--allow-dirty"]);
    command.args(["--exclude", "xtask", "--exclude", "metal-bridge-examples"]);
    shell.run(command)?;
    println!("The packages are in {}.", shell.target_directory().join("package").display());
    Ok(())
}

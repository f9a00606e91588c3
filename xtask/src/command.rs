//! Starting other programs, so that the user sees what runs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The workspace's directory, and the variables that the programs started in it get.
pub(crate) struct Shell {
    root: PathBuf,
    variables: Vec<(&'static str, PathBuf)>,
}

impl Shell {
    /// In the directory of the workspace that xtask belongs to.
    pub(crate) fn in_workspace() -> Result<Self, String> {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").ok_or("start this as `cargo xtask`")?;
        let root = Path::new(&manifest).parent().ok_or("xtask lies in no workspace")?.to_path_buf();
        Ok(Self { root, variables: Vec::new() })
    }

    /// Where cargo builds.
    pub(crate) fn target_directory(&self) -> PathBuf {
        self.root.join(std::env::var_os("CARGO_TARGET_DIR").map_or("target".into(), PathBuf::from))
    }

    /// Sets a variable for every program started from now on.
    pub(crate) fn set(&mut self, name: &'static str, value: PathBuf) {
        println!("    {name}={}", value.display());
        self.variables.push((name, value));
    }

    /// A command of cargo: the same cargo that runs this.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = self.program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(arguments);
        command
    }

    /// Any program, started in the workspace with its standard input closed.
    pub(crate) fn program(&self, name: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(name);
        command.current_dir(&self.root).envs(self.variables.iter().cloned()).stdin(Stdio::null());
        command
    }

    /// Shows the command, runs it, and says how it failed.
    pub(crate) fn run(&self, mut command: Command) -> Result<(), String> {
        let line = display(&command);
        println!("  $ {line}");
        match command.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("`{line}` failed ({status})")),
            Err(error) => Err(format!("`{line}` could not be started: {error}")),
        }
    }
}

/// What a program prints on standard output, if it runs and succeeds.
pub(crate) fn output(program: impl AsRef<OsStr>, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether the command runs and succeeds; nothing of what it prints is shown.
pub(crate) fn succeeds(mut command: Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// The command as one would type it, without its directory and variables.
fn display(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut line = program.file_stem().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line += &argument.to_string_lossy();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_show_as_typed() {
        let mut command = Command::new("/some/where/cargo");
        command.args(["fmt", "--check"]);
        assert_eq!(display(&command), "cargo fmt --check");
    }

    #[test]
    fn output_is_only_that_of_a_success() {
        assert_eq!(output("/nonexistent/program", &[]), None);
        assert!(!succeeds(Command::new("/nonexistent/program")));
    }
}

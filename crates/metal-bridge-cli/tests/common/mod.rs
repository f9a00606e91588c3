//! Running the command and looking at what it says.

#![allow(dead_code, reason = "each test uses a part")]

use std::process::{Command, Output};

/// What the command printed and returned.
pub(crate) struct Outcome {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
    line: String,
}

/// Runs `metal-bridge` with these words, in the directory of the test data.
pub(crate) fn metal_bridge(line: &str) -> Outcome {
    run(line, &mut command(line))
}

/// The same on the CPU device, for what no other shows or promises.
#[cfg(any(not(target_vendor = "apple"), feature = "cpu"))]
pub(crate) fn on_cpu(line: &str) -> Outcome {
    run(line, command(line).env("METAL_BRIDGE_DEVICE", "cpu"))
}

/// The command with these words, not yet started.
pub(crate) fn command(line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_metal-bridge"));
    command
        .args(line.split_whitespace())
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data"))
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
    command
}

/// Runs a command made by [`command`].
pub(crate) fn run(line: &str, command: &mut Command) -> Outcome {
    let Output { status, stdout, stderr } = command.output().unwrap();
    Outcome {
        status: status.code().expect("the command was ended by a signal"),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
        line: line.into(),
    }
}

impl Outcome {
    /// Expects an exit status.
    #[track_caller]
    pub(crate) fn exits(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}\n{}{}", self.line, self.out, self.err);
        self
    }

    /// Expects standard output to be this.
    #[track_caller]
    pub(crate) fn prints(self, expected: &str) -> Self {
        assert_eq!(self.out, expected, "{}\n{}", self.line, self.err);
        self
    }

    /// Expects standard error to be empty.
    #[track_caller]
    pub(crate) fn without_complaint(self) -> Self {
        assert_eq!(self.err, "", "{}", self.line);
        self
    }

    /// Expects all these parts on standard error.
    #[track_caller]
    pub(crate) fn complains(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.err.contains(part), "{}\nexpected {part:?} in:\n{}", self.line, self.err);
        }
        self
    }
}

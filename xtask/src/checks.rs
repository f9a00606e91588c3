//! `cargo xtask test`: everything that a change must pass.

use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::command::{Shell, output, succeeds};
use crate::setup;

/// One check. All of them run, whatever the result of those before, so that one run shows all that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    Format,
    Clippy,
    Docs,
    Tests,
    Avx2Cpu,
    PlainCpu,
    Orders,
    Doctests,
    Book,
    Deny,
}

impl Check {
    /// In the order in which they run.
    pub(crate) const ALL: [Self; 10] = [
        Self::Format,
        Self::Clippy,
        Self::Docs,
        Self::Tests,
        Self::Avx2Cpu,
        Self::PlainCpu,
        Self::Orders,
        Self::Doctests,
        Self::Book,
        Self::Deny,
    ];

    /// The name on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Format => "fmt",
            Self::Clippy => "clippy",
            Self::Docs => "doc",
            Self::Tests => "tests",
            Self::Avx2Cpu => "avx2-cpu",
            Self::PlainCpu => "plain-cpu",
            Self::Orders => "orders",
            Self::Doctests => "doctests",
            Self::Book => "book",
            Self::Deny => "deny",
        }
    }

    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|check| check.name() == name)
    }

    const fn about(self) -> &'static str {
        match self {
            Self::Format => "formatting (rustfmt)",
            Self::Clippy => "lints; warnings are errors",
            Self::Docs => "documentation builds without a warning",
            Self::Tests => "all tests, with cargo-nextest where it is installed",
            Self::Avx2Cpu => "the kernels of the tests again, as a CPU without AVX-512 runs them",
            Self::PlainCpu => "the kernels of the tests again, as a CPU without AVX runs them",
            Self::Orders => "models of the threads, in many orders of their steps (shuttle)",
            Self::Doctests => "the examples in the documentation and in the guide",
            Self::Book => "the guide as pages, where mdBook is installed",
            Self::Deny => "licences, bans and sources of dependencies, where cargo-deny is installed",
        }
    }

    /// Whether it compiles the crates that link LLVM.
    const fn needs_llvm(self) -> bool {
        !matches!(self, Self::Format | Self::Book | Self::Deny)
    }

    /// The command, or why it is skipped.
    fn command(self, shell: &Shell) -> Result<Command, &'static str> {
        let cargo = |arguments: &[&str]| shell.cargo(arguments);
        Ok(match self {
            Self::Format => cargo(&["fmt", "--all", "--check"]),
            Self::Clippy => cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
            Self::Docs => {
                let mut command = cargo(&["doc", "--workspace", "--no-deps"]);
                command.env("RUSTDOCFLAGS", "-D warnings");
                command
            }
            Self::Tests if succeeds(cargo(&["nextest", "--version"])) => {
                cargo(&["nextest", "run", "--workspace", "--no-fail-fast"])
            }
            Self::Tests => {
                cargo(&["test", "--workspace", "--lib", "--bins", "--tests", "--examples", "--no-fail-fast"])
            }
            Self::Avx2Cpu if has_avx512() => filetests_on(shell, "x86-64-v3"),
            Self::Avx2Cpu => return Err("this CPU has no AVX-512"),
            Self::PlainCpu => filetests_on(shell, "generic"),
            Self::Orders => {
                // A target directory of its own: the flag would have everything else built again.
                let mut command = cargo(&["test", "--package", "metal-bridge", "--test", "orders"]);
                command.env("RUSTFLAGS", "--cfg shuttle").env("CARGO_TARGET_DIR", "target/orders");
                command
            }
            Self::Doctests => cargo(&["test", "--workspace", "--doc", "--no-fail-fast"]),
            Self::Book if output("mdbook", &["--version"]).is_some() => {
                let mut command = shell.program("mdbook");
                command.args(["build", "docs/book"]);
                command
            }
            Self::Book => return Err("mdBook is not installed"),
            Self::Deny if succeeds(cargo(&["deny", "--version"])) => {
                cargo(&["deny", "check", "licenses", "bans", "sources"])
            }
            Self::Deny => return Err("cargo-deny is not installed"),
        })
    }
}

/// Runs the kernels of the tests with no more than the features of a level of CPUs.
fn filetests_on(shell: &Shell, level: &str) -> Command {
    let mut command = shell.cargo(&["test", "--package", "msl", "--test", "filetests", "--", "--quiet"]);
    command.env("METAL_BRIDGE_CPU", level);
    command
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    std::arch::is_x86_feature_detected!("avx512f")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_avx512() -> bool {
    false
}

/// The text of `cargo xtask test --list`.
pub(crate) fn list() -> String {
    Check::ALL.iter().fold(String::new(), |mut text, check| {
        let _ = writeln!(text, "{:9} {}", check.name(), check.about());
        text
    })
}

enum Outcome {
    Passed,
    Failed(String),
    Skipped(&'static str),
}

struct Report {
    check: Check,
    outcome: Outcome,
    time: Duration,
}

/// Runs the checks and prints a summary. An error if one failed.
pub(crate) fn run(shell: &mut Shell, checks: &[Check], install: bool) -> Result<(), String> {
    if checks.iter().any(|check| check.needs_llvm()) {
        setup::llvm(shell, install)?;
    }
    for (check, component) in [(Check::Format, "rustfmt"), (Check::Clippy, "clippy")] {
        if checks.contains(&check) {
            setup::rust_components(shell, &[component], install)?;
        }
    }
    let mut reports = Vec::new();
    for (i, &check) in checks.iter().enumerate() {
        println!("\n[{}/{}] {}: {}", i + 1, checks.len(), check.name(), check.about());
        let start = Instant::now();
        let outcome = match check.command(shell) {
            Err(reason) => {
                println!("  skipped: {reason}");
                Outcome::Skipped(reason)
            }
            Ok(command) => shell.run(command).map_or_else(Outcome::Failed, |()| Outcome::Passed),
        };
        reports.push(Report { check, outcome, time: start.elapsed() });
    }
    print!("\n{}", summary(&reports));
    let failed: Vec<&str> =
        reports.iter().filter(|r| matches!(r.outcome, Outcome::Failed(_))).map(|r| r.check.name()).collect();
    match failed.as_slice() {
        [] => Ok(()),
        names => Err(format!("failed: {}", names.join(", "))),
    }
}

fn summary(reports: &[Report]) -> String {
    let mut text = String::from("check         time  result\n");
    for Report { check, outcome, time } in reports {
        let result = match outcome {
            Outcome::Passed => "passed".to_owned(),
            Outcome::Failed(message) => format!("FAILED: {message}"),
            Outcome::Skipped(reason) => format!("skipped: {reason}"),
        };
        let _ = writeln!(text, "{:9} {:6.1} s  {result}", check.name(), time.as_secs_f64());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_again() {
        for check in Check::ALL {
            assert_eq!(Check::by_name(check.name()), Some(check));
        }
        assert_eq!(Check::by_name("all"), None);
    }

    #[test]
    fn the_summary_never_calls_a_skipped_check_passed() {
        let report = |check, outcome, seconds| Report { check, outcome, time: Duration::from_secs(seconds) };
        let text = summary(&[
            report(Check::Format, Outcome::Passed, 1),
            report(Check::Clippy, Outcome::Failed("`cargo clippy` failed".into()), 100),
            report(Check::Deny, Outcome::Skipped("cargo-deny is not installed"), 0),
        ]);
        assert_eq!(
            text,
            "check         time  result\n\
             fmt          1.0 s  passed\n\
             clippy     100.0 s  FAILED: `cargo clippy` failed\n\
             deny         0.0 s  skipped: cargo-deny is not installed\n"
        );
    }
}

//! `cargo xtask test`: everything that a change must pass.

use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::command::{Shell, output, succeeds};
use crate::setup::{self, ON_METAL};
use crate::targets::{self, Target, Unready};

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
    Apple,
    AppleLink,
    Windows,
    Aarch64,
}

impl Check {
    /// In the order in which they run.
    pub(crate) const ALL: [Self; 14] = [
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
        Self::Apple,
        Self::AppleLink,
        Self::Windows,
        Self::Aarch64,
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
            Self::Apple => "apple",
            Self::AppleLink => "apple-link",
            Self::Windows => "windows",
            Self::Aarch64 => "aarch64",
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
            Self::Avx2Cpu => "vector code of the tests' kernels again, as for a CPU without AVX-512",
            Self::PlainCpu => "vector code of the tests' kernels again, as for a CPU without AVX",
            Self::Orders => "models of the threads, in many orders of their steps (shuttle)",
            Self::Doctests => "the examples in the documentation and in the guide",
            Self::Book => "the guide as pages, where mdBook is installed",
            Self::Deny => "licences, bans and sources of dependencies, where cargo-deny is installed",
            Self::Apple => "types and lints for macOS on ARM",
            Self::AppleLink => "executables for macOS on ARM, linked with stubs of its libraries",
            Self::Windows => "types and lints for Windows on x86-64",
            Self::Aarch64 => "types and lints for Linux on ARM",
        }
    }

    /// Whether it compiles the crates that link LLVM, or uses LLVM's tools.
    const fn needs_llvm(self) -> bool {
        match self {
            Self::Format | Self::Book | Self::Deny | Self::Windows | Self::Aarch64 => false,
            _ => !ON_METAL,
        }
    }

    /// The command, or why there is none.
    fn command(self, shell: &Shell, install: bool) -> Result<Command, Unready> {
        let skipped = |reason: &str| Err(Unready::Skipped(reason.into()));
        let cargo = |arguments: &[&str]| shell.cargo(arguments);
        let on_all_crates = |arguments: &[&str]| {
            let mut command = shell.cargo(arguments);
            command.arg("--workspace");
            if ON_METAL {
                command.args(["--exclude", "msl"]);
            }
            command
        };
        Ok(match self {
            Self::Format => cargo(&["fmt", "--all", "--check"]),
            Self::Clippy => {
                let mut command = on_all_crates(&["clippy", "--all-targets"]);
                command.args(["--", "-D", "warnings"]);
                command
            }
            Self::Docs => {
                let mut command = on_all_crates(&["doc", "--no-deps"]);
                command.env("RUSTDOCFLAGS", "-D warnings");
                command
            }
            Self::Tests => {
                let mut command = if succeeds(cargo(&["nextest", "--version"])) {
                    on_all_crates(&["nextest", "run", "--no-fail-fast"])
                } else {
                    on_all_crates(&["test", "--lib", "--bins", "--tests", "--examples", "--no-fail-fast"])
                };
                validated_by_metal(&mut command);
                command
            }
            Self::Avx2Cpu | Self::PlainCpu if ON_METAL => return skipped("kernels run on Metal here"),
            Self::Avx2Cpu if has_avx512() => filetests_on(shell, "x86-64-v3"),
            Self::Avx2Cpu => return skipped("this CPU has no AVX-512"),
            Self::PlainCpu => filetests_on(shell, "generic"),
            Self::Orders if ON_METAL => return skipped("the threads are those of the CPU device"),
            Self::Orders => {
                // A target directory of its own: the flag would have everything else built again.
                let mut command = cargo(&["test", "--package", "metal-bridge", "--test", "orders"]);
                command.env("RUSTFLAGS", "--cfg shuttle");
                command.env("CARGO_TARGET_DIR", shell.target_directory().join("orders"));
                command
            }
            Self::Doctests => {
                let mut command = on_all_crates(&["test", "--doc", "--no-fail-fast"]);
                validated_by_metal(&mut command);
                command
            }
            Self::Book if output("mdbook", &["--version"]).is_some() => {
                let mut command = shell.program("mdbook");
                command.args(["build", "docs/book"]);
                command
            }
            Self::Book => return skipped("mdBook is not installed"),
            Self::Deny if succeeds(cargo(&["deny", "--version"])) => {
                cargo(&["deny", "check", "licenses", "bans", "sources"])
            }
            Self::Deny => return skipped("cargo-deny is not installed"),
            Self::Apple => targets::lints(shell, Target::Apple, install)?,
            Self::AppleLink => targets::link_for_apple(shell, install)?,
            Self::Windows => targets::lints(shell, Target::Windows, install)?,
            Self::Aarch64 => targets::lints(shell, Target::Aarch64, install)?,
        })
    }
}

/// Has Metal, where the tests run on it, check each call and, while they run, each access of a kernel to memory. A
/// mistake ends the process, and with it the test.
fn validated_by_metal(command: &mut Command) {
    if ON_METAL {
        command.envs([
            ("MTL_DEBUG_LAYER", "1"),
            ("MTL_DEBUG_LAYER_ERROR_MODE", "assert"),
            ("MTL_SHADER_VALIDATION", "1"),
            ("MTL_SHADER_VALIDATION_REPORT_TO_STDERR", "1"),
            ("MTL_SHADER_VALIDATION_ABORT_ON_FAULT", "1"),
        ]);
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
        let _ = writeln!(text, "{:10} {}", check.name(), check.about());
        text
    })
}

enum Outcome {
    Passed,
    Failed(String),
    Skipped(String),
}

struct Report {
    check: Check,
    outcome: Outcome,
    time: Duration,
}

/// Runs the checks and prints a summary. An error if one failed, or none could be done.
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
        let outcome = match check.command(shell, install) {
            Err(Unready::Skipped(reason)) => {
                println!("  skipped: {reason}");
                Outcome::Skipped(reason)
            }
            Err(Unready::Failed(message)) => Outcome::Failed(message),
            Ok(command) => shell.run(command).map_or_else(Outcome::Failed, |()| Outcome::Passed),
        };
        reports.push(Report { check, outcome, time: start.elapsed() });
    }
    print!("\n{}", summary(&reports));
    let failed: Vec<&str> =
        reports.iter().filter(|r| matches!(r.outcome, Outcome::Failed(_))).map(|r| r.check.name()).collect();
    let skipped = reports.iter().filter(|r| matches!(r.outcome, Outcome::Skipped(_))).count();
    match failed.as_slice() {
        [] if skipped == reports.len() => Err("nothing was checked".into()),
        [] => Ok(()),
        names => Err(format!("failed: {}", names.join(", "))),
    }
}

fn summary(reports: &[Report]) -> String {
    let mut text = String::from("check          time  result\n");
    for Report { check, outcome, time } in reports {
        let result = match outcome {
            Outcome::Passed => "passed".to_owned(),
            Outcome::Failed(message) => format!("FAILED: {message}"),
            Outcome::Skipped(reason) => format!("skipped: {reason}"),
        };
        let _ = writeln!(text, "{:10} {:6.1} s  {result}", check.name(), time.as_secs_f64());
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
            report(Check::Deny, Outcome::Skipped("cargo-deny is not installed".into()), 0),
        ]);
        assert_eq!(
            text,
            "check          time  result\n\
             fmt           1.0 s  passed\n\
             clippy      100.0 s  FAILED: `cargo clippy` failed\n\
             deny          0.0 s  skipped: cargo-deny is not installed\n"
        );
    }
}

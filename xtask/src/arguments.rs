//! The command line of xtask.

use crate::checks::Check;

/// The text of `cargo xtask --help`.
pub(crate) const HELP: &str = "\
Development tasks of metal-bridge.

Usage: cargo xtask <TASK> [OPTIONS]

Tasks:
  demo     Build in release mode and run the built-in kernels on real-sized data; prints a table.
  test     Run every check that a change must pass, and print a summary at the end.
  math-accuracy
           Measure the errors of the library's mathematical functions and write docs/math-accuracy.md.
  setup    Only find or install what the other tasks need: clang 19 and LLVM 19's development files,
           rustfmt, clippy. `test` and `demo` do this by themselves.

Options of test:
  --only CHECK    Run this check alone; may be given several times.
  --list          List the checks and what each runs.

Options of math-accuracy:
  --function NAME Measure this function alone and leave the rows of the others.
  --samples N     Inputs of each function. Default: all 2^32 of one operand, 100 million pairs of two.

Options of every task:
  --no-install    Install nothing: say what is missing and stop.
  -h, --help      Show this text.

On Debian and Ubuntu missing packages are installed with apt-get (through sudo unless you are root); on
other systems the task says what to install. To use an LLVM of your own, set
  LLVM_SYS_191_PREFIX   the prefix of LLVM 19: the directory that has bin/llvm-config
  METAL_BRIDGE_CLANG    the path of clang 19

Examples:
  cargo xtask demo
  cargo xtask test
  cargo xtask test --only fmt --only clippy
";

/// What the user asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) task: Task,
    /// Whether packages may be installed.
    pub(crate) install: bool,
}

/// A task with its own options.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Help,
    ListChecks,
    Setup,
    Test {
        /// The checks to run, in the order of [`Check::ALL`].
        only: Vec<Check>,
    },
    Demo,
    MathAccuracy {
        /// The arguments of the program that measures.
        arguments: Vec<String>,
    },
}

/// Reads the arguments after the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Request, String> {
    let mut arguments = arguments.into_iter();
    let mut task = None;
    let mut only = Vec::new();
    let mut list = false;
    let mut install = true;
    let mut measure = Vec::new();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "-h" | "--help" | "help" => return Ok(Request { task: Task::Help, install }),
            "--no-install" => install = false,
            "--list" => list = true,
            "--only" => {
                let name =
                    arguments.next().ok_or("--only needs the name of a check, such as: --only clippy")?;
                only.push(Check::by_name(&name).ok_or_else(|| {
                    format!(
                        "there is no check `{name}`; there are {}",
                        Check::ALL.map(Check::name).join(", ")
                    )
                })?);
            }
            "--function" | "--samples" => {
                let value = arguments.next().ok_or(format!("{argument} needs a value"))?;
                measure.extend([argument, value]);
            }
            "test" | "demo" | "setup" | "math-accuracy" if task.is_none() => task = Some(argument),
            other => return Err(format!("unexpected argument `{other}`")),
        }
    }
    let task = task.ok_or("no task given; the tasks are test, demo, math-accuracy and setup")?;
    if task != "test" && (list || !only.is_empty()) {
        return Err(format!("--only and --list belong to `test`, not to `{task}`"));
    }
    if task != "math-accuracy" && !measure.is_empty() {
        return Err(format!("{} belongs to `math-accuracy`, not to `{task}`", measure[0]));
    }
    let task = match task.as_str() {
        "math-accuracy" => Task::MathAccuracy { arguments: measure },
        "setup" => Task::Setup,
        "demo" => Task::Demo,
        _ if list => Task::ListChecks,
        _ => Task::Test {
            only: Check::ALL.into_iter().filter(|check| only.is_empty() || only.contains(check)).collect(),
        },
    };
    Ok(Request { task, install })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Request, String> {
        parse(line.split_whitespace().map(String::from))
    }

    #[test]
    fn test_runs_everything_unless_told() {
        let all = Request { task: Task::Test { only: Check::ALL.to_vec() }, install: true };
        assert_eq!(parsed("test"), Ok(all));
        let some = Task::Test { only: vec![Check::Format, Check::Clippy] };
        assert_eq!(
            parsed("test --only clippy --no-install --only fmt"),
            Ok(Request { task: some, install: false })
        );
    }

    #[test]
    fn the_other_tasks() {
        assert_eq!(parsed("demo"), Ok(Request { task: Task::Demo, install: true }));
        assert_eq!(parsed("--no-install setup"), Ok(Request { task: Task::Setup, install: false }));
        let arguments = vec!["--samples".into(), "1000".into()];
        let measure = Request { task: Task::MathAccuracy { arguments }, install: true };
        assert_eq!(parsed("math-accuracy --samples 1000"), Ok(measure));
        assert_eq!(parsed("test --help"), Ok(Request { task: Task::Help, install: true }));
        assert_eq!(parsed("test --list"), Ok(Request { task: Task::ListChecks, install: true }));
    }

    #[test]
    fn mistakes_name_what_was_given() {
        for (line, part) in [
            ("", "no task given"),
            ("tset", "`tset`"),
            ("test --only lint", "`lint`"),
            ("test --only", "--only needs"),
            ("demo --only fmt", "belong to `test`"),
            ("setup x", "`x`"),
            ("demo --samples 5", "belongs to `math-accuracy`"),
            ("math-accuracy --function", "needs a value"),
            ("test demo", "`demo`"),
        ] {
            let message = parsed(line).unwrap_err();
            assert!(message.contains(part), "{line:?}: {message}");
        }
    }
}

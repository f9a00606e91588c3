//! The command line of xtask.

use crate::checks::Check;

/// The text of `cargo xtask --help`.
pub(crate) const HELP: &str = "\
Development tasks of metal-bridge.

Usage: cargo xtask <TASK> [OPTIONS]

Tasks:
  demo     Train a network on MNIST optimised: progress, pictures, a summary. Options after it are the
           program's own: see `cargo xtask demo --help`.
  test     Run every check that a change must pass, and print a summary at the end.
  check-apple, check-windows, check-aarch64
           Only those checks of `test` that are for another system: types and lints for macOS on ARM (and linking
           its executables), for Windows, for Linux on ARM. They use the targets that rustup has added to this
           toolchain; for others, Debian's Rust is unpacked into the user's cache directory (1.3 GB).
  bench    Measure how fast kernels, graphs, the scheduler and the allocator are, compared with PyTorch, JAX, PoCL,
           loops in C and others; prints tables in Markdown, and writes them with a picture to target/bench.
           Peers that are not installed are named as missing.
  peers    Install what `bench` compares with: PoCL with apt-get, PyTorch, JAX and PyOpenCL with pip (5 GB)
           into the target directory.
  math-accuracy
           Measure the errors of the library's mathematical functions and write docs/math-accuracy.md.
  package  Pack the crates as they would be published, and build each from its package alone.
  setup    Only find or install what the other tasks need: clang 19 and LLVM 19's development files,
           rustfmt, clippy. `test` and `demo` do this by themselves.

Options of test:
  --only CHECK    Run this check alone; may be given several times.
  --list          List the checks and what each runs.

Options of bench:
  --quick         Fewer and shorter rounds: two minutes.
  --only NAME     Measure works with this in their name; may be given several times.
  --profile       Show how long the steps of graphs take, and compare with nobody.
  --list          List the works.
  --threads N     Threads that each side may use. Default: 2.

Options of math-accuracy:
  --function NAME Measure this function alone and leave the rows of the others.
  --samples N     Inputs of each function. Default: all 2^32 of one operand, 100 million pairs of two.

Options of every task:
  --no-install    Install nothing: say what is missing and stop.
  -h, --help      Show this text.

On macOS nothing but Rust is needed, except by `math-accuracy` and `package`, which build the compiler for the CPU.
On Debian and Ubuntu missing packages are installed with apt-get (through sudo unless you are root); on
other systems the task says what to install. To use an LLVM of your own, set
  LLVM_SYS_191_PREFIX   the prefix of LLVM 19: the directory that has bin/llvm-config
  METAL_BRIDGE_CLANG    the path of clang 19

Examples:
  cargo xtask demo
  cargo xtask demo --epochs 1 --seed 7
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
    Demo {
        /// The arguments of the program.
        arguments: Vec<String>,
    },
    Bench {
        /// The arguments of the benchmark.
        arguments: Vec<String>,
    },
    Package,
    Peers,
    MathAccuracy {
        /// The arguments of the program that measures.
        arguments: Vec<String>,
    },
}

/// The options that only some tasks have: name, whether a value follows, tasks.
const OPTIONS: [(&str, bool, &[&str]); 7] = [
    ("--only", true, &["test", "bench"]),
    ("--list", false, &["test", "bench"]),
    ("--quick", false, &["bench"]),
    ("--profile", false, &["bench"]),
    ("--threads", true, &["bench"]),
    ("--function", true, &["math-accuracy"]),
    ("--samples", true, &["math-accuracy"]),
];

const TASKS: [&str; 10] = [
    "demo",
    "test",
    "check-apple",
    "check-windows",
    "check-aarch64",
    "bench",
    "peers",
    "math-accuracy",
    "package",
    "setup",
];

/// Reads the arguments after the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Request, String> {
    let mut arguments = arguments.into_iter();
    let mut task: Option<String> = None;
    let mut install = true;
    let mut options: Vec<(String, Option<String>)> = Vec::new();
    let mut own: Vec<String> = Vec::new();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // The program has its own options, and its own help.
            name if task.as_deref() == Some("demo") && name != "--no-install" => own.push(argument),
            "-h" | "--help" | "help" => return Ok(Request { task: Task::Help, install }),
            "--no-install" => install = false,
            name if task.is_none() && TASKS.contains(&name) => task = Some(argument),
            name => {
                let option = OPTIONS.iter().find(|(option, ..)| *option == name);
                let (_, takes_value, _) = option.ok_or(format!("unexpected argument `{name}`"))?;
                let value = takes_value.then(|| arguments.next().ok_or(format!("{name} needs a value")));
                options.push((argument, value.transpose()?));
            }
        }
    }
    let task = task.ok_or(format!("no task given; the tasks are {}", TASKS.join(", ")))?;
    for (name, _, tasks) in OPTIONS {
        if !tasks.contains(&task.as_str()) && options.iter().any(|(option, _)| option == name) {
            return Err(format!("{name} belongs to `{}`, not to `{task}`", tasks.join("` and `")));
        }
    }
    let task = match task.as_str() {
        "setup" => Task::Setup,
        "check-apple" => Task::Test { only: vec![Check::Apple, Check::AppleLink] },
        "check-windows" => Task::Test { only: vec![Check::Windows] },
        "check-aarch64" => Task::Test { only: vec![Check::Aarch64] },
        "demo" => Task::Demo { arguments: own },
        "package" => Task::Package,
        "peers" => Task::Peers,
        "bench" => Task::Bench { arguments: words(options) },
        "math-accuracy" => Task::MathAccuracy { arguments: words(options) },
        _ if options.iter().any(|(name, _)| name == "--list") => Task::ListChecks,
        _ => {
            let checks = options.iter().filter_map(|(_, name)| name.as_deref()).map(check);
            let only = checks.collect::<Result<Vec<_>, _>>()?;
            let wanted = |check: &Check| only.is_empty() || only.contains(check);
            Task::Test { only: Check::ALL.into_iter().filter(wanted).collect() }
        }
    };
    Ok(Request { task, install })
}

/// The options as they were given.
fn words(options: Vec<(String, Option<String>)>) -> Vec<String> {
    options.into_iter().flat_map(|(name, value)| std::iter::once(name).chain(value)).collect()
}

fn check(name: &str) -> Result<Check, String> {
    Check::by_name(name).ok_or_else(|| {
        format!("there is no check `{name}`; there are {}", Check::ALL.map(Check::name).join(", "))
    })
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
        assert_eq!(parsed("demo"), Ok(Request { task: Task::Demo { arguments: Vec::new() }, install: true }));
        assert_eq!(parsed("--no-install setup"), Ok(Request { task: Task::Setup, install: false }));
        let arguments = vec!["--samples".into(), "1000".into()];
        let measure = Request { task: Task::MathAccuracy { arguments }, install: true };
        assert_eq!(parsed("math-accuracy --samples 1000"), Ok(measure));
        let arguments = ["--only", "add", "--quick"].map(String::from).into();
        let bench = Request { task: Task::Bench { arguments }, install: true };
        assert_eq!(parsed("--only add bench --quick"), Ok(bench));
        let demo = Task::Demo { arguments: vec!["--epochs".into(), "1".into(), "--help".into()] };
        assert_eq!(parsed("demo --epochs 1 --no-install --help"), Ok(Request { task: demo, install: false }));
        let apple = Task::Test { only: vec![Check::Apple, Check::AppleLink] };
        assert_eq!(parsed("check-apple --no-install"), Ok(Request { task: apple, install: false }));
        assert_eq!(parsed("peers"), Ok(Request { task: Task::Peers, install: true }));
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
            ("setup --only fmt", "belongs to `test` and `bench`"),
            ("test --quick", "belongs to `bench`"),
            ("setup x", "`x`"),
            ("check-apple --only fmt", "belongs to `test` and `bench`"),
            ("setup --samples 5", "belongs to `math-accuracy`"),
            ("math-accuracy --function", "needs a value"),
            ("test demo", "`demo`"),
        ] {
            let message = parsed(line).unwrap_err();
            assert!(message.contains(part), "{line:?}: {message}");
        }
    }
}

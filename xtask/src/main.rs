//! Development tasks: `cargo xtask test`, `check-apple`, `demo`, `bench` and others; [`arguments::HELP`] has them all.
//!
//! Each task brings the machine into the state it needs first ([`setup`]): the tools of LLVM 19 are
//! looked for and, on Debian and Ubuntu, installed.

mod apt;
mod arguments;
mod checks;
mod command;
mod llvm;
mod package;
mod peers;
mod setup;
mod system;
mod targets;

use std::process::ExitCode;

use arguments::{Request, Task};
use command::Shell;

fn main() -> ExitCode {
    let request = match arguments::parse(std::env::args().skip(1)) {
        Ok(request) => request,
        Err(message) => {
            eprintln!("error: {message}\n\nRun `cargo xtask --help` for what there is.");
            return ExitCode::from(2);
        }
    };
    match run(&request) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("\nerror: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(request: &Request) -> Result<(), String> {
    let mut shell = Shell::in_workspace()?;
    match &request.task {
        Task::Help => {
            print!("{}", arguments::HELP);
            Ok(())
        }
        Task::ListChecks => {
            print!("{}", checks::list());
            Ok(())
        }
        Task::Setup => {
            setup::compiler(&mut shell, request.install)?;
            setup::rust_components(&shell, &["rustfmt", "clippy"], request.install)
        }
        Task::Test { only } => checks::run(&mut shell, only, request.install),
        Task::Demo { arguments } => {
            setup::compiler(&mut shell, request.install)?;
            let package =
                ["run", "--profile", "demo", "--package", "metal-bridge-examples", "--bin", "mnist", "--"];
            let mut command = shell.cargo(&package);
            command.args(arguments);
            shell.run(command)
        }
        Task::Bench { arguments } => {
            setup::compiler(&mut shell, request.install)?;
            // The others must have been installed; what is missing is named in the table.
            if let Err(message) = peers::build_loops(&shell) {
                eprintln!("{message}");
            }
            let mut command =
                shell.cargo(&["bench", "--package", "metal-bridge", "--bench", "figures", "--", "--peers"]);
            command.arg(peers::directory(&shell)).arg("--report").arg(shell.target_directory().join("bench"));
            command.args(arguments);
            shell.run(command)
        }
        Task::Package => {
            setup::llvm(&mut shell, request.install)?;
            package::run(&shell)
        }
        Task::Peers => peers::install(&shell, request.install),
        Task::MathAccuracy { arguments } => {
            setup::llvm(&mut shell, request.install)?;
            let mut command =
                shell.cargo(&["run", "--release", "--package", "msl", "--example", "math_accuracy", "--"]);
            command.args(arguments);
            shell.run(command)
        }
    }
}

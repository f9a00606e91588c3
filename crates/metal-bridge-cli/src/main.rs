//! The `metal-bridge` command: checks, inspects and runs Metal kernels, and shows graphs.

mod check;
mod cli;
mod compile;
mod constants;
mod data;
mod devices;
mod error;
mod graph;
mod log;
mod memory;
mod run;
mod source;

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use clap::builder::styling::{AnsiColor, Style};

use cli::{Cli, Command};
use error::Failure;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match &cli.command {
        Command::Devices => devices::run(),
        Command::Check(arguments) => check::run(arguments),
        Command::Compile(arguments) => compile::run(arguments),
        Command::Run(arguments) => run::run(arguments),
        Command::Graph(arguments) => graph::run(arguments),
        Command::Memory(arguments) => memory::run(arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Reported) => ExitCode::FAILURE,
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            complain(&failure);
            if let Some(hint) = failure.hint() {
                say("help", AnsiColor::Cyan, &hint);
            }
            failure.into()
        }
    }
}

/// Prints an error. If standard error is gone, so is the one who would read it.
fn complain(message: &(impl Display + ?Sized)) {
    say("error", AnsiColor::Red, message);
}

/// Prints a warning.
fn warn(message: &(impl Display + ?Sized)) {
    say("warning", AnsiColor::Yellow, message);
}

fn say(word: &str, color: AnsiColor, message: &(impl Display + ?Sized)) {
    let style = Style::new().bold().fg_color(Some(color.into()));
    let _ = writeln!(anstream::stderr().lock(), "{style}{word}:{style:#} {message}");
}

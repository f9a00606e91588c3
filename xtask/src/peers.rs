//! What the benchmarks compare with: PyTorch, JAX, PoCL and loops in C.

use std::path::PathBuf;

use crate::apt;
use crate::command::{Shell, output, succeeds};

/// The scripts and sources of the peers, in the workspace.
const SOURCES: &str = "crates/metal-bridge/benches/peers";

/// Where peers are installed and built. A build with another target directory has peers of its own.
pub(crate) fn directory(shell: &Shell) -> PathBuf {
    shell.target_directory().join("peers")
}

/// Installs all peers. What cannot be installed is told at the end, after the rest is done.
pub(crate) fn install(shell: &Shell, install: bool) -> Result<(), String> {
    let steps = [build_loops(shell), python_packages(shell, install), pocl(shell, install)];
    let problems: Vec<String> = steps.into_iter().filter_map(Result::err).collect();
    match problems.as_slice() {
        [] => {
            println!("\nAll peers are ready in {}.", directory(shell).display());
            Ok(())
        }
        problems => Err(format!("some peers will be missing:\n{}", problems.join("\n"))),
    }
}

/// PyTorch, JAX and PyOpenCL, in a virtual environment.
fn python_packages(shell: &Shell, install: bool) -> Result<(), String> {
    let venv = directory(shell).join("venv");
    let python = venv.join("bin/python");
    let imports = ["-c", "import jax, numpy, pyopencl, torch"];
    if output(&python, &imports).is_some() {
        return Ok(());
    }
    if !install {
        return Err(format!("not installed: the Python packages of {SOURCES}/requirements.txt"));
    }
    if output("python3", &["-c", "import ensurepip, venv"]).is_none() {
        debian_package(shell, "python3-venv")?;
    }
    println!("Installing Python packages; with PyTorch come 5 GB of libraries for GPUs on Linux:");
    let mut create = shell.program("python3");
    create.args(["-m", "venv", "--clear"]).arg(&venv);
    shell.run(create)?;
    let mut pip = shell.program(&python);
    pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--only-binary", ":all:"]);
    pip.args(["--requirement", &format!("{SOURCES}/requirements.txt")]);
    shell.run(pip)?;
    let mut check = shell.program(&python);
    check.args(imports);
    shell.run(check)
}

/// PoCL, as PyOpenCL finds it.
fn pocl(shell: &Shell, install: bool) -> Result<(), String> {
    const PACKAGE: &str = "pocl-opencl-icd";
    let script = "import pyopencl; assert any('Portable' in p.name for p in pyopencl.get_platforms())";
    let python = directory(shell).join("venv/bin/python");
    let is_there = || output(&python, &["-c", script]).is_some();
    if is_there() {
        return Ok(());
    }
    if !install {
        return Err(format!("not installed: {PACKAGE}"));
    }
    debian_package(shell, PACKAGE)?;
    if is_there() { Ok(()) } else { Err(format!("{PACKAGE} is installed, but PyOpenCL does not find PoCL")) }
}

fn debian_package(shell: &Shell, package: &str) -> Result<(), String> {
    if !apt::is_here() {
        return Err(format!("not installed: what Debian calls {package}"));
    }
    apt::install(shell, &[package], &format!("the configured package sources do not have {package}"))
}

/// Builds the loops in C for this machine, with OpenMP.
pub(crate) fn build_loops(shell: &Shell) -> Result<(), String> {
    let directory = directory(shell);
    std::fs::create_dir_all(&directory)
        .map_err(|error| format!("{} cannot be made: {error}", directory.display()))?;
    let compiler = ["gcc", "cc"].into_iter().find(|name| {
        let mut command = shell.program(name);
        command.arg("--version");
        succeeds(command)
    });
    let mut command = shell.program(compiler.ok_or("not installed: gcc, for loops in C")?);
    command.args(["-O3", "-march=native", "-fopenmp", "-o"]).arg(directory.join("loops"));
    command.args([&format!("{SOURCES}/loops.c"), "-lm"]);
    shell.run(command)
}

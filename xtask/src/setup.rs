//! Bringing the machine into the state that building and testing needs.

use crate::apt;
use crate::command::{Shell, output, succeeds};
use crate::llvm::{self, Found, Missing};
use crate::system::{Release, how_to_install};

/// Whether the API runs on Metal here, and the crate that links LLVM is in nothing that is built.
pub(crate) const ON_METAL: bool = cfg!(target_os = "macos");

/// Makes ready what compiles kernels on this system: [`llvm()`], or nothing on macOS, where Metal itself does it.
pub(crate) fn compiler(shell: &mut Shell, install: bool) -> Result<(), String> {
    if ON_METAL { Ok(()) } else { llvm(shell, install) }
}

/// Finds clang 19 and LLVM 19, installs them if they are missing and `install` allows it, and tells the
/// programs that `shell` starts where they are.
pub(crate) fn llvm(shell: &mut Shell, install: bool) -> Result<(), String> {
    let missing = missing_packages()?;
    if !missing.is_empty() {
        let release = Release::of_this_system();
        if !apt::is_here() {
            return Err(how_to_install(std::env::consts::OS, &release));
        }
        if !install {
            return Err(format!("not installed: {0}\nInstall with: apt-get install {0}", missing.join(" ")));
        }
        apt::install(shell, &missing, &release.how_to_add_apt_source())?;
        let still = missing_packages()?;
        if !still.is_empty() {
            return Err(format!("{} installed without an error, but still not found", still.join(" and ")));
        }
    }
    if let Ok(Found::At(prefix)) = llvm::find_llvm() {
        shell.set(llvm::PREFIX_VARIABLE, prefix);
    }
    if let Ok(Found::At(clang)) = llvm::find_clang() {
        shell.set(llvm::CLANG_VARIABLE, clang);
    }
    Ok(())
}

/// Makes sure that these components of the Rust toolchain are there.
pub(crate) fn rust_components(shell: &Shell, components: &[&str], install: bool) -> Result<(), String> {
    let missing = |name: &&str| {
        let subcommand = if *name == "rustfmt" { "fmt" } else { *name };
        !succeeds(shell.cargo(&[subcommand, "--version"]))
    };
    let missing: Vec<&str> = components.iter().copied().filter(missing).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    if !install || output("rustup", &["--version"]).is_none() {
        return Err(format!("not installed: {names}\nInstall with: rustup component add {names}"));
    }
    println!("{names} not found; adding to this Rust toolchain:");
    let mut command = shell.program("rustup");
    command.args(["component", "add"]).args(missing);
    shell.run(command)
}

/// The Debian packages that would bring what is not here.
fn missing_packages() -> Result<Vec<&'static str>, String> {
    let mut packages = Vec::new();
    for (package, found) in [("clang-19", llvm::find_clang()), ("llvm-19-dev", llvm::find_llvm())] {
        match found {
            Ok(_) => {}
            Err(Missing::NotFound) => packages.push(package),
            Err(Missing::Wrong(message)) => return Err(message),
        }
    }
    Ok(packages)
}

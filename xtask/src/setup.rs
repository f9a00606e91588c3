//! Bringing the machine into the state that building and testing needs.

use std::process::Command;

use crate::command::{Shell, output, succeeds};
use crate::llvm::{self, Found, Missing};
use crate::system::{Release, how_to_install};

/// Finds clang 19 and LLVM 19, installs them if they are missing and `install` allows it, and tells the
/// programs that `shell` starts where they are.
pub(crate) fn llvm(shell: &mut Shell, install: bool) -> Result<(), String> {
    let missing = missing_packages()?;
    if !missing.is_empty() {
        let release = Release::of_this_system();
        if output("apt-get", &["--version"]).is_none() {
            return Err(how_to_install(std::env::consts::OS, &release));
        }
        if !install {
            return Err(format!("not installed: {0}\nInstall with: apt-get install {0}", missing.join(" ")));
        }
        apt_install(shell, &missing, &release.how_to_add_apt_source())?;
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

/// Installs Debian packages. `unavailable` is what to say where the configured package sources have none.
pub(crate) fn apt_install(shell: &Shell, packages: &[&str], unavailable: &str) -> Result<(), String> {
    println!("{} not found; installing with apt-get:", packages.join(" and "));
    let prefix = root_prefix(packages)?;
    let apt = |arguments: &[&str]| {
        let mut words = prefix.iter().copied().chain(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        let mut command = shell.program(words.next().unwrap_or("env"));
        command.args(words).args(["-q", "-o", "DPkg::Lock::Timeout=300"]).args(arguments);
        // sudo reads a password from the terminal itself, whatever standard input is.
        shell.run(command)
    };
    let mut updated = false;
    if !packages.iter().all(|package| has_candidate(package)) {
        apt(&["update"])?;
        updated = true;
        if !packages.iter().all(|package| has_candidate(package)) {
            return Err(unavailable.into());
        }
    }
    let install: Vec<&str> =
        ["install", "-y", "--no-install-recommends"].into_iter().chain(packages.iter().copied()).collect();
    match apt(&install) {
        // Old package lists name files that the servers have replaced since.
        Err(_) if !updated => {
            println!("Trying again with new package lists:");
            apt(&["update"])?;
            apt(&install)
        }
        result => result,
    }
}

/// What goes before a command that root must run.
fn root_prefix(packages: &[&str]) -> Result<Vec<&'static str>, String> {
    if output("id", &["-u"]).is_some_and(|id| id.trim() == "0") {
        return Ok(Vec::new());
    }
    if output("sudo", &["--version"]).is_none() {
        return Err(format!(
            "packages are missing, you are not root, and there is no sudo; as root, run:\n  \
             apt-get update && apt-get install -y --no-install-recommends {}",
            packages.join(" ")
        ));
    }
    // Where nobody can type a password, sudo must fail and not wait.
    let unattended = std::env::var_os("CI").is_some();
    Ok(if unattended { vec!["sudo", "-n"] } else { vec!["sudo"] })
}

/// Whether the configured package sources, as far as their lists are here, have the package.
fn has_candidate(package: &str) -> bool {
    let mut command = Command::new("apt-cache");
    command.args(["policy", package]).env("LC_ALL", "C");
    let Ok(output) = command.output() else { return false };
    names_candidate(&String::from_utf8_lossy(&output.stdout))
}

fn names_candidate(policy: &str) -> bool {
    let candidate = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate:"));
    candidate.is_some_and(|version| version.trim() != "(none)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates() {
        assert!(names_candidate(
            "clang-19:\n  Installed: (none)\n  Candidate: 1:19.1.7-3\n  Version table:\n"
        ));
        assert!(!names_candidate("clang-19:\n  Installed: (none)\n  Candidate: (none)\n"));
        assert!(!names_candidate(""));
    }
}

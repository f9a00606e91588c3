//! Debian's packages: installing them, or only fetching and unpacking them.

use std::path::Path;
use std::process::Command;

use crate::command::{Shell, output};

/// Whether this system has apt.
pub(crate) fn is_here() -> bool {
    output("apt-get", &["--version"]).is_some()
}

/// Installs Debian packages. `unavailable` is what to say where the configured package sources have none.
pub(crate) fn install(shell: &Shell, packages: &[&str], unavailable: &str) -> Result<(), String> {
    println!("{} not found; installing with apt-get:", packages.join(" and "));
    let apt = |arguments: &[&str]| as_root(shell, packages, arguments);
    let mut updated = false;
    if !packages.iter().all(|package| candidate(package).is_some()) {
        apt(&["update"])?;
        updated = true;
        if !packages.iter().all(|package| candidate(package).is_some()) {
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

/// Reads the package sources' lists anew. `packages` is what for, should root's rights be missing.
pub(crate) fn update(shell: &Shell, packages: &[&str]) -> Result<(), String> {
    as_root(shell, packages, &["update"])
}

/// Unpacks packages, and what they depend on and this system does not have, into a directory, without installing them.
pub(crate) fn unpack(shell: &Shell, packages: &[&str], directory: &Path) -> Result<(), String> {
    let downloads = directory.join("packages");
    std::fs::create_dir_all(&downloads)
        .map_err(|e| format!("{} cannot be made: {e}", downloads.display()))?;
    let mut list = shell.program("apt-get");
    list.args(["install", "--print-uris", "--reinstall", "--yes", "--no-install-recommends"]).args(packages);
    let list = list.output().map_err(|error| format!("apt-get could not be started: {error}"))?;
    if !list.status.success() {
        return Err(String::from_utf8_lossy(&list.stderr).trim().to_owned());
    }
    let text = String::from_utf8_lossy(&list.stdout).into_owned();
    let mut download = shell.program("apt-get");
    // Root's apt-get would fetch as a user who cannot write here, and warn that it did not.
    download.current_dir(&downloads).args(["-q", "-o", "APT::Sandbox::User=root", "download"]);
    download.args(names_of_uris(&text));
    shell.run(download)?;
    let files = std::fs::read_dir(&downloads).map_err(|error| error.to_string())?;
    for file in files {
        let file = file.map_err(|error| error.to_string())?.path();
        let mut unpack = shell.program("dpkg-deb");
        unpack.arg("--extract").arg(&file).arg(directory);
        if !unpack.status().is_ok_and(|status| status.success()) {
            return Err(format!("{} could not be unpacked", file.display()));
        }
    }
    std::fs::remove_dir_all(&downloads).map_err(|error| error.to_string())
}

/// The names in what `apt-get --print-uris` prints: lines of 'URI' name_version_architecture.deb size hash.
fn names_of_uris(text: &str) -> Vec<&str> {
    let files =
        text.lines().filter(|line| line.starts_with('\'')).filter_map(|line| line.split_whitespace().nth(1));
    files.filter_map(|file| file.split('_').next()).collect()
}

/// What a package depends on directly, as far as the lists here know.
pub(crate) fn dependencies(package: &str) -> Vec<String> {
    let text = output("apt-cache", &["depends", "--important", package]).unwrap_or_default();
    text.lines().filter_map(|line| line.trim().strip_prefix("Depends: ")).map(str::to_owned).collect()
}

/// Runs apt-get as root.
fn as_root(shell: &Shell, packages: &[&str], arguments: &[&str]) -> Result<(), String> {
    let prefix = root_prefix(packages)?;
    let mut words = prefix.into_iter().chain(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    let mut command = shell.program(words.next().unwrap_or("env"));
    command.args(words).args(["-q", "-o", "DPkg::Lock::Timeout=300"]).args(arguments);
    // sudo reads a password from the terminal itself, whatever standard input is.
    shell.run(command)
}

/// Whether this user may install packages without asking anybody.
pub(crate) fn is_root() -> bool {
    output("id", &["-u"]).is_some_and(|id| id.trim() == "0")
}

/// What goes before a command that root must run.
fn root_prefix(packages: &[&str]) -> Result<Vec<&'static str>, String> {
    if is_root() {
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

/// The version that would be installed, as far as the configured package sources' lists are here and have the package.
pub(crate) fn candidate(package: &str) -> Option<String> {
    let mut command = Command::new("apt-cache");
    command.args(["policy", package]).env("LC_ALL", "C");
    candidate_of(&String::from_utf8_lossy(&command.output().ok()?.stdout)).map(str::to_owned)
}

fn candidate_of(policy: &str) -> Option<&str> {
    let candidate = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate:"))?.trim();
    (candidate != "(none)").then_some(candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates() {
        let policy = "clang-19:\n  Installed: (none)\n  Candidate: 1:19.1.7-3\n  Version table:\n";
        assert_eq!(candidate_of(policy), Some("1:19.1.7-3"));
        assert_eq!(candidate_of("clang-19:\n  Installed: (none)\n  Candidate: (none)\n"), None);
        assert_eq!(candidate_of(""), None);
    }

    #[test]
    fn names_of_packages_to_fetch() {
        let text = "Reading package lists...\nNeed to get 151 MB of archives.\n\
                    'http://host/pool/r/libllvm22_22.1.8_amd64.deb' libllvm22_1%3a22.1.8_amd64.deb 29378692 SHA256:4a\n\
                    'http://host/pool/r/x.deb' libgit2-1.5_1.5.1+ds-1_amd64.deb 1 SHA256:5b\n";
        assert_eq!(names_of_uris(text), ["libllvm22", "libgit2-1.5"]);
        assert!(names_of_uris("").is_empty());
    }
}

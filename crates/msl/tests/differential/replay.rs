//! Kernels in files: checked one by one, in processes of their own.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::compare::{Kind, Problem, Session, Subject, problem};
use super::fuzz::{Class, Program};

/// Names the file to check.
const FILE: &str = "METAL_BRIDGE_FUZZ_FILE";
/// What stands before the name of a kind of problem.
const MARK: &str = "problem ";
const KINDS: [Kind; 6] = [Kind::Source, Kind::Build, Kind::Result, Kind::Fault, Kind::Outside, Kind::Hang];
const CLASSES: [Class; 4] = [Class::Line, Class::Plane, Class::Space, Class::Group];

/// The file's text: what is to know in a comment, then the source.
pub(crate) fn text(seed: u64, program: &Program) -> String {
    let Program { name, class, may_fault, .. } = program;
    format!("// {seed} {name} {class:?} {may_fault}\n{}", program.source())
}

/// The file that the environment names.
pub(crate) fn given() -> Option<PathBuf> {
    std::env::var_os(FILE).map(PathBuf::from)
}

/// Checks the kernel in a file.
pub(crate) fn check_file(path: &Path) {
    let text = std::fs::read_to_string(path).expect("the file is there");
    let (head, source) = text.split_once('\n').expect("a comment, then the source");
    let words: Vec<&str> = head.split_whitespace().collect();
    let [_, seed, name, class, may_fault] = words[..] else {
        panic!("`{head}` is not `// SEED NAME CLASS MAY_FAULT`")
    };
    let class = CLASSES.into_iter().find(|c| format!("{c:?}") == class).expect("a class");
    let subject = Subject { name, class, may_fault: may_fault == "true" };
    let seed = seed.parse().expect("a number");
    match Session::new(false).check_source(&subject, seed, source) {
        Ok(()) => println!("{}: all ways agree", path.display()),
        Err(Problem { kind, text }) => panic!("\n{MARK}{kind:?} {text}\n"),
    }
}

/// Checks a program in another process.
pub(crate) fn apart(seed: u64, program: &Program) -> Option<Problem> {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = directory.join(format!("kernel-{}-{seed}.metal", std::process::id()));
    std::fs::write(&path, text(seed, program)).expect("the directory is there");
    let output = Command::new(std::env::current_exe().expect("this program has a path"))
        .args(["generated_kernels_agree", "--exact", "--nocapture"])
        .env(FILE, &path)
        .env("RUST_BACKTRACE", "0")
        .output()
        .expect("this program can be run");
    if output.status.success() {
        return None;
    }
    let all = String::from_utf8_lossy(&output.stderr);
    let said = all.lines().find_map(|line| line.strip_prefix(MARK)?.split_once(' '));
    let known = said.and_then(|(kind, text)| {
        let kind = KINDS.into_iter().find(|k| format!("{k:?}") == kind)?;
        Some(problem(kind, text))
    });
    Some(known.unwrap_or_else(|| {
        problem(Kind::Crash, format!("{}: {}", output.status, all.lines().last().unwrap_or("")))
    }))
}

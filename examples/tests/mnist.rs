//! The example that trains a network: it learns, ends with a checkpoint, and goes on from it exactly.

use std::path::Path;
use std::process::{Command, Output};

fn mnist(output: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mnist"));
    command.args(["--limit", "768", "--batch", "64", "--epochs", "2", "--seed", "3", "--output"]);
    command.arg(output).args(arguments).output().expect("the program can be started")
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The numbers of the weights: a file's header is in no particular order.
fn weights(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = std::fs::read(folder.join("digits.safetensors")).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut all: Vec<_> =
        tensors.iter().map(|(name, tensor)| (name.to_owned(), tensor.data().to_vec())).collect();
    all.sort();
    all
}

#[test]
fn stopping_and_going_on_changes_nothing() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let one = mnist(whole.path(), &["--compare", "4"]);
    assert!(one.status.success(), "{}", text(&one));
    assert!(text(&one).contains("the kernel's and the graph's Adam differ by"), "{}", text(&one));
    let accuracy = text(&one)
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("accuracy")?.split('%').next()?.trim().parse::<f64>().ok());
    assert!(accuracy.is_some_and(|percent| percent > 40.0), "{}", text(&one));
    for name in ["learning-curve.png", "mistakes.png"] {
        let picture = std::fs::read(whole.path().join(name)).unwrap();
        assert!(picture.starts_with(b"\x89PNG") && picture.len() > 5000, "{name}");
    }
    let trace = std::fs::read_to_string(whole.path().join("trace.json")).unwrap();
    assert!(trace.contains("prepare a batch") && trace.contains("evaluate"));

    // In the middle of the second epoch.
    let first = mnist(parts.path(), &["--compare", "0", "--stop-after", "17"]);
    assert!(first.status.success() && text(&first).contains("--resume"), "{}", text(&first));
    assert!(!parts.path().join("digits.safetensors").exists());
    let second = mnist(parts.path(), &["--resume"]);
    assert!(
        second.status.success() && text(&second).contains("after 1 epochs and 5 steps"),
        "{}",
        text(&second)
    );
    assert!(weights(whole.path()) == weights(parts.path()), "the weights differ");

    let other = mnist(parts.path(), &["--resume", "--optimiser", "graph"]);
    assert!(!other.status.success() && text(&other).contains("adam by the kernel"), "{}", text(&other));
}

#[test]
fn mistakes_are_told() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, part) in [
        (&["--data", "/nowhere"][..], "/nowhere"),
        (&["--device", "no such device"], "no such device"),
        (&["--resume"], "checkpoint.safetensors"),
        (&["--batch", "0"], "--batch"),
    ] {
        let output = mnist(folder.path(), arguments);
        assert!(!output.status.success() && text(&output).contains(part), "{}", text(&output));
    }
}

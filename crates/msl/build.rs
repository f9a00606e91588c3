//! Lists the files of `include/`, so that the crate carries them.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

fn main() {
    let directory = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("include");
    println!("cargo::rerun-if-changed={}", directory.display());
    let mut names: Vec<String> = fs::read_dir(&directory)
        .expect("the crate has its headers")
        .map(|entry| entry.expect("readable").file_name().into_string().expect("headers have plain names"))
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    let mut list = String::from("&[\n");
    for name in &names {
        let path = directory.join(name);
        writeln!(list, "    ({name:?}, include_str!({path:?})),").expect("writing to a string");
    }
    list.push_str("]\n");
    let output = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("headers.rs");
    fs::write(output, list).expect("the output directory is writable");
}

//! Commands that the guide shows, and what they print.
//!
//! Blocks called `console` are run in the root of the repository. `[..]` stands for any text in a line, `...` for any
//! lines, and `? 1` for the exit status. `TRYCMD=overwrite` writes what is printed into the chapters.

#![cfg(not(target_os = "macos"))]

use std::path::Path;

#[test]
fn commands_print_what_the_guide_says() {
    std::env::set_current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap();
    trycmd::TestCases::new()
        .register_bin("metal-bridge", Path::new(env!("CARGO_BIN_EXE_metal-bridge")))
        .case("docs/book/src/*.md");
}

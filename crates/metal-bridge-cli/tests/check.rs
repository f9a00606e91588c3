//! `metal-bridge check` over real files.

mod common;

use common::{command, metal_bridge, run};
use serde_json::Value;

#[test]
fn prints_what_each_kernel_takes() {
    metal_bridge("check add.metal").exits(0).without_complaint().prints(
        "add.metal: 1 kernel\n\
         \x20 kernel add (line 4)\n\
         \x20   buffer 0         device const float           a\n\
         \x20   buffer 1         device const float           b\n\
         \x20   buffer 2         device float                 sum\n",
    );
    let outcome = metal_bridge("check many.metal").exits(0).without_complaint();
    for line in [
        "many.metal: 5 kernels",
        "    buffer 3         constant uint                inner",
        "    threadgroup 0    threadgroup float            shared",
        "    constant 0       int                          offset",
        "    constant 1       bool                         negate (optional)",
        "    buffer 0         device const float3          v",
        "    buffer 2         device bfloat                as_bfloat",
    ] {
        assert!(outcome.out.lines().any(|l| l == line), "expected {line:?} in:\n{}", outcome.out);
    }
}

#[test]
fn errors_are_located_and_end_with_status_1() {
    metal_bridge("check broken.metal add.metal").exits(1).complains(&[
        "broken.metal:5:12: error: ",
        "undeclared",
        "    x[i] = undeclared;\n",
        "^",
    ]);
}

#[test]
fn warnings_are_shown_and_counted() {
    let outcome = metal_bridge("check warns.metal").exits(0).complains(&["warns.metal:5:11: warning: "]);
    assert!(outcome.out.starts_with("warns.metal: 1 kernel, 1 warning\n"), "{}", outcome.out);
}

#[test]
fn includes_and_macros() {
    metal_bridge("check includes.metal").exits(1).complains(&["elsewhere.h"]);
    metal_bridge("check includes.metal -I include").exits(1).complains(&["GIVEN"]);
    metal_bridge("check includes.metal -I include -D GIVEN=30 -DFLAG").exits(0).without_complaint();
}

#[test]
fn files_that_cannot_be_read_do_not_hide_the_others() {
    let directory = tempfile::tempdir().unwrap();
    let binary = directory.path().join("binary.metal");
    std::fs::write(&binary, b"// \xff").unwrap();
    let outcome = metal_bridge(&format!("check nowhere.metal {} add.metal", binary.display()))
        .exits(1)
        .complains(&["error: nowhere.metal: ", "binary.metal: not UTF-8 text: byte 3"]);
    assert!(outcome.out.starts_with("add.metal: 1 kernel\n"), "{}", outcome.out);
}

/// The document in `docs/cli.md` is what the command prints.
#[test]
fn json_is_as_documented() {
    let documentation = include_str!("../../../docs/cli.md");
    let (_, rest) = documentation.split_once("```json\n").unwrap();
    let (documented, _) = rest.split_once("```").unwrap();
    let printed = metal_bridge("check --json add.metal").exits(0).without_complaint().out;
    assert_eq!(
        serde_json::from_str::<Value>(&printed).unwrap(),
        serde_json::from_str::<Value>(documented).unwrap()
    );
}

#[test]
fn json_has_diagnostics_and_failures() {
    let outcome =
        metal_bridge("check --json broken.metal nowhere.metal warns.metal").exits(1).without_complaint();
    let report: Value = serde_json::from_str(&outcome.out).unwrap();
    assert_eq!(report["errors"], 2);
    assert_eq!(report["warnings"], 1);
    let [broken, nowhere, warns] = [0, 1, 2].map(|i| &report["files"][i]);
    assert_eq!(broken["ok"], false);
    let diagnostic = &broken["diagnostics"][0];
    assert_eq!(diagnostic["severity"], "error");
    assert_eq!((&diagnostic["file"], &diagnostic["line"]), (&"broken.metal".into(), &5.into()));
    assert_eq!(diagnostic["column"], 12);
    assert!(nowhere["failure"].as_str().unwrap().contains("nowhere.metal"));
    assert_eq!(warns["ok"], true);
    assert_eq!(warns["diagnostics"][0]["severity"], "warning");
    assert_eq!(warns["kernels"][0]["name"], "warns");
}

#[test]
fn colour_is_for_terminals() {
    let line = "check broken.metal";
    assert!(!metal_bridge(line).err.contains('\x1b'));
    assert!(run(line, command(line).env("CLICOLOR_FORCE", "1")).err.contains('\x1b'));
}

#[cfg(any(not(target_vendor = "apple"), feature = "cpu"))]
#[test]
fn a_compiler_that_is_missing_is_named() {
    let line = "check add.metal";
    let mut command = command(line);
    command.env("METAL_BRIDGE_DEVICE", "cpu");
    run(line, command.env("METAL_BRIDGE_CLANG", "/nonexistent/clang")).exits(1).complains(&[
        "error: ",
        "/nonexistent/clang",
        "METAL_BRIDGE_CLANG",
    ]);
}

/// The null device takes any source for good.
#[test]
fn a_device_that_compiles_nothing_is_refused() {
    let line = "check broken.metal";
    run(line, command(line).env("METAL_BRIDGE_DEVICE", "null"))
        .exits(1)
        .complains(&["METAL_BRIDGE_DEVICE", "cpu"]);
}

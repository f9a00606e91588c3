//! Programs mean what graphs do: the tests of executables, the golden cases and random graphs among them, run on a device that
//! interprets programs.

#![allow(clippy::duplicate_mod, reason = "each file of tests has what they share")]

#[path = "../../../tests/graph_edges.rs"]
#[allow(dead_code, reason = "the device is the crate's")]
mod edges;
#[path = "../../../tests/graph_executables.rs"]
#[allow(dead_code, reason = "the device is the crate's")]
mod executables;
#[path = "../../../tests/graph_execution.rs"]
#[allow(dead_code, reason = "the device is the crate's")]
mod execution;
#[path = "../../../tests/graph_golden_execution.rs"]
#[allow(dead_code, reason = "the device is the crate's")]
mod golden;
#[path = "../../../tests/graph_profile.rs"]
#[allow(dead_code, reason = "the device is the crate's")]
mod profile;

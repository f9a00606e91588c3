//! The `metal-bridge` command.
fn main() {}

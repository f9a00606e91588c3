//! Kernels that reach outside of their buffers, whose ends lie at pages that nothing may touch: if anything outside
//! is touched, the process of the test dies. (With cargo-nextest, each test has a process of its own.)
//!
//! `METAL_BRIDGE_REACH_ALL=1` runs every combination of pattern, operation, type and form of kernel, instead of some.

#[cfg(unix)]
#[path = "guard/mod.rs"]
mod guard;
#[cfg(unix)]
#[path = "ways/mod.rs"]
mod ways;

fn main() {
    let arguments = libtest_mimic::Arguments::from_args();
    #[cfg(unix)]
    let tests = guard::tests();
    #[cfg(not(unix))]
    let tests = Vec::new();
    libtest_mimic::run(&arguments, tests).exit();
}

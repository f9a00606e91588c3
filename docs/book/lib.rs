//! The chapters of the guide, so that their Rust code is compiled and run as the examples of documentation are.
//! `tests/chapters.rs` looks at everything else in them.

macro_rules! chapters {
    ($($name:ident = $file:literal),* $(,)?) => {
        $(
            #[cfg(doctest)]
            #[doc = include_str!($file)]
            mod $name {}
        )*
    };
}

chapters! {
    introduction = "src/introduction.md",
    started = "src/started.md",
    go = "src/go.md",
    pytorch = "src/pytorch.md",
    cuda_opencl = "src/cuda-opencl.md",
    compiler = "src/compiler.md",
    debugging = "src/debugging.md",
    errors = "src/errors.md",
    performance = "src/performance.md",
    operations = "src/operations.md",
    back_ends = "src/back-ends.md",
}

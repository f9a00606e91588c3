//! The built-in kernels on data of real size: the table of `cargo xtask demo`.

#[path = "../examples/built_in_kernels/main.rs"]
mod demo;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    demo::main()
}

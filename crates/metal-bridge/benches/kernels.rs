//! The built-in kernels on data of real size: the table of `cargo xtask demo`.

#[path = "../examples/demo/main.rs"]
mod demo;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    demo::main()
}

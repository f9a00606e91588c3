//! Writing LLVM's text for operations of kernels.

mod arithmetic;
mod collective;
#[cfg(test)]
mod tests;

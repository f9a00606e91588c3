//! Writing LLVM's text for operations of kernels.

mod arithmetic;
mod atomic;
mod collective;
#[cfg(test)]
mod tests;

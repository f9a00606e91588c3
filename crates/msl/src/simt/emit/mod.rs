//! Writing LLVM's text for operations of kernels.

mod arithmetic;
#[cfg(test)]
mod tests;

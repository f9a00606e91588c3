//! SPMD: 32 threads of a kernel become the lanes of vectors.

mod code;
mod emit;

//! What a compiled function takes (`MTLComputePipelineReflection`).
//!
//! ```
//! use msl_types::{Access, FunctionReflection};
//!
//! /// The buffers that a kernel may write to.
//! fn outputs(function: &FunctionReflection) -> Vec<u32> {
//!     let writes = function.arguments.iter().filter(|a| a.kind.is_buffer() && a.access == Access::ReadWrite);
//!     writes.map(|a| a.index).collect()
//! }
//! ```

use crate::data_type::DataType;

/// What a kernel may do with an argument's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Access {
    /// `constant`, or `device const`.
    ReadOnly,
    /// `device` without `const`, or `threadgroup`.
    ReadWrite,
}

/// Where an argument's memory lies, and so which call binds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ArgumentKind {
    /// `device` memory: `set_buffer`, `set_bytes`.
    Device,
    /// `constant` memory: `set_buffer`, `set_bytes`.
    Constant,
    /// `threadgroup` memory: `set_threadgroup_memory_length`.
    Threadgroup,
}

impl ArgumentKind {
    /// Whether the argument is bound with `set_buffer` or `set_bytes`.
    pub const fn is_buffer(self) -> bool {
        matches!(self, Self::Device | Self::Constant)
    }
}

/// One buffer or threadgroup argument of a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Argument {
    /// The parameter's name in the source.
    pub name: String,
    /// Buffer index, or threadgroup-memory index.
    pub index: u32,
    /// Which memory.
    pub kind: ArgumentKind,
    /// What the kernel may do with it.
    pub access: Access,
    /// The type pointed or referred to, in MSL's words: `float`, `uint4`, `Params`.
    pub type_name: String,
    /// Size in bytes of that type; 0 if it is not known. A bound buffer must have at least this much.
    pub size: usize,
    /// Alignment in bytes that the type asks of the buffer's offset; 1 if it is not known.
    pub alignment: usize,
}

/// A function constant that a function uses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FunctionConstant {
    /// Name in the source.
    pub name: String,
    /// The index in `[[function_constant(index)]]`.
    pub index: u32,
    /// Its type.
    pub data_type: DataType,
    /// False where the source asks `is_function_constant_defined` of it: then it may stay without a value.
    pub required: bool,
}

/// What a kernel takes and needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FunctionReflection {
    /// The name by which the library knows it (`[[host_name]]` if given).
    pub name: String,
    /// Buffer and threadgroup arguments in the order of the source.
    pub arguments: Vec<Argument>,
    /// Function constants that it uses, by index.
    pub function_constants: Vec<FunctionConstant>,
    /// Bytes of threadgroup memory that it declares itself.
    pub static_threadgroup_memory_length: usize,
    /// `[[max_total_threads_per_threadgroup(n)]]`, if given.
    pub max_total_threads_per_threadgroup: Option<u32>,
    /// `[[required_threads_per_threadgroup(x, y, z)]]`, if given.
    pub required_threads_per_threadgroup: Option<[u32; 3]>,
    /// Line of its definition in the source; 0 if unknown.
    pub line: u32,
}

impl FunctionReflection {
    /// The argument bound at a buffer index.
    pub fn buffer_argument(&self, index: u32) -> Option<&Argument> {
        self.arguments.iter().find(|a| a.kind.is_buffer() && a.index == index)
    }
}

//! What a function takes, from what Metal tells of a pipeline and what the source says.

use msl_types::{Access, Argument, ArgumentKind, FunctionConstant, FunctionReflection, PipelineError};

use super::limits::Families;
use super::source::{Kernel, Parameter};
use super::types;

/// An argument as Metal tells of it (`MTLBinding`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Binding {
    pub(super) name: String,
    pub(super) index: usize,
    /// `MTLBindingType`.
    pub(super) kind: isize,
    /// Whether the kernel may write to it.
    pub(super) writes: bool,
    /// Bytes of the type pointed or referred to.
    pub(super) size: usize,
    /// Alignment of that type.
    pub(super) alignment: usize,
    /// `MTLDataType` of that type; 0 if it is not told.
    pub(super) data_type: usize,
}

/// `MTLBindingTypeBuffer`.
pub(super) const BUFFER: isize = 0;
/// `MTLBindingTypeThreadgroupMemory`.
pub(super) const THREADGROUP_MEMORY: isize = 1;

/// The names of kernels in the order of the source, each with its definition if that was seen. Those that were not seen come
/// last, in the order of their names.
pub(super) fn in_order(mut names: Vec<String>, kernels: &[Kernel]) -> Vec<(String, Option<&Kernel>)> {
    names.sort_unstable();
    let place = |name: &str| {
        let plain = name.rsplit("::").next().unwrap_or(name);
        kernels.iter().position(|kernel| kernel.name == name || kernel.name == plain)
    };
    let mut placed: Vec<_> = names.into_iter().map(|name| (place(&name), name)).collect();
    placed.sort_by_key(|(place, _)| place.unwrap_or(usize::MAX));
    placed.into_iter().map(|(place, name)| (name, place.map(|place| &kernels[place]))).collect()
}

/// What a kernel takes.
///
/// # Errors
///
/// If it takes something that encoders here cannot bind.
pub(super) fn function(
    name: &str,
    bindings: Vec<Binding>,
    seen: Option<&Kernel>,
    function_constants: Vec<FunctionConstant>,
    static_threadgroup_memory_length: usize,
    families: Families,
) -> Result<FunctionReflection, PipelineError> {
    let unsupported = |reason: String| PipelineError::Unsupported { kernel: name.to_owned(), reason };
    let parameters = seen.map_or(&[][..], |kernel| &kernel.parameters);
    let mut arguments = Vec::new();
    for binding in bindings {
        let place = parameters.iter().position(|parameter| parameter.name == binding.name);
        let argument =
            argument(binding, place.map(|place| &parameters[place]), families).map_err(unsupported)?;
        arguments.push((place.unwrap_or(usize::MAX), argument));
    }
    arguments.sort_by_key(|(place, argument)| (*place, argument.index));
    Ok(FunctionReflection {
        name: name.to_owned(),
        arguments: arguments.into_iter().map(|(_, argument)| argument).collect(),
        function_constants,
        static_threadgroup_memory_length,
        max_total_threads_per_threadgroup: seen.and_then(|kernel| kernel.max_total_threads_per_threadgroup),
        required_threads_per_threadgroup: seen.and_then(|kernel| kernel.required_threads_per_threadgroup),
        line: seen.map_or(0, |kernel| kernel.line),
    })
}

fn argument(binding: Binding, parameter: Option<&Parameter>, families: Families) -> Result<Argument, String> {
    let Binding { name, index, kind, writes, size, alignment, data_type } = binding;
    let kind = match (kind, parameter.and_then(|parameter| parameter.kind)) {
        (THREADGROUP_MEMORY, _) => ArgumentKind::Threadgroup,
        (BUFFER, Some(seen @ (ArgumentKind::Device | ArgumentKind::Constant))) if !writes => seen,
        // Metal does not tell the two address spaces of what is read from each other. That of constants is the stricter one.
        (BUFFER, _) if !writes => ArgumentKind::Constant,
        (BUFFER, _) => ArgumentKind::Device,
        (kind, _) => {
            return Err(format!("argument `{name}` is {}, which cannot be bound here", describe(kind)));
        }
    };
    let type_name = match (parameter, types::data_type(data_type)) {
        (Some(parameter), _) if !parameter.type_name.is_empty() => parameter.type_name.clone(),
        (_, Some(data_type)) => data_type.to_string(),
        _ => "struct".to_owned(),
    };
    let alignment = match kind {
        ArgumentKind::Constant => alignment.max(families.constant_alignment()),
        _ => alignment.max(1),
    };
    let access =
        if writes || kind == ArgumentKind::Threadgroup { Access::ReadWrite } else { Access::ReadOnly };
    let index = u32::try_from(index).map_err(|_| format!("argument `{name}` has index {index}"))?;
    Ok(Argument { name, index, kind, access, type_name, size, alignment })
}

/// What a number of `MTLBindingType` stands for.
fn describe(kind: isize) -> &'static str {
    match kind {
        2 => "a texture",
        3 => "a sampler",
        16 | 17 => "an imageblock",
        24 => "a table of visible functions",
        25 | 26 => "an acceleration structure",
        27 => "a table of intersection functions",
        37 => "a tensor",
        _ => "neither a buffer nor threadgroup memory",
    }
}

/// The numbers are Metal's.
#[cfg(target_vendor = "apple")]
const _: () = {
    use objc2_metal::MTLBindingType as Metal;

    assert!(Metal::Buffer.0 == BUFFER && Metal::ThreadgroupMemory.0 == THREADGROUP_MEMORY);
    assert!(Metal::Texture.0 == 2 && Metal::Sampler.0 == 3 && Metal::Tensor.0 == 37);
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::metal::source;

    const SOURCE: &str = "
kernel void second(constant Params &params [[buffer(30)]], device const float4 *input [[buffer(0)]],
                   device float *output [[buffer(1)]], threadgroup float *scratch [[threadgroup(1)]],
                   uint i [[thread_position_in_grid]]) {}
kernel void first() {}
";
    const M1: Families = Families { apple: 7 };

    fn binding(
        name: &str,
        index: usize,
        kind: isize,
        writes: bool,
        size: usize,
        data_type: usize,
    ) -> Binding {
        Binding { name: name.into(), index, kind, writes, size, alignment: size.min(16), data_type }
    }

    fn bindings() -> Vec<Binding> {
        vec![
            binding("input", 0, BUFFER, false, 16, 6),
            binding("output", 1, BUFFER, true, 4, 3),
            binding("params", 30, BUFFER, false, 32, 1),
            binding("scratch", 1, THREADGROUP_MEMORY, true, 4, 0),
        ]
    }

    #[test]
    fn kernels_have_the_order_of_the_source() {
        let kernels = source::kernels(SOURCE);
        let names = ["unseen", "a::first", "second", "also_unseen"].map(str::to_owned).to_vec();
        let order: Vec<_> =
            in_order(names, &kernels).into_iter().map(|(n, k)| (n, k.map(|k| k.line))).collect();
        assert_eq!(
            order,
            [
                ("second".to_owned(), Some(2)),
                ("a::first".to_owned(), Some(5)),
                ("also_unseen".to_owned(), None),
                ("unseen".to_owned(), None),
            ]
        );
    }

    #[test]
    fn arguments_are_metals_in_the_words_of_the_source() {
        let kernels = source::kernels(SOURCE);
        let function = function("second", bindings(), Some(&kernels[0]), Vec::new(), 64, M1).unwrap();
        let arguments: Vec<_> = function
            .arguments
            .iter()
            .map(|a| (a.name.as_str(), a.index, a.kind, a.access, a.type_name.as_str(), a.size, a.alignment))
            .collect();
        use {Access::*, ArgumentKind::*};
        assert_eq!(
            arguments,
            [
                ("params", 30, Constant, ReadOnly, "Params", 32, 16),
                ("input", 0, Device, ReadOnly, "float4", 16, 16),
                ("output", 1, Device, ReadWrite, "float", 4, 4),
                ("scratch", 1, Threadgroup, ReadWrite, "float", 4, 4),
            ]
        );
        assert_eq!((function.line, function.static_threadgroup_memory_length), (2, 64));
    }

    #[test]
    fn without_the_source_metals_words_are_all() {
        let function = function("second", bindings(), None, Vec::new(), 0, Families { apple: 0 }).unwrap();
        let arguments: Vec<_> = function
            .arguments
            .iter()
            .map(|a| (a.name.as_str(), a.kind, a.type_name.as_str(), a.alignment))
            .collect();
        use ArgumentKind::*;
        assert_eq!(
            arguments,
            [
                ("input", Constant, "float4", 32),
                ("output", Device, "float", 4),
                ("scratch", Threadgroup, "struct", 4),
                ("params", Constant, "struct", 32),
            ]
        );
    }

    #[test]
    fn what_cannot_be_bound_is_refused() {
        let error =
            function("k", vec![binding("image", 0, 2, false, 0, 58)], None, Vec::new(), 0, M1).unwrap_err();
        assert_eq!(
            error.to_string(),
            "kernel `k`: argument `image` is a texture, which cannot be bound here"
        );
    }
}

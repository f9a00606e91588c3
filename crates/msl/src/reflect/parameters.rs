//! The parameters of a kernel and what binds them.

use serde::{Deserialize, Serialize};

use super::names::{Demangled, ParameterType, known_size};
use super::{Annotation, annotation_text, strip_casts};
use crate::llvm::{Module, Opcode, Type, TypeKind, Value};
use crate::{Access, Argument, ArgumentKind, DataType, MAX_BUFFERS, ScalarType};

/// A value that the launch gives every thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Builtin {
    ThreadPositionInGrid,
    ThreadPositionInThreadgroup,
    ThreadgroupPositionInGrid,
    ThreadsPerGrid,
    ThreadsPerThreadgroup,
    ThreadgroupsPerGrid,
    DispatchThreadsPerThreadgroup,
    GridOrigin,
    ThreadIndexInThreadgroup,
    ThreadIndexInSimdgroup,
    SimdgroupIndexInThreadgroup,
    ThreadsPerSimdgroup,
    SimdgroupsPerThreadgroup,
    DispatchSimdgroupsPerThreadgroup,
    ThreadIndexInQuadgroup,
    QuadgroupIndexInThreadgroup,
    QuadgroupsPerThreadgroup,
    DispatchQuadgroupsPerThreadgroup,
}

impl Builtin {
    const NAMES: [(&'static str, Self); 20] = [
        ("thread_position_in_grid", Self::ThreadPositionInGrid),
        ("thread_position_in_threadgroup", Self::ThreadPositionInThreadgroup),
        ("threadgroup_position_in_grid", Self::ThreadgroupPositionInGrid),
        ("threads_per_grid", Self::ThreadsPerGrid),
        ("grid_size", Self::ThreadsPerGrid),
        ("threads_per_threadgroup", Self::ThreadsPerThreadgroup),
        ("threadgroups_per_grid", Self::ThreadgroupsPerGrid),
        ("dispatch_threads_per_threadgroup", Self::DispatchThreadsPerThreadgroup),
        ("grid_origin", Self::GridOrigin),
        ("thread_index_in_threadgroup", Self::ThreadIndexInThreadgroup),
        ("thread_index_in_simdgroup", Self::ThreadIndexInSimdgroup),
        ("simdgroup_index_in_threadgroup", Self::SimdgroupIndexInThreadgroup),
        ("threads_per_simdgroup", Self::ThreadsPerSimdgroup),
        ("thread_execution_width", Self::ThreadsPerSimdgroup),
        ("simdgroups_per_threadgroup", Self::SimdgroupsPerThreadgroup),
        ("dispatch_simdgroups_per_threadgroup", Self::DispatchSimdgroupsPerThreadgroup),
        ("thread_index_in_quadgroup", Self::ThreadIndexInQuadgroup),
        ("quadgroup_index_in_threadgroup", Self::QuadgroupIndexInThreadgroup),
        ("quadgroups_per_threadgroup", Self::QuadgroupsPerThreadgroup),
        ("dispatch_quadgroups_per_threadgroup", Self::DispatchQuadgroupsPerThreadgroup),
    ];

    fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(n, _)| *n == name).map(|(_, builtin)| *builtin)
    }

    /// Whether it is a position or size in three dimensions; the others are scalars.
    fn is_vector(self) -> bool {
        use Builtin::*;
        matches!(
            self,
            ThreadPositionInGrid
                | ThreadPositionInThreadgroup
                | ThreadgroupPositionInGrid
                | ThreadsPerGrid
                | ThreadsPerThreadgroup
                | ThreadgroupsPerGrid
                | DispatchThreadsPerThreadgroup
                | GridOrigin
        )
    }
}

/// What binds a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Role {
    /// `set_buffer` or `set_bytes` at this index.
    Buffer(u32),
    /// `set_threadgroup_memory_length` at this index.
    Threadgroup(u32),
    /// The launch; an integer of 16 or 32 bits, or a vector of them passed by address.
    Builtin { builtin: Builtin, width: u32, lanes: u32, by_value: bool },
}

/// One parameter of a kernel.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// Name of the boolean function constant without which the parameter is absent.
    pub(crate) guard: Option<String>,
    ty: Option<ParameterType>,
    size: usize,
    alignment: usize,
}

impl Parameter {
    /// A parameter bound as a buffer, of which nothing else is known.
    #[cfg(test)]
    pub(crate) fn buffer(name: &str, index: u32) -> Self {
        let role = Role::Buffer(index);
        Self { name: name.into(), role, guard: None, ty: None, size: 0, alignment: 0 }
    }

    /// As reflection shows it; `None` for values that the launch gives.
    pub(crate) fn argument(&self) -> Option<Argument> {
        let (index, fallback) = match self.role {
            Role::Buffer(index) => (index, ArgumentKind::Device),
            Role::Threadgroup(index) => (index, ArgumentKind::Threadgroup),
            Role::Builtin { .. } => return None,
        };
        Some(Argument {
            name: self.name.clone(),
            index,
            kind: self.ty.as_ref().and_then(|t| t.kind).unwrap_or(fallback),
            access: self.ty.as_ref().map_or(Access::ReadWrite, |t| t.access),
            type_name: self.ty.as_ref().map(|t| t.name.clone()).unwrap_or_default(),
            size: self.size,
            alignment: self.alignment,
        })
    }
}

/// Reads the parameters of a kernel.
pub(super) fn read(
    module: &Module,
    function: Value<'_>,
    demangled: &Demangled,
    of_function: &[Annotation],
) -> Result<Vec<Parameter>, String> {
    let annotations = parameter_annotations(function);
    let values = function.parameters();
    let mut parameters = Vec::with_capacity(values.len());
    let mut implicit = Vec::new();
    for (i, value) in values.iter().enumerate() {
        let position = i as u32;
        let name = value.name();
        // `[[buffer(0)]]` leaves `msl.buffer:0`; where a macro wrote the attribute, `msl.buffer(0)`.
        let find = |attribute: &str| {
            annotations[i].iter().find_map(|a| {
                let rest = a.strip_prefix("msl.")?.strip_prefix(attribute)?;
                let in_parentheses = || rest.strip_prefix('(')?.strip_suffix(')');
                rest.strip_prefix(':').or_else(in_parentheses).map(|text| text.trim().to_owned())
            })
        };
        let ty = demangled.parameters.get(i).cloned();
        let type_name = ty.as_ref().map(|t| t.name.clone()).unwrap_or_default();
        // An index that is an expression has its value beside it.
        let index = |attribute: &str| -> Option<Result<u32, String>> {
            let text = find(attribute)?;
            let evaluated = of_function.iter().find(|a| {
                a.argument("argument").and_then(|rest| rest.split_once(':')) == Some((&name, attribute))
            });
            let number = match evaluated.and_then(|a| a.values.first()) {
                Some(value) => Some(*value),
                None => text.parse().ok(),
            };
            Some(match number {
                None => Err(format!("parameter '{name}': '{text}' is not an index")),
                Some(n) if !(0..MAX_BUFFERS as i64).contains(&n) => {
                    Err(format!("parameter '{name}': index {n} is not from 0 to {}", MAX_BUFFERS - 1))
                }
                Some(n) => Ok(n as u32),
            })
        };
        let by_value = function.byval_type(position);
        let role = if let Some(index) = index("buffer") {
            Some(Role::Buffer(index?))
        } else if let Some(index) = index("threadgroup") {
            Some(Role::Threadgroup(index?))
        } else if let Some(builtin) =
            annotations[i].iter().find_map(|a| Builtin::parse(a.strip_prefix("msl.")?))
        {
            Some(builtin_role(module, builtin, *value, by_value, &name, ty.as_ref())?)
        } else if value.ty().is_pointer() && by_value.is_none() {
            implicit.push(i);
            None
        } else {
            return Err(format!(
                "parameter '{name}' of type '{type_name}' needs an attribute such as [[thread_position_in_grid]], \
                 or must be a pointer or reference to device, constant or threadgroup memory"
            ));
        };
        let is_memory = !matches!(role, Some(Role::Builtin { .. }));
        let space = value.ty().is_pointer().then(|| value.ty().address_space());
        if is_memory && (!matches!(space, Some(1 | 3)) || by_value.is_some()) {
            return Err(format!(
                "parameter '{name}' must point or refer to device, constant or threadgroup memory"
            ));
        }
        let (size, alignment) =
            if is_memory { pointee_size(module, function, position, ty.as_ref()) } else { (0, 1) };
        parameters.push(Parameter {
            name,
            role: role.unwrap_or(Role::Buffer(u32::MAX)),
            guard: find("function_constant").map(|g| g.trim_matches('"').to_owned()),
            ty,
            size,
            alignment,
        });
    }
    // Buffers and threadgroup memory without an index take the free ones in order.
    for i in implicit {
        let threadgroup = values[i].ty().address_space() == 3;
        let make = |n| if threadgroup { Role::Threadgroup(n) } else { Role::Buffer(n) };
        let free = (0..MAX_BUFFERS as u32).find(|n| parameters.iter().all(|p| p.role != make(*n)));
        let free = free.ok_or_else(|| format!("more than {MAX_BUFFERS} arguments of one kind"))?;
        parameters[i].role = make(free);
    }
    for (i, parameter) in parameters.iter().enumerate() {
        let same =
            |p: &&Parameter| p.role == parameter.role && p.guard.is_none() && parameter.guard.is_none();
        if !matches!(parameter.role, Role::Builtin { .. })
            && let Some(other) = parameters[..i].iter().find(same)
        {
            let (what, index) = match parameter.role {
                Role::Threadgroup(index) => ("threadgroup", index),
                Role::Buffer(index) => ("buffer", index),
                Role::Builtin { .. } => continue,
            };
            return Err(format!(
                "parameters '{}' and '{}' both have [[{what}({index})]]",
                other.name, parameter.name
            ));
        }
    }
    Ok(parameters)
}

fn builtin_role(
    module: &Module,
    builtin: Builtin,
    value: Value<'_>,
    by_value: Option<Type<'_>>,
    name: &str,
    ty: Option<&ParameterType>,
) -> Result<Role, String> {
    let wrong = || {
        let shape = if builtin.is_vector() { ", or a vector of two or three of them" } else { "" };
        let of_type = ty.map(|t| format!(" of type '{}'", t.name)).unwrap_or_default();
        format!("parameter '{name}'{of_type} must be a uint or ushort{shape}")
    };
    let Some(structure) = by_value else {
        let width = value.ty().int_width();
        return match width {
            16 | 32 => Ok(Role::Builtin { builtin, width, lanes: 1, by_value: false }),
            _ => Err(wrong()),
        };
    };
    let (width, lanes) = match ty.map(|t| DataType::parse(&t.name)) {
        Some(Some(DataType { scalar: scalar @ (ScalarType::UInt | ScalarType::UShort), lanes })) => {
            (scalar.size() as u32 * 8, u32::from(lanes))
        }
        Some(_) => return Err(wrong()),
        // The name is too intricate to be read: the layout tells as much.
        None => vector_shape(module, structure).ok_or_else(wrong)?,
    };
    if !builtin.is_vector() || !matches!(lanes, 2 | 3) {
        return Err(wrong());
    }
    Ok(Role::Builtin { builtin, width, lanes, by_value: true })
}

/// Width of the components of a vector of integers, and their number; three take the room of four.
fn vector_shape(module: &Module, structure: Type<'_>) -> Option<(u32, u32)> {
    let mut component = structure;
    while component.int_width() == 0 {
        let inner = component.members().first().copied().unwrap_or(component.element());
        if inner == component {
            return None;
        }
        component = inner;
    }
    let width = component.int_width();
    let lanes = match (width, module.size_of(structure) * 8 / u64::from(width)) {
        (16 | 32, 2) => 2,
        (16 | 32, 4) => 3,
        _ => return None,
    };
    Some((width, lanes))
}

/// Size and alignment of what a parameter points to; `(0, 1)` if unknown.
fn pointee_size(
    module: &Module,
    function: Value<'_>,
    position: u32,
    ty: Option<&ParameterType>,
) -> (usize, usize) {
    if let Some(known) = ty.and_then(|t| known_size(&t.name)) {
        return known;
    }
    let attribute = |name| function.parameter_attribute(position, name).map(|v| v as usize);
    if let Some(size) = attribute("dereferenceable") {
        // Padding at the end counts for the size of a type, but need not be dereferenceable.
        let alignment = attribute("align").unwrap_or(1).max(1);
        return (size.next_multiple_of(alignment), alignment);
    }
    let by_name = ty.and_then(|t| {
        let found = ["struct", "union", "class"]
            .into_iter()
            .find_map(|keyword| module.struct_type(&format!("{keyword}.{}", t.cxx_name)))?;
        // Incomplete types have no members: their size is unknown.
        (found.kind() == TypeKind::LLVMStructTypeKind && !found.members().is_empty())
            .then(|| (module.size_of(found) as usize, module.align_of(found) as usize))
    });
    by_name.unwrap_or((0, 1))
}

/// The annotation strings of each parameter, from the `llvm.var.annotation` calls of the entry block.
fn parameter_annotations(function: Value<'_>) -> Vec<Vec<String>> {
    let parameters = function.parameters();
    let mut result = vec![Vec::new(); parameters.len()];
    let Some(entry) = function.blocks().first().copied() else { return result };
    let instructions = entry.instructions();
    for call in &instructions {
        let Some(callee) = call.called_function() else { continue };
        if !callee.name().starts_with("llvm.var.annotation") {
            continue;
        }
        let place = strip_casts(call.operand(0));
        let parameter = parameters.iter().position(|p| *p == place).or_else(|| {
            let store =
                instructions.iter().find(|i| i.opcode() == Opcode::LLVMStore && i.operand(1) == place)?;
            parameters.iter().position(|p| *p == store.operand(0))
        });
        if let (Some(parameter), Some(text)) = (parameter, annotation_text(call.operand(1))) {
            result[parameter].push(text);
        }
    }
    result
}

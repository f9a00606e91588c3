//! What the runtime calls: the function of one thread, which gives the kernel its arguments, and the
//! function of one threadgroup around it.

use std::mem::offset_of;

use crate::llvm::{Builder, Module, Opcode, Type, Value};
use crate::reflect::{Builtin, KernelEntry, Parameter, Role};
use crate::runtime::{GroupContext, Groups, RESUME, THREAD, THREADGROUP};
use crate::{Binding, MAX_TOTAL_THREADS_PER_THREADGROUP, SIMD_WIDTH};

/// Whether the launch is stopped: `i1 (ptr context)`.
pub(super) const STOPPED: &str = "msl.stopped";
/// Stands for the address of the argument of parameter N (`msl.argument.N`) until accesses are checked.
pub(crate) const ARGUMENT: &str = "msl.argument.";
/// Stands for a value of the launch (`msl.value.NAME.AXIS`) until [`resolve_values`].
pub(crate) const VALUE: &str = "msl.value.";

/// The name of a thread's position in the grid among these values, the only one that threads do not share.
pub(crate) const GRID_POSITION: &str = "thread_position_in_grid";

/// The values of the launch that are the same for all threads of a threadgroup, and where the runtime puts them.
const VALUES: [(&str, usize); 5] = [
    ("threads_per_grid", offset_of!(GroupContext, threads_per_grid)),
    ("threadgroups_per_grid", offset_of!(GroupContext, threadgroups_per_grid)),
    ("threadgroup_position_in_grid", offset_of!(GroupContext, threadgroup_position_in_grid)),
    (THREADS, offset_of!(GroupContext, threads_per_threadgroup)),
    (DISPATCH_THREADS, offset_of!(GroupContext, dispatch_threads_per_threadgroup)),
];

/// The extents of a threadgroup among these values.
const THREADS: &str = "threads_per_threadgroup";
const DISPATCH_THREADS: &str = "dispatch_threads_per_threadgroup";

/// Whether code of a kernel for some threadgroups takes for granted that each of their SIMD-groups lies in one row and has all its
/// threads, so that the width is a multiple of theirs: if the kernel is told of extents, and may wait, because others have code for
/// all straight threadgroups.
pub(super) fn is_for_whole(module: &Module, kernel: &KernelEntry, groups: Groups) -> bool {
    let is_told = kernel.parameters.iter().any(|parameter| {
        matches!(
            parameter.role,
            Role::Builtin {
                builtin: Builtin::ThreadsPerThreadgroup
                    | Builtin::SimdgroupsPerThreadgroup
                    | Builtin::QuadgroupsPerThreadgroup,
                ..
            }
        )
    });
    is_told
        && matches!(groups, Groups::Whole | Groups::Together(_))
        && module.function("msl.threadgroup_barrier").is_some()
}

/// Adds [`THREAD`], which computes the arguments and calls the kernel; whether it [is for whole SIMD-groups](is_for_whole).
pub(super) fn add_thread_function(
    module: &Module,
    kernel: &KernelEntry,
    absent: &[bool],
    is_for_whole: bool,
) {
    let function = module.function(&kernel.symbol).expect("reflection names a function of the module");
    function.make_internal();
    let (pointer, int) = (module.pointer_type(0), module.int_type(32));
    let thread = module.add_function(THREAD, module.void_type(), &[pointer, int, int, int, int]);
    thread.add_function_attribute("nounwind");
    let block = Builder::append_block(module, thread, "entry");
    let (builder, parameters) = (Builder::at_end(module, block), thread.parameters());
    let entry = ThreadEntry { module, builder, parameters, is_for_whole };
    let arguments: Vec<Value<'_>> = function
        .parameters()
        .into_iter()
        .zip(&kernel.parameters)
        .zip(absent)
        .enumerate()
        .map(|(i, ((value, parameter), absent))| match (parameter.role, absent) {
            (Role::Buffer(_) | Role::Threadgroup(_), true) => value.ty().zero(),
            (Role::Buffer(_) | Role::Threadgroup(_), false) => entry.memory(i, value.ty()),
            (Role::Builtin { .. }, _) => entry.builtin(function, i as u32, parameter),
        })
        .collect();
    entry.builder.call(function, &arguments);
    entry.builder.ret(None);
}

struct ThreadEntry<'m> {
    module: &'m Module,
    builder: Builder<'m>,
    parameters: Vec<Value<'m>>,
    is_for_whole: bool,
}

impl<'m> ThreadEntry<'m> {
    /// The address bound to a parameter: a call that is lowered when accesses are checked.
    fn memory(&self, position: usize, ty: Type<'m>) -> Value<'m> {
        self.stand_in(&format!("{ARGUMENT}{position}"), ty)
    }

    /// A call of a function without effects that stands for a value known later.
    fn stand_in(&self, name: &str, ty: Type<'m>) -> Value<'m> {
        let context = self.parameters[0];
        let function = self.module.function(name).unwrap_or_else(|| {
            let function = self.module.add_function(name, ty, &[context.ty()]);
            for attribute in ["nounwind", "willreturn", "memory"] {
                function.add_function_attribute(attribute);
            }
            function
        });
        self.builder.call(function, &[context])
    }

    /// A value that the launch gives, in the type of the parameter.
    fn builtin(&self, function: Value<'m>, position: u32, parameter: &Parameter) -> Value<'m> {
        let Role::Builtin { builtin, width, lanes, by_value } = parameter.role else {
            unreachable!("the caller has tested the role")
        };
        let component = |axis: u32| {
            let value = self.component(builtin, axis);
            if width < 32 {
                self.builder.cast(Opcode::LLVMTrunc, value, self.module.int_type(width))
            } else {
                value
            }
        };
        if !by_value {
            return component(0);
        }
        let ty = function.byval_type(position).expect("passed by address");
        let alignment = self.module.align_of(ty).max(16) as u32;
        let place = self.builder.alloca(ty, alignment);
        for axis in 0..lanes {
            let offset = self.module.int_type(64).int(i64::from(axis * width / 8));
            self.builder.store(component(axis), self.builder.byte_offset(self.module, place, offset));
        }
        place
    }

    /// A component of a value of the launch: a call that [`resolve_values`] lowers.
    fn value(&self, name: &str, axis: u32) -> Value<'m> {
        let int = self.module.int_type(32);
        let symbol = format!("{VALUE}{name}.{axis}");
        let value = self.stand_in(&symbol, int);
        let is_for_whole = self.is_for_whole && (name, axis) == (THREADS, 0);
        if matches!(name, THREADS | DISPATCH_THREADS) {
            let least = if is_for_whole { SIMD_WIDTH } else { 1 };
            let range = u64::from(least)..u64::from(MAX_TOTAL_THREADS_PER_THREADGROUP) + 1;
            self.module.function(&symbol).expect("it is called").set_result_range(range);
        }
        if is_for_whole {
            // Changes nothing, but tells LLVM.
            return self.builder.binary(Opcode::LLVMAnd, value, int.int(-i64::from(SIMD_WIDTH)));
        }
        value
    }

    fn component(&self, builtin: Builtin, axis: u32) -> Value<'m> {
        let builder = &self.builder;
        let int = self.module.int_type(32);
        let simd_width = int.int(i64::from(SIMD_WIDTH));
        let index = self.parameters[1];
        let in_group = self.parameters[2 + axis as usize];
        let multiply = |a, b| builder.binary(Opcode::LLVMMul, a, b);
        // Number of groups of `size` threads in a threadgroup with these dimensions.
        let groups_of = |dimensions: &str, size: i64| {
            let all =
                (0..3).map(|axis| self.value(dimensions, axis)).reduce(multiply).expect("three dimensions");
            let rounded = builder.binary(Opcode::LLVMAdd, all, int.int(size - 1));
            builder.binary(Opcode::LLVMUDiv, rounded, int.int(size))
        };
        let group_position = || self.value("threadgroup_position_in_grid", axis);
        match builtin {
            Builtin::ThreadPositionInGrid => self.value(GRID_POSITION, axis),
            Builtin::ThreadPositionInThreadgroup => in_group,
            Builtin::ThreadgroupPositionInGrid => group_position(),
            Builtin::ThreadsPerGrid => self.value("threads_per_grid", axis),
            Builtin::ThreadsPerThreadgroup => self.value(THREADS, axis),
            Builtin::ThreadgroupsPerGrid => self.value("threadgroups_per_grid", axis),
            Builtin::DispatchThreadsPerThreadgroup => self.value(DISPATCH_THREADS, axis),
            Builtin::GridOrigin => int.int(0),
            Builtin::ThreadIndexInThreadgroup => index,
            Builtin::ThreadIndexInSimdgroup => {
                builder.binary(Opcode::LLVMAnd, index, int.int(i64::from(SIMD_WIDTH) - 1))
            }
            Builtin::SimdgroupIndexInThreadgroup => builder.binary(Opcode::LLVMUDiv, index, simd_width),
            Builtin::ThreadsPerSimdgroup => simd_width,
            Builtin::SimdgroupsPerThreadgroup => groups_of(THREADS, i64::from(SIMD_WIDTH)),
            Builtin::DispatchSimdgroupsPerThreadgroup => groups_of(DISPATCH_THREADS, i64::from(SIMD_WIDTH)),
            Builtin::ThreadIndexInQuadgroup => builder.binary(Opcode::LLVMAnd, index, int.int(3)),
            Builtin::QuadgroupIndexInThreadgroup => builder.binary(Opcode::LLVMUDiv, index, int.int(4)),
            Builtin::QuadgroupsPerThreadgroup => groups_of(THREADS, 4),
            Builtin::DispatchQuadgroupsPerThreadgroup => groups_of(DISPATCH_THREADS, 4),
        }
    }
}

/// Replaces the stand-ins of the launch's values by loads from the context.
pub(super) fn resolve_values(module: &Module) {
    let thread = module.function(THREAD).expect("the thread function was added");
    let parameters = thread.parameters();
    let load = |name: &str, axis: usize, before| {
        let builder = Builder::before(module, before);
        let (_, offset) = VALUES.iter().find(|(n, _)| *n == name)?;
        let offset = module.int_type(64).int((*offset + axis * 4) as i64);
        let place = builder.byte_offset(module, parameters[0], offset);
        Some(builder.load(module.int_type(32), place).set_invariant_load())
    };
    for call in thread.instructions() {
        let Some(callee) = call.called_function() else { continue };
        let symbol = callee.name();
        let value = symbol.strip_prefix(VALUE).and_then(|rest| rest.rsplit_once('.'));
        let Some((name, Ok(axis))) = value.map(|(name, axis)| (name, axis.parse::<usize>())) else {
            continue;
        };
        let builder = Builder::before(module, call);
        let value = if name == GRID_POSITION {
            load("threadgroup_position_in_grid", axis, call)
                .zip(load(DISPATCH_THREADS, axis, call))
                .map(|(group, size)| builder.binary(Opcode::LLVMMul, group, size))
                .map(|base| builder.binary(Opcode::LLVMAdd, base, parameters[2 + axis]))
        } else {
            load(name, axis, call)
        };
        let Some(value) = value else { continue };
        call.replace_all_uses_with(value);
        call.erase();
    }
}

/// Where the runtime finds what is bound to a parameter: the field of [`GroupContext`] that holds the table,
/// and the offset of the [`Binding`] in it.
pub(crate) fn binding_place(role: Role) -> Option<(usize, usize)> {
    match role {
        Role::Buffer(index) => {
            Some((offset_of!(GroupContext, buffers), index as usize * size_of::<Binding>()))
        }
        Role::Threadgroup(index) => {
            Some((offset_of!(GroupContext, threadgroup_arguments), index as usize * size_of::<Binding>()))
        }
        Role::Builtin { .. } => None,
    }
}

/// Adds what the runtime calls around [`THREAD`].
pub(super) fn add_entry(module: &mut Module, waits: bool) -> Result<(), String> {
    let stop = offset_of!(GroupContext, stop);
    let mut text = format!(
        "define i1 @{STOPPED}(ptr %context) alwaysinline nounwind {{
  %field = getelementptr i8, ptr %context, i64 {stop}
  %flag = load ptr, ptr %field, !invariant.load !0
  %value = load atomic i8, ptr %flag monotonic, align 1
  %set = icmp ne i8 %value, 0
  ret i1 %set
}}
declare void @{THREAD}(ptr, i32, i32, i32, i32)
!0 = !{{}}
"
    );
    if waits {
        text += &format!(
            "define void @{RESUME}(ptr %handle) nounwind {{
  call void @llvm.coro.resume(ptr %handle)
  ret void
}}
declare void @llvm.coro.resume(ptr)
"
        );
    } else {
        let threads = offset_of!(GroupContext, threads_per_threadgroup);
        text += &format!(
            "define void @{THREADGROUP}(ptr %context) nounwind {{
entry:
  %px = getelementptr i8, ptr %context, i64 {threads}
  %py = getelementptr i8, ptr %px, i64 4
  %pz = getelementptr i8, ptr %px, i64 8
  %nx = load i32, ptr %px, !invariant.load !0
  %ny = load i32, ptr %py, !invariant.load !0
  %nz = load i32, ptr %pz, !invariant.load !0
  %nxy = mul i32 %nx, %ny
  %n = mul i32 %nxy, %nz
  %empty = icmp eq i32 %n, 0
  br i1 %empty, label %done, label %thread
thread:
  %x = phi i32 [ 0, %entry ], [ %next_x, %next ]
  %y = phi i32 [ 0, %entry ], [ %next_y, %next ]
  %z = phi i32 [ 0, %entry ], [ %next_z, %next ]
  %index = phi i32 [ 0, %entry ], [ %next_index, %next ]
  call void @{THREAD}(ptr %context, i32 %index, i32 %x, i32 %y, i32 %z)
  %next_index = add i32 %index, 1
  %last = icmp eq i32 %next_index, %n
  br i1 %last, label %done, label %next
next:
  %x1 = add i32 %x, 1
  %row = icmp eq i32 %x1, %nx
  %next_x = select i1 %row, i32 0, i32 %x1
  %carry_y = zext i1 %row to i32
  %y1 = add i32 %y, %carry_y
  %plane = icmp eq i32 %y1, %ny
  %next_y = select i1 %plane, i32 0, i32 %y1
  %carry_z = zext i1 %plane to i32
  %next_z = add i32 %z, %carry_z
  %stop = call i1 @{STOPPED}(ptr %context)
  br i1 %stop, label %done, label %thread
done:
  ret void
}}
"
        );
    }
    module.link_text(&text)?;
    let entries: &[&str] = if waits { &[THREAD, RESUME] } else { &[THREADGROUP] };
    for function in module.functions().into_iter().filter(|f| !f.is_declaration()) {
        let name = function.name();
        if !entries.contains(&name.as_str()) {
            function.make_internal();
            function.add_function_attribute("alwaysinline");
        }
    }
    Ok(())
}

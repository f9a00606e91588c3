//! A graph of known sizes as steps: kernels with their arguments, and where values lie.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use super::description::{Description, Placement, name, size_of};
use super::emit::{Body, Kernel, PRELUDE, is_free, is_memory, shape_of};
use super::passes::{self, Subject};
use super::plan::{Lifetime, plan};
use super::routine::Calls;
use super::{regions, routine, storage};
use crate::backend::routine::Routine;
use crate::device::Device;
use crate::graph::data::TensorData;
use crate::graph::ir::op::UnaryOp;
use crate::graph::ir::{Arena, NodeId, Op, Table, VariableId};

/// Where a tensor lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// The buffer of a feed, by its place among the feeds.
    Feed(usize),
    /// The buffer of a target, by its place among the targets.
    Target(usize),
    Variable(VariableId),
    /// A constant, by its place among the program's.
    Constant(usize),
    /// A constant in the form that the device likes it in for a routine, by its place among the program's.
    LaidOut(usize),
    /// Bytes of the arena from an offset on.
    Arena(usize),
}

/// What is done in one step.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// A kernel is run. The number is that of its name in the source; equal kernels have one name.
    Kernel { function: usize, grid: [usize; 3], threadgroup: [usize; 3] },
    /// The device computes something by itself: the arguments are two operands, a bias if the epilogue has one,
    /// the result, and temporary memory if the routine needs some.
    Routine(Routine),
}

/// A constant that is laid out for a routine when the program is loaded.
#[derive(Clone, Debug)]
pub(crate) struct LaidOut {
    pub(crate) constant: TensorData,
    pub(crate) routine: Routine,
}

/// An action with its arguments.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) action: Action,
    pub(crate) arguments: Vec<Slot>,
    pub(crate) description: Description,
}

/// The new value of a variable that can only be put in place when nothing needs the old one any more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Copy {
    pub(crate) from: usize,
    pub(crate) to: VariableId,
    pub(crate) size: usize,
}

/// All that must be known to run a graph.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// One library.
    pub(crate) source: String,
    /// The number of different kernels: `region_0`, `region_1`, …
    pub(crate) functions: usize,
    pub(crate) steps: Vec<Step>,
    pub(crate) copies: Vec<Copy>,
    pub(crate) constants: Vec<TensorData>,
    pub(crate) laid_out: Vec<LaidOut>,
    /// Variables that are read or assigned.
    pub(crate) variables: Vec<VariableId>,
    /// Bytes.
    pub(crate) arena: usize,
    /// The graph as it was compiled, as text.
    pub(crate) graph: String,
    /// Where values lie in the arena and when.
    pub(crate) memory: Vec<Placement>,
}

/// How to compile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options<'a> {
    /// Where the program will run.
    pub(crate) device: &'a Device,
    /// Passes, fusion and routines of the device, or each operation as a kernel by itself.
    pub(crate) optimise: bool,
    /// Print the graph around each pass.
    pub(crate) print: bool,
}

/// The name of a kernel in the source.
pub(crate) fn function_name(number: usize) -> String {
    format!("region_{number}")
}

/// Compiles a graph of known sizes. `None` if its values do not fit an address space.
pub(crate) fn compile(
    arena: Arena,
    feeds: Vec<Option<NodeId>>,
    targets: &[NodeId],
    options: Options<'_>,
) -> Option<Program> {
    let count = targets.len();
    let mut roots = targets.to_vec();
    roots.extend(arena.nodes.iter().filter(|(_, node)| matches!(node.op, Op::Assign(_))).map(|(id, _)| id));
    let mut subject = Subject { arena, roots, feeds };
    passes::legalise(&mut subject, options.print);
    if options.optimise {
        passes::optimise(&mut subject, options.device, options.print);
    }
    separate(&mut subject, count);
    let Subject { arena, roots, feeds } = subject;
    let graph = crate::graph::ir::print::text(&arena, &arena.reachable(&roots));

    let calls =
        if options.optimise { routine::choose(&arena, &roots, options.device) } else { Calls::none(&arena) };
    let mut storage =
        if options.optimise { storage::choose(&arena, &roots, &calls) } else { storage::everything(&arena) };
    for &root in &roots {
        storage.stored[root] = true;
        storage.required[root] = true;
    }
    let wide = needs_wide_indices(&arena);
    let kernels = regions::form(&arena, &mut storage, &calls, wide, options.optimise);
    let places = Places::new(&arena, &roots[..count], &feeds, &kernels);
    let Assigned { slots, scratch, copies, arena: bytes, memory } = places.assign(&arena, &kernels)?;

    let mut source = Source::default();
    let mut laid_out = Vec::new();
    let slot = |id: NodeId| slots[id].expect("what a kernel uses has a place");
    let steps = kernels
        .iter()
        .zip(scratch)
        .map(|(kernel, scratch)| {
            let action = match &kernel.body {
                Body::Msl { text, grid, threadgroup } => Action::Kernel {
                    function: source.add(&arena, kernel, text),
                    grid: *grid,
                    threadgroup: *threadgroup,
                },
                Body::Routine { routine, .. } => Action::Routine(routine.clone()),
            };
            let mut arguments = Vec::new();
            for (place, &leaf) in kernel.leaves.iter().enumerate() {
                arguments.push(match (kernel.lays_out(place), &arena.nodes[leaf].op) {
                    (Some(routine), Op::Data(constant)) => {
                        laid_out.push(LaidOut { constant: constant.clone(), routine: routine.clone() });
                        Slot::LaidOut(laid_out.len() - 1)
                    }
                    _ => slot(leaf),
                });
            }
            arguments.extend(kernel.outputs.iter().map(|&id| slot(id)).chain(scratch));
            Step {
                action,
                arguments,
                description: Description::new(&arena, &kernel.leaves, &kernel.outputs, &kernel.computed),
            }
        })
        .collect();
    let functions = source.functions.len();
    Some(Program {
        source: source.finish(),
        functions,
        steps,
        copies,
        constants: places.constants,
        laid_out,
        variables: places.variables,
        arena: bytes,
        graph,
        memory,
    })
}

/// Gives each target a node of its own that is computed: not memory, no assignment, and no other target.
fn separate(subject: &mut Subject, targets: usize) {
    for place in 0..targets {
        let id = subject.roots[place];
        let node = &subject.arena.nodes[id];
        let taken = is_memory(node) || is_free(node) || matches!(node.op, Op::Assign(_));
        if taken || subject.roots[..place].contains(&id) {
            let origin = node.origin;
            let copy = subject.arena.add(Op::Unary(UnaryOp::StopGradient), &[id], origin);
            subject.roots[place] = copy.expect("copies are of any type");
        }
    }
}

/// Whether some index may not fit 32 bits.
fn needs_wide_indices(arena: &Arena) -> bool {
    const LIMIT: usize = 1 << 31;
    arena.nodes.iter().any(|(id, node)| {
        let elements: usize = shape_of(arena, id).iter().product();
        let window = match &node.op {
            Op::Conv2d(convolution)
            | Op::Conv2dDataGradient { convolution, .. }
            | Op::Conv2dWeightsGradient { convolution, .. } => Some((&convolution.window, [0, 0])),
            Op::MaxPool2d(pooling)
            | Op::MaxPool2dSelect(pooling)
            | Op::MaxPool2dGradient(pooling)
            | Op::AvgPool2d { pooling, .. }
            | Op::AvgPool2dGradient { pooling, .. } => Some((&pooling.window, pooling.kernel)),
            _ => None,
        };
        let far = window.is_some_and(|(window, kernel)| {
            let numbers = window.strides.into_iter().chain(window.dilations).chain(kernel);
            numbers.chain(window.padding.concat()).any(|number| number >= LIMIT / 4)
        });
        elements >= LIMIT / 4 || far
    })
}

/// What lies where.
struct Assigned {
    slots: Table<NodeId, Option<Slot>>,
    /// The temporary memory of each step.
    scratch: Vec<Option<Slot>>,
    copies: Vec<Copy>,
    /// Bytes.
    arena: usize,
    memory: Vec<Placement>,
}

/// What lies where, as far as it is known before the plan.
struct Places {
    slots: Table<NodeId, Option<Slot>>,
    constants: Vec<TensorData>,
    variables: Vec<VariableId>,
    /// Assignments whose value must wait in the arena.
    late: Vec<(NodeId, VariableId)>,
}

impl Places {
    fn new(arena: &Arena, targets: &[NodeId], feeds: &[Option<NodeId>], kernels: &[Kernel]) -> Self {
        let mut places = Self {
            slots: Table::filled(arena.nodes.len(), None),
            constants: Vec::new(),
            variables: Vec::new(),
            late: Vec::new(),
        };
        for (place, feed) in feeds.iter().enumerate() {
            if let Some(id) = *feed {
                places.slots[id] = Some(Slot::Feed(place));
            }
        }
        for (place, &target) in targets.iter().enumerate() {
            places.slots[target] = Some(Slot::Target(place));
        }
        for (step, kernel) in kernels.iter().enumerate() {
            for (place, &leaf) in kernel.leaves.iter().enumerate() {
                match &arena.nodes[leaf].op {
                    Op::Data(_) if kernel.lays_out(place).is_some() => {}
                    Op::Data(data) if places.slots[leaf].is_none() => {
                        places.slots[leaf] = Some(Slot::Constant(places.constants.len()));
                        places.constants.push(data.clone());
                    }
                    Op::Read(variable) => places.variable(leaf, *variable),
                    _ => {}
                }
            }
            for &output in &kernel.outputs {
                let Op::Assign(variable) = arena.nodes[output].op else { continue };
                if old_value_is_needed(arena, kernels, step, variable) {
                    places.late.push((output, variable));
                    if !places.variables.contains(&variable) {
                        places.variables.push(variable);
                    }
                } else {
                    places.variable(output, variable);
                }
            }
        }
        places
    }

    fn variable(&mut self, id: NodeId, variable: VariableId) {
        self.slots[id] = Some(Slot::Variable(variable));
        if !self.variables.contains(&variable) {
            self.variables.push(variable);
        }
    }

    /// Plans the arena for all that has no place yet.
    fn assign(&self, arena: &Arena, kernels: &[Kernel]) -> Option<Assigned> {
        let size = |id: NodeId| size_of(arena, id);
        let mut known: BTreeMap<NodeId, usize> = BTreeMap::new();
        let mut values: Vec<Lifetime> = Vec::new();
        let mut nodes = Vec::new();
        let mut temporary: Vec<Option<usize>> = Vec::new();
        for (step, kernel) in kernels.iter().enumerate() {
            for leaf in &kernel.leaves {
                if let Some(&value) = known.get(leaf) {
                    values[value].to = step;
                }
            }
            for &output in kernel.outputs.iter().filter(|&&id| self.slots[id].is_none()) {
                let element = arena.ty(output).data_type.size();
                let over =
                    kernel.pointwise.iter().filter(|&&leaf| arena.ty(leaf).data_type.size() == element);
                let over = over.filter_map(|leaf| known.get(leaf).copied()).collect();
                known.insert(output, values.len());
                let late = self.late.iter().any(|(id, _)| *id == output);
                let to = if late { kernels.len() } else { step };
                values.push(Lifetime { size: size(output), from: step, to, over });
                nodes.push(Some(output));
            }
            temporary.push(match kernel.body {
                Body::Routine { scratch: 1.., .. } => Some(values.len()),
                _ => None,
            });
            if let Body::Routine { scratch: size @ 1.., .. } = kernel.body {
                values.push(Lifetime { size, from: step, to: step, over: Vec::new() });
                nodes.push(None);
            }
        }
        // Values that wait for the end live until then, whoever reads them.
        for (id, _) in &self.late {
            values[known[id]].to = kernels.len();
        }
        let (offsets, end) = plan(&values)?;
        let mut slots = self.slots.clone();
        let mut memory = Vec::new();
        for ((id, value), &offset) in nodes.iter().zip(&values).zip(&offsets) {
            let name = match *id {
                Some(id) => {
                    slots[id] = Some(Slot::Arena(offset));
                    name(arena, id)
                }
                None => "temporary memory".into(),
            };
            let &Lifetime { size, from, to, .. } = value;
            memory.push(Placement { offset, size, from, to, name });
        }
        let scratch = temporary.into_iter().map(|value| value.map(|i| Slot::Arena(offsets[i]))).collect();
        let copies = self
            .late
            .iter()
            .map(|&(id, to)| Copy { from: offsets[known[&id]], to, size: size(id) })
            .collect();
        Some(Assigned { slots, scratch, copies, arena: end, memory })
    }
}

/// Whether a variable's old value is read by a later step than the one that makes the new value, or in that one
/// at other elements than each thread's own.
fn old_value_is_needed(arena: &Arena, kernels: &[Kernel], step: usize, variable: VariableId) -> bool {
    let reads = |id: &&NodeId| arena.nodes[**id].op == Op::Read(variable);
    kernels[step + 1..].iter().any(|kernel| kernel.leaves.iter().any(|id| reads(&id)))
        || kernels[step].leaves.iter().filter(reads).any(|id| !kernels[step].pointwise.contains(id))
}

/// The text of a library.
#[derive(Default)]
struct Source {
    /// Kernels by what is after their names.
    known: HashMap<String, usize>,
    /// What is before each kernel's name, and after it.
    functions: Vec<(String, String)>,
}

impl Source {
    /// Adds a kernel, or finds an equal one.
    fn add(&mut self, arena: &Arena, kernel: &Kernel, text: &str) -> usize {
        let next = self.functions.len();
        let number = *self.known.entry(text.to_owned()).or_insert(next);
        if number == next {
            self.functions.push((String::new(), text.to_owned()));
        }
        let comments = &mut self.functions[number].0;
        let _ = writeln!(comments, "// {}", outputs(arena, kernel));
        for &id in &kernel.computed {
            let node = &arena.nodes[id];
            let origin = node.origin;
            let file = origin.file();
            let of = if origin.gradient { "gradient of " } else { "" };
            let label = if node.label.is_empty() { String::new() } else { format!(" \"{}\"", node.label) };
            let line = format!(
                "{id} {}{label} : {}, {of}{} at {file}:{}",
                node.op.name(),
                node.ty,
                origin.call,
                origin.line()
            );
            let _ = writeln!(comments, "//     {}", plain(&line));
        }
        number
    }

    fn finish(self) -> String {
        let mut text = format!("#include <metal_stdlib>\nusing namespace metal;\n\n{PRELUDE}");
        for (number, (comments, function)) in self.functions.into_iter().enumerate() {
            let _ = write!(text, "\n{comments}kernel void {}{function}", function_name(number));
        }
        text
    }
}

fn outputs(arena: &Arena, kernel: &Kernel) -> String {
    let names: Vec<String> = kernel
        .outputs
        .iter()
        .map(|&id| plain(&format!("{}: {}", arena.describe(id), arena.ty(id))))
        .collect();
    names.join(", ")
}

/// Text that cannot end the comment it stands in.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c == '\\' || c == '?' || c.is_control() || !c.is_ascii() { '_' } else { c })
        .collect()
}

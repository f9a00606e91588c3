//! Whole kernels: the threads of a region, and what each of them stores.

use std::collections::BTreeSet;

use super::reduction::{combine, identity};
use super::{Emitter, memory, register, shape_of};
use crate::backend::routine::Routine;
use crate::graph::compile::index::{Index, Var, signed};
use crate::graph::compile::routine::Call;
use crate::graph::compile::storage::{is_row_reduction, price};
use crate::graph::data_type::TensorDataType;
use crate::graph::ir::{Arena, Key, NodeId, Op, Table};

/// The threads of a SIMD-group, which share a row.
const LANES: usize = 32;
/// Rows shorter than this have one thread each.
const SHARED_ROW: usize = 64;
/// Sums that a thread has of its part of a row: one alone would have each addition wait for the one before.
const CHAINS: usize = 4;
/// Elements that a thread writes before it looks for more.
const WRITTEN_TOGETHER: usize = 2;
/// Last axes shorter than this would leave most lanes of a SIMD-group idle.
const NARROW: usize = 16;

/// What a kernel's threads are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Space {
    /// One thread for each element of tensors of this shape, or of as many elements.
    Elements(Vec<usize>),
    /// One SIMD-group, or one thread, for each row of `length` elements.
    Rows { rows: usize, length: usize },
}

impl Space {
    /// The number of elements.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Elements(shape) => shape.iter().product(),
            Self::Rows { rows, length } => rows * length,
        }
    }

    /// Whether a node is the reduction of each of the rows. Others, of as many elements, are not.
    pub(crate) fn is_reduced_by(&self, arena: &Arena, id: NodeId) -> bool {
        let Self::Rows { rows, length } = *self else { return false };
        let elements = |id| shape_of(arena, id).iter().product::<usize>();
        is_row_reduction(arena, id)
            && elements(id) == rows
            && elements(arena.nodes[id].operands[0]) == rows * length
    }
}

/// What one kernel computes.
#[derive(Clone, Debug)]
pub(crate) struct Region {
    pub(crate) space: Space,
    /// The nodes whose values it makes, each after its operands: what is stored, and along rows the reductions.
    pub(crate) members: Vec<NodeId>,
    /// Those of them that are stored.
    pub(crate) outputs: Vec<NodeId>,
}

/// How a kernel does it.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Msl {
        /// Everything after the kernel's name.
        text: String,
        grid: [usize; 3],
        threadgroup: [usize; 3],
    },
    /// By a routine of the device, with so many bytes of temporary memory. If it is laid out, the second operand is in the
    /// form that the device likes.
    Routine { routine: Routine, scratch: usize, is_laid_out: bool },
}

/// A kernel, with what must be known to run it.
#[derive(Clone, Debug)]
pub(crate) struct Kernel {
    pub(crate) body: Body,
    /// The nodes whose memory is read: arguments from 0 on.
    pub(crate) leaves: Vec<NodeId>,
    /// The nodes that are written: the arguments after those.
    pub(crate) outputs: Vec<NodeId>,
    /// The nodes that are computed, for people.
    pub(crate) computed: Vec<NodeId>,
    /// How many nodes take loops of their own.
    pub(crate) loops: usize,
    /// Whether it cannot be: a thread would need what another one computes.
    pub(crate) illegal: bool,
    /// The leaves of which each thread reads only the element that it writes.
    pub(crate) pointwise: Vec<NodeId>,
}

impl Kernel {
    /// The kernel that is a call of a routine.
    pub(crate) fn of_call(id: NodeId, call: &Call) -> Self {
        let scratch = call.scratch * size_of::<f32>();
        Self {
            body: Body::Routine { routine: call.routine.clone(), scratch, is_laid_out: call.laid_out > 0 },
            leaves: call.operands.clone(),
            outputs: vec![id],
            computed: call.computed.clone(),
            loops: 1,
            illegal: false,
            pointwise: Vec::new(),
        }
    }

    /// The routine, if it has the leaf at a place in a form of the device's own.
    pub(crate) fn lays_out(&self, place: usize) -> Option<&Routine> {
        match &self.body {
            Body::Routine { routine, is_laid_out: true, .. } if place == 1 => Some(routine),
            _ => None,
        }
    }

    pub(crate) fn is_routine(&self) -> bool {
        matches!(self.body, Body::Routine { .. })
    }
}

/// Writes a kernel.
pub(crate) fn emit(arena: &Arena, stored: &Table<NodeId, bool>, region: &Region, wide: bool) -> Kernel {
    match &region.space {
        Space::Elements(shape) => {
            let mut dims: Vec<usize> = shape.iter().copied().filter(|&size| size > 1).collect();
            let (mut best, mut divisions) = elements(arena, stored, region, &dims, wide);
            for axis in (1..dims.len()).rev() {
                let mut merged = dims.clone();
                merged[axis - 1] *= merged.remove(axis);
                if u32::try_from(merged[axis - 1]).is_err() {
                    continue;
                }
                let (kernel, more) = elements(arena, stored, region, &merged, wide);
                let narrow = kernel.loops == 0 && dims.last().is_some_and(|&last| last < NARROW);
                // Where there are divisions anyway, those of separate axes are the same for whole rows.
                let plain = more < divisions || (more == 0 && divisions == 0);
                if !kernel.illegal && (plain || (narrow && axis == merged.len())) {
                    (best, divisions, dims) = (kernel, more, merged);
                }
            }
            let by_window = windows(arena, stored, region, &best, wide);
            by_window.filter(|kernel| !kernel.illegal).unwrap_or(best)
        }
        Space::Rows { rows, length } => {
            // The vectoriser sees best through indices that cannot wrap around, but divisions of long ones are slow.
            let (kernel, divisions) = self::rows(arena, stored, region, *rows, *length, true);
            if divisions == 0 || wide {
                return kernel;
            }
            self::rows(arena, stored, region, *rows, *length, false).0
        }
    }
}

/// A kernel of one thread for each element, and how many of its indices are no plain strides.
fn elements(
    arena: &Arena,
    stored: &Table<NodeId, bool>,
    region: &Region,
    dims: &[usize],
    wide: bool,
) -> (Kernel, usize) {
    let mut emitter = Emitter::new(arena, stored, &region.members, wide);
    let (outer, inner) = dims.split_at(dims.len().saturating_sub(2));
    let mut grid = [1, 1, outer.iter().product()];
    let mut position = match grid[2] {
        1 => vec![Index::default(); outer.len()],
        size => emitter.thread("z", size).unravel(outer),
    };
    for (&size, (name, axis)) in inner.iter().zip([("y", 1), ("x", 0)].into_iter().skip(2 - inner.len())) {
        grid[axis] = size;
        position.push(emitter.thread(name, size));
    }
    let place = Index::ravel(&position, dims);
    emitter.here = vec![place.clone()];
    let values: Vec<String> = region.outputs.iter().map(|&id| emitter.member(id, &place)).collect();
    for (argument, (&id, value)) in region.outputs.iter().zip(&values).enumerate() {
        emitter.store(argument, id, &place, value);
    }
    let threadgroup =
        if dims.len() > 1 { [grid[0].min(32), grid[1].min(8), 1] } else { [grid[0].min(256), 1, 1] };
    let divisions = emitter.divisions.get();
    (emitter.finish(region, grid, threadgroup, &[place]), divisions)
}

/// A kernel with a gradient of a pooling as one thread for each window, which computes all elements of the source
/// there: what they have in common is computed once, and memory is read and written in order. `None` unless each
/// element is in one window.
fn windows(
    arena: &Arena,
    stored: &Table<NodeId, bool>,
    region: &Region,
    kernel: &Kernel,
    wide: bool,
) -> Option<Kernel> {
    /// The elements of a window of which a thread has room for.
    const MOST: usize = 16;
    let (node, pooling) = kernel.computed.iter().find_map(|&id| match &arena.nodes[id].op {
        Op::MaxPool2dGradient(pooling) | Op::AvgPool2dGradient { pooling, .. } => Some((id, pooling)),
        _ => None,
    })?;
    let [images, channels, height, width] = shape_of(arena, node)[..] else { return None };
    let ([rows, columns], window) = (pooling.kernel, &pooling.window);
    let fits = window.strides == pooling.kernel
        && window.dilations == [1, 1]
        && window.padding == [[0, 0], [0, 0]]
        && height.is_multiple_of(rows)
        && width.is_multiple_of(columns);
    if kernel.loops != 1
        || !fits
        || rows * columns > MOST
        || region.space.len() != images * channels * height * width
    {
        return None;
    }
    let mut emitter = Emitter::new(arena, stored, &region.members, wide);
    let grid = [width / columns, height / rows, images * channels];
    let [x, y, z] =
        [("x", grid[0]), ("y", grid[1]), ("z", grid[2])].map(|(axis, size)| emitter.thread(axis, size));
    let element = |i: usize| {
        let scaled = |index: &Index, by: usize, rest: usize| index.scale(signed(by)).offset(signed(rest));
        let at = [z.clone(), scaled(&y, rows, i / columns), scaled(&x, columns, i % columns)];
        Index::ravel(&at, &[grid[2], height, width])
    };
    let places: Vec<Index> = (0..rows * columns).map(element).collect();
    emitter.here.clone_from(&places);
    let mut values = Vec::new();
    for place in &places {
        values.push(region.outputs.iter().map(|&id| emitter.member(id, place)).collect::<Vec<_>>());
    }
    for (place, values) in places.iter().zip(&values) {
        for (argument, (&id, value)) in region.outputs.iter().zip(values).enumerate() {
            emitter.store(argument, id, place, value);
        }
    }
    Some(emitter.finish(region, grid, [grid[0].min(32), grid[1].min(8), 1], &places))
}

/// A kernel of one SIMD-group or one thread for each row, and how many of its indices are no plain strides.
fn rows(
    arena: &Arena,
    stored: &Table<NodeId, bool>,
    region: &Region,
    rows: usize,
    length: usize,
    wide: bool,
) -> (Kernel, usize) {
    let mut emitter = Emitter::new(arena, stored, &region.members, wide);
    let reductions: Vec<NodeId> =
        region.members.iter().copied().filter(|&id| region.space.is_reduced_by(arena, id)).collect();
    let shared = length >= SHARED_ROW
        && reductions.iter().all(|&id| {
            let data_type = arena.ty(id).data_type;
            data_type.is_float() || data_type == TensorDataType::Int32
        });
    let row = if shared {
        emitter.line("const uint lane = g.x;");
        if rows > 1 { emitter.thread("y", rows) } else { Index::default() }
    } else if rows > 1 {
        emitter.thread("x", rows)
    } else {
        Index::default()
    };
    let depths = depths(arena, stored, region, &reductions);
    let kept = kept(arena, stored, region, &reductions, &depths);
    let passes = reductions.iter().map(|&id| depths[id]).max().unwrap_or(0);
    for pass in 1..=passes {
        let now: Vec<NodeId> = reductions.iter().copied().filter(|&id| depths[id] == pass).collect();
        let mut sums: Vec<Vec<String>> = Vec::new();
        for &id in &now {
            let (op, data_type) = reduction(arena, id);
            let mut declare = |_| emitter.declare(register(data_type), &identity(op, data_type));
            sums.push((0..chains(length, shared)).map(&mut declare).collect());
        }
        emitter.along_row(&row, length, shared, chains(length, shared), |emitter, place, chain| {
            for (&id, sums) in now.iter().zip(&sums) {
                let (op, data_type) = reduction(arena, id);
                let operand = arena.nodes[id].operands[0];
                let value = emitter.member(operand, place);
                if let Some((argument, _)) = kept.filter(|&(_, node)| node == operand && depths[id] == passes)
                {
                    emitter.store(argument, operand, place, &value);
                }
                let combined = combine(op, data_type, &sums[chain], &value);
                emitter.line(&format!("{} = {combined};", sums[chain]));
            }
        });
        for (&id, sums) in now.iter().zip(&sums) {
            let (op, data_type) = reduction(arena, id);
            let mut together = sums.len();
            while together > 1 {
                together /= 2;
                for (sum, other) in sums[..together].iter().zip(&sums[together..]) {
                    let combined = combine(op, data_type, sum, other);
                    emitter.line(&format!("{sum} = {combined};"));
                }
            }
            let sum = &sums[0];
            if shared {
                for distance in [16, 8, 4, 2, 1] {
                    let other = emitter
                        .bind(register(data_type), &format!("simd_shuffle_xor({sum}, ushort({distance}))"));
                    let combined = combine(op, data_type, sum, &other);
                    emitter.line(&format!("{sum} = {combined};"));
                }
            }
            let value = emitter.bind_rounded(data_type, sum);
            emitter.rows.insert(id, value);
        }
    }
    emitter.here = vec![row.clone()];
    let is_row = |id: NodeId| shape_of(arena, id).iter().product::<usize>() == rows;
    let numbered = || region.outputs.iter().copied().enumerate();
    let wholes: Vec<(usize, NodeId)> = numbered().filter(|&(_, id)| !is_row(id)).collect();
    if !wholes.is_empty() {
        emitter.along_row(&row, length, shared, WRITTEN_TOGETHER, |emitter, place, _| {
            if let Some((argument, node)) = kept {
                let index = emitter.index(place);
                let value = emitter.bind("float", &format!("out{argument}[{index}]"));
                emitter.know(node, place, value);
            }
            let values: Vec<String> = wholes.iter().map(|&(_, id)| emitter.member(id, place)).collect();
            for (&(argument, id), value) in wholes.iter().zip(&values) {
                emitter.store(argument, id, place, value);
            }
        });
        emitter.here = vec![row.clone()];
    }
    let singles: Vec<(usize, NodeId)> = numbered().filter(|&(_, id)| is_row(id)).collect();
    if !singles.is_empty() {
        let values: Vec<String> = singles.iter().map(|&(_, id)| emitter.member(id, &row)).collect();
        if shared {
            emitter.open("if (lane == 0)");
        }
        for (&(argument, id), value) in singles.iter().zip(&values) {
            emitter.store(argument, id, &row, value);
        }
        if shared {
            emitter.close();
        }
    }
    let illegal = !emitter.loops.is_empty();
    emitter.illegal |= illegal;
    let (grid, threadgroup) = if shared {
        ([LANES, rows, 1], [LANES, rows.min(4), 1])
    } else {
        ([rows, 1, 1], [rows.min(256), 1, 1])
    };
    // Rows are read several times, so nothing may be written where they lie.
    let divisions = emitter.divisions.get();
    (emitter.finish(region, grid, threadgroup, &[]), divisions)
}

/// How many sums a thread has of its part of a row. A matter of the length alone, so that a row's sum is the same whatever
/// else a kernel does.
fn chains(length: usize, shared: bool) -> usize {
    if shared && length >= CHAINS * LANES { CHAINS } else { 1 }
}

fn reduction(arena: &Arena, id: NodeId) -> (crate::graph::ir::op::ReduceOp, TensorDataType) {
    match arena.nodes[id].op {
        Op::Reduce { op, .. } => (op, arena.ty(id).data_type),
        _ => unreachable!("only reductions run along rows"),
    }
}

/// A costly value that the last pass of reductions reads, and a result is made of afterwards: it waits in the
/// result's memory instead of being computed twice. The argument of the result, and the node.
fn kept(
    arena: &Arena,
    stored: &Table<NodeId, bool>,
    region: &Region,
    reductions: &[NodeId],
    depths: &Table<NodeId, usize>,
) -> Option<(usize, NodeId)> {
    /// Functions such as exp; less is computed again in the time that memory takes.
    const COSTLY: usize = 8;
    let passes = reductions.iter().map(|&id| depths[id]).max()?;
    let is_whole = |id: NodeId| {
        shape_of(arena, id).iter().product::<usize>() == region.space.len()
            && arena.ty(id).data_type == TensorDataType::Float32
    };
    let operands =
        reductions.iter().filter(|&&id| depths[id] == passes).map(|&id| arena.nodes[id].operands[0]);
    let mut candidates = operands.filter(|&id| {
        is_whole(id) && !stored[id] && !region.members.contains(&id) && price(&arena.nodes[id].op) >= COSTLY
    });
    candidates.find_map(|candidate| {
        let mut results = region.outputs.iter().copied().enumerate().filter(|&(_, id)| is_whole(id));
        let (argument, _) = results.find(|&(_, result)| {
            // Whether the candidate is reached without what is known by then.
            let (mut open, mut seen) = (vec![result], BTreeSet::new());
            while let Some(id) = open.pop() {
                if !seen.insert(id) {
                    continue;
                }
                if id == candidate {
                    return true;
                }
                if id == result || !(stored[id] || reductions.contains(&id)) {
                    let operands = arena.nodes[id].operands.iter().filter(|&&operand| operand >= candidate);
                    open.extend(operands);
                }
            }
            false
        })?;
        Some((argument, candidate))
    })
}

/// In which pass over the row each reduction can be made: after those that its operand needs.
fn depths(
    arena: &Arena,
    stored: &Table<NodeId, bool>,
    region: &Region,
    reductions: &[NodeId],
) -> Table<NodeId, usize> {
    let mut depths = Table::<NodeId, usize>::filled(arena.nodes.len(), 0);
    let last = region.members.iter().map(|id| id.index()).max().unwrap_or(0);
    for (id, node) in arena.nodes.iter().take(last + 1) {
        if stored[id] && !region.members.contains(&id) {
            continue;
        }
        let before = node.operands.iter().map(|&operand| depths[operand]).max().unwrap_or(0);
        depths[id] = before + usize::from(reductions.contains(&id));
    }
    depths
}

impl Emitter<'_> {
    /// The thread's position along an axis of the grid, which is below `size`.
    fn thread(&mut self, axis: &str, size: usize) -> Index {
        let index_type = self.index_type();
        self.line(&format!("const {index_type} {axis} = g.{axis};"));
        let var: Var = self.var(axis.to_owned(), size);
        Index::var(var)
    }

    /// Writes what is done for each of a row's elements that the thread has: every 32nd one if a SIMD-group shares the
    /// row. `each` gets the element's index, and which of so many `chains` of elements it belongs to: successive ones take
    /// turns, so that what is done for them need not wait for each other.
    ///
    /// All lanes go through loops alike, and only what is left over is done by some of them.
    fn along_row(
        &mut self,
        row: &Index,
        length: usize,
        shared: bool,
        chains: usize,
        mut each: impl FnMut(&mut Self, &Index, usize),
    ) {
        let step = if shared { LANES } else { 1 };
        let chains = if shared { chains } else { 1 };
        // What is the same in all iterations comes first in sums, so that the rest is one addition for all lanes.
        let mut element = |this: &mut Self, start: usize, counter: Option<&str>, chain: usize| {
            let start = (start > 0 || (counter.is_none() && !shared)).then(|| this.number(start));
            let lane = shared.then_some("lane");
            let terms: Vec<&str> = lane.into_iter().chain(start.as_deref()).chain(counter).collect();
            let (_, place) = this.bind_index(&terms.join(" + "), length);
            let place = row.scale(signed(length)).add(&place);
            this.here = vec![row.clone(), place.clone()];
            each(this, &place, chain);
        };
        let looped = length / (step * chains) * (step * chains);
        if looped > 0 {
            let name = self.fresh("j");
            let (index_type, end, by) = (self.index_type(), self.number(looped), self.number(step * chains));
            self.open(&format!("for ({index_type} {name} = 0; {name} < {end}; {name} += {by})"));
            for chain in 0..chains {
                element(self, chain * step, Some(&name), chain);
            }
            self.close();
        }
        for (chain, start) in (looped..length).step_by(step).enumerate() {
            let rest = length - start;
            if rest < step {
                let rest = self.number(rest);
                self.open(&format!("if (lane < {rest})"));
            }
            element(self, start, None, chain);
            if rest < step {
                self.close();
            }
        }
    }

    /// The value of a node that the thread works on, whose element has this index.
    fn member(&mut self, id: NodeId, place: &Index) -> String {
        let at = place.unravel(&self.shape(id));
        self.value_at(id, &at, place.clone())
    }

    /// Makes a value known that the thread has at hand.
    fn know(&mut self, id: NodeId, place: &Index, value: String) {
        self.scopes.last_mut().expect("there is a block").insert((id, place.clone()), value);
    }

    fn store(&mut self, argument: usize, id: NodeId, place: &Index, value: &str) {
        let value = match self.data_type(id) {
            TensorDataType::Float16 => format!("half({value})"),
            TensorDataType::BFloat16 => format!("bfloat({value})"),
            TensorDataType::Bool => format!("{value} ? 1 : 0"),
            _ => value.to_owned(),
        };
        let place = self.index(place);
        self.line(&format!("out{argument}[{place}] = {value};"));
    }

    fn finish(self, region: &Region, grid: [usize; 3], threadgroup: [usize; 3], places: &[Index]) -> Kernel {
        let mut parameters = Vec::new();
        for (i, &id) in self.leaves.iter().enumerate() {
            let data_type = memory(self.data_type(id));
            parameters.push(format!("device const {data_type} *in{i} [[buffer({i})]]"));
        }
        for (i, &id) in region.outputs.iter().enumerate() {
            let (data_type, index) = (memory(self.data_type(id)), self.leaves.len() + i);
            parameters.push(format!("device {data_type} *out{i} [[buffer({index})]]"));
        }
        parameters.push("uint3 g [[thread_position_in_grid]]".into());
        let text = format!("(\n    {}) {{\n{}}}\n", parameters.join(",\n    "), self.body);
        let pointwise = self
            .leaves
            .iter()
            .copied()
            .filter(|leaf| self.accesses.iter().all(|(id, index)| id != leaf || places.contains(index)))
            .collect();
        Kernel {
            body: Body::Msl { text, grid, threadgroup },
            leaves: self.leaves,
            outputs: region.outputs.clone(),
            computed: self.computed,
            loops: self.loops.len(),
            illegal: self.illegal,
            pointwise,
        }
    }
}

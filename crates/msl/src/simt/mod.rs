//! SPMD: threads of a kernel become the lanes of vectors: the 32 of a SIMD-group, or as many as suit the machine where SIMD-groups
//! do not matter.
//!
//! A kernel in our own form becomes text of LLVM in these steps:
//!
//! * [`lower`]: some operations become simpler ones;
//! * [`origin`]: the memory that each pointer leads to;
//! * [`loops`]: the nest of loops, and an order of the blocks;
//! * [`shape`]: which values differ from lane to lane and how, and at which branches lanes part;
//! * [`tile`]: how many threads a row has, and how many rows are run together;
//! * [`together`]: whether the SIMD-groups of a threadgroup are the rows;
//! * [`schedule`]: where control goes when lanes have parted;
//! * [`emit`]: the function that runs a tile of threads;
//! * [`driver`]: what the runtime calls, which goes through the tiles.
//!
//! [`describe`](mod@describe) is the text of all but the last two.
//!
//! Each kernel becomes two functions, in texts of their own. *Whole* runs a tile of which all threads are there; where it can, it takes for
//! granted that all lanes agree about the bounds of the grid, and starts again as *part* if they do not. *Part* runs one row
//! of up to so many threads, whatever they do; many launches never need it. There is only the first where all threads of each SIMD-group are there and it
//! never starts again.

mod code;
mod describe;
mod driver;
mod emit;
mod loops;
mod lower;
mod origin;
mod schedule;
mod shape;
#[cfg(test)]
mod tests;
mod tile;
mod together;

#[cfg(test)]
pub(crate) use driver::simdgroups;

use std::collections::{BTreeSet, HashMap};

use crate::kernel::{Axis, Function, Inst, LaunchValue, Location, Op, Space, Storage, Type, Value, Variable};
use crate::llvm::{Machine, VectorRegisters};
use crate::reflect::KernelEntry;
use crate::runtime::{EntryKind, Groups, KnownMemory, PART, RUN_PART, Site};
use crate::target::Optimised;
use crate::{Access, Remark, SourceLocation};

/// Which threads are the lanes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Threads {
    /// Neighbours along x, of a kernel that does not know of threadgroups.
    Grid,
    /// Neighbours along x: SIMD-groups of threadgroups in which these lie within rows.
    Straight,
    /// SIMD-groups of any threadgroup.
    General,
}

/// How a kernel is vectorised.
#[derive(Clone, Debug)]
struct Plan {
    threads: Threads,
    /// Threads of a row: a power of two, at most 32.
    lanes: u32,
    /// Rows of a tile.
    rows: u32,
    /// In which direction the rows of a tile lie.
    across: Axis,
    /// Whether accesses are checked.
    checked: bool,
    /// Whether all threads are there.
    full: bool,
    /// Whether a tile may start again as rows.
    may_restart: bool,
    /// Whether threads wait for each other.
    waits: bool,
    /// Whether a tile is a whole threadgroup.
    together: bool,
    /// Whether the width of threadgroups is a multiple of that of SIMD-groups.
    is_for_whole: bool,
}

impl Plan {
    /// The mask of all lanes.
    fn all_lanes(&self) -> u32 {
        u32::MAX >> (u32::BITS - self.lanes)
    }

    /// Threads of a tile along x and y.
    fn extents(&self) -> [u32; 2] {
        match self.across {
            Axis::X => [self.lanes * self.rows, 1],
            _ => [self.lanes, self.rows],
        }
    }

    /// Attributes of the functions of tiles, besides those of all functions.
    fn attributes(&self) -> String {
        let own = match (self.waits, self.full) {
            (true, true) => format!("presplitcoroutine {}", driver::SAVES_NOTHING),
            (true, false) => "presplitcoroutine".into(),
            (false, true) => "alwaysinline".into(),
            (false, false) => "noinline".into(),
        };
        own + " \"prefer-vector-width\"=\"512\""
    }
}

/// What the functions of one kernel share.
#[derive(Debug, Default)]
struct Tables {
    declarations: BTreeSet<String>,
    sites: Vec<Site>,
    site_of: HashMap<(Inst, bool), u32>,
    memories: Vec<KnownMemory>,
    threadgroup: HashMap<Variable, u64>,
    remarks: Vec<Remark>,
}

impl Tables {
    /// The number of an access.
    fn site(&mut self, function: &Function, inst: Inst, write: bool) -> u32 {
        if let Some(site) = self.site_of.get(&(inst, write)) {
            return *site;
        }
        let access = if write { Access::ReadWrite } else { Access::ReadOnly };
        let location = self.location(function, inst);
        self.sites.push(Site { access, location });
        let site = self.sites.len() as u32 - 1;
        self.site_of.insert((inst, write), site);
        site
    }

    fn location(&self, function: &Function, inst: Inst) -> Option<SourceLocation> {
        self.place(function, function.instructions[inst].location)
    }

    fn place(&self, function: &Function, location: Option<Location>) -> Option<SourceLocation> {
        let location = location?;
        let file = function.files[location.file].clone();
        Some(SourceLocation { file, line: location.line, column: location.column })
    }

    fn remark(&mut self, message: String, location: Option<SourceLocation>) {
        let remark = Remark { message, location };
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    fn memory(&mut self, memory: KnownMemory) -> i32 {
        self.memories.push(memory);
        self.memories.len() as i32 - 1
    }

    /// Where a variable is in the threadgroup's memory.
    fn threadgroup_offset(&mut self, function: &Function, variable: Variable) -> u64 {
        if self.threadgroup.is_empty() {
            let mut offset = 0u64;
            for (variable, data) in function.variables.iter() {
                if data.storage == Storage::Threadgroup {
                    offset = offset.next_multiple_of(data.alignment.max(1));
                    self.threadgroup.insert(variable, offset);
                    offset += data.bytes;
                }
            }
        }
        self.threadgroup[&variable]
    }

    fn threadgroup_end(&self, function: &Function) -> u64 {
        self.threadgroup.iter().map(|(v, offset)| offset + function.variables[*v].bytes).max().unwrap_or(0)
    }
}

/// Code as LLVM's text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) text: String,
    /// Whether no vector has elements of 8 or 16 bits.
    pub(crate) words_only: bool,
}

/// A vectorised kernel.
#[derive(Debug)]
pub(crate) struct Vectorised {
    /// What the runtime starts with.
    pub(crate) whole: Text,
    /// What that calls for rows of which threads may be absent, and where it starts again; it has the same tables.
    pub(crate) part: Option<Text>,
    pub(crate) entry: EntryKind,
    pub(crate) groups: Groups,
    /// The most SIMD-groups that are better run together; 0 if none are.
    pub(crate) most_together: u32,
    pub(crate) sites: Vec<Site>,
    pub(crate) memories: Vec<KnownMemory>,
    pub(crate) remarks: Vec<Remark>,
}

/// A kernel as the vectoriser needs it, with what does not depend on a plan.
fn prepared(function: &Function) -> Result<(Function, loops::Nest, origin::Origins), String> {
    let mut function = function.clone();
    lower::lower(&mut function);
    let origins = origin::Origins::new(&mut function)?;
    let nest = loops::Nest::new(&function)?;
    Ok((function, nest, origins))
}

/// Vectorises a kernel, which was optimised with this result, for some threadgroups, or for all if they do not matter.
///
/// # Errors
///
/// What about the kernel cannot be vectorised.
pub(crate) fn vectorise(
    function: &Function,
    entry: &KernelEntry,
    machine: &Machine,
    optimised: Optimised,
    groups: Groups,
    checked: bool,
) -> Result<Vectorised, String> {
    let Optimised { threadgroup_memory, is_for_whole } = optimised;
    let (function, nest, origins) = prepared(function)?;
    let function = &function;
    let Plans { part, whole, most_together } =
        plans(function, &nest, &origins, (groups, is_for_whole), checked, machine.vector_registers())?;
    let threads = whole.threads;
    let mut tables = Tables::default();
    let mut write = |plan: &Plan, name: &str| {
        let shapes = shape::Shapes::new(function, &nest, &origins, plan);
        let schedule = schedule::Schedule::new(function, &nest, &shapes);
        let code = code::Code::new(machine, plan.lanes);
        let analyses =
            emit::Analyses { nest: &nest, origins: &origins, shapes: &shapes, schedule: &schedule };
        emit::tile(function, entry, analyses, plan, code, &mut tables, name)
    };
    let part = part.map(|plan| write(&plan, PART)).transpose()?;
    let tile = write(&whole, driver::WHOLE)?;
    if tables.threadgroup_end(function) > threadgroup_memory as u64 {
        return Err("threadgroup variables in another order than declared".into());
    }
    if threads == Threads::Grid {
        tables.declarations.insert("declare i32 @llvm.umin.i32(i32, i32)".into());
    }
    let has_part = part.is_some();
    if has_part {
        tables
            .declarations
            .insert(format!("declare void @{RUN_PART}(ptr, i32, i32, i32, i32, i32) nounwind"));
    }
    let declarations: String = tables.declarations.iter().map(|line| format!("{line}\n")).collect();
    let attributes = driver::attributes(machine.vector_registers().bytes);
    // A store past the caches. Empty: what is read does not change. Then: branches that are usually taken, and seldom.
    let metadata = format!(
        "!3 = !{{i64 {}}}\n!4 = !{{i64 8}}\n!5 = !{{i32 1}}\n!2 = !{{}}\n!0 = !{{!\"branch_weights\", i32 1000000, i32 1}}\n\
         !1 = !{{!\"branch_weights\", i32 1, i32 1000000}}\n",
        crate::MAX_BUFFERS * size_of::<crate::Binding>()
    );
    let words_only = has_words_only(function);
    let text = |functions: String| Text {
        text: [&declarations, &functions, &attributes, &metadata].map(String::as_str).concat(),
        words_only,
    };
    let kind = match (threads, whole.waits) {
        (Threads::Grid, _) => EntryKind::Grid { step: whole.extents() },
        (_, true) => EntryKind::Simdgroups,
        (_, false) => EntryKind::Threadgroup,
    };
    tables
        .remarks
        .sort_by_key(|remark| remark.location.as_ref().map(|place| (place.file.clone(), place.line)));
    Ok(Vectorised {
        whole: text(tile + &driver::entry(&whole, has_part)),
        part: part.map(text),
        entry: kind,
        groups: match (threads, groups) {
            (Threads::Grid | Threads::General, _) => Groups::Any,
            (Threads::Straight, Groups::Whole) if has_part && !is_for_whole => Groups::Straight,
            (Threads::Straight, groups) => groups,
        },
        most_together,
        sites: tables.sites,
        memories: tables.memories,
        remarks: tables.remarks,
    })
}

/// How a kernel is vectorised.
struct Plans {
    /// For some threads of a row; none where there are all of each threadgroup.
    part: Option<Plan>,
    /// For tiles of which all threads are there.
    whole: Plan,
    /// The most SIMD-groups that are better run together; 0 if none are.
    most_together: u32,
}

fn plans(
    function: &Function,
    nest: &loops::Nest,
    origins: &origin::Origins,
    (groups, is_for_whole): (Groups, bool),
    checked: bool,
    registers: VectorRegisters,
) -> Result<Plans, String> {
    let needs = Needs::of(function);
    let threads = match (needs.groups || is_for_whole, groups) {
        (false, _) => Threads::Grid,
        (true, Groups::Straight | Groups::Whole | Groups::Together(_)) => Threads::Straight,
        (true, Groups::Any) => Threads::General,
    };
    let part = Plan {
        threads,
        lanes: tile::lanes(threads, registers),
        rows: 1,
        across: Axis::X,
        checked,
        full: false,
        may_restart: false,
        waits: needs.waits,
        together: false,
        is_for_whole,
    };
    let whole = Plan { full: true, may_restart: !needs.waits, ..part.clone() };
    let most_together = together::most(function, nest, origins, &whole);
    if let Groups::Together(gang) = groups {
        if gang.simdgroups > most_together {
            return Err(format!("{} SIMD-groups that are better run one by one", gang.simdgroups));
        }
        return Ok(Plans { part: None, whole: together::plan(gang, &whole), most_together });
    }
    let whole = tile::choose(function, nest, origins, &whole, registers);
    // Whole SIMD-groups that wait never start again.
    let part = (groups != Groups::Whole || !needs.waits).then_some(part);
    Ok(Plans { part, whole, most_together })
}

/// The plans of a kernel as text: for tiles of which all threads are there, and for some threads of a row if it has such a plan.
///
/// # Errors
///
/// What about the kernel cannot be vectorised.
pub(crate) fn describe(
    function: &Function,
    registers: VectorRegisters,
    groups: Groups,
) -> Result<Vec<String>, String> {
    let (function, nest, origins) = prepared(function)?;
    let function = &function;
    let Plans { part, whole, .. } = plans(function, &nest, &origins, (groups, false), true, registers)?;
    let text = |plan: &Plan| {
        let shapes = shape::Shapes::new(function, &nest, &origins, plan);
        let schedule = schedule::Schedule::new(function, &nest, &shapes);
        describe::describe(function, &nest, &shapes, &schedule, plan)
    };
    Ok(std::iter::once(&whole).chain(&part).map(text).collect())
}

/// Whether no value but conditions has less than 32 bits, in registers and in memory.
fn has_words_only(function: &Function) -> bool {
    let is_word = |value: &Value| function.ty(*value).bits() >= 32;
    let mut instructions = function
        .layout
        .iter()
        .flat_map(|block| &function.blocks[*block].instructions)
        .map(|inst| &function.instructions[*inst]);
    function.values.iter().all(|(value, _)| is_word(&value) || function.ty(value) == Type::I1)
        && instructions.all(|data| match data.op {
            Op::Load(_) => data.results.iter().all(is_word),
            Op::Store(_) => data.operands.iter().all(is_word),
            _ => true,
        })
}

/// What a kernel knows of the threads around each.
struct Needs {
    /// It looks at threadgroups or SIMD-groups.
    groups: bool,
    /// Its threads wait for all of their threadgroup.
    waits: bool,
}

impl Needs {
    fn of(function: &Function) -> Self {
        let mut needs = Self { groups: false, waits: false };
        for block in &function.layout {
            for inst in &function.blocks[*block].instructions {
                match function.instructions[*inst].op {
                    Op::ThreadgroupBarrier => (needs.waits, needs.groups) = (true, true),
                    Op::ThreadIndex
                    | Op::ThreadPosition(_)
                    | Op::SimdLane
                    | Op::SimdgroupBarrier
                    | Op::Ballot
                    | Op::Shuffle
                    | Op::Collective(_)
                    | Op::Unreachable => needs.groups = true,
                    Op::Launch(value, _) if value != LaunchValue::ThreadsPerGrid => needs.groups = true,
                    Op::Argument(argument) if function.arguments[argument].space == Space::Threadgroup => {
                        needs.groups = true;
                    }
                    Op::Variable(variable)
                        if function.variables[variable].storage == Storage::Threadgroup =>
                    {
                        needs.groups = true;
                    }
                    _ => {}
                }
            }
        }
        needs
    }
}

//! Which nodes share a kernel.
//!
//! Each node with memory begins as a region of its own, with all that is computed for it alone. Regions that
//! use each other's elements at the same place, or read the same memory, become one: chains with several
//! results, and reductions along rows with what leads to them and follows from them. What then is used by
//! its own region only needs no memory.

use std::collections::BTreeSet;

use super::emit::{Kernel, Region, Space, emit, shape_of};
use super::routine::Calls;
use super::storage::{Storage, is_row_reduction};
use crate::graph::ir::{Arena, Key, NodeId, Op, Table};

/// The most buffers of a kernel; Metal has 31.
const MOST_BUFFERS: usize = 28;
/// Rows are read again for each reduction; what costs more than this is stored instead of computed again.
const COSTLY_IN_ROWS: usize = 64;
/// How many regions back one is looked for that reads the same memory.
const LOOK_BACK: usize = 8;

/// The kernels of a program in an order in which they can run. `calls` are what the device computes by routines.
pub(crate) fn form(
    arena: &Arena,
    storage: &mut Storage,
    calls: &Calls,
    wide: bool,
    fuse: bool,
) -> Vec<Kernel> {
    let mut groups: Vec<Group> = Vec::new();
    let mut group_of = Table::<NodeId, Option<usize>>::filled(arena.nodes.len(), None);
    let nodes: Vec<NodeId> = arena.nodes.iter().map(|(id, _)| id).filter(|&id| storage.stored[id]).collect();
    for id in nodes {
        let mut region = single(arena, id);
        if let Some(call) = calls.of(id) {
            groups.push(Group { region, kernel: Kernel::of_call(id, call) });
            group_of[id] = Some(groups.len() - 1);
            continue;
        }
        let mut kernel = emit(arena, &storage.stored, &region, wide);
        if kernel.illegal {
            // What is reduced takes loops of its own, which rows have no room for.
            region.space = Space::Elements(shape_of(arena, id));
            kernel = emit(arena, &storage.stored, &region, wide);
        }
        let place =
            if fuse { find(arena, storage, &groups, &group_of, &region, &kernel, wide) } else { None };
        match place {
            Some((place, region, kernel)) => {
                groups[place] = Group { region, kernel };
                group_of[id] = Some(place);
            }
            None => {
                groups.push(Group { region, kernel });
                group_of[id] = Some(groups.len() - 1);
            }
        }
    }
    if fuse {
        forget(arena, storage, &mut groups, &group_of, wide);
    }
    order(arena, groups, &group_of)
}

struct Group {
    region: Region,
    kernel: Kernel,
}

/// The region of one node.
fn single(arena: &Arena, id: NodeId) -> Region {
    let space = if is_row_reduction(arena, id) {
        let operand = shape_of(arena, arena.nodes[id].operands[0]);
        let rows = shape_of(arena, id).iter().product();
        Space::Rows { rows, length: operand.iter().product::<usize>() / rows }
    } else {
        Space::Elements(shape_of(arena, id))
    };
    Region { space, members: vec![id], outputs: vec![id] }
}

/// A group that a region can join, and what it becomes.
fn find(
    arena: &Arena,
    storage: &Storage,
    groups: &[Group],
    group_of: &Table<NodeId, Option<usize>>,
    region: &Region,
    kernel: &Kernel,
    wide: bool,
) -> Option<(usize, Region, Kernel)> {
    let needed: BTreeSet<usize> = kernel.leaves.iter().filter_map(|&leaf| group_of[leaf]).collect();
    let mut candidates: Vec<usize> = needed.iter().copied().rev().collect();
    for place in (groups.len().saturating_sub(LOOK_BACK)..groups.len()).rev() {
        let shares = groups[place].kernel.leaves.iter().any(|leaf| kernel.leaves.contains(leaf));
        if shares && !candidates.contains(&place) {
            candidates.push(place);
        }
    }
    candidates.into_iter().find_map(|place| {
        let group = &groups[place];
        if group.kernel.is_routine() {
            return None;
        }
        let space = common(&group.region.space, &region.space, arena, region)?;
        // Another group between the two would have to run before and after this one.
        if needed.iter().any(|&other| other != place && reaches(groups, group_of, other, place)) {
            return None;
        }
        let id = region.members[0];
        let mut joined = Region { space, ..group.region.clone() };
        joined.members.push(id);
        joined.outputs.push(id);
        let kernel = emit(arena, &storage.stored, &joined, wide);
        let fits = !kernel.illegal
            && kernel.leaves.len() + kernel.outputs.len() <= MOST_BUFFERS
            && (kernel.loops == 0 || kernel.loops <= group.kernel.loops.max(1));
        fits.then_some((place, joined, kernel))
    })
}

/// The space of a group with one more region; `None` if they have none in common.
fn common(group: &Space, region: &Space, arena: &Arena, own: &Region) -> Option<Space> {
    match (group, region) {
        (Space::Elements(_), Space::Elements(_)) => (group.len() == region.len()).then(|| group.clone()),
        (Space::Elements(_), Space::Rows { .. }) => (group.len() == region.len()).then(|| region.clone()),
        (Space::Rows { .. }, Space::Rows { .. }) => (group == region).then(|| group.clone()),
        (Space::Rows { rows, .. }, Space::Elements(_)) => {
            let count = shape_of(arena, own.members[0]).iter().product::<usize>();
            (count == *rows || count == group.len()).then(|| group.clone())
        }
    }
}

/// Whether a group needs another one, directly or not.
fn reaches(groups: &[Group], group_of: &Table<NodeId, Option<usize>>, from: usize, to: usize) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(place) = open.pop() {
        if place == to {
            return true;
        }
        if seen.insert(place) {
            open.extend(groups[place].kernel.leaves.iter().filter_map(|&leaf| group_of[leaf]));
        }
    }
    false
}

/// Takes the memory from nodes that only their own kernel uses.
fn forget(
    arena: &Arena,
    storage: &mut Storage,
    groups: &mut [Group],
    group_of: &Table<NodeId, Option<usize>>,
    wide: bool,
) {
    let mut used_elsewhere = Table::<NodeId, bool>::filled(arena.nodes.len(), false);
    for group in groups.iter() {
        for &leaf in &group.kernel.leaves {
            used_elsewhere[leaf] = true;
        }
    }
    for (place, group) in groups.iter_mut().enumerate() {
        let in_rows = matches!(group.region.space, Space::Rows { .. });
        let mut region = group.region.clone();
        region.outputs.retain(|&id| {
            debug_assert_eq!(group_of[id], Some(place));
            let reduction = group.region.space.is_reduced_by(arena, id);
            let costly = in_rows && !reduction && storage.cost[id] > COSTLY_IN_ROWS;
            storage.required[id] || used_elsewhere[id] || costly
        });
        if region.outputs.len() == group.region.outputs.len() {
            continue;
        }
        let outputs = &region.outputs;
        region.members.retain(|id| outputs.contains(id) || group.region.space.is_reduced_by(arena, *id));
        for id in &group.region.outputs {
            storage.stored[*id] = outputs.contains(id);
        }
        let kernel = emit(arena, &storage.stored, &region, wide);
        if kernel.illegal {
            for id in &group.region.outputs {
                storage.stored[*id] = true;
            }
        } else {
            *group = Group { region, kernel };
        }
    }
}

/// The kernels, each after those whose results it reads. Those that assign variables come as late as they can,
/// so that the variables' old values are no longer needed.
fn order(arena: &Arena, groups: Vec<Group>, group_of: &Table<NodeId, Option<usize>>) -> Vec<Kernel> {
    let assigns =
        |kernel: &Kernel| kernel.outputs.iter().any(|&id| matches!(arena.nodes[id].op, Op::Assign(_)));
    let mut waiting: Vec<(usize, Kernel)> = groups
        .into_iter()
        .map(|group| group.kernel)
        .enumerate()
        .filter(|(_, k)| !k.outputs.is_empty())
        .collect();
    waiting.sort_by_key(|(place, kernel)| {
        (assigns(kernel), kernel.outputs.iter().map(|id| id.index()).max(), *place)
    });
    let mut done = BTreeSet::new();
    let mut ordered = Vec::new();
    while !waiting.is_empty() {
        let ready = waiting.iter().position(|(place, kernel)| {
            let needed = kernel.leaves.iter().filter_map(|&leaf| group_of[leaf]);
            needed.into_iter().all(|other| other == *place || done.contains(&other))
        });
        let (place, kernel) = waiting.remove(ready.expect("groups never need each other in a circle"));
        done.insert(place);
        ordered.push(kernel);
    }
    ordered
}

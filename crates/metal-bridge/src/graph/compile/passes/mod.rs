//! What is done to a graph before code is generated for it.

mod concat;
mod convolution;
mod cse;
mod fold;
mod identities;
mod movement;
mod reduction;
mod sixteen_bits;

use super::patch::{Patch, Rule, rewrite};
use super::routine;
use crate::device::Device;
use crate::graph::ir::{Arena, Node, NodeId, print};

/// A rewrite of the whole graph by one rule.
struct Pass<'a> {
    name: &'static str,
    rule: Box<Rule<'a>>,
}

/// The rules, in the order in which they are applied; the list is gone through until nothing changes.
fn passes<'a>(has_routine: &'a HasRoutine<'a>) -> [Pass<'a>; 7] {
    fn pass<'a>(
        name: &'static str,
        rule: impl FnMut(&mut Patch<'_>, &Node) -> Option<NodeId> + 'a,
    ) -> Pass<'a> {
        Pass { name, rule: Box::new(rule) }
    }
    [
        // First, so that nothing else has to know operations that do nothing.
        pass("identities", identities::rule),
        // Before folding: constants that were only moved are constants again.
        pass("movement", movement::rule),
        // Before sharing: constants that are equal can then be shared.
        pass("fold", fold::rule),
        // After folding, so that sums of constants are gone.
        pass("reduction", reduction::rule),
        // Before sharing: what is cast twice is shared.
        pass("sixteen bits", |patch, node| sixteen_bits::rule(patch, node, has_routine)),
        // Before sharing: a source that is padded twice is shared.
        pass("convolution", |patch, node| convolution::rule(patch, node, has_routine)),
        // Last: it sees what the others have made equal.
        pass("cse", cse::rule()),
    ]
}

/// Whether the device has a routine for an operation.
type HasRoutine<'a> = dyn Fn(&Arena, &Node) -> bool + 'a;

/// Most times that the list is gone through. Rules only ever make graphs smaller or lower, so that more would
/// hardly change anything.
const ROUNDS: usize = 4;

/// A graph and its nodes that have a meaning outside.
pub(crate) struct Subject {
    pub(crate) arena: Arena,
    /// Targets and assignments, which are kept.
    pub(crate) roots: Vec<NodeId>,
    /// Placeholders, which need not be.
    pub(crate) feeds: Vec<Option<NodeId>>,
}

/// What must be done with or without optimisation.
pub(crate) fn legalise(subject: &mut Subject, print: bool) {
    apply(subject, "concat", print, &mut concat::rule);
    apply(subject, "dead code", print, &mut |_, _| None);
}

/// All passes.
pub(crate) fn optimise(subject: &mut Subject, device: &Device, print: bool) {
    let has_routine = |arena: &Arena, node: &Node| routine::of(arena, node, device).is_some();
    for _ in 0..ROUNDS {
        let mut changed = false;
        for Pass { name, mut rule } in passes(&has_routine) {
            changed |= apply(subject, name, print, &mut *rule);
        }
        if !changed {
            break;
        }
    }
    apply(subject, "dead code", print, &mut |_, _| None);
}

fn apply(
    subject: &mut Subject,
    name: &str,
    print: bool,
    rule: &mut dyn FnMut(&mut Patch<'_>, &Node) -> Option<NodeId>,
) -> bool {
    let rewritten = rewrite(&subject.arena, &subject.roots, rule);
    let before = if print { text(subject) } else { String::new() };
    let changed = rewritten.changed;
    for root in &mut subject.roots {
        *root = rewritten.node(*root).expect("roots are needed");
    }
    for feed in &mut subject.feeds {
        *feed = feed.and_then(|id| rewritten.node(id));
    }
    subject.arena = rewritten.arena;
    if print && changed {
        eprintln!("before {name}:\n{before}after {name}:\n{}", text(subject));
    }
    changed
}

/// What the roots need, as text.
pub(crate) fn text(subject: &Subject) -> String {
    print::text(&subject.arena, &subject.arena.reachable(&subject.roots))
}

//! What is done to a graph before code is generated for it.

mod concat;
mod convolution;
mod cse;
mod fold;
mod identities;
mod movement;
mod reduction;

use super::patch::{Patch, rewrite};
use crate::graph::ir::{Arena, Node, NodeId, print};

/// A rewrite of the whole graph by one rule.
struct Pass {
    name: &'static str,
    rule: fn(&mut Patch<'_>, &Node) -> Option<NodeId>,
}

/// The rules, in the order in which they are applied; the list is gone through until nothing changes.
fn passes() -> [Option<Pass>; 6] {
    let pass = |name, rule| Some(Pass { name, rule });
    [
        // First, so that nothing else has to know operations that do nothing.
        pass("identities", identities::rule),
        // Before folding: constants that were only moved are constants again.
        pass("movement", movement::rule),
        // Before sharing: constants that are equal can then be shared.
        pass("fold", fold::rule),
        // After folding, so that sums of constants are gone.
        pass("reduction", reduction::rule),
        // Before sharing: a source that is padded twice is shared.
        pass("convolution", convolution::rule),
        // Last, which is no rule on single operations: it sees what the others have made equal.
        None,
    ]
}

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
pub(crate) fn optimise(subject: &mut Subject, print: bool) {
    for _ in 0..ROUNDS {
        let mut changed = false;
        for pass in passes() {
            changed |= match pass {
                Some(Pass { name, mut rule }) => apply(subject, name, print, &mut rule),
                None => apply(subject, "cse", print, &mut cse::rule()),
            };
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

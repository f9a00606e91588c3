//! What threads do together: barriers, atomics, SIMD-groups.

use super::expressions::make;
use super::tree::{Role, Tree};
use super::types::{Scalar, Type};
use super::{Generator, Place};

const BARRIER: &str = "threadgroup_barrier(mem_flags::mem_threadgroup);";

impl Generator {
    /// An operation of the SIMD-group or the quad with a result of this type.
    pub(super) fn collective_operation(&mut self, ty: Type, depth: u32) -> Option<Tree> {
        let scope = if self.one_in(4) { "quad" } else { "simd" };
        if ty == Type::BOOL {
            let template = self.pick(&[
                "S_all($)",
                "S_any($)",
                "(((uint(S_vote::vote_t(S_ballot($))) >> (lane & 3u)) & 1u) != 0)",
            ]);
            let a = self.less(ty, depth, false);
            return Some(make(ty, template.replace('S', scope), vec![a]));
        }
        if ty == Type::UINT && self.one_in(4) {
            if self.one_in(3) {
                return Some(make(
                    ty,
                    format!("uint({scope}_vote::vote_t({scope}_active_threads_mask()))"),
                    Vec::new(),
                ));
            }
            let a = self.less(Type::BOOL, depth, false);
            return Some(make(ty, format!("uint({scope}_vote::vote_t({scope}_ballot($)))"), vec![a]));
        }
        let a = self.less(ty, depth, false);
        if self.one_in(2) {
            return Some(self.shuffle(ty, scope, a));
        }
        // Sums of floats must not depend on the order.
        let a = if ty.scalar.is_float() { make(ty, "small($)", vec![a]) } else { a };
        let bits: &[&str] = if ty.scalar.is_float() { &[] } else { &["S_and($)", "S_or($)", "S_xor($)"] };
        let all: &[&str] = &[
            "S_sum($)",
            "S_product($)",
            "S_min($)",
            "S_max($)",
            "S_prefix_inclusive_sum($)",
            "S_prefix_exclusive_sum($)",
            "S_prefix_inclusive_product($)",
            "S_prefix_exclusive_product($)",
        ];
        let template = self.pick(&[all, bits].concat());
        Some(make(ty, format!("{}({})", ty.name(), template.replace('S', scope)), vec![a]))
    }

    fn shuffle(&mut self, ty: Type, scope: &str, a: Tree) -> Tree {
        let width = if scope == "simd" { 32 } else { 4 };
        let lane = match self.random.u32(..4) {
            0 => Tree::new(Role::Fixed, format!("ushort($ & {}u)", width - 1), vec![self.small(Type::UINT)]),
            1 => Tree::new(Role::Fixed, format!("ushort(params.u[2] & {}u)", width - 1), Vec::new()),
            _ => Tree::fixed(format!("ushort({})", self.random.u32(..width))),
        };
        let same = Tree::fixed(format!("ushort({})", self.random.u32(..width)));
        let name = ty.name();
        match self.random.u32(..8) {
            0 | 1 => make(ty, format!("{name}({scope}_shuffle($, $))"), vec![a, lane]),
            2 => make(ty, format!("{name}({scope}_broadcast($, $))"), vec![a, same]),
            3 => make(ty, format!("{name}({scope}_broadcast_first($))"), vec![a]),
            4 => make(ty, format!("{name}({scope}_shuffle_xor($, $))"), vec![a, same]),
            _ => {
                let which = self.pick(&["up", "down", "rotate_up", "rotate_down"]);
                make(ty, format!("{name}({scope}_shuffle_{which}($, $))"), vec![a, same])
            }
        }
    }

    /// Statements between barriers, that read what others have written before.
    pub(super) fn reading(&mut self, place: Place) -> Tree {
        self.reading = true;
        let statements = self.block(Place { reading: true, ..place }, 4);
        self.reading = false;
        Tree::statement(format!("{{ {BARRIER}\n${BARRIER} }}"), vec![statements])
    }

    /// A reduction or a scan of the threadgroup.
    pub(super) fn together(&mut self) -> Tree {
        let name = self.name();
        let text = match self.random.u32(..4) {
            0 => format!(
                "{BARRIER} for (uint {name} = 128; {name} > 0; {name} >>= 1) {{ if (lid < {name}) tile_u[lid] += tile_u[lid + {name}]; {BARRIER} }}"
            ),
            1 => format!(
                "{BARRIER} for (uint {name} = 1; {name} < members; {name} <<= 1) {{ uint o = lid >= {name} ? tile_u[lid - {name}] : 0u; {BARRIER} tile_u[lid] += o; {BARRIER} }}"
            ),
            2 => format!(
                "{BARRIER} for (uint {name} = 0; {name} < 3; {name}++) {{ uint o = max(tile_u[(lid + 1u) & 255u], tile_u[lid ^ 2u]); {BARRIER} tile_u[lid] = o + {name}; {BARRIER} }}"
            ),
            _ => format!(
                "{BARRIER} if (lid == 0) {{ for (uint {name} = 1; {name} < members; {name}++) tile_u[0] ^= tile_u[{name}] * {name}; }} {BARRIER}"
            ),
        };
        Tree::statement(text, Vec::new())
    }

    /// An atomic operation whose order does not matter.
    pub(super) fn atomic(&mut self, place: Place) -> Tree {
        let value = self.any(Type::UINT);
        let index = self.small(Type::UINT);
        let relaxed = "memory_order_relaxed";
        let own = self.own_atomic();
        if let (Some(own), true) = (own, self.one_in(3)) {
            return own;
        }
        if self.features.barriers && !place.reading && self.one_in(3) {
            return Tree::statement(
                format!("atomic_fetch_add_explicit(&counts[$ & 7u], $, {relaxed});"),
                vec![index, value],
            );
        }
        match self.random.u32(..6) {
            0 => {
                let value = self.any(Type::INT);
                let (name, first) = self.pick(&[("max", 0), ("min", 8), ("add", 16)]);
                Tree::statement(
                    format!("atomic_fetch_{name}_explicit(&acc_i[{first}u + ($ & 7u)], $, {relaxed});"),
                    vec![index, value],
                )
            }
            1 => {
                let value = self.any(Type::ULONG);
                let (name, first) = self.pick(&[("max", 0), ("min", 4)]);
                Tree::statement(
                    format!("atomic_{name}_explicit(&acc_l[{first}u + ($ & 3u)], $, {relaxed});"),
                    vec![index, value],
                )
            }
            _ => {
                let (name, first) = self.pick(&[
                    ("add", 0),
                    ("or", 8),
                    ("and", 16),
                    ("xor", 24),
                    ("max", 32),
                    ("min", 40),
                    ("sub", 0),
                ]);
                Tree::statement(
                    format!("atomic_fetch_{name}_explicit(&acc[{first}u + ($ & 7u)], $, {relaxed});"),
                    vec![index, value],
                )
            }
        }
    }

    /// An operation on an object of the thread's own, whose result matters.
    fn own_atomic(&mut self) -> Option<Tree> {
        let able: Vec<String> = self
            .variables
            .iter()
            .filter(|v| v.ty == Type::UINT && v.assignable && !v.uniform)
            .map(|v| v.name.clone())
            .collect();
        let variable = self.random.choice(able)?;
        // One layout for the kernel.
        let place = ["gid", "511u - gid", "(gid * 3u) & 511u"][self.layouts[14] as usize % 3];
        let relaxed = "memory_order_relaxed";
        let value = self.small(Type::UINT);
        let name = self.pick(&["fetch_add", "exchange", "fetch_min", "fetch_xor", "fetch_sub"]);
        Some(match self.random.u32(..4) {
            0 => Tree::statement(
                format!("{variable} = atomic_load_explicit(&own[{place}], {relaxed});"),
                Vec::new(),
            ),
            1 => Tree::statement(format!("atomic_store_explicit(&own[{place}], $, {relaxed});"), vec![value]),
            2 => Tree::statement(
                format!(
                    "{{ uint want = $; if (atomic_compare_exchange_weak_explicit(&own[{place}], &want, {variable}, {relaxed}, {relaxed})) \
                     {variable} += 7u; else {variable} ^= want; }}"
                ),
                vec![value],
            ),
            _ => Tree::statement(
                format!("{variable} = atomic_{name}_explicit(&own[{place}], $, {relaxed});"),
                vec![value],
            ),
        })
    }

    /// The counters in threadgroup memory.
    pub(super) fn read_counts(&mut self) -> Tree {
        let index = self.small(Type::UINT);
        let (slot, buffer) = self.own_slot(Scalar::Uint);
        Tree::statement(
            format!("{buffer}[$] += atomic_load_explicit(&counts[$ & 7u], memory_order_relaxed);"),
            vec![slot, index],
        )
    }
}

//! Reading and writing memory. Indices are masked beside the expression, so that every expression is a good one.

use super::expressions::make;
use super::tree::{Role, Tree};
use super::types::{Scalar, Type};
use super::{Class, Generator};

/// Elements of the input buffers, ...
pub(super) const INPUTS: u32 = 2048;
/// ... and most threads of a threadgroup. A launch has 512 at most.
pub(super) const THREADS: u32 = 256;

/// The output buffers by type; each thread has 8 elements.
const OUTPUTS: [(Scalar, &str); 7] = [
    (Scalar::Uint, "out_u"),
    (Scalar::Float, "out_f"),
    (Scalar::Int, "out_i"),
    (Scalar::Half, "out_h"),
    (Scalar::Ulong, "out_l"),
    (Scalar::Ushort, "out_s"),
    (Scalar::Uchar, "out_c"),
];

/// Threadgroup memory by type; each thread has an element.
const TILES: [(Scalar, &str); 4] = [
    (Scalar::Uint, "tile_u"),
    (Scalar::Uint, "tile_d"),
    (Scalar::Float, "tile_f"),
    (Scalar::Ushort, "tile_s"),
];

fn fixed(template: impl Into<String>, parts: Vec<Tree>) -> Tree {
    Tree::new(Role::Fixed, template, parts)
}

/// The type of the output or input buffer for values of a type.
fn stored(scalar: Scalar) -> Scalar {
    match scalar {
        Scalar::Bool | Scalar::Char => Scalar::Uchar,
        Scalar::Short => Scalar::Ushort,
        Scalar::Long => Scalar::Ulong,
        other => other,
    }
}

fn input(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::Bool | Scalar::Char | Scalar::Uchar => "in_c",
        Scalar::Short | Scalar::Ushort => "in_s",
        Scalar::Int => "in_i",
        Scalar::Uint => "in_u",
        Scalar::Long | Scalar::Ulong => "in_l",
        Scalar::Half => "in_h",
        Scalar::Float => "in_f",
    }
}

impl Generator {
    pub(super) fn load(&mut self, ty: Type, uniform: bool) -> Tree {
        let name = ty.name();
        if self.risk == Some(false) && ty.lanes == 1 && !uniform && self.one_in(3) {
            self.risk = Some(true);
            let index = self.risky_index();
            return make(ty, format!("{name}(few[$])"), vec![index]);
        }
        if ty.lanes > 1 {
            let index = self.index(INPUTS / 4, uniform);
            let input = input(ty.scalar);
            if ty == Type::vector(Scalar::Float, 3) && self.one_in(2) {
                return make(ty, "float3(((device const packed_float3*)in_f)[$])", vec![index]);
            }
            if ty == Type::vector(Scalar::Float, 4) && self.one_in(3) && !uniform {
                return make(ty, "float4(out_v[gid])", Vec::new());
            }
            // As an operand of `?:` beside a value, a reference to memory costs the front end another run of clang.
            let template =
                if self.one_in(64) { "((device const N*)I)[$]" } else { "N(((device const N*)I)[$])" };
            return make(ty, template.replace('N', &name).replace('I', input), vec![index]);
        }
        match self.random.u32(..8) {
            0 if !uniform => {
                let (slot, buffer) = self.own_slot(stored(ty.scalar));
                make(ty, format!("{name}({buffer}[$])"), vec![slot])
            }
            1..3 if !uniform && self.features.barriers => {
                let (scalar, tile) = self.pick(&TILES);
                if ty.scalar.is_float() && scalar != Scalar::Float {
                    return make(ty, format!("{name}(tile_f[{}])", self.own_place()), Vec::new());
                }
                let place = if self.reading { self.other_place() } else { Tree::fixed(self.own_place()) };
                make(ty, format!("{name}({tile}[$])"), vec![place])
            }
            _ => {
                let index = self.index(INPUTS, uniform);
                make(ty, format!("{name}({}[$])", input(ty.scalar)), vec![index])
            }
        }
    }

    /// An index below `limit`, a power of two of at least 256.
    fn index(&mut self, limit: u32, uniform: bool) -> Tree {
        let mask = limit - 1;
        if uniform {
            return match self.random.u32(..3) {
                0 => Tree::fixed(self.random.u32(..limit).to_string()),
                1 => fixed(format!("$ & {mask}u"), vec![self.constant(Type::UINT)]),
                _ => fixed(format!("(params.u[{}] + gid - gid) & {mask}u", self.random.u32(..4)), Vec::new()),
            };
        }
        let number = self.thread_number();
        let some = self.random.u32(..16);
        let text = match self.random.u32(..22) {
            0..4 => number.to_owned(),
            4 => format!("{mask} - {number}"),
            5 => format!("int({mask}) - int({number})"),
            6 => format!("{number} ^ {some}u"),
            7 => format!("{number} / {}u", some + 1),
            8 => format!("{number} % {}u", some + 1),
            9 => format!("({number} * {some}u + {some}u) & {mask}u"),
            10 => format!("uint(int({number}) - {some}) + {some}u"),
            11 => format!("(ulong({number}) + {some}ul) & {mask}ul"),
            12 => format!("ushort({number} + 65530u) & {mask}"),
            13 => format!("(short({number}) * short({some})) & {mask}"),
            14 => format!("uchar({number} * {}u)", some + 1),
            15 => format!("(long({number}) - {some}l) & {mask}l"),
            16 if self.class != Class::Line => {
                format!("(y * {}u + x) & {mask}u", self.pick(&[7, 8, 16, 32, 64]))
            }
            17 if self.class == Class::Group => "(gn * wide + lid) & 255u".to_owned(),
            18 => format!("({number} & ~3u) + {}u", some % 4),
            19 => return fixed(format!("$ % {}", limit - some), vec![self.small(Type::UINT)]),
            20 => return fixed(format!("uint($) % {}u", limit - some), vec![self.small(Type::INT)]),
            _ => {
                let ty = self.pick(&[Type::UINT, Type::INT, Type::ULONG]);
                return fixed(format!("$ & {mask}"), vec![self.small(ty)]);
            }
        };
        Tree::fixed(text)
    }

    /// A short expression.
    pub(super) fn small(&mut self, ty: Type) -> Tree {
        let depth = self.random.u32(..2);
        self.expression(ty, depth, false)
    }

    /// An index that may be outside of 64 elements.
    pub(super) fn risky_index(&mut self) -> Tree {
        let number = self.thread_number();
        match self.random.u32(..10) {
            0 => Tree::fixed(format!("{number} - 3")),
            1 => Tree::fixed(format!("int({number}) - 3")),
            2 => Tree::fixed(number),
            3 => Tree::fixed(format!("63 - int({number})")),
            4 => Tree::fixed(format!("{number} * params.u[1]")),
            5 => Tree::fixed(format!("int({number}) * 0x10000001")),
            6 => Tree::fixed(format!("ulong({number}) << 59")),
            7 => fixed("long($)", vec![self.small(Type::INT)]),
            8 => fixed("$ & 127u", vec![self.small(Type::UINT)]),
            _ => fixed("$ % 65u", vec![self.small(Type::UINT)]),
        }
    }

    /// The index of one of the thread's own elements, and the output buffer.
    pub(super) fn own_slot(&mut self, scalar: Scalar) -> (Tree, &'static str) {
        let (number, buffer) = OUTPUTS
            .iter()
            .enumerate()
            .find_map(|(i, (of, name))| (*of == scalar).then_some((i, *name)))
            .expect("every stored type has a buffer");
        let slot = if self.one_in(4) {
            fixed("($ & 7u)", vec![self.small(Type::UINT)])
        } else {
            Tree::fixed(format!("{}u", self.random.u32(..8)))
        };
        let template = match self.layouts[number] {
            0 => "gid * 8u + $",
            1 => "$ * 512u + gid",
            2 => "(511u - gid) * 8u + $",
            3 => "(gid ^ 5u) * 8u + $",
            4 => "((gid * 5u + 3u) & 511u) * 8u + $",
            5 => "perm[gid] * 8u + $",
            6 => "int(gid) * 8 + int($)",
            _ => "$ * 512u + (511u - gid)",
        };
        (fixed(template, vec![slot]), buffer)
    }

    /// Stores a value in one of the thread's own elements.
    pub(super) fn store(&mut self) -> Tree {
        if self.risk == Some(false) && self.one_in(2) {
            self.risk = Some(true);
            let (index, value) = (self.risky_index(), self.any(Type::UINT));
            return match self.random.u32(..3) {
                0 => Tree::statement(
                    "atomic_fetch_add_explicit(&risky[$], $, memory_order_relaxed);",
                    vec![index, value],
                ),
                _ => Tree::statement("((device uint*)risky)[$] = $;", vec![index, value]),
            };
        }
        match self.random.u32(..8) {
            0 => {
                let value = self.any(Type::vector(Scalar::Float, 4));
                return Tree::statement("out_v[gid] = $;", vec![value]);
            }
            1 => {
                let value = self.any(Type::vector(Scalar::Float, 3));
                return Tree::statement("out_p[gid] = packed_float3($);", vec![value]);
            }
            2 => {
                let value = self.any(Type::FLOAT);
                let place = self.pick(&["out_v[gid].x", "out_v[gid].z", "out_p[gid].y"]);
                return Tree::statement(format!("{place} = $;"), vec![value]);
            }
            3 => return self.record_field("recs[gid]"),
            _ => {}
        }
        let (scalar, _) = self.pick(&OUTPUTS);
        let (slot, buffer) = self.own_slot(scalar);
        let value = self.any(Type::of(scalar));
        let assignment = if scalar.is_float() { "=" } else { self.pick(&["=", "=", "+=", "^=", "-="]) };
        Tree::statement(format!("{buffer}[$] {assignment} $;"), vec![slot, value])
    }

    /// Stores a variable, at the end.
    pub(super) fn output(&mut self, name: &str, ty: Type) -> Tree {
        if ty == Type::vector(Scalar::Float, 4) {
            return Tree::statement(format!("out_v[gid] = {name};"), Vec::new());
        }
        if ty == Type::vector(Scalar::Float, 3) {
            return Tree::statement(format!("out_p[gid] = packed_float3({name});"), Vec::new());
        }
        let scalar = stored(ty.scalar);
        let stores = (0..usize::from(ty.lanes)).map(|lane| {
            let (slot, buffer) = self.own_slot(scalar);
            let letter = if ty.lanes == 1 { "" } else { [".x", ".y", ".z", ".w"][lane] };
            let assignment = if scalar.is_float() { "=" } else { "+=" };
            Tree::statement(
                format!("{buffer}[$] {assignment} {}({name}{letter});", scalar.name()),
                vec![slot],
            )
        });
        let stores = stores.collect();
        Tree::list(stores)
    }

    // --- Threadgroup memory.

    /// The thread's own element of a tile.
    fn own_place(&self) -> &'static str {
        ["lid", "255u - lid", "(lid * 5u + 1u) & 255u", "lid ^ 3u"][self.layouts[15] as usize % 4]
    }

    /// Anybody's.
    fn other_place(&mut self) -> Tree {
        match self.random.u32(..6) {
            0 => Tree::fixed("lid ^ 1u"),
            1 => Tree::fixed("(lid + 1u) & 255u"),
            2 => Tree::fixed("members - 1u - lid"),
            3 => Tree::fixed(self.random.u32(..THREADS).to_string()),
            4 => Tree::fixed("(sg * 32u + (31u - lane)) & 255u"),
            _ => fixed("$ & 255u", vec![self.small(Type::UINT)]),
        }
    }

    pub(super) fn store_to_tile(&mut self) -> Tree {
        let (scalar, tile) = self.pick(&TILES);
        let value = self.any(Type::of(scalar));
        let assignment = if scalar.is_float() { "=" } else { self.pick(&["=", "=", "+=", "^="]) };
        Tree::statement(format!("{tile}[{}] {assignment} $;", self.own_place()), vec![value])
    }

    /// Gives every tile its first content.
    pub(super) fn initial_tiles(&mut self) -> Tree {
        let tiles = TILES.iter().map(|(scalar, tile)| {
            let value = self.any(Type::of(*scalar));
            Tree::statement(format!("{tile}[{}] = $;", self.own_place()), vec![value])
        });
        let tiles = tiles.collect();
        Tree::list(tiles)
    }
}

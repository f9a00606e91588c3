//! Generated kernels: made so that they end, have no races and one right result, to the bit but for NaNs.

pub(crate) mod data;
mod expressions;
mod memory;
mod statements;
mod together;
pub(crate) mod tree;
pub(crate) mod types;

use fastrand::Rng;

use tree::{Role, Tree};
use types::{Scalar, Type};

/// One kernel.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) class: Class,
    /// Whether some thread may reach outside of a buffer, with one of the accesses.
    pub(crate) may_fault: bool,
    /// Functions that the kernel calls, then its body.
    pub(crate) tree: Tree,
}

/// Variables in threadgroup memory.
const TILES: [(&str, &str); 4] = [
    ("tile_u", "threadgroup uint tile_u[256]"),
    ("tile_f", "threadgroup float tile_f[256]"),
    ("tile_s", "threadgroup ushort tile_s[256]"),
    ("counts", "threadgroup atomic_uint counts[8]"),
];

/// What a kernel knows of its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The position in a grid of one dimension.
    Line,
    Plane,
    Space,
    /// Threadgroups and SIMD-groups.
    Group,
}

/// What may appear in a kernel.
#[derive(Clone, Copy, Debug)]
struct Features {
    barriers: bool,
    simd: bool,
    /// SIMD-group operations where not all threads come by.
    divergent_simd: bool,
    atomics: bool,
    floats: bool,
    /// What is seldom: pointers that are chosen.
    rare: bool,
}

struct Variable {
    name: String,
    ty: Type,
    /// The same in all threads of a threadgroup.
    uniform: bool,
    assignable: bool,
}

struct Function {
    name: String,
    parameters: Vec<Type>,
    result: Type,
}

/// Where a statement is.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// All threads of the threadgroup come by alike.
    uniform: bool,
    /// Threads may read what others have written to shared memory, and none writes.
    reading: bool,
    /// Whether `break` and `continue` are possible here.
    in_loop: bool,
    /// ... if the condition is uniform only.
    uniform_loop: bool,
    /// What `return` returns, if it is possible.
    returns: Option<Option<Type>>,
    depth: u32,
}

struct Generator {
    random: Rng,
    class: Class,
    features: Features,
    variables: Vec<Variable>,
    /// Name, element type and length of local arrays.
    arrays: Vec<(String, Type, u32)>,
    /// Local variables of type `Rec`.
    records: Vec<String>,
    functions: Vec<Function>,
    layouts: [u32; 16],
    names: usize,
    /// Statements that may still be made.
    budget: i32,
    in_function: bool,
    /// Whether expressions may have SIMD-group operations now.
    collective: bool,
    /// Whether shared memory may be read now.
    reading: bool,
    /// The access that may go outside was made.
    risk: Option<bool>,
    prefix: String,
}

impl Program {
    /// The program of a seed. Its name, and the names of its functions, have the number.
    pub(crate) fn generate(seed: u64, number: usize, may_fault: bool) -> Self {
        let mut random = Rng::with_seed(seed);
        let class = match random.u32(..10) {
            0..3 => Class::Line,
            3 => Class::Plane,
            4 => Class::Space,
            _ => Class::Group,
        };
        let group = class == Class::Group;
        let features = Features {
            barriers: group && random.u32(..10) < 5,
            simd: group && random.u32(..10) < 6,
            divergent_simd: random.u32(..10) < 5,
            atomics: random.u32(..10) < 4,
            floats: random.u32(..10) < 7,
            rare: random.u32(..10) < 1,
        };
        let budget = 3 + random.i32(0..12);
        let layouts = std::array::from_fn(|_| random.u32(..8));
        let mut generator = Generator {
            random,
            class,
            features,
            variables: Vec::new(),
            arrays: Vec::new(),
            records: Vec::new(),
            functions: Vec::new(),
            layouts,
            names: 0,
            budget,
            in_function: false,
            collective: false,
            reading: false,
            risk: may_fault.then_some(false),
            prefix: format!("f{number}_"),
        };
        let functions = generator.make_functions();
        let body = generator.body();
        let name = format!("k{number}");
        Self { name, class, may_fault, tree: Tree::new(Role::Fixed, "$$", vec![functions, body]) }
    }

    /// The source: the functions and the kernel.
    pub(crate) fn source(&self) -> String {
        let functions = self.tree.parts[0].text();
        let body = self.tree.parts[1].text();
        let uses = |name: &str| {
            body.match_indices(name).any(|(at, _)| {
                let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
                !is_word(body[..at].chars().next_back()) && !is_word(body[at + name.len()..].chars().next())
            })
        };
        let parameters: String = data::BUFFERS
            .iter()
            .enumerate()
            .filter(|(_, buffer)| uses(buffer.name))
            .map(|(i, buffer)| format!("{}{} [[buffer({i})]], ", buffer.ty, buffer.name))
            .collect();
        let dynamic = if uses("tile_d") { "threadgroup uint* tile_d [[threadgroup(0)]], " } else { "" };
        let own: String = TILES
            .iter()
            .filter(|(name, _)| uses(name))
            .map(|(_, declaration)| format!("{declaration};\n"))
            .collect();
        let name = &self.name;
        let (builtins, before) = self.class.preamble();
        format!(
            "{functions}kernel void {name}({parameters}{dynamic}{builtins}) {{\n{before}\n{own}{body}}}\n"
        )
    }
}

impl Class {
    /// Parameters, and the variables made of them.
    fn preamble(self) -> (&'static str, &'static str) {
        match self {
            Self::Line => {
                ("uint gid [[thread_position_in_grid]], uint total [[threads_per_grid]]", "uint x = gid;")
            }
            Self::Plane => (
                "ushort2 q [[thread_position_in_grid]], uint2 g [[threads_per_grid]]",
                "uint x = q.x, y = q.y, total = g.x * g.y, gid = y * g.x + x;",
            ),
            Self::Space => (
                "uint3 q [[thread_position_in_grid]], uint3 g [[threads_per_grid]]",
                "uint x = q.x, y = q.y, z = q.z, total = g.x * g.y * g.z, gid = (z * g.y + y) * g.x + x;",
            ),
            Self::Group => (
                "uint3 q [[thread_position_in_grid]], uint3 g [[threads_per_grid]], uint3 t [[thread_position_in_threadgroup]], \
                 uint3 group [[threadgroup_position_in_grid]], uint3 size [[threads_per_threadgroup]], \
                 uint3 full [[dispatch_threads_per_threadgroup]], uint lid [[thread_index_in_threadgroup]], \
                 uint lane [[thread_index_in_simdgroup]], uint sg [[simdgroup_index_in_threadgroup]]",
                "uint x = q.x, y = q.y, z = q.z, tx = t.x, ty = t.y, total = g.x * g.y * g.z, gid = (z * g.y + y) * g.x + x;\n\
                 uint members = size.x * size.y * size.z, gn = group.x + 3 * group.y + 5 * group.z, wide = full.x;",
            ),
        }
    }

    /// Numbers that all threads of a threadgroup have alike.
    fn uniform_numbers(self) -> &'static [&'static str] {
        match self {
            Self::Group => &["total", "members", "gn", "wide"],
            _ => &["total"],
        }
    }

    /// Numbers of a thread.
    fn thread_numbers(self) -> &'static [&'static str] {
        match self {
            Self::Line => &["gid", "gid", "x"],
            Self::Plane => &["gid", "x", "y"],
            Self::Space => &["gid", "x", "y", "z"],
            Self::Group => &["gid", "gid", "lid", "lid", "lane", "sg", "x", "y", "tx", "ty"],
        }
    }
}

impl Generator {
    fn one_in(&mut self, n: u32) -> bool {
        self.random.u32(..n) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.random.usize(..from.len())]
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("v{}", self.names)
    }

    fn scalar(&mut self) -> Scalar {
        let all: &[Scalar] = match (self.features.floats, self.random.u32(..4)) {
            (true, 0 | 1) => &[Scalar::Float, Scalar::Float, Scalar::Float, Scalar::Half],
            (_, 3) => &Scalar::INTEGERS,
            _ => &[Scalar::Int, Scalar::Uint, Scalar::Uint, Scalar::Bool],
        };
        self.pick(all)
    }

    fn ty(&mut self) -> Type {
        if self.one_in(5) { self.vector_type() } else { Type::of(self.scalar()) }
    }

    fn vector_type(&mut self) -> Type {
        let scalar = match self.scalar() {
            Scalar::Bool => Scalar::Float,
            other => other,
        };
        let lanes = self.random.u8(2..5);
        Type::vector(scalar, lanes)
    }
}

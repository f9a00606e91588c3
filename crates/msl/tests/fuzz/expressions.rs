//! Expressions.

use super::tree::{Role, Tree};
use super::types::{Scalar, Type};
use super::{Class, Generator};

/// An expression of a type from others.
pub(super) fn make(ty: Type, template: impl Into<String>, parts: Vec<Tree>) -> Tree {
    Tree::new(Role::Expression(ty), template, parts)
}

impl Generator {
    /// An expression that may differ between threads.
    pub(super) fn any(&mut self, ty: Type) -> Tree {
        let depth = self.random.u32(1..4);
        self.expression(ty, depth, false)
    }

    /// An expression that all threads of the threadgroup have alike.
    pub(super) fn uniform(&mut self, ty: Type) -> Tree {
        let depth = self.random.u32(1..3);
        self.expression(ty, depth, true)
    }

    pub(super) fn expression(&mut self, ty: Type, depth: u32, uniform: bool) -> Tree {
        if depth == 0 || self.one_in(6) {
            return self.leaf(ty, uniform);
        }
        if self.collective
            && !uniform
            && self.one_in(5)
            && let Some(tree) = self.collective_operation(ty, depth)
        {
            return tree;
        }
        if self.one_in(8) {
            let condition = self.less(Type::BOOL, depth, uniform);
            let [a, b] = self.in_branches(|g| [g.less(ty, depth, uniform), g.less(ty, depth, uniform)]);
            return make(ty, "($ ? $ : $)", vec![condition, a, b]);
        }
        if !self.functions.is_empty()
            && !self.in_function
            && self.one_in(10)
            && let Some(tree) = self.call(ty, depth, uniform)
        {
            return tree;
        }
        match ty {
            Type { lanes: 2.., .. } => self.vector(ty, depth, uniform),
            Type { scalar: Scalar::Bool, .. } => self.boolean(depth, uniform),
            Type { scalar: Scalar::Half | Scalar::Float, .. } => self.float(ty, depth, uniform),
            _ => self.integer(ty, depth, uniform),
        }
    }

    /// A smaller expression.
    pub(super) fn less(&mut self, ty: Type, depth: u32, uniform: bool) -> Tree {
        self.expression(ty, depth - 1, uniform)
    }

    /// Makes what not all threads evaluate.
    pub(super) fn in_branches<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> T {
        let kept = self.collective;
        self.collective &= self.features.divergent_simd;
        let made = make(self);
        self.collective = kept;
        made
    }

    fn call(&mut self, ty: Type, depth: u32, uniform: bool) -> Option<Tree> {
        let able: Vec<usize> =
            (0..self.functions.len()).filter(|f| self.functions[*f].result == ty).collect();
        let function = *able.get(self.random.usize(..able.len().max(1)))?;
        let name = self.functions[function].name.clone();
        let parameters = self.functions[function].parameters.clone();
        let template = format!("{name}({})", vec!["$"; parameters.len()].join(", "));
        let arguments = parameters.into_iter().map(|p| self.less(p, depth, uniform)).collect();
        Some(make(ty, template, arguments))
    }

    fn boolean(&mut self, depth: u32, uniform: bool) -> Tree {
        let ty = Type::BOOL;
        match self.random.u32(..10) {
            0 => {
                let a = self.less(ty, depth, uniform);
                let b = self.in_branches(|g| g.less(ty, depth, uniform));
                make(ty, self.pick(&["($ && $)", "($ || $)", "($ != $)", "bool($ & $)"]), vec![a, b])
            }
            1 => {
                let a = self.less(ty, depth, uniform);
                make(ty, "!$", vec![a])
            }
            2 => {
                let of = self.vector_type();
                let (a, b) = (self.less(of, depth, uniform), self.less(of, depth, uniform));
                make(ty, self.pick(&["any($ < $)", "all($ >= $)", "all($ == $)", "any($ != $)"]), vec![a, b])
            }
            3 if self.features.floats => {
                let a = self.less(Type::FLOAT, depth, uniform);
                make(ty, self.pick(&["isnan($)", "isinf($)", "isfinite($)", "isnormal($)"]), vec![a])
            }
            _ => {
                let of = match self.scalar() {
                    Scalar::Bool => Type::UINT,
                    other => Type::of(other),
                };
                let (a, b) = (self.less(of, depth, uniform), self.less(of, depth, uniform));
                make(
                    ty,
                    self.pick(&["($ < $)", "($ > $)", "($ <= $)", "($ >= $)", "($ == $)", "($ != $)"]),
                    vec![a, b],
                )
            }
        }
    }

    /// A conversion from some other scalar.
    fn converted(&mut self, ty: Type, depth: u32, uniform: bool) -> Tree {
        let from = Type::of(self.scalar());
        let a = self.less(from, depth, uniform);
        make(ty, format!("{}($)", ty.name()), vec![a])
    }

    fn component(&mut self, ty: Type, depth: u32, uniform: bool) -> Tree {
        let from = Type::vector(ty.scalar, self.random.u8(2..5));
        let a = self.less(from, depth, uniform);
        if self.one_in(4) {
            let index = self.less(Type::UINT, depth, uniform);
            return make(ty, format!("{}($)[$ % {}u]", from.name(), from.lanes), vec![a, index]);
        }
        let letter = ["x", "y", "z", "w"][self.random.usize(..usize::from(from.lanes))];
        make(ty, format!("{}($).{letter}", from.name()), vec![a])
    }

    fn integer(&mut self, ty: Type, depth: u32, uniform: bool) -> Tree {
        let name = ty.name();
        let signed = ty.scalar.unsigned() != ty.scalar;
        match self.random.u32(..16) {
            0 => self.converted(ty, depth, uniform),
            1 => self.component(ty, depth, uniform),
            2 => {
                let a = self.less(ty, depth, uniform);
                let template = self.pick(&[
                    "({}(~$))",
                    "({}(-$))",
                    "popcount($)",
                    "clz($)",
                    "ctz($)",
                    "reverse_bits($)",
                ]);
                make(ty, template.replace("{}", &name), vec![a])
            }
            3 => {
                let (a, b) = (self.less(ty, depth, uniform), self.less(ty, depth, uniform));
                let template = self.pick(&[
                    "min($, $)",
                    "max($, $)",
                    "rotate($, $)",
                    "mulhi($, $)",
                    "addsat($, $)",
                    "subsat($, $)",
                    "hadd($, $)",
                    "rhadd($, $)",
                ]);
                make(ty, template, vec![a, b])
            }
            4 => {
                let (a, b) = (self.less(ty, depth, uniform), self.less(ty, depth, uniform));
                make(ty, format!("{name}({})", self.pick(&["$ / $", "$ % $"])), vec![a, b])
            }
            5 | 6 => {
                let by = if self.one_in(2) { ty } else { Type::UINT };
                let (a, b) = (self.less(ty, depth, uniform), self.less(by, depth, uniform));
                make(ty, format!("{name}({})", self.pick(&["$ << $", "$ >> $"])), vec![a, b])
            }
            7 if ty.scalar.bits() == 32 && self.features.floats => {
                let a = self.less(Type::FLOAT, depth, uniform);
                make(ty, format!("{name}(bits($))"), vec![a])
            }
            8 => {
                let (a, c) = (self.less(ty, depth, uniform), self.less(Type::BOOL, depth, uniform));
                let b = self.less(ty, depth, uniform);
                make(ty, "select($, $, $)", vec![a, b, c])
            }
            9 if signed => {
                let a = self.less(ty, depth, uniform);
                make(ty, format!("{name}(abs($))"), vec![a])
            }
            9 => {
                let (a, b, c) = (
                    self.less(ty, depth, uniform),
                    self.less(ty, depth, uniform),
                    self.less(ty, depth, uniform),
                );
                make(ty, self.pick(&["clamp($, $, $)", "median3($, $, $)", "madhi($, $, $)"]), vec![a, b, c])
            }
            _ => {
                let (a, b) = (self.less(ty, depth, uniform), self.less(ty, depth, uniform));
                make(
                    ty,
                    format!(
                        "{name}({})",
                        self.pick(&["$ + $", "$ - $", "$ * $", "$ & $", "$ | $", "$ ^ $", "$ + $"])
                    ),
                    vec![a, b],
                )
            }
        }
    }

    fn float(&mut self, ty: Type, depth: u32, uniform: bool) -> Tree {
        let name = ty.name();
        match self.random.u32(..16) {
            0 | 1 => self.converted(ty, depth, uniform),
            2 => self.component(ty, depth, uniform),
            3 | 4 => {
                let a = self.less(ty, depth, uniform);
                // A zero may get either sign from some functions.
                let template = self.pick(&[
                    "(-$)",
                    "fabs($)",
                    "floor($)",
                    "ceil($)",
                    "trunc($)",
                    "rint($)",
                    "round($)",
                    "sqrt($)",
                    "(fract($) + 0)",
                    "(saturate($) + 0)",
                    "sign($)",
                ]);
                make(ty, template, vec![a])
            }
            5 if ty == Type::FLOAT => {
                let a = self.less(ty, depth, uniform);
                make(
                    ty,
                    self.pick(&[
                        "sin($)", "cos($)", "exp($)", "exp2($)", "log($)", "log2($)", "tanh($)", "atan($)",
                        "rsqrt($)", "tan($)",
                    ]),
                    vec![a],
                )
            }
            6 => {
                let (a, b) = (self.less(ty, depth, uniform), self.less(ty, depth, uniform));
                // The sign of a NaN is anything.
                let template = self.pick(&[
                    "(fmin($, $) + 0)",
                    "(fmax($, $) + 0)",
                    "copysign($, known($))",
                    "fmod($, $)",
                    "step($, $)",
                ]);
                make(ty, template, vec![a, b])
            }
            7 if ty == Type::FLOAT => {
                let (a, b) = (self.less(ty, depth, uniform), self.less(ty, depth, uniform));
                make(ty, self.pick(&["pow($, $)", "atan2($, $)", "fdim($, $)", "powr($, $)"]), vec![a, b])
            }
            8 => {
                let (a, b, c) = (
                    self.less(ty, depth, uniform),
                    self.less(ty, depth, uniform),
                    self.less(ty, depth, uniform),
                );
                make(ty, self.pick(&["fma($, $, $)", "($ * $ + $)", "mix($, $, $)"]), vec![a, b, c])
            }
            9 => {
                let of = Type::vector(ty.scalar, self.random.u8(2..5));
                let (a, b) = (self.less(of, depth, uniform), self.less(of, depth, uniform));
                make(ty, "dot($, $)", vec![a, b])
            }
            10 => {
                let (a, c) = (self.less(ty, depth, uniform), self.less(Type::BOOL, depth, uniform));
                let b = self.less(ty, depth, uniform);
                make(ty, "select($, $, $)", vec![a, b, c])
            }
            _ => {
                let (a, b) = (self.less(ty, depth, uniform), self.less(ty, depth, uniform));
                make(
                    ty,
                    format!("{name}({})", self.pick(&["$ + $", "$ - $", "$ * $", "$ / $", "$ + $"])),
                    vec![a, b],
                )
            }
        }
    }

    fn vector(&mut self, ty: Type, depth: u32, uniform: bool) -> Tree {
        let name = ty.name();
        match self.random.u32(..10) {
            0 | 1 => {
                let parts: Vec<Tree> =
                    (0..ty.lanes).map(|_| self.less(ty.element(), depth, uniform)).collect();
                make(ty, format!("{name}({})", vec!["$"; parts.len()].join(", ")), parts)
            }
            2 => {
                let a = self.less(ty.element(), depth, uniform);
                make(ty, format!("{name}($)"), vec![a])
            }
            3 => {
                let letters: String = (0..ty.lanes).map(|_| self.pick(&["x", "y"])).collect();
                let from = Type::vector(ty.scalar, self.random.u8(2..5));
                let a = self.less(from, depth, uniform);
                make(ty, format!("{}($).{letters}", from.name()), vec![a])
            }
            4 => {
                let scalar = match self.scalar() {
                    Scalar::Bool => Scalar::Int,
                    other => other,
                };
                let a = self.less(Type::vector(scalar, ty.lanes), depth, uniform);
                make(ty, format!("{name}($)"), vec![a])
            }
            5 => {
                let (a, b) = (self.less(ty, depth, uniform), self.less(ty, depth, uniform));
                let (c, d) = (self.less(ty, depth, uniform), self.less(ty, depth, uniform));
                make(ty, "select($, $, $ < $)", vec![a, b, c, d])
            }
            6 if ty.scalar.is_integer() => {
                let (a, b) = (self.less(ty, depth, uniform), self.less(ty, depth, uniform));
                make(
                    ty,
                    format!("{name}({})", self.pick(&["$ << $", "$ >> $", "min($, $)", "$ & $", "$ / $"])),
                    vec![a, b],
                )
            }
            6 => {
                let a = self.less(ty, depth, uniform);
                make(ty, self.pick(&["floor($)", "fabs($)", "sqrt($)", "(-$)"]), vec![a])
            }
            _ => {
                let (a, b) = (self.less(ty, depth, uniform), self.less(ty, depth, uniform));
                make(ty, format!("{name}({})", self.pick(&["$ + $", "$ - $", "$ * $"])), vec![a, b])
            }
        }
    }

    /// A constant, a variable, a number of the thread, or something from memory.
    pub(super) fn leaf(&mut self, ty: Type, uniform: bool) -> Tree {
        let able: Vec<usize> = (0..self.variables.len())
            .filter(|v| self.variables[*v].ty == ty && (self.variables[*v].uniform || !uniform))
            .collect();
        if !able.is_empty() && self.one_in(2) {
            let name = self.variables[self.random.choice(able).expect("some")].name.clone();
            return make(ty, name, Vec::new());
        }
        match self.random.u32(..6) {
            0..2 if !self.in_function => self.load(ty, uniform),
            2 if !self.in_function && ty.lanes == 1 => self.number(ty, uniform),
            3 if !uniform && !self.arrays.is_empty() => self.element_of_array(ty),
            4 if !uniform && !self.records.is_empty() => self.field_of_record(ty),
            _ => self.constant(ty),
        }
    }

    /// A number of the thread, the threadgroup or the launch.
    fn number(&mut self, ty: Type, uniform: bool) -> Tree {
        let name = ty.name();
        match ty.scalar {
            Scalar::Bool if uniform || self.one_in(4) => make(ty, "FC_BOOL", Vec::new()),
            Scalar::Bool => {
                let number = self.pick(self.class.thread_numbers());
                let test = self.pick(&[
                    "& 1u) == 0",
                    "& 3u) == 1",
                    "% 5u) < 2",
                    "& 31u) < 7",
                    "& 16u) != 0",
                    ") < 20",
                    ") == 3",
                ]);
                make(ty, format!("(({number} {test})"), Vec::new())
            }
            _ if self.one_in(6) => make(ty, format!("{name}(FC_UINT)"), Vec::new()),
            Scalar::Int if self.one_in(3) => {
                make(ty, format!("params.i[{}]", self.random.u32(..4)), Vec::new())
            }
            Scalar::Uint if self.one_in(3) => {
                make(ty, format!("params.u[{}]", self.random.u32(..4)), Vec::new())
            }
            Scalar::Float if self.one_in(3) => {
                make(ty, format!("params.f[{}]", self.random.u32(..4)), Vec::new())
            }
            Scalar::Ulong if self.one_in(3) => {
                make(ty, format!("params.l[{}]", self.random.u32(..2)), Vec::new())
            }
            _ if uniform => {
                make(ty, format!("{name}({})", self.pick(self.class.uniform_numbers())), Vec::new())
            }
            _ => make(ty, format!("{name}({})", self.pick(self.class.thread_numbers())), Vec::new()),
        }
    }

    pub(super) fn constant(&mut self, ty: Type) -> Tree {
        let name = ty.name();
        let text = match ty.scalar {
            Scalar::Bool => self.pick(&["true", "false"]).to_owned(),
            Scalar::Float | Scalar::Half => {
                let value = self.pick(&[
                    "0.0f", "-0.0f", "1.0f", "0.5f", "-2.25f", "3.0f", "100.0f", "1e-5f", "INFINITY",
                    "-7.0f", "3e38f",
                ]);
                format!("{name}({value})")
            }
            _ => match self.random.u32(..4) {
                0 => format!("{name}({})", self.random.u32(..8)),
                1 => format!("{name}(-{})", self.random.u32(1..4)),
                2 => format!(
                    "{name}({})",
                    self.pick(&[
                        "0x7fffffff",
                        "0x80000000u",
                        "255",
                        "65535",
                        "31",
                        "32",
                        "33",
                        "128",
                        "0x7ffffffffffffffful"
                    ])
                ),
                _ => format!("{name}({})", self.random.u32(..100)),
            },
        };
        make(ty, text, Vec::new())
    }

    /// Something that is not the same in all threads, as an index.
    pub(super) fn thread_number(&mut self) -> &'static str {
        match self.class {
            Class::Group => self.pick(&["gid", "lid", "lane", "x"]),
            _ => self.pick(&["gid", "x"]),
        }
    }
}

//! Statements and control flow.

use super::tree::{Role, Tree};
use super::types::{Scalar, Type};
use super::{Class, Function, Generator, Place, Variable};

impl Generator {
    pub(super) fn make_functions(&mut self) -> Tree {
        self.in_function = true;
        let count = self.random.u32(..6).saturating_sub(3);
        let mut functions = Vec::new();
        for number in 0..count {
            let name = format!("{}{number}", self.prefix);
            let result = self.ty();
            let parameters: Vec<Type> = (0..self.random.u32(1..4)).map(|_| self.ty()).collect();
            let mut text = Vec::new();
            for ty in &parameters {
                let name = self.name();
                text.push(format!("{} {name}", ty.name()));
                self.variables.push(Variable { name, ty: *ty, uniform: false, assignable: true });
            }
            let budget = std::mem::replace(&mut self.budget, 5);
            let place = Place {
                uniform: false,
                reading: false,
                in_loop: false,
                uniform_loop: false,
                returns: Some(Some(result)),
                depth: 0,
            };
            let body = self.block(place, 4);
            self.budget = budget;
            let last = self.any(result);
            let head = format!("static {} {name}({}) {{\n", result.name(), text.join(", "));
            functions.push(Tree::statement(head + "$return $;\n}", vec![body, last]));
            self.variables.clear();
            self.functions.push(Function { name, parameters, result });
        }
        self.in_function = false;
        Tree::list(functions)
    }

    pub(super) fn body(&mut self) -> Tree {
        let mut parts = Vec::new();
        if self.features.rare || self.one_in(8) {
            parts.push(Tree::statement("if (gid >= params.n) return;", Vec::new()));
        }
        self.collective = self.features.simd;
        if self.features.barriers {
            parts.push(self.initial_tiles());
        }
        let place = Place {
            uniform: true,
            reading: false,
            in_loop: false,
            uniform_loop: false,
            returns: (!self.features.barriers && (!self.features.simd || self.features.divergent_simd))
                .then_some(None),
            depth: 0,
        };
        for _ in 0..self.random.u32(1..4) {
            parts.push(self.declaration(place));
        }
        while self.budget > 0 {
            parts.push(self.statement(place));
            // What needs all threads can only be here, and in what is uniform.
            if self.features.barriers && self.one_in(4) {
                parts.push(if self.one_in(3) { self.together() } else { self.reading(place) });
            }
        }
        if self.features.barriers && self.features.atomics {
            parts.push(Tree::statement("threadgroup_barrier(mem_flags::mem_threadgroup);", Vec::new()));
            parts.push(self.read_counts());
        }
        let variables: Vec<(String, Type)> = self.variables.iter().map(|v| (v.name.clone(), v.ty)).collect();
        for (name, ty) in variables {
            parts.push(self.output(&name, ty));
        }
        for name in self.records.clone() {
            parts.push(Tree::statement(format!("recs[gid] = {name};"), Vec::new()));
        }
        Tree::list(parts)
    }

    /// Some statements; what they declare is forgotten behind them.
    pub(super) fn block(&mut self, place: Place, most: u32) -> Tree {
        let (variables, arrays, records) = (self.variables.len(), self.arrays.len(), self.records.len());
        let place = Place { depth: place.depth + 1, ..place };
        let collective = self.collective;
        self.collective =
            self.features.simd && !self.in_function && (place.uniform || self.features.divergent_simd);
        let count = self.random.u32(1..=most);
        let statements = (0..count).map(|_| self.statement(place)).collect();
        self.collective = collective;
        self.variables.truncate(variables);
        self.arrays.truncate(arrays);
        self.records.truncate(records);
        Tree::list(statements)
    }

    fn statement(&mut self, place: Place) -> Tree {
        self.budget -= 1;
        let shared = self.features.barriers && !self.in_function;
        let deep = place.depth > 4 || self.budget < 0;
        match self.random.u32(..64) {
            0..3 => self.declaration(place),
            3..7 if !self.in_function => self.store(),
            7..17 if !deep => self.branch(place),
            17..26 if !deep => self.repeat(place),
            26..29 if !deep => self.switch(place),
            29..33 => self.leave(place),
            33..36 => self.array(),
            36..39 if !self.arrays.is_empty() => self.store_to_array(),
            39..41 if !self.in_function => self.record(),
            41..43 if !self.in_function && !self.records.is_empty() => {
                let record = self.random.choice(&self.records).expect("some").clone();
                self.record_field(&record)
            }
            43..46 if self.features.atomics && !self.in_function => self.atomic(place),
            46..50 if shared && place.uniform && !place.reading && !deep => self.reading(place),
            50..53 if shared && !place.reading => self.store_to_tile(),
            53..55 if shared && place.uniform && !place.reading => self.together(),
            55 if shared && self.features.atomics && place.reading => self.read_counts(),
            56..58 if !self.in_function => self.guarded_load(),
            58..60 if !self.in_function => self.walk(),
            60 if self.features.rare && !self.in_function => self.chosen_pointer(),
            61 if !self.in_function => self.stride(),
            _ => self.assignment(place),
        }
    }

    fn declaration(&mut self, place: Place) -> Tree {
        let ty = self.ty();
        let uniform = place.uniform && !self.in_function && self.one_in(3);
        let value = if uniform { self.uniform(ty) } else { self.any(ty) };
        let name = self.name();
        let tree = Tree::statement(format!("{} {name} = $;", ty.name()), vec![value]);
        self.variables.push(Variable { name, ty, uniform, assignable: true });
        tree
    }

    /// Gives some variable a new value.
    fn assignment(&mut self, place: Place) -> Tree {
        let able: Vec<usize> = (0..self.variables.len())
            .filter(|v| self.variables[*v].assignable && (place.uniform || !self.variables[*v].uniform))
            .collect();
        let Some(variable) = self.random.choice(able) else { return self.declaration(place) };
        let Variable { name, ty, uniform, .. } = &self.variables[variable];
        let (name, ty, uniform) = (name.clone(), *ty, *uniform);
        if ty.lanes > 1 && self.one_in(2) {
            let letters = self.pick(if ty.lanes > 2 {
                &["x", "y", "z", "xy", "zx"]
            } else {
                &["x", "y", "yx", "xy", "y"]
            });
            let of = Type::vector(ty.scalar, letters.len() as u8);
            let value = if uniform { self.uniform(of) } else { self.any(of) };
            return Tree::statement(format!("{name}.{letters} = $;"), vec![value]);
        }
        let value = if uniform { self.uniform(ty) } else { self.any(ty) };
        let assignment = if ty.scalar == Scalar::Bool || ty.lanes > 1 {
            "="
        } else if ty.scalar.is_float() {
            self.pick(&["=", "=", "+=", "*=", "-="])
        } else {
            self.pick(&["=", "=", "+=", "*=", "-=", "^=", "|=", "&="])
        };
        Tree::statement(format!("{name} {assignment} $;"), vec![value])
    }

    /// The place inside of something that only some threads execute.
    fn inside(place: Place, uniform: bool) -> Place {
        if uniform {
            return place;
        }
        Place { uniform: false, in_loop: place.in_loop && !place.uniform_loop, ..place }
    }

    fn condition(&mut self, place: Place) -> (Tree, bool) {
        let uniform = place.uniform && self.one_in(2);
        let condition = if uniform { self.uniform(Type::BOOL) } else { self.any(Type::BOOL) };
        (condition, uniform)
    }

    fn branch(&mut self, place: Place) -> Tree {
        let (condition, uniform) = self.condition(place);
        let inside = Self::inside(place, uniform);
        let then = self.block(inside, 4);
        if self.one_in(2) {
            return Tree::new(Role::Unwrappable, "if ($) {\n$}", vec![condition, then]);
        }
        let otherwise = self.block(inside, 3);
        Tree::new(Role::Unwrappable, "if ($) {\n$} else {\n$}", vec![condition, then, otherwise])
    }

    fn repeat(&mut self, place: Place) -> Tree {
        let uniform = place.uniform && self.one_in(2);
        let count = if uniform { self.uniform(Type::UINT) } else { self.in_branches(|g| g.any(Type::UINT)) };
        let index = self.name();
        // With barriers in it, all threads must leave it together.
        let inside =
            Place { uniform: uniform && self.one_in(2), in_loop: true, uniform_loop: false, ..place };
        let inside = Place { uniform_loop: inside.uniform, ..inside };
        let kept = self.variables.len();
        let form = self.random.u32(..7);
        let ty = if form == 1 { Type::INT } else { Type::UINT };
        if form != 6 {
            self.variables.push(Variable { name: index.clone(), ty, uniform, assignable: false });
        }
        let body = self.block(inside, 4);
        self.variables.truncate(kept);
        let most = self.pick(&[1, 3, 7]);
        let step = self.random.u32(1..4);
        let template = match form {
            0 => format!("for (uint {index} = 0; {index} < ($ & {most}u); {index}++) {{\n$}}"),
            1 => format!("for (int {index} = int($ & {most}u); {index} >= 0; {index}--) {{\n$}}"),
            2 => format!("for (uint {index} = $ & {most}u; {index} < 9u; {index} += {step}u) {{\n$}}"),
            3 => format!("{{ uint {index} = $ & {most}u; while ({index} != 0) {{ {index}--;\n$}} }}"),
            4 => format!("{{ uint {index} = $ & 31u; while ({index} > 0) {{ {index} >>= 1;\n$}} }}"),
            5 => format!("{{ uint {index} = $ & {most}u; do {{\n$}} while ({index}-- != 0); }}"),
            _ => format!("for (uint {index} = 0;;) {{ if ({index}++ >= ($ & {most}u)) break;\n$}}"),
        };
        Tree::statement(template, vec![count, body])
    }

    fn switch(&mut self, place: Place) -> Tree {
        let uniform = place.uniform && self.one_in(3);
        let ty = self.pick(&[Type::UINT, Type::INT]);
        let value = if uniform { self.uniform(ty) } else { self.any(ty) };
        let inside = Place { in_loop: false, ..Self::inside(place, uniform) };
        let mut template = "switch (int($ & 7)) {\n".to_owned();
        let mut parts = vec![value];
        let count = self.random.u32(1..5);
        for case in 0..count {
            parts.push(self.block(inside, 2));
            let label = if case + 1 == count && self.one_in(2) {
                "default:".to_owned()
            } else if self.one_in(3) {
                format!("case {}: case {}:", case, 7 - case)
            } else {
                format!("case {case}:")
            };
            // Where threads meet again after falling through is nobody's promise.
            let falls = !self.features.simd && self.one_in(3);
            let goes_on = place.in_loop && !place.uniform_loop && self.one_in(4);
            let end = if falls {
                ""
            } else if goes_on {
                "continue;"
            } else {
                "break;"
            };
            template += &format!("{label} {{\n$}} {end}\n");
        }
        template += "}";
        Tree::statement(template, parts)
    }

    /// `break`, `continue` or `return`, if one of them can be.
    fn leave(&mut self, place: Place) -> Tree {
        if place.in_loop && self.one_in(2) {
            let condition = if place.uniform_loop { self.uniform(Type::BOOL) } else { self.any(Type::BOOL) };
            let what = self.pick(&["break", "continue"]);
            return Tree::statement(format!("if ($) {what};"), vec![condition]);
        }
        match place.returns {
            Some(None) if place.depth > 0 => {
                let condition = self.any(Type::BOOL);
                Tree::statement("if ($) return;", vec![condition])
            }
            Some(Some(ty)) => {
                let (condition, value) = (self.any(Type::BOOL), self.any(ty));
                Tree::statement("if ($) return $;", vec![condition, value])
            }
            _ => self.assignment(place),
        }
    }

    // --- Local arrays and structures.

    fn array(&mut self) -> Tree {
        let ty = self.ty();
        let length = self.pick(&[2, 4, 8]);
        let name = self.name();
        let tree = if self.one_in(2) {
            let values: Vec<Tree> = (0..length).map(|_| self.small(ty)).collect();
            let places = vec!["$"; values.len()].join(", ");
            Tree::statement(format!("{} {name}[{length}] = {{{places}}};", ty.name()), values)
        } else {
            let value = self.any(ty);
            let element = ty.name();
            Tree::statement(
                format!(
                    "{element} {name}[{length}]; for (uint j = 0; j < {length}; j++) {name}[j] = $ + {element}(j);"
                ),
                vec![value],
            )
        };
        self.arrays.push((name, ty, length));
        tree
    }

    fn store_to_array(&mut self) -> Tree {
        let (name, ty, length) = self.random.choice(&self.arrays).expect("some").clone();
        let (index, value) = (self.small(Type::UINT), self.any(ty));
        Tree::statement(format!("{name}[$ & {}u] = $;", length - 1), vec![index, value])
    }

    pub(super) fn element_of_array(&mut self, ty: Type) -> Tree {
        let able: Vec<_> = self.arrays.iter().filter(|a| a.1 == ty).cloned().collect();
        let Some((name, _, length)) = self.random.choice(able) else { return self.constant(ty) };
        let index = self.constant_or_number();
        Tree::new(Role::Expression(ty), format!("{name}[$ & {}u]", length - 1), vec![index])
    }

    fn constant_or_number(&mut self) -> Tree {
        let able: Vec<String> =
            self.variables.iter().filter(|v| v.ty == Type::UINT).map(|v| v.name.clone()).collect();
        match self.random.choice(able) {
            Some(name) => Tree::new(Role::Expression(Type::UINT), name, Vec::new()),
            None => self.constant(Type::UINT),
        }
    }

    fn record(&mut self) -> Tree {
        let name = self.name();
        let tree = if self.one_in(2) {
            Tree::statement(format!("Rec {name} = recs[gid];"), Vec::new())
        } else {
            let scalars =
                [Scalar::Uint, Scalar::Float, Scalar::Ushort, Scalar::Uchar, Scalar::Uchar, Scalar::Int];
            let mut values: Vec<Tree> = scalars.into_iter().map(|s| self.small(Type::of(s))).collect();
            values.push(self.small(Type::vector(Scalar::Float, 4)));
            Tree::statement(format!("Rec {name} = {{$, $, $, {{$, $}}, $, $}};"), values)
        };
        self.records.push(name);
        tree
    }

    pub(super) fn record_field(&mut self, record: &str) -> Tree {
        let whole = self.random.choice(&self.records).filter(|r| *r != record).cloned();
        if let (Some(other), true) = (whole, self.one_in(4)) {
            return Tree::statement(format!("{record} = {other};"), Vec::new());
        }
        let (field, ty) = self.field();
        if let Some(array) = field.strip_suffix("[") {
            let (index, value) = (self.small(Type::UINT), self.any(ty));
            return Tree::statement(format!("{record}.{array}[$ & 1u] = $;"), vec![index, value]);
        }
        let value = self.any(ty);
        Tree::statement(format!("{record}.{field} = $;"), vec![value])
    }

    fn field(&mut self) -> (&'static str, Type) {
        self.pick(&[
            ("a", Type::UINT),
            ("b", Type::FLOAT),
            ("c", Type::of(Scalar::Ushort)),
            ("d[", Type::of(Scalar::Uchar)),
            ("e", Type::INT),
            ("v", Type::vector(Scalar::Float, 4)),
            ("v.w", Type::FLOAT),
        ])
    }

    pub(super) fn field_of_record(&mut self, ty: Type) -> Tree {
        let record = self.random.choice(&self.records).expect("some").clone();
        let field = match (ty.scalar, ty.lanes) {
            (Scalar::Uint, 1) => "a",
            (Scalar::Float, 1) => self.pick(&["b", "v.y"]),
            (Scalar::Ushort, 1) => "c",
            (Scalar::Uchar, 1) => "d[1]",
            (Scalar::Int, 1) => "e",
            (Scalar::Float, 4) => "v",
            _ => return self.constant(ty),
        };
        Tree::new(Role::Expression(ty), format!("{record}.{field}"), Vec::new())
    }

    // --- Memory, by statements of their own.

    /// A scalar variable that threads may change.
    fn scalar_variable(&mut self, scalars: &[Scalar]) -> Option<(String, Scalar)> {
        let able: Vec<(String, Scalar)> = self
            .variables
            .iter()
            .filter(|v| v.assignable && !v.uniform && v.ty.lanes == 1 && scalars.contains(&v.ty.scalar))
            .map(|v| (v.name.clone(), v.ty.scalar))
            .collect();
        self.random.choice(able)
    }

    /// A load by threads for which it is inside of the buffer only.
    fn guarded_load(&mut self) -> Tree {
        let Some((variable, scalar)) = self.scalar_variable(&[Scalar::Uint, Scalar::Int, Scalar::Float])
        else {
            return self.store();
        };
        let input = match scalar {
            Scalar::Uint => "in_u",
            Scalar::Int => "in_i",
            _ => "in_f",
        };
        let ty = self.pick(&[Type::INT, Type::UINT]);
        let index = match self.random.u32(..3) {
            0 => Tree::fixed(format!("int({}) * 37 - 100", self.thread_number())),
            _ => self.any(ty),
        };
        let name = self.name();
        if self.one_in(2) {
            return Tree::statement(
                format!(
                    "{{ long {name} = long($); if ({name} >= 0 && {name} < 1024) {variable} = {input}[{name}]; }}"
                ),
                vec![index],
            );
        }
        let value = self.in_branches(|g| g.any(Type::of(scalar)));
        Tree::statement(
            format!(
                "{{ uint {name} = uint($); if ({name} < 1024u && {input}[{name}] > $) {variable} += 1; }}"
            ),
            vec![index, value],
        )
    }

    /// A pointer that goes on in a loop.
    fn walk(&mut self) -> Tree {
        let Some((variable, scalar)) = self.scalar_variable(&[Scalar::Uint, Scalar::Int]) else {
            return self.store();
        };
        let (input, ty) = if scalar == Scalar::Uint { ("in_u", "uint") } else { ("in_i", "int") };
        let number = self.thread_number();
        let (start, step) = match self.random.u32(..5) {
            0 => (format!("{input} + {number}"), "p++".to_owned()),
            1 => (format!("{input} + 1023 - {number}"), "p--".to_owned()),
            2 => (format!("{input} + {number} * 2"), "p += total & 31u".to_owned()),
            3 => (format!("&{input}[{number} / 4]"), format!("p += {}", self.random.u32(1..64))),
            _ => (format!("{input} + 500"), format!("p += int({number} & 31u) - 16")),
        };
        let (count, stop) = (self.any(Type::UINT), self.in_branches(|g| g.any(Type::BOOL)));
        Tree::statement(
            format!(
                "{{ device const {ty}* p = {start}; for (uint n = $ & 7u; n > 0; n--) {{ {variable} = {variable} * 3 + *p; {step}; if ($) break; }} }}"
            ),
            vec![count, stop],
        )
    }

    /// A loop over a part of a buffer in steps, often of as many threads as there are.
    fn stride(&mut self) -> Tree {
        let Some((variable, scalar)) = self.scalar_variable(&[Scalar::Uint, Scalar::Int]) else {
            return self.store();
        };
        let number = self.thread_number();
        let is_group = self.class == Class::Group;
        let start = match self.random.u32(..4) {
            0 => "0u".to_owned(),
            1 if is_group => "tx".to_owned(),
            _ => number.to_owned(),
        };
        let mut steps = vec!["total", "32u", "1u", "7u"];
        let mut bounds = vec!["params.n", "total", "($ & 127u)"];
        if is_group {
            steps.extend(["size.x", "size.x", "members", "wide"]);
            bounds.push("members");
        }
        let mut bases =
            vec!["0ul".to_owned(), format!("ulong({number}) * 2u"), "(ulong(total) * 3u & 1023ul)".into()];
        let mut input = if scalar == Scalar::Uint { "in_u" } else { "in_i" };
        if self.risk == Some(false) && self.one_in(2) {
            self.risk = Some(true);
            input = "few";
            steps.push("(params.u[3] | 1u)");
            // No step leads over all that is above the second. The largest number might never be met, and what comes after
            // a loop without an end needs no loads in it.
            bounds.extend(["params.u[2]", "(~0u - 600u)"]);
            bases.extend([
                format!("(ulong({number}) << 62)"),
                format!("ulong({number}) * params.u[1]"),
                format!("ulong(int({number}) - 3)"),
                "(~0ul - 40ul)".into(),
            ]);
        }
        let (step, bound, base) =
            (self.pick(&steps), self.pick(&bounds), self.random.choice(bases).expect("some"));
        let parts = if bound.contains('$') { vec![self.any(Type::UINT)] } else { Vec::new() };
        let ty = self.pick(&["uint", "uint", "int", "ulong"]);
        let name = self.name();
        let test = match self.random.u32(..3) {
            0 => format!("end > {name}"),
            1 if input != "few" => format!("{name} <= end"),
            _ => format!("{name} < end"),
        };
        // What nobody needs is not read: without a fault the loop would go on for long.
        let (before, sum, after, slot) = if input == "few" {
            let (slot, output) = self.own_slot(Scalar::Uint);
            ("uint sum = 0; ", "sum", format!("{output}[$] += sum; "), Some(slot))
        } else {
            ("", variable.as_str(), String::new(), None)
        };
        Tree::statement(
            format!(
                "{{ {before}{ty} end = {ty}({bound}); for ({ty} {name} = {ty}({start}); {test}; {name} += {ty}({step})) \
                 {sum} = {sum} * 3 + {input}[{base} + {name}]; {after}}}"
            ),
            parts.into_iter().chain(slot).collect(),
        )
    }

    fn chosen_pointer(&mut self) -> Tree {
        let Some((variable, _)) = self.scalar_variable(&[Scalar::Uint]) else { return self.store() };
        let (condition, index) = (self.any(Type::BOOL), self.small(Type::UINT));
        let other = self.pick(&["in_u + 7", "perm"]);
        Tree::statement(
            format!("{{ device const uint* p = $ ? in_u : {other}; {variable} ^= p[$ & 255u]; }}"),
            vec![condition, index],
        )
    }
}

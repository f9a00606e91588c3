//! What a token-level rewriter has to know of a source's structure: matching brackets, scopes, statements,
//! preprocessor directives.
//!
//! This is an approximation, on purpose: nothing is parsed, macros are not expanded, and every branch of a
//! conditional counts. Nothing here recurses, so deep nesting is harmless.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::tokens::{Token, TokenKind, spelling, tokenize};

/// No token.
pub(crate) const NONE: u32 = u32::MAX;

/// What the innermost braces around a token are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// None, or a namespace's.
    Namespace,
    /// A class's, structure's or union's.
    Class,
    /// An enumeration's.
    Enumeration,
    /// A function's, a statement's or an initialiser's.
    Block,
    /// Unknown: the replacement text of a macro.
    Macro,
}

/// Which part of the file a token belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Region {
    Code,
    /// The replacement text of the macro with this index.
    Macro(u32),
    /// The rest of a preprocessor directive.
    Directive,
}

/// The surroundings of a significant token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The first token of the statement or declaration.
    pub(crate) statement: u32,
    /// The matching bracket of a bracket, or [`NONE`].
    pub(crate) mate: u32,
    /// Number of open parentheses within the innermost braces.
    pub(crate) parentheses: u32,
    pub(crate) scope: Scope,
    /// The `{` of the scope, or [`NONE`].
    pub(crate) scope_open: u32,
    pub(crate) region: Region,
}

/// A `#define`.
#[derive(Debug)]
pub(crate) struct Macro {
    pub(crate) name: String,
    /// The parameters' names; none for a macro that is no function.
    pub(crate) parameters: Vec<String>,
}

/// A source and its structure. Tokens are addressed by their index among the significant ones.
#[derive(Debug)]
pub(crate) struct Structure<'a> {
    source: &'a str,
    tokens: Vec<Token>,
    significant: Vec<u32>,
    /// The texts of tokens that hold line splices.
    spliced: HashMap<u32, String>,
    places: Vec<Place>,
    macros: Vec<Macro>,
}

impl<'a> Structure<'a> {
    pub(crate) fn new(source: &'a str) -> Self {
        let tokens = tokenize(source);
        let significant: Vec<u32> =
            (0..tokens.len() as u32).filter(|i| tokens[*i as usize].kind.is_significant()).collect();
        let spliced = significant
            .iter()
            .filter_map(|raw| {
                let token = tokens[*raw as usize];
                match spelling(&source[token.start as usize..token.end as usize]) {
                    Cow::Borrowed(_) => None,
                    Cow::Owned(text) => Some((*raw, text)),
                }
            })
            .collect();
        let mut structure =
            Self { source, tokens, significant, spliced, places: Vec::new(), macros: Vec::new() };
        structure.analyse();
        structure
    }

    pub(crate) fn source(&self) -> &'a str {
        self.source
    }

    /// All tokens, significant or not.
    pub(crate) fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// Number of significant tokens.
    pub(crate) fn len(&self) -> usize {
        self.significant.len()
    }

    /// Index among all tokens.
    pub(crate) fn raw(&self, index: usize) -> u32 {
        self.significant[index]
    }

    pub(crate) fn token(&self, index: usize) -> Token {
        self.tokens[self.significant[index] as usize]
    }

    pub(crate) fn kind(&self, index: usize) -> TokenKind {
        self.token(index).kind
    }

    /// The token's text without splices; empty past either end.
    pub(crate) fn word(&self, index: usize) -> &str {
        let Some(raw) = self.significant.get(index) else { return "" };
        let token = self.tokens[*raw as usize];
        let text = &self.source[token.start as usize..token.end as usize];
        // Few tokens hold a backslash, fewer a splice.
        if text.contains('\\') { self.spliced.get(raw).map_or(text, |t| t) } else { text }
    }

    /// The text `offset` tokens away; empty past either end.
    pub(crate) fn word_at(&self, index: usize, offset: isize) -> &str {
        index.checked_add_signed(offset).map_or("", |i| self.word(i))
    }

    pub(crate) fn is_identifier(&self, index: usize) -> bool {
        index < self.len() && self.kind(index) == TokenKind::Identifier
    }

    pub(crate) fn place(&self, index: usize) -> Place {
        self.places[index]
    }

    /// The index of the matching bracket.
    pub(crate) fn mate(&self, index: usize) -> Option<usize> {
        self.places.get(index).map(|p| p.mate).filter(|m| *m != NONE).map(|m| m as usize)
    }

    /// The macro whose replacement text the token belongs to.
    pub(crate) fn macro_of(&self, index: usize) -> Option<&Macro> {
        match self.places[index].region {
            Region::Macro(index) => Some(&self.macros[index as usize]),
            _ => None,
        }
    }

    /// Whether both tokens are in code, or in the same macro.
    pub(crate) fn same_region(&self, a: usize, b: usize) -> bool {
        b < self.len() && self.places[a].region == self.places[b].region
    }

    /// The tokens' texts on one line, apart where the source has them apart.
    pub(crate) fn joined(&self, range: Range<usize>) -> String {
        let mut text = String::new();
        for index in range.clone() {
            if index > range.start && self.token(index).start != self.token(index - 1).end {
                text.push(' ');
            }
            text.push_str(self.word(index));
        }
        text
    }

    /// The index behind the `>` that closes the `<` at `open`, within a bounded distance.
    pub(crate) fn behind_angle_brackets(&self, open: usize) -> Option<usize> {
        let mut depth = 0u32;
        let mut index = open;
        while index < self.len().min(open + LOOKAHEAD) {
            match self.word(index) {
                "<" => depth += 1,
                ">" => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(index + 1);
                    }
                }
                "(" | "[" | "{" => index = self.mate(index).filter(|m| *m > index)?,
                ";" | "}" => return None,
                _ => {}
            }
            index += 1;
        }
        None
    }

    /// The first token of a declaration behind its `template <…>`s.
    pub(crate) fn behind_template_header(&self, statement: usize) -> usize {
        const MOST_HEADERS: usize = 8;
        let mut index = statement;
        for _ in 0..MOST_HEADERS {
            if self.word(index) != "template" {
                break;
            }
            if self.word(index + 1) != "<" {
                return index + 1; // an explicit instantiation
            }
            match self.behind_angle_brackets(index + 1) {
                Some(behind) if behind < self.len() => index = behind,
                _ => return statement,
            }
        }
        index
    }
}

/// How far rules look ahead for the end of what they found. Bounds the time on hostile sources.
pub(crate) const LOOKAHEAD: usize = 512;

/// An open bracket, and what to return to when it closes.
#[derive(Clone, Copy, Debug)]
struct Open {
    kind: u8,
    index: u32,
    parentheses: u32,
    scope: Scope,
    scope_open: u32,
}

#[derive(Clone, Debug)]
struct Context {
    statement: u32,
    parentheses: u32,
    scope: Scope,
    scope_open: u32,
    open: Vec<Open>,
    /// Number of open brackets by kind.
    counts: [u32; 3],
}

impl Context {
    fn new(scope: Scope, statement: usize) -> Self {
        Self {
            statement: statement as u32,
            parentheses: 0,
            scope,
            scope_open: NONE,
            open: Vec::new(),
            counts: [0; 3],
        }
    }
}

/// The kind of a bracket, and whether it opens.
fn bracket(word: &str) -> Option<(u8, bool)> {
    Some(match word {
        "(" => (0, true),
        ")" => (0, false),
        "[" => (1, true),
        "]" => (1, false),
        "{" => (2, true),
        "}" => (2, false),
        _ => return None,
    })
}

impl Structure<'_> {
    fn analyse(&mut self) {
        // Snapshots for #else are bounded, so that their cost is.
        const MOST_SNAPSHOTS: usize = 64;
        const MOST_OPEN_IN_SNAPSHOT: usize = 256;

        let empty = Place {
            statement: 0,
            mate: NONE,
            parentheses: 0,
            scope: Scope::Namespace,
            scope_open: NONE,
            region: Region::Code,
        };
        self.places = vec![empty; self.len()];
        let directives = self.directives();
        let mut next_directive = directives.iter().peekable();
        let mut context = Context::new(Scope::Namespace, 0);
        let mut snapshots: Vec<Option<Context>> = Vec::new();
        let mut index = 0;
        while index < self.len() {
            let Some(directive) = next_directive.next_if(|d| d.start == index) else {
                self.visit(&mut context, index, Region::Code);
                index += 1;
                continue;
            };
            for i in directive.clone() {
                self.places[i].region = Region::Directive;
                self.places[i].statement = i as u32;
            }
            match self.word(directive.start + 1) {
                "define" => self.analyse_macro(directive),
                "if" | "ifdef" | "ifndef" => {
                    let small =
                        snapshots.len() < MOST_SNAPSHOTS && context.open.len() <= MOST_OPEN_IN_SNAPSHOT;
                    snapshots.push(small.then(|| context.clone()));
                }
                "else" | "elif" | "elifdef" | "elifndef" => {
                    if let Some(Some(snapshot)) = snapshots.last() {
                        context = snapshot.clone();
                    }
                }
                "endif" => {
                    snapshots.pop();
                }
                _ => {}
            }
            // A statement cannot start with a directive: it starts behind it.
            if self.places.get(context.statement as usize).is_some_and(|p| p.region != Region::Code) {
                context.statement = directive.end as u32;
            }
            index = directive.end;
        }
    }

    /// The directives' tokens. A directive starts with a `#` that is its line's first token.
    fn directives(&self) -> Vec<Range<usize>> {
        let mut directives: Vec<Range<usize>> = Vec::new();
        let mut at_line_start = true;
        let mut inside = false;
        let mut index = 0;
        for token in &self.tokens {
            if token.kind == TokenKind::Newline {
                at_line_start = true;
                inside = false;
            } else if token.kind.is_significant() {
                if at_line_start && self.word(index) == "#" {
                    inside = true;
                    directives.push(index..index);
                }
                at_line_start = false;
                index += 1;
                if inside && let Some(last) = directives.last_mut() {
                    last.end = index;
                }
            }
        }
        directives
    }

    fn analyse_macro(&mut self, directive: &Range<usize>) {
        // Rules look through the parameters at each token of the body.
        const MOST_PARAMETERS: usize = 64;
        let name = directive.start + 2;
        let mut body = (name + 1).min(directive.end);
        let mut parameters = Vec::new();
        if body < directive.end && self.word(body) == "(" && self.token(body).start == self.token(name).end {
            body += 1;
            while body < directive.end && self.word(body) != ")" {
                if self.is_identifier(body) && parameters.len() < MOST_PARAMETERS {
                    parameters.push(self.word(body).to_owned());
                }
                body += 1;
            }
            body = (body + 1).min(directive.end);
        }
        let mut context = Context::new(Scope::Macro, body);
        let region = Region::Macro(self.macros.len() as u32);
        for index in body..directive.end {
            self.visit(&mut context, index, region);
        }
        let name = self.word(name).to_owned();
        self.macros.push(Macro { name, parameters });
    }

    fn visit(&mut self, context: &mut Context, index: usize, region: Region) {
        self.places[index] = Place {
            statement: context.statement,
            mate: NONE,
            parentheses: context.parentheses,
            scope: context.scope,
            scope_open: context.scope_open,
            region,
        };
        let next = index as u32 + 1;
        match bracket(self.word(index)) {
            Some((kind, true)) => {
                context.open.push(Open {
                    kind,
                    index: index as u32,
                    parentheses: context.parentheses,
                    scope: context.scope,
                    scope_open: context.scope_open,
                });
                context.counts[kind as usize] += 1;
                match kind {
                    0 => context.parentheses += 1,
                    2 => {
                        context.scope = if context.parentheses > 0 {
                            Scope::Block
                        } else {
                            self.classify(context.statement as usize, index)
                        };
                        context.scope_open = index as u32;
                        context.parentheses = 0;
                        context.statement = next;
                    }
                    _ => {}
                }
            }
            Some((kind, false)) => {
                // Brackets left open inside are forgotten; one that closes nothing is ignored.
                while context.counts[kind as usize] > 0 {
                    let Some(open) = context.open.pop() else { break };
                    context.counts[open.kind as usize] -= 1;
                    context.parentheses = open.parentheses;
                    context.scope = open.scope;
                    context.scope_open = open.scope_open;
                    if open.kind == kind {
                        self.places[index].mate = open.index;
                        self.places[open.index as usize].mate = index as u32;
                        break;
                    }
                }
                if kind == 2 {
                    // A statement goes on behind the braces of an initializer.
                    let open = self.places[index].mate as usize;
                    let initializes = matches!(self.word_at(open, -1), "=" | "," | "(" | "]" | "return");
                    context.statement = if initializes { self.places[open].statement } else { next };
                }
                self.places[index].parentheses = context.parentheses;
            }
            None if context.parentheses == 0 => match self.word(index) {
                ";" => context.statement = next,
                ":" if matches!(self.word_at(index, -1), "public" | "private" | "protected" | "default")
                    || self.word(context.statement as usize) == "case" =>
                {
                    context.statement = next;
                }
                _ => {}
            },
            None => {}
        }
    }

    /// What the `{` at `brace` opens, from the declaration before it.
    fn classify(&self, statement: usize, brace: usize) -> Scope {
        // A header longer than this is no class's.
        const LONGEST_HEADER: usize = 512;
        if brace.saturating_sub(statement) > LONGEST_HEADER {
            return Scope::Block;
        }
        let mut index = self.behind_template_header(statement);
        let mut found = Scope::Block;
        while index < brace {
            match self.word(index) {
                "namespace" => return Scope::Namespace,
                "extern" if self.kind(index + 1) == TokenKind::String => return Scope::Namespace,
                "enum" => return Scope::Enumeration,
                "class" | "struct" | "union" if found == Scope::Block => found = Scope::Class,
                "=" => return Scope::Block,
                "(" | "[" => {
                    // `alignas(16)`, `__attribute__((…))` are parts of a class's header; other parentheses
                    // belong to a function that returns a class.
                    let of_header = matches!(
                        self.word_at(index, -1),
                        "alignas" | "__attribute__" | "__declspec" | "decltype" | "["
                    ) || self.word(index) == "[";
                    if !of_header && found == Scope::Class && !self.word_at(index, -1).is_empty() {
                        return Scope::Block;
                    }
                    match self.mate(index) {
                        Some(mate) if mate > index && mate < brace => index = mate,
                        _ => {}
                    }
                }
                // Base classes may have anything in their template arguments.
                ":" if found == Scope::Class => return Scope::Class,
                "<" if found == Scope::Class => match self.behind_angle_brackets(index) {
                    Some(behind) if behind <= brace => {
                        index = behind;
                        continue;
                    }
                    _ => {}
                },
                _ => {}
            }
            index += 1;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope_of(source: &str, word: &str) -> Scope {
        let structure = Structure::new(source);
        let index = (0..structure.len()).find(|i| structure.word(*i) == word).expect("the word is there");
        structure.place(index).scope
    }

    #[test]
    fn scopes() {
        for (source, scope) in [
            ("here", Scope::Namespace),
            ("namespace a { here }", Scope::Namespace),
            ("inline namespace a::b { here", Scope::Namespace),
            ("extern \"C\" { here }", Scope::Namespace),
            ("struct S { here }", Scope::Class),
            ("struct alignas(16) S { here }", Scope::Class),
            ("struct __attribute__((packed)) S { here }", Scope::Class),
            ("template <typename T, int N = (1 > 2)> struct S : Base<T, (N > 1)> { here }", Scope::Class),
            ("template <typename T> struct S<T, enable_if_t<(sizeof(T) == 2)>> { here }", Scope::Class),
            ("typedef struct { here } S;", Scope::Class),
            ("enum class E : uint { here }", Scope::Enumeration),
            ("struct S f(int a) { here }", Scope::Block),
            ("struct S { void f() { here } }", Scope::Block),
            ("constant float t[] = { here }", Scope::Block),
            ("void f() { call({ here }) }", Scope::Block),
            ("void f() { for (;;) { here } }", Scope::Block),
            ("#define M here", Scope::Macro),
            ("void f() {\n#define M } here", Scope::Macro),
        ] {
            assert_eq!(scope_of(source, "here"), scope, "{source}");
        }
    }

    #[test]
    fn branches_of_conditionals_start_alike() {
        let source = "#ifdef A\nvoid f(int a) {\n#else\nvoid f() {\n#endif\n } here";
        assert_eq!(scope_of(source, "here"), Scope::Namespace);
        assert_eq!(
            scope_of("void f(\n#if A\nint a\n#else\nint b\n#endif\n) {} here", "here"),
            Scope::Namespace
        );
    }

    #[test]
    fn statements() {
        let source = "int a; kernel void f() { int b; x = here; }";
        let structure = Structure::new(source);
        let index = (0..structure.len()).find(|i| structure.word(*i) == "here").unwrap();
        assert_eq!(structure.word(structure.place(index).statement as usize), "x");
        let f = (0..structure.len()).find(|i| structure.word(*i) == "f").unwrap();
        assert_eq!(structure.word(structure.place(f).statement as usize), "kernel");
    }

    #[test]
    fn statements_go_on_behind_initializers() {
        let structure = Structure::new("int a[2] = {1, {2}}; f({3}, 4); void g() {} } int b;");
        let first_words: Vec<&str> = (0..structure.len())
            .filter(|i| structure.word(*i) == ";")
            .map(|i| structure.word(structure.place(i).statement as usize))
            .collect();
        assert_eq!(first_words, ["int", "f", "int"]);
    }

    #[test]
    fn statements_start_behind_directives() {
        let source = "#include <a>\n#if X\n#define Y 1\nvoid f();\n#endif\nint g();";
        let structure = Structure::new(source);
        for (word, first) in [("f", "void"), ("g", "int")] {
            let index = (0..structure.len()).find(|i| structure.word(*i) == word).unwrap();
            assert_eq!(structure.word(structure.place(index).statement as usize), first);
        }
    }

    #[test]
    fn macros_have_parameters_and_bodies() {
        let structure = Structure::new("#define F(a, ...) a + [[b]]\n#define G (c)\n");
        assert_eq!(structure.macros[0].parameters, ["a"]);
        assert!(structure.macros[1].parameters.is_empty());
        for (word, index) in [("b", 0), ("c", 1)] {
            let at = (0..structure.len()).find(|i| structure.word(*i) == word).unwrap();
            assert_eq!(structure.place(at).region, Region::Macro(index));
        }
    }

    #[test]
    fn hostile_nesting_ends_soon() {
        let deep = 100_000;
        for source in [
            "(".repeat(deep) + &"}".repeat(deep),
            "{".repeat(deep),
            "#if X\n".repeat(deep) + &"(\n#else\n".repeat(deep),
            "template <".repeat(deep),
            "struct <".repeat(deep) + "{",
            "}".repeat(deep),
            "struct S (".repeat(deep) + &"{".repeat(deep),
        ] {
            let structure = Structure::new(&source);
            assert!(structure.len() >= deep);
        }
    }
}

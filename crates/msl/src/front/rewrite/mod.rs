//! Rewrites MSL to the C++ that clang compiles: one module per rule.
//!
//! Rules look at tokens, never at macro expansions, and work in the replacement texts of macros too. They add
//! and remove tokens but no lines. What a rule does not recognise it leaves alone, and clang reports it.

mod arrays;
mod attributes;
mod casts;
mod function_constants;
mod literals;
mod methods;
mod pragmas;
pub(crate) mod program_scope;
mod threadgroup;
pub(crate) mod unsupported;

use super::edits::{Edits, Rewritten};
use super::structure::Structure;

/// Whether a word is an address-space keyword.
fn is_address_space(word: &str) -> bool {
    matches!(word, "device" | "constant" | "threadgroup" | "thread")
}

/// Applies all rules. The order matters only where edits meet at one token: what is put before a declaration
/// comes in the order of the calls.
pub(crate) fn rewrite(source: &str) -> Rewritten {
    let structure = Structure::new(source);
    let mut edits = Edits::default();
    attributes::rewrite(&structure, &mut edits);
    function_constants::rewrite_queries(&structure, &mut edits);
    threadgroup::rewrite(&structure, &mut edits);
    methods::rewrite(&structure, &mut edits);
    arrays::rewrite(&structure, &mut edits);
    casts::rewrite(&structure, &mut edits);
    literals::rewrite(&structure, &mut edits);
    pragmas::rewrite(&structure, &mut edits);
    program_scope::rewrite(&structure, &mut edits);
    unsupported::rewrite(&structure, &mut edits);
    edits.apply(structure.source(), structure.tokens())
}

#[cfg(test)]
mod tests {
    use super::super::edits::line_starts;
    use super::*;
    use proptest::prelude::*;

    /// The rewritten text with every run of blanks made one.
    pub(super) fn rewritten(source: &str) -> String {
        let text = rewrite(source).text;
        text.lines()
            .map(|l| l.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[track_caller]
    pub(super) fn assert_rewrites(source: &str, expected: &str) {
        assert_eq!(rewritten(source), expected);
    }

    fn assert_keeps_lines(source: &str) {
        let result = rewrite(source);
        let lines = |text: &str| line_starts(text).len();
        assert_eq!(lines(&result.text), lines(source), "{source:?} became {:?}", result.text);
    }

    #[test]
    fn plain_source_stays_as_it_is() {
        for source in
            ["", "\n", "#include <metal_stdlib>\nusing namespace metal;\n", "float f(float x) { return x; }"]
        {
            assert_eq!(rewrite(source).text, source);
        }
    }

    #[test]
    fn columns_lead_back_to_the_source() {
        let source =
            "kernel void k(device float* x [[buffer(0)]], uint i [[thread_position_in_grid]]) { x[i] = y; }";
        let result = rewrite(source);
        let rewritten = result.text.find("= y").unwrap();
        let original = source.find("= y").unwrap();
        assert_ne!(rewritten, original);
        assert_eq!(result.columns.original(0, rewritten as u32) as usize, original);
    }

    /// Sources on which a careless rule overflows the stack, or takes time that grows with a power of their length.
    #[test]
    fn hostile_sources_are_rewritten() {
        let many = 10_000;
        for (before, piece, between, after) in [
            ("", "threadgroup a ", "", ""),
            ("void f() {", "static ", "threadgroup ", "}"),
            ("", "template <", "", ""),
            ("", "template <> ", "void f(device int* x [[buffer(N)]], ", ")"),
            ("constant int ", "a [[function_constant(0)]], ", "", ";"),
            ("struct S {", "a() :", "", "}"),
            ("", "__attribute__((", "", ""),
            ("", "static_cast<", "", ""),
            ("", "catch (a) {", "", ""),
            ("", "asm(", "", "\n#if 1\n"),
            ("#define F(", "a,", ") #", ""),
            ("#define F(a) ", "#a ", "", ""),
            ("void f(", "device a<b> ", "[", ")"),
            ("", "struct <", "{", ""),
            ("", "a < ", "int b = ", ";"),
            ("", "[[", "", ""),
            ("", "#if 1\n(", "#else\n", ""),
            ("", "1.0 ", "", ""),
        ] {
            let mut source = format!("{before}{}{between}{}{after}", piece.repeat(many), piece.repeat(many));
            assert_keeps_lines(&source);
            let closing: String = piece.chars().rev().filter_map(closing_bracket).collect();
            source.push_str(&closing.repeat(2 * many));
            assert_keeps_lines(&source);
        }
    }

    fn closing_bracket(c: char) -> Option<char> {
        "([{<".find(c).and_then(|i| ")]}>".chars().nth(i))
    }

    proptest! {
        #[test]
        fn arbitrary_text_keeps_its_lines(source in any::<String>()) {
            assert_keeps_lines(&source);
        }

        #[test]
        fn token_soup_keeps_its_lines(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "[[", "]]", "[", "]", "(", ")", "{", "}", "<", ">", ";", ",", ":", "::", "=", "*", "&", ".", "->",
                    "\n", "\\\n", " ", "\r\n", "#define ", "#define F(x) ", "#if ", "#else\n", "#endif\n", "\n#",
                    "template", "struct", "threadgroup", "device", "constant", "thread", "const", "static", "kernel",
                    "function_constant", "buffer", "host_name", "(0)", "\"s\"", "R\"(\n)\"", "static_cast", "xyz", "v",
                    "double", "long", "asm", "delete", "new", "/*\n*/", "// c\n", "##", "is_function_constant_defined",
                    "__attribute__", "alias", "0", "1.5", "2bf", "1e", "try", "catch", "virtual", "gnu::", "annotate", "=", "volatile",
                    "#pragma METAL fp contract", "math_mode", "(safe)", "try", "1.5", "is_function_constant_defined(",
                ]),
                0..80,
            )
        ) {
            assert_keeps_lines(&pieces.concat());
            assert_keeps_lines(&pieces.join(" "));
        }
    }
}

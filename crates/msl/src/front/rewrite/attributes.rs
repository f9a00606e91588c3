//! `[[buffer(0)]]` becomes `__attribute__((annotate("msl.buffer:0")))`, from which reflection reads it.
//!
//! The GNU form is taken because clang accepts it everywhere MSL allows an attribute, explicit template
//! instantiations included.

use std::ops::Range;

use super::super::edits::Edits;
use super::super::structure::{Scope, Structure};
use super::super::tokens::TokenKind;
use super::function_constants;

/// Attributes of C++ and their GNU names; they stay as they are unless MSL's stand beside them.
const STANDARD: [(&str, Option<&str>); 10] = [
    ("maybe_unused", Some("unused")),
    ("nodiscard", Some("warn_unused_result")),
    ("noreturn", Some("noreturn")),
    ("deprecated", Some("deprecated")),
    ("always_inline", Some("always_inline")),
    ("fallthrough", None),
    ("likely", None),
    ("unlikely", None),
    ("no_unique_address", None),
    ("carries_dependency", None),
];

/// One attribute of a list.
struct Attribute<'s> {
    name: &'s str,
    /// The tokens between its parentheses.
    argument: Option<Range<usize>>,
    /// `gnu::…`, `clang::…`.
    scoped: bool,
}

pub(super) fn rewrite(s: &Structure<'_>, edits: &mut Edits) {
    let mut index = 0;
    while index + 1 < s.len() {
        if s.word(index) == "["
            && s.word(index + 1) == "["
            && s.same_region(index, index + 1)
            && let (Some(outer), Some(inner)) = (s.mate(index), s.mate(index + 1))
            && outer == inner + 1
            && inner > index
        {
            rewrite_list(s, edits, index, outer);
            index = outer;
        }
        index += 1;
    }
}

/// The attributes between `open` + 2 and `close` - 1.
fn parse<'s>(s: &'s Structure<'_>, open: usize, close: usize) -> Option<Vec<Attribute<'s>>> {
    let mut attributes = Vec::new();
    let mut index = open + 2;
    let end = close - 1;
    while index < end {
        if s.word(index) == "," {
            index += 1;
            continue;
        }
        // `[[using gnu: …]]` is no MSL.
        if !s.is_identifier(index) || s.word(index) == "using" {
            return None;
        }
        let scoped = s.word(index + 1) == "::";
        let name_at = if scoped { index + 2 } else { index };
        index = name_at + 1;
        let mut argument = None;
        if s.word(index) == "(" && index < end {
            let mate = s.mate(index).filter(|m| *m > index && *m < end)?;
            argument = Some(index + 1..mate);
            index = mate + 1;
        }
        if index < end && s.word(index) != "," {
            return None;
        }
        attributes.push(Attribute { name: s.word(name_at), argument, scoped });
    }
    Some(attributes)
}

fn rewrite_list(s: &Structure<'_>, edits: &mut Edits, open: usize, close: usize) {
    let Some(attributes) = parse(s, open, close) else { return };
    let is_standard = |a: &Attribute<'_>| a.scoped || STANDARD.iter().any(|(name, _)| *name == a.name);
    if attributes.is_empty() || attributes.iter().all(is_standard) {
        return;
    }
    // A raw string may hold line ends, which an edit must not add.
    if (open..close).any(|i| s.kind(i) == TokenKind::String && s.word(i).contains(['\n', '\r'])) {
        return;
    }
    let place = s.place(open);
    let is_parameter = place.parentheses > 0;
    // An annotated member would make clang emit a call at each access; only the pipeline of other kinds of
    // functions, which are not run here, needs the attributes of members.
    let is_member = place.scope == Scope::Class && !is_parameter && place.statement as usize != open;
    let mut text = String::new();
    for attribute in &attributes {
        let words = attribute.argument.clone().map(|a| s.joined(a));
        match (attribute.name, &words) {
            _ if attribute.scoped => {}
            ("function_constant", Some(_)) if !is_parameter => {
                if let Some(argument) = &attribute.argument {
                    function_constants::rewrite_declaration(s, edits, open, close, argument.clone());
                }
            }
            ("kernel", None) => gnu(&mut text, "used, annotate(\"msl.kernel\")"),
            _ if is_standard(attribute) => {
                let name =
                    STANDARD.iter().find(|(name, _)| *name == attribute.name).and_then(|(_, gnu)| *gnu);
                if let Some(name) = name {
                    let arguments = words.map(|w| format!("({w})")).unwrap_or_default();
                    gnu(&mut text, &format!("{name}{arguments}"));
                }
            }
            _ if is_member => {}
            // `#define A(x) [[x]]`: what it is, the macro's use decides.
            (name, None) if s.macro_of(open).is_some_and(|m| m.parameters.iter().any(|p| p == name)) => {
                gnu(&mut text, &format!("annotate(\"msl.\" __MSL_STRING({name}))"));
            }
            (name, None) => gnu(&mut text, &format!("annotate(\"msl.{name}\")")),
            ("max_total_threads_per_threadgroup" | "required_threads_per_threadgroup", Some(words)) => {
                let name = attribute.name;
                gnu(&mut text, &format!("annotate(\"msl.{name}:\" __MSL_STRING({words}), {words})"));
            }
            (name, Some(words)) => {
                let argument = attribute.argument.clone().unwrap_or_default();
                gnu(&mut text, &format!("annotate({})", annotation(s, name, argument.clone(), words)));
                if is_parameter && !is_integer(words) && has_index(name) {
                    annotate_function(s, edits, open, attribute, words);
                }
            }
        }
    }
    for index in open..=close {
        edits.remove(s.raw(index));
    }
    edits.before(s.raw(open), &text);
}

fn gnu(text: &mut String, attribute: &str) {
    text.push_str(" __attribute__((");
    text.push_str(attribute);
    text.push_str(")) ");
}

/// The string literals that make up an annotation with an argument.
fn annotation(s: &Structure<'_>, name: &str, argument: Range<usize>, words: &str) -> String {
    let is_text = name == "host_name" || argument.clone().any(|i| s.kind(i) == TokenKind::String);
    if is_text {
        format!("\"msl.{name}:\" {words}")
    } else if is_integer(words) {
        format!("\"msl.{name}:{words}\"")
    } else {
        // Macros in the argument are expanded first.
        format!("\"msl.{name}:\" __MSL_STRING({words})")
    }
}

fn is_integer(words: &str) -> bool {
    !words.is_empty() && words.bytes().all(|b| b.is_ascii_digit())
}

fn has_index(name: &str) -> bool {
    matches!(name, "buffer" | "threadgroup" | "texture" | "sampler")
}

/// An index may be any constant expression, but an annotation of a parameter cannot carry a value: clang makes
/// invalid IR of it. So the function's annotations carry it, with the parameter's name.
fn annotate_function(
    s: &Structure<'_>,
    edits: &mut Edits,
    open: usize,
    attribute: &Attribute<'_>,
    words: &str,
) {
    let mut name = open.wrapping_sub(1);
    while s.word(name) == "]" {
        match s.mate(name) {
            Some(mate) if mate < name && mate > 0 => name = mate - 1,
            _ => return,
        }
    }
    let declaration = s.behind_template_header(s.place(open).statement as usize);
    if name < s.len() && s.is_identifier(name) && s.same_region(open, declaration) && declaration < open {
        let parameter = s.word(name);
        let in_macro = s.macro_of(open).is_some_and(|m| m.parameters.iter().any(|p| p == parameter));
        let parameter =
            if in_macro { format!("\" __MSL_STRING({parameter}) \"") } else { parameter.to_owned() };
        let mut text = String::new();
        gnu(&mut text, &format!("annotate(\"msl.argument:{parameter}:{}\", ({words}))", attribute.name));
        edits.before(s.raw(declaration), &text);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_rewrites;

    #[test]
    fn parameters() {
        assert_rewrites(
            "void f(device float* x [[buffer(0)]], uint2 p [[thread_position_in_grid]]);",
            "void f(device float* x __attribute__((annotate(\"msl.buffer:0\"))) , \
             uint2 p __attribute__((annotate(\"msl.thread_position_in_grid\"))) );",
        );
        assert_rewrites(
            "void f(device int* x [[buffer(0), function_constant(on)]]);",
            "void f(device int* x __attribute__((annotate(\"msl.buffer:0\"))) \
             __attribute__((annotate(\"msl.function_constant:\" __MSL_STRING(on)))) );",
        );
    }

    #[test]
    fn indices_that_are_expressions_are_evaluated() {
        assert_rewrites(
            "template <int N> kernel void f(device int* x [[buffer(N + 1)]]);",
            "template <int N> __attribute__((annotate(\"msl.argument:x:buffer\", (N + 1)))) kernel void f(device int* x \
             __attribute__((annotate(\"msl.buffer:\" __MSL_STRING(N + 1)))) );",
        );
    }

    #[test]
    fn functions() {
        assert_rewrites("[[kernel]] void f();", "__attribute__((used, annotate(\"msl.kernel\"))) void f();");
        assert_rewrites(
            "template [[host_name(\"a\")]] [[kernel]] void f<int>();",
            "template __attribute__((annotate(\"msl.host_name:\" \"a\"))) \
             __attribute__((used, annotate(\"msl.kernel\"))) void f<int>();",
        );
        assert_rewrites(
            "[[max_total_threads_per_threadgroup(WM * 32)]] void f();",
            "__attribute__((annotate(\"msl.max_total_threads_per_threadgroup:\" __MSL_STRING(WM * 32), WM * 32))) void f();",
        );
    }

    #[test]
    fn macros() {
        assert_rewrites(
            "#define I(name, T) template [[host_name(#name)]] \\\n  [[kernel]] void f<T>();",
            "#define I(name, T) template __attribute__((annotate(\"msl.host_name:\" #name))) \\\n\
             __attribute__((used, annotate(\"msl.kernel\"))) void f<T>();",
        );
        assert_rewrites(
            "#define B(i) [[buffer(i)]]",
            "#define B(i) __attribute__((annotate(\"msl.buffer:\" __MSL_STRING(i))))",
        );
    }

    #[test]
    fn attributes_of_cpp_stay() {
        for source in [
            "[[maybe_unused]] int a;",
            "[[clang::always_inline]] void f();",
            "[[unlikely]] return;",
            "b = a[i][[j];",
        ] {
            assert_rewrites(source, source);
        }
        assert_rewrites(
            "void f([[maybe_unused, buffer(1)]] device int* x);",
            "void f( __attribute__((unused)) __attribute__((annotate(\"msl.buffer:1\"))) device int* x);",
        );
    }

    #[test]
    fn lists_over_several_lines_keep_them() {
        assert_rewrites(
            "void f(int x [[\n  buffer // why\n (0)\n]]);",
            "void f(int x __attribute__((annotate(\"msl.buffer:0\")))\n// why\n\n);",
        );
    }

    #[test]
    fn members_lose_theirs() {
        assert_rewrites("struct V { float4 p [[position]]; };", "struct V { float4 p ; };");
    }

    #[test]
    fn what_is_no_attribute_list_stays() {
        for source in [
            "[[",
            "]]",
            "[[a",
            "[[buffer(]]",
            "[[1]]",
            "[[R\"(\n)\"]]",
            "[[host_name(R\"(\n)\")]]",
            "[[a b]]",
        ] {
            assert_rewrites(source, source);
        }
    }
}

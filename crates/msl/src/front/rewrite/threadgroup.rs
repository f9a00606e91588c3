//! `threadgroup T x[N];` in a function becomes a static variable without an initial value: one for all threads.

use super::super::edits::Edits;
use super::super::structure::{LOOKAHEAD, Scope, Structure};
use super::unsupported;

pub(super) fn rewrite(s: &Structure<'_>, edits: &mut Edits) {
    for index in 0..s.len() {
        let is_threadgroup = s.word(index) == "threadgroup";
        if !is_threadgroup && s.word(index) != "constant" {
            continue;
        }
        let place = s.place(index);
        let statement = place.statement as usize;
        if !matches!(place.scope, Scope::Block | Scope::Macro)
            || place.parentheses > 0
            || !starts_declaration(s, statement, index)
        {
            continue;
        }
        // In a macro that is not the body of a function, `constant` may be anything.
        if !is_threadgroup && place.scope == Scope::Macro {
            continue;
        }
        let Some(end) = variable_end(s, index) else { continue };
        let mut text = String::new();
        if is_threadgroup && s.word(end) == "=" && !is_zero(s, end + 1) {
            edits.before(s.raw(end), &unsupported::attribute_with(unsupported::INITIALIZED_THREADGROUP));
        } else if is_threadgroup && s.word(end) != "=" {
            text.push_str("__attribute__((loader_uninitialized)) ");
        }
        if !(statement..index).any(|i| s.word(i) == "static") {
            text.push_str("static ");
        }
        edits.before(s.raw(statement), &text);
    }
}

/// Whether an initializer is zero, `0` or `{0, 0}` or `{}`: Metal lets these pass, and no others.
fn is_zero(s: &Structure<'_>, start: usize) -> bool {
    let is_zero = |word: &str| {
        word.starts_with(['0', '.'])
            && word.trim_end_matches(['f', 'h', 'u', 'F', 'H', 'U']).bytes().all(|b| b"0.".contains(&b))
    };
    (start..s.len().min(start + LOOKAHEAD))
        .map(|i| s.word(i))
        .take_while(|w| *w != ";")
        .all(|w| matches!(w, "{" | "}" | ",") || is_zero(w))
}

/// Whether only specifiers stand before the keyword.
fn starts_declaration(s: &Structure<'_>, statement: usize, keyword: usize) -> bool {
    let mut index = statement;
    while index < keyword {
        match s.word(index) {
            "static" | "const" | "volatile" | "constexpr" => index += 1,
            "alignas" | "__attribute__" => match s.mate(index + 1) {
                Some(mate) if mate > index && mate < keyword => index = mate + 1,
                _ => return false,
            },
            "[" => match s.mate(index) {
                Some(mate) if mate > index && mate < keyword => index = mate + 1,
                _ => return false,
            },
            _ => return false,
        }
    }
    true
}

/// The `;` or `=` that ends the declarators, if what is declared is a variable of that address space: not a
/// pointer, a reference or a function.
fn variable_end(s: &Structure<'_>, keyword: usize) -> Option<usize> {
    let mut declared = false;
    let mut index = keyword + 1;
    while index < s.len().min(keyword + LOOKAHEAD) && s.same_region(keyword, index) {
        match s.word(index) {
            "<" if !declared => {
                index = s.behind_angle_brackets(index)?;
                continue;
            }
            "(" if matches!(s.word_at(index, -1), "alignas" | "decltype" | "__attribute__") => {
                index = s.mate(index).filter(|m| *m > index)?;
            }
            "(" | "*" | "&" | "&&" | "}" if !declared => return None,
            "(" | "{" => index = s.mate(index).filter(|m| *m > index)?,
            "[" => {
                declared = true;
                index = s.mate(index).filter(|m| *m > index)?;
            }
            "," => declared = true,
            "=" | ";" => return Some(index),
            _ => {}
        }
        index += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_rewrites;

    #[test]
    fn variables_become_static() {
        assert_rewrites(
            "kernel void k() { threadgroup float x[32]; }",
            "kernel void k() { __attribute__((loader_uninitialized)) static threadgroup float x[32]; }",
        );
        assert_rewrites(
            "void k() { static alignas(16) threadgroup array<T, (N > 2)> x, y[2]; }",
            "void k() { __attribute__((loader_uninitialized)) static alignas(16) threadgroup array<T, (N > 2)> x, y[2]; }",
        );
        assert_rewrites(
            "void k() { threadgroup float t[4] = {0, 0.0f}; }",
            "void k() { static threadgroup float t[4] = {0, 0.0f}; }",
        );
        assert_rewrites(
            "void k() { threadgroup int n = 5; }",
            "void k() { static threadgroup int n __attribute__((aligned(__msl_unsupported_initialized_threadgroup)))= 5; }",
        );
        assert_rewrites(
            "#define SHARED(T, n) threadgroup T n[32];",
            "#define SHARED(T, n) __attribute__((loader_uninitialized)) static threadgroup T n[32];",
        );
        assert_rewrites(
            "void k() { constant float t[2] = {1, 2}; }",
            "void k() { static constant float t[2] = {1, 2}; }",
        );
    }

    #[test]
    fn pointers_and_parameters_stay() {
        for source in [
            "void k() { threadgroup float* x = y; }",
            "void k() { threadgroup T<2>& x = y; }",
            "void k(threadgroup float* x) { f((threadgroup int*)x); }",
            "void k() { threadgroup float (*rows)[8] = x; }",
            "threadgroup float g[2];",
            "struct S { threadgroup float* p; };",
            "void k() { threadgroup",
            "void k() { auto p = (threadgroup float*)x; }",
        ] {
            assert_rewrites(source, source);
        }
    }
}

//! `constant T v [[function_constant(E)]];` becomes an external variable that a pipeline gives its value, beside
//! `__msl_fcd_v`, whether it has one, `__msl_fc_v`, its index, and `__msl_fct_v`, its type.

use std::ops::Range;

use super::super::edits::Edits;
use super::super::structure::{LOOKAHEAD, Structure};
use super::unsupported;

/// Rewrites one declarator, whose attribute list is from `open` to `close` and has `index` as its argument.
pub(super) fn rewrite_declaration(
    s: &Structure<'_>,
    edits: &mut Edits,
    open: usize,
    close: usize,
    index: Range<usize>,
) {
    let statement = s.place(open).statement as usize;
    if open.saturating_sub(statement) > LOOKAHEAD {
        return;
    }
    let Some(name) = declared_name(s, statement, open) else { return };
    for specifier in statement..name.start {
        if matches!(s.word(specifier), "static" | "constexpr" | "inline") {
            edits.remove(s.raw(specifier));
        }
    }
    // Only the declaration's first name makes it external.
    if !has_function_constant(s, statement, open) {
        edits.before(s.raw(statement), "extern ");
        // Without `constant` in sight, a macro must stand for it, which may hold specifiers that clash with `extern`.
        let is_constant = (statement..name.start).any(|i| s.word(i) == "constant");
        if !is_constant && s.is_identifier(statement) && name.start >= statement + 2 {
            edits.replace(s.raw(statement), "constant");
        }
    }
    let in_macro = s.macro_of(open).is_some();
    let paste = if in_macro { "##" } else { "" };
    let name: String = name.map(|i| s.word(i)).collect();
    let index = s.joined(index);
    let defined = format!("extern constant bool __msl_fcd_{paste}{name}");
    let value = format!(
        "static const int __msl_fc_{paste}{name} __attribute__((used)) = ({index}); \
         static const int __msl_fct_{paste}{name} __attribute__((used)) = __msl_type_code<decltype({name})>"
    );
    if matches!(s.word(close + 1), "=" | "{") && s.same_region(open, close + 1) {
        edits.before(s.raw(close), &unsupported::attribute_with(unsupported::INITIALIZED_CONSTANT));
    }
    let end = (close + 1..s.len().min(close + LOOKAHEAD))
        .take_while(|i| s.same_region(open, *i))
        .find(|i| s.word(*i) == ";" && s.place(*i).parentheses == 0);
    match end {
        Some(end) => edits.after(s.raw(end), &format!(" {defined}; {value};")),
        // A macro whose use brings the semicolon.
        None if in_macro => edits.before(s.raw(close), &format!("; {defined}; {value}")),
        None => {}
    }
}

/// The tokens of the name that is declared before the attribute list at `open`: one, or several joined by `##`.
fn declared_name(s: &Structure<'_>, statement: usize, open: usize) -> Option<Range<usize>> {
    let last = open.checked_sub(1).filter(|l| *l > statement && s.is_identifier(*l))?;
    let mut first = last;
    while first > statement + 1 && s.word(first - 1) == "##" && s.is_identifier(first - 2) {
        first -= 2;
    }
    Some(first..last + 1)
}

/// Whether an earlier declarator of the statement is a function constant.
fn has_function_constant(s: &Structure<'_>, statement: usize, open: usize) -> bool {
    (statement..open)
        .rev()
        .take(LOOKAHEAD)
        .any(|i| s.word(i) == "function_constant" && s.word_at(i, -1) == "[" && s.word_at(i, -2) == "[")
}

/// `is_function_constant_defined(v)` becomes `__MSL_FUNCTION_CONSTANT_DEFINED(v)`, a macro that names `__msl_fcd_v`.
pub(super) fn rewrite_queries(s: &Structure<'_>, edits: &mut Edits) {
    for index in 0..s.len() {
        if s.word(index) != "is_function_constant_defined" || s.word(index + 1) != "(" {
            continue;
        }
        let Some(close) = s.mate(index + 1) else { continue };
        if close < index + 3 || !s.is_identifier(close - 1) {
            continue;
        }
        edits.remove(s.raw(index));
        if s.word_at(index, -1) == "::" && s.word_at(index, -2) == "metal" {
            edits.remove(s.raw(index - 1));
            edits.remove(s.raw(index - 2));
        }
        edits.before(s.raw(close - 1), "__MSL_FUNCTION_CONSTANT_DEFINED(");
        edits.after(s.raw(close - 1), ")");
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_rewrites;

    #[test]
    fn declarations() {
        assert_rewrites(
            "constant bool a [[function_constant(3)]]; f();",
            "extern constant bool a ; extern constant bool __msl_fcd_a; \
             static const int __msl_fc_a __attribute__((used)) = (3); static const int __msl_fct_a __attribute__((used)) = __msl_type_code<decltype(a)>; f();",
        );
        assert_rewrites(
            "static constant constexpr int a [[function_constant(BASE + 1)]];",
            "extern constant int a ; extern constant bool __msl_fcd_a; \
             static const int __msl_fc_a __attribute__((used)) = (BASE + 1); static const int __msl_fct_a __attribute__((used)) = __msl_type_code<decltype(a)>;",
        );
    }

    #[test]
    fn macros_for_the_address_space() {
        assert_rewrites("CONSTANT bool a [[function_constant(3)]]", "extern constant bool a");
    }

    #[test]
    fn several_names_in_one_declaration() {
        assert_rewrites(
            "constant int a [[function_constant(0)]], b [[function_constant(1)]];",
            "extern constant int a , b ; extern constant bool __msl_fcd_a; \
             static const int __msl_fc_a __attribute__((used)) = (0); static const int __msl_fct_a __attribute__((used)) = __msl_type_code<decltype(a)>; extern constant bool __msl_fcd_b; \
             static const int __msl_fc_b __attribute__((used)) = (1); static const int __msl_fct_b __attribute__((used)) = __msl_type_code<decltype(b)>;",
        );
    }

    #[test]
    fn macros() {
        assert_rewrites(
            "#define FC(n, i) constant int n [[function_constant(i)]]",
            "#define FC(n, i) extern constant int n ; extern constant bool __msl_fcd_##n; \
             static const int __msl_fc_##n __attribute__((used)) = (i); static const int __msl_fct_##n __attribute__((used)) = __msl_type_code<decltype(n)>",
        );
        assert_rewrites(
            "#define FC(n, i) constant int n##_c [[function_constant(i)]];",
            "#define FC(n, i) extern constant int n##_c ; extern constant bool __msl_fcd_##n##_c; \
             static const int __msl_fc_##n##_c __attribute__((used)) = (i); static const int __msl_fct_##n##_c __attribute__((used)) = __msl_type_code<decltype(n##_c)>;",
        );
    }

    #[test]
    fn queries() {
        assert_rewrites(
            "constant bool d = metal::is_function_constant_defined(ns::v) ? v : false;",
            "constant bool d = (ns::__MSL_FUNCTION_CONSTANT_DEFINED(v)) ? v : false;",
        );
    }
}

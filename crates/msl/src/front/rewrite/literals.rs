//! Floating-point literals. Without a suffix they are single precision in MSL: `0.5` becomes `0.5f`. clang's
//! `-cl-single-precision-constant` is not enough: it casts the literal, and templates lose that cast when they
//! are instantiated, so that `x * 0.5` would compute in double precision.
//!
//! The suffixes that C++ does not let headers define become others: `1.0H` is `1.0h`, `1.0bf` is `bfloat(1.0f)`.

use std::collections::HashSet;

use super::super::edits::Edits;
use super::super::structure::{Region, Structure};
use super::super::tokens::TokenKind;

pub(super) fn rewrite(s: &Structure<'_>, edits: &mut Edits) {
    let spelled = macros_that_use_spelling(s);
    let mut index = 0;
    while index < s.len() {
        // Arguments whose spelling matters stay as they are.
        if s.is_identifier(index) && s.word(index + 1) == "(" && spelled.contains(s.word(index)) {
            index = s.mate(index + 1).unwrap_or(index + 1) + 1;
            continue;
        }
        let is_pasted = s.word_at(index, -1) == "##" || s.word(index + 1) == "##";
        if s.kind(index) == TokenKind::Number
            && !is_pasted
            && s.place(index).region != Region::Directive
            && let Some(literal) = rewritten(s.word(index))
        {
            edits.replace(s.raw(index), &literal);
        }
        index += 1;
    }
}

/// Macros that make a string of a parameter (`#x`) or paste a suffix to one (`x##f`).
fn macros_that_use_spelling(s: &Structure<'_>) -> HashSet<String> {
    let mut names = HashSet::new();
    for index in 0..s.len() {
        let Some(definition) = s.macro_of(index) else { continue };
        let is_parameter = |i: usize| definition.parameters.iter().any(|p| p == s.word(i));
        let makes_string = s.word(index) == "#" && is_parameter(index + 1);
        let pastes_suffix = s.word(index) == "##"
            && is_parameter(index.wrapping_sub(1))
            && matches!(s.word(index + 1), "f" | "F" | "h" | "H" | "bf" | "BF");
        if makes_string || pastes_suffix {
            names.insert(definition.name.clone());
        }
    }
    names
}

/// The literal that clang is to see, if it is another one.
fn rewritten(word: &str) -> Option<String> {
    let is_hexadecimal = word.starts_with("0x") || word.starts_with("0X");
    if word.starts_with("0b") || word.starts_with("0B") {
        return None;
    }
    let (digits, exponent) = match is_hexadecimal {
        true => (word[2..].find(|c: char| !c.is_ascii_hexdigit() && !matches!(c, '.' | '\'')), ['p', 'P']),
        false => (word.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '\'')), ['e', 'E']),
    };
    let digits = digits.map_or(word.len(), |d| if is_hexadecimal { d + 2 } else { d });
    let mut end = digits;
    if word[end..].starts_with(exponent) {
        end += 1;
        end += usize::from(word[end..].starts_with(['+', '-']));
        end += word[end..].find(|c: char| !c.is_ascii_digit() && c != '\'').unwrap_or(word.len() - end);
    }
    let (number, suffix) = word.split_at(end);
    let is_floating = end > digits || number[..digits].contains('.');
    match suffix {
        "" if is_floating => Some(format!("{number}f")),
        "H" => Some(format!("{number}h")),
        "bf" | "BF" if is_floating => Some(format!("bfloat({number}f)")),
        "bf" | "BF" => Some(format!("bfloat({number})")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_rewrites;

    #[test]
    fn literals_without_suffix_are_single_precision() {
        assert_rewrites("x * 0.5 + 1. + .5 + 1e5 + 1E-5", "x * 0.5f + 1.f + .5f + 1e5f + 1E-5f");
        assert_rewrites("0x1p3 + 0x1.8p-1 + 1'000.5", "0x1p3f + 0x1.8p-1f + 1'000.5f");
        assert_rewrites("#define HALF 0.5", "#define HALF 0.5f");
    }

    #[test]
    fn suffixes_that_headers_cannot_define() {
        assert_rewrites("1.0H + 1H + 0.5bf - 2BF", "1.0h + 1h + bfloat(0.5f) - bfloat(2)");
    }

    #[test]
    fn others_stay() {
        for source in
            ["1.0f", "1.0F", "1.0h", "12", "0x1e5", "0xbf", "0b11", "10u", "3ul", "1.0x", "v.x", "1e", "0x"]
        {
            let expected = if source == "1e" { "1ef" } else { source };
            assert_rewrites(source, expected);
        }
    }

    #[test]
    fn where_the_spelling_matters_literals_stay() {
        assert_rewrites("#define LIT(x) x##f\nLIT(1.0) + 1.0", "#define LIT(x) x##f\nLIT(1.0) + 1.0f");
        assert_rewrites("#define S(x) #x\nS(1.5) 1.5", "#define S(x) #x\nS(1.5) 1.5f");
        assert_rewrites("#define P(x) x ## 1.5", "#define P(x) x ## 1.5");
        assert_rewrites("#if 1.0\n#endif", "#if 1.0\n#endif");
    }
}

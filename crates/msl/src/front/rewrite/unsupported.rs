//! What C++ has and MSL lacks. clang would accept it, so each such word becomes a name whose use is an error, which
//! is then reported as `'word' is not supported in Metal`. The preprocessor decides what is used: a word in a
//! branch that is left out, or in a macro that is never expanded, does no harm.

use std::ops::Range;

use super::super::edits::Edits;
use super::super::structure::{LOOKAHEAD, Region, Structure};

/// What the names start with. Behind it stands the word, or what else is wrong.
const PREFIX: &str = "__msl_unsupported_";
/// A blank in a word.
const BLANK: &str = "__msl_blank";

/// Mistakes that are not words, and their messages.
const MISTAKES: [(&str, &str); 2] = [
    (INITIALIZED_CONSTANT, "a function constant cannot have an initializer"),
    (INITIALIZED_THREADGROUP, "'threadgroup' variable cannot have an initializer other than zero"),
];
pub(super) const INITIALIZED_CONSTANT: &str = "__msl_unsupported_initialized_function_constant";
pub(super) const INITIALIZED_THREADGROUP: &str = "__msl_unsupported_initialized_threadgroup";

/// The types have declarations in the support header, so that their use causes no further errors.
const TYPES: [&str; 11] = [
    "double",
    "__float128",
    "_Float128",
    "__ibm128",
    "__int128",
    "__int128_t",
    "__uint128_t",
    "_BitInt",
    "_ExtInt",
    "_Complex",
    "_Accum",
];

/// Words that stand where an expression or a statement starts.
const KEYWORDS: [&str; 7] = ["goto", "new", "delete", "throw", "dynamic_cast", "typeid", "co_await"];

/// Words that belong to a declaration.
const SPECIFIERS: [&str; 4] = ["virtual", "thread_local", "_Thread_local", "__thread"];

/// Attributes with which source could reach around the language.
const ATTRIBUTES: [&str; 19] = [
    "alias",
    "ifunc",
    "weakref",
    "section",
    "constructor",
    "destructor",
    "init_priority",
    "annotate",
    "naked",
    "address_space",
    "opencl_global",
    "opencl_local",
    "opencl_constant",
    "opencl_private",
    "opencl_generic",
    "opencl_global_host",
    "opencl_global_device",
    "sycl_kernel",
    "interrupt",
];

/// The message for a text that starts with a name made here, and the name's length.
pub(crate) fn message_for(text: &str) -> Option<(String, usize)> {
    let behind = text.strip_prefix(PREFIX)?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let length = behind.find(|c| !is_name(c)).unwrap_or(behind.len());
    let name = &text[..PREFIX.len() + length];
    let message = match MISTAKES.iter().find(|(mistake, _)| *mistake == name) {
        Some((_, message)) => (*message).to_owned(),
        None => format!("'{}' is not supported in Metal", behind[..length].replace(BLANK, " ")),
    };
    Some((message, name.len()))
}

/// Where a name made here starts in a text.
pub(crate) fn find_name(text: &str) -> Option<usize> {
    text.find(PREFIX)
}

fn name_of(word: &str) -> String {
    format!("{PREFIX}{}", word.replace(' ', BLANK))
}

/// An attribute that is an error at the name in it, whatever it is attached to.
pub(super) fn attribute_with(name: &str) -> String {
    format!("__attribute__((aligned({name})))")
}

pub(super) fn rewrite(s: &Structure<'_>, edits: &mut Edits) {
    let mut index = 0;
    while index < s.len() {
        let word = s.word(index);
        index = match word {
            _ if s.place(index).region == Region::Directive => {
                if word == "embed" && s.word_at(index, -1) == "#" {
                    edits.replace(s.raw(index), &name_of(word));
                }
                index + 1
            }
            "long" => rewrite_long(s, edits, index),
            "asm" | "__asm" | "__asm__" => rewrite_asm(s, edits, index),
            "try" => {
                edits.replace(s.raw(index), &format!("{};", name_of(word)));
                index + 1
            }
            "catch" => rewrite_catch(s, edits, index),
            "__attribute__" | "__attribute" => rewrite_attributes(s, edits, index),
            "gnu" | "__gnu__" | "clang" | "_Clang" if s.word(index + 1) == "::" => {
                rewrite_scoped_attribute(s, edits, index)
            }
            // A deleted function is MSL.
            "delete" if s.word_at(index, -1) == "=" => index + 1,
            word if TYPES.contains(&word) || KEYWORDS.contains(&word) => {
                edits.replace(s.raw(index), &name_of(word));
                index + 1
            }
            word if SPECIFIERS.contains(&word) => {
                edits.replace(s.raw(index), &attribute_with(&name_of(word)));
                index + 1
            }
            _ => index + 1,
        };
    }
}

/// `long double` and `long long`, the latter with all that belongs to the type's name. Returns the next index.
fn rewrite_long(s: &Structure<'_>, edits: &mut Edits, index: usize) -> usize {
    let second = s.word(index + 1);
    if !matches!(second, "double" | "long") || !s.same_region(index, index + 1) {
        return index + 1;
    }
    let sign = s.word_at(index, -1);
    let has_sign =
        second == "long" && matches!(sign, "unsigned" | "signed") && s.same_region(index, index - 1);
    let name = if has_sign { format!("{sign} long long") } else { format!("long {second}") };
    if has_sign {
        edits.remove(s.raw(index - 1));
    }
    edits.replace(s.raw(index), &name_of(&name));
    edits.remove(s.raw(index + 1));
    let mut next = index + 2;
    while second == "long"
        && matches!(s.word(next), "int" | "unsigned" | "signed")
        && s.same_region(index, next)
    {
        edits.remove(s.raw(next));
        next += 1;
    }
    next
}

/// Assembly as a statement or a label, with its parentheses.
fn rewrite_asm(s: &Structure<'_>, edits: &mut Edits, index: usize) -> usize {
    let mut open = index + 1;
    while matches!(s.word(open), "volatile" | "__volatile__" | "goto" | "inline")
        && s.same_region(index, open)
    {
        open += 1;
    }
    let name = name_of(s.word(index));
    // A label follows a declarator.
    let before = s.word_at(index, -1);
    let is_label = s.place(index).statement as usize != index
        && (before == ")" || before == "]" || s.is_identifier(index.wrapping_sub(1)));
    edits.replace(s.raw(index), &if is_label { attribute_with(&name) } else { name });
    match s.mate(open).filter(|close| s.word(open) == "(" && *close > open && s.same_region(index, *close)) {
        Some(close) if removable(s, index + 1..close + 1) => {
            for removed in index + 1..=close {
                edits.delete(s.raw(removed));
            }
            close + 1
        }
        _ => index + 1,
    }
}

/// A handler goes with its `try`, which is the error.
fn rewrite_catch(s: &Structure<'_>, edits: &mut Edits, index: usize) -> usize {
    let end = s
        .mate(index + 1)
        .filter(|close| s.word(index + 1) == "(" && *close > index && s.word(*close + 1) == "{")
        .and_then(|close| s.mate(close + 1).filter(|end| *end > close));
    match end {
        Some(end) if s.same_region(index, end) && removable(s, index..end + 1) => {
            for removed in index..=end {
                edits.delete(s.raw(removed));
            }
            end + 1
        }
        _ => {
            edits.replace(s.raw(index), &name_of("catch"));
            index + 1
        }
    }
}

/// Directives in the range must stay.
fn removable(s: &Structure<'_>, range: Range<usize>) -> bool {
    let first = range.start;
    range.len() <= LOOKAHEAD && range.into_iter().all(|i| s.same_region(first, i))
}

/// Returns the index behind the list.
fn rewrite_attributes(s: &Structure<'_>, edits: &mut Edits, index: usize) -> usize {
    let Some(close) = s.mate(index + 1).filter(|c| s.word(index + 1) == "(" && *c > index) else {
        return index + 1;
    };
    // `((attribute(argument), attribute))`: arguments may hold lists of their own.
    let mut inner = index + 3;
    while s.word(index + 2) == "(" && inner < close {
        inner = match s.mate(inner).filter(|mate| s.word(inner) == "(" && *mate > inner) {
            Some(mate) => mate + 1,
            None => rewrite_attribute(s, edits, inner),
        };
    }
    // What the attributes' arguments hold is looked at as all else.
    index + 1
}

fn rewrite_scoped_attribute(s: &Structure<'_>, edits: &mut Edits, index: usize) -> usize {
    let name = index + 2;
    if s.is_identifier(name) && is_forbidden(s.word(name)) {
        edits.replace(s.raw(index), "gnu");
        rewrite_attribute(s, edits, name)
    } else {
        index + 1
    }
}

/// Returns the index behind the attribute.
fn rewrite_attribute(s: &Structure<'_>, edits: &mut Edits, index: usize) -> usize {
    if !s.is_identifier(index) || !is_forbidden(s.word(index)) {
        return index + 1;
    }
    edits.replace(s.raw(index), &format!("aligned({})", name_of(s.word(index))));
    match s.mate(index + 1).filter(|c| s.word(index + 1) == "(" && *c > index) {
        Some(close) if removable(s, index..close + 1) => {
            for removed in index + 1..=close {
                edits.delete(s.raw(removed));
            }
            close + 1
        }
        _ => index + 1,
    }
}

fn is_forbidden(word: &str) -> bool {
    let plain = word.strip_prefix("__").and_then(|w| w.strip_suffix("__")).unwrap_or(word);
    ATTRIBUTES.contains(&plain)
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_rewrites;
    use super::*;

    #[test]
    fn names_lead_back_to_words() {
        for word in ["double", "long double", "embed", "__asm__", "unsigned long long"] {
            let text = name_of(word) + "(x)";
            let message = format!("'{word}' is not supported in Metal");
            assert_eq!(message_for(&text), Some((message, text.len() - 3)));
        }
        assert_eq!(message_for("double"), None);
        assert!(message_for(INITIALIZED_CONSTANT).unwrap().0.contains("initializer"));
    }

    #[test]
    fn types() {
        assert_rewrites("double x();", "__msl_unsupported_double x();");
        assert_rewrites("long double x();", "__msl_unsupported_long__msl_blankdouble x();");
        assert_rewrites(
            "unsigned long long int x(); long y();",
            "__msl_unsupported_unsigned__msl_blanklong__msl_blanklong x(); long y();",
        );
    }

    #[test]
    fn assembly() {
        assert_rewrites("as\\\nm volatile(\"x\" : \"+r\"(y));", "__msl_unsupported_asm\\\n;");
        assert_rewrites(
            "int f() __asm__(\"abort\");",
            "int f() __attribute__((aligned(__msl_unsupported___asm__)));",
        );
    }

    #[test]
    fn exceptions() {
        assert_rewrites(
            "void f() { try { throw 1; } catch (...) { g(); } }",
            "void f() { __msl_unsupported_try; { __msl_unsupported_throw 1; } }",
        );
    }

    #[test]
    fn specifiers_and_attributes() {
        assert_rewrites(
            "struct S { virtual int f(); };",
            "struct S { __attribute__((aligned(__msl_unsupported_virtual))) int f(); };",
        );
        assert_rewrites(
            "__attribute__((alias(\"x\"), __section__(\"y\"), unused)) int z;",
            "__attribute__((aligned(__msl_unsupported_alias), aligned(__msl_unsupported___section__), unused)) int z;",
        );
        assert_rewrites(
            "[[clang::annotate(\"x\")]] int z;",
            "[[gnu::aligned(__msl_unsupported_annotate)]] int z;",
        );
    }

    #[test]
    fn directives() {
        assert_rewrites("#embed \"x\"", "#__msl_unsupported_embed \"x\"");
    }

    #[test]
    fn supported_words_stay() {
        for source in [
            "struct S { S() = delete; };",
            "long x(); unsigned long y();",
            "goto_ = 1;",
            "#error double",
            "// asm",
            "[[clang::always_inline]] void f();",
        ] {
            assert_rewrites(source, source);
        }
    }
}

//! What C++ has and MSL lacks. clang would accept it, so each such word becomes a name whose use is an error, which
//! is then reported as `'word' is not supported in Metal`. The preprocessor decides what is used: a word in a
//! branch that is left out, or in a macro that is never expanded, does no harm.

use super::super::edits::Edits;
use super::super::structure::{Region, Structure};

/// What the names start with. Behind it stands the word, `_` for a blank.
pub(crate) const PREFIX: &str = "__msl_unsupported_";

/// The types have declarations in the support header, so that their use causes no further errors.
const TYPES: [&str; 12] = [
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
    "__complex__",
    "_Accum",
];

const KEYWORDS: [&str; 15] = [
    "asm",
    "__asm",
    "__asm__",
    "goto",
    "new",
    "delete",
    "throw",
    "try",
    "virtual",
    "dynamic_cast",
    "typeid",
    "thread_local",
    "_Thread_local",
    "__thread",
    "co_await",
];

/// Attributes with which source could reach around the language.
const ATTRIBUTES: [&str; 21] = [
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
    "target",
    "interrupt",
    "retain",
];

/// The word that a name made here stands for.
pub(crate) fn word_of(name: &str) -> Option<String> {
    name.strip_prefix(PREFIX).map(|w| w.replace("__msl_blank", " "))
}

fn name_of(word: &str) -> String {
    format!("{PREFIX}{}", word.replace(' ', "__msl_blank"))
}

pub(super) fn rewrite(s: &Structure<'_>, edits: &mut Edits) {
    let mut index = 0;
    while index < s.len() {
        let word = s.word(index);
        let in_directive = s.place(index).region == Region::Directive;
        if in_directive {
            if word == "embed" && s.word_at(index, -1) == "#" {
                edits.replace(s.raw(index), &name_of(word));
            }
        } else if word == "long" {
            index = rewrite_long(s, edits, index);
            continue;
        } else if is_unsupported(s, index) {
            edits.replace(s.raw(index), &name_of(word));
        } else if matches!(word, "__attribute__" | "__attribute" | "__declspec") && s.word(index + 1) == "(" {
            if let Some(close) = s.mate(index + 1).filter(|c| *c > index) {
                rewrite_attributes(s, edits, index + 2..close);
            }
        } else if matches!(word, "gnu" | "clang" | "__gnu__" | "_Clang") && s.word(index + 1) == "::" {
            rewrite_attributes(s, edits, index + 2..index + 3);
        }
        index += 1;
    }
}

fn is_unsupported(s: &Structure<'_>, index: usize) -> bool {
    let word = s.word(index);
    if !TYPES.contains(&word) && !KEYWORDS.contains(&word) {
        return false;
    }
    match word {
        // A deleted function is MSL; so is declaring that there is no such operator.
        "delete" => s.word_at(index, -1) != "=",
        // `throw()` at a declaration would be an exception specification; there are no exceptions to specify.
        _ => true,
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

fn rewrite_attributes(s: &Structure<'_>, edits: &mut Edits, range: std::ops::Range<usize>) {
    for index in range {
        let word = s.word(index);
        let plain = word.strip_prefix("__").and_then(|w| w.strip_suffix("__")).unwrap_or(word);
        if s.is_identifier(index) && ATTRIBUTES.contains(&plain) {
            edits.replace(s.raw(index), &name_of(word));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_rewrites;
    use super::*;

    #[test]
    fn words_become_names_that_lead_back() {
        for word in ["double", "long double", "embed", "__asm__", "unsigned long long"] {
            let name = name_of(word);
            assert_eq!(word_of(&name).as_deref(), Some(word));
        }
        assert_eq!(word_of("double"), None);
    }

    #[test]
    fn unsupported_words() {
        assert_rewrites("double x;", "__msl_unsupported_double x;");
        assert_rewrites("long double x;", "__msl_unsupported_long__msl_blankdouble x;");
        assert_rewrites(
            "unsigned long long int x; long y;",
            "__msl_unsupported_unsigned__msl_blanklong__msl_blanklong x; long y;",
        );
        assert_rewrites("as\\\nm(\"x\");", "__msl_unsupported_asm\\\n(\"x\");");
        assert_rewrites("#embed \"x\"", "#__msl_unsupported_embed \"x\"");
        assert_rewrites(
            "__attribute__((alias(\"x\"), __section__(\"y\"), unused)) int z;",
            "__attribute__((__msl_unsupported_alias(\"x\"), __msl_unsupported___section__(\"y\"), unused)) int z;",
        );
        assert_rewrites("[[gnu::alias(\"x\")]] int z;", "[[gnu::__msl_unsupported_alias(\"x\")]] int z;");
    }

    #[test]
    fn supported_words_stay() {
        for source in [
            "struct S { S() = delete; };",
            "long x; unsigned long y;",
            "int goto_ = 1;",
            "#error double",
            "// asm",
        ] {
            assert_rewrites(source, source);
        }
    }
}

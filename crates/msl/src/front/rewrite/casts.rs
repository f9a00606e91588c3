//! `static_cast<T>(x)` becomes `__msl_static_cast<T>(x)`, which can also convert between half and bfloat.
//!
//! Only where `T` may be one of them: a name, perhaps qualified, that is neither a pointer nor a reference.

use super::super::edits::Edits;
use super::super::structure::Structure;

pub(super) fn rewrite(s: &Structure<'_>, edits: &mut Edits) {
    for index in 0..s.len() {
        if s.word(index) != "static_cast" || s.word(index + 1) != "<" {
            continue;
        }
        let Some(behind) = s.behind_angle_brackets(index + 1) else { continue };
        let target = index + 2..behind - 1;
        let is_name = !target.is_empty()
            && s.word(behind) == "("
            && target.clone().all(|i| s.is_identifier(i) || s.word(i) == "::");
        let is_builtin = target.clone().any(|i| is_other_builtin(s.word(i)));
        if is_name && !is_builtin {
            edits.replace(s.raw(index), "__msl_static_cast");
        }
    }
}

/// Types (and qualifiers) that need no help.
fn is_other_builtin(word: &str) -> bool {
    matches!(
        word,
        "bool"
            | "char"
            | "short"
            | "int"
            | "long"
            | "unsigned"
            | "signed"
            | "float"
            | "double"
            | "void"
            | "auto"
            | "uchar"
            | "ushort"
            | "uint"
            | "ulong"
            | "size_t"
            | "device"
            | "constant"
            | "threadgroup"
            | "thread"
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_rewrites;

    #[test]
    fn names_are_converted_by_the_helper() {
        assert_rewrites("static_cast<T>(x)", "__msl_static_cast<T>(x)");
        assert_rewrites("static_cast<typename A::type>(x)", "__msl_static_cast<typename A::type>(x)");
        assert_rewrites(
            "static_cast<bfloat>(static_cast<float>(h))",
            "__msl_static_cast<bfloat>(static_cast<float>(h))",
        );
    }

    #[test]
    fn others_stay() {
        for source in [
            "static_cast<T&>(x)",
            "static_cast<device T*>(x)",
            "static_cast<int>(x)",
            "static_cast<",
            "static_cast<>(x)",
        ] {
            assert_rewrites(source, source);
        }
    }
}

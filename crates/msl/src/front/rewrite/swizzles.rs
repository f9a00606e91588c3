//! A swizzle that is read, `v.xyz`, gets `.__msl_value()` behind it, for headers whose swizzles are properties
//! that clang mishandles in templates.

use std::collections::HashSet;

use super::super::edits::Edits;
use super::super::structure::{Scope, Structure};

pub(super) fn rewrite(s: &Structure<'_>, edits: &mut Edits) {
    let members = scalar_members(s);
    for index in 1..s.len() {
        if !matches!(s.word(index - 1), "." | "->")
            || !is_swizzle(s.word(index))
            || members.contains(s.word(index))
        {
            continue;
        }
        let next = s.word(index + 1);
        let is_written = matches!(next, "=" | "(" | "++" | "--")
            || next.len() > 1 && next.ends_with('=') && !matches!(next, "==" | "!=" | "<=" | ">=");
        if !is_written {
            edits.after(s.raw(index), ".__msl_value()");
        }
    }
}

fn is_swizzle(word: &str) -> bool {
    (2..=4).contains(&word.len())
        && (word.bytes().all(|b| b"xyzw".contains(&b)) || word.bytes().all(|b| b"rgba".contains(&b)))
}

/// Members of the source's own classes that have a swizzle's name but no vector type.
fn scalar_members<'s>(s: &'s Structure<'_>) -> HashSet<&'s str> {
    (1..s.len())
        .filter(|i| {
            is_swizzle(s.word(*i))
                && s.place(*i).scope == Scope::Class
                && s.place(*i).parentheses == 0
                && matches!(s.word(*i + 1), ";" | "," | "=" | "[" | "{" | ":")
                && !s.word(*i - 1).ends_with(['2', '3', '4'])
        })
        .map(|i| s.word(i))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_rewrites;

    #[test]
    fn reads_get_a_value() {
        assert_rewrites("a = b.xyz * c->wzyx;", "a = b.xyz.__msl_value() * c->wzyx.__msl_value();");
        assert_rewrites("a.xy <= b.rg", "a.xy.__msl_value() <= b.rg.__msl_value()");
    }

    #[test]
    fn writes_and_others_stay() {
        for source in ["a.xy = b;", "a.xy += b;", "a.xy <<= b;", "a.x", "a.xyzzy", "a.rx", "xy", "a.xy(b)"] {
            assert_rewrites(source, source);
        }
        assert_rewrites(
            "struct S { float xy; }; s.xy + t.zw",
            "struct S { float xy; }; s.xy + t.zw.__msl_value()",
        );
    }
}

//! Methods lose their address-space qualifiers: an unqualified method takes objects of any address space.
//! Overloads that differ in nothing else are then duplicates, of which the first stays.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

use super::super::edits::Edits;
use super::super::structure::{LOOKAHEAD, Scope, Structure};
use super::is_address_space;

pub(super) fn rewrite(s: &Structure<'_>, edits: &mut Edits) {
    // By the class's brace and the digest of the declaration's words.
    let mut seen: HashSet<(u32, u64)> = HashSet::new();
    for close in 0..s.len() {
        if s.word(close) != ")" {
            continue;
        }
        let place = s.place(close);
        if place.parentheses > 0 || !matches!(place.scope, Scope::Class | Scope::Macro | Scope::Namespace) {
            continue;
        }
        let (qualifiers, behind) = qualifiers(s, close);
        let qualified = qualifiers.iter().any(|q| is_address_space(s.word(*q)));
        let ends_declarator = matches!(s.word(behind), "{" | ";" | "=" | "->" | ":" | "override" | "final");
        if !ends_declarator || !s.same_region(close, behind) {
            continue;
        }
        if qualified {
            for qualifier in &qualifiers {
                if is_address_space(s.word(*qualifier)) {
                    edits.remove(s.raw(*qualifier));
                }
            }
        }
        let statement = place.statement as usize;
        if place.scope != Scope::Class || close - statement > LOOKAHEAD {
            continue;
        }
        let mut signature = DefaultHasher::new();
        let qualifiers = qualifiers.iter().copied().filter(|q| !is_address_space(s.word(*q)));
        (statement..close + 1).chain(qualifiers).for_each(|i| s.word(i).hash(&mut signature));
        let is_new = seen.insert((place.scope_open, signature.finish()));
        if !is_new
            && qualified
            && let Some(end) = definition_end(s, behind)
        {
            for index in statement..=end {
                edits.delete(s.raw(index));
            }
        }
    }
}

/// The qualifiers behind a parameter list, and the index behind them.
fn qualifiers(s: &Structure<'_>, close: usize) -> (Vec<usize>, usize) {
    let mut found = Vec::new();
    let mut index = close + 1;
    while matches!(s.word(index), "const" | "volatile" | "noexcept" | "&" | "&&")
        || is_address_space(s.word(index))
    {
        found.push(index);
        index += 1;
    }
    (found, index)
}

/// The last token of a method whose declarator ends before `index`.
fn definition_end(s: &Structure<'_>, mut index: usize) -> Option<usize> {
    let start = index;
    let mut in_initialisers = false;
    while index < s.len().min(start + LOOKAHEAD) {
        match s.word(index) {
            ";" => return Some(index),
            ":" => in_initialisers = true,
            "(" => index = s.mate(index).filter(|m| *m > index)?,
            "{" => {
                let close = s.mate(index).filter(|m| *m > index)?;
                // `: a{1}, b{2} { body }`: braces behind a name initialise a member.
                let initialises = in_initialisers && s.is_identifier(index - 1);
                if !initialises {
                    return Some(if s.word(close + 1) == ";" { close + 1 } else { close });
                }
                index = close;
            }
            "}" => return None,
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
    fn qualifiers_go() {
        assert_rewrites(
            "struct S { int f() const device { return 1; } };",
            "struct S { int f() const { return 1; } };",
        );
        assert_rewrites("struct S { S() threadgroup = default; };", "struct S { S() = default; };");
        assert_rewrites("struct S { S(int a) thread : a(a) {} };", "struct S { S(int a) : a(a) {} };");
        assert_rewrites("int S::f() const device { return 1; }", "int S::f() const { return 1; }");
    }

    #[test]
    fn duplicates_go() {
        assert_rewrites(
            "struct S { int f() const device { return 1; }\n int f() const thread { return 1; }\n int f() thread; };",
            "struct S { int f() const { return 1; }\n\nint f() ; };",
        );
        assert_rewrites(
            "struct S { S() : a{1} {} S() device : a{static_cast<T>(b)} {} int a; };",
            "struct S { S() : a{1} {} int a; };",
        );
        assert_rewrites(
            "struct A { int f() device; }; struct B { int f() device; };",
            "struct A { int f() ; }; struct B { int f() ; };",
        );
    }

    #[test]
    fn parameters_and_casts_stay() {
        for source in [
            "void f(device int* x) { g((device int*)x); }",
            "auto l = [](int x) { return x; };",
            "struct S { device int* f(); };",
        ] {
            assert_rewrites(source, source);
        }
    }
}

//! Variables that outlive a call must be constant in MSL. Where a declaration looks like one of a variable that does,
//! a `static_assert` behind it lets clang, which knows what macros and types hide, look at it.

use super::super::edits::Edits;
use super::super::structure::{Region, Scope, Structure};
use super::super::tokens::TokenKind;

/// Behind the variable's name in the assertion's message.
pub(crate) const MESSAGE: &str = "' must be in the constant address space";
/// Before it.
pub(crate) const MESSAGE_START: &str = "variable '";

pub(super) fn rewrite(s: &Structure<'_>, edits: &mut Edits) {
    for end in 0..s.len() {
        let place = s.place(end);
        if s.word(end) != ";" || place.region != Region::Code || place.parentheses > 0 {
            continue;
        }
        let statement = place.statement as usize;
        let outlives = match place.scope {
            Scope::Namespace => true,
            Scope::Block => s.word(statement) == "static",
            _ => false,
        };
        if outlives && let Some(name) = declared_variable(s, statement, end) {
            let name = s.word(name);
            let assertion =
                format!(" static_assert(__is_const(decltype({name})), \"{MESSAGE_START}{name}{MESSAGE}\");");
            edits.after(s.raw(end), &assertion);
        }
    }
}

/// The first variable that the statement declares, if it looks like `T v;`, `T v = …;`, `T v[…]…;` or `T v{…};`.
fn declared_variable(s: &Structure<'_>, statement: usize, end: usize) -> Option<usize> {
    let mut index = statement;
    while index < end {
        match s.word(index) {
            "<" => {
                index = s.behind_angle_brackets(index)?;
                continue;
            }
            "=" | "[" | "{" | "," => break,
            "*" | "&" | "&&" | "::" => {}
            word if s.kind(index) == TokenKind::Identifier && !declares_otherwise(word) => {}
            _ => return None,
        }
        index += 1;
    }
    let name = index.checked_sub(1).filter(|n| *n > statement && s.is_identifier(*n))?;
    let before = s.word(name - 1);
    (before != "::" && (s.is_identifier(name - 1) || matches!(before, ">" | "*"))).then_some(name)
}

/// Words of declarations that are no variables', or that make constants.
fn declares_otherwise(word: &str) -> bool {
    matches!(
        word,
        "template"
            | "using"
            | "typedef"
            | "namespace"
            | "extern"
            | "static_assert"
            | "friend"
            | "struct"
            | "class"
            | "union"
            | "enum"
            | "operator"
            | "return"
            | "goto"
            | "case"
            | "constant"
            | "constexpr"
            | "threadgroup"
            | "virtual"
            | "thread_local"
            | "_Thread_local"
            | "__thread"
            | "asm"
            | "__asm"
            | "__asm__"
            | "__attribute__"
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_rewrites, rewritten};

    #[test]
    fn variables_are_looked_at() {
        assert_rewrites(
            "int a = 1;",
            "int a = 1; static_assert(__is_const(decltype(a)), \"variable 'a' must be in the constant address space\");",
        );
        for source in [
            "static metal::array<int, 3> a = {1};",
            "MAYBE_CONSTANT float a[2] = {f(1), 2};",
            "namespace n { int* a; }",
            "void f() { static int a; }",
            "const float a = 1;",
        ] {
            assert!(rewritten(source).contains("static_assert(__is_const(decltype(a))"), "{source}");
        }
    }

    #[test]
    fn others_are_not() {
        for source in [
            "constant float a = 1;",
            "static constexpr int a = 1;",
            "int a(int b);",
            "void f() { int a = 1; a = 2; }",
            "struct S { int a; };",
            "using A = int;",
            "int S::a = 1;",
            "MACRO;",
            "a = 1;",
            "template <typename T> bool a = true;",
            "#define X int a;",
            "struct S a;",
            "enum E { A };",
            ";",
        ] {
            assert_rewrites(source, source);
        }
    }
}

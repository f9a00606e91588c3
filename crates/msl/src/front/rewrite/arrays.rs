//! A parameter `constant size_t s[2]` becomes `constant size_t *s`, which C++ makes of it too, but then without
//! the address space.

use super::super::edits::Edits;
use super::super::structure::{LOOKAHEAD, Structure};
use super::is_address_space;

pub(super) fn rewrite(s: &Structure<'_>, edits: &mut Edits) {
    for index in 0..s.len() {
        if is_address_space(s.word(index)) && s.word(index) != "thread" && s.place(index).parentheses > 0 {
            rewrite_parameter(s, edits, index);
        }
    }
}

fn rewrite_parameter(s: &Structure<'_>, edits: &mut Edits, keyword: usize) {
    let mut index = keyword + 1;
    while index < s.len().min(keyword + LOOKAHEAD) && s.same_region(keyword, index) {
        match s.word(index) {
            "<" => match s.behind_angle_brackets(index) {
                Some(behind) => {
                    index = behind;
                    continue;
                }
                None => return,
            },
            "*" | "&" | "&&" | "," | "(" | ")" | ";" | "=" | "{" | "}" => return,
            "[" => {
                let is_declarator =
                    index > keyword + 2 && s.is_identifier(index - 1) && s.word(index + 1) != "[";
                let Some(close) = s.mate(index).filter(|m| is_declarator && *m > index) else { return };
                let has_more = s.word(close + 1) == "[" && s.word(close + 2) != "[";
                edits.before(s.raw(index - 1), if has_more { "(*" } else { "*" });
                if has_more {
                    edits.after(s.raw(index - 1), ")");
                }
                for removed in index..=close {
                    edits.remove(s.raw(removed));
                }
                return;
            }
            _ => {}
        }
        index += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_rewrites;

    #[test]
    fn arrays_become_pointers() {
        assert_rewrites("void f(constant size_t s[2], int n);", "void f(constant size_t *s, int n);");
        assert_rewrites("void f(const device T<4> x[]);", "void f(const device T<4> *x);");
        assert_rewrites("void f(threadgroup float t[4][8]);", "void f(threadgroup float (*t)[8]);");
    }

    #[test]
    fn others_stay() {
        for source in [
            "void f(device float* x);",
            "void f(constant float (&x)[2]);",
            "f((device float*)x[1]);",
            "void f(thread int x[2]);",
            "threadgroup float x[2];",
        ] {
            assert_rewrites(source, source);
        }
    }
}

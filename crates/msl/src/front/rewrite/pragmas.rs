//! `#pragma METAL fp …` becomes clang's pragmas of the same effect (MSL specification 1.6.4 and 1.6.5). Other pragmas
//! of METAL's have no effect here.

use super::super::edits::Edits;
use super::super::structure::Structure;

pub(super) fn rewrite(s: &Structure<'_>, edits: &mut Edits) {
    for index in 0..s.len() {
        let is_pragma = s.word(index) == "METAL"
            && s.word_at(index, -1) == "pragma"
            && s.word_at(index, -2) == "#"
            && s.word(index + 1) == "fp";
        if !is_pragma {
            continue;
        }
        match (s.word(index + 2), s.word(index + 3), s.word(index + 4), s.word(index + 5)) {
            ("contract" | "reassociate", "(", _, ")") => edits.replace(s.raw(index), "clang"),
            ("math_mode", "(", mode @ ("safe" | "relaxed" | "fast"), ")") => {
                let options = match mode {
                    "safe" => "reassociate(off) reciprocal(off) contract(on)",
                    _ => "reassociate(on) reciprocal(on) contract(fast)",
                };
                edits.replace(s.raw(index), "clang");
                edits.replace(s.raw(index + 2), options);
                (index + 3..=index + 5).for_each(|i| edits.remove(s.raw(i)));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_rewrites;

    #[test]
    fn pragmas() {
        assert_rewrites("#pragma METAL fp contract(off)", "#pragma clang fp contract(off)");
        assert_rewrites(
            "#pragma METAL fp math_mode(safe)\nint f();",
            "#pragma clang fp reassociate(off) reciprocal(off) contract(on)\nint f();",
        );
        for source in
            ["#pragma METAL internals : enable", "#pragma METAL fp math_mode(odd)", "METAL fp contract(off)"]
        {
            assert_rewrites(source, source);
        }
    }
}

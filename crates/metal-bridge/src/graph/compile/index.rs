//! Indices as symbolic sums, so that positions which go through reshapes, permutations and slices come out as
//! plain strides wherever they are.

use std::fmt;

/// A variable of generated code: 0 ≤ value < size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Var {
    pub(crate) id: u32,
    pub(crate) size: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Atom {
    Var(Var),
    Div(Box<Index>, i64),
    Mod(Box<Index>, i64),
}

/// `constant + Σ coefficient × atom`, which is not negative wherever it is evaluated. Equal forms are equal
/// values; equal values mostly have equal forms.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Index {
    /// Sorted, without zeros.
    terms: Vec<(Atom, i64)>,
    constant: i64,
}

impl Index {
    pub(crate) fn constant(constant: i64) -> Self {
        Self { terms: Vec::new(), constant }
    }

    /// A variable; of size 1 it is 0.
    pub(crate) fn var(var: Var) -> Self {
        if var.size <= 1 { Self::default() } else { Self::atom(Atom::Var(var)) }
    }

    fn atom(atom: Atom) -> Self {
        Self { terms: vec![(atom, 1)], constant: 0 }
    }

    pub(crate) fn add(&self, other: &Self) -> Self {
        let mut sum = self.clone();
        sum.constant += other.constant;
        for (atom, coefficient) in &other.terms {
            sum.add_term(atom.clone(), *coefficient);
        }
        sum.recombine();
        sum
    }

    pub(crate) fn scale(&self, by: i64) -> Self {
        if by == 0 {
            return Self::default();
        }
        let terms = self.terms.iter().map(|(atom, coefficient)| (atom.clone(), coefficient * by)).collect();
        Self { terms, constant: self.constant * by }
    }

    pub(crate) fn offset(&self, by: i64) -> Self {
        Self { terms: self.terms.clone(), constant: self.constant + by }
    }

    fn add_term(&mut self, atom: Atom, coefficient: i64) {
        match self.terms.binary_search_by(|(other, _)| other.cmp(&atom)) {
            Ok(i) => {
                self.terms[i].1 += coefficient;
                if self.terms[i].1 == 0 {
                    self.terms.remove(i);
                }
            }
            Err(i) => self.terms.insert(i, (atom, coefficient)),
        }
    }

    /// Replaces `x / d * (c * d) + x % d * c` by `x * c`.
    fn recombine(&mut self) {
        'again: loop {
            for i in 0..self.terms.len() {
                let (Atom::Mod(x, d), c) = &self.terms[i] else { continue };
                let (x, d, c) = ((**x).clone(), *d, *c);
                let quotient = x.div(d);
                let [(atom, 1)] = quotient.terms.as_slice() else { continue };
                let wanted = c * d;
                let found = self.terms.iter().position(|(a, k)| a == atom && *k == wanted);
                if let (Some(j), 0) = (found, quotient.constant) {
                    self.terms.remove(i.max(j));
                    self.terms.remove(i.min(j));
                    let whole = x.scale(c);
                    self.constant += whole.constant;
                    for (atom, coefficient) in whole.terms {
                        self.add_term(atom, coefficient);
                    }
                    continue 'again;
                }
            }
            return;
        }
    }

    /// The least and greatest value, or something wider.
    pub(crate) fn range(&self) -> (i64, i64) {
        let mut range = (self.constant, self.constant);
        for (atom, coefficient) in &self.terms {
            let most = match atom {
                Atom::Var(var) => var.size - 1,
                Atom::Div(x, d) => x.range().1 / d,
                Atom::Mod(x, d) => x.range().1.min(d - 1),
            };
            let end = most.saturating_mul(*coefficient);
            range = (range.0.saturating_add(end.min(0)), range.1.saturating_add(end.max(0)));
        }
        range
    }

    /// `(q, r)` with `self = q * d + r`, where `r` is as simple as can be and 0 ≤ its constant < d.
    fn split(&self, d: i64) -> (Self, Self) {
        let mut quotient = Self::constant(self.constant.div_euclid(d));
        let mut rest = Self::constant(self.constant.rem_euclid(d));
        for (atom, coefficient) in &self.terms {
            if coefficient % d == 0 {
                quotient.add_term(atom.clone(), coefficient / d);
            } else {
                rest.add_term(atom.clone(), *coefficient);
            }
        }
        (quotient, rest)
    }

    /// `(g, coarse, fine)` with `self = coarse * g + fine` and 0 ≤ `fine` < g, where g > 1 divides d.
    fn coarse(&self, d: i64) -> Option<(i64, Self, Self)> {
        let mut steps: Vec<i64> =
            self.terms.iter().map(|(_, c)| gcd(c.abs(), d)).filter(|g| *g > 1).collect();
        steps.sort_unstable();
        steps.dedup();
        steps.into_iter().rev().find_map(|g| {
            let (coarse, fine) = self.split(g);
            let (least, most) = fine.range();
            (least >= 0 && most < g).then_some((g, coarse, fine))
        })
    }

    /// The quotient, rounded down.
    pub(crate) fn div(&self, d: i64) -> Self {
        if d == 1 {
            return self.clone();
        }
        let (quotient, rest) = self.split(d);
        let (least, most) = rest.range();
        if least >= 0 && most < d {
            return quotient;
        }
        if least < 0 {
            return Self::atom(Atom::Div(Box::new(self.clone()), d));
        }
        if let Some((g, coarse, _)) = rest.coarse(d) {
            return quotient.add(&coarse.div(d / g));
        }
        let atom = match rest.terms.as_slice() {
            [(Atom::Div(x, by), 1)] if rest.constant == 0 => Atom::Div(x.clone(), by * d),
            _ => Atom::Div(Box::new(rest), d),
        };
        quotient.add(&Self::atom(atom))
    }

    /// The remainder.
    pub(crate) fn rem(&self, d: i64) -> Self {
        if d == 1 {
            return Self::default();
        }
        let (_, rest) = self.split(d);
        let (least, most) = rest.range();
        if least >= 0 && most < d {
            return rest;
        }
        if least < 0 {
            return Self::atom(Atom::Mod(Box::new(self.clone()), d));
        }
        if let Some((g, coarse, fine)) = rest.coarse(d) {
            return coarse.rem(d / g).scale(g).add(&fine);
        }
        match rest.terms.as_slice() {
            [(Atom::Mod(x, by), 1)] if rest.constant == 0 && by % d == 0 => x.rem(d),
            _ => Self::atom(Atom::Mod(Box::new(rest), d)),
        }
    }

    /// The value where all variables are 0, if it has no divisions.
    pub(crate) fn start(&self) -> i64 {
        self.constant
    }

    /// Whether it has no divisions.
    pub(crate) fn is_affine(&self) -> bool {
        self.terms.iter().all(|(atom, _)| matches!(atom, Atom::Var(_)))
    }

    /// The distance that one step of a variable makes; `None` if that is not constant.
    pub(crate) fn stride(&self, var: Var) -> Option<i64> {
        let mut stride = 0;
        for (atom, coefficient) in &self.terms {
            match atom {
                Atom::Var(v) if *v == var => stride += coefficient,
                Atom::Var(_) => {}
                Atom::Div(x, _) | Atom::Mod(x, _) if x.uses(var) => return None,
                _ => {}
            }
        }
        Some(stride)
    }

    fn uses(&self, var: Var) -> bool {
        self.terms.iter().any(|(atom, _)| match atom {
            Atom::Var(v) => *v == var,
            Atom::Div(x, _) | Atom::Mod(x, _) => x.uses(var),
        })
    }

    /// The index of the element at a position, in row-major order.
    pub(crate) fn ravel(position: &[Self], shape: &[usize]) -> Self {
        let mut index = Self::default();
        for (p, &size) in position.iter().zip(shape) {
            index = index.scale(signed(size)).add(p);
        }
        index
    }

    /// The position of the element with this index in row-major order.
    pub(crate) fn unravel(&self, shape: &[usize]) -> Vec<Self> {
        let mut position = vec![Self::default(); shape.len()];
        let mut stride = 1;
        for axis in (0..shape.len()).rev() {
            let size = signed(shape[axis]);
            if size > 1 {
                position[axis] = self.div(stride).rem(size);
            }
            stride *= size;
        }
        position
    }

    /// As an expression of generated code, whose literals end in `suffix`.
    pub(crate) fn text(&self, suffix: &str, name: &dyn Fn(Var) -> String) -> String {
        let mut text = String::new();
        let (added, taken): (Vec<_>, Vec<_>) = self.terms.iter().partition(|(_, c)| *c > 0);
        let term = |(atom, coefficient): &(Atom, i64)| {
            let atom = match atom {
                Atom::Var(var) => name(*var),
                Atom::Div(x, d) => format!("({} / {d}{suffix})", x.text(suffix, name)),
                Atom::Mod(x, d) => format!("({} % {d}{suffix})", x.text(suffix, name)),
            };
            match coefficient.abs() {
                1 => atom,
                c => format!("{atom} * {c}{suffix}"),
            }
        };
        for t in added {
            text += if text.is_empty() { "" } else { " + " };
            text += &term(t);
        }
        if self.constant > 0 || text.is_empty() {
            text += if text.is_empty() { "" } else { " + " };
            text += &format!("{}{suffix}", self.constant.max(0));
        }
        for t in taken {
            text += " - ";
            text += &term(t);
        }
        if self.constant < 0 {
            text += &format!(" - {}{suffix}", -self.constant);
        }
        if self.terms.len() + usize::from(self.constant != 0) > 1 { format!("({text})") } else { text }
    }
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text("", &|var| format!("v{}", var.id)))
    }
}

fn gcd(mut a: i64, mut b: i64) -> i64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// A size as a signed number; tensors are so small that all sizes and indices are.
pub(crate) fn signed(size: usize) -> i64 {
    i64::try_from(size).expect("tensors are smaller than isize::MAX")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn var(id: u32, size: i64) -> Index {
        Index::var(Var { id, size })
    }

    /// The value with variables from a list.
    fn eval(index: &Index, values: &[i64]) -> i64 {
        let terms = index.terms.iter().map(|(atom, c)| {
            c * match atom {
                Atom::Var(v) => values[v.id as usize],
                Atom::Div(x, d) => eval(x, values).div_euclid(*d),
                Atom::Mod(x, d) => eval(x, values).rem_euclid(*d),
            }
        });
        index.constant + terms.sum::<i64>()
    }

    #[test]
    fn positions_return_to_what_they_came_from() {
        let i = var(0, 3 * 4 * 5);
        for shape in [[3, 4, 5].as_slice(), &[60], &[12, 5], &[2, 2, 15], &[1, 60, 1], &[4, 3, 5]] {
            assert_eq!(Index::ravel(&i.unravel(shape), shape), i, "{shape:?}");
        }
        // From [3, 20] to [3, 4, 5] and back.
        let position = [var(0, 3), var(1, 20)];
        let index = Index::ravel(&position, &[3, 20]);
        assert_eq!(Index::ravel(&index.unravel(&[3, 4, 5]), &[3, 4, 5]), index);
        // From [12, 60] to [3, 4, 60].
        let index = Index::ravel(&[var(0, 12), var(1, 60)], &[12, 60]);
        assert_eq!(Index::ravel(&index.unravel(&[3, 4, 60]), &[3, 4, 60]), index);
    }

    #[test]
    fn reshapes_that_split_or_join_whole_axes_are_affine() {
        let position = [var(0, 3), var(1, 4), var(2, 5)];
        let index = Index::ravel(&position, &[3, 4, 5]);
        for shape in [[12, 5].as_slice(), &[3, 20], &[60], &[3, 4, 1, 5]] {
            assert!(index.unravel(shape).iter().all(Index::is_affine), "{shape:?}");
        }
        assert!(!index.unravel(&[5, 12]).iter().all(Index::is_affine));
    }

    #[test]
    fn division_is_right_for_all_values() {
        let (a, b) = (var(0, 7), var(1, 6));
        let forms = [
            a.scale(6).add(&b),
            a.scale(4).add(&b.scale(2)).offset(3),
            a.scale(-3).add(&b).offset(40),
            a.div(2).scale(9).add(&b.rem(4)),
            a.scale(6).add(&b).div(4).scale(3).offset(1),
        ];
        for form in &forms {
            for d in [1, 2, 3, 4, 6, 7, 12] {
                let (quotient, rest) = (form.div(d), form.rem(d));
                for x in 0..7 {
                    for y in 0..6 {
                        let value = eval(form, &[x, y]);
                        assert_eq!(eval(&quotient, &[x, y]), value / d, "{form} / {d} = {quotient}");
                        assert_eq!(eval(&rest, &[x, y]), value % d, "{form} % {d} = {rest}");
                    }
                }
            }
        }
    }

    #[test]
    fn texts_have_no_negative_numbers() {
        let index = var(1, 9).scale(-2).add(&var(0, 9)).offset(20);
        assert_eq!(index.text("u", &|v| format!("i{}", v.id)), "(i0 + 20u - i1 * 2u)");
        assert_eq!(Index::constant(0).to_string(), "0");
    }
}

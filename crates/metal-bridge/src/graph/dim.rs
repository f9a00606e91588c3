//! Sizes of dimensions, known or left open.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The name of an open dimension. Dimensions of one name are of one size.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Symbol(Arc<str>);

impl Symbol {
    pub(crate) fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The sizes that open dimensions have in one execution.
pub(crate) type Bindings = BTreeMap<Symbol, usize>;

/// The size of one dimension of a tensor: a number, or open until execution.
///
/// An open size is a number times names: flattening `[batch, 3, 4]` gives `[12*batch]`. Two sizes are equal
/// if number and names are, whatever the names will stand for.
///
/// ```
/// use metal_bridge::graph::Dim;
///
/// let batch = Dim::open("batch");
/// assert_eq!(batch, Dim::open("batch"));
/// assert_eq!(batch.value(), None);
/// assert_eq!(Dim::from(28).value(), Some(28));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "SavedDim", try_from = "SavedDim")]
pub struct Dim {
    factor: usize,
    /// Sorted; a name may occur several times. Empty if the factor is 0.
    symbols: Vec<Symbol>,
}

impl Dim {
    /// A dimension whose size is given at execution. All dimensions of a graph with the same name have the
    /// same size. Names are made of letters, digits and `_`, which is checked where a tensor is made with it.
    pub fn open(name: impl AsRef<str>) -> Self {
        Self { factor: 1, symbols: vec![Symbol(Arc::from(name.as_ref()))] }
    }

    /// A dimension of a known size.
    pub const fn known(size: usize) -> Self {
        Self { factor: size, symbols: Vec::new() }
    }

    /// The size, or `None` if it is open.
    pub fn value(&self) -> Option<usize> {
        self.symbols.is_empty().then_some(self.factor)
    }

    /// Whether the size is known at execution only.
    pub fn is_open(&self) -> bool {
        !self.symbols.is_empty()
    }

    /// The names, which may occur several times; none if the size is known.
    ///
    /// ```
    /// use metal_bridge::graph::Dim;
    ///
    /// assert!(Dim::open("batch").names().eq(["batch"]));
    /// ```
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.symbols.iter().map(Symbol::name)
    }

    /// The size with what a function says that names stand for; `None` if it does not know one, or on overflow.
    ///
    /// ```
    /// use metal_bridge::graph::Dim;
    ///
    /// assert_eq!(Dim::open("batch").resolve(|name| (name == "batch").then_some(32)), Some(32));
    /// assert_eq!(Dim::open("batch").resolve(|_| None), None);
    /// ```
    pub fn resolve(&self, size: impl Fn(&str) -> Option<usize>) -> Option<usize> {
        self.names().try_fold(self.factor, |product, name| product.checked_mul(size(name)?))
    }

    /// The number that the names are multiplied by: the whole size if it is known.
    pub(crate) fn factor(&self) -> usize {
        self.factor
    }

    pub(crate) fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    /// The product; `None` if its number overflows.
    pub(crate) fn checked_mul(&self, other: &Self) -> Option<Self> {
        let factor = self.factor.checked_mul(other.factor)?;
        let mut symbols = Vec::new();
        if factor != 0 {
            symbols.extend(self.symbols.iter().chain(&other.symbols).cloned());
            symbols.sort();
        }
        Some(Self { factor, symbols })
    }

    /// The sum; `None` if it overflows or has no form of its own, as `batch + 1` has not.
    pub(crate) fn checked_add(&self, other: &Self) -> Option<Self> {
        self.combine(other, usize::checked_add)
    }

    /// The difference; `None` if it is negative or has no form of its own.
    pub(crate) fn checked_sub(&self, other: &Self) -> Option<Self> {
        self.combine(other, usize::checked_sub)
    }

    fn combine(&self, other: &Self, how: fn(usize, usize) -> Option<usize>) -> Option<Self> {
        let symbols = match (self.factor, other.factor) {
            (_, 0) => &self.symbols,
            (0, _) => &other.symbols,
            _ if self.symbols == other.symbols => &self.symbols,
            _ => return None,
        };
        let factor = how(self.factor, other.factor)?;
        Some(Self { factor, symbols: if factor == 0 { Vec::new() } else { symbols.clone() } })
    }

    /// The quotient, if it divides without remainder for every size of the names.
    pub(crate) fn exact_div(&self, by: &Self) -> Option<Self> {
        if by.factor == 0 || !self.factor.is_multiple_of(by.factor) {
            return None;
        }
        let mut symbols = self.symbols.clone();
        for symbol in &by.symbols {
            symbols.remove(symbols.iter().position(|s| s == symbol)?);
        }
        Some(Self { factor: self.factor / by.factor, symbols })
    }

    /// The size with names replaced by what is bound to them; names that are not bound stay. `None` on
    /// overflow.
    pub(crate) fn substitute(&self, bindings: &Bindings) -> Option<Self> {
        let mut result = Self::known(self.factor);
        for symbol in &self.symbols {
            match bindings.get(symbol) {
                Some(&size) => result = result.checked_mul(&Self::known(size))?,
                None => result.symbols.push(symbol.clone()),
            }
        }
        if result.factor == 0 {
            result.symbols.clear();
        }
        Some(result)
    }
}

impl From<usize> for Dim {
    fn from(size: usize) -> Self {
        Self::known(size)
    }
}

impl From<&Self> for Dim {
    fn from(dim: &Self) -> Self {
        dim.clone()
    }
}

impl PartialEq<usize> for Dim {
    fn eq(&self, size: &usize) -> bool {
        self.value() == Some(*size)
    }
}

impl fmt::Display for Dim {
    /// `28`, `batch`, `12*batch`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.symbols.is_empty() || self.factor != 1 {
            write!(f, "{}", self.factor)?;
        }
        for (i, symbol) in self.symbols.iter().enumerate() {
            let times = if i > 0 || self.factor != 1 { "*" } else { "" };
            write!(f, "{times}{}", symbol.name())?;
        }
        Ok(())
    }
}

/// A size as it is saved: a number, or as it is displayed.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum SavedDim {
    Known(usize),
    Open(String),
}

impl From<Dim> for SavedDim {
    fn from(dim: Dim) -> Self {
        dim.value().map_or_else(|| Self::Open(dim.to_string()), Self::Known)
    }
}

impl TryFrom<SavedDim> for Dim {
    type Error = String;

    fn try_from(saved: SavedDim) -> Result<Self, String> {
        let text = match saved {
            SavedDim::Known(size) => return Ok(Self::known(size)),
            SavedDim::Open(text) => text,
        };
        let mut dim = Self::known(1);
        for (i, part) in text.split('*').enumerate() {
            match part.parse() {
                Ok(factor) if i == 0 && factor > 0 => dim.factor = factor,
                _ if part.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                    dim.symbols.push(Symbol(part.into()));
                }
                _ => {
                    return Err(format!(
                        "{text:?} is no size; expected such as 8, \"batch\" or \"12*batch\""
                    ));
                }
            }
        }
        dim.symbols.sort();
        Ok(dim)
    }
}

impl fmt::Debug for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bind(pairs: &[(&str, usize)]) -> Bindings {
        pairs.iter().map(|&(name, size)| (Symbol(name.into()), size)).collect()
    }

    #[test]
    fn products_and_quotients_keep_names() {
        let (batch, tokens) = (Dim::open("batch"), Dim::open("tokens"));
        let flat = batch.checked_mul(&tokens).unwrap().checked_mul(&Dim::known(6)).unwrap();
        assert_eq!(flat.to_string(), "6*batch*tokens");
        assert_eq!(flat, tokens.checked_mul(&Dim::known(6)).unwrap().checked_mul(&batch).unwrap());
        assert_eq!(flat.exact_div(&batch).unwrap().to_string(), "6*tokens");
        assert_eq!(flat.exact_div(&Dim::known(4)), None);
        assert_eq!(batch.exact_div(&tokens), None);
        assert_eq!(Dim::known(usize::MAX).checked_mul(&Dim::known(2)), None);
    }

    #[test]
    fn sums_are_of_the_same_names() {
        let batch = Dim::open("batch");
        assert_eq!(batch.checked_add(&batch).unwrap().to_string(), "2*batch");
        assert_eq!(batch.checked_add(&Dim::known(1)), None);
        assert_eq!(batch.checked_add(&Dim::known(0)), Some(batch.clone()));
        assert_eq!(batch.checked_sub(&batch), Some(Dim::known(0)));
        assert_eq!(Dim::known(2).checked_sub(&Dim::known(3)), None);
    }

    #[test]
    fn names_are_replaced() {
        let dim = Dim::open("a").checked_mul(&Dim::open("b")).unwrap().checked_mul(&Dim::known(2)).unwrap();
        assert_eq!(dim.substitute(&bind(&[("a", 5)])).unwrap().to_string(), "10*b");
        assert_eq!(dim.substitute(&bind(&[("a", 5), ("b", 3)])), Some(Dim::known(30)));
        assert_eq!(dim.substitute(&bind(&[("a", usize::MAX), ("b", 3)])), None);
    }
}

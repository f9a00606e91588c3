//! Shapes of tensors.

use std::fmt;
use std::ops::Deref;

use super::dim::{Bindings, Dim};

/// The sizes of a tensor's dimensions, outermost first. Elements lie in row-major order: the last dimension's
/// follow each other in memory. A scalar has no dimensions.
///
/// Whatever takes a shape takes an array, slice or vector of numbers or of [`Dim`]s.
///
/// ```
/// use metal_bridge::graph::{Dim, Shape};
///
/// assert_eq!(Shape::from([2, 3]).to_string(), "[2, 3]");
/// assert_eq!(Shape::from([Dim::open("batch"), 28.into()]).to_string(), "[batch, 28]");
/// assert_eq!(Shape::from([2, 3]).known(), Some(vec![2, 3]));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Shape(Vec<Dim>);

impl Shape {
    /// The shape of a scalar: no dimensions.
    pub const fn scalar() -> Self {
        Self(Vec::new())
    }

    /// The number of dimensions.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// The dimensions.
    pub fn dims(&self) -> &[Dim] {
        &self.0
    }

    /// The sizes, or `None` if one is open.
    pub fn known(&self) -> Option<Vec<usize>> {
        self.0.iter().map(Dim::value).collect()
    }

    /// Whether some dimension is open.
    pub fn is_open(&self) -> bool {
        self.0.iter().any(Dim::is_open)
    }

    /// The product of all sizes; `None` if it overflows.
    pub fn element_count(&self) -> Option<Dim> {
        product(&self.0)
    }

    pub(crate) fn dims_mut(&mut self) -> &mut Vec<Dim> {
        &mut self.0
    }

    /// The shape with names replaced by what is bound to them; `None` on overflow.
    pub(crate) fn substitute(&self, bindings: &Bindings) -> Option<Self> {
        self.0.iter().map(|dim| dim.substitute(bindings)).collect::<Option<_>>().map(Self)
    }
}

/// The product of sizes; `None` if it overflows.
pub(crate) fn product(dims: &[Dim]) -> Option<Dim> {
    // A zero anywhere makes the product zero, whatever the partial products are.
    if dims.iter().any(|dim| *dim == 0) {
        return Some(Dim::known(0));
    }
    dims.iter().try_fold(Dim::known(1), |product, dim| product.checked_mul(dim))
}

impl Deref for Shape {
    type Target = [Dim];
    fn deref(&self) -> &[Dim] {
        &self.0
    }
}

impl FromIterator<Dim> for Shape {
    fn from_iter<I: IntoIterator<Item = Dim>>(dims: I) -> Self {
        Self(dims.into_iter().collect())
    }
}

impl From<Vec<Dim>> for Shape {
    fn from(dims: Vec<Dim>) -> Self {
        Self(dims)
    }
}

impl From<&[Dim]> for Shape {
    fn from(dims: &[Dim]) -> Self {
        Self(dims.to_vec())
    }
}

impl<const N: usize> From<[Dim; N]> for Shape {
    fn from(dims: [Dim; N]) -> Self {
        Self(dims.into())
    }
}

impl From<Vec<usize>> for Shape {
    fn from(sizes: Vec<usize>) -> Self {
        Self::from(sizes.as_slice())
    }
}

impl From<&Vec<usize>> for Shape {
    fn from(sizes: &Vec<usize>) -> Self {
        Self::from(sizes.as_slice())
    }
}

impl From<&[usize]> for Shape {
    fn from(sizes: &[usize]) -> Self {
        sizes.iter().map(|&size| Dim::known(size)).collect()
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(sizes: [usize; N]) -> Self {
        Self::from(sizes.as_slice())
    }
}

impl<const N: usize> From<&[usize; N]> for Shape {
    fn from(sizes: &[usize; N]) -> Self {
        Self::from(sizes.as_slice())
    }
}

impl From<&Self> for Shape {
    fn from(shape: &Self) -> Self {
        shape.clone()
    }
}

impl<const N: usize> PartialEq<[usize; N]> for Shape {
    fn eq(&self, sizes: &[usize; N]) -> bool {
        self.0.iter().map(Dim::value).eq(sizes.iter().copied().map(Some))
    }
}

impl fmt::Display for Shape {
    /// `[batch, 3, 28]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In one line also with `{:#?}`.
        write!(f, "[")?;
        for (i, dim) in self.0.iter().enumerate() {
            write!(f, "{}{dim}", if i == 0 { "" } else { ", " })?;
        }
        write!(f, "]")
    }
}

//! Extents of grids and threadgroups.
//!
//! ```
//! use metal_bridge::Size;
//!
//! assert_eq!(Size::from(1024), Size::new(1024, 1, 1));
//! assert_eq!(Size::from((64, 16)).total(), Some(1024));
//! ```

use std::fmt;

/// An extent along three axes, in threads or threadgroups.
///
/// Everything that takes a `Size` also takes a number (one axis), a pair, a triple or an array.
#[doc(alias = "MTLSize")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    /// Along x.
    pub width: usize,
    /// Along y.
    pub height: usize,
    /// Along z.
    pub depth: usize,
}

impl Size {
    /// A size from its three extents.
    #[doc(alias = "MTLSizeMake")]
    pub const fn new(width: usize, height: usize, depth: usize) -> Self {
        Self { width, height, depth }
    }

    /// The number of elements; `None` if it does not fit `usize`.
    pub const fn total(self) -> Option<usize> {
        match self.width.checked_mul(self.height) {
            Some(area) => area.checked_mul(self.depth),
            None if self.depth == 0 => Some(0),
            None => None,
        }
    }

    /// Whether some extent is zero.
    pub const fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0 || self.depth == 0
    }

    /// The extents as `[width, height, depth]`.
    pub const fn to_array(self) -> [usize; 3] {
        [self.width, self.height, self.depth]
    }
}

impl fmt::Display for Size {
    /// `width × height × depth`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} × {} × {}", self.width, self.height, self.depth)
    }
}

impl From<usize> for Size {
    fn from(width: usize) -> Self {
        Self::new(width, 1, 1)
    }
}

impl From<(usize, usize)> for Size {
    fn from((width, height): (usize, usize)) -> Self {
        Self::new(width, height, 1)
    }
}

impl From<(usize, usize, usize)> for Size {
    fn from((width, height, depth): (usize, usize, usize)) -> Self {
        Self::new(width, height, depth)
    }
}

impl From<[usize; 3]> for Size {
    fn from([width, height, depth]: [usize; 3]) -> Self {
        Self::new(width, height, depth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_do_not_overflow() {
        assert_eq!(Size::new(2, 3, 4).total(), Some(24));
        assert_eq!(Size::new(usize::MAX, 2, 1).total(), None);
        assert_eq!(Size::new(usize::MAX, 2, 0).total(), Some(0));
        assert_eq!(Size::new(usize::MAX, 1, 1).total(), Some(usize::MAX));
    }

    #[test]
    fn empty_means_some_extent_is_zero() {
        assert!(Size::new(4, 0, 1).is_empty());
        assert!(!Size::from(1).is_empty());
    }
}

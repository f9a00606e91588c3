//! How an allocator is set up.

use std::fmt;
use std::sync::Arc;

use super::snapshot::Snapshot;
use crate::backend::memory::ALIGNMENT;
use crate::error::{Error, Result};

/// Default of [`AllocatorConfig::minimum_block`].
const MINIMUM_BLOCK: usize = 2 << 20;
/// Default of [`AllocatorConfig::class_limit`].
const CLASS_LIMIT: u64 = 1 << 20;
/// Size classes by default: so many in each doubling, so that rounding up wastes at most an eighth.
const CLASSES_PER_DOUBLING: usize = 8;
/// The largest size class by default.
const LARGEST_CLASS: usize = 1 << 30;
/// Most size classes.
const MAX_CLASSES: usize = 1024;
/// What is beyond the size classes is rounded up to a multiple of this.
const COARSE: usize = 64 << 10;

/// What is done with the report of leaks.
pub(super) type LeakHandler = Arc<dyn Fn(&Snapshot) + Send + Sync>;

/// How a [`BufferAllocator`](super::BufferAllocator) is set up. All sizes are in bytes.
///
/// ```
/// use metal_bridge::{AllocatorConfig, BufferAllocator, Device, ResourceOptions};
///
/// # fn main() -> metal_bridge::Result<()> {
/// let config = AllocatorConfig::new().budget(64 << 20).maximum_cached(16 << 20);
/// let allocator = BufferAllocator::new(&Device::null(), config)?;
/// assert!(allocator.allocate(128 << 20, ResourceOptions::default()).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AllocatorConfig {
    pub(super) size_classes: Option<Vec<usize>>,
    pub(super) minimum_block: usize,
    pub(super) maximum_cached: u64,
    pub(super) class_limit: u64,
    pub(super) class_limits: Vec<(usize, u64)>,
    pub(super) watermarks: Option<(u64, u64)>,
    pub(super) budget: Option<u64>,
    pub(super) backtraces: bool,
    pub(super) on_leak: Option<LeakHandler>,
}

impl AllocatorConfig {
    /// The defaults, which each method documents.
    pub fn new() -> Self {
        Self {
            size_classes: None,
            minimum_block: MINIMUM_BLOCK,
            maximum_cached: u64::MAX,
            class_limit: CLASS_LIMIT,
            class_limits: Vec::new(),
            watermarks: None,
            budget: None,
            backtraces: false,
            on_leak: cfg!(debug_assertions).then(|| {
                let print = |leaks: &Snapshot| eprintln!("buffers outlive their allocator:\n{leaks}");
                Arc::new(print) as LeakHandler
            }),
        }
    }

    /// The sizes to which lengths are rounded up: ascending multiples of 256, at most 1,024 of them. A buffer that is
    /// released is soonest had again by a request of its class. Longer buffers are rounded up to multiples of
    /// 64 KiB. By default multiples of 256 up to 2 KiB, then 8 sizes in each doubling, up to 1 GiB.
    #[must_use]
    pub fn size_classes(mut self, sizes: impl Into<Vec<usize>>) -> Self {
        self.size_classes = Some(sizes.into());
        self
    }

    /// The least that is reserved from the device at once: a multiple of 256, from 4 KiB to 1 GiB; by default
    /// 2 MiB. Requests of up to half of it share such blocks; larger ones share blocks of ten times as much, and those
    /// of more than five times as much get blocks of their own. (If so much is not there, a block is as long as its
    /// buffer.)
    #[must_use]
    pub fn minimum_block(mut self, bytes: usize) -> Self {
        self.minimum_block = bytes;
        self
    }

    /// When a release leaves more free bytes than this, blocks without a buffer go back to the device. By default there
    /// is no limit.
    #[must_use]
    pub fn maximum_cached(mut self, bytes: u64) -> Self {
        self.maximum_cached = bytes;
        self
    }

    /// Most free bytes of one size class that are kept apart for requests of that class, which is fastest. What is above
    /// it is merged with its neighbours at once, which fragments memory least. By default 1 MiB, so that speed counts for
    /// small buffers and memory for large ones.
    #[must_use]
    pub fn class_limit(mut self, bytes: u64) -> Self {
        self.class_limit = bytes;
        self
    }

    /// [`class_limit`](Self::class_limit) for one size class, which must exist.
    #[must_use]
    pub fn class_limit_of(mut self, size: usize, bytes: u64) -> Self {
        self.class_limits.push((size, bytes));
        self
    }

    /// When more than `high` bytes would be reserved from the device, blocks without a buffer first go back to it until
    /// at most `low` are reserved. By default nine and seven tenths of the budget, or else of the device's limit.
    #[must_use]
    pub fn watermarks(mut self, high: u64, low: u64) -> Self {
        self.watermarks = Some((high, low));
        self
    }

    /// Most bytes that may be reserved from the device; by default its own limit is the only one.
    #[must_use]
    pub fn budget(mut self, bytes: u64) -> Self {
        self.budget = Some(bytes);
        self
    }

    /// Whether snapshots tell where each live buffer was allocated. That takes some ten microseconds for each
    /// allocation; off by default.
    #[must_use]
    pub fn backtraces(mut self, on: bool) -> Self {
        self.backtraces = on;
        self
    }

    /// What is done when the last handle of the allocator is dropped while buffers live: a function gets a snapshot of
    /// them. They stay valid. By default the snapshot is printed to standard error in debug builds, and nothing is done
    /// in others. A panic in it ends there.
    #[must_use]
    pub fn on_leak(mut self, handler: impl Fn(&Snapshot) + Send + Sync + 'static) -> Self {
        self.on_leak = Some(Arc::new(handler));
        self
    }

    /// Checks everything that does not depend on the device.
    pub(super) fn check(&self) -> Result<()> {
        let invalid =
            |setting, value: String, expected| Err(Error::InvalidSetting { setting, value, expected });
        if let Some(sizes) = &self.size_classes {
            let ascending = sizes.windows(2).all(|pair| pair[0] < pair[1]);
            let usable =
                |size: &usize| *size > 0 && size.is_multiple_of(ALIGNMENT) && *size <= isize::MAX as usize;
            if sizes.len() > MAX_CLASSES || !ascending || !sizes.iter().all(usable) {
                let expected = "at most 1,024 ascending multiples of 256";
                return invalid("size_classes", format!("{sizes:?}"), expected);
            }
        }
        let block = self.minimum_block;
        if !block.is_multiple_of(ALIGNMENT) || !(4 << 10..=1 << 30).contains(&block) {
            let expected = "a multiple of 256 from 4,096 to 1,073,741,824";
            return invalid("minimum_block", block.to_string(), expected);
        }
        if let Some((high, low)) = self.watermarks.filter(|(high, low)| low > high) {
            let expected = "a low watermark that is not above the high one";
            return invalid("watermarks", format!("{high}, {low}"), expected);
        }
        Ok(())
    }

    /// The size classes with their limits; checks that limits are for classes that exist.
    pub(super) fn classes(&self) -> Result<SizeClasses> {
        let sizes = self.size_classes.clone().unwrap_or_else(default_classes);
        let mut limits = vec![self.class_limit; sizes.len()];
        for (size, limit) in &self.class_limits {
            match sizes.binary_search(size) {
                Ok(class) => limits[class] = *limit,
                Err(_) => {
                    let (setting, expected) = ("class_limit_of", "one of the size classes");
                    return Err(Error::InvalidSetting { setting, value: size.to_string(), expected });
                }
            }
        }
        let mut classes = SizeClasses { sizes, limits, short: Vec::new() };
        classes.short = (1..=SHORT / ALIGNMENT).map(|step| classes.search(step * ALIGNMENT) as u16).collect();
        Ok(classes)
    }
}

impl Default for AllocatorConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for AllocatorConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AllocatorConfig")
            .field("size_classes", &self.size_classes)
            .field("minimum_block", &self.minimum_block)
            .field("maximum_cached", &self.maximum_cached)
            .field("class_limit", &self.class_limit)
            .field("class_limits", &self.class_limits)
            .field("watermarks", &self.watermarks)
            .field("budget", &self.budget)
            .field("backtraces", &self.backtraces)
            .finish_non_exhaustive()
    }
}

fn default_classes() -> Vec<usize> {
    let mut sizes: Vec<usize> = (1..=CLASSES_PER_DOUBLING).map(|i| i * ALIGNMENT).collect();
    let mut base = CLASSES_PER_DOUBLING * ALIGNMENT;
    while base < LARGEST_CLASS {
        sizes.extend((1..=CLASSES_PER_DOUBLING).map(|i| base + i * base / CLASSES_PER_DOUBLING));
        base *= 2;
    }
    sizes
}

/// Sizes to which lengths are rounded up.
#[derive(Debug)]
pub(super) struct SizeClasses {
    /// Ascending.
    pub(super) sizes: Vec<usize>,
    /// For each, most free bytes that are kept in its list.
    pub(super) limits: Vec<u64>,
    /// For short lengths, in steps of the alignment: the class of the longest in the step.
    short: Vec<u16>,
}

/// Lengths up to this have their class looked up.
const SHORT: usize = 64 << 10;

impl SizeClasses {
    /// The size of a chunk for a length of at least 1, and its class if it has one. The size saturates.
    pub(super) fn fit(&self, length: usize) -> (usize, Option<usize>) {
        // All sizes are multiples of the alignment, so all lengths of a step have the same class.
        let class = match self.short.get(length.saturating_sub(1) / ALIGNMENT) {
            Some(class) => usize::from(*class),
            None => self.search(length),
        };
        match self.sizes.get(class) {
            Some(size) => (*size, Some(class)),
            None => (length.checked_next_multiple_of(COARSE).unwrap_or(usize::MAX), None),
        }
    }

    /// The first class of at least a length.
    fn search(&self, length: usize) -> usize {
        self.sizes.partition_point(|size| *size < length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_classes_waste_at_most_an_eighth() {
        let classes = AllocatorConfig::new().classes().unwrap();
        assert!(classes.sizes.iter().all(|size| size % ALIGNMENT == 0));
        assert!(classes.sizes.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(classes.sizes.last(), Some(&LARGEST_CLASS));
        for length in [1, 255, 256, 257, 2048, 2049, 4097, 1_000_000, (1 << 30) - 1, (1 << 30) + 1, 5 << 30] {
            let (size, class) = classes.fit(length);
            assert!(size >= length && size % ALIGNMENT == 0);
            assert!(length < 2048 || size - length <= length / 8 + ALIGNMENT, "{length} → {size}");
            assert_eq!(class.is_some(), length <= LARGEST_CLASS);
        }
        for length in 1..2 * SHORT {
            assert_eq!(classes.fit(length).1, Some(classes.search(length)), "{length}");
        }
        assert_eq!(classes.fit(usize::MAX).0, usize::MAX);
    }

    #[test]
    fn impossible_settings_are_refused() {
        let refused = |config: AllocatorConfig, name| {
            let error = config.check().and_then(|()| config.classes().map(drop)).unwrap_err();
            assert!(matches!(error, Error::InvalidSetting { setting, .. } if setting == name), "{error}");
        };
        refused(AllocatorConfig::new().size_classes([256, 256]), "size_classes");
        refused(AllocatorConfig::new().size_classes([100]), "size_classes");
        refused(AllocatorConfig::new().size_classes([0]), "size_classes");
        refused(AllocatorConfig::new().minimum_block(0), "minimum_block");
        refused(AllocatorConfig::new().minimum_block(4097), "minimum_block");
        refused(AllocatorConfig::new().minimum_block(usize::MAX), "minimum_block");
        refused(AllocatorConfig::new().watermarks(1, 2), "watermarks");
        refused(AllocatorConfig::new().class_limit_of(100, 0), "class_limit_of");
        AllocatorConfig::new().size_classes([]).check().unwrap();
    }
}

//! What GPUs can do, by family: Apple's *Metal feature set tables*.

/// The families that a GPU belongs to, as far as they matter here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Families {
    /// The highest family of Apple's own GPUs: 7 for the M1; 0 for others.
    pub(super) apple: u32,
}

impl Families {
    /// Threads of a SIMD-group; `None` where kernels differ in it.
    pub(super) const fn thread_execution_width(self) -> Option<usize> {
        if self.apple > 0 { Some(32) } else { None }
    }

    /// Most threads of a threadgroup.
    pub(super) const fn max_total_threads_per_threadgroup(self) -> usize {
        match self.apple {
            1..=3 => 512,
            _ => 1024,
        }
    }

    /// Whether the last threadgroups of a grid may be smaller than the others.
    pub(super) const fn non_uniform_threadgroups(self) -> bool {
        !matches!(self.apple, 1..=3)
    }

    /// Of what offsets must be multiples in buffers for `constant` arguments, if types do not ask for more.
    pub(super) const fn constant_alignment(self) -> usize {
        if self.apple > 0 { 4 } else { 32 }
    }
}

/// Of what offsets and lengths of copies and fills must be multiples.
#[cfg(target_vendor = "apple")]
pub(super) const BLIT_GRANULE: usize = if cfg!(target_os = "macos") { 4 } else { 1 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_gpus_have_less() {
        let [phone, m1, other] = [3, 7, 0].map(|apple| Families { apple });
        assert_eq!(phone.max_total_threads_per_threadgroup(), 512);
        assert!(!phone.non_uniform_threadgroups());
        for new in [m1, other] {
            assert_eq!(new.max_total_threads_per_threadgroup(), 1024);
            assert!(new.non_uniform_threadgroups());
        }
        assert_eq!([m1, other].map(Families::thread_execution_width), [Some(32), None]);
        assert_eq!([m1, other].map(Families::constant_alignment), [4, 32]);
    }
}

//! Memory that ends, and memory that begins, where the process may not touch any more.

use std::ffi::c_void;
use std::ptr::null_mut;

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

/// What stands around the content where no guard page can be.
const BESIDE: u8 = 0xA5;

/// At which end of the content there is a page without any access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    Before,
    Behind,
}

impl Guard {
    pub(crate) const BOTH: [Self; 2] = [Self::Behind, Self::Before];
}

/// Content with a guard page right at one end of it, and one more beyond the other.
pub(crate) struct Guarded {
    map: *mut u8,
    total: usize,
    page: usize,
    start: usize,
    length: usize,
}

impl Guarded {
    pub(crate) fn new(content: &[u8], guard: Guard) -> Self {
        let page = rustix::param::page_size();
        let inner = content.len().next_multiple_of(page).max(page);
        let total = inner + 2 * page;
        // SAFETY: a new mapping, wherever the kernel puts it.
        let map = unsafe { mmap_anonymous(null_mut(), total, ProtFlags::empty(), MapFlags::PRIVATE) };
        let map = map.expect("address space is plentiful").cast::<u8>();
        let start = match guard {
            Guard::Before => page,
            Guard::Behind => page + inner - content.len(),
        };
        // SAFETY: within the mapping, which nobody else knows; what is written to is made writable first.
        unsafe {
            mprotect(map.add(page).cast::<c_void>(), inner, MprotectFlags::READ | MprotectFlags::WRITE)
                .expect("the pages are ours");
            map.add(page).write_bytes(BESIDE, inner);
            map.add(start).copy_from_nonoverlapping(content.as_ptr(), content.len());
        }
        Self { map, total, page, start, length: content.len() }
    }

    pub(crate) fn binding(&self) -> msl::Binding {
        msl::Binding { address: self.map.wrapping_add(self.start), length: self.length as u64 }
    }

    /// The content.
    pub(crate) fn content(&self) -> &[u8] {
        &self.inner()[self.start - self.page..][..self.length]
    }

    /// Whether nothing was written between the content and the further guard page.
    pub(crate) fn is_alone(&self) -> bool {
        let (before, rest) = self.inner().split_at(self.start - self.page);
        before.iter().chain(&rest[self.length..]).all(|byte| *byte == BESIDE)
    }

    fn inner(&self) -> &[u8] {
        // SAFETY: these pages are readable, and no kernel runs while the reference lives: it would need `binding`
        // to be used through a launch, which tests do in between only.
        unsafe { std::slice::from_raw_parts(self.map.add(self.page), self.total - 2 * self.page) }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // SAFETY: the mapping that `new` made.
        unsafe { munmap(self.map.cast::<c_void>(), self.total) }.expect("the mapping is ours");
    }
}

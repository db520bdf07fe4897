//! Memory: TLSF, whose time does not depend on the number of blocks, on one region that grows at its end.
//!
//! `rlsf::GlobalTlsf` has three disadvantages. On this target it never joins new memory with the previous memory, so no
//! large block can span both. It adds only the memory it needs, often one page of 64 KiB, and V8 counts the whole memory
//! as new garbage at each step. TLSF also takes blocks from the next larger class of sizes, so a freed block is not used
//! for a request of the same size unless that is the size of a class.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::ptr::{self, NonNull};

use core::arch::wasm32;
use rlsf::{FlexSource, FlexTlsf};

const PAGE_BYTES: usize = 1 << 16;
/// The memory grows by a quarter and at least a megabyte. Unused memory costs only address space.
const LEAST_PAGES: usize = (1 << 20) / PAGE_BYTES;
const GROWTH_DIVISOR: usize = 4;
/// Classes of sizes between two powers of two, one bit each in a word.
const CLASSES_LOG2: u32 = 5;
/// The header of TLSF before a block.
const HEADER_BYTES: usize = 2 * size_of::<usize>();
/// Smaller blocks are reused often enough without rounding.
const LARGE_BYTES: usize = 1 << 10;

type Tlsf = FlexTlsf<Region, usize, usize, { usize::BITS as usize }, { usize::BITS as usize }>;

pub struct Allocator(UnsafeCell<Tlsf>);

// There is one thread.
unsafe impl Sync for Allocator {}

impl Allocator {
    pub const fn new() -> Self {
        Self(UnsafeCell::new(FlexTlsf::new(Region)))
    }

    #[allow(clippy::mut_from_ref)]
    fn tlsf(&self) -> &mut Tlsf {
        // No reference outlives a call, and no call of it calls back.
        unsafe { &mut *self.0.get() }
    }
}

unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        address(self.tlsf().allocate(of_a_class(layout)))
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        self.tlsf().deallocate(NonNull::new_unchecked(at), layout.align());
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let wanted = Layout::from_size_align_unchecked(new_size, layout.align());
        address(self.tlsf().reallocate(NonNull::new_unchecked(at), of_a_class(wanted)))
    }
}

fn address(block: Option<NonNull<u8>>) -> *mut u8 {
    block.map_or(ptr::null_mut(), NonNull::as_ptr)
}

/// Rounds the size of a large block up to the size of a class, by 1/32 at most.
fn of_a_class(layout: Layout) -> Layout {
    let size = layout.size();
    if size < LARGE_BYTES {
        return layout;
    }
    let step = 1 << ((size + HEADER_BYTES).ilog2() - CLASSES_LOG2);
    let rounded = (size + HEADER_BYTES).next_multiple_of(step) - HEADER_BYTES;
    Layout::from_size_align(rounded, layout.align()).unwrap_or(layout)
}

/// The memory of the instance from the first requested page.
struct Region;

unsafe impl FlexSource for Region {
    unsafe fn alloc(&mut self, min_size: usize) -> Option<NonNull<[u8]>> {
        let (first, pages) = grow(min_size.div_ceil(PAGE_BYTES))?;
        let start = NonNull::new((first * PAGE_BYTES) as *mut u8)?;
        Some(NonNull::slice_from_raw_parts(start, pages * PAGE_BYTES))
    }

    unsafe fn realloc_inplace_grow(&mut self, region: NonNull<[u8]>, min_new_len: usize) -> Option<usize> {
        let end_page = (region.as_ptr().cast::<u8>() as usize + region.len()) / PAGE_BYTES;
        if end_page != wasm32::memory_size(0) {
            return None; // Other code has grown the memory since.
        }
        let (_, pages) = grow((min_new_len - region.len()).div_ceil(PAGE_BYTES))?;
        Some(region.len() + pages * PAGE_BYTES)
    }

    fn supports_realloc_inplace_grow(&self) -> bool {
        true
    }

    fn min_align(&self) -> usize {
        PAGE_BYTES
    }
}

/// Adds a whole step of pages if possible, else `needed` pages. Returns the first page and the number of pages.
fn grow(needed: usize) -> Option<(usize, usize)> {
    let wanted = needed.max(LEAST_PAGES).max(wasm32::memory_size(0) / GROWTH_DIVISOR);
    [wanted, needed].into_iter().find_map(|pages| {
        let first = wasm32::memory_grow(0, pages);
        (first != usize::MAX).then_some((first, pages))
    })
}

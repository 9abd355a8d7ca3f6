//! Where a runtime's memory comes from: mimalloc, called without a detour, behind short lists of
//! freed blocks ([`freed`]).
//!
//! The virtual users of a worker share its size classes, so small objects leave no half-empty
//! pages behind for each of them. The binding's own way to Rust's allocator would put sixteen
//! bytes in front of every allocation to remember its size.
//!
//! It is also where native loops of the engine meet us: see [`Parker::poll_allocation`].
#![allow(unsafe_code)]

use std::ptr::null_mut;
use std::rc::Rc;

use libmimalloc_sys as mi;
use rquickjs::allocator::Allocator;

use crate::freed;
use crate::park::Parker;

/// Bytes between two looks at the clock.
const BUDGET: isize = 256 << 10;

/// What an allocation counts for beside its bytes: a small one takes as long as copying this much.
const EACH: isize = 128;

pub(crate) struct Heap {
    parker: Rc<Parker>,
    budget: isize,
}

impl Heap {
    pub(crate) fn new(parker: Rc<Parker>) -> Self {
        Self {
            parker,
            budget: BUDGET,
        }
    }

    /// Whether this allocation is to fail.
    #[inline]
    fn refuses(&mut self, size: usize) -> bool {
        self.budget = self
            .budget
            .saturating_sub_unsigned(size)
            .saturating_sub(EACH);
        self.budget < 0 && self.asks()
    }

    #[cold]
    fn asks(&mut self) -> bool {
        self.budget = BUDGET;
        self.parker.poll_allocation()
    }
}

/// Gives memory that is free back to the system. Takes milliseconds: for after the first init pass,
/// which may have parsed a file that no virtual user parses again.
pub fn return_free_memory() {
    // SAFETY: may be called at any time.
    unsafe { mi::mi_collect(true) };
}

/// Keeps memory that is free for a second before it is given back to the system, not for mimalloc's ten milliseconds:
/// for work that takes and frees megabytes all the time, and would have each of them cleared anew.
pub fn keep_free_memory() {
    // Of `mi_option_e` in mimalloc.h; the binding has no name for it.
    const PURGE_DELAY: mi::mi_option_t = 15;
    // SAFETY: may be called at any time.
    unsafe { mi::mi_option_set(PURGE_DELAY, 1000) };
}

// SAFETY: mimalloc's functions are malloc's: null or aligned memory of at least the size, and
// `mi_usable_size` tells what there is of it. A block that was freed before has the very size that
// mimalloc would have chosen.
unsafe impl Allocator for Heap {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        if self.refuses(size) {
            return null_mut();
        }
        let block = freed::take(size);
        if block.is_null() {
            // SAFETY: any size will do.
            unsafe { mi::mi_malloc(size) }.cast()
        } else {
            block
        }
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        let all = count.saturating_mul(size);
        if self.refuses(all) {
            return null_mut();
        }
        let block = freed::take(all);
        if block.is_null() {
            // SAFETY: any size will do; an overflow of the product gives null.
            return unsafe { mi::mi_calloc(count, size) }.cast();
        }
        // SAFETY: the block has at least this size.
        unsafe { block.write_bytes(0, all) };
        block
    }

    unsafe fn dealloc(&mut self, pointer: *mut u8) {
        // SAFETY: the caller got it from here.
        unsafe {
            if !freed::keep(pointer) {
                mi::mi_free(pointer.cast());
            }
        }
    }

    unsafe fn realloc(&mut self, pointer: *mut u8, new_size: usize) -> *mut u8 {
        // Only growth may fail: nobody expects it of making something smaller.
        // SAFETY: the caller got it from here.
        let grows = new_size > unsafe { Self::usable_size(pointer) };
        if grows && self.refuses(new_size) {
            return null_mut();
        }
        // SAFETY: the caller got it from here.
        unsafe { mi::mi_realloc(pointer.cast(), new_size) }.cast()
    }

    unsafe fn usable_size(pointer: *mut u8) -> usize {
        // SAFETY: the caller got it from here.
        unsafe { mi::mi_usable_size(pointer.cast()) }
    }
}

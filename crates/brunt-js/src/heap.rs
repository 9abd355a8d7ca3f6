//! Where a runtime's memory comes from: mimalloc, called without a detour.
//!
//! The virtual users of a worker share its size classes, so small objects leave no half-empty
//! pages behind for each of them. The binding's own way to Rust's allocator would put sixteen
//! bytes in front of every allocation to remember its size.
#![allow(unsafe_code)]

use libmimalloc_sys as mi;
use rquickjs::allocator::Allocator;

pub(crate) struct Heap;

// SAFETY: mimalloc's functions are malloc's: null or aligned memory of at least the size, and
// `mi_usable_size` tells what there is of it.
unsafe impl Allocator for Heap {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        // SAFETY: any size will do.
        unsafe { mi::mi_malloc(size) }.cast()
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        // SAFETY: any size will do; an overflow of the product gives null.
        unsafe { mi::mi_calloc(count, size) }.cast()
    }

    unsafe fn dealloc(&mut self, pointer: *mut u8) {
        // SAFETY: the caller got it from here.
        unsafe { mi::mi_free(pointer.cast()) }
    }

    unsafe fn realloc(&mut self, pointer: *mut u8, new_size: usize) -> *mut u8 {
        // SAFETY: the caller got it from here.
        unsafe { mi::mi_realloc(pointer.cast(), new_size) }.cast()
    }

    unsafe fn usable_size(pointer: *mut u8) -> usize {
        // SAFETY: the caller got it from here.
        unsafe { mi::mi_usable_size(pointer.cast()) }
    }
}

//! Short lists of freed blocks, so that what was freed last is handed out first.
//!
//! mimalloc hands out a page's blocks in turn and comes back to one that was freed only after all
//! others, so that the objects of each iteration lie in memory that no cache holds. An iteration
//! frees nearly all that it allocates: with these lists the next one, of whichever virtual user of
//! the worker, gets the same memory again.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ptr::null_mut;

use libmimalloc_sys as mi;

/// Larger blocks go straight to mimalloc and back.
const LARGEST: usize = 1024;

/// mimalloc's sizes are multiples of this.
const STEP: usize = 16;

/// Bytes that the list of one size holds at most.
const HELD: usize = 16 << 10;

/// What a freed block holds: the address of the next one.
type Link = *mut u8;

/// Freed blocks of one size.
#[derive(Clone, Copy)]
struct List {
    first: *mut u8,
    length: usize,
}

/// The lists of one thread, by block size in steps. What they hold when a thread ends is lost to
/// the process; a worker's end is the run's.
struct Lists(UnsafeCell<[List; LARGEST / STEP + 1]>);

thread_local! {
    static LISTS: Lists = const {
        Lists(UnsafeCell::new(
            [List {
                first: null_mut(),
                length: 0,
            }; LARGEST / STEP + 1],
        ))
    };
}

/// A block of this size that was freed before, or null.
pub(crate) fn take(size: usize) -> *mut u8 {
    if size > LARGEST {
        return null_mut();
    }
    LISTS.with(|lists| {
        // SAFETY: computes a size. The lists are this thread's alone and nothing called here comes
        // back to them; `good_size` of at most LARGEST is at most LARGEST, which is a size itself.
        unsafe {
            let list = &mut (&mut *lists.0.get())[mi::mi_good_size(size) / STEP];
            let block = list.first;
            if !block.is_null() {
                list.first = block.cast::<Link>().read_unaligned();
                list.length -= 1;
            }
            block
        }
    })
}

/// Keeps a freed block for the next one who wants its size; false if it is not kept.
///
/// # Safety
/// The block must be mimalloc's and no longer in use.
pub(crate) unsafe fn keep(block: *mut u8) -> bool {
    // SAFETY: the caller's promise.
    let size = unsafe { mi::mi_usable_size(block.cast()) };
    if !(STEP..=LARGEST).contains(&size) {
        return false;
    }
    LISTS.with(|lists| {
        // SAFETY: as in `take`; the block is free and holds at least a pointer, for which mimalloc
        // aligned it.
        unsafe {
            let list = &mut (&mut *lists.0.get())[size / STEP];
            let room = (list.length + 1) * size <= HELD;
            if room {
                block.cast::<Link>().write_unaligned(list.first);
                list.first = block;
                list.length += 1;
            }
            room
        }
    })
}

//! Buffers that all connections of a thread share, because thousands of idle connections must not
//! own one each. They are only lent for the length of a call or handed back after it.

use std::cell::{Cell, RefCell};

/// The largest read.
pub(crate) const READ: usize = 64 * 1024;

/// A buffer that grew beyond this is not kept.
const KEEP: usize = 64 * 1024;

thread_local! {
    static RECEIVE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Lends the receive buffer, `size` bytes of it (at most [`READ`]).
pub(crate) fn with_receive<R>(size: usize, use_it: impl FnOnce(&mut [u8]) -> R) -> R {
    let size = size.min(READ);
    RECEIVE.with(|buffer| match buffer.try_borrow_mut() {
        Ok(mut buffer) => {
            if buffer.len() < READ {
                buffer.resize(READ, 0);
            }
            use_it(&mut buffer[..size])
        }
        // Lent already, by a caller further up: rare enough for a buffer of its own.
        Err(_) => use_it(&mut vec![0; size]),
    })
}

/// An empty buffer for writing; give it back with [`give`].
pub(crate) fn take() -> Vec<u8> {
    SPARE.take()
}

/// Takes back a buffer.
pub(crate) fn give(mut buffer: Vec<u8>) {
    if buffer.capacity() <= KEEP {
        buffer.clear();
        SPARE.set(buffer);
    }
}

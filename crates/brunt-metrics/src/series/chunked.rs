//! A growing list that never moves what it holds.
//!
//! A `Vec` of a million entries copies megabytes when it grows, under a lock that every worker waits
//! for; this one adds another small piece.

const CHUNK: usize = 4096;

/// An append-only list.
#[derive(Debug)]
pub(super) struct Chunked<T> {
    chunks: Vec<Vec<T>>,
    len: usize,
}

impl<T> Default for Chunked<T> {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            len: 0,
        }
    }
}

impl<T: Copy> Chunked<T> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn push(&mut self, item: T) {
        if self.len.is_multiple_of(CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.push(item);
            self.len += 1;
        }
    }

    pub(super) fn get(&self, at: usize) -> Option<T> {
        self.chunks.get(at / CHUNK)?.get(at % CHUNK).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_stays_at_its_place() {
        let mut list = Chunked::default();
        assert_eq!(list.get(0), None);
        (0..10_000).for_each(|item| list.push(item));
        assert!((0..10_000).all(|at| list.get(at) == Some(at)));
        assert_eq!((list.len(), list.get(10_000)), (10_000, None));
    }
}

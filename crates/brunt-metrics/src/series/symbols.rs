//! Every different key and value of tags, once.

use std::hash::Hasher;
use std::sync::Arc;

use rustc_hash::FxHasher;

use super::arena::{Arena, Span};
use super::chunked::Chunked;
use super::index::Index;

/// How many texts are kept ready to share. Keys and values that few series differ in come first, so
/// these are the ones that are asked for again and again; the long tail is unique URLs.
const SHARED: usize = 16_384;

/// Texts by number.
#[derive(Debug, Default)]
pub(super) struct Symbols {
    texts: Texts,
    index: Index,
}

#[derive(Debug, Default)]
struct Texts {
    shared: Vec<Arc<str>>,
    packed: Chunked<Span>,
    arena: Arena,
}

impl Symbols {
    pub(super) fn find(&self, text: &str) -> Option<u32> {
        self.index.find(hash(text.as_bytes()), |at| {
            self.texts.bytes(at) == text.as_bytes()
        })
    }

    /// The number of a text, a new one if need be.
    pub(super) fn intern(&mut self, text: &Arc<str>) -> u32 {
        if let Some(at) = self.find(text) {
            return at;
        }
        let at = self.texts.push(text);
        self.index
            .insert(hash(text.as_bytes()), at, |at| hash(self.texts.bytes(at)));
        at
    }

    pub(super) fn text(&self, at: u32) -> Arc<str> {
        match self.texts.shared.get(at as usize) {
            Some(text) => Arc::clone(text),
            // It was a `str` when it was put there.
            None => String::from_utf8_lossy(self.texts.bytes(at)).into(),
        }
    }
}

impl Texts {
    fn push(&mut self, text: &Arc<str>) -> u32 {
        if self.shared.len() < SHARED {
            self.shared.push(Arc::clone(text));
        } else {
            self.packed.push(self.arena.push(text.as_bytes()));
        }
        (self.shared.len() + self.packed.len()) as u32 - 1
    }

    fn bytes(&self, at: u32) -> &[u8] {
        if let Some(text) = self.shared.get(at as usize) {
            return text.as_bytes();
        }
        let span = self.packed.get((at as usize).wrapping_sub(SHARED));
        span.map_or(&[], |span| self.arena.get(span))
    }
}

/// A hash of bytes, the same for texts and encoded tag sets.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    hasher.finish()
}

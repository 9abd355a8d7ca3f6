//! Tag sets by number.
//!
//! A set is kept as the numbers of its texts, seven bits to a byte: the usual ones take a byte or
//! two, so a set of ten tags takes some 25 bytes. As a [`TagSet`] it would be 320, without its texts.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::arena::{Arena, Span};
use super::chunked::Chunked;
use super::index::Index;
use super::symbols::{Symbols, hash};
use crate::tags::TagSet;

/// How many sets are also kept as they are; more than most tests ever have.
const READY: usize = 4096;

/// Tag sets by number.
#[derive(Debug, Default)]
pub(super) struct TagTable {
    symbols: Symbols,
    spans: Chunked<Span>,
    encoded: Arena,
    index: Index,
    ready: Vec<Arc<TagSet>>,
}

impl TagTable {
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    pub(super) fn find(&self, tags: &TagSet) -> Option<u32> {
        let mut encoded = Vec::with_capacity(tags.len() * 4);
        for (key, value) in tags.iter() {
            encode(self.symbols.find(key)?, &mut encoded);
            encode(self.symbols.find(value)?, &mut encoded);
        }
        self.find_encoded(&encoded)
    }

    /// The number of a set, a new one if need be.
    pub(super) fn intern(&mut self, tags: &TagSet) -> u32 {
        let mut encoded = Vec::with_capacity(tags.len() * 4);
        for (key, value) in tags.pairs() {
            encode(self.symbols.intern(key), &mut encoded);
            encode(self.symbols.intern(value), &mut encoded);
        }
        if let Some(at) = self.find_encoded(&encoded) {
            return at;
        }
        let at = self.spans.len() as u32;
        self.spans.push(self.encoded.push(&encoded));
        let (arena, spans) = (&self.encoded, &self.spans);
        let bytes = |at: u32| {
            spans
                .get(at as usize)
                .map_or(&[][..], |span| arena.get(span))
        };
        self.index.insert(hash(&encoded), at, |at| hash(bytes(at)));
        if self.ready.len() < READY {
            self.ready.push(Arc::new(tags.clone()));
        }
        at
    }

    pub(super) fn get(&self, at: u32) -> Option<Arc<TagSet>> {
        if let Some(ready) = self.ready.get(at as usize) {
            return Some(Arc::clone(ready));
        }
        let mut encoded = self.encoded.get(self.spans.get(at as usize)?);
        let mut pairs = Vec::new();
        while let (Some(key), Some(value)) = (decode(&mut encoded), decode(&mut encoded)) {
            pairs.push((self.symbols.text(key), self.symbols.text(value)));
        }
        Some(Arc::new(TagSet::from_sorted(pairs)))
    }

    /// The key with the most different values, and how many it has. Looks at every set.
    pub(super) fn widest(&self) -> Option<(Arc<str>, usize)> {
        let mut values: FxHashMap<u32, FxHashSet<u32>> = FxHashMap::default();
        for at in 0..self.spans.len() {
            let mut encoded = self.encoded.get(self.spans.get(at)?);
            while let (Some(key), Some(value)) = (decode(&mut encoded), decode(&mut encoded)) {
                values.entry(key).or_default().insert(value);
            }
        }
        let counted = values.iter();
        let counted = counted.map(|(key, values)| (values.len(), self.symbols.text(*key)));
        counted.max().map(|(count, key)| (key, count))
    }

    fn find_encoded(&self, encoded: &[u8]) -> Option<u32> {
        let is = |at: u32| {
            self.spans
                .get(at as usize)
                .is_some_and(|span| self.encoded.get(span) == encoded)
        };
        self.index.find(hash(encoded), is)
    }
}

/// LEB128.
fn encode(mut number: u32, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn decode(from: &mut &[u8]) -> Option<u32> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (&byte, rest) = from.split_first()?;
        *from = rest;
        number |= u32::from(byte & 0x7f).checked_shl(shift)?;
        if byte < 0x80 {
            return Some(number);
        }
        shift += 7;
    }
}

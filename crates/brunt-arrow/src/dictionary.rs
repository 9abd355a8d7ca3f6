//! Texts by number, as Arrow's and Parquet's dictionaries want them.
//!
//! Not a builder of Arrow's: those are emptied by looking at them, and this one is looked at again
//! and again while it grows.

use std::hash::Hasher;
use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::ArrowError;
use hashbrown::HashTable;
use rustc_hash::FxHasher;

/// Each text once, numbered in the order in which they came.
#[derive(Debug, Clone)]
pub struct Dictionary {
    bytes: Vec<u8>,
    /// One more than there are texts.
    offsets: Vec<i32>,
    index: HashTable<u32>,
    /// All texts as an array, until there is a new one.
    array: Option<ArrayRef>,
}

impl Default for Dictionary {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            offsets: vec![0],
            index: HashTable::new(),
            array: None,
        }
    }
}

impl Dictionary {
    /// The number of a text, a new one if need be; `None` if Arrow cannot hold any more text.
    pub fn key(&mut self, text: &str) -> Option<i32> {
        let (bytes, offsets) = (&self.bytes, &self.offsets);
        let is = |&key: &u32| at(bytes, offsets, key as usize) == text.as_bytes();
        let hash = hash(text.as_bytes());
        if let Some(&key) = self.index.find(hash, is) {
            return Some(key as i32);
        }
        let end = i32::try_from(self.bytes.len() + text.len()).ok()?;
        let key = i32::try_from(self.len()).ok()?;
        self.bytes.extend_from_slice(text.as_bytes());
        self.offsets.push(end);
        self.array = None;
        let (bytes, offsets) = (&self.bytes, &self.offsets);
        let again = |&key: &u32| self::hash(at(bytes, offsets, key as usize));
        self.index.insert_unique(hash, key as u32, again);
        Some(key)
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of a text; empty if there is no such number.
    pub fn text(&self, key: i32) -> &[u8] {
        at(&self.bytes, &self.offsets, key as usize)
    }

    /// About what it takes in memory.
    pub fn size(&self) -> usize {
        const EACH: usize = 4 + 8;
        self.bytes.len() + self.len() * EACH
    }

    /// All texts in their order. The same array as long as no text was added, which is how a writer of
    /// a stream sees that it need not send it again.
    pub fn array(&mut self) -> Result<ArrayRef, ArrowError> {
        if let Some(array) = &self.array {
            return Ok(Arc::clone(array));
        }
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets.clone()));
        let texts = Buffer::from_vec(self.bytes.clone());
        let array: ArrayRef = Arc::new(StringArray::try_new(offsets, texts, None)?);
        Ok(Arc::clone(self.array.insert(array)))
    }
}

fn at<'a>(bytes: &'a [u8], offsets: &[i32], key: usize) -> &'a [u8] {
    match offsets.get(key..).and_then(|from| from.get(..2)) {
        Some(&[from, to]) => bytes.get(from as usize..to as usize).unwrap_or_default(),
        _ => &[],
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;

    use super::*;

    #[test]
    fn a_text_keeps_its_number() {
        let mut dictionary = Dictionary::default();
        let texts: Vec<String> = (0..1000).map(|n| format!("{}", n % 300)).collect();
        let keys: Vec<_> = texts.iter().map(|text| dictionary.key(text)).collect();
        assert_eq!(dictionary.len(), 300);
        let array = dictionary.array().unwrap();
        for (text, key) in texts.iter().zip(keys) {
            assert_eq!(array.as_string::<i32>().value(key.unwrap() as usize), text);
        }
        assert!(Arc::ptr_eq(&array, &dictionary.array().unwrap()));
        assert_eq!(dictionary.key(""), Some(300));
        assert_eq!(dictionary.array().unwrap().len(), 301);
        assert_eq!(
            (dictionary.text(299), dictionary.text(301)),
            (&b"299"[..], &b""[..])
        );
    }
}

//! Maps of text to text: tags without a column, and metadata.

use std::sync::Arc;

use arrow_array::{ArrayRef, MapArray, StringArray, StructArray};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field};

use crate::dictionary::Dictionary;
use crate::schema::entry;

/// Maps by number, each text once.
#[derive(Debug, Clone)]
pub struct MapTable {
    keys: Dictionary,
    values: Dictionary,
    /// Numbers in both dictionaries, all maps one after the other.
    entries: Vec<(i32, i32)>,
    /// Where each map ends.
    ends: Vec<u32>,
    /// Bytes of text in the longest map.
    longest: usize,
}

impl Default for MapTable {
    /// A table with the empty map as number 0.
    fn default() -> Self {
        Self {
            keys: Dictionary::default(),
            values: Dictionary::default(),
            entries: Vec::new(),
            ends: vec![0],
            longest: 0,
        }
    }
}

impl MapTable {
    /// Adds a map; gives its number, 0 for an empty one. `None` if there is no room.
    pub fn add<'a>(&mut self, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<u32> {
        let before = self.entries.len();
        let mut length = 0;
        for (key, value) in pairs {
            length += key.len() + value.len();
            let Some(entry) = self.keys.key(key).zip(self.values.key(value)) else {
                self.entries.truncate(before);
                return None;
            };
            self.entries.push(entry);
        }
        if self.entries.len() == before {
            return Some(0);
        }
        self.ends.push(u32::try_from(self.entries.len()).ok()?);
        self.longest = self.longest.max(length);
        u32::try_from(self.ends.len() - 1).ok()
    }

    /// The entries of a map: numbers of keys and values.
    pub fn entries(&self, map: u32) -> &[(i32, i32)] {
        let map = map as usize;
        let from = map.checked_sub(1).map_or(0, |before| self.ends[before]);
        let to = self.ends.get(map).copied().unwrap_or(from);
        self.entries
            .get(from as usize..to as usize)
            .unwrap_or_default()
    }

    /// The texts of keys.
    pub fn keys(&self) -> &Dictionary {
        &self.keys
    }

    /// The texts of values.
    pub fn values(&self) -> &Dictionary {
        &self.values
    }

    /// Whether there is no map but the empty one.
    pub fn is_empty(&self) -> bool {
        self.ends.len() == 1
    }

    /// Bytes of text in the longest map.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// About what it takes in memory.
    pub fn size(&self) -> usize {
        self.keys.size() + self.values.size() + self.entries.len() * 8 + self.ends.len() * 4
    }

    /// The maps of rows as a column; an error if their text is more than Arrow can hold.
    pub fn array(
        &self,
        rows: impl ExactSizeIterator<Item = u32>,
        field: &Field,
    ) -> Result<ArrayRef, ArrowError> {
        let DataType::Map(of, sorted) = field.data_type() else {
            let message = format!("{} is no map", field.name());
            return Err(ArrowError::SchemaError(message));
        };
        let mut ends: Vec<i32> = Vec::with_capacity(rows.len() + 1);
        ends.push(0);
        let (mut keys, mut values) = (Texts::default(), Texts::default());
        if self.is_empty() {
            ends.resize(rows.len() + 1, 0);
        } else {
            let mut count = 0_i32;
            for row in rows {
                for &(key, value) in self.entries(row) {
                    keys.push(self.keys.text(key))?;
                    values.push(self.values.text(value))?;
                    count = count.checked_add(1).ok_or_else(too_much)?;
                }
                ends.push(count);
            }
        }
        let columns = vec![keys.finish()?, values.finish()?];
        let entries = StructArray::try_new(entry(), columns, None)?;
        let ends = OffsetBuffer::new(ScalarBuffer::from(ends));
        let maps = MapArray::try_new(Arc::clone(of), ends, entries, None, *sorted)?;
        Ok(Arc::new(maps))
    }
}

/// A column of texts that grows.
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<i32>,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            ends: vec![0],
        }
    }
}

impl Texts {
    fn push(&mut self, text: &[u8]) -> Result<(), ArrowError> {
        self.bytes.extend_from_slice(text);
        self.ends
            .push(i32::try_from(self.bytes.len()).map_err(|_| too_much())?);
        Ok(())
    }

    fn finish(self) -> Result<ArrayRef, ArrowError> {
        let ends = OffsetBuffer::new(ScalarBuffer::from(self.ends));
        let array = StringArray::try_new(ends, Buffer::from_vec(self.bytes), None)?;
        Ok(Arc::new(array))
    }
}

fn too_much() -> ArrowError {
    ArrowError::InvalidArgumentError("more text than a batch can hold".to_owned())
}

//! A column of maps from text to text.

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};

use super::texts::plain;
use super::{DecodeError, wrong};

/// The entries of each row; nothing anywhere if there is no such column.
#[derive(Default)]
pub(super) struct Maps<'a> {
    /// From where to where, by row.
    ranges: Vec<(usize, usize)>,
    keys: Vec<Option<&'a str>>,
    values: Vec<Option<&'a str>>,
}

impl<'a> Maps<'a> {
    pub(super) fn of(batch: &'a RecordBatch, name: &'static str) -> Result<Self, DecodeError> {
        let Some(array) = batch.column_by_name(name) else {
            return Ok(Self::default());
        };
        let maps = array
            .as_map_opt()
            .ok_or_else(|| wrong(name, array, "a map of text to text"))?;
        let offsets = maps.value_offsets();
        let range = |row: usize| {
            if maps.is_null(row) {
                (0, 0)
            } else {
                (offsets[row] as usize, offsets[row + 1] as usize)
            }
        };
        Ok(Self {
            ranges: (0..maps.len()).map(range).collect(),
            keys: plain(name, maps.keys())?,
            values: plain(name, maps.values())?,
        })
    }

    /// The entries of a row; those without a key or a value are none.
    pub(super) fn entries(&self, row: usize) -> impl Iterator<Item = (&'a str, &'a str)> + '_ {
        let range = self.range(row);
        let keys = self.keys.get(range.clone()).unwrap_or_default();
        let values = self.values.get(range).unwrap_or_default();
        keys.iter()
            .zip(values)
            .filter_map(|(key, value)| Some(((*key)?, (*value)?)))
    }

    pub(super) fn same(&self, one: usize, other: usize) -> bool {
        one == other || self.entries(one).eq(self.entries(other))
    }

    fn range(&self, row: usize) -> std::ops::Range<usize> {
        let (from, to) = self.ranges.get(row).copied().unwrap_or_default();
        from..to
    }
}

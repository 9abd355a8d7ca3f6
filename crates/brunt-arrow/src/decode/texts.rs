//! A column of texts, however it is stored.

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use rustc_hash::FxHashMap;

use super::{DecodeError, column, wrong};

/// What stands in each row: nothing, or a number of a text.
#[derive(Default)]
pub(super) struct Texts<'a> {
    /// By row; 0 is nothing, the texts begin at 1. Empty: nothing anywhere.
    keys: Vec<u32>,
    texts: Vec<Option<&'a str>>,
}

impl<'a> Texts<'a> {
    pub(super) fn of(batch: &'a RecordBatch, name: &'static str) -> Result<Self, DecodeError> {
        Self::read(name, column(batch, name)?)
    }

    pub(super) fn optional(
        batch: &'a RecordBatch,
        name: &'static str,
    ) -> Result<Self, DecodeError> {
        let array = batch.column_by_name(name);
        array.map_or_else(|| Ok(Self::default()), |array| Self::read(name, array))
    }

    pub(super) fn read(name: &str, array: &'a ArrayRef) -> Result<Self, DecodeError> {
        if let Some(dictionary) = array.as_any_dictionary_opt() {
            let texts = strings(name, dictionary.values())?;
            if texts.is_empty() {
                return Ok(Self::default());
            }
            let keys = dictionary.normalized_keys().into_iter().enumerate();
            // A null may stand in the keys as well as in the dictionary.
            let key = |(row, key): (usize, usize)| match texts.get(key) {
                Some(Some(_)) if dictionary.keys().is_valid(row) => key as u32 + 1,
                _ => 0,
            };
            return Ok(Self {
                keys: keys.map(key).collect(),
                texts,
            });
        }
        let mut number: FxHashMap<&str, u32> = FxHashMap::default();
        let mut texts = Vec::new();
        let mut key = |text: Option<&'a str>| {
            let Some(text) = text else { return 0 };
            *number.entry(text).or_insert_with(|| {
                texts.push(Some(text));
                texts.len() as u32
            })
        };
        let keys = strings(name, array)?.into_iter().map(&mut key).collect();
        Ok(Self { keys, texts })
    }

    /// Equal in two rows of one column where their texts are.
    pub(super) fn key(&self, row: usize) -> u32 {
        self.keys.get(row).copied().unwrap_or_default()
    }

    pub(super) fn get(&self, row: usize) -> Option<&'a str> {
        let at = (self.key(row) as usize).checked_sub(1)?;
        self.texts.get(at).copied().flatten()
    }
}

/// Every text of a plain column.
fn strings<'a>(name: &str, array: &'a ArrayRef) -> Result<Vec<Option<&'a str>>, DecodeError> {
    Ok(match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().iter().collect(),
        DataType::LargeUtf8 => array.as_string::<i64>().iter().collect(),
        DataType::Utf8View => array.as_string_view().iter().collect(),
        DataType::Null => vec![None; array.len()],
        _ => return Err(wrong(name, array, "text")),
    })
}

/// A plain column of texts in the one form that maps have.
pub(super) fn plain<'a>(
    name: &str,
    array: &'a ArrayRef,
) -> Result<Vec<Option<&'a str>>, DecodeError> {
    if array.as_any_dictionary_opt().is_none() {
        return strings(name, array);
    }
    let texts = Texts::read(name, array)?;
    Ok((0..array.len()).map(|row| texts.get(row)).collect())
}

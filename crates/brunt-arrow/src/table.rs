//! Series as rows of dictionary keys: each is looked at once, however many samples it has.

use brunt_metrics::{Metric, TagSet};

use crate::dictionary::Dictionary;
use crate::maps::MapTable;
use crate::schema::{METRIC, SampleSchema, TYPE, UNIT, unit};

/// The key that stands for null.
pub(crate) const NULL: i32 = -1;

/// Row that stands for a series that was not looked at yet.
const UNKNOWN: u32 = u32::MAX;

/// A column of texts: what each series has there.
#[derive(Debug, Clone)]
pub struct TextColumn {
    name: &'static str,
    dictionary: Dictionary,
    keys: Vec<i32>,
    nullable: bool,
}

/// Series by row, with the keys of each text column and the map of all other tags.
#[derive(Debug, Clone)]
pub struct SeriesTable {
    columns: Vec<TextColumn>,
    /// Other tags than those with columns.
    tags: MapTable,
    maps: Vec<u32>,
    /// Row by interned series.
    rows: Vec<u32>,
    /// The interned series that have a row, to forget them without looking at all.
    known: Vec<u32>,
}

impl TextColumn {
    fn new(name: &'static str, nullable: bool) -> Self {
        Self {
            name,
            dictionary: Dictionary::default(),
            keys: Vec::new(),
            nullable,
        }
    }

    /// The column's name in the schema.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its texts.
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// The same, to make an array of it.
    pub fn dictionary_mut(&mut self) -> &mut Dictionary {
        &mut self.dictionary
    }

    /// The key of each series; -1 where it has none.
    pub fn keys(&self) -> &[i32] {
        &self.keys
    }

    /// Whether a series can have nothing here.
    pub fn is_nullable(&self) -> bool {
        self.nullable
    }
}

impl SeriesTable {
    /// An empty table with the columns of this schema.
    pub fn new(schema: &SampleSchema) -> Self {
        let mut columns = vec![
            TextColumn::new(METRIC, false),
            TextColumn::new(TYPE, false),
            TextColumn::new(UNIT, true),
        ];
        columns.extend(schema.tags().iter().map(|tag| TextColumn::new(tag, true)));
        Self {
            columns,
            tags: MapTable::default(),
            maps: Vec::new(),
            rows: Vec::new(),
            known: Vec::new(),
        }
    }

    /// The row of an interned series, if it has one.
    pub fn row(&self, series: u32) -> Option<u32> {
        let row = self.rows.get(series as usize).copied();
        row.filter(|row| *row != UNKNOWN)
    }

    /// Adds a series; gives its row, `None` if there is no room for more text.
    pub fn add(&mut self, metric: &Metric, tags: &TagSet) -> Option<u32> {
        let row = u32::try_from(self.maps.len()).ok()?;
        let columns = &self.columns;
        let other =
            |(key, _): &(&str, &str)| !columns[3..].iter().any(|column| column.name == *key);
        let map = self.tags.add(tags.iter().filter(other))?;
        let text = |at: usize, name: &'static str| match at {
            0 => Some(&*metric.name),
            1 => Some(metric.kind.as_str()),
            2 => unit(metric.contains),
            _ => tags.get(name),
        };
        let mut keys = Vec::with_capacity(self.columns.len());
        for (at, column) in self.columns.iter_mut().enumerate() {
            keys.push(match text(at, column.name) {
                Some(text) => column.dictionary.key(text)?,
                None => NULL,
            });
        }
        for (column, key) in self.columns.iter_mut().zip(keys) {
            column.keys.push(key);
        }
        self.maps.push(map);
        Some(row)
    }

    /// Notes that this interned series has this row.
    pub fn remember(&mut self, series: u32, row: u32) {
        let at = series as usize;
        if self.rows.len() <= at {
            self.rows.resize(at + 1, UNKNOWN);
        }
        self.rows[at] = row;
        self.known.push(series);
    }

    /// The text columns in the order of the schema, `time` and `value` left out.
    pub fn columns(&self) -> &[TextColumn] {
        &self.columns
    }

    /// The same, to make arrays of them.
    pub fn columns_mut(&mut self) -> &mut [TextColumn] {
        &mut self.columns
    }

    /// Tags that have no column.
    pub fn tags(&self) -> &MapTable {
        &self.tags
    }

    /// The map of other tags that each series has.
    pub fn maps(&self) -> &[u32] {
        &self.maps
    }

    /// How many series have a row.
    pub fn len(&self) -> usize {
        self.maps.len()
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.maps.is_empty()
    }

    /// About what it takes in memory, in bytes.
    pub fn size(&self) -> usize {
        let dictionaries: usize = self.columns.iter().map(|c| c.dictionary.size()).sum();
        let rows = self.len() * (4 * self.columns.len() + 8);
        dictionaries + rows + self.tags.size()
    }

    /// Forgets all series.
    pub fn clear(&mut self) {
        for series in self.known.drain(..) {
            self.rows[series as usize] = UNKNOWN;
        }
        for column in &mut self.columns {
            column.dictionary = Dictionary::default();
            column.keys.clear();
        }
        self.tags = MapTable::default();
        self.maps.clear();
    }
}

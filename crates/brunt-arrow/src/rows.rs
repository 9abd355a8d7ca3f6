//! Samples in columns, with everything but time and value replaced by numbers.

/// Samples one after the other; all columns have the same length.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// Row of the series in [`crate::SeriesTable`].
    pub series: Vec<u32>,
    /// Row of the metadata in the encoder's table; 0 for none.
    pub metadata: Vec<u32>,
    /// Nanoseconds since the Unix epoch.
    pub time: Vec<i64>,
    /// What was measured.
    pub value: Vec<f64>,
}

impl Rows {
    /// What a row takes in memory, in bytes.
    pub const SIZE: usize = 4 + 4 + 8 + 8;

    /// How many there are.
    pub fn len(&self) -> usize {
        self.series.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// Forgets all, keeps the memory.
    pub fn clear(&mut self) {
        self.series.clear();
        self.metadata.clear();
        self.time.clear();
        self.value.clear();
    }
}

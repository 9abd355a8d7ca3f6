//! The column of values, in the encoding that makes it smaller.
//!
//! Split into its bytes, a column of measurements whose digits are all different compresses better; one
//! whose values come back, because they are zeros, ones or times of few digits, compresses better as it
//! is. Which it is shows in its first values.

use parquet::basic::Encoding;
use parquet::errors::Result;
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::schema::types::ColumnDescPtr;

use crate::column::{Chunk, ChunkWriter, Compressor, PageContent};
use crate::row_group::pages;

/// Values that both encodings are tried with.
const TRIED: usize = 32 * 1024;

/// All values as a column chunk.
pub(crate) fn write(
    values: &[f64],
    column: ColumnDescPtr,
    compressor: &mut Compressor,
) -> Result<Chunk> {
    let mut size = |encoding| {
        let mut chunk = ChunkWriter::plain(column.clone(), compressor);
        chunk.page(page(&values[..values.len().min(TRIED)], encoding))?;
        Ok::<_, parquet::errors::ParquetError>(chunk.len())
    };
    let plain = size(Encoding::PLAIN)?;
    let encoding = if size(Encoding::BYTE_STREAM_SPLIT)? < plain {
        Encoding::BYTE_STREAM_SPLIT
    } else {
        Encoding::PLAIN
    };
    let mut chunk = ChunkWriter::plain(column, compressor);
    for rows in pages(values.len()) {
        chunk.page(page(&values[rows], encoding))?;
    }
    chunk.finish(bounds(values))
}

fn page(values: &[f64], encoding: Encoding) -> PageContent {
    PageContent {
        levels: [None, None],
        values: if encoding == Encoding::PLAIN {
            whole(values)
        } else {
            split(values)
        },
        encoding,
        count: values.len(),
        nulls: 0,
        rows: values.len(),
    }
}

/// One value after the other.
fn whole(values: &[f64]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(values.len() * 8);
    for value in values {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    bytes
}

/// All first bytes, then all second bytes, and so on.
fn split(values: &[f64]) -> Vec<u8> {
    let mut bytes = vec![0; values.len() * 8];
    for (at, value) in values.iter().enumerate() {
        for (stream, byte) in value.to_le_bytes().into_iter().enumerate() {
            bytes[stream * values.len() + at] = byte;
        }
    }
    bytes
}

/// Smallest and largest value; none where one is not a number, because then there is no order.
fn bounds(values: &[f64]) -> Statistics {
    let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values {
        min = min.min(*value);
        max = max.max(*value);
    }
    let known = min <= max && !values.iter().any(|value| value.is_nan());
    // Zeros have two signs, and either may be the one that was found.
    let min = known.then_some(if min == 0.0 { -0.0 } else { min });
    let max = known.then_some(if max == 0.0 { 0.0 } else { max });
    Statistics::Double(ValueStatistics::new(min, max, None, Some(0), false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_split_as_the_format_says() {
        let values = [
            f64::from_le_bytes([1, 2, 3, 4, 5, 6, 7, 8]),
            f64::from_le_bytes([11, 12, 13, 14, 15, 16, 17, 18]),
        ];
        assert_eq!(
            split(&values),
            [1, 11, 2, 12, 3, 13, 4, 14, 5, 15, 6, 16, 7, 17, 8, 18]
        );
    }

    #[test]
    fn bounds_leave_out_what_has_no_order() {
        let of = |values: &[f64]| match bounds(values) {
            Statistics::Double(of) => of.min_opt().copied().zip(of.max_opt().copied()),
            _ => None,
        };
        assert_eq!(of(&[2.0, -1.0, f64::INFINITY]), Some((-1.0, f64::INFINITY)));
        assert_eq!(of(&[2.0, f64::NAN]), None);
        assert_eq!(of(&[]), None);
        let (min, max) = of(&[0.0, -0.0]).unwrap();
        assert!(min.is_sign_negative() && max.is_sign_positive());
    }
}

//! Parquet's hybrid of runs and packed bits, for levels and dictionary keys.
//!
//! Our own and not the library's, because the library's writer of dictionaries hashes the text of every
//! value, and here the keys are known: a column of texts costs a sample one comparison.
//! Format: <https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE>

/// Packed values are written out when there are this many; a multiple of 8.
const PACKED: usize = 504;

/// Writes values of a fixed width. Runs of equal values are added together.
#[derive(Debug)]
pub(crate) struct Hybrid {
    out: Vec<u8>,
    width: u32,
    value: u32,
    count: usize,
    packed: Vec<u32>,
}

/// How many bits the numbers below `count` take.
pub(crate) fn width(count: usize) -> u32 {
    usize::BITS - count.saturating_sub(1).leading_zeros()
}

impl Hybrid {
    /// Appends to what is there.
    pub(crate) fn new(out: Vec<u8>, width: u32) -> Self {
        Self {
            out,
            width,
            value: 0,
            count: 0,
            packed: Vec::with_capacity(PACKED),
        }
    }

    /// Adds a value, so many times.
    #[inline]
    pub(crate) fn put(&mut self, value: u32, count: usize) {
        if value == self.value {
            self.count += count;
        } else if count > 0 {
            self.end_run();
            self.value = value;
            self.count = count;
        }
    }

    /// The bytes, everything written.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.end_run();
        self.write_packed();
        self.out
    }

    fn end_run(&mut self) {
        // Packed values come in groups of eight, which only the end may leave open.
        let open = self.packed.len() % 8;
        if open > 0 {
            let fill = (8 - open).min(self.count);
            self.pack(fill);
        }
        if self.count >= 8 {
            self.write_packed();
            self.number((self.count as u64) << 1);
            let bytes = self.width.div_ceil(8) as usize;
            self.out
                .extend_from_slice(&self.value.to_le_bytes()[..bytes]);
            self.count = 0;
        } else {
            self.pack(self.count);
        }
    }

    fn pack(&mut self, count: usize) {
        let filled = self.packed.len() + count;
        self.packed.resize(filled, self.value);
        self.count -= count;
        if filled >= PACKED && filled.is_multiple_of(8) {
            self.write_packed();
        }
    }

    fn write_packed(&mut self) {
        if self.packed.is_empty() {
            return;
        }
        let groups = self.packed.len().div_ceil(8);
        self.packed.resize(groups * 8, 0);
        self.number((groups as u64) << 1 | 1);
        let (mut bits, mut held) = (0_u64, 0);
        for value in self.packed.drain(..) {
            bits |= u64::from(value) << held;
            held += self.width;
            while held >= 8 {
                self.out.push(bits as u8);
                bits >>= 8;
                held -= 8;
            }
        }
    }

    /// LEB128.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.out.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.out.push(number as u8);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads as the specification says.
    fn read(mut bytes: &[u8], width: u32, count: usize) -> Vec<u32> {
        let mut values = Vec::new();
        while values.len() < count {
            let (mut header, mut shift) = (0_u64, 0);
            loop {
                let byte = bytes[0];
                bytes = &bytes[1..];
                header |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte < 0x80 {
                    break;
                }
            }
            let size = (header >> 1) as usize;
            if header & 1 == 0 {
                let wide = width.div_ceil(8) as usize;
                let mut value = [0; 4];
                value[..wide].copy_from_slice(&bytes[..wide]);
                bytes = &bytes[wide..];
                values.extend(std::iter::repeat_n(u32::from_le_bytes(value), size));
            } else {
                let bit = |at: usize| u32::from(bytes[at / 8] >> (at % 8) & 1);
                for at in 0..size * 8 {
                    let from = at * width as usize;
                    values.push((0..width).map(|n| bit(from + n as usize) << n).sum());
                }
                bytes = &bytes[size * width as usize..];
            }
        }
        assert!(bytes.is_empty(), "nothing after the last value");
        values.truncate(count);
        values
    }

    #[test]
    fn widths_fit_the_largest_number() {
        let widths = [
            (0, 0),
            (1, 0),
            (2, 1),
            (3, 2),
            (4, 2),
            (5, 3),
            (256, 8),
            (257, 9),
        ];
        for (count, expected) in widths {
            assert_eq!(width(count), expected, "{count}");
        }
    }

    #[test]
    fn a_long_run_takes_few_bytes() {
        let mut hybrid = Hybrid::new(Vec::new(), 1);
        for _ in 0..100_000 {
            hybrid.put(1, 1);
        }
        assert_eq!(hybrid.finish(), [0xc0, 0x9a, 0x0c, 1]);
    }

    proptest! {
        #[test]
        fn values_come_back(
            width in 0_u32..=31,
            runs in prop::collection::vec((any::<u32>(), 1_usize..40), 0..200),
            short in any::<bool>(),
        ) {
            let mut hybrid = Hybrid::new(Vec::new(), width);
            let mut expected = Vec::new();
            for (value, count) in runs {
                let value = value & ((1_u64 << width) - 1) as u32;
                let count = if short { count % 3 + 1 } else { count };
                hybrid.put(value, count);
                expected.extend(std::iter::repeat_n(value, count));
            }
            prop_assert_eq!(read(&hybrid.finish(), width, expected.len()), expected);
        }
    }
}

//! A window of counts over bucket indices, with a bit for each bucket that is not empty.
//!
//! Dense, because adding to a sorted list or a hash map costs several times more. The bits make
//! reading and emptying cheap: a flush every 50 ms must not walk 32 000 counts of which ten are set.

/// Counts by bucket index.
#[derive(Debug, Clone, Default)]
pub(crate) struct Buckets {
    /// The index of `counts[0]`.
    offset: i32,
    counts: Vec<u64>,
    /// Bit `i % 64` of word `i / 64` is set if `counts[i]` is not zero.
    used: Vec<u64>,
}

/// The smallest window that is allocated.
const FIRST_WINDOW: usize = 8;

impl Buckets {
    /// Adds to a bucket inside the window; false if it lies outside.
    #[inline]
    pub(crate) fn add(&mut self, index: i32, n: u64) -> bool {
        let at = index.wrapping_sub(self.offset) as u32 as usize;
        let Some(count) = self.counts.get_mut(at) else {
            return false;
        };
        *count += n;
        if let Some(word) = self.used.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
        true
    }

    /// Makes the window reach `index`. Where that takes more than `max` buckets the answer is by
    /// how many scales the histogram has to shrink first, and nothing has changed.
    #[cold]
    pub(crate) fn reach(&mut self, index: i32, max: usize) -> Result<(), u32> {
        let (low, high) = self.ends().map_or((index, index), |(low, high)| {
            (low.min(index), high.max(index))
        });
        let mut shrink = 0;
        while i64::from(high >> shrink) - i64::from(low >> shrink) >= max as i64 {
            shrink += 1;
        }
        if shrink > 0 {
            return Err(shrink);
        }
        let span = (high - low) as usize + 1;
        let len = self
            .counts
            .len()
            .max(span.next_power_of_two())
            .clamp(FIRST_WINDOW.min(max), max);
        // Spare room goes to both sides, as the next value may be smaller or larger.
        let offset = low - ((len - span) / 2) as i32;
        if len == self.counts.len() && self.is_empty() {
            self.offset = offset;
            return Ok(());
        }
        let mut wider = Self::with_window(offset, len);
        for (index, n) in self.iter() {
            wider.add(index, n);
        }
        *self = wider;
        Ok(())
    }

    /// The counts after `by` steps to a coarser scale.
    pub(crate) fn shrunk(&self, by: u32) -> Self {
        let Some((low, high)) = self.ends() else {
            return Self::default();
        };
        let (low, high) = (low >> by, high >> by);
        let mut coarse = Self::with_window(low, (high - low) as usize + 1);
        for (index, n) in self.iter() {
            coarse.add(index >> by, n);
        }
        coarse
    }

    /// Empties the buckets and keeps the window.
    pub(crate) fn clear(&mut self) {
        for (word_at, word) in self.used.iter_mut().enumerate() {
            let mut bits = std::mem::take(word);
            while bits != 0 {
                self.counts[word_at * 64 + bits.trailing_zeros() as usize] = 0;
                bits &= bits - 1;
            }
        }
    }

    /// Buckets that are not empty, in ascending order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i32, u64)> {
        self.used
            .iter()
            .enumerate()
            .flat_map(move |(word_at, &word)| {
                std::iter::successors(Some(word), |bits| Some(bits & bits.wrapping_sub(1)))
                    .take_while(|&bits| bits != 0)
                    .map(move |bits| {
                        let at = word_at * 64 + bits.trailing_zeros() as usize;
                        (self.offset + at as i32, self.counts[at])
                    })
            })
    }

    /// The lowest and the highest bucket that is not empty.
    fn ends(&self) -> Option<(i32, i32)> {
        let first = self.used.iter().position(|&word| word != 0)?;
        let last = self.used.iter().rposition(|&word| word != 0)?;
        let low = first * 64 + self.used[first].trailing_zeros() as usize;
        let high = last * 64 + 63 - self.used[last].leading_zeros() as usize;
        Some((self.offset + low as i32, self.offset + high as i32))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.used.iter().all(|&word| word == 0)
    }

    fn with_window(offset: i32, len: usize) -> Self {
        Self {
            offset,
            counts: vec![0; len],
            used: vec![0; len.div_ceil(64)],
        }
    }
}

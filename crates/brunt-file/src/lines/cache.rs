//! Rendered series by id, bounded in bytes.
//!
//! Ids are dense, so a look-up is an index and not a hash. Texts lie one after the other in two arenas
//! instead of a list in order of use: what was used lately is in the young one, and when that is half
//! the bound it becomes the old one and the old one is forgotten. So a series in use is not rendered again
//! and again, and millions of unique URLs cost no memory beyond their place in the index.

/// Rendered series.
#[derive(Debug)]
pub(crate) struct Cache {
    /// By id.
    places: Vec<Place>,
    young: Vec<u8>,
    old: Vec<u8>,
    /// The number of the young arena, from 1 on; the old one has the number before.
    generation: u32,
    bound: usize,
}

/// Where the text of a series lies.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// Which arena; 0 is none.
    generation: u32,
    start: u32,
    middle: u32,
    end: u32,
}

impl Cache {
    /// A cache whose texts take about this many bytes, at most 2 GiB.
    pub(crate) fn new(bound: usize) -> Self {
        Self {
            places: Vec::new(),
            young: Vec::new(),
            old: Vec::new(),
            generation: 1,
            bound: bound.min(1 << 31) / 2,
        }
    }

    /// What stands before the time and what stands after the value. `render` appends both if they are
    /// not known and returns the length of what it was given together with the first part; `None` if the
    /// series cannot be rendered.
    #[inline]
    pub(crate) fn get(
        &mut self,
        id: u32,
        render: impl FnOnce(&mut Vec<u8>) -> Option<usize>,
    ) -> Option<(&[u8], &[u8])> {
        let known = self.places.get(id as usize).copied().unwrap_or_default();
        let place = if known.generation == self.generation {
            known
        } else {
            self.bring(id, known, render)?
        };
        let (start, middle, end) = (place.start, place.middle, place.end);
        let text = self.young.get(start as usize..end as usize)?;
        text.split_at_checked((middle - start) as usize)
    }

    /// Puts a series into the young arena.
    #[cold]
    fn bring(
        &mut self,
        id: u32,
        known: Place,
        render: impl FnOnce(&mut Vec<u8>) -> Option<usize>,
    ) -> Option<Place> {
        if self.young.len() >= self.bound {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
            // Four thousand million times 16 MB: never.
            self.generation += 1;
        }
        let start = self.young.len();
        // A text is at most as long as a URL may be, so this is far below 4 GiB.
        let was_old = known.generation != 0 && known.generation + 1 == self.generation;
        let middle = if was_old {
            let text = self.old.get(known.start as usize..known.end as usize)?;
            self.young.extend_from_slice(text);
            start + (known.middle - known.start) as usize
        } else if let Some(middle) = render(&mut self.young) {
            middle
        } else {
            self.young.truncate(start);
            return None;
        };
        let place = Place {
            generation: self.generation,
            start: u32::try_from(start).ok()?,
            middle: u32::try_from(middle).ok()?,
            end: u32::try_from(self.young.len()).ok()?,
        };
        let at = id as usize;
        if self.places.len() <= at {
            self.places.resize(at + 1, Place::default());
        }
        self.places[at] = place;
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::unnecessary_wraps)] // As the cache wants it.
    fn render(id: u32, text: &mut Vec<u8>) -> Option<usize> {
        text.extend_from_slice(format!("a{id}").as_bytes());
        let middle = text.len();
        text.extend_from_slice(&[b'z'; 100]);
        Some(middle)
    }

    #[test]
    fn a_series_in_use_is_rendered_once_while_others_pass_by() {
        let mut cache = Cache::new(64 * 1024);
        let mut renders = 0;
        for id in 1..10_000 {
            let kept = cache.get(0, |text| {
                renders += 1;
                render(0, text)
            });
            assert_eq!(kept.unwrap(), (&b"a0"[..], &[b'z'; 100][..]));
            let other = cache.get(id, |text| render(id, text)).unwrap();
            assert_eq!(other, (format!("a{id}").as_bytes(), &[b'z'; 100][..]));
            assert!(cache.young.len() + cache.old.len() <= 65 * 1024);
        }
        assert_eq!(renders, 1);
    }

    #[test]
    fn what_was_forgotten_is_rendered_again_and_what_cannot_be_leaves_nothing() {
        let mut cache = Cache::new(1024);
        for round in 0..3 {
            let mut renders = 0;
            for id in 0..100 {
                let text = cache.get(id, |text| {
                    renders += 1;
                    render(id, text)
                });
                assert_eq!(text.unwrap().0, format!("a{id}").as_bytes());
            }
            assert_eq!(renders, 100, "round {round}");
        }
        let before = cache.young.len();
        let failed = cache.get(7_000, |text| {
            text.push(b'x');
            None
        });
        assert!(failed.is_none() && cache.young.len() <= before);
    }
}

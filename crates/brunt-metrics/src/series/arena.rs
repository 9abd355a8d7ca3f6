//! Many short byte strings in few allocations.
//!
//! A `Box` or `Arc` for each costs 16 to 32 bytes beside its content, which is most of what a series
//! would need. Chunks are never moved once made, so growing does not copy what is there.

const CHUNK: usize = 1 << 16;

/// Where bytes are in an [`Arena`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    chunk: u32,
    start: u16,
    len: u16,
}

/// Marks a span that is a whole chunk, for what is longer than `u16` can say.
const WHOLE: u16 = u16::MAX;

/// Append-only bytes.
#[derive(Debug, Default)]
pub(super) struct Arena {
    chunks: Vec<Vec<u8>>,
    /// The chunk that is being filled.
    open: Option<usize>,
}

impl Arena {
    /// Keeps a copy of the bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Span {
        if bytes.len() >= usize::from(WHOLE) {
            self.chunks.push(bytes.to_vec());
            return Span {
                chunk: self.chunks.len() as u32 - 1,
                start: 0,
                len: WHOLE,
            };
        }
        let at = match self.open {
            Some(at) if self.chunks[at].len() + bytes.len() <= CHUNK => at,
            _ => {
                self.chunks.push(Vec::with_capacity(CHUNK));
                self.chunks.len() - 1
            }
        };
        self.open = Some(at);
        let chunk = &mut self.chunks[at];
        // A full chunk takes nothing but empty strings, which are the same wherever they are.
        let start = chunk.len() as u16;
        chunk.extend_from_slice(bytes);
        Span {
            chunk: at as u32,
            start,
            len: bytes.len() as u16,
        }
    }

    pub(super) fn get(&self, span: Span) -> &[u8] {
        let chunk = &self.chunks[span.chunk as usize];
        if span.len == WHOLE {
            return chunk;
        }
        let start = usize::from(span.start);
        &chunk[start..start + usize::from(span.len)]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_went_in_comes_out(
            sizes in prop::collection::vec(prop_oneof![8 => 0usize..300, 1 => 65_530usize..65_540, 1 => Just(200_000)], 1..60)
        ) {
            let mut arena = Arena::default();
            let content = |at: usize, size: usize| vec![at as u8; size];
            let spans: Vec<Span> =
                sizes.iter().enumerate().map(|(at, &size)| arena.push(&content(at, size))).collect();
            for (at, (&size, &span)) in sizes.iter().zip(&spans).enumerate() {
                prop_assert_eq!(arena.get(span), content(at, size));
            }
        }
    }
}

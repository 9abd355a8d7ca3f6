//! Series packed into requests, and refused requests cut in two.

mod cut;

use brunt_delivery::Parcel;

/// A request holds about this much protobuf at most; receivers take far more, but a refused request
/// is sent again in pieces.
const MOST_BYTES: usize = 4 << 20;

/// A request being filled: the protobuf of a `WriteRequest`, which is nothing but its series one
/// after the other.
#[derive(Debug)]
pub(crate) struct Batch {
    body: Vec<u8>,
    series: usize,
    points: u64,
    most_series: usize,
}

impl Batch {
    pub(crate) fn new(most_series: usize) -> Self {
        Self {
            body: Vec::new(),
            series: 0,
            points: 0,
            most_series,
        }
    }

    /// Lets `write` append a series and return how many samples it has.
    pub(crate) fn add(&mut self, write: impl FnOnce(&mut Vec<u8>) -> u64) {
        self.points += write(&mut self.body);
        self.series += 1;
    }

    /// Whether it is time to send it.
    pub(crate) fn is_full(&self) -> bool {
        self.series >= self.most_series || self.body.len() >= MOST_BYTES
    }

    /// What was added since the last time, compressed; `None` if that is nothing.
    pub(crate) fn take(&mut self, generation: u64) -> Option<Parcel> {
        if self.series == 0 {
            return None;
        }
        let parcel = pack(&self.body, self.points, generation);
        self.body.clear();
        (self.series, self.points) = (0, 0);
        parcel
    }
}

/// The request of a check: no series at all.
pub(crate) fn empty_request() -> Vec<u8> {
    // A compressed block begins with its length.
    vec![0]
}

/// Cuts a request between its series, or a single series between its samples.
pub(crate) fn split(parcel: &Parcel) -> Option<(Parcel, Parcel)> {
    let body = snap::raw::Decoder::new()
        .decompress_vec(&parcel.body)
        .ok()?;
    let (first, second) = cut::halves(&body)?;
    let points = cut::points(&first)?;
    let rest = parcel.points.saturating_sub(points);
    Some((
        pack(&first, points, parcel.generation)?,
        pack(&second, rest, parcel.generation)?,
    ))
}

/// Compression fails only for more than 4 GiB.
fn pack(body: &[u8], points: u64, generation: u64) -> Option<Parcel> {
    let body = snap::raw::Encoder::new().compress_vec(body).ok()?;
    Some(Parcel {
        body,
        points,
        generation,
    })
}

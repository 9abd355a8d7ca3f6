//! Walking over the protobuf of a request that was written here.
//!
//! No message is decoded: the pieces are bytes of the whole, so that they arrive exactly as they
//! would have.

use prost::encoding::{WireType, decode_varint, encode_key, encode_varint};

/// A field of a message: its number, the whole of it, and what is inside.
struct Field<'a> {
    number: u64,
    whole: &'a [u8],
    inside: &'a [u8],
}

/// The fields of a message that has only length-delimited ones.
fn fields(mut message: &[u8]) -> Option<Vec<Field<'_>>> {
    let mut fields = Vec::new();
    while !message.is_empty() {
        let start = message;
        let key = decode_varint(&mut message).ok()?;
        if key & 7 != WireType::LengthDelimited as u64 {
            return None;
        }
        let length = usize::try_from(decode_varint(&mut message).ok()?).ok()?;
        let inside = message.get(..length)?;
        message = &message[length..];
        let whole = &start[..start.len() - message.len()];
        fields.push(Field {
            number: key >> 3,
            whole,
            inside,
        });
    }
    Some(fields)
}

/// The two halves of a `WriteRequest`; `None` if it holds one sample only.
pub(super) fn halves(request: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let series = fields(request)?;
    let join = |part: &[Field<'_>]| {
        part.iter()
            .map(|field| field.whole)
            .collect::<Vec<_>>()
            .concat()
    };
    if series.len() > 1 {
        let (first, second) = series.split_at(series.len() / 2);
        return Some((join(first), join(second)));
    }
    let (labels, samples): (Vec<_>, Vec<_>) = fields(series.first()?.inside)?
        .into_iter()
        .partition(|field| field.number == 1);
    if samples.len() < 2 {
        return None;
    }
    let (first, second) = samples.split_at(samples.len() / 2);
    let labels = join(&labels);
    let request = |samples: &[Field<'_>]| {
        let series = [labels.as_slice(), &join(samples)].concat();
        let mut request = Vec::with_capacity(series.len() + 8);
        encode_key(1, WireType::LengthDelimited, &mut request);
        encode_varint(series.len() as u64, &mut request);
        request.extend_from_slice(&series);
        request
    };
    Some((request(first), request(second)))
}

/// How many samples a `WriteRequest` holds.
pub(super) fn points(request: &[u8]) -> Option<u64> {
    let mut points = 0;
    for series in fields(request)? {
        points += fields(series.inside)?
            .iter()
            .filter(|field| field.number != 1)
            .count() as u64;
    }
    Some(points)
}

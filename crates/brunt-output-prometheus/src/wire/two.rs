//! Remote write 2.0: `io.prometheus.write.v2.Request`, which has each text once, in a table.

use prost::encoding::{encode_varint, encoded_len_varint};
use rustc_hash::FxHashMap;

use super::{frame, labels, number, points};
use crate::load::{Load, Series};

/// The texts of a request. The first one is empty, as the protocol demands.
struct Symbols<'a> {
    all: Vec<&'a str>,
    places: FxHashMap<&'a str, u32>,
}

impl<'a> Symbols<'a> {
    fn new() -> Self {
        Self {
            all: vec![""],
            places: FxHashMap::from_iter([("", 0)]),
        }
    }

    fn place(&mut self, symbol: &'a str) -> u32 {
        let next = self.all.len() as u32;
        let place = *self.places.entry(symbol).or_insert(next);
        if place == next {
            self.all.push(symbol);
        }
        place
    }
}

/// The protobuf of a load.
pub(super) fn message(load: &Load) -> Vec<u8> {
    let mut symbols = Symbols::new();
    let mut body = Vec::new();
    let mut one = Vec::new();
    let mut references = Vec::new();
    for series in &load.series {
        one.clear();
        write_series(&mut one, &mut references, series, &mut symbols);
        frame(&mut body, 5, one.len());
        body.extend_from_slice(&one);
    }
    let texts: usize = symbols.all.iter().map(|symbol| symbol.len() + 4).sum();
    let mut out = Vec::with_capacity(texts + body.len());
    for symbol in symbols.all {
        // An empty text of a list is written too: it has a place.
        frame(&mut out, 4, symbol.len());
        out.extend_from_slice(symbol.as_bytes());
    }
    out.extend_from_slice(&body);
    out
}

fn write_series<'a>(
    out: &mut Vec<u8>,
    references: &mut Vec<u32>,
    series: &'a Series,
    symbols: &mut Symbols<'a>,
) {
    references.clear();
    for (name, value) in labels(series) {
        references.push(symbols.place(name));
        references.push(symbols.place(value));
    }
    let length = references
        .iter()
        .map(|place| encoded_len_varint(u64::from(*place)))
        .sum();
    frame(out, 1, length);
    for place in references.iter() {
        encode_varint(u64::from(*place), out);
    }
    points(out, &series.points, 2, 3, true);
    let column = &series.column;
    let mut metadata = Vec::with_capacity(12);
    number(&mut metadata, 1, u64::from(column.kind() as u32));
    number(&mut metadata, 3, u64::from(symbols.place(&column.help)));
    number(&mut metadata, 4, u64::from(symbols.place(column.unit)));
    frame(out, 5, metadata.len());
    out.extend_from_slice(&metadata);
}

//! Remote write bodies by hand: protobuf fields as bytes, snappy as one literal. What is written
//! here can be wrong in every way, which no library would let us do.

use brunt_testkit::RemoteWrite;
use brunt_testkit::client::{HttpResponse, request};

pub(crate) const HEADERS: [(&str, &str); 4] = [
    ("Content-Encoding", "snappy"),
    ("Content-Type", "application/x-protobuf"),
    ("X-Prometheus-Remote-Write-Version", "0.1.0"),
    ("User-Agent", "test"),
];

pub(crate) const STALE: u64 = 0x7ff0_0000_0000_0002;

pub(crate) fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

pub(crate) fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

pub(crate) fn signed(field: u64, value: i64) -> Vec<u8> {
    number(field, zigzag(value))
}

pub(crate) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

pub(crate) fn double(field: u64, bits: u64) -> Vec<u8> {
    [varint(field << 3 | 1), bits.to_le_bytes().to_vec()].concat()
}

pub(crate) fn block(field: u64, bytes: &[u8]) -> Vec<u8> {
    [
        varint(field << 3 | 2),
        varint(bytes.len() as u64),
        bytes.to_vec(),
    ]
    .concat()
}

pub(crate) fn labels(pairs: &[(&str, &str)]) -> Vec<u8> {
    let label = |(name, value): &(&str, &str)| {
        block(
            1,
            &[block(1, name.as_bytes()), block(2, value.as_bytes())].concat(),
        )
    };
    pairs.iter().flat_map(label).collect()
}

pub(crate) fn sample(value: f64, time: i64) -> Vec<u8> {
    sample_bits(value.to_bits(), time)
}

pub(crate) fn sample_bits(bits: u64, time: i64) -> Vec<u8> {
    block(2, &[double(1, bits), number(2, time as u64)].concat())
}

/// A request with one series of these labels and this content.
pub(crate) fn series(pairs: &[(&str, &str)], content: &[u8]) -> Vec<u8> {
    block(1, &[labels(pairs), content.to_vec()].concat())
}

/// A series `m` with one sample.
pub(crate) fn simple(value: f64, time: i64) -> Vec<u8> {
    series(&[("__name__", "m")], &sample(value, time))
}

/// An integer histogram of schema 0 (field 4 of a series): spans, deltas, count.
pub(crate) fn histogram(spans: &[(i64, u64)], deltas: &[i64], count: u64, time: i64) -> Vec<u8> {
    let spans: Vec<u8> = spans
        .iter()
        .flat_map(|(offset, len)| block(11, &[signed(1, *offset), number(2, *len)].concat()))
        .collect();
    let deltas: Vec<u8> = deltas
        .iter()
        .flat_map(|delta| varint(zigzag(*delta)))
        .collect();
    let fields = [
        number(1, count),
        double(3, 12.5_f64.to_bits()),
        double(5, 1e-9_f64.to_bits()),
        spans,
        block(12, &deltas),
        number(15, time as u64),
    ];
    block(4, &fields.concat())
}

/// Snappy with nothing compressed: a length and one literal.
pub(crate) fn snappy(message: &[u8]) -> Vec<u8> {
    let mut out = varint(message.len() as u64);
    if !message.is_empty() {
        out.push(62 << 2);
        out.extend_from_slice(&(message.len() as u32 - 1).to_le_bytes()[..3]);
        out.extend_from_slice(message);
    }
    out
}

pub(crate) fn send(receiver: &RemoteWrite, message: &[u8]) -> HttpResponse {
    let body = snappy(message);
    request(receiver.address(), "POST", "/api/v1/write", &HEADERS, &body).unwrap()
}

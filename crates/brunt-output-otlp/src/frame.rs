//! Protobuf messages put around bytes that are encoded already.
//!
//! Data points are encoded once, when they are made, so that the size of a request is known before it
//! is complete, and a request that goes again or is cut in two costs no second encoding.

use prost::encoding::{WireType, encode_key, encode_varint};

/// Appends the beginning of a field that holds this many bytes.
pub(crate) fn frame(out: &mut Vec<u8>, field: u32, length: usize) {
    encode_key(field, WireType::LengthDelimited, out);
    encode_varint(length as u64, out);
}

/// Appends a message as a field.
pub(crate) fn field(out: &mut Vec<u8>, number: u32, message: &impl prost::Message) {
    frame(out, number, message.encoded_len());
    // Room in a vector never ends.
    let _ = message.encode(out);
}

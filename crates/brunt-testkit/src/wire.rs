//! Protobuf's wire format: fields with their numbers and raw values, in order.
//!
//! By hand and not with the sender's library, so that an encoding mistake cannot cancel out. What a
//! proto library would skip as unknown is an error one level up.

/// Why bytes are not the message they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The bytes end inside a field.
    #[error("the message ends inside a field")]
    Truncated,
    /// A varint is longer than 64 bits.
    #[error("a varint is longer than 64 bits")]
    Varint,
    /// Groups (types 3, 4) are not used; 6 and 7 do not exist.
    #[error("wire type {0}")]
    WireType(u8),
    /// A field number of 0 or beyond 2^29.
    #[error("field number {0}")]
    FieldNumber(u64),
    /// The message has no such field.
    #[error("{message} has no field {field}")]
    UnknownField {
        /// The message.
        message: &'static str,
        /// The number.
        field: u32,
    },
    /// The field has another wire type or does not fit its type.
    #[error("field {field} of {message} holds something else than {wanted}")]
    Type {
        /// The message.
        message: &'static str,
        /// The number.
        field: u32,
        /// The type in the specification.
        wanted: &'static str,
    },
}

/// A field's raw value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Raw<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32,
}

/// Reads a message field by field.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    message: &'static str,
    rest: &'a [u8],
}

/// One field, with the message's name for errors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field<'a> {
    message: &'static str,
    pub(crate) number: u32,
    raw: Raw<'a>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(message: &'static str, bytes: &'a [u8]) -> Self {
        Self {
            message,
            rest: bytes,
        }
    }

    pub(crate) fn next(&mut self) -> Result<Option<Field<'a>>, WireError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = varint(&mut self.rest)?;
        let number = key >> 3;
        if number == 0 || number >= 1 << 29 {
            return Err(WireError::FieldNumber(number));
        }
        let raw = match (key & 7) as u8 {
            0 => Raw::Varint(varint(&mut self.rest)?),
            1 => Raw::Fixed64(fixed64(&mut self.rest)?),
            2 => {
                let len = varint(&mut self.rest)?;
                let len = usize::try_from(len).map_err(|_| WireError::Truncated)?;
                Raw::Bytes(take(&mut self.rest, len)?)
            }
            5 => {
                take(&mut self.rest, 4)?;
                Raw::Fixed32
            }
            other => return Err(WireError::WireType(other)),
        };
        Ok(Some(Field {
            message: self.message,
            number: number as u32,
            raw,
        }))
    }
}

impl<'a> Field<'a> {
    pub(crate) fn unknown(&self) -> WireError {
        WireError::UnknownField {
            message: self.message,
            field: self.number,
        }
    }

    fn wrong(&self, wanted: &'static str) -> WireError {
        WireError::Type {
            message: self.message,
            field: self.number,
            wanted,
        }
    }

    pub(crate) fn bytes(&self) -> Result<&'a [u8], WireError> {
        match self.raw {
            Raw::Bytes(bytes) => Ok(bytes),
            _ => Err(self.wrong("a message")),
        }
    }

    pub(crate) fn string(&self) -> Result<String, WireError> {
        let wrong = || self.wrong("a UTF-8 string");
        match self.raw {
            Raw::Bytes(bytes) => std::str::from_utf8(bytes)
                .map(str::to_owned)
                .map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }

    pub(crate) fn uint64(&self) -> Result<u64, WireError> {
        match self.raw {
            Raw::Varint(value) => Ok(value),
            _ => Err(self.wrong("a uint64")),
        }
    }

    pub(crate) fn uint32(&self) -> Result<u32, WireError> {
        match self.raw {
            Raw::Varint(value) => u32::try_from(value).map_err(|_| self.wrong("a uint32")),
            _ => Err(self.wrong("a uint32")),
        }
    }

    pub(crate) fn int64(&self) -> Result<i64, WireError> {
        match self.raw {
            Raw::Varint(value) => Ok(value.cast_signed()),
            _ => Err(self.wrong("an int64")),
        }
    }

    pub(crate) fn fixed64(&self) -> Result<u64, WireError> {
        match self.raw {
            Raw::Fixed64(value) => Ok(value),
            _ => Err(self.wrong("a fixed64")),
        }
    }

    pub(crate) fn sint32(&self) -> Result<i32, WireError> {
        match self.raw {
            Raw::Varint(value) => i32::try_from(zigzag(value)).map_err(|_| self.wrong("a sint32")),
            _ => Err(self.wrong("a sint32")),
        }
    }

    pub(crate) fn double(&self) -> Result<f64, WireError> {
        match self.raw {
            Raw::Fixed64(bits) => Ok(f64::from_bits(bits)),
            _ => Err(self.wrong("a double")),
        }
    }

    /// A repeated uint32, packed or one by one.
    pub(super) fn uint32s(&self, into: &mut Vec<u32>) -> Result<(), WireError> {
        let wrong = || self.wrong("repeated uint32");
        match self.raw {
            Raw::Varint(value) => into.push(u32::try_from(value).map_err(|_| wrong())?),
            Raw::Bytes(mut packed) => {
                while !packed.is_empty() {
                    let value = varint(&mut packed)?;
                    into.push(u32::try_from(value).map_err(|_| wrong())?);
                }
            }
            _ => return Err(wrong()),
        }
        Ok(())
    }

    /// A repeated sint64, packed or one by one (a reader must take both).
    pub(crate) fn sint64s(&self, into: &mut Vec<i64>) -> Result<(), WireError> {
        match self.raw {
            Raw::Varint(value) => into.push(zigzag(value)),
            Raw::Bytes(mut packed) => {
                while !packed.is_empty() {
                    into.push(zigzag(varint(&mut packed)?));
                }
            }
            _ => return Err(self.wrong("repeated sint64")),
        }
        Ok(())
    }

    /// A repeated uint64, packed or one by one.
    pub(crate) fn uint64s(&self, into: &mut Vec<u64>) -> Result<(), WireError> {
        match self.raw {
            Raw::Varint(value) => into.push(value),
            Raw::Bytes(mut packed) => {
                while !packed.is_empty() {
                    into.push(varint(&mut packed)?);
                }
            }
            _ => return Err(self.wrong("repeated uint64")),
        }
        Ok(())
    }

    /// A repeated fixed64, packed or one by one.
    pub(crate) fn fixed64s(&self, into: &mut Vec<u64>) -> Result<(), WireError> {
        match self.raw {
            Raw::Fixed64(value) => into.push(value),
            Raw::Bytes(mut packed) => {
                while !packed.is_empty() {
                    into.push(fixed64(&mut packed)?);
                }
            }
            _ => return Err(self.wrong("repeated fixed64")),
        }
        Ok(())
    }

    /// A repeated double, packed or one by one.
    pub(crate) fn doubles(&self, into: &mut Vec<f64>) -> Result<(), WireError> {
        match self.raw {
            Raw::Fixed64(bits) => into.push(f64::from_bits(bits)),
            Raw::Bytes(mut packed) => {
                while !packed.is_empty() {
                    into.push(f64::from_bits(fixed64(&mut packed)?));
                }
            }
            _ => return Err(self.wrong("repeated double")),
        }
        Ok(())
    }
}

fn zigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

fn take<'a>(rest: &mut &'a [u8], len: usize) -> Result<&'a [u8], WireError> {
    let (head, tail) = rest.split_at_checked(len).ok_or(WireError::Truncated)?;
    *rest = tail;
    Ok(head)
}

fn fixed64(rest: &mut &[u8]) -> Result<u64, WireError> {
    let bytes = take(rest, 8)?;
    Ok(bytes
        .iter()
        .rev()
        .fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

fn varint(rest: &mut &[u8]) -> Result<u64, WireError> {
    let mut value = 0_u64;
    for shift in (0..70).step_by(7) {
        let byte = take(rest, 1)?[0];
        if shift == 63 && byte > 1 {
            return Err(WireError::Varint);
        }
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(WireError::Varint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn varints_and_zigzag_of_the_encoding_guide() {
        assert_eq!(varint(&mut &[0x96, 0x01][..]), Ok(150));
        let widest = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(varint(&mut &widest[..]), Ok(u64::MAX));
        assert_eq!(varint(&mut &[0xff; 11][..]), Err(WireError::Varint));
        assert_eq!(varint(&mut &[0x80][..]), Err(WireError::Truncated));
        for (raw, value) in [
            (0, 0),
            (1, -1),
            (2, 1),
            (3, -2),
            (0xffff_ffff, -0x8000_0000),
        ] {
            assert_eq!(zigzag(raw), value);
        }
        assert_eq!(zigzag(u64::MAX), i64::MIN);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut fields = Fields::new("M", &bytes);
            while let Ok(Some(field)) = fields.next() {
                let _ = (field.sint32(), field.string(), field.sint64s(&mut Vec::new()));
                let _ = field.doubles(&mut Vec::new());
            }
        }
    }
}

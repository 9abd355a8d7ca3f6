//! A list of plain values in one block of memory, outside of every runtime.
//!
//! Records of a file have the same members again and again, so an object is a number that stands
//! for its names and then its values; a value is a byte that tells its type and then its bytes.
//! That is less than the JSON it came from, and a script that looks at an item gets it without
//! any parsing of text. An item that this has no form for (deep nesting, half of a surrogate pair)
//! is kept as JSON.

use rustc_hash::FxHashMap;

/// Sets of names that are kept apart; objects with others carry their names with them.
const SHAPES: usize = 4096;

/// Members of an object whose names are kept apart.
const MEMBERS: usize = 512;

/// What is next in an item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Token<'a> {
    Null,
    Bool(bool),
    Int(i32),
    Float(f64),
    Text(&'a str),
    /// So many values follow.
    List(u32),
    /// A value for each name of the shape follows.
    Shaped(u32),
    /// So many pairs of a [`Token::Text`] and a value follow.
    Map(u32),
    /// The whole item, as JSON.
    Json(&'a str),
}

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INT: u8 = 3;
const FLOAT: u8 = 4;
const TEXT: u8 = 5;
const LIST: u8 = 6;
const SHAPED: u8 = 7;
const MAP: u8 = 8;
const JSON: u8 = 9;

/// The list is longer than offsets of four bytes reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a SharedArray holds at most 4 GiB")]
pub(crate) struct TooLong;

/// Items as they are added.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    starts: Vec<u32>,
    shapes: Vec<Box<[Box<str>]>>,
    known: FxHashMap<Box<str>, u32>,
}

impl Writer {
    /// Starts an item.
    pub(crate) fn item(&mut self) -> Result<(), TooLong> {
        self.starts
            .push(u32::try_from(self.bytes.len()).map_err(|_| TooLong)?);
        Ok(())
    }

    /// Takes back what the last item has so far.
    pub(crate) fn restart_item(&mut self) {
        if let Some(start) = self.starts.last() {
            self.bytes.truncate(*start as usize);
        }
    }

    pub(crate) fn null(&mut self) {
        self.bytes.push(NULL);
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.bytes.push(if value { TRUE } else { FALSE });
    }

    pub(crate) fn int(&mut self, value: i32) {
        self.bytes.push(INT);
        // Small numbers of either sign are short.
        self.count((value.unsigned_abs() << 1) ^ u32::from(value < 0));
    }

    pub(crate) fn float(&mut self, value: f64) {
        self.bytes.push(FLOAT);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn text(&mut self, value: &str) {
        self.bytes.push(TEXT);
        self.string(value);
    }

    pub(crate) fn json(&mut self, value: &str) {
        self.bytes.push(JSON);
        self.string(value);
    }

    pub(crate) fn list(&mut self, count: u32) {
        self.bytes.push(LIST);
        self.count(count);
    }

    /// Starts an object. Returns whether each value must have its name in front of it.
    pub(crate) fn object<'a>(
        &mut self,
        names: impl ExactSizeIterator<Item = &'a str> + Clone,
    ) -> bool {
        let count = names.len();
        if let Some(shape) = self.shape(names) {
            self.bytes.push(SHAPED);
            self.count(shape);
            false
        } else {
            self.bytes.push(MAP);
            self.count(count as u32);
            true
        }
    }

    fn shape<'a>(&mut self, names: impl ExactSizeIterator<Item = &'a str> + Clone) -> Option<u32> {
        if names.len() > MEMBERS {
            return None;
        }
        let mut key = String::new();
        for name in names.clone() {
            // With its length, so that no two lists of names are the same text.
            key.push_str(&name.len().to_string());
            key.push(':');
            key.push_str(name);
        }
        if let Some(shape) = self.known.get(key.as_str()) {
            return Some(*shape);
        }
        if self.shapes.len() >= SHAPES {
            return None;
        }
        let shape = self.shapes.len() as u32;
        self.shapes.push(names.map(Box::from).collect());
        self.known.insert(key.into_boxed_str(), shape);
        Some(shape)
    }

    fn string(&mut self, value: &str) {
        // A script's strings are shorter than 1 GiB.
        self.count(value.len() as u32);
        self.bytes.extend_from_slice(value.as_bytes());
    }

    fn count(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// The list, without room to grow.
    pub(crate) fn finish(self) -> Records {
        Records {
            bytes: self.bytes.into_boxed_slice(),
            starts: self.starts.into_boxed_slice(),
            shapes: self.shapes.into_boxed_slice(),
        }
    }
}

/// A list that is complete.
#[derive(Debug, Default)]
pub(crate) struct Records {
    bytes: Box<[u8]>,
    starts: Box<[u32]>,
    shapes: Box<[Box<[Box<str>]>]>,
}

impl Records {
    /// How many items there are.
    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }

    /// The names of a shape.
    pub(crate) fn shape(&self, shape: u32) -> Option<&[Box<str>]> {
        self.shapes.get(shape as usize).map(|names| &**names)
    }

    /// An item's tokens.
    pub(crate) fn item(&self, at: usize) -> Option<Reader<'_>> {
        let start = *self.starts.get(at)? as usize;
        Some(Reader(self.bytes.get(start..)?))
    }
}

/// What is left of an item, and of those behind it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// The next token; `None` only where there was no item.
    pub(crate) fn next(&mut self) -> Option<Token<'a>> {
        let (kind, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(match *kind {
            NULL => Token::Null,
            FALSE => Token::Bool(false),
            TRUE => Token::Bool(true),
            INT => {
                let bits = self.count()?;
                let size = i64::from(bits >> 1);
                Token::Int(i32::try_from(if bits & 1 == 1 { -size } else { size }).ok()?)
            }
            FLOAT => Token::Float(f64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            TEXT => Token::Text(self.string()?),
            LIST => Token::List(self.count()?),
            SHAPED => Token::Shaped(self.count()?),
            MAP => Token::Map(self.count()?),
            JSON => Token::Json(self.string()?),
            _ => return None,
        })
    }

    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    fn string(&mut self) -> Option<&'a str> {
        let length = self.count()? as usize;
        std::str::from_utf8(self.take(length)?).ok()
    }

    fn count(&mut self) -> Option<u32> {
        let mut value = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut writer = Writer::default();
        writer.item().unwrap();
        assert!(!writer.object(["id", "name"].into_iter()));
        writer.int(7);
        writer.text("ä");
        writer.item().unwrap();
        assert!(!writer.object(["id", "name"].into_iter()));
        for value in [i32::MAX, -i32::MAX, -1, 0] {
            writer.int(value);
        }
        writer.item().unwrap();
        writer.text("half");
        writer.restart_item();
        writer.json("{}");
        let records = writer.finish();
        assert_eq!(records.len(), 3);
        let read = |at: usize, count: usize| -> Vec<Token<'_>> {
            let mut reader = records.item(at).unwrap();
            (0..count).map(|_| reader.next().unwrap()).collect()
        };
        assert_eq!(
            read(0, 3),
            [Token::Shaped(0), Token::Int(7), Token::Text("ä")]
        );
        let numbers = [i32::MAX, -i32::MAX, -1, 0].map(Token::Int);
        assert_eq!(read(1, 5)[1..], numbers);
        assert_eq!(read(2, 1), [Token::Json("{}")]);
        assert_eq!(records.shape(0).unwrap().len(), 2, "names are there once");
        assert!(records.item(3).is_none());
    }

    #[test]
    fn names_that_never_repeat_go_with_their_objects() {
        let mut writer = Writer::default();
        let mut named = 0;
        for at in 0..SHAPES + 10 {
            writer.item().unwrap();
            if writer.object([format!("{at}").as_str()].into_iter()) {
                named += 1;
                writer.text(&at.to_string());
            }
            writer.null();
        }
        assert_eq!(named, 10);
        let records = writer.finish();
        let mut last = records.item(SHAPES + 9).unwrap();
        assert_eq!(last.next(), Some(Token::Map(1)));
        assert!(matches!(last.next(), Some(Token::Text(_))));
    }
}

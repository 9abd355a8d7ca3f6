//! A list of plain values in one block of memory, outside of every runtime.
//!
//! Records of a file have the same members again and again, so an object is a number that stands
//! for its names and then its values; a value is a byte that tells its type and then its bytes.
//! That is less than the JSON it came from, and a script that looks at an item gets it without
//! any parsing of text. An item that this has no form for (deep nesting, half of a surrogate pair)
//! is kept as JSON. The block is in pieces, because one that grows has to be copied, and then both
//! the old and the new one are in memory.

use std::fmt::Write as _;
use std::hash::BuildHasher as _;
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

/// Sets of names that are kept apart; objects with others carry their names with them.
const SHAPES: usize = 4096;

/// Members of an object whose names are kept apart.
const MEMBERS: usize = 512;

/// Bytes of a piece, nearly; an item is never in two, so a long one makes a longer piece.
const PIECE: usize = 1 << 20;

/// What a piece leaves free rather than become longer.
const ROOM: usize = 4 << 10;

/// Texts that come again and again, such as roles or countries, are kept apart: this many, none longer
/// than this.
const WORDS: usize = 4096;
const WORD: usize = 64;

/// Texts that were seen lately, to find those that come again. A list with nothing but different texts
/// must not fill the words with them.
const LATELY: usize = 8192;

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
const WORD_AT: u8 = 10;
const DECIMAL: u8 = 11;

/// Digits behind the point of a number that is kept as a whole one.
const DIGITS: u8 = 4;

/// The list is longer than offsets of four bytes reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a SharedArray holds at most 4 GiB")]
pub(crate) struct TooLong;

/// The names of an object's members, in their order.
#[derive(Debug, Default)]
pub(crate) struct NameList {
    /// Each with its length in front, so that no two lists of names are the same text.
    text: String,
    count: usize,
}

impl NameList {
    pub(crate) fn push(&mut self, name: &str) {
        // Writing to a string cannot fail.
        let _ = write!(self.text, "{}:", name.len());
        self.text.push_str(name);
        self.count += 1;
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        let mut rest = self.text.as_str();
        std::iter::from_fn(move || {
            let (length, behind) = rest.split_once(':')?;
            let (name, behind) = behind.split_at_checked(length.parse().ok()?)?;
            rest = behind;
            Some(name)
        })
    }

    /// Whether an object of JavaScript would have the same names in another order.
    fn is_reordered(&self) -> bool {
        let mut seen = FxHashSet::default();
        // Whole numbers come first, in their order; a name that comes again keeps its first place.
        let whole = |name: &str| !name.is_empty() && name.bytes().all(|it| it.is_ascii_digit());
        self.iter().any(|name| whole(name) || !seen.insert(name))
    }
}

/// A place before which something can be put in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place(usize);

/// Items as they are added.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    full: Vec<Piece>,
    /// The piece that is written.
    bytes: Vec<u8>,
    /// Where it begins.
    base: usize,
    starts: Vec<u32>,
    shapes: Vec<Box<[Box<str>]>>,
    known: FxHashMap<Box<str>, u32>,
    words: Vec<Arc<str>>,
    known_words: FxHashMap<Arc<str>, u32>,
    /// By a part of their hashes, the hashes of texts.
    lately: Vec<u64>,
}

impl Writer {
    /// Starts an item.
    pub(crate) fn item(&mut self) -> Result<(), TooLong> {
        if self.bytes.len() > PIECE - ROOM {
            self.seal();
        }
        let start = u32::try_from(self.base + self.bytes.len()).map_err(|_| TooLong)?;
        self.starts.push(start);
        Ok(())
    }

    /// Copies what is written to a place of its size, and starts anew.
    fn seal(&mut self) {
        self.full.push(Piece {
            // Pieces begin at the start of an item, which has been found to fit.
            base: self.base as u32,
            bytes: self.bytes.as_slice().into(),
        });
        self.base += self.bytes.len();
        self.bytes.clear();
    }

    /// Takes back what the last item has so far.
    pub(crate) fn restart_item(&mut self) {
        if let Some(start) = self.starts.last() {
            self.bytes.truncate(*start as usize - self.base);
        }
    }

    /// Where the next value begins.
    pub(crate) fn place(&self) -> Place {
        Place(self.bytes.len())
    }

    pub(crate) fn null(&mut self) {
        self.bytes.push(NULL);
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.bytes.push(if value { TRUE } else { FALSE });
    }

    pub(crate) fn int(&mut self, value: i32) {
        self.bytes.push(INT);
        self.signed(value);
    }

    /// Small numbers of either sign are short.
    fn signed(&mut self, value: i32) {
        self.count((value.unsigned_abs() << 1) ^ u32::from(value < 0));
    }

    /// A number in its shortest form, as it is after a way through JSON, which has neither infinities
    /// nor a negative zero.
    pub(crate) fn number(&mut self, value: f64) {
        let whole = value as i32;
        if !value.is_finite() {
            self.null();
        } else if whole != i32::MIN && f64::from(whole) == value {
            self.int(whole);
        } else if let Some((digits, whole)) = decimal(value) {
            self.bytes.extend([DECIMAL, digits]);
            self.signed(whole);
        } else {
            self.float(value);
        }
    }

    fn float(&mut self, value: f64) {
        self.bytes.push(FLOAT);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn text(&mut self, value: &str) {
        if let Some(word) = self.word(value) {
            self.bytes.push(WORD_AT);
            self.count(word);
        } else {
            self.bytes.push(TEXT);
            self.string(value);
        }
    }

    /// The number of a text that comes again and again.
    fn word(&mut self, text: &str) -> Option<u32> {
        if text.len() > WORD {
            return None;
        }
        if let Some(word) = self.known_words.get(text) {
            return Some(*word);
        }
        if self.words.len() >= WORDS {
            return None;
        }
        if self.lately.is_empty() {
            self.lately = vec![0; LATELY];
        }
        let hash = FxBuildHasher.hash_one(text);
        let seen = std::mem::replace(&mut self.lately[hash as usize % LATELY], hash);
        if seen != hash {
            return None;
        }
        let word = self.words.len() as u32;
        let text: Arc<str> = text.into();
        self.words.push(Arc::clone(&text));
        self.known_words.insert(text, word);
        Some(word)
    }

    pub(crate) fn json(&mut self, value: &str) {
        self.bytes.push(JSON);
        self.string(value);
    }

    pub(crate) fn list(&mut self, count: u32) {
        self.bytes.push(LIST);
        self.count(count);
    }

    /// Makes a list of the values from `place` on.
    pub(crate) fn list_at(&mut self, place: Place, count: u32) {
        self.put_in(place, LIST, count);
    }

    /// Starts an object. Returns whether each value must have its name in front of it.
    pub(crate) fn object(&mut self, names: &NameList) -> bool {
        if let Some(shape) = self.shape(names) {
            self.bytes.push(SHAPED);
            self.count(shape);
            false
        } else {
            self.bytes.push(MAP);
            self.count(names.count as u32);
            true
        }
    }

    /// Makes an object of the values from `place` on; false if its names are not kept apart, or come
    /// in an order that an object does not have.
    pub(crate) fn object_at(&mut self, place: Place, names: &NameList) -> bool {
        let known = self.known.get(names.text.as_str()).copied();
        let shape = match known {
            None if names.is_reordered() => None,
            None => self.shape(names),
            known => known,
        };
        if let Some(shape) = shape {
            self.put_in(place, SHAPED, shape);
        }
        shape.is_some()
    }

    /// Moves what is behind `place`, which is as much as one value.
    fn put_in(&mut self, place: Place, kind: u8, count: u32) {
        let end = self.bytes.len();
        self.bytes.push(kind);
        self.count(count);
        let length = self.bytes.len() - end;
        self.bytes[place.0..].rotate_right(length);
    }

    fn shape(&mut self, names: &NameList) -> Option<u32> {
        if let Some(shape) = self.known.get(names.text.as_str()) {
            return Some(*shape);
        }
        if self.shapes.len() >= SHAPES || names.count > MEMBERS {
            return None;
        }
        let shape = self.shapes.len() as u32;
        self.shapes.push(names.iter().map(Box::from).collect());
        self.known.insert(names.text.as_str().into(), shape);
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
    pub(crate) fn finish(mut self) -> Records {
        self.seal();
        Records {
            pieces: self.full.into_boxed_slice(),
            starts: self.starts.into_boxed_slice(),
            shapes: self.shapes.into_boxed_slice(),
            words: self.words.into_boxed_slice(),
        }
    }
}

/// A number as a whole one and how many of its digits are behind the point.
fn decimal(value: f64) -> Option<(u8, i32)> {
    (1..=DIGITS).find_map(|digits| {
        let whole = (value * power(digits)).round();
        let fits = whole.abs() < f64::from(i32::MAX);
        // Dividing gives the nearest number, as reading the digits does.
        (fits && whole / power(digits) == value).then_some((digits, whole as i32))
    })
}

fn power(digits: u8) -> f64 {
    10_f64.powi(i32::from(digits))
}

/// Some items.
#[derive(Debug)]
struct Piece {
    /// Where it begins in the list.
    base: u32,
    bytes: Box<[u8]>,
}

/// A list that is complete.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pieces: Box<[Piece]>,
    starts: Box<[u32]>,
    shapes: Box<[Box<[Box<str>]>]>,
    words: Box<[Arc<str>]>,
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
        let start = *self.starts.get(at)?;
        let behind = self.pieces.partition_point(|piece| piece.base <= start);
        let piece = self.pieces.get(behind.checked_sub(1)?)?;
        let bytes = piece.bytes.get((start - piece.base) as usize..)?;
        Some(Reader {
            left: bytes,
            words: &self.words,
        })
    }
}

/// What is left of an item, and of those behind it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    left: &'a [u8],
    words: &'a [Arc<str>],
}

impl<'a> Reader<'a> {
    /// The next token; `None` only where there was no item.
    pub(crate) fn next(&mut self) -> Option<Token<'a>> {
        let (kind, rest) = self.left.split_first()?;
        self.left = rest;
        Some(match *kind {
            NULL => Token::Null,
            FALSE => Token::Bool(false),
            TRUE => Token::Bool(true),
            INT => Token::Int(self.signed()?),
            DECIMAL => {
                let digits = self.take(1)?[0];
                Token::Float(f64::from(self.signed()?) / power(digits))
            }
            FLOAT => Token::Float(f64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            TEXT => Token::Text(self.string()?),
            WORD_AT => Token::Text(self.words.get(self.count()? as usize)?),
            LIST => Token::List(self.count()?),
            SHAPED => Token::Shaped(self.count()?),
            MAP => Token::Map(self.count()?),
            JSON => Token::Json(self.string()?),
            _ => return None,
        })
    }

    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.left.split_at_checked(bytes)?;
        self.left = rest;
        Some(taken)
    }

    fn string(&mut self) -> Option<&'a str> {
        let length = self.count()? as usize;
        std::str::from_utf8(self.take(length)?).ok()
    }

    fn signed(&mut self) -> Option<i32> {
        let bits = self.count()?;
        let size = i64::from(bits >> 1);
        i32::try_from(if bits & 1 == 1 { -size } else { size }).ok()
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

    fn names(names: &[&str]) -> NameList {
        let mut list = NameList::default();
        for name in names {
            list.push(name);
        }
        list
    }

    #[test]
    fn what_is_written_is_read() {
        let mut writer = Writer::default();
        writer.item().unwrap();
        assert!(!writer.object(&names(&["id", "name"])));
        writer.int(7);
        writer.text("ä");
        writer.item().unwrap();
        assert!(!writer.object(&names(&["id", "name"])));
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
            if writer.object(&names(&[&at.to_string()])) {
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

    #[test]
    fn items_are_found_in_every_piece() {
        let mut writer = Writer::default();
        let long = "x".repeat(PIECE / 3);
        let text = |at: usize| format!("{at}{}", &long[..long.len() / (1 + at % 5)]);
        for at in 0..40 {
            writer.item().unwrap();
            let place = writer.place();
            writer.text(&text(at));
            writer.list_at(place, 1);
        }
        let records = writer.finish();
        assert!(records.pieces.len() > 3, "{}", records.pieces.len());
        for at in 0..40 {
            let mut reader = records.item(at).unwrap();
            assert_eq!(reader.next(), Some(Token::List(1)));
            assert_eq!(reader.next(), Some(Token::Text(&text(at))));
        }
    }

    #[test]
    fn numbers_are_the_same_bit_for_bit() {
        let numbers = [
            0.0,
            1.0,
            -1.0,
            0.1,
            0.3,
            -4.35,
            1.005,
            9999.99,
            0.0001,
            0.00001,
            1e-7,
            1e21,
            214_748.364_7,
            f64::from(i32::MIN),
            f64::from(i32::MAX),
            2_147_483_648.5,
            0.1 + 0.2,
            5e-324,
            f64::MAX,
        ];
        let mut writer = Writer::default();
        for number in numbers {
            writer.item().unwrap();
            writer.number(number);
        }
        let records = writer.finish();
        for (at, number) in numbers.into_iter().enumerate() {
            let read = match records.item(at).unwrap().next() {
                Some(Token::Int(value)) => f64::from(value),
                Some(Token::Float(value)) => value,
                other => panic!("{number}: {other:?}"),
            };
            assert_eq!(read.to_bits(), number.to_bits(), "{number}");
        }
    }

    #[test]
    fn texts_that_come_again_are_there_once() {
        let mut writer = Writer::default();
        for at in 0..100_000 {
            writer.item().unwrap();
            writer.text(&format!("all different {at}"));
            writer.text(["reader", "writer", ""][at % 3]);
        }
        let records = writer.finish();
        assert!(records.words.len() < 10, "{}", records.words.len());
        for at in [0, 1, 2, 99_998, 99_999] {
            let mut reader = records.item(at).unwrap();
            let text = format!("all different {at}");
            assert_eq!(reader.next(), Some(Token::Text(&text)));
            assert_eq!(
                reader.next(),
                Some(Token::Text(["reader", "writer", ""][at % 3]))
            );
        }
    }
}

//! A JSON array on its way to a list, item by item.
//!
//! Test data are files of many megabytes that a script parses only to hand them over. As objects of
//! a runtime they take five times their size, once, before the first request; read like this they
//! take what the list takes.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::records::{NameList, Records, TooLong, Writer};

/// Objects and lists within each other; deeper items are kept as JSON.
const DEPTH: usize = 64;

/// The list of a text that is an array; an error for any other text.
pub(super) fn records<'de, R: serde_json::de::Read<'de>>(
    text: R,
) -> Result<Records, serde_json::Error> {
    let mut writer = Writer::default();
    let mut text = serde_json::Deserializer::new(text);
    text.deserialize_seq(Items(&mut writer))?;
    text.end()?;
    Ok(writer.finish())
}

struct Items<'a>(&'a mut Writer);

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        // As text first, because an item of an unusual form stays text.
        while let Some(item) = items.next_element::<Box<RawValue>>()? {
            add(self.0, item.get()).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

/// Adds the item that a JSON text stands for.
fn add(writer: &mut Writer, text: &str) -> Result<(), TooLong> {
    writer.item()?;
    let mut plain = serde_json::Deserializer::from_str(text);
    let depth = DEPTH;
    if (Plain { writer, depth }).deserialize(&mut plain).is_err() {
        // Half of a surrogate pair, names that are numbers or come twice, a number without bounds:
        // JavaScript has rules for each, and its parser knows them.
        writer.restart_item();
        writer.json(text);
    }
    Ok(())
}

/// A value that means the same to JavaScript as to everybody else.
struct Plain<'a> {
    writer: &'a mut Writer,
    depth: usize,
}

impl Plain<'_> {
    fn inner<E: Error>(&mut self) -> Result<Plain<'_>, E> {
        let depth = self.depth.checked_sub(1);
        let depth = depth.ok_or_else(|| E::custom("nested too deeply"))?;
        Ok(Plain {
            writer: self.writer,
            depth,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Plain<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Plain<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.writer.null();
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.writer.bool(value);
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.writer.number(value as f64);
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.writer.number(value as f64);
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.writer.number(value);
        Ok(())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.writer.text(value);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        let place = self.writer.place();
        let mut count = 0;
        while items.next_element_seed(self.inner()?)?.is_some() {
            count += 1;
        }
        self.writer.list_at(place, count);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        let place = self.writer.place();
        let mut names = NameList::default();
        while members.next_key_seed(NextName(&mut names))?.is_some() {
            members.next_value_seed(self.inner()?)?;
        }
        if self.writer.object_at(place, &names) {
            Ok(())
        } else {
            Err(A::Error::custom("unusual names"))
        }
    }
}

struct NextName<'a>(&'a mut NameList);

impl<'de> DeserializeSeed<'de> for NextName<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, name: D) -> Result<(), D::Error> {
        name.deserialize_str(self)
    }
}

impl Visitor<'_> for NextName<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<(), E> {
        self.0.push(name);
        Ok(())
    }
}

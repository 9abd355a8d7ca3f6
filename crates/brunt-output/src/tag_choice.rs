//! Which tags of a series an aggregating output sends.
//!
//! One place for all of them, because they have to agree: a tag with many values makes as many series
//! in every receiver, and the tag `url` is the one that does, so it goes wherever `name` stands for it.

use std::sync::Arc;

use brunt_metrics::TagSet;

use crate::patterns::Choice;

/// The rules for one output.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagChoice {
    /// Whether `url` is sent although there is a tag `name`.
    pub keep_url: bool,
    /// Which tags are sent by their names.
    pub names: Choice,
}

impl TagChoice {
    /// The tags that are sent, in the order of their keys. Empty values are left out: no receiver
    /// tells them from a tag that is not there.
    pub fn of<'a>(
        &'a self,
        tags: &'a TagSet,
    ) -> impl Iterator<Item = &'a (Arc<str>, Arc<str>)> + 'a {
        let without_url = !self.keep_url && tags.get("name").is_some_and(|name| !name.is_empty());
        tags.pairs().iter().filter(move |(name, value)| {
            let left_out = value.is_empty() || (without_url && &**name == "url");
            !left_out && self.names.takes(name)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(choice: &TagChoice, tags: &[(&str, &str)]) -> String {
        let tags: TagSet = tags.iter().copied().collect();
        let names: Vec<_> = choice.of(&tags).map(|(name, _)| name.to_string()).collect();
        names.join(" ")
    }

    #[test]
    fn the_url_goes_where_there_is_a_name() {
        let both = [("url", "http://h/1"), ("name", "item"), ("group", "")];
        let mut choice = TagChoice::default();
        assert_eq!(names(&choice, &both), "name");
        assert_eq!(names(&choice, &both[..1]), "url");
        assert_eq!(names(&choice, &[both[0], ("name", "")]), "url");
        choice.keep_url = true;
        assert_eq!(names(&choice, &both), "name url");
        choice.names = Choice::new("", "n*");
        assert_eq!(names(&choice, &both), "url");
    }
}

//! Patterns with `*` and `?`, by which a user says which metrics and tags an output sends.
//!
//! Own code instead of a crate: these are names and no paths, so that nothing of what libraries know
//! about slashes, braces and hidden files may count, and the rest is one loop.

use crate::lists::items;
use crate::output::{ConfigError, Settings};

/// A pattern: `*` stands for any number of characters, `?` for one, everything else for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Vec<char>);

impl Pattern {
    /// Every text is a pattern.
    pub fn new(text: &str) -> Self {
        Self(text.chars().collect())
    }

    /// Whether the whole name is as the pattern says.
    pub fn matches(&self, name: &str) -> bool {
        let (pattern, mut at, mut rest) = (&self.0, 0, name.chars());
        // Where to go on if what follows the last star does not fit: that star takes one more.
        let mut retry = None;
        loop {
            let before = rest.clone();
            match (pattern.get(at), rest.next()) {
                (Some('*'), _) => {
                    at += 1;
                    rest = before;
                    retry = Some((at, rest.clone()));
                }
                (Some('?'), Some(_)) => at += 1,
                (Some(wanted), Some(found)) if *wanted == found => at += 1,
                (None, None) => return true,
                _ => {
                    let Some((after_star, mut from)) = retry else {
                        return false;
                    };
                    if from.next().is_none() {
                        return false;
                    }
                    (at, rest) = (after_star, from.clone());
                    retry = Some((after_star, from));
                }
            }
        }
    }
}

/// Which names are taken: those that a `keep` pattern names (all, if there is none) without those
/// that a `drop` pattern names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    keep: Vec<Pattern>,
    drop: Vec<Pattern>,
}

impl Choice {
    /// Reads two lists of patterns, separated by `;` or `,`.
    pub fn new(keep: &str, drop: &str) -> Self {
        let patterns = |text| items(text).map(Pattern::new).collect();
        Self {
            keep: patterns(keep),
            drop: patterns(drop),
        }
    }

    /// Whether a name is taken.
    pub fn takes(&self, name: &str) -> bool {
        let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(name));
        (self.keep.is_empty() || any(&self.keep)) && !any(&self.drop)
    }
}

impl Settings {
    /// The choice that two keys make, each a list of patterns.
    pub fn choice(&self, keep: &str, drop: &str) -> Result<Choice, ConfigError> {
        for key in [keep, drop] {
            if let Some(text) = self.get(key)
                && items(text).next().is_none()
            {
                return Err(self.invalid(key, text, "patterns: NAME;NAME*"));
            }
        }
        let text = |key| self.get(key).unwrap_or_default();
        Ok(Choice::new(text(keep), text(drop)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars_and_question_marks_stand_for_others() {
        let table = [
            ("http_reqs", "http_reqs", true),
            ("http_reqs", "http_req", false),
            ("http_*", "http_req_duration", true),
            ("*_duration", "http_req_duration", true),
            ("*req*", "http_req_duration", true),
            ("*a*b", "aab", true),
            ("*a*b", "aba", false),
            ("h?", "hé", true),
            ("h?", "h", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
        ];
        for (pattern, name, expected) in table {
            assert_eq!(
                Pattern::new(pattern).matches(name),
                expected,
                "{pattern} {name}"
            );
        }
    }

    #[test]
    fn what_is_dropped_is_dropped_though_it_is_kept() {
        let choice = Choice::new("http_*; checks", "*_blocked,*_looking_up");
        for (name, taken) in [
            ("http_reqs", true),
            ("checks", true),
            ("http_req_blocked", false),
            ("vus", false),
        ] {
            assert_eq!(choice.takes(name), taken, "{name}");
        }
        assert!(Choice::default().takes("anything"));
    }

    #[test]
    fn a_list_without_patterns_is_an_error() {
        let settings = Settings {
            keys: [("drop".to_owned(), " ; ".to_owned())].into(),
            ..Settings::default()
        };
        let error = settings.choice("keep", "drop").unwrap_err().to_string();
        assert!(error.contains("'drop'"), "{error}");
    }

    proptest! {
        #[test]
        fn a_name_with_parts_replaced_by_stars_still_matches(
            parts in prop::collection::vec(("[ab?*é]{0,3}", any::<bool>()), 0..8)
        ) {
            let name: String = parts.iter().map(|(part, _)| part.as_str()).collect();
            let pattern: String = parts
                .iter()
                .map(|(part, star)| if *star || part.contains('*') { "*" } else { part.as_str() })
                .collect();
            prop_assert!(Pattern::new(&pattern).matches(&name), "{pattern} {name}");
        }

        #[test]
        fn a_pattern_agrees_with_its_definition(pattern in "[ab?*]{0,6}", name in "[ab]{0,8}") {
            fn defined(pattern: &[char], name: &[char]) -> bool {
                match (pattern.split_first(), name.split_first()) {
                    (None, rest) => rest.is_none(),
                    (Some(('*', after)), _) => (0..=name.len()).any(|at| defined(after, &name[at..])),
                    (Some((wanted, after)), Some((found, rest))) => {
                        (*wanted == '?' || wanted == found) && defined(after, rest)
                    }
                    (Some(_), None) => false,
                }
            }
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            let expected = defined(&chars(&pattern), &chars(&name));
            prop_assert_eq!(Pattern::new(&pattern).matches(&name), expected);
        }
    }
}

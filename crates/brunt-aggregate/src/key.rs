//! The keys of `options.thresholds`: `name` or `name{tag:value,tag2:value2}`.

use brunt_metrics::TagSet;

/// A metric, or one of its sub-metrics, as an option names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricKey {
    /// The metric's name.
    pub name: String,
    /// For a sub-metric the text between the braces and the tags that it means.
    pub submetric: Option<(String, TagSet)>,
}

/// The key cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed metric '{key}': {reason}; write it as name or name{{tag:value,tag2:value2}}")]
pub struct KeyError {
    /// The key.
    pub key: String,
    /// What is wrong with it.
    pub reason: String,
}

impl MetricKey {
    /// Reads a key. Blanks around tags and values and quotes around them do not count; a value may
    /// be empty and may hold colons, as `group:::outer` does.
    pub fn parse(key: &str) -> Result<Self, KeyError> {
        let error = |reason: String| KeyError {
            key: key.to_owned(),
            reason,
        };
        let text = key.trim();
        let Some((name, rest)) = text.split_once('{') else {
            if text.contains('}') {
                return Err(error("there is a '}' without a '{'".to_owned()));
            }
            return Ok(Self {
                name: text.to_owned(),
                submetric: None,
            });
        };
        let Some(suffix) = rest.strip_suffix('}') else {
            return Err(error("it does not end with '}'".to_owned()));
        };
        if suffix.trim().is_empty() {
            return Err(error("there are no tags between the braces".to_owned()));
        }
        let mut tags = TagSet::new();
        for part in suffix.split(',') {
            let Some((tag, value)) = part.split_once(':') else {
                return Err(error(format!("the tag '{}' has no value", part.trim())));
            };
            let tag = unquoted(tag);
            if tag.is_empty() {
                return Err(error(format!("the value '{}' has no tag", unquoted(value))));
            }
            tags.set(tag, unquoted(value));
        }
        Ok(Self {
            name: name.trim().to_owned(),
            submetric: Some((suffix.trim().to_owned(), tags)),
        })
    }
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\''])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(key: &str) -> (String, Vec<(String, String)>) {
        let key = MetricKey::parse(key).unwrap();
        let tags = key.submetric.map(|(_, tags)| tags).unwrap_or_default();
        (
            key.name,
            tags.iter()
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .collect(),
        )
    }

    #[test]
    fn names_and_tags_are_told_apart() {
        let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect()
        };
        assert_eq!(parsed("http_reqs"), ("http_reqs".to_owned(), vec![]));
        for key in [
            "m{a:1,b:2}",
            "m{ a : 1 , b : 2 }",
            "m{a:\"1\",b:'2'}",
            " m {'a':1,\"b\":2} ",
        ] {
            assert_eq!(
                parsed(key),
                ("m".to_owned(), owned(&[("a", "1"), ("b", "2")])),
                "{key}"
            );
        }
        assert_eq!(parsed("m{group:::a::b}").1, owned(&[("group", "::a::b")]));
        assert_eq!(parsed("m{group:}").1, owned(&[("group", "")]));
        assert_eq!(
            parsed("m{name:http://x/${}}").1,
            owned(&[("name", "http://x/${}")])
        );
        assert_eq!(
            MetricKey::parse("m{a:1,b:2}").unwrap().submetric.unwrap().0,
            "a:1,b:2"
        );
    }

    #[test]
    fn malformed_keys_say_what_is_wrong() {
        for (key, reason) in [
            ("m{a}", "the tag 'a' has no value"),
            ("m{a:1,}", "the tag '' has no value"),
            ("m{:1}", "the value '1' has no tag"),
            ("m{}", "no tags"),
            ("m{a:1", "does not end with '}'"),
            ("m{a:1}x", "does not end with '}'"),
            ("m}", "without a '{'"),
        ] {
            let message = MetricKey::parse(key).unwrap_err().to_string();
            assert!(message.contains(reason), "{key}: {message}");
            assert!(
                message.starts_with(&format!("malformed metric '{key}'")),
                "{message}"
            );
        }
    }
}

//! The modules that the program brings itself, and what to say about one that it does not.
//!
//! Only names are known here; what they export is the host's business.

use crate::error::{ErrorKind, LoadError};
use crate::nearest::distance;

/// Modules that are gone or never come, and what to use.
const ADVICE: &[(&str, &str)] = &[
    ("k6/experimental/grpc", "use \"k6/net/grpc\""),
    (
        "k6/experimental/timers",
        "use \"k6/timers\", or the globals setTimeout and setInterval",
    ),
    ("k6/experimental/webcrypto", "use the global `crypto`"),
    (
        "k6/experimental/tracing",
        "use the library http-instrumentation-tempo",
    ),
    (
        "k6/experimental/browser",
        "brunt drives no browser; test the protocol with \"k6/http\"",
    ),
    (
        "k6/browser",
        "brunt drives no browser; test the protocol with \"k6/http\"",
    ),
];

/// The names of built-in modules.
#[derive(Debug)]
pub(crate) struct Builtins {
    names: Vec<String>,
}

impl Builtins {
    pub(crate) fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            names: names.into_iter().map(Into::into).collect(),
        }
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    pub(crate) fn unknown(&self, name: &str) -> LoadError {
        let error = LoadError::new(
            ErrorKind::UnknownBuiltin,
            format!("unknown module \"{name}\""),
        );
        error.help(self.advice(name))
    }

    fn advice(&self, name: &str) -> String {
        if let Some((_, advice)) = ADVICE.iter().find(|(known, _)| *known == name) {
            return (*advice).to_owned();
        }
        if name.starts_with("k6/x/") {
            return "k6 extensions are Go code that brunt cannot run; use a built-in module or \
                    a JavaScript library"
                .to_owned();
        }
        if let Some(near) = self.nearest(name) {
            return format!("did you mean \"{near}\"?");
        }
        let mut names: Vec<_> = self.names.iter().map(String::as_str).collect();
        names.sort_unstable();
        format!("the built-in modules are {}", names.join(", "))
    }

    /// The name with the fewest differences, if they look like a slip.
    fn nearest(&self, name: &str) -> Option<&str> {
        if name.len() > 64 {
            return None;
        }
        let tail = name.rsplit('/').next().unwrap_or(name);
        let scored = self.names.iter().map(|known| {
            // A module under another path, such as k6/grpc for k6/net/grpc, is one slip.
            let moved = known.rsplit('/').next() == Some(tail);
            (if moved { 1 } else { distance(known, name) }, known)
        });
        let (differences, known) = scored.min_by_key(|(differences, _)| *differences)?;
        (differences <= 2).then_some(known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(name: &str) -> String {
        let builtins = Builtins::new(["k6", "k6/http", "k6/metrics", "k6/net/grpc"]);
        assert!(!builtins.contains(name));
        let error = builtins.unknown(name);
        assert!(error.message.contains(name), "{error}");
        error.help.unwrap_or_default()
    }

    #[test]
    fn slips_are_recognised() {
        assert_eq!(advice("k6/htpp"), "did you mean \"k6/http\"?");
        assert_eq!(advice("k6/metric"), "did you mean \"k6/metrics\"?");
        assert_eq!(advice("k6/grpc"), "did you mean \"k6/net/grpc\"?");
    }

    #[test]
    fn modules_that_left_point_to_their_successors() {
        assert_eq!(advice("k6/experimental/grpc"), "use \"k6/net/grpc\"");
        assert!(advice("k6/x/sql").contains("extensions"));
        assert!(advice("k6/browser").contains("no browser"));
    }

    #[test]
    fn anything_else_lists_what_there_is() {
        let names = "the built-in modules are k6, k6/http, k6/metrics, k6/net/grpc";
        assert_eq!(advice("k6/no-such-module"), names);
    }
}

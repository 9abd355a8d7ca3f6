//! Experimental features of k6: names that change how other options are read.
//!
//! Not options themselves, because they must be known before the layers are put together.

use crate::suggest;

/// A feature that can be turned on by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// Trends keep a histogram. brunt always does beyond 10 000 values.
    NativeHistograms,
    /// Tags of all layers are merged instead of the strongest layer's replacing the others.
    MergeRunTags,
    /// Scripts cannot change `__ENV`.
    FreezeEnv,
}

/// A set of features.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Features {
    /// Those that are on, each once, in the order of their names' table.
    on: Vec<Feature>,
}

impl Feature {
    /// All that there are.
    pub const ALL: [Self; 3] = [Self::NativeHistograms, Self::MergeRunTags, Self::FreezeEnv];

    /// The name on the command line, such as `merge-run-tags`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NativeHistograms => "native-histograms",
            Self::MergeRunTags => "merge-run-tags",
            Self::FreezeEnv => "freeze-env",
        }
    }
}

impl Features {
    /// The features of these names, and a sentence for each name that means nothing: such a one is
    /// an error to tell, but the test runs.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> (Self, Vec<String>) {
        let mut features = Self::default();
        let mut unknown = Vec::new();
        for name in names
            .into_iter()
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            let named = |one: &Feature| one.as_str() == name;
            if let Some(feature) = Feature::ALL.into_iter().find(named) {
                features.on.push(feature);
                continue;
            }
            let known = Feature::ALL.map(Feature::as_str);
            let mut hint = suggest::hint(name, known);
            if hint.is_empty() {
                hint = format!("; there are {}", known.join(", "));
            }
            unknown.push(format!("unknown feature \"{name}\" has no effect{hint}"));
        }
        features.on.sort_unstable();
        features.on.dedup();
        (features, unknown)
    }

    /// Whether a feature is on.
    pub fn has(&self, feature: Feature) -> bool {
        self.on.contains(&feature)
    }

    /// What the script finds in `__ENV.K6_FEATURES`; none if nothing is on.
    pub fn variable(&self) -> Option<String> {
        let names: Vec<&str> = self.on.iter().map(|one| one.as_str()).collect();
        (!names.is_empty()).then(|| names.join(","))
    }

    /// The run tags that tell which features are on, such as `k6_feature_merge_run_tags=true`.
    pub fn tags(&self) -> impl Iterator<Item = (String, &'static str)> + '_ {
        let tag = |one: &Feature| format!("k6_feature_{}", one.as_str().replace('-', "_"));
        self.on.iter().map(move |one| (tag(one), "true"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_told_by_tags_and_a_variable() {
        let (features, unknown) =
            Features::parse(["freeze-env", " merge-run-tags ", "", "freeze-env"]);
        assert!(unknown.is_empty());
        assert!(features.has(Feature::FreezeEnv) && !features.has(Feature::NativeHistograms));
        assert_eq!(
            features.variable().as_deref(),
            Some("merge-run-tags,freeze-env")
        );
        let tags: Vec<_> = features.tags().collect();
        assert_eq!(tags[0], ("k6_feature_merge_run_tags".to_owned(), "true"));
        assert_eq!(Features::default().variable(), None);
    }

    #[test]
    fn unknown_features_are_named() {
        let (features, unknown) = Features::parse(["merge-run-tag", "warp"]);
        assert_eq!(features, Features::default());
        assert_eq!(
            unknown,
            [
                "unknown feature \"merge-run-tag\" has no effect; did you mean \"merge-run-tags\"?",
                "unknown feature \"warp\" has no effect; there are native-histograms, merge-run-tags, freeze-env",
            ]
        );
    }
}

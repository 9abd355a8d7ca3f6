//! All layers together: what the test will really do.

use std::collections::BTreeMap;

use brunt_pacing::Partition;

use crate::check;
use crate::error::{Invalid, OptionsError};
use crate::explain::History;
use crate::features::{Feature, Features};
use crate::layer::{Layer, LayerOptions};
use crate::options::{Options, TABLE};
use crate::scenario::ScenarioConfig;
use crate::shortcut;

/// The options of a test once all layers have spoken.
#[derive(Debug, Clone, PartialEq)]
pub struct Consolidated {
    /// The merged options. The shortcuts are what the layers say, `scenarios` is what results.
    pub options: Options,
    /// The scenarios in the order of their start, then of their names; never empty.
    pub scenarios: Vec<ScenarioConfig>,
    /// What the user should be told, one sentence each.
    pub warnings: Vec<String>,
    /// Which part of the test this instance runs.
    pub partition: Partition,
    pub(crate) origins: BTreeMap<&'static str, Layer>,
    pub(crate) history: History,
    /// Whether the one scenario was made from shortcuts.
    pub(crate) derived: bool,
}

impl Options {
    /// Puts layers on top of each other, whatever order they are given in: a stronger one replaces
    /// what a weaker one sets, whole. One that sets `duration`, `iterations`, `stages` or `scenarios`
    /// clears all four of weaker layers. Then the scenarios are derived and checked.
    pub fn consolidate(
        layers: impl IntoIterator<Item = LayerOptions>,
    ) -> Result<Consolidated, OptionsError> {
        Self::consolidate_with(layers, &Features::default())
    }

    /// The same with experimental features, of which [`Feature::MergeRunTags`] merges the tags of all
    /// layers.
    pub fn consolidate_with(
        layers: impl IntoIterator<Item = LayerOptions>,
        features: &Features,
    ) -> Result<Consolidated, OptionsError> {
        let mut layers: Vec<LayerOptions> = layers.into_iter().collect();
        layers.sort_by_key(|own| own.layer);
        let mut merged = Merged::default();
        for mut own in layers {
            shortcut::check_conflicts(&own).map_err(|invalid| invalid.in_layer(own.layer))?;
            if features.has(Feature::MergeRunTags) {
                own.options.tags = match (merged.options.tags.clone(), own.options.tags.take()) {
                    (Some(mut all), Some(over)) => {
                        all.0.extend(over.0);
                        Some(all)
                    }
                    (_, over) => over,
                };
            }
            merged.add(own);
        }
        merged.finish()
    }
}

impl Consolidated {
    /// Who set an option; [`Layer::Default`] if nobody did.
    pub fn origin(&self, key: &str) -> Layer {
        self.origins.get(key).copied().unwrap_or(Layer::Default)
    }

    /// An error about the value of an option that only the caller can check, such as the name of a
    /// system tag; it names who set it.
    pub fn error(&self, key: &str, reason: impl Into<String>) -> OptionsError {
        located(&self.origins, key, Invalid::new(reason))
    }

    /// The same about one member of an option that has several, such as a metric of `thresholds`.
    pub fn member_error(&self, key: &str, member: &str, reason: impl Into<String>) -> OptionsError {
        located(&self.origins, key, Invalid::new(reason).within(member))
    }
}

#[derive(Debug, Default)]
struct Merged {
    options: Options,
    origins: BTreeMap<&'static str, Layer>,
    warnings: Vec<String>,
    history: History,
}

impl Merged {
    fn add(&mut self, own: LayerOptions) {
        self.warnings.extend(own.warnings);
        self.history.note(own.layer, &own.options);
        if let Some(cause) = shortcut::EXECUTION
            .into_iter()
            .find(|key| own.options.is_set(key))
        {
            if self
                .options
                .scenarios
                .as_ref()
                .is_some_and(|scenarios| !scenarios.is_empty())
            {
                let lower = self
                    .origins
                    .get("scenarios")
                    .copied()
                    .unwrap_or(Layer::Default);
                let cause = Options::spec(cause).map_or(cause, |spec| spec.name_in(own.layer));
                self.warnings.push(format!(
                    "options ({}): {cause} overrides the scenarios of the {lower} entirely",
                    own.layer
                ));
            }
            self.options.duration = None;
            self.options.iterations = None;
            self.options.stages = None;
            self.options.scenarios = None;
            for key in shortcut::EXECUTION {
                self.origins.remove(key);
            }
        }
        for spec in TABLE.iter().filter(|spec| own.options.is_set(spec.key)) {
            self.origins.insert(spec.key, own.layer);
        }
        self.options.override_with(own.options);
    }

    fn finish(mut self) -> Result<Consolidated, OptionsError> {
        check::check(&self.options)
            .map_err(|(key, invalid)| located(&self.origins, key, invalid))?;
        let partition = Partition::new(
            self.options.execution_segment,
            self.options.execution_segment_sequence.as_ref(),
        )
        .map_err(|error| {
            let keys = ["executionSegment", "executionSegmentSequence"];
            let key = keys.into_iter().find(|key| self.origins.contains_key(key));
            located(
                &self.origins,
                key.unwrap_or(keys[0]),
                Invalid::new(error.to_string()),
            )
        })?;
        let (drafts, derived) = shortcut::derive(&self.options, &mut self.warnings);
        let mut scenarios = Vec::with_capacity(drafts.len());
        for (name, draft) in &drafts {
            scenarios.push(draft.validate(name).map_err(|invalid| {
                if derived {
                    derived_error(&self.origins, &invalid)
                } else {
                    located(&self.origins, "scenarios", invalid.within(name))
                }
            })?);
        }
        scenarios.sort_by(|a, b| (a.start_time, &a.name).cmp(&(b.start_time, &b.name)));
        for spec in self.options.unsupported() {
            let layer = self
                .origins
                .get(spec.key)
                .copied()
                .unwrap_or(Layer::Default);
            let name = spec.name_in(layer);
            self.warnings.push(format!(
                "options ({layer}): {name} is not supported yet and has no effect"
            ));
        }
        self.options.scenarios = Some(drafts);
        Ok(Consolidated {
            options: self.options,
            scenarios,
            warnings: self.warnings,
            partition,
            origins: self.origins,
            history: self.history,
            derived,
        })
    }
}

fn located(origins: &BTreeMap<&'static str, Layer>, key: &str, invalid: Invalid) -> OptionsError {
    let layer = origins.get(key).copied().unwrap_or(Layer::Default);
    let name = Options::spec(key).map_or(key, |spec| spec.name_in(layer));
    invalid.within(name).in_layer(layer)
}

/// An error in a field of the scenario that was made from shortcuts, blamed on the shortcut.
fn derived_error(origins: &BTreeMap<&'static str, Layer>, invalid: &Invalid) -> OptionsError {
    let path = invalid.path();
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let (field, rest) = path.split_at(end);
    // A number of iterations that was not set comes from `vus`.
    let mut key = shortcut::option_of_field(field);
    if key == "iterations" && !origins.contains_key(key) {
        key = "vus";
    }
    let mut error = located(origins, key, Invalid::new(invalid.reason()));
    error.path.push_str(rest);
    error
}

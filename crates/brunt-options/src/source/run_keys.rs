//! The keys of a configuration file that set up a run and are no options of its test.
//!
//! Only the command line has them beside: a script is read after they have had their effect.

use serde_json::Value;

use crate::error::OptionsError;
use crate::layer::Layer;
use crate::value::{OptionValue, comma_separated};

/// The keys, those included that have no effect: `noUsageReport`, because brunt reports to nobody,
/// `webDashboard` and `collectors`, because it has neither.
pub const CONFIG_FILE_ONLY: [&str; 6] = [
    "out",
    "linger",
    "noUsageReport",
    "webDashboard",
    "features",
    "collectors",
];

/// What a configuration file says about the run around a test.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunKeys {
    /// `out`: where measurements go, as `--out` has it; one text or a list.
    pub out: Option<Vec<String>>,
    /// `linger`: whether the REST API stays up after the test.
    pub linger: Option<bool>,
    /// `features`: experimental features to turn on; a list, or one text with commas.
    pub features: Option<Vec<String>>,
}

impl RunKeys {
    /// Reads them from a configuration file; other keys are [`LayerOptions`]' to read.
    ///
    /// [`LayerOptions`]: crate::LayerOptions
    pub fn from_config_file(file: &Value) -> Result<Self, OptionsError> {
        let out = read::<Vec<String>>(file, "out", |text| vec![text.to_owned()])?;
        let features = read::<Vec<String>>(file, "features", |text| {
            comma_separated(text).map(str::to_owned).collect()
        })?;
        let linger = file.get("linger").filter(|value| !value.is_null());
        let linger = linger.map(bool::from_json).transpose();
        Ok(Self {
            out,
            features,
            linger: linger
                .map_err(|invalid| invalid.within("linger").in_layer(Layer::ConfigFile))?,
        })
    }
}

fn read<T: OptionValue>(
    file: &Value,
    key: &str,
    of_text: impl Fn(&str) -> T,
) -> Result<Option<T>, OptionsError> {
    let value = match file.get(key) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => Ok(of_text(text)),
        Some(other) => T::from_json(other),
    };
    value
        .map(Some)
        .map_err(|invalid| invalid.within(key).in_layer(Layer::ConfigFile))
}

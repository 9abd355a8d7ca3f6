//! The layers of options, from where users write them to what they are together; what is wrong is told
//! with its place.

use brunt_options::{Consolidated, Layer, LayerOptions, Options, OptionsError};

use crate::exit::{Exit, Failure};
use crate::run::script::Script;
use crate::run::{RunArgs, choice};

/// Reads all layers and puts them together; `--scenario` and `--once` take from what results.
pub(crate) fn consolidate(args: &RunArgs, script: &Script) -> Result<Consolidated, Failure> {
    let mut options = read(args, script)
        .and_then(|layers| Options::consolidate_with(layers, &args.features))
        .map_err(|error| failure(error, args, script))?;
    choice::narrow(&mut options, &args.scenarios, args.once)?;
    Ok(options)
}

fn read(args: &RunArgs, script: &Script) -> Result<Vec<LayerOptions>, OptionsError> {
    let mut layers = Vec::new();
    if let Some(file) = &args.config_file {
        layers.push(file.options.clone());
    }
    if let Some(json) = &script.exports.options {
        // The engine wrote it, so it is JSON.
        let json = serde_json::from_str(json).unwrap_or_default();
        layers.push(LayerOptions::from_script(&json)?);
    }
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    layers.push(LayerOptions::from_env(&variables)?);
    let mut cli = LayerOptions::cli();
    for (flag, text) in &args.option_flags {
        cli.set_flag(flag, text)?;
    }
    layers.push(cli);
    Ok(layers)
}

/// An invalid option as the user is told about it.
pub(crate) fn failure(error: OptionsError, args: &RunArgs, script: &Script) -> Failure {
    let place = place(error.layer, &error.path, args, script);
    let error = match place {
        Some(place) => error.at(place),
        None => error,
    };
    Failure::new(Exit::InvalidConfig, error.to_string())
}

/// Where a layer writes an option, as far as it is known: `script.js:4:3`.
pub(crate) fn place(layer: Layer, path: &str, args: &RunArgs, script: &Script) -> Option<String> {
    match layer {
        Layer::Script => {
            let loader = script.program.loader();
            let place = loader.place_of_option(path)?;
            let file = if *place.file == *loader.entry().as_str() {
                &args.script
            } else {
                &*place.file
            };
            Some(format!("{file}:{}:{}", place.line, place.column))
        }
        Layer::ConfigFile => Some(args.config_file.as_ref()?.place(path)),
        Layer::Default | Layer::Env | Layer::Cli => None,
    }
}

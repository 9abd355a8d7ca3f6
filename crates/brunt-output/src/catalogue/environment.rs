//! Values of keys that come from environment variables and from files with secrets.

use std::io::Read;

use crate::catalogue::Environment;
use crate::output::{ConfigError, Key, Settings};

/// No secret is longer; whoever names a device instead of a file gets an error, not a hang.
const LONGEST_SECRET: u64 = 64 * 1024;

/// Sets every key that a variable names. A key's first variable that is set and not empty counts;
/// a secret's variable `NAME` can also be `NAME_FILE`, the file that holds it. A variable
/// `PREFIX_*` belongs to a family of keys: what the star stands for is the member's name.
pub(super) fn layer(
    keys: &[Key],
    environment: &Environment,
    settings: &mut Settings,
) -> Result<(), ConfigError> {
    let value = |name: &str| environment.get(name).filter(|value| !value.is_empty());
    for key in keys {
        if let Some(family) = key.name.strip_suffix('*') {
            // The first variable wins, so it is written last.
            for prefix in key
                .env
                .iter()
                .rev()
                .filter_map(|name| name.strip_suffix('*'))
            {
                for (name, text) in environment {
                    if let Some(member) = name.strip_prefix(prefix).filter(|rest| !rest.is_empty())
                    {
                        settings
                            .keys
                            .insert(format!("{family}{member}"), text.clone());
                    }
                }
            }
            continue;
        }
        for name in key.env {
            if let Some(text) = value(name) {
                settings.keys.insert(key.name.to_owned(), text.clone());
                break;
            }
            let file = format!("{name}_FILE");
            if let Some(path) = value(&file).filter(|_| key.secret) {
                let text = read_secret(&settings.instance, &file, path)?;
                settings.keys.insert(key.name.to_owned(), text);
                break;
            }
        }
    }
    Ok(())
}

/// The text of a file with a secret, without the line end that editors add.
pub(super) fn read_secret(instance: &str, key: &str, path: &str) -> Result<String, ConfigError> {
    let error = |reason: &str| ConfigError {
        output: instance.to_owned(),
        message: format!("cannot read '{path}', which the key '{key}' names: {reason}"),
    };
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LONGEST_SECRET + 1).read_to_string(&mut text))
        .map_err(|reason| error(&reason.to_string()))?;
    if text.len() as u64 > LONGEST_SECRET {
        return Err(error("it is longer than 64 KiB"));
    }
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

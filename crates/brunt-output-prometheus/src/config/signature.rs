//! With which credentials requests are signed for AWS: keys of their own, or a profile of the file
//! that AWS' tools share.

use std::path::PathBuf;

use brunt_output::{ConfigError, Settings};

use crate::sigv4::Signer;

/// `None` where no region is given: then nothing is signed, whatever else AWS' variables say.
pub(super) fn read(settings: &Settings) -> Result<Option<Signer>, ConfigError> {
    let Some(region) = settings.get("sigv4-region") else {
        return Ok(None);
    };
    let owned = |key: &str| settings.get(key).map(str::to_owned);
    let signer = match (owned("sigv4-access-key"), owned("sigv4-secret-key")) {
        (Some(access), Some(secret)) => {
            Signer::new(region, &access, &secret, owned("sigv4-session-token"))
        }
        (None, None) => of_profile(settings, region)?,
        _ => {
            return Err(settings
                .error("sigv4-access-key and sigv4-secret-key are given together or not at all"));
        }
    };
    Ok(Some(signer))
}

fn of_profile(settings: &Settings, region: &str) -> Result<Signer, ConfigError> {
    let profile = settings.get("sigv4-profile").unwrap_or("default");
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let path = from("AWS_SHARED_CREDENTIALS_FILE").map_or_else(
        || PathBuf::from(from("HOME").unwrap_or_default()).join(".aws/credentials"),
        PathBuf::from,
    );
    let shown = path.display();
    let text = std::fs::read_to_string(&path).map_err(|reason| {
        settings.error(format!(
            "sigv4-region needs credentials, and '{shown}' cannot be read: {reason}; \
             set sigv4-access-key and sigv4-secret-key"
        ))
    })?;
    let value = |name: &str| of_section(&text, profile, name);
    match (value("aws_access_key_id"), value("aws_secret_access_key")) {
        (Some(access), Some(secret)) => Ok(Signer::new(
            region,
            access,
            secret,
            value("aws_session_token").map(str::to_owned),
        )),
        _ => Err(settings.error(format!(
            "the profile '{profile}' in '{shown}' has no aws_access_key_id and aws_secret_access_key"
        ))),
    }
}

/// The value of a name in a section of an INI file, as AWS' tools write it.
fn of_section<'a>(text: &'a str, section: &str, name: &str) -> Option<&'a str> {
    let mut inside = false;
    let mut found = None;
    for line in text.lines().map(str::trim) {
        if let Some(title) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            inside = title.trim() == section;
        } else if inside
            && !line.starts_with(['#', ';'])
            && let Some((key, value)) = line.split_once('=')
            && key.trim() == name
        {
            found = Some(value.trim());
        }
    }
    found.filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_has_its_own_values() {
        let text = "[default]\naws_access_key_id = A\n# aws_access_key_id = B\n\
                    [ team ]\naws_access_key_id=C\naws_secret_access_key = a=b\n";
        let read = |section, name| of_section(text, section, name);
        assert_eq!(read("default", "aws_access_key_id"), Some("A"));
        assert_eq!(read("team", "aws_access_key_id"), Some("C"));
        assert_eq!(read("team", "aws_secret_access_key"), Some("a=b"));
        assert_eq!(read("default", "aws_secret_access_key"), None);
        assert_eq!(read("other", "aws_access_key_id"), None);
    }
}

//! Headers that the user adds to every request.

use std::time::Duration;

use brunt_output::{ConfigError, Settings};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use super::Auth;

/// The listed headers and those of the family `header.*`. `reserved` are names, in small letters, that
/// belong to the protocol. None of the values shows in logs.
pub fn headers(
    settings: &Settings,
    listed: impl IntoIterator<Item = (String, String)>,
    reserved: &[&str],
) -> Result<HeaderMap, ConfigError> {
    let named = settings
        .family("header")
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut headers = HeaderMap::new();
    for (name, value) in listed.into_iter().chain(named) {
        if reserved.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(settings.error(format!(
                "the header '{name}' belongs to the protocol and cannot be set"
            )));
        }
        let header = HeaderName::try_from(name.as_str())
            .map_err(|_| settings.error(format!("'{name}' is no name of a header")))?;
        let mut value = HeaderValue::try_from(value).map_err(|_| {
            settings.error(format!(
                "the value of the header '{name}' has characters that no header can have"
            ))
        })?;
        value.set_sensitive(true);
        headers.insert(header, value);
    }
    Ok(headers)
}

/// Refuses a header `Authorization` beside another way to say who one is.
pub fn one_authorization(
    settings: &Settings,
    headers: &HeaderMap,
    others: bool,
) -> Result<(), ConfigError> {
    if others && headers.contains_key(AUTHORIZATION) {
        return Err(settings.error(
            "the header Authorization is given beside other credentials: take one of them away",
        ));
    }
    Ok(())
}

/// What must not be shown of headers and authentication, should the receiver repeat it.
pub fn secrets(headers: &HeaderMap, auth: &Auth) -> Vec<String> {
    headers
        .values()
        .filter_map(|value| value.to_str().ok())
        .chain(auth.secret())
        .map(str::to_owned)
        .collect()
}

/// The time for one request, the key `timeout`: 10 s.
pub fn timeout(settings: &Settings) -> Result<Duration, ConfigError> {
    let timeout = settings
        .duration("timeout")?
        .unwrap_or(Duration::from_secs(10));
    if timeout.is_zero() {
        return Err(settings.invalid("timeout", "0", "a time above zero"));
    }
    Ok(timeout)
}

//! What an answer, or its absence, is told as.

use std::error::Error;
use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};

/// No message of a receiver is told at greater length, in characters.
pub const LONGEST_MESSAGE: usize = 300;

/// At most about this much of an answer's body; the rest is not waited for.
pub async fn read_body(mut response: reqwest::Response, most: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < most {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    bytes
}

/// The first line of a text, without what does not belong on a terminal.
pub fn first_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = text.trim_start().lines().next().unwrap_or_default().trim();
    line.chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_MESSAGE)
        .collect()
}

/// A text without what the receiver should not have repeated. What is as short as a word would tear
/// holes into sentences and is no secret.
pub fn without_secrets(text: String, secrets: &[String]) -> String {
    secrets
        .iter()
        .filter(|secret| secret.len() >= 6)
        .fold(text, |text, secret| text.replace(secret, "***"))
}

/// The wait that the receiver asks for: seconds, or a date (RFC 9110, 10.2.3).
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()?;
    Some(
        SystemTime::from(date)
            .duration_since(SystemTime::now())
            .unwrap_or_default(),
    )
}

/// Why there was no answer. The URL is left out, it may hold a secret.
pub fn explain(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    root_cause(error)
}

/// The innermost error, which says what happened.
pub fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    // Without a cause, the error itself names the URL.
    if std::ptr::addr_eq(cause, error) {
        "the request failed".to_owned()
    } else {
        cause.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_read_as_seconds_or_date() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers)
        };
        assert_eq!(read("7"), Some(Duration::from_secs(7)));
        assert_eq!(read("soon"), None);
        assert_eq!(read("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        assert!(read("Wed, 21 Oct 2150 07:28:00 GMT").unwrap() > Duration::from_secs(1 << 30));
    }

    #[test]
    fn a_message_is_one_clean_line_without_secrets() {
        let line = first_line(b"\n  token s3cret-token\x1b[2J is wrong\nmore");
        assert_eq!(line, "token s3cret-token[2J is wrong");
        let secrets = ["s3cret-token".to_owned(), "is".to_owned()];
        assert_eq!(without_secrets(line, &secrets), "token ***[2J is wrong");
        assert_eq!(first_line(&[b'x'; 1000]).len(), LONGEST_MESSAGE);
    }
}

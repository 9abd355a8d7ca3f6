//! What a receiver's answer means, and how it is told to the user.

use std::error::Error;
use std::time::{Duration, SystemTime};

use brunt_delivery::Verdict;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// No message is told at greater length.
const LONGEST_MESSAGE: usize = 300;

/// The fate of a request that was not taken (remote write 1.0, retries and backoff: 5xx must and 429
/// may be repeated, other 4xx must not).
pub(super) fn judge(status: StatusCode, after: Option<Duration>, message: &str) -> Verdict {
    let reason = describe(status, message);
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Verdict::Retry { after, reason };
    }
    // A part may be fine where the content was refused, not where the sender was.
    let split = matches!(
        status,
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY
    );
    Verdict::Reject { reason, split }
}

/// Whether a receiver that answers an empty request like this will take a full one.
pub(super) fn judge_check(status: StatusCode, message: &str) -> Result<(), String> {
    let hint = match status {
        // Some receivers do not like an empty request, or are busy; they are there.
        StatusCode::BAD_REQUEST | StatusCode::TOO_MANY_REQUESTS => return Ok(()),
        status if status.is_success() => return Ok(()),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            "; set username and password, bearer-token or tenant, or their environment variables"
        }
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            "; there is no remote write here: Mimir has it at /api/v1/push, Prometheus at \
             /api/v1/write if it runs with --web.enable-remote-write-receiver"
        }
        status if status.is_redirection() => "; give the address that it redirects to",
        _ => "; check=false starts the test anyway",
    };
    Err(format!("{}{hint}", describe(status, message)))
}

fn describe(status: StatusCode, message: &str) -> String {
    let name = status.canonical_reason().unwrap_or("unknown status");
    match message {
        "" => format!("{} {name}", status.as_u16()),
        message => format!("{} {name}: {message}", status.as_u16()),
    }
}

/// The first line of an answer's body; the rest is not waited for.
pub(super) async fn first_line(mut response: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < LONGEST_MESSAGE {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    let line = text.trim_start().lines().next().unwrap_or_default().trim();
    let shown: String = line
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_MESSAGE)
        .collect();
    shown
}

/// The wait that the receiver asks for: seconds, or a date (RFC 9110, 10.2.3).
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
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
pub(super) fn explain(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    root_cause(error)
}

/// The innermost error, which says what happened.
pub(super) fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let text = cause.to_string();
    // Without a cause, the error itself names the URL.
    if std::ptr::addr_eq(cause, error) {
        "the request failed".to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_get_better_is_repeated_and_nothing_else() {
        let judge = |code: u16| judge(StatusCode::from_u16(code).unwrap(), None, "why\u{1b}");
        for code in [429, 500, 502, 503, 504, 599] {
            assert!(matches!(judge(code), Verdict::Retry { .. }), "{code}");
        }
        for (code, split) in [
            (400, true),
            (413, true),
            (401, false),
            (404, false),
            (302, false),
        ] {
            assert!(
                matches!(judge(code), Verdict::Reject { split: s, .. } if s == split),
                "{code}"
            );
        }
    }

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
    fn a_check_says_what_to_do() {
        let check = |code: u16| judge_check(StatusCode::from_u16(code).unwrap(), "");
        assert!(check(204).is_ok() && check(400).is_ok());
        assert!(
            check(401)
                .unwrap_err()
                .contains("401 Unauthorized; set username")
        );
        assert!(check(404).unwrap_err().contains("/api/v1/push"));
        assert!(check(503).unwrap_err().contains("check=false"));
    }
}

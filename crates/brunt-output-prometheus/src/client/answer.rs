//! What a receiver's answer means, and how it is told to the user.

use std::time::Duration;

use brunt_delivery::Verdict;
use brunt_delivery::http::{LONGEST_MESSAGE, first_line, read_body, retry_after};

use super::hints;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

/// What a receiver answered.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) after: Option<Duration>,
    /// How many samples and histograms it says it has written (remote write 2.0, required response
    /// headers); `None` where it does not say so.
    pub(super) written: Option<Written>,
    /// The first line of its body.
    pub(super) message: String,
}

/// The headers `X-Prometheus-Remote-Write-*-Written`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) samples: Option<u64>,
    pub(super) histograms: Option<u64>,
}

impl Answer {
    pub(super) fn new(status: StatusCode, headers: &HeaderMap, message: String) -> Self {
        Self {
            status,
            after: retry_after(headers),
            written: written(headers),
            message,
        }
    }

    pub(super) async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read_body(response, LONGEST_MESSAGE).await;
        Self::new(status, &headers, first_line(&body))
    }

    /// Status and words, and what to do about it where that is known.
    pub(super) fn describe(&self) -> String {
        let name = self.status.canonical_reason().unwrap_or("unknown status");
        let code = self.status.as_u16();
        let mut text = match self.message.as_str() {
            "" => format!("{code} {name}"),
            message => format!("{code} {name}: {message}"),
        };
        if let Some(hint) = hints::hint(code, &self.message) {
            text.push_str(" -- ");
            text.push_str(hint);
        }
        text
    }
}

fn written(headers: &HeaderMap) -> Option<Written> {
    let count = |kind: &str| {
        let value = headers.get(format!("x-prometheus-remote-write-{kind}-written"));
        value.map(|value| {
            value
                .to_str()
                .ok()
                .and_then(|text| text.trim().parse().ok())
        })
    };
    let (samples, histograms) = (count("samples"), count("histograms"));
    let any = samples.is_some() || histograms.is_some() || count("exemplars").is_some();
    any.then(|| Written {
        samples: samples.flatten(),
        histograms: histograms.flatten(),
    })
}

/// The fate of a request that was not taken (remote write, retries and backoff: 5xx must and 429
/// may be repeated, other 4xx must not).
pub(super) fn judge(answer: &Answer) -> Verdict {
    let reason = answer.describe();
    let status = answer.status;
    // Prometheus 2.42 blames itself for it, but it will never be younger.
    let too_old = status == StatusCode::INTERNAL_SERVER_ERROR && answer.message == "too old sample";
    if too_old {
        return Verdict::Reject {
            reason,
            split: true,
        };
    }
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        // Who asks for a wait, or is a gateway, does not mean the load.
        let blames = status == StatusCode::INTERNAL_SERVER_ERROR && answer.after.is_none();
        return Verdict::Retry {
            after: answer.after,
            reason,
            fault: blames.then_some(status.as_u16()),
        };
    }
    // A part may be fine where the content was refused, not where the sender was.
    let split = matches!(
        status,
        StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY
    );
    Verdict::Reject { reason, split }
}

/// Whether a receiver that answers an empty request like this will take a full one.
pub(super) fn judge_check(answer: &Answer) -> Result<(), String> {
    let hint = match answer.status {
        // Some receivers do not like an empty request, or are busy; they are there.
        StatusCode::BAD_REQUEST | StatusCode::TOO_MANY_REQUESTS => return Ok(()),
        status if status.is_success() => return Ok(()),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            "; set username and password, bearer-token or tenant, or their environment variables"
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "; leave protocol=… away to find out what it speaks",
        StatusCode::NOT_FOUND => {
            "; the path is usually /api/v1/push for Mimir and /api/v1/write for Prometheus"
        }
        status if status.is_redirection() => "; give the address that it redirects to",
        _ => "; check=false starts the test anyway",
    };
    Err(format!("{}{hint}", answer.describe()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: u16, headers: &[(&'static str, &str)], message: &str) -> Answer {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        Answer::new(
            StatusCode::from_u16(code).unwrap(),
            &map,
            message.to_owned(),
        )
    }

    #[test]
    fn what_may_get_better_is_repeated_and_nothing_else() {
        for code in [429, 500, 502, 503, 504, 599] {
            let blames = matches!(
                judge(&answer(code, &[], "")),
                Verdict::Retry { fault: Some(_), .. }
            );
            assert_eq!(blames, code == 500, "{code}");
            assert!(matches!(
                judge(&answer(code, &[("retry-after", "1")], "")),
                Verdict::Retry { fault: None, .. }
            ));
        }
        let too_old = judge(&answer(500, &[], "too old sample"));
        assert!(matches!(too_old, Verdict::Reject { split: true, .. }));
        for (code, split) in [
            (400, true),
            (413, true),
            (401, false),
            (404, false),
            (302, false),
        ] {
            assert!(
                matches!(judge(&answer(code, &[], "")), Verdict::Reject { split: s, .. } if s == split),
                "{code}"
            );
        }
    }

    #[test]
    fn what_was_written_is_read_from_any_of_the_headers() {
        let read = |headers: &[_]| answer(204, headers, "").written;
        assert_eq!(read(&[]), None);
        let samples = ("x-prometheus-remote-write-samples-written", "7");
        let exemplars = ("x-prometheus-remote-write-exemplars-written", "0");
        let expected = Written {
            samples: Some(7),
            histograms: None,
        };
        assert_eq!(read(&[samples]), Some(expected));
        assert_eq!(read(&[exemplars]), Some(Written::default()));
        let odd = ("x-prometheus-remote-write-histograms-written", "many");
        assert_eq!(read(&[odd]), Some(Written::default()));
    }

    #[test]
    fn a_check_says_what_to_do() {
        let check = |code: u16| judge_check(&answer(code, &[], ""));
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

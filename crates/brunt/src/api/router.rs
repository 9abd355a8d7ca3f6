//! Which path and method leads where.

use bytes::Bytes;
use http::{Method, StatusCode};

use super::answer::Answer;
use super::subject::Subject;
use super::{groups, metrics, self_metrics, setup, status};

const READ: &str = "GET, HEAD";

/// Answers a request; the body is complete.
pub(super) async fn answer(subject: &Subject, method: &Method, path: &str, body: &Bytes) -> Answer {
    let path = path.strip_suffix('/').unwrap_or(path);
    let read = matches!(*method, Method::GET | Method::HEAD);
    match (path, method) {
        ("/v1/status", _) if read => status::get(subject).await,
        ("/v1/status", &Method::PATCH) => status::patch(subject, body).await,
        ("/v1/status", _) => Answer::method("GET, HEAD, PATCH"),
        ("/v1/setup", _) if read => setup::get(subject),
        ("/v1/setup", &Method::PUT) => setup::put(subject, body),
        ("/v1/setup", &Method::POST) => setup::run(subject).await,
        ("/v1/setup", _) => Answer::method("GET, HEAD, PUT, POST"),
        ("/v1/teardown", &Method::POST) => setup::teardown(subject).await,
        ("/v1/teardown", _) => Answer::method("POST"),
        ("" | "/ping", _) if read => Answer::text(StatusCode::OK, "ok"),
        ("/metrics", _) if read => self_metrics::get(subject),
        ("/v1/metrics", _) if read => metrics::list(subject).await,
        ("/v1/groups", _) if read => groups::list(subject),
        ("" | "/ping" | "/metrics" | "/v1/metrics" | "/v1/groups", _) => Answer::method(READ),
        (path, _) => match of_one(path) {
            Some(_) if !read => Answer::method(READ),
            Some((Kind::Metric, id)) => metrics::one(subject, &id).await,
            Some((Kind::Group, id)) => groups::one(subject, &id),
            None => Answer::text(StatusCode::NOT_FOUND, "404 page not found\n"),
        },
    }
}

enum Kind {
    Metric,
    Group,
}

/// What kind of thing a path is of, and the thing's id.
fn of_one(path: &str) -> Option<(Kind, String)> {
    let (kind, id) = if let Some(id) = path.strip_prefix("/v1/metrics/") {
        (Kind::Metric, id)
    } else {
        (Kind::Group, path.strip_prefix("/v1/groups/")?)
    };
    (!id.contains('/')).then(|| (kind, decoded(id)))
}

/// Names of sub-metrics have braces, which clients encode.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let digit = |at: usize| after.get(at).and_then(|byte| (*byte as char).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_decoded_and_rubbish_stays() {
        assert_eq!(decoded("a%7bb:c%7D"), "a{b:c}");
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%zz%4"), "%zz%4");
        assert_eq!(decoded("%ff"), "\u{fffd}");
    }
}

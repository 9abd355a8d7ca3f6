//! OTLP over HTTP with protobuf (OTLP specification, OTLP/HTTP).

use brunt_delivery::http::{first_line, read_body, retry_after};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use prost::Message as _;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use reqwest::{RequestBuilder, StatusCode};

use super::answer::{Answer, Outcome, RpcStatus};

/// Answers are small; a longer one is cut off.
const LONGEST_ANSWER: usize = 64 << 10;

/// Sends a message and reads the answer.
pub(super) async fn call(
    request: RequestBuilder,
    body: Vec<u8>,
    compressed: bool,
) -> reqwest::Result<Answer> {
    let mut request = request.header(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-protobuf"),
    );
    if compressed {
        request = request.header(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    let response = request.body(body).send().await?;
    let status = response.status();
    let after = retry_after(response.headers());
    let body = read_body(response, LONGEST_ANSWER).await;
    Ok(Answer {
        after,
        ..Answer::of(outcome(status, &body))
    })
}

/// What status and body mean.
pub(super) fn outcome(status: StatusCode, body: &[u8]) -> Outcome {
    if status.is_success() {
        let response = ExportMetricsServiceResponse::decode(body).unwrap_or_default();
        return Outcome::Taken(response.partial_success);
    }
    // The body is a `Status` message; proxies on the way answer with text.
    let message = match RpcStatus::decode(body) {
        Ok(status) if !status.message.is_empty() => status.message,
        _ => String::from_utf8_lossy(body).into_owned(),
    };
    Outcome::HttpStatus(status, first_line(message.as_bytes()))
}

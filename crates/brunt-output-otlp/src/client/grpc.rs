//! One unary gRPC call (gRPC over HTTP/2).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use brunt_delivery::http::first_line;
use http_body_util::BodyExt as _;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use prost::Message as _;
use reqwest::RequestBuilder;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, TE};

use super::answer::{Answer, Code, Outcome, RetryInfo, RpcStatus};
use super::text;

/// Answers are small; a longer one is cut off.
const LONGEST_ANSWER: usize = 64 << 10;

/// Sends a message and reads answer and status.
pub(super) async fn call(
    request: RequestBuilder,
    message: &[u8],
    compressed: bool,
    timeout: Duration,
) -> reqwest::Result<Answer> {
    let mut request = request
        .header(CONTENT_TYPE, HeaderValue::from_static("application/grpc"))
        .header(TE, HeaderValue::from_static("trailers"))
        .header("grpc-timeout", wait(timeout));
    if compressed {
        request = request.header("grpc-encoding", HeaderValue::from_static("gzip"));
    }
    let response = request.body(framed(message, compressed)).send().await?;
    let response: http::Response<reqwest::Body> = response.into();
    let (head, mut body) = response.into_parts();
    if !head.status.is_success() {
        return Ok(Answer::of(Outcome::NotGrpc(head.status)));
    }
    let mut bytes = Vec::new();
    let mut trailers = HeaderMap::new();
    // An answer without a message has its status in the head.
    if head.headers.contains_key("grpc-status") {
        trailers = head.headers;
    } else {
        while let Some(frame) = body.frame().await {
            match frame?.into_data() {
                Ok(data) if bytes.len() < LONGEST_ANSWER => bytes.extend_from_slice(&data),
                Ok(_) => {}
                Err(frame) => trailers.extend(frame.into_trailers().unwrap_or_default()),
            }
        }
    }
    Ok(read(&bytes, &trailers))
}

/// A message with its prefix: whether it is compressed, and its length.
fn framed(message: &[u8], compressed: bool) -> Vec<u8> {
    let mut body = Vec::with_capacity(message.len() + 5);
    body.push(u8::from(compressed));
    body.extend_from_slice(&(message.len() as u32).to_be_bytes());
    body.extend_from_slice(message);
    body
}

/// The wait in the form of the protocol: at most eight digits.
fn wait(timeout: Duration) -> String {
    let milliseconds = timeout.as_millis();
    if milliseconds < 100_000_000 {
        format!("{milliseconds}m")
    } else {
        format!("{}S", timeout.as_secs().min(99_999_999))
    }
}

/// What message and trailers mean.
pub(super) fn read(body: &[u8], trailers: &HeaderMap) -> Answer {
    let code = text(trailers, "grpc-status").and_then(|code| code.trim().parse().ok());
    let Some(code) = code.map(Code::of) else {
        return Answer::of(Outcome::Cut);
    };
    if code == Code::Ok {
        // Neither compression nor a second message was asked for.
        let message = body.get(5..).filter(|_| body.first() == Some(&0));
        let response = message.and_then(|bytes| ExportMetricsServiceResponse::decode(bytes).ok());
        return Answer::of(Outcome::Taken(response.unwrap_or_default().partial_success));
    }
    let message =
        brunt_output::lists::percent_decode(text(trailers, "grpc-message").unwrap_or_default());
    let details = text(trailers, "grpc-status-details-bin").map(str::trim);
    let details = details.and_then(|text| {
        STANDARD
            .decode(text)
            .or_else(|_| STANDARD_NO_PAD.decode(text))
            .ok()
    });
    let after = details
        .and_then(|bytes| RpcStatus::decode(bytes.as_slice()).ok())
        .and_then(|status| RetryInfo::of(&status));
    Answer {
        after,
        ..Answer::of(Outcome::GrpcStatus(code, first_line(message.as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_framed_as_the_protocol_says() {
        assert_eq!(framed(b"abc", true), [1, 0, 0, 0, 3, b'a', b'b', b'c']);
        assert_eq!(wait(Duration::from_millis(1_500)), "1500m");
        assert_eq!(wait(Duration::from_hours(1_000)), "3600000S");
    }

    #[test]
    fn no_trailers_leave_the_outcome_open() {
        let answer = read(b"", &HeaderMap::new());
        assert!(answer.is_doubtful());
        assert!(matches!(
            answer.judge(3).0,
            brunt_delivery::Verdict::Retry { .. }
        ));
    }
}

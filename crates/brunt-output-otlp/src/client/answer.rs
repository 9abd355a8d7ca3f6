//! What a receiver's answer means (OTLP specification, "Failures", and its partial success).

use std::time::Duration;

use brunt_delivery::Verdict;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsPartialSuccess;
use prost::Message;
use reqwest::StatusCode;

use crate::config::Protocol;

/// A receiver's answer to one request.
#[derive(Debug)]
pub(super) struct Answer {
    /// What the request took.
    pub(super) bytes: u64,
    /// The wait that the receiver asks for.
    pub(super) after: Option<Duration>,
    pub(super) outcome: Outcome,
}

/// What the receiver did.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It took the request, in part perhaps.
    Taken(Option<ExportMetricsPartialSuccess>),
    /// It did not, by HTTP.
    HttpStatus(StatusCode, String),
    /// It did not, by gRPC.
    GrpcStatus(Code, String),
    /// Something on the way that does not speak gRPC answered.
    NotGrpc(StatusCode),
    /// The answer ended before its status.
    Cut,
}

/// The status of a gRPC call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Code {
    Ok,
    Cancelled,
    Unknown,
    InvalidArgument,
    DeadlineExceeded,
    NotFound,
    AlreadyExists,
    PermissionDenied,
    ResourceExhausted,
    FailedPrecondition,
    Aborted,
    OutOfRange,
    Unimplemented,
    Internal,
    Unavailable,
    DataLoss,
    Unauthenticated,
}

/// By number.
const CODES: [(Code, &str); 17] = [
    (Code::Ok, "OK"),
    (Code::Cancelled, "CANCELLED"),
    (Code::Unknown, "UNKNOWN"),
    (Code::InvalidArgument, "INVALID_ARGUMENT"),
    (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
    (Code::NotFound, "NOT_FOUND"),
    (Code::AlreadyExists, "ALREADY_EXISTS"),
    (Code::PermissionDenied, "PERMISSION_DENIED"),
    (Code::ResourceExhausted, "RESOURCE_EXHAUSTED"),
    (Code::FailedPrecondition, "FAILED_PRECONDITION"),
    (Code::Aborted, "ABORTED"),
    (Code::OutOfRange, "OUT_OF_RANGE"),
    (Code::Unimplemented, "UNIMPLEMENTED"),
    (Code::Internal, "INTERNAL"),
    (Code::Unavailable, "UNAVAILABLE"),
    (Code::DataLoss, "DATA_LOSS"),
    (Code::Unauthenticated, "UNAUTHENTICATED"),
];

impl Code {
    pub(super) fn of(number: usize) -> Self {
        CODES.get(number).map_or(Self::Unknown, |(code, _)| *code)
    }

    fn name(self) -> &'static str {
        CODES[self as usize].1
    }
}

/// `google.rpc.Status`: the body of a refusal.
#[derive(Clone, PartialEq, Message)]
pub(super) struct RpcStatus {
    #[prost(int32, tag = "1")]
    pub(super) code: i32,
    #[prost(string, tag = "2")]
    pub(super) message: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) details: Vec<Detail>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Detail {
    #[prost(string, tag = "1")]
    pub(super) type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) value: Vec<u8>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    pub(super) retry_delay: Option<Wait>,
}

/// `google.protobuf.Duration`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Wait {
    #[prost(int64, tag = "1")]
    pub(super) seconds: i64,
    #[prost(int32, tag = "2")]
    pub(super) nanos: i32,
}

impl RetryInfo {
    /// The wait that a status asks for.
    pub(super) fn of(status: &RpcStatus) -> Option<Duration> {
        let detail = status
            .details
            .iter()
            .find(|detail| detail.type_url.ends_with("/google.rpc.RetryInfo"))?;
        let info = Self::decode(detail.value.as_slice()).ok()?;
        // Asking for a retry without a wait is asking for one, too.
        let wait = info.retry_delay.unwrap_or_default();
        let seconds = u64::try_from(wait.seconds).unwrap_or(0);
        let nanos = u32::try_from(wait.nanos).unwrap_or(0).min(999_999_999);
        Some(Duration::new(seconds, nanos))
    }
}

impl Answer {
    /// An answer without a wait.
    pub(super) fn of(outcome: Outcome) -> Self {
        Self {
            bytes: 0,
            after: None,
            outcome,
        }
    }

    /// Whether the receiver may have taken the request all the same.
    pub(super) fn is_doubtful(&self) -> bool {
        match &self.outcome {
            Outcome::Cut => true,
            // A proxy gave up on whoever works on it.
            Outcome::HttpStatus(status, _) | Outcome::NotGrpc(status) => {
                matches!(status.as_u16(), 502 | 504)
            }
            Outcome::GrpcStatus(code, _) => {
                matches!(code, Code::DeadlineExceeded | Code::Cancelled)
            }
            Outcome::Taken(_) => false,
        }
    }

    /// The fate of a request with this many points, and what else the receiver had to say.
    pub(super) fn judge(self, points: u64) -> (Verdict, Option<String>) {
        let reason = self.describe();
        let retry = |after| Verdict::Retry {
            after,
            reason: reason.clone(),
            fault: None,
        };
        let reject = |split| Verdict::Reject {
            reason: reason.clone(),
            split,
        };
        let verdict = match self.outcome {
            Outcome::Taken(None) => Verdict::Delivered,
            Outcome::Taken(Some(part)) => {
                // It counts data points, of which a rate has two and everything else has one.
                let rejected = u64::try_from(part.rejected_data_points).unwrap_or(0);
                let message = part.error_message;
                if rejected == 0 {
                    let warning = (!message.is_empty())
                        .then(|| brunt_delivery::http::first_line(message.as_bytes()));
                    return (Verdict::Delivered, warning);
                }
                Verdict::Partly {
                    rejected: rejected.min(points),
                    reason,
                }
            }
            Outcome::HttpStatus(status, _) => match status.as_u16() {
                429 | 502 | 503 | 504 => retry(self.after),
                // The content was refused and not the sender, so that a part of it may be fine.
                400 | 413 | 422 => reject(true),
                _ => reject(false),
            },
            Outcome::GrpcStatus(code, _) => match code {
                Code::Cancelled
                | Code::DeadlineExceeded
                | Code::Aborted
                | Code::OutOfRange
                | Code::Unavailable
                | Code::DataLoss => retry(self.after),
                // Retried only if the receiver says that it recovers; else the message was too large.
                Code::ResourceExhausted if self.after.is_some() => retry(self.after),
                Code::ResourceExhausted | Code::InvalidArgument => reject(true),
                _ => reject(false),
            },
            // What these statuses stand for in gRPC (HTTP to gRPC status code mapping).
            Outcome::NotGrpc(status) => match status.as_u16() {
                429 | 502 | 503 | 504 => retry(self.after),
                _ => reject(false),
            },
            Outcome::Cut => retry(None),
        };
        (verdict, None)
    }

    /// Whether a receiver that answers a request without data like this will take one with data.
    pub(super) fn check(&self, protocol: Protocol) -> Result<(), String> {
        let credentials = "; set username and password, bearer-token, api-key or headers, or their \
                           environment variables";
        let hint = match &self.outcome {
            Outcome::Taken(_) => return Ok(()),
            // Some receivers do not like an empty request, or are busy; they are there.
            Outcome::HttpStatus(status, _) if matches!(status.as_u16(), 400 | 422 | 429) => {
                return Ok(());
            }
            Outcome::GrpcStatus(Code::InvalidArgument | Code::ResourceExhausted, _) => {
                return Ok(());
            }
            Outcome::HttpStatus(status, _) | Outcome::NotGrpc(status)
                if matches!(status.as_u16(), 401 | 403) =>
            {
                credentials
            }
            Outcome::GrpcStatus(Code::Unauthenticated | Code::PermissionDenied, _) => credentials,
            Outcome::HttpStatus(status, _) if matches!(status.as_u16(), 404 | 405) => {
                "; there is no OTLP here: collectors have it at /v1/metrics of port 4318, Mimir at \
                 /otlp/v1/metrics"
            }
            Outcome::HttpStatus(status, _) if status.is_redirection() => {
                "; give the address that it redirects to"
            }
            Outcome::GrpcStatus(Code::Unimplemented, _) | Outcome::NotGrpc(_)
                if protocol == Protocol::Grpc =>
            {
                "; it does not take metrics by gRPC: collectors do on port 4317; protocol=http sends \
                 by HTTP"
            }
            _ => "; check=false starts the test anyway",
        };
        Err(format!("{}{hint}", self.describe()))
    }

    fn describe(&self) -> String {
        let (name, message) = match &self.outcome {
            Outcome::Taken(part) => {
                let message = part
                    .as_ref()
                    .map(|part| brunt_delivery::http::first_line(part.error_message.as_bytes()));
                ("taken in part".to_owned(), message.unwrap_or_default())
            }
            Outcome::HttpStatus(status, message) => (http_name(*status), message.clone()),
            Outcome::NotGrpc(status) => (http_name(*status), String::new()),
            Outcome::GrpcStatus(code, message) => (code.name().to_owned(), message.clone()),
            Outcome::Cut => ("the answer was cut off".to_owned(), String::new()),
        };
        if message.is_empty() {
            name
        } else {
            format!("{name}: {message}")
        }
    }
}

fn http_name(status: StatusCode) -> String {
    let name = status.canonical_reason().unwrap_or("unknown status");
    format!("{} {name}", status.as_u16())
}

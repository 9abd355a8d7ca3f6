//! Faults that the receiver plays, so that a sender's retries are ordinary tests.

use std::time::Duration;

/// What happens to a request with data instead of the usual. Statuses are those of HTTP; by gRPC they
/// become what the specification maps them to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Answers this HTTP status (`http`) or gRPC status (`grpc`) and stores nothing.
    Status {
        /// The status by HTTP.
        http: u16,
        /// The status by gRPC.
        grpc: u8,
        /// `Retry-After`, or `RetryInfo` in the details.
        retry_after: Option<u64>,
        /// What the receiver says.
        message: String,
    },
    /// Stores the request and says that this many data points of it were rejected.
    Partial {
        /// How many.
        rejected: u64,
        /// Why.
        message: String,
    },
    /// Waits, then goes on as usual; what was sent is stored though the sender may have gone.
    Stall(Duration),
    /// Closes the connection without an answer; nothing is stored.
    Close,
    /// Stores the request, then closes the connection without an answer.
    CloseAfterStore,
    /// Answers by gRPC with HTTP status 200 and no trailers; nothing is stored.
    NoTrailers,
}

impl Fault {
    /// A status by both protocols.
    pub fn status(http: u16, grpc: u8) -> Self {
        Self::Status {
            http,
            grpc,
            retry_after: None,
            message: format!("injected {http} or {grpc}"),
        }
    }

    /// The same with a wait in seconds.
    pub fn retry_after(http: u16, grpc: u8, seconds: u64) -> Self {
        Self::Status {
            http,
            grpc,
            retry_after: Some(seconds),
            message: format!("injected {http} or {grpc}"),
        }
    }
}

//! A caller of the API: what `brunt pause` and its siblings are made of.
//!
//! One request over hyper's client connection; the outputs' HTTP client would bring TLS, proxies and
//! redirects, none of which may come between a user and a test on the same machine.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::address::Address;

/// How long a test may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest answer that is read, in bytes.
const ANSWER: usize = 1 << 20;

/// Why there is no good answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// Nobody listens.
    #[error(
        "no test answers at {address} ({source}): start one with `brunt run --address {address} …`, or name the address of the one that runs with --address"
    )]
    Nobody {
        /// The address that was called.
        address: String,
        /// The system's reason.
        source: io::Error,
    },
    /// Somebody listens who does not speak this API.
    #[error("what listens at {address} is no test of brunt: {reason}")]
    Stranger {
        /// The address that was called.
        address: String,
        /// What came back.
        reason: String,
    },
    /// The test said no.
    #[error("{0}")]
    Refused(String),
}

/// Calls `/v1/status`: reads it, or changes these attributes; gives the attributes as they are now.
pub(crate) async fn status(address: &Address, change: Option<Value>) -> Result<Value, CallError> {
    let body = change.map(|attributes| {
        let data =
            serde_json::json!({ "type": "status", "id": "default", "attributes": attributes });
        serde_json::json!({ "data": data }).to_string()
    });
    let stranger = |reason: String| CallError::Stranger {
        address: address.to_string(),
        reason,
    };
    let answer = tokio::time::timeout(PATIENCE, call(address, "/v1/status", body)).await;
    let (status, text) =
        answer.map_err(|_| stranger(format!("no answer within {} s", PATIENCE.as_secs())))??;
    let answer: Value = serde_json::from_slice(&text)
        .map_err(|_| stranger(format!("it answers {status} without JSON")))?;
    if let Some(detail) = answer["errors"][0]["detail"].as_str() {
        return Err(CallError::Refused(detail.to_owned()));
    }
    match &answer["data"]["attributes"] {
        Value::Object(attributes) if status.is_success() => Ok(Value::Object(attributes.clone())),
        _ => Err(stranger(format!("it answers {status} without a status"))),
    }
}

async fn call(
    address: &Address,
    path: &str,
    body: Option<String>,
) -> Result<(StatusCode, Bytes), CallError> {
    let nobody = |source| CallError::Nobody {
        address: address.to_string(),
        source,
    };
    let broken = |reason: &dyn std::fmt::Display| CallError::Stranger {
        address: address.to_string(),
        reason: reason.to_string(),
    };
    let addresses = address.resolve().await.map_err(nobody)?;
    let stream = TcpStream::connect(&addresses[..]).await.map_err(nobody)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broken(&error))?;
    let method = if body.is_some() {
        Method::PATCH
    } else {
        Method::GET
    };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, address.to_string())
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body.unwrap_or_default())))
        .map_err(|error| broken(&error))?;
    let exchange = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| broken(&error))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER).collect().await;
        let body = body.map_err(|error| broken(&error))?;
        Ok((status, body.to_bytes()))
    };
    let mut connection = std::pin::pin!(connection);
    let mut exchange = std::pin::pin!(exchange);
    tokio::select! {
        biased;
        answer = &mut exchange => answer,
        // The connection is over: the answer has come, or never will.
        _ = &mut connection => exchange.await,
    }
}

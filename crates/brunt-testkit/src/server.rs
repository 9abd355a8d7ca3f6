//! The one HTTP server under every target and receiver here: hyper on a thread of its own.
//!
//! A thread with its own runtime, not a task, so that a test without a runtime can use it, and so
//! that dropping the handle ends every connection at once, as a killed server would.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::thread::JoinHandle;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

/// Ends the connection without (the rest of) an answer.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the connection is closed on purpose")]
pub(crate) struct Abort;

pub(crate) type Body = BoxBody<Bytes, Abort>;
pub(crate) type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Abort>> + Send>>;

/// What a server does with its connections and requests.
pub(crate) trait Service: Send + Sync + 'static {
    /// Called for every connection that is accepted (with TLS: whose handshake succeeded).
    fn connected(&self) {}

    /// Whether connections without TLS may begin with HTTP/2 at once, as gRPC does.
    fn speaks_http2(&self) -> bool {
        false
    }

    /// Answers a request.
    fn answer(self: Arc<Self>, request: Request<Incoming>) -> Answer;
}

/// Why a loopback server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another port, or 0 for any free one")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The server's thread or runtime could not be made.
    #[error("cannot start the server's thread: {0}")]
    Thread(#[source] io::Error),
    /// No certificate could be made for TLS.
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] crate::certificates::CertificateError),
}

/// A running server; stops when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on 127.0.0.1 at `port` (0: any free one) and serves until dropped.
    pub(crate) fn start(
        port: u16,
        service: Arc<dyn Service>,
        tls: Option<Arc<rustls::ServerConfig>>,
    ) -> Result<Self, StartError> {
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listen = || {
            let listener = std::net::TcpListener::bind(wanted)?;
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            Ok((listener, address))
        };
        let (listener, address) = listen().map_err(|source| StartError::Listen {
            address: wanted,
            source,
        })?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(StartError::Thread)?;
        let listener = {
            let _entered = runtime.enter();
            TcpListener::from_std(listener).map_err(StartError::Thread)?
        };
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("loopback-server".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        _ = stopped => {}
                        () = accept(listener, service, tls.map(TlsAcceptor::from)) => {}
                    }
                });
            })
            .map_err(StartError::Thread)?;
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, service: Arc<dyn Service>, tls: Option<TlsAcceptor>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, most likely: let some connections end first.
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        tokio::spawn(connection(stream, Arc::clone(&service), tls.clone()));
    }
}

async fn connection(stream: TcpStream, service: Arc<dyn Service>, tls: Option<TlsAcceptor>) {
    let Some(acceptor) = tls else {
        service.connected();
        if service.speaks_http2() && begins_with_http2(&stream).await {
            return serve_http2(stream, service).await;
        }
        return serve_http1(stream, service).await;
    };
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    service.connected();
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        serve_http2(stream, service).await;
    } else {
        serve_http1(stream, service).await;
    }
}

/// Whether the first bytes are those of HTTP/2's preface, which no method of HTTP/1.1 begins with.
async fn begins_with_http2(stream: &TcpStream) -> bool {
    const BEGIN: &[u8] = b"PRI";
    let mut bytes = [0; BEGIN.len()];
    loop {
        match stream.peek(&mut bytes).await {
            Ok(0) | Err(_) => return false,
            Ok(got) if got == BEGIN.len() || bytes[..got] != BEGIN[..got] => {
                return bytes == BEGIN;
            }
            // The rest of them is on its way.
            Ok(_) => tokio::time::sleep(std::time::Duration::from_millis(1)).await,
        }
    }
}

async fn serve_http2<S>(stream: S, service: Arc<dyn Service>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let answer = service_fn(move |request| Arc::clone(&service).answer(request));
    let mut http = http2::Builder::new(TokioExecutor::new());
    http.timer(TokioTimer::new());
    let _ = http.serve_connection(TokioIo::new(stream), answer).await;
}

async fn serve_http1<S>(stream: S, service: Arc<dyn Service>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let answer = service_fn(move |request| Arc::clone(&service).answer(request));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(None);
    let _ = http.serve_connection(TokioIo::new(stream), answer).await;
}

/// A body that is sent in one piece.
pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never| match never {})
        .boxed()
}

/// An answer of this status, type and body; `builder` errors cannot happen with fixed headers.
pub(crate) fn respond(status: u16, content_type: &str, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(full(body));
    *response.status_mut() =
        http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = http::HeaderValue::from_str(content_type) {
        response
            .headers_mut()
            .insert(http::header::CONTENT_TYPE, value);
    }
    response
}

/// The whole body of a request, or `None` when it is longer than `limit` bytes or breaks off.
pub(crate) async fn read_body(body: Incoming, limit: usize) -> Option<Bytes> {
    let limited = http_body_util::Limited::new(body, limit);
    limited
        .collect()
        .await
        .ok()
        .map(http_body_util::Collected::to_bytes)
}

/// The value of a key in a query string, percent-decoded, `+` read as a blank.
pub(crate) fn query_value(query: &str, key: &str) -> Option<String> {
    query.split('&').find_map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode_percent(name) == key).then(|| decode_percent(value))
    })
}

pub(crate) fn decode_percent(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |i: usize| bytes.get(i).and_then(|b| char::from(*b).to_digit(16));
        match (bytes[at], hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
                continue;
            }
            (b'+', ..) => out.push(b' '),
            (byte, ..) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_values_are_decoded_and_broken_escapes_kept() {
        let query = "a=1&query=sum%28x%7Ba%3D%22b%22%7D%29+%2B&bad=%4&end=%";
        assert_eq!(
            query_value(query, "query").as_deref(),
            Some("sum(x{a=\"b\"}) +")
        );
        assert_eq!(query_value(query, "bad").as_deref(), Some("%4"));
        assert_eq!(query_value(query, "end").as_deref(), Some("%"));
        assert_eq!(query_value(query, "none"), None);
    }
}

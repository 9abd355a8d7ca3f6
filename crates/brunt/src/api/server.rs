//! The server under the API: one request per connection, and a bound on everything a client can do.
//!
//! A connection that sends its head or its body slowly is closed, as is one that does not read its
//! answer; a body that is too large is refused; no more than [`CONNECTIONS`] are served at a time.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::ORIGIN;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use super::address::Address;
use super::answer::Answer;
use super::router;
use super::subject::Subject;

/// Connections at a time; more wait to be accepted.
const CONNECTIONS: usize = 32;
/// The longest head, in bytes.
const HEAD: usize = 16 << 10;
/// How long a head may take.
const HEAD_TIME: Duration = Duration::from_secs(5);
/// The longest body, in bytes: setup data is the largest that anybody sends.
const BODY: usize = 4 << 20;
/// How long a body may take.
const BODY_TIME: Duration = Duration::from_secs(10);
/// How long a client may take to read its answer.
const READ_TIME: Duration = Duration::from_secs(30);
/// How long answers under way get when the server is closed.
const CLOSE_TIME: Duration = Duration::from_millis(500);

/// A port that is listened on. Requests are answered once it serves.
#[derive(Debug)]
pub(crate) struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

/// A server at work; without [`Serving::close`] it ends with its runtime.
#[derive(Debug)]
pub(crate) struct Serving {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens on the first of the addresses that can be listened on.
    pub(crate) async fn bind(address: &Address) -> io::Result<Self> {
        let all = address.resolve().await?;
        let listener = TcpListener::bind(&all[..]).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Where it listens; tells the port if 0 was asked for.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts to answer.
    pub(crate) fn serve(self, subject: Arc<Subject>) -> Serving {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(accept(self.listener, subject, stopped));
        Serving { stop, task }
    }
}

impl Serving {
    /// Accepts no more connections; what is being answered gets a moment.
    pub(crate) async fn close(self) {
        // The receiver lives as long as the task, and one that has ended needs no word.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

async fn accept(listener: TcpListener, subject: Arc<Subject>, mut stopped: oneshot::Receiver<()>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let mut running = JoinSet::new();
    loop {
        let next = async {
            let permit = Arc::clone(&room).acquire_owned().await;
            (permit, listener.accept().await)
        };
        tokio::select! {
            _ = &mut stopped => break,
            Some(_) = running.join_next() => {}
            (permit, accepted) = next => match accepted {
                Ok((stream, _)) => {
                    let subject = Arc::clone(&subject);
                    running.spawn(async move {
                        serve(stream, subject).await;
                        drop(permit);
                    });
                }
                // Out of file descriptors, most likely: let something end first.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
        }
    }
    let rest = async { while running.join_next().await.is_some() {} };
    // What is not done by then is dropped with the set.
    let _ = tokio::time::timeout(CLOSE_TIME, rest).await;
}

async fn serve(stream: TcpStream, subject: Arc<Subject>) {
    let (answered, is_answered) = oneshot::channel::<()>();
    let answered = Arc::new(parking_lot::Mutex::new(Some(answered)));
    let service = service_fn(move |request| {
        let (subject, answered) = (Arc::clone(&subject), Arc::clone(&answered));
        async move {
            let response = respond(request, subject).await;
            drop(answered.lock().take());
            Ok::<_, std::convert::Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // How a client ends its connection is its own affair.
        _ = connection => {}
        () = async {
            let _ = is_answered.await;
            tokio::time::sleep(READ_TIME).await;
        } => {}
    }
}

async fn respond(request: Request<Incoming>, subject: Arc<Subject>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let reads = matches!(head.method, Method::GET | Method::HEAD);
    // A page in somebody's browser must not be able to stop a test on the same machine.
    if !reads && head.headers.contains_key(ORIGIN) {
        let detail = "requests that change something are not taken from web pages";
        return Answer::error(StatusCode::FORBIDDEN, "Forbidden", detail).into_response();
    }
    // What is announced to be too large is not waited for.
    if body.size_hint().lower() > BODY as u64 {
        return too_large().into_response();
    }
    let body = tokio::time::timeout(BODY_TIME, Limited::new(body, BODY).collect()).await;
    let answer = match body {
        Ok(Ok(body)) => {
            router::answer(&subject, &head.method, head.uri.path(), &body.to_bytes()).await
        }
        Ok(Err(error)) if error.is::<LengthLimitError>() => too_large(),
        Ok(Err(error)) => Answer::error(StatusCode::BAD_REQUEST, "Broken body", &error.to_string()),
        Err(_) => {
            let detail = format!("the body took longer than {} s", BODY_TIME.as_secs());
            Answer::error(StatusCode::REQUEST_TIMEOUT, "Body too slow", &detail)
        }
    };
    answer.into_response()
}

fn too_large() -> Answer {
    let detail = format!("the body is longer than {BODY} bytes");
    Answer::error(StatusCode::PAYLOAD_TOO_LARGE, "Body too large", &detail)
}

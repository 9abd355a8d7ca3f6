//! Small servers on loopback. Blocking ones on a thread where a test decides about every byte,
//! hyper where any correct server will do.

use std::convert::Infallible;
use std::future::Future;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use brunt_net::{Client, Exchange, NetConfig, Request, Target, TlsOptions, TlsSettings, clock};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls;

/// Runs a test on one thread, as a worker does.
pub(crate) fn run<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}

pub(crate) fn client() -> Client {
    Client::new(Arc::new(NetConfig::default()))
}

pub(crate) fn target(address: SocketAddr, path: &str) -> Target {
    Target::parse(&format!("http://{address}{path}")).unwrap()
}

pub(crate) fn get(url: &Target) -> Request<'_> {
    Request {
        method: "GET",
        url,
        headers: &[],
        body: None,
        deadline: None,
        discard_body: false,
    }
}

pub(crate) fn body(exchange: &Exchange) -> &str {
    std::str::from_utf8(&exchange.outcome.as_ref().unwrap().body).unwrap()
}

/// Polls a request at its deadline, too, as a worker does.
pub(crate) async fn until<F: Future>(future: F, deadline: i64) -> F::Output {
    let mut future = pin!(future);
    loop {
        let left = Duration::from_nanos((deadline - clock::now()).max(100_000) as u64);
        tokio::select! {
            biased;
            output = &mut future => return output,
            () = tokio::time::sleep(left) => {}
        }
    }
}

/// A blocking server on a thread of its own.
pub(crate) fn server<T: Send + 'static>(
    serve: impl FnOnce(TcpListener) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (address, std::thread::spawn(move || serve(listener)))
}

/// Reads one request, gives its head and body; `None` at the end of the connection.
pub(crate) fn read_request(stream: &TcpStream) -> Option<(String, Vec<u8>)> {
    let mut reader = BufReader::with_capacity(1, stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "))
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}

pub(crate) fn write(mut stream: &TcpStream, bytes: &str) {
    stream.write_all(bytes.as_bytes()).unwrap();
}

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/// A certificate for `localhost` and 127.0.0.1.
pub(crate) struct Identity {
    pub(crate) certificate: rustls::pki_types::CertificateDer<'static>,
    key: rustls::pki_types::PrivateKeyDer<'static>,
}

impl Identity {
    pub(crate) fn new(names: &[&str]) -> Self {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        Self::of(&made.cert, &made.signing_key)
    }

    /// One that was made otherwise.
    pub(crate) fn of(certificate: &rcgen::Certificate, key: &rcgen::KeyPair) -> Self {
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der());
        Self {
            certificate: certificate.der().clone(),
            key: key.into(),
        }
    }

    pub(crate) fn options(&self) -> TlsOptions {
        let extra_roots = vec![self.certificate.clone()];
        TlsOptions {
            system_roots: false,
            extra_roots,
            ..TlsOptions::default()
        }
    }

    /// A server that asks for a client's certificate.
    pub(crate) fn server_config(
        &self,
        clients: Arc<dyn rustls::server::danger::ClientCertVerifier>,
    ) -> rustls::ServerConfig {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(clients)
            .with_single_cert(vec![self.certificate.clone()], self.key.clone_key())
            .unwrap()
    }

    pub(crate) fn acceptor(&self, protocols: &[&str]) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], self.key.clone_key())
            .unwrap();
        config.alpn_protocols = protocols
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        TlsAcceptor::from(Arc::new(config))
    }
}

pub(crate) fn tls_client(options: TlsOptions) -> Client {
    let tls = Arc::new(TlsSettings::new(options));
    Client::new(Arc::new(NetConfig {
        tls,
        ..NetConfig::default()
    }))
}

/// A hyper server behind TLS that counts its connections.
pub(crate) struct Secure {
    pub(crate) port: u16,
    pub(crate) connections: Arc<AtomicUsize>,
    /// Dropped, it ends the server.
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Secure {
    /// Serves HTTP/2 if that is the first protocol, else HTTP/1.1. Each HTTP/2 connection serves
    /// `per_connection` requests and then says goodbye.
    pub(crate) fn start(identity: &Identity, protocols: &[&str], per_connection: usize) -> Self {
        let acceptor = identity.acceptor(protocols);
        let http2 = protocols.first() == Some(&"h2");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let accept = async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                let acceptor = acceptor.clone();
                let peer = stream.peer_addr().unwrap();
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    serve(TokioIo::new(stream), peer, http2, per_connection).await;
                });
            }
        };
        std::thread::spawn(|| {
            run(async {
                tokio::select! {
                    () = accept => {}
                    _ = stopped => {}
                }
            });
        });
        Self {
            port,
            connections,
            _stop: stop,
        }
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn target(&self, path: &str) -> Target {
        Target::parse(&format!("https://localhost:{}{path}", self.port)).unwrap()
    }
}

async fn serve<S>(io: TokioIo<S>, peer: SocketAddr, http2: bool, per_connection: usize)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    if !http2 {
        let _ = hyper::server::conn::http1::Builder::new()
            .serve_connection(io, service_fn(move |request| answer(request, peer)))
            .await;
        return;
    }
    let served = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&served);
    let (done, mut all_done) = tokio::sync::mpsc::unbounded_channel();
    let service = service_fn(move |request| {
        if counter.fetch_add(1, Ordering::SeqCst) + 1 == per_connection {
            let _ = done.send(());
        }
        answer(request, peer)
    });
    let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .serve_connection(io, service);
    let mut connection = pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = all_done.recv() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// `/bytes/N` gives N bytes, `/peer` the connection's other end, anything else what was sent: method, path and body.
async fn answer(
    request: hyper::Request<Incoming>,
    peer: SocketAddr,
) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    let path = parts.uri.path().to_owned();
    let answer = match path.strip_prefix("/bytes/") {
        Some(count) => Bytes::from(vec![b'x'; count.parse().unwrap()]),
        None if path == "/peer" => Bytes::from(peer.to_string()),
        None if body.len() > 1000 => Bytes::from(format!("{} bytes", body.len())),
        None => {
            let host = parts
                .uri
                .authority()
                .map_or("", |authority| authority.as_str());
            let text = String::from_utf8_lossy(&body).into_owned();
            Bytes::from(format!("{} {host}{path} {text}", parts.method))
        }
    };
    let mut response = hyper::Response::new(Full::new(answer));
    if let Some(value) = parts.headers.get("x-echo") {
        response.headers_mut().append("x-echo", value.clone());
        response.headers_mut().append("x-echo", value.clone());
    }
    Ok(response)
}

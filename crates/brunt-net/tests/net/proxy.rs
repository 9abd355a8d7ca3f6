//! Proxies: the whole URL for http, a tunnel for https.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use brunt_net::{Client, NetConfig, Proxies, Target, TlsSettings};

use crate::support::{Identity, OK, Secure, body, get, read_request, run, server, write};

pub(crate) fn config(proxy: &str) -> NetConfig {
    let proxies = Proxies::from_env(|name| (name == "ALL_PROXY").then(|| proxy.to_owned()));
    NetConfig {
        proxies: proxies.map(Arc::new),
        ..NetConfig::default()
    }
}

#[test]
fn http_goes_to_the_proxy_with_its_whole_url() {
    let (address, server) = server(|listener| {
        let (stream, _) = listener.accept().unwrap();
        let heads: Vec<String> = (0..2)
            .map(|_| {
                let head = read_request(&stream).unwrap().0;
                write(&stream, OK);
                head
            })
            .collect();
        heads
    });
    run(async {
        let client = Client::new(Arc::new(config(&format!("http://ann:secret@{address}"))));
        let url = Target::parse("http://proxied.test:8080/a?b=c").unwrap();
        let first = client.send(&get(&url)).await;
        assert_eq!((body(&first), first.remote), ("hi", Some(address)));
        assert!(client.send(&get(&url)).await.reused);
    });
    for head in server.join().unwrap() {
        // ann:secret
        let expected = "GET http://proxied.test:8080/a?b=c HTTP/1.1\r\nHost: proxied.test:8080\r\nProxy-Authorization: Basic YW5uOnNlY3JldA==\r\n\r\n";
        assert_eq!(head, expected);
    }
}

/// A proxy that opens tunnels to `to`, whatever is asked for; gives the request that it got.
fn tunnels(to: SocketAddr) -> (SocketAddr, std::thread::JoinHandle<String>) {
    server(move |listener: TcpListener| {
        let (client, _) = listener.accept().unwrap();
        let head = read_request(&client).unwrap().0;
        let target = TcpStream::connect(to).unwrap();
        write(
            &client,
            "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n",
        );
        let (from, into) = (target.try_clone().unwrap(), client.try_clone().unwrap());
        let back = std::thread::spawn(move || pump(from, into));
        pump(client, target);
        back.join().unwrap();
        head
    })
}

pub(crate) fn pump(mut from: TcpStream, mut into: TcpStream) {
    let mut buffer = [0; 4096];
    while let Ok(got @ 1..) = from.read(&mut buffer) {
        if into.write_all(&buffer[..got]).is_err() {
            break;
        }
    }
    let _ = into.shutdown(std::net::Shutdown::Write);
}

#[test]
fn https_goes_through_a_tunnel_and_checks_the_targets_certificate() {
    for protocol in ["http/1.1", "h2"] {
        let identity = Identity::new(&["proxied.test"]);
        let secure = Secure::start(&identity, &[protocol], 0);
        let (address, proxy) = tunnels(([127, 0, 0, 1], secure.port).into());
        run(async {
            let client = Client::new(Arc::new(NetConfig {
                tls: Arc::new(TlsSettings::new(identity.options())),
                ..config(&address.to_string())
            }));
            let url = Target::parse("https://proxied.test/x").unwrap();
            let exchange = client.send(&get(&url)).await;
            assert!(body(&exchange).contains("/x"), "{exchange:?}");
            assert!(exchange.timings.tls_handshaking > 0);
        });
        let head = proxy.join().unwrap();
        assert_eq!(
            head,
            "CONNECT proxied.test:443 HTTP/1.1\r\nHost: proxied.test:443\r\n\r\n"
        );
    }
}

#[test]
fn a_proxy_that_refuses_says_why() {
    let (address, server) = server(|listener| {
        let (stream, _) = listener.accept().unwrap();
        read_request(&stream).unwrap();
        write(
            &stream,
            "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
        );
    });
    run(async {
        let url = Target::parse("https://proxied.test/").unwrap();
        let client = Client::new(Arc::new(config(&address.to_string())));
        let error = client.send(&get(&url)).await.outcome.unwrap_err();
        let text = "proxyconnect: 407 Proxy Authentication Required";
        assert_eq!((error.code(), error.to_string().as_str()), (1000, text));
        let client = Client::new(Arc::new(config("socks4://127.0.0.1:1")));
        let error = client.send(&get(&url)).await.outcome.unwrap_err();
        assert!(error.to_string().contains("socks4"), "{error}");
        let local = Target::parse("http://127.0.0.1:1/").unwrap();
        let error = client.send(&get(&local)).await.outcome.unwrap_err();
        assert_eq!(error.code(), 1212, "loopback is not proxied");
    });
    server.join().unwrap();
}

/// A proxy that is spoken to over TLS: opens one tunnel to `to`, or answers one request itself. Gives
/// the request that it got.
fn behind_tls(
    identity: &Identity,
    to: Option<SocketAddr>,
) -> (SocketAddr, std::thread::JoinHandle<String>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let acceptor = identity.acceptor(&["http/1.1"]);
    server(move |listener: TcpListener| {
        listener.set_nonblocking(true).unwrap();
        run(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            let mut client = acceptor.accept(stream).await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(client.read_u8().await.unwrap());
            }
            if let Some(to) = to {
                let opened = b"HTTP/1.1 200 Connection established\r\n\r\n";
                client.write_all(opened).await.unwrap();
                let mut target = tokio::net::TcpStream::connect(to).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut target).await;
            } else {
                client.write_all(OK.as_bytes()).await.unwrap();
            }
            let _ = client.shutdown().await;
            String::from_utf8(head).unwrap()
        })
    })
}

#[test]
fn a_proxy_may_be_spoken_to_over_tls() {
    // One certificate for both, so that one authority vouches for both.
    let identity = Identity::new(&["localhost", "proxied.test"]);
    let through = |address: SocketAddr| {
        Client::new(Arc::new(NetConfig {
            tls: Arc::new(TlsSettings::new(identity.options())),
            ..config(&format!("https://localhost:{}", address.port()))
        }))
    };
    for protocol in ["http/1.1", "h2"] {
        let secure = Secure::start(&identity, &[protocol], 0);
        let (address, proxy) = behind_tls(&identity, Some(([127, 0, 0, 1], secure.port).into()));
        run(async {
            let client = through(address);
            let upload = vec![b'x'; 1_000_000];
            let url = Target::parse("https://proxied.test/x").unwrap();
            let request = brunt_net::Request {
                method: "POST",
                body: Some(&upload),
                ..get(&url)
            };
            let first = client.send(&request).await;
            assert_eq!(body(&first), "1000000 bytes", "{protocol}");
            let url = Target::parse("https://proxied.test/bytes/500000").unwrap();
            let second = client.send(&get(&url)).await;
            assert_eq!((body(&second).len(), second.reused), (500_000, true));
        });
        let head = "CONNECT proxied.test:443 HTTP/1.1\r\nHost: proxied.test:443\r\n\r\n";
        assert_eq!(proxy.join().unwrap(), head);
        assert_eq!(secure.connections(), 1);
    }

    let (address, proxy) = behind_tls(&identity, None);
    run(async {
        let url = Target::parse("http://proxied.test/a").unwrap();
        let exchange = through(address).send(&get(&url)).await;
        assert_eq!(body(&exchange), "hi");
    });
    let head = proxy.join().unwrap();
    assert!(
        head.starts_with("GET http://proxied.test/a HTTP/1.1\r\n"),
        "{head}"
    );

    // A certificate of another name is refused before anything is asked of the proxy.
    let other = Identity::new(&["elsewhere.test"]);
    let secure = Secure::start(&other, &["http/1.1"], 0);
    run(async {
        let client = Client::new(Arc::new(NetConfig {
            tls: Arc::new(TlsSettings::new(other.options())),
            ..config(&format!("https://localhost:{}", secure.port))
        }));
        let url = Target::parse("http://proxied.test/a").unwrap();
        let error = client.send(&get(&url)).await.outcome.unwrap_err();
        assert_eq!(error.code(), 1311, "{error}");
    });
}

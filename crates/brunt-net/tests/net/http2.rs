//! HTTP/2 where ALPN chooses it.

use std::future::Future;
use std::task::Poll;

use brunt_net::{NetError, Request, Target, TlsOptions, Version, clock};
use tokio_rustls::TlsAcceptor;

use crate::support::{Identity, Secure, body, get, run, server, tls_client, until};

#[test]
fn alpn_chooses_http2_and_one_connection_serves_all() {
    let identity = Identity::new(&["localhost"]);
    let secure = Secure::start(&identity, &["h2", "http/1.1"], 0);
    run(async {
        let client = tls_client(identity.options());
        let url = secure.target("/x?q={\"a\":1}");
        let headers = [
            ("X-Echo".to_owned(), "1".to_owned()),
            ("Connection".to_owned(), "close".to_owned()),
        ];
        let request = Request {
            headers: &headers,
            ..get(&url)
        };
        let first = client.send(&request).await;
        assert_eq!(body(&first), format!("GET localhost:{}/x ", secure.port));
        let response = first.outcome.as_ref().unwrap();
        assert_eq!(
            (response.version, response.version.as_str()),
            (Version::Http2, "HTTP/2.0")
        );
        assert_eq!(
            (response.status, response.reason_text().as_str()),
            (200, "OK")
        );
        assert_eq!(response.headers.get_all("X-Echo").count(), 2);
        assert!(!first.reused && !first.stamp_fallback && first.timings.tls_handshaking > 0);
        assert!(
            first.timings.waiting > 0 && first.timings.sending > 0,
            "{:?}",
            first.timings
        );

        let upload = vec![b'x'; 2_000_000];
        let request = Request {
            method: "PUT",
            body: Some(&upload),
            ..get(&url)
        };
        let second = client.send(&request).await;
        assert_eq!((body(&second), second.reused), ("2000000 bytes", true));
        assert_eq!((second.timings.blocked, second.timings.connecting), (0, 0));

        let url = secure.target("/bytes/9000000");
        assert_eq!(body(&*client.send(&get(&url)).await).len(), 9_000_000);
        let discard = Request {
            discard_body: true,
            ..get(&url)
        };
        assert_eq!(body(&*client.send(&discard).await).len(), 0);
        assert!(client.bytes_received() > 18_000_000 && client.bytes_sent() > 2_000_000);
        assert_eq!(secure.connections(), 1);
    });
}

#[test]
fn requests_side_by_side_share_the_connection_and_none_is_forgotten() {
    let identity = Identity::new(&["localhost"]);
    let secure = Secure::start(&identity, &["h2"], 0);
    run(async {
        let client = std::rc::Rc::new(tls_client(identity.options()));
        let warm = secure.target("/");
        client.send(&get(&warm)).await;
        // Tasks of their own: each has a waker of its own.
        let local = tokio::task::LocalSet::new();
        let sizes = [1_000_000, 10, 300_000, 0, 50, 2_000_000];
        let tasks: Vec<_> = sizes
            .into_iter()
            .map(|size| {
                let client = std::rc::Rc::clone(&client);
                let url = secure.target(&format!("/bytes/{size}"));
                local.spawn_local(async move { body(&*client.send(&get(&url)).await).len() })
            })
            .collect();
        local
            .run_until(async {
                for (task, size) in tasks.into_iter().zip(sizes) {
                    assert_eq!(task.await.unwrap(), size);
                }
            })
            .await;
        assert_eq!(secure.connections(), 1);
    });
}

#[test]
fn requests_side_by_side_that_each_dial_use_the_first_connection_to_be_there() {
    let identity = Identity::new(&["localhost"]);
    let secure = Secure::start(&identity, &["h2"], 0);
    run(async {
        let client = std::rc::Rc::new(tls_client(identity.options()));
        let local = tokio::task::LocalSet::new();
        let tasks: Vec<_> = (0..6)
            .map(|_| {
                let (client, url) = (std::rc::Rc::clone(&client), secure.target("/peer"));
                local.spawn_local(async move { body(&*client.send(&get(&url)).await).to_owned() })
            })
            .collect();
        let mut peers = std::collections::BTreeSet::new();
        local
            .run_until(async {
                for task in tasks {
                    peers.insert(task.await.unwrap());
                }
            })
            .await;
        assert_eq!(peers.len(), 1, "{peers:?}");
        // The others were closed.
        assert_eq!(
            body(&*client.send(&get(&secure.target("/peer"))).await),
            peers.pop_first().unwrap()
        );
    });
}

#[test]
fn a_connection_that_said_goodbye_is_replaced() {
    let identity = Identity::new(&["localhost"]);
    let secure = Secure::start(&identity, &["h2"], 1);
    run(async {
        let client = tls_client(identity.options());
        let url = secure.target("/");
        for count in 1..=4 {
            let exchange = client.send(&get(&url)).await;
            assert_eq!(
                exchange.outcome.as_ref().map(|it| it.status),
                Ok(200),
                "request {count}"
            );
        }
        assert!(secure.connections() > 1);
    });
}

#[test]
fn closing_idle_connections_opens_a_new_one_next_time() {
    let identity = Identity::new(&["localhost"]);
    let secure = Secure::start(&identity, &["h2"], 0);
    run(async {
        let client = tls_client(identity.options());
        let url = secure.target("/");
        for _ in 0..2 {
            assert!(!client.send(&get(&url)).await.reused);
            client.close_idle();
        }
        assert_eq!(secure.connections(), 2);
    });
}

#[test]
fn a_request_given_up_is_not_waited_for_and_the_next_one_works() {
    let identity = Identity::new(&["localhost"]);
    let secure = Secure::start(&identity, &["h2"], 0);
    run(async {
        let client = tls_client(identity.options());
        let url = secure.target("/bytes/100000");
        client.send(&get(&url)).await;
        let deadline = clock::now() - 1;
        let late = Request {
            deadline: Some(deadline),
            ..get(&url)
        };
        let exchange = until(client.send(&late), deadline).await;
        assert_eq!(exchange.outcome.unwrap_err(), NetError::Timeout);
        {
            let request = get(&url);
            let mut dropped = Box::pin(client.send(&request));
            let polled = std::future::poll_fn(|cx| Poll::Ready(dropped.as_mut().poll(cx)));
            assert!(polled.await.is_pending());
        }
        assert_eq!(body(&*client.send(&get(&url)).await).len(), 100_000);
    });
}

/// How a server ends a request.
#[derive(Debug, Clone, Copy)]
enum Ending {
    Reset(h2::Reason),
    GoAway(h2::Reason),
}

async fn refuse(listener: std::net::TcpListener, acceptor: TlsAcceptor, ending: Ending) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let stream = acceptor.accept(stream).await.unwrap();
    let mut connection = h2::server::handshake(stream).await.unwrap();
    let (_request, mut respond) = connection.accept().await.unwrap().unwrap();
    match ending {
        Ending::Reset(reason) => respond.send_reset(reason),
        Ending::GoAway(reason) => connection.abrupt_shutdown(reason),
    }
    while let Some(Ok(_)) = connection.accept().await {}
}

#[test]
fn a_server_that_ends_a_request_is_reported_with_its_code() {
    let identity = Identity::new(&["localhost"]);
    for (ending, code, text) in [
        (
            Ending::Reset(h2::Reason::INTERNAL_ERROR),
            1633,
            "http2: stream error with http2 ErrCode INTERNAL_ERROR",
        ),
        (
            Ending::GoAway(h2::Reason::ENHANCE_YOUR_CALM),
            1622,
            "http2: received GoAway with http2 ErrCode ENHANCE_YOUR_CALM",
        ),
    ] {
        let acceptor = identity.acceptor(&["h2"]);
        let (address, server) = server(move |listener| {
            listener.set_nonblocking(true).unwrap();
            run(refuse(listener, acceptor, ending));
        });
        run(async {
            let client = tls_client(identity.options());
            let url = Target::parse(&format!("https://localhost:{}/", address.port())).unwrap();
            let error = client.send(&get(&url)).await.outcome.unwrap_err();
            assert_eq!(
                (error.code(), error.to_string().as_str()),
                (code, text),
                "{ending:?}"
            );
        });
        server.join().unwrap();
    }
}

#[test]
fn http2_can_be_switched_off() {
    let identity = Identity::new(&["localhost"]);
    // Serves HTTP/1.1 only if the client did not ask for the other.
    let secure = Secure::start(&identity, &["http/1.1", "h2"], 0);
    run(async {
        let client = tls_client(TlsOptions {
            http2: false,
            ..identity.options()
        });
        let exchange = client.send(&get(&secure.target("/"))).await;
        assert_eq!(exchange.outcome.unwrap().version, Version::Http11);
    });
}

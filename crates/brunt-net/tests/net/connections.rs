//! When connections are kept, replaced and closed.

use std::sync::Arc;
use std::sync::mpsc;

use brunt_net::{Client, NetConfig, Request};

use crate::support::{OK, body, client, get, read_request, run, server, target, write};

/// Serves `count` requests on each of `connections` connections.
fn served(connections: usize, count: usize) -> (std::net::SocketAddr, std::thread::JoinHandle<()>) {
    server(move |listener| {
        for _ in 0..connections {
            let (stream, _) = listener.accept().unwrap();
            for _ in 0..count {
                read_request(&stream).unwrap();
                write(&stream, OK);
            }
        }
    })
}

#[test]
fn a_connection_is_kept_and_costs_nothing_the_second_time() {
    let (address, server) = served(1, 3);
    run(async {
        let (client, url) = (client(), target(address, "/"));
        let first = client.send(&get(&url)).await;
        assert_eq!(
            (body(&first), first.reused, first.remote),
            ("hi", false, Some(address))
        );
        assert!(first.timings.connecting > 0 && first.timings.blocked >= first.timings.connecting);
        for _ in 0..2 {
            let next = client.send(&get(&url)).await;
            assert_eq!((body(&next), next.reused), ("hi", true));
            assert_eq!((next.timings.connecting, next.timings.blocked), (0, 0));
        }
    });
    server.join().unwrap();
}

#[test]
fn a_client_told_not_to_keep_connections_opens_one_for_each_request() {
    let (address, server) = served(2, 1);
    run(async {
        let config = NetConfig {
            no_connection_reuse: true,
            ..NetConfig::default()
        };
        let client = Client::new(Arc::new(config));
        let url = target(address, "/");
        for _ in 0..2 {
            assert!(!client.send(&get(&url)).await.reused);
        }
    });
    server.join().unwrap();
}

#[test]
fn closing_idle_connections_ends_them_at_the_server() {
    let (address, server) = server(|listener| {
        let (stream, _) = listener.accept().unwrap();
        read_request(&stream).unwrap();
        write(&stream, OK);
        read_request(&stream).is_none()
    });
    run(async {
        let client = client();
        let url = target(address, "/");
        client.send(&get(&url)).await;
        client.close_idle();
        assert!(
            server.join().unwrap(),
            "the server saw the end of the connection"
        );
    });
}

/// What a server says so that its connection must not serve another request.
#[test]
fn a_connection_is_not_kept_when_the_response_says_so() {
    for response in [
        "HTTP/1.1 200 OK\r\nConnection: Foo, close\r\nContent-Length: 2\r\n\r\nhi",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    ] {
        let (address, server) = server(move |listener| {
            for _ in 0..2 {
                let (stream, _) = listener.accept().unwrap();
                read_request(&stream).unwrap();
                write(&stream, response);
                // Kept open: it is the client that must not use it again.
                assert!(read_request(&stream).is_none());
            }
        });
        run(async {
            let (client, url) = (client(), target(address, "/"));
            for _ in 0..2 {
                let exchange = client.send(&get(&url)).await;
                assert_eq!(
                    (body(&exchange), exchange.reused),
                    ("hi", false),
                    "{response}"
                );
            }
        });
        server.join().unwrap();
    }
}

#[test]
fn an_http_1_0_server_may_ask_to_keep_the_connection() {
    let (address, server) = server(|listener| {
        let (stream, _) = listener.accept().unwrap();
        for _ in 0..2 {
            read_request(&stream).unwrap();
            write(
                &stream,
                "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n",
            );
        }
    });
    run(async {
        let (client, url) = (client(), target(address, "/"));
        client.send(&get(&url)).await;
        assert!(client.send(&get(&url)).await.reused);
    });
    server.join().unwrap();
}

#[test]
fn a_connection_that_the_server_closed_while_idle_is_replaced_for_any_method() {
    let (closed, is_closed) = mpsc::channel();
    let (address, server) = server(move |listener| {
        for _ in 0..2 {
            let (stream, _) = listener.accept().unwrap();
            read_request(&stream).unwrap();
            write(&stream, OK);
            drop(stream);
            closed.send(()).unwrap();
        }
    });
    run(async {
        let (client, url) = (client(), target(address, "/"));
        client.send(&get(&url)).await;
        is_closed.recv().unwrap();
        // Lets the runtime ask the kernel what happened.
        tokio::task::yield_now().await;
        let post = Request {
            method: "POST",
            body: Some(b"x"),
            ..get(&url)
        };
        let exchange = client.send(&post).await;
        assert_eq!((body(&exchange), exchange.reused), ("hi", false));
    });
    server.join().unwrap();
}

/// Answers one request, takes a second one and closes; then serves on a new connection, if asked.
fn closes_on_the_second(retried: bool) -> (std::net::SocketAddr, std::thread::JoinHandle<()>) {
    server(move |listener| {
        let (stream, _) = listener.accept().unwrap();
        read_request(&stream).unwrap();
        write(&stream, OK);
        read_request(&stream).unwrap();
        drop(stream);
        if retried {
            let (stream, _) = listener.accept().unwrap();
            read_request(&stream).unwrap();
            write(&stream, OK);
        }
    })
}

#[test]
fn a_request_without_effects_is_sent_again_when_the_kept_connection_dies() {
    let (address, server) = closes_on_the_second(true);
    run(async {
        let (client, url) = (client(), target(address, "/"));
        client.send(&get(&url)).await;
        let exchange = client.send(&get(&url)).await;
        assert_eq!((body(&exchange), exchange.reused), ("hi", false));
        assert!(exchange.timings.connecting > 0);
    });
    server.join().unwrap();
}

#[test]
fn a_request_with_effects_is_not_sent_twice() {
    let (address, server) = closes_on_the_second(false);
    run(async {
        let (client, url) = (client(), target(address, "/"));
        client.send(&get(&url)).await;
        let post = Request {
            method: "POST",
            body: Some(b"x"),
            ..get(&url)
        };
        let exchange = client.send(&post).await;
        let error = exchange.outcome.unwrap_err();
        assert_eq!(
            (error.code(), error.to_string().as_str(), exchange.reused),
            (1000, "EOF", true)
        );
    });
    server.join().unwrap();
}

#[test]
fn a_dropped_request_closes_its_connection() {
    let (address, server) = server(|listener| {
        let (stream, _) = listener.accept().unwrap();
        read_request(&stream).unwrap();
        write(&stream, OK);
        read_request(&stream).unwrap();
        // The second request is given up while we wait with the answer.
        read_request(&stream).is_none()
    });
    run(async {
        let (client, url) = (client(), target(address, "/"));
        client.send(&get(&url)).await;
        let request = get(&url);
        {
            let mut second = Box::pin(client.send(&request));
            let polled =
                std::future::poll_fn(|cx| std::task::Poll::Ready(second.as_mut().poll(cx)));
            assert!(polled.await.is_pending());
        }
        assert!(server.join().unwrap());
    });
}

#[test]
fn requests_of_one_client_run_side_by_side() {
    let (address, server) = server(|listener| {
        let (one, _) = listener.accept().unwrap();
        let (other, _) = listener.accept().unwrap();
        // Both are there before either is answered.
        for stream in [&other, &one] {
            read_request(stream).unwrap();
        }
        for stream in [&other, &one] {
            write(stream, OK);
        }
    });
    run(async {
        let (client, url) = (client(), target(address, "/"));
        let (request, again) = (get(&url), get(&url));
        let (one, other) = tokio::join!(client.send(&request), client.send(&again));
        assert_eq!((body(&one), body(&other)), ("hi", "hi"));
    });
    server.join().unwrap();
}

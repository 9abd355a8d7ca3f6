//! What fails says how, in k6's codes, and never hangs.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use brunt_net::{NetConfig, NetError, Request, Target, clock};

use crate::support::{body, client, get, read_request, run, server, target, until, write};

#[test]
fn nobody_listening_is_a_refused_dial() {
    // Bound, so that nobody else gets it, but not listening once dropped.
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    run(async {
        let exchange = client().send(&get(&target(address, "/"))).await;
        let error = exchange.outcome.unwrap_err();
        assert_eq!(
            (error.code(), error.to_string().as_str()),
            (1212, "dial: connection refused")
        );
        assert_eq!((exchange.timings.duration(), exchange.remote), (0, None));
    });
}

#[test]
fn an_unknown_name_fails_in_the_look_up() {
    run(async {
        let url = Target::parse("http://no-such-host.invalid/").unwrap();
        let exchange = client().send(&get(&url)).await;
        let code = exchange.outcome.unwrap_err().code();
        // 1101 where a resolver answers, 1100 where there is none to ask.
        assert!(matches!(code, 1100 | 1101), "{code}");
    });
}

#[test]
fn a_silent_server_is_given_up_at_the_deadline() {
    let (address, server) = server(|listener| {
        let (stream, _) = listener.accept().unwrap();
        read_request(&stream).unwrap();
        read_request(&stream).is_none()
    });
    run(async {
        let (client, url) = (client(), target(address, "/"));
        let deadline = clock::now() + 40_000_000;
        let request = Request {
            deadline: Some(deadline),
            ..get(&url)
        };
        let exchange = until(client.send(&request), deadline).await;
        assert_eq!(exchange.outcome.unwrap_err(), NetError::Timeout);
        assert!(exchange.end >= deadline);
        assert_eq!(exchange.timings.receiving, 0);
        let spent = exchange.timings.blocked + exchange.timings.duration();
        assert!(
            (30_000_000..=exchange.end).contains(&spent),
            "{:?}",
            exchange.timings
        );
        assert!(server.join().unwrap(), "the connection is closed, not kept");
    });
}

#[test]
fn a_body_that_stalls_is_given_up_at_the_deadline() {
    let (address, server) = server(|listener| {
        let (stream, _) = listener.accept().unwrap();
        read_request(&stream).unwrap();
        write(&stream, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi");
        read_request(&stream).is_none()
    });
    run(async {
        let (client, url) = (client(), target(address, "/"));
        let deadline = clock::now() + 40_000_000;
        let request = Request {
            deadline: Some(deadline),
            ..get(&url)
        };
        let exchange = until(client.send(&request), deadline).await;
        assert_eq!(exchange.outcome.unwrap_err(), NetError::Timeout);
        assert!(exchange.timings.receiving > 0);
        assert!(server.join().unwrap());
    });
}

/// A listener whose queue is full: the kernel drops further attempts to connect.
fn full_listener() -> (socket2::Socket, Vec<socket2::Socket>) {
    let new = || socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let listener = new();
    let any = "127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap();
    listener.bind(&any.into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let fillers = (0..4)
        .map(|_| {
            let filler = new();
            filler.set_nonblocking(true).unwrap();
            let _ = filler.connect(&address);
            filler
        })
        .collect();
    (listener, fillers)
}

#[test]
fn a_dial_that_nobody_answers_times_out_by_itself_or_with_the_request() {
    let (listener, _fillers) = full_listener();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    run(async {
        let config = NetConfig {
            dial_timeout: std::time::Duration::from_millis(20),
            ..NetConfig::default()
        };
        let url = target(address, "/");
        let hasty = brunt_net::Client::new(std::sync::Arc::new(config));
        let exchange = hasty.send(&get(&url)).await;
        let error = exchange.outcome.unwrap_err();
        assert_eq!(
            (error.code(), error.to_string().as_str()),
            (1211, "dial: i/o timeout")
        );
        assert!(exchange.timings.blocked >= 20_000_000);

        let deadline = clock::now() + 20_000_000;
        let request = Request {
            deadline: Some(deadline),
            ..get(&url)
        };
        let exchange = until(client().send(&request), deadline).await;
        assert_eq!(exchange.outcome.unwrap_err().code(), 1050);
    });
}

#[test]
fn a_connection_that_ends_early_says_where() {
    for (response, text) in [
        ("", "EOF"),
        ("HTTP/1.1 200 OK\r\nConte", "unexpected EOF"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi",
            "unexpected EOF",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhi",
            "unexpected EOF",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n",
            "unexpected EOF",
        ),
    ] {
        let (address, server) = server(move |listener| {
            let (stream, _) = listener.accept().unwrap();
            read_request(&stream).unwrap();
            write(&stream, response);
        });
        run(async {
            let exchange = client().send(&get(&target(address, "/"))).await;
            let error = exchange.outcome.unwrap_err();
            assert_eq!(
                (error.code(), error.to_string().as_str()),
                (1000, text),
                "{response:?}"
            );
        });
        server.join().unwrap();
    }
}

#[test]
fn a_reset_connection_is_reported_as_such() {
    let (address, server) = server(|listener| {
        let (stream, _) = listener.accept().unwrap();
        // Closing with unread bytes resets.
        let mut byte = [0];
        (&stream).read_exact(&mut byte).unwrap();
    });
    run(async {
        let exchange = client().send(&get(&target(address, "/"))).await;
        let error = exchange.outcome.unwrap_err();
        let expected = (1220, "read: connection reset by peer");
        assert_eq!((error.code(), error.to_string().as_str()), expected);
    });
    server.join().unwrap();
}

/// Sends a large request, and lets the server end the connection while nobody polls.
fn upload_that_breaks(end: impl FnOnce(std::net::TcpStream) + Send + 'static) -> NetError {
    let (begin, begun) = std::sync::mpsc::channel();
    let (address, server) = server(move |listener| {
        let (stream, _) = listener.accept().unwrap();
        begun.recv().unwrap();
        end(stream);
    });
    run(async {
        let upload = vec![b'x'; 64 << 20];
        let (client, url) = (client(), target(address, "/"));
        let request = Request {
            method: "POST",
            body: Some(&upload),
            ..get(&url)
        };
        let mut sending = Box::pin(client.send(&request));
        // Until the kernel takes no more.
        let sent = || client.bytes_sent();
        let mut before = None;
        while before != Some(sent()) || sent() == 0 {
            before = Some(sent());
            tokio::select! {
                biased;
                exchange = &mut sending => panic!("{exchange:?}"),
                () = tokio::time::sleep(std::time::Duration::from_millis(5)) => {}
            }
        }
        begin.send(()).unwrap();
        server.join().unwrap();
        sending.await.outcome.unwrap_err()
    })
}

#[test]
fn a_server_that_stops_reading_is_a_broken_pipe_or_a_reset() {
    // Says goodbye before it throws away what came.
    let error = upload_that_breaks(|stream| {
        stream.shutdown(std::net::Shutdown::Write).unwrap();
    });
    let expected = (1201, "write: broken pipe");
    assert_eq!((error.code(), error.to_string().as_str()), expected);
    // Closing with unread bytes resets.
    let error = upload_that_breaks(drop);
    let expected = (1220, "write: connection reset by peer");
    assert_eq!((error.code(), error.to_string().as_str()), expected);
}

#[test]
fn an_answer_that_comes_before_the_request_is_read_counts() {
    let (address, server) = server(|listener| {
        let (mut stream, _) = listener.accept().unwrap();
        let mut start = [0; 16];
        stream.read_exact(&mut start).unwrap();
        write(
            &stream,
            "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno",
        );
        // Stays open and unread until the client is content.
        let mut rest = Vec::new();
        let _ = stream.flush();
        std::thread::park();
        let _ = stream.take(1 << 30).read_to_end(&mut rest);
    });
    run(async {
        let upload = vec![b'x'; 64 << 20];
        let url = target(address, "/");
        let request = Request {
            method: "POST",
            body: Some(&upload),
            ..get(&url)
        };
        let exchange = client().send(&request).await;
        assert_eq!(exchange.outcome.as_ref().unwrap().status, 413);
        assert_eq!(body(&exchange), "no");
        server.thread().unpark();
    });
    server.join().unwrap();
}

#[test]
fn an_informational_response_during_the_upload_does_not_stop_it() {
    let (address, server) = server(|listener| {
        let (mut stream, _) = listener.accept().unwrap();
        let mut start = [0; 16];
        stream.read_exact(&mut start).unwrap();
        write(&stream, "HTTP/1.1 103 Early Hints\r\n\r\n");
        // What is left of the head, and all of the body.
        let left = read_request(&stream).unwrap().1.len();
        write(&stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        left
    });
    run(async {
        let upload = vec![b'x'; 16 << 20];
        let url = target(address, "/");
        let request = Request {
            method: "POST",
            body: Some(&upload),
            ..get(&url)
        };
        assert_eq!(body(&*client().send(&request).await), "hi");
    });
    assert_eq!(server.join().unwrap(), 16 << 20);
}

#[test]
fn limits_hold() {
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(3000));
    for (response, text) in [
        (
            long,
            "the header section of the response exceeds 2000 bytes",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n".to_owned(),
            "the body of the response exceeds 3000 bytes",
        ),
        (
            format!("HTTP/1.1 200 OK\r\n\r\n{}", "y".repeat(3001)),
            "the body of the response exceeds 3000 bytes",
        ),
    ] {
        let (address, server) = server(move |listener| {
            let (stream, _) = listener.accept().unwrap();
            read_request(&stream).unwrap();
            write(&stream, &response);
        });
        run(async {
            let config = NetConfig {
                max_response_header_bytes: 2000,
                max_body_bytes: 3000,
                ..NetConfig::default()
            };
            let client = brunt_net::Client::new(std::sync::Arc::new(config));
            let exchange = client.send(&get(&target(address, "/"))).await;
            assert_eq!(exchange.outcome.unwrap_err().to_string(), text);
        });
        server.join().unwrap();
    }
}

#[test]
fn a_request_that_cannot_go_out_leaves_nothing_behind() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = target(listener.local_addr().unwrap(), "/");
        let client = client();
        let headers = [("X".to_owned(), "a\r\nHost: b".to_owned())];
        let request = Request {
            headers: &headers,
            ..get(&url)
        };
        let error = client.send(&request).await.outcome.unwrap_err();
        assert_eq!(error.code(), 1000);
        assert_eq!(client.bytes_sent(), 0);
    });
}

//! Times are the kernel's, bytes are the wire's.

use std::io::{Read as _, Write as _};
use std::sync::mpsc;
use std::time::Duration;

use brunt_net::{Request, clock};

use crate::support::{OK, body, client, get, read_request, run, server, target, write};

#[test]
fn what_a_response_waits_for_inside_this_process_is_not_the_servers_time() {
    let stall = Duration::from_millis(50);
    let (answered, is_answered) = mpsc::channel();
    let (address, server) = server(move |listener| {
        let (stream, _) = listener.accept().unwrap();
        read_request(&stream).unwrap();
        write(&stream, OK);
        read_request(&stream).unwrap();
        write(&stream, OK);
        let written = clock::now();
        // The data is there; now the reader is held up for as long as this.
        std::thread::sleep(stall);
        answered.send(written).unwrap();
        // Closing now could bring the kernel to merge the end of the stream into the segment that
        // nobody has read yet, and the merged one bears the later stamp.
        assert!(read_request(&stream).is_none());
    });
    run(async {
        let (client, url) = (client(), target(address, "/"));
        client.send(&get(&url)).await;
        let request = get(&url);
        // The second future blocks the whole thread, as a neighbour's JavaScript would.
        let hold_up = async { is_answered.recv().unwrap() };
        let (exchange, written) = tokio::join!(client.send(&request), hold_up);
        assert_eq!(body(&exchange), "hi");
        assert!(!exchange.stamp_fallback);
        assert!(
            exchange.end <= written + 1_000_000,
            "{} after",
            exchange.end - written
        );
        assert!(exchange.read_delay >= 49_000_000, "{}", exchange.read_delay);
        assert!(clock::now() - exchange.end >= 49_000_000);
        drop(client);
    });
    server.join().unwrap();
}

#[test]
fn a_body_that_comes_late_is_receiving_not_waiting() {
    let pause = Duration::from_millis(5);
    let (head_read, is_head_read) = mpsc::channel();
    let (address, server) = server(move |listener| {
        let (stream, _) = listener.accept().unwrap();
        read_request(&stream).unwrap();
        write(&stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
        is_head_read.recv().unwrap();
        std::thread::sleep(pause);
        write(&stream, "hi");
    });
    run(async {
        let (client, url) = (client(), target(address, "/"));
        let request = get(&url);
        let watch = async {
            while client.bytes_received() == 0 {
                tokio::task::yield_now().await;
            }
            head_read.send(()).unwrap();
        };
        let (exchange, ()) = tokio::join!(client.send(&request), watch);
        assert_eq!(body(&exchange), "hi");
        assert!(
            exchange.timings.receiving >= 4_900_000,
            "{:?}",
            exchange.timings
        );
    });
    server.join().unwrap();
}

#[test]
fn bytes_are_counted_as_the_server_sees_them() {
    let (address, server) = server(|listener| {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut seen, mut said) = (0, 0);
        for _ in 0..3 {
            let (head, body) = read_request(&stream).unwrap();
            seen += head.len() + body.len();
            let large = "x".repeat(300_000);
            let response = format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n493e0\r\n{large}\r\n0\r\n\r\n"
            );
            stream.write_all(response.as_bytes()).unwrap();
            said += response.len();
        }
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        assert!(rest.is_empty());
        (seen as u64, said as u64)
    });
    run(async {
        let (client, url) = (client(), target(address, "/"));
        let large = vec![b'y'; 200_000];
        for upload in [None, Some(&b"small"[..]), Some(&large[..])] {
            let request = Request {
                method: "POST",
                body: upload,
                ..get(&url)
            };
            let exchange = client.send(&request).await;
            assert_eq!(body(&exchange).len(), 300_000);
        }
        client.close_idle();
        let (seen, said) = server.join().unwrap();
        assert_eq!((client.bytes_sent(), client.bytes_received()), (seen, said));
    });
}

#[test]
fn a_discarded_body_is_read_but_not_kept() {
    let (address, server) = server(|listener| {
        let (stream, _) = listener.accept().unwrap();
        for _ in 0..2 {
            read_request(&stream).unwrap();
            write(&stream, OK);
        }
    });
    run(async {
        let (client, url) = (client(), target(address, "/"));
        let request = Request {
            discard_body: true,
            ..get(&url)
        };
        assert_eq!(body(&*client.send(&request).await), "");
        let second = client.send(&get(&url)).await;
        assert_eq!((body(&second), second.reused), ("hi", true));
    });
    server.join().unwrap();
}

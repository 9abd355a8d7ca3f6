//! The parser against hyper's, on responses that are correct and on ones with a byte changed.

use brunt_net::fuzzing::parse;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use tokio::io::AsyncWriteExt as _;

use crate::support::run;

type Seen = (u16, Vec<(String, Vec<u8>)>, Vec<u8>);

/// What hyper makes of these pieces.
fn hyper(pieces: &[&[u8]]) -> Option<Seen> {
    run(async {
        let (ours, mut theirs) = tokio::io::duplex(1 << 20);
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake::<_, Empty<Bytes>>(TokioIo::new(ours))
                .await
                .ok()?;
        let exchange = async {
            let request = hyper::Request::get("/")
                .header("host", "h")
                .body(Empty::new())
                .ok()?;
            let response = sender.send_request(request).await.ok()?;
            let (parts, body) = response.into_parts();
            let fields = parts.headers.iter();
            let mut fields: Vec<_> = fields
                .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
                .collect();
            fields.sort();
            Some((
                parts.status.as_u16(),
                fields,
                body.collect().await.ok()?.to_bytes().to_vec(),
            ))
        };
        let serve = async {
            // hyper takes bytes before its request for an error, so the request comes first.
            let mut request = [0; 256];
            let _ = tokio::io::AsyncReadExt::read(&mut theirs, &mut request).await;
            for piece in pieces {
                let _ = theirs.write_all(piece).await;
                tokio::task::yield_now().await;
            }
            let _ = theirs.shutdown().await;
            theirs
        };
        let drive = async {
            let _ = connection.await;
        };
        let (seen, _theirs, ()) = tokio::join!(exchange, serve, drive_until(drive));
        seen
    })
}

/// Names the future; the connection ends when its peer does.
async fn drive_until(connection: impl Future<Output = ()>) {
    connection.await;
}

fn ours(pieces: &[&[u8]]) -> Option<Seen> {
    let (response, _) = parse(pieces.iter().copied(), false, 1 << 20).ok()?;
    let mut fields: Vec<_> = response
        .headers
        .iter()
        .map(|(name, value)| {
            (
                String::from_utf8_lossy(name).to_ascii_lowercase(),
                value.to_vec(),
            )
        })
        .collect();
    fields.sort();
    Some((response.status, fields, response.body))
}

/// Cuts bytes at these places.
fn cut<'a>(bytes: &'a [u8], places: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = places
        .iter()
        .map(|place| place % (bytes.len() + 1))
        .collect();
    places.sort_unstable();
    let mut pieces = Vec::new();
    let mut from = 0;
    for place in places.into_iter().chain([bytes.len()]) {
        pieces.push(&bytes[from..place]);
        from = place;
    }
    pieces
}

#[derive(Debug, Clone)]
enum Framing {
    Length,
    Chunked(Vec<usize>, bool),
    Close,
}

fn response() -> impl Strategy<Value = Vec<u8>> {
    let framing = prop_oneof![
        Just(Framing::Length),
        (
            proptest::collection::vec(any::<usize>(), 0..4),
            any::<bool>()
        )
            .prop_map(|(places, trailers)| Framing::Chunked(places, trailers)),
        Just(Framing::Close),
    ];
    let fields = proptest::collection::vec(("X-[A-Za-z0-9-]{0,8}", "[!-~]{0,12}"), 0..5);
    let status = prop_oneof![Just(200_u16), Just(404), Just(204), Just(304), 200..600_u16];
    let body = proptest::collection::vec(any::<u8>(), 0..200);
    (status, fields, framing, body, any::<bool>()).prop_map(
        |(status, fields, framing, body, informational)| {
            let mut out = Vec::new();
            if informational {
                out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
            }
            out.extend_from_slice(format!("HTTP/1.1 {status} Reason\r\n").as_bytes());
            for (name, value) in fields {
                out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
            }
            let body = if matches!(status, 204 | 304) {
                Vec::new()
            } else {
                body
            };
            match framing {
                Framing::Length => {
                    out.extend_from_slice(
                        format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes(),
                    );
                    out.extend_from_slice(&body);
                }
                Framing::Close => {
                    out.extend_from_slice(b"\r\n");
                    out.extend_from_slice(&body);
                }
                Framing::Chunked(places, trailers) => {
                    out.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
                    if !matches!(status, 204 | 304) {
                        for piece in cut(&body, &places).into_iter().filter(|it| !it.is_empty()) {
                            out.extend_from_slice(format!("{:x};e=1\r\n", piece.len()).as_bytes());
                            out.extend_from_slice(piece);
                            out.extend_from_slice(b"\r\n");
                        }
                        out.extend_from_slice(if trailers {
                            b"0\r\nT: 1\r\n\r\n"
                        } else {
                            b"0\r\n\r\n"
                        });
                    }
                }
            }
            out
        },
    )
}

proptest! {
    #[test]
    fn correct_responses_read_as_hyper_reads_them(
        response in response(),
        places in proptest::collection::vec(any::<usize>(), 0..6),
    ) {
        let pieces = cut(&response, &places);
        let seen = ours(&pieces);
        prop_assert!(seen.is_some());
        prop_assert_eq!(seen, hyper(&pieces));
    }

    #[test]
    fn what_both_accept_of_a_damaged_response_they_read_alike(
        response in response(), at: usize, byte in prop_oneof![
            any::<u8>(), Just(b'\r'), Just(b'\n'), Just(b' '), Just(b':'), Just(b'0'), Just(b',')
        ],
        insert: bool,
    ) {
        let mut response = response;
        let at = at % response.len();
        if insert {
            response.insert(at, byte);
        } else {
            response[at] = byte;
        }
        if let (Some(ours), Some(theirs)) = (ours(&[&response]), hyper(&[&response])) {
            prop_assert_eq!(ours, theirs);
        }
    }
}

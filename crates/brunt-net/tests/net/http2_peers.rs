//! HTTP/2 servers that end requests, break the protocol or never stop: written frame by frame,
//! because no library would send what is needed here.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;

use brunt_net::{NetError, Request, Target, clock};
use tokio_rustls::rustls;

use crate::support::{Identity, get, run, tls_client, until};

type Tls = rustls::StreamOwned<rustls::ServerConnection, TcpStream>;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// RFC 9113, section 7, in the order of the codes.
const CODES: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

fn go_away(last: u32, code: u32) -> Vec<u8> {
    frame(
        GOAWAY,
        0,
        0,
        &[last.to_be_bytes(), code.to_be_bytes()].concat(),
    )
}

/// A literal field that goes into no table; `first` is 0x40 for one that does.
fn field(first: u8, name: &[u8], value: &[u8]) -> Vec<u8> {
    let mut field = vec![first];
    for text in [name, value] {
        // HPACK's integers with a prefix of seven bits.
        let mut left = text.len();
        if left < 127 {
            field.push(left as u8);
        } else {
            field.push(127);
            left -= 127;
            while left >= 128 {
                field.push((left % 128) as u8 | 128);
                left /= 128;
            }
            field.push(left as u8);
        }
        field.extend(text);
    }
    field
}

/// `:status: 200` of the static table.
const OK: &[u8] = &[0x88];

/// What a server does when its frames are out.
#[derive(Debug, Clone)]
enum Then {
    /// Waits for the client to close.
    Stay,
    /// Ends TLS and TCP as it should.
    Close,
    /// Ends TCP only.
    Cut,
    /// Sends this until the client closes.
    Repeat(Vec<u8>),
}

fn serve(mut tls: Tls, frames: &[u8], then: &Then) -> Option<()> {
    let mut preface = [0; 24];
    tls.read_exact(&mut preface).ok()?;
    loop {
        let mut head = [0; 9];
        tls.read_exact(&mut head).ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        tls.read_exact(&mut payload).ok()?;
        if head[3] == HEADERS {
            break;
        }
    }
    tls.write_all(&frame(SETTINGS, 0, 0, b"")).ok()?;
    tls.write_all(frames).ok()?;
    tls.flush().ok()?;
    match then {
        Then::Stay => {}
        Then::Cut => return tls.sock.shutdown(std::net::Shutdown::Write).ok(),
        Then::Close => {
            tls.conn.send_close_notify();
            tls.flush().ok()?;
        }
        Then::Repeat(frames) => loop {
            tls.write_all(frames).ok()?;
        },
    }
    std::io::copy(&mut tls, &mut std::io::sink())
        .map(|_| ())
        .ok()
}

/// A server that answers the first request with these frames.
fn answering(identity: &Identity, frames: Vec<u8>, then: Then) -> (Target, JoinHandle<()>) {
    let nobody = rustls::server::WebPkiClientVerifier::no_client_auth();
    let mut config = identity.server_config(nobody);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let session = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        serve(Tls::new(session, stream), &frames, &then);
    });
    let url = Target::parse(&format!("https://localhost:{port}/")).unwrap();
    (url, server)
}

/// What a request to such a server comes to; a second one on its connection would hang.
fn ask(identity: &Identity, frames: Vec<u8>, then: Then, patience_ms: i64) -> (u16, u32, String) {
    let (url, server) = answering(identity, frames, then);
    let outcome = run(async {
        let client = tls_client(identity.options());
        let deadline = clock::now() + patience_ms * 1_000_000;
        let request = Request {
            deadline: Some(deadline),
            ..get(&url)
        };
        until(client.send(&request), deadline).await.outcome
    });
    server.join().unwrap();
    match outcome {
        Ok(response) => (response.status, 0, String::new()),
        Err(error) => (0, error.code(), error.to_string()),
    }
}

/// Milliseconds until a request is given up that ends otherwise.
const PATIENT: i64 = 20_000;
/// And one that may not.
const SOON: i64 = 300;

#[test]
fn every_code_of_goaway_has_its_own() {
    let identity = Identity::new(&["localhost"]);
    for (code, name) in (0_u32..).zip(CODES) {
        // The request is not one that the server still serves.
        let got = ask(&identity, go_away(0, code), Then::Stay, PATIENT);
        let text = format!("http2: received GoAway with http2 ErrCode {name}");
        assert_eq!(got, (0, 1611 + code, text));
    }
    let got = ask(&identity, go_away(0, 0x63), Then::Stay, PATIENT);
    assert_eq!(got.1, 1610, "{}", got.2);
    // It is, but then the server closes.
    let got = ask(&identity, go_away(1, 2), Then::Close, PATIENT);
    assert_eq!(got.1, 1613, "{}", got.2);
}

#[test]
fn every_code_of_a_reset_has_its_own() {
    let identity = Identity::new(&["localhost"]);
    let reset = |code: u32| frame(RST_STREAM, 0, 1, &code.to_be_bytes());
    for (code, name) in (0_u32..).zip(CODES) {
        let got = ask(&identity, reset(code), Then::Stay, PATIENT);
        let text = format!("http2: stream error with http2 ErrCode {name}");
        assert_eq!(got, (0, 1631 + code, text));
    }
    let got = ask(&identity, reset(0x63), Then::Stay, PATIENT);
    assert_eq!(got.1, 1630, "{}", got.2);
    // Within the body.
    let begun = [frame(HEADERS, END_HEADERS, 1, OK), frame(DATA, 0, 1, b"hi")].concat();
    let got = ask(&identity, [begun, reset(8)].concat(), Then::Stay, PATIENT);
    assert_eq!(got.1, 1639, "{}", got.2);
}

#[test]
fn a_server_in_breach_of_the_protocol_is_told_so_and_its_code_is_reported() {
    let identity = Identity::new(&["localhost"]);
    let window = |stream, by: u32| frame(WINDOW_UPDATE, 0, stream, &by.to_be_bytes());
    let most = 0x7fff_ffff;
    let promise = [&2_u32.to_be_bytes()[..], &[0x82, 0x84, 0x87]].concat();
    let length = [OK, &field(0, b"content-length", b"5")].concat();
    let short = [
        frame(HEADERS, END_HEADERS, 1, &length),
        frame(DATA, END_STREAM, 1, b"hi"),
    ];
    let table = [
        ("data of no stream", frame(DATA, 0, 0, b"x"), 1652),
        // RFC 9113 would have the first two a FRAME_SIZE_ERROR and the third a COMPRESSION_ERROR;
        // `h2` calls them so.
        ("half a setting", frame(SETTINGS, 0, 0, b"12345"), 1652),
        ("a short ping", frame(PING, 0, 0, b"1234567"), 1652),
        (
            "a header block of nonsense",
            frame(HEADERS, END_HEADERS, 1, &[0x80]),
            1652,
        ),
        ("a window too large", window(0, most), 1654),
        (
            "a push that was refused",
            frame(PUSH_PROMISE, END_HEADERS, 1, &promise),
            1652,
        ),
        (
            "an endless frame",
            b"\xff\xff\xff\x00\x00\x00\x00\x00\x01".to_vec(),
            1657,
        ),
        (
            "HTTP/1.1",
            b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
            1657,
        ),
        (
            "no status",
            frame(HEADERS, END_HEADERS, 1, &field(0, b"a", b"b")),
            1632,
        ),
        ("a body shorter than it says", short.concat(), 1632),
    ];
    let (mut got, mut wanted) = (Vec::new(), Vec::new());
    for (what, frames, code) in table {
        let answer = ask(&identity, frames, Then::Stay, PATIENT);
        got.push((what, answer.0, answer.1));
        wanted.push((what, 0, code));
    }
    assert_eq!(got, wanted);
}

#[test]
fn a_connection_that_ends_within_a_response_is_an_unexpected_end() {
    let identity = Identity::new(&["localhost"]);
    let begun = [frame(HEADERS, END_HEADERS, 1, OK), frame(DATA, 0, 1, b"hi")].concat();
    for frames in [Vec::new(), begun] {
        for then in [Then::Close, Then::Cut] {
            let got = ask(&identity, frames.clone(), then.clone(), PATIENT);
            assert_eq!(got, (0, 1000, "unexpected EOF".to_owned()), "{then:?}");
        }
    }
}

/// The most memory that this process has had, in KiB. Each test is a process of its own.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|it| it.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Fails unless the request ends with one of these codes, and memory does not grow with what the
/// server sends.
fn is_bounded(what: &str, frames: Vec<u8>, then: Then, patience: i64, codes: &[u32]) {
    let identity = Identity::new(&["localhost"]);
    // Certificates, threads and buffers, once.
    ask(&identity, go_away(0, 0), Then::Stay, PATIENT);
    let before = peak();
    let got = ask(&identity, frames, then, patience);
    assert!(codes.contains(&got.1), "{what}: {got:?}");
    let grown = peak() - before;
    assert!(grown < 32 * 1024, "{what}: {grown} KiB more");
}

#[test]
fn header_bombs_are_bounded() {
    // 4 KB in the table, and each byte after it means them all again: 40 MB in 14 KB.
    let mut bomb = [OK, &field(0x40, b"a", &[b'x'; 4000])].concat();
    bomb.resize(14_000, 0xbe);
    let bomb = frame(HEADERS, END_HEADERS | END_STREAM, 1, &bomb);
    is_bounded("a bomb", bomb, Then::Stay, PATIENT, &[1600, 1632, 1662]);
}

#[test]
fn headers_without_end_are_bounded() {
    let start = frame(HEADERS, 0, 1, OK);
    let more = frame(CONTINUATION, 0, 1, &field(0, b"a", &[b'x'; 4000]));
    is_bounded(
        "headers",
        start,
        Then::Repeat(more),
        PATIENT,
        &[1600, 1632, 1652, 1662],
    );
}

#[test]
fn informational_responses_without_end_are_bounded() {
    let hints = frame(HEADERS, END_HEADERS, 1, &field(0, b":status", b"103"));
    is_bounded("1xx", Vec::new(), Then::Repeat(hints), PATIENT, &[1600]);
    // A few are allowed.
    let identity = Identity::new(&["localhost"]);
    let hints = frame(HEADERS, END_HEADERS, 1, &field(0, b":status", b"103"));
    let answer = frame(HEADERS, END_HEADERS | END_STREAM, 1, OK);
    let frames = [hints.repeat(5), answer].concat();
    assert_eq!(ask(&identity, frames, Then::Stay, PATIENT).0, 200);
}

#[test]
fn frames_without_end_are_bounded_and_given_up_at_the_deadline() {
    let floods = [
        ("settings", frame(SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0])),
        ("pings", frame(PING, 0, 0, b"12345678")),
        ("windows", frame(WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes())),
        ("unknown frames", frame(0xbb, 0, 0, &[0; 1000])),
        ("resets", frame(RST_STREAM, 0, 3, &8_u32.to_be_bytes())),
    ];
    for (what, flood) in floods {
        // Where the library sees an attack or a breach in it, it may say so before.
        let codes = [1050, 1652, 1654, 1662];
        is_bounded(
            what,
            Vec::new(),
            Then::Repeat(flood.repeat(50)),
            SOON,
            &codes,
        );
    }
    // Empty pieces of a body.
    let start = frame(HEADERS, END_HEADERS, 1, OK);
    let empty = frame(DATA, 0, 1, b"").repeat(50);
    is_bounded("data", start, Then::Repeat(empty), SOON, &[1050, 1662]);
}

#[test]
fn a_body_that_is_larger_than_it_may_be_is_refused() {
    let identity = Identity::new(&["localhost"]);
    let start = frame(HEADERS, END_HEADERS, 1, OK);
    let more = Then::Repeat(frame(DATA, 0, 1, &[b'x'; 10_000]));
    let (url, server) = answering(&identity, start, more);
    run(async {
        let config = brunt_net::NetConfig {
            tls: Arc::new(brunt_net::TlsSettings::new(identity.options())),
            max_body_bytes: 100_000,
            ..brunt_net::NetConfig::default()
        };
        let client = brunt_net::Client::new(Arc::new(config));
        let error = client.send(&get(&url)).await.outcome.unwrap_err();
        let (what, limit) = ("the body", 100_000);
        assert_eq!(error, NetError::TooLarge { what, limit });
        drop(client);
    });
    server.join().unwrap();
}

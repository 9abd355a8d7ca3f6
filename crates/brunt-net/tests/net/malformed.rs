//! Responses that break the protocol, and some that only look like it.

use brunt_net::Version;
use brunt_net::fuzzing::parse;
use proptest::prelude::*;

const LIMIT: usize = 64 * 1024;

#[test]
fn malformed_responses_are_errors() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let heads = [
        "hello\r\n\r\n",
        "\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.2 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 099 Low\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX : 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: 1\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhey",
        "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ];
    let bodies = [
        "x\r\n",
        "\r\n",
        " 2\r\nhi\r\n0\r\n\r\n",
        "2\nhi\r\n0\r\n\r\n",
        "2\r\nhi\n0\r\n\r\n",
        "2\r\nhi0\r\n\r\n",
        "2\r\nhi\r\n0\r\n\n",
        "2\rhi\r\n",
        "-2\r\nhi\r\n",
        "0x2\r\nhi\r\n",
        "11111111111111111\r\n",
        "2;a\nb\r\nhi\r\n",
        "0\r\nX: 1\n\r\n",
    ];
    let bodies = bodies.iter().map(|body| format!("{chunked}{body}"));
    for response in heads.iter().map(|&head| head.to_owned()).chain(bodies) {
        let error = parse([response.as_bytes()], false, LIMIT).expect_err(&response);
        assert_eq!(error.code(), 1000);
        assert!(
            error.to_string().starts_with("malformed"),
            "{response:?}: {error}"
        );
        // However it comes cut up.
        let bytes: Vec<&[u8]> = response.as_bytes().chunks(1).collect();
        assert_eq!(
            parse(bytes, false, LIMIT).expect_err(&response).code(),
            1000
        );
    }
}

#[test]
fn unusual_but_correct_responses_are_read() {
    let table = [
        (
            "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi",
            200,
            "hi",
            true,
        ),
        (
            "HTTP/1.1 200 \r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
            200,
            "hi",
            true,
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
            200,
            "hi",
            true,
        ),
        (
            "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
            204,
            "",
            true,
        ),
        (
            "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
            304,
            "",
            true,
        ),
        (
            "HTTP/1.1 200 OK\r\n\r\nuntil the end",
            200,
            "until the end",
            false,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-ENCODING: Chunked\r\n\r\n1;x=\"y\"\r\nh\r\n00001 \r\ni\r\n0\r\nTrailer: x\r\n\r\n",
            200,
            "hi",
            true,
        ),
        ("HTTP/1.1 999 Odd\nContent-Length: 2\n\nhi", 999, "hi", true),
    ];
    for (response, status, body, reusable) in table {
        for size in [1, 7, response.len()] {
            let pieces: Vec<&[u8]> = response.as_bytes().chunks(size).collect();
            let (parsed, may_reuse) = parse(pieces, false, LIMIT).expect(response);
            let text = String::from_utf8(parsed.body).unwrap();
            assert_eq!(
                (parsed.status, text.as_str(), may_reuse),
                (status, body, reusable),
                "{response}"
            );
        }
    }
}

#[test]
fn a_response_to_head_has_no_body_whatever_it_says() {
    let response = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    let (parsed, reusable) = parse([&response[..]], true, LIMIT).unwrap();
    assert_eq!((parsed.body.len(), reusable), (0, true));
    assert_eq!(parsed.headers.get("content-length"), Some(&b"5"[..]));
}

#[test]
fn the_status_line_is_kept() {
    let (parsed, _) = parse([&b"HTTP/1.0 418 I'm a teapot\r\n\r\n"[..]], false, LIMIT).unwrap();
    assert_eq!(parsed.version, Version::Http10);
    assert_eq!(parsed.reason(), b"I'm a teapot");
}

#[test]
fn many_fields_are_read_and_too_many_refused() {
    let response = |count| format!("HTTP/1.1 204 OK\r\n{}\r\n", "X: 1\r\n".repeat(count));
    let (parsed, _) = parse([response(1000).as_bytes()], false, LIMIT).unwrap();
    assert_eq!(parsed.headers.len(), 1000);
    assert!(parse([response(5000).as_bytes()], false, LIMIT).is_err());
}

#[test]
fn nothing_grows_without_bound() {
    let endless = [
        ("HTTP/1.1 200 OK\r\n", "X: 1\r\n"),
        ("HTTP/1.1 200 OK\r\nX: ", "x"),
        ("HTTP/1.1 200 OK\r\n\r\n", "x"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "1\r\nx\r\n",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;",
            "x",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
            "X: 1\r\n",
        ),
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
    ];
    for (start, again) in endless {
        let pieces = std::iter::once(start.as_bytes())
            .chain(std::iter::repeat_n(again.as_bytes(), 2 * LIMIT));
        assert!(parse(pieces, false, LIMIT).is_err(), "{start}");
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(
        pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..20),
        prefix in prop_oneof![
            Just(""), Just("HTTP/1.1 200 OK\r\n"), Just("HTTP/1.1 200 OK\r\n\r\n"),
            Just("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            Just("HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n"),
        ],
        head_only: bool,
    ) {
        let all = std::iter::once(prefix.as_bytes()).chain(pieces.iter().map(Vec::as_slice));
        if let Ok((response, _)) = parse(all, head_only, 256) {
            prop_assert!(response.body.len() <= 256);
        }
    }

    #[test]
    fn protocol_like_bytes_never_panic(
        tokens in proptest::collection::vec(prop_oneof![
            Just("HTTP/1.1 200 OK"), Just("HTTP/1.0 204 "), Just("\r\n"), Just("\n"), Just("\r"),
            Just("\r\n\r\n"), Just("Content-Length: 3"), Just("Transfer-Encoding: chunked"),
            Just("Connection: close"), Just("0"), Just("3"), Just("abc"), Just(":"), Just(" "),
            Just("ffffffffffffffff"), Just(";"), Just("HTTP/1.1 100 "),
        ], 0..30),
        size in 1..20_usize,
    ) {
        let text = tokens.concat();
        let whole = parse([text.as_bytes()], false, 512);
        let pieces = parse(text.as_bytes().chunks(size), false, 512);
        // How the bytes are cut changes nothing.
        match (whole, pieces) {
            (Ok(whole), Ok(pieces)) => prop_assert_eq!(whole.0, pieces.0),
            (whole, pieces) => prop_assert_eq!(whole.is_err(), pieces.is_err()),
        }
    }
}

//! Servers that break off, lie or never stop: an error code in the response, and a run that goes on.

use brunt_testkit::Target;
use serde_json::Value;

use crate::memory::resident;
use crate::support::{Brunt, Finished, RawServer};

const SCRIPT: &str = "import http from 'k6/http';
export const options = { iterations: 2, insecureSkipTLSVerify: true };
export default function () {
  const r = http.get(__ENV.URL, { timeout: __ENV.TIMEOUT || '20s' });
  console.log(JSON.stringify({ status: r.status, code: r.error_code, error: r.error, body: r.body,
    timings: r.timings }));
}";

fn ask(url: &str, timeout: &str) -> (Value, Finished) {
    let run = Brunt::script(SCRIPT)
        .env_flag("URL", url)
        .env_flag("TIMEOUT", timeout);
    let run = run
        .args(&["--out", "json=o.json", "--vu-memory-limit", "64"])
        .run()
        .expect(0);
    let console = run.console();
    assert_eq!(console.len(), 2, "both iterations end: {}", run.stderr);
    (serde_json::from_str(&console[1]).unwrap(), run)
}

/// Fails unless the request failed, was measured, and said so.
fn fails(url: &str, timeout: &str, code: std::ops::RangeInclusive<u64>) {
    let (answer, run) = ask(url, timeout);
    let got = answer["code"].as_u64().unwrap();
    assert!(code.contains(&got), "{url}: {answer}");
    assert_eq!(answer["status"], 0, "{url}: {answer}");
    assert_eq!(answer["body"], Value::Null, "{url}: {answer}");
    assert!(
        !answer["error"].as_str().unwrap().is_empty(),
        "{url}: {answer}"
    );
    let points = run.points("o.json");
    assert_eq!(points.values("http_req_failed"), [1.0, 1.0]);
    assert_eq!(points.tag("http_reqs", "error_code"), [got.to_string()]);
    assert_eq!(points.tag("http_reqs", "status"), ["0"]);
    for (name, value) in answer["timings"].as_object().unwrap() {
        assert!(value.as_f64().unwrap() >= 0.0, "{url}: {name} of {answer}");
    }
    assert!(
        run.log()
            .iter()
            .any(|line| line.message() == "Request Failed"),
        "{}",
        run.stderr
    );
}

#[test]
fn what_breaks_off() {
    let target = Target::http().unwrap();
    for path in ["/close", "/reset"] {
        fails(&target.url(path), "20s", 1000..=1299);
    }
    let cut: [&[u8]; 6] = [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ];
    for answer in cut {
        fails(&RawServer::answering(answer, b"").url(), "20s", 1000..=1299);
    }
}

#[test]
fn what_is_no_http() {
    let wrong: [&[u8]; 11] = [
        b"\x00\xff\xfe garbage \r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 20000 OK\r\n\r\n",
        b"HTTP/1.1 -1 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nhello\r\n",
    ];
    for answer in wrong {
        fails(&RawServer::answering(answer, b"").url(), "20s", 1000..=1299);
    }
}

#[test]
fn what_never_ends() {
    let start = b"HTTP/1.1 200 OK\r\n";
    fails(
        &RawServer::answering(start, b"X-More: and more and more\r\n").url(),
        "20s",
        1000..=1299,
    );
    fails(
        &RawServer::answering(b"HTTP/1.1 ", &[b'2'; 4096]).url(),
        "20s",
        1000..=1299,
    );
    fails(
        &RawServer::answering(b"", b"HTTP/1.1 100 Continue\r\n\r\n").url(),
        "20s",
        1000..=1299,
    );
}

#[test]
fn a_timeout_is_1050() {
    let target = Target::http().unwrap();
    fails(&target.url("/delay/60000"), "50ms", 1050..=1050);
    fails(&target.url("/drip?n=1000&ms=1000"), "100ms", 1050..=1050);
}

#[test]
fn nobody_there_is_1212_and_no_name_is_1101() {
    fails("http://127.0.0.1:1/", "20s", 1212..=1212);
    fails("http://no-such-name.invalid/", "20s", 1100..=1101);
}

#[test]
fn tls_where_there_is_none_and_none_where_there_is() {
    let plain = Target::http().unwrap();
    fails(
        &plain.url("/").replace("http:", "https:"),
        "20s",
        1300..=1301,
    );
    let tls = Target::https().unwrap();
    let (answer, _) = ask(&tls.url("/").replace("https:", "http:"), "20s");
    assert_ne!(answer["status"], 200, "{answer}");
}

#[test]
fn a_bad_url_is_1020_and_is_not_measured() {
    let run = Brunt::script(SCRIPT)
        .env_flag("URL", "http://[::1")
        .args(&["--out", "json=o.json"]);
    let run = run.run().expect(0);
    let answer: Value = serde_json::from_str(&run.console()[0]).unwrap();
    assert_eq!(answer["code"], 1020, "{answer}");
    assert!(run.points("o.json").of("http_reqs").is_empty());
}

/// Head and body of an answer that says how long it is.
fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n{head}\r\n");
    [head.as_bytes(), body].concat()
}

#[test]
fn packed_bodies_that_are_cut_or_wrong_are_1701() {
    let packed: [(&str, &[u8]); 4] = [
        (
            "gzip",
            b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcbH\xcd\xc9\xc9\x07\0\x86\xa6\x106\x05\0\0\0",
        ),
        ("deflate", b"x\x9c\xcbH\xcd\xc9\xc9\x07\0\x06,\x02\x15"),
        ("br", b"\x0b\x02\x80hello\x03"),
        ("zstd", b"\x28\xb5\x2f\xfd\x20\x05\x29\0\0hello"),
    ];
    for (coding, body) in packed {
        let head = format!("Content-Encoding: {coding}\r\n");
        let server = RawServer::answering(&answer(&head, body), b"");
        let (whole, _) = ask(&server.url(), "20s");
        assert_eq!(whole["body"], "hello", "{coding}: {whole}");
        for broken in [&body[..body.len() - 1], &body[..3], b"neither of them"] {
            let server = RawServer::answering(&answer(&head, broken), b"");
            let (got, run) = ask(&server.url(), "20s");
            assert_eq!(got["code"], 1701, "{coding}: {got}");
            let points = run.points("o.json");
            assert_eq!(points.tag("http_reqs", "error_code"), ["1701"]);
        }
    }
}

#[test]
fn a_bomb_is_1701_and_takes_no_more_memory_than_the_limit() {
    // A frame of Zstandard, 16 000 times "a zero, 131 072 times": 2 GiB in 64 kB.
    let mut bomb = b"\x28\xb5\x2f\xfd\x00\x58".to_vec();
    bomb.extend(b"\x02\x00\x10\x00".repeat(16_000));
    let server = RawServer::answering(&answer("Content-Encoding: zstd\r\n", &bomb), b"");
    let script = "import http from 'k6/http';
        import { sleep } from 'k6';
        export default function () {
          console.log(http.get(__ENV.URL).error_code);
          console.log('done');
          sleep(0.5);
        }";
    let run = Brunt::script(script).env_flag("URL", &server.url()).start();
    run.wait_for_log("done");
    let most = resident(&run, "VmHWM").unwrap();
    assert_eq!(run.finish().expect(0).console(), ["1701", "done"]);
    // 128 MiB, the smaller buffers before it that the allocator has not given back yet, and brunt itself.
    assert!(most < 448 * 1024, "{most} KiB");
}

#[test]
fn a_redirect_loop_ends_at_the_limit_with_the_last_answer_and_a_warning() {
    let head =
        b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let server = RawServer::answering(head, b"");
    let (answer, run) = ask(&server.url(), "20s");
    assert_eq!(
        (&answer["status"], &answer["code"]),
        (&302.into(), &0.into())
    );
    // Each hop is measured: the first and ten more, in both iterations.
    assert_eq!(run.points("o.json").sum("http_reqs"), 22.0);
    run.says(&["10 redirects"]);
}

#[test]
fn a_location_that_leads_nowhere_is_an_error() {
    for (location, codes) in [
        ("http://[::1", 1000..=1020),
        ("gopher://x/", 1000..=1020),
        ("http://127.0.0.1:1/", 1212..=1212),
    ] {
        let head =
            format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        let (answer, _) = ask(&RawServer::answering(head.as_bytes(), b"").url(), "20s");
        let code = answer["code"].as_u64().unwrap();
        assert!(codes.contains(&code), "{location}: {answer}");
    }
}

#[test]
fn broken_cookies_are_left_out_and_large_ones_kept_within_the_limit_of_a_head() {
    let large = 1_000_000;
    let mut head = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n".to_vec();
    for cookie in [
        &b"=nameless"[..],
        b"",
        b";;;",
        b"without",
        b"na me=1",
        b"foreign=1; Domain=other.test",
        b"odd=1; Expires=rubbish; Max-Age=99999999999999999999; Domain=127.0.0.1; Path",
        b"coffee=caf\xc3\xa9\xff",
        b"good=1; Path=/; SameSite=Whatever; Unknown",
    ] {
        head.extend_from_slice(b"Set-Cookie: ");
        head.extend_from_slice(cookie);
        head.extend_from_slice(b"\r\n");
    }
    let with = |size: usize| {
        let line = format!("Set-Cookie: large={}\r\n\r\n", "x".repeat(size));
        RawServer::answering(&[&head[..], line.as_bytes()].concat(), b"")
    };
    let script = "import http from 'k6/http';
        export default function () {
          for (let i = 0; i < 2; i++) {
            const r = http.get(__ENV.URL);
            const sent = r.request ? Object.keys(r.request.cookies) : [];
            console.log(r.status, r.error_code, Object.keys(r.cookies || {}).length > 0,
              ['good', 'large', 'without', 'foreign', 'na me'].filter((n) => sent.includes(n)).join());
          }
        }";
    let run = |server: RawServer| Brunt::script(script).env_flag("URL", &server.url()).run();
    let console = run(with(large)).expect(0).console();
    assert_eq!(console, ["200 0 true ", "200 0 true good,large"]);
    let console = run(with(1 << 20)).expect(0).console();
    assert_eq!(console, ["0 1000 false "; 2]);
}

#[test]
fn a_body_longer_than_it_says_is_cut_and_the_connection_not_used_again() {
    let server = RawServer::answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello", b"");
    let (answer, run) = ask(&server.url(), "20s");
    assert_eq!(
        (&answer["status"], &answer["body"]),
        (&200.into(), &"he".into())
    );
    assert_eq!(run.points("o.json").values("http_req_failed"), [0.0, 0.0]);
}

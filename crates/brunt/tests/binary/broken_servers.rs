//! Servers that break off, lie or never stop: an error code in the response, and a run that goes on.

use brunt_testkit::Target;
use serde_json::Value;

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

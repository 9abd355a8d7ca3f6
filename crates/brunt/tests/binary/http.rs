//! Requests against a target that counts: methods, bodies, connections, protocols, certificates.

use brunt_testkit::Target;
use serde_json::Value;

use crate::support::{Brunt, Finished};

/// Runs this as the body of the default function; it prints JSON with `show`.
fn run_at(target: &Target, body: &str, args: &[&str]) -> Finished {
    let script = format!(
        "import http from 'k6/http';
         import {{ check }} from 'k6';
         const show = (value) => console.log(JSON.stringify(value));
         const U = __ENV.URL;
         export default function () {{ {body} }}"
    );
    let url = target.url("");
    let run = Brunt::script(script).env_flag("URL", url.trim_end_matches('/'));
    run.args(&["--out", "json=o.json", "--summary-export", "s.json"])
        .args(args)
        .run()
        .expect(0)
}

fn shown(run: &Finished) -> Vec<Value> {
    run.console()
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn methods_bodies_and_headers_arrive() {
    let target = Target::http().unwrap();
    let body = "const h = { headers: { 'X-Own': 'value', 'Content-Type': 'text/x' } };
        for (const r of [http.get(U + '/echo?a=b', h), http.post(U + '/echo', 'text', h), http.put(U + '/echo', 'täxt'),
          http.patch(U + '/echo', JSON.stringify({ a: 1 })), http.del(U + '/echo'), http.options(U + '/echo'),
          http.request('PURGE', U + '/echo'), http.post(U + '/echo', { a: 'b c', d: [1, 2], e: null }),
          http.post(U + '/echo', new Uint8Array([97, 98, 99]).buffer)]) show(r.json());
        const head = http.head(U + '/echo'); show([head.status, head.body]);";
    let seen = shown(&run_at(&target, body, &[]));
    let methods: Vec<&str> = seen.iter().filter_map(|it| it["method"].as_str()).collect();
    let all = [
        "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE", "POST", "POST",
    ];
    assert_eq!(methods, all);
    let bodies: Vec<&str> = seen.iter().filter_map(|it| it["body"].as_str()).collect();
    let form = "a=b+c&d=1&d=2&e=";
    assert_eq!(
        bodies,
        ["", "text", "täxt", r#"{"a":1}"#, "", "", "", form, "abc"]
    );
    assert_eq!(seen[0]["query"], "a=b");
    assert_eq!(seen[0]["headers"]["x-own"], "value");
    assert!(
        seen[0]["headers"]["user-agent"]
            .as_str()
            .unwrap()
            .starts_with("brunt/")
    );
    assert_eq!(seen[0]["headers"]["host"], target.address().to_string());
    assert!(
        seen[0]["headers"].get("accept-encoding").is_none(),
        "{}",
        seen[0]
    );
    assert_eq!(seen[1]["headers"]["content-type"], "text/x");
    assert_eq!(seen[1]["headers"]["content-length"], "4");
    assert_eq!(
        seen[7]["headers"]["content-type"],
        "application/x-www-form-urlencoded"
    );
    assert_eq!(seen[9], serde_json::json!([200, ""]));
}

#[test]
fn responses_are_what_the_server_sent() {
    let target = Target::http().unwrap();
    let body = "let r = http.get(U + '/json');
        show([r.status, r.status_text, r.proto, r.url === U + '/json', r.headers['Content-Type'], r.error, r.error_code]);
        show([r.json().answer, r.json('nested.deep.value'), r.json('list.#'), r.json('absent') === undefined]);
        show([r.remote_ip, r.request.method, r.request.url === U + '/json', r.tls_version]);
        r = http.get(U + '/status/503'); show([r.status, r.error_code, r.error]);
        show(http.get(U + '/bytes/100000').body.length);
        r = http.get(U + '/bytes/10', { responseType: 'binary' }); show([r.body instanceof ArrayBuffer, r.body.byteLength]);
        show(http.get(U + '/bytes/10', { responseType: 'none' }).body);
        show(http.get(U + '/chunked').body);
        r = http.get(U + '/redirect/3'); show([r.status, r.url === U + '/']);
        show(http.get(U + '/redirect/3', { redirects: 0 }).status);
        show(http.get(U.replace('//', '//user:pass@') + '/basic-auth/user/pass').status);
        show(Object.keys(http.get(U + '/big-headers?n=50&bytes=1000').headers).length > 50);
        show(http.get(U + '/status/204').body);";
    let run = run_at(&target, body, &[]);
    let seen = shown(&run);
    let expected = serde_json::json!([
        [200, "200 OK", "HTTP/1.1", true, "application/json", "", 0],
        [42, "found", 3, true],
        ["127.0.0.1", "GET", true, ""],
        [503, 1503, ""],
        100_000,
        [true, 10],
        null,
        "first\nsecond\nthird\n",
        [200, true],
        302,
        200,
        true,
        null
    ]);
    assert_eq!(Value::Array(seen), expected);
    let points = run.points("o.json");
    assert_eq!(points.of("http_reqs").len() as u64, target.requests());
    assert!(
        points
            .tag("http_reqs", "url")
            .iter()
            .all(|url| !url.contains("pass@"))
    );
}

#[test]
fn every_vu_keeps_one_connection() {
    let target = Target::http().unwrap();
    let run = run_at(&target, "http.get(U + '/');", &["--vus", "8", "-i", "200"]);
    assert_eq!(target.requests(), 200);
    let connections = target.connections();
    let points = run.points("o.json");
    let connected = points
        .values("http_req_connecting")
        .iter()
        .filter(|&&it| it > 0.0)
        .count();
    assert_eq!(
        connected as u64, connections,
        "only a new connection takes time to connect"
    );
    assert!(connections <= 8, "{connections} connections of 8 VUs");
}

#[test]
fn without_reuse_every_request_has_its_own_connection() {
    let target = Target::http().unwrap();
    run_at(
        &target,
        "http.get(U + '/');",
        &["--vus", "2", "-i", "20", "--no-connection-reuse"],
    );
    assert_eq!((target.requests(), target.connections()), (20, 20));
    let target = Target::http().unwrap();
    let args = ["--vus", "1", "-i", "5", "--no-vu-connection-reuse"];
    run_at(&target, "http.get(U + '/'); http.get(U + '/');", &args);
    assert_eq!((target.requests(), target.connections()), (10, 5));
}

#[test]
fn timings_add_up_and_are_never_negative() {
    let target = Target::https().unwrap();
    for path in [
        "/",
        "/delay/20",
        "/bytes/1000000",
        "/drip?n=3&ms=5",
        "/chunked",
    ] {
        let body = format!("show(http.get(U + '{path}').timings);");
        let run = run_at(&target, &body, &["-i", "3", "--insecure-skip-tls-verify"]);
        for (at, timings) in shown(&run).iter().enumerate() {
            let value = |name: &str| timings[name].as_f64().unwrap();
            for name in [
                "blocked",
                "connecting",
                "tls_handshaking",
                "sending",
                "waiting",
                "receiving",
                "duration",
            ] {
                assert!(value(name) >= 0.0, "{path}: {name} of {timings}");
            }
            let sum = value("sending") + value("waiting") + value("receiving");
            assert!((value("duration") - sum).abs() < 1e-6, "{path}: {timings}");
            assert_eq!(value("connecting") > 0.0, at == 0, "{path}: {timings}");
            assert_eq!(value("tls_handshaking") > 0.0, at == 0, "{path}: {timings}");
        }
        let points = run.points("o.json");
        let measured = points.values("http_req_duration");
        let told: Vec<f64> = shown(&run)
            .iter()
            .map(|it| it["duration"].as_f64().unwrap())
            .collect();
        assert_eq!(measured, told, "{path}");
    }
    let delayed = run_at(
        &target,
        "show(http.get(U + '/delay/50').timings.waiting);",
        &["--insecure-skip-tls-verify"],
    );
    assert!(shown(&delayed)[0].as_f64().unwrap() >= 50.0);
}

#[test]
fn tls_speaks_http2_where_the_server_does() {
    let target = Target::https().unwrap();
    let body = "const r = http.post(U + '/echo', 'text', { headers: { 'X-Own': 'v' } });
        show([r.status, r.proto, r.tls_version, r.json().protocol, r.json().body, r.json().headers['x-own'], r.status_text]);";
    let run = run_at(&target, body, &["--insecure-skip-tls-verify", "-i", "3"]);
    let expected =
        serde_json::json!([200, "HTTP/2.0", "tls1.3", "HTTP/2.0", "text", "v", "200 OK"]);
    assert_eq!(shown(&run), [expected.clone(), expected.clone(), expected]);
    assert_eq!(target.connections(), 1);
    let points = run.points("o.json");
    assert_eq!(points.tag("http_reqs", "proto"), ["HTTP/2.0"]);
    assert_eq!(points.tag("http_reqs", "tls_version"), ["tls1.3"]);
    assert!(points.values("http_req_tls_handshaking")[0] > 0.0);
    let one = Target::https_on(0, &["http/1.1"]).unwrap();
    let run = run_at(
        &one,
        "show(http.get(U + '/').proto);",
        &["--insecure-skip-tls-verify"],
    );
    assert_eq!(shown(&run), ["HTTP/1.1"]);
}

#[test]
fn certificates_are_checked_and_can_be_trusted() {
    let target = Target::https().unwrap();
    let body = "const r = http.get(U + '/'); show([r.status, r.error_code]);";
    let run = run_at(&target, body, &[]);
    assert_eq!(shown(&run), [serde_json::json!([0, 1310])]);
    assert_eq!(target.requests(), 0);
    assert_eq!(
        run.points("o.json").tag("http_reqs", "error_code"),
        ["1310"]
    );
    let script = "import http from 'k6/http';
        export default function () { console.log(http.get(__ENV.URL).status); }";
    let trusting = Brunt::script(script).env_flag("URL", &target.url("/"));
    let file = trusting.folder().join("ca.pem");
    target.write_ca(&file).unwrap();
    let run = trusting
        .variable("SSL_CERT_FILE", file.to_str().unwrap())
        .run()
        .expect(0);
    assert_eq!(run.console(), ["200"]);
}

#[test]
fn failed_requests_can_throw() {
    let target = Target::http().unwrap();
    let body = "http.get(U + '/reset'); show('went on');";
    let run = run_at(&target, body, &["--throw"]);
    assert!(run.console().is_empty(), "{}", run.stderr);
    assert_eq!(run.messages("error").len(), 1, "{}", run.stderr);
}

#[test]
fn the_summary_tells_requests_failures_and_bytes() {
    let target = Target::http().unwrap();
    let body = "http.get(U + '/status/' + (__ITER % 4 === 0 ? 500 : 200));";
    let run = run_at(&target, body, &["-i", "20"]);
    let summary = run.summary("s.json");
    assert_eq!(summary.value("http_reqs", "count"), 20.0);
    assert_eq!(summary.value("http_req_failed", "passes"), 5.0);
    assert_eq!(summary.value("http_req_failed", "value"), 0.25);
    let points = run.points("o.json");
    assert_eq!(points.sum("data_sent"), summary.value("data_sent", "count"));
    assert_eq!(
        points.sum("data_received"),
        summary.value("data_received", "count")
    );
    assert!(summary.value("data_sent", "count") > 20.0 * 40.0);
    assert_eq!(
        points.tag("http_reqs", "expected_response"),
        ["false", "true"]
    );
    assert_eq!(points.of("http_req_duration").len(), 20);
    let good = "http_req_duration{expected_response:true}";
    assert!(summary.has(good), "{:#}", summary.0["metrics"]);
    assert!(
        run.stdout.contains("{ expected_response:true }"),
        "{}",
        run.stdout
    );
}

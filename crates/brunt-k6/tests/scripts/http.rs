//! `k6/http` against a server of the testkit: the response object above all.

use brunt_testkit::Target;

use crate::harness::{Run, Script};

fn run(target: &Target, body: &str) -> Run {
    let body = body.replace("BASE", target.url("").trim_end_matches('/'));
    let run = Script::body(&body).run(1);
    assert_eq!(
        run.log.iter().find(|line| line.starts_with("error: ")),
        None
    );
    run
}

#[test]
fn a_response_is_an_object_like_any_other() {
    let target = Target::http().unwrap();
    let run = run(
        &target,
        "const r = http.get('BASE/json'); \
         console.log(Object.keys(r).join()); \
         const copy = JSON.parse(JSON.stringify(r)); console.log(copy.status, copy.body === r.body, Object.keys(copy.timings).length, copy.request.method); \
         console.log(r.headers === r.headers, r.timings === r.timings, r.body === r.body); \
         r.status = 1; r.extra = 'mine'; delete r.body; console.log(r.status, r.extra, 'body' in r, r.proto, Object.keys(r).length); \
         const { status, ...rest } = http.get('BASE/status/204'); console.log(status, rest.body, typeof rest.json, rest.error_code);",
    );
    assert_eq!(
        run.log,
        [
            "info: remote_ip,remote_port,url,status,status_text,proto,headers,cookies,body,timings,tls_version,tls_cipher_suite,ocsp,error,error_code,request",
            "info: 200 true 8 GET",
            "info: true true true",
            "info: 1 mine false HTTP/1.1 16",
            "info: 204 null undefined 0",
        ]
    );
}

#[test]
fn a_request_emits_its_metrics_with_the_system_tags() {
    let target = Target::http().unwrap();
    let run = run(
        &target,
        "http.get('BASE/status/404', { tags: { mine: 1 } }); http.get(http.url`BASE/status/${200}`);",
    );
    assert_eq!(run.values("http_reqs"), [1.0, 1.0]);
    assert_eq!(run.values("http_req_failed"), [1.0, 0.0]);
    let first = &run.of("http_req_duration").next().unwrap().tags;
    let url = target.url("/status/404");
    for (tag, value) in [
        ("method", "GET"),
        ("status", "404"),
        ("error_code", "1404"),
        ("expected_response", "false"),
        ("url", url.as_str()),
        ("name", url.as_str()),
        ("mine", "1"),
        ("scenario", "lab"),
        ("proto", "HTTP/1.1"),
    ] {
        assert_eq!(first.get(tag), Some(value), "{tag}");
    }
    let second = &run.of("http_req_duration").nth(1).unwrap().tags;
    assert_eq!(second.get("name"), Some(target.url("/status/${}").as_str()));
    assert_eq!(second.get("url"), second.get("name"));
    let sent: f64 = run.values("data_sent").iter().sum();
    assert!(sent > 100.0, "{sent}");
}

#[test]
fn a_refused_connection_is_a_response_or_an_exception() {
    // Bound and closed again, so nobody listens.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let run = Script::body(&format!(
        "const r = http.get('http://127.0.0.1:{port}/'); console.log(r.status, r.error_code, r.error, r.body); \
         try {{ http.get('http://127.0.0.1:{port}/', {{ throw: true }}); }} catch (e) {{ console.log(e instanceof GoError, String(e)); }}"
    ))
    .run(1);
    let refused = "dial: connection refused";
    assert_eq!(
        run.log,
        [
            "warning: Request Failed".to_owned(),
            format!("info: 0 1212 {refused} null"),
            format!("info: true GoError: {refused}"),
        ]
    );
    assert_eq!(run.values("http_req_failed"), [1.0, 1.0]);
}

#[test]
fn arguments_that_make_no_request_warn_or_throw() {
    for call in [
        "http.get('http://[::1')",
        "http.get('http://127.0.0.1', { timeout: 'soon' })",
        "http.get('http://127.0.0.1', { responseType: 'xml' })",
        "http.get('http://127.0.0.1', { tags: { a: {} } })",
    ] {
        let body = format!("const r = {call}; console.log(r.status, r.error !== '');");
        let run = Script::body(&body).run(1);
        assert_eq!(
            run.log,
            ["warning: Request Failed", "info: 0 true"],
            "{call}"
        );
        assert_eq!(run.values("http_reqs"), [0.0_f64; 0], "{call}");
        let run = Script::body(&body).configure(|it| it.throw = true).run(1);
        assert!(!run.error().is_empty(), "{call}");
    }
}

#[test]
fn json_finds_paths_and_tells_the_place_of_an_error() {
    let target = Target::http().unwrap();
    let run = run(
        &target,
        "const r = http.post('BASE/echo', JSON.stringify({ a: { b: [1, 2] } })); \
         console.log(typeof r.json(), r.json('nothing.here')); \
         try { http.get('BASE/').json(); } catch (e) { console.log(e.message.startsWith('cannot parse json due to an error at line 1, character ')); } \
         try { http.get('BASE/status/204').json(); } catch (e) { console.log(e.message.startsWith('the body is null')); }",
    );
    assert_eq!(
        run.log,
        ["info: object undefined", "info: true", "info: true"]
    );
}

#[test]
fn an_interrupt_ends_a_request() {
    let target = Target::http().unwrap();
    let body = format!(
        "http.get('{}'); console.log('never');",
        target.url("/delay/60000")
    );
    let run = Script::body(&body).run_interrupted();
    assert_eq!(run.iterations, [brunt_engine::Outcome::Interrupted]);
    assert_eq!(run.log, [""; 0]);
}

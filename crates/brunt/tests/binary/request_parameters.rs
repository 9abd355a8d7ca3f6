//! Parameters of a request and members of its response that have no test with a subject of their own.

use brunt_testkit::Target;
use serde_json::{Value, json};

use crate::support::{Brunt, Finished};

/// Runs this as the body of the default function, once.
fn run(target: &Target, body: &str) -> Finished {
    let script = format!(
        "import http from 'k6/http';
         export const options = {{ insecureSkipTLSVerify: true }};
         const show = (value) => console.log(JSON.stringify(value));
         const U = __ENV.URL;
         export default function () {{ {body} }}"
    );
    let url = target.url("");
    let run = Brunt::script(script).env_flag("URL", url.trim_end_matches('/'));
    run.args(&["--summary-export", "s.json"]).run().expect(0)
}

fn shown(run: &Finished) -> Value {
    let lines = run.console();
    lines
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .collect()
}

#[test]
fn a_timeout_covers_the_whole_exchange() {
    let target = Target::http().unwrap();
    let body = "for (const timeout of [50, '50ms']) {
          const r = http.get(U + '/delay/60000', { timeout }); show([r.status, r.error, r.error_code]);
        }
        show(http.get(U + '/', { timeout: '30s' }).status);";
    let late = json!([0, "request timeout", 1050]);
    assert_eq!(shown(&run(&target, body)), json!([late, late, 200]));
}

#[test]
fn a_callback_decides_what_failed() {
    let target = Target::http().unwrap();
    let body = "const responseCallback = http.expectedStatuses(404, { min: 500, max: 502 });
        for (const status of [404, 501, 200]) http.get(U + '/status/' + status, { responseCallback });
        http.get(U + '/status/404', { responseCallback: null });";
    let summary = run(&target, body).summary("s.json");
    let (failed, others) = (
        summary.value("http_req_failed", "passes"),
        summary.value("http_req_failed", "fails"),
    );
    assert!(
        (failed - 1.0).abs() < 1e-9 && (others - 2.0).abs() < 1e-9,
        "{failed} {others}"
    );
}

#[test]
fn a_call_can_throw_by_itself() {
    let target = Target::http().unwrap();
    let body = "let thrown = 'nothing';
        try { http.get('http://127.0.0.1:1/', { throw: true }); } catch (e) { thrown = e.message; }
        show(thrown.includes('connection refused'));
        show(http.get('http://127.0.0.1:1/', { throw: false }).error_code);";
    assert_eq!(shown(&run(&target, body)), json!([true, 1212]));
}

#[test]
fn every_member_of_a_response_tells_about_the_exchange() {
    let target = Target::https().unwrap();
    let body = "const r = http.get(U + '/json');
        show([r.remote_port === Number(U.split(':')[2]), r.tls_version.startsWith('tls1.'),
          r.tls_cipher_suite.startsWith('TLS_'), typeof r.ocsp.status, Object.keys(r.cookies).length,
          Object.keys(r.timings).join()]);";
    let timings =
        "duration,blocked,looking_up,connecting,tls_handshaking,sending,waiting,receiving";
    let expected = json!([[true, true, true, "string", 0, timings]]);
    assert_eq!(shown(&run(&target, body)), expected);
}

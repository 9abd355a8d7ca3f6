//! Requests against `PyPI`'s httpbin under hypercorn: a server that is not ours, over HTTP/1.1, TLS
//! and HTTP/2.

use std::path::{Path, PathBuf};

use brunt_testkit::certificates::Certificates;
use brunt_testkit::process::{Httpbin, ProcessError, httpbin, test_venv};

use crate::support::{Brunt, Finished, skip};

/// `None` where it is not installed.
pub(crate) fn start(folder: &Path, tls: Option<(&Path, &Path)>) -> Option<Httpbin> {
    match httpbin(&test_venv(), folder, tls) {
        Ok(running) => Some(running),
        Err(error @ ProcessError::Missing(_)) => {
            skip(&error);
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// With TLS, and the certificate to be trusted.
pub(crate) fn start_with_tls(folder: &Path) -> Option<(Httpbin, PathBuf)> {
    let certificates = Certificates::generate().unwrap();
    let [ca, server, key] = ["ca.pem", "server.pem", "key.pem"].map(|name| folder.join(name));
    for (path, text) in [
        (&ca, &certificates.ca_pem),
        (&server, &certificates.server_pem),
        (&key, &certificates.server_key_pem),
    ] {
        std::fs::write(path, text).unwrap();
    }
    Some((start(folder, Some((&server, &key)))?, ca))
}

// Nothing that answers with an empty body: hypercorn makes 500 of that.
const SCRIPT: &str = "import http from 'k6/http';
import { check } from 'k6';
export const options = { iterations: 2 };
const U = __ENV.URL;
export default function () {
  const same = (name, got, wanted) => check(got, { [name]: (v) => JSON.stringify(v) === JSON.stringify(wanted) })
    || console.error(`${name}: ${JSON.stringify(got)}`);
  let r = http.get(U + '/get?a=1&b=2', { headers: { 'X-Own': 'value' } });
  same('get', [r.status, r.json().args, r.json().headers['X-Own'], r.proto], [200, { a: '1', b: '2' }, 'value', __ENV.PROTO]);
  r = http.post(U + '/post', { field: 'a value', other: '2' });
  same('form', r.json().form, { field: 'a value', other: '2' });
  r = http.post(U + '/post', JSON.stringify({ a: [1, 2] }), { headers: { 'Content-Type': 'application/json' } });
  same('json', r.json().json, { a: [1, 2] });
  r = http.post(U + '/post', 'x'.repeat(300000)); same('large', r.json().data.length, 300000);
  same('methods', [http.put(U + '/put', 'p'), http.patch(U + '/patch', 'p'), http.del(U + '/delete')].map((x) => x.status), [200, 200, 200]);
  same('status', [402, 406, 418].map((s) => http.get(U + '/status/' + s).status), [402, 406, 418]);
  same('redirects', [http.get(U + '/redirect/3').status, http.get(U + '/absolute-redirect/2').json().url !== ''], [200, true]);
  same('auth', http.get(U.replace('//', '//u:p@') + '/basic-auth/u/p').json().user, 'u');
  same('bytes', http.get(U + '/bytes/2048', { responseType: 'binary' }).body.byteLength, 2048);
  same('stream', http.get(U + '/stream-bytes/50000', { responseType: 'binary' }).body.byteLength, 50000);
  same('stream of lines', http.get(U + '/stream/5').body.trim().split('\\n').length, 5);
  same('utf-8', http.get(U + '/encoding/utf8').body.includes('∮'), true);
  same('headers', http.get(U + '/response-headers?X-One=1').headers['X-One'], '1');
  const t = http.get(U + '/delay/0').timings;
  same('timings', Math.abs(t.duration - t.sending - t.waiting - t.receiving) < 1e-6, true);
}";

fn passes(run: Brunt, url: &str, proto: &str) -> Finished {
    let run = run.env_flag("URL", url).env_flag("PROTO", proto);
    let run = run
        .args(&["--summary-export", "s.json", "--out", "json=o.json"])
        .run()
        .expect(0);
    assert!(run.messages("error").is_empty(), "{}", run.stderr);
    let summary = run.summary("s.json");
    assert_eq!(summary.value("checks", "fails"), 0.0);
    assert_eq!(summary.value("checks", "passes"), 28.0);
    assert_eq!(run.points("o.json").tag("http_reqs", "proto"), [proto]);
    run
}

#[test]
fn httpbin_over_http1() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = start(folder.path(), None) else {
        return;
    };
    let run = passes(
        Brunt::script(SCRIPT),
        &format!("http://{}", server.address()),
        "HTTP/1.1",
    );
    let connecting = run.points("o.json").values("http_req_connecting");
    assert_eq!(
        connecting.iter().filter(|&&it| it > 0.0).count(),
        1,
        "one connection is kept"
    );
}

#[test]
fn httpbin_over_tls_and_http2() {
    let folder = tempfile::tempdir().unwrap();
    let Some((server, ca)) = start_with_tls(folder.path()) else {
        return;
    };
    let url = format!("https://{}", server.address());
    let trusting = Brunt::script(SCRIPT).variable("SSL_CERT_FILE", ca.to_str().unwrap());
    let run = passes(trusting, &url, "HTTP/2.0");
    assert_eq!(
        run.points("o.json").tag("http_reqs", "tls_version"),
        ["tls1.3"]
    );
    let accepting = Brunt::script(SCRIPT).args(&["--insecure-skip-tls-verify"]);
    passes(accepting, &url, "HTTP/2.0");
    let strict = "import http from 'k6/http';
        export default function () { console.log(http.get(__ENV.URL).error_code); }";
    let run = Brunt::script(strict)
        .env_flag("URL", &format!("{url}/get"))
        .run()
        .expect(0);
    assert_eq!(run.console(), ["1310"]);
}

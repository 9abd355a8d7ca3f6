//! What goes out: bodies, headers, parameters; and redirects, which change all of them.

use brunt_testkit::Target;

use crate::harness::Script;

fn printed(target: &Target, body: &str) -> Vec<String> {
    let base = target.url("");
    let body = body.replace("BASE", base.trim_end_matches('/'));
    Script::body(&body).run(1).log
}

#[test]
fn objects_are_forms_and_bytes_go_as_they_are() {
    let target = Target::http().unwrap();
    let lines = printed(
        &target,
        "const sent = (body, params) => { const r = http.post('BASE/echo', body, params).json(); return r.body + ' ' + (r.headers['content-type'] || '-') + ' ' + (r.headers['content-length'] || '-'); }; \
         console.log(sent({ b: 'x y', a: ['1', 2], n: null, yes: true })); \
         console.log(sent({ nested: { a: 1 } })); \
         console.log(sent({ a: 1 }, { headers: { 'content-type': 'text/own' } })); \
         console.log(sent(new Uint8Array([97, 98, 99]).subarray(1))); console.log(sent(new Uint8Array([100]).buffer)); console.log(sent(null)); console.log(sent('text'));",
    );
    let form = "application/x-www-form-urlencoded";
    assert_eq!(
        lines,
        [
            format!("info: a=1&a=2&b=x+y&n=&yes=true {form} 25"),
            "warning: the form field 'nested' is an object, which a form cannot hold: it is sent empty; use JSON.stringify() for the field or for the whole body".to_owned(),
            format!("info: nested= {form} 7"),
            "info: a=1 text/own 3".to_owned(),
            "info: bc - 2".to_owned(),
            "info: d - 1".to_owned(),
            "info:  - 0".to_owned(),
            "info: text - 4".to_owned(),
        ]
    );
}

#[test]
fn bodies_that_are_none_warn_or_throw() {
    for body in ["7", "[1]", "() => 1", "true", "Symbol('s')"] {
        let script = format!(
            "const r = http.post('http://127.0.0.1:1/', {body}); console.log(r.error.startsWith('unknown request body type'), r.body.byteLength);"
        );
        assert_eq!(
            Script::body(&script).run(1).log,
            ["warning: Request Failed", "info: true 0"],
            "{body}"
        );
        let run = Script::body(&script).configure(|it| it.throw = true).run(1);
        assert!(run.error().contains("unknown request body type"), "{body}");
    }
}

#[test]
fn a_form_with_a_file_has_parts() {
    let target = Target::http().unwrap();
    let lines = printed(
        &target,
        "const f = http.file('abc', 'f.txt'); console.log(f.filename, f.content_type, f.data, JSON.stringify(f)); \
         const r = http.post('BASE/echo', { field: 'a value', many: ['1', '2'], up: http.file(new Uint8Array([104, 105]), 'q\"uote.bin', 'text/plain') }); \
         const type = r.json('headers.content-type'); const boundary = type.split('boundary=')[1]; \
         console.log(type.startsWith('multipart/form-data; boundary=')); \
         console.log(r.json('body').split('--' + boundary).join('|').replace(/\\r\\n/g, '~')); \
         console.log(/^\\d+$/.test(http.file('x').filename)); \
         for (const wrong of [7, {}, undefined]) { try { http.file(wrong); } catch (e) { console.log(e.name); } }",
    );
    assert_eq!(
        lines,
        [
            "info: f.txt application/octet-stream abc {\"data\":\"abc\",\"filename\":\"f.txt\",\"content_type\":\"application/octet-stream\"}",
            "info: true",
            "info: |~Content-Disposition: form-data; name=\"field\"~~a value~|~Content-Disposition: form-data; name=\"many\"~~1~|~Content-Disposition: form-data; name=\"many\"~~2~|~Content-Disposition: form-data; name=\"up\"; filename=\"q\\\"uote.bin\"~Content-Type: text/plain~~hi~|--~",
            "info: true",
            "info: TypeError",
            "info: TypeError",
            "info: TypeError",
        ]
    );
}

#[test]
fn headers_are_canonical_and_a_wrong_length_is_not_sent() {
    let target = Target::http().unwrap();
    let lines = printed(
        &target,
        "const r = http.post('BASE/headers', 'four', { headers: { 'x-a': '1', 'X-A': '2', 'Content-Length': '99', host: 'shop.test' } }); \
         const h = r.json('headers'); console.log(h['x-a'], h['content-length'], h.host, r.request.headers['X-A'].join()); \
         http.post('BASE/', 'four', { headers: { 'content-length': '4' } }); \
         http.get('BASE/', {}, 'more');",
    );
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].starts_with("warning: the Content-Length '99' of the request to "));
    assert_eq!(lines[1], "info: 2 4 shop.test 2");
    assert!(lines[2].starts_with("warning: http.get() takes a URL and parameters"));
}

#[test]
fn bodies_are_discarded_unless_the_call_wants_them() {
    let target = Target::http().unwrap();
    let text = format!(
        "const u = '{}'; console.log(http.get(u).body, http.get(u, {{ responseType: 'text' }}).body, http.get(u, {{ responseType: 'binary' }}).body.byteLength, http.get(u, {{ responseType: 'none' }}).body);",
        target.url("/")
    );
    let discarding = Script::body(&text).configure(|it| it.discard_response_bodies = true);
    assert_eq!(discarding.run(1).log, ["info: null ok 2 null"]);
    assert_eq!(Script::body(&text).run(1).log, ["info: ok ok 2 null"]);
}

#[test]
fn redirects_change_method_and_body_as_their_status_says() {
    let target = Target::http().unwrap();
    let lines = printed(
        &target,
        "for (const status of [301, 302, 303, 307, 308]) { \
           const r = http.post('BASE/to?url=/echo&status=' + status, 'body', { headers: { 'Content-Type': 'text/x', 'X-Kept': 'yes' } }).json(); \
           console.log(status, r.method, r.body, r.headers['content-type'] || '-', r.headers['x-kept'], r.headers.referer.endsWith('/to?url=/echo&status=' + status)); \
         } \
         console.log(http.head('BASE/to?url=/echo').request.method, http.get('BASE/to?url=').status, http.get('BASE/status/302').status);",
    );
    assert_eq!(
        lines,
        [
            "info: 301 GET  - yes true",
            "info: 302 GET  - yes true",
            "info: 303 GET  - yes true",
            "info: 307 POST body text/x yes true",
            "info: 308 POST body text/x yes true",
            "info: HEAD 302 302",
        ]
    );
}

#[test]
fn another_host_is_not_told_secrets() {
    let (first, other) = (Target::http().unwrap(), Target::http().unwrap());
    // Another name for the same address is another host.
    let elsewhere = other.url("/headers").replace("127.0.0.1", "localhost");
    let lines = printed(
        &first,
        &format!(
            "const params = {{ headers: {{ Authorization: 'secret', Cookie: 'a=b', Host: 'shop.test', 'X-Plain': 'p' }} }}; \
             const h = http.get('BASE/to?url=' + encodeURIComponent('{elsewhere}'), params).json('headers'); \
             console.log(h.authorization, h.cookie, h['x-plain'], h.host === 'shop.test'); \
             const same = http.get('BASE/to?url=/headers', params).json('headers'); \
             console.log(same.authorization, same.cookie, same.host);"
        ),
    );
    assert_eq!(
        lines,
        [
            "info: undefined undefined p false",
            "info: secret a=b shop.test"
        ]
    );
}

#[test]
fn every_hop_has_its_metrics_and_a_limit_stops_the_rest() {
    let target = Target::http().unwrap();
    let base = target.url("");
    let text = "const r = http.get('BASE/redirect/3'); console.log(r.status, r.url === 'BASE/'); \
                const s = http.get('BASE/redirect/3', { redirects: 1 }); console.log(s.status, s.url.endsWith('/redirect/2'), s.headers.Location);"
        .replace("BASE", base.trim_end_matches('/'));
    let run = Script::body(&text).run(1);
    assert_eq!(run.log, ["info: 200 true", "info: 302 true /redirect/1"]);
    let statuses: Vec<_> = run
        .of("http_reqs")
        .map(|it| it.tags.get("status").unwrap().to_owned())
        .collect();
    assert_eq!(statuses, ["302", "302", "302", "200", "302", "302"]);
    let run = Script::body(&text)
        .configure(|it| it.max_redirects = 2)
        .run(1);
    assert!(
        run.log[0].starts_with("warning: Stopped after 2 redirects"),
        "{:?}",
        run.log
    );
    assert_eq!(run.log[1], "info: 302 false");
}

#[test]
fn a_redirect_that_leads_nowhere_is_an_error() {
    let target = Target::http().unwrap();
    let run = printed(
        &target,
        "const r = http.get('BASE/to?url=' + encodeURIComponent('http://[::1')); console.log(r.status, r.body, r.error_code, r.error !== ''); \
         try { http.get('BASE/to?url=' + encodeURIComponent('http://[::1'), { throw: true }); } catch (e) { console.log(e.name); }",
    );
    assert_eq!(
        run,
        [
            "warning: Request Failed",
            "info: 0 null 1000 true",
            "info: GoError"
        ]
    );
}

#[test]
fn constants_and_expectations_are_there() {
    let lines = Script::body(
        "console.log(http.TLS_1_3, http.OCSP_STATUS_GOOD, http.OCSP_REASON_AA_COMPROMISE, Object.keys(http).filter((n) => n.startsWith('OCSP_')).length); \
         for (const wrong of [[], ['200'], [200.5], [{ min: 1 }], [null]]) { try { http.expectedStatuses(...wrong); } catch (e) { console.log(e.name); } } \
         console.log(JSON.stringify(http.expectedStatuses(200, { min: 300, max: 310 })));",
    )
    .run(1)
    .log;
    let mut wanted = vec!["info: tls1.3 good aa_compromise 14"];
    wanted.extend(["info: TypeError"; 5]);
    wanted.push("info: {}");
    assert_eq!(lines, wanted);
}

//! Requests that run side by side: `http.batch()` and `http.asyncRequest()`.
//!
//! The target's `/meet/N` answers nobody before N requests are there, so a test ends only if they
//! really were side by side; and it notes in which order they came.

use brunt_testkit::Target;

use crate::harness::{Run, Script};

fn base(target: &Target) -> String {
    target.url("").trim_end_matches('/').to_owned()
}

fn run(target: &Target, body: &str) -> Run {
    Script::body(&body.replace("BASE", &base(target))).run(1)
}

fn run_async(target: &Target, body: &str) -> Run {
    let body = body.replace("BASE", &base(target));
    Script::js(format!(
        "import http from 'k6/http'; import {{ sleep }} from 'k6'; import exec from 'k6/execution';\n\
         export default async function () {{ {body} }}"
    ))
    .run(1)
}

fn paths(target: &Target) -> Vec<String> {
    target.arrivals().into_iter().map(|it| it.path).collect()
}

#[test]
fn a_batch_is_side_by_side_and_its_responses_keep_their_places() {
    let target = Target::http().unwrap();
    let run = run(
        &target,
        "const list = http.batch([ \
           'BASE/meet/5', \
           ['POST', 'BASE/meet/5', { a: 'b' }, { tags: { nth: '2' } }], \
           { method: 'PUT', url: 'BASE/meet/5', body: 'x', params: { tags: { nth: '3' } } }, \
           { url: 'BASE/meet/5', body: 'dropped' }, \
           http.url`BASE/meet/${5}`, \
         ]); \
         console.log(list.map((r) => r.status).join(), list.map((r) => r.request.method).join(), list[3].request.body === ''); \
         const named = http.batch({ one: 'BASE/status/201', two: ['DELETE', 'BASE/status/202'] }); \
         console.log(Object.keys(named).join(), named.one.status, named.two.status, JSON.stringify(http.batch([])));",
    );
    assert_eq!(
        run.log,
        [
            "info: 200,200,200,200,200 GET,POST,PUT,GET,GET true",
            "info: one,two 201 202 []"
        ]
    );
    assert_eq!(target.most_at_once(), 5);
    let tags = |name: &str| -> Vec<_> {
        let samples = run.of("http_reqs");
        samples
            .filter_map(|it| it.tags.get(name).map(str::to_owned))
            .collect()
    };
    let mut nth = tags("nth");
    nth.sort();
    assert_eq!(nth, ["2", "3"]);
    let template = target.url("/meet/${}");
    assert_eq!(tags("name").iter().filter(|it| **it == template).count(), 1);
}

#[test]
fn a_batch_keeps_to_its_limits() {
    for (batch, per_host, most) in [(2, 6, 2), (20, 3, 3), (0, 0, 8)] {
        let target = Target::http().unwrap();
        let body = format!(
            "http.batch(Array.from({{ length: 8 }}, () => '{}'));",
            target.url("/delay/30")
        );
        let run = Script::body(&body)
            .configure(move |it| (it.batch, it.batch_per_host) = (batch, per_host))
            .run(1);
        assert_eq!(run.values("http_reqs").len(), 8);
        assert!(target.most_at_once() <= most, "{batch} {per_host}");
        assert_eq!(target.requests(), 8);
    }
}

#[test]
fn a_batch_uses_a_slot_of_one_host_while_another_is_full() {
    let (slow, other) = (Target::http().unwrap(), Target::http().unwrap());
    // With one request per host, all of them at once; the other host must not wait for the slow
    // one's queue.
    let body = format!(
        "http.batch(['{slow}', '{slow}', '{slow}', '{other}']);",
        slow = slow.url("/delay/60"),
        other = other.url("/")
    );
    let run = Script::body(&body)
        .configure(|it| (it.batch, it.batch_per_host) = (2, 1))
        .run(1);
    assert_eq!(run.values("http_reqs").len(), 4);
    let (slow, other) = (slow.arrivals(), other.arrivals());
    assert!(other[0].at < slow[1].at);
}

#[test]
fn each_request_of_a_batch_has_its_own_timeout() {
    let target = Target::http().unwrap();
    let run = run(
        &target,
        "const list = http.batch([['GET', 'BASE/delay/60000', null, { timeout: 20 }], 'BASE/meet/1']); \
         console.log(list[0].error_code, list[1].status);",
    );
    assert_eq!(run.log, ["warning: Request Failed", "info: 1050 200"]);
}

#[test]
fn a_bad_element_keeps_the_whole_batch_from_being_sent() {
    let target = Target::http().unwrap();
    for bad in [
        "'http://[::1'",
        "7",
        "['GET']",
        "{ method: 'GET' }",
        "{ url: 'BASE/', params: { timeout: 'soon' } }",
    ] {
        let body = format!(
            "const list = http.batch(['BASE/', {bad}]); console.log(list.map((r) => r.status + (r.error ? 'e' : '')).join());"
        );
        let body = body.replace("BASE", &base(&target));
        let run = Script::body(&body).run(1);
        assert_eq!(
            run.log,
            ["warning: A batch request failed", "info: 0e,0e"],
            "{bad}"
        );
        let run = Script::body(&body).configure(|it| it.throw = true).run(1);
        assert!(!run.error().is_empty(), "{bad}");
    }
    assert_eq!(target.requests(), 0);
    for wrong in ["", "null", "'text'", "7"] {
        let run = Script::body(&format!("http.batch({wrong})")).run(1);
        assert!(
            run.error().contains("http.batch() takes"),
            "{wrong}: {}",
            run.error()
        );
    }
}

#[test]
fn a_batch_throws_when_all_are_over() {
    let target = Target::http().unwrap();
    let run = run(
        &target,
        "try { http.batch(['BASE/delay/20', ['GET', 'http://127.0.0.1:1/', null, { throw: true }]]); } \
         catch (e) { console.log(e instanceof GoError, e.message); }",
    );
    assert_eq!(run.log, ["info: true dial: connection refused"]);
    assert_eq!(run.values("http_reqs").len(), 2);
}

#[test]
fn an_interrupt_ends_a_batch() {
    let target = Target::http().unwrap();
    let url = target.url("/delay/60000");
    let body = format!("http.batch(['{url}', '{url}']); console.log('never');");
    let run = Script::body(&body).run_interrupted();
    assert_eq!(run.iterations, [brunt_engine::Outcome::Interrupted]);
    assert_eq!(run.log, [""; 0]);
}

#[test]
fn asynchronous_requests_meet_at_the_target() {
    let target = Target::http().unwrap();
    let run = run_async(
        &target,
        "const order = []; \
         const all = [1, 2, 3].map((n) => http.asyncRequest('GET', 'BASE/meet/3?n=' + n).then((r) => { order.push('then'); return r.status; })); \
         order.push('sent'); \
         const got = await Promise.all(all); \
         console.log(order.join(), got.join());",
    );
    assert_eq!(run.log, ["info: sent,then,then,then 200,200,200"]);
    assert_eq!(target.most_at_once(), 3);
}

#[test]
fn an_asynchronous_request_goes_out_at_once_and_on_while_the_script_waits_elsewhere() {
    let target = Target::http().unwrap();
    let run = run_async(
        &target,
        // The sleep and the blocking request come before anything is awaited.
        "let done = false; \
         const first = http.asyncRequest('GET', 'BASE/meet/2').then(() => { done = true; }); \
         sleep(0.01); http.get('BASE/status/200'); console.log(done, http.get('BASE/meet/2').status); \
         await first; console.log(done);",
    );
    assert_eq!(run.log, ["info: false 200", "info: true"]);
    assert_eq!(paths(&target), ["/meet/2", "/status/200", "/meet/2"]);
}

#[test]
fn an_iteration_lasts_until_its_asynchronous_requests_are_over() {
    let target = Target::http().unwrap();
    let run = run_async(
        &target,
        "http.asyncRequest('GET', 'BASE/delay/20', null, { tags: { mine: 'yes' } }).then((r) => console.log('late', r.status)); \
         exec.vu.metrics.tags.colour = 'blue'; console.log('end');",
    );
    assert_eq!(run.log, ["info: end", "info: late 200"]);
    let sample = run.of("http_reqs").next().unwrap();
    assert_eq!(sample.tags.get("mine"), Some("yes"));
    // The tags are those of the call, not those of its end.
    assert_eq!(sample.tags.get("colour"), None);
    let iteration = run.of("iterations").next().unwrap();
    assert_eq!(iteration.tags.get("colour"), Some("blue"));
}

#[test]
fn asynchronous_failures_resolve_or_reject_as_asked() {
    let target = Target::http().unwrap();
    let run = run_async(
        &target,
        "const gone = 'http://127.0.0.1:1/'; \
         console.log((await http.asyncRequest('GET', gone)).error_code); \
         try { await http.asyncRequest('GET', gone, null, { throw: true }); } catch (e) { console.log(e.name, e.message); } \
         console.log((await http.asyncRequest('GET', 'http://[::1')).error_code); \
         console.log((await http.asyncRequest('GET', 'BASE/delay/60000', null, { timeout: 15 })).error);",
    );
    assert_eq!(
        run.log,
        [
            "warning: Request Failed",
            "info: 1212",
            "info: GoError dial: connection refused",
            "warning: Request Failed",
            "info: 1020",
            "warning: Request Failed",
            "info: request timeout",
        ]
    );
}

#[test]
fn timers_and_responses_take_turns_in_the_order_of_their_times() {
    let target = Target::http().unwrap();
    let run = run_async(
        &target,
        "const order = []; \
         const slow = http.asyncRequest('GET', 'BASE/meet/2').then(() => order.push('response')); \
         setTimeout(() => { order.push('timer'); Promise.resolve().then(() => order.push('job')); http.get('BASE/meet/2'); order.push('released'); }, 1); \
         await slow; console.log(order.join());",
    );
    assert_eq!(run.log, ["info: timer,released,job,response"]);
}

#[test]
fn an_interrupt_drops_what_goes_on_beside_the_script() {
    let target = Target::http().unwrap();
    let body = format!(
        "http.asyncRequest('GET', '{}').then(() => console.log('never'));",
        target.url("/delay/60000")
    );
    let run = Script::body(&body).run_interrupted();
    assert_eq!(run.iterations, [brunt_engine::Outcome::Interrupted]);
    assert_eq!(run.log, [""; 0]);
}

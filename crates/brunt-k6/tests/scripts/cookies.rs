//! Cookies: the virtual user's jar, own jars, cookies of one request.

use brunt_testkit::Target;

use crate::harness::Script;

/// Runs a body with `seen(params)`: the header `Cookie` as it reached the target.
fn printed(target: &Target, iterations: u64, keep: bool, body: &str) -> Vec<String> {
    let seen = "const seen = (params) => http.get('BASE/headers', params).json('headers').cookie || 'none'; const get = (path) => http.get('BASE/' + path);";
    let base = target.url("");
    let text = format!("{seen}\n{body}").replace("BASE", base.trim_end_matches('/'));
    let run = Script::body(&text)
        .configure(move |it| it.no_cookies_reset = keep)
        .run(iterations);
    run.log
}

#[test]
fn the_jar_starts_empty_in_each_iteration_unless_it_is_to_be_kept() {
    let target = Target::http().unwrap();
    let body = "console.log(seen()); get('set-cookie?a=1&b=2'); console.log(seen());";
    let twice = ["info: none", "info: a=1; b=2"];
    assert_eq!(printed(&target, 2, false, body), [twice, twice].concat());
    let kept = [
        "info: none",
        "info: a=1; b=2",
        "info: a=1; b=2",
        "info: a=1; b=2",
    ];
    assert_eq!(printed(&target, 2, true, body), kept);
}

#[test]
fn cookies_of_each_hop_are_kept_and_sent_on_the_next_one() {
    let target = Target::http().unwrap();
    let lines = printed(
        &target,
        1,
        false,
        // The target redirects nobody with a cookie, so the jar gets it before.
        "http.cookieJar().set('BASE/', 'k', 'v'); \
         const r = http.get('BASE/to?url=' + encodeURIComponent('/headers')); \
         console.log(r.json('headers').cookie, r.url.endsWith('/headers')); \
         const alone = http.get('BASE/to?url=/headers', { cookies: { only: 'once' } }); console.log(alone.json('headers').cookie); \
         console.log(seen());",
    );
    assert_eq!(
        lines,
        ["info: k=v true", "info: k=v; only=once", "info: k=v"]
    );
}

#[test]
fn a_requests_own_cookies_join_or_replace_those_of_the_jar() {
    let target = Target::http().unwrap();
    let lines = printed(
        &target,
        1,
        false,
        "get('set-cookie?a=1&b=2'); \
         console.log(seen({ cookies: { c: '3' } })); \
         console.log(seen({ cookies: { a: 'x' } })); \
         console.log(seen({ cookies: { a: { value: 'x', replace: true } } })); \
         console.log(seen({ headers: { cookie: 'own=1' } })); \
         console.log(seen({ cookies: { n: 5, gone: null } })); \
         const r = http.get('BASE/', { cookies: { a: { value: 'x', replace: true } } }); \
         console.log(JSON.stringify(r.request.cookies), r.request.headers.Cookie.length);",
    );
    assert_eq!(
        lines,
        [
            "info: a=1; b=2; c=3",
            "info: a=1; b=2; a=x",
            "info: b=2; a=x",
            "info: own=1; a=1; b=2",
            "info: a=1; b=2; n=5",
            "info: {\"b\":[{\"name\":\"b\",\"value\":\"2\",\"replace\":false}],\"a\":[{\"name\":\"a\",\"value\":\"x\",\"replace\":true}]} 1",
        ]
    );
}

#[test]
fn a_jar_can_be_filled_looked_at_and_emptied() {
    let target = Target::http().unwrap();
    let lines = printed(
        &target,
        1,
        false,
        "const jar = http.cookieJar(); const url = 'BASE/headers'; \
         console.log(jar.set(url, 'plain', 'x'), jar instanceof http.CookieJar, http.cookieJar().cookiesForURL(url).plain.join()); \
         jar.set(url, 'far', 'y', { path: '/far' }); jar.set(url, 'tls', 'z', { secure: true }); \
         jar.set(url, 'other', 'w', { domain: 'other.test' }); jar.set(url, 'old', 'v', { expires: 'Wed, 21 Oct 2015 07:28:00 GMT' }); \
         jar.set(url, 'aged', 'u', { max_age: 60, http_only: true }); \
         console.log(seen(), Object.keys(jar.cookiesForURL('BASE/far/x')).join()); \
         jar.delete(url, 'plain'); console.log(seen()); \
         const own = new http.CookieJar(); own.set(url, 'mine', '1'); get('headers'); \
         console.log(seen({ jar: own }), seen()); \
         http.get('BASE/set-cookie?late=1', { jar: own }); console.log(seen({ jar: own }), seen({ jar: null })); \
         jar.clear(url); console.log(seen(), Object.keys(jar.cookiesForURL('BASE/far')).join()); \
         try { jar.set('no url', 'a', 'b'); } catch (e) { console.log(e.name); } \
         try { jar.set(url, 'a', 'b', { expires: 'soon' }); } catch (e) { console.log(e.message.includes('expires')); } \
         try { jar.set.call({}, url, 'a', 'b'); } catch (e) { console.log(e.name); }",
    );
    assert_eq!(
        lines,
        [
            "info: true true x",
            "info: plain=x; aged=u far,plain,aged",
            "info: aged=u",
            "info: mine=1 aged=u",
            "info: mine=1; late=1 aged=u",
            "info: none far",
            "info: GoError",
            "info: true",
            "info: TypeError",
        ]
    );
}

#[test]
fn a_response_shows_every_field_of_its_cookies_and_broken_ones_do_no_harm() {
    let target = Target::http().unwrap();
    let lines = printed(
        &target,
        1,
        false,
        "const r = get('cookies?a=1;%20Path=/x;%20Domain=127.0.0.1;%20Max-Age=90;%20HttpOnly;%20Secure;%20Expires=Wed,%2021%20Oct%202015%2007:28:00%20GMT&a=2&novalue&=x&b%20c=1&d=%FF'); \
         console.log(JSON.stringify(r.cookies.a[0])); console.log(r.cookies.a[1].value, r.cookies.a[1].expires, Object.keys(r.cookies).join(), r.status, seen());",
    );
    assert_eq!(
        lines,
        [
            "info: {\"name\":\"a\",\"value\":\"1\",\"domain\":\"127.0.0.1\",\"path\":\"/x\",\"http_only\":true,\"secure\":true,\"max_age\":90,\"expires\":1445412480000}",
            "info: 2 -6795364578871 a 200 a=2",
        ]
    );
}

#[test]
fn a_jar_of_the_virtual_user_is_not_there_while_the_script_loads() {
    let run =
        Script::js("import http from 'k6/http'; http.cookieJar(); export default () => {}").run(1);
    assert!(
        matches!(run.init, brunt_engine::Outcome::Failed(message) if message.contains("cookie jar"))
    );
}

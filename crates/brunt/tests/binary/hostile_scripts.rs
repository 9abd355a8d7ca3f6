//! Nothing that a script does may crash the process, hang it, or take its memory.

use brunt_testkit::Target;

use crate::support::Brunt;

#[test]
fn an_iteration_that_never_returns_ends_with_the_test() {
    let script = "export const options = { scenarios: { one: { executor: 'constant-vus', vus: 2,
          duration: '1s', gracefulStop: '1s' } } };
        export default function () { for (;;) {} }
        export function teardown() { console.log('torn down'); }";
    let run = Brunt::script(script).run().expect(0);
    assert_eq!(run.console(), ["torn down"]);
    assert!(
        run.stdout.contains("2 interrupted iterations"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_vu_that_eats_memory_fails_alone() {
    let script = "export const options = { scenarios: { one: {
          executor: 'per-vu-iterations', vus: 3, iterations: 5 } } };
        export default function () {
          if (__VU === 2 && __ITER === 0) { const all = []; for (;;) all.push(new Array(1000).fill(__ITER)); }
          console.log('done');
        }";
    let args = ["--vu-memory-limit", "32", "--summary-export", "s.json"];
    let run = Brunt::script(script).args(&args).run().expect(0);
    assert_eq!(run.summary("s.json").value("iterations", "count"), 15.0);
    assert!(run.console().len() >= 10, "{}", run.stderr);
    let errors = run.messages("error");
    assert!(
        !errors.is_empty() && errors[0].contains("memory"),
        "{}",
        run.stderr
    );
}

#[test]
fn memory_that_is_eaten_in_init_is_an_error() {
    let script = "const all = []; for (;;) all.push(new Array(1000).fill(1));
        export default function () {}";
    let run = Brunt::script(script)
        .args(&["--vu-memory-limit", "32"])
        .run()
        .expect(107);
    run.one_error(&["memory"]);
}

/// Each throws, or gives up; the next iteration goes on.
#[test]
fn whatever_an_iteration_throws_is_one_error() {
    let cases = [
        "function deep() { return deep() + 1; } deep();",
        "throw { toString() { throw new Error('no text'); } };",
        "throw { get message() { throw new Error('no message'); } };",
        "throw new Proxy({}, { get() { throw new Error('trap'); } });",
        "throw new Proxy(new Error('x'), { get() { throw 1; }, getPrototypeOf() { throw 2; } });",
        "const e = new Error('x'); Object.defineProperty(e, 'stack', { get() { throw e; } }); throw e;",
        "const e = new Error('x'); e.stack = { toString() { throw 1; } }; throw e;",
        "const e = new Error('x'); e.name = Symbol('s'); throw e;",
        "class E extends Error { toString() { return this.toString(); } } throw new E('x');",
        "throw undefined;",
        "throw null;",
        "throw 1n;",
        "throw Symbol('s');",
        "throw NaN;",
        "throw '\\ud800 lone \\u0000 nul \\u001b[31m red';",
        "const e = new Error('x'); e.cause = e; throw e;",
        "Promise.reject(new Error('rejected'));",
        "return Promise.reject({ toString() { throw 1; } });",
        "'x'.repeat(2 ** 30).repeat(2);",
        "new Array(2 ** 32);",
        "new ArrayBuffer(2 ** 50);",
        "[].length = -1;",
        "(123.456).toFixed(1000);",
        "BigInt('x');",
        "1n + 1;",
        "2n ** (2n ** 40n);",
        "new RegExp('('.repeat(100000));",
        "new RegExp('(?:a{1,1000}){1,1000}{1,1000}');",
        "JSON.parse('['.repeat(1e6));",
        "JSON.stringify((() => { const a = []; a[0] = a; return a; })());",
        "decodeURIComponent('%');",
        "eval('(');",
        "new Function('}')();",
        "let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; JSON.stringify(o);",
        "null.x;",
        "undefinedName;",
        "let a = a;",
        "import('./other.js').then(() => {});",
        "new WeakMap().set(1, 2);",
        "Reflect.construct(1);",
        "Symbol() + '';",
        "({ [Symbol.toPrimitive]() { throw new Error('primitive'); } }) + '';",
        "setTimeout(() => { throw new Error('later'); }, 0);",
        "setTimeout(5);",
        "for (const x of { [Symbol.iterator]() { return { next() { throw 1; } }; } }) {}",
        "class A { #p; static t(o) { return o.#p; } } A.t({});",
        "require('k6/http');",
        "globalThis.console = null; console.log(1);",
    ];
    let mut wrong = Vec::new();
    for case in cases {
        let script = format!(
            "export const options = {{ scenarios: {{ one: {{ executor: 'per-vu-iterations', iterations: 2 }} }} }};
             export default function () {{
               if (__ITER === 0) {{ {case} }} else {{ globalThis.print?.(1); }}
             }}
             export function teardown() {{ console.log('torn down'); }}"
        );
        let args = [
            "--quiet",
            "--vu-memory-limit",
            "64",
            "--summary-export",
            "s.json",
        ];
        let run = Brunt::script(script).args(&args).run().expect(0);
        let errors = run.messages("error");
        let iterations = run.summary("s.json").value("iterations", "count");
        let told = errors.len() == 1 && !errors[0].is_empty();
        if !told || iterations != 2.0 || run.console() != ["torn down"] {
            wrong.push(format!("{case}\n{}", run.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each is done; whether it throws is up to the module, the process goes on.
#[test]
fn hostile_arguments_do_not_end_the_process() {
    let target = Target::http().unwrap();
    let cases = [
        "http.get({ [Symbol.toPrimitive]() { throw new Error('url'); } })",
        "http.get({ toString() { for (let i = 0; i < 10; i++) sleep(0); throw 1; } })",
        "http.get(Symbol('s'))",
        "http.get(1n)",
        "http.get()",
        "http.get(null)",
        "http.get('')",
        "http.get('http://')",
        "http.get('http://[::1')",
        "http.get('http://a b/')",
        "http.get('http://\\u0000/')",
        "http.get('http://' + 'a'.repeat(1e6))",
        "http.get(U + '/' + 'a'.repeat(1e6))",
        "http.get(U + '/\\r\\nX: y')",
        "http.get(U, { get headers() { throw new Error('headers'); } })",
        "http.get(U, { headers: { get a() { throw new Error('a'); } } })",
        "http.get(U, { headers: { a: { toString() { throw 1; } } } })",
        "http.get(U, { headers: new Proxy({}, { ownKeys() { throw 1; } }) })",
        "http.get(U, { headers: { 'a\\r\\nb': 'c' } })",
        "http.get(U, { headers: { a: 'b\\r\\nc: d' } })",
        "http.get(U, { headers: { '': 'x' } })",
        "http.get(U, { headers: { 'ä': 'ö' } })",
        "http.get(U, { headers: 5 })",
        "http.get(U, { headers: { a: 'x'.repeat(1e7) } })",
        "http.get(U, { headers: { 'Content-Length': '-1', Host: '' } })",
        "http.get(U, { get tags() { throw new Error('tags'); } })",
        "http.get(U, { tags: { get a() { throw 1; } } })",
        "http.get(U, { tags: { a: Symbol('s') } })",
        "http.get(U, { tags: { a: {} } })",
        "http.get(U, { tags: { a: 'x'.repeat(1e6) } })",
        "http.get(U, { tags: 'x' })",
        "http.get(U, { timeout: 'soon' })",
        "http.get(U, { timeout: -1 })",
        "http.get(U, { timeout: Infinity })",
        "http.get(U, { timeout: {} })",
        "http.get(U, { timeout: 1n })",
        "http.get(U, { responseType: 'x' })",
        "http.get(U, { responseCallback: 5 })",
        "http.get(U, { redirects: -5 })",
        "http.get(U, { redirects: 'x' })",
        "http.get(U, { cookies: 5 })",
        "http.get(U, { cookies: { get a() { throw 1; } } })",
        "http.get(U, { jar: {} })",
        "http.get(U, { auth: 5 })",
        "http.get(U, { compression: 'x' })",
        "http.get(U, new Proxy({}, { get() { throw new Error('trap'); } }))",
        "http.get(U, 5)",
        "http.get(U, Symbol())",
        "http.post(U, Symbol('s'))",
        "http.post(U, 1n)",
        "http.post(U, () => 1)",
        "http.post(U, { get a() { throw new Error('body'); } })",
        "http.post(U, { a: { [Symbol.toPrimitive]() { throw 1; } } })",
        "http.post(U, (() => { const a = {}; a.a = a; return a; })())",
        "http.post(U, '\\ud800')",
        "http.post(U, new Proxy([], { get() { throw 1; } }))",
        "http.post(U, new Uint8Array(1e7))",
        "http.request(5, U)",
        "http.request('', U)",
        "http.request('G T', U)",
        "http.request('GET\\r\\n', U)",
        "http.request({ toString() { throw 1; } }, U)",
        "http.get.call(null, U)",
        "new http.get(U)",
        "http.get(U).json('a.b.'.repeat(1e5))",
        "http.get(U + '/json').json('list.#(')",
        "http.get(U + '/bytes/5').json()",
        "http.get(U).json({ toString() { throw 1; } })",
        "JSON.stringify(http.get(U))",
        "Object.keys(http.get(U)).length",
        "Object.freeze(http.get(U)).status",
        "check(http.get(U), { get a() { throw new Error('check'); } })",
        "check(1, { a: () => { throw new Error('in'); } })",
        "check(1, new Proxy({}, { ownKeys() { throw 1; } }))",
        "check()",
        "check(1, null)",
        "check(1, { 'a::b': true })",
        "check(1, { ['x'.repeat(1e6)]: true })",
        "check(1, { a: true }, { get t() { throw 1; } })",
        "group()",
        "group('a')",
        "group('a::b', () => 1)",
        "group(Symbol(), () => 1)",
        "group('g', () => { throw 1; })",
        "sleep()",
        "sleep(-1)",
        "sleep(NaN)",
        "sleep('x')",
        "sleep({})",
        "sleep(Symbol())",
        "fail({ toString() { throw 1; } })",
        "fail()",
        "counter.add()",
        "counter.add('x')",
        "counter.add(NaN)",
        "counter.add(-1)",
        "counter.add(1e400)",
        "counter.add(Symbol())",
        "counter.add({ valueOf() { throw 1; } })",
        "counter.add(1, { get a() { throw 1; } })",
        "counter.add(1, 5)",
        "counter.add(1, { a: Symbol() })",
        "counter.add.call({}, 1)",
        "new Counter('later')",
        "trend.add(Infinity)",
        "trend.add(1e308)",
        "console.log({ toString() { throw 1; } })",
        "console.log(new Proxy({}, { get() { throw 1; }, ownKeys() { throw 2; } }))",
        "console.log(Symbol('s'), 1n, -0, undefined, null, () => 1)",
        "console.log('x'.repeat(1e6))",
        "console.log((() => { const a = []; a.push(a); return a; })())",
        "console.log({ get a() { throw 1; } })",
        "console.log((() => { let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; return o; })())",
        "console.log(new Array(1e6))",
        "console.log('a\\nb\\u0000c\\u001b[31m')",
        "console.log(Object.create(null))",
        "console.log.call(null, 1)",
        "exec.vu.metrics.tags = 5",
        "exec.vu.metrics.tags.a = {}",
        "exec.vu.tags.a = Symbol()",
        "exec.scenario.name = 5",
        "setTimeout(() => http.get(U), -1)",
        "encodeURIComponent('\\ud800')",
        "new TextDecoder('x')",
        "new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([255]))",
        "new TextEncoder().encode(Symbol())",
        "new Uint8Array(1e9)",
        "'x'.padStart(2 ** 29)",
    ];
    let script = "import http from 'k6/http';
        import exec from 'k6/execution';
        import { check, fail, group, sleep } from 'k6';
        import { Counter, Trend } from 'k6/metrics';
        const counter = new Counter('my_counter'), trend = new Trend('my_trend');
        const cases = JSON.parse(open('./cases.json'));
        const U = __ENV.URL;
        const all = new Function('http', 'exec', 'check', 'fail', 'group', 'sleep', 'counter', 'Counter', 'trend', 'U', 'code', 'return eval(code)');
        export const options = { vus: 1, iterations: cases.length };
        export default function () {
          const code = cases[__ITER];
          try { all(http, exec, check, fail, group, sleep, counter, Counter, trend, U, code); } catch (e) {}
          if (exec.test.options.scenarios.default.vus !== 1) throw new Error(code);
        }
        export function teardown() { console.log('torn down'); }";
    let url = target.url("");
    let run = Brunt::script(script)
        .file("cases.json", serde_json::to_string(&cases[..]).unwrap())
        .env_flag("URL", url.trim_end_matches('/'))
        .args(&[
            "--quiet",
            "--vu-memory-limit",
            "64",
            "--summary-export",
            "s.json",
        ]);
    let run = run.run();
    let last: Vec<String> = run.messages("error");
    assert_eq!(run.code, 0, "{last:?}");
    assert_eq!(
        run.summary("s.json").value("iterations", "count"),
        cases.len() as f64,
        "{last:?}"
    );
    assert_eq!(run.console().last().unwrap(), "torn down");
}

#[test]
fn hostile_options_are_one_error() {
    let cases = [
        "{ get vus() { throw new Error('getter'); } }",
        "new Proxy({}, { ownKeys() { throw new Error('trap'); } })",
        "new Proxy({}, { get() { throw new Error('trap'); }, ownKeys() { return ['vus']; }, getOwnPropertyDescriptor() { return { enumerable: true, configurable: true }; } })",
        "{ toJSON() { throw new Error('json'); } }",
        "(() => { const o = {}; o.o = o; return o; })()",
        "{ vus: 1n }",
        "{ scenarios: { a: null } }",
        "{ scenarios: [] }",
        "{ scenarios: { 'a b': { executor: 'constant-vus', duration: '1s' } } }",
        "{ thresholds: 5 }",
        "{ thresholds: { checks: [{}] } }",
        "{ stages: 'up' }",
        "{ vus: 1e300 }",
        "{ duration: 'x'.repeat(1e6) }",
        "5",
        "'text'",
    ];
    for case in cases {
        let script = format!(
            "export const options = {case};\nexport default function () {{ console.log('ran'); }}"
        );
        let run = Brunt::script(script).run();
        assert!(
            [104, 107].contains(&run.code),
            "{case}: {}: {}",
            run.code,
            run.stderr
        );
        assert!(run.console().is_empty(), "{case}: {}", run.stderr);
        let errors = run.messages("error");
        assert!(
            errors.len() == 1 && errors[0].len() < 2000,
            "{case}: {}",
            run.stderr
        );
    }
}

#[test]
fn groups_without_end_are_an_error_and_the_summary_survives_them() {
    let script = "import { group } from 'k6';
        function deeper(n) { group('g', () => deeper(n + 1)); }
        export default function () { deeper(0); }
        export function handleSummary(data) { return { stdout: `${data.metrics.iterations.values.count} iteration` }; }";
    let args = ["--summary-export", "s.json", "--out", "json=o.json"];
    let run = Brunt::script(script).args(&args).run().expect(0);
    assert!(run.stdout.ends_with("1 iteration"), "{}", run.stdout);
    assert!(!run.read("s.json").is_empty());
    let run = run.one_error(&["stack", "script.js:2:"]);
    assert!(run.points("o.json").of("group_duration").len() > 10);
}

#[test]
fn long_work_inside_the_engine_ends_with_the_test() {
    let cases = [
        "/(a+)+$/.test('a'.repeat(50) + 'b')",
        "'a'.repeat(1e5).replace(/a/g, () => { for (;;) {} })",
        "Array.from({ length: 5 }, () => { for (;;) {} })",
        "new Proxy([], { get() { for (;;) {} } }).length",
        // Native work that allocates, between two turns.
        "const a = new Array(1e6).fill(0.5); for (;;) JSON.stringify(a)",
        "const a = '[' + '1,'.repeat(1e6) + '1]'; for (;;) JSON.parse(a)",
        "const a = Array.from({ length: 1e6 }, (_, i) => `${(i * 7919) % 1e6}`); for (;;) [...a].sort()",
        "const s = 'a,'.repeat(1e6); for (;;) { try { s.split(',').join('-'); } catch (e) {} }",
    ];
    for case in cases {
        let script = format!(
            "export default function () {{ console.log('in iteration'); {case}; }}
             export function teardown() {{ console.log('torn down'); }}"
        );
        let run = Brunt::script(script).start();
        run.wait_for_log("in iteration");
        run.signal("INT");
        let run = run.finish().expect(105);
        assert_eq!(run.console(), ["in iteration", "torn down"], "{case}");
    }
}

/// One call of the engine's own, that never asks whether to go on, and two VUs on one worker.
#[test]
fn native_work_lets_the_neighbours_go_on() {
    // Two to the 22nd lists: seconds of work, all of them inside one call.
    let script = "export const options = { scenarios: {
            busy: { executor: 'per-vu-iterations', exec: 'busy' },
            other: { executor: 'constant-vus', vus: 1, duration: '1h', gracefulStop: '0s', exec: 'other' } } };
        export function busy() {
          let a = ['0']; for (let i = 0; i < 22; i++) a = [a, a];
          for (;;) { try { JSON.stringify(a); console.log('busy is through'); } catch (e) { console.log('caught'); } }
        }
        let n = 0;
        export function other() { if (++n === 2000) console.log('other goes on'); }
        export default function () {}";
    let run = Brunt::script(script)
        .args(&["--workers", "1", "--quiet"])
        .start();
    run.wait_for_log("other goes on");
    run.signal("INT");
    run.finish().expect(105);
}

#[test]
fn memory_that_is_eaten_in_any_way_is_said_and_the_next_iteration_has_room() {
    let cases = [
        "const a = []; for (;;) a.push({ a: 1 });",
        "const a = []; for (;;) a.push('x' + a.length);",
        "const a = []; for (;;) a.push(() => a);",
        "const o = {}; for (let i = 0; ; i++) o['k' + i] = { i };",
        "const m = new Map(); for (let i = 0; ; i++) m.set(i, `${i}`);",
        "const a = []; for (;;) a.push(new Uint8Array(1e6));",
        "let last = {}; for (;;) last = { last };",
    ];
    for case in cases {
        let script = format!(
            "export const options = {{ scenarios: {{ one: {{ executor: 'per-vu-iterations', iterations: 3 }} }} }};
             function cycle() {{ const a = []; for (let i = 0; i < 5000; i++) a.push({{ a }}); return a.length; }}
             export default function () {{ if (__ITER === 0) {{ {case} }} console.log(cycle()); }}"
        );
        let run = Brunt::script(script)
            .args(&["--vu-memory-limit", "32"])
            .run()
            .expect(0);
        assert_eq!(run.console(), ["5000", "5000"], "{case}: {}", run.stderr);
        run.one_error(&["out of memory", "--vu-memory-limit", "32 MiB"]);
        let script = format!("{{ {case} }}\nexport default function () {{}}");
        let run = Brunt::script(script)
            .args(&["--vu-memory-limit", "32"])
            .run()
            .expect(107);
        run.one_error(&["out of memory", "--vu-memory-limit", "32 MiB"]);
    }
}

//! Every member of the small modules and of the host's globals, as a script sees it.

use std::sync::{Arc, OnceLock};

use crate::harness::Script;

const IMPORTS: &str = "import exec, { instance, scenario, test, vu } from 'k6/execution';
    import k6, * as all from 'k6'; import metrics, { Counter, Gauge, Rate, Trend } from 'k6/metrics';
    import encoding from 'k6/encoding'; import timers from 'k6/timers'; import data, { SharedArray } from 'k6/data';
    const c = new Counter('my_counter'), g = new Gauge('my_gauge'), r = new Rate('my_rate'), t = new Trend('my_trend', true);
    const tried = (f) => { try { return f(); } catch (e) { return e.name; } };
    const inInit = {};
    for (const f of [() => exec.scenario.name, () => exec.instance.vusActive, () => exec.test.fail(), () => k6.check(1, {}), () => k6.group('g', () => 1), () => c.add(1), () => k6.sleep(0)])
      inInit[f] = tried(f);\n";

/// An expression in an iteration, and what `console.log` shows of it.
const TABLE: &[(&str, &str)] = &[
    // k6/execution
    ("Object.keys(exec).join()", "instance,scenario,test,vu"),
    (
        "exec.instance === instance && exec.scenario === scenario && exec.test === test && exec.vu === vu",
        "true",
    ),
    (
        "Object.keys(instance).sort().join()",
        "currentTestRunDuration,iterationsCompleted,iterationsInterrupted,vusActive,vusInitialized",
    ),
    (
        "Object.keys(instance).map((key) => typeof instance[key]).join()",
        "number,number,number,number,number",
    ),
    (
        "Object.keys(scenario).sort().join()",
        "executor,iterationInInstance,iterationInTest,name,progress,startTime",
    ),
    (
        "[scenario.name, scenario.executor, scenario.progress, scenario.iterationInInstance, scenario.iterationInTest].join()",
        "lab,shared-iterations,0.25,0,0",
    ),
    (
        "Math.abs(scenario.startTime - Date.now()) < 1e12 && Number.isInteger(scenario.startTime)",
        "true",
    ),
    ("Object.keys(test).sort().join()", "abort,fail,options"),
    (
        "Object.isFrozen(test.options) && Object.isFrozen(test.options.scenarios)",
        "true",
    ),
    ("test.options.vus === null", "true"),
    (
        "Object.keys(vu).sort().join()",
        "idInInstance,idInTest,iterationInInstance,iterationInScenario,metrics,tags",
    ),
    (
        "[vu.idInInstance, vu.idInTest, vu.iterationInInstance, vu.iterationInScenario].join()",
        "3,5,0,0",
    ),
    ("Object.keys(vu.metrics).sort().join()", "metadata,tags"),
    (
        "Object.keys(vu.metrics.tags).sort().join()",
        "group,scenario,team",
    ),
    (
        "(vu.metrics.tags.a = 1, vu.metrics.tags.b = true, vu.tags.c = 'x', [vu.tags.a, vu.tags.b, vu.metrics.tags.c, typeof vu.tags.a].join())",
        "1,true,x,string",
    ),
    ("(delete vu.metrics.tags.a, 'a' in vu.tags)", "false"),
    ("tried(() => { vu.metrics.tags.d = {}; })", "TypeError"),
    ("tried(() => { vu.metrics.tags.d = null; })", "TypeError"),
    (
        "(vu.metrics.metadata.m = 'x', vu.metrics.metadata.n = 2, JSON.stringify(vu.metrics.metadata))",
        "{\"m\":\"x\",\"n\":\"2\"}",
    ),
    (
        "(delete vu.metrics.metadata.m, delete vu.metrics.metadata.n, Object.keys(vu.metrics.metadata).length)",
        "0",
    ),
    ("tried(() => { vu.metrics.metadata.m = []; })", "TypeError"),
    // k6
    (
        "Object.keys(k6).sort().join()",
        "check,fail,group,randomSeed,sleep",
    ),
    (
        "['check', 'fail', 'group', 'randomSeed', 'sleep'].every((name) => all[name] === k6[name])",
        "true",
    ),
    ("k6.check(null, {})", "true"),
    ("k6.check(1, { a: (v) => v === 1, b: 1 })", "true"),
    ("k6.check(1, { a: () => 0 })", "false"),
    ("tried(() => k6.check(1, { a: async () => 1 }))", "GoError"),
    ("tried(() => k6.check(1, { 'a::b': 1 }))", "GoError"),
    ("tried(() => k6.check(1, { a: 1 }, { t: {} }))", "TypeError"),
    ("k6.group('g', () => 7)", "7"),
    ("tried(() => k6.group('a::b', () => 7))", "GoError"),
    ("tried(() => k6.group('g', async () => 7))", "GoError"),
    ("tried(() => k6.fail('x'))", "Error"),
    (
        "(() => { try { k6.fail('why'); } catch (e) { return e.message; } })()",
        "why",
    ),
    ("k6.sleep(0.001)", "undefined"),
    (
        "(k6.randomSeed(1), Math.random()) === (k6.randomSeed(1), Math.random())",
        "true",
    ),
    (
        "(k6.randomSeed(1), Math.random()) === (k6.randomSeed(2), Math.random())",
        "false",
    ),
    // k6/metrics
    (
        "Object.keys(metrics).sort().join()",
        "Counter,Gauge,Rate,Trend",
    ),
    (
        "[c, g, r, t].map((m) => m.name).join()",
        "my_counter,my_gauge,my_rate,my_trend",
    ),
    (
        "c instanceof Counter && g instanceof Gauge && r instanceof Rate && t instanceof Trend",
        "true",
    ),
    (
        "[c.add(1), g.add(2.5), r.add(true), t.add('3')].join()",
        "true,true,true,true",
    ),
    (
        "[c.add(), c.add(null), c.add(undefined), c.add(NaN), c.add('x')].join()",
        "false,false,false,false,false",
    ),
    ("c.add(1, { a: 'x', b: 1, c: true })", "true"),
    ("tried(() => c.add(1, { a: [] }))", "TypeError"),
    ("tried(() => new Counter('late'))", "GoError"),
    // k6/encoding
    ("Object.keys(encoding).sort().join()", "b64decode,b64encode"),
    ("encoding.b64encode('ä?>')", "w6Q/Pg=="),
    ("encoding.b64encode('ä?>', 'rawurl')", "w6Q_Pg"),
    ("encoding.b64encode(new Uint8Array([1, 2]).buffer)", "AQI="),
    ("encoding.b64encode('')", ""),
    ("encoding.b64decode('w6Q/Pg==', 'std', 's')", "ä?>"),
    (
        "new Uint8Array(encoding.b64decode('AQI')).join()",
        "GoError",
    ),
    (
        "new Uint8Array(encoding.b64decode('AQI', 'rawstd')).join()",
        "1,2",
    ),
    // k6/timers and the globals
    (
        "Object.keys(timers).sort().join()",
        "clearInterval,clearTimeout,setInterval,setTimeout",
    ),
    (
        "[timers.setTimeout, setTimeout, setInterval, clearTimeout, clearInterval].map((f) => typeof f).join()",
        "function,function,function,function,function",
    ),
    (
        "clearTimeout(setTimeout(() => 1, 1)), clearTimeout(99), clearTimeout(), clearInterval(undefined), clearTimeout('x')",
        "undefined",
    ),
    ("tried(() => setTimeout('x'))", "TypeError"),
    ("tried(() => setInterval())", "TypeError"),
    ("Object.keys(data).join()", "SharedArray"),
    (
        "['TextEncoder', 'TextDecoder', 'GoError', 'open', 'require', 'console', '__ENV', '__VU', '__ITER', 'global'].filter((name) => !(name in globalThis)).join()",
        "",
    ),
    (
        "['URL', 'URLSearchParams', 'fetch', 'process', 'window', 'self', 'Buffer', 'structuredClone', 'performance', 'atob', 'WeakRef', 'Intl'].filter((name) => name in globalThis).join()",
        "",
    ),
    ("global === globalThis", "true"),
    (
        "Object.keys(console).sort().join()",
        "debug,error,info,log,warn",
    ),
    (
        "new TextEncoder().encoding + new TextEncoder().encode('€').join()",
        "utf-8226,130,172",
    ),
    (
        "new TextDecoder('utf-16be').decode(new Uint8Array([0x20, 0xac]))",
        "€",
    ),
    (
        "new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])).length",
        "1",
    ),
    (
        "new TextDecoder('utf-8', { ignoreBOM: true }).decode(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])).length",
        "2",
    ),
    ("new GoError('x') instanceof Error", "true"),
    // In the init context
    (
        "Object.values(inInit).join()",
        "GoError,GoError,GoError,GoError,GoError,GoError,",
    ),
    ("tried(() => open('x'))", "GoError"),
    ("tried(() => require('k6'))", "GoError"),
];

#[test]
fn every_member_is_as_documented() {
    let lines: Vec<String> = TABLE
        .iter()
        .map(|(code, _)| format!("console.log(tried(() => ({code})));"))
        .collect();
    let script = format!(
        "{IMPORTS}export default function () {{\n{}\n}}",
        lines.join("\n")
    );
    let printed = Script::js(script)
        .configure(|it| {
            it.options_json = OnceLock::from(Arc::from(r#"{"vus":null,"scenarios":{"a":{}}}"#));
        })
        .printed();
    assert_eq!(printed.len(), TABLE.len());
    let wrong: Vec<_> = TABLE
        .iter()
        .zip(&printed)
        .filter(|((_, wanted), shown)| wanted != shown)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_frozen_global_object_breaks_nothing() {
    let script = "Object.freeze(globalThis); const f = () => [typeof __ITER, new Date(0).getTime(), new Uint8Array(2).length, new Map([[1, 2]]).size, new TextEncoder().encode('a').length].join();
        export default function () { console.log(f()); }";
    let run = Script::js(script).run(2);
    let line = "info: number,0,2,1,1";
    assert_eq!(run.log, [line, line]);
}

#[test]
fn promises_timers_and_the_function_run_in_their_order() {
    let script = "const said = await new Promise((done) => setTimeout(() => done('top'), 1));
        export default async function () {
          console.log(said);
          setTimeout(() => { console.log('timer 0'); Promise.resolve().then(() => console.log('job of timer 0')); }, 0);
          setTimeout(() => console.log('timer 1'), 0);
          Promise.resolve().then(() => console.log('job 1')).then(() => console.log('job 2'));
          (async () => { console.log('async runs at once'); await null; console.log('after await'); })();
          await new Promise((done) => setTimeout(done, 3));
          console.log('function over');
          setTimeout(() => console.log('a timer after the function'), 1);
        }";
    assert_eq!(
        Script::js(script).printed(),
        [
            "top",
            "async runs at once",
            "job 1",
            "after await",
            "job 2",
            "timer 0",
            "job of timer 0",
            "timer 1",
            "function over",
            "a timer after the function",
        ]
    );
}

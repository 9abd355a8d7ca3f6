//! The table of exit codes, row by row.

use crate::support::Brunt;

/// A script of one iteration with this body.
fn body(text: &str) -> String {
    format!(
        "import exec from 'k6/execution';
         import {{ check, sleep, fail }} from 'k6';
         import {{ Counter, Trend }} from 'k6/metrics';
         const counter = new Counter('my_counter');
         export default function (data) {{ {text} }}"
    )
}

#[test]
fn a_test_that_ran_is_0_even_if_iterations_threw_and_checks_failed() {
    let script = body("check(1, { two: (v) => v === 2 }); throw new Error('not this time');");
    let run = Brunt::script(script)
        .args(&["-i", "3", "--summary-export", "s.json"])
        .run();
    let run = run.expect(0);
    assert_eq!(run.messages("error").len(), 3, "{}", run.stderr);
    assert_eq!(run.summary("s.json").value("iterations", "count"), 3.0);
    run.says(&["not this time", "script.js:5:"]);
}

#[test]
fn a_broken_threshold_is_99() {
    let script = body("counter.add(1);")
        + "\nexport const options = { thresholds: { my_counter: ['count>1'] } };";
    let run = Brunt::script(script).run().expect(99);
    assert!(run.stdout.contains("✗ 'count>1' count=1"), "{}", run.stdout);
    run.one_error(&["my_counter", "crossed"]);
}

#[test]
fn thresholds_can_be_kept_or_left_out() {
    let script = body("counter.add(1);")
        + "\nexport const options = { thresholds: { my_counter: ['count>0'] } };";
    Brunt::script(&script).run().expect(0);
    let broken = script.replace("count>0", "count>5");
    Brunt::script(broken)
        .args(&["--no-thresholds"])
        .run()
        .expect(0);
}

#[test]
fn a_threshold_can_end_the_test_early_with_99() {
    let script = body("counter.add(1); sleep(0.05);")
        + "\nexport const options = { vus: 1, duration: '10m', thresholds: {
              my_counter: [{ threshold: 'count<1', abortOnFail: true }] } };
           export function teardown() { console.log('torn down'); }";
    let run = Brunt::script(script).run().expect(99);
    assert_eq!(run.console(), ["torn down"]);
    run.says(&["abortOnFail"]);
}

#[test]
fn a_setup_that_takes_too_long_is_100() {
    let script = body("console.log('ran');")
        + "\nexport const options = { setupTimeout: '100ms' };
           export function setup() { sleep(60); }
           export function teardown() { console.log('torn down'); }";
    let run = Brunt::script(script).run().expect(100);
    assert!(run.console().is_empty(), "{}", run.stderr);
    run.one_error(&["setup()", "0.1 seconds"]);
}

#[test]
fn a_teardown_that_takes_too_long_is_101() {
    let script = body("")
        + "\nexport const options = { teardownTimeout: '100ms' };
           export function teardown() { for (;;) {} }";
    Brunt::script(script)
        .run()
        .expect(101)
        .one_error(&["teardown()", "0.1 seconds"]);
}

#[test]
fn invalid_configuration_is_104() {
    let scenario = |fields: &str| format!("{{ scenarios: {{ one: {{ {fields} }} }} }}");
    let cases: [(String, &[&str]); 11] = [
        ("{ vus: 'many' }".into(), &["vus"]),
        ("{ duration: '-1s' }".into(), &["duration"]),
        ("{ iterations: 1.5 }".into(), &["iterations"]),
        (
            scenario("executor: 'constant-vu', duration: '1s'"),
            &["constant-vu", "one"],
        ),
        (scenario("executor: 'constant-vus'"), &["duration", "one"]),
        (
            scenario("executor: 'constant-vus', duration: '1s', exec: 'absent'"),
            &["absent", "one"],
        ),
        (
            scenario("executor: 'constant-vus', duration: '1s', vu: 3"),
            &["vu"],
        ),
        (
            "{ thresholds: { my_counter: ['count!1'] } }".into(),
            &["count!1"],
        ),
        (
            "{ thresholds: { unheard_of: ['count>1'] } }".into(),
            &["unheard_of"],
        ),
        (
            "{ thresholds: { my_counter: ['p(95)>1'] } }".into(),
            &["p(95)", "my_counter"],
        ),
        (
            "{ iterations: 5, stages: [{ duration: '1s', target: 1 }] }".into(),
            &["stages"],
        ),
    ];
    for (options, expected) in cases {
        let script = body("console.log('ran')") + &format!("\nexport const options = {options};");
        let run = Brunt::script(script).run().expect(104);
        assert!(run.console().is_empty(), "{options}: {}", run.stderr);
        run.one_error(expected);
    }
}

#[test]
fn a_wrong_output_is_104_and_says_what_was_meant() {
    let cases: [(&str, &[&str]); 6] = [
        (
            "promethius=http://127.0.0.1:1",
            &["promethius", "prometheus"],
        ),
        ("mimir=http://127.0.0.1:1,tennant=a", &["tennant", "tenant"]),
        (
            "mimir=http://127.0.0.1:1,interval=soon",
            &["interval", "soon"],
        ),
        ("json=a.json,compress=yes", &["compress"]),
        ("influxdb=http://127.0.0.1:1", &["influxdb"]),
        ("mimir=notaurl", &["notaurl"]),
    ];
    for (out, expected) in cases {
        let run = Brunt::script(body("console.log('ran')"))
            .args(&["--out", out])
            .run();
        let run = run.expect(104);
        assert!(run.console().is_empty(), "{out}: {}", run.stderr);
        run.one_error(expected);
    }
}

#[test]
fn a_script_that_throws_outside_of_iterations_is_107() {
    let init = body("") + "\nthrow new Error('init went wrong');";
    Brunt::script(init)
        .run()
        .expect(107)
        .one_error(&["init went wrong", "script.js:6:"]);
    let setup = body("") + "\nexport function setup() { throw new Error('setup went wrong'); }";
    Brunt::script(setup)
        .run()
        .expect(107)
        .one_error(&["setup went wrong", "script.js:6:"]);
    let teardown = body("console.log('ran')")
        + "\nexport function teardown() { throw new Error('teardown went wrong'); }";
    let run = Brunt::script(teardown).run().expect(107);
    assert_eq!(run.console(), ["ran"]);
    run.one_error(&["teardown went wrong", "script.js:6:"]);
}

#[test]
fn an_abort_is_108_at_every_stage() {
    let abort = "exec.test.abort('enough');";
    let init = body("") + "\n" + abort;
    Brunt::script(init).run().expect(108).says(&["enough"]);
    let setup = body("") + "\nexport function setup() { " + abort + " }";
    Brunt::script(setup).run().expect(108).says(&["enough"]);
    let teardown = body("") + "\nexport function teardown() { " + abort + " }";
    Brunt::script(teardown).run().expect(108).says(&["enough"]);
    let iteration = body(&format!(
        "console.log('ran'); {abort} console.log('went on')"
    )) + "\nexport const options = { iterations: 50 };
           export function teardown() { console.log('torn down'); }";
    let run = Brunt::script(iteration).run().expect(108).says(&["enough"]);
    assert_eq!(run.console(), ["ran", "torn down"]);
}

#[test]
fn a_worker_that_cannot_be_brought_back_is_109() {
    // A search that neither calls anything nor needs memory, and takes days.
    let script = "const text = 'a'.repeat(1e8), absent = 'a'.repeat(5e7) + 'b';
        export const options = { scenarios: { one: {
          executor: 'constant-vus', vus: 1, duration: '1s', gracefulStop: '0s' } } };
        export default function () { console.log('ran'); text.indexOf(absent); }
        export function teardown() { console.log('torn down'); }";
    let run = Brunt::script(script).args(&["--workers", "1"]).run();
    let run = run.expect(109);
    assert_eq!(run.console().first().map(String::as_str), Some("ran"));
    run.says(&[
        "does not answer",
        "hangs in a call that cannot be interrupted",
    ]);
}

#[test]
fn a_test_marked_as_failed_is_110_even_with_a_broken_threshold() {
    let script = body("exec.test.fail('does not count'); counter.add(1);")
        + "\nexport const options = { thresholds: { my_counter: ['count>1'] } };";
    let run = Brunt::script(script)
        .args(&["-i", "2", "--summary-export", "s.json"])
        .run();
    let run = run.expect(110).says(&["does not count"]);
    assert_eq!(run.summary("s.json").value("iterations", "count"), 2.0);
}

#[test]
fn a_scripts_own_code_wins_over_a_broken_threshold() {
    let script = body("counter.add(1);")
        + "\nexport const options = { thresholds: { my_counter: ['count>1'] } };
           export function teardown() { throw new Error('teardown went wrong'); }";
    Brunt::script(script).run().expect(107);
}

#[test]
fn an_output_that_cannot_be_reached_is_121_before_anything_runs() {
    for name in ["mimir", "prometheus"] {
        // Port 1 is reserved, and nobody listens on it.
        let out = format!("{name}=http://127.0.0.1:1");
        let run = Brunt::script(body("console.log('ran')"))
            .args(&["--out", &out])
            .run();
        let run = run.expect(121);
        assert!(run.console().is_empty(), "{}", run.stderr);
        run.one_error(&[name, "127.0.0.1:1", "refused"]);
    }
}

#[test]
fn wrong_use_is_255() {
    let help = Brunt::script(body(""))
        .args(&["--vuss", "3"])
        .run()
        .expect(255);
    assert!(
        help.stderr.contains("--vuss") && help.stderr.contains("--vus"),
        "{}",
        help.stderr
    );
    Brunt::bare("absent.js")
        .run()
        .expect(255)
        .one_error(&["absent.js"]);
    Brunt::script("const nothing = 1;")
        .run()
        .expect(255)
        .one_error(&["no exported functions"]);
    let not_a_function = body("") + "\nexport const setup = 5;";
    Brunt::script(not_a_function)
        .run()
        .expect(255)
        .one_error(&["setup", "function"]);
    Brunt::script(body(""))
        .args(&["-e", "1x=2"])
        .run()
        .expect(255)
        .one_error(&["1x"]);
}

#[test]
fn a_summary_of_the_script_that_takes_too_long_gives_way_to_the_usual_one() {
    let script = body("console.log('ran')")
        + "\nexport const options = { handleSummaryTimeout: '100ms' };
           export function handleSummary() { for (;;) {} }";
    let run = Brunt::script(script).run().expect(0);
    assert!(run.stdout.contains("TOTAL RESULTS"), "{}", run.stdout);
    run.one_error(&["handleSummary()", "100ms"]);
}

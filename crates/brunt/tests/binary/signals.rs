//! SIGINT and SIGTERM, once and twice, wherever the script is. Tests wait for what the run says or
//! for what its server sees, never for time.

use brunt_testkit::Target;

use crate::support::{Brunt, Finished};

const SLEEPING: &str = "import { sleep } from 'k6';
export const options = { vus: 2, duration: '10m' };
export default function () { console.log('in iteration'); sleep(600); console.log('slept'); }
export function teardown() { console.log('torn down'); }";

fn interrupted(script: &str, ready: &str, signal: &str) -> Finished {
    let run = Brunt::script(script)
        .args(&["--summary-export", "s.json"])
        .start();
    run.wait_for_log(ready);
    run.signal(signal);
    run.finish()
}

#[test]
fn a_signal_ends_iterations_runs_teardown_and_prints_the_summary() {
    for signal in ["INT", "TERM"] {
        let run = interrupted(SLEEPING, "in iteration", signal).expect(105);
        let console = run.console();
        assert_eq!(console.last().unwrap(), "torn down");
        assert!(!console.contains(&"slept".to_owned()));
        assert!(run.stdout.contains("TOTAL RESULTS"), "{}", run.stdout);
        assert!(
            run.stdout.contains("2 interrupted iterations"),
            "{}",
            run.stdout
        );
        assert!(
            !run.summary("s.json").has("iterations"),
            "nothing was completed"
        );
        run.one_error(&["signal"]);
    }
}

#[test]
fn a_busy_loop_is_ended() {
    let script = "export const options = { iterations: 1 };
        export default function () { console.log('in iteration'); for (;;) {} }
        export function teardown() { console.log('torn down'); }";
    let run = interrupted(script, "in iteration", "INT").expect(105);
    assert_eq!(run.console(), ["in iteration", "torn down"]);
}

#[test]
fn a_script_cannot_catch_the_interruption() {
    let script = "export default function () {
          console.log('in iteration');
          for (;;) { try { for (;;) {} } catch (e) { console.log('caught'); } finally { for (;;) {} } }
        }";
    let run = interrupted(script, "in iteration", "INT").expect(105);
    assert_eq!(run.console(), ["in iteration"]);
}

#[test]
fn a_hanging_request_is_ended() {
    let target = Target::http().unwrap();
    let script = "import http from 'k6/http';
        export const options = { vus: 3, iterations: 3 };
        export default function () { http.get(__ENV.URL); console.log('answered'); }";
    let run = Brunt::script(script)
        .env_flag("URL", &target.url("/delay/60000"))
        .start();
    run.wait_until("three requests wait", || target.requests() == 3);
    run.signal("INT");
    assert!(run.finish().expect(105).console().is_empty());
}

#[test]
fn setup_is_ended_and_nothing_else_runs() {
    let sleeping = "sleep(600)";
    for hang in [sleeping, "for (;;) {}"] {
        let script = format!(
            "import {{ sleep }} from 'k6';
             export function setup() {{ console.log('in setup'); {hang}; }}
             export default function () {{ console.log('ran'); }}
             export function teardown() {{ console.log('torn down'); }}"
        );
        let run = interrupted(&script, "in setup", "INT").expect(105);
        assert!(!run.console().contains(&"ran".to_owned()), "{}", run.stderr);
    }
}

#[test]
fn a_busy_loop_in_the_init_of_a_vu_is_ended() {
    let script = "if (__VU > 0) { console.log('in init'); for (;;) {} }
        export default function () { console.log('ran'); }
        export function teardown() { console.log('torn down'); }";
    let run = interrupted(script, "in init", "INT").expect(105);
    assert_eq!(run.console(), ["in init"]);
}

#[test]
fn a_second_signal_ends_at_once() {
    for signal in ["INT", "TERM"] {
        let script = "import { sleep } from 'k6';
            export default function () { console.log('in iteration'); sleep(600); }
            export function teardown() { console.log('in teardown'); sleep(50); console.log('torn down'); }";
        let run = Brunt::script(script).start();
        run.wait_for_log("in iteration");
        run.signal(signal);
        run.wait_for_log("in teardown");
        run.signal(signal);
        let run = run.finish().expect(105);
        assert_eq!(run.console(), ["in iteration", "in teardown"]);
    }
}

#[test]
fn outputs_get_what_there_was_before_the_signal() {
    let script = "import { sleep } from 'k6';
        import { Counter } from 'k6/metrics';
        const counter = new Counter('my_counter');
        export default function () { counter.add(5); console.log('in iteration'); sleep(600); }";
    let run = Brunt::script(script)
        .args(&["--out", "json=o.json"])
        .start();
    run.wait_for_log("in iteration");
    run.signal("INT");
    let run = run.finish().expect(105);
    assert_eq!(run.points("o.json").values("my_counter"), [5.0]);
}

#[test]
fn a_signal_while_the_script_is_evaluated_for_the_first_time_ends_with_105_and_a_word() {
    let script = "console.log('in init'); for (;;) {}
        export default function () { console.log('ran'); }";
    for signal in ["INT", "TERM"] {
        let run = interrupted(script, "in init", signal).expect(105);
        assert_eq!(run.console(), ["in init"]);
        run.one_error(&["signal", "before it had started"]);
    }
}

#[test]
fn a_signal_while_the_script_is_read_from_standard_input_ends_the_run() {
    let run = Brunt::bare("-").holding_stdin().start();
    run.wait_until("it reads the script", || run.has_thread("brunt-init"));
    run.signal("INT");
    run.finish().expect(105).one_error(&["signal"]);
}

#[test]
fn a_process_that_is_to_terminate_keeps_to_its_budget() {
    let script = "import { sleep } from 'k6';
        export default function () { console.log('in iteration'); sleep(600); }
        export function teardown() { console.log('in teardown'); sleep(600); console.log('torn down'); }";
    let run = Brunt::script(script)
        .args(&["--shutdown-budget", "1s"])
        .start();
    run.wait_for_log("in iteration");
    run.signal("TERM");
    let run = run.finish().expect(105);
    assert_eq!(run.console(), ["in iteration", "in teardown"]);
    assert!(run.stdout.contains("TOTAL RESULTS"), "{}", run.stdout);
}

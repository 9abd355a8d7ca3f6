//! Timers, promises and the end of an iteration.

use brunt_engine::Outcome;

use crate::harness::Script;

#[test]
fn an_iteration_lasts_until_its_timers_are_done() {
    let run = Script::body(
        "console.log('start'); setTimeout((a) => console.log('later', a), 2, 'arg'); \
         Promise.resolve().then(() => console.log('job')); \
         let n = 0; const id = setInterval(() => { console.log('tick', ++n); if (n === 2) clearInterval(id); }, 1); \
         clearTimeout(setTimeout(() => console.log('never'), 1)); console.log('end');",
    )
    .run(1);
    let mut lines = run.log.clone();
    assert_eq!(lines[..3], ["info: start", "info: end", "info: job"]);
    lines.sort();
    assert!(
        lines.contains(&"info: later arg".to_owned()) && lines.contains(&"info: tick 2".to_owned())
    );
    assert!(
        !lines
            .iter()
            .any(|line| line.contains("never") || line.contains("tick 3"))
    );
}

#[test]
fn timers_with_the_same_time_run_in_their_order() {
    let run = Script::body("for (const n of [1, 2, 3]) setTimeout(() => console.log(n)); setTimeout(() => console.log(4), -5);").run(1);
    assert_eq!(run.log, ["info: 1", "info: 2", "info: 3", "info: 4"]);
}

#[test]
fn what_is_no_function_is_refused() {
    assert!(
        Script::body("setTimeout('code', 1)")
            .run(1)
            .error()
            .starts_with("TypeError: setTimeout")
    );
}

#[test]
fn a_rejection_that_nobody_handles_ends_the_iteration() {
    let run =
        Script::js("export default async function () {\n  Promise.reject(new Error('lost'));\n}")
            .run(1);
    assert_eq!(
        run.error(),
        "Uncaught (in promise) Error: lost\n\tat default (main.js:2:22)"
    );
    assert_eq!(run.values("iterations"), [1.0]);
    let handled =
        Script::body("const p = Promise.reject(new Error('found')); p.catch(() => {});").run(1);
    assert_eq!(handled.log, [""; 0]);
}

#[test]
fn an_interrupt_drops_timers_and_says_which() {
    let run = Script::body("setTimeout(() => console.log('never'), 3600000); setTimeout(() => console.log('never'), 3600000);").run_interrupted();
    assert_eq!(run.iterations, [Outcome::Interrupted]);
    assert_eq!(
        run.log,
        [
            "warning: timer 1 was dropped because its VU was interrupted",
            "warning: timer 2 was dropped because its VU was interrupted"
        ]
    );
    assert_eq!(run.values("iterations"), [0.0_f64; 0]);
}

#[test]
fn an_interrupt_ends_a_sleep() {
    let run = Script::body("sleep(3600); console.log('never');").run_interrupted();
    assert_eq!(
        (run.iterations, run.log),
        (vec![Outcome::Interrupted], Vec::new())
    );
}

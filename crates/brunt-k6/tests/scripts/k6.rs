//! `k6`: checks, groups, sleep, fail.

use brunt_engine::Outcome;

use crate::harness::Script;

#[test]
fn checks_count_and_tell_whether_all_passed() {
    let run = Script::body(
        "console.log(check(5, { 'is 5': (v) => v === 5, 'is truthy': 'x', 'is 6': (v) => v === 6 }, { kind: 'a' }));",
    )
    .run(2);
    assert_eq!(run.log, ["info: false", "info: false"]);
    assert_eq!(run.values("checks"), [1.0, 1.0, 0.0, 1.0, 1.0, 0.0]);
    let first = run.of("checks").next().unwrap();
    let tags: Vec<(&str, &str)> = first.tags.iter().collect();
    let wanted = [
        ("check", "is 5"),
        ("group", ""),
        ("kind", "a"),
        ("scenario", "lab"),
        ("team", "blue"),
    ];
    assert_eq!(tags, wanted);
    let checks: Vec<_> = run
        .groups
        .checks
        .iter()
        .map(|it| (&*it.name, it.passes, it.fails))
        .collect();
    assert_eq!(
        checks,
        [("is 5", 2, 0), ("is truthy", 2, 0), ("is 6", 0, 2)]
    );
}

#[test]
fn a_check_that_throws_fails_and_the_rest_is_skipped() {
    let run =
        Script::body("check(1, { a: () => { throw new Error('inside'); }, b: true });").run(1);
    assert!(run.error().starts_with("Error: inside\n"), "{:?}", run.log);
    assert_eq!(run.values("checks"), [0.0]);
    assert_eq!(run.values("iterations"), [1.0], "the iteration counts");
}

#[test]
fn groups_nest_and_measure_even_when_they_throw() {
    let run = Script::body(
        "try { group('outer', () => { group('inner', () => { check(1, { deep: true }); }); fail('stop'); }); } \
         catch (e) { console.log(e.message); } check(1, { after: true });",
    )
    .run(1);
    assert_eq!(run.log, ["info: stop"]);
    let groups: Vec<_> = run
        .of("group_duration")
        .map(|it| it.tags.get("group").unwrap())
        .collect();
    assert_eq!(groups, ["::outer::inner", "::outer"]);
    let checks: Vec<_> = run
        .of("checks")
        .map(|it| it.tags.get("group").unwrap())
        .collect();
    assert_eq!(checks, ["::outer::inner", ""]);
    assert_eq!(run.groups.groups[0].groups[0].checks[0].name, "deep");
}

#[test]
fn a_group_that_is_left_by_an_exception_does_not_reach_the_next_iteration() {
    let run = Script::body("check(1, { c: true }); group('g', () => fail('x'));").run(2);
    let groups: Vec<_> = run
        .of("checks")
        .map(|it| it.tags.get("group").unwrap())
        .collect();
    assert_eq!(groups, ["", ""]);
    let iterations: Vec<_> = run
        .of("iterations")
        .map(|it| it.tags.get("group").unwrap())
        .collect();
    assert_eq!(iterations, ["", ""]);
}

#[test]
fn async_functions_and_separators_are_refused() {
    for body in [
        "group('g', async () => {})",
        "group('a::b', () => {})",
        "check(1, { a: async () => true })",
        "check(1, { 'a::b': true })",
        "check(1)",
    ] {
        let run = Script::body(body).run(1);
        assert!(
            run.error().starts_with("GoError: "),
            "{body}: {:?}",
            run.log
        );
        assert_eq!(run.values("checks"), [0.0_f64; 0], "{body}");
    }
}

#[test]
fn checks_and_groups_are_no_business_of_the_init_stage() {
    for call in ["check(1, {})", "group('g', () => {})"] {
        let script =
            format!("import {{ check, group }} from 'k6'; {call}; export default () => {{}};");
        let Outcome::Failed(message) = Script::js(script).run(0).init else {
            panic!("{call}")
        };
        assert!(
            message.contains("is not supported in the init context"),
            "{message}"
        );
    }
}

#[test]
fn an_iteration_lasts_at_least_as_long_as_the_option_says_but_measures_itself() {
    let script = Script::body("").configure(|it| {
        it.min_iteration_duration = std::time::Duration::from_millis(30);
    });
    let started = std::time::Instant::now();
    let run = script.run(2);
    assert!(started.elapsed().as_millis() >= 60);
    assert_eq!(
        run.iterations,
        [Outcome::Completed(None), Outcome::Completed(None)]
    );
    assert!(run.values("iteration_duration").iter().all(|ms| *ms < 30.0));
}

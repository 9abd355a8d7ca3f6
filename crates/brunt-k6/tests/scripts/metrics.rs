//! `k6/metrics`.

use brunt_engine::Outcome;
use brunt_metrics::{MetricKind, ValueType};

use crate::harness::Script;

const METRICS: &str = "import { Counter, Gauge, Rate, Trend } from 'k6/metrics';\n";

#[test]
fn each_kind_takes_numbers_and_booleans_with_tags() {
    let run = Script::js(format!(
        "{METRICS}const c = new Counter('my_count'), t = new Trend('my_time', true), r = new Rate('my_rate');\n\
         export default function () {{ c.add(2, {{ a: 1, b: true }}); c.add(0.5); t.add(12.5); r.add(true); r.add(0); console.log(c.name); }}",
    ))
    .run(1);
    assert_eq!(run.log, ["info: my_count"]);
    assert_eq!(run.values("my_count"), [2.0, 0.5]);
    assert_eq!(run.values("my_rate"), [1.0, 0.0]);
    let sample = run.of("my_time").next().unwrap();
    assert_eq!(
        (sample.metric.kind, sample.metric.contains),
        (MetricKind::Trend, ValueType::Time)
    );
    let tagged = run.of("my_count").next().unwrap();
    assert_eq!(
        (tagged.tags.get("a"), tagged.tags.get("b")),
        (Some("1"), Some("true"))
    );
}

#[test]
fn what_is_no_number_warns_or_throws() {
    let script = |throw: bool| {
        let text = format!(
            "{METRICS}const c = new Counter('my_count'); export default function () {{ console.log(c.add('many')); console.log(c.add(undefined)); }}"
        );
        Script::js(text)
            .configure(move |it| it.throw = throw)
            .run(1)
    };
    let run = script(false);
    assert_eq!(
        run.log
            .iter()
            .filter(|line| line.starts_with("warning: "))
            .count(),
        2
    );
    assert_eq!(
        run.log.iter().filter(|line| *line == "info: false").count(),
        2
    );
    assert!(script(true).error().contains("'my_count'"));
    assert_eq!(run.values("my_count"), [0.0_f64; 0]);
}

#[test]
fn metrics_are_made_in_the_init_stage_with_good_names_and_one_kind() {
    for wrong in [
        "new Counter('1x')",
        "new Counter('a b')",
        "new Gauge('http_reqs')",
        "new Rate()",
    ] {
        let script = format!("{METRICS}{wrong}; export default () => {{}};");
        let Outcome::Failed(message) = Script::js(script).run(0).init else {
            panic!("{wrong}")
        };
        assert!(message.contains("main.js:2:"), "{message}");
    }
    let late = format!("{METRICS}export default () => {{ new Counter('late_one'); }};");
    assert!(Script::js(late).run(1).error().contains("init context"));
}

#[test]
fn tags_and_metadata_of_a_virtual_user_go_with_every_sample() {
    let run = Script::body(
        "exec.vu.metrics.tags.lane = __ITER; exec.vu.metrics.metadata.trace = 'abc'; check(1, { c: true }); \
         console.log(JSON.stringify(exec.vu.metrics.tags), 'lane' in exec.vu.tags); delete exec.vu.metrics.tags.lane; check(1, { d: true });",
    )
    .run(1);
    assert_eq!(
        run.log,
        [r#"info: {"group":"","lane":"0","scenario":"lab","team":"blue"} true"#]
    );
    let lanes: Vec<_> = run.of("checks").map(|it| it.tags.get("lane")).collect();
    assert_eq!(lanes, [Some("0"), None]);
    assert_eq!(
        run.of("checks").next().unwrap().meta.get("trace"),
        Some("abc")
    );
}

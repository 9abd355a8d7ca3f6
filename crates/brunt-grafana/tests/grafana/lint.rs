//! Each rule of the linter: a dashboard that keeps it, the same in another form, and one that breaks it.

use std::collections::BTreeSet;

use brunt_grafana::{
    BUNDLED_LINT, Board, BoardError, LintConfig, RULES, Severity, boards, classic, lint, v2,
};
use serde_json::{Value, json};

/// One that keeps every rule.
fn good() -> Value {
    let filter = |name: &str| {
        json!({
            "name": name, "label": name, "type": "query", "multi": true, "includeAll": true, "allValue": ".+",
            "refresh": 2, "query": { "query": format!("label_values(up{{a=\"b\"}}, {name})") },
            "datasource": { "type": "prometheus", "uid": "${prometheus_datasource}" },
        })
    };
    let source =
        |plugin: &str| json!({ "type": plugin, "uid": format!("${{{plugin}_datasource}}") });
    let panel = |id: u32, plugin: &str, expr: &str| {
        json!({
            "id": id, "type": "timeseries", "title": plugin, "description": "What it shows.",
            "datasource": source(plugin), "fieldConfig": { "defaults": { "unit": "reqps" } },
            "gridPos": { "x": 0, "y": 8 * id, "w": 24, "h": 8 },
            "targets": [{ "refId": "A", "datasource": source(plugin), "expr": expr }],
        })
    };
    json!({
        "title": "Good", "editable": false, "schemaVersion": 42, "annotations": { "list": [] },
        "templating": { "list": [
            { "name": "prometheus_datasource", "label": "Prometheus data source", "type": "datasource", "query": "prometheus" },
            { "name": "loki_datasource", "label": "Loki data source", "type": "datasource", "query": "loki" },
            filter("job"),
            filter("instance"),
        ] },
        "panels": [
            panel(1, "prometheus", r#"sum(rate(http_requests_total{job=~"$job",instance=~"$instance"}[$__rate_interval]))"#),
            panel(2, "loki", r#"sum(rate({job=~"$job",instance=~"$instance"} |= "error" [$__auto]))"#),
        ],
    })
}

/// The rules that a dashboard breaks.
fn broken(json: &Value) -> BTreeSet<&'static str> {
    let board = Board::read(json).unwrap();
    let findings = lint(&board, &LintConfig::default());
    assert!(findings.iter().all(|it| it.severity == Severity::Error));
    findings.iter().map(|it| it.rule).collect()
}

#[test]
fn a_good_dashboard_keeps_every_rule_in_each_form() {
    assert_eq!(broken(&good()), BTreeSet::new());
    let envelope =
        json!({ "apiVersion": "dashboard.grafana.app/v1", "kind": "Dashboard", "spec": good() });
    assert_eq!(broken(&envelope), BTreeSet::new());
    assert_eq!(
        broken(&json!({ "dashboard": good(), "meta": {} })),
        BTreeSet::new()
    );
}

/// What is changed in the good one, and the rule that it then breaks, and no other.
#[test]
fn each_rule_finds_what_breaks_it() {
    const QUERY: &str = "/panels/0/targets/0/expr";
    const LOGS: &str = "/panels/1/targets/0/expr";
    let matchers = r#"job=~"$job",instance=~"$instance""#;
    let query = |text: &str| json!(text.replace("MATCHERS", matchers));
    let cases = [
        (
            "template-datasource-rule",
            "/templating/list/0/label",
            json!("Source"),
        ),
        (
            "template-datasource-rule",
            "/templating/list/1/label",
            json!("Data source"),
        ),
        (
            "template-job-rule",
            "/templating/list/2/name",
            json!("task"),
        ),
        (
            "template-job-rule",
            "/templating/list/2/multi",
            json!(false),
        ),
        (
            "template-job-rule",
            "/templating/list/2/label",
            json!("Task"),
        ),
        (
            "template-instance-rule",
            "/templating/list/3/allValue",
            json!(""),
        ),
        (
            "template-instance-rule",
            "/templating/list/3/datasource/uid",
            json!("abc"),
        ),
        (
            "template-label-promql-rule",
            "/templating/list/2/query/query",
            json!("label_values(up{, job)"),
        ),
        (
            "template-label-promql-rule",
            "/templating/list/2/query/query",
            json!("up"),
        ),
        (
            "template-on-time-change-reload-rule",
            "/templating/list/2/refresh",
            json!(1),
        ),
        (
            "panel-datasource-rule",
            "/panels/0/datasource/uid",
            json!("P1809F7CD0C75ACF3"),
        ),
        (
            "panel-datasource-rule",
            "/panels/0/targets/0/datasource/uid",
            json!("other"),
        ),
        ("panel-title-description-rule", "/panels/0/title", json!("")),
        (
            "panel-title-description-rule",
            "/panels/0/description",
            json!(" "),
        ),
        (
            "panel-units-rule",
            "/panels/0/fieldConfig/defaults/unit",
            json!("requests"),
        ),
        (
            "panel-units-rule",
            "/panels/0/fieldConfig/defaults",
            json!({}),
        ),
        ("panel-no-targets-rule", "/panels/0/targets", json!([])),
        ("target-logql-rule", LOGS, query("sum({MATCHERS} |= \"x\"")),
        ("target-logql-rule", LOGS, query("MATCHERS")),
        (
            "target-logql-auto-rule",
            LOGS,
            query("sum(rate({MATCHERS}[5m]))"),
        ),
        (
            "target-promql-rule",
            QUERY,
            query("sum(rate(a_total{MATCHERS}[$__rate_interval])"),
        ),
        (
            "target-promql-rule",
            QUERY,
            query("rate(a_total{MATCHERS})"),
        ),
        (
            "target-rate-interval-rule",
            QUERY,
            query("rate(a_total{MATCHERS}[5m])"),
        ),
        (
            "target-rate-interval-rule",
            QUERY,
            query("irate(a_total{MATCHERS}[$__interval])"),
        ),
        (
            "target-job-rule",
            QUERY,
            json!(r#"sum(up{instance=~"$instance"})"#),
        ),
        (
            "target-job-rule",
            QUERY,
            json!(r#"sum(up{instance=~"$instance",job="$job"})"#),
        ),
        (
            "target-instance-rule",
            QUERY,
            json!(r#"sum(up{job=~"$job"})"#),
        ),
        (
            "target-counter-agg-rule",
            QUERY,
            query("sum(a_total{MATCHERS})"),
        ),
        (
            "target-counter-agg-rule",
            QUERY,
            query("sum(last_over_time(a_total{MATCHERS}[$__range]))"),
        ),
        ("uneditable-dashboard", "/editable", json!(true)),
    ];
    let mut seen = BTreeSet::new();
    for (rule, pointer, value) in cases {
        let mut json = good();
        *json.pointer_mut(pointer).unwrap() = value.clone();
        assert_eq!(broken(&json), BTreeSet::from([rule]), "{pointer} = {value}");
        seen.insert(rule);
    }
    let all = RULES.iter().map(|it| it.name);
    assert_eq!(seen, all.collect(), "a rule has no test");
}

#[test]
fn what_is_right_in_another_way_breaks_no_rule() {
    let query = |text: &str| text.replace('M', r#"job=~"$job",instance=~"$instance""#);
    let unit = "/panels/0/fieldConfig/defaults";
    let cases = [
        (
            "/panels/0/targets/0/expr",
            json!(query("sum(increase(a_total{M}[$__range]))")),
        ),
        (
            "/panels/0/targets/0/expr",
            json!(query(
                "histogram_quantile($q, sum by ($by) (rate(a_seconds{M}[$__rate_interval])))"
            )),
        ),
        (
            "/panels/0/targets/0/expr",
            json!(query(
                "histogram_avg(rate(${prefix}a{M}[${__rate_interval}]))"
            )),
        ),
        (unit, json!({ "mappings": [{ "type": "value" }] })),
        (unit, json!({ "unit": "suffix: cats" })),
        ("/panels/0/datasource", json!("$prometheus_datasource")),
        ("/templating/list/2/query/query", json!("label_values(job)")),
        (
            "/templating/list/2/query/query",
            json!(r#"query_result(sum(up{a=~"b,c"}))"#),
        ),
    ];
    for (pointer, value) in cases {
        let mut json = good();
        *json.pointer_mut(pointer).unwrap() = value.clone();
        assert_eq!(broken(&json), BTreeSet::new(), "{pointer} = {value}");
    }
}

/// In both forms, so that the reading of both is checked by the same findings.
#[test]
fn the_bundled_dashboards_keep_the_rules_that_hold_for_them() {
    let config = LintConfig::read(BUNDLED_LINT).unwrap();
    assert_eq!(config.without_reason(), [""; 0]);
    let mut used = BTreeSet::new();
    for dashboard in boards::all() {
        let of = |json: &Value| lint(&Board::read(json).unwrap(), &config);
        let (first, second) = (of(&classic(&dashboard)), of(&v2(&dashboard)));
        for it in &first {
            assert_eq!(
                it.severity,
                Severity::Excluded,
                "{}: {it:?}",
                dashboard.title
            );
            used.insert(it.rule);
        }
        // Ids differ: the classic form counts rows.
        let words = |findings: &[brunt_grafana::Finding]| -> BTreeSet<_> {
            let of = |it: &brunt_grafana::Finding| {
                let title = it.panel.as_ref().map(|it| it.0.clone());
                (it.rule, title, it.target, it.message.clone())
            };
            findings.iter().map(of).collect()
        };
        assert_eq!(words(&first), words(&second), "{}", dashboard.title);
    }
    let rules = RULES.iter().map(|it| it.name);
    let excluded: BTreeSet<_> = rules.filter(|it| BUNDLED_LINT.contains(it)).collect();
    assert_eq!(used, excluded, "an exclusion that nothing needs");
}

#[test]
fn what_is_no_dashboard_is_said() {
    let read = |json: Value| Board::read(&json).unwrap_err().to_string();
    assert!(read(json!([])).contains("no JSON object"));
    assert!(read(json!({})).contains("no panels"));
    assert!(read(json!({ "panels": [] })).contains("no title"));
    assert!(read(json!({ "apiVersion": "v1", "kind": "ConfigMap" })).contains("apiVersion is v1"));
    let old = json!({ "title": "t", "schemaVersion": 12, "rows": [] });
    assert_eq!(Board::read(&old).unwrap_err(), BoardError::TooOld(12));
    // Whatever stands where something else belongs is read as missing.
    let odd = json!({
        "title": "t", "panels": [1, "x", { "targets": 5, "gridPos": [], "fieldConfig": null }, { "type": "row", "panels": {} }],
        "templating": { "list": [null, { "query": [] }] }, "tags": 3,
    });
    assert!(!lint(&Board::read(&odd).unwrap(), &LintConfig::default()).is_empty());
    let odd = json!({
        "apiVersion": "dashboard.grafana.app/v2",
        "spec": { "elements": { "a": { "kind": "Panel", "spec": 4 } }, "layout": [], "variables": [7] },
    });
    assert!(!lint(&Board::read(&odd).unwrap(), &LintConfig::default()).is_empty());
}

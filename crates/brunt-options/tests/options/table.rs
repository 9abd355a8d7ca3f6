//! One row for each option: all its names, a value in every form that it has, and its default.
//!
//! A new option fails this test until it has a row.

use brunt_options::{Layer, LayerOptions, Options, Support, TABLE};
use serde_json::{Value, json};

use super::{flags, variables};

struct Row {
    key: &'static str,
    /// As a script or a configuration file writes it.
    json: Value,
    /// As it is shown then; the same unless given.
    shown: Option<Value>,
    /// The variable, and what means the same there.
    env: Option<(&'static str, &'static str)>,
    /// The flag, and what means the same there.
    flag: Option<(&'static str, &'static str)>,
    default: Value,
    /// A value that no layer may give, as JSON; `null` if there is none.
    wrong: Value,
}

fn row(key: &'static str, json: Value, default: Value, wrong: Value) -> Row {
    Row {
        key,
        json,
        shown: None,
        env: None,
        flag: None,
        default,
        wrong,
    }
}

impl Row {
    fn env(mut self, name: &'static str, text: &'static str) -> Self {
        self.env = Some((name, text));
        self
    }

    fn flag(mut self, name: &'static str, text: &'static str) -> Self {
        self.flag = Some((name, text));
        self
    }

    fn shown(mut self, shown: Value) -> Self {
        self.shown = Some(shown);
        self
    }

    /// A switch with a variable and perhaps a flag.
    fn switch(key: &'static str, env: &'static str, flag: Option<&'static str>) -> Self {
        let row = row(key, json!(true), json!(false), json!("yes")).env(env, "true");
        match flag {
            Some(flag) => row.flag(flag, "true"),
            None => row,
        }
    }
}

fn load() -> Vec<Row> {
    let stages = json!([{"duration": "10s", "target": 5}, {"duration": "1m0s", "target": 20}]);
    let scenario = json!({"executor": "per-vu-iterations", "vus": 2});
    vec![
        Row::switch("paused", "K6_PAUSED", Some("--paused")),
        row("vus", json!(3), json!(1), json!("x"))
            .env("K6_VUS", "3")
            .flag("--vus", "3"),
        row("duration", json!("90s"), Value::Null, json!("soon"))
            .shown(json!("1m30s"))
            .env("K6_DURATION", "1m30s")
            .flag("--duration", "90s"),
        row("iterations", json!(7), Value::Null, json!(1.5))
            .env("K6_ITERATIONS", "7")
            .flag("--iterations", "7"),
        row("stages", stages, Value::Null, json!({"duration": "1s"}))
            .env("K6_STAGES", "10s:5,1m:20")
            .flag("--stage", "10s:5,1m:20"),
        row(
            "scenarios",
            json!({ "s": scenario }),
            Value::Null,
            json!({"s": {}}),
        )
        .shown(json!({"s": {
            "executor": "per-vu-iterations", "startTime": null, "gracefulStop": null, "env": null,
            "exec": null, "tags": null, "options": null, "vus": 2, "iterations": null,
            "maxDuration": null,
        }})),
        row(
            "executionSegment",
            json!("25%:50%"),
            json!("0:1"),
            json!("2:3"),
        )
        .shown(json!("1/4:1/2"))
        .env("K6_EXECUTION_SEGMENT", "1/4:0.5")
        .flag("--execution-segment", "1/4:0.5"),
        row(
            "executionSegmentSequence",
            json!("0,1/4,1/2,1"),
            json!("0,1"),
            json!("1,0"),
        )
        .env("K6_EXECUTION_SEGMENT_SEQUENCE", "0,0.25,50%,1")
        .flag("--execution-segment-sequence", "0,0.25,50%,1"),
        Row::switch("noSetup", "K6_NO_SETUP", Some("--no-setup")),
        row("setupTimeout", json!(1_500), json!("1m0s"), json!(-1))
            .shown(json!("1.5s"))
            .env("K6_SETUP_TIMEOUT", "1.5s"),
        Row::switch("noTeardown", "K6_NO_TEARDOWN", Some("--no-teardown")),
        row("teardownTimeout", json!("1500"), json!("1m0s"), json!([]))
            .shown(json!("1.5s"))
            .env("K6_TEARDOWN_TIMEOUT", "1500ms"),
        row(
            "handleSummaryTimeout",
            json!("3s"),
            json!("2m0s"),
            json!("three"),
        )
        .env("K6_HANDLE_SUMMARY_TIMEOUT", "3s"),
        row("minIterationDuration", json!("2s"), json!("0s"), json!({}))
            .env("K6_MIN_ITERATION_DURATION", "2s")
            .flag("--min-iteration-duration", "2s"),
    ]
}

fn network() -> Vec<Row> {
    let dns = json!({"ttl": "inf", "select": "roundRobin", "policy": "onlyIPv6"});
    let dns_default = json!({"ttl": "5m0s", "select": "random", "policy": "preferIPv4"});
    let versions = json!({"min": "tls1.2", "max": "tls1.2"});
    let auth = json!([{"cert": "C", "key": "K", "password": null, "domains": ["a.test"]}]);
    let agent = json!(format!("brunt/{}", env!("CARGO_PKG_VERSION")));
    vec![
        row("rps", json!(9), json!(0), json!("fast"))
            .env("K6_RPS", "9")
            .flag("--rps", "9"),
        row("dns", dns, dns_default, json!({"ttl": "x"}))
            .env("K6_DNS", "ttl=inf,select=roundRobin,policy=onlyIPv6")
            .flag("--dns", "ttl=inf,select=roundRobin,policy=onlyIPv6"),
        row("maxRedirects", json!(0), json!(10), json!(-1))
            .env("K6_MAX_REDIRECTS", "0")
            .flag("--max-redirects", "0"),
        row("userAgent", json!("a b"), agent, json!(1))
            .env("K6_USER_AGENT", "a b")
            .flag("--user-agent", "a b"),
        row("batch", json!(4), json!(20), json!("x"))
            .env("K6_BATCH", "4")
            .flag("--batch", "4"),
        row("batchPerHost", json!(2), json!(6), json!("x"))
            .env("K6_BATCH_PER_HOST", "2")
            .flag("--batch-per-host", "2"),
        row("httpDebug", json!("full"), Value::Null, json!("body"))
            .env("K6_HTTP_DEBUG", "full")
            .flag("--http-debug", "full"),
        Row::switch(
            "insecureSkipTLSVerify",
            "K6_INSECURE_SKIP_TLS_VERIFY",
            Some("--insecure-skip-tls-verify"),
        ),
        row(
            "tlsCipherSuites",
            json!(["TLS_AES_128_GCM_SHA256"]),
            Value::Null,
            json!(["RC4"]),
        )
        .env("K6_TLS_CIPHER_SUITES", "TLS_AES_128_GCM_SHA256"),
        row("tlsVersion", json!("tls1.2"), Value::Null, json!("ssl3"))
            .shown(versions)
            .env("K6_TLS_VERSION", "tls1.2"),
        row("tlsAuth", auth, Value::Null, json!([{"cert": "C"}])).env(
            "K6_TLSAUTH",
            r#"[{"cert": "C", "key": "K", "domains": ["a.test"]}]"#,
        ),
        Row::switch("throw", "K6_THROW", Some("--throw")),
        row(
            "blacklistIPs",
            json!(["10.0.0.0/8", "::1/128"]),
            Value::Null,
            json!(["x"]),
        )
        .env("K6_BLACKLIST_IPS", "10.0.0.0/8,::1")
        .flag("--blacklist-ip", "10.0.0.0/8,::1"),
        row(
            "blockHostnames",
            json!(["a.test", "*.b.test"]),
            Value::Null,
            json!(["a.*"]),
        )
        .env("K6_BLOCK_HOSTNAMES", "a.test,*.b.test")
        .flag("--block-hostnames", "a.test,*.b.test"),
        row(
            "hosts",
            json!({"a.test": "1.2.3.4:80"}),
            Value::Null,
            json!({"a": "b"}),
        )
        .env("K6_HOSTS", r#"{"a.test": "1.2.3.4:80"}"#),
        Row::switch(
            "noConnectionReuse",
            "K6_NO_CONNECTION_REUSE",
            Some("--no-connection-reuse"),
        ),
        Row::switch(
            "noVUConnectionReuse",
            "K6_NO_VU_CONNECTION_REUSE",
            Some("--no-vu-connection-reuse"),
        ),
        Row::switch("noCookiesReset", "K6_NO_COOKIES_RESET", None),
        Row::switch(
            "discardResponseBodies",
            "K6_DISCARD_RESPONSE_BODIES",
            Some("--discard-response-bodies"),
        ),
        row(
            "localIPs",
            json!("192.168.1.0/30"),
            Value::Null,
            Value::Null,
        )
        .env("K6_LOCAL_IPS", "192.168.1.0/30")
        .flag("--local-ips", "192.168.1.0/30"),
    ]
}

fn results() -> Vec<Row> {
    let thresholds = json!({"checks": ["rate>0.9"]});
    let system_tags = json!([
        "proto",
        "subproto",
        "status",
        "method",
        "url",
        "name",
        "group",
        "check",
        "error",
        "error_code",
        "tls_version",
        "scenario",
        "service",
        "expected_response",
    ]);
    let statistics = json!(["avg", "min", "med", "max", "p(90)", "p(95)"]);
    vec![
        row("thresholds", thresholds, Value::Null, json!({"checks": 1}))
            .env("K6_THRESHOLDS", r#"{"checks": ["rate>0.9"]}"#),
        row("cloud", json!({"projectID": 1}), Value::Null, Value::Null),
        row("ext", json!({"x": 1}), Value::Null, Value::Null),
        row(
            "summaryTrendStats",
            json!(["avg", "p(99)"]),
            statistics,
            json!(["p"]),
        )
        .env("K6_SUMMARY_TREND_STATS", "avg,p(99)")
        .flag("--summary-trend-stats", "avg,p(99)"),
        row("summaryTimeUnit", json!("ms"), Value::Null, json!("h"))
            .env("K6_SUMMARY_TIME_UNIT", "ms")
            .flag("--summary-time-unit", "ms"),
        row(
            "systemTags",
            json!(["url", "vu"]),
            system_tags,
            json!("url"),
        )
        .env("K6_SYSTEM_TAGS", "url,vu")
        .flag("--system-tags", "url,vu"),
        row("tags", json!({"a": "b"}), Value::Null, json!({"a": 1}))
            .env("K6_TAGS", "a:b")
            .flag("--tag", "a=b"),
        row("metricSamplesBufferSize", json!(9), Value::Null, json!("x"))
            .env("K6_METRIC_SAMPLES_BUFFER_SIZE", "9"),
        row("consoleOutput", json!("f.log"), Value::Null, Value::Null)
            .env("K6_CONSOLE_OUTPUT", "f.log")
            .flag("--console-output", "f.log"),
    ]
}

fn rows() -> Vec<Row> {
    load()
        .into_iter()
        .chain(network())
        .chain(results())
        .collect()
}

fn shown(layer: &LayerOptions, key: &str) -> Value {
    layer.options.to_json()[key].clone()
}

#[test]
fn every_option_has_a_row_with_its_names() {
    let rows = rows();
    for spec in TABLE {
        let row = rows.iter().find(|row| row.key == spec.key);
        let row = row.unwrap_or_else(|| panic!("{} has no row", spec.key));
        assert_eq!(spec.env, row.env.map(|(name, _)| name), "{}", spec.key);
        assert_eq!(spec.flag, row.flag.map(|(name, _)| name), "{}", spec.key);
    }
    assert_eq!(rows.len(), TABLE.len());
}

#[test]
fn every_form_of_an_option_means_the_same() {
    for row in rows() {
        let expected = row.shown.clone().unwrap_or_else(|| row.json.clone());
        if Options::spec(row.key).is_some_and(|spec| spec.script) {
            for layer in [Layer::Script, Layer::ConfigFile] {
                let object = json!({ row.key: row.json });
                let layer = LayerOptions::from_json(layer, &object).unwrap();
                assert!(layer.warnings.is_empty(), "{:?}", layer.warnings);
                assert_eq!(shown(&layer, row.key), expected, "{}", row.key);
            }
        }
        if let Some((name, text)) = row.env {
            let layer = variables(&[(name, text)]).unwrap();
            assert_eq!(shown(&layer, row.key), expected, "{name}");
        }
        if let Some((name, text)) = row.flag {
            assert_eq!(shown(&flags(&[(name, text)]), row.key), expected, "{name}");
        }
    }
}

#[test]
fn defaults_are_those_of_the_documentation() {
    let nothing = Options::consolidate([]).unwrap().explain();
    for row in rows().iter().filter(|row| row.key != "scenarios") {
        let one = nothing.iter().find(|one| one.spec.key == row.key).unwrap();
        assert_eq!(
            (one.layer, &one.value),
            (Layer::Default, &row.default),
            "{}",
            row.key
        );
    }
}

#[test]
fn a_wrong_value_is_refused_and_the_option_named() {
    for row in rows().iter().filter(|row| !row.wrong.is_null()) {
        let layer = LayerOptions::from_script(&json!({ row.key: row.wrong }));
        let error = layer
            .and_then(|layer| Options::consolidate([layer]))
            .unwrap_err();
        assert!(error.path.starts_with(row.key), "{error}");
        assert_eq!(error.layer, Layer::Script);
    }
}

#[test]
fn each_layer_beats_those_below_it() {
    for row in rows() {
        let Some(spec) = Options::spec(row.key).filter(|spec| spec.script) else {
            continue;
        };
        let mut object = json!({ row.key: row.json });
        if row.key == "executionSegmentSequence" {
            object["executionSegment"] = json!("0:1/4");
        }
        let by = |own: Layer| LayerOptions::from_json(own, &object).unwrap();
        let mut layers = vec![by(Layer::ConfigFile), by(Layer::Script)];
        layers.extend(row.env.map(|variable| variables(&[variable]).unwrap()));
        layers.extend(row.flag.map(|flag| flags(&[flag])));
        for most in 1..=layers.len() {
            let some = layers[..most].iter().cloned();
            let explained = Options::consolidate(some).unwrap().explain();
            let one = explained
                .iter()
                .find(|one| one.spec.key == row.key)
                .unwrap();
            assert_eq!(one.layer, layers[most - 1].layer, "{}", spec.key);
            assert_eq!(one.overridden.len(), most - 1, "{}", spec.key);
        }
    }
}

#[test]
fn what_has_no_effect_yet_is_said_by_its_name_in_its_layer() {
    let warned = |layer: LayerOptions, name: &str| {
        let warnings = Options::consolidate([layer]).unwrap().warnings;
        let sentence = format!(": {name} is not supported yet and has no effect");
        warnings.iter().any(|warning| warning.ends_with(&sentence))
    };
    for row in rows() {
        let spec = Options::spec(row.key).unwrap();
        let later = spec.support == Support::Later;
        if row.key == "executionSegmentSequence" {
            // An error without a segment of its own; it has effect.
            assert!(!later);
            continue;
        }
        if spec.script {
            let script = LayerOptions::from_script(&json!({ row.key: row.json })).unwrap();
            assert_eq!(warned(script, row.key), later, "{}", row.key);
        }
        if let Some((name, text)) = row.env {
            assert_eq!(
                warned(variables(&[(name, text)]).unwrap(), name),
                later,
                "{name}"
            );
        }
        if let Some((name, text)) = row.flag.filter(|(name, _)| !name.ends_with("sequence")) {
            assert_eq!(warned(flags(&[(name, text)]), name), later, "{name}");
        }
    }
}

//! The forms that values may have where users write them.

use std::time::Duration;

use brunt_options::{
    Dns, DnsPolicy, DnsSelect, DnsTtl, HttpDebug, Layer, LayerOptions, OptionSpec, RunKeys,
    StageDraft, TABLE, Threshold, TlsVersion,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{flags, script, variables};

fn stage(seconds: u64, target: u64) -> StageDraft {
    StageDraft {
        duration: Some(Duration::from_secs(seconds)),
        target: Some(target),
    }
}

#[test]
fn scripts_write_numbers_and_durations_in_several_ways() {
    let read = |value: Value| {
        let options = json!({ "iterations": value });
        LayerOptions::from_script(&options)
            .unwrap()
            .options
            .iterations
    };
    assert_eq!(read(json!(3)), Some(3));
    assert_eq!(read(json!(3.0)), Some(3));
    assert_eq!(read(json!("3")), Some(3));
    assert_eq!(read(Value::Null), None);
    let read = |value: Value| {
        let options = json!({ "setupTimeout": value });
        LayerOptions::from_script(&options)
            .unwrap()
            .options
            .setup_timeout()
    };
    assert_eq!(read(json!("2m")), Duration::from_mins(2));
    assert_eq!(read(json!(1_500)), Duration::from_millis(1_500));
    assert_eq!(read(json!(0.5)), Duration::from_micros(500));
    assert_eq!(read(json!("1500")), Duration::from_millis(1_500));
    assert_eq!(read(Value::Null), Duration::from_mins(1));
}

#[test]
fn thresholds_have_three_forms() {
    let options = json!({"thresholds": {
        "checks": "rate>0.9",
        "http_reqs": ["count>1", "rate>2"],
        "http_req_duration{a:b}": [{"threshold": "p(95)<5", "abortOnFail": true, "delayAbortEval": "10s"}],
    }});
    let thresholds = script(&options).unwrap().options.thresholds.unwrap().0;
    assert_eq!(thresholds["checks"], [Threshold::new("rate>0.9")]);
    assert_eq!(
        thresholds["http_reqs"],
        ["count>1", "rate>2"].map(Threshold::new)
    );
    assert_eq!(
        thresholds["http_req_duration{a:b}"],
        [Threshold {
            threshold: "p(95)<5".to_owned(),
            abort_on_fail: true,
            delay_abort_eval: Some(Duration::from_secs(10)),
        }]
    );
}

#[test]
fn unknown_keys_are_warned_about_and_the_test_goes_on() {
    let options = json!({ "iteratons": 3, "somethingElseEntirely": {}, "cloud": {"id": 1} });
    let consolidated = script(&options).unwrap();
    assert_eq!(
        consolidated.warnings,
        [
            "options (script): unknown option \"iteratons\" has no effect; did you mean \"iterations\"?",
            "options (script): unknown option \"somethingElseEntirely\" has no effect",
        ]
    );
    let file = json!({ "out": ["json"], "linger": true, "collectors": {}, "consoleOutput": "f" });
    let file = LayerOptions::from_config_file(&file).unwrap();
    assert_eq!(file.warnings.len(), 1, "{:?}", file.warnings);
    assert!(file.warnings[0].contains("\"consoleOutput\""));
}

#[test]
fn variables_have_their_own_forms() {
    let options = variables(&[
        ("K6_VUS", "2"),
        ("K6_STAGES", "10s:5,1m:20"),
        ("K6_TAGS", "team:blue,url:http://x:80/"),
        ("K6_SUMMARY_TREND_STATS", "avg,p(95)"),
        ("K6_DNS", "ttl=5m,select=first,policy=onlyIPv6"),
        ("K6_HTTP_DEBUG", "full"),
        ("K6_TLS_VERSION", "tls1.2"),
        ("K6_THRESHOLDS", r#"{"checks": ["rate>0.9"]}"#),
        ("K6_HOSTS", r#"{"example.com": "127.0.0.1:80"}"#),
        ("K6_BLACKLIST_IPS", "10.0.0.0/8, ::1"),
        ("K6_SYSTEM_TAGS", ""),
        ("K6_USER_AGENT", ""),
        ("K6_ITERATIONS", ""),
        ("K6_UNHEARD_OF", "x"),
        ("HOME", "/"),
    ])
    .unwrap()
    .options;
    assert_eq!(options.vus, Some(2));
    assert_eq!(options.stages, Some(vec![stage(10, 5), stage(60, 20)]));
    let tags = options.tags.unwrap().0;
    assert_eq!(
        (tags["team"].as_str(), tags["url"].as_str()),
        ("blue", "http://x:80/")
    );
    assert_eq!(options.summary_trend_stats.unwrap(), ["avg", "p(95)"]);
    assert_eq!(
        options.dns,
        Some(Dns {
            ttl: Some(DnsTtl::For(Duration::from_mins(5))),
            select: Some(DnsSelect::First),
            policy: Some(DnsPolicy::OnlyIpv6),
        })
    );
    assert_eq!(options.http_debug, Some(HttpDebug::Full));
    assert_eq!(options.tls_version.unwrap().max, Some(TlsVersion::Tls12));
    assert_eq!(options.thresholds.unwrap().0["checks"].len(), 1);
    assert_eq!(options.hosts.unwrap()["example.com"].port, Some(80));
    assert_eq!(options.blacklist_ips.unwrap().len(), 2);
    assert_eq!(options.system_tags, Some(Vec::new()));
    assert_eq!(options.user_agent.as_deref(), Some(""));
    assert_eq!(options.iterations, None);
}

#[test]
fn switches_in_variables_have_gos_forms() {
    for (text, value) in [
        ("1", true),
        ("t", true),
        ("T", true),
        ("TRUE", true),
        ("true", true),
        ("True", true),
        ("0", false),
        ("f", false),
        ("F", false),
        ("FALSE", false),
        ("false", false),
        ("False", false),
    ] {
        assert_eq!(
            variables(&[("K6_THROW", text)]).unwrap().options.throw,
            Some(value),
            "{text}"
        );
    }
    for text in ["yes", "on", "tRUE", "2", " "] {
        assert!(variables(&[("K6_THROW", text)]).is_err(), "{text}");
    }
}

#[test]
fn flags_of_lists_may_come_several_times() {
    let options = flags(&[
        ("--stage", "10s:5"),
        ("--stage", "1m:20,5s:"),
        ("--tag", "a=1"),
        ("--tag", "b=x=y"),
        ("--tag", "a=2"),
        ("--blacklist-ip", "10.0.0.0/8"),
        ("--blacklist-ip", "1.2.3.4"),
        ("--system-tags", "url,name"),
        ("--vus", "1"),
        ("--vus", "2"),
    ])
    .options;
    let last = StageDraft {
        duration: Some(Duration::from_secs(5)),
        target: None,
    };
    assert_eq!(
        options.stages,
        Some(vec![stage(10, 5), stage(60, 20), last])
    );
    let tags = options.tags.unwrap().0;
    assert_eq!(
        tags.into_iter().collect::<Vec<_>>(),
        [
            ("a".to_owned(), "2".to_owned()),
            ("b".to_owned(), "x=y".to_owned()),
        ]
    );
    assert_eq!(options.blacklist_ips.unwrap().len(), 2);
    assert_eq!(options.system_tags.unwrap(), ["url", "name"]);
    assert_eq!(options.vus, Some(2));
}

#[test]
fn names_are_used_once() {
    type Name = fn(&OptionSpec) -> Option<&'static str>;
    let names: [Name; 3] = [|spec| Some(spec.key), |spec| spec.env, |spec| spec.flag];
    for name in names {
        let mut names: Vec<&str> = TABLE.iter().filter_map(name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[-a-z0-9:.*/(){}% ]{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["constant-vus", "ramping-vus", "1s", "0:1/2", "tls1.2"])
            .prop_map(Value::from),
    ];
    let keys = TABLE
        .iter()
        .map(|spec| spec.key)
        .chain(["s", "executor", "rate", "target", "ttl"]);
    let keys = prop::sample::select(keys.map(str::to_owned).collect::<Vec<_>>());
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((keys.clone(), inner), 0..5)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_options_panic(options in any_json()) {
        if let Err(error) = script(&options) {
            prop_assert_eq!(error.layer, Layer::Script);
            prop_assert!(!error.path.is_empty() && !error.reason.is_empty());
        }
    }

    #[test]
    fn no_text_panics(spec in prop::sample::select(TABLE), text in "[-a-z0-9:.,=*/(){}\\[\\]\"% ]{0,20}") {
        if let Some(name) = spec.env {
            let _ = variables(&[(name, &text)]);
        }
        if let Some(flag) = spec.flag {
            let _ = LayerOptions::cli().set_flag(flag, &text);
        }
    }
}

#[test]
fn a_configuration_file_sets_up_the_run_too() {
    let read = |file: Value| RunKeys::from_config_file(&file);
    let texts = |texts: &[&str]| Some(texts.iter().map(|&text| text.to_owned()).collect());
    let keys = read(json!({"out": "json=a,b", "features": "a, b", "linger": true})).unwrap();
    assert_eq!(keys.out, texts(&["json=a,b"]));
    assert_eq!(
        (keys.features, keys.linger),
        (texts(&["a", "b"]), Some(true))
    );
    let keys =
        read(json!({"out": ["json=a", "csv=b"], "features": ["a"], "linger": null})).unwrap();
    assert_eq!(keys.out, texts(&["json=a", "csv=b"]));
    assert_eq!((keys.features, keys.linger), (texts(&["a"]), None));
    assert_eq!(read(json!({})).unwrap(), RunKeys::default());
    for (file, message) in [
        (
            json!({"out": 3}),
            "out: expected a list, as in [ … ], found 3",
        ),
        (
            json!({"out": [3]}),
            "out[0]: expected a text (write \"3\"), found 3",
        ),
        (
            json!({"linger": "yes"}),
            "linger: expected true or false, found \"yes\"",
        ),
        (
            json!({"features": {}}),
            "features: expected a list, as in [ … ], found an object",
        ),
    ] {
        let error = read(file).unwrap_err().to_string();
        assert_eq!(error, format!("options (config file): {message}"));
    }
}

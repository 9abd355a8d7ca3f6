//! Who wins.

use std::time::Duration;

use brunt_options::{
    Consolidated, Dns, DnsSelect, DnsTtl, ExecutorConfig, Features, Layer, LayerOptions, Options,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{flags, script, variables};

fn layer(layer: Layer, options: &Value) -> LayerOptions {
    LayerOptions::from_json(layer, options).unwrap()
}

fn only(consolidated: &Consolidated) -> ExecutorConfig {
    assert_eq!(consolidated.scenarios.len(), 1);
    assert_eq!(consolidated.scenarios[0].name, "default");
    consolidated.scenarios[0].executor.clone()
}

const TEN_MINUTES: Duration = Duration::from_mins(10);

#[test]
fn shortcuts_become_one_scenario() {
    let shared = |vus, iterations, max_duration| ExecutorConfig::SharedIterations {
        vus,
        iterations,
        max_duration,
    };
    for (options, executor) in [
        (
            json!({}),
            ExecutorConfig::PerVuIterations {
                vus: 1,
                iterations: 1,
                max_duration: TEN_MINUTES,
            },
        ),
        (json!({"vus": 3}), shared(3, 3, TEN_MINUTES)),
        (json!({"iterations": 5}), shared(1, 5, TEN_MINUTES)),
        (
            json!({"iterations": 5, "vus": 2, "duration": "9s"}),
            shared(2, 5, Duration::from_secs(9)),
        ),
        (
            json!({"duration": "9s"}),
            ExecutorConfig::ConstantVus {
                vus: 1,
                duration: Duration::from_secs(9),
            },
        ),
        (
            json!({"duration": "9s", "vus": 4}),
            ExecutorConfig::ConstantVus {
                vus: 4,
                duration: Duration::from_secs(9),
            },
        ),
    ] {
        assert_eq!(only(&script(&options).unwrap()), executor, "{options}");
    }
    let ramp = script(&json!({"vus": 2, "stages": [{"duration": "3s", "target": 5}]})).unwrap();
    assert!(matches!(
        only(&ramp),
        ExecutorConfig::RampingVus { start_vus: 2, ref stages, graceful_ramp_down }
            if stages.len() == 1 && graceful_ramp_down == Duration::from_secs(30)
    ));
}

#[test]
fn empty_stages_and_scenarios_warn_and_run_once() {
    for (key, options) in [
        ("stages", json!({ "stages": [] })),
        ("scenarios", json!({ "scenarios": {} })),
    ] {
        let consolidated = script(&options).unwrap();
        assert_eq!(only(&consolidated).kind(), "per-vu-iterations");
        let warning = format!("{key} is empty, so one VU runs one iteration");
        assert_eq!(consolidated.warnings, [warning]);
    }
}

#[test]
fn vus_alone_beats_scenarios_with_a_warning() {
    let options = json!({"vus": 2, "scenarios": {"s": {"executor": "shared-iterations"}}});
    let consolidated = script(&options).unwrap();
    assert_eq!(only(&consolidated).kind(), "shared-iterations");
    assert_eq!(
        consolidated.warnings,
        [
            "vus is set at the top level, so 2 VUs share 2 iterations and the scenarios are ignored; remove vus to run them"
        ]
    );
}

#[test]
fn a_flag_replaces_the_scripts_scenarios() {
    let own = json!({"scenarios": {"own": {"executor": "per-vu-iterations", "iterations": 0}}});
    // What is replaced may make no sense.
    let layers = [layer(Layer::Script, &own), flags(&[("--iterations", "3")])];
    let consolidated = Options::consolidate(layers).unwrap();
    assert_eq!(only(&consolidated).kind(), "shared-iterations");
    assert_eq!(
        consolidated.warnings,
        ["options (command line): --iterations overrides the scenarios of the script entirely"]
    );
    assert!(script(&own).is_err());
}

#[test]
fn a_stronger_shortcut_clears_the_weaker_ones_but_vus_stays() {
    let layers = [
        layer(
            Layer::ConfigFile,
            &json!({"stages": [{"duration": "1s", "target": 2}]}),
        ),
        layer(Layer::Script, &json!({"vus": 3, "iterations": 30})),
        variables(&[("K6_DURATION", "20s")]).unwrap(),
    ];
    let consolidated = Options::consolidate(layers).unwrap();
    let duration = Duration::from_secs(20);
    assert_eq!(
        only(&consolidated),
        ExecutorConfig::ConstantVus { vus: 3, duration }
    );
    assert_eq!(consolidated.options.stages, None);
    assert_eq!(consolidated.options.iterations, None);
    assert_eq!(consolidated.origin("vus"), Layer::Script);
    assert_eq!(consolidated.origin("duration"), Layer::Env);
    assert_eq!(consolidated.origin("iterations"), Layer::Default);
    assert!(consolidated.warnings.is_empty());
}

#[test]
fn maps_are_replaced_whole_and_dns_field_by_field() {
    let layers = [
        layer(
            Layer::Script,
            &json!({"tags": {"a": "1", "b": "2"}, "dns": {"ttl": "inf", "select": "first"}}),
        ),
        layer(
            Layer::Cli,
            &json!({"tags": {"a": "3"}, "dns": {"select": "roundRobin"}}),
        ),
    ];
    let options = Options::consolidate(layers).unwrap().options;
    assert_eq!(
        options.tags.unwrap().0.into_iter().collect::<Vec<_>>(),
        [("a".to_owned(), "3".to_owned())]
    );
    let dns = Dns {
        ttl: Some(DnsTtl::Forever),
        select: Some(DnsSelect::RoundRobin),
        policy: None,
    };
    assert_eq!(options.dns, Some(dns));
}

#[test]
fn scenarios_are_ordered_by_start_then_name() {
    let at = |start: &str| json!({"executor": "shared-iterations", "startTime": start});
    let options = json!({"scenarios": {"c": at("1s"), "b": at("0s"), "a": at("1s")}});
    let names: Vec<String> = script(&options)
        .unwrap()
        .scenarios
        .into_iter()
        .map(|scenario| scenario.name)
        .collect();
    assert_eq!(names, ["b", "a", "c"]);
}

#[test]
fn defaults_of_a_scenario_are_filled_in() {
    let options = json!({"scenarios": {"s": {
        "executor": "constant-arrival-rate", "rate": 5, "duration": "3s", "preAllocatedVUs": 2,
    }}});
    let scenario = script(&options).unwrap().scenarios.remove(0);
    assert_eq!(
        scenario.executor,
        ExecutorConfig::ConstantArrivalRate {
            rate: 5,
            time_unit: Duration::from_secs(1),
            duration: Duration::from_secs(3),
            pre_allocated_vus: 2,
            max_vus: 2,
        }
    );
    assert_eq!(scenario.graceful_stop, Duration::from_secs(30));
    assert_eq!(
        (scenario.exec.as_str(), scenario.start_time),
        ("default", Duration::ZERO)
    );
    assert!(scenario.env.is_empty() && scenario.tags.is_empty());
}

/// A layer with any of a few options.
fn some_layer(own: Layer) -> impl Strategy<Value = LayerOptions> {
    let execution = prop_oneof![
        Just(json!({})),
        (1_u64..9).prop_map(|n| json!({ "iterations": n * 10 })),
        (1_u64..9).prop_map(|n| json!({ "duration": n * 1_000 })),
        (1_u64..9).prop_map(|n| json!({ "stages": [{"duration": n * 1_000, "target": n}] })),
        (1_u64..9).prop_map(
            |n| json!({ "scenarios": {"s": {"executor": "per-vu-iterations", "iterations": n}} })
        ),
    ];
    let agent = prop::option::of(0_u64..1_000);
    let redirects = prop::option::of(0_u64..1_000);
    (execution, prop::option::of(1_u64..9), agent, redirects).prop_map(
        move |(mut options, vus, agent, redirects)| {
            options["vus"] = json!(vus);
            options["userAgent"] = json!(agent.map(|n| n.to_string()));
            options["maxRedirects"] = json!(redirects);
            layer(own, &options)
        },
    )
}

fn four_layers() -> impl Strategy<Value = Vec<LayerOptions>> {
    (
        some_layer(Layer::ConfigFile),
        some_layer(Layer::Script),
        some_layer(Layer::Env),
        some_layer(Layer::Cli),
    )
        .prop_map(|(file, script, env, cli)| vec![file, script, env, cli])
}

proptest! {
    #[test]
    fn the_strongest_layer_that_speaks_wins(layers in four_layers()) {
        let consolidated = Options::consolidate(layers.clone()).unwrap();
        let strongest = |is_set: fn(&Options) -> bool| {
            layers.iter().rev().find(|own| is_set(&own.options))
        };
        let agent = strongest(|options| options.user_agent.is_some());
        prop_assert_eq!(
            &consolidated.options.user_agent,
            &agent.and_then(|own| own.options.user_agent.clone())
        );
        prop_assert_eq!(consolidated.origin("userAgent"), agent.map_or(Layer::Default, |own| own.layer));
        let vus = strongest(|options| options.vus.is_some());
        prop_assert_eq!(consolidated.options.vus, vus.and_then(|own| own.options.vus));
    }

    #[test]
    fn the_order_in_which_layers_are_given_does_not_matter(
        (layers, shuffled) in four_layers()
            .prop_flat_map(|layers| (Just(layers.clone()), Just(layers).prop_shuffle())),
    ) {
        prop_assert_eq!(Options::consolidate(layers), Options::consolidate(shuffled));
    }

    #[test]
    fn one_layer_alone_says_how_the_test_runs(layers in four_layers()) {
        let execution = |options: &Options| {
            ["duration", "iterations", "stages", "scenarios"].into_iter().any(|key| options.is_set(key))
        };
        let consolidated = Options::consolidate(layers.clone()).unwrap();
        let winner = layers.iter().rev().find(|own| execution(&own.options));
        let mut alone = LayerOptions::empty(Layer::Cli);
        if let Some(winner) = winner {
            alone.options = winner.options.clone();
        }
        alone.options.vus = consolidated.options.vus;
        let alone = Options::consolidate([alone]).unwrap();
        prop_assert_eq!(consolidated.scenarios, alone.scenarios);
    }

    #[test]
    fn a_layer_that_says_nothing_changes_nothing(layers in four_layers()) {
        let without = Options::consolidate(layers.clone()).unwrap();
        let mut with = layers;
        with.insert(2, LayerOptions::empty(Layer::Env));
        prop_assert_eq!(without, Options::consolidate(with).unwrap());
    }
}

#[test]
fn tags_of_all_layers_are_merged_if_the_feature_is_on() {
    let layers = || {
        [
            layer(Layer::ConfigFile, &json!({"tags": {"a": "1", "c": "1"}})),
            layer(Layer::Script, &json!({"tags": {"b": "2", "c": "2"}})),
            flags(&[("--tag", "c=3")]),
        ]
    };
    let tags = |options: &Options| options.to_json()["tags"].clone();
    let replaced = Options::consolidate(layers()).unwrap().options;
    assert_eq!(tags(&replaced), json!({"c": "3"}));
    let (features, _) = Features::parse(["merge-run-tags"]);
    let merged = Options::consolidate_with(layers(), &features)
        .unwrap()
        .options;
    assert_eq!(tags(&merged), json!({"a": "1", "b": "2", "c": "3"}));
}

#[test]
fn what_a_value_replaced_is_known() {
    let scenarios = json!({"s": {"executor": "shared-iterations"}});
    let layers = [
        layer(
            Layer::ConfigFile,
            &json!({"vus": 2, "scenarios": scenarios}),
        ),
        layer(Layer::Script, &json!({"vus": 3, "iterations": 9})),
        variables(&[("K6_ITERATIONS", "12")]).unwrap(),
    ];
    let explained = Options::consolidate(layers).unwrap().explain();
    let one = |key: &str| explained.iter().find(|one| one.spec.key == key).unwrap();
    let iterations = one("iterations");
    assert_eq!(
        (&iterations.value, iterations.layer),
        (&json!(12), Layer::Env)
    );
    assert_eq!(iterations.overridden, [(Layer::Script, json!(9))]);
    let scenarios = one("scenarios");
    assert_eq!(scenarios.value["default"]["iterations"], json!(12));
    assert_eq!(
        (scenarios.layer, scenarios.by.key),
        (Layer::Env, "iterations")
    );
    assert_eq!(scenarios.overridden.len(), 1);
    assert_eq!(one("vus").overridden, [(Layer::ConfigFile, json!(2))]);
}

#[test]
fn keys_of_certificates_are_not_shown() {
    let auth = json!([{"cert": "C", "key": "SECRET", "password": "SECRET"}]);
    let layers = [
        layer(Layer::ConfigFile, &json!({ "tlsAuth": auth })),
        layer(Layer::Script, &json!({ "tlsAuth": auth })),
    ];
    let explained = format!("{:?}", Options::consolidate(layers).unwrap().explain());
    assert!(explained.contains("tlsAuth") && !explained.contains("SECRET"));
}

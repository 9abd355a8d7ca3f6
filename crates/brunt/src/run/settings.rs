//! All layers of options settled into what engine, modules, bus and outputs need.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use brunt_aggregate::{AggregatePlan, Submetric, ThresholdSpec, Thresholds};
use brunt_engine::{EngineConfig, Level, LogSink, Record};
use brunt_k6::K6Config;
use brunt_metrics::{Interner, MetricKind, SystemTag, SystemTags, TagSet, ValueType, builtin};
use brunt_net::NetConfig;
use brunt_options::{
    Consolidated, Feature, Options, OptionsError, plan, to_export_json, to_script_json,
};
use brunt_output::{Account, Declaration, DeclaredSubmetric, Drain, Log, OutputContext, Spool};
use brunt_summary::{Mode, SummaryOptions};

use crate::exit::{Exit, Failure};
use crate::run::script::Script;
use crate::run::{RunArgs, layers, limits};

/// What a test is made of.
pub(crate) struct Settings {
    pub(crate) options: Consolidated,
    pub(crate) engine: EngineConfig,
    pub(crate) k6: Arc<K6Config>,
    pub(crate) thresholds: Thresholds,
    pub(crate) plan: Arc<AggregatePlan>,
    pub(crate) interner: Arc<Interner>,
    pub(crate) summary: SummaryOptions,
    pub(crate) summary_enabled: bool,
    /// Whether `handleSummary` gets the newer form.
    pub(crate) machine_summary: bool,
    system_tags: SystemTags,
}

fn invalid(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::InvalidConfig, error.to_string())
}

/// Puts the layers together and checks what only all of them together show.
pub(crate) fn settle(
    args: &RunArgs,
    script: &Script,
    log: &Arc<dyn LogSink>,
) -> Result<Settings, Failure> {
    let options = layers::consolidate(args, script)?;
    for message in warnings(args, &options) {
        log.log(Record {
            level: Level::Warn,
            message,
            fields: Vec::new(),
        });
    }
    for scenario in &options.scenarios {
        if !script.has(&scenario.exec) {
            let message = format!(
                "scenario '{}': function '{}' not found in exports; export it, or name another one with `exec`",
                scenario.name, scenario.exec
            );
            return Err(Failure::new(Exit::InvalidConfig, message));
        }
    }
    let own = &options.options;
    let placed = |error| layers::failure(error, args, script);
    let system_tags = system_tags(&options).map_err(placed)?;
    let mut run_tags: TagSet = own
        .tags
        .iter()
        .flat_map(|tags| &tags.0)
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    for (name, value) in args.features.tags() {
        run_tags.set(name, value);
    }
    let thresholds = thresholds(args, script, &options).map_err(placed)?;
    let mut plan = plan(script, &thresholds, system_tags);
    if args.summary_mode == "full" || args.machine_summary {
        plan = plan.with_sections();
    }
    let lateness = script.registry.register(
        "brunt_engine_iteration_lateness",
        MetricKind::Trend,
        ValueType::Time,
    );
    let arrival = options
        .scenarios
        .iter()
        .any(|it| it.executor.kind().contains("arrival"));
    let engine = EngineConfig {
        run_tags: Arc::new(run_tags.clone()),
        scenario_tag: system_tags.has(SystemTag::Scenario),
        setup: (script.has("setup") && !own.no_setup.unwrap_or(false)).then(|| own.setup_timeout()),
        teardown: (script.has("teardown") && !own.no_teardown.unwrap_or(false))
            .then(|| own.teardown_timeout()),
        lateness: lateness.ok().filter(|_| arrival).map(|metric| metric.id),
        partition: options.partition.clone(),
        paused: own.paused.unwrap_or(false),
        ..EngineConfig::new(options.scenarios.clone())
    };
    let net = super::network::net_config(&options, log)?;
    let k6 = Arc::new(k6_config(
        args,
        script,
        &options,
        net,
        system_tags,
        run_tags,
    ));
    let summary = summary_options(args, own)?;
    Ok(Settings {
        engine,
        k6,
        thresholds,
        plan: Arc::new(plan),
        interner: Arc::new(Interner::new(args.max_series)),
        summary,
        summary_enabled: args.summary_mode != "disabled",
        machine_summary: args.machine_summary,
        system_tags,
        options,
    })
}

/// What the user should be told about the options, one sentence each.
pub(crate) fn warnings(args: &RunArgs, options: &Consolidated) -> Vec<String> {
    let flags = args
        .without_effect
        .iter()
        .map(|flag| format!("{flag} is not supported yet and has no effect"));
    let vus = plan::vu_requirements_of(&options.scenarios, &options.partition);
    let all = options.warnings.iter().cloned().chain(flags);
    all.chain(limits::check(vus.max)).collect()
}

fn system_tags(options: &Consolidated) -> Result<SystemTags, OptionsError> {
    let Some(names) = &options.options.system_tags else {
        return Ok(SystemTags::default());
    };
    names
        .iter()
        .filter(|name| !name.is_empty())
        .map(|name| name.parse::<SystemTag>())
        .collect::<Result<_, _>>()
        .map_err(|error| options.error("systemTags", error.to_string()))
}

fn thresholds(
    args: &RunArgs,
    script: &Script,
    options: &Consolidated,
) -> Result<Thresholds, OptionsError> {
    let specs: BTreeMap<&str, Vec<ThresholdSpec>> = options
        .options
        .thresholds
        .iter()
        .filter(|_| !args.no_thresholds)
        .flat_map(|all| &all.0)
        .map(|(key, list)| {
            let specs = list.iter().map(|one| ThresholdSpec {
                expression: one.threshold.clone(),
                abort_on_fail: one.abort_on_fail,
                delay_abort_eval: one.delay_abort_eval.unwrap_or_default(),
            });
            (key.as_str(), specs.collect())
        })
        .collect();
    let given = specs.iter().map(|(key, list)| (*key, list.as_slice()));
    Thresholds::parse(given, &script.registry)
        .map_err(|error| options.member_error("thresholds", error.key(), error.to_string()))
}

fn plan(script: &Script, thresholds: &Thresholds, system_tags: SystemTags) -> AggregatePlan {
    let mut submetrics: Vec<Submetric> = thresholds.submetrics().collect();
    if system_tags.has(SystemTag::ExpectedResponse) {
        submetrics.push(Submetric {
            metric: builtin::HTTP_REQ_DURATION,
            suffix: "expected_response:true".to_owned(),
            tags: std::iter::once(("expected_response", "true")).collect(),
        });
    }
    AggregatePlan::new(Arc::clone(&script.registry), submetrics)
}

fn k6_config(
    args: &RunArgs,
    script: &Script,
    options: &Consolidated,
    net: NetConfig,
    system_tags: SystemTags,
    run_tags: TagSet,
) -> K6Config {
    let own = &options.options;
    let json = |value: serde_json::Value| OnceLock::from(Arc::from(value.to_string()));
    let default = K6Config::new(Arc::clone(&script.registry), Arc::clone(&script.groups));
    K6Config {
        net: Arc::new(NetConfig {
            max_idle: idle(own.batch()),
            max_idle_per_host: idle(own.batch_per_host()),
            ..net
        }),
        local_ips: own.local_ips.clone(),
        system_tags,
        run_tags,
        env: script.env.clone(),
        freeze_env: args.features.has(Feature::FreezeEnv),
        global: args.compatibility_mode != "base",
        shared: Arc::clone(&script.shared),
        user_agent: own.user_agent.clone().unwrap_or(default.user_agent),
        throw: own.throw.unwrap_or(false),
        http_debug: own.http_debug,
        discard_response_bodies: own.discard_response_bodies.unwrap_or(false),
        max_redirects: u32::try_from(own.max_redirects()).unwrap_or(u32::MAX),
        batch: usize::try_from(own.batch()).unwrap_or(usize::MAX),
        batch_per_host: usize::try_from(own.batch_per_host()).unwrap_or(usize::MAX),
        no_cookies_reset: own.no_cookies_reset.unwrap_or(false),
        min_iteration_duration: own.min_iteration_duration.unwrap_or(Duration::ZERO),
        no_vu_connection_reuse: own.no_vu_connection_reuse.unwrap_or(false),
        options_json: json(to_script_json(options)),
        exported_options_json: json(to_export_json(options)),
        ..default
    }
}

/// Connections that a virtual user keeps for as many requests as run side by side; at least one,
/// and some of them where there is no limit (0).
fn idle(at_once: u64) -> usize {
    match usize::try_from(at_once) {
        Ok(0) => NetConfig::default().max_idle,
        Ok(limit) => limit,
        Err(_) => usize::MAX,
    }
}

fn summary_options(args: &RunArgs, own: &Options) -> Result<SummaryOptions, Failure> {
    let mut summary = SummaryOptions {
        colour: colour(args),
        ..SummaryOptions::default()
    };
    if let Some(stats) = &own.summary_trend_stats {
        let stats = stats
            .iter()
            .filter(|stat| !stat.is_empty())
            .map(|stat| stat.parse());
        summary.trend_stats = stats.collect::<Result<_, _>>().map_err(invalid)?;
    }
    if let Some(unit) = own.summary_time_unit {
        summary.time_unit = Some(unit.as_str().parse().map_err(invalid)?);
    }
    summary.mode = if args.summary_mode == "full" {
        Mode::Full
    } else {
        Mode::Compact
    };
    Ok(summary)
}

fn colour(args: &RunArgs) -> bool {
    !args.no_colour && std::io::IsTerminal::is_terminal(&std::io::stdout())
}

impl Settings {
    /// What outputs may look up.
    pub(crate) fn output_context(&self, spool: &Spool, drain: &Drain) -> OutputContext {
        OutputContext {
            registry: Arc::clone(&self.k6.registry),
            interner: Arc::clone(&self.interner),
            system_tags: self.system_tags,
            declarations: Arc::new(self.declarations()),
            instance: instance_name().into(),
            utc_offset: None,
            repeatable: false,
            spool: spool.clone(),
            drain: drain.clone(),
            account: Account::default(),
            log: Log::default(),
        }
    }

    /// The thresholds on a part of a metric.
    fn thresholds_of(&self, submetric: &Submetric) -> Vec<String> {
        let own = self.thresholds.sources().filter(|(metric, suffix, _)| {
            metric.id == submetric.metric && *suffix == Some(submetric.suffix.as_str())
        });
        let sources = own.flat_map(|(_, _, sources)| sources);
        sources.map(str::to_owned).collect()
    }

    fn declarations(&self) -> BTreeMap<String, Declaration> {
        let mut all: BTreeMap<String, Declaration> = BTreeMap::new();
        for (metric, suffix, sources) in self.thresholds.sources() {
            if suffix.is_none() {
                let own = all.entry(metric.name.to_string()).or_default();
                own.thresholds
                    .extend(sources.into_iter().map(str::to_owned));
            }
        }
        for submetric in self.plan.submetrics() {
            let name = self.k6.registry.metric(submetric.metric).name.to_string();
            let pairs = submetric.tags.iter();
            let tags = pairs
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect();
            all.entry(name)
                .or_default()
                .submetrics
                .push(DeclaredSubmetric {
                    suffix: submetric.suffix.clone(),
                    tags,
                    thresholds: self.thresholds_of(submetric),
                });
        }
        all
    }
}

/// Host and process: tells this generator apart from others.
fn instance_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    let nonce = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.subsec_nanos());
    let host = if host.is_empty() { "localhost" } else { host };
    format!("{host}-{}-{:04x}", std::process::id(), nonce & 0xFFFF)
}

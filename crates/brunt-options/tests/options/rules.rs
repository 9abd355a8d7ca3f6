//! Every rule, with the sentence that its breach earns. Rules of scenarios: the fields that all have,
//! then what each executor wants of its own.

use serde_json::{Value, json};

use super::{flags, script, variables};
use brunt_options::Options;

fn message(options: &Value) -> String {
    match script(options) {
        Ok(_) => panic!("accepted: {options}"),
        Err(error) => error.to_string(),
    }
}

/// The message about a scenario called `s`.
fn scenario(fields: &Value) -> String {
    message(&json!({ "scenarios": { "s": fields } }))
}

#[test]
fn rules_of_scenarios() {
    for (fields, expected) in [
        (
            json!(3),
            "scenarios.s: expected a scenario such as {executor: \"constant-vus\", vus: 2, duration: \"10s\"}, found 3",
        ),
        (
            json!({}),
            "scenarios.s.executor: is required: one of shared-iterations, per-vu-iterations, constant-vus, ramping-vus, constant-arrival-rate, ramping-arrival-rate, externally-controlled",
        ),
        (
            json!({"executor": "at-leisure"}),
            "scenarios.s.executor: unknown executor \"at-leisure\"; use one of shared-iterations, per-vu-iterations, constant-vus, ramping-vus, constant-arrival-rate, ramping-arrival-rate, externally-controlled",
        ),
        (
            json!({"executor": "constant-vu"}),
            "scenarios.s.executor: unknown executor \"constant-vu\"; did you mean \"constant-vus\"?",
        ),
        (
            json!({"executor": "shared-iterations", "itterations": 3}),
            "scenarios.s.itterations: shared-iterations has no such field; did you mean \"iterations\"?",
        ),
        (
            json!({"executor": "constant-vus", "stages": []}),
            "scenarios.s.stages: constant-vus has no such field; ramping-vus has it",
        ),
        (
            json!({"executor": "constant-vus", "colour": 1}),
            "scenarios.s.colour: constant-vus has no such field; it has executor, startTime, gracefulStop, env, exec, tags, options, vus, duration",
        ),
        // Common fields
        (
            json!({"executor": "shared-iterations", "exec": ""}),
            "scenarios.s.exec: must not be empty; name an exported function, or leave it out for default",
        ),
        (
            json!({"executor": "shared-iterations", "exec": 1}),
            "scenarios.s.exec: expected a text (write \"1\"), found 1",
        ),
        (
            json!({"executor": "shared-iterations", "startTime": "-1s"}),
            "scenarios.s.startTime: expected a duration (it must not be negative), found \"-1s\"",
        ),
        (
            json!({"executor": "shared-iterations", "startTime": "soon"}),
            "scenarios.s.startTime: expected a duration such as \"30s\", \"1m30s\" or 500 (milliseconds), found \"soon\"",
        ),
        (
            json!({"executor": "shared-iterations", "gracefulStop": -5}),
            "scenarios.s.gracefulStop: expected a duration (it must not be negative), found -5",
        ),
        (
            json!({"executor": "shared-iterations", "gracefulStop": true}),
            "scenarios.s.gracefulStop: expected a duration such as \"30s\", \"1m30s\" or 500 (milliseconds), found true",
        ),
        (
            json!({"executor": "shared-iterations", "env": {"PORT": 80}}),
            "scenarios.s.env.PORT: expected a text (write \"80\"), found 80",
        ),
        (
            json!({"executor": "shared-iterations", "tags": ["a"]}),
            "scenarios.s.tags: expected an object, as in { … }, found a list",
        ),
        (
            json!({"executor": "shared-iterations", "options": 1}),
            "scenarios.s.options: expected an object, as in { … }, found 1",
        ),
        (
            json!({"executor": "shared-iterations", "startTime": "2500000h"}),
            "scenarios.s: it would take more than 100 years; shorten its durations",
        ),
        // shared-iterations
        (
            json!({"executor": "shared-iterations", "vus": 0}),
            "scenarios.s.vus: expected a positive whole number, found 0",
        ),
        (
            json!({"executor": "shared-iterations", "iterations": 0}),
            "scenarios.s.iterations: expected a positive whole number, found 0",
        ),
        (
            json!({"executor": "shared-iterations", "vus": 5, "iterations": 3}),
            "scenarios.s.iterations: 3 iterations are too few for 5 VUs; there must be at least as many as VUs",
        ),
        (
            json!({"executor": "shared-iterations", "maxDuration": "999ms"}),
            "scenarios.s.maxDuration: expected at least \"1s\", found \"999ms\"",
        ),
        (
            json!({"executor": "shared-iterations", "iterations": 1.5}),
            "scenarios.s.iterations: expected a positive whole number, found 1.5",
        ),
        (
            json!({"executor": "shared-iterations", "vus": 1e300}),
            "scenarios.s.vus: expected a positive whole number, found 1e+300",
        ),
        // per-vu-iterations
        (
            json!({"executor": "per-vu-iterations", "vus": 0}),
            "scenarios.s.vus: expected a positive whole number, found 0",
        ),
        (
            json!({"executor": "per-vu-iterations", "iterations": -1}),
            "scenarios.s.iterations: expected a positive whole number, found -1",
        ),
        (
            json!({"executor": "per-vu-iterations", "maxDuration": 0}),
            "scenarios.s.maxDuration: expected at least \"1s\", found \"0s\"",
        ),
        // externally-controlled
        (
            json!({"executor": "externally-controlled"}),
            "scenarios.s.duration: is required: a duration such as \"30s\", or \"0\" to run until stopped",
        ),
        (
            json!({"executor": "externally-controlled", "duration": "1s", "vus": 3, "maxVUs": 2}),
            "scenarios.s.maxVUs: 2 is less than vus, 3",
        ),
        (
            json!({"executor": "externally-controlled", "duration": "1s", "vus": -1}),
            "scenarios.s.vus: expected a positive whole number, found -1",
        ),
        (
            json!({"executor": "externally-controlled", "duration": "1s", "startTime": "1s"}),
            "scenarios.s.startTime: an externally-controlled scenario starts with the test; leave it out",
        ),
        (
            json!({"executor": "externally-controlled", "duration": "1s", "gracefulStop": "0s"}),
            "scenarios.s.gracefulStop: an externally-controlled scenario lets iterations end by itself; leave it out",
        ),
        (
            json!({"executor": "externally-controlled", "duration": "1s", "rate": 1}),
            "scenarios.s.rate: externally-controlled has no such field; constant-arrival-rate has it",
        ),
        // constant-vus
        (
            json!({"executor": "constant-vus"}),
            "scenarios.s.duration: is required: a duration such as \"30s\"",
        ),
        (
            json!({"executor": "constant-vus", "vus": 0, "duration": "1s"}),
            "scenarios.s.vus: expected a positive whole number, found 0",
        ),
        (
            json!({"executor": "constant-vus", "duration": "500ms"}),
            "scenarios.s.duration: expected at least \"1s\", found \"500ms\"",
        ),
        // ramping-vus
        (
            json!({"executor": "ramping-vus"}),
            "scenarios.s.stages: is required: at least one stage such as {duration: \"30s\", target: 10}",
        ),
        (
            json!({"executor": "ramping-vus", "stages": []}),
            "scenarios.s.stages: is required: at least one stage such as {duration: \"30s\", target: 10}",
        ),
        (
            json!({"executor": "ramping-vus", "stages": [{"target": 1}]}),
            "scenarios.s.stages[0].duration: is required in every stage, as in {duration: \"30s\", target: 10}",
        ),
        (
            json!({"executor": "ramping-vus", "stages": [{"duration": "1s", "target": 1}, {"duration": "1s"}]}),
            "scenarios.s.stages[1].target: is required in every stage, as in {duration: \"30s\", target: 10}",
        ),
        (
            json!({"executor": "ramping-vus", "stages": [{"duration": "1s", "target": -1}]}),
            "scenarios.s.stages[0].target: expected a whole number, 0 or more, found -1",
        ),
        (
            json!({"executor": "ramping-vus", "stages": [{"duration": "1s", "targets": 1}]}),
            "scenarios.s.stages[0].targets: no such field; a stage has duration and target",
        ),
        (
            json!({"executor": "ramping-vus", "stages": ["1s:3"]}),
            "scenarios.s.stages[0]: expected a stage such as {duration: \"30s\", target: 10}, found \"1s:3\"",
        ),
        (
            json!({"executor": "ramping-vus", "startVUs": 0, "stages": [{"duration": "1s", "target": 0}]}),
            "scenarios.s.stages: no VU would ever run; give startVUs or some target above 0",
        ),
        (
            json!({"executor": "ramping-vus", "stages": [{"duration": "1s", "target": 100_000_001}]}),
            "scenarios.s.stages[0].target: more than 100000000 VUs",
        ),
        (
            json!({"executor": "ramping-vus", "startVUs": -1, "stages": [{"duration": "1s", "target": 1}]}),
            "scenarios.s.startVUs: expected a whole number, 0 or more, found -1",
        ),
        (
            json!({"executor": "ramping-vus", "startVUs": 100_000_001, "stages": [{"duration": "1s", "target": 1}]}),
            "scenarios.s.startVUs: more than 100000000 VUs",
        ),
        (
            json!({"executor": "ramping-vus", "stages": [{"duration": "-1s", "target": 1}]}),
            "scenarios.s.stages[0].duration: expected a duration (it must not be negative), found \"-1s\"",
        ),
        (
            json!({"executor": "ramping-vus", "stages": [{"duration": "1s", "target": 1}], "gracefulRampDown": "-1s"}),
            "scenarios.s.gracefulRampDown: expected a duration (it must not be negative), found \"-1s\"",
        ),
        (
            json!({"executor": "constant-vus", "duration": "1s", "gracefulRampDown": "1s"}),
            "scenarios.s.gracefulRampDown: constant-vus has no such field; ramping-vus has it",
        ),
        // constant-arrival-rate
        (
            json!({"executor": "constant-arrival-rate", "duration": "1s", "preAllocatedVUs": 1}),
            "scenarios.s.rate: is required: a positive whole number such as 10",
        ),
        (
            json!({"executor": "constant-arrival-rate", "rate": "ten"}),
            "scenarios.s.rate: expected a positive whole number, found \"ten\"",
        ),
        (
            json!({"executor": "constant-arrival-rate", "rate": 0, "duration": "1s", "preAllocatedVUs": 1}),
            "scenarios.s.rate: expected a positive whole number, found 0",
        ),
        (
            json!({"executor": "constant-arrival-rate", "rate": 5, "preAllocatedVUs": 1}),
            "scenarios.s.duration: is required: a duration such as \"30s\"",
        ),
        (
            json!({"executor": "constant-arrival-rate", "rate": 5, "duration": "0", "preAllocatedVUs": 1}),
            "scenarios.s.duration: expected at least \"1s\", found \"0s\"",
        ),
        (
            json!({"executor": "constant-arrival-rate", "rate": 5, "duration": "1s"}),
            "scenarios.s.preAllocatedVUs: is required: how many VUs to make before the start, such as 50",
        ),
        (
            json!({"executor": "constant-arrival-rate", "rate": 5, "duration": "1s", "timeUnit": 0, "preAllocatedVUs": 1}),
            "scenarios.s.timeUnit: must be longer than 0; write for example \"1s\" or \"1m\"",
        ),
        (
            json!({"executor": "constant-arrival-rate", "rate": 5, "duration": "1s", "preAllocatedVUs": 3, "maxVUs": 2}),
            "scenarios.s.maxVUs: 2 is less than preAllocatedVUs, 3",
        ),
        (
            json!({"executor": "constant-arrival-rate", "rate": 5, "duration": "1s", "preAllocatedVUs": 0}),
            "scenarios.s.maxVUs: there would be no VU at all; give preAllocatedVUs or maxVUs above 0",
        ),
        // ramping-arrival-rate
        (
            json!({"executor": "ramping-arrival-rate", "preAllocatedVUs": 1}),
            "scenarios.s.stages: is required: at least one stage such as {duration: \"30s\", target: 10}",
        ),
        (
            json!({"executor": "ramping-arrival-rate", "stages": [{"duration": "1s", "target": 1}]}),
            "scenarios.s.preAllocatedVUs: is required: how many VUs to make before the start, such as 50",
        ),
        (
            json!({"executor": "ramping-arrival-rate", "stages": [], "preAllocatedVUs": 1}),
            "scenarios.s.stages: is required: at least one stage such as {duration: \"30s\", target: 10}",
        ),
        (
            json!({"executor": "ramping-arrival-rate", "stages": [{"duration": "1s"}], "preAllocatedVUs": 1}),
            "scenarios.s.stages[0].target: is required in every stage, as in {duration: \"30s\", target: 10}",
        ),
        (
            json!({"executor": "ramping-arrival-rate", "stages": [{"duration": "1s", "target": 1.5}], "preAllocatedVUs": 1}),
            "scenarios.s.stages[0].target: expected a whole number, 0 or more, found 1.5",
        ),
        (
            json!({"executor": "ramping-arrival-rate", "stages": [{"duration": "1s", "target": 1}], "timeUnit": "0s", "preAllocatedVUs": 1}),
            "scenarios.s.timeUnit: must be longer than 0; write for example \"1s\" or \"1m\"",
        ),
        (
            json!({"executor": "ramping-arrival-rate", "stages": [{"duration": "1s", "target": 1}], "preAllocatedVUs": 3, "maxVUs": 2}),
            "scenarios.s.maxVUs: 2 is less than preAllocatedVUs, 3",
        ),
        (
            json!({"executor": "ramping-arrival-rate", "stages": [{"duration": "1s", "target": 1}], "preAllocatedVUs": 0}),
            "scenarios.s.maxVUs: there would be no VU at all; give preAllocatedVUs or maxVUs above 0",
        ),
        (
            json!({"executor": "ramping-arrival-rate", "stages": [{"duration": "1s", "target": 1}], "preAllocatedVUs": -1}),
            "scenarios.s.preAllocatedVUs: expected a whole number, 0 or more, found -1",
        ),
        (
            json!({"executor": "ramping-arrival-rate", "startRate": -2}),
            "scenarios.s.startRate: expected a whole number, 0 or more, found -2",
        ),
        (
            json!({"executor": "ramping-arrival-rate", "rate": 2}),
            "scenarios.s.rate: ramping-arrival-rate has no such field; constant-arrival-rate has it",
        ),
    ] {
        assert_eq!(
            scenario(&fields),
            format!("options (script): {expected}"),
            "{fields}"
        );
    }
}

#[test]
fn rules_of_the_top_level() {
    let stage = json!([{ "duration": "1s", "target": 1 }]);
    let own = json!({ "s": { "executor": "shared-iterations" } });
    for (options, expected) in [
        (
            json!([]),
            "options: expected an object, as in { vus: 10 }, found a list",
        ),
        (
            json!("vus"),
            "options: expected an object, as in { vus: 10 }, found \"vus\"",
        ),
        (
            json!({"vus": "many"}),
            "vus: expected a whole number, 0 or more, found \"many\"",
        ),
        (
            json!({"vus": 0}),
            "vus: expected a positive whole number, found 0",
        ),
        (
            json!({"vus": 5, "iterations": 3}),
            "iterations: 3 iterations are too few for 5 VUs; there must be at least as many as VUs",
        ),
        (
            json!({"duration": 0}),
            "duration: expected at least \"1s\", found \"0s\"",
        ),
        (
            json!({"iterations": 1, "duration": "10ms"}),
            "duration: expected at least \"1s\", found \"10ms\"",
        ),
        (
            json!({"stages": [{"duration": "1s"}]}),
            "stages[0].target: is required in every stage, as in {duration: \"30s\", target: 10}",
        ),
        (
            json!({"stages": "1s:3"}),
            "stages: expected a list, as in [ … ], found \"1s:3\"",
        ),
        (
            json!({"iterations": 3, "stages": stage}),
            "iterations: it cannot be set together with stages: both say how the test runs; leave one out",
        ),
        (
            json!({"duration": "3s", "stages": stage}),
            "duration: it cannot be set together with stages: the stages have durations of their own; leave one out",
        ),
        (
            json!({"scenarios": own, "iterations": 1}),
            "scenarios: it cannot be set together with iterations: scenarios have fields of their own for it; leave one out",
        ),
        (
            json!({"scenarios": own, "duration": "1s"}),
            "scenarios: it cannot be set together with duration: scenarios have fields of their own for it; leave one out",
        ),
        (
            json!({"scenarios": own, "stages": stage}),
            "scenarios: it cannot be set together with stages: scenarios have fields of their own for it; leave one out",
        ),
        (
            json!({"scenarios": []}),
            "scenarios: expected an object, as in { … }, found a list",
        ),
        (
            json!({"scenarios": {"a b": {"executor": "shared-iterations"}}}),
            "scenarios.a b: the name of the scenario \"a b\" may only have letters, digits, _ and -",
        ),
        (
            json!({"noSetup": "yes"}),
            "noSetup: expected true or false, found \"yes\"",
        ),
        (
            json!({"setupTimeout": "1 minute"}),
            "setupTimeout: expected a duration such as \"30s\", \"1m30s\" or 500 (milliseconds), found \"1 minute\"",
        ),
        (
            json!({"tags": {"a": 1}}),
            "tags.a: expected a text (write \"1\"), found 1",
        ),
        (
            json!({"thresholds": ["p(95)<1"]}),
            "thresholds: expected an object such as {http_req_duration: [\"p(95)<500\"]}, found a list",
        ),
        (
            json!({"thresholds": {"checks": 3}}),
            "thresholds.checks: expected an expression such as \"p(95)<500\" or {threshold: \"p(95)<500\", abortOnFail: true}, or a list of them, found 3",
        ),
        (
            json!({"thresholds": {"checks": ["rate>0", 1]}}),
            "thresholds.checks[1]: expected an expression such as \"p(95)<500\" or {threshold: \"p(95)<500\", abortOnFail: true}, found 1",
        ),
        (
            json!({"thresholds": {"checks": [{"abortOnFail": true}]}}),
            "thresholds.checks[0].threshold: is required: an expression such as \"p(95)<500\"",
        ),
        (
            json!({"thresholds": {"checks": [{"threshold": "rate>0", "abortOnFail": 1}]}}),
            "thresholds.checks[0].abortOnFail: expected true or false, found 1",
        ),
        (
            json!({"thresholds": {"checks": [{"threshold": "rate>0", "delayAbortEval": "x"}]}}),
            "thresholds.checks[0].delayAbortEval: expected a duration such as \"30s\", \"1m30s\" or 500 (milliseconds), found \"x\"",
        ),
        (
            json!({"summaryTrendStats": ["avg", "p(101)"]}),
            "summaryTrendStats[1]: expected avg, min, med, max, count or p(N) with N from 0 to 100, found \"p(101)\"",
        ),
        (
            json!({"summaryTrendStats": "avg"}),
            "summaryTrendStats: expected a list, as in [ … ], found \"avg\"",
        ),
        (
            json!({"summaryTimeUnit": "h"}),
            "summaryTimeUnit: expected one of s, ms, us, found \"h\"",
        ),
        (
            json!({"systemTags": {"url": true}}),
            "systemTags: expected a list, as in [ … ], found an object",
        ),
        (
            json!({"dns": {"ttl": "x"}}),
            "dns.ttl: expected inf, 0 or a duration such as 5m, found \"x\": it is not a row of numbers with units (ns, us, ms, s, m, h, d)",
        ),
        (
            json!({"dns": {"policy": "ipv5"}}),
            "dns.policy: expected one of preferIPv4, preferIPv6, onlyIPv4, onlyIPv6, any, found \"ipv5\"",
        ),
        (
            json!({"dns": {"server": "1.1.1.1"}}),
            "dns.server: no such field; there are ttl, select and policy",
        ),
        (
            json!({"tlsVersion": {"least": "tls1.2"}}),
            "tlsVersion.least: no such field; there are min and max",
        ),
        (
            json!({"setupTimeout": -1}),
            "setupTimeout: expected a duration (it must not be negative), found -1",
        ),
        (
            json!({"teardownTimeout": "-1s"}),
            "teardownTimeout: expected a duration (it must not be negative), found \"-1s\"",
        ),
        (
            json!({"maxRedirects": -1}),
            "maxRedirects: expected a whole number, 0 or more, found -1",
        ),
        (
            json!({"batch": "many"}),
            "batch: expected a whole number, 0 or more, found \"many\"",
        ),
        (
            json!({"scenarios": {"": {"executor": "shared-iterations"}}}),
            "scenarios: the name of the scenario \"\" may only have letters, digits, _ and -",
        ),
        (
            json!({"executionSegment": "2/3:1/3"}),
            "executionSegment: the segment '2/3:1/3' is empty: its end must lie after its start, as in 1/4:1/2",
        ),
        (
            json!({"dns": {"select": "last"}}),
            "dns.select: expected one of first, random, roundRobin, found \"last\"",
        ),
        (
            json!({"tlsVersion": "ssl3"}),
            "tlsVersion: expected one of tls1.0, tls1.1, tls1.2, tls1.3, found \"ssl3\"",
        ),
        (
            json!({"tlsVersion": {"min": "tls1.3", "max": "tls1.2"}}),
            "tlsVersion: min must not be newer than max",
        ),
        (
            json!({"tlsVersion": 1.2}),
            "tlsVersion: expected a version such as \"tls1.2\" or {min: \"tls1.2\", max: \"tls1.3\"}, found 1.2",
        ),
        (
            json!({"tlsCipherSuites": ["RC4"]}),
            "tlsCipherSuites[0]: expected an IANA name such as TLS_AES_128_GCM_SHA256, found \"RC4\"",
        ),
        (
            json!({"tlsAuth": [{"cert": "x"}]}),
            "tlsAuth[0].key: is required: a text in PEM form",
        ),
        (
            json!({"blacklistIPs": ["10.0.0.0/33"]}),
            "blacklistIPs[0]: expected an address or a range such as 10.0.0.0/8, found \"10.0.0.0/33\"",
        ),
        (
            json!({"blockHostnames": ["a.*.com"]}),
            "blockHostnames[0]: expected a host such as example.com or *.example.com, found \"a.*.com\"",
        ),
        (
            json!({"hosts": {"example.com": "example.org"}}),
            "hosts.example.com: expected an address such as 10.1.2.3, 10.1.2.3:8080 or [::1]:8080, found \"example.org\"",
        ),
        (
            json!({"hosts": {"a.*": "1.2.3.4"}}),
            "hosts: expected a host such as example.com, example.com:443 or *.example.com, found \"a.*\"",
        ),
        (
            json!({"executionSegment": "2"}),
            "executionSegment: '2' lies outside 0 to 1",
        ),
        (
            json!({"executionSegment": "0:1/3", "executionSegmentSequence": "0,1/2,1"}),
            "executionSegment: the segment 0:1/3 is not one of the sequence 0,1/2,1",
        ),
        (
            json!({"executionSegmentSequence": "0,1,1/2"}),
            "executionSegmentSequence: the points of the segment sequence '0,1,1/2' must rise strictly and be at least two, as in 0,1/3,2/3,1",
        ),
        (
            json!({"userAgent": ["a"]}),
            "userAgent: expected a text, found a list",
        ),
        (
            json!({"httpDebug": "bodies"}),
            "httpDebug: expected one of headers, full, found \"bodies\"",
        ),
    ] {
        assert_eq!(
            message(&options),
            format!("options (script): {expected}"),
            "{options}"
        );
    }
}

#[test]
fn errors_name_the_variable_or_the_flag() {
    for (name, value, expected) in [
        (
            "K6_VUS",
            "ten",
            "K6_VUS: expected a whole number, 0 or more, found \"ten\"",
        ),
        (
            "K6_NO_SETUP",
            "yes",
            "K6_NO_SETUP: expected true or false, found \"yes\"",
        ),
        (
            "K6_DURATION",
            "30",
            "K6_DURATION: expected a duration such as 30s or 1m30s, found \"30\": the number has no unit (ns, us, ms, s, m, h, d)",
        ),
        (
            "K6_STAGES",
            "10s:5,1m",
            "K6_STAGES: expected a stage such as 30s:10, found \"1m\"",
        ),
        (
            "K6_TAGS",
            "team=blue",
            "K6_TAGS: expected tags such as team:blue,tier:one, found \"team=blue\"",
        ),
        (
            "K6_THRESHOLDS",
            "p(95)<1",
            "K6_THRESHOLDS: expected JSON such as {\"http_req_duration\": [\"p(95)<500\"]}, found \"p(95)<1\"",
        ),
        (
            "K6_LOCAL_IPS",
            "here",
            "K6_LOCAL_IPS: expected addresses such as 10.0.0.5, ranges such as 10.0.0.5-10.0.0.9 and networks such as 10.0.1.0/24, with commas between them, found \"here\"",
        ),
        (
            "K6_SETUP_TIMEOUT",
            "-1s",
            "K6_SETUP_TIMEOUT: expected a duration such as 30s or 1m30s, found \"-1s\": it must not be negative",
        ),
        (
            "K6_BLACKLIST_IPS",
            "10.0.0.0/8,x",
            "K6_BLACKLIST_IPS: expected an address or a range such as 10.0.0.0/8, found \"x\"",
        ),
        (
            "K6_DNS",
            "ttl",
            "K6_DNS: expected fields such as ttl=5m,select=random, found \"ttl\"",
        ),
    ] {
        let error = variables(&[(name, value)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("options (environment): {expected}")
        );
    }
    for (flag, value, expected) in [
        (
            "--vus",
            "-1",
            "--vus: expected a whole number, 0 or more, found \"-1\"",
        ),
        (
            "--duration",
            "5",
            "--duration: expected a duration such as 30s or 1m30s, found \"5\": the number has no unit (ns, us, ms, s, m, h, d)",
        ),
        (
            "--stage",
            "5",
            "--stage: expected a stage such as 30s:10, found \"5\"",
        ),
        (
            "--tag",
            "team",
            "--tag: expected a tag such as team=blue, found \"team\"",
        ),
        (
            "--nothing",
            "1",
            "--nothing: no option of a test has this flag",
        ),
    ] {
        let error = flags(&[]).set_flag(flag, value).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("options (command line): {expected}")
        );
    }
    // What only shows once all is put together is still blamed on who said it.
    for (cli, expected) in [
        (
            flags(&[("--vus", "0")]),
            "--vus: expected a positive whole number, found 0",
        ),
        (
            flags(&[("--vus", "3"), ("--iterations", "2")]),
            "--iterations: 2 iterations are too few for 3 VUs; there must be at least as many as VUs",
        ),
        (
            flags(&[("--stage", "1s:3"), ("--stage", ":4")]),
            "--stage[1].duration: is required in every stage, as in {duration: \"30s\", target: 10}",
        ),
        (
            flags(&[("--duration", "1s"), ("--stage", "1s:1")]),
            "--duration: it cannot be set together with --stage: the stages have durations of their own; leave one out",
        ),
        (
            flags(&[("--execution-segment", "0.0000001")]),
            "--execution-segment: the segments 0,1/10000000,1 are too fine: their common denominator must be at most 1000000, and there may be at most 1000 of them",
        ),
    ] {
        let error = Options::consolidate([cli]).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("options (command line): {expected}")
        );
    }
}

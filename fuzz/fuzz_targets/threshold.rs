//! Threshold expressions and the metrics that they are about.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (key, expression) = text.split_once('\n').unwrap_or(("", text));
    let _ = brunt_aggregate::MetricKey::parse(key);
    let _ = brunt_aggregate::Expression::parse(expression);
});

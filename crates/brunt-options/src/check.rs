//! What the type of an option cannot say: names in lists and keys of maps.

use crate::error::Invalid;
use crate::options::Options;

/// The first option whose value has the right type but makes no sense, under its key.
pub(crate) fn check(options: &Options) -> Result<(), (&'static str, Invalid)> {
    each(
        "summaryTrendStats",
        options.summary_trend_stats.as_deref(),
        |stat| {
            is_statistic(stat).then_some(()).ok_or_else(|| {
                Invalid::expected_text(
                    "avg, min, med, max, count or p(N) with N from 0 to 100",
                    stat,
                )
            })
        },
    )?;
    each(
        "blockHostnames",
        options.block_hostnames.as_deref(),
        |host| {
            is_host_pattern(host).then_some(()).ok_or_else(|| {
                Invalid::expected_text("a host such as example.com or *.example.com", host)
            })
        },
    )?;
    each(
        "tlsCipherSuites",
        options.tls_cipher_suites.as_deref(),
        |suite| {
            suite.starts_with("TLS_").then_some(()).ok_or_else(|| {
                Invalid::expected_text("an IANA name such as TLS_AES_128_GCM_SHA256", suite)
            })
        },
    )?;
    for host in options.hosts.iter().flatten().map(|(host, _)| host) {
        let name = host
            .rsplit_once(':')
            .map_or(host.as_str(), |(name, _)| name);
        if !is_host_pattern(name) {
            let wanted = "a host such as example.com, example.com:443 or *.example.com";
            return Err(("hosts", Invalid::expected_text(wanted, host)));
        }
    }
    Ok(())
}

fn each(
    key: &'static str,
    items: Option<&[String]>,
    check: impl Fn(&str) -> Result<(), Invalid>,
) -> Result<(), (&'static str, Invalid)> {
    for (i, item) in items.unwrap_or_default().iter().enumerate() {
        check(item).map_err(|invalid| (key, invalid.at(i)))?;
    }
    Ok(())
}

/// Whether the summary has such a statistic.
fn is_statistic(stat: &str) -> bool {
    if ["avg", "min", "med", "max", "count"].contains(&stat) {
        return true;
    }
    let percentile = stat
        .strip_prefix("p(")
        .and_then(|rest| rest.strip_suffix(')'));
    percentile
        .and_then(|number| number.parse::<f64>().ok())
        .is_some_and(|number| (0.0..=100.0).contains(&number))
}

/// A host name, in which the first label may be `*`.
fn is_host_pattern(host: &str) -> bool {
    let rest = host.strip_prefix("*.").unwrap_or(host);
    !rest.is_empty() && !rest.contains(['*', '/', ' '])
}

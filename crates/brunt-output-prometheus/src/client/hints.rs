//! What to do about the refusals that users meet most: Mimir's limits of a tenant, each with the
//! setting that changes it.
//!
//! Mimir's messages carry identifiers (`err-mimir-…`, its reference "Mimir runbooks, errors catalog"),
//! so nothing is guessed from words that may change.

/// Parts of a message, and what helps.
const HINTS: &[(&str, &str)] = &[
    (
        "err-mimir-tenant-max-ingestion-rate",
        "the tenant's samples per second are limited: send less often (interval=15s) or fewer series \
         (drop=TAG, drop-metrics=NAME, trends=native), or raise ingestion_rate and ingestion_burst_size",
    ),
    (
        "err-mimir-tenant-max-request-rate",
        "the tenant's requests per second are limited: send larger or fewer requests (max-batch=, \
         interval=15s), or raise request_rate and request_burst_size",
    ),
    (
        "err-mimir-distributor-max-",
        "Mimir's distributor is at its own limit: add distributors or raise its instance limits",
    ),
    (
        "err-mimir-ingester-max-",
        "Mimir's ingester is at its own limit: add ingesters or raise its instance limits",
    ),
    (
        "err-mimir-max-series-per-user",
        "the tenant has as many series as it may: leave out tags (drop=TAG), send fewer metrics \
         (drop-metrics=NAME), or raise max_global_series_per_user",
    ),
    (
        "err-mimir-max-series-per-metric",
        "the metric has as many series as it may: leave out tags (drop=TAG) or raise \
         max_global_series_per_metric",
    ),
    (
        "err-mimir-max-label-names-per-series",
        "lower max-labels= or raise max_label_names_per_series",
    ),
    (
        "err-mimir-label-name-too-long",
        "lower max-label-name= or raise max_label_name_length",
    ),
    (
        "err-mimir-label-value-too-long",
        "lower max-label-value= or raise max_label_value_length",
    ),
    (
        "err-mimir-max-native-histogram-buckets",
        "send trends=stats or raise max_native_histogram_buckets to 160",
    ),
    (
        "err-mimir-too-far-in-future",
        "the clocks of this machine and of the receiver differ: set them, or raise \
         creation_grace_period",
    ),
    (
        "err-mimir-sample-out-of-order",
        "another process writes the same series, or the samples waited for too long: set \
         out_of_order_time_window to the longest outage that is to be bridged",
    ),
    (
        "err-mimir-sample-timestamp-too-old",
        "the samples waited for longer than the receiver looks back: raise out_of_order_time_window",
    ),
    // Prometheus' own words.
    (
        "out of order sample",
        "the receiver has newer samples of the series: for Prometheus set \
         storage.tsdb.out_of_order_time_window, for Mimir out_of_order_time_window, to the age of the samples",
    ),
    (
        "out of bounds",
        "the samples are older than what the receiver takes: for Prometheus set \
         storage.tsdb.out_of_order_time_window, for Mimir out_of_order_time_window, to their age",
    ),
    (
        "too old sample",
        "the samples are older than what the receiver takes: for Prometheus raise \
         storage.tsdb.out_of_order_time_window, for Mimir out_of_order_time_window, to their age",
    ),
    ("no org id", "the receiver wants a tenant: set tenant=NAME"),
];

/// What to do about an answer, where that is known.
pub(super) fn hint(status: u16, message: &str) -> Option<&'static str> {
    let known = HINTS.iter().find(|(part, _)| message.contains(part));
    match known {
        Some((_, hint)) => Some(hint),
        None if status == 429 => Some(
            "the receiver limits how much it takes: send less often (interval=15s) or fewer series \
             (drop=TAG, drop-metrics=NAME)",
        ),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_explained_with_the_setting_that_changes_it() {
        let message = "the request has been rejected because the tenant exceeded the ingestion rate \
                       limit, set to 10000 items/s (err-mimir-tenant-max-ingestion-rate).";
        let told = hint(429, message).unwrap();
        assert!(told.contains("interval=15s") && told.contains("ingestion_rate"));
        assert!(hint(429, "slow down").unwrap().contains("interval=15s"));
        for old in ["out of bounds", "too old sample", "out of order sample"] {
            let told = hint(400, old).unwrap();
            assert!(told.contains("out_of_order_time_window"), "{told}");
        }
        assert_eq!(hint(400, "duplicate sample"), None);
        assert!(hint(401, "no org id").unwrap().contains("tenant=NAME"));
    }
}

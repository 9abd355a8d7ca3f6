//! The samples of one exchange.

use brunt_bus::Recorder;
use brunt_metrics::{MetricId, SystemTag, TagSet, builtin};
use brunt_net::{Exchange, Timings};

use crate::caches::{HttpKey, HttpSlots};
use crate::host::K6Host;

/// What a request's samples are tagged with besides the exchange itself.
pub(crate) struct Tagged<'a> {
    pub(crate) method: &'a str,
    /// As it is shown: credentials masked.
    pub(crate) url: &'a str,
    pub(crate) tags: &'a [(String, String)],
    pub(crate) status: u16,
    pub(crate) error_code: u32,
    pub(crate) error: &'a str,
    pub(crate) expected: Option<bool>,
}

/// Nanoseconds.
const MILLISECOND: f64 = 1e6;

/// The metrics of every exchange, judged or not, in the order in which they are emitted.
const METRICS: [MetricId; 8] = [
    builtin::HTTP_REQS,
    builtin::HTTP_REQ_DURATION,
    builtin::HTTP_REQ_BLOCKED,
    builtin::HTTP_REQ_CONNECTING,
    builtin::HTTP_REQ_TLS_HANDSHAKING,
    builtin::HTTP_REQ_SENDING,
    builtin::HTTP_REQ_WAITING,
    builtin::HTTP_REQ_RECEIVING,
];

/// Records the nine HTTP metrics of an exchange.
pub(crate) fn emit(host: &K6Host, exchange: &Exchange, tagged: &Tagged<'_>) {
    let on = |tag| host.config.system_tags.has(tag);
    let response = exchange.outcome.as_ref().ok();
    let key = HttpKey {
        context: host.tags.borrow().id(),
        method: tagged.method,
        url: tagged.url,
        tags: tagged.tags,
        status: tagged.status,
        proto: response.map_or("", |response| response.version.as_str()),
        tls_version: exchange.tls.as_ref().map_or("", |tls| tls.version),
        ocsp_status: exchange
            .tls
            .and_then(|tls| tls.ocsp)
            .map_or("", |ocsp| ocsp.status),
        error_code: tagged.error_code,
        error: tagged.error,
        expected: tagged.expected,
        ip: exchange
            .remote
            .filter(|_| on(SystemTag::Ip))
            .map(|remote| remote.ip()),
    };
    let time = host.cx.parker.wall(exchange.end);
    let known = host.caches.http.borrow().get(&key);
    let mut recorder = host.cx.worker.recorder.borrow_mut();
    let slots = known.or_else(|| {
        let slots = resolve(
            &mut recorder,
            &all_tags(host, &key),
            tagged.expected.is_some(),
        )?;
        host.caches.http.borrow_mut().insert(&key, slots);
        Some(slots)
    });
    let meta = host.meta.borrow();
    let meta = meta.as_ref();
    let failed = tagged
        .expected
        .map(|expected| f64::from(u8::from(!expected)));
    let Some(slots) = slots else {
        let tags = all_tags(host, &key);
        let failed = failed.map(|value| (builtin::HTTP_REQ_FAILED, value));
        let values = values(&exchange.timings);
        for (metric, value) in METRICS.into_iter().zip(values).chain(failed) {
            recorder.record_tagged(metric, &tags, meta, time, value);
        }
        return;
    };
    for (slot, value) in slots.always.into_iter().zip(values(&exchange.timings)) {
        recorder.record(slot, meta, time, value);
    }
    if let (Some(slot), Some(failed)) = (slots.failed, failed) {
        recorder.record(slot, meta, time, failed);
    }
}

/// The values of [`METRICS`], times in milliseconds.
fn values(timings: &Timings) -> [f64; 8] {
    let ms = |nanoseconds: i64| nanoseconds as f64 / MILLISECOND;
    [
        1.0,
        ms(timings.duration()),
        ms(timings.blocked),
        ms(timings.connecting),
        ms(timings.tls_handshaking),
        ms(timings.sending),
        ms(timings.waiting),
        ms(timings.receiving),
    ]
}

fn resolve(recorder: &mut Recorder, tags: &TagSet, judged: bool) -> Option<HttpSlots> {
    let mut slots = Vec::with_capacity(METRICS.len());
    for metric in METRICS {
        slots.push(recorder.slot(metric, tags)?);
    }
    let failed = if judged {
        Some(recorder.slot(builtin::HTTP_REQ_FAILED, tags)?)
    } else {
        None
    };
    Some(HttpSlots {
        always: slots.try_into().ok()?,
        failed,
    })
}

/// Every tag of the samples: the virtual user's, the system's, the call's.
fn all_tags(host: &K6Host, key: &HttpKey<'_>) -> TagSet {
    let mut tags = host.tags.borrow().tags().clone();
    let mut set = |tag: SystemTag, value: &str| {
        if !value.is_empty() && host.config.system_tags.has(tag) {
            tags.set(tag.as_str(), value);
        }
    };
    set(SystemTag::Method, key.method);
    set(SystemTag::Status, &key.status.to_string());
    set(SystemTag::Proto, key.proto);
    set(SystemTag::TlsVersion, key.tls_version);
    set(SystemTag::OcspStatus, key.ocsp_status);
    set(SystemTag::Error, key.error);
    if key.error_code != 0 {
        set(SystemTag::ErrorCode, &key.error_code.to_string());
    }
    if let Some(expected) = key.expected {
        set(
            SystemTag::ExpectedResponse,
            if expected { "true" } else { "false" },
        );
    }
    if let Some(ip) = key.ip {
        set(SystemTag::Ip, &ip.to_string());
    }
    // A name that the user gave stands for the URL too.
    let name = key
        .tags
        .iter()
        .find(|(tag, _)| tag == "name")
        .map(|(_, value)| value.as_str());
    let name = name
        .map(str::to_owned)
        .or_else(|| host.tags.borrow().tags().get("name").map(str::to_owned));
    let name = name.unwrap_or_else(|| key.url.to_owned());
    set(SystemTag::Name, &name);
    set(SystemTag::Url, &name);
    for (tag, value) in key.tags {
        if tag != "name" || host.config.system_tags.has(SystemTag::Name) {
            tags.set(tag.as_str(), value.as_str());
        }
    }
    tags
}

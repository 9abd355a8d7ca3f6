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

const MILLISECOND: f64 = 1e6;

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
        error_code: tagged.error_code,
        error: tagged.error,
        expected: tagged.expected,
        ip: exchange
            .remote
            .filter(|_| on(SystemTag::Ip))
            .map(|remote| remote.ip()),
    };
    let time = host.cx.parker.wall(exchange.end);
    let known = host.http_cache.borrow().get(&key);
    let mut recorder = host.cx.worker.recorder.borrow_mut();
    let slots = known.or_else(|| {
        let slots = resolve(
            &mut recorder,
            &all_tags(host, &key),
            tagged.expected.is_some(),
        )?;
        host.http_cache.borrow_mut().insert(&key, slots);
        Some(slots)
    });
    let meta = host.meta.borrow();
    let meta = meta.as_ref();
    let failed = tagged
        .expected
        .map(|expected| f64::from(u8::from(!expected)));
    let Some(slots) = slots else {
        let tags = all_tags(host, &key);
        for (metric, value) in values(&exchange.timings, failed) {
            recorder.record_tagged(metric, &tags, meta, time, value);
        }
        return;
    };
    let timings = &exchange.timings;
    recorder.record(slots.reqs, meta, time, 1.0);
    recorder.record(
        slots.duration,
        meta,
        time,
        timings.duration() as f64 / MILLISECOND,
    );
    recorder.record(
        slots.blocked,
        meta,
        time,
        timings.blocked as f64 / MILLISECOND,
    );
    recorder.record(
        slots.connecting,
        meta,
        time,
        timings.connecting as f64 / MILLISECOND,
    );
    recorder.record(
        slots.tls_handshaking,
        meta,
        time,
        timings.tls_handshaking as f64 / MILLISECOND,
    );
    recorder.record(
        slots.sending,
        meta,
        time,
        timings.sending as f64 / MILLISECOND,
    );
    recorder.record(
        slots.waiting,
        meta,
        time,
        timings.waiting as f64 / MILLISECOND,
    );
    recorder.record(
        slots.receiving,
        meta,
        time,
        timings.receiving as f64 / MILLISECOND,
    );
    if let (Some(slot), Some(failed)) = (slots.failed, failed) {
        recorder.record(slot, meta, time, failed);
    }
}

fn values(timings: &Timings, failed: Option<f64>) -> impl Iterator<Item = (MetricId, f64)> {
    let ms = |nanoseconds: i64| nanoseconds as f64 / MILLISECOND;
    let fixed = [
        (builtin::HTTP_REQS, 1.0),
        (builtin::HTTP_REQ_DURATION, ms(timings.duration())),
        (builtin::HTTP_REQ_BLOCKED, ms(timings.blocked)),
        (builtin::HTTP_REQ_CONNECTING, ms(timings.connecting)),
        (
            builtin::HTTP_REQ_TLS_HANDSHAKING,
            ms(timings.tls_handshaking),
        ),
        (builtin::HTTP_REQ_SENDING, ms(timings.sending)),
        (builtin::HTTP_REQ_WAITING, ms(timings.waiting)),
        (builtin::HTTP_REQ_RECEIVING, ms(timings.receiving)),
    ];
    fixed
        .into_iter()
        .chain(failed.map(|value| (builtin::HTTP_REQ_FAILED, value)))
}

fn resolve(recorder: &mut Recorder, tags: &TagSet, judged: bool) -> Option<HttpSlots> {
    Some(HttpSlots {
        reqs: recorder.slot(builtin::HTTP_REQS, tags)?,
        duration: recorder.slot(builtin::HTTP_REQ_DURATION, tags)?,
        blocked: recorder.slot(builtin::HTTP_REQ_BLOCKED, tags)?,
        connecting: recorder.slot(builtin::HTTP_REQ_CONNECTING, tags)?,
        tls_handshaking: recorder.slot(builtin::HTTP_REQ_TLS_HANDSHAKING, tags)?,
        sending: recorder.slot(builtin::HTTP_REQ_SENDING, tags)?,
        waiting: recorder.slot(builtin::HTTP_REQ_WAITING, tags)?,
        receiving: recorder.slot(builtin::HTTP_REQ_RECEIVING, tags)?,
        failed: if judged {
            Some(recorder.slot(builtin::HTTP_REQ_FAILED, tags)?)
        } else {
            None
        },
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

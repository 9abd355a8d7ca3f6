//! Data points packed into requests that no receiver finds too large.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use brunt_delivery::Split;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::metrics::v1 as otlp;
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message as _;

use crate::attributes::attribute;
use crate::frame::frame;
use crate::stream::Stream;

/// The data points of one group.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) stream: Arc<Stream>,
    pub(crate) group: u32,
    /// How many points of the snapshot they stand for.
    pub(crate) points: u64,
    /// Encoded.
    pub(crate) bytes: Vec<u8>,
}

/// What goes into one request.
#[derive(Debug, Default)]
pub(crate) struct Load {
    pub(crate) parts: Vec<Part>,
    /// Whether an attempt to send it had an end that nobody knows.
    pub(crate) doubtful: AtomicBool,
}

/// What every request says of its sender.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    /// The encoded field `resource` of `ResourceMetrics`.
    resource: Vec<u8>,
    /// The encoded field `scope` of `ScopeMetrics`.
    scope: Vec<u8>,
}

impl Sender {
    /// A sender with these resource attributes.
    pub(crate) fn new(attributes: &[(String, String)]) -> Self {
        let resource = Resource {
            attributes: attributes
                .iter()
                .map(|(name, value)| attribute(name, value))
                .collect(),
            ..Resource::default()
        };
        let scope = InstrumentationScope {
            name: "brunt".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..InstrumentationScope::default()
        };
        let resource = otlp::ResourceMetrics {
            resource: Some(resource),
            ..otlp::ResourceMetrics::default()
        };
        let scope = otlp::ScopeMetrics {
            scope: Some(scope),
            ..otlp::ScopeMetrics::default()
        };
        Self {
            resource: resource.encode_to_vec(),
            scope: scope.encode_to_vec(),
        }
    }

    /// How many bytes a request takes beside its metrics, at most.
    pub(crate) fn overhead(&self) -> usize {
        self.resource.len() + self.scope.len() + 2 * 11
    }

    /// The encoded `ExportMetricsServiceRequest`.
    pub(crate) fn encode(&self, load: &Load) -> Vec<u8> {
        let mut metrics = Vec::new();
        for same in load
            .parts
            .chunk_by(|one, other| Arc::ptr_eq(&one.stream, &other.stream))
        {
            let points = same.iter().map(|part| part.bytes.as_slice());
            same[0].stream.write(&mut metrics, points);
        }
        let mut scoped = Vec::new();
        // `ResourceMetrics.scope_metrics` and `ExportMetricsServiceRequest.resource_metrics`.
        frame(&mut scoped, 2, self.scope.len() + metrics.len());
        let inner = self.resource.len() + scoped.len() + self.scope.len() + metrics.len();
        let mut request = Vec::with_capacity(inner + 11);
        frame(&mut request, 1, inner);
        for part in [&self.resource, &scoped, &self.scope, &metrics] {
            request.extend_from_slice(part);
        }
        request
    }
}

impl Load {
    /// How many points of the snapshot it stands for.
    pub(crate) fn points(&self) -> u64 {
        self.parts.iter().map(|part| part.points).sum()
    }

    /// Two halves, each with groups of its own.
    pub(crate) fn split(mut self) -> Split<Self> {
        if self.parts.len() < 2 {
            return Split::Whole(self);
        }
        let rest = self.parts.split_off(self.parts.len() / 2);
        let second = Self {
            parts: rest,
            doubtful: AtomicBool::new(self.doubtful.load(std::sync::atomic::Ordering::Relaxed)),
        };
        Split::Apart(self, second)
    }
}

/// Packs parts into loads whose requests have at most `most_bytes`, unless a single group is larger.
pub(crate) struct Packer<I: Iterator<Item = Part>> {
    parts: std::iter::Peekable<I>,
    overhead: usize,
    most_bytes: usize,
}

impl<I: Iterator<Item = Part>> Packer<I> {
    pub(crate) fn new(parts: I, sender: &Sender, most_bytes: usize) -> Self {
        Self {
            parts: parts.peekable(),
            overhead: sender.overhead(),
            most_bytes,
        }
    }
}

impl<I: Iterator<Item = Part>> Iterator for Packer<I> {
    type Item = Load;

    fn next(&mut self) -> Option<Load> {
        let mut load = Load::default();
        let mut size = self.overhead;
        while let Some(part) = self.parts.peek() {
            let begins = load
                .parts
                .last()
                .is_none_or(|last| !Arc::ptr_eq(&last.stream, &part.stream));
            size += part.bytes.len();
            if begins {
                size += part.stream.overhead();
            }
            if size > self.most_bytes && !load.parts.is_empty() {
                break;
            }
            load.parts.extend(self.parts.next());
        }
        (!load.parts.is_empty()).then_some(load)
    }
}

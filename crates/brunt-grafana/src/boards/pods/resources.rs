//! What pods use of what they may use.
//!
//! A container without a limit has no series of its limit and none of throttling: a panel shows then
//! what there is. cAdvisor may be scraped twice, so sums go over the largest of each container.

use super::Pods;
use crate::panel::{Colour, Panel, Size};
use crate::unit::Unit;

/// Limits or requests of a resource.
fn configured(pods: Pods, what: &str, resource: &str) -> String {
    let labels = format!("resource=\"{resource}\"");
    let series = pods.state_with(&format!("kube_pod_container_resource_{what}"), &labels);
    format!("max by (namespace, pod, container) ({series})")
}

/// How fast a counter of containers grows.
fn growth(pods: Pods, metric: &str) -> String {
    let series = pods.containers(metric);
    format!("max by (namespace, pod, container) (rate({series}[$__rate_interval]))")
}

fn processor(pods: Pods) -> String {
    growth(pods, "container_cpu_usage_seconds_total")
}

fn memory(pods: Pods) -> String {
    let series = pods.containers("container_memory_working_set_bytes");
    format!("max by (namespace, pod, container) ({series})")
}

fn throttled(pods: Pods) -> String {
    let periods = |what: &str| growth(pods, &format!("container_cpu_cfs_{what}_total"));
    format!(
        "sum by (pod) ({}) / sum by (pod) ({})",
        periods("throttled_periods"),
        periods("periods")
    )
}

fn by_pod(expr: &str) -> String {
    format!("sum by (pod) ({expr})")
}

/// The share of a limit, of containers that have one.
fn of_limit(used: &str, pods: Pods, resource: &str) -> String {
    let limit = configured(pods, "limits", resource);
    format!("sum by (pod, container) ({used}) / sum by (pod, container) ({limit} > 0)")
}

pub(super) fn processor_and_memory(pods: Pods) -> Vec<Panel> {
    let against = |panel: Panel, used: &str, resource: &str| {
        panel
            .query("{{pod}}", by_pod(used))
            .bound(
                "{{pod}} requested",
                by_pod(&configured(pods, "requests", resource)),
            )
            .bound(
                "{{pod}} limit",
                by_pod(&configured(pods, "limits", resource)),
            )
    };
    vec![
        against(
            Panel::graph("CPU", Unit::Count, "Cores that each pod uses, with what it requested and its limit."),
            &processor(pods), "cpu",
        ),
        against(
            Panel::graph("Memory", Unit::Bytes, "The working set of each pod, which its limit is compared with, with what it requested and its limit."),
            &memory(pods), "memory",
        ),
        Panel::graph("CPU, share of the limit", Unit::Share, "How much of its limit each container uses; those without a limit are not here.")
            .size(Size::Third)
            .query("{{pod}} {{container}}", of_limit(&processor(pods), pods, "cpu"))
            .steps(&[(0.8, Colour::Bad)]),
        Panel::graph("Throttling", Unit::Share, "In which share of the scheduler's periods a pod was held back by its CPU limit: latency that the limit makes, not the code.")
            .size(Size::Third)
            .query("{{pod}}", throttled(pods))
            .steps(&[(0.25, Colour::Bad)]),
        Panel::graph("Memory, share of the limit", Unit::Share, "How much of its limit each container's working set is; at 1 the kernel kills it.")
            .size(Size::Third)
            .query("{{pod}} {{container}}", of_limit(&memory(pods), pods, "memory"))
            .steps(&[(0.9, Colour::Bad)]),
    ]
}

pub(super) fn network_and_files(pods: Pods) -> Vec<Panel> {
    let network = |what: &str| pods.network(what);
    let files = |what: &str| by_pod(&growth(pods, &format!("container_fs_{what}_total")));
    let graph = |title, unit, what| Panel::graph(title, unit, what).size(Size::Third);
    vec![
        graph("Network", Unit::BytesPerSecond, "Bytes per second that each pod receives and sends.")
            .query("{{pod}} received", network("receive_bytes"))
            .query("{{pod}} sent", network("transmit_bytes")),
        graph("Packets", Unit::PacketsPerSecond, "Packets per second that each pod receives and sends.")
            .query("{{pod}} received", network("receive_packets"))
            .query("{{pod}} sent", network("transmit_packets")),
        graph("Packets dropped", Unit::PacketsPerSecond, "Packets per second that were dropped on their way into and out of each pod: a reason for slow answers.")
            .query("{{pod}} received", network("receive_packets_dropped"))
            .query("{{pod}} sent", network("transmit_packets_dropped")),
        Panel::graph("File system, bytes", Unit::BytesPerSecond, "Bytes per second that each pod reads from and writes to disks.")
            .query("{{pod}} read", files("reads_bytes"))
            .query("{{pod}} written", files("writes_bytes")),
        Panel::graph("File system, operations", Unit::IoPerSecond, "Reads and writes of disks per second of each pod.")
            .query("{{pod}} reads", files("reads"))
            .query("{{pod}} writes", files("writes")),
    ]
}

pub(super) fn pressure(pods: Pods) -> Vec<Panel> {
    let panels = [("CPU", "cpu"), ("memory", "memory"), ("disks", "io")].map(|(name, resource)| {
        let of = |kind: &str| by_pod(&growth(pods, &format!("container_pressure_{resource}_{kind}_seconds_total")));
        let what = format!("The share of time in which something in the pod (waiting) or all of it (stalled) waited for {name}. Kubernetes 1.34 and later.");
        Panel::graph(&format!("Pressure: {name}"), Unit::Share, &what)
            .size(Size::Third)
            .query("{{pod}} waiting", of("waiting"))
            .query("{{pod}} stalled", of("stalled"))
    });
    panels.into()
}

/// What has to be well for a generator's numbers to be worth something.
pub(super) fn generator(pods: Pods) -> Vec<Panel> {
    let network = |what: &str| pods.network(what);
    let graph = |title, unit, what| Panel::graph(title, unit, what).size(Size::Third);
    vec![
        graph("CPU of generators", Unit::Count, "Cores that each generator pod uses, and its limit: near it the generator is the bottleneck.")
            .query("{{pod}}", by_pod(&processor(pods)))
            .bound("{{pod}} limit", by_pod(&configured(pods, "limits", "cpu"))),
        graph("Throttling of generators", Unit::Share, "In which share of the scheduler's periods a generator pod was held back: latencies of that time are in doubt.")
            .query("{{pod}}", throttled(pods))
            .steps(&[(0.01, Colour::Bad)]),
        graph("Memory of generators", Unit::Bytes, "The working set of each generator pod, and its limit.")
            .query("{{pod}}", by_pod(&memory(pods)))
            .bound("{{pod}} limit", by_pod(&configured(pods, "limits", "memory"))),
        graph("Network of generators", Unit::BytesPerSecond, "Bytes per second that each generator pod receives and sends.")
            .query("{{pod}} received", network("receive_bytes"))
            .query("{{pod}} sent", network("transmit_bytes")),
        graph("Restarts of generators", Unit::None, "Restarts of each generator pod's containers: a restarted generator lost its part of the load.")
            .query("{{pod}}", by_pod(&pods.state("kube_pod_container_status_restarts_total")))
            .steps(&[(1.0, Colour::Bad)]),
        graph("Generator pods by phase", Unit::None, "How many generator pods are in each phase.")
            .query("{{phase}}", format!("sum by (phase) ({})", pods.state("kube_pod_status_phase"))),
    ]
}

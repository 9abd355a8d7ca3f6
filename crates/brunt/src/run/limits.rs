//! Whether the system lets so many virtual users have a connection each, asked before the start.
//!
//! Only warnings: a script may well use no network, or share connections. What can be raised without
//! asking anybody is raised.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// File descriptors that are no connections of virtual users: the script's files, workers, outputs.
const OWN: u64 = 200;

/// Nobody needs more, and some systems have limits of a thousand million.
const ENOUGH: u64 = 1 << 20;

/// The ports that the kernel could give at most.
const ALL_PORTS: u64 = 65_535 - 1_024 + 1;

/// Raises the limit of file descriptors as far as the process may; gives a warning for each limit
/// that is too low for this many virtual users.
pub(crate) fn check(max_vus: u64) -> Vec<String> {
    let descriptors = raise(getrlimit(Resource::Nofile));
    let ports = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
    let ports = ports.ok().as_deref().and_then(range);
    warnings(max_vus, descriptors, ports)
}

/// Gives the limit as it is then; `None` for none.
fn raise(limit: Rlimit) -> Option<u64> {
    let wanted = limit.maximum.unwrap_or(ENOUGH).min(ENOUGH);
    match limit.current {
        Some(current) if current < wanted => {
            let raised = Rlimit {
                current: Some(wanted),
                ..limit
            };
            let raised = setrlimit(Resource::Nofile, raised);
            Some(if raised.is_ok() { wanted } else { current })
        }
        current => current,
    }
}

/// How many ports there are between two, both included.
fn range(text: &str) -> Option<u64> {
    let mut ends = text.split_whitespace().map(str::parse::<u64>);
    let (low, high) = (ends.next()?.ok()?, ends.next()?.ok()?);
    (high + 1).checked_sub(low)
}

fn warnings(max_vus: u64, descriptors: Option<u64>, ports: Option<u64>) -> Vec<String> {
    let mut warnings = Vec::new();
    let needed = max_vus.saturating_add(OWN);
    if let Some(limit) = descriptors.filter(|limit| *limit < needed) {
        warnings.push(format!(
            "{max_vus} virtual users with a connection each need {needed} file descriptors, and the limit is {limit}: raise it with `ulimit -n {needed}` (as root, or by LimitNOFILE= of a service, or --ulimit nofile={needed} of a container)"
        ));
    }
    if let Some(ports) = ports.filter(|ports| *ports < max_vus) {
        let advice = if max_vus <= ALL_PORTS {
            "raise it with `sysctl -w net.ipv4.ip_local_port_range='1024 65535'`"
        } else {
            "spread the test over several targets, local addresses or machines"
        };
        warnings.push(format!(
            "{max_vus} virtual users with a connection each to one target need {max_vus} local ports, and the system gives {ports}: {advice}"
        ));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_range_counts_both_ends() {
        assert_eq!(range("32768\t60999\n"), Some(28_232));
        assert_eq!(range("5 4"), Some(0));
        assert_eq!(range("9 4"), None);
        assert_eq!(range(""), None);
    }

    #[test]
    fn only_limits_that_are_too_low_are_told_each_with_its_command() {
        assert!(warnings(800, Some(1_000), Some(800)).is_empty());
        assert!(warnings(1_000_000, None, None).is_empty());
        let both = warnings(801, Some(1_000), Some(800));
        assert!(both[0].contains("`ulimit -n 1001`"), "{both:?}");
        assert!(both[1].contains("`sysctl -w"), "{both:?}");
        let many = warnings(70_000, None, Some(64_512));
        assert!(many[0].contains("several targets"), "{many:?}");
        assert_eq!(warnings(u64::MAX, Some(1), Some(1)).len(), 2);
    }
}

//! How much of the processors' time the machine's host gave to somebody else: a virtual machine's
//! figures are as late and as slow as its neighbours make them, and this is the only trace of that.

use std::fs;

/// Clock ticks since the start of the machine, of all processors together: `proc(5)`, `/proc/stat`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticks {
    all: u64,
    stolen: u64,
}

impl Ticks {
    /// Until now. `None` where the kernel does not tell.
    pub(crate) fn now() -> Option<Self> {
        let stat = fs::read_to_string("/proc/stat").ok()?;
        let line = stat.lines().next()?.strip_prefix("cpu ")?;
        // user, nice, system, idle, iowait, irq, softirq, steal; what follows is in the first two.
        let ticks: Vec<u64> = line
            .split_whitespace()
            .take(8)
            .map_while(|field| field.parse().ok())
            .collect();
        Some(Self {
            all: ticks.iter().sum(),
            stolen: *ticks.get(7)?,
        })
    }

    /// The part of the time since then that was stolen, in percent.
    pub(crate) fn stolen_since(self, before: Self) -> f64 {
        let all = self.all.saturating_sub(before.all);
        let stolen = self.stolen.saturating_sub(before.stolen);
        100.0 * stolen as f64 / all.max(1) as f64
    }
}

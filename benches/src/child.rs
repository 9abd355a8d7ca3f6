//! A generator as a child: started, watched, reaped with the CPU time that it used.

use std::collections::BTreeMap;
use std::io;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::sys;

/// What a finished child did.
#[derive(Debug, Clone)]
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
    /// The most resident memory that there was, as the kernel kept it, in bytes.
    pub(crate) peak_rss: u64,
    /// The last resident memory that was seen, in bytes.
    pub(crate) last_rss: u64,
    /// CPU time by the names of threads, as it was when they were last seen.
    pub(crate) threads: BTreeMap<String, Duration>,
}

/// Runs a command to its end and looks at its memory every `every`; kills it after `limit`.
pub(crate) fn run(command: &mut Command, every: Duration, limit: Duration) -> io::Result<Finished> {
    command.stdin(Stdio::null());
    let began = Instant::now();
    let child = command.spawn().map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("{}: {error}", command.get_program().display()),
        )
    })?;
    let mut guard = Guard {
        child,
        reaped: false,
    };
    let pid = guard.child.id();
    let (mut peak_rss, mut last_rss) = (0, 0);
    let mut threads = BTreeMap::new();
    loop {
        if let Some(ended) = sys::try_wait(pid)? {
            guard.reaped = true;
            let wall = began.elapsed();
            return Ok(Finished {
                status: ended.status,
                cpu: ended.cpu,
                wall,
                peak_rss,
                last_rss,
                threads: by_name(&threads),
            });
        }
        last_rss = memory(pid, "VmRSS:").unwrap_or(last_rss);
        peak_rss = memory(pid, "VmHWM:").unwrap_or(peak_rss);
        look_at_threads(pid, &mut threads);
        if began.elapsed() > limit {
            let program = command.get_program().display();
            let message = format!("{program} did not end within {limit:?} and was killed");
            return Err(io::Error::new(io::ErrorKind::TimedOut, message));
        }
        std::thread::sleep(every);
    }
}

/// Kills the child on every way out that did not reap it.
struct Guard {
    child: Child,
    reaped: bool,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.reaped {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Name and CPU time of each thread that there is.
fn look_at_threads(pid: u32, threads: &mut BTreeMap<String, (String, Duration)>) {
    let Ok(entries) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
        return;
    };
    for entry in entries.flatten() {
        let read = |file: &str| std::fs::read_to_string(entry.path().join(file)).ok();
        // The first of the three numbers: nanoseconds on a processor.
        let used = read("schedstat").and_then(|text| text.split(' ').next()?.parse().ok());
        if let (Some(name), Some(used)) = (read("comm"), used) {
            let id = entry.file_name().to_string_lossy().into_owned();
            let name = name.trim_end().to_owned();
            threads.insert(id, (name, Duration::from_nanos(used)));
        }
    }
}

fn by_name(threads: &BTreeMap<String, (String, Duration)>) -> BTreeMap<String, Duration> {
    let mut sums = BTreeMap::new();
    for (name, used) in threads.values() {
        *sums.entry(name.clone()).or_default() += *used;
    }
    sums
}

/// A line of `/proc/PID/status` in bytes.
fn memory(pid: u32, line: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let value = status.lines().find_map(|text| text.strip_prefix(line))?;
    let kilobytes: u64 = value.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// The resident memory of this process in bytes.
pub(crate) fn own_rss() -> io::Result<u64> {
    let unreadable = || io::Error::other("/proc/self/status does not tell the resident memory");
    memory(std::process::id(), "VmRSS:").ok_or_else(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_reaped_with_its_figures() {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; exit 3",
        ]);
        let limit = Duration::from_mins(1);
        let done = run(&mut command, Duration::from_millis(1), limit).unwrap();
        assert_eq!(done.status.code(), Some(3));
        assert!(!done.cpu.is_zero() && done.cpu < limit && done.peak_rss > 0);
        assert!(done.threads.contains_key("sh"), "{:?}", done.threads);
    }

    #[test]
    fn a_child_that_does_not_end_is_killed() {
        let mut command = Command::new("sleep");
        let began = Instant::now();
        let tick = Duration::from_millis(1);
        let error = run(command.arg("1000"), tick, Duration::from_millis(20)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() < Duration::from_mins(15));
    }
}

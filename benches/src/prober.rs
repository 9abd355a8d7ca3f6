//! An independent measurement of the server's latency while a generator loads it.
//!
//! One thread, one blocking keep-alive connection, one request every 5 ms, and the kernel's receive
//! stamp: what it sees is the server's answer and not how late a busy program came to read it. A
//! generator whose figures are far from these measures itself.

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::sys;

const EVERY: Duration = Duration::from_millis(5);
const TIMEOUT: Duration = Duration::from_secs(5);

/// What was seen, in milliseconds and in the order measured.
#[derive(Debug, Default)]
pub(crate) struct Probes {
    pub(crate) latencies: Vec<f64>,
    /// How late each request went out. Where that is much, the machine was too busy to let the
    /// prober run when it wanted to, and it did not see the worst moments.
    pub(crate) lateness: Vec<f64>,
}

/// A prober that runs until it is stopped.
#[derive(Debug)]
pub(crate) struct Prober {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<io::Result<Probes>>,
}

impl Prober {
    /// Begins after `delay`, when the load runs evenly, and measures for `length` at most.
    pub(crate) fn start(
        address: SocketAddr,
        delay: Duration,
        length: Duration,
    ) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("prober".to_owned())
            .spawn(move || {
                std::thread::sleep(delay);
                probe(address, length, &until)
            })?;
        Ok(Self { stop, thread })
    }

    /// Ends it, and gives what it saw.
    pub(crate) fn finish(self) -> io::Result<Probes> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread
            .join()
            .map_err(|_| io::Error::other("the prober panicked"))?
    }
}

fn probe(address: SocketAddr, length: Duration, until: &AtomicBool) -> io::Result<Probes> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    sys::stamp_receives(&stream)?;
    let request = format!("GET / HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let mut probes = Probes::default();
    let began = Instant::now();
    let mut due = began;
    while !until.load(Ordering::Relaxed) && began.elapsed() < length {
        if let Some(wait) = due.checked_duration_since(Instant::now()) {
            std::thread::sleep(wait);
        }
        let late = due.elapsed();
        due += EVERY;
        let sent = SystemTime::now();
        stream.write_all(request.as_bytes())?;
        let received = answer(&stream)?;
        // The kernel begins to stamp a little after it was asked to.
        let sent = sent.duration_since(UNIX_EPOCH).unwrap_or_default();
        if let Some(latency) = received.and_then(|received| received.checked_sub(sent)) {
            probes.latencies.push(latency.as_secs_f64() * 1e3);
            probes.lateness.push(late.as_secs_f64() * 1e3);
        }
    }
    Ok(probes)
}

/// Reads one response to its end; when its last byte came.
fn answer(stream: &TcpStream) -> io::Result<Option<Duration>> {
    let mut buffer = [0; 4096];
    let mut have = 0;
    loop {
        let (received, stamp) = sys::receive(stream, &mut buffer[have..])?;
        have += received;
        if received == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if size(&buffer[..have]).is_some_and(|size| have >= size) {
            return Ok(stamp);
        }
    }
}

/// How long a response is, head and body, once its head is there.
fn size(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&bytes[..head]).ok()?;
    let body = text.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let value = name
            .eq_ignore_ascii_case("content-length")
            .then_some(value)?;
        value.trim().parse::<usize>().ok()
    })?;
    Some(head + 4 + body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_those_of_the_server() {
        let target = brunt_testkit::Target::http().unwrap();
        let prober = Prober::start(target.address(), Duration::ZERO, TIMEOUT).unwrap();
        while target.requests() < 20 {
            std::thread::sleep(EVERY);
        }
        let latencies = prober.finish().unwrap().latencies;
        assert!(!latencies.is_empty() && latencies.iter().all(|ms| *ms > 0.0 && *ms < 5e3));
    }

    #[test]
    fn the_end_of_a_response() {
        let response = b"HTTP/1.1 200 OK\r\ncontent-Length: 2\r\n\r\nok";
        assert_eq!(size(response), Some(response.len()));
        assert_eq!(size(&response[..30]), None);
    }
}

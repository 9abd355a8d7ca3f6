//! Requests per CPU-second of a bare client: what the network costs before JavaScript and metrics.
//!
//! `net_bench URL [CLIENTS] [SECONDS]`. Run it beside `wrk -t1 -cCLIENTS` against the same server.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::rc::Rc;
use std::sync::Arc;

use brunt_net::{Client, NetConfig, Request, Target, TlsOptions, TlsSettings, clock};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments
        .next()
        .ok_or("usage: net_bench URL [CLIENTS] [SECONDS]")?;
    let clients: usize = arguments.next().map_or(Ok(50), |text| text.parse())?;
    let seconds: i64 = arguments.next().map_or(Ok(3), |text| text.parse())?;

    let target = Rc::new(Target::parse(&url)?);
    let tls = TlsSettings::new(TlsOptions {
        insecure_skip_verify: true,
        ..TlsOptions::default()
    });
    let config = Arc::new(NetConfig {
        tls: Arc::new(tls),
        ..NetConfig::default()
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let local = tokio::task::LocalSet::new();
    let end = clock::now() + seconds * 1_000_000_000;
    let began = (clock::now(), cpu_seconds()?);
    let all = local.block_on(&runtime, async {
        let tasks: Vec<_> = (0..clients)
            .map(|_| {
                let (target, client) = (Rc::clone(&target), Client::new(Arc::clone(&config)));
                tokio::task::spawn_local(async move { load(&client, &target, end).await })
            })
            .collect();
        let mut all = Load::default();
        for task in tasks {
            if let Ok(load) = task.await {
                all.add(load);
            }
        }
        all
    });
    let (wall, cpu) = ((clock::now() - began.0) as f64 / 1e9, cpu_seconds()?);
    let (user, system) = (cpu.0 - began.1.0, cpu.1 - began.1.1);
    let requests = all.durations.len() as f64;
    all.report();
    println!(
        "{:.0}/s, {:.0} per CPU-second, {:.2} us user and {:.2} us system per request",
        requests / wall,
        requests / (user + system),
        user / requests * 1e6,
        system / requests * 1e6,
    );
    Ok(())
}

#[derive(Default)]
struct Load {
    durations: Vec<i64>,
    delays: Vec<i64>,
    errors: u64,
    fallbacks: u64,
}

impl Load {
    fn add(&mut self, mut other: Self) {
        self.durations.append(&mut other.durations);
        self.delays.append(&mut other.delays);
        self.errors += other.errors;
        self.fallbacks += other.fallbacks;
    }

    fn report(mut self) {
        self.durations.sort_unstable();
        self.delays.sort_unstable();
        let at = |sorted: &[i64], part: f64| {
            let place = (sorted.len() as f64 * part) as usize;
            sorted.get(place).copied().unwrap_or_default() as f64 / 1e3
        };
        println!(
            "{} requests, {} errors, {} without a stamp; duration p50 {:.0} us, p95 {:.0} us; \
             read delay p50 {:.0} us, p95 {:.0} us",
            self.durations.len(),
            self.errors,
            self.fallbacks,
            at(&self.durations, 0.5),
            at(&self.durations, 0.95),
            at(&self.delays, 0.5),
            at(&self.delays, 0.95),
        );
    }
}

async fn load(client: &Client, target: &Target, end: i64) -> Load {
    let headers = [("User-Agent".to_owned(), "brunt/0.1.0".to_owned())];
    let mut load = Load::default();
    loop {
        let now = clock::now();
        if now >= end {
            return load;
        }
        let request = Request {
            method: "GET",
            url: target,
            headers: &headers,
            body: None,
            deadline: Some(now + 60_000_000_000),
            discard_body: false,
        };
        let exchange = client.send(&request).await;
        load.durations.push(exchange.timings.duration());
        load.delays.push(exchange.read_delay);
        load.fallbacks += u64::from(exchange.stamp_fallback);
        if !matches!(&exchange.outcome, Ok(response) if response.status == 200) {
            if load.errors == 0 {
                println!("{:?}", exchange.outcome);
            }
            load.errors += 1;
        }
    }
}

/// User and system time of this process, in seconds (`/proc/self/stat`, fields 14 and 15).
fn cpu_seconds() -> Result<(f64, f64), Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat
        .rsplit(") ")
        .next()
        .unwrap_or_default()
        .split(' ')
        .collect();
    let ticks = |at: usize| -> Result<f64, Box<dyn Error>> {
        Ok(fields
            .get(at)
            .ok_or("short /proc/self/stat")?
            .parse::<f64>()?
            / 100.0)
    };
    Ok((ticks(11)?, ticks(12)?))
}

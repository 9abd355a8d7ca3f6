//! Receivers of remote write and OTLP as peers.

use std::time::Duration;

use brunt_output::Output;
use brunt_output::kit::{Behaviour, METRIC, Peer};
use brunt_testkit::remote_write::Value;
use brunt_testkit::{Otlp, RemoteWrite, otlp, remote_write};

/// How long a request takes where the receiver is slow.
const SLOW: Duration = Duration::from_millis(20);
/// Much longer than the output waits for an answer.
const NEVER: Duration = Duration::from_mins(1);
/// How long the output waits for an answer.
const TIMEOUT: &str = "timeout=200ms";
/// More requests than any case makes.
const ALL: usize = 10_000;

/// A strict receiver, and the name of the output that sends to it.
pub(super) struct Receiver {
    output: &'static str,
    receives: Receives,
}

enum Receives {
    RemoteWrite(RemoteWrite),
    Otlp(Otlp),
}

impl Receiver {
    pub(super) fn remote_write(output: &'static str) -> Self {
        let receives = Receives::RemoteWrite(RemoteWrite::start().unwrap());
        Self { output, receives }
    }

    pub(super) fn otlp(output: &'static str) -> Self {
        let receives = Receives::Otlp(Otlp::start().unwrap());
        Self { output, receives }
    }

    pub(super) fn argument(&self) -> String {
        let name = self.output;
        match &self.receives {
            Receives::RemoteWrite(to) => format!("{name}={},{TIMEOUT}", to.write_url()),
            Receives::Otlp(to) => match name {
                "grafana-cloud" => format!("{name}={},{TIMEOUT},username=1,password=x", to.url()),
                "newrelic" => format!("{name}={},{TIMEOUT},api-key=x", to.url()),
                _ => format!("{name}={},{TIMEOUT}", to.url()),
            },
        }
    }
}

impl Peer for Receiver {
    fn output(&self) -> Box<dyn Output> {
        super::output(&self.argument())
    }

    fn behave(&self, behaviour: Behaviour) -> bool {
        match &self.receives {
            Receives::RemoteWrite(to) => {
                use remote_write::Fault;
                to.clear_faults();
                let fault = match behaviour {
                    Behaviour::Takes => return true,
                    Behaviour::Dawdles => Fault::Stall(SLOW),
                    Behaviour::Stalls => Fault::Stall(NEVER),
                    Behaviour::Refuses => Fault::status(503),
                };
                to.inject(fault, ALL as u64);
            }
            Receives::Otlp(to) => {
                use otlp::Fault;
                to.clear_faults();
                let fault = match behaviour {
                    Behaviour::Takes => return true,
                    Behaviour::Dawdles => Fault::Stall(SLOW),
                    // What a stalled one was sent is stored in the end, which makes it another case.
                    Behaviour::Stalls => return false,
                    // Unavailable.
                    Behaviour::Refuses => Fault::status(503, 14),
                };
                to.inject(&fault, ALL);
            }
        }
        true
    }

    fn held(&self) -> Result<Vec<f64>, String> {
        match &self.receives {
            Receives::RemoteWrite(to) => {
                if let Some(broken) = to.violations().first() {
                    return Err(format!("{broken:?}"));
                }
                let series = to.series(&format!("k6_{METRIC}_total"), &[]);
                let samples = series.into_iter().flat_map(|series| series.samples);
                let values = samples.filter_map(|(_, value)| match value {
                    // The zero with which a counter begins is not one of the kit's values.
                    Value::Float(value) if value > 0.0 => Some(value),
                    _ => None,
                });
                Ok(values.collect())
            }
            Receives::Otlp(to) => {
                if let Some(problem) = to.problems().first() {
                    return Err(problem.clone());
                }
                let name = to.names().into_iter().find(|name| name.ends_with(METRIC));
                Ok(name.map_or(Vec::new(), |name| to.values(&name, &[])))
            }
        }
    }
}

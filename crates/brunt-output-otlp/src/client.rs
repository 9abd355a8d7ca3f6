//! The way to the receiver: one request, one verdict, by HTTP or gRPC.
//!
//! gRPC here is one unary call: a POST over HTTP/2 with five bytes before the message and the status in
//! the trailers. `tonic` would bring a second TLS set-up beside the one that all outputs share, and
//! older versions of crates that are in the tree already, for what is a screenful of code.

mod answer;
mod grpc;
mod http;

use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use brunt_delivery::http::{Tls, explain, secrets};
use brunt_delivery::{Sent, Split, Transport, Verdict};
use brunt_output::{ConfigError, OutputError};
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::header::HeaderMap;

use crate::config::{Config, Protocol};
use crate::request::{Load, Sender};
use answer::Answer;

/// Sends requests.
pub(crate) struct Client {
    config: Config,
    sender: Sender,
    connection: reqwest::Client,
    /// What must not be shown, should the receiver repeat it in its answer.
    secrets: Vec<String>,
    /// Groups that the receiver has, since somebody asked.
    acknowledged: Mutex<Vec<u32>>,
    /// Points that went again although the receiver may have had them already.
    doubtful: AtomicU64,
    /// What the receiver had to say although it took everything.
    warning: Mutex<Option<String>>,
}

impl Client {
    /// Reads the files that the configuration names; nothing is sent yet.
    pub(crate) fn new(config: Config) -> Result<Self, ConfigError> {
        let mut builder = config.tls.client(&config.instance)?.timeout(config.timeout);
        if config.protocol == Protocol::Grpc {
            builder = builder.http2_prior_knowledge();
        }
        let connection = Tls::build(builder, &config.instance)?;
        let secrets = secrets(&config.headers, &config.auth);
        Ok(Self {
            sender: Sender::new(&[]),
            config,
            connection,
            secrets,
            acknowledged: Mutex::default(),
            doubtful: AtomicU64::new(0),
            warning: Mutex::default(),
        })
    }

    /// The same as this sender.
    pub(crate) fn sending_as(mut self, sender: Sender) -> Self {
        self.sender = sender;
        self
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn sender(&self) -> &Sender {
        &self.sender
    }

    /// The URL without anything that may be a secret.
    pub(crate) fn target(&self) -> String {
        let mut url = self.config.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        if self.config.protocol == Protocol::Grpc {
            url.set_path("");
        }
        url.as_str().trim_end_matches('/').to_owned()
    }

    /// Sends a request without data, so that a wrong address or password shows before the test.
    pub(crate) async fn check(&self) -> Result<(), OutputError> {
        let unreachable = |reason| OutputError::Unreachable {
            target: self.target(),
            reason,
        };
        match self.post(Vec::new()).await {
            Err(error) => Err(unreachable(format!(
                "{}{}; start it, correct the address, or start the test anyway with check=false",
                explain(&error),
                self.config.hint(&error)
            ))),
            Ok(answer) => answer
                .check(self.config.protocol)
                .map_err(|reason| unreachable(self.clean(reason))),
        }
    }

    /// Groups that the receiver has acknowledged since the last call.
    pub(crate) fn take_acknowledged(&self) -> Vec<u32> {
        std::mem::take(&mut *lock(&self.acknowledged))
    }

    /// Points that were sent more than once, because nobody knows what became of the first time.
    pub(crate) fn doubtful(&self) -> u64 {
        self.doubtful.load(Ordering::Relaxed)
    }

    /// The newest warning of the receiver.
    pub(crate) fn warning(&self) -> Option<String> {
        lock(&self.warning).clone()
    }

    fn clean(&self, text: String) -> String {
        brunt_delivery::http::without_secrets(text, &self.secrets)
    }

    /// Sends a message that is not compressed yet.
    async fn post(&self, message: Vec<u8>) -> reqwest::Result<Answer> {
        let compressed = if self.config.gzip {
            gzip(&message)
        } else {
            None
        };
        let is_compressed = compressed.is_some();
        let body = compressed.unwrap_or(message);
        let bytes = body.len() as u64;
        let request = self
            .connection
            .post(self.config.url.clone())
            .headers(self.config.headers.clone());
        let request = self.config.auth.sign(request);
        let mut answer = match self.config.protocol {
            Protocol::Http => http::call(request, body, is_compressed).await?,
            Protocol::Grpc => {
                grpc::call(request, &body, is_compressed, self.config.timeout).await?
            }
        };
        answer.bytes = bytes;
        Ok(answer)
    }

    fn acknowledge(&self, load: &Load) {
        lock(&self.acknowledged).extend(load.parts.iter().map(|part| part.group));
    }

    /// The load goes again, though the receiver may have it.
    fn doubt(&self, load: &Load) {
        if !load.doubtful.swap(true, Ordering::Relaxed) {
            self.doubtful.fetch_add(load.points(), Ordering::Relaxed);
        }
    }
}

impl Transport for Client {
    type Load = Load;

    async fn send(&self, load: &Load) -> Sent {
        match self.post(self.sender.encode(load)).await {
            Err(error) => {
                // Whoever was not reached has received nothing.
                if !error.is_connect() {
                    self.doubt(load);
                }
                Sent {
                    bytes: 0,
                    verdict: Verdict::Retry {
                        after: None,
                        reason: explain(&error),
                        fault: None,
                    },
                }
            }
            Ok(answer) => {
                let bytes = answer.bytes;
                if answer.is_doubtful() {
                    self.doubt(load);
                }
                let (verdict, warning) = answer.judge(load.points());
                if let Some(warning) = warning {
                    *lock(&self.warning) = Some(self.clean(warning));
                }
                if matches!(verdict, Verdict::Delivered | Verdict::Partly { .. }) {
                    self.acknowledge(load);
                }
                Sent {
                    bytes,
                    verdict: self.clean_verdict(verdict),
                }
            }
        }
    }

    fn points(&self, load: &Load) -> u64 {
        load.points()
    }

    fn split(&self, load: Load) -> Split<Load> {
        load.split()
    }
}

impl Client {
    fn clean_verdict(&self, verdict: Verdict) -> Verdict {
        match verdict {
            Verdict::Partly { rejected, reason } => Verdict::Partly {
                rejected,
                reason: self.clean(reason),
            },
            Verdict::Retry {
                after,
                reason,
                fault,
            } => Verdict::Retry {
                after,
                reason: self.clean(reason),
                fault,
            },
            Verdict::Reject { reason, split } => Verdict::Reject {
                reason: self.clean(reason),
                split,
            },
            other @ (Verdict::Delivered | Verdict::Again) => other,
        }
    }
}

/// Compressed as fast as possible: attributes repeat so much that more effort gains little.
fn gzip(message: &[u8]) -> Option<Vec<u8>> {
    if message.is_empty() {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(message.len() / 8), Compression::fast());
    // Room in a vector never ends; if it did, the message would go as it is.
    encoder.write_all(message).ok()?;
    encoder.finish().ok()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The headers that belong to the protocols and cannot be set by the user.
pub(crate) const RESERVED: &[&str] = &[
    "content-encoding",
    "content-length",
    "content-type",
    "grpc-accept-encoding",
    "grpc-encoding",
    "grpc-timeout",
    "host",
    "te",
    "transfer-encoding",
    "user-agent",
];

/// A header that is in an answer once or not at all.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

//! The way to the receiver: one request, one verdict.

mod answer;
mod hints;
mod negotiation;

use brunt_delivery::http::{Auth, Tls, explain, secrets, without_secrets};
use brunt_delivery::{Sent, Split, Transport, Verdict};
use brunt_output::{ConfigError, OutputError};
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Proxy, Url};

use crate::config::Config;
use crate::load::Load;
use crate::sigv4::Signer;
use crate::wire::{self, Version};
use answer::Answer;
use negotiation::Negotiation;

/// Sends requests of remote write in the version that the receiver understands.
pub(crate) struct Client {
    http: reqwest::Client,
    url: Url,
    auth: Auth,
    signer: Option<Box<Signer>>,
    headers: HeaderMap,
    negotiation: Negotiation,
    /// What must not be shown, should the receiver repeat it in its answer.
    secrets: Vec<String>,
}

impl Client {
    pub(crate) fn new(config: &Config) -> Result<Self, ConfigError> {
        let mut builder = config.tls.client(&config.instance)?.timeout(config.timeout);
        if let Some(proxy) = &config.proxy {
            // The URL may hold a password.
            let proxy = Proxy::all(proxy).map_err(|_| ConfigError {
                output: config.instance.clone(),
                message: "the key 'proxy' holds no URL of a proxy".to_owned(),
            })?;
            builder = builder.proxy(proxy);
        }
        let http = Tls::build(builder, &config.instance)?;
        let mut headers = config.headers.clone();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("snappy"));
        let mut secrets = secrets(&config.headers, &config.auth);
        if let Some(signer) = &config.signer {
            secrets.push(signer.secret.clone());
            secrets.extend(signer.token.clone());
        }
        Ok(Self {
            http,
            url: config.url.clone(),
            auth: config.auth.clone(),
            signer: config.signer.clone(),
            headers,
            negotiation: Negotiation::new(config.version),
            secrets,
        })
    }

    /// The URL without anything that may be a secret.
    pub(crate) fn target(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        url.into()
    }

    /// What was agreed on with the receiver in the end, in words; `None` where that is as wished.
    pub(crate) fn fallback(&self) -> Option<String> {
        self.negotiation.fallback()
    }

    /// Sends a request without series, so that a wrong address or password shows before the test.
    pub(crate) async fn check(&self) -> Result<(), OutputError> {
        let unreachable = |reason| OutputError::Unreachable {
            target: self.target(),
            reason,
        };
        let version = self.negotiation.version();
        let body = wire::body(&Load::default(), version);
        match self.post(body, version).await {
            Err(error) => Err(unreachable(format!(
                "{}; start it, correct the address, or start the test anyway with check=false",
                explain(&error)
            ))),
            Ok(response) => {
                let answer = self.read(response).await;
                if self.negotiation.refuses_version(&answer) {
                    return Ok(());
                }
                answer::judge_check(&answer).map_err(unreachable)
            }
        }
    }

    /// What the receiver says, without what it should not know to be ours.
    async fn read(&self, response: reqwest::Response) -> Answer {
        let mut answer = Answer::read(response).await;
        answer.message = without_secrets(answer.message, &self.secrets);
        answer
    }

    async fn post(&self, body: Vec<u8>, version: Version) -> reqwest::Result<reqwest::Response> {
        let mut headers = self.headers.clone();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static(version.content_type()),
        );
        headers.insert(
            "x-prometheus-remote-write-version",
            HeaderValue::from_static(version.header()),
        );
        if let Some(signer) = &self.signer {
            signer.sign(&self.url, &mut headers, &body);
        }
        let request = self.http.post(self.url.clone()).headers(headers).body(body);
        self.auth.sign(request).send().await
    }
}

impl Transport for Client {
    type Load = Load;

    async fn send(&self, load: &Load) -> Sent {
        let version = self.negotiation.version();
        let body = wire::body(load, version);
        let bytes = body.len() as u64;
        let verdict = match self.post(body, version).await {
            Err(error) => Verdict::Retry {
                after: None,
                reason: explain(&error),
                fault: None,
            },
            Ok(response) => {
                let answer = self.read(response).await;
                self.negotiation.judge(version, &answer, load)
            }
        };
        Sent { bytes, verdict }
    }

    fn points(&self, load: &Load) -> u64 {
        load.points
    }

    fn split(&self, load: Load) -> Split<Load> {
        load.split()
    }

    fn suspect(&self, load: &Load) -> bool {
        load.suspect
    }
}

pub(crate) mod fuzzing {
    //! A receiver's answer as far as it is bytes.
    use reqwest::StatusCode;
    use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};

    use super::answer::{Answer, judge, judge_check};

    /// Judges an answer; gives what a user would be told.
    pub fn answer(status: u16, after: &[u8], message: &str) -> String {
        let status = StatusCode::from_u16(status).unwrap_or_default();
        let mut headers = HeaderMap::new();
        if let Ok(after) = HeaderValue::from_bytes(after) {
            headers.insert(RETRY_AFTER, after);
        }
        let answer = Answer::new(status, &headers, message.to_owned());
        format!("{:?} {:?}", judge(&answer), judge_check(&answer))
    }
}

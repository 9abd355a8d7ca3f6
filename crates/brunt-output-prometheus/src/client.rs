//! The way to the receiver: one request, one verdict.

mod answer;
mod hints;
mod negotiation;

use brunt_delivery::{Sent, Split, Transport, Verdict};
use brunt_output::{ConfigError, OutputError};
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Certificate, Identity, Proxy, Url, tls};

use crate::config::{Auth, Config};
use crate::load::Load;
use crate::wire::{self, Version};
use answer::Answer;
use negotiation::Negotiation;

/// Sends requests of remote write in the version that the receiver understands.
pub(crate) struct Client {
    http: reqwest::Client,
    url: Url,
    auth: Auth,
    headers: HeaderMap,
    negotiation: Negotiation,
    /// What must not be shown, should the receiver repeat it in its answer.
    secrets: Vec<String>,
}

impl Client {
    pub(crate) fn new(config: &Config) -> Result<Self, ConfigError> {
        let wrong = |message: String| ConfigError {
            output: config.instance.clone(),
            message,
        };
        let read = |key: &str, path: &str| {
            std::fs::read(path).map_err(|reason| {
                wrong(format!(
                    "cannot read '{path}', which the key '{key}' names: {reason}"
                ))
            })
        };
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("brunt/", env!("CARGO_PKG_VERSION")))
            .timeout(config.timeout)
            // A redirected POST becomes a GET; the user is told where the receiver is instead.
            .redirect(reqwest::redirect::Policy::none())
            .tls_danger_accept_invalid_certs(config.tls.insecure);
        if config.tls.only_1_3 {
            builder = builder.tls_version_min(tls::Version::TLS_1_3);
        }
        if let Some(path) = &config.tls.ca_file {
            let certificates = Certificate::from_pem_bundle(&read("ca-file", path)?)
                .ok()
                .filter(|certificates| !certificates.is_empty())
                .ok_or_else(|| {
                    wrong(format!("there is no PEM certificate in '{path}' (ca-file)"))
                })?;
            builder = builder.tls_certs_merge(certificates);
        }
        match (&config.tls.client_cert, &config.tls.client_key) {
            (None, None) => {}
            (Some(certificate), Some(key)) => {
                let mut pem = read("client-cert", certificate)?;
                pem.push(b'\n');
                pem.extend(read("client-key", key)?);
                let identity = Identity::from_pem(&pem).map_err(|_| {
                    wrong(format!(
                        "'{certificate}' and '{key}' are not a PEM certificate and its key"
                    ))
                })?;
                builder = builder.identity(identity);
            }
            _ => {
                return Err(wrong(
                    "client-cert and client-key are given together or not at all".into(),
                ));
            }
        }
        if let Some(proxy) = &config.proxy {
            // The URL may hold a password.
            let proxy = Proxy::all(proxy)
                .map_err(|_| wrong("the key 'proxy' holds no URL of a proxy".to_owned()))?;
            builder = builder.proxy(proxy);
        }
        let http = builder.build().map_err(|reason| {
            wrong(format!(
                "cannot set up HTTPS: {}",
                answer::root_cause(&reason)
            ))
        })?;
        let mut headers = config.headers.clone();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("snappy"));
        let mut secrets: Vec<String> = config
            .headers
            .values()
            .filter_map(|value| value.to_str().ok())
            .map(str::to_owned)
            .collect();
        match &config.auth {
            Auth::None => {}
            Auth::Basic { password, .. } => secrets.push(password.clone()),
            Auth::Bearer(token) => secrets.push(token.clone()),
            Auth::Signature(signer) => {
                secrets.push(signer.secret.clone());
                secrets.extend(signer.token.clone());
            }
        }
        // What is as short as a word would tear holes into sentences and is no secret.
        secrets.retain(|secret| secret.len() >= 6);
        let (url, auth) = (config.url.clone(), config.auth.clone());
        Ok(Self {
            http,
            url,
            auth,
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
                answer::explain(&error)
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
        for secret in &self.secrets {
            answer.message = answer.message.replace(secret, "***");
        }
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
        if let Auth::Signature(signer) = &self.auth {
            signer.sign(&self.url, &mut headers, &body);
        }
        let request = self.http.post(self.url.clone()).headers(headers).body(body);
        let request = match &self.auth {
            Auth::None | Auth::Signature(_) => request,
            Auth::Basic { user, password } => request.basic_auth(user, Some(password)),
            Auth::Bearer(token) => request.bearer_auth(token),
        };
        request.send().await
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
                reason: answer::explain(&error),
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

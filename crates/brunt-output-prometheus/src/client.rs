//! The way to the receiver: one request, one verdict.

mod answer;

use brunt_delivery::{Parcel, Transport, Verdict};
use brunt_output::{ConfigError, OutputError};
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Certificate, Identity, Url, tls};

use crate::batch;
use crate::config::{Auth, Config};

/// Sends requests of remote write 1.0.
pub(crate) struct Client {
    http: reqwest::Client,
    url: Url,
    auth: Auth,
    headers: HeaderMap,
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
        let http = builder.build().map_err(|reason| {
            wrong(format!(
                "cannot set up HTTPS: {}",
                answer::root_cause(&reason)
            ))
        })?;
        let mut headers = config.headers.clone();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("snappy"));
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-protobuf"),
        );
        headers.insert(
            "x-prometheus-remote-write-version",
            HeaderValue::from_static("0.1.0"),
        );
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
        }
        // What is as short as a word would tear holes into sentences and is no secret.
        secrets.retain(|secret| secret.len() >= 6);
        let (url, auth) = (config.url.clone(), config.auth.clone());
        Ok(Self {
            http,
            url,
            auth,
            headers,
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

    /// Sends a request without series, so that a wrong address or password shows before the test.
    pub(crate) async fn check(&self) -> Result<(), OutputError> {
        let unreachable = |reason| OutputError::Unreachable {
            target: self.target(),
            reason,
        };
        match self.post(batch::empty_request()).await {
            Err(error) => Err(unreachable(format!(
                "{}; start it, correct the address, or start the test anyway with check=false",
                answer::explain(&error)
            ))),
            Ok(response) => {
                let status = response.status();
                let body = self.first_line(response).await;
                answer::judge_check(status, &body).map_err(unreachable)
            }
        }
    }

    /// What the receiver says, without what it should not know to be ours.
    async fn first_line(&self, response: reqwest::Response) -> String {
        let line = answer::first_line(response).await;
        self.secrets
            .iter()
            .fold(line, |line, secret| line.replace(secret, "***"))
    }

    async fn post(&self, body: Vec<u8>) -> reqwest::Result<reqwest::Response> {
        let request = self
            .http
            .post(self.url.clone())
            .headers(self.headers.clone())
            .body(body);
        let request = match &self.auth {
            Auth::None => request,
            Auth::Basic { user, password } => request.basic_auth(user, Some(password)),
            Auth::Bearer(token) => request.bearer_auth(token),
        };
        request.send().await
    }
}

impl Transport for Client {
    async fn send(&mut self, body: &[u8]) -> Verdict {
        match self.post(body.to_vec()).await {
            Err(error) => Verdict::Retry {
                after: None,
                reason: answer::explain(&error),
            },
            Ok(response) if response.status().is_success() => Verdict::Delivered,
            Ok(response) => {
                let status = response.status();
                let after = answer::retry_after(response.headers());
                answer::judge(status, after, &self.first_line(response).await)
            }
        }
    }

    fn split(&self, parcel: &Parcel) -> Option<(Parcel, Parcel)> {
        batch::split(parcel)
    }
}

pub(crate) mod fuzzing {
    //! A receiver's answer as far as it is bytes.
    use reqwest::StatusCode;
    use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};

    use super::answer::{judge, judge_check, retry_after};

    /// Judges an answer; gives what a user would be told.
    pub fn answer(status: u16, after: &[u8], message: &str) -> String {
        let status = StatusCode::from_u16(status).unwrap_or_default();
        let mut headers = HeaderMap::new();
        if let Ok(after) = HeaderValue::from_bytes(after) {
            headers.insert(RETRY_AFTER, after);
        }
        let verdict = judge(status, retry_after(&headers), message);
        format!("{verdict:?} {:?}", judge_check(status, message))
    }
}

//! How the receiver's certificate is judged, and our own: the keys `insecure-skip-verify`, `ca-file`,
//! `client-cert`, `client-key` and `tls-min`.

use brunt_output::{ConfigError, Settings};
use reqwest::{Certificate, ClientBuilder, Identity, tls};

use super::root_cause;

/// What the keys say; no file is read yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// Whether any certificate is accepted.
    pub insecure: bool,
    /// A PEM file with more trusted authorities.
    pub ca_file: Option<String>,
    /// A PEM file with our own certificate.
    pub client_cert: Option<String>,
    /// A PEM file with its key.
    pub client_key: Option<String>,
    /// Whether TLS 1.2 is not spoken.
    pub only_1_3: bool,
}

impl Tls {
    /// Reads the keys.
    pub fn read(settings: &Settings) -> Result<Self, ConfigError> {
        let minimum = settings.get("tls-min").unwrap_or("1.2");
        // k6's variables for the version also come as `tls1.3`.
        let version = minimum.trim_start_matches("tls");
        if !matches!(version, "1.2" | "1.3") {
            return Err(settings.invalid("tls-min", minimum, "1.2 or 1.3"));
        }
        let owned = |key: &str| settings.get(key).map(str::to_owned);
        Ok(Self {
            insecure: settings.switch("insecure-skip-verify")?.unwrap_or(false),
            ca_file: owned("ca-file"),
            client_cert: owned("client-cert"),
            client_key: owned("client-key"),
            only_1_3: version == "1.3",
        })
    }

    /// A builder of clients that judge certificates like this, call themselves `brunt/VERSION` and
    /// follow no redirects: a redirected POST becomes a GET, so the user is told where the receiver
    /// is instead. Reads the files; `instance` is the output's name for errors.
    pub fn client(&self, instance: &str) -> Result<ClientBuilder, ConfigError> {
        let wrong = |message: String| ConfigError {
            output: instance.to_owned(),
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
            .redirect(reqwest::redirect::Policy::none())
            .tls_danger_accept_invalid_certs(self.insecure);
        if self.only_1_3 {
            builder = builder.tls_version_min(tls::Version::TLS_1_3);
        }
        if let Some(path) = &self.ca_file {
            let certificates = Certificate::from_pem_bundle(&read("ca-file", path)?)
                .ok()
                .filter(|certificates| !certificates.is_empty())
                .ok_or_else(|| {
                    wrong(format!("there is no PEM certificate in '{path}' (ca-file)"))
                })?;
            builder = builder.tls_certs_merge(certificates);
        }
        match (&self.client_cert, &self.client_key) {
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
        Ok(builder)
    }

    /// The client, or why there can be none.
    pub fn build(builder: ClientBuilder, instance: &str) -> Result<reqwest::Client, ConfigError> {
        builder.build().map_err(|reason| ConfigError {
            output: instance.to_owned(),
            message: format!("cannot set up HTTPS: {}", root_cause(&reason)),
        })
    }
}

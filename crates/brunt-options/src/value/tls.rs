//! The TLS options: versions and client certificates.

use serde_json::{Map, Value, json};

use super::{OptionValue, choice, json_text, object, text_of};
use crate::error::Invalid;

/// A protocol version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVersion {
    /// TLS 1.0.
    Tls10,
    /// TLS 1.1.
    Tls11,
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// The versions that are allowed; an end that is not set is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct TlsVersions {
    /// The oldest.
    pub min: Option<TlsVersion>,
    /// The newest.
    pub max: Option<TlsVersion>,
}

/// A certificate to show to servers that ask for one.
#[derive(Clone, PartialEq, Eq)]
pub struct TlsAuth {
    /// The certificate, PEM.
    pub cert: String,
    /// Its key, PEM.
    pub key: String,
    /// What the key is encrypted with.
    pub password: Option<String>,
    /// For which hosts it is meant; empty for all.
    pub domains: Vec<String>,
}

const VERSIONS: [(&str, TlsVersion); 4] = [
    ("tls1.0", TlsVersion::Tls10),
    ("tls1.1", TlsVersion::Tls11),
    ("tls1.2", TlsVersion::Tls12),
    ("tls1.3", TlsVersion::Tls13),
];

/// Without the key and its password: options end up in logs.
impl std::fmt::Debug for TlsAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsAuth")
            .field("domains", &self.domains)
            .finish_non_exhaustive()
    }
}

impl TlsVersion {
    /// The name in options: `tls1.2`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tls10 => "tls1.0",
            Self::Tls11 => "tls1.1",
            Self::Tls12 => "tls1.2",
            Self::Tls13 => "tls1.3",
        }
    }
}

impl OptionValue for TlsVersions {
    fn schema() -> Value {
        let version = json!({ "enum": VERSIONS.map(|(name, _)| name) });
        let range = json!({
            "type": "object",
            "properties": { "min": version, "max": version },
            "additionalProperties": false,
        });
        json!({ "anyOf": [version, range] })
    }

    fn from_json(value: &Value) -> Result<Self, Invalid> {
        let Value::Object(object) = value else {
            let Value::String(text) = value else {
                return Err(Invalid::expected(
                    "a version such as \"tls1.2\" or {min: \"tls1.2\", max: \"tls1.3\"}",
                    value,
                ));
            };
            return Self::from_text(text);
        };
        let mut versions = Self::default();
        for (key, value) in object {
            let version = || -> Result<_, Invalid> {
                match value {
                    Value::Null => Ok(None),
                    value => choice(&text_of(value)?, &VERSIONS).map(Some),
                }
            };
            let version = version().map_err(|invalid| invalid.within(key))?;
            match key.as_str() {
                "min" => versions.min = version,
                "max" => versions.max = version,
                _ => return Err(Invalid::new("no such field; there are min and max").within(key)),
            }
        }
        if let (Some(min), Some(max)) = (versions.min, versions.max)
            && min > max
        {
            return Err(Invalid::new("min must not be newer than max"));
        }
        Ok(versions)
    }

    fn from_text(text: &str) -> Result<Self, Invalid> {
        let version = Some(choice(text, &VERSIONS)?);
        Ok(Self {
            min: version,
            max: version,
        })
    }

    fn to_json(&self) -> Value {
        let name = |version: Option<TlsVersion>| version.map_or("", TlsVersion::as_str);
        let mut versions = Map::new();
        versions.insert("min".to_owned(), Value::from(name(self.min)));
        versions.insert("max".to_owned(), Value::from(name(self.max)));
        Value::Object(versions)
    }
}

impl OptionValue for TlsAuth {
    fn schema() -> Value {
        let text = json!({ "type": "string" });
        json!({
            "type": "object",
            "properties": {
                "cert": text,
                "key": text,
                "password": text,
                "domains": { "type": "array", "items": text },
            },
            "required": ["cert", "key"],
        })
    }

    fn from_json(value: &Value) -> Result<Self, Invalid> {
        let object = object(value)?;
        let text = |key: &str| match object.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => text_of(value)
                .map(Some)
                .map_err(|invalid| invalid.within(key)),
        };
        let required = |key: &str| {
            text(key)?.ok_or_else(|| Invalid::new("is required: a text in PEM form").within(key))
        };
        let domains = match object.get("domains") {
            None | Some(Value::Null) => Vec::new(),
            Some(value) => Vec::from_json(value).map_err(|invalid| invalid.within("domains"))?,
        };
        Ok(Self {
            cert: required("cert")?,
            key: required("key")?,
            password: text("password")?,
            domains,
        })
    }

    fn from_text(text: &str) -> Result<Self, Invalid> {
        json_text(text, "[{\"cert\": …, \"key\": …}]")
    }

    fn to_json(&self) -> Value {
        let mut auth = Map::new();
        auth.insert("cert".to_owned(), Value::from(self.cert.as_str()));
        auth.insert("key".to_owned(), Value::from(self.key.as_str()));
        auth.insert("password".to_owned(), Value::from(self.password.clone()));
        auth.insert("domains".to_owned(), Value::from(self.domains.clone()));
        Value::Object(auth)
    }
}

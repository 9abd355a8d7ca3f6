//! How a request says who sends it: the keys `username`, `password` and `bearer-token`, or a user in
//! the URL.

use brunt_output::{ConfigError, Settings, lists};
use reqwest::{RequestBuilder, Url};

/// Basic or bearer authentication.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Auth {
    /// Neither.
    #[default]
    None,
    /// A user with a password, RFC 7617.
    Basic {
        /// The user.
        user: String,
        /// The password, perhaps empty.
        password: String,
    },
    /// A token, RFC 6750.
    Bearer(String),
}

impl Auth {
    /// Reads the keys. The user's name and password are taken out of the URL; keys win over them, and a
    /// token over all.
    pub fn read(settings: &Settings, url: &mut Url) -> Result<Self, ConfigError> {
        let mut auth = Self::None;
        if !url.username().is_empty() {
            auth = Self::Basic {
                user: lists::percent_decode(url.username()),
                password: lists::percent_decode(url.password().unwrap_or_default()),
            };
            // Neither fails for a URL with a host, which http and https always have.
            let _ = url.set_username("");
            let _ = url.set_password(None);
        }
        match (settings.get("username"), settings.get("password")) {
            (None, None) => {}
            (Some(user), password) => {
                auth = Self::Basic {
                    user: user.to_owned(),
                    password: password.unwrap_or_default().to_owned(),
                };
            }
            (None, Some(_)) => {
                return Err(settings.error("there is a password but no username: add username=…"));
            }
        }
        if let Some(token) = settings.get("bearer-token") {
            auth = Self::Bearer(token.to_owned());
        }
        Ok(auth)
    }

    /// Whether there is nothing to say.
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }

    /// What must not be shown.
    pub fn secret(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Basic { password, .. } => Some(password),
            Self::Bearer(token) => Some(token),
        }
    }

    /// The request with its header.
    pub fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::None => request,
            Self::Basic { user, password } => request.basic_auth(user, Some(password)),
            Self::Bearer(token) => request.bearer_auth(token),
        }
    }
}

//! What all outputs that speak HTTP have in common: TLS by the same keys, and how failures are told.
//!
//! Not a client of its own: `reqwest` is one. This is only what would be written a second time for
//! the second output.

mod answer;
mod auth;
mod headers;
mod tls;

pub use answer::{
    LONGEST_MESSAGE, explain, first_line, read_body, retry_after, root_cause, without_secrets,
};
pub use auth::Auth;
pub use headers::{headers, one_authorization, secrets, timeout};
pub use tls::Tls;

//! HTTP/2 by the `h2` crate, driven by whoever has a request running.
//!
//! There is no background task: a virtual user's worker polls its requests only, so each running
//! request polls the connection too. Between requests nobody does; what the server says meanwhile
//! is read when the next request asks for the connection.

mod io;
mod render;
mod run;
mod shared;
mod stream;
mod wakers;

pub(crate) use self::run::run;
pub(crate) use self::shared::Http2;

//! The parts of a link's address.

use rquickjs::{Result, Value};

use super::Called;

/// One part of the address in `href`.
pub(super) fn part<'js>(it: &Called<'_, 'js>, name: &str) -> Result<Value<'js>> {
    let resolved = it.page.resolve(it.attribute("href").unwrap_or_default());
    let Ok(url) = url::Url::parse(&resolved) else {
        // k6 says ":" of an address without a scheme.
        return it.give(if name == "protocol" { ":" } else { "" });
    };
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|it| it.to_string()).unwrap_or_default();
    let with_port = if port.is_empty() {
        host.to_owned()
    } else {
        format!("{host}:{port}")
    };
    let marked = |mark: char, text: Option<&str>| match text {
        Some(text) if !text.is_empty() => format!("{mark}{text}"),
        _ => String::new(),
    };
    it.give(match name {
        "hash" => marked('#', url.fragment()),
        "search" => marked('?', url.query()),
        "host" => with_port,
        "hostname" => host.to_owned(),
        "port" => port,
        "username" => url.username().to_owned(),
        "password" => url.password().unwrap_or_default().to_owned(),
        "origin" => format!("{}://{with_port}", url.scheme()),
        "pathname" => url.path().to_owned(),
        // Without the colon that browsers show.
        "protocol" => url.scheme().to_owned(),
        _ => String::new(),
    })
}

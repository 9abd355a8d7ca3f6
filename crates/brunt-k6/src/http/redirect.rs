//! Where a response sends a request, and what becomes of the request on the way (RFC 9110,
//! section 15.4, with the choices that k6's HTTP client makes).

use std::borrow::Cow;
use std::rc::Rc;

use brunt_net::{Exchange, Scheme, Target};

use crate::host::K6Host;
use crate::http::body::Body;
use crate::http::call::Call;
use crate::http::jar::is_subdomain;
use crate::http::request::url_error;

/// What is not shown to another host.
const PRIVATE: [&str; 4] = ["Authorization", "Www-Authenticate", "Cookie", "Cookie2"];

/// What describes a body that is not sent again.
const OF_BODY: [&str; 4] = [
    "Content-Encoding",
    "Content-Language",
    "Content-Location",
    "Content-Type",
];

/// Why a redirect cannot be followed: the error and its code.
pub(crate) type Broken = (String, u32);

/// Where a response sends us.
pub(crate) struct Next {
    url: String,
    /// The response named the host.
    absolute: bool,
}

impl Call {
    /// Where the response sends us: `None` if it is no redirect.
    pub(crate) fn redirect(&self, exchange: &Exchange) -> Option<Result<Next, Broken>> {
        let response = exchange.outcome.as_ref().ok()?;
        if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let location = response.headers.get("location")?;
        if location.is_empty() {
            return None;
        }
        let location = String::from_utf8_lossy(location);
        let joined = url::Url::parse(&self.place.url).and_then(|base| base.join(&location));
        Some(match joined {
            Ok(url) => Ok(Next {
                url: url.into(),
                absolute: location.contains("://") || location.starts_with("//"),
            }),
            Err(error) => {
                let message = format!("failed to parse Location header \"{location}\": {error}");
                Err((message, 1000))
            }
        })
    }

    /// 301, 302 and 303 make it a GET, 307 and 308 repeat it.
    pub(crate) fn follow(
        &mut self,
        host: &K6Host,
        exchange: &Exchange,
        next: &Next,
    ) -> Result<(), Broken> {
        let place = host.caches.targets.borrow_mut().get(&next.url);
        let place = place.map_err(|error| url_error(&error))?;
        let status = exchange.outcome.as_ref().map_or(0, |it| it.status);
        if matches!(status, 301..=303) {
            if &*self.method != "HEAD" {
                self.method = Cow::Borrowed("GET");
            }
            self.body = Body::default();
            self.drop_headers(&OF_BODY);
        }
        let left = Rc::clone(&self.place);
        let (from, to) = (&left.target, &place.target);
        if from.host() != to.host() && !is_subdomain(to.host(), from.host()) {
            self.drop_headers(&PRIVATE);
        }
        if next.absolute {
            self.drop_headers(&["Host"]);
        }
        let downgraded = from.scheme() == Scheme::Https && to.scheme() == Scheme::Http;
        self.referer = (!downgraded).then(|| referer(from));
        self.answer = None;
        self.place = place;
        Ok(())
    }

    fn drop_headers(&mut self, names: &[&str]) {
        let headers = &mut self.params.headers;
        headers.retain(|(name, _)| !names.contains(&name.as_str()));
    }
}

/// The address without credentials and fragment.
fn referer(target: &Target) -> String {
    format!(
        "{}://{}{}",
        target.scheme().as_str(),
        target.authority(),
        target.path_and_query()
    )
}

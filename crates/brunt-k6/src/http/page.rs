//! A response as a page: `html()`, `submitForm()`, `clickLink()`.

use rquickjs::function::{Opt, This};
use rquickjs::{Ctx, Object, Result, Value};

use brunt_js::throw_error;

use crate::args::{bytes, text};
use crate::html::{Nodes, Page, Selector, fields_object, submission};
use crate::http::request::{Arguments, send};

/// The response's body as a page at the response's address.
fn page(ctx: &Ctx<'_>, response: &Object<'_>) -> Result<std::rc::Rc<Page>> {
    let body: Value<'_> = response.get("body")?;
    let Some(bytes) = bytes(&body)? else {
        let message = "the body is null so we can't transform it to HTML - this likely was because of a request error getting the response";
        return Err(throw_error(ctx, "GoError", message));
    };
    let url: Value<'_> = response.get("url")?;
    Page::parse(ctx, &String::from_utf8_lossy(&bytes), Some(text(&url)?))
}

/// `response.html(selector?)`.
pub(crate) fn html<'js>(
    ctx: Ctx<'js>,
    this: This<Object<'js>>,
    selector: Opt<Option<String>>,
) -> Result<Value<'js>> {
    let nodes = Nodes::whole(page(&ctx, &this.0)?);
    match selector.0.flatten() {
        Some(selector) => nodes.find(&Selector::parse(&selector)).into_js(&ctx),
        None => nodes.into_js(&ctx),
    }
}

/// A member of a method's one argument, if it is there.
fn option<'js>(options: Option<&Object<'js>>, name: &str) -> Result<Option<Value<'js>>> {
    let value: Option<Value<'js>> = options.map(|it| it.get(name)).transpose()?;
    Ok(value.filter(|it| !it.is_undefined() && !it.is_null()))
}

fn selector(options: Option<&Object<'_>>, name: &str, default: &str) -> Result<String> {
    let given = option(options, name)?.map(|it| text(&it)).transpose()?;
    Ok(given.unwrap_or_else(|| default.to_owned()))
}

/// `response.submitForm({ formSelector, submitSelector, fields, params })`.
pub(crate) fn submit_form<'js>(
    ctx: Ctx<'js>,
    this: This<Object<'js>>,
    options: Opt<Option<Object<'js>>>,
) -> Result<Value<'js>> {
    let options = options.0.flatten();
    let options = options.as_ref();
    let page = page(&ctx, &this.0)?;
    let form = selector(options, "formSelector", "form")?;
    let submit = selector(options, "submitSelector", "[type=\"submit\"]")?;
    let found = submission(&page, &Selector::parse(&form), &Selector::parse(&submit));
    let Some(found) = found else {
        let url = page.url.as_deref().unwrap_or_default();
        let message = format!("no form found for selector '{form}' in response '{url}'");
        return Err(throw_error(&ctx, "GoError", &message));
    };
    let values = fields_object(&ctx, found.fields)?;
    if let Some(changes) = option(options, "fields")?.and_then(Value::into_object) {
        for entry in changes.props::<String, Value<'js>>() {
            let (name, value) = entry?;
            values.set(name, value)?;
        }
    }
    let params = option(options, "params")?;
    let (url, body) = if found.method == "GET" {
        (with_query(&ctx, &found.url, &values)?, None)
    } else {
        (found.url, Some(values.into_value()))
    };
    request(&ctx, found.method, &url, body.as_ref(), params.as_ref())
}

/// The address with the values as its query.
fn with_query<'js>(ctx: &Ctx<'js>, url: &str, values: &Object<'js>) -> Result<String> {
    let host = brunt_js::host_state::<crate::host::K6Host>(ctx)?;
    let body = crate::http::body::Body::read(ctx, &host, Some(values.as_value()))?;
    let query = String::from_utf8_lossy(&body.bytes.unwrap_or_default()).into_owned();
    let plain = url.split('#').next().unwrap_or(url);
    let plain = plain.split('?').next().unwrap_or(plain);
    Ok(format!("{plain}?{query}"))
}

/// `response.clickLink({ selector, params })`.
pub(crate) fn click_link<'js>(
    ctx: Ctx<'js>,
    this: This<Object<'js>>,
    options: Opt<Option<Object<'js>>>,
) -> Result<Value<'js>> {
    let options = options.0.flatten();
    let options = options.as_ref();
    let page = page(&ctx, &this.0)?;
    let wanted = selector(options, "selector", "a[href]")?;
    let links = Nodes::whole(std::rc::Rc::clone(&page)).find(&Selector::parse(&wanted));
    let Some(address) = links.first_attribute("href") else {
        let url = page.url.as_deref().unwrap_or_default();
        let message = format!("no element found for selector '{wanted}' in response '{url}'");
        return Err(throw_error(&ctx, "GoError", &message));
    };
    let url = page.resolve(address);
    let params = option(options, "params")?;
    request(&ctx, "GET".to_owned(), &url, None, params.as_ref())
}

fn request<'js>(
    ctx: &Ctx<'js>,
    method: String,
    url: &str,
    body: Option<&Value<'js>>,
    params: Option<&Value<'js>>,
) -> Result<Value<'js>> {
    let url = rquickjs::IntoJs::into_js(url, ctx)?;
    send(
        ctx,
        Arguments {
            method: method.into(),
            url: Some(&url),
            body,
            params,
        },
    )
}

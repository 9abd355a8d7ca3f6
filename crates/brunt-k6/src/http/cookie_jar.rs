//! `http.CookieJar` and `http.cookieJar()`: a script's hand on a jar.

use std::rc::Rc;

use rquickjs::function::{Constructor, Opt, This};
use rquickjs::{Ctx, Object, Result, Value};

use brunt_js::lazy::{Lazy, LazyClass};
use brunt_js::{host_state, throw_error};
use brunt_net::Target;

use crate::args::text;
use crate::host::K6Host;
use crate::http::cookies::{Cookie, date, push_to};
use crate::http::jar::{Jar, Site};
use crate::named::function;

/// What hangs on a jar's object.
struct Handle(Rc<Jar>);

impl Lazy for Handle {
    fn member<'js>(&self, ctx: &Ctx<'js>, _index: usize) -> Result<Value<'js>> {
        Ok(Value::new_undefined(ctx.clone()))
    }
}

/// `http.CookieJar`.
pub(crate) fn constructor<'js>(ctx: &Ctx<'js>) -> Result<Value<'js>> {
    let host = host_state::<K6Host>(ctx)?;
    let prototype = class(ctx, &host)?.prototype(ctx)?;
    let constructor =
        Constructor::new_prototype(ctx, prototype, |ctx: Ctx<'js>| object(&ctx, Rc::default()))?;
    constructor.set_name("CookieJar")?;
    Ok(constructor.into_value())
}

/// `http.cookieJar()`.
pub(crate) fn current(ctx: Ctx<'_>) -> Result<Object<'_>> {
    let host = host_state::<K6Host>(&ctx)?;
    host.stage.get().must_run(&ctx, "getting the cookie jar")?;
    let jar = Rc::clone(&host.jar.borrow());
    object(&ctx, jar)
}

/// The class of jars, made on first use.
fn class<'a>(ctx: &Ctx<'_>, host: &'a K6Host) -> Result<&'a LazyClass> {
    if let Some(class) = host.jar_class.get() {
        return Ok(class);
    }
    let prototype = Object::new(ctx.clone())?;
    prototype.set("set", function(ctx, "set", set)?)?;
    let urls = function(ctx, "cookiesForURL", cookies_for_url)?;
    prototype.set("cookiesForURL", urls)?;
    prototype.set("clear", function(ctx, "clear", clear)?)?;
    prototype.set("delete", function(ctx, "delete", delete)?)?;
    let class = LazyClass::new(ctx, [], &prototype)?;
    Ok(host.jar_class.get_or_init(|| class))
}

fn object<'js>(ctx: &Ctx<'js>, jar: Rc<Jar>) -> Result<Object<'js>> {
    let host = host_state::<K6Host>(ctx)?;
    class(ctx, &host)?.object(ctx, Handle(jar))
}

/// The jar behind a value, if it is one.
pub(crate) fn jar_of(host: &K6Host, value: &Value<'_>) -> Option<Rc<Jar>> {
    host.jar_class
        .get()?
        .with::<Handle, _>(value, |handle| Rc::clone(&handle.0))
}

/// The jar that a method was called on, and the URL that is its first argument.
fn opened<'js>(ctx: &Ctx<'js>, this: &Value<'js>, url: &Value<'js>) -> Result<(Rc<Jar>, Target)> {
    let host = host_state::<K6Host>(ctx)?;
    let jar = jar_of(&host, this);
    let wrong = "the method was called on something that is no CookieJar";
    let jar = jar.ok_or_else(|| throw_error(ctx, "TypeError", wrong))?;
    let url = crate::http::address::Address::read(url)?.url;
    let target = Target::parse(&url).map_err(|error| {
        let message = format!("cookie jar: '{url}' is no URL that cookies can belong to: {error}");
        throw_error(ctx, "GoError", &message)
    })?;
    Ok((jar, target))
}

fn now(ctx: &Ctx<'_>) -> Result<i64> {
    Ok(host_state::<K6Host>(ctx)?.wall_now() / 1_000_000)
}

fn set<'js>(
    ctx: Ctx<'js>,
    this: This<Value<'js>>,
    url: Value<'js>,
    name: Value<'js>,
    value: Value<'js>,
    options: Opt<Value<'js>>,
) -> Result<bool> {
    let (jar, target) = opened(&ctx, &this.0, &url)?;
    let mut cookie = Cookie {
        name: text(&name)?,
        value: text(&value)?,
        ..Cookie::default()
    };
    if let Some(options) = options.0.as_ref().and_then(Value::as_object) {
        read_options(&ctx, options, &mut cookie)?;
    }
    jar.store(Site::of(&target), &cookie, now(&ctx)?);
    Ok(true)
}

fn read_options(ctx: &Ctx<'_>, options: &Object<'_>, cookie: &mut Cookie) -> Result<()> {
    for entry in options.props::<String, Value<'_>>() {
        let (key, value) = entry?;
        if value.is_null() || value.is_undefined() {
            continue;
        }
        match key.as_str() {
            "domain" => cookie.domain = text(&value)?,
            "path" => cookie.path = text(&value)?,
            "secure" => cookie.secure = crate::k6::is_truthy(&value),
            "http_only" => cookie.http_only = crate::k6::is_truthy(&value),
            "max_age" => cookie.max_age = value.get::<rquickjs::Coerced<f64>>()?.0 as i64,
            "expires" => {
                let expires = text(&value)?;
                let parsed = if expires.is_empty() {
                    None
                } else {
                    Some(date(&expires).ok_or_else(|| {
                        let message = format!(
                            "unable to parse \"expires\" date string \"{expires}\": write it as Mon, 02 Jan 2006 15:04:05 GMT"
                        );
                        throw_error(ctx, "GoError", &message)
                    })?)
                };
                cookie.expires = parsed;
            }
            _ => {}
        }
    }
    Ok(())
}

fn cookies_for_url<'js>(
    ctx: Ctx<'js>,
    this: This<Value<'js>>,
    url: Value<'js>,
) -> Result<Object<'js>> {
    let (jar, target) = opened(&ctx, &this.0, &url)?;
    let mut found = Vec::new();
    jar.visit(Site::of(&target), now(&ctx)?, |name, value| {
        found.push((name.to_owned(), value.to_owned()));
    });
    let all = Object::new(ctx.clone())?;
    for (name, value) in found {
        push_to(&all, &name, value)?;
    }
    Ok(all)
}

fn clear<'js>(ctx: Ctx<'js>, this: This<Value<'js>>, url: Value<'js>) -> Result<()> {
    let (jar, target) = opened(&ctx, &this.0, &url)?;
    jar.remove(Site::of(&target), None);
    Ok(())
}

fn delete<'js>(
    ctx: Ctx<'js>,
    this: This<Value<'js>>,
    url: Value<'js>,
    name: Value<'js>,
) -> Result<()> {
    let (jar, target) = opened(&ctx, &this.0, &url)?;
    jar.remove(Site::of(&target), Some(&text(&name)?));
    Ok(())
}

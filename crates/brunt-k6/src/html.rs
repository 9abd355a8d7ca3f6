//! `k6/html`: pages parsed and searched as jQuery does it.

mod data;
mod document;
mod element;
mod forms;
mod parse;
mod selection;
mod selector;
mod serialize;
mod traverse;

use std::rc::Rc;

use rquickjs::{Ctx, Result, Value};

use brunt_js::{call_throwing_uncatchable, parker, throw_error};

use crate::args::text;
use crate::named::function;

pub(crate) use forms::submission;
pub(crate) use selection::{HtmlClasses, Nodes, fields_object};
pub(crate) use selector::Selector;

pub(crate) const EXPORTS: &[&str] = &["parseHTML"];

/// A parsed page and where it came from.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) document: document::Document,
    pub(crate) url: Option<String>,
}

impl Page {
    /// Parses a page, on the worker's stack.
    pub(crate) fn parse(ctx: &Ctx<'_>, text: &str, url: Option<String>) -> Result<Rc<Self>> {
        let parsed = parker(ctx)?.on_worker(|| parse::parse(text));
        let document = call_throwing_uncatchable(ctx, parsed)?;
        let document = document.map_err(|error| throw_error(ctx, "GoError", &error.to_string()))?;
        Ok(Rc::new(Self { document, url }))
    }

    /// An address in the page as a whole one; as it is if the page has none.
    pub(crate) fn resolve(&self, address: &str) -> String {
        let base = self
            .url
            .as_deref()
            .and_then(|url| url::Url::parse(url).ok());
        let joined = base.and_then(|base| base.join(address).ok());
        joined.map_or_else(|| address.to_owned(), String::from)
    }
}

pub(crate) fn export<'js>(ctx: &Ctx<'js>, name: &str) -> Result<Value<'js>> {
    if name != "parseHTML" {
        return Ok(Value::new_undefined(ctx.clone()));
    }
    let parse_html = |ctx: Ctx<'js>, source: Value<'js>| {
        let page = Page::parse(&ctx, &text(&source)?, None)?;
        Nodes::whole(page).into_js(&ctx)
    };
    function(ctx, name, parse_html)
}

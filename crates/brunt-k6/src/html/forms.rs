//! Form fields: their values, and what a form would send.

use super::Page;
use super::document::{Document, NodeId, ROOT};
use super::selector::Selector;
use super::serialize::inner_html;

/// The value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FieldValue {
    One(String),
    /// Of a `select` that allows several.
    Many(Vec<String>),
}

/// Names and values, in document order.
pub(crate) type Fields = Vec<(String, FieldValue)>;

/// The value of a field; `None` for other elements.
pub(super) fn value_of(document: &Document, id: NodeId) -> Option<FieldValue> {
    let attribute = |name| document.attribute(id, name);
    let one = |text: &str| Some(FieldValue::One(text.to_owned()));
    match document.name(id) {
        "input" => {
            let kind = attribute("type").unwrap_or_default();
            let default = if kind == "radio" || kind == "checkbox" {
                "on"
            } else {
                ""
            };
            one(attribute("value").unwrap_or(default))
        }
        "button" => one(attribute("value").unwrap_or_default()),
        "textarea" => Some(FieldValue::One(inner_html(document, id))),
        "option" => Some(FieldValue::One(option_value(document, id))),
        "select" => {
            let options = document.descendants(id);
            let mut chosen = options
                .filter(|it| {
                    document.name(*it) == "option" && document.attribute(*it, "selected").is_some()
                })
                .map(|it| option_value(document, it));
            Some(if attribute("multiple").is_some() {
                FieldValue::Many(chosen.collect())
            } else {
                FieldValue::One(chosen.next().unwrap_or_default())
            })
        }
        _ => None,
    }
}

pub(super) fn option_value(document: &Document, id: NodeId) -> String {
    match document.attribute(id, "value") {
        Some(value) => value.to_owned(),
        None => inner_html(document, id),
    }
}

/// What these nodes would send: the fields of a form, or the fields among them.
pub(super) fn fields(document: &Document, nodes: &[NodeId]) -> Fields {
    let mut candidates = Vec::new();
    for id in nodes {
        if document.name(*id) == "form" {
            candidates.extend(document.descendants(*id));
        } else {
            candidates.push(*id);
        }
    }
    let sent = candidates.into_iter().filter(|id| is_sent(document, *id));
    sent.filter_map(|id| {
        let name = document.attribute(id, "name")?.to_owned();
        Some((name, value_of(document, id)?))
    })
    .collect()
}

fn is_sent(document: &Document, id: NodeId) -> bool {
    let attribute = |name| document.attribute(id, name);
    if !["input", "select", "textarea", "keygen"].contains(&document.name(id))
        || attribute("disabled") == Some("disabled")
    {
        return false;
    }
    match attribute("type").unwrap_or_default() {
        "submit" | "button" | "reset" | "image" | "file" => false,
        // As k6 does it: a bare `checked` does not count.
        "checkbox" | "radio" => attribute("checked") == Some("checked"),
        _ => true,
    }
}

/// What submitting a form of a page sends.
#[derive(Debug)]
pub(crate) struct Submission {
    /// In upper case.
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) fields: Fields,
}

/// The first form that matches, with its first button that matches; `None` without a form.
pub(crate) fn submission(page: &Page, form: &Selector, submit: &Selector) -> Option<Submission> {
    let document = &page.document;
    let form = form
        .find(document, ROOT)
        .find(|it| document.name(*it) == "form")?;
    let mut fields = fields(document, &[form]);
    let button = submit.find(document, form).next();
    if let Some(button) = button
        && let Some(name) = document.attribute(button, "name")
    {
        let value = document.attribute(button, "value").unwrap_or_default();
        fields.push((name.to_owned(), FieldValue::One(value.to_owned())));
    }
    let method = document.attribute(form, "method").unwrap_or("GET");
    let action = document.attribute(form, "action").unwrap_or_default();
    Some(Submission {
        method: method.to_ascii_uppercase(),
        url: page.resolve(action),
        fields,
    })
}

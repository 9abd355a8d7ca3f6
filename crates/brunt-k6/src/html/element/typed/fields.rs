//! What form fields can be asked that is no attribute of theirs alone.

use rquickjs::{Result, Value};

use super::super::super::document::{NodeId, ROOT};
use super::super::super::forms::option_value;
use super::super::Called;

/// The elements of a form.
pub(super) const ELEMENTS: &[&str] = &[
    "button", "fieldset", "input", "object", "output", "select", "textarea",
];

pub(super) fn text<'js>(it: &Called<'_, 'js>) -> Result<Value<'js>> {
    it.give(it.document().text(it.id))
}

pub(super) fn rel_list<'js>(it: &Called<'_, 'js>) -> Result<Value<'js>> {
    let rel = it.attribute("rel").unwrap_or_default();
    it.give(rel.split_ascii_whitespace().collect::<Vec<_>>())
}

pub(super) fn base_href<'js>(it: &Called<'_, 'js>) -> Result<Value<'js>> {
    match it.attribute("href") {
        Some(address) => it.give(it.page.resolve(address)),
        None => it.give(it.page.url.as_deref().unwrap_or_default()),
    }
}

/// The form that the attribute `form` names, or the one around the field.
fn form_of(it: &Called<'_, '_>) -> Option<NodeId> {
    match it.attribute("form") {
        Some(name) => by_id(it, name).filter(|id| it.document().name(*id) == "form"),
        None => it.above("form"),
    }
}

fn by_id(it: &Called<'_, '_>, name: &str) -> Option<NodeId> {
    let document = it.document();
    document
        .descendants(ROOT)
        .find(|id| document.attribute(*id, "id") == Some(name))
}

pub(super) fn form<'js>(it: &Called<'_, 'js>) -> Result<Value<'js>> {
    it.node(form_of(it))
}

/// An attribute of the field's own, else the form's, else the first word.
pub(super) fn of_form<'js>(
    it: &Called<'_, 'js>,
    own: &str,
    of_form: &str,
    words: &[&'static str],
) -> Result<Value<'js>> {
    let form = || it.document().attribute(form_of(it)?, of_form);
    let found = it.attribute(own).or_else(form);
    let found = found.filter(|it| words.is_empty() || words.contains(it));
    it.give(found.or(words.first().copied()).unwrap_or_default())
}

pub(super) fn form_flag<'js>(it: &Called<'_, 'js>, own: &str, of_form: &str) -> Result<Value<'js>> {
    let form = || it.document().attribute(form_of(it)?, of_form);
    it.give(it.attribute(own).is_some() || form().is_some())
}

pub(super) fn form_action<'js>(it: &Called<'_, 'js>) -> Result<Value<'js>> {
    let form = || it.document().attribute(form_of(it)?, "action");
    let action = it.attribute("formaction").or_else(form);
    it.give(it.page.resolve(action.unwrap_or_default()))
}

/// The labels that name the field, and those around it.
pub(super) fn labels<'js>(it: &Called<'_, 'js>) -> Result<Value<'js>> {
    let document = it.document();
    let own = it.attribute("id");
    let around: Vec<NodeId> = document.ancestors(it.id).collect();
    it.nodes(document.descendants(ROOT).filter(|id| {
        document.name(*id) == "label"
            && match document.attribute(*id, "for") {
                Some(name) => Some(name) == own,
                None => around.contains(id),
            }
    }))
}

/// The field that a label is for.
pub(super) fn control<'js>(it: &Called<'_, 'js>) -> Result<Value<'js>> {
    let found = match it.attribute("for") {
        Some(name) => by_id(it, name),
        None => it.below(ELEMENTS).next(),
    };
    it.node(found)
}

pub(super) fn data_list<'js>(it: &Called<'_, 'js>) -> Result<Value<'js>> {
    let found = it.attribute("list").and_then(|name| by_id(it, name));
    it.node(found.filter(|id| it.document().name(*id) == "datalist"))
}

pub(super) fn value<'js>(it: &Called<'_, 'js>) -> Result<Value<'js>> {
    it.give(option_value(it.document(), it.id))
}

pub(super) fn option_disabled<'js>(it: &Called<'_, 'js>) -> Result<Value<'js>> {
    let group = it.above("optgroup");
    let of_group = group.is_some_and(|id| it.document().attribute(id, "disabled").is_some());
    it.give(of_group || it.attribute("disabled").is_some())
}

pub(super) fn option_index<'js>(it: &Called<'_, 'js>) -> Result<Value<'js>> {
    super::tables::position(it, &["select", "datalist"], &["option"])
}

pub(super) fn option_label<'js>(it: &Called<'_, 'js>) -> Result<Value<'js>> {
    match it.attribute("label") {
        Some(label) => it.give(label),
        None => text(it),
    }
}

/// The options that are selected; without any the first one, as browsers show it.
fn selected(it: &Called<'_, '_>) -> Vec<NodeId> {
    let document = it.document();
    let chosen = it.below(&["option"]);
    let chosen: Vec<NodeId> = chosen
        .filter(|id| document.attribute(*id, "selected").is_some())
        .collect();
    if chosen.is_empty() && it.attribute("multiple").is_none() {
        it.below(&["option"]).take(1).collect()
    } else {
        chosen
    }
}

pub(super) fn selected_options<'js>(it: &Called<'_, 'js>) -> Result<Value<'js>> {
    it.nodes(selected(it))
}

pub(super) fn selected_index<'js>(it: &Called<'_, 'js>) -> Result<Value<'js>> {
    let first = selected(it).into_iter().next();
    let position = first.and_then(|id| it.below(&["option"]).position(|it| it == id));
    it.give(position.map_or(-1.0, |at| at as f64))
}

pub(super) fn select_value<'js>(it: &Called<'_, 'js>) -> Result<Value<'js>> {
    let first = selected(it).into_iter().next();
    it.give(
        first
            .map(|id| option_value(it.document(), id))
            .unwrap_or_default(),
    )
}

/// An attribute as a number with a fraction.
pub(super) fn decimal(it: &Called<'_, '_>, name: &str, default: f64) -> f64 {
    let number = it.attribute(name).and_then(|it| it.trim().parse().ok());
    number.filter(|it: &f64| it.is_finite()).unwrap_or(default)
}

/// How far a progress bar is, from 0 to 1; -1 if it does not say.
pub(super) fn progress(it: &Called<'_, '_>) -> f64 {
    if it.attribute("value").is_none() {
        return -1.0;
    }
    let most = decimal(it, "max", 1.0);
    if most <= 0.0 {
        return 0.0;
    }
    (decimal(it, "value", 0.0) / most).clamp(0.0, 1.0)
}

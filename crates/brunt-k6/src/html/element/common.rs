//! What every node can be asked.

use rquickjs::{Object, Result, Value};

use super::super::document::{Data, NodeId, ROOT};
use super::super::selection::Nodes;
use super::super::selector::Selector;
use super::super::serialize::inner_html;
use super::super::traverse::is_below;
use super::{Called, Method, node_of};

pub(super) const METHODS: &[(&str, Method)] = &[
    ("attributes", attributes),
    ("childElementCount", |it| {
        let count = it.document().child_elements(it.id).count();
        it.give(count as f64)
    }),
    ("childNodes", |it| it.nodes(it.document().children(it.id))),
    ("children", |it| {
        it.nodes(it.document().child_elements(it.id))
    }),
    ("classList", |it| match it.attribute("class") {
        Some(all) => it.give(all.split_ascii_whitespace().collect::<Vec<_>>()),
        None => Ok(Value::new_null(it.ctx.clone())),
    }),
    ("className", |it| {
        it.give(it.attribute("class").unwrap_or_default())
    }),
    ("contains", |it| {
        let other = it.other(0)?;
        it.give(other.is_some_and(|id| id == it.id || is_below(it.document(), id, it.id)))
    }),
    ("firstChild", |it| {
        it.node(it.document().children(it.id).next())
    }),
    ("firstElementChild", |it| {
        it.node(it.document().child_elements(it.id).next())
    }),
    ("getAttribute", |it| {
        match it.attribute(&it.text(0)?.to_ascii_lowercase()) {
            Some(value) => it.give(value),
            None => it.undefined(),
        }
    }),
    ("getAttributeNode", |it| {
        attribute(it, &it.text(0)?.to_ascii_lowercase())
    }),
    ("getElementsByClassName", |it| {
        let document = it.document();
        let wanted = it.text(0)?;
        let has = |id: &NodeId| {
            let all = document.attribute(*id, "class").unwrap_or_default();
            wanted
                .split_ascii_whitespace()
                .all(|name| all.split_ascii_whitespace().any(|it| it == name))
        };
        let elements = document
            .descendants(it.id)
            .filter(|id| document.is_element(*id));
        it.nodes(elements.filter(has))
    }),
    ("getElementsByTagName", |it| {
        let document = it.document();
        let wanted = it.text(0)?.to_ascii_lowercase();
        let elements = document
            .descendants(it.id)
            .filter(|id| document.is_element(*id));
        it.nodes(elements.filter(|id| wanted == "*" || document.name(*id) == wanted))
    }),
    ("hasAttribute", |it| {
        let name = it.text(0)?.to_ascii_lowercase();
        it.give(it.attribute(&name).is_some())
    }),
    ("hasAttributes", |it| {
        let element = it.document().element(it.id);
        it.give(element.is_some_and(|it| !it.attributes.is_empty()))
    }),
    ("hasChildNodes", |it| {
        it.give(it.document().children(it.id).next().is_some())
    }),
    ("id", |it| it.give(it.attribute("id").unwrap_or_default())),
    ("innerHTML", |it| it.give(inner_html(it.document(), it.id))),
    ("isDefaultNamespace", |it| {
        it.give(it.document().is_html(it.id))
    }),
    ("isEqualNode", |it| {
        let inner = |page: &super::Page, id| inner_html(&page.document, id);
        let other = it
            .arguments
            .first()
            .map(|it2| node_of(it.ctx, it2))
            .transpose()?
            .flatten();
        it.give(other.is_some_and(|(page, id)| inner(&page, id) == inner(it.page, it.id)))
    }),
    ("isSameNode", |it| it.give(it.other(0)? == Some(it.id))),
    ("lang", |it| match it.attribute("lang") {
        Some(value) => it.give(value),
        None => it.undefined(),
    }),
    ("lastChild", |it| {
        it.node(it.document().children(it.id).last())
    }),
    ("lastElementChild", |it| {
        it.node(it.document().child_elements(it.id).last())
    }),
    ("matches", |it| {
        let selector = Selector::parse(&it.text(0)?);
        it.give(selector.matches(it.document(), it.id))
    }),
    ("namespaceURI", |it| match it.document().element(it.id) {
        Some(element) => it.give(&**element.namespace()),
        None => it.undefined(),
    }),
    ("nextElementSibling", |it| {
        let document = it.document();
        it.node(document.after(it.id).find(|id| document.is_element(*id)))
    }),
    ("nextSibling", |it| {
        it.node(it.document().after(it.id).next())
    }),
    ("nodeName", |it| {
        it.give(match it.document().data(it.id) {
            Data::Document => "#document",
            Data::Doctype(name) => name,
            Data::Text(_) => "#text",
            Data::Comment(_) => "#comment",
            Data::Element(element) => element.name(),
        })
    }),
    ("nodeType", |it| {
        it.give(match it.document().data(it.id) {
            Data::Element(_) => 1,
            Data::Text(_) => 3,
            Data::Comment(_) => 8,
            Data::Document => 9,
            Data::Doctype(_) => 10,
        })
    }),
    ("nodeValue", |it| match it.document().data(it.id) {
        Data::Text(text) | Data::Comment(text) => it.give(text.as_str()),
        _ => it.undefined(),
    }),
    ("ownerDocument", |it| it.node(Some(ROOT))),
    ("parentElement", |it| {
        it.node(it.document().ancestors(it.id).next())
    }),
    ("parentNode", |it| it.node(it.document().parent(it.id))),
    ("previousElementSibling", |it| {
        let document = it.document();
        it.node(document.before(it.id).find(|id| document.is_element(*id)))
    }),
    ("previousSibling", |it| {
        it.node(it.document().before(it.id).next())
    }),
    ("querySelector", |it| {
        let selector = Selector::parse(&it.text(0)?);
        it.node(selector.find(it.document(), it.id).next())
    }),
    ("querySelectorAll", |it| {
        let selector = Selector::parse(&it.text(0)?);
        it.nodes(selector.find(it.document(), it.id))
    }),
    ("selection", |it| {
        Nodes::some(std::rc::Rc::clone(it.page), vec![it.id]).into_js(it.ctx)
    }),
    ("textContent", |it| it.give(it.document().text(it.id))),
    ("toString", |it| it.give("[object html.Node]")),
];

/// `{name: attribute}`.
fn attributes<'js>(it: &Called<'_, 'js>) -> Result<Value<'js>> {
    let all = Object::new(it.ctx.clone())?;
    if let Some(element) = it.document().element(it.id) {
        for one in &element.attributes {
            all.set(&*one.name.local, attribute(it, &one.name.local)?)?;
        }
    }
    Ok(all.into_value())
}

/// `{name, value, owner_element, localName(), prefix(), namespaceURI()}`.
fn attribute<'js>(it: &Called<'_, 'js>, name: &str) -> Result<Value<'js>> {
    let element = it.document().element(it.id);
    let found = element.and_then(|it| it.attributes.iter().find(|it| &*it.name.local == name));
    let Some(found) = found else {
        return it.undefined();
    };
    let object = Object::new(it.ctx.clone())?;
    object.set("name", name)?;
    object.set("value", &*found.value)?;
    object.set("owner_element", it.node(Some(it.id))?)?;
    let prefix = found.name.prefix.as_deref().unwrap_or_default().to_owned();
    let methods = [
        ("localName", name.to_owned()),
        ("prefix", prefix),
        ("namespaceURI", (*found.name.ns).to_owned()),
    ];
    for (method, value) in methods {
        let function = rquickjs::Function::new(it.ctx.clone(), move || value.clone())?;
        object.set(method, function.with_name(method)?)?;
    }
    Ok(object.into_value())
}

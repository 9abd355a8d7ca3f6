//! Whether an element is what a selector says.

use super::super::document::{Data, Document, NodeId};
use super::{Combinator, Complex, Compound, Simple, Test};

pub(super) fn complex(document: &Document, complex: &Complex, id: NodeId) -> bool {
    compound(document, &complex.subject, id) && left(document, &complex.left, id)
}

/// Recursion as deep as the selector has compounds.
fn left(document: &Document, wanted: &[(Combinator, Compound)], id: NodeId) -> bool {
    let Some(((combinator, wanted_here), further)) = wanted.split_first() else {
        return true;
    };
    let fits = |id: NodeId| compound(document, wanted_here, id) && left(document, further, id);
    let mut before = document.before(id).filter(|id| document.is_element(*id));
    match combinator {
        Combinator::Descendant => document.ancestors(id).any(fits),
        Combinator::Child => document
            .parent(id)
            .is_some_and(|id| document.is_element(id) && fits(id)),
        Combinator::Next => before.next().is_some_and(fits),
        Combinator::Later => before.any(fits),
    }
}

fn compound(document: &Document, all: &Compound, id: NodeId) -> bool {
    all.iter().all(|one| simple(document, one, id))
}

fn simple(document: &Document, wanted: &Simple, id: NodeId) -> bool {
    let Some(element) = document.element(id) else {
        return false;
    };
    let has = |name: &str| element.attribute(name).is_some();
    let field = ["button", "input", "select", "textarea"].contains(&element.name());
    match wanted {
        Simple::Any => true,
        Simple::Tag(name) => element.name().eq_ignore_ascii_case(name),
        Simple::Id(name) => element.attribute("id") == Some(name),
        Simple::Class(name) => element
            .attribute("class")
            .is_some_and(|all| all.split_ascii_whitespace().any(|it| it == name)),
        Simple::Attribute { name, test, value } => attribute(element.attribute(name), *test, value),
        Simple::Nth {
            step,
            offset,
            same_name,
            from_end,
        } => {
            let alike = |it: &NodeId| counts(document, *it, element.name(), *same_name);
            let others = if *from_end {
                document.after(id).filter(alike).count()
            } else {
                document.before(id).filter(alike).count()
            };
            is_nth(others as i64 + 1, *step, *offset)
        }
        Simple::OnlyChild { same_name } => {
            let alike = |it: NodeId| counts(document, it, element.name(), *same_name);
            !document.before(id).any(alike) && !document.after(id).any(alike)
        }
        Simple::Empty => !document
            .children(id)
            .any(|it| matches!(document.data(it), Data::Element(_) | Data::Text(_))),
        Simple::Parent => document
            .children(id)
            .any(|it| matches!(document.data(it), Data::Element(_) | Data::Text(_))),
        Simple::Root => document
            .parent(id)
            .is_some_and(|it| matches!(document.data(it), Data::Document)),
        Simple::Not(inner) => !inner.matches(document, id),
        Simple::Has(inner) => inner.find(document, id).next().is_some(),
        Simple::HasChild(inner) => document.children(id).any(|it| inner.matches(document, it)),
        Simple::Contains(words) => document.text(id).to_lowercase().contains(words),
        Simple::ContainsOwn(words) => {
            let own = document
                .children(id)
                .filter_map(|it| match document.data(it) {
                    Data::Text(text) => Some(text.as_str()),
                    _ => None,
                });
            own.collect::<String>().to_lowercase().contains(words)
        }
        Simple::Input => field,
        Simple::Link => ["a", "area", "link"].contains(&element.name()) && has("href"),
        Simple::Enabled => (field || element.name() == "option") && !has("disabled"),
        Simple::Disabled => (field || element.name() == "option") && has("disabled"),
        Simple::Checked => match element.name() {
            "option" => has("selected"),
            "input" => {
                let kind = element.attribute("type").unwrap_or_default();
                (kind == "checkbox" || kind == "radio") && has("checked")
            }
            _ => false,
        },
    }
}

fn counts(document: &Document, id: NodeId, name: &str, same_name: bool) -> bool {
    document
        .element(id)
        .is_some_and(|it| !same_name || it.name() == name)
}

/// Whether `position` is `step * n + offset` for an `n` of 0 and more.
fn is_nth(position: i64, step: i64, offset: i64) -> bool {
    let left = position - offset;
    if step == 0 {
        left == 0
    } else {
        left % step == 0 && left / step >= 0
    }
}

fn attribute(found: Option<&str>, test: Test, value: &str) -> bool {
    let Some(found) = found else {
        return test == Test::Differs;
    };
    match test {
        Test::Present => true,
        Test::Equals => found == value,
        Test::Differs => found != value,
        Test::Includes => found.split_ascii_whitespace().any(|it| it == value),
        Test::Dash => {
            found == value
                || found
                    .strip_prefix(value)
                    .is_some_and(|it| it.starts_with('-'))
        }
        // An empty value matches nothing (section 6.3.2).
        _ if value.is_empty() => false,
        Test::Prefix => found.starts_with(value),
        Test::Suffix => found.ends_with(value),
        Test::Substring => found.contains(value),
    }
}

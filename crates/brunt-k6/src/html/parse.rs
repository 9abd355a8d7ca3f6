//! Text to tree, by html5ever: what a browser with scripts makes of it, errors and all.

use std::borrow::Cow;
use std::cell::{Cell, Ref, RefCell};
use std::rc::Rc;

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::{Attribute, ParseOpts, QualName, parse_document};

use super::document::{Data, Document, Element, NodeId, ROOT};

/// Levels of a page. For each element the parser looks through all that are open, so a page that
/// only ever opens them would take time by the square of its length. Real pages have some dozens.
const DEEPEST: u32 = 512;

/// Bytes between two looks at the depth.
const CHUNK: usize = 1024;

/// The page is nested deeper than any real one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the page is nested more than {DEEPEST} levels deep")]
pub(crate) struct TooDeep;

/// Parses a page. Needs some time: call it on the worker's stack.
pub(crate) fn parse(text: &str) -> Result<Document, TooDeep> {
    let deepest = Rc::new(Cell::new(0));
    let sink = Sink(RefCell::new(Document::empty()), Rc::clone(&deepest));
    let mut parser = parse_document(sink, ParseOpts::default());
    let mut rest = text;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(rest.floor_char_boundary(CHUNK));
        parser.process(chunk.into());
        if deepest.get() > DEEPEST {
            return Err(TooDeep);
        }
        rest = after;
    }
    Ok(parser.finish())
}

/// The tree so far, and how deep it has been.
struct Sink(RefCell<Document>, Rc<Cell<u32>>);

impl Sink {
    fn detach(&self, id: NodeId) {
        let mut document = self.0.borrow_mut();
        let node = document.node_mut(id);
        let (parent, previous, next) = (node.parent.take(), node.previous.take(), node.next.take());
        match previous {
            Some(previous) => document.node_mut(previous).next = next,
            None => {
                if let Some(parent) = parent {
                    document.node_mut(parent).first_child = next;
                }
            }
        }
        match next {
            Some(next) => document.node_mut(next).previous = previous,
            None => {
                if let Some(parent) = parent {
                    document.node_mut(parent).last_child = previous;
                }
            }
        }
    }

    /// The node of what is to be put after `previous`; none if it went into that text.
    fn node_of(&self, child: NodeOrText<NodeId>, previous: Option<NodeId>) -> Option<NodeId> {
        match child {
            NodeOrText::AppendNode(id) => {
                self.detach(id);
                Some(id)
            }
            NodeOrText::AppendText(more) => {
                let mut document = self.0.borrow_mut();
                if let Some(previous) = previous
                    && let Data::Text(text) = &mut document.node_mut(previous).data
                {
                    text.push_str(&more);
                    return None;
                }
                Some(document.add(Data::Text(more.to_string())))
            }
        }
    }
}

impl TreeSink for Sink {
    type Handle = NodeId;
    type Output = Document;
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Document {
        self.0.into_inner()
    }

    fn parse_error(&self, _message: Cow<'static, str>) {}

    fn get_document(&self) -> NodeId {
        ROOT
    }

    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Ref<'a, QualName> {
        static NONE: QualName = QualName {
            prefix: None,
            ns: html5ever::ns!(),
            local: html5ever::local_name!(""),
        };
        Ref::map(self.0.borrow(), |document| {
            document.element(*target).map_or(&NONE, |it| &it.name)
        })
    }

    fn create_element(
        &self,
        name: QualName,
        attributes: Vec<Attribute>,
        _flags: ElementFlags,
    ) -> NodeId {
        let element = Element { name, attributes };
        self.0.borrow_mut().add(Data::Element(element))
    }

    fn create_comment(&self, text: StrTendril) -> NodeId {
        self.0.borrow_mut().add(Data::Comment(text.to_string()))
    }

    fn create_pi(&self, _target: StrTendril, data: StrTendril) -> NodeId {
        self.create_comment(data)
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        let last = self.0.borrow().node(*parent).last_child;
        let Some(id) = self.node_of(child, last) else {
            return;
        };
        let mut document = self.0.borrow_mut();
        let (last, depth) = {
            let parent = document.node(*parent);
            (parent.last_child, parent.depth + 1)
        };
        self.1.set(self.1.get().max(depth));
        let node = document.node_mut(id);
        (node.parent, node.previous, node.depth) = (Some(*parent), last, depth);
        match last {
            Some(last) => document.node_mut(last).next = Some(id),
            None => document.node_mut(*parent).first_child = Some(id),
        }
        document.node_mut(*parent).last_child = Some(id);
    }

    fn append_before_sibling(&self, sibling: &NodeId, child: NodeOrText<NodeId>) {
        let previous = self.0.borrow().node(*sibling).previous;
        let Some(id) = self.node_of(child, previous) else {
            return;
        };
        let mut document = self.0.borrow_mut();
        let (parent, previous) = {
            let sibling = document.node(*sibling);
            (sibling.parent, sibling.previous)
        };
        let node = document.node_mut(id);
        (node.parent, node.previous, node.next) = (parent, previous, Some(*sibling));
        document.node_mut(*sibling).previous = Some(id);
        match (previous, parent) {
            (Some(previous), _) => document.node_mut(previous).next = Some(id),
            (None, Some(parent)) => document.node_mut(parent).first_child = Some(id),
            (None, None) => {}
        }
    }

    fn append_based_on_parent_node(
        &self,
        element: &NodeId,
        previous: &NodeId,
        child: NodeOrText<NodeId>,
    ) {
        if self.0.borrow().parent(*element).is_some() {
            self.append_before_sibling(element, child);
        } else {
            self.append(previous, child);
        }
    }

    fn append_doctype_to_document(
        &self,
        name: StrTendril,
        _public: StrTendril,
        _system: StrTendril,
    ) {
        let id = self.0.borrow_mut().add(Data::Doctype(name.to_string()));
        self.append(&ROOT, NodeOrText::AppendNode(id));
    }

    // A template's contents are its children, so that selectors find them.
    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        *target
    }

    fn same_node(&self, one: &NodeId, other: &NodeId) -> bool {
        one == other
    }

    fn set_quirks_mode(&self, _mode: QuirksMode) {}

    fn add_attrs_if_missing(&self, target: &NodeId, attributes: Vec<Attribute>) {
        let mut document = self.0.borrow_mut();
        if let Data::Element(element) = &mut document.node_mut(*target).data {
            for attribute in attributes {
                if !element
                    .attributes
                    .iter()
                    .any(|it| it.name == attribute.name)
                {
                    element.attributes.push(attribute);
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &NodeId) {
        self.detach(*target);
    }

    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        loop {
            let Some(child) = self.0.borrow().node(*node).first_child else {
                return;
            };
            self.append(new_parent, NodeOrText::AppendNode(child));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::serialize::inner_html;

    #[test]
    fn what_is_missing_is_implied_and_what_is_broken_mended() {
        let rows = [
            ("", "<html><head></head><body></body></html>"),
            (
                "<p>a<p>b",
                "<html><head></head><body><p>a</p><p>b</p></body></html>",
            ),
            (
                "<b>x<i>y</b>z</i>",
                "<html><head></head><body><b>x<i>y</i></b><i>z</i></body></html>",
            ),
            // Text before a table's cells moves out of it.
            (
                "<table>t<tr><td>c",
                "<html><head></head><body>t<table><tbody><tr><td>c</td></tr></tbody></table></body></html>",
            ),
            (
                "<!doctype html><!-- c --><title>&lt;&amp;</title>",
                "<!DOCTYPE html><!-- c --><html><head><title>&lt;&amp;</title></head><body></body></html>",
            ),
            (
                "<script>a<b</script><br><img src='&quot;'>",
                "<html><head><script>a<b</script></head><body><br/><img src=\"&#34;\"/></body></html>",
            ),
        ];
        for (text, wanted) in rows {
            assert_eq!(inner_html(&parse(text).unwrap(), ROOT), wanted, "{text}");
        }
    }

    #[test]
    fn pages_may_be_deep_and_not_endless() {
        let document = parse(&"<div>".repeat(500)).unwrap();
        assert_eq!(document.descendants(ROOT).count(), 503);
        assert_eq!(parse(&"<div>".repeat(100_000)).unwrap_err(), TooDeep);
        assert!(parse(&"<div>ä</div>".repeat(10_000)).is_ok());
    }
}

//! Tree to text, as Go's HTML renderer writes it (`<br/>`, quotes as `&#34;`), without recursion.

use super::document::{Data, Document, NodeId};

/// Elements without an end.
const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "keygen", "link", "meta", "param",
    "source", "track",
];

/// Elements whose text is written as it is.
const RAW: [&str; 7] = [
    "iframe",
    "noembed",
    "noframes",
    "noscript",
    "plaintext",
    "script",
    "style",
];

/// What is inside a node.
pub(crate) fn inner_html(document: &Document, top: NodeId) -> String {
    let mut out = String::new();
    let mut open: Vec<NodeId> = Vec::new();
    for id in document.descendants(top) {
        close_until(document, &mut open, document.parent(id), &mut out);
        match document.data(id) {
            Data::Document => {}
            Data::Doctype(name) => {
                out.push_str("<!DOCTYPE ");
                out.push_str(name);
                out.push('>');
            }
            Data::Comment(text) => {
                out.push_str("<!--");
                out.push_str(text);
                out.push_str("-->");
            }
            Data::Text(text) => {
                let parent = document.parent(id).map_or("", |it| document.name(it));
                if RAW.contains(&parent) {
                    out.push_str(text);
                } else {
                    escape(text, &mut out);
                }
            }
            Data::Element(element) => {
                out.push('<');
                out.push_str(element.name());
                for attribute in &element.attributes {
                    out.push(' ');
                    if let Some(prefix) = &attribute.name.prefix {
                        out.push_str(prefix);
                        out.push(':');
                    }
                    out.push_str(&attribute.name.local);
                    out.push_str("=\"");
                    escape(&attribute.value, &mut out);
                    out.push('"');
                }
                if VOID.contains(&element.name()) {
                    out.push_str("/>");
                } else {
                    out.push('>');
                    open.push(id);
                }
            }
        }
    }
    close_until(document, &mut open, Some(top), &mut out);
    out
}

/// Ends the elements that are open inside `parent`.
fn close_until(
    document: &Document,
    open: &mut Vec<NodeId>,
    parent: Option<NodeId>,
    out: &mut String,
) {
    while let Some(last) = open.last()
        && Some(*last) != parent
    {
        out.push_str("</");
        out.push_str(document.name(*last));
        out.push('>');
        open.pop();
    }
}

fn escape(text: &str, out: &mut String) {
    for found in text.chars() {
        match found {
            '&' => out.push_str("&amp;"),
            '\'' => out.push_str("&#39;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\r' => out.push_str("&#13;"),
            other => out.push(other),
        }
    }
}

//! A parsed page: a tree of nodes in one vector, because scripts only read it and a tree of
//! pointers would be freed node by node, by recursion.

use html5ever::{Attribute, Namespace, QualName, ns};

/// A node's place in its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(pub(super) u32);

/// What a node is.
#[derive(Debug)]
pub(crate) enum Data {
    Document,
    Doctype(String),
    Text(String),
    Comment(String),
    Element(Element),
}

/// An element with its attributes.
#[derive(Debug)]
pub(crate) struct Element {
    pub(super) name: QualName,
    pub(super) attributes: Vec<Attribute>,
}

impl Element {
    /// The local name, in lower case for HTML.
    pub(crate) fn name(&self) -> &str {
        &self.name.local
    }

    pub(crate) fn namespace(&self) -> &Namespace {
        &self.name.ns
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|it| &*it.name.local == name)
            .map(|it| &*it.value)
    }
}

/// A node with its neighbours.
#[derive(Debug)]
pub(crate) struct Node {
    pub(super) data: Data,
    pub(super) parent: Option<NodeId>,
    pub(super) previous: Option<NodeId>,
    pub(super) next: Option<NodeId>,
    pub(super) first_child: Option<NodeId>,
    pub(super) last_child: Option<NodeId>,
    /// Levels above it when it was put into the tree.
    pub(super) depth: u32,
}

/// The whole tree; the document itself is its first node.
#[derive(Debug)]
pub(crate) struct Document {
    pub(super) nodes: Vec<Node>,
}

/// The document's own node.
pub(crate) const ROOT: NodeId = NodeId(0);

impl Document {
    pub(super) fn empty() -> Self {
        let mut document = Self { nodes: Vec::new() };
        document.add(Data::Document);
        document
    }

    pub(super) fn add(&mut self, data: Data) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(Node {
            data,
            parent: None,
            previous: None,
            next: None,
            first_child: None,
            last_child: None,
            depth: 0,
        });
        id
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        // Ids are only made by `add`; the root stands in for one that never existed.
        self.nodes.get(id.0 as usize).unwrap_or(&self.nodes[0])
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.0 as usize]
    }

    pub(crate) fn element(&self, id: NodeId) -> Option<&Element> {
        match &self.node(id).data {
            Data::Element(element) => Some(element),
            _ => None,
        }
    }

    pub(crate) fn data(&self, id: NodeId) -> &Data {
        &self.node(id).data
    }

    pub(crate) fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).parent
    }

    /// The name of an element; empty for other nodes.
    pub(crate) fn name(&self, id: NodeId) -> &str {
        self.element(id).map_or("", Element::name)
    }

    pub(crate) fn attribute(&self, id: NodeId, name: &str) -> Option<&str> {
        self.element(id)?.attribute(name)
    }

    /// The nodes before it, the nearest first.
    pub(crate) fn before(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(self.node(id).previous, |id| self.node(*id).previous)
    }

    /// The nodes after it, the nearest first.
    pub(crate) fn after(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(self.node(id).next, |id| self.node(*id).next)
    }

    pub(crate) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(self.node(id).first_child, |id| self.node(*id).next)
    }

    /// The elements above it, the nearest first.
    pub(crate) fn ancestors(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(self.parent(id), |id| self.parent(*id))
            .filter(|id| self.is_element(*id))
    }

    pub(crate) fn is_element(&self, id: NodeId) -> bool {
        self.element(id).is_some()
    }

    pub(crate) fn child_elements(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        self.children(id).filter(|id| self.is_element(*id))
    }

    /// All nodes below it in document order.
    pub(crate) fn descendants(&self, top: NodeId) -> impl Iterator<Item = NodeId> {
        let mut next = self.node(top).first_child;
        std::iter::from_fn(move || {
            let current = next?;
            next = self.node(current).first_child.or_else(|| {
                let mut at = current;
                loop {
                    if at == top {
                        return None;
                    }
                    if let Some(sibling) = self.node(at).next {
                        return Some(sibling);
                    }
                    at = self.parent(at)?;
                }
            });
            Some(current)
        })
    }

    /// The text of the node and of all below it.
    pub(crate) fn text(&self, id: NodeId) -> String {
        let mut all = String::new();
        for id in std::iter::once(id).chain(self.descendants(id)) {
            if let Data::Text(text) = self.data(id) {
                all.push_str(text);
            }
        }
        all
    }

    /// Whether the element is of HTML, not of an SVG or a formula in it.
    pub(crate) fn is_html(&self, id: NodeId) -> bool {
        self.element(id)
            .is_some_and(|it| *it.namespace() == ns!(html))
    }
}

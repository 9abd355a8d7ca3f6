//! From a list of nodes to another: children, siblings, parents, and what filters leave.

use super::document::{Document, NodeId, ROOT};
use super::selector::Selector;

/// Where a walk stops.
pub(super) enum Until {
    Never,
    Matching(Selector),
    Any(Vec<NodeId>),
}

impl Until {
    fn is_at(&self, document: &Document, id: NodeId) -> bool {
        match self {
            Self::Never => false,
            Self::Matching(selector) => selector.matches(document, id),
            Self::Any(ids) => ids.contains(&id),
        }
    }
}

/// Each node once, where it came first.
pub(super) fn unique(ids: impl Iterator<Item = NodeId>) -> Vec<NodeId> {
    let mut seen = rustc_hash::FxHashSet::default();
    ids.filter(|id| seen.insert(*id)).collect()
}

/// Which way a walk goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Next,
    Previous,
    Up,
}

/// All elements on the way, the nearest first; those from `until` on are left out.
pub(super) fn walk(document: &Document, from: &[NodeId], way: Way, until: &Until) -> Vec<NodeId> {
    unique(
        from.iter().flat_map(|id| {
            on_the_way(document, *id, way).take_while(|id| !until.is_at(document, *id))
        }),
    )
}

/// The nearest element on the way.
pub(super) fn step(document: &Document, from: &[NodeId], way: Way) -> Vec<NodeId> {
    unique(
        from.iter()
            .filter_map(|id| on_the_way(document, *id, way).next()),
    )
}

fn on_the_way(document: &Document, id: NodeId, way: Way) -> Box<dyn Iterator<Item = NodeId> + '_> {
    let element = |id: &NodeId| document.is_element(*id);
    match way {
        Way::Next => Box::new(document.after(id).filter(element)),
        Way::Previous => Box::new(document.before(id).filter(element)),
        Way::Up => Box::new(document.ancestors(id)),
    }
}

pub(super) fn siblings(document: &Document, from: &[NodeId]) -> Vec<NodeId> {
    unique(from.iter().flat_map(|id| {
        let parent = document.parent(*id).unwrap_or(ROOT);
        let own = *id;
        document.child_elements(parent).filter(move |it| *it != own)
    }))
}

pub(super) fn find(document: &Document, from: &[NodeId], selector: &Selector) -> Vec<NodeId> {
    unique(from.iter().flat_map(|id| selector.find(document, *id)))
}

/// The node itself or the nearest above it that matches.
pub(super) fn closest(
    document: &Document,
    from: &[NodeId],
    is_it: impl Fn(NodeId) -> bool,
) -> Vec<NodeId> {
    unique(from.iter().filter_map(|id| {
        let mut up = std::iter::once(*id).chain(document.ancestors(*id));
        up.find(|id| is_it(*id))
    }))
}

pub(super) fn is_below(document: &Document, id: NodeId, top: NodeId) -> bool {
    std::iter::successors(document.parent(id), |id| document.parent(*id)).any(|it| it == top)
}

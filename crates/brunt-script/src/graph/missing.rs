//! Names that are imported although their module does not export them.
//!
//! The engine would find them too, but it tells no place, and it would link half of the modules first.

use rustc_hash::FxHashSet;

use super::{Disk, Graph, place};
use crate::error::{ErrorKind, LoadError};
use crate::nearest::nearest;
use crate::source::Kind;
use crate::specifier::Specifier;

/// More exports than this are not listed.
const MOST_LISTED: usize = 12;

/// The first import of a name that is not there, in the order of the modules.
pub(super) fn check(graph: &Graph, disk: &impl Disk) -> Result<(), LoadError> {
    for node in graph.order.iter().filter_map(|it| graph.nodes.get(it)) {
        for (request, target) in node.draft.facts.requests.iter().zip(&node.targets) {
            for name in &request.names {
                if exports(graph, disk, target, &name.text, &mut FxHashSet::default()) {
                    continue;
                }
                let error = LoadError::new(
                    ErrorKind::Syntax,
                    format!(
                        "\"{}\" has no export named \"{}\"",
                        request.specifier, name.text
                    ),
                )
                .help(advice(&all(graph, disk, target), &name.text));
                return Err(place(error, &node.draft.code, name.offset));
            }
        }
    }
    Ok(())
}

/// Whether a module may export this name. What is not known may.
fn exports<'a>(
    graph: &'a Graph,
    disk: &impl Disk,
    module: &'a Specifier,
    name: &str,
    seen: &mut FxHashSet<&'a Specifier>,
) -> bool {
    if module.is_builtin() {
        let known = disk.builtin_exports(module);
        return name == "default" || known.is_none_or(|names| names.contains(&name));
    }
    let Some(node) = graph.nodes.get(module) else {
        return true;
    };
    let facts = &node.draft.facts;
    if facts.kind == Kind::CommonJs || facts.exports.iter().any(|own| own == name) {
        return true;
    }
    // `default` never comes through a star, and a circle of stars adds nothing.
    if name == "default" || !seen.insert(module) {
        return false;
    }
    let requests = facts.requests.iter().zip(&node.targets);
    requests
        .filter(|(request, _)| request.star)
        .any(|(_, target)| exports(graph, disk, target, name, seen))
}

/// What a module exports itself.
fn all<'a>(graph: &'a Graph, disk: &impl Disk, module: &Specifier) -> Vec<&'a str> {
    if module.is_builtin() {
        return disk.builtin_exports(module).unwrap_or_default().to_vec();
    }
    let node = graph.nodes.get(module);
    let names = node.map(|node| node.draft.facts.exports.as_slice());
    names
        .unwrap_or_default()
        .iter()
        .map(String::as_str)
        .collect()
}

fn advice(exports: &[&str], name: &str) -> String {
    if name == "default" && !exports.is_empty() {
        let names = listed(exports);
        return format!("import by name, as in `import {{ … }} from`: it exports {names}");
    }
    if let Some(near) = nearest(name, exports.iter().copied()) {
        return format!("did you mean \"{near}\"?");
    }
    if exports.is_empty() {
        return "it exports nothing by name".to_owned();
    }
    format!("it exports {}", listed(exports))
}

fn listed(exports: &[&str]) -> String {
    let mut names = exports[..exports.len().min(MOST_LISTED)].join(", ");
    if exports.len() > MOST_LISTED {
        names.push_str(", …");
    }
    names
}

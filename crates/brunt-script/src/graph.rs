//! A module with all that it imports, read before any of it runs: so that mistakes are shown where
//! they are written, and CommonJS modules know which names are wanted of them.

mod missing;

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::{NamespaceUse, Request, parsed_files};
use crate::draft::{Code, Draft};
use crate::error::{ErrorKind, LoadError};
use crate::facade::{self, NAMESPACE};
use crate::source::{Kind, Source};
use crate::specifier::Specifier;
use crate::wanted::Wanted;

/// What walking needs of the loader.
pub(crate) trait Disk {
    /// What a request means in a module.
    fn resolve(&self, base: &Specifier, request: &str) -> Result<Specifier, LoadError>;
    /// A file, parsed.
    fn draft(&self, specifier: &Specifier) -> Result<Draft, LoadError>;
    /// How a module is written that was finished earlier.
    fn known(&self, specifier: &Specifier) -> Option<Kind>;
    /// What a built-in module exports besides `default`, if that is known.
    fn builtin_exports(&self, specifier: &Specifier) -> Option<&'static [&'static str]>;
}

/// Modules that are ready.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) sources: Vec<Source>,
    pub(crate) codes: Vec<Code>,
    pub(crate) warnings: Vec<String>,
    pub(crate) wanted: Wanted,
}

/// Loads a module and what it imports, as far as it is not known yet.
pub(crate) fn load(root: &Specifier, disk: &impl Disk) -> Result<Loaded, LoadError> {
    let graph = Graph::walk(root, disk)?;
    missing::check(&graph, disk)?;
    let sources = graph.sources(disk);
    let mut loaded = Loaded {
        sources,
        wanted: graph.wanted_of_builtins(disk),
        ..Loaded::default()
    };
    for node in graph.nodes.into_values() {
        loaded.codes.push(node.draft.code);
        loaded.warnings.extend(node.draft.warning);
    }
    Ok(loaded)
}

struct Node {
    draft: Draft,
    /// What each request means, in the order of the facts.
    targets: Vec<Specifier>,
}

struct Graph {
    nodes: FxHashMap<Specifier, Node>,
    /// In the order in which they were found.
    order: Vec<Specifier>,
}

impl Graph {
    fn walk(root: &Specifier, disk: &impl Disk) -> Result<Self, LoadError> {
        let mut graph = Self {
            nodes: FxHashMap::default(),
            order: Vec::new(),
        };
        let mut unknown = Unknown::default();
        // Each with the importing module and the place in it.
        let mut queue = VecDeque::from([(root.clone(), None::<(Specifier, usize)>)]);
        while let Some((specifier, importer)) = queue.pop_front() {
            if graph.nodes.contains_key(&specifier) || disk.known(&specifier).is_some() {
                continue;
            }
            let locate = |error: LoadError| match &importer {
                Some((importer, offset)) => graph.locate(error, importer, *offset),
                None => error,
            };
            let draft = disk.draft(&specifier).map_err(locate)?;
            let mut targets = Vec::with_capacity(draft.facts.requests.len());
            for Request {
                specifier: request,
                offset,
                ..
            } in &draft.facts.requests
            {
                match disk.resolve(&specifier, request) {
                    Ok(target) => {
                        if !target.is_builtin() {
                            queue.push_back((target.clone(), Some((specifier.clone(), *offset))));
                        }
                        targets.push(target);
                    }
                    Err(error) => {
                        let error = place(error, &draft.code, *offset);
                        unknown.add(error, request)?;
                        targets.push(Specifier::from(request.as_str()));
                    }
                }
            }
            graph.order.push(specifier.clone());
            graph.nodes.insert(specifier, Node { draft, targets });
        }
        unknown.check()?;
        Ok(graph)
    }

    /// A file that cannot be read is the fault of the import; a mistake in it is its own.
    fn locate(&self, error: LoadError, importer: &Specifier, offset: usize) -> LoadError {
        match self.nodes.get(importer) {
            Some(node) => place(error, &node.draft.code, offset),
            None => error,
        }
    }

    /// Which names are wanted of each module, also by way of `export * from`.
    fn wanted_names(&self) -> FxHashMap<&Specifier, Vec<&str>> {
        let mut seen = FxHashSet::default();
        let mut wanted: FxHashMap<&Specifier, Vec<&str>> = FxHashMap::default();
        let mut queue: VecDeque<(&Specifier, &str)> = VecDeque::new();
        for specifier in &self.order {
            let Some(node) = self.nodes.get(specifier) else {
                continue;
            };
            for (request, target) in node.draft.facts.requests.iter().zip(&node.targets) {
                queue.extend(
                    request
                        .names
                        .iter()
                        .map(|name| (target, name.text.as_str())),
                );
            }
        }
        while let Some((specifier, name)) = queue.pop_front() {
            if !seen.insert((specifier, name)) {
                continue;
            }
            wanted.entry(specifier).or_default().push(name);
            let Some(node) = self.nodes.get(specifier) else {
                continue;
            };
            // `default` never comes through a star.
            if name == "default" || node.draft.facts.exports.iter().any(|own| own == name) {
                continue;
            }
            for (request, target) in node.draft.facts.requests.iter().zip(&node.targets) {
                if request.star {
                    queue.push_back((target, name));
                }
            }
        }
        wanted
    }

    /// What the modules want of those that the host provides.
    fn wanted_of_builtins(&self, disk: &impl Disk) -> Wanted {
        let mut wanted = Wanted::default();
        for node in self.nodes.values() {
            let facts = &node.draft.facts;
            if facts.kind == Kind::CommonJs || node.draft.code.javascript().contains("require") {
                wanted.everything();
            }
            for (request, target) in facts.requests.iter().zip(&node.targets) {
                if disk.builtin_exports(target).is_none() {
                    continue;
                }
                if request.star || !request.namespaces.is_empty() {
                    wanted.whole(target.as_str());
                }
                for name in &request.names {
                    wanted.name(target.as_str(), &name.text);
                }
            }
        }
        wanted
    }

    fn kind(&self, specifier: &Specifier, disk: &impl Disk) -> Option<Kind> {
        let node = self.nodes.get(specifier);
        node.map(|node| node.draft.facts.kind)
            .or_else(|| disk.known(specifier))
    }

    fn sources(&self, disk: &impl Disk) -> Vec<Source> {
        let wanted = self.wanted_names();
        let mut sources = Vec::new();
        for specifier in &self.order {
            let Some(node) = self.nodes.get(specifier) else {
                continue;
            };
            let source = match node.draft.facts.kind {
                Kind::Esm => self.module(specifier, node, disk, &mut sources),
                Kind::CommonJs => {
                    let wanted = wanted.get(specifier).map_or(&[][..], Vec::as_slice);
                    commonjs(specifier, node, wanted)
                }
            };
            sources.push(source);
        }
        sources
    }

    /// An ES module. Namespaces of CommonJS modules that it wants are added to `sources`.
    fn module(
        &self,
        specifier: &Specifier,
        node: &Node,
        disk: &impl Disk,
        sources: &mut Vec<Source>,
    ) -> Source {
        let mut rewritten: Vec<(&NamespaceUse, &str)> = Vec::new();
        let facts = &node.draft.facts;
        for (request, target) in facts.requests.iter().zip(&node.targets) {
            if request.namespaces.is_empty() || self.kind(target, disk) != Some(Kind::CommonJs) {
                continue;
            }
            sources.push(namespace(target));
            let uses = request.namespaces.iter();
            rewritten.extend(uses.map(|used| (used, request.specifier.as_str())));
        }
        let code = &parsed_files::rename(node.draft.code.javascript(), &facts.parsed_files);
        let code = if rewritten.is_empty() {
            Arc::clone(code)
        } else {
            Arc::from(facade::rewrite_namespaces(code, &mut rewritten))
        };
        Source {
            specifier: specifier.clone(),
            kind: Kind::Esm,
            code,
            esm_facade: None,
            exports: facts.exports.clone(),
            has_top_level_await: facts.has_top_level_await,
        }
    }
}

fn commonjs(specifier: &Specifier, node: &Node, wanted: &[&str]) -> Source {
    let facts = &node.draft.facts;
    // Names that need quotes are exported only if somebody wants them.
    let guessed = facts.exports.iter().map(String::as_str);
    let guessed = guessed.filter(|name| oxc_syntax::identifier::is_identifier_name(name));
    let mut seen = FxHashSet::default();
    let names = guessed.chain(wanted.iter().copied());
    let names = names.filter(|name| *name != "default" && seen.insert(*name));
    let mut exports: Vec<String> = names.map(str::to_owned).collect();
    let esm_facade = facade::facade(specifier, &exports);
    exports.push("default".to_owned());
    Source {
        specifier: specifier.clone(),
        kind: Kind::CommonJs,
        code: Arc::from(facade::wrap(&parsed_files::rename(
            node.draft.code.javascript(),
            &facts.parsed_files,
        ))),
        esm_facade: Some(Arc::from(esm_facade)),
        exports,
        has_top_level_await: false,
    }
}

fn namespace(module: &Specifier) -> Source {
    let module = module.without_fragment();
    Source {
        specifier: Specifier::from(format!("{module}{NAMESPACE}").as_str()),
        kind: Kind::Esm,
        code: Arc::from(facade::namespace_facade(&module)),
        esm_facade: None,
        exports: vec!["default".to_owned()],
        has_top_level_await: false,
    }
}

fn place(error: LoadError, code: &Code, offset: usize) -> LoadError {
    let position = code.map_offset(offset);
    let excerpt = code.excerpt(&position);
    error.at(position, excerpt)
}

/// Unknown built-in modules, told all at once.
#[derive(Default)]
struct Unknown {
    first: Option<LoadError>,
    names: Vec<String>,
}

impl Unknown {
    /// Keeps the error if it is one of these.
    fn add(&mut self, error: LoadError, name: &str) -> Result<(), LoadError> {
        if error.kind != ErrorKind::UnknownBuiltin {
            return Err(error);
        }
        if !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
        self.first.get_or_insert(error);
        Ok(())
    }

    fn check(self) -> Result<(), LoadError> {
        let Some(mut error) = self.first else {
            return Ok(());
        };
        if self.names.len() > 1 {
            error.message = format!("unknown modules \"{}\"", self.names.join("\", \""));
        }
        Err(error)
    }
}

//! The script as all virtual users share it: sources, and bytecode compiled once.

use std::sync::Arc;

use brunt_script::Loader;
use parking_lot::RwLock;
use rustc_hash::FxHashMap;

/// A script with everything it imports. QuickJS cannot share bytecode in memory, so each virtual
/// user copies it from here; the compiling is done once.
#[derive(Debug)]
pub struct Program {
    loader: Arc<Loader>,
    bytecode: RwLock<FxHashMap<String, Arc<[u8]>>>,
}

impl Program {
    /// A program whose entry is the loader's.
    pub fn new(loader: Arc<Loader>) -> Self {
        Self {
            loader,
            bytecode: RwLock::default(),
        }
    }

    /// Where sources come from.
    pub fn loader(&self) -> &Arc<Loader> {
        &self.loader
    }

    pub(crate) fn bytecode(&self, name: &str) -> Option<Arc<[u8]>> {
        self.bytecode.read().get(name).cloned()
    }

    pub(crate) fn keep_bytecode(&self, name: &str, code: Vec<u8>) {
        self.bytecode
            .write()
            .insert(name.to_owned(), Arc::from(code));
    }
}

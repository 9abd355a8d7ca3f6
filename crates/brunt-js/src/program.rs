//! The script as all virtual users share it: sources, and bytecode compiled once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use brunt_script::Loader;
use parking_lot::RwLock;
use rustc_hash::FxHashMap;

/// A script with everything it imports. QuickJS cannot share bytecode in memory, so each virtual
/// user copies it from here; the compiling is done once.
#[derive(Debug)]
pub struct Program {
    loader: Arc<Loader>,
    bytecode: RwLock<FxHashMap<String, Arc<[u8]>>>,
    freezes_globals: AtomicBool,
}

impl Program {
    /// A program whose entry is the loader's.
    pub fn new(loader: Arc<Loader>) -> Self {
        Self {
            loader,
            bytecode: RwLock::default(),
            freezes_globals: AtomicBool::new(false),
        }
    }

    /// Where sources come from.
    pub fn loader(&self) -> &Arc<Loader> {
        &self.loader
    }

    /// Whether some module may freeze the global object.
    pub(crate) fn freezes_globals(&self) -> bool {
        self.freezes_globals.load(Ordering::Relaxed)
    }

    /// Some module may freeze the global object.
    pub(crate) fn note_frozen_globals(&self) {
        self.freezes_globals.store(true, Ordering::Relaxed);
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

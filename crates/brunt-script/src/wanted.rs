//! Which exports of built-in modules a program may look at: the others are not even declared,
//! because each costs every virtual user.

use rustc_hash::{FxHashMap, FxHashSet};

/// What some modules want.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// `require()` is about, which gives whole modules.
    everything: bool,
    /// Modules of which somebody has the namespace.
    whole: FxHashSet<String>,
    names: FxHashMap<String, FxHashSet<String>>,
}

impl Wanted {
    pub(crate) fn everything(&mut self) {
        self.everything = true;
    }

    pub(crate) fn whole(&mut self, module: &str) {
        self.whole.insert(module.to_owned());
    }

    pub(crate) fn name(&mut self, module: &str, name: &str) {
        let names = self.names.entry(module.to_owned()).or_default();
        names.insert(name.to_owned());
    }

    /// What others want, too.
    pub(crate) fn add(&mut self, more: Self) {
        self.everything |= more.everything;
        self.whole.extend(more.whole);
        for (module, names) in more.names {
            self.names.entry(module).or_default().extend(names);
        }
    }

    pub(crate) fn has(&self, module: &str, name: &str) -> bool {
        let named = || {
            let names = self.names.get(module);
            names.is_some_and(|names| names.contains(name))
        };
        self.everything || self.whole.contains(module) || named()
    }
}

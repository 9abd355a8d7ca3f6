//! Where the outcome of a check is counted: found once for each check, group and set of tags.

use std::rc::Rc;
use std::sync::Arc;

use brunt_aggregate::{CheckCount, section_scenario};
use brunt_bus::Slot;
use brunt_js::{Name, NameId, throw_error};
use brunt_metrics::{SystemTag, TagSet, builtin};
use rquickjs::Result;
use rustc_hash::FxHashMap;

use crate::host::K6Host;

/// Checks that a virtual user remembers; the names of further ones are read every time, because a
/// remembered name lives as long as the runtime.
const LIMIT: usize = 1024;

/// Checks seen before, by tag context and name.
#[derive(Debug, Default)]
pub(crate) struct Checks(FxHashMap<(u64, NameId), Rc<CheckPlace>>);

/// Where one check is counted.
#[derive(Debug)]
pub(crate) struct CheckPlace {
    count: Arc<CheckCount>,
    slot: std::result::Result<Slot, TagSet>,
}

impl CheckPlace {
    /// The place of a check; remembered unless the call has tags of its own.
    pub(crate) fn find(
        host: &K6Host,
        name: &Name<'_, '_>,
        extra: &[(String, String)],
    ) -> Result<Rc<Self>> {
        let context = host.tags.borrow().id();
        if extra.is_empty()
            && let Some(place) = host.checks.borrow().0.get(&(context, name.id()))
        {
            return Ok(Rc::clone(place));
        }
        let place = Rc::new(Self::make(host, name, extra)?);
        if extra.is_empty() && host.checks.borrow().0.len() < LIMIT {
            host.checks
                .borrow_mut()
                .0
                .insert((context, name.keep()), Rc::clone(&place));
        }
        Ok(place)
    }

    fn make(host: &K6Host, name: &Name<'_, '_>, extra: &[(String, String)]) -> Result<Self> {
        let text = name.text()?;
        if text.contains("::") {
            let message = format!("check '{text}': a check's name may not contain '::'");
            return Err(throw_error(name.ctx(), "GoError", &message));
        }
        let mut tags = host.tags_with(extra);
        if host.config.system_tags.has(SystemTag::Check) {
            tags.set("check", text.as_str());
        }
        let slot = host
            .cx
            .worker
            .recorder
            .borrow_mut()
            .slot(builtin::CHECKS, &tags);
        Ok(Self {
            count: host
                .config
                .groups
                .check(&host.group.borrow(), &text, section_scenario(&tags)),
            slot: slot.ok_or(tags),
        })
    }

    /// Counts one outcome.
    pub(crate) fn record(&self, host: &K6Host, time: i64, passed: bool) {
        self.count.add(passed);
        let mut recorder = host.cx.worker.recorder.borrow_mut();
        let (meta, value) = (host.meta.borrow(), f64::from(u8::from(passed)));
        match &self.slot {
            Ok(slot) => recorder.record(*slot, meta.as_ref(), time, value),
            Err(tags) => {
                recorder.record_tagged(builtin::CHECKS, tags, meta.as_ref(), time, value);
            }
        }
    }
}

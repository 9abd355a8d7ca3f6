//! What all virtual users of a test share.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use brunt_aggregate::Groups;
use brunt_metrics::{Registry, SystemTags, TagSet};
use brunt_net::NetConfig;
use brunt_options::{HttpDebug, LocalIps};

use crate::data::SharedArrays;

/// The settled parts of the options that modules look at, and the tables that they fill.
pub struct K6Config {
    /// Metrics by name.
    pub registry: Arc<Registry>,
    /// Groups and checks.
    pub groups: Arc<Groups>,
    /// Lists that virtual users share.
    pub shared: Arc<SharedArrays>,
    /// Sockets.
    pub net: Arc<NetConfig>,
    /// The addresses that virtual users connect from; empty for the system's choice.
    pub local_ips: Option<LocalIps>,
    /// The system tags that are on.
    pub system_tags: SystemTags,
    /// Tags of every sample of the run.
    pub run_tags: TagSet,
    /// `__ENV` before a scenario adds to it.
    pub env: BTreeMap<String, String>,
    /// Whether `__ENV` is frozen (feature `freeze-env`).
    pub freeze_env: bool,
    /// Whether `globalThis` is also called `global` (compatibility mode `extended`).
    pub global: bool,
    /// Option `userAgent`; empty for none.
    pub user_agent: String,
    /// Option `throw`.
    pub throw: bool,
    /// Option `httpDebug`; none for off.
    pub http_debug: Option<HttpDebug>,
    /// Option `discardResponseBodies`.
    pub discard_response_bodies: bool,
    /// Option `maxRedirects`.
    pub max_redirects: u32,
    /// Option `batch`; 0 for no limit.
    pub batch: usize,
    /// Option `batchPerHost`; 0 for no limit.
    pub batch_per_host: usize,
    /// Option `noCookiesReset`.
    pub no_cookies_reset: bool,
    /// Option `minIterationDuration`.
    pub min_iteration_duration: Duration,
    /// Option `noConnectionReuse` between iterations (`noVUConnectionReuse`).
    pub no_vu_connection_reuse: bool,
    /// The consolidated options as `exec.test.options` shows them, as JSON; set before VUs are made.
    pub options_json: OnceLock<Arc<str>>,
    /// The consolidated options as the script's own exported `options` shows them, as JSON.
    pub exported_options_json: OnceLock<Arc<str>>,
    /// Option `randomSeed`: makes `Math.random` repeatable.
    pub seed: Option<u64>,
}

impl std::fmt::Debug for K6Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("K6Config")
            .field("system_tags", &self.system_tags)
            .finish_non_exhaustive()
    }
}

impl K6Config {
    /// The defaults of every option, with these tables.
    pub fn new(registry: Arc<Registry>, groups: Arc<Groups>) -> Self {
        Self {
            registry,
            groups,
            shared: Arc::default(),
            net: Arc::new(NetConfig::default()),
            local_ips: None,
            system_tags: SystemTags::default(),
            run_tags: TagSet::new(),
            env: BTreeMap::new(),
            freeze_env: false,
            global: true,
            user_agent: concat!("brunt/", env!("CARGO_PKG_VERSION")).to_owned(),
            throw: false,
            http_debug: None,
            discard_response_bodies: false,
            max_redirects: 10,
            batch: 20,
            batch_per_host: 6,
            no_cookies_reset: false,
            min_iteration_duration: Duration::ZERO,
            no_vu_connection_reuse: false,
            options_json: OnceLock::new(),
            exported_options_json: OnceLock::new(),
            seed: None,
        }
    }
}

//! The QuickJS host: a runtime and a fiber for each VU.

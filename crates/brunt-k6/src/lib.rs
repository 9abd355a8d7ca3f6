//! The k6 modules, native.

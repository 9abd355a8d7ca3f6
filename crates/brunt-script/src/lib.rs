//! Finds, loads and strips scripts to plain JavaScript modules, with source maps.

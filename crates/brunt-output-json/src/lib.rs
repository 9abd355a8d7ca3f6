//! Samples as k6 JSON lines.

//! Prometheus remote write, for Prometheus and Mimir.

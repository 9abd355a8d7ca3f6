//! The output against a strict receiver: what arrives, by both protocols, and what becomes of faults.

mod common;
mod faults;
mod tls;
mod values;

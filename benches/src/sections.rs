//! The sections: each measures one promise and gives its rows.

mod arrival;
mod bus;
mod convert;
mod flatness;
mod interner;
mod memory;
mod network;
mod outputs;
mod ramp;
mod shared_array;
mod startup;
mod throughput;
mod truth;

use crate::lab::{BenchError, Lab};
use crate::report::Row;

/// A section: measures and gives its rows.
pub(crate) type Section = fn(&Lab) -> Result<Vec<Row>, BenchError>;

/// Names for `--only`, in the order of a whole run.
pub(crate) const ALL: [(&str, Section); 13] = [
    ("throughput", throughput::measure),
    ("memory", memory::measure),
    ("arrival", arrival::measure),
    ("ramp", ramp::measure),
    ("truth", truth::measure),
    ("flatness", flatness::measure),
    ("interner", interner::measure),
    ("bus", bus::measure),
    ("outputs", outputs::measure),
    ("convert", convert::measure),
    ("network", network::measure),
    ("shared-array", shared_array::measure),
    ("startup", startup::measure),
];

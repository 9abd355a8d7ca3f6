//! The QuickJS host: a runtime and a fiber for each virtual user.
//!
//! k6's API is synchronous while sockets are not. So every virtual user runs on a stack of its own
//! (a fiber) that owns a QuickJS runtime; a blocking call parks the fiber on a future, and the
//! worker goes on with the next one. What scripts can import is the business of a [`Host`].
//!
//! This is the only crate of the engine with unsafe code; each module that has some says why.

mod alone;
mod boundary;
mod bytecode;
mod commonjs;
mod event_loop;
mod exception;
mod exhaustion;
mod exotic;
mod fiber;
mod freed;
mod frozen;
mod heap;
mod intrinsics;
pub mod lazy;
mod modules;
mod native;
mod on_demand;
mod operations;
mod park;
mod polls;
mod program;
mod properties;
mod state;
mod values;
mod vm;
mod vu;

pub use alone::run_alone;
pub use bytecode::glue;
pub use commonjs::{calling_file, current_file};
pub use event_loop::EventLoop;
pub use exception::Exception;
pub use exhaustion::with_memory;
pub use frozen::{Names, freeze, frozen_list, frozen_map, frozen_object};
pub use heap::{keep_free_memory, return_free_memory};
pub use native::{Native, native};
pub use on_demand::{Members, on_demand};
pub use operations::{Completion, Operation};
pub use park::{Interrupted, Parker};
pub use program::Program;
pub use properties::{Name, NameId, for_each_property, is_async};
pub use state::{Ended, Host, HostCx, event_loop, host_state, parker, program};
pub use values::{
    buffer_bytes, call_throwing_uncatchable, error_type, share_byte_array, share_bytes, text_bytes,
    throw_error, throw_uncatchable,
};
pub use vu::{Exports, JsVu, VuLimits, leave_memory_to_exit};

pub use rquickjs;

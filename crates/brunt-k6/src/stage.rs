//! Where in its life a virtual user is: decides what a script may call.

use rquickjs::{Ctx, Result};

use brunt_js::throw_error;

/// The stages of a virtual user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Init,
    Setup,
    Iteration,
    Teardown,
    Summary,
}

impl Stage {
    /// Refuses what only works once the test runs.
    pub(crate) fn must_run(self, ctx: &Ctx<'_>, what: &str) -> Result<()> {
        if self == Self::Init {
            let message = format!("{what} is not supported in the init context");
            return Err(throw_error(ctx, "GoError", &message));
        }
        Ok(())
    }

    /// Refuses what only works while the script loads.
    pub(crate) fn must_init(self, ctx: &Ctx<'_>, what: &str) -> Result<()> {
        if self != Self::Init {
            let message = format!("{what} must be declared in the init context");
            return Err(throw_error(ctx, "GoError", &message));
        }
        Ok(())
    }
}

//! Rows of an output's table of keys.

use crate::output::Key;

/// A key with its environment variables, its default and what it does.
pub const fn key(
    name: &'static str,
    env: &'static [&'static str],
    default: &'static str,
    help: &'static str,
) -> Key {
    Key {
        name,
        env,
        default,
        help,
        secret: false,
    }
}

/// A key whose value is shown nowhere; it has no default.
pub const fn secret(name: &'static str, env: &'static [&'static str], help: &'static str) -> Key {
    Key {
        name,
        env,
        default: "",
        help,
        secret: true,
    }
}

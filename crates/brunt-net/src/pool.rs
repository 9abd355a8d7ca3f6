//! A client's idle connections. A list, not a map: a virtual user has a few, and the one used last
//! is the likeliest to be wanted next.

use std::sync::Arc;

use crate::connection::Connection;
use crate::target::Origin;

/// Idle HTTP/1.1 connections, the one used last at the end.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    #[expect(clippy::vec_box, reason = "they are moved for every request")]
    /// Boxed, because one comes and goes with every request.
    idle: Vec<Box<Connection>>,
}

impl Pool {
    /// Takes a connection to `origin` that the server still keeps open; closes dead ones.
    pub(crate) fn take(&mut self, origin: &Arc<Origin>) -> Option<Box<Connection>> {
        loop {
            let at = self.idle.iter().rposition(|it| same(&it.origin, origin))?;
            let mut connection = self.idle.remove(at);
            if connection.is_quiet() {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection for the next request, within the limits; the one idle for longest goes.
    pub(crate) fn put(
        &mut self,
        connection: Box<Connection>,
        max_idle: usize,
        max_per_origin: usize,
    ) {
        if max_idle == 0 || max_per_origin == 0 {
            return;
        }
        let alike = self
            .idle
            .iter()
            .filter(|it| same(&it.origin, &connection.origin))
            .count();
        if alike >= max_per_origin {
            if let Some(at) = self
                .idle
                .iter()
                .position(|it| same(&it.origin, &connection.origin))
            {
                self.idle.remove(at);
            }
        } else if self.idle.len() >= max_idle {
            self.idle.remove(0);
        }
        self.idle.push(connection);
    }
}

pub(crate) fn same(one: &Arc<Origin>, other: &Arc<Origin>) -> bool {
    Arc::ptr_eq(one, other) || one == other
}

//! Connections that are kept for the next requests.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::connection::Connection;

/// Idle connections to one container, the last used one on top: those that a burst opened are left
/// to the container, which closes them when they were idle for long.
#[derive(Default)]
pub(super) struct Pool {
    idle: Mutex<Vec<Connection>>,
}

impl Pool {
    /// The connection that was used last. The container may have closed it.
    pub(super) fn take(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Keeps a connection, unless it cannot serve another request.
    pub(super) fn put(&self, connection: Connection) {
        if connection.is_idle() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).len();
        formatter.debug_struct("Pool").field("idle", &idle).finish()
    }
}

//! Work that recurses as deep as its input is nested.

use std::io;
use std::thread;

/// Reserved, not used: only what the recursion needs becomes memory.
const STACK: usize = 256 * 1024 * 1024;

/// Runs foreign code that recurses on a thread whose stack is large enough for every input that is
/// not refused before. A runtime's own threads have two megabytes.
pub(crate) fn on_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("deep-stack".to_owned()).stack_size(STACK).spawn_scoped(scope, work)?;
        thread.join().map_err(|_| io::Error::other("the code panicked"))
    })
}

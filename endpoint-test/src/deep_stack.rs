//! Work that recurses as deep as its input is nested.

use std::io;
use std::thread;

/// Runs foreign code that recurses on a thread whose stack has so many bytes that every input fits
/// which is not refused before. A runtime's own threads have two megabytes. The stack is reserved:
/// only what the recursion needs becomes memory.
pub(crate) fn on_deep_stack<T: Send>(stack: usize, work: impl FnOnce() -> T + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("deep-stack".to_owned()).stack_size(stack).spawn_scoped(scope, work)?;
        thread.join().map_err(|_| io::Error::other("the code panicked"))
    })
}

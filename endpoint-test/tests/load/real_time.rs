//! The same over HTTP and by the machine's own clock.

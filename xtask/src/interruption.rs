//! The signals that end a run of tests early.

/// Ends at Ctrl-C, or at the signal by which CodeBuild ends a build that takes too long.
///
/// The signals are listened for from the call on, not from when it is first waited for: one in between would end the program with no results.
#[cfg(unix)]
pub(crate) fn interrupted() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};

    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async move {
        match signals {
            (Ok(mut terminate), Ok(mut interrupt)) => tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} },
            _ => _ = tokio::signal::ctrl_c().await,
        }
    }
}

/// Ends at Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn interrupted() {
    let _ = tokio::signal::ctrl_c().await;
}

//! The signals that end a test run early.

/// Completes at Ctrl-C, or at the signal that CodeBuild sends when a build times out.
///
/// The handlers are installed by the call, not by the first poll: a signal in between would end
/// the program without results.
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

/// Completes at Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn interrupted() {
    let _ = tokio::signal::ctrl_c().await;
}

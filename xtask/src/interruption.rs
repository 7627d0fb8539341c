//! The signals that end a command early.

#[cfg(feature = "aws")]
use model_release::{Diagnostic, Failure};

/// Completes at Ctrl-C, when the terminal closes, or at the signal that CodeBuild sends when a build
/// times out.
///
/// The handlers are installed by the call, not by the first poll: a signal in between would end
/// the program without results.
#[cfg(unix)]
pub(crate) fn interrupted() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};

    let signals = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()].map(signal);
    async move {
        match signals {
            [Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)] => {
                tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {}, _ = hangup.recv() => {} }
            }
            _ => _ = tokio::signal::ctrl_c().await,
        }
    }
}

/// Completes at Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn interrupted() {
    let _ = tokio::signal::ctrl_c().await;
}

/// Runs work that can start an operation in AWS, which continues when this program ends. After a
/// signal it is an error, unless `handles` says that the work handles signals by itself.
#[cfg(feature = "aws")]
pub(crate) async fn unless_interrupted<T>(work: impl Future<Output = T>, handles: impl Fn() -> bool) -> Result<T, Failure> {
    let signal = interrupted();
    let signal = async {
        signal.await;
        if handles() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        biased;
        done = work => Ok(done),
        () = signal => {
            let message = "interrupted: an operation of the stack set that was started continues in AWS";
            let hint = "run the same command again to follow it, or `status` to see its state";
            Err(Failure::unreachable(Diagnostic::error(message).with_hint(hint)))
        }
    }
}

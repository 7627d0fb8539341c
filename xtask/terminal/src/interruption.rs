//! The signals that end a program early.

/// Completes at Ctrl-C, when the terminal is closed, or at the signal that CodeBuild sends when a
/// build times out.
///
/// From the first call on, these signals belong to this function: one that nothing waits for, and a
/// second one in any case, end the program at once, with the exit code that a shell reports.
///
/// The handlers are installed by the call, not by the first poll: a signal in between would end
/// the program without results.
#[cfg(unix)]
pub fn interrupted() -> impl Future<Output = ()> {
    let mut raised = signals::RAISED.subscribe();
    async move {
        // The sender is static.
        let _ = tokio::task::unconstrained(raised.wait_for(|raised| *raised)).await;
    }
}

#[cfg(unix)]
mod signals {
    use std::sync::LazyLock;
    use std::{process, sync, thread};

    use tokio::runtime;
    use tokio::signal::unix::{Signal, SignalKind, signal};
    use tokio::sync::watch;

    /// Whether a signal was received. The handlers have a thread and a runtime of their own: work
    /// that never waits can keep all other threads busy.
    pub(super) static RAISED: LazyLock<watch::Sender<bool>> = LazyLock::new(|| {
        let raised = watch::Sender::new(false);
        let (installed, is_installed) = sync::mpsc::channel();
        let sender = raised.clone();
        thread::spawn(move || {
            let Ok(runtime) = runtime::Builder::new_current_thread().enable_io().build() else { return };
            runtime.block_on(async move {
                let Ok(mut signals) = [SignalKind::hangup(), SignalKind::interrupt(), SignalKind::terminate()]
                    .map(|kind| Ok((128 + kind.as_raw_value(), signal(kind)?)))
                    .into_iter()
                    .collect::<std::io::Result<Vec<_>>>()
                else {
                    return;
                };
                let _ = installed.send(());
                let code = next(&mut signals).await;
                if sender.receiver_count() > 0 {
                    sender.send_replace(true);
                    next(&mut signals).await;
                }
                process::exit(code);
            });
        });
        // It fails if there are no handlers: then a signal ends the program, as without this.
        let _ = is_installed.recv();
        raised
    });

    /// The exit code for the next signal: as a shell reports it.
    async fn next(signals: &mut [(i32, Signal)]) -> i32 {
        let [hangup, interrupt, terminate] = signals else { return std::future::pending().await };
        tokio::select! {
            _ = hangup.1.recv() => hangup.0,
            _ = interrupt.1.recv() => interrupt.0,
            _ = terminate.1.recv() => terminate.0,
        }
    }
}

/// Completes at Ctrl-C.
#[cfg(not(unix))]
pub async fn interrupted() {
    let _ = tokio::signal::ctrl_c().await;
}

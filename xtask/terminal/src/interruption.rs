//! The signals that end a program early.

use model_release::{Diagnostic, Failure};

/// Completes at Ctrl-C, when the terminal is closed, or at the signal that CodeBuild sends when a
/// build times out.
///
/// A signal that the caller ignores, as `nohup` does, stays ignored. From the first call on, the
/// others belong to this function: one that nothing waits for, and a second one unless
/// [`interrupted_again`] waits for it, end the program at once, with the exit code that a shell
/// reports.
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

/// Completes at the second signal. The second one does not end the program while this exists; the
/// third one does.
#[cfg(unix)]
pub fn interrupted_again() -> impl Future<Output = ()> {
    std::sync::LazyLock::force(&signals::RAISED);
    let mut raised = signals::AGAIN.subscribe();
    async move {
        let _ = tokio::task::unconstrained(raised.wait_for(|raised| *raised)).await;
    }
}

#[cfg(unix)]
mod signals {
    use std::future::poll_fn;
    use std::sync::LazyLock;
    use std::task::Poll;
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
                let kinds = [SignalKind::hangup(), SignalKind::interrupt(), SignalKind::terminate()];
                let kinds = kinds.into_iter().filter(|kind| !is_ignored(kind.as_raw_value()));
                let signals = kinds.map(|kind| Ok((128 + kind.as_raw_value(), signal(kind)?)));
                let Ok(mut signals) = signals.collect::<std::io::Result<Vec<_>>>() else { return };
                let _ = installed.send(());
                let first = next(&mut signals).await;
                for listener in [&sender, &*AGAIN] {
                    if listener.receiver_count() == 0 {
                        break;
                    }
                    listener.send_replace(true);
                    next(&mut signals).await;
                }
                process::exit(first);
            });
        });
        // It fails if there are no handlers: then a signal ends the program, as without this.
        let _ = is_installed.recv();
        raised
    });

    /// Whether a second signal was received.
    pub(super) static AGAIN: LazyLock<watch::Sender<bool>> = LazyLock::new(|| watch::Sender::new(false));

    /// The exit code for the next signal: as a shell reports it.
    async fn next(signals: &mut [(i32, Signal)]) -> i32 {
        poll_fn(|context| {
            let received = signals.iter_mut().find_map(|(code, signal)| signal.poll_recv(context).is_ready().then_some(*code));
            received.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// Whether the program was started with this signal ignored, as `nohup` does. Only Linux reports
    /// it in a file.
    fn is_ignored(signal: i32) -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
        mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
    }
}

/// Completes at Ctrl-C.
#[cfg(not(unix))]
pub async fn interrupted() {
    let _ = tokio::signal::ctrl_c().await;
}

/// Completes at the second Ctrl-C.
#[cfg(not(unix))]
pub async fn interrupted_again() {
    let _ = tokio::signal::ctrl_c().await;
}

/// Runs work that can start an operation in AWS, which continues when this program ends. After a
/// signal it is an error, unless `handles` says that the work handles signals by itself.
pub async fn unless_interrupted<T>(work: impl Future<Output = T>, handles: impl Fn() -> bool) -> Result<T, Failure> {
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
            let message = "interrupted: any operation of the stack set that was started continues in AWS";
            let hint = "run the same command again to follow it, `status` to see its state, or `stop` to stop it";
            Err(Failure::unreachable(Diagnostic::error(message).with_hint(hint)))
        }
    }
}

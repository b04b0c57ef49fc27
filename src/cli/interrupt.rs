//! Stopping: by Ctrl-C, by the system, by a terminal that closes.
//!
//! In: signals. Out: one [`Cancel`] for the call, and whether it was used. Never: ending the process.

use std::sync::{LazyLock, Once};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::platform::Cancel;

/// Set as soon as the call is to stop.
static STOP: LazyLock<Cancel> = LazyLock::new(Cancel::default);

/// Whether the call was stopped.
pub(super) fn is_interrupted() -> bool {
    STOP.is_stopped()
}

/// Stops on Ctrl-C, when the system asks the program to go, and when its terminal is closed; under `nohup` not then.
pub(super) fn on_interrupt() -> &'static Cancel {
    static LISTENS: Once = Once::new();
    LISTENS.call_once(|| {
        let asked = [SIGINT, SIGTERM]
            .into_iter()
            .chain((!is_ignored(SIGHUP)).then_some(SIGHUP));
        if let Ok(mut signals) = Signals::new(asked) {
            std::thread::spawn(move || {
                for _ in signals.forever() {
                    STOP.stop();
                }
            });
        }
    });
    &STOP
}

/// The call was stopped before it had anything to report.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub(super) struct Interrupted;

/// Whether who started the program wants it to ignore that signal, as `nohup` does.
fn is_ignored(signal: i32) -> bool {
    // proc_pid_status(5); elsewhere than on Linux nobody says so
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
}

/// Ends as soon as the call is to stop.
pub(super) async fn interrupted(stop: &Cancel) {
    while !stop.is_stopped() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

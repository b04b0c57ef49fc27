//! What goes to stdout, and whether it got there.
//!
//! In: text. Out: the same on stdout. Never: a panic where nobody reads any more, and never silence where what was
//! written is lost: a full disk is told, and a call that would have ended well ends with 1.

use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Outcome;

/// What the system said when the first text was lost.
static LOST: OnceLock<String> = OnceLock::new();

/// Something was written there.
static BEGUN: AtomicBool = AtomicBool::new(false);

/// Something is about to be written there.
pub(super) fn begun() {
    BEGUN.store(true, Ordering::Relaxed);
}

/// Whether nothing was written there yet.
pub(super) fn is_untouched() -> bool {
    !BEGUN.load(Ordering::Relaxed)
}

/// Writes to stdout; a reader that went away (`| head`) is no failure.
pub(super) fn print(text: &str) -> anyhow::Result<Outcome> {
    begun();
    written(
        io::stdout()
            .write_all(text.as_bytes())
            .and_then(|()| io::stdout().flush()),
    )?;
    Ok(Outcome::Done)
}

/// Remembers that something could not be written, and tells it at once: a worker ends much later.
///
/// # Errors
/// The same one, but where a reader went away.
pub(super) fn written(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => {
            if LOST.set(error.to_string()).is_ok() {
                super::say_line(&format!("error: cannot write to stdout: {error}"));
            }
            Err(error)
        }
        Ok(()) => Ok(()),
    }
}

/// How a call ends whose text may be lost: one that ended well did not.
pub(super) fn ended(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Done if LOST.get().is_some() => Outcome::Failed,
        other => other,
    }
}

/// Whether something was lost, which has been told.
pub(super) fn is_lost() -> bool {
    LOST.get().is_some()
}

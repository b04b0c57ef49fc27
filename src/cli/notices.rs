//! The end of a call: what happened in it is told.

use std::time::Duration;

use crate::project::Project;
use crate::publisher::{self, Publisher};
use crate::store::Store;

use super::{Global, interrupt, say_line};

/// How long the end of a call waits for notices; the rest is a worker's.
const WITHIN: Duration = Duration::from_secs(4);

/// Tells what happened; not for long, and hardly at all when somebody wants the call to end.
pub(super) async fn tell_now(publisher: &Publisher, global: &Global) {
    let within = match interrupt::on_interrupt().is_stopped() {
        true => WITHIN / 4,
        false => WITHIN,
    };
    say_untold(publisher.finish_notices(within).await, global);
}

/// The same where no account is open.
pub(super) async fn tell_of(project: &Project, store: &Store, global: &Global) {
    say_untold(publisher::tell(project, store, WITHIN).await, global);
}

/// With -v, how many notices wait for a worker.
pub(super) fn say_untold(count: usize, global: &Global) {
    if count > 0 && global.verbose && !global.json {
        let (word, verb) = match count {
            1 => ("notice", "waits"),
            _ => ("notices", "wait"),
        };
        say_line(&format!("{count} {word} {verb} for a worker"));
    }
}

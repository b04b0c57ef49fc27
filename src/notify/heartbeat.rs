//! Asks an address every minute while the worker does its work: when the asking ends, somebody else notices.

use std::time::Duration;

use reqwest::Client;
use url::Url;

use super::failure::reasons;
use super::target::shown;
use crate::store::Store;

/// How often.
pub(super) const EVERY: Duration = Duration::from_secs(60);

/// Asks once. What comes of it is nobody's business but the one's who is asked; the first failure of a row is logged.
pub(super) async fn ask(client: &Client, url: &Url, has_failed: &mut bool) {
    let said = match client.get(url.clone()).send().await {
        Ok(answer) if answer.status().is_success() => None,
        Ok(answer) => Some(format!("answers {}", answer.status())),
        Err(error) => Some(reasons(&error.without_url())),
    };
    match said {
        Some(said) if !*has_failed => {
            tracing::warn!(address = shown(url), %said, "the heartbeat did not arrive");
            *has_failed = true;
        }
        said => *has_failed = said.is_some(),
    }
}

/// Whether this process' worker has said anew that it is there, since it was last asked.
///
/// The worker's loop says so in the store: a loop that hangs, and a store that is away, both are silence.
pub(super) async fn is_at_work(store: &Store, last_seen: &mut Option<jiff::Timestamp>) -> bool {
    let Ok(workers) = store.workers(jiff::Timestamp::MIN).await else {
        return false;
    };
    let Some(own) = workers.iter().find(|worker| worker.name == store.who()) else {
        return false;
    };
    last_seen.replace(own.seen) != Some(own.seen)
}

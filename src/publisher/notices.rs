//! Tells people and programs what happened, beside the work on stories.
//!
//! In: what the store has for the targets of the project. Out: notices that have arrived; how many wait for later.
//! Never: a story that waits for it.

use std::time::Duration;

use super::Publisher;

impl Publisher {
    /// Tells what happens, until it is dropped: beside the work on stories, which never waits for it. Asks the heartbeats
    /// while the worker does its work.
    pub async fn deliver_notices(&self) {
        self.deliverer.run().await;
        // without anybody to tell, whoever waits for this waits for something else
        std::future::pending::<()>().await;
    }

    /// Tells what is to be told now, for `within` at most; how many messages wait for a worker.
    pub async fn finish_notices(&self, within: Duration) -> usize {
        self.deliverer.finish(within).await
    }

    /// Asks every heartbeat once: the work that was due is done.
    pub async fn beat(&self) {
        self.deliverer.beat().await;
    }
}

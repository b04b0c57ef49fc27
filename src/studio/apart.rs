//! Work on a thread of its own: reading, looking ahead and deciding keep a core busy, and other requests wait for none of it.
//!
//! In: what is to be done. Out: what came of it. Never: a thread that answers requests.

use super::problem::Problem;

/// Does it on a thread of its own.
///
/// # Errors
/// What the work says; 500 where it broke.
pub async fn apart<T: Send + 'static>(
    work: impl AsyncFnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let runtime = tokio::runtime::Handle::current();
    let done = tokio::task::spawn_blocking(move || runtime.block_on(work()));
    done.await.map_err(Problem::internal)?
}

//! The clock of a sandbox, which everything that is rehearsed against it goes by.
//!
//! In: a sandbox's address. Out: a [`Clock`] that is turned when the sandbox's is. Never: another clock for the platform
//! itself than the real one: a real account never comes with a sandbox's.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

use super::error::Doing;
use super::{Error, ask_sandbox};
use crate::platform::Clock;

/// How often it is asked whether the clock was turned.
const PACE: Duration = Duration::from_millis(200);

/// As the sandbox answers.
#[derive(Debug, Deserialize)]
struct Shown {
    now: Timestamp,
    speed: f64,
}

/// The real time, or that of the sandbox at `base`.
///
/// # Errors
/// The sandbox does not answer.
pub async fn clock_of(base: Option<&Url>) -> Result<Clock, Error> {
    let Some(base) = base else {
        return Ok(Clock::default());
    };
    let shown = ask(&ask_sandbox::client(base)?, base).await;
    let shown = shown.doing(format!("the sandbox at {base} does not answer"))?;
    Ok(Clock::of_world(shown.now, shown.speed))
}

/// Turns the clock as the sandbox's is turned, until this is aborted.
pub(super) fn follow(clock: Clock, base: Url) -> Result<tokio::task::JoinHandle<()>, Error> {
    let client = ask_sandbox::client(&base)?;
    Ok(tokio::spawn(async move {
        loop {
            tokio::time::sleep(PACE).await;
            // a sandbox that is away for a moment runs on as it did
            if let Ok(shown) = ask(&client, &base).await
                && clock.set(shown.now, shown.speed)
            {
                tracing::debug!(now = %shown.now, speed = shown.speed, "the clock was turned");
            }
        }
    }))
}

async fn ask(client: &reqwest::Client, base: &Url) -> Result<Shown, reqwest::Error> {
    ask_sandbox::asked(client, base, "/sandbox/clock").await
}

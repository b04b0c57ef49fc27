//! The time of a sandbox, by which a rehearsal goes.

use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

use super::Error;
use super::error::Doing;
use crate::graph::Hosts;

#[derive(Deserialize)]
struct Clock {
    now: Timestamp,
}

/// What the clock of the sandbox at `base` shows.
///
/// # Errors
/// `Refused` for an address beyond this machine, `Failed` where no sandbox answers.
pub async fn sandbox_now(base: &Url) -> Result<Timestamp, Error> {
    if !Hosts::at(base).are_local() {
        return Err(Error::refused("a sandbox is on this machine"));
    }
    let asked = format!("{}/sandbox/clock", base.as_str().trim_end_matches('/'));
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()
        .doing("cannot ask")?;
    let clock: Result<Clock, reqwest::Error> = async {
        let answer = client.get(&asked).send().await?;
        answer.error_for_status()?.json().await
    }
    .await;
    let clock = clock.doing(format!("no sandbox answers at {base}"))?;
    Ok(clock.now)
}

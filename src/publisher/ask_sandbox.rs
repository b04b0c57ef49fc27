//! Asks a sandbox about its world: who it has, and what time it is.
//!
//! In: its address. Out: what it answers. Never: an address that is not on this machine, a proxy, a secret sent.

use std::time::Duration;

use reqwest::Client;
use serde::de::DeserializeOwned;
use url::Url;

use super::Error;
use super::error::Doing;
use crate::graph::Hosts;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// What asks the sandbox at `base`.
///
/// # Errors
/// It is not on this machine.
pub(super) fn client(base: &Url) -> Result<Client, Error> {
    // its tokens are good for nothing but itself; still, only this machine is asked for them
    if !Hosts::at(base).are_local() {
        return Err(Error::refused("a sandbox is on this machine"));
    }
    let builder = Client::builder().no_proxy().timeout(PATIENCE);
    let client = builder.tls_certs_only([]).build();
    client.doing("cannot ask the sandbox")
}

/// What it answers at `path`, which begins with a slash.
pub(super) async fn asked<T: DeserializeOwned>(
    client: &Client,
    base: &Url,
    path: &str,
) -> Result<T, reqwest::Error> {
    let url = format!("{}{path}", base.as_str().trim_end_matches('/'));
    let answer = client.get(url).send().await?.error_for_status()?;
    answer.json().await
}

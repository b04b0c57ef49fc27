//! Gives notices to their targets: beside the work on stories, never in it.
//!
//! In: the store's events, the project's targets. Out: notices that have arrived, or a time for the next try.
//! Never: a story's step; an error that ends anything. A target that hangs keeps no other waiting.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::{join, join_all, join3};
use jiff::{SignedDuration, Timestamp};
use reqwest::Client;
use serde_json::Value as Json;

use super::failure::Failure;
use super::target::{Smtp, Target, To, shown};
use super::{exec, heartbeat, mail, payload, retry, webhook};
use crate::graph::Hosts;
use crate::store::{self, Addressee, Message, Settled, Store};

/// How often the store is asked for what is to be told.
const LOOK: Duration = Duration::from_secs(1);

/// The longest pause while the store cannot be asked.
const PAUSE: Duration = Duration::from_secs(30);

/// A message is one worker's for so long: longer than any way of sending takes.
const LEASE: SignedDuration = SignedDuration::from_secs(120);

/// How often what is over is removed.
const TIDY: Duration = Duration::from_secs(600);

/// So often it is tried to note what became of a message: one that is not noted is sent once more.
const NOTES: u32 = 5;

/// Gives notices to their targets.
pub struct Deliverer {
    store: Store,
    outlets: Vec<Outlet>,
    smtp: Option<Smtp>,
    root: PathBuf,
    names: HashMap<String, String>,
    worker: String,
    notes: Vec<String>,
}

/// A target, and what it takes to reach it.
struct Outlet {
    target: Target,
    /// For its webhook.
    client: Option<Client>,
    /// For its heartbeat.
    heart: Option<Client>,
}

impl std::fmt::Debug for Deliverer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let targets: Vec<_> = self.outlets.iter().map(|o| &o.target).collect();
        f.debug_struct("Deliverer")
            .field("targets", &targets)
            .finish_non_exhaustive()
    }
}

impl Deliverer {
    /// For the targets of a project whose folder is `root`; `names` says what it calls the accounts of stories.
    ///
    /// In a rehearsal nothing leaves this machine: targets elsewhere are told nothing, which the notes say.
    pub fn new(
        store: Store,
        targets: &[Target],
        smtp: Option<&Smtp>,
        root: PathBuf,
        names: HashMap<String, String>,
    ) -> Self {
        // so that what a task had that was dropped is known as ours, and what another task has is not
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let worker = format!("{}/notices-{number}", store.who());
        let mut notes = Vec::new();
        let mut outlets = Vec::new();
        for target in targets {
            outlets.extend(outlet(target, smtp, store.is_rehearsal(), &mut notes));
        }
        Self {
            store,
            outlets,
            smtp: smtp.cloned(),
            root,
            names,
            worker,
            notes,
        }
    }

    /// What people should know: secrets that are not set, targets that a rehearsal leaves out.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Delivers until it is dropped; what was begun then is sent once more by the next.
    pub async fn run(&self) {
        let outlets = self.outlets.iter();
        let serving = join_all(outlets.clone().map(|outlet| self.keep_serving(outlet)));
        let beating = join_all(outlets.map(|outlet| self.keep_beating(outlet)));
        let addressing = join(self.keep_addressing(), self.keep_tidy());
        join3(serving, beating, addressing).await;
    }

    /// Delivers what is due now, for `within` at most; how many messages are left for later.
    pub async fn finish(&self, within: Duration) -> usize {
        let work = async {
            if self.is_wanted() {
                while self.address_new().await? + self.serve_all().await? > 0 {}
            }
            self.store
                .tidy_notices(self.is_wanted(), Timestamp::now())
                .await
        };
        match tokio::time::timeout(within, work).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(%error, "notices could not be delivered");
            }
            Err(_) => {
                // what was begun is for whoever comes next, at once
                let release = self.store.release_messages(&self.worker);
                let _ = tokio::time::timeout(LOOK, release).await;
            }
        }
        if !self.is_wanted() {
            return 0;
        }
        let outlets = self.outlets.iter();
        let names: Vec<_> = outlets.map(|o| o.target.name.as_str()).collect();
        let waiting = self.store.waiting_messages(&names);
        match tokio::time::timeout(LOOK, waiting).await {
            Ok(Ok(count)) => count,
            // a store that cannot be asked now keeps them
            _ => 0,
        }
    }

    /// Asks every heartbeat once: the work was done.
    pub async fn beat(&self) {
        for outlet in &self.outlets {
            if let (Some(client), Some(url)) = (&outlet.heart, &outlet.target.heartbeat) {
                heartbeat::ask(client, url, &mut false).await;
            }
        }
    }

    /// Somebody is to be told.
    fn is_wanted(&self) -> bool {
        self.outlets.iter().any(|o| o.target.to.is_some())
    }

    async fn keep_addressing(&self) {
        if !self.is_wanted() {
            return;
        }
        let mut pause = LOOK;
        loop {
            let done = self.address_new().await;
            // there may be more
            if matches!(done, Ok(count) if count > 0) {
                continue;
            }
            pause = next_pause(pause, done.map(drop));
            tokio::time::sleep(pause).await;
        }
    }

    async fn keep_serving(&self, outlet: &Outlet) {
        if outlet.target.to.is_none() {
            return;
        }
        let mut pause = LOOK;
        loop {
            pause = next_pause(pause, self.serve(outlet).await.map(drop));
            tokio::time::sleep(pause).await;
        }
    }

    async fn keep_tidy(&self) {
        loop {
            let tidied = self.store.tidy_notices(self.is_wanted(), Timestamp::now());
            if let Err(error) = tidied.await {
                tracing::debug!(%error, "old notices could not be removed");
            }
            tokio::time::sleep(TIDY).await;
        }
    }

    async fn keep_beating(&self, outlet: &Outlet) {
        let (Some(client), Some(url)) = (&outlet.heart, &outlet.target.heartbeat) else {
            return;
        };
        let (mut seen, mut has_failed) = (None, false);
        loop {
            if heartbeat::is_at_work(&self.store, &mut seen).await {
                heartbeat::ask(client, url, &mut has_failed).await;
                tokio::time::sleep(heartbeat::EVERY).await;
            } else {
                tokio::time::sleep(LOOK * 2).await;
            }
        }
    }

    /// Gives new events to those who want to hear of them: how many events.
    async fn address_new(&self) -> Result<usize, store::Error> {
        let events = self.store.new_events().await?;
        if events.is_empty() {
            return Ok(0);
        }
        let gone = self.store.gone_targets().await?;
        let is_gone = |name: &str, to: &To| gone.contains(&(name.to_owned(), to.mark()));
        for event in &events {
            let wants = |target: &Target| {
                let to = target.to.as_ref();
                target.on.contains(&event.kind) && to.is_some_and(|to| !is_gone(&target.name, to))
            };
            let targets = self.outlets.iter().map(|outlet| &outlet.target);
            let to = targets
                .filter(|target| wants(target))
                .map(|target| Addressee {
                    target: target.name.clone(),
                    digest: target.digest.and_then(|d| SignedDuration::try_from(d).ok()),
                })
                .collect();
            let notice = payload::notice(event, |account| {
                let name = self.names.get(account);
                name.map_or(account, String::as_str).to_owned()
            });
            self.store
                .address(event, notice, to, Timestamp::now())
                .await?;
        }
        Ok(events.len())
    }

    async fn serve_all(&self) -> Result<usize, store::Error> {
        let served = join_all(self.outlets.iter().map(|outlet| self.serve(outlet))).await;
        served.into_iter().sum()
    }

    /// Sends what is due to a target, until one fails; how many have arrived.
    async fn serve(&self, outlet: &Outlet) -> Result<usize, store::Error> {
        let (Some(to), name) = (&outlet.target.to, &outlet.target.name) else {
            return Ok(0);
        };
        let mut sent = 0;
        loop {
            let claim = (self.store).claim_message(name, &self.worker, Timestamp::now(), LEASE);
            let Some(message) = claim.await? else {
                return Ok(sent);
            };
            let failure = match self.send(outlet, to, &message).await {
                Ok(()) => {
                    self.note(&message, Settled::Sent).await?;
                    sent += 1;
                    continue;
                }
                Err(failure) => failure,
            };
            match failure {
                Failure::Gone(why) => {
                    tracing::warn!(target_name = name, %why, "no more notices go there");
                    let now = Timestamp::now();
                    self.store
                        .target_is_gone(name, &to.mark(), &why, now)
                        .await?;
                }
                Failure::Later { why, pause } => {
                    let settled = self.after(&message, why, pause);
                    self.note(&message, settled).await?;
                }
            }
            // the next one would hardly fare better, and each has a schedule of its own
            return Ok(sent);
        }
    }

    /// What becomes of a message that did not arrive.
    fn after(&self, message: &Message, why: String, asked: Option<Duration>) -> Settled {
        let target = &message.target;
        match retry::pause(message.tries.saturating_add(1), asked) {
            Some(pause) => {
                // the first failure is for the log, the others only for who looks for them
                match message.tries {
                    0 => {
                        tracing::warn!(notice = message.id, to = target, %why, "a notice did not arrive; it is tried again")
                    }
                    _ => {
                        tracing::debug!(notice = message.id, to = target, %why, "a notice did not arrive")
                    }
                }
                let pause = SignedDuration::try_from(pause).unwrap_or(SignedDuration::MAX);
                let at = Timestamp::now().checked_add(pause);
                Settled::Again(at.unwrap_or(Timestamp::MAX), why)
            }
            None => {
                tracing::warn!(notice = message.id, to = target, %why, "a notice did not arrive, and is given up");
                Settled::Dropped(why)
            }
        }
    }

    async fn note(&self, message: &Message, settled: Settled) -> Result<(), store::Error> {
        let mut tries = 1;
        loop {
            match self.store.settle_message(message, settled.clone()).await {
                Err(_) if tries < NOTES => {
                    tokio::time::sleep(Duration::from_millis(200) * tries).await;
                }
                done => return done,
            }
            tries += 1;
        }
    }

    async fn send(&self, outlet: &Outlet, to: &To, message: &Message) -> Result<(), Failure> {
        let body = payload::payload(message);
        match to {
            To::Webhook(url) => {
                let client = outlet.client.as_ref();
                let client = client.ok_or_else(|| Failure::later("no connection can be made"))?;
                let secret = outlet.target.secret_env.as_deref();
                webhook::send(client, url, secret, &message.id, bytes(&body)).await
            }
            To::Mail(addresses) => {
                let smtp = self.smtp.as_ref();
                let smtp = smtp.ok_or_else(|| Failure::later("mail needs `[smtp]`"))?;
                mail::send(smtp, addresses, message).await
            }
            To::Exec(words) => {
                let mut line = bytes(&body);
                line.push(b'\n');
                exec::run(words, &self.root, line, exec::WITHIN).await
            }
        }
    }
}

fn bytes(body: &Json) -> Vec<u8> {
    body.to_string().into_bytes()
}

/// A target with its clients; none where a rehearsal leaves it out.
fn outlet(
    target: &Target,
    smtp: Option<&Smtp>,
    is_rehearsal: bool,
    notes: &mut Vec<String>,
) -> Option<Outlet> {
    let is_here = |url: &url::Url| Hosts::at(url).are_local();
    let mut target = target.clone();
    if is_rehearsal {
        target.heartbeat = target.heartbeat.filter(is_here);
        let stays = match &target.to {
            Some(To::Webhook(url)) => is_here(url),
            Some(To::Mail(_)) => smtp.is_some_and(Smtp::is_local),
            Some(To::Exec(_)) | None => true,
        };
        if !stays && let Some(to) = target.to.take() {
            notes.push(format!(
                "a rehearsal tells nobody outside of this machine: no notices to {} (`{}`)",
                to.shown(),
                target.name
            ));
        }
    }
    if target.to.is_none() && target.heartbeat.is_none() {
        return None;
    }
    let secret = target.secret_env.as_deref().filter(|_| target.to.is_some());
    let password = smtp.and_then(|smtp| smtp.password_env.as_deref());
    let password = password.filter(|_| matches!(target.to, Some(To::Mail(_))));
    for name in [secret, password].into_iter().flatten() {
        if std::env::var_os(name).is_none_or(|value| value.is_empty()) {
            notes.push(format!(
                "the environment variable {name} is not set: notices to `{}` wait for it",
                target.name
            ));
        }
    }
    let client = |url: &url::Url, redirects| match webhook::client(url, redirects) {
        Ok(client) => Some(client),
        Err(error) => {
            tracing::warn!(address = shown(url), %error, "no connection can be made");
            None
        }
    };
    let webhook = match &target.to {
        Some(To::Webhook(url)) => client(url, 0),
        _ => None,
    };
    let heart = target.heartbeat.as_ref().and_then(|url| client(url, 5));
    Some(Outlet {
        client: webhook,
        heart,
        target,
    })
}

/// The next pause: short after success, growing while the store cannot be asked.
fn next_pause(last: Duration, done: Result<(), store::Error>) -> Duration {
    match done {
        Ok(()) => LOOK,
        Err(error) => {
            tracing::debug!(%error, "notices wait for the store");
            (last * 2).min(PAUSE)
        }
    }
}

// each way of sending ends before its message is somebody else's
const _: () = {
    let lease = LEASE.as_secs() as u64;
    assert!(webhook::WITHIN.as_secs() < lease);
    assert!(mail::WITHIN.as_secs() < lease);
    assert!(exec::WITHIN.as_secs() < lease);
};

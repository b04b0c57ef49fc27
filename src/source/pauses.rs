//! Addresses of pictures, and their servers, that are let be for a while.
//!
//! In: what a server refused, and for how long. Out: whether an address may be asked now, and why not. Never: a pause that
//! outlasts the longest one that a server may ask for.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use super::Fault;
use super::ask::Refused;
use super::folder::Folder;
use super::options::{digest, shown};

/// After an outage an address is asked again so soon: a story may wait for it.
const SOON: SignedDuration = SignedDuration::from_mins(1);

/// The folder of the records.
const RECORDS: &str = "pauses";

/// Of an address, or of a whole server; its name is their hash.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Pause {
    /// What is let be, as it may be printed.
    of: String,
    why: String,
    may_pass: bool,
    since: Timestamp,
    until: Timestamp,
}

/// Why an address is not asked, or brought nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failed {
    /// A sentence.
    pub why: String,
    /// It is an outage, and says nothing about the picture itself.
    pub may_pass: bool,
}

impl From<&Fault> for Failed {
    fn from(fault: &Fault) -> Self {
        Self {
            why: fault.to_string(),
            may_pass: fault.may_pass(),
        }
    }
}

/// The pauses of a project, at a moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pauses<'a> {
    pub folder: &'a Folder,
    pub now: Timestamp,
}

impl Pauses<'_> {
    /// Why the address is not to be asked now. `anew`: its source was asked now, and only what the server itself has
    /// asked for is kept to.
    pub fn hold(&self, address: &str, anew: bool) -> Option<Failed> {
        let server = address.parse().ok().and_then(|url| self.get(&server(&url)));
        let own = || match anew {
            true => None,
            false => self.get(address),
        };
        server.or_else(own).map(|pause| Failed {
            why: pause.why,
            may_pass: pause.may_pass,
        })
    }

    fn get(&self, of: &str) -> Option<Pause> {
        let pause: Pause = self.folder.record(&name(of))?;
        // one that begins later is of another clock: a rehearsal's
        let is_on = pause.since <= self.now && self.now < pause.until;
        is_on.then_some(pause)
    }

    /// Lets an address be, and its server where that has asked for it; `every` is how often the source is asked.
    pub fn put(&self, address: &str, refused: &Refused, every: SignedDuration) {
        let Ok(url) = address.parse::<Url>() else {
            return;
        };
        let failed = Failed::from(&refused.fault);
        let pause = match failed.may_pass {
            true => SOON.min(every),
            false => every,
        };
        self.write(address, shown(&url), failed, pause);
        let wait = refused
            .wait
            .and_then(|wait| SignedDuration::try_from(wait).ok());
        if let Some((wait, until)) = wait.and_then(|wait| Some((wait, self.after(wait)?))) {
            let failed = Failed::from(&Fault::Wait(until));
            self.write(&server(&url), server(&url), failed, wait);
        }
    }

    fn after(&self, pause: SignedDuration) -> Option<Timestamp> {
        self.now.checked_add(pause).ok()
    }

    fn write(&self, key: &str, of: String, failed: Failed, pause: SignedDuration) {
        let Some(until) = self.after(pause) else {
            return;
        };
        let pause = Pause {
            of,
            why: failed.why,
            may_pass: failed.may_pass,
            since: self.now,
            until,
        };
        // without it, it is asked once more than it had to be
        let _ = self.folder.put_record(&name(key), &pause);
    }

    /// It has answered.
    pub fn end(&self, address: &str) {
        self.folder.remove(&name(address));
    }

    /// Takes away those that are over.
    pub fn sweep(&self) {
        for record in self.folder.records(RECORDS) {
            let pause = self.folder.record::<Pause>(&record);
            let is_on = |pause: &Pause| pause.since <= self.now && self.now < pause.until;
            if !pause.as_ref().is_some_and(is_on) {
                self.folder.remove(&record);
            }
        }
    }
}

fn name(of: &str) -> String {
    format!("{RECORDS}/{}.json", digest(of.as_bytes()))
}

/// `https://cdn.example.com`
fn server(url: &Url) -> String {
    url.origin().ascii_serialization()
}

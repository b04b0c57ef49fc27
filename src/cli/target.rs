//! Where stories go, as commands take it.

use anyhow::Context;
use jiff::Timestamp;
use url::Url;

use super::{Global, open};
use crate::platform::Clock;
use crate::project::Accounts;
use crate::publisher::{self, Publisher, Where};
use crate::store::Store;

#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Target {
    /// The account, as the project file names it; without it, the only one
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    #[command(flatten)]
    pub stand_in: StandIn,
}

/// The same for stories that may go to several accounts.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Targets {
    /// The account, as the project file names it; several times for a story on each; without it, the only one
    #[arg(long, value_name = "NAME")]
    pub account: Vec<String>,
    #[command(flatten)]
    pub stand_in: StandIn,
}

/// What takes the platform's place.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct StandIn {
    /// Publish to the sandbox at URL, or to one that is started for this call
    #[arg(
        long,
        value_name = "URL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = ""
    )]
    pub sandbox: Option<String>,
}

/// The sandbox whose accounts and clock are meant, for commands that send nothing.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Sandbox {
    /// Go by the accounts and the clock of the sandbox at URL
    #[arg(
        long,
        value_name = "URL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = ""
    )]
    pub sandbox: Option<String>,
}

impl Sandbox {
    /// Where it is.
    ///
    /// # Errors
    /// No address, which only what starts a sandbox can do without.
    pub fn url(&self) -> anyhow::Result<Option<Url>> {
        match self.sandbox.as_deref() {
            None => Ok(None),
            Some("") => {
                anyhow::bail!("which sandbox? give its address: --sandbox http://127.0.0.1:8026")
            }
            Some(url) => Ok(Some(
                url.parse()
                    .with_context(|| format!("`{url}` is no address"))?,
            )),
        }
    }

    /// Which accounts rules may name.
    pub fn accounts(&self) -> Accounts {
        match self.sandbox {
            Some(_) => Accounts::OfSandbox,
            None => Accounts::Own,
        }
    }

    /// The store, for work in the sandbox's world where one is meant.
    pub fn world(&self, store: Store) -> Store {
        match self.sandbox {
            Some(_) => store.rehearsing(),
            None => store,
        }
    }

    /// What the time is: the sandbox's own, where one is meant.
    ///
    /// # Errors
    /// As [`Sandbox::url`]; the sandbox does not answer.
    pub async fn clock(&self) -> anyhow::Result<Clock> {
        Ok(publisher::clock_of(self.url()?.as_ref()).await?)
    }

    /// The same, for what is no future.
    ///
    /// # Errors
    /// As [`Sandbox::clock`].
    pub fn now(&self) -> anyhow::Result<Timestamp> {
        if self.sandbox.is_none() {
            return Ok(Timestamp::now());
        }
        Ok(open::runtime()?.block_on(self.clock())?.now())
    }
}

impl Targets {
    pub fn is_sandbox(&self) -> bool {
        self.stand_in.sandbox.is_some()
    }

    /// The accounts that are named, each once.
    pub fn accounts(&self) -> Vec<String> {
        let mut accounts: Vec<String> = Vec::new();
        for name in &self.account {
            if !accounts.contains(name) {
                accounts.push(name.clone());
            }
        }
        accounts
    }
}

impl From<&Target> for publisher::Target {
    fn from(asked: &Target) -> Self {
        Self {
            accounts: asked.account.iter().cloned().collect(),
            platform: place(asked.stand_in.sandbox.as_deref()),
        }
    }
}

impl From<&Targets> for publisher::Target {
    fn from(asked: &Targets) -> Self {
        Self {
            accounts: asked.accounts(),
            platform: place(asked.stand_in.sandbox.as_deref()),
        }
    }
}

/// The platform, or which stand-in.
pub(super) fn place(sandbox: Option<&str>) -> Where {
    match sandbox {
        None => Where::Platform,
        Some("") => Where::OwnSandbox,
        Some(url) => Where::Sandbox(url.to_owned()),
    }
}

/// What people should know about a publisher.
pub(super) fn say_notes(publisher: &Publisher, global: &Global) {
    if global.quiet || global.json {
        return;
    }
    for note in &publisher.notes {
        eprintln!("note: {note}");
    }
}

//! Opens accounts, uploads, memory and staircase of a project.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZone};
use url::Url;

use super::accounts;
use super::error::{Doing, Error};
use super::kill_point::KillPoint;
use super::metrics::Known;
use super::private;
use super::renewal::Renewal;
use super::stores::{by_hand, open_store_patiently, own_folder, teach, upload_of};
use super::targets;
use super::world_clock::{clock_of, follow};
use crate::graph::{self, Hosts};
use crate::notify::Deliverer;
use crate::pipeline::{Driver, Event, Platform, Point, Rooms, Runner};
use crate::platform::{Cancel, Clock};
use crate::project::{Account, Project};
use crate::sandbox;
use crate::store::{Store, StoryKey};
use crate::upload::Served;

/// Stories that are worked on at the same time, where nobody says otherwise.
pub const CONCURRENCY: usize = 8;

/// Where a sandbox that was started for a call keeps its world, below the project's own folder.
const SANDBOX: &str = "sandbox";

/// Where stories go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// The accounts, as the project file names them; without one, the only one.
    pub accounts: Vec<String>,
    /// The platform, or a stand-in.
    pub platform: Where,
}

/// The platform, or a stand-in on this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Where {
    /// The platform itself.
    #[default]
    Platform,
    /// A sandbox that is started for the call.
    OwnSandbox,
    /// The sandbox at this address.
    Sandbox(String),
}

/// Everything that it takes to publish.
pub struct Publisher {
    /// The account that was chosen, the first of several, as stories name it.
    pub account: String,
    /// The memory.
    pub store: Store,
    /// By account, as stories name it.
    pub rooms: HashMap<String, Rooms>,
    /// What the project calls each of them.
    pub names: HashMap<String, String>,
    /// How stories name an account of the project.
    pub(super) keys: HashMap<String, String>,
    /// What the time is: the sandbox's, in a rehearsal.
    pub clock: Clock,
    follower: Option<tokio::task::JoinHandle<()>>,
    /// The project's time zone: a day is one of it.
    pub(super) zone: TimeZone,
    /// What people should know: accounts that cannot be opened, files that stay here.
    pub notes: Vec<String>,
    pub(super) driver: Arc<Driver>,
    pub(super) renewal: Arc<Renewal>,
    pub(super) known: Arc<Known>,
    kill_point: Arc<KillPoint>,
    /// Tells people and programs.
    pub(super) deliverer: Deliverer,
    sandbox: Option<sandbox::Running>,
    served: Option<Served>,
}

impl std::fmt::Debug for Publisher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Publisher")
            .field("driver", &self.driver)
            .field("notes", &self.notes)
            .finish_non_exhaustive()
    }
}

impl Publisher {
    /// Opens the accounts that `target` means. `stop` ends the work between two steps.
    ///
    /// # Errors
    /// Whatever is missing: a project, an account, a token, a place to upload to, the database.
    pub async fn open(project: &Project, target: &Target, stop: &Cancel) -> Result<Self, Error> {
        Self::opened(project, target, stop, (false, None)).await
    }

    /// Opens every account of the project; those that cannot be opened are told in the notes.
    ///
    /// # Errors
    /// As [`Publisher::open`], where not one account can be opened.
    pub async fn open_all(
        project: &Project,
        target: &Target,
        stop: &Cancel,
    ) -> Result<Self, Error> {
        Self::opened(project, target, stop, (true, None)).await
    }

    /// The same with a store that was opened before.
    pub(super) async fn open_with(
        project: &Project,
        target: &Target,
        stop: &Cancel,
        store: Option<Store>,
    ) -> Result<Self, Error> {
        Self::opened(project, target, stop, (true, store)).await
    }

    async fn opened(
        project: &Project,
        target: &Target,
        stop: &Cancel,
        (all, store): (bool, Option<Store>),
    ) -> Result<Self, Error> {
        if project.file.is_none() && target.platform == Where::Platform {
            return Err(Error::refused(
                "publishing asks for a project file: storypress.toml with [accounts.NAME] and [upload]",
            ));
        }
        let mut notes = Vec::new();
        let (sandbox, base) = platform(project, &target.platform).await?;
        let mut accounts = Vec::new();
        let mut handed = HashSet::new();
        let mut names_of = HashMap::new();
        let mut keys = HashMap::new();
        let clock = clock_of(base.as_ref()).await?;
        let renewal = Arc::<Renewal>::default();
        for name in names(project, target, all) {
            match opened_account(project, name.as_deref(), base.as_ref(), &clock).await {
                Ok((key, opened, client)) => {
                    let opened_by_hand = opened.stickers_by_hand;
                    names_of.insert(key.clone(), opened.name.clone());
                    keys.insert(opened.name.clone(), key.clone());
                    match (&base, client.graph()) {
                        (_, None) if opened.login == graph::Login::ByHand => {}
                        (_, None) => {
                            private::remember(&renewal, project, &key, &opened, base.as_ref())
                        }
                        (Some(base), Some(client)) => {
                            let client = client.clone();
                            renewal
                                .rehearse(&key, opened, client, base, clock.now())
                                .await;
                        }
                        (None, Some(_)) => {
                            notes.extend(notes_of(&opened));
                            renewal.know(&key, opened);
                        }
                    }
                    if opened_by_hand {
                        handed.insert(key.clone());
                    }
                    accounts.push((key, client));
                }
                Err(error) if all => notes.push(chain(&error)),
                Err(error) => return Err(error),
            }
        }
        let Some((account, _)) = accounts.first() else {
            let notes = notes.join("; ");
            return Err(Error::refused(format!("no account can be opened: {notes}")));
        };
        let account = account.clone();
        let takes_bytes = |(_, platform): &(String, Platform)| {
            let client = platform.graph();
            client.is_some_and(|client| client.login() == graph::Login::Facebook)
        };
        // what goes the private way is sent, and what a person posts is theirs: neither is ever fetched
        let is_sent = |(_, platform): &(String, Platform)| platform.graph().is_none();
        let (upload, served) = match &project.upload {
            None if base.is_none() && accounts.iter().any(takes_bytes) => {
                let note = "without [upload], only films of accounts with Facebook Login go out";
                notes.push(note.into());
                (None, None)
            }
            None if base.is_none() && accounts.iter().all(is_sent) => (None, None),
            _ => {
                let (upload, served) = upload_of(project, base.is_some(), &mut notes).await?;
                notes.extend(upload.notes().iter().cloned());
                (Some(Arc::new(upload)), served)
            }
        };
        let store = match store {
            Some(store) => store,
            None => open_store_patiently(project, stop).await?,
        };
        let store = store.clocked(clock.clone());
        let store = match base {
            Some(_) => store.rehearsing(),
            None => store,
        };
        teach(project, &store, &names_of).await;
        let deliverer = targets::deliverer(project, &store, &names_of);
        notes.extend_from_slice(deliverer.notes());
        let hand = match handed.is_empty() {
            true => None,
            false => Some(Arc::new(by_hand(project)?)),
        };
        let rooms: HashMap<String, Rooms> = accounts
            .into_iter()
            .map(|(key, platform)| {
                let rooms = Rooms {
                    upload: upload.clone(),
                    platform,
                    store: store.clone(),
                    policy: project.publish.clone(),
                    by_hand: hand.clone().filter(|_| handed.contains(&key)),
                };
                (key, rooms)
            })
            .collect();
        let kill_point = Arc::new(KillPoint::of_process(base.is_some()));
        let at = kill_point.clone();
        let driver = Driver::new(store.clone(), rooms.clone(), clock.clone(), stop.clone())
            .observed(move |point| at.reached(point))
            .renewed_by(renewal.as_renew(project.publish.timeout));
        let follower = match base {
            Some(base) => Some(follow(clock.clone(), base)?),
            None => None,
        };
        Ok(Self {
            account,
            keys,
            clock,
            follower,
            names: names_of,
            zone: project.zone()?,
            driver: Arc::new(driver),
            renewal,
            known: Arc::default(),
            rooms,
            store,
            kill_point,
            deliverer,
            notes,
            sandbox,
            served,
        })
    }

    /// The rooms of the chosen account.
    pub fn chosen(&self) -> &Rooms {
        self.rooms_of(&self.account)
    }

    /// The rooms of an account that is open, as stories name it.
    pub fn rooms_of(&self, account: &str) -> &Rooms {
        &self.rooms[account]
    }

    /// What the project calls an account that stories name so.
    pub fn name_of<'a>(&'a self, account: &'a str) -> &'a str {
        self.names.get(account).map_or(account, String::as_str)
    }

    /// A time as people read it, in the project's zone.
    pub fn shown(&self, at: Timestamp) -> String {
        shown(at, &self.zone)
    }

    /// Has `told` called with what happens, from now on.
    pub fn report_to(&self, told: impl Fn(Event<'_>) + Send + Sync + 'static) {
        self.driver.report_to(told);
    }

    /// Tells whoever listens to the work.
    pub(super) fn tell(&self, event: Event<'_>) {
        self.driver.tell(event);
    }

    /// The batch is in the store.
    pub(super) fn observe_added(&self) {
        self.kill_point.reached(Point::Added);
    }

    /// Works until each of these stories rests, or the call is stopped.
    ///
    /// # Errors
    /// When the store fails again and again; the stories are safe.
    pub async fn run(
        &self,
        keys: &[StoryKey],
        told: impl Fn(Event<'_>) + Send + Sync + 'static,
    ) -> Result<(), Error> {
        let runner = Runner::new(self.driver.clone(), CONCURRENCY);
        runner
            .until_rest(keys, told)
            .await
            .doing("the stories are safe, but the work on them ended")
    }

    /// Works on so many stories at a time until the call is stopped.
    ///
    /// # Errors
    /// As [`Publisher::run`].
    pub async fn work(
        &self,
        jobs: usize,
        told: impl Fn(Event<'_>) + Send + Sync + 'static,
    ) -> Result<(), Error> {
        let runner = Runner::new(self.driver.clone(), jobs);
        Ok(runner.until_stopped(told).await?)
    }

    /// Looks at one story, whatever its time: a live one's numbers are taken.
    ///
    /// # Errors
    /// What the store says.
    pub async fn look(&self, key: &StoryKey) -> Result<(), Error> {
        self.driver.look(key).await?;
        Ok(())
    }

    /// Lets go of everything that was started for it.
    pub async fn close(self) {
        if let Some(follower) = self.follower {
            follower.abort();
        }
        self.store.close().await;
        if let Some(served) = self.served {
            served.stop().await;
        }
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
    }
}

/// What people should know of an account's token.
fn notes_of(account: &Account) -> Vec<String> {
    let Ok(found) = accounts::open(account.clone()) else {
        return Vec::new();
    };
    let mounted = found.is_mounted().then(|| {
        let name = &account.name;
        format!("the token of `{name}` is in a mounted file: whoever can read it can publish")
    });
    mounted.into_iter().collect()
}

/// A sandbox that was started, and the address of the one that stands in for the platform.
pub async fn platform(
    project: &Project,
    platform: &Where,
) -> Result<(Option<sandbox::Running>, Option<Url>), Error> {
    match platform {
        Where::Platform => Ok((None, None)),
        Where::Sandbox(url) => Ok((None, Some(sandbox_url(url)?))),
        Where::OwnSandbox => {
            let options = sandbox::Options {
                port: 0,
                data: Some(own_folder(project, SANDBOX)?),
                ..sandbox::Options::default()
            };
            let running = sandbox::start(options)
                .await
                .doing("cannot start a sandbox")?;
            let url = sandbox_url(&running.url)?;
            Ok((Some(running), Some(url)))
        }
    }
}

fn sandbox_url(text: &str) -> Result<Url, Error> {
    let url = Url::parse(text).doing(format!("`{text}` is no address"))?;
    if !Hosts::at(&url).are_local() {
        return Err(Error::refused(format!(
            "a sandbox is on this machine, and `{}` is not",
            url.origin().ascii_serialization()
        )));
    }
    Ok(url)
}

/// The accounts that a call means; `None` is the only one, or, in a rehearsal, the first.
fn names(project: &Project, target: &Target, all: bool) -> Vec<Option<String>> {
    if !target.accounts.is_empty() {
        return target.accounts.iter().cloned().map(Some).collect();
    }
    match all && !project.accounts.is_empty() {
        true => project
            .accounts
            .iter()
            .map(|a| Some(a.name.clone()))
            .collect(),
        false => vec![None],
    }
}

/// An account's name in the store, the account, and what speaks for it.
pub(super) async fn opened_account(
    project: &Project,
    name: Option<&str>,
    sandbox: Option<&Url>,
    clock: &Clock,
) -> Result<(String, Account, Platform), Error> {
    if let Some(account) = accounts::by_hand(project, name) {
        let key = accounts::hand_key(&account, sandbox.is_some());
        return Ok((key, account, Platform::ByHand));
    }
    // the private way has its own login, and none of the Graph API's
    if let Some((account, client)) = private::open(project, name, sandbox).await? {
        let key = format!("private:{}", client.user_id());
        return Ok((key, account, Platform::Private(client)));
    }
    let (account, client) = accounts::client(project, name, sandbox).await?;
    if sandbox.is_none() {
        accounts::verify(&account, &client).await?;
    }
    let user = account
        .user_id
        .as_ref()
        .ok_or_else(|| Error::refused("the account has no user_id"))?;
    let client = client
        .with_publish_timeout(project.publish.timeout)
        .with_clock(clock.clone());
    let key = format!("{}:{user}", account.login.as_str());
    Ok((key, account, client.into()))
}

/// A time as people read it: `Mon 30 Nov 09:00 Europe/Madrid`.
pub fn shown(at: Timestamp, zone: &TimeZone) -> String {
    let at = at.to_zoned(zone.clone());
    let name = match zone.iana_name() {
        Some(name) => name.to_owned(),
        None => at.strftime("%:z").to_string(),
    };
    let format = match at.year() == Timestamp::now().to_zoned(zone.clone()).year() {
        true => "%a %-d %b %H:%M",
        false => "%a %-d %b %Y %H:%M",
    };
    // of an hour that the clocks go through twice
    let is_twice = zone.to_ambiguous_timestamp(at.datetime()).offset();
    let offset = match is_twice {
        AmbiguousOffset::Fold { .. } => at.strftime("%:z").to_string(),
        _ => String::new(),
    };
    format!("{}{offset} {name}", at.strftime(format))
}

/// An error with its reasons, on one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(why) = source {
        said += &format!(": {why}");
        source = why.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_that_is_there_twice_is_told_with_its_offset() {
        let zone = TimeZone::get("Europe/Madrid").expect("a zone");
        let shown = |text: &str| shown(text.parse().expect("a time"), &zone);
        assert_eq!(
            shown("2027-10-31T00:30:00Z"),
            "Sun 31 Oct 2027 02:30+02:00 Europe/Madrid"
        );
        assert_eq!(
            shown("2027-10-31T01:30:00Z"),
            "Sun 31 Oct 2027 02:30+01:00 Europe/Madrid"
        );
        assert_eq!(
            shown("2027-10-31T02:30:00Z"),
            "Sun 31 Oct 2027 03:30 Europe/Madrid"
        );
    }
}

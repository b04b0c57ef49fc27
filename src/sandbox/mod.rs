//! A local Instagram to rehearse against: the protocol, the media checks, faults on demand.
//!
//! In: a folder for its world, a port. Out: a server on loopback, both logins on one host.
//! Never: an answer to another machine; a connection to one, but to fetch what a container names.
//!
//! What it imitates, and what is known about the real one, stands in `docs/sandbox.md`.

mod admin;
mod app;
mod ask;
mod chance;
mod check;
mod clock;
mod consent;
mod create;
mod effect;
mod fault;
mod fetch;
mod fields;
mod files;
mod folder;
mod graph;
mod http;
mod journal;
mod login;
mod numbers;
mod objects;
mod private;
mod private_ask;
mod private_item;
mod private_key;
mod private_login;
mod private_media;
mod private_people;
mod private_reels;
mod private_reply;
mod private_stickers;
mod publish;
mod read;
mod refusal;
mod reply;
mod robots;
mod server;
mod settings;
mod upload;
mod usage;
mod who;
mod wire;
mod world;

use std::fmt;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use jiff::Timestamp;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use self::app::App;
use self::fault::Plan;
use self::fetch::Fetcher;
use self::folder::Folder;
use self::journal::Journal;
use self::wire::{Loopback, Wire};
use self::world::World;
use crate::graph::Login;

pub use self::fault::{Always, Do, Fault, On, Times};
pub use self::settings::Settings;

/// The port of `storypress sandbox` where none is asked for.
pub const PORT: u16 = 8026;

/// How a sandbox is started.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// On 127.0.0.1; 0, the default, picks a free one.
    pub port: u16,
    /// The folder that keeps the world; without one it goes away with the server.
    pub data: Option<PathBuf>,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// World seconds a real second; as it was, or 1.
    pub speed: Option<f64>,
    /// What a new world is set to; a kept one has its own settings.
    pub settings: Option<Settings>,
    /// At least so many accounts of each login; 1 is the least.
    pub accounts: usize,
}

/// An account that stories can be published for.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// What a project file would call it.
    pub name: String,
    /// Which login.
    pub login: Login,
    /// The node of every path.
    pub user_id: String,
    /// Without the `@`.
    pub username: String,
    /// A token of ten days with every right; empty where the login has none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub token: String,
    /// What the app logs in with, for login `private`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The seed of its authenticator (base 32), where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp_seed: Option<String>,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("name", &self.name)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

/// Why a sandbox does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port is not free.
    #[error("port {port} of 127.0.0.1 cannot be had")]
    Port {
        /// Which one.
        port: u16,
        /// Why.
        source: std::io::Error,
    },
    /// The world's folder cannot be made, read or written.
    #[error("the world's folder {} cannot be used", path.display())]
    Folder {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder's file is no world.
    #[error("{}:{line} is no line of a sandbox's world", path.display())]
    World {
        /// Which file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// Another sandbox has the folder open.
    #[error("another sandbox has {} open", .0.display())]
    Taken(PathBuf),
    /// A fault plan that cannot be read.
    #[error("the fault plan cannot be read: {0}")]
    Faults(String),
    /// There is no HTTP client to fetch media with.
    #[error("no HTTP client can be made")]
    Client(#[source] reqwest::Error),
}

/// A sandbox that answers.
pub struct Running {
    /// `http://127.0.0.1:PORT`, without a slash at its end.
    pub url: String,
    /// At least one of each login.
    pub accounts: Vec<Account>,
    app: Arc<App>,
    server: JoinHandle<std::io::Result<()>>,
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl Running {
    /// Ends it: no new connection, and none that stays open.
    pub async fn stop(mut self) {
        self.app.close();
        let _ = tokio::time::timeout(Duration::from_secs(2), &mut self.server).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.app.close();
        self.server.abort();
    }
}

/// Reads a fault plan: a JSON list of faults, or one.
///
/// # Errors
/// [`Error::Faults`]
pub fn faults(text: &[u8]) -> Result<Vec<Fault>, Error> {
    Plan::read(text).map_err(Error::Faults)
}

/// Starts a sandbox on the runtime that this is called on.
///
/// # Errors
/// [`Error`]: the port, the folder, or what is in it.
pub async fn start(options: Options) -> Result<Running, Error> {
    let failed = |source| Error::Port {
        port: options.port,
        source,
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
        .await
        .map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    let url = format!("http://127.0.0.1:{port}");
    let (world, folder) = open(&options)?;
    let fetcher = Fetcher::new().map_err(Error::Client)?;
    let app = Arc::new(App::new(world, url.clone(), folder, fetcher));
    let open = app.world().open_containers();
    for container in open {
        upload::resume(&app, container);
    }
    let accounts = accounts(&app.world());
    let router = Router::new()
        .fallback(server::serve)
        .with_state(Arc::clone(&app));
    let service = router.into_make_service_with_connect_info::<Wire>();
    let mut closing = app.closing.subscribe();
    let ended = async move {
        let _ = closing.wait_for(|is_closing| *is_closing).await;
    };
    let server = axum::serve(Loopback(listener), service).with_graceful_shutdown(ended);
    Ok(Running {
        url,
        accounts,
        app,
        server: tokio::spawn(server.into_future()),
    })
}

/// The world as the options have it, and its folder.
fn open(options: &Options) -> Result<(World, Folder), Error> {
    let place = options.data.clone().unwrap_or_else(std::env::temp_dir);
    let failed = |source| Error::Folder {
        path: place.clone(),
        source,
    };
    let (mut world, folder) = match &options.data {
        Some(path) => {
            let (journal, records) = Journal::open(path)?;
            let folder = Folder::kept(path.clone()).map_err(failed)?;
            (World::new(Some(journal), records), folder)
        }
        None => (
            World::new(None, Vec::new()),
            Folder::passing().map_err(failed)?,
        ),
    };
    found(&mut world, options).map_err(failed)?;
    world.plan.add(options.faults.clone());
    Ok((world, folder))
}

/// Gives a world what it lacks.
fn found(world: &mut World, options: &Options) -> std::io::Result<()> {
    use self::journal::Record;
    let is_new = world.id.is_empty();
    world.christen()?;
    if let Some(settings) = options.settings.clone().filter(|_| is_new) {
        world.write(vec![Record::Settings(settings)])?;
    }
    if let Some(speed) = options.speed {
        let mut clock = world.clock;
        clock.set_speed(Timestamp::now(), speed);
        world.write(vec![Record::Clock(clock)])?;
    }
    for login in [Login::Instagram, Login::Facebook, Login::Private] {
        let there = world
            .people()
            .iter()
            .filter(|person| person.login == login)
            .count();
        for _ in there..options.accounts.max(1) {
            world.add_person(login, None)?;
        }
    }
    // a world that was kept for long: its own tokens are good when it is opened
    let now = world.now();
    let over = |person: &&objects::Person| {
        if person.login == Login::Private {
            return false;
        }
        let token = world.own_token(&person.user_id);
        token.is_none_or(|token| token.expires.is_some_and(|expires| expires <= now))
    };
    let new: Vec<Record> = world
        .people()
        .iter()
        .filter(over)
        .map(|person| Record::Token(world.born_token(person)))
        .collect();
    if !new.is_empty() {
        world.write(new)?;
    }
    Ok(())
}

fn accounts(world: &World) -> Vec<Account> {
    let account = |person: &objects::Person| {
        let token = world.own_token(&person.user_id);
        if token.is_none() && person.password.is_none() {
            return None;
        }
        Some(Account {
            name: person.name.clone(),
            login: person.login,
            user_id: person.user_id.clone(),
            username: person.username.clone(),
            token: token.map(|token| token.token.clone()).unwrap_or_default(),
            password: person.password.clone(),
            totp_seed: person.totp_seed.clone(),
        })
    };
    world.people().iter().filter_map(account).collect()
}

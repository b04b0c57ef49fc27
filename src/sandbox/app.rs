//! What every request needs: the world, its folder, and what fetches and checks.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, Semaphore, watch};

use super::fetch::Fetcher;
use super::objects::Verdict;
use super::private_key::LoginKey;
use super::world::World;

/// Media that are decoded at once: each may need a hundred megabytes.
const CHECKS: usize = 2;

/// A running sandbox.
pub struct App {
    world: Mutex<World>,
    /// `http://127.0.0.1:PORT`
    pub base: String,
    /// Where bytes rest.
    pub folder: Folder,
    /// The platform's crawler.
    pub fetcher: Fetcher,
    /// Turns for decoding.
    pub checks: Semaphore,
    /// What was found about a file, by its hash and what it was said to be.
    pub verdicts: Mutex<HashMap<String, Verdict>>,
    /// One upload a container at a time.
    pub uploads: Mutex<HashMap<String, Arc<AsyncMutex<()>>>>,
    /// Set when the server ends.
    pub closing: watch::Sender<bool>,
    /// Made when the app logs in for the first time: it takes a moment.
    login_key: OnceLock<Option<LoginKey>>,
}

impl App {
    /// Puts the parts together.
    pub fn new(world: World, base: String, folder: Folder, fetcher: Fetcher) -> Self {
        Self {
            world: Mutex::new(world),
            base,
            folder,
            fetcher,
            checks: Semaphore::new(CHECKS),
            verdicts: Mutex::default(),
            uploads: Mutex::default(),
            closing: watch::Sender::new(false),
            login_key: OnceLock::new(),
        }
    }

    /// The key that the app encrypts passwords for; none where the system gives no chance.
    pub fn login_key(&self) -> Option<&LoginKey> {
        self.login_key.get_or_init(LoginKey::new).as_ref()
    }

    /// Ends all requests, and lets go of the world's folder.
    pub fn close(&self) {
        self.closing.send_replace(true);
        self.world().close();
        self.folder.leave();
    }

    /// The world, for as long as the guard lives; never over an `await`.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a world's bytes rest.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// It goes away with the world.
    is_passing: bool,
}

impl Folder {
    /// A folder that stays.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn kept(path: PathBuf) -> std::io::Result<Self> {
        Self::make(path, false)
    }

    /// A new folder that goes away when it is dropped.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn passing() -> std::io::Result<Self> {
        let name = format!("storypress-sandbox-{}", super::chance::hex(16));
        Self::make(std::env::temp_dir().join(name), true)
    }

    fn make(path: PathBuf, is_passing: bool) -> std::io::Result<Self> {
        let path = std::path::absolute(path)?;
        let folder = Self { path, is_passing };
        std::fs::create_dir_all(folder.path.join("media"))?;
        std::fs::create_dir_all(folder.path.join("incoming"))?;
        Ok(folder)
    }

    /// Takes a passing folder away, also while a request still holds on to it.
    pub fn leave(&self) {
        if self.is_passing {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }

    /// A checked file.
    pub fn media(&self, file: &str) -> PathBuf {
        self.path.join("media").join(file)
    }

    /// A file on its way in.
    pub fn incoming(&self, name: &str) -> PathBuf {
        self.path.join("incoming").join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.leave();
    }
}

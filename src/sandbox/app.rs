//! What every request needs: the world, its folder, and what fetches and checks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, Semaphore, watch};

use super::fetch::Fetcher;
use super::folder::Folder;
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

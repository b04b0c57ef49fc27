//! Another process on the same store: this program again, told by its environment what to do.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use storypress::store::{Claim, Store};

use crate::jobs::step;
use crate::world::World;

const PART: &str = "STORE_TEST_PART";
const URL: &str = "STORE_TEST_URL";
const ROOT: &str = "STORE_TEST_ROOT";

/// A process that is killed with the test.
pub struct Child(std::process::Child);

impl Child {
    /// `publish` moves stories, `hold` takes one and sleeps, `crash` ends as soon as it sees one.
    pub fn start(part: &str, world: &World) -> Self {
        let program = std::env::current_exe().expect("a path");
        let child = Command::new(program)
            .env(PART, part)
            .env(URL, &world.url)
            .env(ROOT, world.root())
            .stdin(Stdio::null())
            .spawn()
            .expect("it starts");
        Self(child)
    }

    pub fn kill(&mut self) {
        // it may have ended by itself
        let _ = self.0.kill();
        self.0.wait().expect("it is ours");
    }

    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("it is ours").is_some()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether this process is such a one; then it has done its part.
pub fn was_asked() -> bool {
    let Ok(part) = std::env::var(PART) else {
        return false;
    };
    let url = std::env::var(URL).expect("an address");
    let root = PathBuf::from(std::env::var_os(ROOT).expect("a folder"));
    tokio::runtime::Runtime::new()
        .expect("a runtime")
        .block_on(play(&part, &url, &root));
    true
}

async fn play(part: &str, url: &str, root: &std::path::Path) {
    let store = Store::open(url, root).await.expect("the store opens");
    if part == "publish" {
        let mine = store.clone();
        let work = store.work(4, None, std::future::pending(), move |key| {
            let store = mine.clone();
            async move { step(&store, &key, &Mutex::default()).await }
        });
        return work.await.expect("it works");
    }
    let (mine, crashes) = (store.clone(), part == "crash");
    let work = store.work(2, None, std::future::pending(), move |key| {
        let store = mine.clone();
        async move {
            if crashes {
                std::process::exit(9);
            }
            let hour = SignedDuration::from_hours(1);
            let claimed = store.claim(&key, Timestamp::now(), hour).await;
            if let Claim::Held(until) = claimed.expect("an answer") {
                return Some(until);
            }
            tokio::time::sleep(Duration::from_secs(3600)).await;
            None
        }
    });
    work.await.expect("it works");
}

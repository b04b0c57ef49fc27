//! An empty store for one case, and stories to put into it.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use storypress::graph::{Container, ContainerId, StoryId};
use storypress::media::{Kind, Media};
use storypress::store::{
    Added, Claim, Claimed, Gate, Hold, Intent, Note, Outgoing, Pass, Place, Same, Step, Store,
    Story, StoryKey,
};
use storypress::upload::MediaUrl;
use tempfile::TempDir;

use super::server::Server;

/// Where one case has its store.
pub struct World {
    /// As in a project file.
    pub url: String,
    folder: TempDir,
}

impl World {
    /// A file in a folder that is not there yet.
    pub fn sqlite() -> Self {
        Self {
            url: "sqlite:.storypress/store.db".to_owned(),
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    /// A database of its own.
    pub fn postgres(server: &mut Server) -> Result<Self, String> {
        Ok(Self {
            url: server.database()?,
            ..Self::sqlite()
        })
    }

    /// The project's folder.
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Another opening of the same store: other connections, as another process has them.
    pub async fn open(&self) -> Store {
        Store::open(&self.url, self.root())
            .await
            .expect("the store opens")
    }

    /// The database itself, behind the store's back.
    pub async fn raw(&self, sql: &'static str) -> Result<u64, sqlx::Error> {
        use sqlx::Connection;
        if let Some(file) = self.url.strip_prefix("sqlite:") {
            let path = self.root().join(file);
            let mut conn =
                sqlx::SqliteConnection::connect(&format!("sqlite:{}", path.display())).await?;
            let done = sqlx::raw_sql(sql).execute(&mut conn).await?.rows_affected();
            conn.close().await?;
            return Ok(done);
        }
        let mut conn = sqlx::PgConnection::connect(&self.url).await?;
        sqlx::raw_sql("SET search_path TO storypress, public, apalis")
            .execute(&mut conn)
            .await?;
        let done = sqlx::raw_sql(sql).execute(&mut conn).await?.rows_affected();
        conn.close().await?;
        Ok(done)
    }
}

/// The moment of all cases whose clock is passed in.
pub fn noon() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().expect("a time")
}

/// So many seconds after noon.
pub fn at(seconds: i64) -> Timestamp {
    noon() + SignedDuration::from_secs(seconds)
}

/// So many seconds.
pub fn secs(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

/// A story of `account` with picture `picture`, due at noon.
pub fn story(account: &str, picture: u32) -> Story {
    Story {
        key: StoryKey::random(),
        account: account.to_owned(),
        name: format!("picture-{picture}"),
        template: Some("sale.toml".to_owned()),
        outgoing: Outgoing {
            media: Media {
                path: format!("/out/picture-{picture}.jpg").into(),
                kind: Kind::Image,
                bytes: 1000,
                width: 1080,
                height: 1920,
                duration_s: None,
                sha256: format!("{picture:064x}"),
                quality: None,
                notes: Vec::new(),
                extras: Default::default(),
                damaged: Vec::new(),
            },
            mentions: Vec::new(),
        },
        place: Place {
            batch: "batch".to_owned(),
            position: picture,
            is_series: false,
        },
        due: noon(),
        slot: None,
        late: None,
        day: None,
        wake: noon(),
        step: Step::Rendered,
        attempts: 0,
        trouble: None,
    }
}

/// Adds a story and gives it back as it stands.
pub async fn add(store: &Store, story: Story) -> Story {
    let added = store.add(&[story], Same::Known, noon()).await;
    match added.expect("it is added").remove(0) {
        Added::New(story) => story,
        Added::Known(story) => panic!("{story:?} is known"),
    }
}

/// Claims a story that is free.
pub async fn claim(store: &Store, key: &StoryKey, now: Timestamp) -> Claimed {
    match store.claim(key, now, secs(60)).await.expect("a claim") {
        Claim::Mine(claimed) => *claimed,
        Claim::Held(until) => panic!("held until {until}"),
    }
}

/// Saves a step under a claim.
pub async fn save(store: &Store, claimed: &Claimed, step: Step, now: Timestamp) {
    let mut story = claimed.story.clone();
    story.step = step;
    store
        .save(claimed, &story, &Note::new("moved"), Hold::On, now)
        .await
        .expect("it is saved");
}

/// An uploaded file's address.
pub fn url(object: &str) -> MediaUrl {
    MediaUrl {
        url: format!("https://cdn.example.com/{object}")
            .parse()
            .expect("an address"),
        object: object.to_owned(),
        expires: None,
    }
}

/// A container.
pub fn container(number: u32) -> Container {
    Container {
        id: container_id(number),
        uri: None,
        made: noon(),
    }
}

/// A container's name.
pub fn container_id(number: u32) -> ContainerId {
    number.to_string().parse().expect("digits")
}

/// A prepared story.
pub fn contained(number: u32) -> Step {
    Step::Contained {
        url: Some(url("object")),
        container: container(number),
        is_refused: false,
    }
}

/// What is meant to be sent.
pub fn intent(number: u32, at: Timestamp) -> Intent {
    Intent {
        at,
        container: container(number),
        baseline: Vec::new(),
        tries: 1,
    }
}

/// About to be sent.
pub fn publishing(number: u32, at: Timestamp) -> Step {
    Step::Publishing {
        url: Some(url("object")),
        intent: intent(number, at),
    }
}

/// Live.
pub fn live(number: u32, at: Timestamp) -> Step {
    Step::Published {
        story: Some(story_id(number)),
        container: container_id(number),
        at,
        insights: None,
    }
}

/// A live story's name.
pub fn story_id(number: u32) -> StoryId {
    format!("1789{number}").parse().expect("digits")
}

/// Claims a story and brings it to where it may be published.
pub async fn prepare(store: &Store, story: &Story, number: u32, now: Timestamp) -> Claimed {
    let mut claimed = claim(store, &story.key, now).await;
    save(store, &claimed, contained(number), now).await;
    claimed.story.step = contained(number);
    claimed
}

/// Goes through the open gate and is live.
pub async fn publish(store: &Store, claimed: &Claimed, number: u32, now: Timestamp) {
    let gate = store
        .enter(claimed, secs(0), Pass::Nobody, now)
        .await
        .expect("an answer");
    assert_eq!(gate, Gate::Open);
    save(store, claimed, publishing(number, now), now).await;
    save(store, claimed, live(number, now), now).await;
}

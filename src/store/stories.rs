//! Stories as they are added and found.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use sqlx::AssertSqlSafe;

use super::audit::{self, Note};
use super::db::{Conn, Keep, Row, Value, values};
use super::queue::{self, WakeUp};
use super::{Error, Step, Store, Story, StoryKey};
use crate::graph::StoryId;
use crate::platform::STORY_LIFE;

/// So long a picture that went out is not sent to the same account again by itself: as long as it can be seen.
const SAME_PICTURE: SignedDuration = STORY_LIFE;

/// What is done with a picture that the account has, or is about to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Same {
    /// It is not added again.
    Known,
    /// It goes out once more.
    Again,
}

/// What became of a story that was to be added.
#[derive(Debug, Clone, PartialEq)]
pub enum Added {
    /// It is on its way. Its key may be another than it came with.
    New(Story),
    /// This one shows the same picture on the same account and day: it is on its way, uncertain, or was published.
    Known(Story),
}

/// Which stories are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Words of [`Step::state`](super::Step::state); none means all.
    pub states: Vec<String>,
    /// Of one account.
    pub account: Option<String>,
    /// Of one call.
    pub batch: Option<String>,
    /// Changed at that time or later.
    pub since: Option<Timestamp>,
    /// On their way, and due at that time or earlier.
    pub due_until: Option<Timestamp>,
    /// Those that are not over: on their way, uncertain, live, due at that time or later, or ended at that time or later
    /// without having gone out.
    pub open_since: Option<Timestamp>,
    /// At most so many, the latest ones.
    pub limit: Option<u32>,
}

impl Store {
    /// Adds stories, all of them or, on an error, none; in the order given, which is also the answer's.
    ///
    /// Two processes that add the same picture for the same account at the same moment: one of them gets the other's.
    /// Each new story gets a job at its `wake`.
    ///
    /// # Errors
    /// `Full`, `Busy` and what else the database says; nothing is added then.
    pub async fn add(
        &self,
        stories: &[Story],
        same: Same,
        now: Timestamp,
    ) -> Result<Vec<Added>, Error> {
        let stories = stories.to_vec();
        let who = self.who.clone();
        let added = self
            .db
            .change(Keep::Now, move |conn| {
                Box::pin(async move { add(conn, stories, same, &who, now).await })
            })
            .await?;
        self.ring();
        Ok(added)
    }

    /// A story.
    ///
    /// # Errors
    /// `Unknown`; what the database says.
    pub async fn get(&self, key: &StoryKey) -> Result<Story, Error> {
        let sql = "SELECT key, wake, body FROM stories WHERE key = $1";
        let rows = self.db.rows(sql, values![key.0.as_str()]).await?;
        match rows.first() {
            Some(row) => story(row),
            None => Err(Error::Unknown(key.0.clone())),
        }
    }

    /// The stories whose key begins so, at most ten: what a person typed.
    ///
    /// # Errors
    /// What the database says.
    pub async fn find(&self, prefix: &str) -> Result<Vec<Story>, Error> {
        let Some(prefix) = StoryKey::typed(prefix) else {
            return Ok(Vec::new());
        };
        let sql = "SELECT key, wake, body FROM stories WHERE key LIKE $1 ORDER BY key LIMIT 10";
        self.stories(sql.to_owned(), &[Value::from(format!("{prefix}%"))])
            .await
    }

    /// Stories in the order in which they go out, the earliest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn list(&self, filter: &Filter) -> Result<Vec<Story>, Error> {
        let mut values: Vec<Value> = Vec::new();
        let mut place = |value: Value| {
            values.push(value);
            format!("${}", values.len())
        };
        let in_flight = in_flight!();
        let mut from = "stories".to_owned();
        if let Some(since) = filter.open_since {
            // each part has an index of its own
            let since = place(since.into());
            let ended = ended!();
            from = format!(
                "(SELECT * FROM stories WHERE state IN {in_flight}
                UNION ALL SELECT * FROM stories WHERE state = 'live'
                UNION ALL SELECT * FROM stories WHERE state = 'handed'
                UNION ALL SELECT * FROM stories WHERE state = 'uncertain'
                UNION ALL SELECT * FROM stories WHERE state NOT IN {in_flight}
                    AND state <> 'live' AND state <> 'handed' AND state <> 'uncertain' AND due >= {since}
                UNION ALL SELECT * FROM stories WHERE state IN {ended} AND changed >= {since} AND due < {since}) AS stories"
            );
        }
        let mut sql = format!(
            "SELECT key, wake, body, due, batch_seq, position, seq FROM {from} WHERE 1 = 1"
        );
        if !filter.states.is_empty() {
            let states: Vec<String> = (filter.states.iter())
                .map(|state| place(state.as_str().into()))
                .collect();
            sql += &format!(" AND state IN ({})", states.join(", "));
        }
        if let Some(account) = &filter.account {
            sql += &format!(" AND account = {}", place(account.as_str().into()));
        }
        if let Some(batch) = &filter.batch {
            sql += &format!(" AND batch = {}", place(batch.as_str().into()));
        }
        if let Some(since) = filter.since {
            sql += &format!(" AND changed >= {}", place(since.into()));
        }
        if let Some(until) = filter.due_until {
            let until = place(until.into());
            sql += &format!(" AND state IN {in_flight} AND due <= {until}");
        }
        if let Some(limit) = filter.limit {
            sql += " ORDER BY due DESC, batch_seq DESC, position DESC, seq DESC, key";
            sql += &format!(" LIMIT {}", place(i64::from(limit).into()));
        }
        // the database would carry every body through its sorting
        let mut turns = Vec::new();
        let listed = |row: &Row| {
            turns.push([row.int(3)?, row.int(4)?, row.int(5)?, row.int(6)?]);
            story(row)
        };
        // only places for values were put into the text
        let stories = self.db.each(AssertSqlSafe(sql), &values, listed).await?;
        Ok(in_turn(stories, turns))
    }

    /// The newest story that shows the same picture on the same account and day: it is on its way, uncertain, or was
    /// published. What [`Store::add`] would find.
    ///
    /// # Errors
    /// What the database says.
    pub async fn same(&self, wanted: &Story, now: Timestamp) -> Result<Option<Story>, Error> {
        let stories = self
            .stories(SAME.to_owned(), &same_values(wanted, now))
            .await?;
        Ok(stories.into_iter().next())
    }

    /// Those of the same call and account that stand before this one, in their order.
    ///
    /// # Errors
    /// What the database says.
    pub async fn same_series_before(&self, story: &Story) -> Result<Vec<Story>, Error> {
        let sql = "SELECT key, wake, body FROM stories
            WHERE batch = $1 AND account = $2 AND position < $3 ORDER BY position, seq";
        let values = values![
            story.place.batch.as_str(),
            story.account.as_str(),
            i64::from(story.place.position)
        ];
        self.stories(sql.to_owned(), values).await
    }

    /// The platform's names of what we published on the account since then.
    ///
    /// # Errors
    /// What the database says.
    pub async fn story_ids(&self, account: &str, since: Timestamp) -> Result<Vec<StoryId>, Error> {
        let sql = "SELECT story_id FROM stories
            WHERE account = $1 AND published >= $2 AND story_id IS NOT NULL ORDER BY published";
        let rows = self.db.rows(sql, values![account, since]).await?;
        let ids = rows.iter().map(|row| row.text(0));
        // only our own ids were ever written there
        ids.filter_map(|id| id.map(|id| id.parse().ok()).transpose())
            .collect()
    }

    /// Uploaded files that no story needs any more: all of theirs went out 24 h ago, or rest since before `before`, an
    /// hour ago.
    ///
    /// # Errors
    /// What the database says.
    pub async fn unneeded_objects(
        &self,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<String>, Error> {
        let sql = concat!(
            "SELECT object FROM stories WHERE object IS NOT NULL AND swept IS NULL
            GROUP BY object
            HAVING COUNT(*) = COUNT(CASE
                WHEN state IN ",
            seen!(),
            " AND published < $3 THEN 1
                WHEN state IN ",
            ended!(),
            " AND changed < $1 THEN 1 END)
            ORDER BY object LIMIT $2"
        );
        let an_hour = SignedDuration::from_hours(1);
        let out = before.checked_sub(STORY_LIFE - an_hour);
        let values = values![before, i64::from(limit), out.unwrap_or(Timestamp::MIN)];
        let rows = self.db.rows(sql, values).await?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// The uploaded file was removed.
    ///
    /// # Errors
    /// What the database says.
    pub async fn swept(&self, object: &str, now: Timestamp) -> Result<(), Error> {
        let sql = concat!(
            "UPDATE stories SET swept = $2 WHERE object = $1 AND swept IS NULL
            AND (state IN ",
            seen!(),
            " OR state IN ",
            ended!(),
            ")"
        );
        self.db.change_in_one(sql, values![object, now]).await?;
        Ok(())
    }

    async fn stories(&self, sql: String, values: &[Value]) -> Result<Vec<Story>, Error> {
        // only places for values were put into the text
        self.db.each(AssertSqlSafe(sql), values, story).await
    }
}

/// Stories in the order in which they go out: when each is due, the place of its call, its own place in that, when it came.
fn in_turn(stories: Vec<Story>, turns: Vec<[i64; 4]>) -> Vec<Story> {
    if turns.is_sorted_by(|one, next| one < next) {
        return stories;
    }
    let mut all: Vec<_> = turns.into_iter().zip(stories).collect();
    all.sort_by(|(turn, story), (other_turn, other)| {
        turn.cmp(other_turn).then(other.key.cmp(&story.key))
    });
    all.into_iter().map(|(_, story)| story).collect()
}

/// The story in a row of key, wake, body.
pub(super) fn story(row: &Row) -> Result<Story, Error> {
    let body = row.str(2)?;
    let mut story: Story = serde_json::from_str(body).map_err(|source| Error::Unreadable {
        key: row.text(0).unwrap_or_default(),
        source,
    })?;
    // the queue moves it without reading the story
    story.wake = row.time(1)?;
    Ok(story)
}

/// The story as it is stored.
pub(super) fn body(story: &Story) -> Result<String, Error> {
    serde_json::to_string(story).map_err(|source| Error::Unreadable {
        key: story.key.0.clone(),
        source,
    })
}

async fn add(
    conn: &mut Conn<'_>,
    stories: Vec<Story>,
    same: Same,
    who: &str,
    now: Timestamp,
) -> Result<Vec<Added>, Error> {
    // everybody takes the accounts in the same order, so that nobody waits for each other
    let accounts: BTreeSet<String> = stories.iter().map(|s| s.account.clone()).collect();
    for account in accounts {
        meet(conn, &account).await?;
    }
    let mut added = Vec::with_capacity(stories.len());
    for mut story in stories {
        if same == Same::Known
            && let Some(known) = known(conn, &story, now).await?
        {
            added.push(Added::Known(known));
            continue;
        }
        insert(conn, &mut story, now).await?;
        let note = Note::new("added");
        audit::write(conn, &story.key, who, None, story.step.state(), &note, now).await?;
        story.wake = queue::push_in(conn, &story.key, story.wake, WakeUp::Obey).await?;
        added.push(Added::New(story));
    }
    Ok(added)
}

/// Makes sure that the account is known, and locks it.
pub(super) async fn meet(conn: &mut Conn<'_>, account: &str) -> Result<(), Error> {
    let sql = "INSERT INTO accounts (account) VALUES ($1) ON CONFLICT (account) DO NOTHING";
    conn.run(sql, values![account]).await?;
    lock(conn, account).await
}

/// Nobody else changes the line of a known account until the transaction ends.
pub(super) async fn lock(conn: &mut Conn<'_>, account: &str) -> Result<(), Error> {
    // SQLite has one writer at a time, and that is us
    if let Conn::Postgres(_) = conn {
        let sql = "SELECT 1 FROM accounts WHERE account = $1 FOR UPDATE";
        conn.row(sql, values![account]).await?;
    }
    Ok(())
}

/// The newest story that makes another one a repetition: of account `$1` and picture `$2`, of the same day `$4`.
///
/// The plus keeps SQLite from walking the account's stories in their order, which would be read in any case.
///
/// What is on its way already is the same as what shall go out at once, also over midnight. A story of which no day is
/// known is the same while it is on its way, and when it was published after `$3`.
const SAME: &str = concat!(
    "SELECT key, wake, body FROM stories WHERE account = $1 AND sha256 = $2
            AND (((state IN ",
    in_flight!(),
    " OR state IN ",
    with_a_person!(),
    ")
                AND (day = $4 OR day IS NULL OR CAST($4 AS TEXT) IS NULL
                    OR (due <= $5 AND CAST($6 AS BIGINT) <= $5)))
                OR (state IN ",
    seen!(),
    " AND (day = $4 OR ((day IS NULL OR CAST($4 AS TEXT) IS NULL) AND published > $3))))
        ORDER BY +seq DESC LIMIT 1"
);

fn same_values(story: &Story, now: Timestamp) -> [Value; 6] {
    let since = now.checked_sub(SAME_PICTURE).unwrap_or(Timestamp::MIN);
    [
        Value::from(story.account.as_str()),
        Value::from(story.outgoing.media.sha256.as_str()),
        Value::from(since),
        Value::from(day(story).as_deref()),
        Value::from(now),
        Value::from(story.due),
    ]
}

/// The story's day as it is stored.
pub(super) fn day(story: &Story) -> Option<String> {
    story.day.map(|day| day.to_string())
}

async fn known(conn: &mut Conn<'_>, story: &Story, now: Timestamp) -> Result<Option<Story>, Error> {
    conn.row(SAME, &same_values(story, now))
        .await?
        .map(|row| self::story(&row))
        .transpose()
}

/// When a story was published, and under which name.
pub(super) fn seen(step: &Step) -> (Option<Timestamp>, Option<&StoryId>) {
    match step {
        Step::Published { at, story, .. } | Step::Closed { at, story, .. } => {
            (Some(*at), story.as_ref())
        }
        _ => (None, None),
    }
}

pub(super) async fn insert(
    conn: &mut Conn<'_>,
    story: &mut Story,
    now: Timestamp,
) -> Result<(), Error> {
    let sql = "INSERT INTO stories (key, account, seq, batch, batch_seq, position, sha256, state,
            due, wake, added, changed, body, published, story_id, day)
        SELECT $1, $2, line.next, $3,
            COALESCE((SELECT MIN(batch_seq) FROM stories WHERE batch = $3 AND account = $2), line.next),
            $4, $5, $6, $7, $8, $9, $9, $10, CAST($11 AS BIGINT), CAST($12 AS TEXT), CAST($13 AS TEXT)
        FROM (SELECT COALESCE(MAX(seq), 0) + 1 AS next FROM stories WHERE account = $2) AS line
        WHERE 1 = 1
        ON CONFLICT (key) DO NOTHING";
    let (published, id) = seen(&story.step);
    let (id, published) = (id.cloned(), published);
    for _ in 0..8 {
        let id = id.as_ref();
        let values = values![
            story.key.0.as_str(),
            story.account.as_str(),
            story.place.batch.as_str(),
            i64::from(story.place.position),
            story.outgoing.media.sha256.as_str(),
            story.step.state(),
            story.due,
            story.wake,
            now,
            body(story)?,
            published,
            id.map(|id| id.as_str()),
            day(story),
        ];
        if conn.run(sql, values).await? == 1 {
            return Ok(());
        }
        story.key = StoryKey::random();
    }
    Err(Error::Queue("no free key was found".to_owned()))
}

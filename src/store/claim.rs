//! One worker at a time: claims with a lease and a fence, and what is saved under them.

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};

use super::audit::{self, Note};
use super::db::{Conn, Keep, values};
use super::{Error, Step, Store, Story, StoryKey, gate, process, stories};

/// A story that is ours to move until `until`.
///
/// The fence rises with every claim: what is saved under an older one is refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// As it was when it was claimed.
    pub story: Story,
    /// When somebody else may take it over, unless it is renewed.
    pub until: Timestamp,
    pub(super) fence: i64,
    pub(super) worker: String,
}

/// What came of a claim.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// It is ours.
    Mine(Box<Claimed>),
    /// Somebody else has it until then.
    Held(Timestamp),
}

/// Whether a saved story is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// The claim stays.
    On,
    /// It is free for the next one.
    Off,
}

impl Store {
    /// Takes a story, if nobody has it, or the one who had it has let the lease run out or is known to have ended.
    ///
    /// Any story may be taken, also one that rests.
    ///
    /// # Errors
    /// `Unknown`; what the database says.
    pub async fn claim(
        &self,
        key: &StoryKey,
        now: Timestamp,
        lease: SignedDuration,
    ) -> Result<Claim, Error> {
        let key = key.clone();
        let worker = self.who.to_string();
        let until = later(now, lease);
        self.db
            .change(Keep::Soon, move |conn| {
                claim(conn, key, worker, now, until).boxed()
            })
            .await
    }

    /// Keeps a claim for `lease` from now on.
    ///
    /// # Errors
    /// `Lost`, if somebody else has taken over.
    pub async fn renew(
        &self,
        claimed: &mut Claimed,
        now: Timestamp,
        lease: SignedDuration,
    ) -> Result<(), Error> {
        let (key, fence) = (claimed.story.key.clone(), claimed.fence);
        let until = later(now, lease);
        self.db
            .change(Keep::Soon, move |conn| {
                async move {
                    let sql = "UPDATE stories SET lease = $3 WHERE key = $1 AND fence = $2
                        AND worker IS NOT NULL";
                    let values = values![key.0.as_str(), fence, until];
                    kept(conn.run(sql, values).await?)
                }
                .boxed()
            })
            .await?;
        claimed.until = until;
        Ok(())
    }

    /// Gives a story back unchanged, and its account's turn with it, unless the story may be on its way out.
    ///
    /// # Errors
    /// What the database says. A claim that was lost is given back already.
    pub async fn release(&self, claimed: &Claimed, now: Timestamp) -> Result<(), Error> {
        let claimed = claimed.clone();
        let nudged = self
            .db
            .change(Keep::Soon, move |conn| {
                async move { release(conn, &claimed, now).await }.boxed()
            })
            .await?;
        if nudged {
            self.ring();
        }
        Ok(())
    }

    /// Saves what a story has become, with its line of the trail: both or neither, on the disk before this returns.
    ///
    /// The account's turn is given back with every step that is not [`Step::Publishing`], and the next one in line is
    /// woken. A container that the story holds is counted for its account; its id, file and time of publishing are
    /// noted.
    ///
    /// # Errors
    /// `Lost`, if somebody else has taken over; `NotLetIn`, if an intent is to be saved without the account's turn
    /// ([`Store::enter`]); `Full`, `Busy` and what else the database says. Nothing is changed then.
    pub async fn save(
        &self,
        claimed: &Claimed,
        story: &Story,
        note: &Note,
        hold: Hold,
        now: Timestamp,
    ) -> Result<(), Error> {
        let saving = Saving {
            key: claimed.story.key.clone(),
            fence: claimed.fence,
            worker: claimed.worker.clone(),
            story: story.clone(),
            note: note.clone(),
            hold,
            now,
        };
        let nudged = self
            .db
            .change(Keep::Now, move |conn| {
                async move { saving.save(conn).await }.boxed()
            })
            .await?;
        if nudged {
            self.ring();
        }
        Ok(())
    }
}

/// A time that much later, or the end of all time.
pub(super) fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn kept(rows: u64) -> Result<(), Error> {
    if rows == 0 { Err(Error::Lost) } else { Ok(()) }
}

async fn claim(
    conn: &mut Conn<'_>,
    key: StoryKey,
    worker: String,
    now: Timestamp,
    until: Timestamp,
) -> Result<Claim, Error> {
    let sql = "UPDATE stories SET fence = fence + 1, worker = $2, lease = $3
        WHERE key = $1 AND (lease IS NULL OR lease <= $4 OR worker = $5)
        RETURNING key, wake, body, fence";
    let mut ended: Option<String> = None;
    loop {
        let values = values![
            key.0.as_str(),
            worker.as_str(),
            until,
            now,
            ended.as_deref()
        ];
        if let Some(row) = conn.row(sql, values).await? {
            return Ok(Claim::Mine(Box::new(Claimed {
                story: stories::story(&row)?,
                until,
                fence: row.int(3)?,
                worker,
            })));
        }
        let sql = "SELECT lease, worker FROM stories WHERE key = $1";
        let Some(row) = conn.row(sql, values![key.0.as_str()]).await? else {
            return Err(Error::Unknown(key.0));
        };
        let holder = row.maybe_text(1)?;
        if ended.is_none() && holder.as_deref().is_some_and(process::is_gone) {
            ended = holder;
            continue;
        }
        // given back between the two questions: it is free now
        return Ok(Claim::Held(row.maybe_time(0)?.unwrap_or(now)));
    }
}

async fn release(conn: &mut Conn<'_>, claimed: &Claimed, now: Timestamp) -> Result<bool, Error> {
    let story = &claimed.story;
    stories::lock(conn, &story.account).await?;
    let sql = "UPDATE stories SET worker = NULL, lease = NULL WHERE key = $1 AND fence = $2
        RETURNING state";
    let values = values![story.key.0.as_str(), claimed.fence];
    let Some(row) = conn.row(sql, values).await? else {
        return Ok(false);
    };
    if row.text(0)? == "publishing" {
        return Ok(false);
    }
    gate::leave(conn, &story.account, &story.key, None, false, now).await
}

/// All that a save needs, owned: on SQLite it is done by another task.
struct Saving {
    key: StoryKey,
    fence: i64,
    worker: String,
    story: Story,
    note: Note,
    hold: Hold,
    now: Timestamp,
}

impl Saving {
    /// Whether another story was woken.
    async fn save(self, conn: &mut Conn<'_>) -> Result<bool, Error> {
        let state = self.story.step.state();
        // the account first, then its stories: everybody takes them in this order, so that nobody waits for each other
        let is_at_gate = !matches!(self.story.step, Step::Rendered | Step::Uploaded { .. });
        if is_at_gate {
            stories::lock(conn, &self.story.account).await?;
        }
        let sql = "SELECT state FROM stories WHERE key = $1 AND fence = $2";
        let before = conn
            .row(sql, values![self.key.0.as_str(), self.fence])
            .await?
            .ok_or(Error::Lost)?
            .text(0)?;
        let is_intent = state == "publishing" && before != state;
        if is_intent && !gate::holds(conn, &self.story.account, &self.key).await? {
            return Err(Error::NotLetIn);
        }
        self.update(conn).await?;
        let from = Some(before.as_str());
        audit::write(
            conn,
            &self.key,
            &self.worker,
            from,
            state,
            &self.note,
            self.now,
        )
        .await?;
        self.count_container(conn).await?;
        if !is_at_gate || state == "publishing" {
            return Ok(false);
        }
        let published = sent(&self.story.step);
        let rests = !self.story.step.is_in_flight();
        let account = &self.story.account;
        gate::leave(conn, account, &self.key, published, rests, self.now).await
    }

    async fn update(&self, conn: &mut Conn<'_>) -> Result<(), Error> {
        let sql =
            "UPDATE stories SET state = $3, due = $4, wake = $5, published = $6, story_id = $7,
                object = COALESCE($8, object), swept = CASE WHEN $8 IS NULL THEN swept END,
                changed = $9, body = $10, crashes = 0,
                worker = CASE WHEN $11 = 1 THEN worker END, lease = CASE WHEN $11 = 1 THEN lease END
            WHERE key = $1 AND fence = $2";
        let step = &self.story.step;
        let (published, id) = match step {
            Step::Published { at, story, .. } | Step::Closed { at, story, .. } => {
                (Some(*at), story.as_ref())
            }
            _ => (None, None),
        };
        let values = values![
            self.key.0.as_str(),
            self.fence,
            step.state(),
            self.story.due,
            self.story.wake,
            published,
            id.map(|id| id.as_str()),
            object(step),
            self.now,
            stories::body(&self.story)?,
            i64::from(self.hold == Hold::On),
        ];
        kept(conn.run(sql, values).await?)
    }

    /// The platform allows an account only so many a day, used or not.
    async fn count_container(&self, conn: &mut Conn<'_>) -> Result<(), Error> {
        let Step::Contained { container, .. } = &self.story.step else {
            return Ok(());
        };
        let sql = "INSERT INTO containers (account, container, story, made) VALUES ($1, $2, $3, $4)
            ON CONFLICT (account, container) DO NOTHING";
        let values = values![
            self.story.account.as_str(),
            container.id.as_str(),
            self.key.0.as_str(),
            container.made,
        ];
        conn.run(sql, values).await?;
        Ok(())
    }
}

/// The uploaded file that a step names.
fn object(step: &Step) -> Option<&str> {
    match step {
        Step::Uploaded { url }
        | Step::Contained { url, .. }
        | Step::Publishing { url, .. }
        | Step::Uncertain { url, .. } => Some(&url.object),
        _ => None,
    }
}

/// When something went out, or may have: the next one keeps its distance from that.
fn sent(step: &Step) -> Option<Timestamp> {
    match step {
        Step::Published { at, .. } => Some(*at),
        Step::Uncertain { intent, .. } => Some(intent.at),
        _ => None,
    }
}

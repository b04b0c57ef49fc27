//! One worker at a time: claims with a lease and a fence, and what is saved under them.

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};

use super::audit::{self, Note};
use super::db::{Conn, Keep, values};
use super::lease::{Claim, Claimed, Hold};
use super::notices::{self, NoticeEvent};
use super::queue::{self, WakeUp};
use super::{Error, Step, Store, Story, StoryKey, gate, later, numbers, process, stories};

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
        let sql = "UPDATE stories SET fence = fence + 1, worker = $2, lease = $3
            WHERE key = $1 AND (lease IS NULL OR lease <= $4 OR worker = $5)
            RETURNING key, wake, body, fence";
        let until = later(now, lease);
        let mut ended: Option<String> = None;
        loop {
            let ended_worker = ended.as_deref();
            let values = values![key.0.as_str(), &*self.who, until, now, ended_worker];
            if let Some(row) = self.db.change_in_one(sql, values).await?.first() {
                return Ok(Claim::Mine(Box::new(Claimed {
                    story: stories::story(row)?,
                    until,
                    fence: row.int(3)?,
                    worker: self.who.to_string(),
                })));
            }
            let sql = "SELECT lease, worker FROM stories WHERE key = $1";
            let rows = self.db.rows(sql, values![key.0.as_str()]).await?;
            let row = (rows.first()).ok_or_else(|| Error::Unknown(key.0.clone()))?;
            let holder = row.maybe_text(1)?;
            if ended.is_none() && holder.as_deref().is_some_and(process::is_gone) {
                ended = holder;
                continue;
            }
            // given back between the two questions: it is free now
            return Ok(Claim::Held(row.maybe_time(0)?.unwrap_or(now)));
        }
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
        let until = later(now, lease);
        let sql = "UPDATE stories SET lease = $3 WHERE key = $1 AND fence = $2
            AND worker IS NOT NULL RETURNING 1";
        let values = values![claimed.story.key.0.as_str(), claimed.fence, until];
        let kept = self.db.change_in_one(sql, values).await?;
        if kept.is_empty() {
            return Err(Error::Lost);
        }
        claimed.until = until;
        Ok(())
    }

    /// Gives a story back unchanged, and its account's turn with it, unless the story may be on its way out.
    ///
    /// # Errors
    /// What the database says. A claim that was lost is given back already.
    pub async fn release(&self, claimed: &Claimed, now: Timestamp) -> Result<(), Error> {
        let claimed = claimed.clone();
        let woke = self
            .db
            .change(Keep::Soon, move |conn| {
                async move { give(conn, &claimed, now).await }.boxed()
            })
            .await?;
        if woke {
            self.ring();
        }
        Ok(())
    }

    /// Saves what a story has become, with its line of the trail: both or neither, on the disk before this returns. With
    /// them what people should hear of ([`NoticeEvent`]); they are told later, by somebody else.
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
            is_rehearsal: self.is_rehearsal,
        };
        let woke = self
            .db
            .change(Keep::Now, move |conn| {
                async move { saving.save(conn).await }.boxed()
            })
            .await?;
        if woke {
            self.ring();
        }
        Ok(())
    }
}

/// The state of a story that is still ours, and whether its account's turn is.
async fn standing(
    conn: &mut Conn<'_>,
    key: &StoryKey,
    fence: i64,
) -> Result<Option<(String, bool)>, Error> {
    let sql = "SELECT stories.state, accounts.holder FROM stories
        LEFT JOIN accounts ON accounts.account = stories.account
        WHERE stories.key = $1 AND stories.fence = $2";
    let Some(row) = conn.row(sql, values![key.0.as_str(), fence]).await? else {
        return Ok(None);
    };
    let has_turn = row.maybe_text(1)?.is_some_and(|holder| holder == key.0);
    Ok(Some((row.text(0)?, has_turn)))
}

async fn give(conn: &mut Conn<'_>, claimed: &Claimed, now: Timestamp) -> Result<bool, Error> {
    let (key, account) = (&claimed.story.key, claimed.story.account.as_str());
    let Some((state, has_turn)) = standing(conn, key, claimed.fence).await? else {
        return Ok(false);
    };
    let leaves = has_turn && state != "publishing";
    if leaves {
        gate::leave(conn, account, key, None).await?;
    }
    let sql = "UPDATE stories SET worker = NULL, lease = NULL WHERE key = $1 AND fence = $2";
    let values = values![key.0.as_str(), claimed.fence];
    if conn.run(sql, values).await? == 0 {
        return Ok(false);
    }
    Ok(leaves && gate::wake_first(conn, account, Some(key), now).await?)
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
    is_rehearsal: bool,
}

impl Saving {
    /// Whether there is work now for the queue.
    async fn save(self, conn: &mut Conn<'_>) -> Result<bool, Error> {
        let (step, key) = (&self.story.step, &self.key);
        let (account, state) = (self.story.account.as_str(), step.state());
        let standing = standing(conn, key, self.fence).await?;
        let (before, has_turn) = standing.ok_or(Error::Lost)?;
        if state == "publishing" && before != state && !has_turn {
            return Err(Error::NotLetIn);
        }
        // one that rests may have been before others without having had the turn
        let leaves = state != "publishing" && (has_turn || !step.is_in_flight());
        if leaves {
            // the account first, then its stories: everybody locks in this order, so that nobody waits for each other
            gate::leave(conn, account, key, sent(step)).await?;
        }
        self.update(conn).await?;
        let (who, note) = (self.worker.as_str(), &self.note);
        audit::write(conn, key, who, Some(&before), state, note, self.now).await?;
        self.count_container(conn).await?;
        numbers::keep(conn, &self.story).await?;
        if let Some(event) = NoticeEvent::of_story(&self.story, &before, self.now) {
            notices::write(conn, &event, self.is_rehearsal).await?;
        }
        if self.hold == Hold::Nap {
            queue::push_in(conn, key, self.story.wake, WakeUp::Obey).await?;
        }
        let woke = leaves && gate::wake_first(conn, account, Some(key), self.now).await?;
        Ok(woke || self.hold == Hold::Nap)
    }

    async fn update(&self, conn: &mut Conn<'_>) -> Result<(), Error> {
        let sql =
            "UPDATE stories SET state = $3, due = $4, wake = $5, published = $6, story_id = $7,
                object = COALESCE($8, object), swept = CASE WHEN $8 IS NULL THEN swept END,
                changed = $9, body = $10, crashes = 0, attempts = $12, day = $13,
                worker = CASE WHEN $11 = 1 THEN worker END, lease = CASE WHEN $11 = 1 THEN lease END
            WHERE key = $1 AND fence = $2";
        let step = &self.story.step;
        let (published, id) = stories::seen(step);
        let values = values![
            self.key.0.as_str(),
            self.fence,
            step.state(),
            self.story.due,
            self.story.wake,
            published,
            id.map(|id| id.as_str()),
            step.url().map(|url| url.object.as_str()),
            self.now,
            stories::body(&self.story)?,
            i64::from(self.hold == Hold::On),
            // in trouble is whose last try failed, until it has a container that goes on
            match (&self.story.trouble, step.container()) {
                (None, Some(_)) => 0,
                _ => i64::from(self.story.attempts),
            },
            stories::day(&self.story),
        ];
        if conn.run(sql, values).await? == 0 {
            return Err(Error::Lost);
        }
        Ok(())
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

/// When something went out, or may have: the next one keeps its distance from that.
fn sent(step: &Step) -> Option<Timestamp> {
    match step {
        Step::Published { at, .. } | Step::Handed { at, .. } => Some(*at),
        Step::Uncertain { intent, .. } => Some(intent.at),
        _ => None,
    }
}

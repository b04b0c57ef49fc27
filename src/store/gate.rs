//! One account, one publish at a time, in order, at a distance; and the rests that an account has to take.

use std::collections::{BTreeMap, HashMap};

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};

use super::db::{Conn, Keep, Row, values};
use super::queue::{self, WakeUp};
use super::stop::{self, Stop};
use super::{Claimed, Error, Store, Story, StoryKey, later, stories};

/// The stories of its account that stand before story `$1` in the line, at time `$2`.
macro_rules! line_before {
    () => {
        concat!(
            "FROM stories AS me JOIN stories AS other ON other.account = me.account
        WHERE me.key = $1 AND other.due <= $2
            AND other.state IN ",
            in_flight!(),
            "
            AND (other.due, other.batch_seq, other.position, other.seq)
                < (me.due, me.batch_seq, me.position, me.seq)"
        )
    };
}

/// The first one that has to go out before story `$1`, at time `$2`; with `$3` = 1, not one that is in trouble.
/// Whoever has waited for long for something else than its turn has that for a failed try.
macro_rules! first_before {
    () => {
        concat!(
            "SELECT other.key ",
            line_before!(),
            "
            AND ($3 = 0 OR other.attempts = 0 OR other.state = 'publishing')
        ORDER BY other.due, other.batch_seq, other.position, other.seq LIMIT 1"
        )
    };
}

/// A time that lies so far ahead of the clock is of a clock that was wrong.
const LONGEST_REST: SignedDuration = SignedDuration::from_hours(25);

/// Whether a story may go out now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// It may. The account's turn is the story's until a step is saved that is not an intent.
    Open,
    /// Not before then: the distance to the last one, or a rest of the account.
    Later(Timestamp),
    /// Not before this one is out of the way; the story is woken when its own turn comes.
    Behind(StoryKey),
    /// The account is stopped: its stories are woken when that ends.
    Stopped,
}

/// Whether a story goes past one that is in trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// It waits for whoever stands before it.
    Nobody,
    /// It has waited long enough for those whose present step has failed, or takes too long.
    Trouble,
}

impl Pass {
    fn number(self) -> i64 {
        i64::from(self == Self::Trouble)
    }
}

/// What is known of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// The story whose turn it is.
    pub holder: Option<StoryKey>,
    /// When something last went out, or may have.
    pub published: Option<Timestamp>,
    /// Nothing is sent before that time, and why; also one that is over.
    pub rest: Option<(Timestamp, String)>,
    /// Nothing is sent until somebody or something ends it.
    pub stop: Option<Stop>,
    /// It was looked at what is live there.
    pub is_looked_at: bool,
}

/// The containers of an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Containers {
    /// Made since the time that was asked for, used or not.
    pub made: u32,
    /// Those of stories that are not live yet and stand before the story in line, or are being published.
    pub before: u32,
}

/// What an account sends in a stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sendings {
    /// Published in it.
    pub sent: u32,
    /// On their way, and due in it.
    pub to_send: u32,
}

/// What a row says of an account.
macro_rules! account {
    () => {
        "holder, published, rest_until, rest_why, looked, stop_cause, stop_since, stop_until,
            stop_why, stop_mark"
    };
}

fn account_of(row: &Row) -> Result<Account, Error> {
    let why = row.maybe_text(3)?.unwrap_or_default();
    Ok(Account {
        holder: row.maybe_text(0)?.map(StoryKey),
        published: row.maybe_time(1)?,
        rest: row.maybe_time(2)?.map(|until| (until, why)),
        is_looked_at: row.maybe_int(4)?.is_some(),
        stop: stop::read(row, 5)?,
    })
}

impl Store {
    /// How many stories of the account were published after `from`, and how many on their way are due between the two.
    ///
    /// # Errors
    /// What the database says.
    pub async fn sent_between(
        &self,
        account: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Sendings, Error> {
        let sql = concat!(
            "SELECT
            (SELECT COUNT(*) FROM stories WHERE account = $1 AND published > $2 AND published <= $3),
            (SELECT COUNT(*) FROM stories
                WHERE account = $1 AND due > $2 AND due <= $3 AND state IN ",
            in_flight!(),
            ")"
        );
        let rows = self.db.rows(sql, values![account, from, to]).await?;
        let count = |column| {
            let count = rows.first().map_or(Ok(0), |row| row.int(column))?;
            Ok::<_, Error>(u32::try_from(count).unwrap_or(u32::MAX))
        };
        Ok(Sendings {
            sent: count(0)?,
            to_send: count(1)?,
        })
    }

    /// Asks for the account's turn, so that a claimed story may be published.
    ///
    /// A story goes before another if it was due earlier; among those due at the same time the call that came first,
    /// then the place within the call. One that is not in flight any more, or not due yet, is in nobody's way.
    ///
    /// # Errors
    /// `Lost`, if somebody else has taken the story over.
    pub async fn enter(
        &self,
        claimed: &Claimed,
        gap: SignedDuration,
        pass: Pass,
        now: Timestamp,
    ) -> Result<Gate, Error> {
        let claimed = claimed.clone();
        self.db
            .change(Keep::Soon, move |conn| {
                async move { enter(conn, &claimed, gap, pass, now).await }.boxed()
            })
            .await
    }

    /// When a story could have gone out at the earliest: at its time, and behind those that stand before it, each of
    /// them `gap` after the other.
    ///
    /// # Errors
    /// What the database says.
    pub async fn earliest_turn(
        &self,
        story: &Story,
        gap: SignedDuration,
        now: Timestamp,
    ) -> Result<Timestamp, Error> {
        let sql = concat!("SELECT other.due ", line_before!(), " ORDER BY other.due");
        let rows = self
            .db
            .rows(sql, values![story.key.0.as_str(), now])
            .await?;
        let published = self.account(&story.account).await?.published;
        let mut turn = published.map_or(story.due, |at| later(at.min(now), gap));
        for row in &rows {
            turn = later(turn.max(row.time(0)?), gap);
        }
        Ok(turn.max(story.due))
    }

    /// The story that [`Store::enter`] would find in the way of this one now, if there is one.
    ///
    /// It changes nothing. Whoever saves a contained story as waiting after this is woken when its turn comes, also if
    /// the other one left in between.
    ///
    /// # Errors
    /// What the database says.
    pub async fn before(
        &self,
        key: &StoryKey,
        pass: Pass,
        now: Timestamp,
    ) -> Result<Option<StoryKey>, Error> {
        let values = values![key.0.as_str(), now, pass.number()];
        let rows = self.db.rows(first_before!(), values).await?;
        let first = rows.first().map(|row| row.text(0)).transpose()?;
        Ok(first.map(StoryKey))
    }

    /// The story of each account whose turn comes first, at that time: those that are due behind it wait for it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn first_in_line(&self, now: Timestamp) -> Result<HashMap<String, StoryKey>, Error> {
        let sql = concat!(
            "SELECT account, key FROM (
                SELECT account, key, ROW_NUMBER() OVER
                    (PARTITION BY account ORDER BY due, batch_seq, position, seq) AS place
                FROM stories WHERE due <= $1 AND state IN ",
            in_flight!(),
            ") AS line WHERE place = 1"
        );
        let rows = self.db.rows(sql, values![now]).await?;
        let first = |row: &Row| Ok((row.text(0)?, StoryKey(row.text(1)?)));
        rows.iter().map(first).collect()
    }

    /// What is known of an account; nothing, if it is new.
    ///
    /// # Errors
    /// What the database says.
    pub async fn account(&self, account: &str) -> Result<Account, Error> {
        let sql = concat!("SELECT ", account!(), " FROM accounts WHERE account = $1");
        let rows = self.db.rows(sql, values![account]).await?;
        rows.first().map_or(Ok(Account::default()), account_of)
    }

    /// What is known of every account, by its name in stories.
    ///
    /// # Errors
    /// What the database says.
    pub async fn all_accounts(&self) -> Result<BTreeMap<String, Account>, Error> {
        let sql = concat!("SELECT ", account!(), ", account FROM accounts");
        let named = |row: &Row| Ok((row.text(10)?, account_of(row)?));
        let rows = self.db.rows(sql, &[]).await?;
        rows.iter().map(named).collect()
    }

    /// Nothing is sent for the account before `until`: a limit, a quota, a login that ran out.
    ///
    /// A longer rest that it takes already stays.
    ///
    /// # Errors
    /// What the database says.
    pub async fn rest_account(
        &self,
        account: &str,
        until: Timestamp,
        why: &str,
    ) -> Result<(), Error> {
        let (account, why) = (account.to_owned(), why.to_owned());
        self.db
            .change(Keep::Now, move |conn| {
                async move {
                    stories::meet(conn, &account).await?;
                    let sql = "UPDATE accounts SET rest_until = $2, rest_why = $3
                        WHERE account = $1 AND (rest_until IS NULL OR rest_until < $2)";
                    let values = values![account, until, why];
                    conn.run(sql, values).await?;
                    Ok(())
                }
                .boxed()
            })
            .await
    }

    /// How many containers were made for the story's account since then, and how many hold one that go out before it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn count_containers(
        &self,
        story: &Story,
        since: Timestamp,
    ) -> Result<Containers, Error> {
        let sql = concat!(
            "SELECT
            (SELECT COUNT(*) FROM containers WHERE account = $1 AND made >= $2),
            (SELECT COUNT(*) FROM stories AS other JOIN stories AS me ON me.account = other.account
                WHERE me.key = $3 AND other.account = $1 AND other.key <> $3 AND other.state IN ",
            holds_container!(),
            "
                AND (other.state = 'publishing'
                    OR (other.due, other.batch_seq, other.position, other.seq)
                        < (me.due, me.batch_seq, me.position, me.seq)))"
        );
        let values = values![story.account.as_str(), since, story.key.0.as_str()];
        let rows = self.db.rows(sql, values).await?;
        let count = |column| {
            let count = rows.first().map_or(Ok(0), |row| row.int(column))?;
            Ok::<_, Error>(u32::try_from(count).unwrap_or(u32::MAX))
        };
        Ok(Containers {
            made: count(0)?,
            before: count(1)?,
        })
    }
}

async fn enter(
    conn: &mut Conn<'_>,
    claimed: &Claimed,
    gap: SignedDuration,
    pass: Pass,
    now: Timestamp,
) -> Result<Gate, Error> {
    let (account, key) = (claimed.story.account.as_str(), &claimed.story.key);
    stories::lock(conn, account).await?;
    // from here on whoever leaves has to wake this story; what was told it before is known now
    let sql = "UPDATE stories SET nudge = NULL WHERE key = $1 AND fence = $2";
    if conn
        .run(sql, values![key.0.as_str(), claimed.fence])
        .await?
        == 0
    {
        return Err(Error::Lost);
    }
    // with the first one of the account that has to go out before this one
    let sql = concat!(
        "SELECT holder, published, rest_until, (",
        first_before!(),
        "), CAST(CASE WHEN stop_cause IS NOT NULL AND (stop_until IS NULL OR stop_until > $2)
            THEN 1 ELSE 0 END AS BIGINT) FROM accounts WHERE account = $4"
    );
    let values = values![key.0.as_str(), now, pass.number(), account];
    let Some(row) = conn.row(sql, values).await? else {
        return Err(Error::Lost);
    };
    match row.maybe_text(0)?.map(StoryKey) {
        Some(holder) if holder == *key => return Ok(Gate::Open),
        Some(holder) => return Ok(Gate::Behind(holder)),
        None => {}
    }
    if row.int(4)? == 1 {
        return Ok(Gate::Stopped);
    }
    if let Some(first) = row.maybe_text(3)? {
        return Ok(Gate::Behind(StoryKey(first)));
    }
    let (published, rest) = (row.maybe_time(1)?, row.maybe_time(2)?);
    let is_ahead = published.is_some_and(|at| at > now)
        || rest.is_some_and(|at| at > later(now, LONGEST_REST));
    if is_ahead {
        // the clock was put back: what it said before would hold the account up for as long
        let sql =
            "UPDATE accounts SET published = CASE WHEN published > $2 THEN $2 ELSE published END,
                rest_until = CASE WHEN rest_until > $3 THEN $2 ELSE rest_until END
            WHERE account = $1";
        let values = values![account, now, later(now, LONGEST_REST)];
        conn.run(sql, values).await?;
    }
    let distance = published.map(|at| later(at.min(now), gap));
    let rest = rest.filter(|at| *at <= later(now, LONGEST_REST));
    let opens = rest.max(distance);
    if let Some(opens) = opens.filter(|at| *at > now) {
        return Ok(Gate::Later(opens));
    }
    let sql = "UPDATE accounts SET holder = $2, gap = $3 WHERE account = $1";
    let gap_ms = i64::try_from(gap.as_millis()).unwrap_or(i64::MAX);
    let values = values![account, key.0.as_str(), gap_ms];
    conn.run(sql, values).await?;
    Ok(Gate::Open)
}

/// Gives the turn back, if the story has it. Takes the account's lock.
pub(super) async fn leave(
    conn: &mut Conn<'_>,
    account: &str,
    key: &StoryKey,
    published: Option<Timestamp>,
) -> Result<(), Error> {
    let sql = "UPDATE accounts SET holder = CASE WHEN holder = $2 THEN NULL ELSE holder END,
            published = CASE WHEN $3 IS NULL OR published > $3 THEN published ELSE $3 END
        WHERE account = $1";
    let values = values![account, key.0.as_str(), published];
    conn.run(sql, values).await?;
    Ok(())
}

/// Wakes the account's first story in line, if it stands at the gate: it looks again as soon as it may go out. Where that one is
/// in trouble, the first one that is not is woken as well: it may go past.
///
/// The caller has the account's lock. `leaving` is one that has just given its turn back, and has its reasons.
pub(super) async fn wake_first(
    conn: &mut Conn<'_>,
    account: &str,
    leaving: Option<&StoryKey>,
    now: Timestamp,
) -> Result<bool, Error> {
    let Some(first) = first_at_gate(conn, account, Pass::Nobody, now).await? else {
        return Ok(false);
    };
    let woke = wake(conn, &first, leaving, now).await?;
    if !first.is_in_trouble {
        return Ok(woke);
    }
    match first_at_gate(conn, account, Pass::Trouble, now).await? {
        Some(ready) => Ok(wake(conn, &ready, leaving, now).await? || woke),
        None => Ok(woke),
    }
}

/// The first story in line of an account whose turn nobody has.
struct First {
    key: StoryKey,
    /// When the distance to the last one is kept.
    opens: Option<Timestamp>,
    /// It waits for nothing but its turn.
    is_waiting: bool,
    is_in_trouble: bool,
}

async fn first_at_gate(
    conn: &mut Conn<'_>,
    account: &str,
    pass: Pass,
    now: Timestamp,
) -> Result<Option<First>, Error> {
    let sql = concat!(
        "SELECT first.key,
            CASE WHEN accounts.published > $2 THEN $2 ELSE accounts.published END + accounts.gap,
            CAST(CASE WHEN first.state = 'contained'
                OR (first.state = 'rendered' AND first.attempts = 0) THEN 1 ELSE 0 END AS BIGINT),
            CAST(CASE WHEN first.attempts <> 0 AND first.state <> 'publishing'
                THEN 1 ELSE 0 END AS BIGINT)
        FROM stories AS first JOIN accounts ON accounts.account = first.account
        WHERE first.account = $1 AND first.due <= $2 AND accounts.holder IS NULL
            AND ($3 = 0 OR first.attempts = 0 OR first.state = 'publishing')
            AND first.state IN ",
        in_flight!(),
        "
        ORDER BY first.due, first.batch_seq, first.position, first.seq LIMIT 1"
    );
    let Some(row) = conn.row(sql, values![account, now, pass.number()]).await? else {
        return Ok(None);
    };
    Ok(Some(First {
        key: StoryKey(row.text(0)?),
        opens: row.maybe_time(1)?,
        is_waiting: row.int(2)? == 1,
        is_in_trouble: row.int(3)? == 1,
    }))
}

async fn wake(
    conn: &mut Conn<'_>,
    first: &First,
    leaving: Option<&StoryKey>,
    now: Timestamp,
) -> Result<bool, Error> {
    // one for a person stands there as soon as it is due; what waits after trouble waits on
    if !first.is_waiting || leaving == Some(&first.key) {
        return Ok(false);
    }
    let at = first.opens.map_or(now, |opens| opens.max(now));
    // whoever holds it at this moment may be about to say that it can wait: that counts no more.
    // The word is left before the look: if it went to sleep just now, that is waited for and seen
    let sql = "UPDATE stories SET nudge = $2 WHERE key = $1 RETURNING wake";
    let row = conn.row(sql, values![first.key.0.as_str(), at]).await?;
    if row.map_or(Ok(at), |row| row.time(0))? <= at {
        return Ok(false);
    }
    queue::push_in(conn, &first.key, at, WakeUp::Leave).await?;
    Ok(true)
}

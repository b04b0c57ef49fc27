//! The trail of what was done: added to, never changed.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::db::{Conn, Row, values};
use super::{Error, Store, StoryKey};

/// What is written beside a change.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// One or a few words: `uploaded`, `container made`, `answer lost`.
    pub what: String,
    /// Ids, codes, answers: whatever helps later; never a secret.
    pub detail: Json,
}

impl Note {
    /// Without further detail.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            detail: Json::Null,
        }
    }

    /// With detail.
    pub fn with(what: impl Into<String>, detail: Json) -> Self {
        Self {
            what: what.into(),
            detail,
        }
    }
}

/// A line of the trail.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Who: machine, process, and the worker in it.
    pub who: String,
    /// Which story.
    pub story: StoryKey,
    /// What was done.
    pub what: String,
    /// The story's state before; none when it was added.
    pub from: Option<String>,
    /// Its state afterwards.
    pub to: String,
    /// Whatever helps.
    pub detail: Json,
}

impl Store {
    /// What was done with a story, the earliest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn audit(&self, key: &StoryKey) -> Result<Vec<Entry>, Error> {
        let sql = "SELECT at, who, what, from_state, to_state, detail FROM audit
            WHERE story = $1 ORDER BY n";
        let rows = self.db.rows(sql, values![key.0.as_str()]).await?;
        rows.iter().map(|row| entry(row, key.clone())).collect()
    }

    /// What was done with a slot, the earliest first; each entry's `story` is the slot's id.
    ///
    /// # Errors
    /// What the database says.
    pub async fn slot_trail(&self, id: &str) -> Result<Vec<Entry>, Error> {
        let sql = "SELECT at, who, what, from_state, to_state, detail FROM slot_trail
            WHERE slot = $1 ORDER BY n";
        let rows = self.db.rows(sql, values![id]).await?;
        rows.iter()
            .map(|row| entry(row, StoryKey(id.to_owned())))
            .collect()
    }
}

/// A row of time, who, what, the state before and afterwards, and the detail.
fn entry(row: &Row, story: StoryKey) -> Result<Entry, Error> {
    let detail = row.text(5)?;
    Ok(Entry {
        at: row.time(0)?,
        who: row.text(1)?,
        story,
        what: row.text(2)?,
        from: row.maybe_text(3)?,
        to: row.text(4)?,
        detail: serde_json::from_str(&detail).unwrap_or(Json::String(detail)),
    })
}

/// Adds a line; the caller holds the story's row, so that its number is free.
pub(super) async fn write(
    conn: &mut Conn<'_>,
    key: &StoryKey,
    who: &str,
    from: Option<&str>,
    to: &str,
    note: &Note,
    now: Timestamp,
) -> Result<(), Error> {
    let sql = "INSERT INTO audit (story, n, at, who, what, from_state, to_state, detail)
        SELECT $1, COALESCE(MAX(n), 0) + 1, $2, $3, $4, $5, $6, $7 FROM audit WHERE story = $1";
    add(conn, sql, &key.0, who, (from, to), note, now).await
}

/// The same for a slot; the caller holds the slot's row.
pub(super) async fn write_of_slot(
    conn: &mut Conn<'_>,
    id: &str,
    who: &str,
    states: (Option<&str>, &str),
    note: &Note,
    now: Timestamp,
) -> Result<(), Error> {
    let sql = "INSERT INTO slot_trail (slot, n, at, who, what, from_state, to_state, detail)
        SELECT $1, COALESCE(MAX(n), 0) + 1, $2, $3, $4, CAST($5 AS TEXT), $6, $7
        FROM slot_trail WHERE slot = $1";
    add(conn, sql, id, who, states, note, now).await
}

/// Runs an `INSERT` of a line: whose it is, when, who, what, the states, the detail.
async fn add(
    conn: &mut Conn<'_>,
    sql: &'static str,
    of: &str,
    who: &str,
    (from, to): (Option<&str>, &str),
    note: &Note,
    now: Timestamp,
) -> Result<(), Error> {
    let values = values![
        of,
        now,
        who,
        note.what.as_str(),
        from,
        to,
        note.detail.to_string(),
    ];
    conn.run(sql, values).await?;
    Ok(())
}

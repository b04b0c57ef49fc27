//! Who is at work: each worker says now and then that it is there.
//!
//! In: a worker's accounts. Out: the workers that were heard of. Never: a word on whether work is done.

use jiff::Timestamp;

use super::db::values;
use super::{Error, Store};

/// A worker that was heard of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// Machine, process, and when it began.
    pub name: String,
    /// When it began to work.
    pub started: Timestamp,
    /// When it was last heard of.
    pub seen: Timestamp,
    /// For whom it works.
    pub accounts: Vec<String>,
}

impl Store {
    /// This process works for these accounts, and is alive.
    ///
    /// # Errors
    /// What the database says.
    pub async fn beat(&self, accounts: &[String], now: Timestamp) -> Result<(), Error> {
        let accounts = serde_json::Value::from(accounts.to_vec()).to_string();
        let sql = "INSERT INTO at_work (name, started, seen, accounts) VALUES ($1, $2, $2, $3)
            ON CONFLICT (name) DO UPDATE SET seen = $2, accounts = $3";
        self.db
            .change_in_one(sql, values![&*self.who, now, accounts])
            .await?;
        Ok(())
    }

    /// This process works no more.
    ///
    /// # Errors
    /// What the database says.
    pub async fn leave_work(&self) -> Result<(), Error> {
        let sql = "DELETE FROM at_work WHERE name = $1";
        self.db.change_in_one(sql, values![&*self.who]).await?;
        Ok(())
    }

    /// The workers that were heard of since then, the newest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn workers(&self, since: Timestamp) -> Result<Vec<Worker>, Error> {
        let sql = "SELECT name, started, seen, accounts FROM at_work WHERE seen >= $1
            ORDER BY seen DESC, name";
        let rows = self.db.rows(sql, values![since]).await?;
        rows.iter()
            .map(|row| {
                Ok(Worker {
                    name: row.text(0)?,
                    started: row.time(1)?,
                    seen: row.time(2)?,
                    accounts: serde_json::from_str(&row.text(3)?).unwrap_or_default(),
                })
            })
            .collect()
    }
}

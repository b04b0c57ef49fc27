//! What the project calls accounts whose id its file does not say.
//!
//! In: an account as stories name it, and its name in the project. Out: the same, for those who open no account. Never: an
//! account that nobody has opened.

use futures_util::FutureExt;

use super::db::{Keep, values};
use super::{Error, Store, stories};

/// An account, as it was last opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    /// As stories name it: `instagram:USER_ID`.
    pub account: String,
    /// As the project names it.
    pub name: String,
    /// It is one of a sandbox.
    pub is_rehearsal: bool,
}

impl Store {
    /// Notes what the project calls an account.
    ///
    /// # Errors
    /// What the database says.
    pub async fn call_account(&self, account: &str, name: &str) -> Result<(), Error> {
        let (account, name) = (account.to_owned(), name.to_owned());
        let is_rehearsal = i64::from(self.is_rehearsal);
        self.db
            .change(Keep::Soon, move |conn| {
                async move {
                    stories::meet(conn, &account).await?;
                    let sql = "UPDATE accounts SET name = $2, rehearsal = $3 WHERE account = $1";
                    let values = values![account.as_str(), name.as_str(), is_rehearsal];
                    conn.run(sql, values).await?;
                    Ok(())
                }
                .boxed()
            })
            .await
    }

    /// Every account that was noted so.
    ///
    /// # Errors
    /// What the database says.
    pub async fn called(&self) -> Result<Vec<Called>, Error> {
        let sql = "SELECT account, name, rehearsal FROM accounts WHERE name IS NOT NULL
            ORDER BY account";
        let rows = self.db.rows(sql, &[]).await?;
        rows.iter()
            .map(|row| {
                Ok(Called {
                    account: row.text(0)?,
                    name: row.text(1)?,
                    is_rehearsal: row.maybe_int(2)?.unwrap_or_default() != 0,
                })
            })
            .collect()
    }
}

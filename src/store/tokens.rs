//! Tries to renew an account's token: one a day, whoever makes it.
//!
//! In: an account, the time. Out: whether this worker may try; why the last try failed.
//! Never: a token.

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};

use super::db::{Keep, values};
use super::{Error, Store, later, stories};

/// Between two tries, of all workers together.
const BETWEEN: SignedDuration = SignedDuration::from_hours(24);

impl Store {
    /// Takes the account's try of the day; whether it is ours. A try that was made before, also one of a clock that went
    /// ahead, is waited for a day at most.
    ///
    /// # Errors
    /// What the database says.
    pub async fn try_token(&self, account: &str, now: Timestamp) -> Result<bool, Error> {
        let account = account.to_owned();
        self.db
            .change(Keep::Now, move |conn| {
                async move {
                    stories::meet(conn, &account).await?;
                    let sql = "UPDATE accounts SET token_tried = $2 WHERE account = $1
                        AND (token_tried IS NULL OR token_tried <= $3 OR token_tried > $4)";
                    let before = now.checked_sub(BETWEEN).unwrap_or(Timestamp::MIN);
                    let after = later(now, BETWEEN);
                    let values = values![account, now, before, after];
                    Ok(conn.run(sql, values).await? == 1)
                }
                .boxed()
            })
            .await
    }

    /// How the try ended: with the reason why it failed, or well.
    ///
    /// # Errors
    /// What the database says.
    pub async fn token_tried(&self, account: &str, trouble: Option<&str>) -> Result<(), Error> {
        let sql = "UPDATE accounts SET token_trouble = $2 WHERE account = $1";
        self.db
            .change_in_one(sql, values![account, trouble])
            .await?;
        Ok(())
    }

    /// Why the last try to renew the account's token failed, where it did.
    ///
    /// # Errors
    /// What the database says.
    pub async fn token_trouble(&self, account: &str) -> Result<Option<String>, Error> {
        let sql = "SELECT token_trouble FROM accounts WHERE account = $1";
        let rows = self.db.rows(sql, values![account]).await?;
        rows.first().map_or(Ok(None), |row| row.maybe_text(0))
    }
}

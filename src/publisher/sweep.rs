//! Removes uploaded files that no story needs any more.

use jiff::{SignedDuration, Timestamp};

use super::Publisher;
use super::error::{Doing, Error};

/// How long a file stays after its story has closed.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// So many at a time.
const AT_ONCE: u32 = 100;

impl Publisher {
    /// Removes what all stories have done with for an hour, up to a hundred files.
    ///
    /// # Errors
    /// What the store and the place for uploads say.
    pub async fn sweep(&self, now: Timestamp) -> Result<(), Error> {
        let Some(place) = &self.chosen().upload else {
            return Ok(());
        };
        let before = now.checked_sub(KEPT).doing("no such time")?;
        for object in self.store.unneeded_objects(before, AT_ONCE).await? {
            place.sweep(std::slice::from_ref(&object)).await?;
            self.store.swept(&object, now).await?;
        }
        Ok(())
    }
}

//! Removes uploaded files that no story needs any more.

use jiff::{SignedDuration, Timestamp};

use super::error::{Doing, Error};
use super::{Publisher, handed};

/// How long a file stays after its story has failed, was missed or taken back.
const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// So many at a time.
const AT_ONCE: u32 = 100;

impl Publisher {
    /// Removes what no story needs any more, up to a hundred files: 24 h after the last one went out, an hour after the
    /// last one failed. And the copies that no story is sent from any more, and the packages that no person has.
    ///
    /// # Errors
    /// What the store and the place for uploads say.
    pub async fn sweep(&self, now: Timestamp) -> Result<(), Error> {
        self.store.sweep_kept(now).await?;
        if let Some(by_hand) = self.rooms.values().find_map(|rooms| rooms.by_hand.as_ref()) {
            handed::sweep(&self.store, by_hand.folder.clone(), now).await?;
        }
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

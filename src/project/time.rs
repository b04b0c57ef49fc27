//! A time as people write it, in the project's zone.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::Project;

/// Why a time cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum TimeError {
    /// It is no date and no date with a time.
    #[error("`{text}` is no time: write 2026-11-28 or 2026-11-28T19:30")]
    Text {
        /// What was written.
        text: String,
        /// What is wrong with it.
        source: jiff::Error,
    },
    /// The zone is not known, or has no such time.
    #[error(transparent)]
    Zone(#[from] jiff::Error),
}

impl Project {
    /// The time that is meant, in the project's time zone; now, without one. A date alone is its noon.
    ///
    /// # Errors
    /// What cannot be read as a time; a zone that is not known.
    pub fn time(&self, given: Option<&str>) -> Result<Zoned, TimeError> {
        let zone = match self.timezone.as_deref() {
            Some(name) => TimeZone::get(name)?,
            None => TimeZone::system(),
        };
        let Some(text) = given else {
            return Ok(Zoned::now().with_time_zone(zone));
        };
        if let Ok(stamp) = text.parse::<Timestamp>() {
            return Ok(stamp.to_zoned(zone));
        }
        let time: DateTime = text
            .parse()
            .or_else(|_| text.parse::<Date>().map(|d| d.at(12, 0, 0, 0)))
            .map_err(|source| TimeError::Text {
                text: text.to_owned(),
                source,
            })?;
        Ok(time.to_zoned(zone)?)
    }
}

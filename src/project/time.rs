//! A time as people write it, in the project's zone.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::Project;

/// Why a time cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum TimeError {
    /// It is no date and no date with a time.
    #[error("`{text}` is no time: write 2026-11-28T19:30")]
    Text {
        /// What was written.
        text: String,
        /// What is wrong with it.
        source: jiff::Error,
    },
    /// A date without a time: nothing goes out at a time that nobody has named.
    #[error("`{0}` has no time: write {0}T09:00")]
    NoTime(String),
    /// The project names no zone, and what the machine names is none.
    #[error("no time zone: TZ is `{named}`; name one as `[project] timezone`")]
    Machine {
        /// What the environment says.
        named: String,
        /// What is wrong with it.
        source: jiff::Error,
    },
    /// The zone is not known, or has no such time.
    #[error(transparent)]
    Zone(#[from] jiff::Error),
}

impl Project {
    /// The project's time zone; the machine's own without one; UTC where the machine has none, as containers have not.
    ///
    /// # Errors
    /// A zone that is not known; nonsense in `TZ`, which other programs take for UTC.
    pub fn zone(&self) -> Result<TimeZone, TimeError> {
        Ok(match self.timezone.as_deref() {
            Some(name) => TimeZone::get(name)?,
            None => machine_zone()?,
        })
    }

    /// The moment that is meant: with a zone in brackets or an offset of its own, else in the project's time zone.
    ///
    /// A time that a clock change skips is the same after it; of one that comes twice it is the first.
    ///
    /// # Errors
    /// A date without a time, and what cannot be read to its end; a zone that is not known.
    pub fn moment(&self, text: &str) -> Result<Zoned, TimeError> {
        let text = text.trim();
        let wrong = |source| TimeError::Text {
            text: text.to_owned(),
            source,
        };
        // the parser takes a date alone for its midnight
        let clock = text.split('[').next().unwrap_or_default().trim();
        if clock.parse::<Date>().is_ok() && !clock.contains(['T', 't', ' ', ':']) {
            return Err(TimeError::NoTime(clock.to_owned()));
        }
        if text.contains('[') {
            return text.parse::<Zoned>().map_err(wrong);
        }
        let zone = self.zone()?;
        if let Ok(stamp) = text.parse::<Timestamp>() {
            return Ok(stamp.to_zoned(zone));
        }
        let time: DateTime = text.parse().map_err(wrong)?;
        Ok(time.to_zoned(zone)?)
    }

    /// The time that is meant, in the project's time zone; now, without one. A date alone is its midnight.
    ///
    /// # Errors
    /// What cannot be read as a time; a zone that is not known.
    pub fn time(&self, given: Option<&str>) -> Result<Zoned, TimeError> {
        let zone = self.zone()?;
        let Some(text) = given else {
            return Ok(Zoned::now().with_time_zone(zone));
        };
        if let Ok(stamp) = text.parse::<Timestamp>() {
            return Ok(stamp.to_zoned(zone));
        }
        // the parser takes a date alone for its midnight
        let time: DateTime = text.parse().map_err(|source| TimeError::Text {
            text: text.to_owned(),
            source,
        })?;
        Ok(time.to_zoned(zone)?)
    }
}

fn machine_zone() -> Result<TimeZone, TimeError> {
    TimeZone::try_system().or_else(|source| match std::env::var_os("TZ") {
        None => Ok(TimeZone::UTC),
        Some(named) => Err(TimeError::Machine {
            named: named.to_string_lossy().escape_debug().to_string(),
            source,
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_alone_is_its_midnight() {
        let project = Project {
            timezone: Some("Europe/Madrid".into()),
            ..Project::none(std::path::Path::new("/"))
        };
        let at = project.time(Some("2026-12-05")).expect("a time");
        assert_eq!(at.timestamp().to_string(), "2026-12-04T23:00:00Z");
    }

    #[test]
    fn a_moment_has_the_zone_that_is_written() {
        let project = Project {
            timezone: Some("Europe/Madrid".into()),
            ..Project::none(std::path::Path::new("/"))
        };
        let moment = |text: &str| project.moment(text).map(|at| at.timestamp().to_string());
        for (text, utc) in [
            ("2026-12-05T09:00[America/New_York]", "2026-12-05T14:00:00Z"),
            ("2026-07-05T09:00[America/New_York]", "2026-07-05T13:00:00Z"),
            (
                "2026-12-05T09:00-05:00[America/New_York]",
                "2026-12-05T14:00:00Z",
            ),
            ("2026-12-05 09:00", "2026-12-05T08:00:00Z"),
            ("2026-12-05T09:00:30", "2026-12-05T08:00:30Z"),
            ("2026-12-05T09:00Z", "2026-12-05T09:00:00Z"),
            ("2026-12-05T09:00+05:30", "2026-12-05T03:30:00Z"),
        ] {
            assert_eq!(moment(text).unwrap(), utc, "{text}");
        }
        for wrong in [
            "2026-12-05",
            "2026-12-05[Europe/Madrid]",
            "2026-12-05T09:00[Mars/Olympus]",
            "2026-12-05T09:00[Europe/Madrid",
            "2026-12-05T09:00+01:00[America/New_York]",
            "2026-12-05T09:00 tomorrow",
            "09:00",
            "tomorrow",
            "",
        ] {
            assert!(moment(wrong).is_err(), "{wrong}: {:?}", moment(wrong));
        }
    }
}

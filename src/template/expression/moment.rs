//! When: a day, a time, or both.
//!
//! In: what a reader of dates found. Out: its day, its instant, its parts. Never: text.

use jiff::Zoned;
use jiff::civil::{Date, Time};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

/// What a value says about when.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Moment {
    /// A day.
    Day(Date),
    /// A day and a time, in the project's zone.
    At(Zoned),
    /// A time of any day.
    Clock(Time),
}

impl Moment {
    /// The day it falls on; none for a bare time.
    pub fn day(&self) -> Option<Date> {
        match self {
            Self::Day(date) => Some(*date),
            Self::At(zoned) => Some(zoned.date()),
            Self::Clock(_) => None,
        }
    }

    /// The hour, from 0; none for a bare day.
    pub fn hour(&self) -> Option<i8> {
        match self {
            Self::Day(_) => None,
            Self::At(zoned) => Some(zoned.hour()),
            Self::Clock(time) => Some(time.hour()),
        }
    }

    /// The instant: a day is its first moment.
    pub fn instant(&self, zone: &TimeZone) -> Option<Zoned> {
        match self {
            Self::Day(date) => date.to_zoned(zone.clone()).ok(),
            Self::At(zoned) => Some(zoned.clone()),
            Self::Clock(_) => None,
        }
    }

    /// For strftime.
    pub fn parts(&self) -> BrokenDownTime {
        match self {
            Self::Day(date) => BrokenDownTime::from(*date),
            Self::At(zoned) => BrokenDownTime::from(zoned),
            Self::Clock(time) => BrokenDownTime::from(*time),
        }
    }
}

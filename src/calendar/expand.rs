//! From a rule to its slots.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Span, Timestamp};

use super::{Change, Rule, Slot};

/// Where the turns of templates are counted from in a rule without `from`: any day would do, so long as it stays.
const EPOCH: Date = Date::constant(2024, 1, 1);

/// No zone's clock was ever changed by more.
const LARGEST_CHANGE_DAYS: i64 = 2;

/// How far ahead the next slot is looked for: a 29 February can be eight years away.
const AHEAD_HOURS: i64 = 24 * 366 * 9;

impl Rule {
    /// The slots that are due from `from` (inclusive) to `until` (exclusive), in the order in which they are due; of
    /// those due at one instant the earlier wall time first, then the accounts in the rule's order.
    ///
    /// A paused rule has them as well.
    pub fn slots(&self, from: Timestamp, until: Timestamp) -> Slots<'_> {
        Slots::new(self, from, until)
    }

    /// The next slot that is due at `after` or later.
    pub fn next(&self, after: Timestamp) -> Option<Slot> {
        let until = after.saturating_add(SignedDuration::from_hours(AHEAD_HOURS));
        self.slots(after, until.unwrap_or(Timestamp::MAX)).next()
    }

    /// Whether the rule has slots on a day.
    pub fn holds(&self, date: Date) -> bool {
        self.from.is_none_or(|from| from <= date)
            && self.until.is_none_or(|until| date <= until)
            && self.days.holds(date)
            && self
                .every
                .is_none_or(|every| self.from.is_some_and(|from| every.holds(from, date)))
            && self.except.binary_search(&date).is_err()
    }

    /// Whether it has a day at all: a rule whose days are all left out has none.
    pub(super) fn has_a_day(&self) -> bool {
        let ahead = Span::new().hours(AHEAD_HOURS);
        let first = self.from.or(self.days.dates().first().copied());
        let start = first
            .or(self.until.map(|until| until.saturating_sub(ahead)))
            .unwrap_or(EPOCH);
        let days = std::iter::successors(Some(start), |day| day.tomorrow().ok());
        let end = start.saturating_add(ahead);
        let end = self.days.dates().last().map_or(end, |last| end.max(*last));
        let end = self.until.map_or(end, |until| end.min(until));
        days.take_while(|day| *day <= end)
            .any(|day| self.holds(day))
    }

    /// How many of the rule's days come before a day, counted from where its turns begin; negative before that.
    fn days_before(&self, date: Date) -> i64 {
        let start = self.from.unwrap_or(EPOCH);
        let count = |from: Date, to: Date| {
            let days = std::iter::successors(Some(from), |day| day.tomorrow().ok());
            days.take_while(|day| *day < to)
                .filter(|day| self.holds(*day))
                .count() as i64
        };
        match date < start {
            true => -count(date, start),
            false => count(start, date),
        }
    }
}

/// The slots of a rule between two instants.
#[derive(Debug)]
pub struct Slots<'r> {
    rule: &'r Rule,
    schedule: Arc<str>,
    templates: Vec<Arc<str>>,
    /// One none for the project's only one.
    accounts: Vec<Option<Arc<str>>>,
    clock: Clock,
    from: Timestamp,
    until: Timestamp,
    /// The day whose slots come next; none at the end.
    day: Option<Date>,
    last: Date,
    /// The number of the next slot of one account, where the rule's turns or its `count` ask for it.
    number: i64,
    /// Slots whose place among those of later days is not known yet, sorted.
    waiting: VecDeque<Slot>,
    /// What of them may go out: nothing that comes later is due before.
    ready: usize,
}

impl<'r> Slots<'r> {
    fn new(rule: &'r Rule, from: Timestamp, until: Timestamp) -> Self {
        let margin = Span::new().days(LARGEST_CHANGE_DAYS);
        let civil = |at: Timestamp| rule.zone.to_datetime(at).date();
        let first = civil(from).saturating_sub(margin);
        let first = rule.from.map_or(first, |day| day.max(first));
        let last = civil(until).saturating_add(margin);
        let last = [rule.until, rule.days.end()]
            .into_iter()
            .flatten()
            .fold(last, Date::min);
        let is_counted = rule.count.is_some() || rule.templates.len() > 1;
        let number = match is_counted && from < until {
            true => rule.days_before(first) * rule.times.len() as i64,
            false => 0,
        };
        let texts = |names: &[String]| names.iter().map(|name| name.as_str().into()).collect();
        let accounts: Vec<Arc<str>> = texts(&rule.accounts);
        Self {
            rule,
            schedule: rule.name.as_str().into(),
            templates: texts(&rule.templates),
            accounts: match accounts.is_empty() {
                true => vec![None],
                false => accounts.into_iter().map(Some).collect(),
            },
            clock: Clock::new(&rule.zone),
            from,
            until,
            day: (first <= last && from < until).then_some(first),
            last,
            number,
            waiting: VecDeque::new(),
            ready: 0,
        }
    }

    /// Takes the slots of one more day.
    fn take_day(&mut self, day: Date) {
        self.day = day.tomorrow().ok().filter(|next| *next <= self.last);
        if self.rule.holds(day) {
            for time in &self.rule.times {
                if self
                    .rule
                    .count
                    .is_some_and(|count| self.number >= i64::from(count))
                {
                    self.day = None;
                    break;
                }
                self.take(day.to_datetime(*time));
                self.number += 1;
            }
        }
        let bound = self
            .day
            .and_then(|next| self.clock.earliest(next.to_datetime(Time::midnight())));
        match bound {
            // a later day's wall time is later: of two that are due at once the earlier goes first
            Some(bound) => self.ready = self.waiting.partition_point(|slot| slot.due <= bound),
            None => {
                self.day = None;
                self.ready = self.waiting.len();
            }
        }
        if bound.is_some_and(|bound| bound >= self.until) {
            self.day = None;
        }
    }

    fn take(&mut self, wall: DateTime) {
        let Some((due, change)) = self.clock.due(wall) else {
            return;
        };
        if due < self.from || due >= self.until {
            return;
        }
        let at = self.waiting.partition_point(|slot| slot.due <= due);
        let turn = self.number.rem_euclid(self.templates.len().max(1) as i64);
        for (nth, account) in self.accounts.iter().enumerate() {
            let slot = Slot {
                schedule: Arc::clone(&self.schedule),
                wall,
                zone: self.rule.zone.clone(),
                due,
                change,
                template: self
                    .templates
                    .get(turn as usize)
                    .cloned()
                    .unwrap_or_else(|| "".into()),
                account: account.clone(),
                one_of_several: self.accounts.len() > 1,
                key: None,
            };
            match at + nth == self.waiting.len() {
                true => self.waiting.push_back(slot),
                false => self.waiting.insert(at + nth, slot),
            }
        }
    }
}

impl Iterator for Slots<'_> {
    type Item = Slot;

    fn next(&mut self) -> Option<Slot> {
        while self.ready == 0 {
            match self.day {
                Some(day) => self.take_day(day),
                None if self.waiting.is_empty() => return None,
                None => self.ready = self.waiting.len(),
            }
        }
        self.ready -= 1;
        self.waiting.pop_front()
    }
}

/// A zone's clock, which keeps what it found between two clock changes.
#[derive(Debug)]
struct Clock {
    zone: TimeZone,
    /// Wall times from the first to before the second have this one offset.
    steady: Option<(DateTime, DateTime, Offset)>,
}

impl Clock {
    fn new(zone: &TimeZone) -> Self {
        Self {
            zone: zone.clone(),
            steady: None,
        }
    }

    /// When a wall time is due: of one that is skipped the same after the gap, of one that comes twice the first. None
    /// at the end of all time.
    fn due(&mut self, wall: DateTime) -> Option<(Timestamp, Option<Change>)> {
        if let Some((from, to, offset)) = self.steady
            && from <= wall
            && wall < to
        {
            return Some((offset.to_timestamp(wall).ok()?, None));
        }
        let ambiguous = self.zone.to_ambiguous_timestamp(wall);
        let change = match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => None,
            AmbiguousOffset::Gap { .. } => Some(Change::Gap),
            AmbiguousOffset::Fold { .. } => Some(Change::Overlap),
        };
        let due = ambiguous.compatible().ok()?;
        if change.is_none() {
            self.steady = self.steady_around(due);
        }
        Some((due, change))
    }

    /// The earliest instant at which a wall time from this one on can be due.
    fn earliest(&mut self, wall: DateTime) -> Option<Timestamp> {
        match self.due(wall)? {
            (due, None) => Some(due),
            _ => self.zone.to_ambiguous_timestamp(wall).earlier().ok(),
        }
    }

    /// The wall times around an instant that have one offset and come once.
    fn steady_around(&self, at: Timestamp) -> Option<(DateTime, DateTime, Offset)> {
        let moment = SignedDuration::from_nanos(1);
        let offset = self.zone.to_offset(at);
        let after = at.checked_add(moment).ok()?;
        let from = match self.zone.preceding(after).next() {
            None => DateTime::MIN,
            Some(change) => {
                let before = change.timestamp().checked_sub(moment).ok()?;
                let before = self.zone.to_offset(before);
                let at = change.timestamp();
                before.to_datetime(at).max(offset.to_datetime(at))
            }
        };
        let to = match self.zone.following(at).next() {
            None => DateTime::MAX,
            Some(change) => {
                let at = change.timestamp();
                change.offset().to_datetime(at).min(offset.to_datetime(at))
            }
        };
        Some((from, to, offset))
    }
}

#[cfg(test)]
mod tests;

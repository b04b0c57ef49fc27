//! What is remembered of a source between two fetches.
//!
//! In: what a fetch brought, or why it brought nothing. Out: which copy holds, how old it is, when to ask again. Never:
//! a secret, the network.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Options;
use super::ask::Validators;
use super::folder::Folder;
use crate::data::Table;

/// So many earlier copies of a source stay, for a look at what has changed.
const EARLIER: usize = 8;

/// Of one source; `NAME.json`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Record {
    /// The address, as it may be printed.
    pub address: String,
    /// Of what decides what an answer means.
    pub fingerprint: String,
    /// The last good copy.
    pub copy: Option<Kept>,
    /// The names of earlier copies, the newest first.
    #[serde(default)]
    pub earlier: Vec<String>,
    /// When the source was asked last.
    pub asked: Option<Timestamp>,
    /// Why the last question brought nothing, in one sentence.
    pub failed: Option<String>,
    /// The server asked not to be asked before.
    pub wait_until: Option<Timestamp>,
    /// Columns that every copy had in each of its rows: one that is gone is missed.
    #[serde(default)]
    pub columns: BTreeSet<String>,
}

/// A good copy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The name of the file: `<sha256>.<extension>`.
    pub file: String,
    /// When the server said last that this is what there is.
    #[serde(flatten)]
    pub fetched: FetchedAt,
    /// How its text is encoded, where the server said so.
    pub encoding: Option<String>,
    /// By what the server knows it.
    pub validators: Validators,
}

impl Record {
    /// The name of a source's record.
    pub fn name(source: &str) -> String {
        format!("{source}.json")
    }

    /// What is remembered of the source as it is now; nothing of what it was under another address.
    pub fn of(folder: &Folder, options: &Options) -> Self {
        let fingerprint = options.fingerprint();
        let found: Option<Self> = folder.record(&Self::name(&options.name));
        let mut record = found
            .filter(|record| record.fingerprint == fingerprint)
            .unwrap_or_default();
        record.address = super::options::shown(&options.url);
        record.fingerprint = fingerprint;
        // a file that somebody changed or took away is no copy
        if record
            .copy
            .as_ref()
            .is_some_and(|copy| !folder.holds(&copy.file))
        {
            record.copy = None;
        }
        record
    }

    /// The copy that may be used, and its age.
    pub fn usable(&self, options: &Options, now: Timestamp) -> Option<(&Kept, SignedDuration)> {
        let copy = self.copy.as_ref()?;
        let age = copy.fetched.age(now);
        (age <= options.stale).then_some((copy, age))
    }

    /// When the source may be asked again, of its own will; none for now. What it said to a rehearsal, whose clock is ahead,
    /// does not count.
    pub fn wait(&self, now: Timestamp) -> Option<Timestamp> {
        let is_of_this_clock = self.asked.is_none_or(|asked| asked <= now);
        self.wait_until
            .filter(|until| is_of_this_clock && *until > now)
    }

    /// Whether it was asked not long ago. With a clock that was set back it was not.
    pub fn is_fresh(&self, options: &Options, now: Timestamp) -> bool {
        self.asked.is_some_and(|asked| {
            let since = now.duration_since(asked);
            !since.is_negative() && since < options.every
        })
    }

    /// Takes a copy for the good one; gives the names of the files that are not needed any more.
    pub fn put(&mut self, copy: Kept, table: &Table) -> Vec<String> {
        self.remember_columns(table);
        let before = self.copy.replace(copy.clone());
        if let Some(before) = before.filter(|before| before.file != copy.file) {
            self.earlier.insert(0, before.file);
        }
        self.earlier.retain(|name| *name != copy.file);
        self.earlier.split_off(self.earlier.len().min(EARLIER))
    }

    /// Every file that it names.
    pub fn files(&self) -> impl Iterator<Item = &String> {
        self.copy.iter().map(|copy| &copy.file).chain(&self.earlier)
    }

    /// What every row has is missed when it is gone; what some rows lack may be lacking in all.
    fn remember_columns(&mut self, table: &Table) {
        if !table.own_columns {
            return;
        }
        let rows = || table.rows.iter().flatten();
        let (whole, partial): (Vec<_>, Vec<_>) = table
            .columns
            .iter()
            .partition(|column| rows().all(|row| row.values.contains_key(*column)));
        self.columns.extend(whole.into_iter().cloned());
        for column in partial {
            self.columns.remove(column);
        }
    }
}

/// When something was fetched, by two clocks: that of a rehearsal is ahead.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct FetchedAt {
    /// By the clock that the call went by.
    pub at: Timestamp,
    /// By the machine's; records of earlier versions have none.
    #[serde(default)]
    real: Option<Timestamp>,
}

impl FetchedAt {
    /// At this moment, which is `now` by the clock that the call goes by.
    pub fn at(now: Timestamp) -> Self {
        Self {
            at: now,
            real: Some(Timestamp::now()),
        }
    }

    /// How long ago that was. After a rehearsal, whose clock was ahead, the machine's clock says so.
    pub fn age(&self, now: Timestamp) -> SignedDuration {
        let since = now.duration_since(self.at);
        let since = match (since.is_negative(), self.real) {
            (true, Some(real)) => Timestamp::now().duration_since(real),
            _ => since,
        };
        since.max(SignedDuration::ZERO)
    }
}

/// A length of time as people say it: `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`.
pub(super) fn spoken(time: SignedDuration) -> String {
    let seconds = time.as_secs().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let two = |whole: i64, unit: &str, rest: i64, small: &str| match rest {
        0 => format!("{whole} {unit}"),
        rest => format!("{whole} {unit} {rest} {small}"),
    };
    match (minutes, hours, days) {
        (0, ..) => format!("{seconds} s"),
        (minutes, 0, _) => format!("{minutes} min"),
        (minutes, hours, 0) => two(hours, "h", minutes % 60, "min"),
        (_, hours, days) => two(days, "d", hours % 24, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Format, read_text};
    use crate::diag::Source;

    fn table(text: &str) -> Table {
        read_text(&Source::new("rows.json", text), Format::Json).expect("rows")
    }

    fn copy(file: &str) -> Kept {
        Kept {
            file: file.into(),
            fetched: FetchedAt {
                at: Timestamp::UNIX_EPOCH,
                real: None,
            },
            encoding: None,
            validators: Validators::default(),
        }
    }

    #[test]
    fn a_column_is_missed_that_every_row_had() {
        let mut record = Record::default();
        record.put(
            copy("a"),
            &table(r#"[{"t": 1, "p": 2, "note": 3}, {"t": 1, "p": 2}]"#),
        );
        assert_eq!(Vec::from_iter(&record.columns), ["p", "t"]);
        // gone from all rows: still missed
        record.put(copy("b"), &table(r#"[{"t": 1}]"#));
        assert_eq!(Vec::from_iter(&record.columns), ["p", "t"]);
        // there again, but not everywhere: not missed any more
        record.put(copy("c"), &table(r#"[{"t": 1, "p": 2}, {"t": 1}]"#));
        assert_eq!(Vec::from_iter(&record.columns), ["t"]);
    }

    #[test]
    fn earlier_copies_stay_for_a_while() {
        let mut record = Record::default();
        let empty = table("[{\"t\": 1}]");
        for name in "abcdefghij".chars() {
            assert_eq!(record.put(copy(&name.to_string()), &empty), [""; 0]);
            if record.earlier.len() == EARLIER {
                break;
            }
        }
        assert_eq!(record.earlier.concat(), "hgfedcba");
        assert_eq!(record.put(copy("j"), &empty), ["a"]);
        // what comes back is no earlier one
        assert_eq!(record.put(copy("c"), &empty), [""; 0]);
        assert_eq!(record.earlier.concat(), "jihgfedb");
    }

    #[test]
    fn a_clock_that_was_ahead_makes_nothing_young_and_nobody_wait() {
        let now = Timestamp::now();
        let hours = SignedDuration::from_hours;
        let mut fetched = FetchedAt {
            at: now + hours(500),
            real: Some(now - hours(30)),
        };
        assert_eq!(fetched.age(now).as_hours(), 30);
        // by the clock of that rehearsal, and by one that goes on
        assert_eq!(fetched.age(now + hours(502)).as_hours(), 2);
        fetched.at = now - hours(7);
        assert_eq!(fetched.age(now).as_hours(), 7);
        let mut record = Record {
            asked: Some(now + hours(500)),
            wait_until: Some(now + hours(501)),
            ..Record::default()
        };
        assert_eq!(record.wait(now), None);
        record.asked = Some(now - hours(1));
        assert_eq!(record.wait(now), record.wait_until);
    }

    #[test]
    fn times_are_said_as_people_say_them() {
        let said = |seconds: i64| spoken(SignedDuration::from_secs(seconds));
        assert_eq!(said(-5), "0 s");
        assert_eq!(said(59), "59 s");
        assert_eq!(said(60), "1 min");
        assert_eq!(said(3600), "1 h");
        assert_eq!(said(12_000), "3 h 20 min");
        assert_eq!(said(86_400), "1 d");
        assert_eq!(said(190_000), "2 d 4 h");
    }
}

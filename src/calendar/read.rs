//! From a table of a TOML file to a [`Rule`].

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo};

use super::days::{self, DaysError};
use super::{Days, Every, Pick, Places, Rule, Unapproved};
use crate::diag::{Code, Diagnostic, Place, Severity, did_you_mean};
use crate::template::{Entry, Node, Table, Value, grammar};

/// The keys of `[schedule.NAME]`, each with what it is.
pub const KEYS: [(&str, &str); 19] = [
    (
        "template",
        "A template file, or a list: one after the other, slot by slot.",
    ),
    ("account", "An account, or a list: one story for each."),
    ("days", "On which days; every day without it."),
    ("times", "At which times of such a day."),
    (
        "timezone",
        "IANA name of the zone; the project's without it.",
    ),
    ("from", "The first day."),
    ("until", "The last day, inclusive."),
    ("count", "So many slots of one account."),
    (
        "every",
        "Every so many days, weeks or months, counted from `from`.",
    ),
    ("except", "Days without slots, and calendar files (.ics)."),
    ("data", "A data file, or source:NAME."),
    (
        "pick",
        "Which row a slot takes: date, weekday, next, rotate, new, all.",
    ),
    ("cooldown", "rotate: the same row not sooner."),
    ("set", "Values of variables."),
    ("freeze", "The picture is made that long before the slot."),
    ("approve", "It goes out only when its picture was approved."),
    ("unapproved", "skip or hold."),
    ("late", "Later than that it is missed."),
    ("paused", "Nothing of it goes out."),
];

/// What other programs call a key.
const OTHER_NAMES: [(&str, &str); 14] = [
    ("time", "times"),
    ("at", "times"),
    ("day", "days"),
    ("weekdays", "days"),
    ("on", "days"),
    ("tz", "timezone"),
    ("zone", "timezone"),
    ("start", "from"),
    ("end", "until"),
    ("to", "until"),
    ("exclude", "except"),
    ("holidays", "except"),
    ("interval", "every"),
    ("vars", "set"),
];

/// The words of `pick`.
const PICKS: [&str; 6] = ["date", "weekday", "next", "rotate", "new", "all"];

/// Longest `freeze`, `late` and `cooldown`, in days.
const LONGEST_DAYS: i64 = 3660;

/// Reads a calendar file that a rule names, in the rule's zone; what is wrong is reported by it.
pub type ReadDays<'a> =
    dyn FnMut(&str, &Place, &TimeZone) -> Result<Vec<Date>, Vec<Diagnostic>> + 'a;

/// Reads `[schedule.NAME]`. `zone` is the project's; `file` reads the calendar files of `except`.
///
/// None where something is wrong with it; everything wrong, and what is worth a look, is added to `told`.
pub fn read(
    entry: &Entry,
    zone: &TimeZone,
    file: &mut ReadDays<'_>,
    told: &mut Vec<Diagnostic>,
) -> Option<Rule> {
    let Value::Table(table) = &entry.node.value else {
        let message = format!("schedule `{}` is a table", entry.key);
        told.push(
            Diagnostic::at(Code::BadValue, &entry.node.place, message)
                .hint(format!("[schedule.{}]", entry.key)),
        );
        return None;
    };
    let mut reader = Reader {
        table,
        name: entry,
        wrong: Vec::new(),
    };
    let rule = reader.rule(zone, file);
    let is_wrong = reader.wrong.iter().any(Diagnostic::is_error);
    told.append(&mut reader.wrong);
    (!is_wrong).then_some(rule)
}

struct Reader<'a> {
    table: &'a Table,
    name: &'a Entry,
    wrong: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn rule(&mut self, zone: &TimeZone, file: &mut ReadDays<'_>) -> Rule {
        self.check_name();
        self.check_keys();
        let zone = self.zone().unwrap_or_else(|| zone.clone());
        let days = self.days();
        let rule = Rule {
            name: self.name.key.clone(),
            templates: self.names("template", "a template file"),
            accounts: self.names("account", "an account"),
            days: days.clone().unwrap_or_else(Days::daily),
            times: self.times(),
            from: self.date("from"),
            until: self.date("until"),
            count: self.count(),
            every: self.every(),
            except: self.except(&zone, file),
            data: self.text("data"),
            pick: self.pick(),
            cooldown: self.duration("cooldown").unwrap_or_default(),
            set: self.set(),
            freeze: self.duration("freeze").unwrap_or_default(),
            approve: self.flag("approve"),
            unapproved: self.unapproved(),
            late: self.duration("late"),
            paused: self.flag("paused"),
            places: self.places(),
            zone,
        };
        self.check(&rule, days.is_some());
        rule
    }

    fn places(&self) -> Places {
        let of = |entry: &Entry| (entry.key.clone(), entry.node.place.clone());
        Places {
            name: self.name.key_place.clone(),
            keys: self.table.entries.iter().map(of).collect(),
        }
    }

    fn bad(&mut self, place: &Place, message: impl Into<String>, hint: impl Into<String>) {
        self.wrong
            .push(Diagnostic::at(Code::BadValue, place, message).hint(hint));
    }

    /// A value is none of those its key takes.
    fn misfit(&mut self, key: &str, node: &Node, hint: &str) {
        let shown = match node.as_text() {
            Some(text) => format!("`{}`", text.escape_debug()),
            None => match &node.value {
                Value::Array(_) | Value::Table(_) => node.type_name().to_owned(),
                _ => node.place.text().trim().to_owned(),
            },
        };
        self.bad(&node.place, format!("`{key}` cannot be {shown}"), hint);
    }

    /// The name is a part of every slot's id, which has to be read again.
    fn check_name(&mut self) {
        let name = &self.name.key;
        let fits = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || !name.chars().all(fits) {
            let message = format!("`{}` cannot be the name of a schedule", name.escape_debug());
            let place = self.name.key_place.clone();
            self.bad(&place, message, "letters, digits, `-`, `_` and `.`");
        }
    }

    fn check_keys(&mut self) {
        let names = || KEYS.iter().map(|(name, _)| *name);
        let table = self.table;
        for entry in table
            .entries
            .iter()
            .filter(|e| !names().any(|name| name == e.key))
        {
            let message = format!("schedule `{}` has no key `{}`", self.name.key, entry.key);
            let plain = entry.key.replace('-', "_").to_lowercase();
            let other = OTHER_NAMES.iter().find(|(theirs, _)| *theirs == plain);
            let hint = match other {
                Some((_, ours)) => Some(format!("here it is called `{ours}`")),
                None => did_you_mean(&plain, names()),
            };
            self.wrong
                .push(Diagnostic::at(Code::UnknownKey, &entry.key_place, message).maybe_hint(hint));
        }
    }

    fn text(&mut self, key: &str) -> Option<String> {
        let node = self.table.get(key)?;
        match node
            .as_text()
            .map(str::trim)
            .filter(|text| !text.is_empty())
        {
            Some(text) => Some(text.to_owned()),
            None => {
                self.misfit(key, node, "a text");
                None
            }
        }
    }

    /// One name, or a list of them.
    fn names(&mut self, key: &str, what: &str) -> Vec<String> {
        let Some(node) = self.table.get(key) else {
            return Vec::new();
        };
        let items = grammar::list(node).unwrap_or(std::slice::from_ref(node));
        let mut names = Vec::new();
        for item in items {
            match item
                .as_text()
                .map(str::trim)
                .filter(|text| !text.is_empty())
            {
                Some(text) => names.push(text.to_owned()),
                None => self.misfit(key, item, &format!("the name of {what}, or a list of them")),
            }
        }
        if items.is_empty() {
            self.bad(
                &node.place,
                format!("`{key}` is empty"),
                format!("{what}, or a list of them"),
            );
        }
        names
    }

    fn zone(&mut self) -> Option<TimeZone> {
        let name = self.text("timezone")?;
        if let Ok(zone) = TimeZone::get(&name) {
            return Some(zone);
        }
        let known: Vec<String> = jiff::tz::db()
            .available()
            .map(|name| name.to_string())
            .collect();
        let hint = did_you_mean(&name, known.iter().map(String::as_str))
            .unwrap_or_else(|| "an IANA name such as Europe/Madrid".to_owned());
        let place = self.table.get("timezone")?.place.clone();
        self.bad(
            &place,
            format!("no time zone `{}`", name.escape_debug()),
            hint,
        );
        None
    }

    fn days(&mut self) -> Option<Days> {
        let node = self.table.get("days")?;
        let items = grammar::list(node).unwrap_or(std::slice::from_ref(node));
        if items.is_empty() {
            self.bad(
                &node.place,
                "`days` is empty",
                "a list of dates, or such as mon-fri",
            );
        }
        let mut days = Days::default();
        for item in items {
            let text = match &item.value {
                Value::Text(text) | Value::Date(text) => text.clone(),
                Value::Integer(number) => number.to_string(),
                _ => {
                    self.misfit("days", item, days::FORMS);
                    continue;
                }
            };
            match Days::parse(&text) {
                Ok(more) => days.extend(&more),
                Err(error) => self.bad_days(item, &text, error),
            }
        }
        Some(days)
    }

    fn bad_days(&mut self, node: &Node, text: &str, error: DaysError) {
        // a text with escapes is pointed at as a whole
        let is_plain = node
            .place
            .text()
            .get(1..)
            .is_some_and(|rest| rest.starts_with(text));
        let place = match is_plain && node.as_text().is_some() && !error.at.is_empty() {
            true => node.place.part(error.at.start + 1..error.at.end + 1),
            false => node.place.clone(),
        };
        self.bad(&place, error.message, error.hint);
    }

    fn times(&mut self) -> Vec<Time> {
        let Some(node) = self.table.get("times") else {
            let place = self.name.key_place.clone();
            let message = format!("schedule `{}` has no `times`", self.name.key);
            self.bad(&place, message, "times = [\"09:00\"]");
            return Vec::new();
        };
        let items = grammar::list(node).unwrap_or(std::slice::from_ref(node));
        if items.is_empty() {
            self.bad(&node.place, "`times` is empty", "times = [\"09:00\"]");
        }
        let mut times: Vec<Time> = Vec::new();
        for item in items {
            let text = match &item.value {
                Value::Text(text) | Value::Date(text) => text.trim(),
                _ => "",
            };
            match time(text) {
                Some(time) if times.contains(&time) => {
                    self.bad(
                        &item.place,
                        format!("`{text}` is there twice"),
                        "each time makes one slot",
                    );
                }
                Some(time) => times.push(time),
                None => self.misfit(
                    "times",
                    item,
                    "from 00:00 to 23:59, such as \"09:00\" or \"17:30\"",
                ),
            }
        }
        times.sort_unstable();
        times
    }

    fn date(&mut self, key: &str) -> Option<Date> {
        let node = self.table.get(key)?;
        let text = match &node.value {
            Value::Text(text) | Value::Date(text) => text.trim(),
            _ => "",
        };
        let date = days::day(text);
        if date.is_none() {
            self.misfit(key, node, "a day such as \"2026-12-24\"");
        }
        date
    }

    fn count(&mut self) -> Option<u32> {
        let node = self.table.get("count")?;
        let number = match node.value {
            Value::Integer(number) => u32::try_from(number).ok().filter(|n| *n > 0),
            _ => None,
        };
        if number.is_none() {
            self.misfit("count", node, "a whole number from 1");
        }
        number
    }

    fn every(&mut self) -> Option<Every> {
        let node = self.table.get("every")?;
        let every = node.as_text().and_then(Every::parse);
        if every.is_none() {
            self.misfit("every", node, "days, weeks or months, such as \"2 weeks\"");
        }
        every
    }

    fn except(&mut self, zone: &TimeZone, file: &mut ReadDays<'_>) -> Vec<Date> {
        let Some(node) = self.table.get("except") else {
            return Vec::new();
        };
        let items = grammar::list(node).unwrap_or(std::slice::from_ref(node));
        let mut found = Vec::new();
        for item in items {
            let text = match &item.value {
                Value::Text(text) | Value::Date(text) => text.trim(),
                _ => "",
            };
            if let Some(date) = days::day(text) {
                found.push(date);
            } else if text.to_lowercase().ends_with(".ics") {
                match file(text, &item.place, zone) {
                    Ok(days) => found.extend(days),
                    Err(why) => self.wrong.extend(why),
                }
            } else {
                self.misfit(
                    "except",
                    item,
                    "a day such as \"2026-12-25\", or a calendar file that ends in .ics",
                );
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn pick(&mut self) -> Pick {
        let default = || Pick::Date {
            column: "date".to_owned(),
        };
        let Some(node) = self.table.get("pick") else {
            return default();
        };
        let text = node.as_text().unwrap_or_default().trim();
        let (word, column) = match text.split_once(':') {
            Some((word, column)) => (word.trim(), Some(column.trim())),
            None => (text, None),
        };
        let named = |usual: &str| column.unwrap_or(usual).to_owned();
        let pick = match word {
            "date" => Pick::Date {
                column: named("date"),
            },
            "weekday" => Pick::Weekday {
                column: named("weekday"),
            },
            "next" => Pick::Next,
            "rotate" => Pick::Rotate,
            "new" => Pick::New,
            "all" => Pick::All,
            _ => {
                let hint = did_you_mean(word, PICKS);
                let hint =
                    hint.unwrap_or_else(|| "date, weekday, next, rotate, new or all".to_owned());
                self.misfit("pick", node, &hint);
                return default();
            }
        };
        let takes_column = matches!(word, "date" | "weekday");
        if column.is_some_and(|column| !takes_column || column.is_empty()) {
            let hint = "`date:COLUMN` and `weekday:COLUMN` name a column, the others take none";
            self.misfit("pick", node, hint);
        }
        pick
    }

    fn duration(&mut self, key: &str) -> Option<SignedDuration> {
        let node = self.table.get(key)?;
        let read = |text: &str| {
            let span: Span = text.trim().parse().ok()?;
            let time = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
            (!time.is_negative() && time.as_hours() <= LONGEST_DAYS * 24).then_some(time)
        };
        let time = node.as_text().and_then(read);
        if time.is_none() {
            self.misfit(
                key,
                node,
                "a number and its unit, such as \"30min\", \"2h\" or \"14d\"",
            );
        }
        time
    }

    fn set(&mut self) -> Vec<(String, String)> {
        let Some(node) = self.table.get("set") else {
            return Vec::new();
        };
        let Value::Table(table) = &node.value else {
            self.misfit("set", node, "a table such as { kicker = \"Today\" }");
            return Vec::new();
        };
        let mut values = Vec::new();
        for entry in &table.entries {
            match grammar::text(&entry.node) {
                Some(text) => values.push((entry.key.clone(), text)),
                None => self.misfit(&entry.key, &entry.node, "a text, a number, true or false"),
            }
        }
        values
    }

    fn flag(&mut self, key: &str) -> bool {
        let Some(node) = self.table.get(key) else {
            return false;
        };
        match node.value {
            Value::Bool(flag) => flag,
            _ => {
                self.misfit(key, node, "true or false, without quotes");
                false
            }
        }
    }

    fn unapproved(&mut self) -> Unapproved {
        let Some(node) = self.table.get("unapproved") else {
            return Unapproved::default();
        };
        match node.as_text() {
            Some("skip") => Unapproved::Skip,
            Some("hold") => Unapproved::Hold,
            _ => {
                self.misfit("unapproved", node, "skip or hold");
                Unapproved::default()
            }
        }
    }

    /// What fits by itself and not together.
    fn check(&mut self, rule: &Rule, has_days: bool) {
        let at = |key: &str| rule.places.of(key).clone();
        let has = |key: &str| self.table.get(key).is_some();
        let (every, count, pick, cooldown) =
            (has("every"), has("count"), has("pick"), has("cooldown"));
        let (from, until, data) = (has("from"), has("until"), has("data"));
        if !has("template") {
            let message = format!("schedule `{}` has no `template`", rule.name);
            self.bad(
                &at("template"),
                message,
                "template = \"templates/menu.toml\"",
            );
        }
        if every && !from {
            self.bad(
                &at("every"),
                "`every` needs `from`",
                "from which day is it counted? from = \"2026-12-01\"",
            );
        }
        if count && !from {
            self.bad(
                &at("count"),
                "`count` needs `from`",
                "from which day is it counted? from = \"2026-12-01\"",
            );
        }
        if count && until {
            self.bad(
                &at("count"),
                "`until` and `count` both end it",
                "one of them",
            );
        }
        if let (Some(first), Some(last)) = (rule.from, rule.until)
            && last < first
        {
            self.bad(
                &at("until"),
                "`until` is before `from`",
                format!("{first} or later"),
            );
        }
        if matches!(rule.every, Some(Every::Weeks(_) | Every::Months(_))) && !has_days {
            let hint = "days = \"mon\", or days = \"1\"";
            self.bad(
                &at("every"),
                "`every` does not say on which days of the week or month",
                hint,
            );
        }
        if pick && !data {
            self.bad(
                &at("pick"),
                "`pick` needs `data`",
                "data = \"menu.csv\", or source:NAME",
            );
        }
        if cooldown && rule.pick != Pick::Rotate {
            self.bad(
                &at("cooldown"),
                "`cooldown` is for `pick = \"rotate\"`",
                "take one of them out, or rotate",
            );
        }
        self.check_accounts(rule);
        if !self.wrong.iter().any(Diagnostic::is_error) && !rule.has_a_day() {
            let none = Diagnostic::at(
                Code::BadValue,
                &at("days"),
                format!("schedule `{}` has no slot on any day", rule.name),
            );
            self.wrong.push(
                none.severity(Severity::Warning)
                    .hint("look at `days`, `from`, `until`, `every` and `except`"),
            );
        }
    }

    fn check_accounts(&mut self, rule: &Rule) {
        for (nth, name) in rule.accounts.iter().enumerate() {
            if rule.accounts[..nth].contains(name) {
                let place = rule.places.of("account").clone();
                self.bad(
                    &place,
                    format!("account `{name}` is there twice"),
                    "one story for each account",
                );
            }
        }
        if let Some(name) = rule
            .accounts
            .iter()
            .find(|name| name.contains('#') && rule.accounts.len() > 1)
        {
            let place = rule.places.of("account").clone();
            let message =
                format!("`{name}` cannot be one of several accounts: `#` parts the id of a slot");
            self.bad(&place, message, "give the account another name");
        }
    }
}

/// A time of day: `09:00`, `9:00`, `09:00:30`.
fn time(text: &str) -> Option<Time> {
    let parts: Vec<&str> = text.split(':').collect();
    let (hour, minute, second) = match parts[..] {
        [hour, minute] => (hour, minute, "00"),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    let number = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
        let is_plain = lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        is_plain.then(|| text.parse::<i8>().ok()).flatten()
    };
    Time::new(
        number(hour, 1..=2)?,
        number(minute, 2..=2)?,
        number(second, 2..=2)?,
        0,
    )
    .ok()
}

#[cfg(test)]
pub(super) mod tests;

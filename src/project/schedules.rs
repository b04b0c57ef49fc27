//! `schedule.toml`, and the same tables in the project file: the rules of the calendar.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Project, shown};
use crate::calendar::{self, Rule, ics};
use crate::diag::{self, Code, Diagnostic, Place, Severity, Source, did_you_mean};
use crate::template::{AllowedPaths, Entry, Table, Value, refused, sibling, tree};

/// The name of the calendar's own file, beside the project file.
pub const SCHEDULE_FILE: &str = "schedule.toml";

/// What data that lives elsewhere begins with.
pub const SOURCE: &str = "source:";

/// Which accounts a rule may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accounts {
    /// Those of the project.
    Own,
    /// Also those of a sandbox, which only the sandbox knows.
    OfSandbox,
}

/// The rules of a calendar, and what is wrong with the others.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    /// Those that can be followed.
    pub rules: Vec<Rule>,
    /// Everything wrong, and what is worth a look, in the order of the files.
    pub told: Vec<Diagnostic>,
    /// Those that are written and have a fault.
    pub faulty: Vec<Faulty>,
    /// A file, or the zone of all, could not be read: which rules there are besides nobody knows.
    pub is_unread: bool,
}

/// A rule that is written and cannot be followed as it is.
#[derive(Debug, Clone)]
pub struct Faulty {
    /// Its name.
    pub name: String,
    /// What it says, where nothing is wrong with it but that its template or data is not there at this moment.
    pub rule: Option<Rule>,
}

impl Project {
    /// The rules of the calendar, in the order of the files: those of the project file, then those of `schedule.toml`.
    pub fn schedules(&self, accounts: Accounts) -> Calendar {
        self.schedules_with(&self.root.join(SCHEDULE_FILE), accounts)
    }

    /// The same with another file in place of both.
    pub fn schedules_of(&self, file: &Path, accounts: Accounts) -> Calendar {
        if !file.is_file() {
            let none = Diagnostic::of_file(Code::MissingAsset, file, "no such calendar");
            return Calendar {
                told: vec![none.maybe_hint(sibling(file))],
                ..Calendar::default()
            };
        }
        let alone = Self {
            schedules: None,
            ..self.clone()
        };
        alone.schedules_with(file, accounts)
    }

    fn schedules_with(&self, file: &Path, accounts: Accounts) -> Calendar {
        let mut calendar = Calendar::default();
        let own = self
            .schedules
            .as_ref()
            .map(|table| table.entries.as_slice())
            .unwrap_or_default();
        let other = file_table(file, &mut calendar.told);
        calendar.is_unread = calendar.told.iter().any(Diagnostic::is_error);
        let other = other
            .as_ref()
            .map(|table| table.entries.as_slice())
            .unwrap_or_default();
        let zone = match self.zone() {
            Ok(zone) => zone,
            // rules that nobody has written need no zone
            Err(_) if own.is_empty() && other.is_empty() => TimeZone::UTC,
            Err(why) => {
                let wrong = Diagnostic::of_file(Code::BadValue, &shown(file), why.to_string());
                calendar.told.push(wrong);
                calendar.is_unread = true;
                return calendar;
            }
        };
        for (entry, is_own) in own
            .iter()
            .map(|e| (e, true))
            .chain(other.iter().map(|e| (e, false)))
        {
            let mut told = Vec::new();
            let mut file =
                |written: &str, place: &Place, zone: &TimeZone| self.ics_days(written, place, zone);
            let rule = calendar::read(entry, &zone, &mut file, &mut told);
            self.check(entry, accounts, &mut told);
            if let Some(first) = own.iter().find(|first| !is_own && first.key == entry.key) {
                told.push(twice(first, entry));
            }
            // of two rules of one name nobody knows which is meant
            let has_twin = is_own && other.iter().any(|second| second.key == entry.key);
            let has_twin = has_twin || !is_own && own.iter().any(|first| first.key == entry.key);
            let mut errors = told.iter().filter(|found| found.is_error());
            let is_wrong = has_twin || errors.clone().next().is_some();
            if is_wrong {
                let misses_files =
                    !has_twin && errors.all(|found| found.code == Code::MissingAsset);
                calendar.faulty.push(Faulty {
                    name: entry.key.clone(),
                    rule: rule.clone().filter(|_| misses_files),
                });
            }
            calendar.rules.extend(rule.filter(|_| !is_wrong));
            calendar.told.append(&mut told);
        }
        diag::in_order(&mut calendar.told);
        calendar
    }

    /// A file of the project as a rule names it.
    fn file_of(&self, written: &str) -> Result<PathBuf, crate::template::Refusal> {
        AllowedPaths::new(&self.root, &self.allow).resolve(&self.root, written)
    }

    /// A template, as a rule names it.
    pub fn template_file(&self, written: &str) -> PathBuf {
        self.file_of(written)
            .unwrap_or_else(|_| self.root.join(written))
    }

    /// The file of a rule's data: of `source:NAME` the last copy.
    pub fn data_file(&self, written: &str) -> PathBuf {
        match written.strip_prefix(SOURCE) {
            Some(name) => self.root.join(".storypress/sources").join(name),
            None => self
                .file_of(written)
                .unwrap_or_else(|_| self.root.join(written)),
        }
    }

    fn ics_days(
        &self,
        written: &str,
        place: &Place,
        zone: &TimeZone,
    ) -> Result<Vec<Date>, Vec<Diagnostic>> {
        let file = self
            .existing(written, place, "calendar file")
            .map_err(|why| vec![why])?;
        let bytes = std::fs::read(&file).map_err(|e| {
            let message = format!("cannot read the calendar file `{written}`: {e}");
            vec![Diagnostic::at(Code::MissingAsset, place, message)]
        })?;
        let text = String::from_utf8(bytes).map_err(|_| {
            let message = format!("the calendar file `{written}` is not UTF-8");
            vec![Diagnostic::at(Code::Syntax, place, message).hint("save it as UTF-8")]
        })?;
        let days = ics::days(&Source::new(shown(&file), text), zone)?;
        match days.warnings.into_iter().next() {
            // nobody names a calendar for nothing
            Some(why) => Err(vec![why.severity(Severity::Error)]),
            None => Ok(days.value),
        }
    }

    /// A file that a rule names, if it is there.
    fn existing(&self, written: &str, place: &Place, what: &str) -> Result<PathBuf, Diagnostic> {
        let file = self
            .file_of(written)
            .map_err(|refusal| refused(place, written, refusal))?;
        match file.is_file() {
            true => Ok(file),
            false if file.is_dir() => {
                let message = format!("the {what} `{written}` is a folder");
                let hint = format!("name one {what} in it");
                Err(Diagnostic::at(Code::MissingAsset, place, message).hint(hint))
            }
            false => {
                let message = format!("no {what} `{written}`");
                Err(Diagnostic::at(Code::MissingAsset, place, message).maybe_hint(sibling(&file)))
            }
        }
    }

    /// What a rule names has to be there.
    fn check(&self, entry: &Entry, accounts: Accounts, told: &mut Vec<Diagnostic>) {
        let Value::Table(table) = &entry.node.value else {
            return;
        };
        for (name, place) in texts(table, "template") {
            told.extend(self.existing(name, place, "template").err());
        }
        for (name, place) in texts(table, "data") {
            if !name.starts_with(SOURCE) {
                told.extend(self.existing(name, place, "data file").err());
            }
        }
        if accounts == Accounts::OfSandbox {
            return;
        }
        let names = || self.accounts.iter().map(|account| account.name.as_str());
        for (name, place) in
            texts(table, "account").filter(|(name, _)| !names().any(|own| own == *name))
        {
            let hint = did_you_mean(name, names()).or_else(|| match names().next() {
                Some(_) => Some(format!(
                    "the project has {}",
                    names().collect::<Vec<_>>().join(", ")
                )),
                None => Some(format!("[accounts.{name}] in storypress.toml")),
            });
            let message = format!("the project has no account `{name}`");
            told.push(Diagnostic::at(Code::BadValue, place, message).maybe_hint(hint));
        }
        if table.get("account").is_none() && self.accounts.len() > 1 {
            let message = format!("schedule `{}` does not say for which account", entry.key);
            let hint = format!(
                "account = one of {}, or a list",
                names().collect::<Vec<_>>().join(", ")
            );
            told.push(Diagnostic::at(Code::BadValue, &entry.key_place, message).hint(hint));
        }
    }
}

fn twice(first: &Entry, second: &Entry) -> Diagnostic {
    let source = &first.key_place.source;
    let (line, _) = source.line_column(first.key_place.start);
    let message = format!("there are two schedules `{}`", second.key);
    let hint = format!("the other is in {}:{line}", source.path.display());
    Diagnostic::at(Code::BadValue, &second.key_place, message).hint(hint)
}

/// The texts of a key that takes one or a list; what is no text was reported with the rule.
fn texts<'t>(table: &'t Table, key: &str) -> impl Iterator<Item = (&'t str, &'t Place)> {
    let items = match table.get(key) {
        None => &[],
        Some(node) => match &node.value {
            Value::Array(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        },
    };
    let texts = items
        .iter()
        .filter_map(|node| Some((node.as_text()?.trim(), &node.place)));
    texts.filter(|(text, _)| !text.is_empty())
}

/// `[schedule]` of the calendar's own file, if there is one.
fn file_table(file: &Path, told: &mut Vec<Diagnostic>) -> Option<Table> {
    let name = shown(file);
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return None,
        Err(e) => {
            let message = format!("cannot read the calendar: {e}");
            told.push(Diagnostic::of_file(Code::MissingAsset, &name, message));
            return None;
        }
    };
    let (table, wrong) = tree::read(&Source::new(name, text));
    told.extend(wrong);
    for entry in table.entries.iter().filter(|entry| entry.key != "schedule") {
        let message = format!("a calendar has no section `{}`", entry.key);
        let hint = match super::keys::NAMES.contains(&entry.key.as_str()) {
            true => Some(format!("`{}` is a section of storypress.toml", entry.key)),
            false => did_you_mean(&entry.key, ["schedule"]),
        };
        let hint = hint.unwrap_or_else(|| "each rule is a `[schedule.NAME]`".to_owned());
        told.push(Diagnostic::at(Code::UnknownKey, &entry.key_place, message).hint(hint));
    }
    section(&table, told)
}

/// The rules of a document.
fn section(table: &Table, told: &mut Vec<Diagnostic>) -> Option<Table> {
    let node = table.get("schedule")?;
    match &node.value {
        Value::Table(schedules) => Some(schedules.clone()),
        _ => {
            let message = "`schedule` is a table of rules";
            told.push(Diagnostic::at(Code::BadValue, &node.place, message).hint("[schedule.NAME]"));
            None
        }
    }
}

#[cfg(test)]
mod tests;

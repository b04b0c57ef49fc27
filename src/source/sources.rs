//! The sources of a project.
//!
//! In: a source's name, and the time. Out: its copy. Never: another question than at most one every so often.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::address::private;
use super::ask::Refused;
use super::copy::{Copy, addresses};
use super::folder::Folder;
use super::format::{Format, Known, known};
use super::net::{Judge, Net, Resolver, Times, system_resolver};
use super::options::{Environment, digest, shown};
use super::record::{FetchedAt, Kept, Record, spoken};
use super::session::{Session, Whole};
use super::{Fault, Options, pictures};
use crate::data::{self, Encoding, Table};
use crate::diag::{Code, Diagnostic, did_you_mean};

/// When a source is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum When {
    /// If it was not asked for as long as its `every` says, or there is no copy that may be used.
    #[default]
    Due,
    /// Now, unless the server asked for a pause.
    Now,
    /// Not at all: what is known is told.
    Never,
}

/// A project has no source of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no source `{name}`{}", .hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default())]
pub struct UnknownSource {
    /// What was asked for.
    pub name: String,
    /// What may have been meant.
    pub hint: Option<String>,
}

/// All sources of a project. Cheap to make.
pub struct Sources {
    folder: Folder,
    options: Vec<Options>,
    times: Times,
    resolver: Arc<Resolver>,
    judge: Judge,
    environment: Arc<Environment>,
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sources")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Sources {
    /// The sources of a project whose folder is `root`; copies lie in `.storypress/sources` there.
    pub fn new(root: &Path, options: Vec<Options>) -> Self {
        Self {
            folder: Folder::of(root),
            options,
            times: Times::default(),
            resolver: system_resolver(),
            judge: private,
            environment: Arc::new(|name| std::env::var(name).ok()),
        }
    }

    /// The same with other times.
    pub fn within(self, times: Times) -> Self {
        Self { times, ..self }
    }

    /// The same with names that are resolved so, and not by the system.
    pub fn resolved_by(self, resolver: Arc<Resolver>) -> Self {
        Self { resolver, ..self }
    }

    /// The same with another idea of which addresses are private.
    #[cfg(test)]
    pub(super) fn judged_by(self, judge: Judge) -> Self {
        Self { judge, ..self }
    }

    /// The same with secrets that are read so, and not from the process's environment.
    pub fn with_environment(self, environment: Arc<Environment>) -> Self {
        Self {
            environment,
            ..self
        }
    }

    /// The names of all of them, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.options.iter().map(|options| options.name.as_str())
    }

    /// The source of that name.
    ///
    /// # Errors
    /// There is none.
    pub fn find(&self, name: &str) -> Result<&Options, UnknownSource> {
        let found = self.options.iter().find(|options| options.name == name);
        found.ok_or_else(|| UnknownSource {
            name: name.to_owned(),
            hint: match self.options.is_empty() {
                true => Some("the project file has no `[source.NAME]`".into()),
                false => did_you_mean(name, self.names()),
            },
        })
    }

    /// The copy that is good at `now`, fetched if it is due. A failed fetch leaves the last good copy in use, with a
    /// `stale-source` warning, until it is older than the source's `stale`.
    ///
    /// # Errors
    /// `source-failed`: there is no copy that may be used.
    pub async fn fetch(&self, name: &str, now: Timestamp) -> Result<Copy, Box<Diagnostic>> {
        self.get(name, When::Due, now).await
    }

    /// The same without the network: what is known.
    ///
    /// # Errors
    /// `source-failed`: there is no copy that may be used.
    pub fn copy(&self, name: &str, now: Timestamp) -> Result<Copy, Box<Diagnostic>> {
        let options = self.find(name).map_err(unknown)?;
        let record = Record::of(&self.folder, options);
        let why = record.failed.clone();
        let never = || "it was not fetched yet".to_owned();
        self.outcome(
            options,
            &record,
            now,
            why.or_else(|| record.copy.is_none().then(never)),
            None,
        )
    }

    /// The copy, asked for when `when` says.
    ///
    /// # Errors
    /// `source-failed`: there is no copy that may be used.
    pub async fn get(
        &self,
        name: &str,
        when: When,
        now: Timestamp,
    ) -> Result<Copy, Box<Diagnostic>> {
        let options = self.find(name).map_err(unknown)?;
        if when == When::Never {
            return self.copy(name, now);
        }
        let held = self.folder.hold(&Record::name(name)).await;
        let _held = held.map_err(|e| failed(options, &Fault::from(e), None))?;
        // another process may have fetched it while this one waited
        let mut record = Record::of(&self.folder, options);
        let is_known = record.usable(options, now).is_some() && record.is_fresh(options, now);
        if is_known && when == When::Due {
            let why = record.failed.clone();
            return self.outcome(options, &record, now, why, None);
        }
        if let Some(until) = record.wait(now) {
            let fault = Fault::Wait(until);
            return self.outcome(options, &record, now, Some(fault.to_string()), Some(&fault));
        }
        let before = record.copy.clone();
        let asked = self.ask(options, before.as_ref(), now).await;
        let last = record.asked;
        let was_sent = asked
            .as_ref()
            .err()
            .is_none_or(|refused| refused.fault.was_sent());
        if was_sent {
            record.asked = Some(now);
            record.wait_until = None;
        }
        match asked {
            Ok((kept, table)) => {
                record.failed = None;
                let left = table.map_or_else(Vec::new, |table| record.put(kept.clone(), &table));
                record.copy = Some(kept);
                self.save(options, &record, &left)?;
                self.sweep(last, now);
                let mut copy = self.outcome(options, &record, now, None, None)?;
                copy.was_asked = true;
                copy.before = before
                    .map(|before| self.folder.file(&before.file))
                    .filter(|file| file.is_file() && file.file_name() != copy.file.file_name())
                    .map(|file| as_people_know(&file));
                Ok(copy)
            }
            Err(Refused { fault, wait }) => {
                record.failed = Some(fault.to_string());
                let wait = wait.and_then(|wait| SignedDuration::try_from(wait).ok());
                record.wait_until = wait.and_then(|wait| now.checked_add(wait).ok());
                self.save(options, &record, &[])?;
                let why = match record.wait_until {
                    Some(until) => format!("{fault}; {}", Fault::Wait(until)),
                    None => fault.to_string(),
                };
                self.outcome(options, &record, now, Some(why), Some(&fault))
            }
        }
    }

    /// From now on only the columns that the copy has are missed when they are gone.
    ///
    /// # Errors
    /// The record cannot be written.
    pub fn accept_columns(&self, copy: &mut Copy, table: &Table) -> Result<(), Box<Diagnostic>> {
        let options = self.find(&copy.name).map_err(unknown)?;
        let mut record = Record::of(&self.folder, options);
        // an empty list has no columns, and has lost none
        if !table.columns.is_empty() {
            record
                .columns
                .retain(|column| table.columns.contains(column));
        }
        copy.columns = record.columns.clone();
        let kept = self.folder.put_record(&Record::name(&copy.name), &record);
        kept.map_err(|e| failed(options, &Fault::from(e), None))
    }

    /// Fetches the pictures and films that the rows of a copy name in those columns, and remembers them in it. What is
    /// here is asked for again where the source itself was asked now.
    pub async fn pictures(&self, copy: &mut Copy, columns: &BTreeSet<String>, now: Timestamp) {
        let Some((options, addresses)) = self.addresses(copy, columns) else {
            return;
        };
        let net = self.net(options);
        let fetcher = pictures::Fetcher {
            folder: &self.folder,
            net: &net,
            options,
            times: self.times,
            now,
            anew: copy.was_asked,
        };
        let fetched = fetcher.fetch(&addresses).await;
        copy.pictures.extend(fetched.pictures);
        for (address, why) in fetched.stale {
            let address = address.parse().map_or(address, |url| shown(&url));
            let said = format!("source `{}`: picture {address}: {why}", options.name);
            let stale = Diagnostic::at(Code::StaleSource, &options.place, said);
            copy.diagnostics.push(stale);
        }
    }

    /// The same without the network: what was fetched before.
    pub fn known_pictures(&self, copy: &mut Copy, columns: &BTreeSet<String>) {
        if let Some((_, addresses)) = self.addresses(copy, columns) {
            let known = pictures::known(&self.folder, &addresses);
            copy.pictures.extend(known.pictures);
        }
    }

    /// What the rows of a copy name; a table that cannot be read is told by those who need its rows.
    fn addresses(
        &self,
        copy: &Copy,
        columns: &BTreeSet<String>,
    ) -> Option<(&Options, Vec<String>)> {
        let options = self.find(&copy.name).ok()?;
        if !copy.has_pictures || columns.is_empty() {
            return None;
        }
        let table = copy.table(None, &BTreeSet::new()).ok()?;
        Some((options, addresses(&table, columns)))
    }

    fn net(&self, options: &Options) -> Net {
        Net::new(
            self.resolver.clone(),
            self.times,
            options.private,
            self.judge,
        )
    }

    /// Asks, and reads what came as data; no table where nothing has changed.
    async fn ask(
        &self,
        options: &Options,
        before: Option<&Kept>,
        now: Timestamp,
    ) -> Result<(Kept, Option<Table>), Refused> {
        let secrets = options.secrets(self.environment.as_ref())?;
        let session = Session {
            options,
            net: self.net(options),
            secrets,
            deadline: Instant::now() + self.times.whole,
            times: self.times,
        };
        let answer = match session.whole(before).await? {
            Some(answer) => answer,
            None => {
                let kept = before.expect("an answer of 304 is one about a copy");
                return Ok((
                    Kept {
                        fetched: FetchedAt::at(now),
                        ..kept.clone()
                    },
                    None,
                ));
            }
        };
        let folder = self.folder.clone();
        let key = options.format.filter(|_| !options.picks_rows());
        // megabytes of rows are read beside the other work
        let read = tokio::task::spawn_blocking(move || read(&folder, key, answer, now)).await;
        let (kept, table) = read.unwrap_or_else(|e| Err(Fault::Disk(e.to_string())))?;
        Ok((kept, Some(table)))
    }

    /// Keeps a record, and takes files away that no record names any more.
    fn save(
        &self,
        options: &Options,
        record: &Record,
        left: &[String],
    ) -> Result<(), Box<Diagnostic>> {
        let kept = self.folder.put_record(&Record::name(&options.name), record);
        kept.map_err(|e| failed(options, &Fault::from(e), None))?;
        let named = match left {
            [] => BTreeSet::new(),
            _ => self.named_files(),
        };
        for file in left.iter().filter(|file| !named.contains(*file)) {
            self.folder.remove(file);
        }
        Ok(())
    }

    /// Every file that the record of a source names.
    fn named_files(&self) -> BTreeSet<String> {
        let records = self.folder.records("");
        let records = records
            .iter()
            .filter_map(|name| self.folder.record::<Record>(name));
        records
            .flat_map(|record| record.files().cloned().collect::<Vec<_>>())
            .collect()
    }

    /// Takes away what is old, four times a day.
    fn sweep(&self, last: Option<Timestamp>, now: Timestamp) {
        let quarter = |at: Timestamp| at.as_second() / (6 * 3600);
        if last.is_none_or(|last| quarter(last) != quarter(now)) {
            pictures::sweep(&self.folder, &self.named_files(), now);
            self.folder.sweep();
        }
    }

    /// The copy of a record; with `why` the source did not bring it anew.
    fn outcome(
        &self,
        options: &Options,
        record: &Record,
        now: Timestamp,
        why: Option<String>,
        fault: Option<&Fault>,
    ) -> Result<Copy, Box<Diagnostic>> {
        let hint = fault.and_then(Fault::hint);
        let Some((kept, age)) = record.usable(options, now) else {
            let mut why = why.unwrap_or_else(|| "it was not asked since".into());
            if let Some(old) = &record.copy {
                let (age, stale) = (spoken(old.fetched.age(now)), spoken(options.stale));
                why = format!("{why}; the last good copy is {age} old, and `stale` is {stale}");
            }
            let hint = hint.map(str::to_owned);
            let fetch = || format!("`storypress fetch {}` asks it now", options.name);
            return Err(Box::new(
                source_failed(options, &why)
                    .maybe_hint(hint.or_else(|| fault.is_none().then(fetch))),
            ));
        };
        let mut diagnostics = Vec::new();
        if let Some(why) = why {
            let said = format!(
                "source `{}` failed: {why}; its copy is used, which is {} old",
                options.name,
                spoken(age)
            );
            diagnostics.push(
                Diagnostic::at(Code::StaleSource, &options.place, said)
                    .maybe_hint(hint.map(str::to_owned)),
            );
        }
        let encoding = kept.encoding.as_deref();
        Ok(Copy {
            name: options.name.clone(),
            place: options.place.clone(),
            sha256: kept.file.split('.').next().unwrap_or_default().to_owned(),
            file: as_people_know(&self.folder.file(&kept.file)),
            encoding: encoding.and_then(|name| Encoding::named(name).ok()),
            at: kept.fetched.at,
            age,
            was_asked: false,
            before: None,
            columns: record.columns.clone(),
            diagnostics,
            has_pictures: options.pictures,
            pictures: Default::default(),
        })
    }
}

/// Keeps what came, if it can be read as data.
fn read(
    folder: &Folder,
    key: Option<Format>,
    came: Whole,
    now: Timestamp,
) -> Result<(Kept, Table), Fault> {
    let known = match came.is_picked {
        true => Known {
            extension: "json",
            encoding: None,
        },
        false => known(key, came.content_type.as_deref(), &came.body)?,
    };
    let was_there = folder.holds(&format!("{}.{}", digest(&came.body), known.extension));
    let file = folder.keep(&came.body, known.extension)?;
    let encoding = known.encoding.as_deref();
    let encoding = encoding.and_then(|name| Encoding::named(name).ok());
    let table = match data::read_as(&folder.file(&file), encoding) {
        // a sentence such as `Try again later`, which nobody has called data
        Ok(table)
            if known.extension == "txt" && table.rows.is_empty() && table.columns.len() == 1 =>
        {
            Err("a line of text without rows".to_owned())
        }
        Ok(table) => match still_loading(&table).filter(|_| known.extension != "json") {
            Some(why) => Err(why),
            None => Ok(table),
        },
        Err(wrong) => Err(wrong
            .into_iter()
            .next()
            .map_or_else(String::new, |first| first.message)),
    };
    match table {
        Ok(table) => Ok((
            Kept {
                file,
                fetched: FetchedAt::at(now),
                encoding: known.encoding,
                validators: came.validators,
            },
            table,
        )),
        Err(said) => {
            if !was_there {
                folder.remove(&file);
            }
            Err(Fault::Data(format!("what came is no data: {said}")))
        }
    }
}

/// A cell of a sheet that was still being worked out when it was asked: what came is not yet the data.
fn still_loading(table: &Table) -> Option<String> {
    const LOADING: &str = "Loading...";
    table.rows.iter().find_map(|row| match row {
        Ok(row) => {
            let mut cells = row.values.iter();
            let is_loading = |cell: &str| cell.trim() == LOADING;
            let (column, _) = cells.find(|(_, cell)| cell.as_str().is_some_and(is_loading))?;
            Some(format!(
                "{}: column `{column}` is still `{LOADING}`",
                row.label()
            ))
        }
        // a bad row is told at the cell
        Err(bad) => {
            let cell = bad.place.as_ref()?.text().trim();
            (cell == LOADING).then(|| bad.message.clone())
        }
    })
}

fn unknown(why: UnknownSource) -> Box<Diagnostic> {
    Box::new(Diagnostic::of_file(
        Code::SourceFailed,
        Path::new(&format!("source:{}", why.name)),
        why.to_string(),
    ))
}

fn source_failed(options: &Options, why: &str) -> Diagnostic {
    let said = format!("source `{}` failed: {why}", options.name);
    Diagnostic::at(Code::SourceFailed, &options.place, said)
}

fn failed(options: &Options, fault: &Fault, hint: Option<String>) -> Box<Diagnostic> {
    let hint = hint.or_else(|| fault.hint().map(str::to_owned));
    Box::new(source_failed(options, &fault.to_string()).maybe_hint(hint))
}

/// Relative to the working directory where it lies below it.
fn as_people_know(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).to_owned()
}

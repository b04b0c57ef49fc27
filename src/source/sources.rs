//! The sources of a project.
//!
//! In: a source's name, and the time. Out: its copy. Never: another question than at most one every so often.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderMap;
use tokio::time::Instant;

use super::address::private;
use super::ask::{Answer, Question, Refused, Said};
use super::copy::{Copy, addresses};
use super::folder::Folder;
use super::format::known;
use super::net::{Judge, Net, Resolver, Times, system_resolver};
use super::options::{Environment, digest, shown};
use super::record::{Kept, Record, spoken};
use super::{Fault, Options, pick, pictures};
use crate::data::{self, Encoding, Table};
use crate::diag::{Code, Diagnostic, did_you_mean};

/// How many pages are fetched.
const PAGES: usize = 100;

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
        record.asked = Some(now);
        record.wait_until = None;
        match asked {
            Ok((kept, table)) => {
                record.failed = None;
                let left = table.map_or_else(Vec::new, |table| record.put(kept.clone(), &table));
                record.copy = Some(kept);
                self.save(options, &record, &left, now)?;
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
                self.save(options, &record, &[], now)?;
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
        record
            .columns
            .retain(|column| table.columns.contains(column));
        copy.columns = record.columns.clone();
        let kept = self.folder.put_record(&Record::name(&copy.name), &record);
        kept.map_err(|e| failed(options, &Fault::from(e), None))
    }

    /// Fetches the pictures and films that the rows of a copy name in those columns, and remembers them in it. What is
    /// here is asked for again where the source itself was asked now.
    pub async fn pictures(
        &self,
        copy: &mut Copy,
        columns: &BTreeSet<String>,
        when: When,
        now: Timestamp,
    ) {
        let Ok(options) = self.find(&copy.name).cloned() else {
            return;
        };
        // a table that cannot be read is told by those who need its rows
        let (true, Ok(table)) = (copy.has_pictures, copy.table(None, &BTreeSet::new())) else {
            return;
        };
        let addresses = addresses(&table, columns);
        let fetched = match when {
            When::Never => pictures::known(&self.folder, &addresses),
            When::Due | When::Now => {
                let net = self.net(&options);
                let fetcher = pictures::Fetcher {
                    folder: &self.folder,
                    net: &net,
                    options: &options,
                    times: self.times,
                    now,
                    anew: copy.was_asked,
                };
                fetcher.fetch(&addresses).await
            }
        };
        copy.pictures.extend(fetched.pictures);
        for (address, why) in fetched.stale {
            let address = address.parse().map_or(address, |url| shown(&url));
            let said = format!("source `{}`: picture {address}: {why}", options.name);
            copy.diagnostics
                .push(Diagnostic::at(Code::StaleSource, &options.place, said));
        }
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
                        at: now,
                        ..kept.clone()
                    },
                    None,
                ));
            }
        };
        let folder = self.folder.clone();
        let key = options.format.filter(|_| !options.picks_rows());
        let read = move || -> Result<(Kept, Option<Table>), Fault> {
            let known = match answer.is_picked {
                true => super::format::Known {
                    extension: "json",
                    encoding: None,
                },
                false => known(key, answer.content_type.as_deref(), &answer.body)?,
            };
            let was_there = folder.holds(&format!("{}.{}", digest(&answer.body), known.extension));
            let file = folder.keep(&answer.body, known.extension)?;
            let encoding = known
                .encoding
                .as_deref()
                .and_then(|name| Encoding::named(name).ok());
            match data::read_as(&folder.file(&file), encoding) {
                Ok(table) => Ok((
                    Kept {
                        file,
                        at: now,
                        encoding: known.encoding,
                        validators: answer.validators,
                    },
                    Some(table),
                )),
                Err(wrong) => {
                    if !was_there {
                        folder.remove(&file);
                    }
                    let said = wrong
                        .first()
                        .map_or("it cannot be read", |first| &first.message);
                    Err(Fault::Data(format!("what came is no data: {said}")))
                }
            }
        };
        // megabytes of rows are read beside the other work
        let read = tokio::task::spawn_blocking(read).await;
        read.unwrap_or_else(|e| Err(Fault::Disk(e.to_string())))
            .map_err(Refused::from)
    }

    fn save(
        &self,
        options: &Options,
        record: &Record,
        left: &[String],
        now: Timestamp,
    ) -> Result<(), Box<Diagnostic>> {
        let kept = self.folder.put_record(&Record::name(&options.name), record);
        kept.map_err(|e| failed(options, &Fault::from(e), None))?;
        let others: BTreeSet<String> = self
            .folder
            .records("")
            .iter()
            .filter_map(|name| self.folder.record::<Record>(name))
            .flat_map(|record| record.files().cloned().collect::<Vec<_>>())
            .collect();
        for file in left.iter().filter(|file| !others.contains(*file)) {
            self.folder.remove(file);
        }
        pictures::sweep(&self.folder, &others, now);
        self.folder.sweep();
        Ok(())
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
                let (age, stale) = (spoken(old.age(now)), spoken(options.stale));
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
            at: kept.at,
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

/// What came, all pages together.
struct Whole {
    body: Vec<u8>,
    content_type: Option<String>,
    validators: super::ask::Validators,
    /// The rows were taken out of answers, and are a list of their own.
    is_picked: bool,
}

/// One fetch of one source.
struct Session<'a> {
    options: &'a Options,
    net: Net,
    secrets: HeaderMap,
    deadline: Instant,
    times: Times,
}

impl Session<'_> {
    /// None where nothing has changed.
    async fn whole(&self, before: Option<&Kept>) -> Result<Option<Whole>, Refused> {
        let options = self.options;
        let limit = options.max_bytes;
        // that the first of several pages is as it was says nothing about the others
        let before = before.filter(|_| options.next.is_none());
        let validators = before.map(|before| &before.validators);
        let answer = match self.page(&options.url, validators, limit).await? {
            Said::Unchanged => return Ok(None),
            Said::Answer(answer) => answer,
        };
        if !options.picks_rows() {
            return Ok(Some(Whole {
                body: answer.body,
                content_type: answer.content_type,
                validators: answer.validators,
                is_picked: false,
            }));
        }
        let validators = answer.validators.clone();
        let rows = self.rows(answer, limit).await?;
        Ok(Some(Whole {
            body: pick::joined(&rows).into_bytes(),
            content_type: None,
            validators,
            is_picked: true,
        }))
    }

    /// The rows of a page and of all that follow it.
    async fn rows(&self, first: Answer, limit: u64) -> Result<Vec<String>, Refused> {
        let (mut rows, mut left) = (Vec::new(), limit);
        let mut seen = BTreeSet::from([first.url.to_string(), self.options.url.to_string()]);
        let mut page = first;
        let mut count = 1;
        loop {
            left = left.saturating_sub(page.body.len() as u64);
            // a page that says what is wrong with it in HTML, or nothing at all
            known(
                None,
                page.content_type.as_deref().filter(|t| t.contains("html")),
                &page.body,
            )?;
            let text = std::str::from_utf8(&page.body);
            let text =
                text.map_err(|_| Fault::Data("the answer is not UTF-8, and no JSON then".into()))?;
            let text = text.trim_start_matches('\u{feff}');
            rows.extend(pick::rows(self.options, text)?);
            let next = match &self.options.next {
                Some(next) => pick::next(next, text, &page.url, &self.options.url)?,
                None => None,
            };
            let Some(url) = next else {
                return Ok(rows);
            };
            if count == PAGES {
                return Err(Fault::Pages(PAGES).into());
            }
            if !seen.insert(url.to_string()) {
                let said = format!("page {count} names a page that was there before");
                return Err(Fault::Data(said).into());
            }
            page = match self.page(&url, None, left).await? {
                Said::Answer(answer) => answer,
                Said::Unchanged => {
                    return Err(Fault::Status {
                        status: 304,
                        at: None,
                    }
                    .into());
                }
            };
            count += 1;
        }
    }

    async fn page(
        &self,
        url: &url::Url,
        validators: Option<&super::ask::Validators>,
        limit: u64,
    ) -> Result<Said, Refused> {
        let origin = self.options.url.origin();
        let question = Question {
            url,
            origin: Some(&origin),
            secrets: &self.secrets,
            validators,
            limit,
            deadline: self.deadline,
            allowed: self.times.whole,
        };
        let said = question.ask(&self.net).await;
        // the limit is that of all pages, whichever of them was over it
        said.map_err(|refused| match refused.fault {
            Fault::TooLarge(_) => Fault::TooLarge(self.options.max_bytes).into(),
            _ => refused,
        })
    }
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

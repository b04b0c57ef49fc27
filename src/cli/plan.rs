//! From a call to the stories it means: project, templates, rows, names.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::data::{self, Row};
use crate::diag::{self, Code, Diagnostic, Place, Source, did_you_mean};
use crate::project::{self, Project};
use crate::scene::picture::Limits;
use crate::scene::{Assets, SET};
use crate::template::expression::Clock;
use crate::template::{self, Template};

use super::Global;
use super::report::{Item, Report, Status};

/// Options that `render` and `check` share.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Selection {
    /// Templates, or folders of templates; names that start with `_` are bases, not stories
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// One story for each row of this CSV, TSV, JSON, JSON Lines, TOML, XLSX, ODS, RSS or Atom file
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// Give a variable a value, over data and defaults
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub set: Vec<(String, String)>,
    /// Only stories whose name fits: `*` and `?` as in a shell
    #[arg(long, value_name = "GLOB")]
    pub only: Option<String>,
    /// As if it were then: a date, or a date and time
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.to_owned()))
        }
        _ => Err(format!("`{text}` is not KEY=VALUE")),
    }
}

/// A story to be made.
pub(crate) struct Planned {
    /// Which of [`Plan::templates`].
    pub template: usize,
    pub row: Row,
    /// Whether the row came from data.
    pub from_data: bool,
    /// Name of the output, without extension.
    pub name: String,
}

/// A template with what its stories share.
pub(crate) struct Ready {
    pub template: Template,
    /// As it was named on the command line.
    pub shown: PathBuf,
    pub assets: Arc<Assets>,
    /// Warnings of the template itself; told with its first story.
    pub warnings: Vec<Diagnostic>,
}

/// Everything a call means.
pub(crate) struct Plan {
    pub project: Project,
    pub templates: Vec<Ready>,
    pub stories: Vec<Planned>,
    /// What failed before it was a story.
    pub failed: Vec<Item>,
    pub now: jiff::Zoned,
}

/// Opens the project that holds for `paths`.
pub(crate) fn open_project(
    global: &Global,
    path: &Path,
) -> anyhow::Result<Result<Project, Vec<Diagnostic>>> {
    let here = std::env::current_dir().context("no working directory")?;
    let file = match &global.project {
        Some(file) if file.is_dir() => Some(file.join(project::FILE)),
        Some(file) => Some(file.clone()),
        None => project::find(path),
    };
    Ok(match file {
        Some(file) => project::open(&std::path::absolute(&file)?, &shown(&file)),
        None => Ok(Project::none(&here)),
    })
}

/// The same for a command with a report: what is wrong with the project is its one item, and has been said. None then.
///
/// # Errors
/// As [`open_project`].
pub(crate) fn opened(
    report: &mut Report,
    path: &Path,
    global: &Global,
) -> anyhow::Result<Option<Project>> {
    match open_project(global, path)? {
        Ok(project) => Ok(Some(project)),
        Err(wrong) => {
            report.items.push(Item::failed(path, None, &wrong));
            report.say_diagnostics(global);
            report.finish(global);
            Ok(None)
        }
    }
}

/// How long one film may be worked on, as the project says that holds for `path`.
///
/// # Errors
/// When the project cannot be read.
pub(crate) fn film_limit(global: &Global, path: &Path) -> anyhow::Result<Duration> {
    match open_project(global, path)? {
        Ok(project) => Ok(project.film_limit),
        Err(wrong) => {
            let told: Vec<_> = wrong.iter().map(ToString::to_string).collect();
            bail!("the project file is wrong\n{}", told.join("\n"))
        }
    }
}

/// A path as people know it: relative to the working directory where it lies below it.
pub(crate) fn shown(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).to_owned()
}

/// Plans the stories of a call.
///
/// # Errors
/// When the call itself is wrong.
pub(crate) fn plan(selection: &Selection, project: Project) -> anyhow::Result<Plan> {
    let now = clock(selection.now.as_deref(), project.timezone.as_deref())?;
    let mut plan = Plan {
        project,
        templates: Vec::new(),
        stories: Vec::new(),
        failed: Vec::new(),
        now,
    };
    let files = template_files(selection, &mut plan.failed)?;
    let mut shared = SharedAssets::default();
    for file in &files {
        plan.load(file, selection, &mut shared);
    }
    check_set(selection, &plan)?;
    plan.add_stories(selection)?;
    if plan.stories.is_empty() && plan.failed.is_empty() {
        bail!(
            "no story is named `{}`",
            selection.only.as_deref().unwrap_or("*")
        );
    }
    Ok(plan)
}

/// The time that is meant, in the project's time zone; now, without one.
pub(crate) fn clock(given: Option<&str>, timezone: Option<&str>) -> anyhow::Result<jiff::Zoned> {
    let zone = match timezone {
        Some(name) => jiff::tz::TimeZone::get(name)?,
        None => jiff::tz::TimeZone::system(),
    };
    let Some(text) = given else {
        return Ok(jiff::Zoned::now().with_time_zone(zone));
    };
    if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
        return Ok(stamp.to_zoned(zone));
    }
    let time: jiff::civil::DateTime = text
        .parse()
        .or_else(|_| text.parse::<jiff::civil::Date>().map(|d| d.at(12, 0, 0, 0)))
        .with_context(|| format!("`{text}` is no time: write 2026-11-28 or 2026-11-28T19:30"))?;
    Ok(time.to_zoned(zone)?)
}

/// The template files a call names: files as they are, folders sorted by name.
fn template_files(selection: &Selection, failed: &mut Vec<Item>) -> anyhow::Result<Vec<PathBuf>> {
    let data = selection.data.as_ref().and_then(|d| d.canonicalize().ok());
    let mut out: Vec<PathBuf> = Vec::new();
    for path in &selection.paths {
        if !path.is_dir() {
            out.push(path.clone());
            continue;
        }
        let entries =
            std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut files: Vec<PathBuf> = entries
            .filter_map(|e| Some(e.ok()?.path()))
            .filter(|p| is_template(p))
            .collect();
        files.retain(|f| data.is_none() || f.canonicalize().ok() != data);
        files.sort();
        if files.is_empty() {
            let why = Diagnostic::of_file(Code::MissingAsset, path, "no template in this folder")
                .hint("templates end in .toml");
            failed.push(Item::failed(path, None, &[why]));
        }
        out.extend(files);
    }
    let mut seen = Vec::new();
    out.retain(|file| {
        let real = file.canonicalize().unwrap_or_else(|_| file.clone());
        let new = !seen.contains(&real);
        seen.push(real);
        new
    });
    Ok(out)
}

fn is_template(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".toml")
        && name != project::FILE
        && !name.starts_with(['_', '.'])
        && path.is_file()
}

/// With a project all templates share one set of assets; without, those of a folder do.
#[derive(Default)]
struct SharedAssets {
    by_folder: HashMap<PathBuf, (Arc<Assets>, Vec<Diagnostic>)>,
}

impl SharedAssets {
    fn of(
        &mut self,
        project: &Project,
        folder: &Path,
        now: &jiff::Zoned,
    ) -> (Arc<Assets>, Vec<Diagnostic>) {
        let key = if project.file.is_some() {
            project.root.clone()
        } else {
            folder.to_owned()
        };
        self.by_folder
            .entry(key)
            .or_insert_with(|| {
                let limits = Limits {
                    max_pixels: project.max_pixels,
                    ..Limits::default()
                };
                let clock = Clock { now: now.clone() };
                let (assets, wrong) = Assets::new(
                    project.fence(folder),
                    project.file.is_some(),
                    project.brand.clone(),
                    limits,
                    clock,
                );
                (Arc::new(assets), wrong)
            })
            .clone()
    }
}

impl Plan {
    fn load(&mut self, file: &Path, selection: &Selection, shared: &mut SharedAssets) {
        let folder = std::path::absolute(file)
            .ok()
            .and_then(|f| f.parent().map(Path::to_owned))
            .unwrap_or_default();
        let fence = self.project.fence(&folder);
        let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let (template, mut told) = match template::load(&absolute, file, &fence) {
            Ok(loaded) => loaded,
            Err(why) => {
                self.failed.push(Item::failed(file, None, &[why]));
                return;
            }
        };
        let (assets, wrong) = shared.of(&self.project, &folder, &self.now);
        told.extend(wrong);
        if told.iter().any(Diagnostic::is_error) {
            // the layout may have more to say; one broken value does not hide the rest
            let row = self.first_row(selection);
            let more = match crate::scene::resolve(&template, &row, &assets) {
                Ok(warned) => warned.warnings,
                Err(more) => more,
            };
            told.extend(more);
            diag::in_order(&mut told);
            self.failed.push(Item::failed(file, None, &told));
            return;
        }
        self.templates.push(Ready {
            template,
            shown: file.to_owned(),
            assets,
            warnings: told,
        });
    }

    fn first_row(&self, selection: &Selection) -> Row {
        let rows = selection.data.as_ref().and_then(|d| data::read(d).ok());
        let row = rows.and_then(|t| t.rows.into_iter().find_map(Result::ok));
        with_set(row.unwrap_or_else(no_row), &selection.set)
    }

    fn add_stories(&mut self, selection: &Selection) -> anyhow::Result<()> {
        let mut stories = Vec::new();
        match &selection.data {
            None => {
                let row = with_set(no_row(), &selection.set);
                for (index, ready) in self.templates.iter().enumerate() {
                    let name = safe(&ready.template.name);
                    stories.push(Planned {
                        template: index,
                        row: row.clone(),
                        from_data: false,
                        name,
                    });
                }
            }
            Some(file) => {
                let table = match data::read(file) {
                    Ok(table) => table,
                    Err(wrong) => {
                        self.failed.push(Item::failed(file, None, &wrong));
                        return Ok(());
                    }
                };
                let width = table.rows.len().to_string().len();
                if table.rows.is_empty() {
                    let why = Diagnostic::of_file(Code::BadRow, file, "no row of data");
                    self.failed.push(Item::failed(file, None, &[why]));
                }
                for (at, row) in table.rows.into_iter().enumerate() {
                    match row {
                        Ok(row) => self.add_row(with_set(row, &selection.set), width, &mut stories),
                        Err(why) => {
                            let number = row_number(&why).unwrap_or(at + 1);
                            let items = self.templates.iter().map(|t| {
                                Item::failed(&t.shown, Some(number), std::slice::from_ref(&why))
                            });
                            self.failed.extend(items);
                        }
                    }
                }
            }
        }
        if let Some(glob) = &selection.only {
            stories.retain(|s| {
                fits(glob, &s.name) || fits(glob, &self.templates[s.template].template.name)
            });
        }
        // template by template, so that what a template needs is at hand
        stories.sort_by_key(|s| s.template);
        self.stories = self.without_clashes(stories);
        Ok(())
    }

    fn add_row(&self, row: Row, width: usize, stories: &mut Vec<Planned>) {
        let key = match row.key.as_deref().map(safe).filter(|k| !k.is_empty()) {
            Some(key) => key,
            None => format!("{:0width$}", row.number),
        };
        for (index, ready) in self.templates.iter().enumerate() {
            let name = format!("{}-{key}", safe(&ready.template.name));
            stories.push(Planned {
                template: index,
                row: row.clone(),
                from_data: true,
                name,
            });
        }
    }

    /// Two stories of one name would overwrite each other: neither is made.
    fn without_clashes(&mut self, stories: Vec<Planned>) -> Vec<Planned> {
        let mut names: BTreeMap<&str, usize> = BTreeMap::new();
        for story in &stories {
            *names.entry(&story.name).or_default() += 1;
        }
        let clashing: Vec<String> = names
            .into_iter()
            .filter(|(_, n)| *n > 1)
            .map(|(name, _)| name.to_owned())
            .collect();
        let (bad, good): (Vec<_>, Vec<_>) = stories
            .into_iter()
            .partition(|s| clashing.contains(&s.name));
        for story in bad {
            let shown = &self.templates[story.template].shown;
            let said = format!("more than one story would be called `{}`", story.name);
            let mut why = match story.from_data {
                true => Diagnostic::at(Code::NameClash, story.row.place_of("id"), said)
                    .hint("give each row its own `id`"),
                false => Diagnostic::of_file(Code::NameClash, shown, said)
                    .hint("rename one of the templates"),
            };
            why.row = story.from_data.then(|| story.row.label());
            self.failed.push(Item::failed(
                shown,
                story.from_data.then_some(story.row.number),
                &[why],
            ));
        }
        good
    }

    /// The stories in the order in which they are made: those that name the same pictures one after the other, so
    /// that each picture is decoded once however many rows use it and however few fit into memory.
    pub fn by_pictures(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.stories.len()).collect();
        order.sort_by_cached_key(|at| {
            let story = &self.stories[*at];
            (pictures_of(&story.row), story.template)
        });
        order
    }

    /// The item of a story.
    pub fn item(&self, story: &Planned, status: Status) -> Item {
        let shown = &self.templates[story.template].shown;
        Item::new(shown, story.from_data.then_some(story.row.number), status)
    }

    /// Diagnostics of a story, with its row named.
    pub fn told(&self, story: &Planned, mut told: Vec<Diagnostic>) -> Vec<Diagnostic> {
        if story.from_data {
            for diagnostic in &mut told {
                diagnostic.row.get_or_insert_with(|| story.row.label());
            }
        }
        told
    }
}

/// The cells of a row that read like a picture's path.
fn pictures_of(row: &Row) -> Vec<String> {
    const ENDINGS: [&str; 9] = [
        "jpg", "jpeg", "png", "webp", "avif", "heic", "heif", "gif", "svg",
    ];
    let texts = row.values.values().filter_map(serde_json::Value::as_str);
    texts
        .filter(|text| {
            let ending = text
                .rsplit_once('.')
                .map(|(_, ending)| ending.trim().to_lowercase());
            ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
        })
        .map(str::to_owned)
        .collect()
}

/// The number in `row 3`.
fn row_number(why: &Diagnostic) -> Option<usize> {
    why.row.as_deref()?.split(' ').nth(1)?.parse().ok()
}

/// A row for templates without data.
pub(crate) fn no_row() -> Row {
    let source = Source::new("", "");
    Row {
        number: 1,
        key: None,
        values: serde_json::Map::new(),
        place: Place::whole(&source),
        places: Vec::new(),
    }
}

/// A row with the values of `--set` over its own.
fn with_set(mut row: Row, set: &[(String, String)]) -> Row {
    if set.is_empty() {
        return row;
    }
    let text: Vec<String> = set.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let source = Source::new(SET, text.join("\n"));
    let mut start = 0;
    for ((key, value), line) in set.iter().zip(&text) {
        row.places.retain(|(name, _)| name != key);
        row.places
            .push((key.clone(), Place::new(&source, start..start + line.len())));
        row.values
            .insert(key.clone(), serde_json::Value::String(value.clone()));
        start += line.len() + 1;
    }
    row
}

/// A `--set` that no template knows is a slip.
fn check_set(selection: &Selection, plan: &Plan) -> anyhow::Result<()> {
    for (key, _) in &selection.set {
        let known = || {
            plan.templates
                .iter()
                .flat_map(|t| t.template.vars.iter().map(|v| v.name.as_str()))
        };
        let used = plan.templates.iter().any(|t| t.template.uses.contains(key));
        if !plan.templates.is_empty() && !used && !known().any(|name| name == key) {
            let hint = did_you_mean(key, known())
                .map(|h| format!("; {h}"))
                .unwrap_or_default();
            bail!("--set {key}: no template has a variable `{key}`{hint}");
        }
    }
    Ok(())
}

/// A text as a part of a file name: letters, digits, `-`, `_` and `.` stay.
fn safe(text: &str) -> String {
    text.trim()
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '-'
            }
        })
        .collect()
}

/// Whether a name fits a pattern of `*` and `?`.
fn fits(glob: &str, name: &str) -> bool {
    fn from(glob: &[char], name: &[char]) -> bool {
        match (glob.split_first(), name.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) => {
                from(rest, name) || !name.is_empty() && from(glob, &name[1..])
            }
            (Some(('?', rest)), Some((_, name))) => from(rest, name),
            (Some((a, rest)), Some((b, name))) => a == b && from(rest, name),
            _ => false,
        }
    }
    let (glob, name): (Vec<char>, Vec<char>) = (glob.chars().collect(), name.chars().collect());
    from(&glob, &name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_letters_and_lose_what_a_file_system_minds() {
        assert_eq!(safe("Tomato tart/€12"), "Tomato-tart--12");
        assert_eq!(safe("jalapeño_1.2"), "jalapeño_1.2");
        assert_eq!(safe("../../etc"), "..-..-etc");
    }

    #[test]
    fn globs_fit_as_in_a_shell() {
        assert!(fits("menu-*", "menu-monday"));
        assert!(fits("*day", "menu-monday"));
        assert!(fits("m?nu*", "menu"));
        assert!(!fits("menu", "menu-monday"));
    }
}

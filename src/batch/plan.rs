//! From a selection to its stories: templates, rows, names.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::data::{self, Row};
use crate::diag::{self, Code, Diagnostic, did_you_mean};
use crate::project::Project;
use crate::scene::Assets;
use crate::source;
use crate::template::{self, Template};

use super::files::template_files;
use super::missed::missed;
use super::names::{self, fits, safe, shortened};
use super::rows::{self, Over, pictures_of};
use super::{Error, Outcome, Selection, Status, ask, assets};

/// A story to be made.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Which of [`Plan::templates`].
    pub template: usize,
    /// What it is filled with.
    pub row: Arc<Row>,
    /// Whether the row came from data.
    pub from_data: bool,
    /// Name of the output, without extension.
    pub name: String,
    /// The name that was too long for a file, and is shortened in `name`.
    pub long_name: Option<String>,
}

/// A template with what its stories share.
pub struct Ready {
    /// What was read.
    pub template: Template,
    /// As it was named in the selection.
    pub shown: PathBuf,
    /// Fonts, pictures and the clock.
    pub assets: Arc<Assets>,
    /// Warnings of the template itself; reported with its first story.
    pub warnings: Vec<Diagnostic>,
}

/// Everything a selection means.
pub struct Plan {
    /// The project that holds for it.
    pub project: Project,
    /// The templates that can be used.
    pub templates: Vec<Ready>,
    /// The stories, template by template, each in the order of its rows.
    pub stories: Vec<Planned>,
    /// What failed before it was a story.
    pub failed: Vec<Outcome>,
    /// Warnings of the data file; reported with the first story.
    pub data_warnings: Vec<Diagnostic>,
    /// The time that is meant, in the project's zone.
    pub now: jiff::Zoned,
    /// The first story of each template that has one.
    pub(super) firsts: HashSet<usize>,
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plan")
            .field("templates", &self.templates.len())
            .field("stories", &self.stories.len())
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

/// Finds the stories of a selection. What is wrong with a template or a row is in [`Plan::failed`]; the others are
/// planned.
///
/// # Errors
/// `Time`, `Folder`, `UnknownVariable`, `NoStory`: the selection as a whole is wrong.
pub fn plan(selection: &Selection, project: Project) -> Result<Plan, Error> {
    let now = project.time(selection.now.as_deref())?;
    plan_with(selection, project, now, SharedAssets::default())
}

/// The same with assets that were opened before, at that time.
pub(super) fn plan_with(
    selection: &Selection,
    project: Project,
    now: jiff::Zoned,
    mut shared: SharedAssets,
) -> Result<Plan, Error> {
    let mut plan = Plan::empty(project, now);
    let files = template_files(selection, &mut plan.failed)?;
    for file in &files {
        plan.load(file, selection, &mut shared);
    }
    check_set(selection, &plan)?;
    plan.add_stories(selection);
    if plan.stories.is_empty() && plan.failed.is_empty() {
        let glob = selection.only.as_deref().unwrap_or("*");
        return Err(Error::NoStory(glob.to_owned()));
    }
    let mut templates = HashSet::new();
    let stories = plan.stories.iter().enumerate();
    let firsts = stories.filter(|(_, story)| templates.insert(story.template));
    plan.firsts = firsts.map(|(place, _)| place).collect();
    plan.report_warnings_without_story(&templates);
    Ok(plan)
}

/// With a project all templates share one set of assets; without, those of a folder do.
#[derive(Default)]
pub(super) struct SharedAssets {
    by_folder: HashMap<PathBuf, (Arc<Assets>, Vec<Diagnostic>)>,
}

impl SharedAssets {
    /// Those of a project, with what is wrong with them.
    pub(super) fn kept(project: &Project, assets: Assets, wrong: Vec<Diagnostic>) -> Self {
        let all = (Arc::new(assets), wrong);
        Self {
            by_folder: HashMap::from([(project.root.clone(), all)]),
        }
    }

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
                let (assets, wrong) = assets::open(project, folder, now);
                (Arc::new(assets), wrong)
            })
            .clone()
    }
}

impl Plan {
    /// Without a story.
    pub(super) fn empty(project: Project, now: jiff::Zoned) -> Self {
        Self {
            project,
            templates: Vec::new(),
            stories: Vec::new(),
            failed: Vec::new(),
            data_warnings: Vec::new(),
            now,
            firsts: HashSet::new(),
        }
    }

    pub(super) fn load(&mut self, file: &Path, selection: &Selection, shared: &mut SharedAssets) {
        let folder = std::path::absolute(file)
            .ok()
            .and_then(|f| f.parent().map(Path::to_owned))
            .unwrap_or_default();
        let allowed = self.project.allowed_paths(&folder);
        let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let (template, mut reported) = match template::load(&absolute, file, &allowed) {
            Ok(loaded) => loaded,
            Err(why) => {
                self.failed.push(Outcome::failed(file, None, vec![why]));
                return;
            }
        };
        let (assets, wrong) = shared.of(&self.project, &folder, &self.now);
        reported.extend(wrong);
        if reported.iter().any(Diagnostic::is_error) {
            // the layout may have more to say; one broken value does not hide the rest
            let row = self.first_row(selection);
            let more = match crate::scene::resolve(&template, &row, &assets) {
                Ok(warned) => warned.warnings,
                Err(more) => more,
            };
            reported.extend(more);
            diag::in_order(&mut reported);
            self.failed.push(Outcome::failed(file, None, reported));
            return;
        }
        self.templates.push(Ready {
            template,
            shown: file.to_owned(),
            assets,
            warnings: reported,
        });
    }

    fn first_row(&self, selection: &Selection) -> Row {
        let rows = match (&selection.source, &selection.data) {
            (Some(asked), _) => asked.as_ref().ok().and_then(|copy| {
                let nothing = std::collections::BTreeSet::new();
                copy.table(selection.encoding, &nothing).ok()
            }),
            (None, data) => data
                .as_ref()
                .and_then(|data| data::read_as(data, selection.encoding).ok()),
        };
        let row = rows.and_then(|t| t.rows.into_iter().find_map(Result::ok));
        Over::of(&selection.set).put_into(row.unwrap_or_else(rows::none))
    }

    fn add_stories(&mut self, selection: &Selection) {
        let over = Over::of(&selection.set);
        let mut stories = Vec::new();
        let asked = selection.source.clone().or_else(|| {
            let name = source::named(selection.data.as_deref()?)?;
            Some(ask::known(&self.project, name, &self.picture_columns()))
        });
        match (&selection.data, asked) {
            (_, Some(asked)) => {
                if !self.add_source(selection, &asked, &over, &mut stories) {
                    return;
                }
            }
            (None, None) => {
                let row = Arc::new(over.put_into(rows::none()));
                for (index, ready) in self.templates.iter().enumerate() {
                    let (name, long_name) = shortened(safe(&ready.template.name));
                    stories.push(Planned {
                        template: index,
                        row: Arc::clone(&row),
                        from_data: false,
                        name,
                        long_name,
                    });
                }
            }
            (Some(file), None) => match data::read_as(file, selection.encoding) {
                Ok(table) => {
                    let only = selection.only.as_deref();
                    self.add_table((file, table), only, &over, &HashSet::new(), &mut stories);
                }
                Err(wrong) => {
                    self.failed.push(Outcome::failed(file, None, wrong));
                    return;
                }
            },
        }
        if let Some(glob) = &selection.only {
            stories.retain(|s| {
                fits(glob, &s.name) || fits(glob, &self.templates[s.template].template.name)
            });
        }
        // template by template, so that what a template needs is at hand
        stories.sort_by_key(|s| s.template);
        self.stories = self.without_clashes(stories);
    }

    fn picture_columns(&self) -> std::collections::BTreeSet<String> {
        source::picture_columns(self.templates.iter().map(|ready| &ready.template))
    }

    /// The stories of a source's copy. False where it has no rows that can be read.
    fn add_source(
        &mut self,
        selection: &Selection,
        asked: &source::Asked,
        over: &Over,
        stories: &mut Vec<Planned>,
    ) -> bool {
        let read = match asked {
            Ok(copy) => copy
                .table(selection.encoding, &self.picture_columns())
                .map(|table| (copy, table)),
            Err(why) => Err(vec![(**why).clone()]),
        };
        let (copy, table) = match read {
            Ok(read) => read,
            Err(wrong) => {
                let input = selection.data.clone().unwrap_or_default();
                self.failed.push(Outcome::failed(input, None, wrong));
                return false;
            }
        };
        let mut without = HashSet::new();
        for (index, ready) in self.templates.iter().enumerate() {
            let missed = missed(copy, &table, &ready.template, &selection.set);
            if !missed.is_empty() {
                without.insert(index);
                self.failed
                    .push(Outcome::failed(&ready.shown, None, missed));
            }
        }
        let only = selection.only.as_deref();
        self.add_table((&copy.file, table), only, over, &without, stories);
        self.data_warnings
            .splice(0..0, copy.diagnostics.iter().cloned());
        true
    }

    /// The stories of a table, but for the templates in `without`.
    fn add_table(
        &mut self,
        (file, table): (&Path, data::Table),
        only: Option<&str>,
        over: &Over,
        without: &HashSet<usize>,
        stories: &mut Vec<Planned>,
    ) {
        if self.failed.is_empty() {
            let templates: Vec<&Template> = self.templates.iter().map(|t| &t.template).collect();
            self.data_warnings = data::unused_columns(&table, &templates);
        }
        self.data_warnings
            .splice(0..0, table.warnings.iter().cloned());
        let width = names::width_of(&table);
        let has_key = table.columns.iter().any(|name| data::is_key(name));
        if table.rows.is_empty() {
            let why = Diagnostic::of_file(Code::BadRow, file, "no row of data");
            self.failed.push(Outcome::failed(file, None, vec![why]));
        }
        for (at, row) in table.rows.into_iter().enumerate() {
            match row {
                Ok(row) => self.add_row(over.put_into(row), width, without, stories),
                Err(why) => {
                    let number = why.row.as_ref().map_or(at + 1, |row| row.number);
                    let templates = self.templates.iter().enumerate();
                    let label = why.row.as_ref().filter(|row| row.key.is_some() || !has_key);
                    // a row that is known to be another is not asked for
                    let is_asked = |ready: &Ready| match (only, label) {
                        (Some(glob), Some(label)) => {
                            let template = &ready.template.name;
                            let name = names::of_label(template, label, width).0;
                            fits(glob, &name) || fits(glob, template)
                        }
                        _ => true,
                    };
                    let failed = templates
                        .filter(|(index, t)| !without.contains(index) && is_asked(t))
                        .map(|(_, t)| Outcome::failed(&t.shown, Some(number), vec![why.clone()]));
                    self.failed.extend(failed);
                }
            }
        }
    }

    fn add_row(
        &self,
        row: Row,
        width: usize,
        without: &HashSet<usize>,
        stories: &mut Vec<Planned>,
    ) {
        let row = Arc::new(row);
        let templates = self.templates.iter().enumerate();
        for (index, ready) in templates.filter(|(index, _)| !without.contains(index)) {
            let (name, long_name) = names::of_row(&ready.template.name, &row, width);
            stories.push(Planned {
                template: index,
                row: Arc::clone(&row),
                from_data: true,
                name,
                long_name,
            });
        }
    }

    /// Two stories of one name would overwrite each other: neither is made.
    fn without_clashes(&mut self, stories: Vec<Planned>) -> Vec<Planned> {
        let mut seen: HashSet<&str> = HashSet::with_capacity(stories.len());
        let names = stories.iter().map(|story| story.name.as_str());
        let clashing: HashSet<String> = names
            .filter(|name| !seen.insert(name))
            .map(str::to_owned)
            .collect();
        if clashing.is_empty() {
            return stories;
        }
        let (bad, good): (Vec<_>, Vec<_>) = stories
            .into_iter()
            .partition(|s| clashing.contains(&s.name));
        for story in bad {
            let shown = &self.templates[story.template].shown;
            let mut why = match story.from_data {
                true => names::clash(&story.name, &story.row),
                false => {
                    let message = format!("more than one story would be called `{}`", story.name);
                    Diagnostic::of_file(Code::NameClash, shown, message)
                        .hint("rename one of the templates")
                }
            };
            why.row = story.from_data.then(|| story.row.label());
            let row = story.from_data.then_some(story.row.number);
            self.failed.push(Outcome::failed(shown, row, vec![why]));
        }
        good
    }

    /// The stories in the order in which they are made: those that name the same pictures one after the other, so
    /// that each picture is decoded once however many rows use it and however few fit into memory.
    pub(super) fn by_pictures(&self, only: Option<&BTreeSet<usize>>) -> Vec<usize> {
        let mut order: Vec<usize> = match only {
            None => (0..self.stories.len()).collect(),
            Some(only) => (only.iter().copied())
                .filter(|place| *place < self.stories.len())
                .collect(),
        };
        order.sort_by_cached_key(|at| {
            let story = &self.stories[*at];
            (pictures_of(&story.row), story.template)
        });
        order
    }

    /// Warnings that no story reports, as there is none, go to what failed in its stead.
    fn report_warnings_without_story(&mut self, with_story: &HashSet<usize>) {
        for (index, ready) in self.templates.iter().enumerate() {
            let failed = self.failed.iter_mut().find(|f| f.input == ready.shown);
            if let Some(failed) = failed.filter(|_| !with_story.contains(&index)) {
                failed.diagnostics.extend(ready.warnings.iter().cloned());
            }
        }
        if self.stories.is_empty()
            && let Some(failed) = self.failed.first_mut()
        {
            failed.diagnostics.append(&mut self.data_warnings);
        }
    }

    /// The outcome of the story at `place`: with its template's own warnings, where it is the template's first, and those
    /// of the data, where it is the first of all.
    pub(super) fn outcome(
        &self,
        place: usize,
        status: Status,
        diagnostics: Vec<Diagnostic>,
    ) -> Outcome {
        let story = &self.stories[place];
        let ready = &self.templates[story.template];
        let mut all = match self.firsts.contains(&place) {
            true => ready.warnings.clone(),
            false => Vec::new(),
        };
        if place == 0 {
            all.splice(0..0, self.data_warnings.iter().cloned());
        }
        all.extend(diagnostics);
        if status != Status::Failed {
            all.extend(story.with_row(self.renamed(story).into_iter().collect()));
        }
        Outcome {
            input: ready.shown.clone(),
            row: story.from_data.then_some(story.row.number),
            status,
            diagnostics: all,
            ..Outcome::default()
        }
    }
}

impl Plan {
    /// What is said of a story whose name had to be shortened.
    fn renamed(&self, story: &Planned) -> Option<Diagnostic> {
        let long = story.long_name.as_ref()?;
        let message = format!(
            "a file name of {} bytes is too long: the story is called `{}`",
            long.len(),
            story.name
        );
        let found = match story.from_data {
            true => Diagnostic::at(Code::TooLong, story.row.place_of("id"), message),
            false => Diagnostic::of_file(
                Code::TooLong,
                &self.templates[story.template].shown,
                message,
            ),
        };
        let found = found.severity(diag::Severity::Warning);
        Some(found.hint("a shorter `id` makes a name that people can read"))
    }
}

impl Planned {
    /// Diagnostics of the story, with its row named.
    pub(super) fn with_row(&self, mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        if self.from_data {
            for diagnostic in &mut diagnostics {
                diagnostic.row.get_or_insert_with(|| self.row.label());
            }
        }
        diagnostics
    }
}

/// A value for a variable that no template has is a slip.
fn check_set(selection: &Selection, plan: &Plan) -> Result<(), Error> {
    for (key, _) in &selection.set {
        let known = || {
            plan.templates
                .iter()
                .flat_map(|t| t.template.vars.iter().map(|v| v.name.as_str()))
        };
        let used = plan.templates.iter().any(|t| t.template.uses.contains(key));
        if !plan.templates.is_empty() && !used && !known().any(|name| name == key) {
            return Err(Error::UnknownVariable {
                key: key.clone(),
                hint: did_you_mean(key, known()),
            });
        }
    }
    Ok(())
}

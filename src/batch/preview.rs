//! One story as it will be, without a file: for whoever changes its template.
//!
//! In: a template, or a text in its place, with a row, values and a time. Out: a [`Preview`]: the painted frame, boxes,
//! variables, everything that is wrong. Never: a file in OUT, a picture that a batch would make otherwise.
//!
//! A [`Previewer`] keeps fonts, decoded pictures and read tables between calls.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use jiff::Zoned;

use super::guides::Guides;
use super::missed::missed;
use super::plan::{Plan, SharedAssets, plan_with};
use super::rows::{self, Over};
use super::selection::Selection;
use super::{Error, ask, assets, contrast, film, ledger};
use crate::data::{self, Row, Table};
use crate::diag::{self, Code, Diagnostic, did_you_mean};
use crate::frame::{self, Frame};
use crate::media::{self, FilmOptions, Format, Options};
use crate::platform::Cancel;
use crate::project::Project;
use crate::scene::{self, Assets, Edited, Identity, Inspected, LayerBox, Scene, Variable};
use crate::source;
use crate::template::edit::{Edit, Refused};
use crate::template::expression::Clock;
use crate::template::{self, Template};

/// Tables that are kept; the next one takes the place of all.
const MOST_TABLES: usize = 8;

/// The scale of what is only looked at: the studio's editor asks for its first picture at the same one.
const LOOK_SCALE: f64 = 0.5;

/// Which row of the data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum WhichRow {
    /// The first one that can be read.
    #[default]
    First,
    /// Counted from 1.
    Number(usize),
    /// By its `id` or `key`.
    Key(String),
}

/// What a preview is of.
#[derive(Debug, Clone)]
pub struct PreviewOf {
    /// The template against the project's folder; the file need not exist where there is a text.
    pub template: PathBuf,
    /// In place of what the file says.
    pub text: Option<String>,
    /// A data file as people name it against the project's folder, or `source:NAME`.
    pub data: Option<String>,
    /// Which of its rows.
    pub row: WhichRow,
    /// Values of variables, over data and defaults.
    pub set: Vec<(String, String)>,
    /// What `now` and `today` are.
    pub now: Zoned,
    /// Times the raster that the deliverable has; 1 is the deliverable itself.
    pub scale: f64,
    /// Whether the safe zone and the app's chrome lie over it.
    pub guides: bool,
    /// The time in a film; without one, its cover.
    pub at: Option<Duration>,
}

/// A story as it will be.
#[derive(Debug)]
pub struct Preview {
    /// The template's text.
    pub text: Vec<u8>,
    /// The digest of everything that it was made from, 32 hex digits.
    pub inputs: String,
    /// Every layer that can be told.
    pub boxes: Vec<LayerBox>,
    /// The template's variables with their values.
    pub variables: Vec<Variable>,
    /// Everything that is wrong, warnings among it.
    pub diagnostics: Vec<Diagnostic>,
    /// The picture; none where something is wrong.
    pub frame: Option<Frame>,
}

/// Why there is nothing to preview.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// There is neither a file nor a text.
    #[error("no template `{}`", .0.display())]
    NoTemplate(PathBuf),
    /// The work was stopped.
    #[error("stopped")]
    Stopped,
}

type TableKey = (PathBuf, u64, Option<SystemTime>, BTreeSet<String>);

/// What the assets were opened for, they themselves, and what is wrong with the brand.
type Opened = (String, Arc<Assets>, Vec<Diagnostic>);

/// Bytes of decoded pictures that previews keep: four of the whole canvas, or sixteen at half its scale.
const KEPT_BYTES: usize = 32 << 20;

/// Makes previews, and keeps what they share.
#[derive(Default)]
pub struct Previewer {
    assets: Mutex<Option<Opened>>,
    tables: Mutex<HashMap<TableKey, Arc<Table>>>,
    guides: OnceLock<Guides>,
}

impl std::fmt::Debug for Previewer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Previewer")
    }
}

impl Previewer {
    /// Makes one. `stop` ends work on a film.
    ///
    /// # Errors
    /// There is no template. What is wrong with it, its row or its assets is in [`Preview::diagnostics`].
    pub fn preview(
        &self,
        project: &Project,
        of: &PreviewOf,
        stop: &Cancel,
    ) -> Result<Preview, PreviewError> {
        let read = read(project, &of.template, of.text.as_deref())?;
        let (assets, mut found) = self.assets(project, &of.now);
        let Some(template) = &read.template else {
            return Ok(read.broken());
        };
        found.extend(read.found.iter().cloned());
        found.extend(unknown_values(template, &of.set));
        let row = match self.row(project, template, of) {
            Ok(row) => row,
            Err(wrong) => {
                found.extend(wrong);
                rows::none()
            }
        };
        let row = Over::of(&of.set).put_into(row);
        let inspected = scene::inspect_scaled(template, &row, &assets, of.scale);
        let Inspected {
            scene,
            boxes,
            variables,
            diagnostics,
        } = inspected;
        found.extend(diagnostics);
        let mut frame = None;
        if let Some(scene) = &scene
            && !found.iter().any(Diagnostic::is_error)
        {
            frame = self.painted(project, scene, of, stop, &mut found)?;
        }
        if of.data.is_some() {
            for diagnostic in &mut found {
                diagnostic.row.get_or_insert_with(|| row.label());
            }
        }
        diag::in_order(&mut found);
        let files = scene.as_ref().map_or(&[][..], |scene| &scene.files);
        Ok(Preview {
            inputs: inputs(project, template, &row, files, &assets, of),
            text: read.text,
            boxes,
            variables,
            diagnostics: found,
            frame,
        })
    }

    /// What is wrong with a template without data, everything loaded and laid out, nothing painted.
    ///
    /// # Errors
    /// There is no such file.
    pub fn look(
        &self,
        project: &Project,
        template: &Path,
        now: &Zoned,
    ) -> Result<Vec<Diagnostic>, PreviewError> {
        let read = read(project, template, None)?;
        let (assets, mut found) = self.assets(project, now);
        let Some(template) = &read.template else {
            return Ok(read.found);
        };
        found.extend(read.found);
        let inspected = scene::inspect_scaled(template, &rows::none(), &assets, LOOK_SCALE);
        found.extend(inspected.diagnostics);
        diag::in_order(&mut found);
        Ok(found)
    }

    /// Paints as a batch does. None where a film says what is wrong with it.
    fn painted(
        &self,
        project: &Project,
        scene: &Scene,
        of: &PreviewOf,
        stop: &Cancel,
        found: &mut Vec<Diagnostic>,
    ) -> Result<Option<Frame>, PreviewError> {
        if !scene.is_film() {
            found.extend(film::lost_in_a_still(scene));
        }
        let options = FilmOptions {
            limit: project.film_limit,
            cancel: stop.clone(),
            ..FilmOptions::default()
        };
        let made = film::of(scene, &options).and_then(|film| {
            if let Some(film) = &film {
                found.extend(film::worth_a_look(scene, film));
            }
            match (of.at, &film) {
                (Some(at), Some(film)) => Ok(frame::paint(&film.frame_at(at)?, at)),
                (Some(at), None) => Ok(frame::paint(scene, at)),
                (None, film) => {
                    let still = film::cover(scene, film.as_ref())?;
                    let (frame, contrasts) = frame::paint_checked(&still);
                    found.extend(contrasts.iter().filter_map(contrast::low));
                    Ok(frame)
                }
            }
        });
        match made {
            Ok(frame) if of.guides => {
                let chrome = self.guides.get_or_init(Guides::new).over(scene);
                Ok(Some(frame::over(frame, &chrome)))
            }
            Ok(frame) => Ok(Some(frame)),
            Err(media::Error::Cancelled) => Err(PreviewError::Stopped),
            Err(error) => {
                found.push(film::diagnostic(&error, scene, &of.template));
                Ok(None)
            }
        }
    }

    /// The text of a template after all edits. Nothing is written; `template`, a path against the project's folder, need not
    /// be there. Where an edit depends on how large something is, the template has its defaults.
    ///
    /// # Errors
    /// As [`scene::edit`].
    pub fn edit(
        &self,
        project: &Project,
        template: &Path,
        text: &str,
        edits: &[Edit],
        now: &Zoned,
    ) -> Result<Edited, Refused> {
        let file = project.root.join(template);
        let allowed = project.allowed_paths(file.parent().unwrap_or(&project.root));
        // what is wrong with a font is told by the preview, and is no reason against an edit
        let (assets, _) = self.assets(project, now);
        let paths = (file.as_path(), template);
        scene::edit(text, paths, &allowed, &assets, &rows::none(), edits)
    }

    /// Plans as [`batch::plan`](super::plan()) does, with the fonts and pictures that previews keep: plans that are held for
    /// long hold none of their own.
    ///
    /// # Errors
    /// As that.
    pub fn plan(&self, selection: &Selection, project: Project) -> Result<Plan, Error> {
        let now = project.time(selection.now.as_deref())?;
        let shared = match &project.file {
            Some(_) => {
                let (assets, wrong) = self.assets(&project, &now);
                SharedAssets::kept(&project, assets, wrong)
            }
            // without a project file, each folder has assets of its own
            None => SharedAssets::default(),
        };
        plan_with(selection, project, now, shared)
    }

    /// Fonts, pictures and the clock of a project, with what is wrong with them.
    pub(super) fn assets(&self, project: &Project, now: &Zoned) -> (Assets, Vec<Diagnostic>) {
        let clock = Clock { now: now.clone() };
        let mut kept = self.assets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, assets, wrong)) = &*kept
            && *of == project.fingerprint
        {
            return (assets.at(clock), wrong.clone());
        }
        let (assets, wrong) = assets::open_within(project, &project.root, now, KEPT_BYTES);
        let assets = Arc::new(assets);
        *kept = Some((
            project.fingerprint.clone(),
            Arc::clone(&assets),
            wrong.clone(),
        ));
        (assets.at(clock), wrong)
    }

    fn row(
        &self,
        project: &Project,
        template: &Template,
        of: &PreviewOf,
    ) -> Result<Row, Vec<Diagnostic>> {
        let Some(data) = &of.data else {
            return Ok(rows::none());
        };
        let table = self.table(project, data, &[template], &of.set)?;
        picked(&table, Path::new(data), &of.row)
    }

    /// The rows of a data file or a source, read once while the file stays as it is.
    ///
    /// # Errors
    /// It cannot be read, or may not be; a column that one of the templates needs is gone from a source.
    pub fn table(
        &self,
        project: &Project,
        data: &str,
        templates: &[&Template],
        set: &[(String, String)],
    ) -> Result<Arc<Table>, Vec<Diagnostic>> {
        let shown = Path::new(data);
        let Some(name) = source::named(shown) else {
            let allowed = project.allowed_paths(&project.root);
            let file = allowed.resolve(&project.root, data).map_err(|_| {
                let message = format!("`{data}` is outside the project");
                vec![Diagnostic::of_file(Code::RefusedPath, shown, message)]
            })?;
            return self.kept(&file, BTreeSet::new(), || data::read(&file));
        };
        let columns = source::picture_columns(templates.iter().copied());
        let copy = ask::known(project, name, &columns).map_err(|why| vec![*why])?;
        let table = self.kept(&copy.file, columns.clone(), || copy.table(None, &columns))?;
        let gone = templates
            .iter()
            .flat_map(|template| missed(&copy, &table, template, set));
        let gone: Vec<Diagnostic> = gone.filter(Diagnostic::is_error).collect();
        match gone.is_empty() {
            true => Ok(table),
            false => Err(gone),
        }
    }

    fn kept(
        &self,
        file: &Path,
        columns: BTreeSet<String>,
        read: impl FnOnce() -> Result<Table, Vec<Diagnostic>>,
    ) -> Result<Arc<Table>, Vec<Diagnostic>> {
        let Ok(found) = std::fs::metadata(file) else {
            return read().map(Arc::new);
        };
        let key = (file.to_owned(), found.len(), found.modified().ok(), columns);
        let known = |all: &HashMap<TableKey, Arc<Table>>| all.get(&key).cloned();
        let lock = || self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = known(&lock()) {
            return Ok(table);
        }
        let table = Arc::new(read()?);
        let mut all = lock();
        if all.len() >= MOST_TABLES {
            all.clear();
        }
        all.insert(key, Arc::clone(&table));
        Ok(table)
    }
}

impl Preview {
    /// The picture as a file of the batch: the deliverable's bytes, where the scale is 1.
    ///
    /// # Errors
    /// It is too large for the platform.
    pub fn encoded(
        &self,
        format: Format,
        project: &Project,
    ) -> Option<Result<Vec<u8>, media::Error>> {
        let options = Options {
            format,
            quality: project.jpeg_quality,
            ..Options::default()
        };
        self.frame
            .as_ref()
            .map(|frame| media::still_bytes(frame, &options))
    }
}

/// A template that was read.
pub(super) struct Read {
    text: Vec<u8>,
    pub template: Option<Template>,
    pub found: Vec<Diagnostic>,
}

impl Read {
    /// What can be said of one that cannot be read at all.
    fn broken(self) -> Preview {
        let inputs = blake3::hash(&self.text).to_hex()[..32].to_owned();
        Preview {
            inputs,
            text: self.text,
            boxes: Vec::new(),
            variables: Vec::new(),
            diagnostics: self.found,
            frame: None,
        }
    }
}

pub(super) fn read(
    project: &Project,
    path: &Path,
    text: Option<&str>,
) -> Result<Read, PreviewError> {
    let file = project.root.join(path);
    let allowed = project.allowed_paths(file.parent().unwrap_or(&project.root));
    let bytes = match text {
        Some(text) => text.as_bytes().to_vec(),
        None => std::fs::read(&file).map_err(|_| PreviewError::NoTemplate(path.to_owned()))?,
    };
    let loaded = match std::str::from_utf8(&bytes) {
        Ok(text) => template::load_text(text, &file, path, &allowed),
        // says where the bytes are that are no text
        Err(_) => template::load(&file, path, &allowed),
    };
    let (template, found) = match loaded {
        Ok((template, found)) => (Some(template), found),
        Err(why) => (None, vec![why]),
    };
    Ok(Read {
        text: bytes,
        template,
        found,
    })
}

/// The row that is meant.
fn picked(table: &Table, data: &Path, which: &WhichRow) -> Result<Row, Vec<Diagnostic>> {
    let number_of = |at: usize, row: &Result<Row, Diagnostic>| match row {
        Ok(row) => row.number,
        Err(why) => why.row.as_ref().map_or(at + 1, |row| row.number),
    };
    let rows = || table.rows.iter().enumerate();
    let found = match which {
        WhichRow::First => rows().find(|(_, row)| row.is_ok()).or(rows().next()),
        WhichRow::Number(number) => rows().find(|(at, row)| number_of(*at, row) == *number),
        WhichRow::Key(key) => {
            let of = |fits: &dyn Fn(&str) -> bool| {
                let has = |row: &Row| row.key.as_deref().is_some_and(fits);
                let mut found = rows().filter(|(_, row)| row.as_ref().is_ok_and(has));
                (found.next(), found.next())
            };
            // as it is written, else as it is in the name of its story
            let found = match of(&|own| own == key) {
                (None, _) => of(&|own| super::names::safe(own) == *key),
                found => found,
            };
            if let (Some(_), Some((_, Ok(row)))) = found {
                let message = format!("more than one row has the key `{key}`");
                let why = Diagnostic::at(Code::NameClash, row.place_of("id"), message);
                return Err(vec![why.hint("give each row its own `id`")]);
            }
            found.0
        }
    };
    match found {
        Some((_, Ok(row))) => Ok(row.clone()),
        Some((_, Err(why))) => Err(vec![why.clone()]),
        None => {
            let message = match which {
                WhichRow::First => "no row of data".to_owned(),
                WhichRow::Number(number) => format!("no row {number}"),
                WhichRow::Key(key) => format!("no row with the key `{key}`"),
            };
            Err(vec![Diagnostic::of_file(Code::BadRow, data, message)])
        }
    }
}

/// Values for variables that the template has not.
fn unknown_values(template: &Template, set: &[(String, String)]) -> Vec<Diagnostic> {
    let names = || template.vars.iter().map(|var| var.name.as_str());
    let is_unknown = |key: &&String| !template.uses.contains(*key) && !names().any(|n| n == **key);
    let keys = set.iter().map(|(key, _)| key);
    keys.filter(is_unknown)
        .map(|key| {
            let message = format!("the template has no variable `{key}`");
            Diagnostic::of_file(Code::UnknownVariable, Path::new(scene::SET), message)
                .maybe_hint(did_you_mean(key, names()))
        })
        .collect()
}

/// The digest of everything that decides the picture.
fn inputs(
    project: &Project,
    template: &Template,
    row: &Row,
    files: &[Identity],
    assets: &Assets,
    of: &PreviewOf,
) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut part = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    part(env!("CARGO_PKG_VERSION"));
    part(&project.fingerprint);
    for source in &template.sources {
        part(&source.text);
    }
    for (_, text) in ledger::clock(project, template, &of.now) {
        part(&text);
    }
    part(&serde_json::to_string(&row.values).unwrap_or_default());
    part(&serde_json::to_string(&row.shown).unwrap_or_default());
    if template.uses.contains("row") {
        part(&row.number.to_string());
    }
    for file in files {
        part(&ledger::digest_of_read(file, assets));
    }
    part(&format!("{} {} {:?}", of.scale, of.guides, of.at));
    hasher.finalize().to_hex()[..32].to_owned()
}

//! The pictures of slots and stories, whole or small.
//!
//! In: a slot or a story. Out: the file that goes out, or a small copy of it. Never: another renderer than the one that
//! makes deliverables; a file that is not of this project.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use super::apart::apart;
use super::problem::Problem;
use super::state::Studio;
use super::template_files::local;
use super::workspace::Workspace;
use crate::batch::contact_sheet::thumbnail;
use crate::batch::{self, FileFormat, Formats, Order, Outcome, Selection};
use crate::diag::Diagnostic;
use crate::media::{self, Format, Kind, Media, Options};
use crate::platform::Cancel;
use crate::publisher::{self, Entry};
use crate::store::{Store, Story};

/// Where small and future pictures are kept, below the project.
const FOLDER: &str = ".storypress/studio";

/// So many pictures are made at the same time: each takes a core.
static MAKING: Semaphore = Semaphore::const_new(2);

/// So many small copies are made at the same time, beside the pictures: what is finished does not wait for what is made.
static COPYING: Semaphore = Semaphore::const_new(2);

/// A finished file.
#[derive(Debug, Clone)]
pub struct Picture {
    path: PathBuf,
    kind: Kind,
    /// Of its bytes.
    pub sha256: String,
    /// The words that go with it.
    pub caption: Option<String>,
}

/// Who makes something in a folder has it for itself: a run there looks at what is unfinished, and at what was made.
static FOLDERS: [Mutex<()>; 32] = [const { Mutex::new(()) }; 32];

/// Held while something is made in a folder; now and then two folders share one.
fn alone(out: &Path) -> MutexGuard<'static, ()> {
    let hash = blake3::hash(out.as_os_str().as_encoded_bytes());
    let turn = &FOLDERS[usize::from(hash.as_bytes()[0]) % FOLDERS.len()];
    turn.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Picture {
    /// A file that a batch made.
    pub fn of(media: &Media) -> Self {
        Self {
            path: media.path.clone(),
            kind: media.kind,
            sha256: media.sha256.clone(),
            caption: media.extras.caption.clone(),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it moves.
    pub fn is_film(&self) -> bool {
        self.kind == Kind::Video
    }

    /// What it is for a browser.
    pub fn content_type(&self) -> &'static str {
        match (self.kind, self.path.extension()) {
            (Kind::Video, _) => "video/mp4",
            (Kind::Image, Some(ending)) if ending == "png" => "image/png",
            (Kind::Image, _) => "image/jpeg",
        }
    }

    /// A file that the store keeps, or that still is where it was made.
    fn kept(store: Option<&Store>, media: &Media) -> Option<Self> {
        let kept = store.and_then(|store| store.kept(media));
        let made = || media.path.is_file().then(|| media.path.clone());
        let is_same =
            |path: &PathBuf| media::sha256_of(path).is_ok_and(|hash| hash == media.sha256);
        Some(Self {
            path: kept.or_else(|| made().filter(is_same))?,
            ..Self::of(media)
        })
    }
}

/// The picture of a slot: the frozen one, else what it will be then. With `width`, a still that small is enough.
///
/// # Errors
/// 404 where it never had one or it is kept no longer; 422 with what is wrong with template, row or assets.
pub async fn of_slot(
    studio: &Studio,
    work: &Workspace,
    entry: &Entry,
    width: Option<u32>,
) -> Result<Picture, Problem> {
    let gone = || Problem::not_found("its picture is kept no longer");
    let frozen = (entry.story.as_ref().map(|story| &story.outgoing.media))
        .or_else(|| Some(&entry.kept.as_ref()?.picture.as_ref()?.media));
    if let Some(media) = frozen {
        return Picture::kept(work.store.as_ref(), media).ok_or_else(gone);
    }
    if !entry.is_open() {
        return Err(Problem::not_found("it ended without a picture"));
    }
    if entry.diagnostics.iter().any(|found| found.is_error()) {
        return Err(Problem::of_diagnostics(
            "it cannot be made",
            &local(&entry.diagnostics, &work.project),
        ));
    }
    let Some(rule) = work.rule(&entry.slot.schedule).cloned() else {
        return Err(Problem::not_found("no rule has it any more"));
    };
    if rule.data.is_some() && entry.row.is_none() {
        let why = entry.report.waits_for.clone();
        return Err(Problem::not_found(
            why.unwrap_or_else(|| "it has no row yet".into()),
        ));
    }
    let out = folder(work).join("slots").join(short_hash(&entry.id()));
    let (project, slot, row) = (work.project.clone(), entry.slot.clone(), entry.row.clone());
    let stop = studio.cancel.clone();
    let made = making(&MAKING, move || {
        let _alone = alone(&out);
        let wanted = publisher::ToMake {
            project: &project,
            rule: &rule,
            slot: &slot,
            row: row.as_ref(),
        };
        match width {
            // a film takes seconds to make, and a tile shows one moment of it
            Some(_) => wanted.cover(&out, &stop),
            None => wanted.picture(&out, &stop).map(|made| made.media),
        }
    });
    match made.await? {
        Ok(media) => Ok(Picture::of(&media)),
        Err(trouble) => Err(Problem::invalid(trouble.message).with("code", trouble.code.into())),
    }
}

/// The picture that was approved before the data of a slot changed.
///
/// # Errors
/// 404 where there is none.
pub fn former(work: &Workspace, entry: &Entry) -> Result<Picture, Problem> {
    let former = entry.kept.as_ref().and_then(|slot| slot.former.as_ref());
    let found = former.and_then(|former| Picture::kept(work.store.as_ref(), &former.media));
    found.ok_or_else(|| Problem::not_found("no other picture was approved before"))
}

/// The picture of a story.
///
/// # Errors
/// 404 where it is kept no longer.
pub fn of_story(work: &Workspace, story: &Story) -> Result<Picture, Problem> {
    let found = Picture::kept(work.store.as_ref(), &story.outgoing.media);
    found.ok_or_else(|| Problem::not_found("its picture is kept no longer"))
}

/// Does what takes a core, as soon as there is a place.
async fn making<T: Send + 'static>(
    places: &Semaphore,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let _turn = places.acquire().await.map_err(Problem::internal)?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Problem::internal)
}

fn folder(work: &Workspace) -> PathBuf {
    work.project.root.join(FOLDER)
}

fn short_hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
}

/// Answers with the picture that `find` has of the project, as it is now; as [`answer`].
///
/// # Errors
/// What `find` says, and [`answer`].
pub async fn served(
    studio: Studio,
    width: Option<u32>,
    asked: HeaderMap,
    find: impl AsyncFnOnce(&Studio, &Workspace) -> Result<Picture, Problem> + Send + 'static,
) -> Result<Response, Problem> {
    apart(async move || {
        let work = Workspace::open(&studio).await?;
        let found = find(&studio, &work).await;
        let answer = match found {
            Ok(picture) => answer(&studio, &work, picture, width, &asked).await,
            Err(problem) => Err(problem),
        };
        work.close().await;
        answer
    })
    .await
}

/// Answers with a file; with `width`, a still copy of at most so many pixels a row.
///
/// # Errors
/// 404 where the file went away meanwhile.
pub async fn answer(
    studio: &Studio,
    work: &Workspace,
    picture: Picture,
    width: Option<u32>,
    asked: &HeaderMap,
) -> Result<Response, Problem> {
    let tag = format!(
        "\"{}{}\"",
        picture.sha256,
        width.map_or_else(String::new, |w| format!("-{w}"))
    );
    let is_known = asked.get_all(header::IF_NONE_MATCH).iter().any(|value| {
        value
            .to_str()
            .is_ok_and(|value| value.split(',').any(|one| one.trim() == tag))
    });
    let etag = HeaderValue::from_str(&tag).map_err(Problem::internal)?;
    let kept = [
        (header::ETAG, etag),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-cache"),
        ),
    ];
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    let (path, kind) = match width {
        None if picture.kind == Kind::Video => (picture.path.clone(), "video/mp4"),
        None => (picture.path.clone(), "image/jpeg"),
        Some(width) => {
            let small = folder(work).join("small");
            let stop = studio.cancel.clone();
            let width = width.clamp(32, 1080);
            let one = picture.clone();
            let made = making(&COPYING, move || small_copy(&one, width, &small, &stop));
            (made.await??, "image/jpeg")
        }
    };
    let gone = |_| Problem::not_found("its picture is kept no longer");
    let bytes = tokio::fs::read(&path).await.map_err(gone)?;
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(kind))];
    let hash = HeaderValue::from_str(&picture.sha256).map_err(Problem::internal)?;
    let hash = [("storypress-sha256", hash)];
    Ok((kept, kind, hash, Body::from(bytes)).into_response())
}

/// A small copy, made once.
fn small_copy(
    picture: &Picture,
    width: u32,
    folder: &Path,
    stop: &Cancel,
) -> Result<PathBuf, Problem> {
    let path = folder.join(format!("{}-{width}.jpg", picture.sha256));
    let _alone = alone(&path);
    if path.is_file() {
        return Ok(path);
    }
    let pixels = thumbnail(&picture.path, picture.kind, width, stop)
        .ok_or_else(|| Problem::not_found("its picture cannot be read any more"))?;
    let options = Options {
        format: Format::Jpeg,
        quality: 85,
        ..Options::default()
    };
    let pixels = media::Pixels {
        width: pixels.width,
        height: pixels.height,
        rgba: &pixels.rgba,
    };
    media::write(pixels, &path, &options).map_err(Problem::internal)?;
    Ok(path)
}

/// A template with its picture, as it is without data.
#[derive(Debug)]
pub struct Sample {
    /// Its path against the project's folder.
    pub path: String,
    /// None where it cannot be made.
    pub picture: Option<Picture>,
    /// What is wrong with it, and what is worth a look.
    pub diagnostics: Vec<Diagnostic>,
}

/// What came of a template.
type Seen = (Option<Picture>, Vec<Diagnostic>);

/// The pictures of templates without data; those of before where nothing has changed.
pub fn of_templates(studio: &Studio, work: &Workspace, paths: &[String]) -> Vec<Sample> {
    let mut folders: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    for path in paths {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        folders.entry(folder).or_default().push(path);
    }
    let mut samples = Vec::new();
    // templates of one name may stand in several folders
    for (folder, own) in folders {
        samples.extend(of_folder(studio, work, folder, &own));
    }
    samples
}

fn of_folder(studio: &Studio, work: &Workspace, name: &str, paths: &[&String]) -> Vec<Sample> {
    let root = &work.project.root;
    let files: Vec<PathBuf> = paths.iter().map(|path| root.join(path)).collect();
    let selection = Selection {
        paths: files.clone(),
        now: Some(work.now.to_zoned(work.zone.clone()).date().to_string()),
        ..Selection::default()
    };
    let out = folder(work).join("templates").join(short_hash(name));
    let _alone = alone(&out);
    let found: Mutex<HashMap<PathBuf, Seen>> = Mutex::default();
    let note = |outcome: Outcome| {
        let picture = outcome.media.iter().find(|media| media.kind == Kind::Image);
        let picture = picture.or(outcome.media.first()).map(Picture::of);
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        found.insert(outcome.input, (picture, outcome.diagnostics));
    };
    let plan = studio.previewer.plan(&selection, (*work.project).clone());
    if let Ok(mut plan) = plan {
        plan.failed.drain(..).for_each(note);
        let order = Order {
            formats: Formats {
                stills: vec![FileFormat::Jpg],
                // a film is shown by its cover
                films: vec![FileFormat::Jpg],
            },
            cancel: studio.cancel.clone(),
            ..Order::new(&plan, &out)
        };
        if let Err(error) = batch::render(&order, &|_: usize, outcome: Outcome| note(outcome)) {
            tracing::warn!("templates could not be shown: {error}");
        }
    }
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    let each = paths.iter().zip(&files);
    let each = each.map(|(path, file)| {
        let (picture, diagnostics) = found.remove(file).unwrap_or_default();
        Sample {
            path: (*path).clone(),
            picture,
            diagnostics,
        }
    });
    each.collect()
}

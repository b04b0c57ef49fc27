//! Makes the stories of a plan, over all cores, and keeps what is still good.

use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};
use std::time::Instant;

use rayon::prelude::*;
use serde_json::json;

use crate::diag::{Code, Diagnostic};
use crate::frame::{self, Contrast, Frame};
use crate::media::{self, Cancel, FilmOptions, Format, Media, Options, Part};
use crate::scene::{self, Scene};

use super::bars::Bars;
use super::clash::Clashes;
use super::film::{self, Formats};
use super::guides::Guides;
use super::ledger::{self, Entry, Ledger};
use super::plan::{Plan, Planned};
use super::render::FormatName;
use super::report::{Dropped, Item, Output, Status};
use super::stickers;

/// WCAG 2.2: text of 18 pt, or bold text of 14 pt, is large; a Story's 1080 units are 360 CSS pixels on a phone.
const LARGE: f32 = 72.0;
const LARGE_BOLD: f32 = 56.0;

/// How the name of a copy with guides ends.
const GUIDES: &str = "guides.png";

/// What a render is asked for.
pub(crate) struct Order<'a> {
    pub plan: &'a Plan,
    pub out: &'a Path,
    pub formats: Formats,
    pub quality: u8,
    pub force: bool,
    pub guides: bool,
    pub timings: bool,
    pub jobs: usize,
    /// Set by Ctrl-C.
    pub stop: &'a Cancel,
    pub bars: &'a Bars,
}

/// What came of it.
pub(crate) struct Made {
    pub items: Vec<Item>,
    /// Files the stories read; for `--watch`.
    pub files: Vec<PathBuf>,
}

/// Makes every story: stills over all threads, then films one after the other, each of which takes all cores.
///
/// # Errors
/// When the threads or OUT cannot be had.
pub(crate) fn make(order: &Order<'_>) -> anyhow::Result<Made> {
    std::fs::create_dir_all(order.out)?;
    media::sweep(&ledger::folder(order.out));
    let old = Ledger::open(order.out);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(order.jobs)
        .build()?;
    let finished: Mutex<Vec<(String, Entry)>> = Mutex::default();
    let items: Vec<Item> = pool.install(|| {
        let guides = order.guides.then(Guides::new);
        let worker = Worker {
            order,
            clashes: Clashes::of(order, &old),
            old: &old,
            guides,
        };
        let held = order.formats.make_film_of_stills();
        each(order.plan, held, order.stop, order.bars, |story| {
            let (item, entry) = worker.story(story)?;
            if let Some(entry) = entry {
                finished
                    .lock()
                    .expect("no thread panics while it holds this")
                    .push((story.name.clone(), entry));
            }
            Some(item)
        })
    });
    let entries = finished
        .into_inner()
        .expect("no thread panics while it holds this");
    let mut files: Vec<PathBuf> = entries
        .iter()
        .flat_map(|(_, e)| e.files.iter().map(|(p, _)| p.clone()))
        .collect();
    files.sort();
    files.dedup();
    old.save(order.out, entries)?;
    Ok(Made { items, files })
}

impl Order<'_> {
    fn path(&self, story: &str, extension: &str) -> PathBuf {
        self.out.join(format!("{story}.{extension}"))
    }

    /// Every file that may be written for a story, absolute.
    pub fn targets(&self, story: &str) -> Vec<PathBuf> {
        let formats = self.formats.stills.iter().chain(&self.formats.films);
        let mut extensions: Vec<_> = formats.map(|format| format.extension()).collect();
        extensions.extend(self.guides.then_some(GUIDES));
        extensions.sort_unstable();
        extensions.dedup();
        let paths = extensions.into_iter().map(|e| self.path(story, e));
        paths
            .filter_map(|path| std::path::absolute(path).ok())
            .collect()
    }

    fn film_options(&self) -> FilmOptions {
        FilmOptions {
            unfinished: Some(ledger::folder(self.out)),
            limit: self.plan.project.film_limit,
            cancel: self.stop.clone(),
            ..FilmOptions::default()
        }
    }

    /// What of the call decides the bytes of a template's outputs.
    fn key_options(&self, template: &crate::template::Template) -> String {
        let formats = self.formats.key(template.is_film());
        format!("{formats} q{}", self.quality)
    }
}

struct Worker<'a> {
    order: &'a Order<'a>,
    old: &'a Ledger,
    clashes: Clashes,
    guides: Option<Guides>,
}

/// Milliseconds of each stage.
#[derive(Default)]
struct Timings {
    resolve: f64,
    /// Finding the cover of a film.
    cover: f64,
    paint: f64,
    write: f64,
}

impl Timings {
    fn told(&self) -> serde_json::Value {
        let ms = |t: f64| (t * 100.0).round() / 100.0;
        let mut told = json!({ "resolve": ms(self.resolve) });
        if self.cover > 0.0 {
            told["cover"] = json!(ms(self.cover));
        }
        told["paint"] = json!(ms(self.paint));
        told["write"] = json!(ms(self.write));
        told
    }
}

fn clocked<T>(spent: &mut f64, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    *spent += start.elapsed().as_secs_f64() * 1000.0;
    done
}

impl Worker<'_> {
    /// One story: kept, made, or failed with its reasons, and an entry for what is good in OUT now. None where the
    /// work was stopped before it was done.
    fn story(&self, story: &Planned) -> Option<(Item, Option<Entry>)> {
        let plan = self.order.plan;
        let ready = &plan.templates[story.template];
        let options = self.order.key_options(&ready.template);
        let key = ledger::key(plan, story, &options);
        if !self.order.force
            && let Some(entry) =
                self.old
                    .unchanged(&story.name, &key, self.order.guides, &ready.assets)
        {
            let mut item = plan.item(story, Status::Unchanged);
            item.outputs.clone_from(&entry.outputs);
            item.said = entry.diagnostics.iter().map(|_| String::new()).collect();
            item.diagnostics.clone_from(&entry.diagnostics);
            item.dropped.clone_from(&entry.dropped);
            return Some((item, Some(entry.clone())));
        }
        let mut timings = Timings::default();
        let made = match self.made(story, &mut timings) {
            Ok(made) => made,
            Err(Fault::Stopped) => return None,
            Err(Fault::Told(why)) => {
                let item = plan.item(story, Status::Failed);
                return Some((item.with(&plan.told(story, why)), None));
            }
        };
        let mut item = plan
            .item(story, Status::Done)
            .with(&plan.told(story, made.told));
        item.outputs.clone_from(&made.outputs);
        let dropped = plan.told(story, made.dropped);
        item.dropped = dropped.iter().map(Dropped::of).collect();
        if self.order.timings {
            item.timings_ms = Some(timings.told());
        }
        let digest = |path: &PathBuf| Some((path.clone(), ledger::digest_of(path, &ready.assets)?));
        let entry = Entry {
            key,
            files: made.files.iter().filter_map(digest).collect(),
            outputs: made.outputs,
            guides: made.guides,
            diagnostics: item.diagnostics.clone(),
            dropped: item.dropped.clone(),
        };
        Some((item, Some(entry)))
    }

    fn made(&self, story: &Planned, timings: &mut Timings) -> Result<Finished, Fault> {
        let ready = &self.order.plan.templates[story.template];
        let resolved = clocked(&mut timings.resolve, || {
            scene::resolve(&ready.template, &story.row, &ready.assets)
        })
        .map_err(Fault::Told)?;
        let (mut scene, mut told) = (resolved.value, resolved.warnings);
        let formats = self.order.formats.of(&scene);
        if formats.contains(&FormatName::Mp4) {
            scene = film::filmed(scene);
        } else if !scene.is_film() {
            told.extend(film::lost_in_a_still(&scene));
        }
        let targets = self.order.targets(&story.name);
        if let Some(clash) = self.clashes.told(&targets, &scene.files, &ready.shown) {
            return Err(Fault::Told(vec![clash]));
        }
        match self.written(story, &scene, formats, &mut told, timings) {
            Ok((outputs, guides)) => Ok(Finished {
                outputs: stickers::mentioning(outputs, &scene),
                guides,
                told,
                dropped: scene.by_hand.iter().map(stickers::dropped).collect(),
                files: scene.files,
            }),
            Err(media::Error::Cancelled) => Err(Fault::Stopped),
            Err(error) => {
                told.push(film::told(&error, &scene, &ready.shown));
                Err(Fault::Told(told))
            }
        }
    }

    /// Paints and writes what is asked for, and the copy with guides.
    fn written(
        &self,
        story: &Planned,
        scene: &Scene,
        formats: &[FormatName],
        told: &mut Vec<Diagnostic>,
        timings: &mut Timings,
    ) -> Result<(Vec<Output>, Option<Output>), media::Error> {
        let options = self.order.film_options();
        let (film, still) = clocked(&mut timings.cover, || {
            let film = film::of(scene, &options)?;
            let still = film::cover(scene, film.as_ref())?;
            Ok((film, still))
        })?;
        let (frame, contrasts) = clocked(&mut timings.paint, || frame::paint_checked(&still));
        told.extend(contrasts.iter().filter_map(low_contrast));
        clocked(&mut timings.write, || {
            let outputs = formats
                .iter()
                .filter_map(|format| match format.still() {
                    Some(format) => Some(self.still(story, &frame, format)),
                    None => Some(self.film(story, scene, film.as_ref()?, told)),
                })
                .collect::<Result<_, _>>()?;
            let guides = self.guides.as_ref();
            let guides = guides.map(|chrome| self.write_guides(story, scene, frame, chrome));
            Ok((outputs, guides.transpose()?))
        })
    }

    fn still(
        &self,
        story: &Planned,
        frame: &Frame,
        format: Format,
    ) -> Result<Output, media::Error> {
        let options = self.options(format);
        let path = self.order.path(&story.name, format.extension());
        media::still(frame, &path, &options).map(|m| output(m, options.quality))
    }

    fn film(
        &self,
        story: &Planned,
        scene: &Scene,
        film: &Part,
        told: &mut Vec<Diagnostic>,
    ) -> Result<Output, media::Error> {
        let bar = self.order.bars.film(&story.name);
        let path = self.order.path(&story.name, FormatName::Mp4.extension());
        let media = film.video(&path, &mut |progress| bar.show(progress))?;
        let template = &self.order.plan.templates[story.template].shown;
        told.extend(film::concealed(&media.damaged, scene, template));
        Ok(output(media, 100))
    }

    fn options(&self, format: Format) -> Options {
        Options {
            format,
            quality: self.order.quality,
            unfinished: Some(ledger::folder(self.order.out)),
            ..Options::default()
        }
    }

    fn write_guides(
        &self,
        story: &Planned,
        scene: &Scene,
        frame: Frame,
        chrome: &Guides,
    ) -> Result<Output, media::Error> {
        let covered = frame::over(frame, &chrome.over(scene));
        let path = self.order.path(&story.name, GUIDES);
        media::still(&covered, &path, &self.options(Format::Png)).map(|m| output(m, 100))
    }
}

/// Why a story was not made.
enum Fault {
    /// By the user.
    Stopped,
    Told(Vec<Diagnostic>),
}

/// What a story became.
struct Finished {
    outputs: Vec<Output>,
    guides: Option<Output>,
    told: Vec<Diagnostic>,
    /// What publishing it leaves out.
    dropped: Vec<Diagnostic>,
    files: Vec<PathBuf>,
}

/// As the report tells of it; `asked` is the quality that was asked for.
pub(crate) fn output(media: Media, asked: u8) -> Output {
    let (kind, notes) = match media.kind {
        // what was given up for a picture's bytes is its quality, which has a place of its own
        media::Kind::Image => ("image", Vec::new()),
        media::Kind::Video => ("video", media.notes),
    };
    Output {
        path: media.path,
        kind: kind.into(),
        bytes: media.bytes,
        width: media.width,
        height: media.height,
        duration_s: media.duration_s,
        sha256: media.sha256,
        quality: media.quality.filter(|q| *q < asked),
        notes,
        mentions: Vec::new(),
    }
}

/// What is said of text that is hard to read.
pub(crate) fn low_contrast(contrast: &Contrast) -> Option<Diagnostic> {
    let large = contrast.size >= LARGE || contrast.bold && contrast.size >= LARGE_BOLD;
    let wanted = if large { 3.0 } else { 4.5 };
    if contrast.ratio >= wanted {
        return None;
    }
    let layer = contrast.id.as_ref().map_or("this text".to_owned(), |id| {
        format!("the text of layer `{id}`")
    });
    let said = format!(
        "{layer} has a contrast of {:.1}:1, {wanted}:1 is needed",
        contrast.ratio
    );
    let hint = if large {
        "a scrim, a shadow or another colour"
    } else {
        "a scrim, another colour, or larger text"
    };
    Some(Diagnostic::at(Code::LowContrast, &contrast.place, said).hint(hint))
}

/// Holds stories against everything without writing: resolved, painted, measured, their clips looked into.
pub(crate) fn look(plan: &Plan, stop: &Cancel, bars: &Bars) -> Vec<Item> {
    let options = FilmOptions {
        limit: plan.project.film_limit,
        cancel: stop.clone(),
        ..FilmOptions::default()
    };
    each(plan, false, stop, bars, |story| {
        let ready = &plan.templates[story.template];
        let failed = |why| {
            let item = plan.item(story, Status::Failed);
            Some(item.with(&plan.told(story, why)))
        };
        let (scene, mut told) = match scene::resolve(&ready.template, &story.row, &ready.assets) {
            Ok(resolved) => (resolved.value, resolved.warnings),
            Err(why) => return failed(why),
        };
        if !scene.is_film() {
            told.extend(film::lost_in_a_still(&scene));
        }
        let still = film::of(&scene, &options).and_then(|film| {
            film.as_ref().map_or(Ok(()), Part::judge)?;
            film::cover(&scene, film.as_ref())
        });
        match still {
            Ok(still) => {
                let (_, contrasts) = frame::paint_checked(&still);
                told.extend(contrasts.iter().filter_map(low_contrast));
                Some(plan.item(story, Status::Done).with(&plan.told(story, told)))
            }
            Err(media::Error::Cancelled) => None,
            Err(error) => {
                told.push(film::told(&error, &scene, &ready.shown));
                failed(told)
            }
        }
    })
}

/// Works on every story until `stop`: on stills over the threads at hand, then on what may be film (all of them, where
/// stills become film, too) one after the other. The items stand in the order of the plan.
fn each(
    plan: &Plan,
    all_are_film: bool,
    stop: &Cancel,
    bars: &Bars,
    work: impl Fn(&Planned) -> Option<Item> + Sync,
) -> Vec<Item> {
    let (films, stills): (Vec<usize>, Vec<usize>) =
        plan.by_pictures().into_iter().partition(|at| {
            let ready = &plan.templates[plan.stories[*at].template];
            all_are_film || ready.template.is_film()
        });
    let one = |at: usize| {
        if stop.is_stopped() {
            return None;
        }
        let item = work(&plan.stories[at])?;
        bars.story();
        Some((at, item))
    };
    // one story at a time goes to a free thread, so that memory grows with threads and not with rows
    let mut made: Vec<(usize, Item)> = stills
        .into_par_iter()
        .with_max_len(1)
        .filter_map(one)
        .collect();
    made.extend(films.into_iter().filter_map(one));
    made.sort_by_key(|(at, _)| *at);
    made.into_iter().map(|(_, item)| item).collect()
}

/// Stops on Ctrl-C: a film at once, stills when they are finished; nothing else is begun.
pub(crate) fn on_interrupt() -> &'static Cancel {
    static STOP: LazyLock<Cancel> = LazyLock::new(Cancel::default);
    // a handler that is already set (by a test's host) stays
    let _ = ctrlc::set_handler(|| STOP.stop());
    &STOP
}

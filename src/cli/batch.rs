//! Makes the stories of a plan, over all cores, and keeps what is still good.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use serde_json::json;

use crate::diag::{Code, Diagnostic};
use crate::frame::{self, Contrast, Frame};
use crate::media::{self, Format, Media, Options};
use crate::scene::{self, Scene};

use super::guides::Guides;
use super::ledger::{self, Entry, Ledger};
use super::plan::{Plan, Planned};
use super::report::{Item, Output, Status};

/// WCAG 2.2: text of 18 pt, or bold text of 14 pt, is large; a Story's 1080 units are 360 CSS pixels on a phone.
const LARGE: f32 = 72.0;
const LARGE_BOLD: f32 = 56.0;

/// What a render is asked for.
pub(crate) struct Order<'a> {
    pub plan: &'a Plan,
    pub out: &'a Path,
    pub formats: Vec<Format>,
    pub quality: u8,
    pub force: bool,
    pub guides: bool,
    pub timings: bool,
    pub jobs: usize,
    /// Set by Ctrl-C.
    pub stop: &'a AtomicBool,
}

/// What came of it.
pub(crate) struct Made {
    pub items: Vec<Item>,
    /// Files the stories read; for `--watch`.
    pub files: Vec<PathBuf>,
}

/// Makes every story; `tick` is called after each.
///
/// # Errors
/// When the threads or OUT cannot be had.
pub(crate) fn make(order: &Order<'_>, tick: impl Fn() + Sync) -> anyhow::Result<Made> {
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
            old: &old,
            guides,
            options: order.key_options(),
        };
        each(order.plan, order.stop, &tick, |story| {
            let (item, entry) = worker.story(story);
            if let Some(entry) = entry {
                finished
                    .lock()
                    .expect("no thread panics while it holds this")
                    .push((story.name.clone(), entry));
            }
            item
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
    /// What of the call decides the bytes of an output.
    fn key_options(&self) -> String {
        let formats: Vec<_> = self.formats.iter().map(|f| f.extension()).collect();
        format!("{} q{}", formats.join("+"), self.quality)
    }
}

struct Worker<'a> {
    order: &'a Order<'a>,
    old: &'a Ledger,
    guides: Option<Guides>,
    options: String,
}

/// Milliseconds of each stage.
#[derive(Default)]
struct Timings {
    resolve: f64,
    paint: f64,
    write: f64,
}

fn clocked<T>(spent: &mut f64, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    *spent += start.elapsed().as_secs_f64() * 1000.0;
    done
}

impl Worker<'_> {
    /// One story: kept, made, or failed with its reasons. An entry for what is good in OUT now.
    fn story(&self, story: &Planned) -> (Item, Option<Entry>) {
        let plan = self.order.plan;
        let ready = &plan.templates[story.template];
        let key = ledger::key(plan, story, &self.options);
        if !self.order.force
            && let Some(entry) =
                self.old
                    .unchanged(&story.name, &key, self.order.guides, &ready.assets)
        {
            let mut item = plan.item(story, Status::Unchanged);
            item.outputs.clone_from(&entry.outputs);
            item.said = entry.diagnostics.iter().map(|_| String::new()).collect();
            item.diagnostics.clone_from(&entry.diagnostics);
            return (item, Some(entry.clone()));
        }
        let mut timings = Timings::default();
        let scene = match clocked(&mut timings.resolve, || {
            scene::resolve(&ready.template, &story.row, &ready.assets)
        }) {
            Ok(scene) => scene,
            Err(why) => {
                return (
                    plan.item(story, Status::Failed)
                        .with(&plan.told(story, why)),
                    None,
                );
            }
        };
        let (frame, contrasts) = clocked(&mut timings.paint, || frame::paint_checked(&scene.value));
        let mut told = scene.warnings;
        told.extend(contrasts.iter().filter_map(low_contrast));
        let mut written = clocked(&mut timings.write, || self.write(story, &frame));
        let mut guides = None;
        if let (Ok(_), Some(chrome)) = (&written, &self.guides) {
            match self.write_guides(story, &scene.value, frame, chrome) {
                Ok(output) => guides = Some(output),
                Err(error) => written = Err(error),
            }
        }
        let told = plan.told(story, told);
        let outputs = match written {
            Ok(outputs) => outputs,
            Err(error) => {
                let why =
                    Diagnostic::of_file(Code::UnreadableMedia, &ready.shown, error.to_string());
                return (
                    plan.item(story, Status::Failed)
                        .with(&told)
                        .with(&plan.told(story, vec![why])),
                    None,
                );
            }
        };
        let mut item = plan.item(story, Status::Done).with(&told);
        item.outputs.clone_from(&outputs);
        if self.order.timings {
            let Timings {
                resolve,
                paint,
                write,
            } = timings;
            let ms = |t: f64| (t * 100.0).round() / 100.0;
            item.timings_ms =
                Some(json!({ "resolve": ms(resolve), "paint": ms(paint), "write": ms(write) }));
        }
        let digest = |path: &PathBuf| Some((path.clone(), ledger::digest_of(path, &ready.assets)?));
        let files = scene.value.files.iter().filter_map(digest).collect();
        let entry = Entry {
            key,
            files,
            outputs,
            guides,
            diagnostics: item.diagnostics.clone(),
        };
        (item, Some(entry))
    }

    fn options(&self, format: Format) -> Options {
        Options {
            format,
            quality: self.order.quality,
            unfinished: Some(ledger::folder(self.order.out)),
            ..Options::default()
        }
    }

    fn write(&self, story: &Planned, frame: &Frame) -> Result<Vec<Output>, media::Error> {
        let formats = self.order.formats.iter();
        formats
            .map(|format| {
                let path = self
                    .order
                    .out
                    .join(format!("{}.{}", story.name, format.extension()));
                let options = self.options(*format);
                media::still(frame, &path, &options).map(|m| output(m, options.quality))
            })
            .collect()
    }

    fn write_guides(
        &self,
        story: &Planned,
        scene: &Scene,
        frame: Frame,
        chrome: &Guides,
    ) -> Result<Output, media::Error> {
        let covered = frame::over(frame, &chrome.over(scene));
        let path = self.order.out.join(format!("{}.guides.png", story.name));
        media::still(&covered, &path, &self.options(Format::Png)).map(|m| output(m, 100))
    }
}

fn output(media: Media, asked: u8) -> Output {
    Output {
        path: media.path,
        kind: "image".into(),
        bytes: media.bytes,
        width: media.width,
        height: media.height,
        sha256: media.sha256,
        quality: media.quality.filter(|q| *q < asked),
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

/// Holds stories against everything without writing: resolved, painted, measured.
pub(crate) fn look(plan: &Plan, stop: &AtomicBool, tick: impl Fn() + Sync) -> Vec<Item> {
    each(plan, stop, tick, |story| {
        let ready = &plan.templates[story.template];
        match scene::resolve(&ready.template, &story.row, &ready.assets) {
            Ok(scene) => {
                let (_, contrasts) = frame::paint_checked(&scene.value);
                let mut told = scene.warnings;
                told.extend(contrasts.iter().filter_map(low_contrast));
                plan.item(story, Status::Done).with(&plan.told(story, told))
            }
            Err(why) => plan
                .item(story, Status::Failed)
                .with(&plan.told(story, why)),
        }
    })
}

/// Works on every story over the threads at hand, until `stop`; the items stand in the order of the plan.
fn each(
    plan: &Plan,
    stop: &AtomicBool,
    tick: impl Fn() + Sync,
    work: impl Fn(&Planned) -> Item + Sync,
) -> Vec<Item> {
    // one story at a time goes to a free thread, so that memory grows with threads and not with rows
    let mut made: Vec<(usize, Item)> = plan
        .by_pictures()
        .into_par_iter()
        .with_max_len(1)
        .filter_map(|at| {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let item = work(&plan.stories[at]);
            tick();
            Some((at, item))
        })
        .collect();
    made.sort_by_key(|(at, _)| *at);
    made.into_iter().map(|(_, item)| item).collect()
}

/// Sets a flag on Ctrl-C: the stories in work are finished, no other is begun.
pub(crate) fn on_interrupt() -> &'static AtomicBool {
    static STOP: AtomicBool = AtomicBool::new(false);
    // a handler that is already set (by a test's host) stays
    let _ = ctrlc::set_handler(|| STOP.store(true, Ordering::SeqCst));
    &STOP
}

/// A bar on a terminal, nothing in a pipe.
pub(crate) fn bar(count: usize, quiet: bool) -> indicatif::ProgressBar {
    use std::io::IsTerminal;
    if quiet || count < 2 || !std::io::stderr().is_terminal() {
        return indicatif::ProgressBar::hidden();
    }
    let bar = indicatif::ProgressBar::new(count as u64);
    if let Ok(style) = indicatif::ProgressStyle::with_template("{bar:30} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

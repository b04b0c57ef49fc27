//! Makes the stories of a plan, over all cores, and keeps what is still good.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use rayon::prelude::*;

use super::by_hand;
use super::clash::{self, Beside, Clashes};
use super::contrast;
use super::film;
use super::guides::Guides;
use super::ledger::{self, Entry, Kept, Keys, Ledger};
use super::order::{GUIDES, folder};
use super::{Error, FileFormat, LeftOut, Order, Outcome, Plan, Planned, Status, Timings, Watcher};
use crate::diag::Diagnostic;
use crate::frame::{self, Frame};
use crate::graph::UserTag;
use crate::media::{self, Film, Format, Media, Options};
use crate::platform::Cancel;
use crate::scene::{self, Identity, Scene};

/// Makes every story: stills over all threads, then films one after the other, each of which takes all cores.
///
/// What becomes of a story goes to `watcher` and into the ledger of OUT as soon as it is known: a call that is killed
/// leaves whole files, and the next one goes on where it was.
///
/// Gives the files that the stories read, those of unchanged stories among them.
///
/// # Errors
/// `Threads` and `Out`: the threads, OUT or its ledger cannot be had. What is wrong with one story is in its outcome.
pub fn render(order: &Order<'_>, watcher: &dyn Watcher) -> Result<BTreeSet<PathBuf>, Error> {
    std::fs::create_dir_all(order.out)?;
    media::sweep(&folder(order.out));
    let ledger = Ledger::open(order.out)?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(order.jobs)
        .build()?;
    let files = Mutex::default();
    let broken: Mutex<Option<io::Error>> = Mutex::default();
    pool.install(|| {
        let mut worker = Worker {
            order,
            clashes: None,
            in_the_way: Mutex::default(),
            beside: Beside::of(order),
            keys: Keys::of(order),
            ledger: &ledger,
            guides: order.guides.then(Guides::new),
            files: &files,
        };
        let held = order.formats.make_film_of_stills();
        let work = |worker: &Worker<'_>, only: Option<&BTreeSet<usize>>| {
            each(
                (order.plan, only),
                held,
                &order.cancel,
                |place| match worker.story(place, watcher) {
                    Ok(Some(outcome)) => watcher.outcome(place, outcome),
                    Ok(None) => {}
                    Err(error) => {
                        let mut broken = broken.lock().unwrap_or_else(PoisonError::into_inner);
                        broken.get_or_insert(error);
                    }
                },
            );
        };
        work(&worker, order.only.as_ref());
        let waiting = worker.in_the_way.get_mut();
        let waiting = std::mem::take(waiting.unwrap_or_else(PoisonError::into_inner));
        if !waiting.is_empty() && !order.cancel.is_stopped() {
            worker.clashes = Some(Clashes::of(order, &ledger, &worker.keys, &waiting));
            work(&worker, Some(&waiting));
        }
    });
    match broken.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error.into()),
        None => Ok(files.into_inner().unwrap_or_else(PoisonError::into_inner)),
    }
}

/// Makes the one story of an order, of its plan or of `only`; none where it was stopped before.
///
/// # Errors
/// As [`render`].
pub fn render_one(order: &Order<'_>) -> Result<Option<Outcome>, Error> {
    let ended: Mutex<Option<Outcome>> = Mutex::default();
    render(order, &|_: usize, outcome: Outcome| {
        *ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    })?;
    Ok(ended.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Works on the place of every story, or of `only` some, until `cancel`: on stills over the threads at hand, then on what
/// may be film (all of them, where stills become film, too) one after the other.
pub(super) fn each(
    (plan, only): (&Plan, Option<&BTreeSet<usize>>),
    all_are_film: bool,
    cancel: &Cancel,
    work: impl Fn(usize) + Sync,
) {
    let (films, stills): (Vec<usize>, Vec<usize>) =
        plan.by_pictures(only).into_iter().partition(|at| {
            let ready = &plan.templates[plan.stories[*at].template];
            all_are_film || ready.template.is_film()
        });
    let one = |at: usize| {
        if !cancel.is_stopped() {
            work(at);
        }
    };
    // one story at a time goes to a free thread, so that memory grows with threads and not with rows
    stills.into_par_iter().with_max_len(1).for_each(one);
    films.into_iter().for_each(one);
}

struct Worker<'a> {
    order: &'a Order<'a>,
    ledger: &'a Ledger,
    keys: Keys,
    /// None in the first round: what may be written over something that is none of ours waits for the second, for
    /// which all that is read is looked for.
    clashes: Option<Clashes>,
    /// The places of those stories.
    in_the_way: Mutex<BTreeSet<usize>>,
    beside: Beside,
    guides: Option<Guides>,
    /// What the stories read.
    files: &'a Mutex<BTreeSet<PathBuf>>,
}

fn clocked<T>(spent: &mut f64, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    *spent += start.elapsed().as_secs_f64() * 1000.0;
    done
}

/// Why a story was not made.
enum Fault {
    /// By the user.
    Stopped,
    Found(Vec<Diagnostic>),
}

/// What a story became.
struct Finished {
    media: Vec<Media>,
    guides: Option<Media>,
    mentions: Vec<UserTag>,
    found: Vec<Diagnostic>,
    by_hand: Vec<LeftOut>,
    files: Vec<Identity>,
}

impl Worker<'_> {
    /// One story: kept, made, or failed with its reasons. None where the work was stopped before it was done, or waits for
    /// the second round.
    ///
    /// # Errors
    /// The ledger cannot be written.
    fn story(&self, place: usize, watcher: &dyn Watcher) -> io::Result<Option<Outcome>> {
        let plan = self.order.plan;
        let story = &plan.stories[place];
        let ready = &plan.templates[story.template];
        if let Some(clash) = self.beside.with(story, &ready.shown) {
            let why = story.with_row(vec![clash]);
            return Ok(Some(plan.outcome(place, Status::Failed, why)));
        }
        let key = self.keys.of_story(plan, story);
        if !self.order.force
            && let Some(entry) =
                self.ledger
                    .unchanged(&story.name, &key, self.order.guides, &ready.assets)
        {
            self.note(entry.files.iter().map(|(path, _)| path.as_path()));
            return Ok(Some(Outcome {
                media: entry.media.into_iter().map(|kept| kept.media).collect(),
                mentions: entry.mentions,
                by_hand: entry.by_hand,
                ..plan.outcome(place, Status::Unchanged, entry.diagnostics)
            }));
        }
        if self.clashes.is_none() && clash::is_in_the_way(self.order, self.ledger, story) {
            let waiting = self.in_the_way.lock();
            waiting
                .unwrap_or_else(PoisonError::into_inner)
                .insert(place);
            return Ok(None);
        }
        let mut timings = Timings::default();
        let made = match self.made(story, watcher, &mut timings) {
            Ok(made) => made,
            Err(Fault::Stopped) => return Ok(None),
            Err(Fault::Found(why)) => {
                return Ok(Some(plan.outcome(
                    place,
                    Status::Failed,
                    story.with_row(why),
                )));
            }
        };
        self.note(made.files.iter().map(Identity::path));
        let found = story.with_row(made.found);
        let by_hand: Vec<LeftOut> = made
            .by_hand
            .into_iter()
            .flat_map(|LeftOut { sticker, said }| {
                let said = story.with_row(vec![said]);
                said.into_iter().map(move |said| LeftOut { sticker, said })
            })
            .collect();
        let digest = |file: &Identity| {
            let digest = ledger::digest_of_read(file, &ready.assets);
            (file.path().to_owned(), digest)
        };
        let kept = made.media.iter().map(Kept::of).collect::<Option<Vec<_>>>();
        let guides = made.guides.as_ref().and_then(Kept::of);
        // a file that went away since it was made is made again next time
        if let Some(media) = kept {
            let entry = Entry {
                name: story.name.clone(),
                key,
                files: made.files.iter().map(digest).collect(),
                media,
                guides,
                inputs: ledger::inputs(self.order, story),
                mentions: made.mentions.clone(),
                diagnostics: found.clone(),
                by_hand: by_hand.clone(),
            };
            self.ledger.put(&entry)?;
        }
        Ok(Some(Outcome {
            media: made.media,
            mentions: made.mentions,
            by_hand,
            timings: Some(timings),
            ..plan.outcome(place, Status::Done, found)
        }))
    }

    /// Files that were read.
    fn note<'f>(&self, read: impl Iterator<Item = &'f Path>) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        for path in read {
            if !files.contains(path) {
                files.insert(path.to_owned());
            }
        }
    }

    fn made(
        &self,
        story: &Planned,
        watcher: &dyn Watcher,
        timings: &mut Timings,
    ) -> Result<Finished, Fault> {
        let ready = &self.order.plan.templates[story.template];
        let resolved = clocked(&mut timings.resolve, || {
            scene::resolve(&ready.template, &story.row, &ready.assets)
        })
        .map_err(Fault::Found)?;
        let (mut scene, mut found) = (resolved.value, resolved.warnings);
        let formats = self.order.formats.of(&scene);
        if formats.contains(&FileFormat::Mp4) {
            scene = film::filmed(scene);
        } else if !scene.is_film() {
            found.extend(film::lost_in_a_still(&scene));
        }
        let targets = self.order.targets(&story.name);
        let none = Clashes::default();
        let clashes = self.clashes.as_ref().unwrap_or(&none);
        if let Some(clash) = clashes.with(&targets, &scene.files, &ready.shown) {
            return Err(Fault::Found(vec![clash]));
        }
        match self.written(story, &scene, formats, watcher, &mut found, timings) {
            Ok((media, guides)) => Ok(Finished {
                media,
                guides,
                mentions: by_hand::mentions(&scene),
                found,
                by_hand: scene.by_hand.iter().map(by_hand::left_out).collect(),
                files: scene.files,
            }),
            Err(media::Error::Cancelled) => Err(Fault::Stopped),
            Err(error) => {
                found.push(film::diagnostic(&error, &scene, &ready.shown));
                Err(Fault::Found(found))
            }
        }
    }

    /// Paints and writes what is asked for, and the copy with guides.
    fn written(
        &self,
        story: &Planned,
        scene: &Scene,
        formats: &[FileFormat],
        watcher: &dyn Watcher,
        found: &mut Vec<Diagnostic>,
        timings: &mut Timings,
    ) -> Result<(Vec<Media>, Option<Media>), media::Error> {
        let options = self.order.film_options();
        let (film, still) = clocked(&mut timings.cover, || {
            let film = film::of(scene, &options)?;
            let still = film::cover(scene, film.as_ref())?;
            Ok((film, still))
        })?;
        if let Some(film) = film.as_ref().filter(|_| formats.contains(&FileFormat::Mp4)) {
            found.extend(film::worth_a_look(scene, film));
        }
        let (frame, contrasts) = clocked(&mut timings.paint, || frame::paint_checked(&still));
        found.extend(contrasts.iter().filter_map(contrast::low));
        clocked(&mut timings.write, || {
            let mut media = formats
                .iter()
                .filter_map(|format| match format.still() {
                    Some(format) => Some(self.still(story, &frame, format)),
                    None => Some(self.film(story, scene, film.as_ref()?, watcher, found)),
                })
                .collect::<Result<Vec<_>, _>>()?;
            for media in &mut media {
                media.extras = scene.extras.clone();
            }
            let guides = self.guides.as_ref();
            let guides = guides.map(|chrome| self.write_guides(story, scene, frame, chrome));
            Ok((media, guides.transpose()?))
        })
    }

    fn still(&self, story: &Planned, frame: &Frame, format: Format) -> Result<Media, media::Error> {
        let path = self.order.path(&story.name, format.extension());
        media::still(frame, &path, &self.options(format))
    }

    fn film(
        &self,
        story: &Planned,
        scene: &Scene,
        film: &Film,
        watcher: &dyn Watcher,
        found: &mut Vec<Diagnostic>,
    ) -> Result<Media, media::Error> {
        let mut progress = watcher.film(&story.name);
        let path = self.order.path(&story.name, FileFormat::Mp4.extension());
        let mut media = film.video(&path, &mut *progress)?;
        media.notes.extend(film.about());
        let template = &self.order.plan.templates[story.template].shown;
        found.extend(film::concealed(&media.damaged, scene, template));
        Ok(media)
    }

    fn options(&self, format: Format) -> Options {
        Options {
            format,
            quality: self.order.quality,
            unfinished: Some(folder(self.order.out)),
            ..Options::default()
        }
    }

    fn write_guides(
        &self,
        story: &Planned,
        scene: &Scene,
        frame: Frame,
        chrome: &Guides,
    ) -> Result<Media, media::Error> {
        let covered = frame::over(frame, &chrome.over(scene));
        let path = self.order.path(&story.name, GUIDES);
        media::still(&covered, &path, &self.options(Format::Png))
    }
}

//! Judges the stories of a plan without writing.

use super::contrast;
use super::film;
use super::order::film_options;
use super::render::each;
use super::{Outcome, Plan, Status, Watcher};
use crate::diag::Diagnostic;
use crate::frame;
use crate::media::{self, Film};
use crate::platform::Cancel;
use crate::scene;

/// Holds every story against everything: resolved, painted, measured, its clips looked into. Nothing is written.
pub fn check(plan: &Plan, cancel: &Cancel, watcher: &dyn Watcher) {
    each((plan, None), false, cancel, |place| {
        if let Some(outcome) = one(plan, place, cancel) {
            watcher.outcome(place, outcome);
        }
    });
}

/// What stops a story before it is painted: words that do not fit, files that are not there, expressions that mean nothing.
/// Empty where nothing does. A clip is not looked into.
pub fn stopped_by(plan: &Plan, place: usize) -> Vec<Diagnostic> {
    let story = &plan.stories[place];
    let ready = &plan.templates[story.template];
    match scene::resolve(&ready.template, &story.row, &ready.assets) {
        Ok(_) => Vec::new(),
        Err(why) => story.with_row(why),
    }
}

/// None where the work was stopped.
fn one(plan: &Plan, place: usize, cancel: &Cancel) -> Option<Outcome> {
    let story = &plan.stories[place];
    let ready = &plan.templates[story.template];
    let failed = |why| Some(plan.outcome(place, Status::Failed, story.with_row(why)));
    let (scene, mut found) = match scene::resolve(&ready.template, &story.row, &ready.assets) {
        Ok(resolved) => (resolved.value, resolved.warnings),
        Err(why) => return failed(why),
    };
    if !scene.is_film() {
        found.extend(film::lost_in_a_still(&scene));
    }
    let options = film_options(plan, cancel);
    let still = film::of(&scene, &options).and_then(|film| {
        film.as_ref().map_or(Ok(()), Film::judge)?;
        if let Some(film) = &film {
            found.extend(film::worth_a_look(&scene, film));
        }
        film::cover(&scene, film.as_ref())
    });
    match still {
        Ok(still) => {
            let (_, contrasts) = frame::paint_checked(&still);
            found.extend(contrasts.iter().filter_map(contrast::low));
            Some(plan.outcome(place, Status::Done, story.with_row(found)))
        }
        Err(media::Error::Cancelled) => None,
        Err(error) => {
            found.push(film::diagnostic(&error, &scene, &ready.shown));
            failed(found)
        }
    }
}

//! A batch that people look at before it is rendered for good.
//!
//! In: its stories, held against what was before. Out: groups by what changed, pictures when they are asked for, what was
//! decided. Never: a file in the project's OUT; a decision that is lost with the studio.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rayon::prelude::*;
use serde_json::{Value, json};

use super::asset_files;
use super::batch_against::{Held, Story};
use super::batch_decisions::{Decision, Decisions, Said, Verdict, Wanted};
use super::batch_file::{self, Head};
use super::problem::Problem;
use super::template_files;
use crate::batch::{self, FileFormat, Formats, Order, Outcome, Plan};
use crate::diag::Diagnostic;
use crate::media::Media;
use crate::platform::Cancel;
use crate::publisher::{self, ToPublish};

/// A picture that was made, or why it could not be.
type Made = Result<Media, Vec<Diagnostic>>;

/// So long a batch is looked through before it is shown; what is left is looked at behind its back.
const LOOK: Duration = Duration::from_secs(3);

/// What cannot be made is of this kind, and of this group, whatever else differs.
const FAILED: &str = "failed";

/// A batch.
pub struct Batch {
    /// What was asked for, and when.
    pub head: Head,
    /// What it is held against, in words.
    pub words: String,
    /// Its stories, in the order of the plan.
    pub stories: Vec<Story>,
    /// What failed before it was a story: its name, and why.
    pub failed: Vec<(String, Vec<Diagnostic>)>,
    /// Decisions that ended when it was read again, because something else would come of them now.
    pub ended: usize,
    plan: Plan,
    folder: PathBuf,
    places: HashMap<String, usize>,
    rendered: Mutex<HashMap<usize, Made>>,
    /// One a story, held while its picture is made: each has a folder of its own, so that others need not wait.
    making: Vec<Mutex<()>>,
    decisions: Mutex<Decisions>,
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch")
            .field("id", &self.head.id)
            .field("stories", &self.stories.len())
            .finish_non_exhaustive()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Batch {
    /// A batch of what is held. Decisions of another time hold for stories that are made of the same as then.
    pub fn new(head: Head, folder: PathBuf, held: Held, mut decisions: Decisions) -> Self {
        let Held {
            plan,
            stories,
            words,
        } = held;
        let places: HashMap<String, usize> = stories
            .iter()
            .enumerate()
            .map(|(place, story)| (story.name.clone(), place))
            .collect();
        let ended = match decisions.is_any() {
            false => 0,
            true => {
                let are_same_files = asset_files::digest(&plan.project) == head.assets;
                decisions.end(|name, decision| {
                    let now = places.get(name).map(|place| &stories[*place].key);
                    let is_same = now.is_some_and(|key| head.keys.get(name) == Some(key));
                    // of what was not made yet, nobody knows which files it reads
                    is_same && (are_same_files || decision.sha256.is_some())
                })
            }
        };
        let failed = plan.failed.iter().map(|failed| {
            let row = failed
                .row
                .map_or_else(String::new, |row| format!(", row {row}"));
            let project = &plan.project;
            let input = template_files::relative(project, &failed.input);
            let input = input.unwrap_or_else(|| failed.input.display().to_string());
            let found = template_files::local(&failed.diagnostics, project);
            (format!("{input}{row}"), found)
        });
        Self {
            failed: failed.collect(),
            making: stories.iter().map(|_| Mutex::default()).collect(),
            rendered: Mutex::default(),
            decisions: Mutex::new(decisions),
            head,
            words,
            stories,
            ended,
            plan,
            folder,
            places,
        }
    }

    /// Lays out what is not as it was before, so that what cannot be made is known before anybody asks for its picture.
    pub fn look(self: &Arc<Self>) {
        let until = Instant::now() + LOOK;
        let all = self.stories.par_iter().enumerate();
        let left: Vec<usize> = all
            .filter(|(_, story)| story.kind != "same")
            .map(|(place, _)| place)
            .filter(|place| {
                let is_late = Instant::now() > until;
                if !is_late {
                    self.look_at(*place);
                }
                is_late
            })
            .collect();
        if left.is_empty() {
            return;
        }
        let batch = Arc::downgrade(self);
        std::thread::spawn(move || {
            for place in left {
                // nobody has it open any more
                let Some(batch) = batch.upgrade() else { return };
                batch.look_at(place);
            }
        });
    }

    fn look_at(&self, place: usize) {
        let wrong = batch::stopped_by(&self.plan, place);
        let wrong = template_files::local(&wrong, &self.plan.project);
        if !wrong.is_empty() {
            locked(&self.rendered).entry(place).or_insert(Err(wrong));
        }
    }

    /// Why a story cannot be made, as far as that is known.
    pub fn wrong(&self, story: &Story) -> Option<Vec<Diagnostic>> {
        let place = self.places.get(&story.name)?;
        match locked(&self.rendered).get(place) {
            Some(Err(wrong)) => Some(wrong.clone()),
            _ => None,
        }
    }

    fn is_failed(&self, story: &Story) -> bool {
        let place = self.places.get(&story.name);
        place.is_some_and(|place| matches!(locked(&self.rendered).get(place), Some(Err(_))))
    }

    /// `new`, `changed`, `same`; `failed` where it cannot be made.
    pub fn kind(&self, story: &Story) -> &'static str {
        match self.is_failed(story) {
            true => FAILED,
            false => story.kind,
        }
    }

    /// The group of those that differ in the same, or of those that cannot be made.
    pub fn group<'s>(&self, story: &'s Story) -> &'s str {
        match self.is_failed(story) {
            true => FAILED,
            false => &story.group,
        }
    }

    /// Its group in words.
    pub fn title(&self, story: &Story) -> String {
        match self.is_failed(story) {
            true => "Cannot be made".to_owned(),
            false => story.title(),
        }
    }

    /// How many stories are of a kind.
    pub fn count(&self, kind: &str) -> usize {
        let all = self.stories.iter();
        all.filter(|story| self.kind(story) == kind).count()
    }

    /// What cannot be made: what was no story yet, and stories; each with why.
    pub fn failures(&self) -> Vec<Value> {
        let early = self.failed.iter();
        let early = early.map(|(name, found)| json!({ "name": name, "diagnostics": found }));
        let late = self.stories.iter().filter_map(|story| {
            let found = self.wrong(story)?;
            Some(json!({ "name": story.name, "diagnostics": found }))
        });
        early.chain(late).collect()
    }

    /// A story by its name.
    ///
    /// # Errors
    /// 404 where it has none of that name.
    pub fn place(&self, name: &str) -> Result<usize, Problem> {
        let found = self.places.get(name).copied();
        found.ok_or_else(|| Problem::not_found(format!("no story `{name}` in this batch")))
    }

    /// The picture of a story as it is now, made when it is first asked for.
    ///
    /// # Errors
    /// 422 with what is wrong with it.
    pub fn picture(&self, place: usize, stop: &Cancel) -> Result<Media, Problem> {
        let look = || locked(&self.rendered).get(&place).cloned();
        let found = look().unwrap_or_else(|| {
            let _making = locked(&self.making[place]);
            // somebody else may have made it meanwhile
            look().unwrap_or_else(|| self.render(place, stop))
        });
        match found {
            Ok(media) => Ok(media),
            Err(wrong) => Err(Problem::of_diagnostics("it cannot be made", &wrong)),
        }
    }

    fn render(&self, place: usize, stop: &Cancel) -> Made {
        let out = self.folder.join("pictures").join(place.to_string());
        let order = order(&self.plan, &out);
        // of the folder, or stopped: it may go well the next time
        let outcome = self.outcome(place, order, stop)?;
        let made = outcome.media.into_iter().next();
        let made =
            made.ok_or_else(|| template_files::local(&outcome.diagnostics, &self.plan.project));
        if let Ok(media) = &made {
            // written with the next decision: until then the picture is what it is
            locked(&self.decisions).seen(&self.stories[place].name, &media.sha256);
        }
        locked(&self.rendered).insert(place, made.clone());
        made
    }

    /// Makes one story.
    fn outcome(
        &self,
        place: usize,
        order: Order<'_>,
        stop: &Cancel,
    ) -> Result<Outcome, Vec<Diagnostic>> {
        let order = Order {
            only: Some(BTreeSet::from([place])),
            jobs: 1,
            cancel: stop.clone(),
            ..order
        };
        let failed = |text: String| {
            let ready = &self.plan.templates[self.plan.stories[place].template];
            let code = crate::diag::Code::UnreadableMedia;
            vec![Diagnostic::of_file(code, &ready.shown, text)]
        };
        let ended = batch::render_one(&order).map_err(|error| failed(error.to_string()))?;
        ended.ok_or_else(|| failed("it was stopped".to_owned()))
    }

    /// A story as it goes out: of film the film, not its cover.
    ///
    /// # Errors
    /// 409 where it is not the picture that was approved; 422 with what is wrong with it.
    pub fn finished(&self, place: usize, stop: &Cancel) -> Result<ToPublish, Problem> {
        // a decision about another picture ends here
        self.picture(place, stop)?;
        let name = &self.stories[place].name;
        if self.is_decided() && !self.approved().contains(&place) {
            return Err(Problem::conflict(format!("`{name}` is not approved")));
        }
        let _making = locked(&self.making[place]);
        let out = self.folder.join("files").join(place.to_string());
        let order = Order {
            formats: Formats::default(),
            ..order(&self.plan, &out)
        };
        let wrong = |found: Vec<Diagnostic>| {
            let found = template_files::local(&found, &self.plan.project);
            Problem::of_diagnostics("it cannot be made", &found)
        };
        let outcome = self.outcome(place, order, stop).map_err(wrong)?;
        let Some(media) = publisher::deliverable(&outcome.media).cloned() else {
            return Err(wrong(outcome.diagnostics));
        };
        let input = outcome.input.strip_prefix(&self.plan.project.root);
        Ok(ToPublish {
            name: name.clone(),
            template: input.ok().map(|path| path.display().to_string()),
            media,
            mentions: outcome.mentions,
            account: None,
            due: None,
        })
    }

    /// Several stories as they go out, all of them or none.
    ///
    /// # Errors
    /// As [`Self::finished`].
    pub fn all_finished(&self, places: &[usize], stop: &Cancel) -> Result<Vec<ToPublish>, Problem> {
        let each = places.iter().map(|place| self.finished(*place, stop));
        each.collect()
    }

    /// The file that a story is held against.
    ///
    /// # Errors
    /// 404 where there is none.
    pub fn before(&self, place: usize) -> Result<Media, Problem> {
        let media = self.stories[place].before.as_ref();
        let media = media.filter(|media| media.path.is_file());
        media
            .cloned()
            .ok_or_else(|| Problem::not_found("it was in no batch before"))
    }

    /// What was decided about a story.
    pub fn decision(&self, name: &str) -> Option<Decision> {
        locked(&self.decisions).of(name).cloned()
    }

    /// Whether anything was decided.
    pub fn is_decided(&self) -> bool {
        locked(&self.decisions).is_any()
    }

    /// Ends what was approved unseen, where the files of the project are others since.
    pub fn end_stale(&self) {
        if asset_files::digest(&self.plan.project) != self.head.assets {
            let is_seen = |_: &str, decision: &Decision| decision.sha256.is_some();
            locked(&self.decisions).end(is_seen);
        }
    }

    /// The places of the stories that were approved; of all, where nothing was decided.
    pub fn approved(&self) -> Vec<usize> {
        let decisions = locked(&self.decisions);
        let is_meant = |story: &Story| {
            let decision = decisions.of(&story.name);
            !decisions.is_any() || decision.is_some_and(|said| said.verdict == Verdict::Approve)
        };
        let all = self.stories.iter().enumerate();
        all.filter(|(_, story)| is_meant(story))
            .map(|(place, _)| place)
            .collect()
    }

    /// Decides, and keeps that; gives how many stories were decided about.
    ///
    /// # Errors
    /// 422 for a group or story that it has not, and for another verdict; 500 where it cannot be kept. Nothing is decided then.
    pub fn decide(&self, all: &[Said], by: &str, now: Timestamp) -> Result<usize, Problem> {
        let mut decisions = locked(&self.decisions);
        let mut changed = decisions.clone();
        let count = match all {
            [said] if said.verdict == "undo" => changed.undo(),
            _ => {
                let wanted = self.wanted(all, by, now)?;
                let count = wanted.len();
                changed.put(wanted);
                count
            }
        };
        batch_file::write_decisions(&self.folder, &changed).map_err(Problem::internal)?;
        *decisions = changed;
        Ok(count)
    }

    fn wanted(&self, all: &[Said], by: &str, now: Timestamp) -> Result<Wanted, Problem> {
        let singles: BTreeSet<&str> = all
            .iter()
            .filter_map(|said| said.story.as_deref())
            .collect();
        let mut wanted = Wanted::new();
        for said in all {
            let verdict = match said.verdict.as_str() {
                "approve" => Verdict::Approve,
                "reject" => Verdict::Reject,
                "undo" => return Err(Problem::invalid("`undo` stands alone in a call")),
                other => {
                    return Err(Problem::invalid(format!(
                        "a verdict is approve, reject or undo, not `{other}`"
                    )));
                }
            };
            let meant = self.meant(said, &singles)?;
            let failed = meant.iter().find(|at| self.is_failed(&self.stories[**at]));
            if let Some(at) = failed
                && verdict == Verdict::Approve
            {
                let name = &self.stories[*at].name;
                let what = format!("`{name}` cannot be made: there is nothing to approve");
                return Err(Problem::invalid(what));
            }
            let rendered = locked(&self.rendered);
            wanted.extend(meant.into_iter().map(|place| {
                let made = rendered.get(&place).and_then(|made| made.as_ref().ok());
                let decision = Decision {
                    verdict,
                    by: by.to_owned(),
                    at: now,
                    note: said.note.clone(),
                    sha256: made.map(|media| media.sha256.clone()),
                };
                (self.stories[place].name.clone(), Some(decision))
            }));
        }
        Ok(wanted)
    }

    /// The stories that a decision is about. One that the same call names alone is not its group's.
    fn meant(&self, said: &Said, singles: &BTreeSet<&str>) -> Result<Vec<usize>, Problem> {
        match (&said.story, &said.group) {
            (Some(name), None) => {
                let place = self.place(name);
                Ok(vec![
                    place.map_err(|problem| Problem::invalid(problem.detail()))?,
                ])
            }
            (None, Some(group)) => {
                let own = self.stories.iter().enumerate();
                let own = own.filter(|(_, story)| self.group(story) == group);
                if own.clone().next().is_none() {
                    let what = format!("no group `{group}` in this batch");
                    return Err(Problem::invalid(what));
                }
                let own = own.filter(|(_, story)| !singles.contains(story.name.as_str()));
                Ok(own.map(|(place, _)| place).collect())
            }
            _ => Err(Problem::invalid(
                "a decision is about a `story` or a `group`",
            )),
        }
    }

    /// The groups: what changed, and how many stories in it.
    pub fn groups(&self) -> Vec<Value> {
        let mut groups: BTreeMap<&str, Vec<&Story>> = BTreeMap::new();
        for story in &self.stories {
            groups.entry(self.group(story)).or_default().push(story);
        }
        let decisions = locked(&self.decisions);
        let mut told: Vec<Value> = groups
            .into_iter()
            .map(|(id, stories)| {
                let decided = |verdict: Verdict| {
                    let of = |story: &&&Story| {
                        decisions.of(&story.name).is_some_and(|d| d.verdict == verdict)
                    };
                    stories.iter().filter(of).count()
                };
                let first = stories[0];
                json!({
                    "id": id, "kind": self.kind(first), "causes": first.causes, "title": self.title(first), "count": stories.len(),
                    "approved": decided(Verdict::Approve), "rejected": decided(Verdict::Reject),
                })
            })
            .collect();
        // what cannot be made is seen first; what has not changed needs no look, and comes last
        told.sort_by_key(|group| {
            let count = group["count"].as_u64();
            let rank = (group["kind"] != FAILED, group["kind"] == "same");
            (rank, std::cmp::Reverse(count))
        });
        told
    }

    /// A story as programs are told.
    pub fn told(&self, story: &Story) -> Value {
        let place = self.places.get(&story.name);
        let made = place.and_then(|place| locked(&self.rendered).get(place).cloned());
        let (sha256, diagnostics) = match made {
            Some(Ok(media)) => (Some(media.sha256), Vec::new()),
            Some(Err(wrong)) => (None, wrong),
            None => (None, Vec::new()),
        };
        json!({
            "name": story.name, "kind": self.kind(story), "group": self.group(story), "causes": story.causes,
            "before": story.before.as_ref().map(|media| json!({ "sha256": media.sha256 })),
            "sha256": sha256, "diagnostics": diagnostics, "decision": self.decision(&story.name),
        })
    }
}

/// As a batch is rendered for good, with a film's cover in place of the film.
fn order<'a>(plan: &'a Plan, out: &'a Path) -> Order<'a> {
    Order {
        formats: Formats {
            stills: vec![FileFormat::Jpg],
            films: vec![FileFormat::Jpg],
        },
        ..Order::new(plan, out)
    }
}

//! Batches that people look at before they are rendered for good: against the last one, or against what is live.
//!
//! In: templates and data. Out: stories in groups by what changed, each with its picture when it is asked for, and what was
//! decided about it. Never: a file in the project's OUT.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::problem::Problem;
use crate::batch::{self, Compared, FileFormat, Formats, Order, Outcome, Plan, Selection};
use crate::diag::Diagnostic;
use crate::media::Media;
use crate::platform::Cancel;
use crate::project::{Project, SOURCE};
use crate::source::When;
use crate::store::{self, Filter, Store};

/// Where their pictures are made, below the project.
const FOLDER: &str = ".storypress/studio/batches";

/// Batches that are held at the same time; the oldest goes first.
const MOST: usize = 16;

/// All that are open.
#[derive(Debug, Default)]
pub struct Batches(Mutex<Vec<Arc<Batch>>>);

/// What is asked for.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::ToSchema)]
pub struct Asked {
    /// Templates, or folders of templates, against the project's folder.
    pub templates: Vec<String>,
    /// A data file against the project's folder, or `source:NAME`.
    pub data: Option<String>,
    /// `last`: the last batch in the project's OUT, the default. `live`: what is live on the accounts.
    pub against: Option<String>,
}

/// Of which project, and when.
#[derive(Debug, Clone, Copy)]
pub struct Of<'a> {
    /// The project as its file says now.
    pub project: &'a Project,
    /// Its memory; none where nothing was ever remembered.
    pub store: Option<&'a Store>,
    /// The time that is meant.
    pub now: Timestamp,
}

/// A batch.
pub struct Batch {
    /// Its name.
    pub id: String,
    /// What was asked for.
    pub asked: Asked,
    /// When.
    pub made: Timestamp,
    /// Its stories, in the order of the plan.
    pub stories: Vec<Story>,
    /// What failed before it was a story: its name, and why.
    pub failed: Vec<(String, Vec<Diagnostic>)>,
    plan: Plan,
    out: PathBuf,
    rendered: Mutex<HashMap<usize, Result<Media, Vec<Diagnostic>>>>,
    /// Held while a picture is made: a run sweeps its folder first, and none may be at work in it then.
    making: Mutex<()>,
    decisions: Mutex<Decisions>,
}

/// A story of a batch.
#[derive(Debug, Clone)]
pub struct Story {
    /// Its name, as its file will be called.
    pub name: String,
    /// `new`, `changed`, `same`.
    pub kind: &'static str,
    /// What differs.
    pub causes: Vec<String>,
    /// The group of those that differ in the same.
    pub group: String,
    /// The file that it is held against.
    pub before: Option<Media>,
}

/// What was decided, story by story.
#[derive(Debug, Default)]
struct Decisions {
    by_story: BTreeMap<String, Decision>,
    /// What stood there before each call, for undoing.
    before: Vec<Vec<(String, Option<Decision>)>>,
}

/// What was decided about a story.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    /// `approve` or `reject`.
    pub verdict: &'static str,
    /// Who has decided.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why, where it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One decision of a call.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
pub struct Said {
    /// A group: all of its stories that are not decided one by one.
    pub group: Option<String>,
    /// One story.
    pub story: Option<String>,
    /// `approve`, `reject`, or `undo`, which takes the last call's decisions back.
    pub verdict: String,
    /// Why.
    pub note: Option<String>,
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch")
            .field("id", &self.id)
            .field("stories", &self.stories.len())
            .finish_non_exhaustive()
    }
}

impl Batches {
    fn all(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Batch>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The open batches, the newest first.
    pub fn list(&self) -> Vec<Arc<Batch>> {
        self.all().iter().rev().cloned().collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// 404 where it is open no longer.
    pub fn get(&self, id: &str) -> Result<Arc<Batch>, Problem> {
        let found = self.all().iter().find(|batch| batch.id == id).cloned();
        found.ok_or_else(|| {
            Problem::not_found(format!(
                "no batch `{id}`: it is forgotten when the studio ends"
            ))
        })
    }

    /// Plans a batch, and holds it against what is asked.
    ///
    /// # Errors
    /// 422 with what is wrong in the call as a whole.
    pub async fn open(&self, of: &Of<'_>, asked: Asked) -> Result<Arc<Batch>, Problem> {
        let batch = Arc::new(Batch::of(of, asked).await?);
        let mut all = self.all();
        if all.len() == MOST {
            let oldest = all.remove(0);
            let _ = std::fs::remove_dir_all(&oldest.out);
        }
        all.push(Arc::clone(&batch));
        Ok(batch)
    }
}

impl Batch {
    async fn of(of: &Of<'_>, asked: Asked) -> Result<Self, Problem> {
        let plan = planned(of, &asked).await?;
        let id = format!(
            "{:x}",
            blake3::hash(format!("{:?}{}", asked, of.now).as_bytes()).as_bytes()[..5]
                .iter()
                .fold(0_u64, |id, byte| id << 8 | u64::from(*byte))
        );
        let last = of.project.out.as_ref().map_or_else(
            || of.project.root.join("out"),
            |out| of.project.root.join(out),
        );
        let compared = batch::compare(&order(&plan, &last)).map_err(Problem::internal)?;
        let live = match asked.against.as_deref() {
            None | Some("last") => None,
            Some("live") => Some(live(of).await?),
            Some(other) => {
                return Err(Problem::invalid(format!(
                    "`against` is `last` or `live`, not `{other}`"
                )));
            }
        };
        let stories = compared
            .into_iter()
            .map(|one| story(&plan, one, live.as_ref()))
            .collect();
        let failed = plan.failed.iter().map(|failed| {
            let row = failed
                .row
                .map_or_else(String::new, |row| format!(", row {row}"));
            (
                format!("{}{row}", failed.input.display()),
                failed.diagnostics.clone(),
            )
        });
        Ok(Self {
            failed: failed.collect(),
            out: of.project.root.join(FOLDER).join(&id),
            id,
            asked,
            made: of.now,
            stories,
            plan,
            rendered: Mutex::default(),
            making: Mutex::default(),
            decisions: Mutex::default(),
        })
    }

    /// A story by its name.
    ///
    /// # Errors
    /// 404 where it has none of that name.
    pub fn place(&self, name: &str) -> Result<usize, Problem> {
        let found = self.stories.iter().position(|story| story.name == name);
        found.ok_or_else(|| Problem::not_found(format!("no story `{name}` in this batch")))
    }

    /// The picture of a story as it is now, made when it is first asked for.
    ///
    /// # Errors
    /// 422 with what is wrong with it.
    pub fn picture(&self, place: usize, stop: &Cancel) -> Result<Media, Problem> {
        let known = |rendered: &HashMap<usize, Result<Media, Vec<Diagnostic>>>| {
            rendered.get(&place).cloned()
        };
        let look = || known(&self.rendered.lock().unwrap_or_else(PoisonError::into_inner));
        let found = look().unwrap_or_else(|| {
            let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
            // somebody else may have made it meanwhile
            look().unwrap_or_else(|| self.render(place, stop))
        });
        match found {
            Ok(media) => Ok(media),
            Err(wrong) => Err(Problem::of_diagnostics("it cannot be made", &wrong)),
        }
    }

    fn render(&self, place: usize, stop: &Cancel) -> Result<Media, Vec<Diagnostic>> {
        let order = Order {
            only: Some(BTreeSet::from([place])),
            jobs: 1,
            cancel: stop.clone(),
            ..order(&self.plan, &self.out)
        };
        let ended: Mutex<Option<Outcome>> = Mutex::default();
        let watcher = |_: usize, outcome: Outcome| {
            *ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        };
        let failed = |text: String| {
            let file = self.plan.templates[self.plan.stories[place].template]
                .shown
                .clone();
            vec![Diagnostic::of_file(
                crate::diag::Code::UnreadableMedia,
                &file,
                text,
            )]
        };
        let made = match batch::render(&order, &watcher) {
            // of the folder, not of the story: it may go well the next time
            Err(error) => return Err(failed(error.to_string())),
            Ok(_) => match ended.into_inner().unwrap_or_else(PoisonError::into_inner) {
                None => return Err(failed("it was stopped".to_owned())),
                Some(outcome) => match outcome.media.into_iter().next() {
                    Some(media) => Ok(media),
                    None => Err(outcome.diagnostics),
                },
            },
        };
        let mut rendered = self.rendered.lock().unwrap_or_else(PoisonError::into_inner);
        rendered.insert(place, made.clone());
        made
    }

    /// The file that a story is held against.
    ///
    /// # Errors
    /// 404 where there is none.
    pub fn before(&self, place: usize) -> Result<Media, Problem> {
        let media = self.stories[place]
            .before
            .as_ref()
            .filter(|media| media.path.is_file());
        media
            .cloned()
            .ok_or_else(|| Problem::not_found("it was in no batch before"))
    }

    /// What was decided about a story.
    pub fn decision(&self, name: &str) -> Option<Decision> {
        let decisions = self
            .decisions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        decisions.by_story.get(name).cloned()
    }

    /// Decides; gives how many stories were decided about.
    ///
    /// # Errors
    /// 422 for a group or story that it has not, and for another verdict. Nothing is decided then.
    pub fn decide(&self, all: &[Said], by: &str, now: Timestamp) -> Result<usize, Problem> {
        let mut decisions = self
            .decisions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut wanted: Vec<(String, Option<Decision>)> = Vec::new();
        let singles: BTreeSet<&str> = all
            .iter()
            .filter_map(|said| said.story.as_deref())
            .collect();
        if all.len() > 1 && all.iter().any(|said| said.verdict == "undo") {
            return Err(Problem::invalid("`undo` stands alone in a call"));
        }
        for said in all {
            let verdict = match said.verdict.as_str() {
                "approve" => "approve",
                "reject" => "reject",
                "undo" => {
                    let last = decisions.before.pop().unwrap_or_default();
                    let count = last.len();
                    decisions.put(last);
                    return Ok(count);
                }
                other => {
                    return Err(Problem::invalid(format!(
                        "a verdict is approve, reject or undo, not `{other}`"
                    )));
                }
            };
            let names = self.meant(said, &singles)?;
            wanted.extend(names.into_iter().map(|name| {
                let decision = Decision {
                    verdict,
                    by: by.to_owned(),
                    at: now,
                    note: said.note.clone(),
                };
                (name, Some(decision))
            }));
        }
        let before = wanted
            .iter()
            .map(|(name, _)| (name.clone(), decisions.by_story.get(name).cloned()));
        let before = before.collect();
        decisions.before.push(before);
        let count = wanted.len();
        decisions.put(wanted);
        Ok(count)
    }

    /// The stories that a decision is about. One that the same call names alone is not its group's.
    fn meant(&self, said: &Said, singles: &BTreeSet<&str>) -> Result<Vec<String>, Problem> {
        match (&said.story, &said.group) {
            (Some(name), None) => {
                let place = self.place(name);
                place.map_err(|problem| Problem::invalid(problem.detail()))?;
                Ok(vec![name.clone()])
            }
            (None, Some(group)) => {
                let own = self.stories.iter().filter(|story| story.group == *group);
                let own = own.filter(|story| !singles.contains(story.name.as_str()));
                let names: Vec<String> = own.map(|story| story.name.clone()).collect();
                match names.is_empty() {
                    true => Err(Problem::invalid(format!(
                        "no group `{group}` in this batch"
                    ))),
                    false => Ok(names),
                }
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
            groups.entry(&story.group).or_default().push(story);
        }
        let decisions = self
            .decisions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut told: Vec<Value> = groups
            .into_iter()
            .map(|(id, stories)| {
                let decided = |verdict: &str| {
                    let of = |story: &&&Story| decisions.by_story.get(&story.name).is_some_and(|d| d.verdict == verdict);
                    stories.iter().filter(of).count()
                };
                let first = stories[0];
                json!({
                    "id": id, "kind": first.kind, "causes": first.causes, "title": title(first), "count": stories.len(),
                    "approved": decided("approve"), "rejected": decided("reject"),
                })
            })
            .collect();
        // what has not changed needs no look, and comes last
        told.sort_by_key(|group| {
            (
                group["kind"] == "same",
                std::cmp::Reverse(group["count"].as_u64()),
            )
        });
        told
    }

    /// A story as programs are told.
    pub fn told(&self, story: &Story) -> Value {
        let rendered = self.rendered.lock().unwrap_or_else(PoisonError::into_inner);
        let place = self
            .stories
            .iter()
            .position(|other| other.name == story.name);
        let made = place.and_then(|place| rendered.get(&place));
        let (sha256, diagnostics) = match made {
            Some(Ok(media)) => (Some(media.sha256.clone()), Vec::new()),
            Some(Err(wrong)) => (None, wrong.clone()),
            None => (None, Vec::new()),
        };
        json!({
            "name": story.name, "kind": story.kind, "group": story.group, "causes": story.causes,
            "before": story.before.as_ref().map(|media| json!({ "sha256": media.sha256 })),
            "sha256": sha256, "diagnostics": diagnostics, "decision": self.decision(&story.name),
        })
    }
}

impl Decisions {
    fn put(&mut self, all: Vec<(String, Option<Decision>)>) {
        for (name, decision) in all {
            match decision {
                Some(decision) => drop(self.by_story.insert(name, decision)),
                None => drop(self.by_story.remove(&name)),
            }
        }
    }
}

/// As a batch is rendered for good, with a film's cover in place of the film.
fn order<'a>(plan: &'a Plan, out: &'a std::path::Path) -> Order<'a> {
    Order {
        formats: Formats {
            stills: vec![FileFormat::Jpg],
            films: vec![FileFormat::Jpg],
        },
        ..Order::new(plan, out)
    }
}

/// The stories that are meant.
async fn planned(of: &Of<'_>, asked: &Asked) -> Result<Plan, Problem> {
    if asked.templates.is_empty() {
        return Err(Problem::invalid("`templates` names none"));
    }
    let mut paths = Vec::new();
    for name in &asked.templates {
        paths.push(inside(of, name)?);
    }
    let data = match asked.data.as_deref().filter(|data| !data.is_empty()) {
        None => None,
        Some(data) if data.starts_with(SOURCE) => Some(PathBuf::from(data)),
        Some(data) => Some(inside(of, data)?),
    };
    let mut selection = Selection {
        paths,
        data,
        now: Some(of.now.to_string()),
        ..Selection::default()
    };
    let asked = batch::ask_source(&mut selection, of.project, When::Never, of.now).await;
    asked.map_err(|error| Problem::invalid(error.to_string()))?;
    batch::plan(&selection, of.project.clone()).map_err(|error| Problem::invalid(error.to_string()))
}

/// A path of the project.
fn inside(of: &Of<'_>, name: &str) -> Result<PathBuf, Problem> {
    let root = &of.project.root;
    let found = root
        .join(name)
        .canonicalize()
        .ok()
        .filter(|path| path.starts_with(root));
    let is_hidden = name.split('/').any(|part| part.starts_with('.'));
    let found = found.filter(|_| !is_hidden);
    found.ok_or_else(|| Problem::invalid(format!("no `{name}` in this project")))
}

/// What is live, by name.
async fn live(of: &Of<'_>) -> Result<HashMap<String, Media>, Problem> {
    let Some(store) = of.store else {
        return Ok(HashMap::new());
    };
    let filter = Filter {
        states: vec!["live".to_owned()],
        ..Filter::default()
    };
    let internal = |error: store::Error| Problem::internal(error);
    let stories = store.list(&filter).await.map_err(internal)?.into_iter();
    let kept = stories.map(|story| {
        let media = story.outgoing.media;
        let path = store.kept(&media).unwrap_or_else(|| media.path.clone());
        (story.name, Media { path, ..media })
    });
    Ok(kept.collect())
}

fn story(plan: &Plan, one: Compared, live: Option<&HashMap<String, Media>>) -> Story {
    let name = plan.stories[one.place].name.clone();
    let (before, causes) = match live {
        None => (one.before, one.causes),
        Some(live) => match (live.get(&name), one.before) {
            (None, _) => (None, Vec::new()),
            // what is live is the last batch's: what differs from that is known
            (Some(media), Some(last)) if last.sha256 == media.sha256 => {
                (Some(media.clone()), one.causes)
            }
            (Some(media), _) => (
                Some(media.clone()),
                vec!["other than what is live".to_owned()],
            ),
        },
    };
    let kind = match (&before, causes.is_empty()) {
        (None, _) => "new",
        (Some(_), true) => "same",
        (Some(_), false) => "changed",
    };
    let group = blake3::hash(format!("{kind}{causes:?}").as_bytes()).to_hex()[..10].to_owned();
    Story {
        name,
        kind,
        causes,
        group,
        before,
    }
}

/// A group in words.
pub fn title(story: &Story) -> String {
    match story.kind {
        "new" => "New".to_owned(),
        "same" => "Nothing changed".to_owned(),
        _ => format!("Changed only in {}", story.causes.join(" and ")),
    }
}

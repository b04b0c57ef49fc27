//! What a batch is held against: the last one in a folder of finished files, or what is live.
//!
//! In: what is asked, a project and its memory. Out: a plan, and its stories in groups by what differs. Never: a file that is
//! written, or one outside the project.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;

use super::batch_file::Asked;
use super::problem::Problem;
use super::template_files::relative;
use crate::batch::{self, Compared, Order, Plan, Previewer, Selection};
use crate::media::Media;
use crate::project::{Project, SOURCE};
use crate::source::When;
use crate::store::{Filter, Store};

/// How deep folders of finished files are looked for.
const DEPTH: usize = 4;

/// Folders that are looked through at most.
const MOST_FOLDERS: usize = 5_000;

/// Of which project, when, and with what.
#[derive(Debug, Clone, Copy)]
pub struct Of<'a> {
    /// The project as its file says now.
    pub project: &'a Project,
    /// Its memory; none where nothing was ever remembered.
    pub store: Option<&'a Store>,
    /// The time that is meant.
    pub now: Timestamp,
    /// What keeps fonts and pictures.
    pub previewer: &'a Previewer,
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
    /// What it is made from but the files that it reads.
    pub key: String,
}

impl Story {
    /// Its group in words.
    pub fn title(&self) -> String {
        match self.kind {
            "new" => "New".to_owned(),
            "same" => "Nothing changed".to_owned(),
            _ => format!("Changed only in {}", self.causes.join(" and ")),
        }
    }
}

/// The stories of a call, held against what it names.
pub struct Held {
    /// The stories as they will be.
    pub plan: Plan,
    /// The same, in the same order, with what differs.
    pub stories: Vec<Story>,
    /// What they are held against, in words: `the last batch in out`.
    pub words: String,
}

/// Plans what is asked, and holds it against what is asked.
///
/// # Errors
/// 422 with what is wrong in the call as a whole.
pub async fn held(of: &Of<'_>, asked: &Asked) -> Result<Held, Problem> {
    let plan = planned(of, asked).await?;
    let last = match asked.out.as_deref().filter(|out| !out.is_empty()) {
        Some(named) => Some(folder_named(of, named)?),
        None => last_out(of.project),
    };
    let (live, words) = match asked.against.as_deref() {
        None | Some("last" | "") => (None, words(of.project, last.as_deref())),
        Some("live") => (Some(live(of).await?), "what is live".to_owned()),
        Some(other) => {
            return Err(Problem::invalid(format!(
                "`against` is `last` or `live`, not `{other}`"
            )));
        }
    };
    // a folder that is not there holds no batch
    let out = last.unwrap_or_else(|| of.project.root.join("out"));
    let compared = batch::compare(&Order::new(&plan, &out)).map_err(Problem::internal)?;
    let stories = compared
        .into_iter()
        .map(|one| story(&plan, one, live.as_ref()))
        .collect();
    Ok(Held {
        stories,
        words,
        plan,
    })
}

fn words(project: &Project, last: Option<&Path>) -> String {
    let Some(last) = last.filter(|last| batch::last_made(last).is_some()) else {
        return "no batch: none was rendered before".to_owned();
    };
    match relative(project, last) {
        Some(name) if name.is_empty() => "the last batch in the project's folder".to_owned(),
        Some(name) => format!("the last batch in {name}"),
        None => format!("the last batch in {}", last.display()),
    }
}

/// The project's OUT; where nothing was ever rendered to it, the folder of the project that was rendered to last.
fn last_out(project: &Project) -> Option<PathBuf> {
    let own = project.out.as_ref().map(|out| project.root.join(out));
    match own {
        Some(own) if batch::last_made(&own).is_some() => Some(own),
        own => outs(project).into_iter().next().or(own),
    }
}

/// The folders of the project that stories were rendered to, the latest first.
pub fn outs(project: &Project) -> Vec<PathBuf> {
    let mut open = vec![(project.root.clone(), 0)];
    let mut found: Vec<(SystemTime, PathBuf)> = Vec::new();
    let mut seen = 0;
    while let Some((folder, depth)) = open.pop() {
        seen += 1;
        if let Some(at) = batch::last_made(&folder) {
            found.push((at, folder.clone()));
        }
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        for entry in entries.filter(|_| depth < DEPTH && seen < MOST_FOLDERS) {
            let name = entry.file_name();
            let is_ours = !name.to_string_lossy().starts_with('.') && name != "node_modules";
            if is_ours && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push((entry.path(), depth + 1));
            }
        }
    }
    found.sort_by(|one, other| other.cmp(one));
    found.into_iter().map(|(_, folder)| folder).collect()
}

fn folder_named(of: &Of<'_>, name: &str) -> Result<PathBuf, Problem> {
    let folder = match name {
        "." => of.project.root.clone(),
        name => inside(of, name)?,
    };
    match batch::last_made(&folder) {
        Some(_) => Ok(folder),
        None => Err(Problem::invalid(format!(
            "`out`: nothing was rendered to `{name}` yet"
        ))),
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
    let plan = of.previewer.plan(&selection, of.project.clone());
    plan.map_err(|error| Problem::invalid(error.to_string()))
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
    let stories = store.list(&filter).await.map_err(Problem::internal)?;
    let kept = stories.into_iter().map(|story| {
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
        key: one.key,
    }
}

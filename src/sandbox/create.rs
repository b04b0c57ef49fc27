//! `POST /{user}/media`: containers.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::app::App;
use super::ask::Ask;
use super::check;
use super::clock::later;
use super::effect::{Effect, NEWEST};
use super::fetch::{Manner, Unfetched};
use super::journal::Record;
use super::objects::{Check, Container, Mention, Source};
use super::refusal::Refusal;
use super::reply::Answer;
use super::who::{Caller, Right};
use super::world::World;
use crate::graph::Login;
use crate::media::Kind;

/// The most people one story mentions.
const MAX_MENTIONS: usize = 20;

/// Makes a container. A picture is fetched before the answer, a film after it.
///
/// # Errors
/// The platform's, for parameters, scopes, limits and pictures that cannot be had.
pub async fn container(app: &Arc<App>, ask: &Ask, caller: &Caller, effect: Effect) -> Answer {
    caller.needs(Right::Publish)?;
    let mut container = wanted(app, ask, caller)?;
    room_for_one(&mut app.world(), &container)?;
    container.fails = effect.fails;
    if effect.is_stuck {
        container.check = Check::Stuck;
    } else if let (Kind::Image, Source::Url(url)) = (container.kind, &container.source) {
        let verdict = had(app, &container, url).await;
        container.check = match (verdict, container.fails) {
            (Err(bad), _) => return Err(bad.refusal(url)),
            (Ok(_), Some(subcode)) => Check::Refused {
                subcode,
                said: "a fault of the plan".to_owned(),
                at: ready(app, &container),
            },
            (Ok(medium), None) => Check::Passed {
                medium,
                at: ready(app, &container),
            },
        };
    }
    let mut body = json!({ "id": container.id });
    if container.source == Source::Upload {
        let version = ask
            .version
            .clone()
            .unwrap_or_else(|| format!("v{NEWEST}.0"));
        let uri = format!("{}/ig-api-upload/{version}/{}", app.base, container.id);
        body["uri"] = uri.into();
    }
    keep(app, container.clone())?;
    if matches!(container.source, Source::Url(_)) && container.check == Check::Open {
        tokio::spawn(process(Arc::clone(app), container));
    }
    Ok(body)
}

/// The container that the parameters describe.
fn wanted(app: &Arc<App>, ask: &Ask, caller: &Caller) -> Result<Container, Refusal> {
    match ask.text("media_type").as_deref() {
        Some("STORIES") => {}
        Some(known @ ("REELS" | "CAROUSEL" | "IMAGE" | "VIDEO")) => {
            return Err(Refusal::parameter(&format!(
                "{known}: this sandbox carries STORIES only"
            )));
        }
        Some(other) => return Err(Refusal::media_type(other)),
        None => {
            return Err(Refusal::parameter(
                "The parameter media_type is required: this sandbox carries STORIES only",
            ));
        }
    }
    let (kind, source) = source(ask, caller.login())?;
    let world = app.world();
    Ok(Container {
        id: world.new_id("178894"),
        user_id: caller.person.user_id.clone(),
        kind,
        source,
        mentions: mentions(ask)?,
        is_ai: ask
            .text("is_ai_generated")
            .is_some_and(|text| text == "true" || text == "1"),
        made: world.now(),
        check: Check::Open,
        file_size: None,
        published: None,
        stale_until: None,
        fails: None,
    })
}

/// Exactly one of three.
fn source(ask: &Ask, login: Login) -> Result<(Kind, Source), Refusal> {
    let resumable = ask
        .text("upload_type")
        .is_some_and(|text| text == "resumable");
    match (ask.text("image_url"), ask.text("video_url"), resumable) {
        (Some(_), Some(_), _) => Err(Refusal::parameter(
            "Only one of image_url and video_url can be specified",
        )),
        (Some(url), None, _) => Ok((Kind::Image, Source::Url(url))),
        (None, Some(url), _) => Ok((Kind::Video, Source::Url(url))),
        (None, None, true) if login == Login::Facebook => Ok((Kind::Video, Source::Upload)),
        // Instagram Login passes over the parameter, as six independent reports tell
        (None, None, true) => Err(Refusal::parameter("The parameter video_url is required")),
        (None, None, false) => Err(Refusal::parameter("The parameter image_url is required")),
    }
}

fn mentions(ask: &Ask) -> Result<Vec<Mention>, Refusal> {
    let wrong = |said: &str| Refusal::parameter(&format!("Param user_tags {said}"));
    let tags = ask
        .json("user_tags")
        .map_err(|_| wrong("must be an array."))?;
    let Some(tags) = tags else {
        return Ok(Vec::new());
    };
    let tags = tags.as_array().ok_or_else(|| wrong("must be an array."))?;
    if tags.len() > MAX_MENTIONS {
        return Err(wrong("has too many entries.").subcode(2_207_040));
    }
    tags.iter().map(mention).collect()
}

fn mention(tag: &Value) -> Result<Mention, Refusal> {
    let wrong = |said: &str| Refusal::parameter(&format!("Param user_tags {said}"));
    let mention: Mention = serde_json::from_value(tag.clone())
        .map_err(|error| wrong(&format!("is not valid: {error}")))?;
    let name = &mention.username;
    let is_name = (1..=30).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'_');
    if !is_name {
        return Err(Refusal::parameter("Invalid user id").subcode(2_207_018));
    }
    let is_inside = |part: Option<f64>| part.is_none_or(|part| (0.0..=1.0).contains(&part));
    if !is_inside(mention.x) || !is_inside(mention.y) {
        return Err(wrong("must have x and y between 0.0 and 1.0"));
    }
    Ok(mention)
}

fn room_for_one(world: &mut World, container: &Container) -> Result<(), Refusal> {
    let (now, limit) = (world.now(), world.settings.container_limit);
    match world.containers_today(&container.user_id, now) < limit {
        true => Ok(()),
        false => Err(Refusal::containers()),
    }
}

fn keep(app: &Arc<App>, container: Container) -> Result<(), Refusal> {
    // asked again under the same guard: others were made while this one was fetched
    let mut world = app.world();
    room_for_one(&mut world, &container)?;
    world.commit(vec![Record::Container(Box::new(container))])
}

/// When the platform will have done its own work on it.
fn ready(app: &Arc<App>, container: &Container) -> Timestamp {
    let world = app.world();
    let takes = match container.kind {
        Kind::Image => world.settings.image_processing_ms,
        Kind::Video => world.settings.video_processing_ms,
    };
    world
        .now()
        .max(later(container.made, Duration::from_millis(takes)))
}

/// Why there is no medium.
enum Bad {
    Unfetched(Unfetched),
    Refused(Refusal),
}

impl Bad {
    /// For a picture: in the answer.
    fn refusal(self, url: &str) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Unfetched(Unfetched::Slow) => Refusal::slow(url),
            Self::Unfetched(Unfetched::TooLarge) => Refusal::too_large(),
            Self::Unfetched(Unfetched::Refused { said, .. }) => {
                Refusal::unfetched(&format!("{url} ({said})"))
            }
            Self::Unfetched(Unfetched::Disk(_)) => Refusal::unwritten(),
        }
    }

    /// For a film: in the status of its container.
    fn subcode(&self) -> (u32, String) {
        match self {
            Self::Refused(refusal) => (
                refusal.subcode.unwrap_or(2_207_053),
                refusal.message.clone(),
            ),
            Self::Unfetched(Unfetched::Slow) => (2_207_003, "it took too long".to_owned()),
            Self::Unfetched(Unfetched::TooLarge) => (2_207_026, "over 100 MB".to_owned()),
            Self::Unfetched(Unfetched::Refused { subcode, said }) => (*subcode, said.clone()),
            Self::Unfetched(Unfetched::Disk(said)) => (2_207_053, said.clone()),
        }
    }
}

/// Fetches and checks.
async fn had(
    app: &Arc<App>,
    container: &Container,
    url: &str,
) -> Result<super::objects::Medium, Bad> {
    let manner = {
        let world = app.world();
        Manner {
            kind: container.kind,
            timeout: Duration::from_millis(world.settings.fetch_timeout_ms),
            needs_range: world.settings.needs_range,
        }
    };
    let path = app.folder.incoming(&container.id);
    let fetched = app.fetcher.fetch(url, &path, manner).await;
    let fetched = fetched.map_err(|why| {
        let _ = std::fs::remove_file(&path);
        tracing::debug!(container = container.id, ?why, "not fetched");
        Bad::Unfetched(why)
    })?;
    check::check(app, path, container.kind, fetched.sha256, fetched.bytes)
        .await
        .map_err(Bad::Refused)
}

/// Fetches and checks a film, and writes what came of it.
pub async fn process(app: Arc<App>, container: Container) {
    let Source::Url(url) = &container.source else {
        return;
    };
    let found = had(&app, &container, url)
        .await
        .map_err(|bad| bad.subcode());
    settle(&app, &container.id, found);
}

/// Checks the bytes that were sent to a container, and writes what came of it.
pub async fn process_upload(app: Arc<App>, container: Container, path: PathBuf) {
    let hashed = {
        let path = path.clone();
        tokio::task::spawn_blocking(move || {
            let bytes = std::fs::metadata(&path).map(|found| found.len()).ok()?;
            Some((crate::media::sha256_of(&path).ok()?, bytes))
        })
    };
    let found = match hashed.await {
        Ok(Some((sha256, bytes))) => check::check(&app, path, container.kind, sha256, bytes)
            .await
            .map_err(|refusal| Bad::Refused(refusal).subcode()),
        _ => Err((2_207_053, "the upload cannot be read".to_owned())),
    };
    settle(&app, &container.id, found);
}

fn settle(app: &Arc<App>, id: &str, found: Result<super::objects::Medium, (u32, String)>) {
    let Some(mut container) = app.world().container(id).cloned() else {
        return;
    };
    let at = ready(app, &container);
    container.check = match (found, container.fails) {
        (Ok(medium), None) => Check::Passed { medium, at },
        (Ok(_), Some(subcode)) => Check::Refused {
            subcode,
            said: "a fault of the plan".to_owned(),
            at,
        },
        (Err((subcode, said)), _) => Check::Refused { subcode, said, at },
    };
    // a disk that is full leaves it IN_PROGRESS; the next start tries again
    let _ = app
        .world()
        .commit(vec![Record::Container(Box::new(container))]);
}

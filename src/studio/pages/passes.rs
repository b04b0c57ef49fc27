//! Doors that people make and take back: an address for a calendar, a link for a client. Each is shown once.
//!
//! In: forms of `/calendar` and `/approve`. Out: the address, on the page that answers. Never: a secret in an address
//! that a server writes into its log: a client's stands in the fragment. A calendar's has no other place.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::form::{Form, posted};
use super::layout::{around, done, with};
use crate::studio::guard::{FEED, lasting};
use crate::studio::page::page;
use crate::studio::passes::{Pass, Scope, Slots};
use crate::studio::problem::Problem;
use crate::studio::reach;
use crate::studio::state::Studio;
use crate::studio::workspace::Workspace;

/// How long a client's link is open, days: at most, and where nothing is said.
const MOST_DAYS: i64 = 90;
const DAYS: i64 = 7;

/// The longest range of days that a client looks at.
const MOST_SHOWN: i32 = 92;

/// The longest name, letters.
const LONGEST: usize = 80;

/// The routes.
pub fn router() -> Router<Studio> {
    Router::new()
        .route("/passes", post(make))
        .route("/passes/{id}", post(revoke))
}

async fn make(State(studio): State<Studio>, headers: HeaderMap, uri: Uri, body: Bytes) -> Response {
    posted(studio, body, async move |of, form| {
        let work = Workspace::open(of).await?;
        let (scope, expires) = match form.need("for")? {
            "calendar" => (Scope::Feed, None),
            "client" => (Scope::Client(slots(&work, form).await?), Some(end(form)?)),
            other => return Err(Problem::invalid(format!("nothing is called `{other}`"))),
        };
        let (mut pass, secret) = Pass::new(scope, expires).map_err(Problem::internal)?;
        pass.name = form
            .get("name")
            .map(|name| name.chars().take(LONGEST).collect());
        let origin = reach::origin(of, &headers);
        let address = match pass.scope {
            Scope::Feed => format!("{origin}{FEED}{secret}.ics"),
            _ => format!("{origin}{}#token={secret}", pass.home()),
        };
        let is_feed = pass.scope == Scope::Feed;
        let about = json!({
            "title": if is_feed { "The calendar’s address" } else { "A link for a client" },
            "pass": shown(&pass, &work.zone), "address": address, "is_feed": is_feed, "port": of.port,
            "is_here_alone": reach::from_elsewhere(of, &headers).is_none(),
        });
        let around = around(if is_feed { "calendar" } else { "approve" }, &work, &uri);
        work.close().await;
        of.passes.add(of.root(), pass).map_err(Problem::internal)?;
        page(&of.pages, "pass.html", with(around, about))
    })
    .await
}

/// Which slots a client is shown.
///
/// # Errors
/// 404 for a slot or a schedule that nobody has, 422 for days that cannot be.
async fn slots(work: &Workspace, form: &Form) -> Result<Slots, Problem> {
    if let Some(id) = form.get("slot") {
        return Ok(Slots::One(work.entry(id).await?.id()));
    }
    let day = |name: &str| {
        let text = form.need(name)?;
        text.parse::<Date>()
            .map_err(|_| Problem::invalid(format!("`{text}` is no date: write 2026-12-01")))
    };
    let (from, to) = (day("from")?, day("to")?);
    let days = from.until(to).map_err(Problem::invalid_time)?.get_days();
    if !(0..=MOST_SHOWN).contains(&days) {
        return Err(Problem::invalid(format!(
            "the last day comes after the first, at most {MOST_SHOWN} days later"
        )));
    }
    let schedule = form.get("schedule").map(str::to_owned);
    if let Some(name) = schedule.as_deref().filter(|name| work.rule(name).is_none()) {
        return Err(Problem::not_found(format!("no schedule `{name}`")));
    }
    Ok(Slots::Days { from, to, schedule })
}

/// When a client's link ends.
fn end(form: &Form) -> Result<Timestamp, Problem> {
    let days = match form.get("days") {
        None => DAYS,
        Some(text) => text.parse().unwrap_or(0),
    };
    if !(1..=MOST_DAYS).contains(&days) {
        let why = format!("a link is open for 1 to {MOST_DAYS} days");
        return Err(Problem::invalid(why));
    }
    Ok(Timestamp::now() + SignedDuration::from_hours(24 * days))
}

async fn revoke(State(studio): State<Studio>, Path(id): Path<String>, body: Bytes) -> Response {
    let form = Form::read(&body);
    let was = studio.passes.revoke(studio.root(), &id);
    let answer = match was.map_err(Problem::internal) {
        Ok(true) => Ok(form.back("/approve", "revoked").into_response()),
        Ok(false) => Err(Problem::not_found(
            "it was taken back already, or has expired",
        )),
        Err(problem) => Err(problem),
    };
    done(&studio, answer)
}

/// A pass for people.
fn shown(pass: &Pass, zone: &TimeZone) -> Value {
    let day = |at: Timestamp| {
        let at = at.to_zoned(zone.clone());
        at.strftime("%a %-d %b %H:%M").to_string()
    };
    let what = match &pass.scope {
        Scope::Client(Slots::One(id)) => id.clone(),
        Scope::Client(Slots::Days { from, to, schedule }) => {
            let days = format!("{} – {}", from.strftime("%-d %b"), to.strftime("%-d %b %Y"));
            match schedule {
                Some(name) => format!("{name}, {days}"),
                None => days,
            }
        }
        Scope::HandOff { .. } | Scope::Feed => String::new(),
    };
    json!({
        "id": pass.id, "name": pass.name, "home": pass.home(), "what": what, "made": day(pass.made),
        "expires": pass.expires.map(day),
    })
}

/// The links for clients that are open.
pub fn clients(studio: &Studio, zone: &TimeZone) -> Vec<Value> {
    let open = lasting(studio);
    let open = open.iter().rev();
    let own = open.filter(|pass| matches!(pass.scope, Scope::Client(_)));
    own.map(|pass| shown(pass, zone)).collect()
}

/// The calendar's address, where there is one.
pub fn feed(studio: &Studio, zone: &TimeZone) -> Option<Value> {
    let open = lasting(studio);
    let own = open.iter().find(|pass| pass.scope == Scope::Feed);
    own.map(|pass| shown(pass, zone))
}

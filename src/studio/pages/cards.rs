//! Slots and stories as pages show them: times as people there read them, what holds them, what can be done.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::media::{Kind, Media};
use crate::publisher::{self, Entry, accounts, numbers, published};
use crate::store::{self, Step, Story};
use crate::studio::views::{Around, line};
use crate::studio::workspace::Workspace;

/// The zone of a slot.
pub fn zone_of(entry: &Entry) -> TimeZone {
    entry.slot.zone.clone()
}

/// How long it is until then, in words; how long ago it was.
pub fn distance(now: Timestamp, then: Timestamp) -> String {
    let left = then.duration_since(now);
    let (minutes, is_past) = (left.abs().as_mins(), left < SignedDuration::ZERO);
    let words = match minutes {
        0 => return "now".to_owned(),
        1..60 => format!("{minutes} min"),
        60..600 => format!("{} h {:02} min", minutes / 60, minutes % 60),
        600..2880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1440),
    };
    match is_past {
        true => format!("{words} ago"),
        false => format!("in {words}"),
    }
}

/// A slot.
pub fn slot(work: &Workspace, entry: &Entry) -> Value {
    let local = entry.due.to_zoned(zone_of(entry));
    let here = entry.due.to_zoned(work.zone.clone());
    let error = entry.diagnostics.iter().find(|found| found.is_error());
    let kept = entry.kept.as_ref();
    let media = (entry.story.as_ref().map(|story| &story.outgoing.media))
        .or_else(|| Some(&kept?.picture.as_ref()?.media));
    let rule = work.rule(&entry.slot.schedule);
    let will_have = entry.is_open()
        && error.is_none()
        && rule.is_some_and(|rule| rule.data.is_none() || entry.row.is_some());
    let is_waiting =
        kept.is_some_and(|slot| slot.state == store::SlotState::Waiting && entry.is_open());
    let is_approved = kept.is_some_and(store::Slot::is_approved);
    let is_rejected = kept.is_some_and(|slot| {
        let picture = slot
            .picture
            .as_ref()
            .map(|picture| picture.media.sha256.as_str());
        slot.rejection.as_ref().map(|no| no.sha256.as_str()) == picture && picture.is_some()
    });
    let why = match error {
        Some(found) => Some(found.message.clone()),
        None => entry
            .report
            .waits_for
            .clone()
            .or(entry.report.reason.clone()),
    };
    json!({
        "id": entry.id(),
        "schedule": entry.report.schedule,
        "account": entry.report.account,
        "template": entry.report.template,
        "row_key": entry.report.row_key,
        "state": entry.state(),
        "word": word(entry.state(), is_approved, is_rejected),
        "time": local.strftime("%H:%M").to_string(),
        // where a slot stands on the calendar's day, whatever its own zone calls it
        "zone_here": work.zone_name(),
        "time_here": here.strftime("%H:%M").to_string(),
        "day": local.strftime("%a %-d %b").to_string(),
        "input": local.strftime("%Y-%m-%dT%H:%M").to_string(),
        "zone": local.time_zone().iana_name(),
        "is_other_zone": local.time_zone() != &work.zone,
        "utc": entry.due.to_string(),
        "change": entry.report.change,
        "distance": distance(work.now, entry.due),
        "why": why,
        "code": error.map(|found| found.code.as_str()).or(kept.and_then(|slot| slot.trouble.as_deref())),
        "hint": error.and_then(|found| found.hint.clone()),
        "has_picture": media.is_some() || will_have,
        "is_film": media.is_some_and(|media| media.kind == Kind::Video),
        "sha256": media.map(|media| &media.sha256),
        "version": version(work, entry, media),
        "former": kept.and_then(|slot| slot.former.as_ref()).map(|former| &former.media.sha256),
        "rejection": kept.and_then(|slot| slot.rejection.as_ref()).filter(|_| is_rejected),
        "approval": kept.and_then(|slot| slot.approval.as_ref()).filter(|_| is_approved),
        "is_open": entry.is_open(),
        "is_waiting": is_waiting,
        "to_decide": is_waiting && !is_approved && !is_rejected,
        "is_approved": is_approved,
        "is_rejected": is_rejected,
        "can_run": kept.is_none_or(|slot| slot.state != store::SlotState::Entered),
        "is_moved": kept.is_some_and(|slot| slot.is_moved),
        "story": entry.story.as_ref().map(|story| story.key.0.clone()),
        "paused": rule.is_some_and(|_| entry.state() == "paused"),
    })
}

/// Under one of these, a slot shows one picture: part of its address, so that a page which stands asks for the next one.
fn version(work: &Workspace, entry: &Entry, media: Option<&Media>) -> String {
    let Some(media) = media else {
        let seen = (work.changes, &entry.report.template, &entry.report.row_key);
        let hash = blake3::hash(format!("{seen:?}").as_bytes()).to_hex();
        return hash[..12].to_owned();
    };
    media.sha256.chars().take(12).collect()
}

/// A state as people say it.
fn word(state: &str, is_approved: bool, is_rejected: bool) -> &str {
    match state {
        "waiting" if is_approved => "approved",
        "waiting" if is_rejected => "rejected",
        "waiting" => "to approve",
        "frozen" => "ready",
        "rendered" | "uploaded" | "contained" => "on its way",
        "closed" => "was live",
        state => state,
    }
}

/// A story.
pub fn story(work: &Workspace, story: &Story, around: &Around) -> Value {
    let at = published(story);
    let local = at.unwrap_or(story.due).to_zoned(work.zone.clone());
    let state = story.state(work.now);
    let told = crate::studio::views::story(work, story, around);
    let newest = numbers(story);
    let number = |name: &str| newest.and_then(|found| found.numbers.get(name).copied());
    json!({
        "id": story.key.0,
        "name": story.name,
        "template": story.template,
        "account": accounts::name_of(&work.project, &story.account),
        "state": state,
        "word": word(state, false, false),
        "time": local.strftime("%H:%M").to_string(),
        "day": local.strftime("%a %-d %b").to_string(),
        "input": story.due.to_zoned(work.zone.clone()).strftime("%Y-%m-%dT%H:%M").to_string(),
        "utc": story.due.to_string(),
        "distance": distance(work.now, at.unwrap_or(story.due)),
        "why": told["waits_for"].as_str().or(told["trouble"].as_str()),
        "media_id": story.step.story().map(ToString::to_string),
        "is_film": story.outgoing.media.kind == Kind::Video,
        "views": number("views"),
        "reach": number("reach"),
        "replies": number("replies"),
        "shares": number("shares"),
        "navigation": number("navigation"),
        "taken": newest.map(|found| distance(work.now, found.taken)),
        "can_retry": publisher::may_retry(story).is_ok(),
        "can_change": matches!(story.step, Step::Rendered | Step::Uploaded { .. } | Step::Contained { .. }),
        "is_handed": state == "handed",
        "is_uncertain": matches!(story.step, Step::Uncertain { .. }),
        "profile": profile(work, story),
    })
}

/// Where the stories of its account are looked at: the rehearsal's page, or the profile, where its name is known.
fn profile(work: &Workspace, story: &Story) -> Option<String> {
    if let Some(sandbox) = &work.sandbox {
        return Some(sandbox.to_string());
    }
    let name = accounts::name_of(&work.project, &story.account);
    let mut all = work.project.accounts.iter();
    let account = all.find(|account| account.name == name)?;
    let username = account.username.as_ref()?;
    Some(format!("https://www.instagram.com/{username}/"))
}

/// A line of a trail, for people.
pub fn trail(work: &Workspace, entry: &Value) -> Value {
    let at: Option<Timestamp> = entry["time"].as_str().and_then(|text| text.parse().ok());
    let at = at.map(|at| {
        at.to_zoned(work.zone.clone())
            .strftime("%a %-d %b %H:%M:%S")
            .to_string()
    });
    let detail = entry["detail"].as_object().map(|fields| {
        let shown = fields
            .iter()
            .filter(|(name, value)| *name != "by" && !value.is_null());
        let shown = shown.filter(|(_, value)| value.as_array().is_none_or(|list| !list.is_empty()));
        let words = shown.map(|(name, value)| match value.as_str() {
            Some(text) => format!("{name}: {text}"),
            None => format!("{name}: {value}"),
        });
        words.collect::<Vec<_>>().join(", ")
    });
    json!({ "at": at, "what": entry["what"], "by": entry["by"], "detail": detail })
}

/// The trail of a story, for people.
pub fn trail_of(work: &Workspace, lines: &[store::Entry]) -> Vec<Value> {
    let lines = lines.iter().map(|entry| trail(work, &line(entry)));
    folded(lines.collect())
}

/// Lines of one content that follow each other, as one line that says how often and until when.
fn folded(lines: Vec<Value>) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    for line in lines {
        let is_same = |last: &Value| {
            ["what", "by", "detail"]
                .iter()
                .all(|key| last[*key] == line[*key])
        };
        match all.last_mut().filter(|last| is_same(last)) {
            Some(last) => {
                last["times"] = json!(last["times"].as_u64().unwrap_or(1) + 1);
                last["until"] = line["at"].clone();
            }
            None => all.push(line),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_one_content_are_one_line() {
        let line =
            |at: &str, what: &str| json!({"at": at, "what": what, "by": "worker", "detail": ""});
        let lines = vec![
            line("1", "added"),
            line("2", "waits"),
            line("3", "waits"),
            line("4", "waits"),
            line("5", "live"),
            line("6", "waits"),
        ];
        let told = folded(lines);
        let told: Vec<String> = (told.iter())
            .map(|line| format!("{} {} {}", line["at"], line["times"], line["until"]))
            .collect();
        assert_eq!(
            told,
            [
                "\"1\" null null",
                "\"2\" 3 \"4\"",
                "\"5\" null null",
                "\"6\" null null"
            ]
        );
    }
}

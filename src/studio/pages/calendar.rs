//! `/calendar`: month, week and list, every slot with its picture as it will be then; `/calendar/slot/ID`.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use jiff::civil::Date;
use jiff::{Span, ToSpan};
use serde_json::{Value, json};

use super::cards;
use super::form::{Form, posted, query, who};
use super::layout::{answer, around, with};
use super::passes;
use super::quota;
use super::tray;
use crate::publisher::Entry;
use crate::store::{Filter, Step};
use crate::studio::apart::apart;
use crate::studio::decisions::{self, Verdict};
use crate::studio::problem::Problem;
use crate::studio::state::Studio;
use crate::studio::views::{self, Around};
use crate::studio::workspace::Workspace;

/// The routes.
pub fn router() -> Router<Studio> {
    Router::new()
        .route("/calendar", get(calendar))
        .route("/calendar/slot/{id}", get(slot).post(decide))
        .route("/calendar/pause/{name}", post(pause))
}

async fn calendar(State(studio): State<Studio>, uri: Uri) -> Response {
    let of = studio.clone();
    let made = apart(async move || {
        let work = Workspace::open(&of).await?;
        let asked = query(uri.query());
        let view = View::of(asked.get("view").map(String::as_str));
        let day = asked.get("date").and_then(|text| text.parse::<Date>().ok());
        let range = view.range(day.unwrap_or_else(|| work.today()))?;
        let entries = work.agenda(range.first, range.last).await?;
        let filter = asked.get("schedule").cloned().unwrap_or_default();
        let shown: Vec<&Entry> = entries
            .iter()
            .filter(|entry| filter.is_empty() || entry.report.schedule == filter)
            .collect();
        let schedules: Vec<Value> = schedules(&work).await?;
        let by_hand = tray::by_hand(&work, (range.first, range.last)).await?;
        let mut page = json!({
            "title": "Calendar",
            "view": view.word(),
            "heading": range.heading,
            "previous": range.previous,
            "next": range.next,
            "today": work.today(),
            "weeks": weeks(&work, &range, &shown),
            "days": days(&work, &range, &shown),
            "schedules": schedules,
            "tray": tray::of(&work).await?,
            "filter": filter,
            "count": shown.len(),
            "feed": passes::feed(&of, &work.zone),
        });
        let attention = attention(&work, &entries).await?;
        let of_each = attention
            .iter()
            .map(|card| card["count"].as_u64().unwrap_or(1));
        page["attention_count"] = json!(of_each.sum::<u64>());
        page["attention"] = json!(attention);
        tray::put_into(&work, &mut page, &by_hand);
        let page = with(around("calendar", &work, &uri), page);
        work.close().await;
        Ok(page)
    });
    answer(&studio, "calendar.html", made.await)
}

/// How much is shown at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Month,
    Week,
    List,
}

/// The days that are shown.
struct Range {
    first: Date,
    last: Date,
    /// Of a month, the days that are its own.
    month: Option<i8>,
    heading: String,
    previous: Date,
    next: Date,
}

impl View {
    fn of(word: Option<&str>) -> Self {
        match word {
            Some("month") => Self::Month,
            Some("list") => Self::List,
            _ => Self::Week,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Week => "week",
            Self::List => "list",
        }
    }

    fn range(self, day: Date) -> Result<Range, Problem> {
        let add = |day: Date, span: Span| day.checked_add(span).map_err(Problem::invalid_time);
        let monday = |day: Date| {
            let back = i64::from(day.weekday().to_monday_zero_offset());
            add(day, (-back).days())
        };
        let named = |day: Date| day.strftime("%-d %b").to_string();
        Ok(match self {
            Self::Month => {
                let (first, last) = (day.first_of_month(), day.last_of_month());
                Range {
                    first: monday(first)?,
                    last: add(monday(last)?, 6.days())?,
                    month: Some(day.month()),
                    heading: day.strftime("%B %Y").to_string(),
                    previous: add(first, (-1).days())?,
                    next: add(last, 1.day())?,
                }
            }
            Self::Week => {
                let first = monday(day)?;
                let last = add(first, 6.days())?;
                Range {
                    first,
                    last,
                    month: None,
                    heading: format!("{} – {} {}", named(first), named(last), last.year()),
                    previous: add(first, (-7).days())?,
                    next: add(first, 7.days())?,
                }
            }
            Self::List => {
                let last = add(day, 13.days())?;
                Range {
                    first: day,
                    last,
                    month: None,
                    heading: format!("{} – {} {}", named(day), named(last), last.year()),
                    previous: add(day, (-14).days())?,
                    next: add(day, 14.days())?,
                }
            }
        })
    }
}

/// The slots of a day, each as a card, and how much of each account's day they use.
fn day(work: &Workspace, range: &Range, day: Date, entries: &[&Entry]) -> Value {
    let is_on = |entry: &&&Entry| entry.due.to_zoned(work.zone.clone()).date() == day;
    let own: Vec<&&Entry> = entries.iter().filter(is_on).collect();
    json!({
        "date": day,
        "number": day.day(),
        "name": day.strftime("%a").to_string(),
        "long": day.strftime("%A %-d %B").to_string(),
        "is_today": day == work.today(),
        "is_past": day < work.today(),
        "is_outside": range.month.is_some_and(|month| month != day.month()),
        "slots": own.iter().map(|entry| cards::slot(work, entry)).collect::<Vec<_>>(),
        "quota": quota::of_slots(work, &own),
    })
}

fn days(work: &Workspace, range: &Range, entries: &[&Entry]) -> Vec<Value> {
    let days = range
        .first
        .series(1.day())
        .take_while(|day| *day <= range.last);
    days.map(|date| day(work, range, date, entries)).collect()
}

fn weeks(work: &Workspace, range: &Range, entries: &[&Entry]) -> Vec<Vec<Value>> {
    let days = days(work, range, entries);
    days.chunks(7).map(<[Value]>::to_vec).collect()
}

/// Each rule in words, and whether it is paused.
async fn schedules(work: &Workspace) -> Result<Vec<Value>, Problem> {
    let kept = work.remembered().await?;
    let rules = work.rules.iter();
    let told = rules.map(|rule| {
        let pause = kept.pause(rule);
        json!({
            "name": rule.name, "words": rule.words(), "pause": pause, "is_in_file": rule.paused,
            "accounts": rule.accounts,
        })
    });
    Ok(told.collect())
}

/// What somebody has to look at, and what helps.
async fn attention(work: &Workspace, entries: &[Entry]) -> Result<Vec<Value>, Problem> {
    let mut found = Vec::new();
    if let Some(store) = &work.store {
        let around = Around::of(work).await?;
        let since = work.now.checked_sub(jiff::SignedDuration::from_hours(72));
        let filter = Filter {
            open_since: since.ok(),
            ..Filter::default()
        };
        for story in store.list(&filter).await? {
            let what = match story.step {
                _ if story.state(work.now) == "handed" => "Post it from a phone, then say so.",
                Step::Uncertain { .. } => "Look at the account, then say whether it is live.",
                Step::Failed { .. } => "Try it again, or leave it.",
                Step::Missed => "It was too late. Try it again if it still makes sense.",
                _ => continue,
            };
            let mut card = cards::story(work, &story, &around);
            card["what"] = json!(what);
            card["kind"] = json!("story");
            found.push(card);
        }
        found.sort_by_key(|card| card["state"] != "uncertain" && card["state"] != "handed");
        if around.is_idle() && entries.iter().any(|entry| entry.is_open()) {
            found.push(json!({
                "kind": "worker", "state": "waiting", "word": "no worker",
                "name": "No worker was seen in the last minute",
                "what": "Slots go out while a worker runs: storypress worker",
            }));
        }
    }
    let wrong = entries.iter().filter(|entry| {
        let has_trouble = entry
            .kept
            .as_ref()
            .is_some_and(|slot| slot.trouble.is_some());
        entry.is_open() && (has_trouble || entry.diagnostics.iter().any(|d| d.is_error()))
    });
    let mut slots = Vec::new();
    for entry in wrong {
        let mut card = cards::slot(work, entry);
        card["what"] = json!(match card["code"].as_str() {
            Some("no-row") => "Add the row to the data, or skip the slot.",
            Some("source-failed") => "The source does not answer. `storypress fetch` says more.",
            Some("quota") => "Move a slot to another day.",
            Some("token") => "Renew the token: `storypress account login`.",
            _ => "Mend the template or its data, or skip the slot.",
        });
        card["kind"] = json!("slot");
        slots.push(card);
    }
    found.extend(grouped(slots));
    Ok(found)
}

/// Slots of one schedule that one cause holds stand together, from the third on; the others by themselves.
fn grouped(slots: Vec<Value>) -> Vec<Value> {
    let mut groups: Vec<Vec<Value>> = Vec::new();
    for card in slots {
        let is_same = |group: &&mut Vec<Value>| {
            let mut keys = ["schedule", "account", "code", "why"].iter();
            keys.all(|key| group[0][*key] == card[*key])
        };
        match groups.iter_mut().find(is_same) {
            Some(group) => group.push(card),
            None => groups.push(vec![card]),
        }
    }
    let cards = groups.into_iter().flat_map(|group| match group.len() {
        0..3 => group,
        count => {
            let mut card = group[0].clone();
            card["kind"] = json!("slots");
            card["count"] = json!(count);
            card["slots"] = json!(group);
            vec![card]
        }
    });
    cards.collect()
}

async fn slot(
    State(studio): State<Studio>,
    Path(id): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let of = studio.clone();
    let made = apart(async move || {
        let work = Workspace::open(&of).await?;
        let entry = work.entry(&id).await?;
        let trail = views::trail(&work, &entry).await?;
        let rule = work.rule(&entry.slot.schedule);
        let page = json!({
            "title": entry.id(),
            "slot": cards::slot(&work, &entry),
            "words": rule.map(crate::calendar::Rule::words),
            "trail": trail.iter().map(|line| cards::trail(&work, line)).collect::<Vec<_>>(),
            "diagnostics": entry.diagnostics,
            "by": who(&headers),
        });
        let page = with(around("calendar", &work, &uri), page);
        work.close().await;
        Ok(page)
    });
    answer(&studio, "slot.html", made.await)
}

async fn decide(
    State(studio): State<Studio>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    posted(studio, body, async move |of, form| {
        let (verdict, said) = verdict(form)?;
        decisions::decide(of, &id, verdict, &form.person(&headers)).await?;
        Ok(form.back("/calendar", said))
    })
    .await
}

/// What a form decides about a slot.
///
/// # Errors
/// 422 where the form lacks something.
pub fn verdict(form: &Form) -> Result<(Verdict, &'static str), Problem> {
    let reason = form.get("reason").map(str::to_owned);
    let sha256 = form.get("sha256").map(str::to_owned);
    Ok(match form.need("act")? {
        "approve" => {
            let sha256 = form.need("sha256")?.to_owned();
            (Verdict::Approve { sha256 }, "approved")
        }
        "reject" => (Verdict::Reject { sha256, reason }, "rejected"),
        "skip" => (Verdict::Skip { reason }, "skipped"),
        "run" => (Verdict::Run, "run"),
        "move" => {
            let to = form.need("to")?.to_owned();
            (Verdict::Move { to }, "moved")
        }
        act => return Err(Problem::invalid(format!("nothing is called `{act}` here"))),
    })
}

async fn pause(
    State(studio): State<Studio>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    posted(studio, body, async move |of, form| {
        let said = match form.need("act")? {
            "pause" => {
                let wanted = (form.get("until"), form.get("reason").map(str::to_owned));
                decisions::pause_schedule(of, &name, wanted, &form.person(&headers)).await?;
                "paused"
            }
            "resume" => {
                decisions::resume_schedule(of, &name).await?;
                "resumed"
            }
            other => return Err(Problem::invalid(format!("nothing is called `{other}`"))),
        };
        Ok(form.back("/calendar", said))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_that_one_cause_holds_stand_together_from_the_third_on() {
        let slot = |id: &str, schedule: &str, why: &str| json!({"id": id, "schedule": schedule, "why": why, "kind": "slot"});
        let all = vec![
            slot("a1", "a", "no row"),
            slot("b1", "b", "no row"),
            slot("a2", "a", "no row"),
            slot("a3", "a", "no row"),
            slot("b2", "b", "no row"),
            slot("a4", "a", "no picture"),
        ];
        let cards = grouped(all);
        let told = |card: &Value| format!("{} {} {}", card["kind"], card["id"], card["count"]);
        let told: Vec<String> = cards.iter().map(told).collect();
        assert_eq!(
            told,
            [
                "\"slots\" \"a1\" 3",
                "\"slot\" \"b1\" null",
                "\"slot\" \"b2\" null",
                "\"slot\" \"a4\" null"
            ]
        );
        assert_eq!(cards[0]["slots"][2]["id"], "a3");
    }
}

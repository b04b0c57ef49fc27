//! What a command says: a JSON object for programs, lines for people.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Instant;

use jiff::Timestamp;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::spool::{Counts, Spool};
use super::{Global, Outcome};
use crate::batch::{self, LeftOut, Timings};
use crate::diag::Diagnostic;
use crate::graph::UserTag;
use crate::media::Media;
use crate::pipeline::Rooms;
use crate::publisher::{self, SlotReport};
use crate::scene::Extras;
use crate::store::{Step, Story};

pub(crate) use crate::batch::Status;

/// Where a story stands that was asked to go out.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct StoryTold {
    /// Our own name of it, as `status`, `retry` and `resolve` take it.
    pub id: String,
    pub state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_id: Option<String>,
    /// Where nothing else tells of it.
    #[serde(flatten)]
    pub more: Option<More>,
}

/// What is told of a story that is not at rest, and of all stories by `status`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct More {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    pub account: String,
    pub due: Timestamp,
    /// What keeps it from going on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// What went wrong last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

impl More {
    /// What is known of the story by itself.
    pub fn of(story: &Story, account: &str) -> Self {
        let is_on_its_way = story.step.is_in_flight();
        Self {
            name: story.name.clone(),
            template: story.template.clone(),
            account: account.to_owned(),
            due: story.due,
            waits_for: match story.step {
                Step::Handed { .. } => publisher::waits_for_person(story),
                _ => story.trouble.clone().filter(|_| is_on_its_way),
            },
            trouble: None,
        }
    }
}

impl StoryTold {
    pub fn of(story: &Story, now: Timestamp) -> Self {
        Self {
            id: story.key.to_string(),
            state: story.state(now),
            media_id: story.step.story().map(ToString::to_string),
            container_id: story.step.container().map(ToString::to_string),
            more: None,
        }
    }
}

/// One story, or one file of a call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Item {
    pub input: PathBuf,
    pub row: Option<usize>,
    pub outputs: Vec<Media>,
    /// Who is mentioned in them, for the publishing of them.
    pub mentions: Vec<UserTag>,
    pub status: Status,
    pub diagnostics: Vec<Diagnostic>,
    /// How many of them were printed already.
    pub printed: usize,
    pub timings: Option<Timings>,
    /// What publishing it may leave out; reported when it is published.
    pub by_hand: Vec<LeftOut>,
    /// What became of its publishing.
    pub story: Option<StoryTold>,
    /// The slot of the calendar that it is of.
    pub slot: Option<Box<SlotReport>>,
    /// The copy of a source that was fetched, and what changed in it.
    pub source: Option<Value>,
}

impl From<batch::Outcome> for Item {
    fn from(outcome: batch::Outcome) -> Self {
        Self {
            input: outcome.input,
            row: outcome.row,
            outputs: outcome.media,
            mentions: outcome.mentions,
            status: outcome.status,
            diagnostics: outcome.diagnostics,
            timings: outcome.timings,
            by_hand: outcome.by_hand,
            ..Self::default()
        }
    }
}

impl Item {
    pub fn new(input: impl Into<PathBuf>, row: Option<usize>, status: Status) -> Self {
        Self {
            input: input.into(),
            row,
            status,
            ..Self::default()
        }
    }

    /// A failed item with its reasons.
    pub fn failed(input: impl Into<PathBuf>, row: Option<usize>, why: Vec<Diagnostic>) -> Self {
        Self::new(input, row, Status::Failed).with(why)
    }

    /// Nobody can tell whether it is live: also where it was sent, and the call ended before its outcome was known.
    pub fn is_uncertain(&self) -> bool {
        let state = self.story.as_ref().map(|story| story.state);
        match state {
            Some("publishing") => self.status == Status::Failed,
            state => state == Some("uncertain"),
        }
    }

    /// Adds diagnostics.
    pub fn with(mut self, more: impl IntoIterator<Item = Diagnostic>) -> Self {
        self.diagnostics.extend(more);
        self
    }

    /// It fails, for one more reason.
    pub fn fail(&mut self, why: Diagnostic) {
        self.status = Status::Failed;
        self.diagnostics.push(why);
    }

    /// Reports what publishing it on this way leaves out; to people only where it is news.
    pub fn report_by_hand(&mut self, rooms: &Rooms, is_news: bool) {
        let all = std::mem::take(&mut self.by_hand);
        let Some(extras) = self.outputs.first().map(|media| &media.extras) else {
            return;
        };
        let is_handed = rooms.by_hand.is_some();
        let left = publisher::left_out(all, extras, rooms.platform.login(), is_handed);
        self.diagnostics
            .extend(left.into_iter().map(|said| match is_news {
                true => said,
                false => said.into_kept(),
            }));
    }

    /// What is known of its file from when it was rendered.
    pub fn remember(&mut self, finished: batch::Finished) {
        for media in &mut self.outputs {
            media.extras = finished.extras.clone();
        }
        self.mentions = finished.mentions;
        self.by_hand = finished.by_hand;
    }

    /// What people have to read of it: what is new, or only the errors of it.
    pub fn diagnostics_for_people(&self, global: &Global) -> String {
        let new = self.diagnostics.iter().skip(self.printed);
        let new = new.filter(|d| !d.is_kept() && (!global.quiet || d.is_error()));
        new.map(|diagnostic| format!("{diagnostic}\n\n")).collect()
    }
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let outputs: Vec<_> = self
            .outputs
            .iter()
            .map(|media| self.output(media))
            .collect();
        let mut out = serializer.serialize_struct("Item", 8)?;
        // a name that is no text is shown as well as it can be
        out.serialize_field("input", &self.input.to_string_lossy())?;
        if let Some(row) = self.row {
            out.serialize_field("row", &row)?;
        }
        out.serialize_field("outputs", &outputs)?;
        // a picture and a film of one story have the same boxes
        if let Some(media) = self
            .outputs
            .first()
            .filter(|m| !m.extras.stickers.is_empty())
        {
            out.serialize_field("stickers", &media.extras.stickers)?;
        }
        out.serialize_field("status", &self.status)?;
        out.serialize_field("diagnostics", &self.diagnostics)?;
        if let Some(timings) = &self.timings {
            out.serialize_field("timings_ms", &timings_ms(timings))?;
        }
        if let Some(story) = &self.story {
            out.serialize_field("story", story)?;
        }
        if let Some(slot) = &self.slot {
            slot.fields(&mut out)?;
        }
        if let Some(source) = &self.source {
            out.serialize_field("source", source)?;
        }
        out.end()
    }
}

impl Item {
    /// Its stickers are the item's.
    fn output<'a>(&'a self, media: &'a Media) -> Output<'a> {
        let media = Media {
            extras: Extras::default(),
            ..media.clone()
        };
        Output {
            media,
            mentions: &self.mentions,
        }
    }
}

/// A finished file, as reports tell of it.
#[derive(Serialize)]
struct Output<'a> {
    #[serde(flatten)]
    media: Media,
    #[serde(skip_serializing_if = "is_empty")]
    mentions: &'a [UserTag],
}

fn is_empty(tags: &&[UserTag]) -> bool {
    tags.is_empty()
}

/// Milliseconds of the stages, to a hundredth.
pub(crate) fn timings_ms(timings: &Timings) -> Value {
    let ms = |t: f64| (t * 100.0).round() / 100.0;
    let mut stages = json!({ "resolve": ms(timings.resolve) });
    if timings.cover > 0.0 {
        stages["cover"] = json!(ms(timings.cover));
    }
    stages["paint"] = json!(ms(timings.paint));
    stages["write"] = json!(ms(timings.write));
    stages
}

/// When the program began.
pub(super) static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The one object for programs, of a command that tells of other things than files: `told` is what it says, with `items`
/// where there are any. What has an `error` counts as failed.
pub(crate) fn object(command: &str, is_ok: bool, told: Value) -> Value {
    let all = [&told["items"], &told["accounts"]];
    let all = all.iter().filter_map(|list| list.as_array()).flatten();
    let (failed, done): (Vec<_>, Vec<_>) = all.partition(|item| !item["error"].is_null());
    let mut report = json!({
        "command": command,
        "ok": is_ok,
        "items": [],
        "totals": {
            "done": done.len(),
            "unchanged": 0,
            "failed": failed.len(),
            "seconds": rounded(STARTED.elapsed().as_secs_f64()),
        },
    });
    if let Value::Object(told) = told {
        for (key, value) in told {
            report[key] = value;
        }
    }
    report
}

/// Seconds, to a thousandth.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

/// The report of a call.
#[derive(Debug)]
pub(crate) struct Report {
    command: &'static str,
    started: Instant,
    pub items: Vec<Item>,
    /// The stories of a batch, which follow the items.
    pub stories: Option<Spool>,
    /// What is counted without being an item.
    pub others: Counts,
}

impl Report {
    pub fn new(command: &'static str) -> Self {
        Self {
            command,
            started: Instant::now(),
            items: Vec::new(),
            stories: None,
            others: Counts::default(),
        }
    }

    /// How many items ended how.
    pub fn counts(&self) -> Counts {
        let mut counts = self.others;
        counts += self.stories.as_ref().map(Spool::counts).unwrap_or_default();
        for item in &self.items {
            counts.add(item.status, item.diagnostics.len());
        }
        counts
    }

    /// Says it all, and how the command ended.
    pub fn finish(&self, global: &Global) -> Outcome {
        if global.json {
            // what is lost is told, and the call does not end well
            let _ = super::stdout::written(self.print());
        }
        if self.items.iter().any(Item::is_uncertain) {
            Outcome::Uncertain
        } else if self.counts().failed == 0 {
            Outcome::Done
        } else {
            Outcome::Failed
        }
    }

    /// The one object for programs, item by item.
    fn print(&self) -> io::Result<()> {
        let counts = self.counts();
        let totals = json!({
            "done": counts.done,
            "unchanged": counts.unchanged,
            "failed": counts.failed,
            "seconds": rounded(self.seconds()),
        });
        // a worker is always stopped; of the others, what is not in the report was not done
        let is_cut = self.command != "worker" && super::interrupt::is_interrupted();
        super::stdout::begun();
        let mut out = io::BufWriter::new(io::stdout().lock());
        write!(
            out,
            "{{\"command\":{},\"ok\":{},",
            json!(self.command),
            counts.failed == 0 && !is_cut
        )?;
        if is_cut {
            write!(
                out,
                "\"error\":{},",
                json!(super::interrupt::Interrupted.to_string())
            )?;
        }
        write!(out, "\"items\":[")?;
        let mut between = "";
        for item in &self.items {
            write!(out, "{between}")?;
            serde_json::to_writer(&mut out, item)?;
            between = ",";
        }
        if let Some(stories) = &self.stories {
            stories.each(|text| {
                write!(out, "{between}{}", text.json)?;
                between = ",";
                Ok(())
            })?;
        }
        writeln!(out, "],\"totals\":{totals}}}")?;
        out.flush()
    }

    /// What is wrong and what is worth a look, for people.
    pub fn say_diagnostics(&self, global: &Global) {
        for item in &self.items {
            super::say(&item.diagnostics_for_people(global));
        }
        if let Some(stories) = &self.stories {
            // who reads stderr may go away
            let _ = stories.each(|text| io::stderr().write_all(text.diagnostics.as_bytes()));
        }
    }

    /// How long it has taken so far.
    pub fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// The last line for people.
    pub fn say_totals(&self, global: &Global, done: &str) {
        if global.quiet {
            return;
        }
        let counts = self.counts();
        let mut parts = vec![format!("{} {done}", counts.done)];
        if counts.unchanged > 0 {
            parts.push(format!("{} unchanged", counts.unchanged));
        }
        if counts.failed > 0 {
            parts.push(format!("{} failed", counts.failed));
        }
        let seconds = self.started.elapsed().as_secs_f64();
        super::say(&format!("{} in {seconds:.1} s\n", parts.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_report_has_items_and_totals() {
        let report = object("store backup", true, json!({ "stories": 3 }));
        assert_eq!(report["items"], json!([]));
        assert_eq!(report["stories"], 3);
        assert_eq!(report["totals"]["done"], 0);
        let accounts =
            json!({ "accounts": [{ "name": "main" }, { "name": "shop", "error": "no" }] });
        let report = object("account status", false, accounts);
        let totals = &report["totals"];
        assert_eq!([&totals["done"], &totals["failed"]], [1, 1]);
        assert!(totals["seconds"].is_number());
        let report = object("stories list", true, json!({ "items": [{ "id": "1" }] }));
        assert_eq!(report["totals"]["done"], 1);
    }
}

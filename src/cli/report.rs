//! What a command says: a JSON object for programs, lines for people.

use std::path::PathBuf;
use std::time::Instant;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diag::Diagnostic;
use crate::graph::UserTag;
use crate::store::Story;

use super::{Global, Outcome};

/// A finished file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Output {
    /// Absolute.
    pub path: PathBuf,
    pub kind: String,
    pub bytes: u64,
    pub width: u32,
    pub height: u32,
    /// Of a film, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    pub sha256: String,
    /// JPEG quality, where the byte budget pushed it below what was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<u8>,
    /// What was given up to keep a film within its bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Who is mentioned in it, for the publishing of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserTag>,
}

/// Something of a story that does not go out with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Dropped {
    /// The warning, as programs read it.
    pub told: Value,
    /// The same for people.
    pub said: String,
}

impl Dropped {
    pub fn of(warning: &Diagnostic) -> Self {
        Self {
            told: serde_json::to_value(warning).unwrap_or_default(),
            said: warning.to_string(),
        }
    }
}

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

/// What `status` tells beyond a story's state.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct More {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    pub account: String,
    pub due: Timestamp,
    /// What went wrong last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
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

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    #[default]
    Done,
    Unchanged,
    Failed,
}

/// One story, or one file of a call.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Item {
    pub input: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<usize>,
    pub outputs: Vec<Output>,
    pub status: Status,
    pub diagnostics: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timings_ms: Option<Value>,
    /// What publishing it leaves out; told when it is published.
    #[serde(skip)]
    pub dropped: Vec<Dropped>,
    /// What became of its publishing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub story: Option<StoryTold>,
    /// The same as people read them.
    #[serde(skip)]
    pub said: Vec<String>,
}

impl Item {
    pub fn new(input: impl Into<PathBuf>, row: Option<usize>, status: Status) -> Self {
        Self {
            input: input.into(),
            row,
            outputs: Vec::new(),
            status,
            diagnostics: Vec::new(),
            timings_ms: None,
            dropped: Vec::new(),
            story: None,
            said: Vec::new(),
        }
    }

    /// A failed item with its reasons.
    pub fn failed(input: impl Into<PathBuf>, row: Option<usize>, why: &[Diagnostic]) -> Self {
        Self::new(input, row, Status::Failed).with(why)
    }

    /// Adds diagnostics.
    pub fn with(mut self, told: &[Diagnostic]) -> Self {
        for diagnostic in told {
            self.diagnostics
                .push(serde_json::to_value(diagnostic).unwrap_or_default());
            self.said.push(diagnostic.to_string());
        }
        self
    }

    /// Tells what publishing it leaves out; to people only where it is news.
    pub fn tell_dropped(&mut self, is_news: bool) {
        for Dropped { told, said } in std::mem::take(&mut self.dropped) {
            self.diagnostics.push(told);
            self.said.push(if is_news { said } else { String::new() });
        }
    }

    pub fn has_warnings(&self) -> bool {
        self.diagnostics.iter().any(|d| d["severity"] == "warning")
    }
}

/// The report of a call.
#[derive(Debug)]
pub(crate) struct Report {
    command: &'static str,
    started: Instant,
    pub items: Vec<Item>,
}

impl Report {
    pub fn new(command: &'static str) -> Self {
        Self {
            command,
            started: Instant::now(),
            items: Vec::new(),
        }
    }

    pub fn count(&self, status: Status) -> usize {
        self.items.iter().filter(|i| i.status == status).count()
    }

    /// Says it all, and how the command ended.
    pub fn finish(&self, global: &Global) -> Outcome {
        let failed = self.count(Status::Failed);
        let seconds = (self.started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
        if global.json {
            let report = serde_json::json!({
                "command": self.command,
                "ok": failed == 0,
                "items": self.items,
                "totals": {
                    "done": self.count(Status::Done),
                    "unchanged": self.count(Status::Unchanged),
                    "failed": failed,
                    "seconds": seconds,
                },
            });
            let _ = super::print(&format!("{report}\n"));
        }
        let is_uncertain = |item: &Item| {
            item.story
                .as_ref()
                .is_some_and(|story| story.state == "uncertain")
        };
        if self.items.iter().any(is_uncertain) {
            Outcome::Uncertain
        } else if failed == 0 {
            Outcome::Done
        } else {
            Outcome::Failed
        }
    }

    /// What is wrong and what is worth a look, for people.
    pub fn say_diagnostics(&self, global: &Global) {
        for item in &self.items {
            for (value, said) in item.diagnostics.iter().zip(&item.said) {
                // what an unchanged story was told before is not told again
                if said.is_empty() {
                    continue;
                }
                if !global.quiet || value["severity"] == "error" {
                    eprintln!("{said}\n");
                }
            }
        }
    }

    /// The last line for people.
    pub fn say_totals(&self, global: &Global, done: &str) {
        if global.quiet {
            return;
        }
        let (made, unchanged, failed) = (
            self.count(Status::Done),
            self.count(Status::Unchanged),
            self.count(Status::Failed),
        );
        let mut parts = vec![format!("{made} {done}")];
        if unchanged > 0 {
            parts.push(format!("{unchanged} unchanged"));
        }
        if failed > 0 {
            parts.push(format!("{failed} failed"));
        }
        eprintln!(
            "{} in {:.1} s",
            parts.join(", "),
            self.started.elapsed().as_secs_f64()
        );
    }
}

//! What became of a story of a batch.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::diag::{Diagnostic, Severity};
use crate::graph::UserTag;
use crate::media::Media;

/// How a story ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It was made.
    #[default]
    Done,
    /// Nothing that decides it has changed: its files are those of before.
    Unchanged,
    /// Its diagnostics say why.
    Failed,
}

/// What a story has over its picture, and what is said where publishing leaves it out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Which of the story's stickers it is; none for a caption or an alt text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticker: Option<usize>,
    /// What is said.
    pub said: Diagnostic,
}

/// One story, or a template or row that never became one.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// The template, as it was named; of a row that cannot be read, the template it would have filled.
    pub input: PathBuf,
    /// The row it came from, counted from 1; none without data.
    pub row: Option<usize>,
    /// How it ended.
    pub status: Status,
    /// Its files, in the order of the formats; a copy with guides is not among them.
    pub media: Vec<Media>,
    /// Who is mentioned in it, for the publishing of it.
    pub mentions: Vec<UserTag>,
    /// What is wrong and what is worth a look. Those of an unchanged story were reported when it was made
    /// ([`Diagnostic::is_kept`]).
    pub diagnostics: Vec<Diagnostic>,
    /// What only a person can add: worth a warning where the story is published by a program that does not.
    pub by_hand: Vec<LeftOut>,
    /// How long each stage took, where it was made.
    pub timings: Option<Timings>,
}

impl Outcome {
    /// A failed one, with its reasons.
    pub fn failed(
        input: impl Into<PathBuf>,
        row: Option<usize>,
        diagnostics: Vec<Diagnostic>,
    ) -> Self {
        Self {
            input: input.into(),
            row,
            status: Status::Failed,
            diagnostics,
            ..Self::default()
        }
    }

    /// Whether something of it is worth a look.
    pub fn has_warnings(&self) -> bool {
        let is_warning = |d: &Diagnostic| d.severity == Severity::Warning;
        self.diagnostics.iter().any(is_warning)
    }
}

/// Milliseconds of each stage of a story.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Timings {
    /// From template and row to a scene.
    pub resolve: f64,
    /// Finding the cover of a film; 0 for a still.
    pub cover: f64,
    /// From the scene to pixels.
    pub paint: f64,
    /// From pixels to whole files.
    pub write: f64,
}

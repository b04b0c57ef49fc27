//! Which stories are meant.

use std::path::PathBuf;

use crate::data::Encoding;
use crate::source::Asked;

/// Templates, data and values: the stories of a call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    /// Templates, or folders of templates; in a folder, names that start with `_` are bases and no stories.
    pub paths: Vec<PathBuf>,
    /// A data file: one story for each of its rows. Or `source:NAME`, a source of the project.
    pub data: Option<PathBuf>,
    /// What came of asking the source that `data` names, as [`ask_source`](super::ask_source) puts it here; without it, what
    /// is known of the source is taken.
    pub source: Option<Asked>,
    /// The encoding of a text file that does not say its own; guessed, without one.
    pub encoding: Option<Encoding>,
    /// Values of variables, over data and defaults.
    pub set: Vec<(String, String)>,
    /// Only stories whose name, or whose template's name, fits this pattern of `*` and `?`.
    pub only: Option<String>,
    /// The time that is meant, as [`Project::time`](crate::project::Project::time) reads it; now, without one.
    pub now: Option<String>,
}

impl Selection {
    /// What one template makes without data.
    pub fn of(template: impl Into<PathBuf>) -> Self {
        Self {
            paths: vec![template.into()],
            ..Self::default()
        }
    }
}

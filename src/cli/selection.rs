//! Options that `render` and `check` share.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use jiff::Timestamp;

use super::{interrupt, open};
use crate::batch::{self, Plan};
use crate::data::Encoding;
use crate::project::Project;
use crate::source::{self, When};

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Selection {
    /// Templates, or folders of templates; names that start with `_` are bases, not stories
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// One story for each row of this CSV, TSV, JSON, JSON Lines, TOML, XLSX, ODS, RSS or Atom file, or of `source:NAME`
    /// of the project file
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// Encoding of a text file that does not say its own, such as windows-1250 or shift_jis
    #[arg(long, value_name = "NAME", requires = "data", value_parser = Encoding::named)]
    pub encoding: Option<Encoding>,
    /// Give a variable a value, over data and defaults
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub set: Vec<(String, String)>,
    /// Only stories whose name fits: `*` and `?` as in a shell
    #[arg(long, value_name = "GLOB")]
    pub only: Option<String>,
    /// As if it were then: a date, or a date and time
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
}

impl From<&Selection> for batch::Selection {
    fn from(asked: &Selection) -> Self {
        Self {
            paths: asked.paths.clone(),
            data: asked.data.clone(),
            source: None,
            encoding: asked.encoding,
            set: asked.set.clone(),
            only: asked.only.clone(),
            now: asked.now.clone(),
        }
    }
}

impl Selection {
    /// The stories that are meant; data that lives elsewhere is fetched if it is due.
    ///
    /// # Errors
    /// When the call itself is wrong, or was stopped.
    pub fn plan(&self, project: Project) -> anyhow::Result<Plan> {
        let mut selection: batch::Selection = self.into();
        if selection.data.as_deref().and_then(source::named).is_some() {
            fetch(&mut selection, &project)?;
        }
        batch::plan(&selection, project).map_err(|error| match &error {
            batch::Error::UnknownVariable { key, .. } => anyhow!("--set {key}: {error}"),
            _ => error.into(),
        })
    }
}

fn fetch(selection: &mut batch::Selection, project: &Project) -> anyhow::Result<()> {
    let stop = interrupt::on_interrupt();
    let asked = batch::ask_source(selection, project, When::Due, Timestamp::now());
    open::runtime()?.block_on(async {
        tokio::select! {
            asked = asked => asked.context("--data"),
            () = interrupt::interrupted(stop) => Err(interrupt::Interrupted.into()),
        }
    })
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.to_owned()))
        }
        _ => Err(format!("`{text}` is not KEY=VALUE")),
    }
}

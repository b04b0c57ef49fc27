//! What editors ask: where boxes are, what values come from, and the text after an edit.

mod boxes;
mod operations;
mod values;

use std::path::Path;

use serde_json::{Map, Value};
use storypress::data::Row;
use storypress::diag::{Diagnostic, Place, Source};
use storypress::scene::picture::Limits;
use storypress::scene::{Assets, Inspected, inspect};
use storypress::template::expression::Clock;
use storypress::template::{self, AllowedPaths, Brand, Template};

/// A folder with templates, and what they share.
pub struct Stage {
    folder: tempfile::TempDir,
    pub allowed: AllowedPaths,
    pub assets: Assets,
}

impl Stage {
    pub fn new(brand: Brand) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let allowed = AllowedPaths::new(folder.path(), &[]);
        let clock = Clock {
            now: "2026-12-01T09:00[Europe/Madrid]".parse().expect("a time"),
        };
        let (assets, wrong) = Assets::new(allowed.clone(), false, brand, Limits::default(), clock);
        assert!(wrong.is_empty(), "{wrong:?}");
        Self {
            folder,
            allowed,
            assets,
        }
    }

    pub fn plain() -> Self {
        Self::new(Brand::default())
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.folder.path().join(name), bytes).expect("a file");
    }

    pub fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("t.toml")
    }

    pub fn load(&self, text: &str) -> (Template, Vec<Diagnostic>) {
        template::load_text(text, &self.path(), Path::new("t.toml"), &self.allowed)
            .expect("a text of sane size")
    }

    pub fn inspect(&self, text: &str) -> Inspected {
        let (template, _) = self.load(text);
        inspect(&template, &row(&[]), &self.assets)
    }
}

/// A row of texts.
pub fn row(cells: &[(&str, &str)]) -> Row {
    let source = Source::new("", "");
    let values: Map<String, Value> = cells
        .iter()
        .map(|(name, text)| ((*name).to_owned(), Value::from(*text)))
        .collect();
    Row::new(1, values, Place::whole(&source), Vec::new())
}

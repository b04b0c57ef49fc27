//! A good copy of a source, and its rows as a batch gets them.
//!
//! In: a file, and what became of the pictures that its rows name. Out: a table whose addresses are files. Never: the
//! network.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::data::{self, Encoding, Row, Table};
use crate::diag::{Code, Diagnostic, Place};
use crate::template::expression::{column_of, folded};

/// The file that stands in place of a source.
#[derive(Debug, Clone)]
pub struct Copy {
    /// The source's name.
    pub name: String,
    /// Where the source stands in the project file.
    pub place: Place,
    /// The file: `.storypress/sources/<sha256>.<extension>`, which tells the format. As people know it.
    pub file: PathBuf,
    /// Its content's hash, in hex.
    pub sha256: String,
    /// How its text is encoded, where the server said so.
    pub encoding: Option<Encoding>,
    /// When the server said last that this is what there is.
    pub at: Timestamp,
    /// How long ago that was.
    pub age: SignedDuration,
    /// The server was asked for it now, and answered.
    pub was_asked: bool,
    /// The good copy that this one took the place of now, if its content is another.
    pub before: Option<PathBuf>,
    /// Columns that every row of the copies so far had; one that is gone is missed.
    pub columns: BTreeSet<String>,
    /// Warnings: the source failed, and this is its last good copy.
    pub diagnostics: Vec<Diagnostic>,
    /// Addresses in columns of pictures are files here.
    pub has_pictures: bool,
    /// What became of each address that rows name.
    pub(super) pictures: HashMap<String, Picture>,
}

/// What became of a picture's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Picture {
    /// A file, against the project's root.
    File(String),
    /// Why there is none.
    Missing(String),
}

// two copies are one where they make the same rows
impl PartialEq for Copy {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, &self.file, &self.pictures, &self.diagnostics)
            == (
                &other.name,
                &other.file,
                &other.pictures,
                &other.diagnostics,
            )
    }
}

impl Eq for Copy {}

impl Copy {
    /// Its rows. In the columns of `pictures` an address is the file that was fetched from it; a row whose picture could
    /// not be fetched is a `missing-asset` in its place.
    ///
    /// `named` is the encoding that a person names; it goes before the server's.
    ///
    /// # Errors
    /// As [`data::read_as`].
    pub fn table(
        &self,
        named: Option<Encoding>,
        pictures: &BTreeSet<String>,
    ) -> Result<Table, Vec<Diagnostic>> {
        let mut table = data::read_as(&self.file, named.or(self.encoding))?;
        if self.has_pictures {
            for row in &mut table.rows {
                let with_files = match row {
                    Ok(row) => self.with_files(row, pictures),
                    Err(_) => Ok(()),
                };
                if let Err(why) = with_files {
                    *row = Err(why);
                }
            }
        }
        Ok(table)
    }

    /// The columns that copies had and this one has no more, and that are among `needed`. An empty list has lost none.
    pub fn gone(&self, table: &Table, needed: &BTreeSet<String>) -> Vec<String> {
        if table.columns.is_empty() && table.rows.is_empty() {
            return Vec::new();
        }
        let has = |column: &str| {
            let found = column_of(column, table.columns.iter().map(String::as_str));
            // several that it could be are told with the row
            found.map_or(true, |found| found.is_some())
        };
        let needed: BTreeSet<String> = needed.iter().map(|name| folded(name)).collect();
        let gone = self.columns.iter().filter(|column| !has(column));
        gone.filter(|column| needed.contains(&folded(column)))
            .cloned()
            .collect()
    }

    fn with_files(&self, row: &mut Row, pictures: &BTreeSet<String>) -> Result<(), Diagnostic> {
        for column in columns(row, pictures) {
            let Some(address) = address(&row.values[&column]) else {
                continue;
            };
            let why = match self.pictures.get(address) {
                Some(Picture::File(file)) => {
                    let file = Value::String(file.clone());
                    row.values.insert(column, file);
                    continue;
                }
                Some(Picture::Missing(why)) => why.as_str(),
                None => "it was not fetched yet",
            };
            let label = row.label();
            let shown = shown(address);
            let said = format!("{label}: column `{column}`: no picture from {shown}: {why}");
            let mut missing = Diagnostic::at(Code::MissingAsset, row.place_of(&column), said);
            missing.row = Some(label);
            return Err(missing);
        }
        Ok(())
    }
}

/// The addresses that the rows of a table name in columns of pictures, each once, in the order of the rows.
pub(super) fn addresses(table: &Table, pictures: &BTreeSet<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let rows = table.rows.iter().flatten();
    let all = rows.flat_map(|row| {
        let named = columns(row, pictures);
        let found = named
            .into_iter()
            .filter_map(|column| address(&row.values[&column]));
        found.map(str::to_owned).collect::<Vec<_>>()
    });
    all.filter(|address| seen.insert(address.clone())).collect()
}

/// The columns of a row that fill those variables.
fn columns(row: &Row, pictures: &BTreeSet<String>) -> Vec<String> {
    let mut found: Vec<String> = pictures
        .iter()
        .filter_map(|name| Some(row.column(name).ok()??.to_owned()))
        .collect();
    found.dedup();
    found
}

/// The web address that a cell holds: itself, or the `url` of what is attached, as Airtable has it.
fn address(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => {
            let text = text.trim();
            let begins = |scheme: &str| {
                let start = text.get(..scheme.len());
                start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            };
            (begins("https://") || begins("http://")).then_some(text)
        }
        Value::Array(items) => address(items.first()?),
        Value::Object(members) => address(members.get("url").filter(|url| url.is_string())?),
        _ => None,
    }
}

fn shown(address: &str) -> String {
    match address.parse() {
        Ok(url) => super::options::shown(&url),
        Err(_) => address.chars().take(200).collect(),
    }
}

/// What came of asking a source for a batch: its copy, or why there is none.
pub type Asked = Result<Arc<Copy>, Box<Diagnostic>>;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::diag::Source;

    fn copy(file: PathBuf) -> Copy {
        Copy {
            name: "menu".into(),
            place: Place::whole(&Source::new("storypress.toml", "")),
            file,
            sha256: String::new(),
            encoding: None,
            at: Timestamp::UNIX_EPOCH,
            age: SignedDuration::ZERO,
            was_asked: false,
            before: None,
            columns: BTreeSet::new(),
            diagnostics: Vec::new(),
            has_pictures: true,
            pictures: HashMap::from([
                (
                    "https://a.org/1.jpg".to_owned(),
                    Picture::File("x/1.jpg".into()),
                ),
                (
                    "https://a.org/2.jpg?key=hush".to_owned(),
                    Picture::Missing("the server answered 404".into()),
                ),
            ]),
        }
    }

    #[test]
    fn addresses_are_files_and_a_missing_one_fails_its_row() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("rows.json");
        let rows = json!([
            {"id": "a", "Photo": " https://a.org/1.jpg ", "link": "https://a.org/1.jpg"},
            {"id": "b", "Photo": "https://a.org/2.jpg?key=hush"},
            {"id": "c", "Photo": "assets/own.jpg"},
            {"id": "d", "Photo": [{"id": "att1", "url": "https://a.org/1.jpg"}]},
            {"id": "e", "Photo": "https://a.org/3.jpg"},
            {"id": "f", "Photo": ""},
        ]);
        std::fs::write(&file, rows.to_string()).expect("rows");
        let pictures = BTreeSet::from(["photo".to_owned()]);
        let copy = copy(file);
        let table = copy.table(None, &pictures).expect("rows");
        let cell = |at: usize| {
            table.rows[at]
                .as_ref()
                .map(|row| row.values["Photo"].clone())
        };
        assert_eq!(cell(0), Ok(json!("x/1.jpg")));
        assert_eq!(
            table.rows[0].as_ref().expect("good").values["link"],
            "https://a.org/1.jpg"
        );
        assert_eq!(cell(2), Ok(json!("assets/own.jpg")));
        assert_eq!(cell(3), Ok(json!("x/1.jpg")));
        assert_eq!(cell(5), Ok(json!("")));
        let said = |at: usize| table.rows[at].as_ref().expect_err("bad").message.clone();
        assert_eq!(
            said(1),
            "row 2 (id b): column `Photo`: no picture from https://a.org/2.jpg?…: the server answered 404"
        );
        assert_eq!(
            said(4),
            "row 5 (id e): column `Photo`: no picture from https://a.org/3.jpg: it was not fetched yet"
        );
        let wanted = addresses(
            &copy.table(None, &BTreeSet::new()).expect("rows"),
            &pictures,
        );
        assert_eq!(
            wanted,
            [
                "https://a.org/1.jpg",
                "https://a.org/2.jpg?key=hush",
                "https://a.org/3.jpg"
            ]
        );
    }

    #[test]
    fn a_column_that_is_needed_and_gone_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("rows.csv");
        std::fs::write(&file, "Title\nSoup\n").expect("rows");
        let copy = Copy {
            columns: ["title", "Unit price", "sku"].map(str::to_owned).into(),
            ..copy(file)
        };
        let table = copy.table(None, &BTreeSet::new()).expect("rows");
        let needed = ["title", "unit_price"].map(str::to_owned).into();
        assert_eq!(copy.gone(&table, &needed), ["Unit price"]);
    }
}

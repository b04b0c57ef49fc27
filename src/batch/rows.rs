//! Rows as stories get them.

use crate::data::Row;
use crate::diag::{Place, Source};
use crate::scene::SET;

/// A row for templates without data.
pub(super) fn none() -> Row {
    let source = Source::new("", "");
    let values = serde_json::Map::new();
    Row::new(1, values, Place::whole(&source), Vec::new())
}

/// Values of the call, which go over those of a row.
pub(super) struct Over(Vec<(String, String, Place)>);

impl Over {
    /// The values, each with its place in a text of lines `key=value`.
    pub fn of(set: &[(String, String)]) -> Self {
        let text: Vec<String> = set.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let source = Source::new(SET, text.join("\n"));
        let mut start = 0;
        let values = set.iter().zip(&text).map(|((key, value), line)| {
            let place = Place::new(&source, start..start + line.len());
            start += line.len() + 1;
            (key.clone(), value.clone(), place)
        });
        Self(values.collect())
    }

    /// The row with them.
    pub fn put_into(&self, mut row: Row) -> Row {
        for (key, value, place) in &self.0 {
            row.places.retain(|(name, _)| name != key);
            row.places.push((key.clone(), place.clone()));
            let value = serde_json::Value::String(value.clone());
            row.values.insert(key.clone(), value);
        }
        row
    }
}

/// The cells of a row that read like a picture's path.
pub(super) fn pictures_of(row: &Row) -> Vec<String> {
    const ENDINGS: [&str; 9] = [
        "jpg", "jpeg", "png", "webp", "avif", "heic", "heif", "gif", "svg",
    ];
    let texts = row.values.values().filter_map(serde_json::Value::as_str);
    texts
        .filter(|text| {
            let ending = text
                .rsplit_once('.')
                .map(|(_, ending)| ending.trim().to_lowercase());
            ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
        })
        .map(str::to_owned)
        .collect()
}

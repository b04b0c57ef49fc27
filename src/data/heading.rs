//! The heading of a table: what its columns are called.

use unicode_normalization::UnicodeNormalization;

/// What is wrong with a heading, by column.
pub(super) struct Trouble {
    /// Which column, from 0.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// What a heading's cell calls its column: in one line, without marks that nobody sees, with each accent on its letter.
pub(super) fn name(cell: &str) -> String {
    let seen: String = cell
        .nfc()
        .filter(|c| !matches!(c, '\u{feff}' | '\u{200b}' | '\u{200e}' | '\u{200f}'))
        .collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Finds columns without a name and names given twice.
///
/// `label` says how people find a column; `is_used` whether any row has something in it: a spreadsheet often
/// writes empty columns on its right, and those harm nobody.
pub(super) fn troubles(
    names: &[String],
    label: impl Fn(usize) -> String,
    is_used: impl Fn(usize) -> bool,
) -> Vec<Trouble> {
    let mut found = Vec::new();
    for (column, name) in names.iter().enumerate() {
        if name.is_empty() {
            if is_used(column) {
                found.push(Trouble {
                    column,
                    message: format!("{} has no name in the heading", label(column)),
                    hint: "name it, or empty the column".into(),
                });
            }
        } else if let Some(first) = names[..column].iter().position(|other| other == name) {
            found.push(Trouble {
                column,
                message: format!(
                    "{} is called `{name}`, as {} is already",
                    label(column),
                    label(first)
                ),
                hint: "give each column a name of its own".into(),
            });
        }
    }
    found
}

//! What stories are called.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

use crate::data::{Row, Table};
use crate::diag::{Code, Diagnostic, RowName};

/// Most bytes of a story's name: file systems take 255, and endings and the names of unfinished files come on top.
const MAX_NAME: usize = 200;

/// A name that a file can have, and the one it was if it is another: its end then is a hash of the whole.
pub(super) fn shortened(name: String) -> (String, Option<String>) {
    if name.len() <= MAX_NAME {
        return (name, None);
    }
    let hash = blake3::hash(name.as_bytes()).to_hex();
    let mut end = MAX_NAME - 17;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    (format!("{}-{}", &name[..end], &hash[..16]), Some(name))
}

/// What the story of a row in a template is called. `width` is how many digits the number of the last row has.
pub(super) fn of_row(template: &str, row: &Row, width: usize) -> (String, Option<String>) {
    of_label(template, &row.label(), width)
}

/// The same of a row of which only its number and its key are known.
pub(super) fn of_label(template: &str, row: &RowName, width: usize) -> (String, Option<String>) {
    let key = match row.key.as_deref().map(safe).filter(|k| !k.is_empty()) {
        Some(key) => key,
        None => format!("{:0width$}", row.number),
    };
    shortened(format!("{}-{key}", safe(template)))
}

/// The digits of the number of a table's last row.
pub(super) fn width_of(table: &Table) -> usize {
    table.rows.len().to_string().len()
}

/// The names that more than one row of a table would have in a template.
pub(super) fn clashing(template: &str, table: &Table) -> HashSet<String> {
    let width = width_of(table);
    let mut seen = HashSet::with_capacity(table.rows.len());
    let rows = table.rows.iter().filter_map(|row| row.as_ref().ok());
    let names = rows.map(|row| of_row(template, row, width).0);
    names.filter(|name| !seen.insert(name.clone())).collect()
}

/// What is said of a row whose story would be called as another one.
pub(super) fn clash(name: &str, row: &Row) -> Diagnostic {
    let message = format!("more than one story would be called `{name}`");
    let found = Diagnostic::at(Code::NameClash, row.place_of("id"), message);
    found.hint("give each row its own `id`")
}

/// A text as a part of a file name: letters, digits, `-`, `_` and `.` stay.
pub(super) fn safe(text: &str) -> String {
    text.trim()
        .nfc()
        .map(|c| {
            if c.is_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '-'
            }
        })
        .collect()
}

/// Whether a name fits a pattern of `*` and `?`.
///
/// One step back to the last `*` is enough: the time grows with the product of both lengths, whatever the pattern.
pub(super) fn fits(glob: &str, name: &str) -> bool {
    let (glob, name): (Vec<char>, Vec<char>) = (glob.chars().collect(), name.chars().collect());
    let (mut g, mut n) = (0, 0);
    // where the last `*` stands, and how much of the name it has taken
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match (glob.get(g), star) {
            (Some('*'), _) => {
                star = Some((g, n));
                g += 1;
            }
            (Some(c), _) if *c == '?' || *c == name[n] => {
                g += 1;
                n += 1;
            }
            (_, Some((at, taken))) => {
                star = Some((at, taken + 1));
                (g, n) = (at + 1, taken + 1);
            }
            _ => return false,
        }
    }
    glob[g..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_letters_and_lose_what_a_file_system_minds() {
        assert_eq!(safe("Tomato tart/€12"), "Tomato-tart--12");
        assert_eq!(safe("jalapeño_1.2"), "jalapeño_1.2");
        assert_eq!(safe("../../etc"), "..-..-etc");
        assert_eq!(safe("cre\u{300}me"), "crème");
    }

    #[test]
    fn a_name_too_long_for_a_file_ends_in_a_hash() {
        let long = |end: &str| format!("menu-{}{end}", "é".repeat(130));
        let (name, was) = shortened(long("a"));
        assert!(name.len() <= MAX_NAME && name.starts_with("menu-éé"));
        assert_eq!(was, Some(long("a")));
        assert_ne!(shortened(long("b")).0, name);
        assert_eq!(shortened("menu-a".into()), ("menu-a".into(), None));
    }

    #[test]
    fn globs_fit_as_in_a_shell() {
        for (glob, name) in [
            ("menu-*", "menu-monday"),
            ("*day", "menu-monday"),
            ("m?nu*", "menu"),
            ("*", ""),
            ("*a*b*", "xaxxabx"),
            ("", ""),
        ] {
            assert!(fits(glob, name), "{glob} {name}");
        }
        for (glob, name) in [("menu", "menu-monday"), ("?", ""), ("*a?", "xa"), ("", "x")] {
            assert!(!fits(glob, name), "{glob} {name}");
        }
    }

    #[test]
    fn a_pattern_of_many_stars_takes_no_time() {
        assert!(!fits(&"*a".repeat(60), &"a".repeat(59)));
        assert!(!fits(&format!("{}b", "*a".repeat(40)), &"a".repeat(400)));
    }
}

//! Sections of clips that were broken and concealed, in words.
//!
//! In: files, and times on their own lines. Out: sentences for the report. Never: deciding what is broken.

use std::path::Path;

/// Broken pictures closer than this are one section, seconds.
const TOGETHER: f64 = 0.5;

/// Single pictures that were broken, put together to sections; `rate` is that of the film, frames a second.
pub(super) fn of_pictures(pictures: &[(&Path, f64)], rate: f64) -> Vec<String> {
    let mut sections: Vec<(&Path, f64, f64)> = Vec::new();
    for (path, at) in pictures {
        match sections.last_mut() {
            Some((last, _, until)) if last == path && (0.0..TOGETHER).contains(&(at - *until)) => {
                *until = *at
            }
            _ => sections.push((path, *at, *at)),
        }
    }
    let sentences = sections.into_iter().map(|(path, from, until)| {
        let when = when(from, until + 1.0 / rate);
        format!(
            "the picture of `{}` is broken {when}; it was concealed",
            name(path)
        )
    });
    sentences.collect()
}

/// Sections of a sound that were broken, seconds.
pub(super) fn of_sound(path: &Path, sections: &[(f64, f64)]) -> Vec<String> {
    let sentence = |(from, until): &(f64, f64)| {
        format!(
            "the sound of `{}` is broken {}; it is silent there",
            name(path),
            when(*from, *until)
        )
    };
    sections.iter().map(sentence).collect()
}

/// A clip whose file ends at `seconds` although it says that it is `declared` seconds long.
pub(super) fn of_end(path: &Path, seconds: f64, declared: f64) -> String {
    format!(
        "`{}` breaks off at {seconds:.1} s; it says it is {declared:.1} s long",
        name(path)
    )
}

/// A section in words, seconds.
fn when(from: f64, until: f64) -> String {
    match (format!("{from:.1}"), format!("{until:.1}")) {
        (from, until) if from == until => format!("at {from} s"),
        (from, until) => format!("from {from} to {until} s"),
    }
}

fn name(path: &Path) -> std::borrow::Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}

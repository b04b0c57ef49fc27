//! Sections of clips that were broken and concealed.
//!
//! In: files, and times on their own lines. Out: a [`Damage`] for each section, which says itself in a sentence. Never:
//! deciding what is broken.

use std::fmt;
use std::path::{Path, PathBuf};

/// Broken pictures closer than this are one section, seconds.
const TOGETHER: f64 = 0.5;

/// A section of a clip that was broken, and was concealed.
#[derive(Debug, Clone, PartialEq)]
pub struct Damage {
    /// The clip's file, as the scene names it.
    pub path: PathBuf,
    /// Where the section begins, seconds on the clip's own line.
    pub from_s: f64,
    /// Where it is over, seconds; of a clip that breaks off, how long it says it is.
    pub until_s: f64,
    /// What of the clip is broken.
    pub what: Broken,
}

/// What of a clip is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// Pictures, which were concealed.
    Picture,
    /// Sound, which is silent there.
    Sound,
    /// The file ends before it says it does.
    End,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let (from, until) = (
            format!("{:.1}", self.from_s),
            format!("{:.1}", self.until_s),
        );
        let when = match from == until {
            true => format!("at {from} s"),
            false => format!("from {from} to {until} s"),
        };
        match self.what {
            Broken::Picture => {
                write!(
                    f,
                    "the picture of `{name}` is broken {when}; it was concealed"
                )
            }
            Broken::Sound => {
                write!(
                    f,
                    "the sound of `{name}` is broken {when}; it is silent there"
                )
            }
            Broken::End => write!(
                f,
                "`{name}` breaks off at {from} s; it says it is {until} s long"
            ),
        }
    }
}

/// Single pictures that were broken, put together to sections; `rate` is that of the film, frames a second.
pub(super) fn of_pictures(pictures: &[(&Path, f64)], rate: f64) -> Vec<Damage> {
    let mut sections: Vec<Damage> = Vec::new();
    for (path, at) in pictures {
        match sections.last_mut() {
            Some(last) if last.path == *path && (0.0..TOGETHER).contains(&(at - last.until_s)) => {
                last.until_s = *at;
            }
            _ => sections.push(Damage {
                path: (*path).to_owned(),
                from_s: *at,
                until_s: *at,
                what: Broken::Picture,
            }),
        }
    }
    // the last picture of a section is broken as long as it shows
    for section in &mut sections {
        section.until_s += 1.0 / rate;
    }
    sections
}

/// Sections of a sound that were broken, seconds.
pub(super) fn of_sound(path: &Path, sections: &[(f64, f64)]) -> Vec<Damage> {
    let damage = |&(from_s, until_s): &(f64, f64)| Damage {
        path: path.to_owned(),
        from_s,
        until_s,
        what: Broken::Sound,
    };
    sections.iter().map(damage).collect()
}

/// A clip whose file ends at `seconds` although it says that it is `declared` seconds long.
pub(super) fn of_end(path: &Path, seconds: f64, declared: f64) -> Damage {
    Damage {
        path: path.to_owned(),
        from_s: seconds,
        until_s: declared,
        what: Broken::End,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_become_sections_and_sections_sentences() {
        let (a, b) = (Path::new("a.mp4"), Path::new("in/b.mp4"));
        let found = of_pictures(&[(a, 1.0), (a, 1.2), (b, 1.2), (b, 4.0)], 25.0);
        let sentences: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            sentences,
            [
                "the picture of `a.mp4` is broken from 1.0 to 1.2 s; it was concealed",
                "the picture of `b.mp4` is broken at 1.2 s; it was concealed",
                "the picture of `b.mp4` is broken at 4.0 s; it was concealed",
            ]
        );
        assert_eq!(
            of_end(b, 2.04, 4.0).to_string(),
            "`b.mp4` breaks off at 2.0 s; it says it is 4.0 s long"
        );
    }
}

//! What a package is made of, and which files it becomes.
//!
//! In: nothing. Out: plain values. Never: reading or writing a file.

use std::path::PathBuf;

use jiff::tz::TimeZone;

use crate::media::Media;

/// A story that a person posts.
#[derive(Debug, Clone, Copy)]
pub struct Posted<'a> {
    /// What people call it; names its files.
    pub name: &'a str,
    /// The finished file. It lies in the folder of the package.
    pub media: &'a Media,
    /// The story's id, where it is one of the memory: the page tells how to say that it is live.
    pub id: Option<&'a str>,
    /// In which a person reads times: the project's.
    pub zone: &'a TimeZone,
}

/// The files of a story's package, whole under their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// `NAME.html`.
    pub page: PathBuf,
    /// `NAME.boxes.png`.
    pub boxes: PathBuf,
    /// Both held the same before.
    pub is_unchanged: bool,
}

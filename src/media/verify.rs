//! Finished media held against the rules.
//!
//! In: a path and whose rules. Out: a [`Report`], one line a rule. Never: a changed file.

use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use super::film::{self, Watch};
use super::{Error, FILM_LIMIT, Media, probe, rules};
use crate::diag::Severity;
use crate::platform::{Cancel, Content};

/// Whose rules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// What Storypress promises of its own files: 8,000,000 bytes at the most, nothing turned.
    #[default]
    Budget,
    /// What the platform's own documentation asks.
    Platform,
}

/// One rule, and whether the file keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// The stable word: `format name size extended coding components pixels aspect color orientation metadata whole
    /// trailing`, and of films `moov-first edit-list streams codec profile chroma progressive audio frame-rate gop
    /// bit-rate duration sync`.
    pub rule: &'static str,
    /// It is kept.
    pub ok: bool,
    /// What breaking it means: an error is refused or shown wrong, a warning is shown otherwise than meant.
    #[serde(serialize_with = "as_word")]
    pub severity: Severity,
    /// What was found, as a sentence without its full stop.
    pub said: String,
}

fn as_word<S: Serializer>(severity: &Severity, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(severity.as_str())
}

/// Every rule a file was held against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The file, as it was named.
    pub path: PathBuf,
    /// Whose rules.
    pub profile: Profile,
    /// Its length.
    pub bytes: u64,
    /// The rules, in the order of the documentation; those that do not concern this kind of file are left out.
    pub rules: Vec<Rule>,
}

impl Report {
    /// No rule of severity error is broken.
    pub fn is_ok(&self) -> bool {
        !self
            .rules
            .iter()
            .any(|rule| !rule.ok && rule.severity == Severity::Error)
    }

    /// The broken rules, errors first.
    pub fn broken(&self) -> impl Iterator<Item = &Rule> {
        let of = |severity| {
            self.rules
                .iter()
                .filter(move |rule| !rule.ok && rule.severity == severity)
        };
        of(Severity::Error).chain(of(Severity::Warning))
    }
}

/// Holds a finished file against the rules; of a picture every scan is read, of a film every picture decoded.
///
/// A file that is neither gets a report too, with its `format` rule broken.
///
/// # Errors
/// [`Error::Io`] if it cannot be read, [`Error::TooSlow`] for a film that takes longer than [`FILM_LIMIT`].
pub fn verify(path: &Path, profile: Profile) -> Result<Report, Error> {
    verify_until(path, profile, &Cancel::default().within(FILM_LIMIT))
}

/// The same, for as long as it may take.
///
/// # Errors
/// As [`verify`], and [`Error::Cancelled`].
pub fn verify_until(path: &Path, profile: Profile, cancel: &Cancel) -> Result<Report, Error> {
    let (content, bytes) = probe::open(path)?;
    if content.film().is_some() {
        return film::verify::check(path, profile, None, cancel, &mut Watch::nobody());
    }
    Ok(of_still(path, content, &bytes, profile))
}

fn of_still(path: &Path, content: Content, bytes: &[u8], profile: Profile) -> Report {
    let mut rules = match content {
        Content::Jpeg => rules::of_jpeg(bytes, profile),
        Content::Png => rules::of_png(bytes, profile),
        _ => rules::of_other(content, bytes, profile),
    };
    rules.extend(film::verify::name(path, false, profile));
    Report {
        path: path.to_owned(),
        profile,
        bytes: bytes.len() as u64,
        rules,
    }
}

/// A file that exists, held against the rules and known as a [`Media`], where it is one: a still is read once for all of
/// it.
///
/// # Errors
/// As [`verify_until`].
pub fn examine(
    path: &Path,
    profile: Profile,
    cancel: &Cancel,
) -> Result<(Report, Option<Media>), Error> {
    let (content, bytes) = probe::open(path)?;
    let (report, probe, digest) = match content.film() {
        Some(_) => (
            film::verify::check(path, profile, None, cancel, &mut Watch::nobody())?,
            probe::probe_until(path, cancel),
            super::sha256_of(path),
        ),
        None => (
            of_still(path, content, &bytes, profile),
            probe::of_still(path, content, &bytes),
            Ok(super::sha256(&bytes)),
        ),
    };
    let media = probe.ok().zip(digest.ok()).map(|(probe, sha256)| Media {
        path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
        kind: probe.kind,
        bytes: probe.bytes,
        width: probe.width,
        height: probe.height,
        duration_s: probe.film().map(|film| film.duration_s),
        sha256,
        quality: None,
        notes: Vec::new(),
        extras: Default::default(),
        damaged: Vec::new(),
    });
    Ok((report, media))
}

//! What a file is that cannot be used as a film: something else, or the unfinished part of one.
//!
//! In: a file. Out: a sentence, or nothing where it looks like a film. Never: decoding.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::boxes::Boxes;
use crate::media::motion_photo::MotionPhoto;
use crate::media::probe::not_a_medium;
use crate::media::{Error, motion_photo};
use crate::platform::{self, Content};

/// The boxes of a file; none if it is of another kind.
///
/// # Errors
/// [`Error::Io`].
pub(in crate::media) fn walk(path: &Path) -> Result<Boxes, Error> {
    let mut file = File::open(path).map_err(Error::io("read", path))?;
    Boxes::read(&mut file).map_err(Error::io("read", path))
}

/// What a file is that the library cannot open, in a sentence; `None` if it looks like a film.
pub(super) fn instead(path: &Path) -> Option<String> {
    let mut head = Vec::new();
    let file = File::open(path).ok()?;
    file.take(platform::HEAD as u64)
        .read_to_end(&mut head)
        .ok()?;
    let still = |format: &str| {
        let bytes = std::fs::read(path).unwrap_or_default();
        let behind = motion_photo::of(&bytes).map(|photo| timed(photo, &bytes));
        let behind = behind.map_or(String::new(), |film| format!("; {film}"));
        format!("it is a picture ({format}) and no film, whatever its name says{behind}")
    };
    // a page may show a drawing near its top, and is no drawing
    if platform::is_web_page(&head) {
        return Some(not_a_medium(Content::Unknown, &head));
    }
    match platform::sniff(&head) {
        Content::Film(_) => match believable(path, &walk(path).ok()?) {
            Err(Error::Unreadable { message, .. }) => Some(message),
            _ => unfinished(path),
        },
        Content::Jpeg => Some(still("JPEG")),
        Content::Png => Some(still("PNG")),
        Content::OtherStill(format) => Some(still(format)),
        content @ (Content::Empty | Content::Unknown) => Some(not_a_medium(content, &head)),
    }
}

/// Stops before the library reads tables that are missing, or that would cost gigabytes to believe.
///
/// # Errors
/// [`Error::Unreadable`].
pub(in crate::media) fn believable(path: &Path, boxes: &Boxes) -> Result<(), Error> {
    let has_film = boxes.offset(b"ftyp") == Some(0) || boxes.offset(b"mdat").is_some();
    let wrong = if boxes.exaggerates() {
        "it claims more samples than any film has"
    } else if has_film && boxes.movie.is_none() && boxes.is_fragmented() {
        "it is a fragment of a film: its index (`moov`), which is in another part, is missing"
    } else if has_film && boxes.movie.is_none() {
        "it is unfinished: its index (`moov`) is missing; recording or copying it broke off"
    } else {
        return Ok(());
    };
    Err(Error::Unreadable {
        path: path.to_owned(),
        message: wrong.to_owned(),
    })
}

/// Stops before the library takes a film without its index for something else.
///
/// # Errors
/// [`Error::Io`], and as [`believable`].
pub(super) fn expect_index(path: &Path) -> Result<(), Error> {
    match platform::content_of(path).map_err(Error::io("read", path))? {
        Content::Film(_) => believable(path, &walk(path)?),
        _ => Ok(()),
    }
}

/// Why nothing can be seen of an MP4 or MOV that breaks off, in a sentence.
pub(super) fn unfinished(path: &Path) -> Option<String> {
    let boxes = walk(path).ok()?;
    let movie = boxes.movie.as_ref()?;
    let last = boxes.top.last()?;
    let length = std::fs::metadata(path).ok()?.len();
    let there = length.saturating_sub(last.offset);
    let message = match &last.kind {
        _ if boxes.offset(b"mdat").is_none() => {
            "it is unfinished: its index (`moov`) is there, its pictures (`mdat`) are not"
                .to_owned()
        }
        b"moov" if there < last.bytes => format!(
            "it is unfinished: its index (`moov`) is missing but for {there} of its {} bytes; recording or copying it broke off",
            last.bytes
        ),
        b"mdat" if there < last.bytes => format!(
            "it is unfinished: its index (`moov`) is there, of its pictures (`mdat`) only {there} of {} bytes are",
            last.bytes
        ),
        _ if movie.tracks.is_empty() => "its index (`moov`) names no tracks".to_owned(),
        _ => return None,
    };
    Some(message)
}

/// How long the film is that these bytes are, by its own account, seconds.
pub(in crate::media) fn seconds_of(film: &[u8]) -> Option<f64> {
    let boxes = Boxes::read(&mut std::io::Cursor::new(film)).ok()?;
    let movie = boxes.movie?;
    (movie.timescale > 0 && movie.duration > 0)
        .then(|| movie.duration as f64 / f64::from(movie.timescale))
}

/// The film of a motion photo with the length that it says.
pub(in crate::media) fn timed(photo: MotionPhoto, bytes: &[u8]) -> MotionPhoto {
    let film = usize::try_from(photo.offset).ok();
    let film = film.and_then(|offset| bytes.get(offset..));
    MotionPhoto {
        duration_s: film.and_then(seconds_of),
        ..photo
    }
}

//! Clips and beds of sound as a template names them.
//!
//! In: filled keys. Out: a [`Clip`] or a [`Bed`] whose file is there and is not plainly something else. Never:
//! decoding; what a film holds, `media` finds out.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::diag::{Code, Diagnostic, Place};
use crate::platform::{self, Content};
use crate::template::{Node, Table, Value, grammar, key};

use super::stage::Stage;
use super::{Bed, Clip, fills};

/// Bytes of a file that are looked at.
const HEAD: usize = 4096;

/// The clip of a video layer, whose label is `label`; what is wrong with it is reported.
pub(super) fn of_layer(keys: &Table, label: &str, stage: &mut Stage<'_>) -> Option<Clip> {
    let node = keys.node(key!(PICTURE.src))?;
    if node.as_text()?.trim().is_empty() {
        let message = format!("{label} has no film");
        stage.wrong.push(
            Diagnostic::at(Code::MissingAsset, &node.place, message)
                .hint("`when` leaves a layer out"),
        );
        return None;
    }
    let start = keys
        .node(key!(VIDEO.start))
        .and_then(time)
        .unwrap_or_default();
    let end = keys.node(key!(VIDEO.end)).and_then(time);
    if let Some(at) = keys
        .node(key!(VIDEO.end))
        .filter(|_| end.is_some_and(|e| e <= start))
    {
        let message = format!(
            "{label} starts at {} s and ends at {} s: nothing is left of it",
            start.as_secs_f64(),
            end.unwrap_or_default().as_secs_f64()
        );
        stage
            .wrong
            .push(Diagnostic::at(Code::BadValue, &at.place, message));
        return None;
    }
    let path = file(node, label, stage)?;
    Some(Clip {
        path,
        place: node.place.clone(),
        fit: fills::fit(keys.read(key!(PICTURE.fit as word))),
        focus: keys.read(key!(PICTURE.focus as pair)),
        start,
        end,
        speed: keys.read(key!(VIDEO.speed as number)),
        looped: keys.read(key!(VIDEO.loop as flag)),
        mute: keys.read(key!(VIDEO.mute as flag)),
        volume: keys.read(key!(VIDEO.volume as number)),
    })
}

/// The clip of a fill, if it is one.
pub(super) fn of_fill(fill: &Node, stage: &mut Stage<'_>) -> Option<Clip> {
    let Value::Table(table) = &fill.value else {
        return None;
    };
    let node = table.node(key!(FILL.video))?;
    let path = file(node, "the background", stage)?;
    Some(Clip {
        fit: fills::fit(table.read(key!(FILL.fit as word))),
        focus: table.read(key!(FILL.focus as pair)),
        ..Clip::whole(path, node.place.clone())
    })
}

/// `[audio]`; none where its file is an empty text, so that a row can do without.
pub(super) fn bed(keys: &Table, stage: &mut Stage<'_>) -> Option<Bed> {
    let node = keys.node(key!(AUDIO.src))?;
    if node.as_text()?.trim().is_empty() {
        return None;
    }
    let fade = |key| keys.node(key).and_then(time).unwrap_or_default();
    let path = file(node, "`[audio]`", stage)?;
    Some(Bed {
        path,
        place: node.place.clone(),
        volume: keys.read(key!(AUDIO.volume as number)),
        fade_in: fade(key!(AUDIO.fade_in)),
        fade_out: fade(key!(AUDIO.fade_out)),
        duck: keys.read(key!(AUDIO.duck as number)),
    })
}

fn time(node: &Node) -> Option<Duration> {
    Duration::try_from_secs_f64(grammar::time(node)?).ok()
}

/// The file that a node names, if it may be read, is there, and may hold film or sound.
fn file(node: &Node, user: &str, stage: &mut Stage<'_>) -> Option<PathBuf> {
    let written = node.as_text()?;
    let path = stage.find(written, &node.place)?;
    match holds(&path) {
        None => Some(path),
        Some(what) => {
            stage.wrong.push(other(written, what, user, &node.place));
            None
        }
    }
}

fn other(written: &str, what: &str, user: &str, at: &Place) -> Diagnostic {
    let message = format!("cannot use `{written}` in {user}: it is {what}");
    let reported = Diagnostic::at(Code::UnreadableMedia, at, message);
    match what.ends_with("picture") {
        true => reported.hint("an image layer shows a picture"),
        false => reported,
    }
}

/// What a file holds that is surely neither film nor sound.
fn holds(path: &Path) -> Option<&'static str> {
    // what cannot be read is reported in its own words by whoever decodes it
    let mut file = std::fs::File::open(path).ok()?;
    let mut head = Vec::with_capacity(HEAD);
    if platform::read_content(&mut file, &mut head).ok()? == Content::Film("MJPEG") {
        return None;
    }
    let more = HEAD.saturating_sub(head.len()) as u64;
    file.take(more).read_to_end(&mut head).ok()?;
    what_is_not_film(&head)
}

fn what_is_not_film(head: &[u8]) -> Option<&'static str> {
    if head.is_empty() {
        return Some("empty");
    }
    match platform::sniff(head) {
        Content::Jpeg => return Some("a JPEG picture"),
        Content::OtherStill("WebP") if !is_animated_webp(head) => return Some("a WebP picture"),
        Content::OtherStill("SVG") => return Some("an SVG picture"),
        Content::OtherStill("AVIF") => return Some("an AVIF picture"),
        Content::OtherStill("HEIC") => return Some("a HEIC picture"),
        // these may be animated, and the film room knows whether they are
        _ => {}
    }
    is_text(head).then_some("text")
}

/// Whether the header of a WebP says that it moves.
fn is_animated_webp(head: &[u8]) -> bool {
    let flags = head.get(20).filter(|_| head.get(12..16) == Some(b"VP8X"));
    flags.is_some_and(|flags| flags & 2 != 0)
}

/// Whether every byte is one that a text has; what is cut off at the end is no fault.
fn is_text(head: &[u8]) -> bool {
    let whole = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(e) if e.error_len().is_none() => {
            std::str::from_utf8(&head[..e.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    whole
        .chars()
        .all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{c}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_no_film_are_known_by_their_first_bytes() {
        for (head, what) in [
            (&b""[..], Some("empty")),
            (b"\xFF\xD8\xFF\xE0\0\x10JFIF", Some("a JPEG picture")),
            (b"\0\0\0\x14ftypavif\0\0\0\0avif", Some("an AVIF picture")),
            (b"id,title\n1,Caf\xC3\xA9\n", Some("text")),
            (b"#EXTM3U\nhttp://example.org/a.ts\n", Some("text")),
            (b"cut in the middle of a letter \xC3", Some("text")),
            (b"\0\0\0\x18ftypisom\0\0\x02\0isommp41", None),
            (b"\x1A\x45\xDF\xA3\x9F\x42\x86\x81", None),
            (b"GIF89a\x10\0\x10\0", None),
            (b"RIFF\x24\0\0\0WEBPVP8 \x18\0\0\0", Some("a WebP picture")),
            (
                b"RIFF\x24\0\0\0WEBPVP8X\x0A\0\0\0\x10\0\0\0",
                Some("a WebP picture"),
            ),
            (b"RIFF\x24\0\0\0WEBPVP8X\x0A\0\0\0\x12\0\0\0", None),
            (b"YUV4MPEG2 W16 H16 F25:1\nFRAME\n\x10\x10", None),
        ] {
            assert_eq!(what_is_not_film(head), what, "{head:?}");
        }
    }
}

//! What a file is, by its first bytes; its name is not asked.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::{Error, png_walk};

/// What the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// No bytes at all.
    Empty,
    Jpeg,
    Png,
    /// A still in another format: `GIF`, `WebP`, `HEIC`.
    OtherStill(&'static str),
    /// A film, by its container: `MP4`, `MOV`, `WebM`.
    Film(&'static str),
    Unknown,
}

/// How many bytes [`sniff`] wants to see.
pub(super) const HEAD: usize = 512;

impl Content {
    /// The container, if it is a film.
    pub(super) fn film(self) -> Option<&'static str> {
        match self {
            Self::Film(container) => Some(container),
            _ => None,
        }
    }
}

/// Tells what a file is.
///
/// # Errors
/// [`Error::Io`].
pub(super) fn of(path: &Path) -> Result<Content, Error> {
    let failed = || Error::io("read", path);
    let mut head = Vec::new();
    let file = File::open(path).map_err(failed())?;
    file.take(HEAD as u64)
        .read_to_end(&mut head)
        .map_err(failed())?;
    Ok(sniff(&head))
}

/// Tells from the first bytes of a file what it is.
pub(super) fn sniff(head: &[u8]) -> Content {
    let at = |offset: usize, what: &[u8]| head.get(offset..).is_some_and(|h| h.starts_with(what));
    if head.is_empty() {
        Content::Empty
    } else if at(0, &[0xFF, 0xD8, 0xFF]) {
        Content::Jpeg
    } else if at(0, png_walk::SIGNATURE) {
        Content::Png
    } else if at(0, b"GIF8") {
        Content::OtherStill("GIF")
    } else if at(0, b"RIFF") && at(8, b"WEBP") {
        Content::OtherStill("WebP")
    } else if at(0, b"RIFF") && at(8, b"AVI ") {
        Content::Film("AVI")
    } else if at(0, &[0x1A, 0x45, 0xDF, 0xA3]) {
        Content::Film("Matroska or WebM")
    } else if at(4, b"ftyp") {
        brand(head)
    } else if at(4, b"moov") || at(4, b"mdat") || at(4, b"wide") {
        Content::Film("MOV")
    } else if at(0, b"BM") && at(6, &[0; 4]) {
        Content::OtherStill("BMP")
    } else if at(0, b"II*\0") || at(0, b"MM\0*") {
        Content::OtherStill("TIFF")
    } else if is_svg(head) {
        Content::OtherStill("SVG")
    } else if at(0, b"\x47") && at(188, b"\x47") && at(376, b"\x47")
        // a disc's stream has a clock of four bytes before each packet
        || at(4, b"\x47") && at(196, b"\x47") && at(388, b"\x47")
    {
        Content::Film("MPEG-TS")
    } else if at(0, &[0, 0, 1, 0xBA]) {
        Content::Film("MPEG-PS")
    } else if at(0, b"FLV\x01") {
        Content::Film("FLV")
    } else if at(0, b"OggS") {
        Content::Film("Ogg")
    } else if at(0, &[0x30, 0x26, 0xB2, 0x75]) {
        Content::Film("ASF")
    } else {
        Content::Unknown
    }
}

/// ISO base media: the major brand decides, then the compatible ones.
fn brand(head: &[u8]) -> Content {
    let length = head
        .first_chunk()
        .map_or(0, |l| u32::from_be_bytes(*l) as usize);
    let (brands, _) = head[8..head.len().min(length.max(12))].as_chunks::<4>();
    let mut named = brands.iter().filter_map(|brand| match brand {
        b"avif" | b"avis" => Some(Content::OtherStill("AVIF")),
        b"heic" | b"heix" | b"heim" | b"heis" | b"mif1" => Some(Content::OtherStill("HEIC")),
        b"qt  " => Some(Content::Film("MOV")),
        b"isom" | b"iso2" | b"iso4" | b"iso5" | b"iso6" | b"mp41" | b"mp42" | b"avc1" | b"M4V " => {
            Some(Content::Film("MP4"))
        }
        _ => None,
    });
    named.next().unwrap_or(Content::Film("MP4"))
}

fn is_svg(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    text.starts_with('<') && text.contains("<svg")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_whatever_the_name_says() {
        assert_eq!(sniff(b""), Content::Empty);
        assert_eq!(sniff(b"not a picture"), Content::Unknown);
        assert_eq!(
            sniff(b"<?xml version='1.0'?><svg/>"),
            Content::OtherStill("SVG")
        );
        assert_eq!(
            sniff(b"\0\0\0\x14ftypmif1\0\0\0\0avif"),
            Content::OtherStill("HEIC")
        );
        assert_eq!(
            sniff(b"\0\0\0\x14ftypisom\0\0\x02\0mp41"),
            Content::Film("MP4")
        );
        assert_eq!(sniff(b"\0\0\0\x08ftyp"), Content::Film("MP4"));
    }
}

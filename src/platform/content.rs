//! What a file is, by its first bytes; its name is not asked.

use std::fs::File;
use std::io;
use std::io::Read;
use std::path::Path;

/// What the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// No bytes at all.
    Empty,
    /// A JPEG.
    Jpeg,
    /// A PNG.
    Png,
    /// A still in another format: `GIF`, `WebP`, `HEIC`, `AVIF`, `BMP`, `TIFF`, `SVG`.
    OtherStill(&'static str),
    /// A film, by its container: `MP4`, `MOV`, `WebM`.
    Film(&'static str),
    /// Something else, or too little to tell.
    Unknown,
}

/// How a PNG begins.
pub const SIGNATURE_PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// How many bytes [`sniff`] needs at the most; an SVG may open with more of a comment than that.
pub const HEAD: usize = 512;

impl Content {
    /// The container, if it is a film.
    pub fn film(self) -> Option<&'static str> {
        match self {
            Self::Film(container) => Some(container),
            _ => None,
        }
    }
}

/// Bytes in which the second picture of a raw stream of JPEGs begins. Reasoned: two pictures of a capture card take less.
const MOTION_JPEG: u64 = 32 << 20;

/// Tells what a file is.
///
/// # Errors
/// As the system says.
pub fn content_of(path: &Path) -> io::Result<Content> {
    read_content(&mut File::open(path)?, &mut Vec::new())
}

/// Tells what a file is while it is read: `bytes` gets its first [`HEAD`] bytes, and more where these are a JPEG's, which
/// may be the first of a stream.
///
/// # Errors
/// As the system says.
pub fn read_content(file: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<Content> {
    file.take(HEAD as u64).read_to_end(bytes)?;
    let content = sniff(bytes);
    if content != Content::Jpeg {
        return Ok(content);
    }
    file.take(MOTION_JPEG).read_to_end(bytes)?;
    Ok(match is_motion_jpeg(bytes) {
        true => Content::Film("MJPEG"),
        false => Content::Jpeg,
    })
}

/// Tells from the first bytes of a file what it is.
pub fn sniff(head: &[u8]) -> Content {
    let at = |offset: usize, what: &[u8]| head.get(offset..).is_some_and(|h| h.starts_with(what));
    if head.is_empty() {
        Content::Empty
    } else if at(0, &[0xFF, 0xD8, 0xFF]) {
        Content::Jpeg
    } else if at(0, SIGNATURE_PNG) {
        Content::Png
    } else if at(0, b"GIF87a") || at(0, b"GIF89a") {
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
    } else if at(4, b"styp") || at(4, b"moof") || at(4, b"sidx") {
        // a part of a film that is sent in parts
        Content::Film("MP4")
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
    } else if at(0, b"DKIF") {
        Content::Film("IVF")
    } else if at(0, b"YUV4MPEG2 ") {
        Content::Film("YUV4MPEG2")
    } else if at(0, b"\x06\x0E\x2B\x34\x02\x05\x01\x01\x0D\x01\x02") {
        Content::Film("MXF")
    } else if at(0, b"nut/multimedia container\0") {
        Content::Film("NUT")
    } else if at(0, b".RMF") {
        Content::Film("RealMedia")
    } else if at(0, b"\x1F\x07\0") {
        Content::Film("DV")
    } else {
        raw_stream(head).map_or(Content::Unknown, Content::Film)
    }
}

/// Whether a JPEG is followed by another of its size: the raw stream of a webcam or a capture card. Cameras that keep several
/// views in one file say so (`MPF`), and are none.
fn is_motion_jpeg(bytes: &[u8]) -> bool {
    let Some((size, Some(end))) = jpeg(bytes) else {
        return false;
    };
    let next = bytes.get(end..).and_then(jpeg);
    next.is_some_and(|(other, _)| other == size)
}

/// Rows and columns of the JPEG at the beginning of some bytes, and where it ends; `None` where it says no size, or is one of
/// several views.
fn jpeg(bytes: &[u8]) -> Option<([u8; 4], Option<usize>)> {
    if !bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        return None;
    }
    let (mut at, mut size) = (2, None);
    loop {
        let (Some(0xFF), Some(&marker)) = (bytes.get(at), bytes.get(at + 1)) else {
            return Some((size?, None));
        };
        at += 2;
        match marker {
            0xD9 => return Some((size?, Some(at))),
            0xFF => at -= 1,
            0x01 | 0xD0..=0xD8 => {}
            _ => {
                let Some(length) = bytes.get(at..).and_then(|rest| rest.first_chunk()) else {
                    return Some((size?, None));
                };
                let end = at + usize::from(u16::from_be_bytes(*length)).max(2);
                let body = bytes.get(at + 2..end).unwrap_or_default();
                if marker == 0xE2 && body.starts_with(b"MPF\0") {
                    return None;
                }
                if matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC) {
                    size = body.get(1..5).and_then(|side| side.first_chunk()).copied();
                }
                at = end;
                if marker == 0xDA {
                    // in what is coded, a marker is no zero and no restart
                    let coded = bytes.get(at..).unwrap_or_default();
                    let is_marker =
                        |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xD0..=0xD7 | 0xFF);
                    at += coded.windows(2).position(is_marker).unwrap_or(coded.len());
                }
            }
        }
    }
}

/// Which codec's pictures these are, where they stand in no container: their units begin with a start code, and the first
/// one with what says how the rest is read.
fn raw_stream(head: &[u8]) -> Option<&'static str> {
    // AV1: a temporal delimiter, then a sequence header, both with their sizes
    if head.starts_with(&[0x12, 0x00, 0x0A]) {
        return Some("AV1");
    }
    let unit = head
        .strip_prefix(&[0, 0, 0, 1])
        .or_else(|| head.strip_prefix(&[0, 0, 1]))?;
    match unit {
        [0xB3, ..] => Some("MPEG video"),
        [0xB0 | 0xB5, ..] => Some("MPEG-4 video"),
        // video parameters, or a delimiter before them
        [0x40 | 0x46, 0x01, ..] => Some("HEVC"),
        // sequence parameters, a delimiter, or remarks
        [first, ..] if first & 0x80 == 0 && matches!(first & 0x1F, 6 | 7 | 9) => Some("H.264"),
        _ => None,
    }
}

/// Markup that begins as a web page does: what a server sends in place of a file.
pub fn is_web_page(head: &[u8]) -> bool {
    let head = head
        .strip_prefix(b"\xEF\xBB\xBF")
        .unwrap_or(head)
        .trim_ascii_start();
    let begins = |what: &[u8]| {
        let start = head.get(..what.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(what))
    };
    let is_page = [&b"<!doctype html"[..], b"<html", b"<head", b"<body"];
    is_page.iter().any(|start| begins(start))
        || begins(b"<?xml")
            && head
                .windows(5)
                .any(|part| part.eq_ignore_ascii_case(b"<html"))
}

/// ISO base media: the first brand that says something decides. `mif1` and `msf1` say only that it is a picture; which
/// one, the brands after them say.
fn brand(head: &[u8]) -> Content {
    let length = head
        .first_chunk()
        .map_or(0, |l| u32::from_be_bytes(*l) as usize);
    let (brands, _) = head[8..head.len().min(length.max(12))].as_chunks::<4>();
    let still = |brand: &[u8; 4]| match brand {
        b"avif" | b"avis" => Some(Content::OtherStill("AVIF")),
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" => Some(Content::OtherStill("HEIC")),
        _ => None,
    };
    let is_picture = |brand: &[u8; 4]| matches!(brand, b"mif1" | b"msf1");
    let film = |brand: &[u8; 4]| match brand {
        b"qt  " => Some(Content::Film("MOV")),
        b"isom" | b"iso2" | b"iso4" | b"iso5" | b"iso6" | b"mp41" | b"mp42" | b"avc1" | b"M4V " => {
            Some(Content::Film("MP4"))
        }
        _ => None,
    };
    let says =
        |brand: &&[u8; 4]| is_picture(brand) || still(brand).is_some() || film(brand).is_some();
    match brands.iter().find(says) {
        None => Content::Film("MP4"),
        Some(first) if is_picture(first) => {
            // an AVIF may call itself HEIC's cousin as well, and no HEIC calls itself AVIF
            let named: Vec<_> = brands.iter().filter_map(still).collect();
            match named.contains(&Content::OtherStill("AVIF")) {
                true => Content::OtherStill("AVIF"),
                false => Content::OtherStill("HEIC"),
            }
        }
        Some(first) => still(first)
            .or_else(|| film(first))
            .unwrap_or(Content::Film("MP4")),
    }
}

/// Markup with an `svg` element near its beginning.
fn is_svg(head: &[u8]) -> bool {
    let start = &head[..head.len().min(64 << 10)];
    let markup = start
        .iter()
        .find(|&&b| !b.is_ascii_whitespace() && !b"\xEF\xBB\xBF".contains(&b));
    let is_root = |part: &[u8]| part == b"<svg" || part == b":svg";
    markup == Some(&b'<')
        && start.windows(4).any(is_root)
        // with a prefix only where that is SVG's
        && (start.windows(4).any(|part| part == b"<svg")
            || start.windows(20).any(|part| part == b"www.w3.org/2000/svg\"" || part == b"www.w3.org/2000/svg'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jpegs_one_after_the_other_are_a_film() {
        let one = |columns: u8, more: &[u8]| {
            let frame = [0xFF, 0xC0, 0, 11, 8, 0, 16, 0, columns, 1, 1, 0x11, 0];
            let scan = [
                0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0xAB, 0xFF, 0, 0xFF, 0xD0, 7,
            ];
            [&[0xFF, 0xD8][..], more, &frame, &scan, &[0xFF, 0xD9]].concat()
        };
        let plain = one(16, &[]);
        assert!(!is_motion_jpeg(&plain));
        assert!(is_motion_jpeg(&[plain.clone(), plain.clone()].concat()));
        // a preview, several views, and what a phone writes behind a picture
        assert!(!is_motion_jpeg(&[plain.clone(), one(8, &[])].concat()));
        let views = one(16, b"\xFF\xE2\0\x06MPF\0");
        assert!(!is_motion_jpeg(&[views.clone(), views].concat()));
        assert!(!is_motion_jpeg(
            &[&plain[..], b"\0\0\0\x18ftypmp42"].concat()
        ));
        for end in 0..plain.len() {
            is_motion_jpeg(&plain[..end]);
        }
    }

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
            Content::OtherStill("AVIF")
        );
        assert_eq!(
            sniff(b"\0\0\0\x18ftypmif1\0\0\0\0mif1miaf"),
            Content::OtherStill("HEIC")
        );
        assert_eq!(
            sniff(b"\0\0\0\x18ftypisom\0\0\0\0mp42mif1"),
            Content::Film("MP4")
        );
        assert_eq!(
            sniff(b"\0\0\0\x14ftypisom\0\0\x02\0mp41"),
            Content::Film("MP4")
        );
        assert_eq!(sniff(b"\0\0\0\x08ftyp"), Content::Film("MP4"));
        for (head, codec) in [
            (&b"\0\0\0\x01\x67\x64\0\x1f"[..], "H.264"),
            (b"\0\0\x01\x09\xf0", "H.264"),
            (b"\0\0\0\x01\x40\x01\x0c", "HEVC"),
            (b"\0\0\x01\xb3\x2d", "MPEG video"),
            (b"\x12\0\x0a\x0b", "AV1"),
        ] {
            assert_eq!(sniff(head), Content::Film(codec));
        }
        assert_eq!(sniff(b"\0\0\0\x18stypmsdh"), Content::Film("MP4"));
        assert_eq!(
            sniff(b"<s:svg xmlns:s=\"http://www.w3.org/2000/svg\"/>"),
            Content::OtherStill("SVG")
        );
        assert_eq!(sniff(b"<a:svg xmlns:a=\"urn:other\"/>"), Content::Unknown);
        assert!(is_web_page(b"\n <!DOCTYPE html><svg>"));
        assert!(is_web_page(b"<?xml version='1.0'?><html xmlns='x'>"));
        assert!(!is_web_page(b"<?xml version='1.0'?><svg>"));
    }
}

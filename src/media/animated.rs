//! Pictures that move: GIF, APNG, WebP, AVIF and HEIC with more than one picture in them.
//!
//! In: the bytes of a picture. Out: whether it moves; of a WebP, which FFmpeg does not play, its pictures and its length.
//! Never: decoding.

use crate::platform::Content;

/// Whether a picture has several pictures that follow one another.
pub(super) fn moves(content: Content, bytes: &[u8]) -> bool {
    match content {
        Content::OtherStill("GIF") => gif_pictures(bytes) > 1,
        Content::Png => apng_pictures(bytes) > 1,
        Content::OtherStill("WebP") => webp(bytes).frames > 1,
        // a sequence says so by its first brand, and has the tables of a film
        Content::OtherStill("AVIF" | "HEIC") => {
            let brand = bytes.get(8..12).unwrap_or_default();
            matches!(brand, b"avis" | b"hevc" | b"heim" | b"heis" | b"msf1")
        }
        _ => false,
    }
}

/// Pictures of a GIF; two are as good as more.
fn gif_pictures(bytes: &[u8]) -> usize {
    let palette = |flags: u8| match flags & 0x80 {
        0 => 0,
        _ => 3usize << ((flags & 7) + 1),
    };
    let count = || {
        let mut at = 13 + palette(*bytes.get(10)?);
        let mut pictures = 0;
        while pictures < 2 {
            match *bytes.get(at)? {
                0x21 => at += 2,
                0x2C => {
                    pictures += 1;
                    at += 11 + palette(*bytes.get(at + 9)?);
                }
                _ => break,
            }
            // blocks of data, the last one empty
            loop {
                let length = usize::from(*bytes.get(at)?);
                at += 1 + length;
                if length == 0 {
                    break;
                }
            }
            if pictures == 2 {
                break;
            }
        }
        Some(pictures)
    };
    // one that breaks off has what came before
    count().unwrap_or(1)
}

/// Pictures of an APNG by its own account; 0 without one before the first picture.
fn apng_pictures(bytes: &[u8]) -> u32 {
    let mut at = 8;
    while let Some(header) = bytes.get(at..at + 8) {
        let length = u32::from_be_bytes([header[0], header[1], header[2], header[3]]) as usize;
        match &header[4..] {
            b"acTL" => {
                let count = bytes.get(at + 8..at + 12).and_then(|b| b.first_chunk());
                return count.map_or(0, |b| u32::from_be_bytes(*b));
            }
            b"IDAT" | b"IEND" => return 0,
            _ => at = at.saturating_add(length).saturating_add(12),
        }
    }
    0
}

/// What an animated WebP says of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Webp {
    /// Pixels a row of its canvas.
    pub width: u32,
    /// Rows of it.
    pub height: u32,
    /// Pictures.
    pub frames: u64,
    /// How long they show, seconds.
    pub seconds: f64,
    /// All show equally long.
    pub is_constant: bool,
    /// Something shows through it.
    pub has_alpha: bool,
}

/// Walks over the chunks of a WebP.
pub(super) fn webp(bytes: &[u8]) -> Webp {
    let three = |at: usize| {
        let three = bytes.get(at..at + 3).unwrap_or(&[0; 3]);
        u32::from(three[0]) | u32::from(three[1]) << 8 | u32::from(three[2]) << 16
    };
    let mut found = Webp::default();
    let mut last = None;
    found.is_constant = true;
    let mut at = 12;
    while let Some(header) = bytes.get(at..at + 8) {
        let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
        match &header[..4] {
            b"VP8X" => {
                found.has_alpha = bytes.get(at + 8).is_some_and(|flags| flags & 0x10 != 0);
                found.width = three(at + 12) + 1;
                found.height = three(at + 15) + 1;
            }
            b"ANMF" => {
                let shows = three(at + 8 + 12);
                found.frames += 1;
                found.seconds += f64::from(shows) / 1000.0;
                found.is_constant &= last.is_none_or(|last| last == shows);
                last = Some(shows);
            }
            _ => {}
        }
        // chunks begin at even bytes
        at = at
            .saturating_add(8)
            .saturating_add(length.saturating_add(length & 1));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_that_move_are_told_from_those_that_do_not() {
        let picture = b"\x2C\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0";
        let one = [&b"GIF89a\x01\0\x01\0\0\0\0"[..], picture, b";"].concat();
        let two = [
            &one[..one.len() - 1],
            b"\x21\xF9\x04\0\x0A\0\0\0",
            picture,
            b";",
        ]
        .concat();
        let gif = Content::OtherStill("GIF");
        assert!(!moves(gif, &one) && moves(gif, &two));
        assert!(!moves(gif, b"GIF89a"));
        let chunk = |name: &[u8], body: &[u8]| {
            let length = (body.len() as u32).to_be_bytes();
            [&length[..], name, body, &[0; 4]].concat()
        };
        let png = |count: u32| {
            let control = [count.to_be_bytes(), [0; 4]].concat();
            let parts = [
                chunk(b"IHDR", &[0; 13]),
                chunk(b"acTL", &control),
                chunk(b"IDAT", b""),
            ];
            [b"\x89PNG\r\n\x1a\n".to_vec(), parts.concat()].concat()
        };
        assert!(moves(Content::Png, &png(5)) && !moves(Content::Png, &png(1)));
        assert!(!moves(Content::Png, b"\x89PNG\r\n\x1a\n"));
    }

    #[test]
    fn a_webp_says_how_long_it_moves() {
        let frame = |shows: u8| {
            let mut body = vec![0; 16];
            body[12] = shows;
            [&b"ANMF\x10\0\0\0"[..], &body].concat()
        };
        let head = b"RIFF\0\0\0\0WEBPVP8X\x0A\0\0\0\x12\0\0\0\x3F\0\0\x1F\0\0";
        let found = webp(&[&head[..], &frame(100), &frame(100), &frame(50)].concat());
        assert_eq!((found.width, found.height, found.frames), (64, 32, 3));
        assert!((found.seconds - 0.25).abs() < 1e-9 && !found.is_constant && found.has_alpha);
    }
}

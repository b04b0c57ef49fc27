//! The film that phones keep behind a picture.
//!
//! In: the bytes of a JPEG or HEIC. Out: a [`MotionPhoto`]: where in them its film is. Never: decoding.

use std::fmt;

use serde::Serialize;

/// Brands of an MP4 or MOV; what else begins with four bytes and `ftyp` is a picture, or chance.
const FILM: &[&[u8; 4]] = &[
    b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"qt  ",
    b"3gp4", b"3gp5", b"MSNV",
];

/// The film behind a picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MotionPhoto {
    /// The byte it begins at.
    pub offset: u64,
    /// Its bytes, with what the phone wrote behind it.
    pub bytes: u64,
    /// Seconds that it says it is long, if it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
}

impl fmt::Display for MotionPhoto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is a motion photo: a film ")?;
        if let Some(seconds) = self.duration_s {
            write!(f, "of {seconds:.1} s ")?;
        }
        write!(f, "is kept behind it, from byte {} on", self.offset)
    }
}

/// The film in a picture's bytes, if there is one. Google writes it behind the picture, Samsung as well, with a mark before
/// it; in HEIC it is a box of its own. In all of them it is a whole MP4.
pub(super) fn of(bytes: &[u8]) -> Option<MotionPhoto> {
    // the first box of a HEIC is its own
    let mut from = 8;
    loop {
        let at = from + find(bytes.get(from..)?, b"ftyp")?;
        from = at + 4;
        let start = at.checked_sub(4)?;
        let length = bytes[start..at]
            .iter()
            .fold(0, |sum, b| sum << 8 | u64::from(*b));
        let brand = bytes.get(at + 4..at + 8)?;
        let is_film = (16..=256).contains(&length) && FILM.iter().any(|film| film[..] == *brand);
        if is_film {
            return Some(MotionPhoto {
                offset: start as u64,
                bytes: (bytes.len() - start) as u64,
                duration_s: None,
            });
        }
    }
}

/// Where bytes first stand in others.
fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_film_behind_a_picture_is_found_and_chance_is_none() {
        let jpeg = b"\xFF\xD8\xFF\xE0 a picture with ftyp in it \xFF\xD9".to_vec();
        assert_eq!(of(&jpeg), None);
        let film = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42";
        let photo = of(&[&jpeg[..], b"MotionPhoto_Data", film].concat()).unwrap();
        assert_eq!((photo.offset, photo.bytes), (jpeg.len() as u64 + 16, 24));
        // a HEIC is no film for its own first box
        assert_eq!(of(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), None);
    }
}

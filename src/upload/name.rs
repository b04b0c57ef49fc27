//! What an object is called: the SHA-256 of its bytes, and the ending of its format.

use crate::media::Kind;
use crate::platform::{self, Content};

/// A format that goes up, told by its first bytes: a wrong file name must not become a wrong `Content-Type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Jpeg,
    Png,
    Mp4,
    Mov,
}

impl Format {
    pub(super) const ALL: [Self; 4] = [Self::Jpeg, Self::Png, Self::Mp4, Self::Mov];

    /// By the first bytes of a file; a film needs a box that says its brand.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match platform::sniff(head) {
            Content::Jpeg => Some(Self::Jpeg),
            Content::Png => Some(Self::Png),
            Content::Film("MOV") if head.len() >= 12 => Some(Self::Mov),
            Content::Film("MP4") if head.len() >= 12 => Some(Self::Mp4),
            _ => None,
        }
    }

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Jpeg | Self::Png => Kind::Image,
            Self::Mp4 | Self::Mov => Kind::Video,
        }
    }

    /// With its dot.
    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Jpeg => ".jpg",
            Self::Png => ".png",
            Self::Mp4 => ".mp4",
            Self::Mov => ".mov",
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Mp4 => "video/mp4",
            Self::Mov => "video/quicktime",
        }
    }

    /// The format that a name of ours says; `None` for every other name.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|format| name.strip_suffix(format.ending()).is_some_and(is_sha256))
    }
}

/// 64 lower-case hex digits.
pub(super) fn is_sha256(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_in_the_first_bytes() {
        assert_eq!(Format::of(b"\xff\xd8\xff\xe0"), Some(Format::Jpeg));
        assert_eq!(Format::of(b"\x89PNG\r\n\x1a\n"), Some(Format::Png));
        assert_eq!(
            Format::of(b"\0\0\0\x20ftypisom\0\0\x02\0"),
            Some(Format::Mp4)
        );
        assert_eq!(Format::of(b"\0\0\0\x14ftypqt  \0\0\0\0"), Some(Format::Mov));
        for wrong in [&b""[..], b"<html>", b"\0\0\0\x20ftyp", b"GIF89a......"] {
            assert_eq!(Format::of(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn only_a_hash_with_a_known_ending_is_a_name_of_ours() {
        let hash = "0a".repeat(32);
        assert_eq!(Format::of_name(&format!("{hash}.mp4")), Some(Format::Mp4));
        for wrong in [
            hash.clone(),
            format!("{hash}.gif"),
            format!("../{hash}.jpg"),
            format!("{}.jpg", hash.to_uppercase()),
            format!("{}.jpg", &hash[1..]),
            format!("{hash}.jpg.jpg"),
        ] {
            assert_eq!(Format::of_name(&wrong), None, "{wrong}");
        }
    }
}

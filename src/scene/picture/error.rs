//! What can be wrong with a picture, in words that a designer understands.
//!
//! The caller knows the file and the layer and puts them in front.

/// Why a picture cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no such file.
    #[error("there is no such file")]
    Missing,
    /// The file cannot be opened or read; the system's reason.
    #[error("the file cannot be read: {reason}")]
    Unreadable {
        /// Why, in the system's or decoder's words.
        reason: String,
    },
    /// The file has no bytes.
    #[error("the file is empty")]
    Empty,
    /// The bytes are no picture that is known here.
    #[error(
        "the file is not a picture in a known format (JPEG, PNG, WebP, AVIF, HEIC, GIF or SVG)"
    )]
    UnknownFormat,
    /// The file ends before the picture does.
    #[error("the {format} picture is cut off: its file ends before the picture does")]
    Truncated {
        /// The format's name.
        format: &'static str,
    },
    /// The file says it is a picture, and its contents break the format's rules.
    #[error("the {format} picture is damaged: {reason}")]
    Damaged {
        /// The format's name.
        format: &'static str,
        /// Why, in the decoder's words.
        reason: String,
    },
    /// More pixels than the limit allows.
    #[error(
        "the picture is too large: {width} × {height} pixels, {} megapixels where {} are allowed",
        megapixels(width.saturating_mul(*height)),
        megapixels(*limit)
    )]
    TooLarge {
        /// Width that the file claims.
        width: u64,
        /// Height that the file claims.
        height: u64,
        /// How many pixels are allowed.
        limit: u64,
    },
    /// The file has more bytes than the limit allows.
    #[error(
        "the file is too large: {} MB where {} are allowed",
        bytes.div_ceil(1_000_000),
        limit / 1_000_000
    )]
    FileTooLarge {
        /// Its size.
        bytes: u64,
        /// How many are allowed.
        limit: u64,
    },
    /// The format is known, but not this way of using it.
    #[error("the {format} picture cannot be used: {what}")]
    Unsupported {
        /// The format's name.
        format: &'static str,
        /// What is not supported.
        what: String,
    },
    /// An SVG that tries to read something outside itself, or expands without measure.
    #[error("the SVG is refused: {what}")]
    Unsafe {
        /// What it does.
        what: String,
    },
}

/// One decimal while it tells something, rounded up so that a picture over the limit never reads as the limit.
fn megapixels(pixels: u64) -> String {
    let tenths = pixels.div_ceil(100_000);
    if tenths < 1_000 && !tenths.is_multiple_of(10) {
        format!("{}.{}", tenths / 10, tenths % 10)
    } else {
        tenths.div_ceil(10).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_just_over_the_limit_does_not_read_as_the_limit() {
        let error = Error::TooLarge {
            width: 10_001,
            height: 10_000,
            limit: 100_000_000,
        };
        assert_eq!(
            error.to_string(),
            "the picture is too large: 10001 × 10000 pixels, 101 megapixels where 100 are allowed"
        );
    }

    #[test]
    fn a_file_just_over_the_limit_does_not_read_as_the_limit() {
        let error = Error::FileTooLarge {
            bytes: 100_000_001,
            limit: 100_000_000,
        };
        assert_eq!(
            error.to_string(),
            "the file is too large: 101 MB where 100 are allowed"
        );
    }
}

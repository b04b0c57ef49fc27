//! What can be wrong with a picture, in words that a designer understands.
//!
//! The caller knows the file and the layer and puts them in front.

/// Why a picture cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// There is no such file.
    Missing,
    /// The file cannot be opened or read; the system's reason.
    Unreadable {
        /// Why, in the system's or decoder's words.
        reason: String,
    },
    /// The file has no bytes.
    Empty,
    /// The bytes are no picture that is known here.
    UnknownFormat,
    /// The file ends before the picture does.
    Truncated {
        /// The format's name.
        format: &'static str,
    },
    /// The file says it is a picture, and its contents break the format's rules.
    Damaged {
        /// The format's name.
        format: &'static str,
        /// Why, in the decoder's words.
        reason: String,
    },
    /// More pixels than the limit allows.
    TooLarge {
        /// Width that the file claims.
        width: u64,
        /// Height that the file claims.
        height: u64,
        /// How many pixels are allowed.
        limit: u64,
    },
    /// The file has more bytes than the limit allows.
    FileTooLarge {
        /// Its size.
        bytes: u64,
        /// How many are allowed.
        limit: u64,
    },
    /// The format is known, but not this way of using it.
    Unsupported {
        /// The format's name.
        format: &'static str,
        /// What is not supported.
        what: String,
    },
    /// An SVG that tries to read something outside itself, or expands without measure.
    Unsafe {
        /// What it does.
        what: String,
    },
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no such file"),
            Self::Unreadable { reason } => write!(f, "the file cannot be read: {reason}"),
            Self::Empty => f.write_str("the file is empty"),
            Self::UnknownFormat => f.write_str(
                "the file is not a picture in a known format (JPEG, PNG, WebP, AVIF, HEIC, GIF or SVG)",
            ),
            Self::Truncated { format } => write!(
                f,
                "the {format} picture is cut off: its file ends before the picture does"
            ),
            Self::Damaged { format, reason } => {
                write!(f, "the {format} picture is damaged: {reason}")
            }
            Self::TooLarge {
                width,
                height,
                limit,
            } => write!(
                f,
                "the picture is too large: {width} × {height} pixels, {} megapixels where {} are allowed",
                megapixels(width.saturating_mul(*height)),
                megapixels(*limit)
            ),
            Self::FileTooLarge { bytes, limit } => write!(
                f,
                "the file is too large: {} MB where {} are allowed",
                bytes.div_ceil(1_000_000),
                limit / 1_000_000
            ),
            Self::Unsupported { format, what } => {
                write!(f, "the {format} picture cannot be used: {what}")
            }
            Self::Unsafe { what } => write!(f, "the SVG is refused: {what}"),
        }
    }
}

impl std::error::Error for Error {}

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
}

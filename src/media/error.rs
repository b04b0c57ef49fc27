//! What can go wrong between a frame and a finished file.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Format;
use crate::platform::{Cancel, FILM_LEAST_SECONDS, FILM_MOST_SECONDS};

/// Why a medium was not written, or could not be read.
#[derive(Debug)]
pub enum Error {
    /// The file system refused; the message says in plain words whether the disk is full or the folder read-only.
    Io {
        /// What was tried, to follow "cannot": `write`, `rename into place`.
        doing: &'static str,
        /// The file or folder it was tried on.
        path: PathBuf,
        /// The answer of the system.
        source: io::Error,
    },
    /// What was read back is not what was written: a failing disk, or somebody else wrote there.
    Altered {
        /// The temporary file, which is gone again.
        path: PathBuf,
    },
    /// Even the least quality needs more bytes than allowed.
    TooLarge {
        /// The smallest it got.
        bytes: u64,
        /// The limit.
        max_bytes: u64,
        /// The quality at which it was smallest; `None` for PNG, which has none.
        quality: Option<u8>,
    },
    /// Width or height that the format cannot hold, zero among them.
    Size {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// The format that cannot hold it.
        format: Format,
    },
    /// The encoder refused, or gave something that is not whole.
    Encode {
        /// The format that was asked for.
        format: Format,
        /// The encoder's own words.
        message: String,
    },
    /// A file that holds no medium this room knows, or too little of one.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A sound track was asked for that the clip does not have.
    NoTrack {
        /// The clip.
        path: PathBuf,
        /// Which one, counted from 1.
        wanted: usize,
        /// Those that it has, in words.
        tracks: Vec<String>,
    },
    /// Nothing of a clip plays: it begins where the clip is over.
    NothingLeft {
        /// The clip.
        path: PathBuf,
        /// Where it begins, seconds.
        from: f64,
        /// Where the clip is over, seconds.
        until: f64,
    },
    /// The work was stopped by [`Cancel`](crate::platform::Cancel); nothing is left behind.
    Cancelled,
    /// The work took longer than it may; nothing is left behind.
    TooSlow {
        /// The file that was worked on.
        path: PathBuf,
        /// How long it may take.
        limit: Duration,
    },
    /// The film is shorter than the platform takes.
    TooShort {
        /// How long it is, seconds.
        seconds: f64,
    },
    /// The film is longer than the platform takes.
    TooLong {
        /// How long it is, seconds.
        seconds: f64,
    },
    /// The film was made and is not what was asked for: the encoder lost something, or a rule is broken.
    Film {
        /// What is wrong with it.
        message: String,
    },
}

impl Error {
    /// Why work on a file was stopped.
    pub(super) fn stopped(cancel: &Cancel, path: &Path) -> Self {
        match cancel.overran() {
            Some(limit) => Self::TooSlow {
                path: path.to_owned(),
                limit,
            },
            None => Self::Cancelled,
        }
    }

    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io {
                doing,
                path,
                source,
            } => {
                let path = path.display();
                match source.kind() {
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                        write!(f, "cannot {doing} `{path}`: no space left on the disk")
                    }
                    io::ErrorKind::PermissionDenied => {
                        write!(f, "cannot {doing} `{path}`: no permission")
                    }
                    io::ErrorKind::ReadOnlyFilesystem => {
                        write!(f, "cannot {doing} `{path}`: the file system is read-only")
                    }
                    io::ErrorKind::CrossesDevices => write!(
                        f,
                        "cannot {doing} `{path}`: the folder for unfinished files is on another file system"
                    ),
                    io::ErrorKind::NotFound => write!(f, "cannot {doing} `{path}`: no such file"),
                    _ => write!(f, "cannot {doing} `{path}`: {source}"),
                }
            }
            Self::Altered { path } => write!(
                f,
                "`{}` does not read back as it was written; the disk may be failing",
                path.display()
            ),
            Self::TooLarge {
                bytes,
                max_bytes,
                quality,
            } => {
                write!(f, "the file needs {bytes} bytes")?;
                if let Some(quality) = quality {
                    write!(f, " even at quality {quality}")?;
                }
                write!(f, ", the limit is {max_bytes}")
            }
            Self::Size {
                width,
                height,
                format,
            } => write!(f, "{format} cannot hold {width}×{height} pixels"),
            Self::Encode { format, message } => write!(f, "cannot encode {format}: {message}"),
            Self::Unreadable { path, message } => {
                write!(f, "cannot read `{}`: {message}", path.display())
            }
            Self::NothingLeft { path, from, until } => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                write!(
                    f,
                    "nothing of `{name}` is left: it begins at {from:.2} s and the clip is {until:.2} s long"
                )
            }
            Self::NoTrack {
                path,
                wanted,
                tracks,
            } => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                write!(f, "`{name}` has no sound track {wanted}: ")?;
                match tracks.len() {
                    0 => write!(f, "it has no sound"),
                    _ => write!(f, "it has {}", tracks.join("; ")),
                }
            }
            Self::Cancelled => f.write_str("stopped before it was done"),
            Self::TooSlow { path, limit } => write!(
                f,
                "gave up on `{}`: it is not done after {} s",
                path.display(),
                limit.as_secs_f64()
            ),
            Self::TooShort { seconds } => {
                write!(
                    f,
                    "the film is {} s long, at least {FILM_LEAST_SECONDS} s are needed",
                    beside(*seconds, FILM_LEAST_SECONDS)
                )
            }
            Self::TooLong { seconds } => {
                write!(
                    f,
                    "the film is {} s long, at most {FILM_MOST_SECONDS} s are taken",
                    beside(*seconds, FILM_MOST_SECONDS)
                )
            }
            Self::Film { message } => write!(f, "cannot make the film: {message}"),
        }
    }
}

/// Seconds with as many digits as tell them from the limit that they break, and from nothing.
fn beside(seconds: f64, limit: f64) -> String {
    let digits = |count: usize| format!("{seconds:.count$}");
    let tells = |text: &String| ![limit, 0.0].contains(&text.parse().unwrap_or(limit));
    (1..4).map(digits).find(tells).unwrap_or_else(|| digits(3))
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_was_stopped_says_by_whom() {
        let (path, cancel) = (Path::new("clip.mp4"), Cancel::default());
        let over = cancel.within(Duration::ZERO);
        assert_eq!(
            Error::stopped(&over, path).to_string(),
            "gave up on `clip.mp4`: it is not done after 0 s"
        );
        cancel.stop();
        assert!(matches!(Error::stopped(&over, path), Error::Cancelled));
    }

    #[test]
    fn a_length_that_is_refused_is_not_told_as_one_that_is_taken() {
        let told = |seconds| Error::TooShort { seconds }.to_string();
        assert!(told(2.96).contains("is 2.96 s long"), "{}", told(2.96));
        assert!(told(0.04).contains("is 0.04 s long"));
        assert!(told(1.25).contains("is 1.2 s long"));
        let long = Error::TooLong { seconds: 60.04 }.to_string();
        assert!(long.contains("is 60.04 s long"), "{long}");
    }

    #[test]
    fn a_full_disk_and_a_closed_folder_are_reported_in_plain_words() {
        let reported = |kind: io::ErrorKind| {
            Error::io("write", Path::new("out/card.jpg"))(kind.into()).to_string()
        };
        assert_eq!(
            reported(io::ErrorKind::StorageFull),
            "cannot write `out/card.jpg`: no space left on the disk"
        );
        assert_eq!(
            reported(io::ErrorKind::PermissionDenied),
            "cannot write `out/card.jpg`: no permission"
        );
        assert_eq!(
            reported(io::ErrorKind::ReadOnlyFilesystem),
            "cannot write `out/card.jpg`: the file system is read-only"
        );
    }
}

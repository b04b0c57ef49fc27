//! The boxes of an MP4 or MOV file: what stands where, and what the tables say about each track.
//!
//! In: a reader. Out: [`Boxes`]: the order of the boxes, brands, tracks with their tables, what the file says about
//! its maker. Never: a decoded sample, a belief in a size that the file cannot hold.

mod tables;
mod track;

use std::io::{self, Read, Seek, SeekFrom};

pub(in crate::media) use track::Samples;

/// The most bytes of tables that are read: an hour of film has a few megabytes.
const MAX_TABLES: u64 = 128 * 1024 * 1024;

/// More boxes on the top level than any file has; a film in fragments has two a fragment.
const MAX_TOP: usize = 100_000;

/// Samples of a track that are looked at one by one: eleven hours at 100 a second.
const MAX_SAMPLES: u64 = 4_000_000;

/// Four letters that name a box, a brand or a codec.
pub(in crate::media) type FourCc = [u8; 4];

/// A box on the top level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::media) struct Top {
    /// Its name.
    pub kind: FourCc,
    /// Where its header starts.
    pub offset: u64,
    /// Bytes, header included.
    pub bytes: u64,
}

/// A file's boxes.
#[derive(Debug, Clone, Default)]
pub(in crate::media) struct Boxes {
    /// The boxes of the top level, in the order of the file.
    pub top: Vec<Top>,
    /// The major brand, then the compatible ones.
    pub brands: Vec<FourCc>,
    /// The movie, if there is one.
    pub movie: Option<Movie>,
    /// Where the walk ended too early, as a sentence.
    pub broken: Option<String>,
}

/// What `moov` holds.
#[derive(Debug, Clone, Default)]
pub(in crate::media) struct Movie {
    /// Units a second.
    pub timescale: u32,
    /// In those units.
    pub duration: u64,
    /// The tracks, in the order of the file.
    pub tracks: Vec<Track>,
    /// What the file says about itself: names of metadata, `©xyz`, `com.apple.quicktime.make`.
    pub remarks: Vec<String>,
}

/// What `trak` holds.
#[derive(Debug, Clone, Default)]
pub(in crate::media) struct Track {
    /// `vide`, `soun`, `tmcd` and their like.
    pub handler: FourCc,
    /// Units a second.
    pub timescale: u32,
    /// In those units.
    pub duration: u64,
    /// a b u, c d v, x y w: 16.16, the third column 2.30; all zero without a header.
    pub matrix: [i32; 9],
    /// The edit list; `None` without one.
    pub edits: Option<Vec<Edit>>,
    /// How the samples are coded, of the first description.
    pub entry: Entry,
    /// Descriptions of coding; more than one means that it changes.
    pub entries: u32,
    /// Runs of samples that last equally long: how many, and how long.
    times: Vec<(u32, u32)>,
    /// Runs of samples with equal delay between decoding and showing.
    delays: Vec<(u32, i32)>,
    /// Numbers of the samples that decoding can start at, from 1; `None` means all.
    sync: Option<Vec<u32>>,
    /// Samples.
    pub samples: u64,
    /// Bytes of all samples.
    pub bytes: u64,
}

/// A line of an edit list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::media) struct Edit {
    /// In the movie's units.
    pub duration: u64,
    /// In the track's units; -1 is a pause.
    pub start: i64,
}

/// How samples are coded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::media) struct Entry {
    /// `avc1`, `hvc1`, `mp4a` and their like.
    pub coding: FourCc,
    /// Pixels a row.
    pub width: u16,
    /// Rows.
    pub height: u16,
    /// Width and height of a pixel.
    pub pixel: Option<(u32, u32)>,
    /// H.264: profile, its constraints, level.
    pub avc: Option<[u8; 3]>,
    /// H.264 and HEVC: bytes that say how long each unit of a sample is.
    pub unit_length: Option<u8>,
    /// Primaries, transfer and matrix by ITU-T H.273, and whether the range is full; of the `nclx` kind.
    pub color: Option<([u16; 3], bool)>,
    /// The audio object type of MPEG-4: 2 is AAC-LC.
    pub audio_object: Option<u8>,
    /// Channels.
    pub channels: u16,
    /// Hertz.
    pub sample_rate: u32,
}

impl Boxes {
    /// Walks over a file.
    ///
    /// # Errors
    /// When the reader fails; what the boxes say wrongly is reported in [`Boxes::broken`].
    pub fn read(file: &mut (impl Read + Seek)) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        let mut boxes = Self::default();
        let mut offset = 0;
        while offset < length && boxes.broken.is_none() {
            if boxes.top.len() == MAX_TOP {
                boxes.broken = Some("it has more boxes than any film".to_owned());
                break;
            }
            let (kind, header, bytes) = match header(file, offset, length)? {
                Ok(found) => found,
                Err(message) => {
                    boxes.broken = Some(message);
                    break;
                }
            };
            boxes.top.push(Top {
                kind,
                offset,
                bytes,
            });
            let held = bytes.min(length - offset);
            if held < bytes {
                boxes.broken = Some(format!(
                    "the box `{}` breaks off: {} of {bytes} bytes are there",
                    shown(kind),
                    held
                ));
            }
            if matches!(&kind, b"ftyp" | b"moov") {
                let body = body(file, offset + header, held.saturating_sub(header))?;
                boxes.take(kind, body.as_deref());
            }
            offset = offset.saturating_add(bytes);
        }
        Ok(boxes)
    }

    fn take(&mut self, kind: FourCc, body: Option<&[u8]>) {
        match (&kind, body) {
            (b"ftyp", Some(body)) => {
                let (four, _) = body.as_chunks::<4>();
                // the second field is a version
                let brands = four.iter().take(1).chain(four.iter().skip(2));
                self.brands = brands.copied().take(64).collect();
            }
            (b"moov", Some(body)) if self.movie.is_none() => self.movie = Some(tables::movie(body)),
            (_, None) => self.broken = Some("its tables are too large to be read".to_owned()),
            _ => {}
        }
    }

    /// Where the first box of this name stands.
    pub fn offset(&self, kind: &FourCc) -> Option<u64> {
        self.top.iter().find(|b| b.kind == *kind).map(|b| b.offset)
    }

    /// The film is in fragments, each with tables of its own.
    pub fn is_fragmented(&self) -> bool {
        self.offset(b"moof").is_some()
    }

    /// The tracks with this handler.
    pub fn tracks(&self, handler: &FourCc) -> impl Iterator<Item = &Track> {
        let tracks = self.movie.iter().flat_map(|movie| &movie.tracks);
        tracks.filter(move |track| track.handler == *handler)
    }

    /// A table that no file of this length can mean, and that would cost gigabytes to believe.
    pub fn exaggerates(&self) -> bool {
        let tracks = self.movie.iter().flat_map(|movie| &movie.tracks);
        // sound without coding counts each value as a sample, and is read in chunks
        let is_plain =
            |track: &&Track| track.handler == *b"soun" && matches!(track.times[..], [(_, 1)]);
        let mut counted = tracks.filter(|track| !is_plain(track));
        counted.any(|track| track.samples > MAX_SAMPLES)
    }
}

/// A box's name as people read it.
pub(in crate::media) fn shown(kind: FourCc) -> String {
    kind.iter()
        .map(|byte| match byte {
            b' '..=b'~' => char::from(*byte),
            0xA9 => '©',
            _ => '?',
        })
        .collect()
}

/// Name, length of the header and of the whole box.
type Header = (FourCc, u64, u64);

fn header(
    file: &mut (impl Read + Seek),
    offset: u64,
    length: u64,
) -> io::Result<Result<Header, String>> {
    let left = length - offset;
    let mut head = [0; 16];
    let have = left.min(16) as usize;
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(&mut head[..have])?;
    let kind = [head[4], head[5], head[6], head[7]];
    let small = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
    let large = u64::from_be_bytes([
        head[8], head[9], head[10], head[11], head[12], head[13], head[14], head[15],
    ]);
    Ok(match small {
        _ if have < 8 => Err(format!("{left} bytes behind the last box are none")),
        0 => Ok((kind, 8, left)),
        1 if have == 16 && large >= 16 => Ok((kind, 16, large)),
        8.. => Ok((kind, 8, u64::from(small))),
        _ => Err(format!(
            "the box `{}` at {offset} has a length that cannot be",
            shown(kind)
        )),
    })
}

/// The bytes of a box; `None` if there are too many.
fn body(file: &mut (impl Read + Seek), offset: u64, bytes: u64) -> io::Result<Option<Vec<u8>>> {
    if bytes > MAX_TABLES {
        return Ok(None);
    }
    let mut body = Vec::new();
    file.seek(SeekFrom::Start(offset))?;
    file.take(bytes).read_to_end(&mut body)?;
    Ok(Some(body))
}

impl Movie {
    /// Names under which a file says where it was taken.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.remarks.iter().map(String::as_str).filter(|name| {
            matches!(*name, "©xyz" | "loci" | "GPMF" | "gps ") || name.contains("location")
        })
    }

    /// Names under which a file says what it was taken with.
    pub fn devices(&self) -> impl Iterator<Item = &str> {
        let parts = ["make", "model", "software", "camera", "android", "device"];
        self.remarks.iter().map(String::as_str).filter(move |name| {
            matches!(*name, "©mak" | "©mod" | "©swr" | "manu" | "modl" | "SDLN")
                || (name.contains('.') && parts.iter().any(|part| name.contains(part)))
        })
    }

    /// All other names but that of the program which wrote the file.
    pub fn others(&self) -> impl Iterator<Item = &str> {
        let known: Vec<&str> = self.places().chain(self.devices()).collect();
        let names = self.remarks.iter().map(String::as_str);
        names.filter(move |name| !matches!(*name, "©too" | "encoder") && !known.contains(name))
    }
}

#[cfg(test)]
mod tests;

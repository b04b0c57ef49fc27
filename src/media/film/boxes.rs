//! The boxes of an MP4 or MOV file: what stands where, and what the tables say about each track.
//!
//! In: a reader. Out: [`Boxes`]: the order of the boxes, brands, tracks with their tables, what the file says about
//! its maker. Never: a decoded sample, a belief in a size that the file cannot hold.

use std::io::{self, Read, Seek, SeekFrom};

/// The most bytes of tables that are read: an hour of film has a few megabytes.
const MAX_TABLES: u64 = 128 * 1024 * 1024;

/// More boxes on the top level than any file has; a film in fragments has two a fragment.
const MAX_TOP: usize = 100_000;

/// More tracks than any file has.
const MAX_TRACKS: usize = 64;

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

/// What a walk over a track's samples shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::media) struct Samples {
    /// Seconds at which the first one is shown, without the edit list.
    pub start: f64,
    /// Seconds from there until the last one is over.
    pub seconds: f64,
    /// All last equally long; the last one may differ.
    pub is_constant: bool,
    /// The longest way from one sample that decoding can start at to the next, seconds.
    pub longest_group: f64,
    /// A sample that is decoded behind such a one and shown before it, by number from 1.
    pub open_at: Option<u64>,
    /// Decoding can start at the first sample.
    pub starts_clean: bool,
}

impl Boxes {
    /// Walks over a file.
    ///
    /// # Errors
    /// When the reader fails; what the boxes say wrongly is told in [`Boxes::broken`].
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
                Err(said) => {
                    boxes.broken = Some(said);
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
            (b"moov", Some(body)) if self.movie.is_none() => self.movie = Some(movie(body)),
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

/// The boxes inside a box, until one does not fit.
struct Children<'a>(&'a [u8]);

impl<'a> Iterator for Children<'a> {
    type Item = (FourCc, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.0;
        let kind = *bytes.get(4..)?.first_chunk::<4>()?;
        let (header, length) = match u32_at(bytes, 0)? {
            0 => (8, bytes.len()),
            1 => (16, usize::try_from(u64_at(bytes, 8)?).ok()?),
            small => (8, small as usize),
        };
        let body = bytes.get(header..length)?;
        self.0 = &bytes[length..];
        Some((kind, body))
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn movie(body: &[u8]) -> Movie {
    let mut movie = Movie::default();
    for (kind, body) in Children(body) {
        match &kind {
            b"mvhd" => (movie.timescale, movie.duration) = clock(body).unwrap_or_default(),
            b"trak" if movie.tracks.len() < MAX_TRACKS => {
                let track = track(body, &mut movie.remarks);
                movie.tracks.push(track);
            }
            b"udta" => user_data(body, &mut movie.remarks),
            b"meta" => metadata(body, &mut movie.remarks),
            b"uuid" => remark(&mut movie.remarks, "uuid".to_owned()),
            _ => {}
        }
    }
    movie
}

/// Units a second and how many, of `mvhd` and `mdhd`.
fn clock(body: &[u8]) -> Option<(u32, u64)> {
    Some(match *body.first()? {
        0 => (u32_at(body, 12)?, u64::from(u32_at(body, 16)?)),
        _ => (u32_at(body, 20)?, u64_at(body, 24)?),
    })
}

fn track(body: &[u8], remarks: &mut Vec<String>) -> Track {
    let mut track = Track::default();
    for (kind, body) in Children(body) {
        match &kind {
            b"tkhd" => {
                // version 1 has three fields of eight bytes
                let at = if body.first() == Some(&0) { 40 } else { 52 };
                for (index, value) in track.matrix.iter_mut().enumerate() {
                    *value = u32_at(body, at + index * 4).unwrap_or(0).cast_signed();
                }
            }
            b"edts" => {
                let list = Children(body).find(|(kind, _)| kind == b"elst");
                track.edits = Some(list.map_or_else(Vec::new, |(_, body)| edits(body)));
            }
            b"mdia" => media(body, &mut track),
            b"udta" => user_data(body, remarks),
            b"meta" => metadata(body, remarks),
            _ => {}
        }
    }
    track
}

fn edits(body: &[u8]) -> Vec<Edit> {
    let wide = body.first() != Some(&0);
    let lines = body.get(8..).unwrap_or_default();
    let edit = |line: &[u8]| -> Option<Edit> {
        Some(if wide {
            Edit {
                duration: u64_at(line, 0)?,
                start: u64_at(line, 8)?.cast_signed(),
            }
        } else {
            Edit {
                duration: u64::from(u32_at(line, 0)?),
                start: i64::from(u32_at(line, 4)?.cast_signed()),
            }
        })
    };
    let found = lines.chunks_exact(if wide { 20 } else { 12 });
    found.filter_map(edit).take(10_000).collect()
}

fn media(body: &[u8], track: &mut Track) {
    for (kind, body) in Children(body) {
        match &kind {
            b"mdhd" => (track.timescale, track.duration) = clock(body).unwrap_or_default(),
            b"hdlr" => {
                let name = body.get(8..).and_then(|b| b.first_chunk::<4>());
                track.handler = name.copied().unwrap_or_default();
            }
            b"minf" => {
                let tables = Children(body).find(|(kind, _)| kind == b"stbl");
                tables
                    .into_iter()
                    .for_each(|(_, body)| sample_tables(body, track));
            }
            _ => {}
        }
    }
}

/// Pairs of numbers behind a version, flags and a count.
fn pairs(body: &[u8]) -> impl Iterator<Item = (u32, u32)> {
    let count = u32_at(body, 4).unwrap_or(0) as usize;
    let lines = body.get(8..).unwrap_or_default().chunks_exact(8);
    lines
        .take(count)
        .filter_map(|line| Some((u32_at(line, 0)?, u32_at(line, 4)?)))
}

fn sample_tables(body: &[u8], track: &mut Track) {
    for (kind, body) in Children(body) {
        match &kind {
            b"stsd" => {
                track.entries = u32_at(body, 4).unwrap_or(0);
                let first = Children(body.get(8..).unwrap_or_default()).next();
                if let Some((coding, body)) = first {
                    track.entry = entry(coding, body, track.handler);
                }
            }
            b"stts" => track.times = pairs(body).collect(),
            b"ctts" => {
                // version 0 should be unsigned; encoders write negative delays there too
                let delays = pairs(body).map(|(count, delay)| (count, delay.cast_signed()));
                track.delays = delays.collect();
            }
            b"stss" => {
                let count = u32_at(body, 4).unwrap_or(0) as usize;
                let lines = body.get(8..).unwrap_or_default().chunks_exact(4);
                let numbers = lines.take(count).filter_map(|line| u32_at(line, 0));
                track.sync = Some(numbers.collect());
            }
            b"stsz" => {
                let (size, count) = (u32_at(body, 4).unwrap_or(0), u32_at(body, 8).unwrap_or(0));
                if size > 0 {
                    (track.samples, track.bytes) =
                        (u64::from(count), u64::from(count) * u64::from(size));
                } else {
                    let sizes = body.get(12..).unwrap_or_default().chunks_exact(4);
                    let sizes = sizes.take(count as usize).filter_map(|s| u32_at(s, 0));
                    let all = sizes.map(u64::from);
                    (track.samples, track.bytes) =
                        all.fold((0, 0), |(n, sum), size| (n + 1, sum + size));
                }
            }
            _ => {}
        }
    }
}

fn entry(coding: FourCc, body: &[u8], handler: FourCc) -> Entry {
    let mut entry = Entry {
        coding,
        ..Entry::default()
    };
    let children = match &handler {
        b"vide" => {
            entry.width = u16_at(body, 24).unwrap_or(0);
            entry.height = u16_at(body, 26).unwrap_or(0);
            78
        }
        b"soun" => {
            entry.channels = u16_at(body, 16).unwrap_or(0);
            // 16.16; above 65535 Hz other fields say it
            entry.sample_rate = u32_at(body, 24).unwrap_or(0) >> 16;
            match u16_at(body, 8) {
                // QuickTime's longer descriptions
                Some(1) => 44,
                Some(2) => 64,
                _ => 28,
            }
        }
        _ => return entry,
    };
    describe(body.get(children..).unwrap_or_default(), &mut entry);
    entry
}

fn describe(body: &[u8], entry: &mut Entry) {
    for (kind, body) in Children(body) {
        match &kind {
            b"avcC" => {
                entry.avc = body.get(1..).and_then(|b| b.first_chunk()).copied();
                entry.unit_length = body.get(4).map(|byte| (byte & 3) + 1);
            }
            b"hvcC" => entry.unit_length = body.get(21).map(|byte| (byte & 3) + 1),
            b"pasp" => entry.pixel = u32_at(body, 0).zip(u32_at(body, 4)),
            b"colr" if body.starts_with(b"nclx") || body.starts_with(b"nclc") => {
                let at = |index: usize| u16_at(body, 4 + index * 2);
                let full = body.get(10).is_some_and(|byte| byte & 0x80 != 0);
                if let (Some(p), Some(t), Some(m)) = (at(0), at(1), at(2)) {
                    entry.color = Some(([p, t, m], full));
                }
            }
            b"esds" => entry.audio_object = audio_object(body.get(4..).unwrap_or_default()),
            // QuickTime keeps the same one level deeper; there is no second level below it
            b"wave" => {
                let deeper = Children(body).find(|(kind, _)| kind == b"esds");
                if let Some((_, body)) = deeper {
                    entry.audio_object = audio_object(body.get(4..).unwrap_or_default());
                }
            }
            _ => {}
        }
    }
}

/// A descriptor of MPEG-4: its tag, and its bytes.
fn descriptor(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (tag, mut rest) = bytes.split_first()?;
    let mut length = 0;
    for _ in 0..4 {
        let (byte, after) = rest.split_first()?;
        rest = after;
        length = length << 7 | usize::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some((*tag, rest.get(..length).unwrap_or(rest)))
}

/// The audio object type: of the stream's own description, else of its codec's number.
fn audio_object(bytes: &[u8]) -> Option<u8> {
    let (3, stream) = descriptor(bytes)? else {
        return None;
    };
    let flags = *stream.get(2)?;
    let mut at = 3;
    at += if flags & 0x80 != 0 { 2 } else { 0 };
    if flags & 0x40 != 0 {
        at += 1 + usize::from(*stream.get(at)?);
    }
    at += if flags & 0x20 != 0 { 2 } else { 0 };
    let (4, config) = descriptor(stream.get(at..)?)? else {
        return None;
    };
    match *config.first()? {
        0x40 => {
            let (5, special) = descriptor(config.get(13..)?)? else {
                return None;
            };
            let first = special.first()? >> 3;
            // 31 means: 32 and six bits more
            let more = || Some(32 + ((special[0] & 7) << 3 | special.get(1)? >> 5));
            if first == 31 { more() } else { Some(first) }
        }
        // MPEG-2 AAC, low complexity
        0x67 => Some(2),
        _ => None,
    }
}

fn remark(remarks: &mut Vec<String>, name: String) {
    if remarks.len() < 100 && !remarks.contains(&name) {
        remarks.push(name);
    }
}

fn user_data(body: &[u8], remarks: &mut Vec<String>) {
    for (kind, body) in Children(body) {
        match &kind {
            b"meta" => metadata(body, remarks),
            b"free" | b"skip" => {}
            _ => remark(remarks, shown(kind)),
        }
    }
}

/// QuickTime's `meta` holds boxes at once, that of ISO has a version first.
fn metadata(body: &[u8], remarks: &mut Vec<String>) {
    let plain = body.get(4..8) == Some(b"hdlr");
    let body = if plain {
        body
    } else {
        body.get(4..).unwrap_or_default()
    };
    let keyed = Children(body).any(|(kind, _)| &kind == b"keys");
    for (kind, body) in Children(body) {
        match &kind {
            b"keys" => {
                for (_, name) in Children(body.get(8..).unwrap_or_default()) {
                    remark(remarks, String::from_utf8_lossy(name).into_owned());
                }
            }
            b"ilst" if !keyed => {
                for (kind, _) in Children(body) {
                    remark(remarks, shown(kind));
                }
            }
            b"xml " => remark(remarks, "xml".to_owned()),
            _ => {}
        }
    }
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

impl Track {
    /// Decode and show time of each sample, in the track's units.
    fn stamps(&self) -> impl Iterator<Item = (i64, i64, u32)> {
        let runs = self.times.iter();
        let steps = runs.flat_map(|(count, step)| std::iter::repeat_n(*step, *count as usize));
        let runs = self.delays.iter();
        let delays = runs.flat_map(|(count, delay)| std::iter::repeat_n(*delay, *count as usize));
        let delays = delays.chain(std::iter::repeat(0));
        let limit = self.samples.min(MAX_SAMPLES) as usize;
        let mut decoded = 0_i64;
        steps.zip(delays).take(limit).map(move |(step, delay)| {
            let at = decoded;
            decoded = decoded.saturating_add(i64::from(step));
            (at, at.saturating_add(i64::from(delay)), step)
        })
    }

    /// Walks over the samples' times; `None` without samples or a clock.
    pub fn walk(&self) -> Option<Samples> {
        let unit = match self.timescale {
            0 => return None,
            scale => 1.0 / f64::from(scale),
        };
        let mut sync = self.sync.as_ref().map(|numbers| numbers.iter().peekable());
        let (mut start, mut end) = (i64::MAX, i64::MIN);
        let (mut group, mut longest) = (None::<i64>, 0);
        let (mut open_at, mut starts_clean) = (None, false);
        let mut number = 0;
        for (_, at, step) in self.stamps() {
            number += 1;
            let clean = match &mut sync {
                None => true,
                Some(numbers) => {
                    // numbers that are out of order are passed over
                    while numbers.next_if(|n| u64::from(**n) < number).is_some() {}
                    numbers.next_if(|n| u64::from(**n) == number).is_some()
                }
            };
            starts_clean |= clean && number == 1;
            if clean {
                longest = longest.max(at.saturating_sub(group.unwrap_or(at)));
                group = Some(at);
            } else if group.is_some_and(|group| at < group) {
                open_at.get_or_insert(number);
            }
            start = start.min(at);
            end = end.max(at.saturating_add(i64::from(step)));
        }
        let span = end.checked_sub(start).filter(|_| number > 0)?;
        longest = longest.max(end.saturating_sub(group.unwrap_or(start)));
        Some(Samples {
            start: start as f64 * unit,
            seconds: span as f64 * unit,
            is_constant: self.is_constant(),
            longest_group: longest as f64 * unit,
            open_at,
            starts_clean,
        })
    }

    /// All samples but the last are equally long, to the clock's unit.
    fn is_constant(&self) -> bool {
        let steps = || {
            let runs = self.times.iter().filter(|(count, _)| *count > 0);
            let last = runs.clone().count();
            runs.enumerate().filter_map(move |(index, (count, step))| {
                // the last sample stands alone at the end
                (index == 0 || index + 1 < last || *count > 1).then_some(*step)
            })
        };
        match (steps().min(), steps().max()) {
            (Some(least), Some(most)) => most - least <= 1,
            _ => false,
        }
    }

    /// Pictures or packets a second.
    pub fn rate(&self) -> Option<f64> {
        let walk = self.walk()?;
        (walk.seconds > 0.0).then(|| self.samples as f64 / walk.seconds)
    }

    /// Bits a second.
    pub fn bit_rate(&self) -> Option<f64> {
        let walk = self.walk()?;
        (walk.seconds > 0.0).then(|| self.bytes as f64 * 8.0 / walk.seconds)
    }

    /// The matrix leaves the picture as it is, or there is none.
    pub fn is_upright(&self) -> bool {
        let [a, b, _, c, d, ..] = self.matrix;
        (b, c) == (0, 0) && a == d && a >= 0
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn boxed(kind: &str, body: &[u8]) -> Vec<u8> {
        let length = (body.len() as u32 + 8).to_be_bytes();
        // the sign of QuickTime's own names is one byte there
        let kind: Vec<u8> = kind.chars().map(|c| c as u8).collect();
        [&length[..], &kind, body].concat()
    }

    fn numbers(numbers: &[u32]) -> Vec<u8> {
        numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
    }

    fn read(bytes: &[u8]) -> Boxes {
        Boxes::read(&mut Cursor::new(bytes)).expect("memory can be read")
    }

    /// A picture's track of 30 units a second with these tables.
    fn picture(tables: &[(&str, Vec<u8>)]) -> Track {
        let tables: Vec<u8> = tables.iter().flat_map(|(k, b)| boxed(k, b)).collect();
        let hdlr = [&numbers(&[0, 0])[..], b"vide"].concat();
        let media = [
            boxed("mdhd", &numbers(&[0, 0, 0, 30, 90])),
            boxed("hdlr", &hdlr),
            boxed("minf", &boxed("stbl", &tables)),
        ];
        let file = boxed("moov", &boxed("trak", &boxed("mdia", &media.concat())));
        let movie = read(&file).movie.expect("it has one");
        movie.tracks.into_iter().next().expect("it has one")
    }

    #[test]
    fn boxes_are_told_in_their_order() {
        let file = [
            boxed("ftyp", b"isom\0\0\x02\0mp41"),
            boxed("moov", &boxed("mvhd", &numbers(&[0, 0, 0, 1000, 3200]))),
            boxed("mdat", &[0; 100]),
        ];
        let found = read(&file.concat());
        assert_eq!(found.broken, None);
        assert_eq!(found.brands, [*b"isom", *b"mp41"]);
        assert_eq!(found.offset(b"moov"), Some(20));
        assert_eq!(found.top.last().map(|b| b.bytes), Some(108));
        let movie = found.movie.unwrap();
        assert_eq!((movie.timescale, movie.duration), (1000, 3200));
    }

    #[test]
    fn lengths_that_cannot_be_end_the_walk() {
        let told = |bytes: &[u8]| read(bytes).broken.unwrap_or_default();
        assert_eq!(
            told(b"\0\0\0\x64mdat123"),
            "the box `mdat` breaks off: 11 of 100 bytes are there"
        );
        assert_eq!(
            told(b"\0\0\0\x03mdat"),
            "the box `mdat` at 0 has a length that cannot be"
        );
        assert_eq!(told(b"\0\0\0"), "3 bytes behind the last box are none");
        let endless = b"\0\0\0\x01mdat\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF";
        assert_eq!(
            told(endless),
            "the box `mdat` breaks off: 16 of 18446744073709551615 bytes are there"
        );
        // 0 means: to the end
        assert_eq!(told(b"\0\0\0\0mdat123"), "");
    }

    #[test]
    fn samples_are_walked_in_time() {
        let track = picture(&[
            ("stts", numbers(&[0, 1, 6, 1])),
            ("stss", numbers(&[0, 2, 1, 4])),
            ("stsz", numbers(&[0, 100, 6])),
            // I P B, I P B: no B is shown before its I
            ("ctts", numbers(&[0, 6, 1, 1, 1, 2, 1, 0, 1, 1, 1, 2, 1, 0])),
        ]);
        let walk = track.walk().unwrap();
        assert_eq!((walk.open_at, walk.starts_clean), (None, true));
        assert!(walk.is_constant);
        assert!((walk.seconds - 6.0 / 30.0).abs() < 1e-9);
        assert!((walk.longest_group - 3.0 / 30.0).abs() < 1e-9);
        assert_eq!((track.samples, track.bytes), (6, 600));
    }

    #[test]
    fn a_picture_shown_before_the_start_that_it_follows_opens_the_group() {
        let track = picture(&[
            ("stts", numbers(&[0, 1, 6, 1])),
            ("stss", numbers(&[0, 2, 1, 4])),
            ("stsz", numbers(&[0, 100, 6])),
            // the fourth is shown at 5, the fifth at 4
            ("ctts", numbers(&[0, 3, 3, 1, 1, 2, 2, 0])),
        ]);
        assert_eq!(track.walk().unwrap().open_at, Some(5));
    }

    #[test]
    fn rates_vary_where_a_sample_but_the_last_lasts_longer() {
        let rate = |runs: &[u32]| {
            let table = [&[0, runs.len() as u32 / 2], runs].concat();
            let tables = [("stts", numbers(&table)), ("stsz", numbers(&[0, 9, 6]))];
            picture(&tables).walk().unwrap().is_constant
        };
        assert!(rate(&[6, 10]));
        assert!(rate(&[5, 10, 1, 4]));
        assert!(rate(&[3, 10, 3, 11]));
        assert!(!rate(&[3, 10, 3, 12]));
        assert!(!rate(&[1, 20, 5, 10]));
    }

    #[test]
    fn numbers_without_measure_cost_nothing() {
        let track = picture(&[
            ("stts", numbers(&[0, u32::MAX, u32::MAX, u32::MAX])),
            ("ctts", numbers(&[0, u32::MAX, u32::MAX, u32::MAX])),
            ("stss", numbers(&[0, u32::MAX, 7])),
            ("stsz", numbers(&[0, 1, u32::MAX])),
        ]);
        assert!(track.walk().is_some());
        let movie = Movie {
            tracks: vec![track],
            ..Movie::default()
        };
        let boxes = Boxes {
            movie: Some(movie),
            ..Boxes::default()
        };
        assert!(boxes.exaggerates());
    }

    #[test]
    fn places_devices_and_the_writer_are_told_apart() {
        let keys = [
            numbers(&[0, 2]),
            boxed("mdta", b"com.apple.quicktime.model"),
            boxed("mdta", b"com.apple.quicktime.comment"),
        ];
        let meta = [
            boxed("hdlr", &[0; 24]),
            boxed("keys", &keys.concat()),
            boxed("ilst", &boxed("\0\0\0\x01", b"")),
        ];
        let plain = [
            numbers(&[0]),
            boxed("hdlr", &[0; 24]),
            boxed("ilst", &boxed("\u{A9}too", b"Lavf")),
        ];
        let user = [
            boxed("\u{A9}xyz", b"+41+002/"),
            boxed("meta", &plain.concat()),
        ];
        let file = [boxed("udta", &user.concat()), boxed("meta", &meta.concat())];
        let movie = read(&boxed("moov", &file.concat())).movie.unwrap();
        assert_eq!(movie.places().collect::<Vec<_>>(), ["\u{A9}xyz"]);
        assert_eq!(
            movie.devices().collect::<Vec<_>>(),
            ["com.apple.quicktime.model"]
        );
        assert_eq!(
            movie.others().collect::<Vec<_>>(),
            ["com.apple.quicktime.comment"]
        );
    }

    #[test]
    fn the_kind_of_aac_is_read_from_its_description() {
        // ES, decoder config of MPEG-4 audio, special info: LC at 48 kHz, stereo
        let special = [0x05, 2, 0x11, 0x90];
        let config = [&[0x04, 17, 0x40, 0x15][..], &[0; 11], &special].concat();
        let stream = [&[0x03, 0x80, 0x80, 22, 0, 1, 0][..], &config].concat();
        assert_eq!(audio_object(&stream), Some(2));
        for end in 0..stream.len() {
            let _ = audio_object(&stream[..end]);
        }
    }
}

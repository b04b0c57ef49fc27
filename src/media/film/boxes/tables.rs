//! The tables of contents: what stands inside `moov`.
//!
//! In: its bytes. Out: a [`Movie`] with its tracks. Never: a number used before it is known to be there.

use super::{Edit, Entry, FourCc, Movie, Track, shown};

/// More tracks than any file has.
const MAX_TRACKS: usize = 64;

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

pub(super) fn movie(body: &[u8]) -> Movie {
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
pub(super) fn audio_object(bytes: &[u8]) -> Option<u8> {
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

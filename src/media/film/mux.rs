//! Pictures and sound become one MP4, in memory.
//!
//! In: encoded tracks. Out: the bytes of a file that starts with its index, has no edit list and no word of where its
//! source was made. Never: the disk; so a file over the budget is known before it is one.

use std::io::{self, Cursor, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

use ffmpeg_next::codec::{Id, Parameters};
use ffmpeg_next::format::context::StreamIo;
use ffmpeg_next::{Dictionary, Packet, Rational, format};

use super::av;
use crate::media::Error;

/// Pictures or sound that lie together in the file, seconds.
const CHUNK_SECONDS: f64 = 0.5;

/// One track.
pub(super) struct Track<'a> {
    pub packets: &'a [Packet],
    pub parameters: &'a Parameters,
    pub time_base: Rational,
}

/// Bytes that the muxer writes to and we keep.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Cursor<Vec<u8>>>>);

impl Shared {
    fn with<T>(&self, work: impl FnOnce(&mut Cursor<Vec<u8>>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.with(|c| c.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Shared {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.with(|c| c.seek(to))
    }
}

/// Muxes tracks.
///
/// # Errors
/// [`Error::Film`] in FFmpeg's words.
pub(super) fn mp4(tracks: &[Track<'_>]) -> Result<Vec<u8>, Error> {
    let bytes = Shared::default();
    let writer = StreamIo::from_write_seek(bytes.clone()).map_err(av::failed)?;
    let mut output = format::output_to_stream(writer, None, Some("mp4")).map_err(av::failed)?;
    for track in tracks {
        let mut stream = output
            .add_stream(ffmpeg_next::codec::encoder::find(Id::None))
            .map_err(av::failed)?;
        stream.set_parameters(track.parameters.clone());
        stream.set_time_base(track.time_base);
    }
    let mut options = Dictionary::new();
    // without offsets below zero the picture would begin later than the sound
    options.set("movflags", "negative_cts_offsets");
    options.set("use_editlist", "0");
    options.set("fflags", "bitexact");
    output.write_header_with(options).map_err(av::failed)?;
    let units: Vec<Rational> = output.streams().map(|s| s.time_base()).collect();
    for (track, at) in in_order(tracks) {
        let Some(packet) = tracks[track].packets.get(at) else {
            continue;
        };
        let mut packet = packet.clone();
        packet.set_stream(track);
        packet.rescale_ts(tracks[track].time_base, units[track]);
        packet.set_position(-1);
        // in our own order: the library's would start a new chunk with nearly every packet
        packet.write(&mut output).map_err(av::failed)?;
    }
    output.write_trailer().map_err(av::failed)?;
    drop(output);
    let written = bytes.with(|c| std::mem::take(c.get_mut()));
    index_first(&written).ok_or_else(|| Error::Film {
        message: "the muxer wrote a file without an index".to_owned(),
    })
}

/// The same file with its index before its media: the platform's fetcher reads the head first.
///
/// The library can do this only with a file that it may open a second time, and ours is in memory.
fn index_first(file: &[u8]) -> Option<Vec<u8>> {
    let top = boxes(file);
    let index = top.iter().find(|b| b.name == *b"moov")?;
    let mut moved_index = file[index.start..index.end].to_vec();
    let shift = u32::try_from(moved_index.len()).ok()?;
    move_chunks(&mut moved_index[8..], shift)?;
    let mut out = Vec::with_capacity(file.len());
    for part in &top {
        match &part.name {
            b"moov" => {}
            b"ftyp" => {
                out.extend_from_slice(&file[part.start..part.end]);
                out.extend_from_slice(&moved_index);
            }
            _ => out.extend_from_slice(&file[part.start..part.end]),
        }
    }
    (out.len() == file.len()).then_some(out)
}

/// A box of an MP4 of ours: all sizes are 32-bit, for no file of ours is over its budget.
struct Mp4Box {
    name: [u8; 4],
    start: usize,
    end: usize,
}

fn boxes(bytes: &[u8]) -> Vec<Mp4Box> {
    let mut found = Vec::new();
    let mut start = 0;
    while let Some(&[a, b, c, d, e, f, g, h]) = bytes.get(start..).and_then(|b| b.first_chunk()) {
        let size = u32::from_be_bytes([a, b, c, d]) as usize;
        let Some(end) = start
            .checked_add(size)
            .filter(|end| size >= 8 && *end <= bytes.len())
        else {
            break;
        };
        found.push(Mp4Box {
            name: [e, f, g, h],
            start,
            end,
        });
        start = end;
    }
    found
}

/// Every chunk's place in the file grows by `shift`.
fn move_chunks(bytes: &mut [u8], shift: u32) -> Option<()> {
    for part in boxes(bytes) {
        let inner = &mut bytes[part.start + 8..part.end];
        match &part.name {
            b"trak" | b"mdia" | b"minf" | b"stbl" => move_chunks(inner, shift)?,
            b"stco" => {
                for place in inner.get_mut(8..)?.as_chunks_mut::<4>().0 {
                    *place = u32::from_be_bytes(*place).checked_add(shift)?.to_be_bytes();
                }
            }
            b"co64" => return None,
            _ => {}
        }
    }
    Some(())
}

/// Half a second of pictures, then half a second of sound, and so on: few chunks, so a small index, and a player that
/// reads on has both.
fn in_order(tracks: &[Track<'_>]) -> Vec<(usize, usize)> {
    let mut order: Vec<(i64, usize, usize)> = Vec::new();
    for (index, track) in tracks.iter().enumerate() {
        let unit = f64::from(track.time_base);
        for (at, packet) in track.packets.iter().enumerate() {
            let seconds = packet.dts().unwrap_or(0) as f64 * unit;
            order.push(((seconds / CHUNK_SECONDS).floor() as i64, index, at));
        }
    }
    order.sort_unstable();
    order
        .into_iter()
        .map(|(_, track, at)| (track, at))
        .collect()
}

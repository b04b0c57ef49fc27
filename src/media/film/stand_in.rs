//! Animated WebP, which FFmpeg does not play, as an APNG of the same pictures.
//!
//! In: a file. Out: a [`StandIn`] that FFmpeg plays in its place, which is gone when nobody needs it any more; nothing where
//! the file is no WebP that moves. Never: another pixel, another time.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use image::codecs::webp::WebPDecoder;
use image::{AnimationDecoder, ColorType, Frame, ImageDecoder, Rgba};
use tempfile::TempPath;

use super::facts::MAX_PIXELS;
use crate::media::{Error, animated};
use crate::platform::{self, Cancel, Content};

/// A picture that shows for no time shows for as long as in browsers, milliseconds.
const NO_TIME: u32 = 100;

/// The largest WebP that is looked into, bytes: its pictures' places are found in memory.
const MOST_BYTES: u64 = 256 << 20;

/// What is played in place of a file.
#[derive(Debug, Clone)]
pub(super) struct StandIn(Arc<TempPath>);

impl StandIn {
    /// The stand-in of a file; none where FFmpeg plays the file itself, or nothing in it moves.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Cancelled`], [`Error::TooSlow`], and [`Error::Unreadable`] for one whose pictures do not decode, or
    /// are too large.
    pub fn of(path: &Path, cancel: &Cancel) -> Result<Option<Self>, Error> {
        let unread = |error| Error::io("read", path)(error);
        if platform::content_of(path).map_err(unread)? != Content::OtherStill("WebP")
            || std::fs::metadata(path).map_err(unread)?.len() > MOST_BYTES
        {
            return Ok(None);
        }
        let count = animated::webp(&std::fs::read(path).map_err(unread)?).frames;
        if count < 2 {
            return Ok(None);
        }
        let film = tempfile::Builder::new()
            .prefix("storypress-")
            .suffix(".apng")
            .tempfile()
            .map_err(Error::io("write", &std::env::temp_dir()))?;
        let (mut file, at) = film.into_parts();
        let webp = Webp {
            path,
            count,
            cancel,
        };
        webp.play_into(&mut BufWriter::new(&mut file))?;
        Ok(Some(Self(Arc::new(at))))
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// An animated WebP.
struct Webp<'a> {
    path: &'a Path,
    /// Pictures in it.
    count: u64,
    cancel: &'a Cancel,
}

impl Webp<'_> {
    fn unreadable(&self, message: String) -> Error {
        Error::Unreadable {
            path: self.path.to_owned(),
            message,
        }
    }

    /// Writes every picture with its time.
    fn play_into(&self, out: &mut impl Write) -> Result<(), Error> {
        let file = File::open(self.path).map_err(Error::io("read", self.path))?;
        let broken = |error: image::ImageError| self.unreadable(error.to_string());
        let mut decoder = WebPDecoder::new(BufReader::new(file)).map_err(broken)?;
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > MAX_PIXELS {
            let message =
                format!("its pictures of {width}×{height} pixels are too large to be worked on");
            return Err(self.unreadable(message));
        }
        // the file's own is a hint for viewers without a ground of their own; ours is what lies beneath
        decoder.set_background_color(Rgba([0; 4])).map_err(broken)?;
        let has_alpha = decoder.color_type() == ColorType::Rgba8;
        let unwritten = |error: png::EncodingError| {
            Error::io("write", &std::env::temp_dir())(io::Error::other(error))
        };
        let mut encoder = png::Encoder::new(out, width, height);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_color(match has_alpha {
            true => png::ColorType::Rgba,
            false => png::ColorType::Rgb,
        });
        // it is read once or twice, and thrown away
        encoder.set_compression(png::Compression::Fast);
        let count = u32::try_from(self.count).unwrap_or(u32::MAX);
        encoder.set_animated(count, 0).map_err(unwritten)?;
        let mut film = encoder.write_header().map_err(unwritten)?;
        let mut number = 0_u64;
        for picture in decoder.into_frames() {
            if self.cancel.is_stopped() {
                return Err(Error::stopped(self.cancel, self.path));
            }
            number += 1;
            let picture = picture.map_err(|error| {
                self.unreadable(format!("picture {number} of it does not decode: {error}"))
            })?;
            let (time, unit) = shows(&picture);
            film.set_frame_delay(time, unit).map_err(unwritten)?;
            let pixels = picture.into_buffer();
            let written = match has_alpha {
                true => film.write_image_data(&pixels),
                false => film.write_image_data(&opaque(&pixels)),
            };
            written.map_err(unwritten)?;
        }
        if number < self.count {
            let count = self.count;
            return Err(self.unreadable(format!("it has {number} of its {count} pictures")));
        }
        film.finish().map_err(unwritten)
    }
}

/// How long a picture shows, and parts of a second that this is counted in.
fn shows(picture: &Frame) -> (u16, u16) {
    let (milliseconds, _) = picture.delay().numer_denom_ms();
    let milliseconds = match milliseconds {
        0 => NO_TIME,
        time => time,
    };
    match u16::try_from(milliseconds) {
        Ok(time) => (time, 1000),
        Err(_) => (u16::try_from(milliseconds / 1000).unwrap_or(u16::MAX), 1),
    }
}

/// The pixels without what shows through them.
fn opaque(pixels: &[u8]) -> Vec<u8> {
    let (pixels, _) = pixels.as_chunks::<4>();
    pixels
        .iter()
        .flat_map(|[r, g, b, _]| [*r, *g, *b])
        .collect()
}

#[cfg(test)]
mod tests {
    use image::ExtendedColorType;
    use image::codecs::webp::WebPEncoder;

    use super::super::facts::Facts;
    use super::*;

    fn chunk(name: &[u8], body: &[u8]) -> Vec<u8> {
        let length = (body.len() as u32).to_le_bytes();
        let mut chunk = [name, &length, body].concat();
        chunk.resize(chunk.len().next_multiple_of(2), 0);
        chunk
    }

    /// A WebP of one colour after another, 6×4 pixels, each for so many milliseconds.
    fn webp(pictures: &[([u8; 4], u32)]) -> Vec<u8> {
        let three = |n: u32| n.to_le_bytes()[..3].to_vec();
        let frames = pictures.iter().map(|(color, time)| {
            let mut still = Vec::new();
            WebPEncoder::new_lossless(&mut still)
                .encode(&color.repeat(24), 6, 4, ExtendedColorType::Rgba8)
                .unwrap();
            let pixels = &still[12..];
            let head = [
                three(0),
                three(0),
                three(5),
                three(3),
                three(*time),
                vec![2],
            ];
            chunk(b"ANMF", &[&head.concat(), pixels].concat())
        });
        let frames: Vec<u8> = frames.flatten().collect();
        let canvas = [vec![0x12, 0, 0, 0], three(5), three(3)].concat();
        // a red ground, which nobody paints
        let ground = chunk(b"ANIM", &[0, 0, 255, 255, 0, 0]);
        let body = [&b"WEBP"[..], &chunk(b"VP8X", &canvas), &ground, &frames].concat();
        chunk(b"RIFF", &body)
    }

    #[test]
    fn a_webp_that_moves_is_a_film_of_its_pictures() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("moves.webp");
        let colors = [[200, 30, 40, 255], [0, 0, 0, 0], [10, 220, 90, 255]];
        let times = [500, 0, 1400];
        let pictures: Vec<_> = colors.into_iter().zip(times).collect();
        std::fs::write(&path, webp(&pictures)).unwrap();
        let stand_in = StandIn::of(&path, &Cancel::default()).unwrap().unwrap();
        let file = BufReader::new(File::open(stand_in.path()).unwrap());
        let mut film = png::Decoder::new(file).read_info().unwrap();
        for (color, time) in colors.into_iter().zip([500, 100, 1400]) {
            let mut pixels = vec![0; film.output_buffer_size().unwrap()];
            film.next_frame(&mut pixels).unwrap();
            assert_eq!(pixels, color.repeat(24));
            let control = film.info().frame_control().unwrap();
            assert_eq!((control.delay_num, control.delay_den), (time, 1000));
        }
        let facts = Facts::read(&path, &Cancel::default()).unwrap();
        assert_eq!((facts.count, facts.width, facts.height), (3, 6, 4));
        assert!((facts.seconds - 2.0).abs() < 0.01, "{}", facts.seconds);
        let played = stand_in.path().to_owned();
        drop(stand_in);
        assert!(!played.exists());
    }

    #[test]
    fn a_webp_that_does_not_move_or_breaks_off_is_no_film() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clip.webp");
        std::fs::write(&path, webp(&[([1, 2, 3, 255], 100)])).unwrap();
        assert!(StandIn::of(&path, &Cancel::default()).unwrap().is_none());
        let whole = webp(&[([1, 2, 3, 255], 100), ([9, 9, 9, 255], 100)]);
        std::fs::write(&path, &whole[..whole.len() - 12]).unwrap();
        let error = Facts::read(&path, &Cancel::default()).unwrap_err();
        assert!(matches!(error, Error::Unreadable { .. }), "{error}");
    }
}

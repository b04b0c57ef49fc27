//! How a clip's pictures look: which way is up, what their numbers mean as colours, the shape of a pixel.
//!
//! In: what the container and a decoded picture say. Out: a [`Look`]. Never: a change to a picture.

use ffmpeg_next::color::{Primaries, Range, Space, TransferCharacteristic};
use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame;

/// How a clip's pictures have to be turned to stand upright: first mirrored along the diagonal, then flipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::media) struct Orientation {
    /// Rows become columns.
    pub transpose: bool,
    /// Left becomes right.
    pub flip_x: bool,
    /// Top becomes bottom.
    pub flip_y: bool,
}

impl Orientation {
    /// From a display matrix as containers have it: nine 32-bit numbers, native byte order. The nearest quarter turn is taken.
    pub(super) fn of_matrix(bytes: &[u8]) -> Self {
        let at = |index: usize| {
            let four = bytes.get(index * 4..index * 4 + 4);
            four.map_or(0, |b| i32::from_ne_bytes([b[0], b[1], b[2], b[3]]))
        };
        let (a, b, c, d) = (at(0), at(1), at(3), at(4));
        if a.unsigned_abs() >= b.unsigned_abs() {
            Self {
                transpose: false,
                flip_x: a < 0,
                flip_y: d < 0,
            }
        } else {
            Self {
                transpose: true,
                flip_x: c < 0,
                flip_y: b < 0,
            }
        }
    }

    /// Degrees clockwise that bring a picture upright after it was mirrored left to right, if it is mirrored.
    pub fn degrees(self) -> u32 {
        match (self.transpose, self.flip_x, self.flip_y) {
            (false, false, false) | (false, true, false) => 0,
            (false, true, true) | (false, false, true) => 180,
            (true, true, false) | (true, false, false) => 90,
            (true, false, true) | (true, true, true) => 270,
        }
    }

    /// Whether text would read backwards without it.
    pub fn mirrors(self) -> bool {
        self.transpose ^ self.flip_x ^ self.flip_y
    }
}

/// What the numbers of a picture mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::media) struct Colors {
    /// Limited (16–235) or full.
    pub range: Range,
    /// From YCbCr to RGB.
    pub matrix: Space,
    /// Which red, green and blue.
    pub primaries: Primaries,
    /// From numbers to light.
    pub transfer: TransferCharacteristic,
}

impl Colors {
    /// As the picture says, with the usual guess where it says nothing: BT.709 for 720 lines and more, else BT.601. A wide
    /// matrix means wide primaries.
    pub(super) fn of(frame: &frame::Video) -> Self {
        let rgb = is_rgb(frame.format());
        let full_by_name = matches!(
            frame.format(),
            Pixel::YUVJ420P | Pixel::YUVJ422P | Pixel::YUVJ444P | Pixel::YUVJ440P
        );
        let range = match frame.color_range() {
            Range::Unspecified if rgb || full_by_name => Range::JPEG,
            Range::Unspecified => Range::MPEG,
            range => range,
        };
        let hd = frame.height() >= 720 || frame.width() >= 1280;
        let matrix = match frame.color_space() {
            _ if rgb => Space::RGB,
            Space::Unspecified | Space::Reserved | Space::RGB if hd => Space::BT709,
            Space::Unspecified | Space::Reserved | Space::RGB => Space::SMPTE170M,
            matrix => matrix,
        };
        let primaries = match (frame.color_primaries(), matrix) {
            (Primaries::Unspecified | Primaries::Reserved, Space::BT2020NCL | Space::BT2020CL) => {
                Primaries::BT2020
            }
            (primaries, _) => primaries,
        };
        Self {
            range,
            matrix,
            primaries,
            transfer: frame.color_transfer_characteristic(),
        }
    }
}

/// Its components are red, green and blue; the library tells formats apart by name only.
pub(super) fn is_rgb(format: Pixel) -> bool {
    let name = format.descriptor().map_or("", |d| d.name());
    name == "pal8"
        || ["rgb", "bgr", "gbr"]
            .iter()
            .any(|letters| name.contains(letters))
}

/// What of a picture decides how it is brought into its box. It may change on the way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::media) struct Look {
    /// Pixels a row, as coded.
    pub width: u32,
    /// Rows, as coded.
    pub height: u32,
    /// Width of a pixel over its height.
    pub aspect: f64,
    /// How pixels are stored.
    pub format: Pixel,
    /// What they mean.
    pub colors: Colors,
}

impl Look {
    /// Width and height of the upright picture in square pixels.
    pub fn shown(&self, orientation: Orientation) -> (f64, f64) {
        let (w, h) = (f64::from(self.width) * self.aspect, f64::from(self.height));
        if orientation.transpose {
            (h, w)
        } else {
            (w, h)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(a: i32, b: i32, c: i32, d: i32) -> Vec<u8> {
        let one = 1 << 16;
        [a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30]
            .iter()
            .flat_map(|n| n.to_ne_bytes())
            .collect()
    }

    #[test]
    fn a_display_matrix_is_read_as_a_turn() {
        let of = |a, b, c, d| Orientation::of_matrix(&matrix(a, b, c, d));
        assert_eq!(of(1, 0, 0, 1), Orientation::default());
        // a phone held upright writes this one: a quarter turn clockwise brings it up
        let quarter = of(0, 1, -1, 0);
        assert!(quarter.transpose && quarter.flip_x && !quarter.flip_y);
        assert_eq!((quarter.degrees(), quarter.mirrors()), (90, false));
        assert_eq!(
            (of(-1, 0, 0, -1).degrees(), of(-1, 0, 0, -1).mirrors()),
            (180, false)
        );
        assert_eq!(
            (of(0, -1, 1, 0).degrees(), of(0, -1, 1, 0).mirrors()),
            (270, false)
        );
        assert!(of(-1, 0, 0, 1).mirrors());
        assert_eq!(Orientation::of_matrix(&[1, 2]), Orientation::default());
    }
}

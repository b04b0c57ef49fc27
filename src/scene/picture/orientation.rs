//! The eight ways in which a camera may have been held.
//!
//! In: rows as they are stored. Out: an upright picture. Turning comes after resizing, when there is little left to turn.

use image::metadata::Orientation as Exif;

use super::fit::Window;

/// From stored to upright: first rows and columns change places, then the result is mirrored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Orientation {
    swap: bool,
    flip_x: bool,
    flip_y: bool,
}

impl From<Exif> for Orientation {
    fn from(orientation: Exif) -> Self {
        let (swap, flip_x, flip_y) = match orientation {
            Exif::NoTransforms => (false, false, false),
            Exif::FlipHorizontal => (false, true, false),
            Exif::Rotate180 => (false, true, true),
            Exif::FlipVertical => (false, false, true),
            Exif::Rotate90FlipH => (true, false, false),
            Exif::Rotate90 => (true, true, false),
            Exif::Rotate270FlipH => (true, true, true),
            Exif::Rotate270 => (true, false, true),
        };
        Self {
            swap,
            flip_x,
            flip_y,
        }
    }
}

impl Orientation {
    /// The upright size of a picture that is stored as `width` × `height`, and the other way round.
    pub fn size(self, width: u32, height: u32) -> (u32, u32) {
        if self.swap {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// What is left to do where rows and columns are exchanged already.
    pub fn exchanged(self) -> Self {
        Self {
            swap: !self.swap,
            ..self
        }
    }

    /// Where a window of the upright picture of `width` × `height` lies in the stored one.
    pub fn stored(self, window: Window, width: u32, height: u32) -> Window {
        let mut at = window;
        if self.flip_x {
            at.x = f64::from(width) - at.x - at.w;
        }
        if self.flip_y {
            at.y = f64::from(height) - at.y - at.h;
        }
        if self.swap {
            at = Window {
                x: at.y,
                y: at.x,
                w: at.h,
                h: at.w,
            };
        }
        at
    }

    /// Puts stored `rows`, the first of which is row `y0`, where they belong in the upright picture `out`.
    ///
    /// `width` is of a stored row, `out_width` of an upright one; `out` has all rows of the upright picture.
    pub fn put(
        self,
        out: &mut [[u8; 4]],
        out_width: usize,
        rows: &[[u8; 4]],
        width: usize,
        y0: usize,
    ) {
        let out_height = out.len() / out_width;
        let count = rows.len() / width;
        if !self.swap {
            for (k, row) in rows.chunks_exact(width).enumerate() {
                let y = if self.flip_y {
                    out_height - 1 - y0 - k
                } else {
                    y0 + k
                };
                let to = &mut out[y * out_width..][..width];
                to.copy_from_slice(row);
                if self.flip_x {
                    to.reverse();
                }
            }
            return;
        }
        let x0 = if self.flip_x {
            out_width - y0 - count
        } else {
            y0
        };
        // where a stored row and a stored column go
        let across = |k: usize| x0 + if self.flip_x { count - 1 - k } else { k };
        let down = |x: usize| if self.flip_y { out_height - 1 - x } else { x };
        let (whole_x, whole_y) = (width - width % TILE, count - count % TILE);
        for x in (0..whole_x).step_by(TILE) {
            for k in (0..whole_y).step_by(TILE) {
                let mut tile: Tile = std::array::from_fn(|i| {
                    let row = rows[(k + i) * width + x..].first_chunk();
                    *row.expect("the tile lies inside")
                });
                if self.flip_x {
                    tile.reverse();
                }
                let at = across(k).min(across(k + TILE - 1));
                for (i, column) in turned(&tile).iter().enumerate() {
                    out[down(x + i) * out_width + at..][..TILE].copy_from_slice(column);
                }
            }
        }
        for k in 0..count {
            let done = if k < whole_y { whole_x } else { 0 };
            for x in done..width {
                out[down(x) * out_width + across(k)] = rows[k * width + x];
            }
        }
    }
}

/// The side of the tiles of pixels that are turned at once.
const TILE: usize = 4;

type Tile = [[[u8; 4]; TILE]; TILE];

/// Rows as columns.
fn turned(rows: &Tile) -> Tile {
    std::array::from_fn(|x| std::array::from_fn(|y| rows[y][x]))
}

/// The side of the blocks that are turned at once, in bytes.
const BLOCK: usize = 16;

/// Writes rows of `width` bytes as columns of rows of `to_width` bytes; the first one is column `at`.
pub(super) fn exchange(from: &[u8], width: usize, to: &mut [u8], to_width: usize, at: usize) {
    let height = from.len() / width;
    let (whole_x, whole_y) = (width - width % BLOCK, height - height % BLOCK);
    for x in (0..whole_x).step_by(BLOCK) {
        for y in (0..whole_y).step_by(BLOCK) {
            let block = std::array::from_fn(|i| {
                let row = from[(y + i) * width + x..].first_chunk();
                *row.expect("the block lies inside")
            });
            for (i, column) in block_exchanged(block).iter().enumerate() {
                to[(x + i) * to_width + at + y..][..BLOCK].copy_from_slice(column);
            }
        }
    }
    for y in 0..height {
        let done = if y < whole_y { whole_x } else { 0 };
        for x in done..width {
            to[x * to_width + at + y] = from[y * width + x];
        }
    }
}

type Block = [[u8; BLOCK]; BLOCK];

/// A pack of cards that is halved and shuffled perfectly moves one bit of each card's number from its end to its
/// front; four times do it for all bits of a row's number.
fn block_exchanged(mut rows: Block) -> Block {
    for _ in 0..4 {
        let mut shuffled = [[0; BLOCK]; BLOCK];
        for i in 0..BLOCK / 2 {
            for k in 0..BLOCK / 2 {
                shuffled[2 * i][2 * k] = rows[i][k];
                shuffled[2 * i][2 * k + 1] = rows[i + BLOCK / 2][k];
                shuffled[2 * i + 1][2 * k] = rows[i][k + BLOCK / 2];
                shuffled[2 * i + 1][2 * k + 1] = rows[i + BLOCK / 2][k + BLOCK / 2];
            }
        }
        rows = shuffled;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_holding_a_camera_is_upright_at_any_size() {
        // where a stored pixel goes, by the table of the EXIF standard
        let upright = |tag: u8, (x, y): (usize, usize), (w, h): (usize, usize)| match tag {
            1 => (x, y),
            2 => (w - 1 - x, y),
            3 => (w - 1 - x, h - 1 - y),
            4 => (x, h - 1 - y),
            5 => (y, x),
            6 => (h - 1 - y, x),
            7 => (h - 1 - y, w - 1 - x),
            _ => (y, w - 1 - x),
        };
        for tag in 1..=8 {
            let held = Orientation::from(Exif::from_exif(tag).expect("one of eight"));
            for (width, height) in [(1, 1), (4, 4), (7, 20), (21, 3), (8, 13)] {
                let stored: Vec<[u8; 4]> = (0..width * height).map(|i| [i as u8; 4]).collect();
                let mut out = vec![[255; 4]; stored.len()];
                let (out_width, _) = held.size(width as u32, height as u32);
                let out_width = out_width as usize;
                for (band, rows) in stored.chunks(width * 6).enumerate() {
                    held.put(&mut out, out_width, rows, width, band * 6);
                }
                for (i, pixel) in stored.iter().enumerate() {
                    let (x, y) = upright(tag, (i % width, i / width), (width, height));
                    assert_eq!(out[y * out_width + x], *pixel, "{tag}, {width} by {height}");
                }
            }
        }
    }

    #[test]
    fn exchanged_rows_are_columns_at_any_size() {
        for (width, height) in [(1, 1), (16, 16), (7, 20), (70, 17), (35, 64)] {
            let from: Vec<u8> = (0..width * height).map(|i| (i * 31 / 7) as u8).collect();
            let (to_width, at) = (height + 5, 3);
            let mut to = vec![0; to_width * width];
            exchange(&from, width, &mut to, to_width, at);
            for (i, v) in from.iter().enumerate() {
                let (x, y) = (i % width, i / width);
                let got = to[x * to_width + at + y];
                assert_eq!(got, *v, "{width} by {height} at {x}, {y}");
            }
        }
    }
}

//! Whole pictures from RGB to YUV and back.
//!
//! In: RGBA8 or a yuv420p frame. Out: the other one, BT.709, limited range. Never: transparency; a premultiplied
//! picture is seen over black.

use ffmpeg_next::frame::Video;

use super::columns;

/// Bits of the fraction in the weights below.
pub(in super::super) const BITS: u32 = 15;

/// What red, green and blue (0–255) add to luma (over 16).
pub(in super::super) const LUMA: [i32; 3] = [5983, 20127, 2032];

/// What they add to blue and to red chroma (over 128); each adds up to nothing, so that grey stays grey.
pub(in super::super) const CHROMA: [[i32; 3]; 2] = [[-3298, -11094, 14392], [14392, -13072, -1320]];

/// Sum of `weights` and `rgb`.
#[inline]
pub(in super::super) fn weigh(weights: [i32; 3], rgb: [i32; 3]) -> i32 {
    weights[0] * rgb[0] + weights[1] * rgb[1] + weights[2] * rgb[2]
}

/// Writes a picture of `onto`'s size over all of it. What is transparent in `rgba` (RGBA8, premultiplied) turns black.
pub(in super::super) fn to_yuv(rgba: &[u8], onto: &mut Video) {
    let (width, height) = (onto.width() as usize, onto.height() as usize);
    if onto.planes() < 3 || width == 0 || rgba.len() < width * height * 4 {
        return;
    }
    let rows = || rgba.chunks_exact(width * 4);
    let stride = onto.stride(0);
    for (row, luma) in rows().zip(onto.data_mut(0).chunks_exact_mut(stride)) {
        for (pixel, luma) in row.chunks_exact(4).zip(luma) {
            let rgb = [pixel[0].into(), pixel[1].into(), pixel[2].into()];
            *luma = ((weigh(LUMA, rgb) + (33 << (BITS - 1))) >> BITS) as u8;
        }
    }
    let half = width.div_ceil(2);
    // three sums a chroma sample, of eight parts each
    let mut sums = vec![[0i32; 3]; half];
    for at in 0..height.div_ceil(2) {
        let row = |y: usize| &rgba[y.min(height - 1) * width * 4..][..width * 4];
        add_up(row(2 * at), row(2 * at + 1), &mut sums);
        for (plane, weights) in CHROMA.into_iter().enumerate() {
            let stride = onto.stride(plane + 1);
            let chroma = onto.data_mut(plane + 1)[at * stride..].iter_mut();
            for (sum, chroma) in sums.iter().zip(chroma) {
                *chroma = ((weigh(weights, *sum) + (257 << (BITS + 2))) >> (BITS + 3)) as u8;
            }
        }
    }
}

/// Red, green and blue of two rows, added up around every other column.
fn add_up(upper: &[u8], lower: &[u8], sums: &mut [[i32; 3]]) {
    let width = upper.len() / 4;
    let both = |x: usize| {
        let (a, b) = (&upper[4 * x..][..3], &lower[4 * x..][..3]);
        let sum = |c: usize| i32::from(a[c]) + i32::from(b[c]);
        [sum(0), sum(1), sum(2)]
    };
    let mut left = both(0);
    for (at, sum) in sums.iter_mut().enumerate() {
        let [_, own, right] = columns(at, width);
        let (own, right) = (both(own), both(right));
        let mixed = |c: usize| left[c] + 2 * own[c] + right[c];
        *sum = [mixed(0), mixed(1), mixed(2)];
        left = right;
    }
}

/// A frame as RGBA8, opaque, rows without gaps.
pub(in super::super) fn to_rgba(frame: &Video) -> Vec<u8> {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let mut rgba = vec![255; width * height * 4];
    if frame.planes() < 3 || width == 0 {
        return rgba;
    }
    let mut chroma = [vec![0i32; width], vec![0i32; width]];
    let luma = frame.data(0).chunks_exact(frame.stride(0));
    for (y, (row, luma)) in rgba.chunks_exact_mut(width * 4).zip(luma).enumerate() {
        for (plane, chroma) in chroma.iter_mut().enumerate() {
            spread(frame, plane + 1, y, chroma);
        }
        let chroma = chroma[0].iter().zip(&chroma[1]);
        for ((pixel, &luma), (&blue, &red)) in row.chunks_exact_mut(4).zip(luma).zip(chroma) {
            pixel[..3].copy_from_slice(&rgb(i32::from(luma) - 16, blue - 1024, red - 1024));
        }
    }
    rgba
}

/// The chroma of one row at every column, eightfold.
fn spread(frame: &Video, plane: usize, y: usize, chroma: &mut [i32]) {
    let (stride, rows) = (frame.stride(plane), frame.plane_height(plane) as usize);
    let half = chroma.len().div_ceil(2);
    let row = |at: usize| &frame.data(plane)[at * stride..][..half];
    // a row of chroma stands between two of luma: three parts of the near one, one of the next
    let near = y / 2;
    let next = match y % 2 {
        0 => near.saturating_sub(1),
        _ => (near + 1).min(rows - 1),
    };
    let (near, next) = (row(near), row(next));
    let mixed = |at: usize| 3 * i32::from(near[at]) + i32::from(next[at]);
    for (at, pair) in chroma.chunks_mut(2).enumerate() {
        let own = mixed(at);
        pair[0] = 2 * own;
        if let [_, between] = pair {
            *between = own + mixed((at + 1).min(half - 1));
        }
    }
}

/// Red, green and blue of luma over 16 and of eightfold chroma over 128.
#[inline]
fn rgb(luma: i32, blue: i32, red: i32) -> [u8; 3] {
    // 13 bits of fraction, and the three of the chroma
    let luma = luma * (9539 * 8) + (1 << 15);
    let level = |value: i32| (value >> 16).clamp(0, 255) as u8;
    [
        level(luma + 14686 * red),
        level(luma - 1747 * blue - 4366 * red),
        level(luma + 17305 * blue),
    ]
}

/// RGBA8 in rows of `wide` pixels on a transparent picture of another size, its left-top corner at a place of that, as far
/// as it is inside.
pub(in super::super) fn on_nothing(
    rgba: &[u8],
    wide: u32,
    (x, y): (i32, i32),
    (width, height): (u32, u32),
) -> Vec<u8> {
    let mut all = vec![0; width as usize * height as usize * 4];
    let (wide, width, height) = (i64::from(wide), i64::from(width), i64::from(height));
    let first = i64::from(-x).clamp(0, wide);
    let end = (width - i64::from(x)).clamp(first, wide);
    for (row, from) in (i64::from(y)..).zip(rgba.chunks_exact(wide.max(1) as usize * 4)) {
        if (0..height).contains(&row) && first < end {
            let at = ((row * width + i64::from(x) + first) * 4) as usize;
            let from = &from[first as usize * 4..end as usize * 4];
            all[at..at + from.len()].copy_from_slice(from);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use ffmpeg_next::format::Pixel;

    use super::*;

    #[test]
    fn named_colours_have_their_textbook_values() {
        // BT.709, limited range
        let colours = [
            ([0, 0, 0], [16, 128, 128]),
            ([255, 255, 255], [235, 128, 128]),
            ([128, 128, 128], [126, 128, 128]),
            ([255, 0, 0], [63, 102, 240]),
            ([0, 255, 0], [173, 42, 26]),
            ([0, 0, 255], [32, 240, 118]),
            ([255, 255, 0], [219, 16, 138]),
        ];
        for ([r, g, b], expected) in colours {
            let mut frame = Video::new(Pixel::YUV420P, 4, 4);
            to_yuv(&[r, g, b, 255].repeat(16), &mut frame);
            let got = [0, 1, 2].map(|plane| frame.data(plane)[0]);
            assert_eq!(got, expected, "{r} {g} {b}");
            let back = to_rgba(&frame);
            for (back, there) in back.iter().zip([r, g, b, 255].repeat(16)) {
                assert!(back.abs_diff(there) <= 2, "{back} for {there}");
            }
        }
    }

    #[test]
    fn a_picture_on_nothing_is_cut_at_every_edge() {
        let rgba: Vec<u8> = (1..=9).flat_map(|value| [value; 4]).collect();
        let at = |x, y| {
            let all = on_nothing(&rgba, 3, (x, y), (2, 2));
            [0, 4, 8, 12].map(|at| all[at])
        };
        assert_eq!(at(0, 0), [1, 2, 4, 5]);
        assert_eq!(at(-1, -2), [8, 9, 0, 0]);
        assert_eq!(at(1, 1), [0, 0, 0, 1]);
        assert_eq!(at(2, 0), [0; 4]);
        assert_eq!(at(-3, 0), [0; 4]);
    }

    #[test]
    fn odd_sizes_are_written_to_their_last_pixel() {
        for (width, height) in [(1, 1), (3, 5), (2, 1), (1, 2), (33, 7)] {
            let mut frame = Video::new(Pixel::YUV420P, width, height);
            to_yuv(
                &[200, 100, 50, 255].repeat((width * height) as usize),
                &mut frame,
            );
            let rgba = to_rgba(&frame);
            assert_eq!(rgba.len(), (width * height * 4) as usize);
            for pixel in rgba.chunks_exact(4) {
                for (got, there) in pixel.iter().zip([200u8, 100, 50, 255]) {
                    assert!(got.abs_diff(there) <= 2, "{pixel:?}");
                }
            }
        }
    }

    #[test]
    fn a_soft_picture_survives_the_way_there_and_back() {
        let (width, height) = (64u32, 48u32);
        let rgba: Vec<u8> = (0..width * height)
            .flat_map(|at| {
                let (x, y) = (at % width, at / width);
                [
                    (x * 3 + 20) as u8,
                    (y * 4 + 10) as u8,
                    (x + y + 60) as u8,
                    255,
                ]
            })
            .collect();
        let mut frame = Video::new(Pixel::YUV420P, width, height);
        to_yuv(&rgba, &mut frame);
        let worst = to_rgba(&frame)
            .iter()
            .zip(&rgba)
            .map(|(a, b)| a.abs_diff(*b))
            .max();
        // the outer columns hold their chroma, which a slope does not
        assert!(worst <= Some(4), "{worst:?}");
    }
}

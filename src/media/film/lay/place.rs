//! A clip's frame laid into its box.
//!
//! In: a frame, the place of its left-top corner, coverage. Out: the other frame with it in it. Never: a pixel outside
//! the box or the coverage, a chroma that is off by half a sample because a box stands at an odd place.

use std::ops::Range;

use ffmpeg_next::frame::Video;

use super::{columns, part};

/// How much of each pixel of a box shows: corners, masks, opacity.
pub(in super::super) struct Matte {
    width: usize,
    height: usize,
    coverage: Vec<u8>,
    /// The longest stretch of each row that shows fully.
    solid: Vec<Range<usize>>,
}

impl Matte {
    /// `coverage`: a byte a pixel, 255 shows, rows without gaps; what is missing at its end does not show.
    pub fn new(width: u32, height: u32, mut coverage: Vec<u8>) -> Self {
        let (width, height) = (width as usize, height as usize);
        coverage.resize(width * height, 0);
        let solid = coverage.chunks_exact(width.max(1)).map(solid).collect();
        Self {
            width,
            height,
            coverage,
            solid,
        }
    }

    /// Takes from a premultiplied RGBA picture of the same size what does not show.
    pub fn cut(&self, rgba: &mut [u8]) {
        for (pixel, part_of) in rgba.chunks_exact_mut(4).zip(&self.coverage) {
            let covered = u16::from(*part_of);
            for value in pixel {
                *value = part(u16::from(*value) * covered + 128);
            }
        }
    }

    /// Coverage of a row.
    fn row(&self, y: usize) -> &[u8] {
        &self.coverage[y * self.width..][..self.width]
    }
}

/// The longest stretch of 255.
fn solid(row: &[u8]) -> Range<usize> {
    let (mut longest, mut at) = (0..0, 0);
    for stretch in row.chunk_by(|a, b| (*a == 255) == (*b == 255)) {
        if stretch[0] == 255 && stretch.len() > longest.len() {
            longest = at..at + stretch.len();
        }
        at += stretch.len();
    }
    longest
}

/// Lays `film` with its left-top corner at (`x`, `y`) of `onto`, as far as it is inside; both are yuv420p. The mask's
/// corner is the film's, and nothing shows outside it; without one all of the film shows.
pub(in super::super) fn place(
    film: &Video,
    x: i32,
    y: i32,
    mask: Option<&Matte>,
    onto: &mut Video,
) {
    if film.planes() < 3 || onto.planes() < 3 {
        return;
    }
    let Some(spot) = Spot::new(film, x, y, mask, onto) else {
        return;
    };
    spot.luma(film, onto);
    spot.chroma(film, onto);
}

/// Where film meets frame; in pixels of the frame unless said otherwise.
struct Spot<'a> {
    x: i32,
    y: i32,
    columns: Range<usize>,
    rows: Range<usize>,
    width: usize,
    height: usize,
    mask: Option<&'a Matte>,
}

impl<'a> Spot<'a> {
    /// `None` when they do not meet.
    fn new(film: &Video, x: i32, y: i32, mask: Option<&'a Matte>, onto: &Video) -> Option<Self> {
        let (mut wide, mut high) = (film.width() as usize, film.height() as usize);
        if let Some(mask) = mask {
            (wide, high) = (wide.min(mask.width), high.min(mask.height));
        }
        let (width, height) = (onto.width() as usize, onto.height() as usize);
        let columns = inside(x, wide, width);
        let rows = inside(y, high, height);
        (!columns.is_empty() && !rows.is_empty()).then_some(Self {
            x,
            y,
            columns,
            rows,
            width,
            height,
            mask,
        })
    }

    /// A column of the frame as one of the film.
    fn in_film(&self, column: usize) -> usize {
        (column as i64 - i64::from(self.x)) as usize
    }

    /// A row of the frame as one of the film.
    fn row_in_film(&self, row: usize) -> usize {
        (row as i64 - i64::from(self.y)) as usize
    }

    /// Coverage of the box's part of a row, and where it is full.
    fn cover(&self, row: usize) -> (Option<&[u8]>, Range<usize>) {
        if !self.rows.contains(&row) {
            return (None, 0..0);
        }
        let Some(mask) = self.mask else {
            return (None, self.columns.clone());
        };
        let in_film = self.row_in_film(row);
        let from = self.in_film(self.columns.start);
        let solid = &mask.solid[in_film];
        // from columns of the mask to those of the frame
        let place = |column: usize| {
            (column.clamp(from, from + self.columns.len()) - from) + self.columns.start
        };
        (
            Some(&mask.row(in_film)[from..][..self.columns.len()]),
            place(solid.start)..place(solid.end),
        )
    }

    fn luma(&self, film: &Video, onto: &mut Video) {
        let (from_stride, stride) = (film.stride(0), onto.stride(0));
        let (source, target) = (film.data(0), onto.data_mut(0));
        let (first, len) = (self.columns.start, self.columns.len());
        for row in self.rows.clone() {
            let at = self.row_in_film(row) * from_stride + self.in_film(first);
            let source = &source[at..][..len];
            let target = &mut target[row * stride + first..][..len];
            let (cover, solid) = self.cover(row);
            let (from, to) = (solid.start - first, solid.end - first);
            target[from..to].copy_from_slice(&source[from..to]);
            if let Some(cover) = cover {
                mix(&mut target[..from], &source[..from], &cover[..from]);
                mix(&mut target[to..], &source[to..], &cover[to..]);
            }
        }
    }

    fn chroma(&self, film: &Video, onto: &mut Video) {
        // a sample of the frame reaches one column to the left of its own and one to the right
        let first = self.columns.start / 2;
        let end = (self.columns.end / 2 + 1).min(self.width.div_ceil(2));
        let mut cover = vec![0; end - first];
        let mut sums = Vec::new();
        let mut samples = vec![0; end - first];
        for row in self.rows.start / 2..self.rows.end.div_ceil(2) {
            let solid = self.cover_chroma(row, first, &mut cover, &mut sums);
            let (from, to) = (solid.start - first, solid.end - first);
            for plane in 1..3 {
                let source = self.resample(film, plane, row, first, &mut samples);
                let stride = onto.stride(plane);
                let target = &mut onto.data_mut(plane)[row * stride + first..][..end - first];
                target[from..to].copy_from_slice(&source[from..to]);
                mix(&mut target[..from], &source[..from], &cover[..from]);
                mix(&mut target[to..], &source[to..], &cover[to..]);
            }
        }
    }

    /// Writes the coverage of a row of chroma from sample `first` on, and says where it is full; there nothing is
    /// written.
    fn cover_chroma(
        &self,
        row: usize,
        first: usize,
        cover: &mut [u8],
        sums: &mut Vec<u16>,
    ) -> Range<usize> {
        let lines = [2 * row, (2 * row + 1).min(self.height - 1)];
        let (a, b) = (self.cover(lines[0]).1, self.cover(lines[1]).1);
        let (from, to) = (a.start.max(b.start), a.end.min(b.end));
        let end = first + cover.len();
        let full = if from < to {
            // the frame's own edges are held, so that nothing is missing there
            let from = if from == 0 { 0 } else { (from + 2) / 2 };
            let to = if to == self.width { end } else { to / 2 };
            from.clamp(first, end)..to.clamp(from.clamp(first, end), end)
        } else {
            first..first
        };
        if full == (first..end) {
            return full;
        }
        // columns from one before the first sample's on, so that the sample `at` has 2 * (at - first) and the two after
        sums.clear();
        sums.resize(2 * cover.len() + 1, 0);
        let base = 2 * first;
        for line in lines {
            let (part, solid) = self.cover(line);
            let from = self.columns.start + 1 - base;
            match part {
                Some(part) => sums[from..]
                    .iter_mut()
                    .zip(part)
                    .for_each(|(sum, &part)| *sum += u16::from(part)),
                None if solid.is_empty() => {}
                None => sums[from..]
                    .iter_mut()
                    .take(self.columns.len())
                    .for_each(|sum| *sum += 255),
            }
        }
        for at in (first..full.start).chain(full.end..end) {
            let [left, own, right] = columns(at, self.width).map(|column| sums[column + 1 - base]);
            cover[at - first] = ((left + 2 * own + right + 4) >> 3) as u8;
        }
        full
    }

    /// The film's chroma where the frame has its samples, from `first` on.
    fn resample<'b>(
        &self,
        film: &'b Video,
        plane: usize,
        row: usize,
        first: usize,
        samples: &'b mut [u8],
    ) -> &'b [u8] {
        let (wide, high) = (
            i64::from(film.plane_width(plane)),
            i64::from(film.plane_height(plane)),
        );
        let (data, stride) = (film.data(plane), film.stride(plane));
        let line = |at: i64| &data[at.clamp(0, high - 1) as usize * stride..][..wide as usize];
        // where the frame's sample stands in the film's luma; an odd place is between two of its chroma's
        let (x, y) = (
            2 * first as i64 - i64::from(self.x),
            2 * row as i64 - i64::from(self.y),
        );
        let (column, upper) = (x.div_euclid(2), y.div_euclid(2));
        let (above, below) = (line(upper), line(upper + y.rem_euclid(2)));
        let aside = x.rem_euclid(2);
        let len = samples.len() as i64;
        if aside == 0 && y.rem_euclid(2) == 0 && column >= 0 && column + len <= wide {
            return &above[column as usize..][..samples.len()];
        }
        for (at, sample) in (column..).zip(samples.iter_mut()) {
            let own = at.clamp(0, wide - 1) as usize;
            let next = (at + aside).clamp(0, wide - 1) as usize;
            let sum = [above[own], above[next], below[own], below[next]]
                .map(u16::from)
                .iter()
                .sum::<u16>();
            *sample = ((sum + 2) >> 2) as u8;
        }
        samples
    }
}

/// The part of `0..size` that `len` pixels from `at` on lie in.
fn inside(at: i32, len: usize, size: usize) -> Range<usize> {
    let clamp = |edge: i64| edge.clamp(0, size as i64) as usize;
    clamp(i64::from(at))..clamp(i64::from(at) + len as i64)
}

/// `film` over `onto` by its coverage.
fn mix(onto: &mut [u8], film: &[u8], cover: &[u8]) {
    for ((onto, &film), &cover) in onto.iter_mut().zip(film).zip(cover) {
        let (film, under) = (u16::from(film), u16::from(*onto));
        *onto = part(film * u16::from(cover) + under * u16::from(255 - cover) + 128);
    }
}

#[cfg(test)]
mod tests {
    use ffmpeg_next::format::Pixel;

    use super::super::tests::{Noise, noise};
    use super::*;

    fn matte(width: u32, height: u32, seed: &mut Noise) -> Matte {
        let mut coverage = Vec::new();
        while coverage.len() < (width * height) as usize {
            let value = [0, 255, 255, seed.below(256) as u8][seed.below(4) as usize];
            coverage.extend(vec![value; seed.below(12) as usize]);
        }
        Matte::new(width, height, coverage)
    }

    /// A sample of the film where the frame has its own, a half of a sample between two being their mean.
    fn between(film: &Video, plane: usize, x: f64, y: f64) -> f64 {
        let sample = |x: f64, y: f64| {
            let x = (x as i64).clamp(0, i64::from(film.plane_width(plane)) - 1) as usize;
            let y = (y as i64).clamp(0, i64::from(film.plane_height(plane)) - 1) as usize;
            f64::from(film.data(plane)[y * film.stride(plane) + x])
        };
        let (left, right, above, below) = (x.floor(), x.ceil(), y.floor(), y.ceil());
        let sum =
            sample(left, above) + sample(right, above) + sample(left, below) + sample(right, below);
        sum / 4.0
    }

    fn check(film: &Video, (x, y): (i32, i32), mask: Option<&Matte>, under: &Video) {
        let mut onto = under.clone();
        place(film, x, y, mask, &mut onto);
        let (width, height) = (i64::from(onto.width()), i64::from(onto.height()));
        let (wide, high) = (i64::from(film.width()), i64::from(film.height()));
        // coverage of one pixel of the frame, whose edges are held
        let cover = |column: i64, row: i64| {
            let column = column.clamp(0, width - 1) - i64::from(x);
            let row = row.clamp(0, height - 1) - i64::from(y);
            let inside = (0..wide).contains(&column) && (0..high).contains(&row);
            match mask {
                _ if !inside => 0.0,
                None => 1.0,
                Some(mask) => f64::from(mask.row(row as usize)[column as usize]) / 255.0,
            }
        };
        for plane in 0..3 {
            for row in 0..i64::from(onto.plane_height(plane)) {
                for column in 0..i64::from(onto.plane_width(plane)) {
                    let at = row as usize * onto.stride(plane) + column as usize;
                    let (there, got) = (
                        f64::from(under.data(plane)[at]),
                        f64::from(onto.data(plane)[at]),
                    );
                    let (part, film) = if plane == 0 {
                        let (x, y) = (column as f64 - f64::from(x), row as f64 - f64::from(y));
                        (cover(column, row), between(film, 0, x, y))
                    } else {
                        let side = |d: i64| {
                            cover(2 * column + d, 2 * row) + cover(2 * column + d, 2 * row + 1)
                        };
                        let (x, y) = (
                            column as f64 - f64::from(x) / 2.0,
                            row as f64 - f64::from(y) / 2.0,
                        );
                        (
                            (side(-1) + 2.0 * side(0) + side(1)) / 8.0,
                            between(film, plane, x, y),
                        )
                    };
                    let exact = film * part + there * (1.0 - part);
                    // half a level for each rounding: chroma between two samples and its coverage have their own
                    let bound = if plane == 0 { 0.51 } else { 1.5 };
                    assert!(
                        (got - exact).abs() <= bound,
                        "plane {plane} at {column},{row}, box at {x},{y}: {got} for {exact}"
                    );
                    if part == 0.0 {
                        assert_eq!(got, there);
                    }
                }
            }
        }
    }

    #[test]
    fn a_film_lies_where_it_is_put_at_odd_places_and_over_every_edge() {
        let mut seed = Noise(1);
        let under = noise(41, 31, &mut seed);
        for (wide, high) in [(41, 31), (20, 16), (17, 9), (1, 1), (60, 50)] {
            let film = noise(wide, high, &mut seed);
            let mask = matte(wide, high, &mut seed);
            for x in [-18, -9, -2, -1, 0, 1, 2, 7, 24, 40, 41] {
                for y in [-8, -3, 0, 1, 6, 22, 30, 31] {
                    check(&film, (x, y), None, &under);
                    check(&film, (x, y), Some(&mask), &under);
                }
            }
        }
    }

    #[test]
    fn a_film_of_the_frames_size_replaces_it() {
        let mut seed = Noise(2);
        let (film, mut onto) = (noise(37, 23, &mut seed), noise(37, 23, &mut seed));
        place(&film, 0, 0, None, &mut onto);
        for plane in 0..3 {
            let width = film.plane_width(plane) as usize;
            let rows = film.data(plane).chunks_exact(film.stride(plane));
            for (row, laid) in rows.zip(onto.data(plane).chunks_exact(onto.stride(plane))) {
                assert_eq!(row[..width], laid[..width]);
            }
        }
    }

    #[test]
    fn a_film_without_pixels_or_of_another_size_than_its_mask_does_not_panic() {
        let mut seed = Noise(4);
        let mut onto = noise(20, 20, &mut seed);
        place(&Video::empty(), 0, 0, None, &mut onto);
        let film = noise(10, 10, &mut seed);
        place(&film, 3, 3, Some(&Matte::new(0, 0, Vec::new())), &mut onto);
        place(
            &film,
            3,
            3,
            Some(&Matte::new(30, 4, vec![255; 7])),
            &mut onto,
        );
        place(&film, i32::MAX, i32::MIN, None, &mut onto);
        place(&film, 3, 3, None, &mut Video::new(Pixel::YUV420P, 1, 1));
    }
}

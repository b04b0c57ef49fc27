//! How much of each pixel a rounded box covers.
//!
//! In: edges and corner radii in device pixels. Out: coverage, a row at a time: a soft left end, a middle at one
//! strength, a soft right end. Never: colours.

use super::geometry::{Area, Edges, whole};

/// Scan lines a pixel row is cut into where an edge is curved; along each the coverage is exact.
const CUTS: usize = 16;

/// A box with rounded corners.
#[derive(Debug, Clone, Copy)]
pub struct RoundBox {
    pub edges: Edges,
    /// Top-left, top-right, bottom-right, bottom-left.
    pub radius: [f32; 4],
}

/// Coverage of one row. Pixels `start..middle.0` have `left`, `middle` has one value, `middle.1..` has `right`.
#[derive(Debug, Default)]
pub struct RowCover {
    pub start: i32,
    pub left: Vec<u8>,
    pub middle: (i32, i32),
    pub value: u8,
    pub right: Vec<u8>,
}

impl RoundBox {
    pub fn new(edges: Edges, radius: [f32; 4]) -> Self {
        let most = (edges.width().min(edges.height()) / 2.0).max(0.0);
        // radii come fitted to the box; snapping may have taken a little off it
        let fits = radius[0] + radius[1] <= edges.width() + 0.25
            && radius[2] + radius[3] <= edges.width() + 0.25
            && radius[0] + radius[3] <= edges.height() + 0.25
            && radius[1] + radius[2] <= edges.height() + 0.25;
        let radius = radius.map(|r| if fits { r.max(0.0) } else { r.clamp(0.0, most) });
        Self { edges, radius }
    }

    /// The box of the inner edge of a border, or of a spread when `by` is negative.
    pub fn inset(&self, by: f32) -> Self {
        let round = |r: f32| match (r > 0.0, by < 0.0) {
            (false, _) => 0.0,
            (true, false) => (r - by).max(0.0),
            // CSS Backgrounds 3, §4.6.2: corners that are nearly sharp stay nearly sharp
            (true, true) if r < -by => {
                let short = r / -by - 1.0;
                r - by * (1.0 + short * short * short)
            }
            (true, true) => r - by,
        };
        Self::new(self.edges.grown(-by), self.radius.map(round))
    }

    pub fn area(&self) -> Area {
        self.edges.area()
    }

    pub fn is_empty(&self) -> bool {
        let e = &self.edges;
        // written so that a NaN is empty too
        !(e.right > e.left && e.bottom > e.top)
    }

    /// Covers every pixel of `area` wholly.
    pub fn covers(&self, area: &Area) -> bool {
        let e = &self.edges;
        let r = self.radius.iter().fold(0.0f32, |a, b| a.max(*b));
        // the box without its corners is a cross; the area has to lie in the one bar or the other
        let inside = |dx: f32, dy: f32| {
            area.x0 as f32 >= e.left + dx
                && area.x1 as f32 <= e.right - dx
                && area.y0 as f32 >= e.top + dy
                && area.y1 as f32 <= e.bottom - dy
        };
        inside(0.0, r) || inside(r, 0.0)
    }

    /// Coverage of row `y`; false if it covers nothing there.
    pub fn row(&self, y: i32, out: &mut RowCover) -> bool {
        let e = &self.edges;
        let (top, bottom) = (e.top.max(y as f32), e.bottom.min(y as f32 + 1.0));
        out.left.clear();
        out.right.clear();
        if self.is_empty() || bottom <= top {
            return false;
        }
        let [tl, tr, br, bl] = self.radius;
        if top >= e.top + tl.max(tr) && bottom <= e.bottom - br.max(bl) {
            self.cut(out, bottom - top, &[(e.left, e.right)]);
            return true;
        }
        let mut spans = [(0.0, 0.0); CUTS];
        for (i, span) in spans.iter_mut().enumerate() {
            *span = self.span(top + (bottom - top) * (i as f32 + 0.5) / CUTS as f32);
        }
        self.cut(out, bottom - top, &spans);
        true
    }

    /// Where the box begins and ends on a scan line.
    fn span(&self, y: f32) -> (f32, f32) {
        let e = &self.edges;
        let [tl, tr, br, bl] = self.radius;
        let inset = |r_top: f32, r_bottom: f32| {
            let (r, away) = if y < e.top + r_top {
                (r_top, e.top + r_top - y)
            } else if y > e.bottom - r_bottom {
                (r_bottom, y - (e.bottom - r_bottom))
            } else {
                return 0.0;
            };
            r - (r * r - away * away).max(0.0).sqrt()
        };
        (e.left + inset(tl, bl), e.right - inset(tr, br))
    }

    /// Turns the spans of a row, each of the same share of `height`, into coverage.
    fn cut(&self, out: &mut RowCover, height: f32, spans: &[(f32, f32)]) {
        let fold = |f: fn(f32, f32) -> f32, of: fn(&(f32, f32)) -> f32| {
            spans.iter().map(of).reduce(f).unwrap_or(0.0)
        };
        let (first, last_left) = (fold(f32::min, |s| s.0), fold(f32::max, |s| s.0));
        let (first_right, last) = (fold(f32::min, |s| s.1), fold(f32::max, |s| s.1));
        let (start, end) = (whole(first.floor()), whole(last.ceil()));
        let (mut left, mut right) = (whole(last_left.ceil()), whole(first_right.floor()));
        if left > right {
            (left, right) = (end, end);
        }
        let share = height * 255.0 / spans.len() as f32;
        let cover = |x: i32| {
            let (x0, x1) = (x as f32, x as f32 + 1.0);
            let part: f32 = spans
                .iter()
                .map(|(l, r)| (r.min(x1) - l.max(x0)).max(0.0))
                .sum();
            (part * share + 0.5) as u8
        };
        out.start = start;
        out.left.extend((start..left).map(cover));
        out.middle = (left, right);
        out.value = (height * 255.0 + 0.5) as u8;
        out.right.extend((right..end).map(cover));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dense(shape: &RoundBox, y: i32, width: i32) -> Vec<u8> {
        let (mut cover, mut row) = (RowCover::default(), vec![0; width as usize]);
        if shape.row(y, &mut cover) {
            for (i, v) in cover.left.iter().enumerate() {
                row[cover.start as usize + i] = *v;
            }
            for x in cover.middle.0..cover.middle.1 {
                row[x as usize] = cover.value;
            }
            for (i, v) in cover.right.iter().enumerate() {
                row[cover.middle.1 as usize + i] = *v;
            }
        }
        row
    }

    fn edges(left: f32, top: f32, right: f32, bottom: f32) -> Edges {
        Edges {
            left,
            top,
            right,
            bottom,
        }
    }

    #[test]
    fn fractional_edges_cover_their_share() {
        let shape = RoundBox::new(edges(1.25, 0.5, 4.5, 2.0), [0.0; 4]);
        assert_eq!(dense(&shape, 0, 6), [0, 96, 128, 128, 64, 0]);
        assert_eq!(dense(&shape, 1, 6), [0, 191, 255, 255, 128, 0]);
        assert_eq!(dense(&shape, 2, 6), [0; 6]);
    }

    #[test]
    fn a_round_box_covers_its_area() {
        for (r, w, h) in [(36.0, 300.0, 72.0), (5.0, 10.0, 10.0), (7.3, 40.4, 21.7)] {
            let shape = RoundBox::new(edges(2.0, 3.0, 2.0 + w, 3.0 + h), [r; 4]);
            let sum: f64 = (0..=80)
                .flat_map(|y| dense(&shape, y, 320))
                .map(|v| f64::from(v) / 255.0)
                .sum();
            let r = f64::from(shape.radius[0]);
            let exact = f64::from(w * h) - (4.0 - std::f64::consts::PI) * r * r;
            assert!((sum - exact).abs() < 0.002 * exact, "{sum} for {exact}");
        }
    }

    #[test]
    fn corners_are_mirror_images() {
        let shape = RoundBox::new(edges(0.0, 0.0, 40.0, 40.0), [12.0; 4]);
        for y in 0..20 {
            let row = dense(&shape, y, 40);
            let mirrored: Vec<u8> = row.iter().rev().copied().collect();
            assert_eq!(row, mirrored);
            assert_eq!(row, dense(&shape, 39 - y, 40));
        }
    }

    #[test]
    fn one_corner_alone_is_rounded() {
        let shape = RoundBox::new(edges(0.0, 0.0, 20.0, 20.0), [0.0, 8.0, 0.0, 0.0]);
        let row = dense(&shape, 0, 20);
        assert_eq!(row[0], 255);
        assert!(row[19] < 10);
        assert_eq!(dense(&shape, 19, 20), [255; 20]);
    }

    #[test]
    fn a_pixel_sized_dot_is_not_lost() {
        let shape = RoundBox::new(edges(3.2, 3.2, 3.8, 3.8), [0.3; 4]);
        let v = f64::from(dense(&shape, 3, 8)[3]);
        assert!((v / 255.0 - 0.2827).abs() < 0.01, "{v}");
    }
}

//! Outlines of glyphs as coverage: plain, slanted, thickened, and with a line around them.
//!
//! In: a glyph's curves in font units, y up. Out: a mask and where it lies from the glyph's origin, y down.
//! Never: fonts, caching.

use ab_glyph::{
    Glyph, GlyphId, Outline, OutlineCurve, OutlinedGlyph, Point, PxScale, PxScaleFactor, Rect,
};
use tiny_skia::{FillRule, LineCap, LineJoin, Mask, Path, PathBuilder, Stroke, Transform};

use super::geometry::{Area, whole};
use super::glyph::{Form, MAX_SPRITE_PIXELS};

/// Stroked outlines are drawn this many times larger and averaged: the scan converter has 16 levels, and a
/// thick line around a headline shows them.
const FINER: usize = 2;

/// Coverage of a glyph whose origin stands `shift` pixels right of a pixel's edge.
pub fn mask(
    curves: &[OutlineCurve],
    per_unit: f32,
    shift: f32,
    form: &Form,
) -> Option<(Area, Vec<u8>)> {
    let lean = |p: &Point| ab_glyph::point(p.x + p.y * form.lean, p.y);
    let curves: Vec<OutlineCurve> = curves.iter().map(|c| map(c, lean)).collect();
    let grown = form.embolden + 2.0 * form.stroke;
    if grown > 0.0 {
        thick(&curves, per_unit, shift, grown)
    } else {
        plain(curves, per_unit, shift)
    }
}

fn map(curve: &OutlineCurve, f: impl Fn(&Point) -> Point) -> OutlineCurve {
    match curve {
        OutlineCurve::Line(a, b) => OutlineCurve::Line(f(a), f(b)),
        OutlineCurve::Quad(a, b, c) => OutlineCurve::Quad(f(a), f(b), f(c)),
        OutlineCurve::Cubic(a, b, c, d) => OutlineCurve::Cubic(f(a), f(b), f(c), f(d)),
    }
}

/// The least box that holds every point. The one a face states is of whole units, and too small for faces
/// whose variations move points by parts of one.
fn bounds(curves: &[OutlineCurve]) -> Option<Rect> {
    let mut all: Option<Rect> = None;
    let mut add = |p: &Point| {
        let b = all.get_or_insert(Rect { min: *p, max: *p });
        // as ab_glyph has it: y points up, and `min` is the left-top corner
        b.min = ab_glyph::point(b.min.x.min(p.x), b.min.y.max(p.y));
        b.max = ab_glyph::point(b.max.x.max(p.x), b.max.y.min(p.y));
        *p
    };
    for curve in curves {
        match curve {
            OutlineCurve::Line(a, b) => [a, b].map(&mut add).len(),
            OutlineCurve::Quad(a, b, c) => [a, b, c].map(&mut add).len(),
            OutlineCurve::Cubic(a, b, c, d) => [a, b, c, d].map(&mut add).len(),
        };
    }
    all.filter(|b| {
        let sides = [b.min.x, b.min.y, b.max.x, b.max.y];
        sides.iter().all(|v| v.is_finite()) && b.max.x > b.min.x && b.min.y > b.max.y
    })
}

fn plain(curves: Vec<OutlineCurve>, per_unit: f32, shift: f32) -> Option<(Area, Vec<u8>)> {
    let outline = Outline {
        bounds: bounds(&curves)?,
        curves,
    };
    let glyph = Glyph {
        id: GlyphId(0),
        scale: PxScale::from(1.0),
        position: ab_glyph::point(shift, 0.0),
    };
    let factor = PxScaleFactor {
        horizontal: per_unit,
        vertical: per_unit,
    };
    let outlined = OutlinedGlyph::new(glyph, outline, factor);
    let at = outlined.px_bounds();
    let area = Area::new(
        whole(at.min.x),
        whole(at.min.y),
        whole(at.max.x),
        whole(at.max.y),
    );
    let (width, pixels) = (area.width(), area.width() * area.height());
    if pixels > MAX_SPRITE_PIXELS {
        return None;
    }
    let mut cover = vec![0; pixels];
    outlined.draw(|x, y, v| {
        if let Some(to) = cover.get_mut(y as usize * width + x as usize) {
            *to = (v * 255.0 + 0.5) as u8;
        }
    });
    Some((area, cover))
}

/// The outline as a path in pixels, y down.
fn path(curves: &[OutlineCurve], per_unit: f32, shift: f32) -> Option<Path> {
    let mut path = PathBuilder::new();
    let at = |p: &Point| (p.x * per_unit + shift, -p.y * per_unit);
    let mut last: Option<Point> = None;
    for curve in curves {
        let (OutlineCurve::Line(first, end)
        | OutlineCurve::Quad(first, _, end)
        | OutlineCurve::Cubic(first, _, _, end)) = curve;
        if last != Some(*first) {
            if last.is_some() {
                path.close();
            }
            let (x, y) = at(first);
            path.move_to(x, y);
        }
        let (x, y) = at(end);
        match curve {
            OutlineCurve::Line(..) => path.line_to(x, y),
            OutlineCurve::Quad(_, b, _) => {
                let b = at(b);
                path.quad_to(b.0, b.1, x, y);
            }
            OutlineCurve::Cubic(_, b, c, _) => {
                let (b, c) = (at(b), at(c));
                path.cubic_to(b.0, b.1, c.0, c.1, x, y);
            }
        }
        last = Some(*end);
    }
    path.close();
    path.finish()
}

/// The glyph and a line of `width` along its edge, half of it outside.
fn thick(
    curves: &[OutlineCurve],
    per_unit: f32,
    shift: f32,
    width: f32,
) -> Option<(Area, Vec<u8>)> {
    bounds(curves)?;
    let path = path(curves, per_unit, shift)?;
    let stroke = Stroke {
        width,
        line_cap: LineCap::Round,
        line_join: LineJoin::Round,
        ..Stroke::default()
    };
    let line = path.stroke(&stroke, FINER as f32)?;
    let b = line.bounds();
    let area = Area::new(
        whole(b.left().floor()),
        whole(b.top().floor()),
        whole(b.right().ceil()),
        whole(b.bottom().ceil()),
    );
    if area.width() * area.height() > MAX_SPRITE_PIXELS {
        return None;
    }
    let fine = FINER as f32;
    let mut mask = Mask::new(
        (area.width() * FINER) as u32,
        (area.height() * FINER) as u32,
    )?;
    let to_mask =
        Transform::from_translate(-area.x0 as f32, -area.y0 as f32).post_scale(fine, fine);
    for path in [&path, &line] {
        mask.fill_path(path, FillRule::Winding, true, to_mask);
    }
    Some((area, averaged(mask.data(), area.width(), area.height())))
}

fn averaged(fine: &[u8], width: usize, height: usize) -> Vec<u8> {
    let mut cover = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let mut sum = 0;
            for row in 0..FINER {
                let start = (y * FINER + row) * width * FINER + x * FINER;
                sum += fine[start..start + FINER]
                    .iter()
                    .map(|v| u32::from(*v))
                    .sum::<u32>();
            }
            let count = (FINER * FINER) as u32;
            cover.push(((sum + count / 2) / count) as u8);
        }
    }
    cover
}

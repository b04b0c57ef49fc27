//! Text as coverage: where its glyphs are, its stroke is, its emoji are.
//!
//! In: shaped text and the view. Out: [`Inked`] text: a stencil for each run, ready for a brush. Never: shaping,
//! the order in which things are painted.

use std::rc::Rc;

use super::blend::mul;
use super::brush::Brush;
use super::canvas::Stencil;
use super::geometry::{Area, View, whole};
use super::glyph::{self, Sprite};
use super::shape::RoundBox;
use crate::scene::{GlyphRun, Paint, Pixels, Rect, Rule, Text};

/// A colour glyph at its place.
pub struct Placed {
    pub area: Area,
    sprite: Rc<Sprite>,
}

impl Placed {
    pub fn pixels(&self) -> Option<&Pixels> {
        match &*self.sprite {
            Sprite::Image { pixels, .. } => Some(pixels),
            _ => None,
        }
    }
}

/// A run's glyphs.
pub struct Part<'t> {
    pub run: &'t GlyphRun,
    pub stencil: Stencil,
    pub images: Vec<Placed>,
}

/// A text's glyphs and what is beneath them.
pub struct Inked<'t> {
    pub parts: Vec<Part<'t>>,
    pub stroke: Option<(Stencil, &'t Paint)>,
    /// Lines under and through the words.
    pub rules: Vec<(Stencil, &'t Rule)>,
}

impl<'t> Inked<'t> {
    /// Rasterises what lies in `area`.
    pub fn new(text: &'t Text, view: &View, area: &Area) -> Self {
        let part = |run: &'t GlyphRun| {
            let (masks, images) = placed(run, view, 0.0);
            Part {
                run,
                stencil: joined(&masks, area),
                images,
            }
        };
        let stroke = text.stroke.as_ref().filter(|s| s.width > 0.0).map(|s| {
            let masks: Vec<_> = text
                .runs
                .iter()
                .flat_map(|run| placed(run, view, s.width).0)
                .collect();
            (joined(&masks, area), &s.paint)
        });
        let parts: Vec<Part> = text.runs.iter().map(part).collect();
        let rules = text.rules.iter();
        let rules = rules.map(|rule| (ruled(rule, &parts, view, area), rule));
        Self {
            rules: rules.collect(),
            parts,
            stroke,
        }
    }

    /// Takes the stroke away beneath glyphs that would let it show: it goes around them, not under them.
    pub fn hollow(&mut self, view: &View) {
        let Some((stroke, _)) = &mut self.stroke else {
            return;
        };
        for part in &self.parts {
            if !Brush::new(&part.run.paint, view).is_opaque() {
                stroke.cut(&part.stencil);
            }
        }
    }

    /// Everything that shows, for its shadow.
    pub fn silhouette(&self) -> Stencil {
        let images = || self.parts.iter().flat_map(|p| &p.images);
        let area = self
            .parts
            .iter()
            .fold(Area::EMPTY, |all, part| all.with(&part.stencil.area));
        let area = images().fold(area, |all, image| all.with(&image.area));
        let area = self
            .stroke
            .iter()
            .fold(area, |all, (s, _)| all.with(&s.area));
        let area = self
            .rules
            .iter()
            .fold(area, |all, (rule, _)| all.with(&rule.area));
        let mut all = Stencil::new(area);
        for (rule, _) in &self.rules {
            all.join(&rule.area, &rule.cover);
        }
        for stencil in self
            .parts
            .iter()
            .map(|p| &p.stencil)
            .chain(self.stroke.iter().map(|s| &s.0))
        {
            all.join(&stencil.area, &stencil.cover);
        }
        for image in images() {
            let alphas = image
                .pixels()
                .map(|p| p.rgba.iter().skip(3).step_by(4).copied());
            let alphas: Vec<u8> = alphas.into_iter().flatten().collect();
            all.join(&image.area, &alphas);
        }
        all
    }
}

/// As far as browsers leave the ink of letters free at most, in pixels.
const WIDEST_GAP: i32 = 13;

/// A line on whole rows, at least one. Under the words it leaves out what crosses it, and as much around it as it is
/// thick, as browsers do.
fn ruled(rule: &Rule, parts: &[Part], view: &View, within: &Area) -> Stencil {
    let mut edges = view.edges(&rule.rect);
    let thick = (edges.bottom - edges.top).round().max(1.0);
    edges.top = edges.top.round();
    edges.bottom = edges.top + thick;
    let shape = RoundBox::new(edges, [0.0; 4]);
    let area = shape.area().and(within);
    let mut stencil = Stencil::of_box(&shape, area);
    if rule.over {
        return stencil;
    }
    let gap = whole(thick).min(WIDEST_GAP);
    let mut crossed = vec![false; area.width()];
    for part in parts {
        let both = area.and(&part.stencil.area);
        for y in both.y0..both.y1 {
            let row = part.stencil.row(y, both.x0, both.x1);
            for (x, _) in (both.x0..both.x1)
                .zip(row)
                .filter(|(_, cover)| **cover > 32)
            {
                let from = (x - gap - area.x0).max(0) as usize;
                let to = ((x + gap + 1 - area.x0) as usize).min(crossed.len());
                crossed[from..to].fill(true);
            }
        }
    }
    for row in stencil.cover.chunks_exact_mut(area.width().max(1)) {
        for (cover, _) in row
            .iter_mut()
            .zip(&crossed)
            .filter(|(_, crossed)| **crossed)
        {
            *cover = 0;
        }
    }
    stencil
}

/// The masks of a run's glyphs at their places, and its colour glyphs.
fn placed(run: &GlyphRun, view: &View, stroke: f32) -> (Vec<(Area, Rc<Sprite>)>, Vec<Placed>) {
    let (mut masks, mut images) = (Vec::new(), Vec::new());
    glyph::each(run, view, stroke, |x, y, sprite| match &**sprite {
        Sprite::Blank => {}
        Sprite::Mask { area, .. } => masks.push((area.moved(x, y), sprite.clone())),
        Sprite::Image { left, top, pixels } => {
            let (x, y) = (x + whole(left.round()), y + whole(top.round()));
            images.push(Placed {
                area: Area::new(x, y, x + pixels.width as i32, y + pixels.height as i32),
                sprite: sprite.clone(),
            });
        }
    });
    (masks, images)
}

/// One stencil of many glyphs.
fn joined(masks: &[(Area, Rc<Sprite>)], within: &Area) -> Stencil {
    let all = masks
        .iter()
        .fold(Area::EMPTY, |all, (area, _)| all.with(area));
    let mut stencil = Stencil::new(all.and(within));
    for (area, sprite) in masks {
        if let Sprite::Mask { cover, .. } = &**sprite {
            stencil.join(area, cover);
        }
    }
    stencil
}

/// A box that surely holds the text's ink, in canvas units. Larger than the ink.
pub fn bounds(text: &Text) -> Option<Rect> {
    let stroke = text.stroke.as_ref().map_or(0.0, |s| s.width.max(0.0));
    let of_run = |run: &GlyphRun| {
        let em = run.size;
        let around = move |x: f32, y: f32| Rect::new(x - em, y - 2.0 * em, 3.0 * em, 3.2 * em);
        let boxes = run.glyphs.iter().map(move |g| around(g.x, g.y));
        boxes
            .reduce(|a, b| a.union(&b))
            .map(|b| b.grown(stroke + run.embolden.max(0.0)))
    };
    let runs = text.runs.iter().filter_map(of_run);
    let lines = text.lines.iter().map(|line| line.grown(text.size));
    let highlights = text.highlights.iter().map(|h| h.rect);
    let rules = text.rules.iter().map(|r| r.rect.grown(1.0));
    runs.chain(lines)
        .chain(highlights)
        .chain(rules)
        .reduce(|a, b| a.union(&b))
}

/// The alpha that a run's colour glyphs take from its paint.
pub fn image_alpha(paint: &Paint, alpha: u8) -> u8 {
    match paint {
        Paint::Solid(color) => mul(color.a, alpha),
        _ => alpha,
    }
}

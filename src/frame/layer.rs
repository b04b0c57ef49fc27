//! Canvases upon canvases: what is painted apart and then laid on what is beneath.
//!
//! In: a canvas painted on its own. Out: its pixels mixed into another by alpha, blend mode and stencil. Never:
//! what is painted on either.

use super::blend::{self, Px, faded, mul, over_px};
use super::canvas::{Canvas, Stencil};
use super::geometry::{Area, View, whole};
use super::rotation::Rotation;
use crate::scene::Blend;

/// A canvas being painted, and what it will be laid on.
pub struct Layer<'p> {
    pub canvas: Canvas,
    /// Nothing is painted outside it.
    pub clip: Area,
    pub view: View,
    pub below: Option<Below<'p>>,
}

/// Where a canvas will go.
pub struct Below<'p> {
    pub layer: &'p Layer<'p>,
    pub alpha: u8,
    pub rotation: Option<Rotation>,
}

impl Layer<'_> {
    /// What will be seen of two colours at a pixel, when everything is laid on what is beneath it.
    pub fn seen(&self, x: i32, y: i32, mut a: Px, mut b: Px) -> (Px, Px) {
        let (mut at, mut layer) = ((x as f32 + 0.5, y as f32 + 0.5), self);
        while let Some(below) = &layer.below {
            if let Some(rotation) = &below.rotation {
                at = rotation.turned(at.0, at.1);
            }
            layer = below.layer;
            let under = layer.canvas.px(whole(at.0.floor()), whole(at.1.floor()));
            a = over_px(faded(a, below.alpha), under);
            b = over_px(faded(b, below.alpha), under);
        }
        (a, b)
    }
}

/// How a canvas is laid on another.
#[derive(Debug, Clone, Copy)]
pub struct Manner<'s> {
    pub alpha: u8,
    pub blend: Blend,
    /// Shows only through it.
    pub through: Option<&'s Stencil>,
}

impl Default for Manner<'_> {
    fn default() -> Self {
        Self {
            alpha: 255,
            blend: Blend::Normal,
            through: None,
        }
    }
}

/// Lays one canvas on another.
pub fn lay(dst: &mut Canvas, clip: &Area, src: &Canvas, manner: &Manner) {
    let mut area = src.area().and(clip).and(&dst.area());
    if let Some(stencil) = manner.through {
        area = area.and(&stencil.area);
    }
    let alpha = manner.alpha;
    let mut mask = vec![0; area.width()];
    for y in area.y0..area.y1 {
        let from = src.row(y, area.x0, area.x1);
        let cover = manner.through.map(|s| s.row(y, area.x0, area.x1));
        let to = dst.row_mut(y, area.x0, area.x1);
        match (manner.blend, cover) {
            (Blend::Normal, None) => blend::pixels_faded(to, from, alpha),
            (Blend::Normal, Some(cover)) if alpha == 255 => blend::pixels_masked(to, from, cover),
            (Blend::Normal, Some(cover)) => {
                mask.copy_from_slice(cover);
                super::canvas::fade(&mut mask, alpha);
                blend::pixels_masked(to, from, &mask);
            }
            (mode, None) => blend::mixed(mode, to, from, |_| alpha),
            (mode, Some(cover)) => blend::mixed(mode, to, from, |x| mul(cover[x], alpha)),
        }
    }
}

/// Puts a changed copy of a part of a canvas back, through a stencil.
pub fn replace(dst: &mut Canvas, src: &Canvas, through: &Stencil) {
    let area = src.area().and(&dst.area()).and(&through.area);
    for y in area.y0..area.y1 {
        let from = src.row(y, area.x0, area.x1).as_chunks::<4>().0;
        let cover = through.row(y, area.x0, area.x1);
        let to = dst.row_mut(y, area.x0, area.x1).as_chunks_mut::<4>().0;
        for ((to, from), cover) in to.iter_mut().zip(from).zip(cover) {
            let part = u32::from(*cover);
            *to = std::array::from_fn(|i| {
                let sum = u32::from(from[i]) * part + u32::from(to[i]) * (255 - part);
                ((sum + 127) / 255) as u8
            });
        }
    }
}

/// How much of each pixel a canvas covers.
pub fn alphas(canvas: &Canvas) -> Stencil {
    Stencil {
        area: canvas.area(),
        cover: canvas.pixels().iter().skip(3).step_by(4).copied().collect(),
    }
}

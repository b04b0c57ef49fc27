//! Walks a scene and paints its nodes in order.
//!
//! In: a [`Scene`]. Out: a [`Frame`]. What needs a canvas of its own (opacity over several parts, blend modes,
//! rotation, rounded clips, shadows of silhouettes) gets one of the size that shows. Never: how a row is mixed.

use std::time::Duration;

use super::Frame;
use super::backdrop;
use super::bounds::{bounds, box_of, whole_box};
use super::brush::{Brush, Tap, taps};
use super::canvas::{Canvas, Stencil};
use super::contrast::{self, Contrast, Legible};
use super::geometry::{Area, Edges, View};
use super::layer::{self, Below, Layer, Manner};
use super::motion;
use super::rotation::Rotation;
use super::shadow::{self, Silhouette};
use super::shape::RoundBox;
use super::text::{self, Inked};
use crate::scene::{Blend, Content, Group, Mask, Node, Picture, Qr, Scene, Surface, Text};

/// Turned layers are painted this many times larger and sampled down, so that they stay crisp.
const FINER: f32 = 2.0;

/// Paints a scene as it is at a time, on a frame if there is one; fills `contrasts` if there is a list.
pub fn scene(
    scene: &Scene,
    at: Duration,
    base: Option<Frame>,
    contrasts: &mut Option<Vec<Contrast>>,
) -> Frame {
    let (width, height) = base.as_ref().map_or(scene.raster, |f| (f.width, f.height));
    let area = Area::new(0, 0, width as i32, height as i32);
    let view = View {
        scale: scene.raster.0 as f32 / scene.width.max(1.0),
    };
    let hides = |node: &Node| hides_all(node, &view, &area);
    let first = scene.nodes.iter().rposition(hides);
    let background = scene.background.as_ref().filter(|_| first.is_none());
    let background = background.map(|paint| Brush::new(paint, &view));
    let hidden = first.is_some() || background.as_ref().is_some_and(Brush::is_opaque);
    let mut canvas = match base {
        Some(mut frame) => Canvas::from_pixels(area, std::mem::take(&mut frame.rgba)),
        None if hidden => Canvas::dirty(area),
        None => Canvas::clear(area),
    };
    if let Some(brush) = background {
        canvas.fill_box(&area, &whole_box(&area), &brush, 255);
    }
    let mut layer = Layer {
        canvas,
        clip: area,
        view,
        below: None,
    };
    let mut painter = Painter {
        contrasts,
        path: Vec::new(),
        progress: scene.progress(at),
    };
    for (index, node) in scene.nodes.iter().enumerate().skip(first.unwrap_or(0)) {
        painter.child(&mut layer, index, node);
    }
    Frame {
        width,
        height,
        rgba: layer.canvas.into_pixels(),
    }
}

/// Nothing beneath the node shows, so nothing beneath it needs to be painted.
fn hides_all(node: &Node, view: &View, area: &Area) -> bool {
    if node.rotate != 0.0 || node.opacity < 1.0 || node.blend != Blend::Normal {
        return false;
    }
    let shape = box_of(node, view);
    let opaque = match &node.content {
        Content::Shape(surface) => {
            let fill = surface.fill.as_ref();
            fill.is_some_and(|paint| Brush::new(paint, view).is_opaque())
        }
        Content::Picture(picture) => {
            let dest = view.edges(&picture.dest).rounded().area();
            picture.pixels.opaque && picture.mask.is_none() && dest.holds(area)
        }
        _ => false,
    };
    opaque && shape.covers(area)
}

/// What is carried along while nodes are painted.
struct Painter<'r> {
    contrasts: &'r mut Option<Vec<Contrast>>,
    path: Vec<usize>,
    /// How far along the film is, 0–1.
    progress: f64,
}

impl Painter<'_> {
    fn child(&mut self, layer: &mut Layer, index: usize, node: &Node) {
        self.path.push(index);
        self.node(layer, node);
        self.path.pop();
    }

    fn children(&mut self, layer: &mut Layer, group: &Group) {
        for (index, node) in group.children.iter().enumerate() {
            self.child(layer, index, node);
        }
    }

    fn node(&mut self, layer: &mut Layer, node: &Node) {
        let alpha = (node.opacity.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
        let seen = bounds(node, &layer.view).and(&layer.clip);
        if alpha == 0 || seen.is_empty() {
            return;
        }
        let manner = Manner {
            alpha,
            blend: node.blend,
            through: None,
        };
        backdrop::filter(layer, node, alpha);
        if node.rotate % 360.0 != 0.0 {
            let turned = self.turned(layer, node, alpha, &seen);
            layer::lay(&mut layer.canvas, &layer.clip, &turned, &manner);
        } else if node.blend == Blend::Normal && (alpha == 255 || is_one_part(node)) {
            self.content(layer, node, alpha);
        } else {
            let apart = self.apart(layer, seen, alpha, |painter, layer| {
                painter.content(layer, node, 255);
            });
            layer::lay(&mut layer.canvas, &layer.clip, &apart, &manner);
        }
    }

    /// Paints something on a clear canvas of its own.
    fn apart(
        &mut self,
        below: &Layer,
        area: Area,
        alpha: u8,
        paint: impl FnOnce(&mut Self, &mut Layer),
    ) -> Canvas {
        let mut layer = Layer {
            canvas: Canvas::clear(area),
            clip: area,
            view: below.view,
            below: Some(Below {
                layer: below,
                alpha,
                rotation: None,
            }),
        };
        paint(self, &mut layer);
        layer.canvas
    }

    /// Paints a turned node, as far as `seen` shows it.
    fn turned(&mut self, below: &Layer, node: &Node, alpha: u8, seen: &Area) -> Canvas {
        let center = node.rect.center();
        let at = (below.view.length(center.x), below.view.length(center.y));
        let mut above = below;
        let mut finer = FINER;
        while let Some(under) = &above.below {
            // what is painted finer already does not gain by being finer still
            if under
                .rotation
                .is_some_and(|rotation| rotation.scale() > 1.0)
            {
                finer = 1.0;
            }
            above = under.layer;
        }
        let rotation = Rotation::new(node.rotate, at, finer);
        let view = View {
            scale: below.view.scale * rotation.scale(),
        };
        let upright = Node {
            rotate: 0.0,
            opacity: 1.0,
            blend: Blend::Normal,
            ..node.clone()
        };
        let shown = rotation.upright_area(seen).grown(4);
        let area = bounds(&upright, &view).grown(2).and(&shown);
        let mut layer = Layer {
            canvas: Canvas::clear(area),
            clip: area,
            view,
            below: Some(Below {
                layer: below,
                alpha,
                rotation: Some(rotation),
            }),
        };
        self.content(&mut layer, &upright, 255);
        rotation.lay(&layer.canvas, *seen)
    }

    fn content(&mut self, layer: &mut Layer, node: &Node, alpha: u8) {
        match &node.content {
            Content::Shape(surface) => {
                let shape = box_of(node, &layer.view);
                box_shadows(layer, node, &shape, is_opaque(surface, &layer.view), alpha);
                fill(layer, &shape, surface, alpha);
                border(layer, &shape, surface, alpha);
            }
            Content::Picture(picture) => self.picture(layer, node, picture, alpha),
            // who has the clip's pixels hands them in as a picture; without them its box is what shows
            Content::Film(film) => {
                let shape = box_of(node, &layer.view);
                let opaque = is_opaque(&film.surface, &layer.view);
                box_shadows(layer, node, &shape, opaque, alpha);
                fill(layer, &shape, &film.surface, alpha);
                border(layer, &shape, &film.surface, alpha);
            }
            Content::Text(text) => self.text(layer, node, text, alpha),
            Content::Qr(qr) => {
                let shape = box_of(node, &layer.view);
                let opaque = is_opaque(&qr.surface, &layer.view);
                box_shadows(layer, node, &shape, opaque, alpha);
                fill(layer, &shape, &qr.surface, alpha);
                let modules = modules(&shape.edges, qr);
                let brush = Brush::new(&qr.paint, &layer.view);
                if self.contrasts.is_some() {
                    let measured = contrast::of_code(layer, &modules, &brush, alpha);
                    self.report(node, measured);
                }
                let clip = &layer.clip;
                layer.canvas.fill_stencil(clip, &modules, &brush, alpha);
                border(layer, &shape, &qr.surface, alpha);
            }
            Content::Group(group) => self.group(layer, node, group),
        }
    }

    /// Casts the shadows of what `paint` paints, then paints it.
    fn with_silhouette(
        &mut self,
        layer: &mut Layer,
        node: &Node,
        paint: impl FnOnce(&mut Self, &mut Layer),
    ) {
        let bare = Node {
            shadows: Vec::new(),
            ..node.clone()
        };
        let cause = shadow::cause(&layer.clip, &node.shadows, &layer.view);
        let area = bounds(&bare, &layer.view).and(&cause);
        let apart = self.apart(layer, area, 255, paint);
        let silhouette = layer::alphas(&apart);
        for cast in &node.shadows {
            let of = Silhouette::Stencil(&silhouette);
            shadow::paint(
                &mut layer.canvas,
                &layer.clip,
                &of,
                cast,
                &layer.view,
                (None, 255),
            );
        }
        layer::lay(&mut layer.canvas, &layer.clip, &apart, &Manner::default());
    }

    fn picture(&mut self, layer: &mut Layer, node: &Node, picture: &Picture, alpha: u8) {
        let shape = box_of(node, &layer.view);
        let dest = layer.view.edges(&picture.dest).rounded();
        let full = picture.pixels.opaque && dest.area().holds(&shape.area());
        let solid = full || is_opaque(&picture.surface, &layer.view);
        if node.shadows.is_empty() || (solid && picture.mask.is_none()) {
            box_shadows(layer, node, &shape, true, alpha);
            self.bare_picture(layer, picture, &shape, alpha);
        } else {
            // a logo casts the shadow of its letters, not of its box
            self.with_silhouette(layer, node, |painter, layer| {
                painter.bare_picture(layer, picture, &shape, 255);
            });
        }
    }

    fn bare_picture(&mut self, layer: &mut Layer, picture: &Picture, shape: &RoundBox, alpha: u8) {
        let dest = layer.view.edges(&picture.dest);
        let moved = picture.motion.as_ref().and_then(|motion| {
            motion::seen(picture, motion, &dest.rounded().area(), self.progress)
        });
        let pixels = moved.as_ref().map_or(&*picture.pixels, |m| m.pixels());
        let parts = |layer: &mut Layer, alpha: u8| {
            fill(layer, shape, &picture.surface, alpha);
            let brush = Brush::picture(pixels, &dest);
            let shown = under_border(shape, &picture.surface, &layer.view);
            layer.canvas.fill_box(&layer.clip, &shown, &brush, alpha);
            border(layer, shape, &picture.surface, alpha);
        };
        let Some(mask) = &picture.mask else {
            parts(layer, alpha);
            return;
        };
        let area = shape.area().and(&layer.clip);
        let apart = self.apart(layer, area, 255, |_, layer| parts(layer, 255));
        let stencil = stretched(mask, &shape.area(), &area);
        let manner = Manner {
            alpha,
            through: Some(&stencil),
            ..Manner::default()
        };
        layer::lay(&mut layer.canvas, &layer.clip, &apart, &manner);
    }

    fn group(&mut self, layer: &mut Layer, node: &Node, group: &Group) {
        let shape = box_of(node, &layer.view);
        if node.shadows.is_empty() || group.surface.fill.is_some() {
            let opaque = is_opaque(&group.surface, &layer.view);
            box_shadows(layer, node, &shape, opaque, 255);
            self.bare_group(layer, group, &shape);
        } else {
            self.with_silhouette(layer, node, |painter, layer| {
                painter.bare_group(layer, group, &shape);
            });
        }
    }

    fn bare_group(&mut self, layer: &mut Layer, group: &Group, shape: &RoundBox) {
        fill(layer, shape, &group.surface, 255);
        if !group.clip {
            border(layer, shape, &group.surface, 255);
            self.children(layer, group);
            return;
        }
        let inner = under_border(shape, &group.surface, &layer.view);
        let (outer, area) = (layer.clip, inner.area().and(&layer.clip));
        let whole_pixels = inner.edges == inner.edges.rounded();
        if inner.radius == [0.0; 4] && whole_pixels {
            layer.clip = area;
            self.children(layer, group);
            layer.clip = outer;
        } else if !area.is_empty() && group.children.iter().any(Node::mixes) {
            self.cut_over(layer, group, &inner, area);
        } else if !area.is_empty() {
            let apart = self.apart(layer, area, 255, |painter, layer| {
                painter.children(layer, group);
            });
            let stencil = Stencil::of_box(&inner, area);
            let manner = Manner {
                through: Some(&stencil),
                ..Manner::default()
            };
            layer::lay(&mut layer.canvas, &layer.clip, &apart, &manner);
        }
        border(layer, shape, &group.surface, 255);
    }

    /// Children that mix with what is beneath the group: they are painted on a copy of it, whose round part comes back.
    fn cut_over(&mut self, layer: &mut Layer, group: &Group, inner: &RoundBox, area: Area) {
        let mut copy = Layer {
            canvas: layer.canvas.copy(area),
            clip: area,
            view: layer.view,
            below: layer.below.as_ref().map(|below| Below { ..*below }),
        };
        self.children(&mut copy, group);
        let stencil = Stencil::of_box(inner, area);
        layer::replace(&mut layer.canvas, &copy.canvas, &stencil);
    }

    fn text(&mut self, layer: &mut Layer, node: &Node, text: &Text, alpha: u8) {
        let (outer, view) = (layer.clip, layer.view);
        if let Some(clip) = &text.clip {
            layer.clip = outer.and(&view.edges(clip).rounded().area());
        }
        let clip = layer.clip;
        for highlight in &text.highlights {
            let radius = highlight.radius.map(|r| view.length(r));
            let shape = RoundBox::new(view.edges(&highlight.rect).snapped(), radius);
            let brush = Brush::new(&highlight.paint, &view);
            layer.canvas.fill_box(&clip, &shape, &brush, alpha);
        }
        let mut inked = Inked::new(text, &view, &shadow::cause(&clip, &node.shadows, &view));
        if !node.shadows.is_empty() {
            let silhouette = inked.silhouette();
            for cast in &node.shadows {
                let of = Silhouette::Stencil(&silhouette);
                shadow::paint(&mut layer.canvas, &clip, &of, cast, &view, (None, alpha));
            }
        }
        rules(layer, &inked, false, alpha);
        inked.hollow(&view);
        if let Some((stencil, paint)) = &inked.stroke {
            let brush = Brush::new(paint, &view);
            layer.canvas.fill_stencil(&clip, stencil, &brush, alpha);
        }
        if self.contrasts.is_some() {
            let ratio = contrast::measure(layer, &inked, alpha);
            let (size, bold) = (text.size, text.bold);
            let of = Legible::Text { size, bold };
            self.report(node, ratio.map(|ratio| (of, ratio)));
        }
        glyphs(layer, &inked, alpha);
        rules(layer, &inked, true, alpha);
        layer.clip = outer;
    }

    fn report(&mut self, node: &Node, measured: Option<(Legible, f32)>) {
        if let (Some(contrasts), Some((of, ratio))) = (self.contrasts.as_mut(), measured) {
            contrasts.push(Contrast {
                path: self.path.clone(),
                id: node.id.clone(),
                place: node.place.clone(),
                of,
                ratio,
            });
        }
    }
}

/// Its opacity can be given to each thing that is painted, because no two of them overlap.
fn is_one_part(node: &Node) -> bool {
    let no_border = |surface: &Surface| surface.border.is_none();
    let bare = |surface: &Surface| surface.fill.is_none() && surface.border.is_none();
    node.shadows.is_empty()
        && match &node.content {
            Content::Shape(surface) => no_border(surface),
            Content::Picture(picture) => bare(&picture.surface),
            Content::Film(film) => no_border(&film.surface),
            Content::Text(text) => {
                text.highlights.is_empty() && text.stroke.is_none() && text.rules.is_empty()
            }
            Content::Qr(qr) => bare(&qr.surface),
            Content::Group(_) => false,
        }
}

fn is_opaque(surface: &Surface, view: &View) -> bool {
    let fill = surface.fill.as_ref();
    fill.is_some_and(|paint| Brush::new(paint, view).is_opaque())
}

/// The shadows of a box. Beneath a box that is not opaque there is none, as in CSS.
fn box_shadows(layer: &mut Layer, node: &Node, shape: &RoundBox, opaque: bool, alpha: u8) {
    let hole = (!opaque).then_some(shape);
    for cast in &node.shadows {
        let of = Silhouette::Box(shape);
        let (canvas, clip) = (&mut layer.canvas, &layer.clip);
        shadow::paint(canvas, clip, &of, cast, &layer.view, (hole, alpha));
    }
}

fn fill(layer: &mut Layer, shape: &RoundBox, surface: &Surface, alpha: u8) {
    if let Some(paint) = &surface.fill {
        let brush = Brush::new(paint, &layer.view);
        let shape = under_border(shape, surface, &layer.view);
        layer.canvas.fill_box(&layer.clip, &shape, &brush, alpha);
    }
}

/// What is painted beneath a border ends half-way under it: if both ended at the same soft edge, the lower one would
/// show through as a thin line around the border.
fn under_border(shape: &RoundBox, surface: &Surface, view: &View) -> RoundBox {
    let border = surface.border.as_ref();
    let hiding = border.filter(|b| Brush::new(&b.paint, view).is_opaque());
    match hiding.map(|b| view.length(b.width)) {
        // it ends at the mask's edge and not at the box's
        _ if surface.circled => *shape,
        // a hairline hides less than it would let through
        Some(width) if width >= 1.0 => shape.inset(width / 2.0),
        _ => *shape,
    }
}

fn border(layer: &mut Layer, shape: &RoundBox, surface: &Surface, alpha: u8) {
    let Some(border) = surface.border.as_ref().filter(|b| b.width > 0.0) else {
        return;
    };
    let shape = &match surface.circled {
        true => circle_in(shape),
        false => *shape,
    };
    let inner = shape.inset(layer.view.length(border.width));
    let brush = Brush::new(&border.paint, &layer.view);
    let (canvas, clip) = (&mut layer.canvas, &layer.clip);
    canvas.fill_ring(clip, shape, &inner, &brush, alpha);
}

/// The circle in the middle of a box, as wide as its shorter side.
fn circle_in(shape: &RoundBox) -> RoundBox {
    let edges = &shape.edges;
    let radius = edges.width().min(edges.height()) / 2.0;
    let (x, y) = (
        (edges.left + edges.right) / 2.0,
        (edges.top + edges.bottom) / 2.0,
    );
    let around = Edges {
        left: x - radius,
        top: y - radius,
        right: x + radius,
        bottom: y + radius,
    };
    RoundBox::new(around, [radius; 4])
}

fn glyphs(layer: &mut Layer, inked: &Inked, alpha: u8) {
    for part in &inked.parts {
        let brush = Brush::new(&part.run.paint, &layer.view);
        let clip = &layer.clip;
        layer
            .canvas
            .fill_stencil(clip, &part.stencil, &brush, alpha);
        let strength = text::image_alpha(&part.run.paint, alpha);
        for (area, pixels) in part
            .images
            .iter()
            .filter_map(|i| Some((i.area, i.pixels()?)))
        {
            let brush = Brush::Picture { pixels, dest: area };
            layer
                .canvas
                .fill_box(clip, &whole_box(&area), &brush, strength);
        }
    }
}

/// A mask stretched over a box, as far as `area` shows it.
fn stretched(mask: &Mask, over: &Area, area: &Area) -> Stencil {
    let mut stencil = Stencil::new(*area);
    if mask.width == 0 || mask.height == 0 {
        return stencil;
    }
    let across = taps(over.x0, over.x1, mask.width, area.x0, area.x1);
    let down = taps(over.y0, over.y1, mask.height, area.y0, area.y1);
    let row = |i: usize| &mask.coverage[i * mask.width as usize..(i + 1) * mask.width as usize];
    for (y, d) in (area.y0..area.y1).zip(&down) {
        let (upper, lower) = (row(d.first), row(d.second));
        let mix = |row: &[u8], t: &Tap| {
            u32::from(row[t.first]) * (256 - t.part) + u32::from(row[t.second]) * t.part
        };
        for (to, t) in stencil.row_mut(y, area.x0, area.x1).iter_mut().zip(&across) {
            let sum = mix(upper, t) * (256 - d.part) + mix(lower, t) * d.part;
            *to = ((sum + (1 << 15)) >> 16) as u8;
        }
    }
    stencil
}

/// Lines under or through text.
fn rules(layer: &mut Layer, inked: &Inked, over: bool, alpha: u8) {
    for (stencil, rule) in inked.rules.iter().filter(|(_, rule)| rule.over == over) {
        let brush = Brush::new(&rule.paint, &layer.view);
        layer
            .canvas
            .fill_stencil(&layer.clip, stencil, &brush, alpha);
    }
}

/// Where the dark modules of a QR code are. Each is the same whole number of pixels, so that a camera sees sharp edges;
/// what is left over widens the quiet zone.
fn modules(edges: &Edges, qr: &Qr) -> Stencil {
    let area = edges.area();
    let count = qr.size + 2 * qr.quiet;
    let side = area.width().min(area.height());
    if qr.size == 0 || count > side || qr.dark.len() < qr.size * qr.size {
        return Stencil::new(Area::new(0, 0, 0, 0));
    }
    let module = side / count;
    let start = |size: usize| ((size - module * qr.size) / 2) as i32;
    let (left, top) = (
        area.x0 + start(area.width()),
        area.y0 + start(area.height()),
    );
    let module = module as i32;
    let mut stencil = Stencil::new(Area::new(
        left,
        top,
        left + module * qr.size as i32,
        top + module * qr.size as i32,
    ));
    let (x1, height) = (stencil.area.x1, module);
    for (i, row) in qr.dark.chunks_exact(qr.size).enumerate() {
        for y in top + i as i32 * height..top + (i as i32 + 1) * height {
            let cover = stencil
                .row_mut(y, left, x1)
                .chunks_exact_mut(module as usize);
            for (cells, dark) in cover.zip(row) {
                cells.fill(if *dark { 255 } else { 0 });
            }
        }
    }
    stencil
}

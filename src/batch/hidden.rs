//! Whether a clip is seen at all under what lies over it.
//!
//! In: a scene, and a part of its canvas. Out: how much of that part is covered, by the alpha of the painted layers.
//! Never: decoding a clip.

use std::sync::Arc;
use std::time::Duration;

use crate::diag::{Code, Diagnostic};
use crate::frame;
use crate::media::Film;
use crate::scene::picture::Fit;
use crate::scene::{Blend, Clip, Content, Node, Pixels, Rect, Scene};

/// A clip of which so much is covered is hidden: what is left are corners and edges.
///
/// Reasoned: what is left at an edge is no picture. A plate over 96 % of the height is not told, one over 98 % is.
const HIDDEN: f64 = 0.97;

/// Alpha from which a pixel counts as covered: under it, a twentieth of the clip's light comes through.
const OPAQUE: u8 = 242;

/// Moments at which a film is looked at, milliseconds: layers come and go.
const MOMENTS: [u64; 3] = [0, 1_500, 2_900];

/// Whether the layers of a scene cover `area`, in canvas units, at all times. Layers that mix with what is beneath them
/// cover nothing; clips of the scene cover their boxes where `is_opaque` says so.
pub fn covers(scene: &Scene, area: Rect, is_opaque: impl Fn(&Clip) -> bool) -> bool {
    if scene.nodes.is_empty() {
        return false;
    }
    let mut layers = Scene {
        background: None,
        film: None,
        ..scene.clone()
    };
    retain(&mut layers.nodes);
    let filled = layers.with_films(|clip, (width, height)| {
        let fills = matches!(clip.fit, Fit::Cover | Fit::Fill | Fit::Blur);
        (fills && is_opaque(clip)).then(|| {
            Arc::new(Pixels {
                width,
                height,
                rgba: vec![255; width as usize * height as usize * 4],
                opaque: true,
            })
        })
    });
    MOMENTS.iter().all(|at| {
        let painted = frame::paint(&filled, Duration::from_millis(*at));
        covered(&painted, area, scene.raster.0 as f32 / scene.width.max(1.0)) >= HIDDEN
    })
}

/// Layers that mix with the clip show it, wherever they are.
fn retain(nodes: &mut Vec<Node>) {
    nodes.retain(|node| node.blend == Blend::Normal);
    for node in nodes {
        if let Content::Group(group) = &mut node.content {
            retain(&mut group.children);
        }
    }
}

/// Which part of an area is under opaque pixels, 0–1.
fn covered(painted: &frame::Frame, area: Rect, scale: f32) -> f64 {
    let (width, height) = (painted.width() as usize, painted.height() as usize);
    let pixel = |at: f32, most: usize| ((at * scale).round().max(0.0) as usize).min(most);
    let (left, right) = (pixel(area.x, width), pixel(area.x + area.w, width));
    let (top, bottom) = (pixel(area.y, height), pixel(area.y + area.h, height));
    let all = (right - left) * (bottom - top);
    if all == 0 {
        return 0.0;
    }
    let rows = painted.rgba().chunks_exact(width * 4);
    let rows = rows.skip(top).take(bottom - top);
    let opaque = |row: &[u8]| {
        let pixels = row[left * 4..right * 4].chunks_exact(4);
        pixels.filter(|pixel| pixel[3] >= OPAQUE).count()
    };
    rows.map(opaque).sum::<usize>() as f64 / all as f64
}

/// Warnings for the clips of a scene that are hidden: the one under everything, and those that stand on the canvas itself.
pub(super) fn hidden(scene: &Scene, film: &Film) -> Vec<Diagnostic> {
    let canvas = Rect::new(0.0, 0.0, scene.width, scene.height);
    let ground = scene.film.iter().map(|clip| (clip, canvas, 0));
    let layers = scene.nodes.iter().enumerate();
    let layers = layers.filter_map(|(at, node)| match &node.content {
        Content::Film(film) => Some((&film.clip, node.rect, at + 1)),
        _ => None,
    });
    let is_opaque = |clip: &Clip| {
        film.shown(clip)
            .is_some_and(|(_, see_through)| !see_through)
    };
    let found = ground.chain(layers).filter(|(clip, rect, above)| {
        let over = Scene {
            nodes: scene.nodes[*above..].to_vec(),
            ..scene.clone()
        };
        let area = seen(clip, *rect, film);
        covers(&over, area, is_opaque)
    });
    let reported = found.map(|(clip, ..)| {
        let message = "the layers over this clip cover it: nothing of it is seen";
        Diagnostic::at(Code::ClipHidden, &clip.place, message)
            .hint("a layer that is see-through, smaller, or under the clip")
    });
    reported.collect()
}

/// Where a clip is seen in its box, canvas units.
pub fn seen(clip: &Clip, rect: Rect, film: &Film) -> Rect {
    let Some(((w, h), _)) = film.shown(clip).filter(|_| clip.fit == Fit::Contain) else {
        return rect;
    };
    let scale = (rect.w / w.max(1.0) as f32).min(rect.h / h.max(1.0) as f32);
    let (w, h) = (w as f32 * scale, h as f32 * scale);
    Rect::new(
        rect.x + (rect.w - w) * clip.focus.0,
        rect.y + (rect.h - h) * clip.focus.1,
        w,
        h,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Place, Source};
    use crate::scene::{Picture, Surface};

    /// A box of one colour.
    fn node(rect: Rect, alpha: u8) -> Node {
        let (width, height) = (rect.w as u32, rect.h as u32);
        let pixels = [alpha; 4].repeat(width as usize * height as usize);
        let content = Content::Picture(Picture {
            pixels: Arc::new(Pixels {
                width,
                height,
                rgba: pixels,
                opaque: alpha == 255,
            }),
            dest: rect,
            surface: Surface::default(),
            mask: None,
            motion: None,
        });
        Node::plain(Place::new(&Source::new("t", ""), 0..0), rect, content)
    }

    fn covered_by(nodes: Vec<Node>, area: Rect) -> bool {
        let scene = Scene {
            nodes,
            ..Scene::empty(108.0, 192.0)
        };
        covers(&scene, area, |_| true)
    }

    #[test]
    fn what_is_opaque_covers_and_what_is_see_through_or_mixes_does_not() {
        let canvas = Rect::new(0.0, 0.0, 108.0, 192.0);
        assert!(covered_by(vec![node(canvas, 255)], canvas));
        assert!(!covered_by(vec![node(canvas, 128)], canvas));
        assert!(!covered_by(Vec::new(), canvas));
        // two halves together
        let top = Rect::new(0.0, 0.0, 108.0, 96.0);
        let bottom = Rect::new(0.0, 96.0, 108.0, 96.0);
        assert!(!covered_by(vec![node(top, 255)], canvas));
        assert!(covered_by(vec![node(top, 255), node(bottom, 255)], canvas));
        // a band in the middle that the clip does not reach beyond
        let band = Rect::new(0.0, 60.0, 108.0, 60.0);
        assert!(covered_by(vec![node(band, 255)], band));
        let multiplied = Node {
            blend: Blend::Multiply,
            ..node(canvas, 255)
        };
        assert!(!covered_by(vec![multiplied], canvas));
    }
}

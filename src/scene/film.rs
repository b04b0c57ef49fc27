//! What a scene says of film: its clips, what moves, and the scene with pictures where its clips are.
//!
//! In: a [`Scene`]. Out: the same with decoded frames, the part of a picture that is seen at a moment. Never:
//! decoding, painting.

use std::slice;
use std::sync::Arc;
use std::time::Duration;

use super::fills::pixel_box;
use super::picture::{Filter, filtered};
use super::{Clip, Content, Film, Group, Motion, Node, Picture, Pixels, Rect, Scene, Surface};

impl Scene {
    /// Whether it is film: it has a clip, or says how long it is.
    pub fn is_film(&self) -> bool {
        self.length.is_some() || self.film.is_some() || any(&self.nodes, &is_clip)
    }

    /// Whether a picture of it moves, so that no two frames need to be the same.
    pub fn has_motion(&self) -> bool {
        any(&self.nodes, &is_moving)
    }

    /// The first layer whose picture moves.
    pub fn moving(&self) -> Option<&Node> {
        first(&self.nodes, &is_moving)
    }

    /// Its clips from the bottom up, the canvas's own first.
    pub fn clips(&self) -> Vec<&Clip> {
        fn of<'s>(nodes: &'s [Node], out: &mut Vec<&'s Clip>) {
            for node in nodes {
                match &node.content {
                    Content::Film(film) => out.push(&film.clip),
                    Content::Group(group) => of(&group.children, out),
                    _ => {}
                }
            }
        }
        let mut out: Vec<&Clip> = self.film.iter().collect();
        of(&self.nodes, &mut out);
        out
    }

    /// How far along the film is at a time, 0–1; 0 where it has no length.
    pub fn progress(&self, at: Duration) -> f64 {
        match self.length {
            Some(length) if !length.is_zero() => (at.as_secs_f64() / length.as_secs_f64()).min(1.0),
            _ => 0.0,
        }
    }

    /// The scene with pictures where its clips are.
    ///
    /// `pixels` is asked for each clip, from the bottom up, with the size of its box in output pixels, and gives what
    /// is seen of it in that box: fitted already, transparent where `contain` leaves the box free. A layer's filter is
    /// applied here. A clip for which there is nothing stays as it is.
    pub fn with_films(
        &self,
        mut pixels: impl FnMut(&Clip, (u32, u32)) -> Option<Arc<Pixels>>,
    ) -> Self {
        let scale = self.raster.0 as f32 / self.width.max(1.0);
        let mut scene = self.clone();
        let whole = Rect::new(0.0, 0.0, self.width, self.height);
        let below = self.film.as_ref().and_then(|clip| {
            let (dest, size) = dest(whole, scale);
            Some(background(clip, whole, dest, pixels(clip, size)?))
        });
        for node in &mut scene.nodes {
            filled(node, scale, &mut pixels);
        }
        if let Some(node) = below {
            scene.film = None;
            scene.nodes.insert(0, node);
        }
        scene
    }
}

impl Node {
    /// Whether it is a clip, or has one inside.
    pub fn has_film(&self) -> bool {
        any(slice::from_ref(self), &is_clip)
    }

    /// Whether a picture of it moves.
    pub fn has_motion(&self) -> bool {
        any(slice::from_ref(self), &is_moving)
    }
}

fn first<'s>(nodes: &'s [Node], is: &impl Fn(&Node) -> bool) -> Option<&'s Node> {
    nodes.iter().find_map(|node| match &node.content {
        Content::Group(group) => first(&group.children, is),
        _ => is(node).then_some(node),
    })
}

fn any(nodes: &[Node], is: &impl Fn(&Node) -> bool) -> bool {
    first(nodes, is).is_some()
}

fn is_clip(node: &Node) -> bool {
    matches!(node.content, Content::Film(_))
}

fn is_moving(node: &Node) -> bool {
    matches!(&node.content, Content::Picture(picture) if picture.motion.is_some())
}

/// A box in whole output pixels, in units and in pixels.
fn dest(rect: Rect, scale: f32) -> (Rect, (u32, u32)) {
    let (x, y, w, h) = pixel_box(rect, scale);
    let units = Rect::new(
        x as f32 / scale,
        y as f32 / scale,
        w as f32 / scale,
        h as f32 / scale,
    );
    (units, (w, h))
}

fn background(clip: &Clip, rect: Rect, dest: Rect, pixels: Arc<Pixels>) -> Node {
    let content = Content::Picture(Picture {
        pixels,
        dest,
        surface: Surface::default(),
        mask: None,
        motion: None,
    });
    Node {
        bleed: true,
        ..Node::plain(clip.place.clone(), rect, content)
    }
}

fn filled(
    node: &mut Node,
    scale: f32,
    pixels: &mut impl FnMut(&Clip, (u32, u32)) -> Option<Arc<Pixels>>,
) {
    match &mut node.content {
        Content::Group(Group { children, .. }) => {
            for child in children {
                filled(child, scale, pixels);
            }
        }
        Content::Film(film) => {
            let (dest, size) = dest(node.rect, scale);
            if let Some(pixels) = pixels(&film.clip, size) {
                node.content = Content::Picture(still(film, dest, pixels, scale));
            }
        }
        _ => {}
    }
}

fn still(film: &Film, dest: Rect, pixels: Arc<Pixels>, scale: f32) -> Picture {
    let pixels = match film.filter == Filter::default() {
        true => pixels,
        false => {
            let filter = Filter {
                blur: film.filter.blur * scale,
                ..film.filter
            };
            Arc::new(filtered(&pixels, &filter))
        }
    };
    Picture {
        pixels,
        dest,
        surface: film.surface.clone(),
        mask: film.mask.clone(),
        motion: None,
    }
}

/// A part of a picture in its own pixels, edges between pixels allowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width, above zero.
    pub w: f64,
    /// Height, above zero.
    pub h: f64,
}

impl Motion {
    /// What is seen of a picture of `size` pixels in a box of `shape` (its width and height, in any unit) at
    /// `progress`, 0–1.
    ///
    /// The part has the box's shape and lies inside the picture. Zoom and centre go evenly from where they start to
    /// where they end, so that an edge of the picture stops neither of them on the way.
    pub fn seen(&self, size: (u32, u32), shape: (f64, f64), progress: f64) -> Seen {
        let (pw, ph) = (f64::from(size.0.max(1)), f64::from(size.1.max(1)));
        let shape = (shape.0.max(1e-6), shape.1.max(1e-6));
        let across = (pw / shape.0).min(ph / shape.1);
        let whole = ((shape.0 * across).min(pw), (shape.1 * across).min(ph));
        let zoom = self.zoom.map(|z| f64::from(z).max(1.0));
        let end = |i: usize| {
            let (w, h) = (whole.0 / zoom[i], whole.1 / zoom[i]);
            let (x, y) = (f64::from(self.pan[i].0) * pw, f64::from(self.pan[i].1) * ph);
            (
                x.clamp(w / 2.0, pw - w / 2.0),
                y.clamp(h / 2.0, ph - h / 2.0),
            )
        };
        let (from, to, t) = (end(0), end(1), progress.clamp(0.0, 1.0));
        let between = |a: f64, b: f64| a + (b - a) * t;
        let z = between(zoom[0], zoom[1]);
        let (w, h) = (whole.0 / z, whole.1 / z);
        let at = (between(from.0, to.0), between(from.1, to.1));
        Seen {
            x: (at.0 - w / 2.0).clamp(0.0, pw - w),
            y: (at.1 - h / 2.0).clamp(0.0, ph - h),
            w,
            h,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Place, Source};

    fn place() -> Place {
        Place::whole(&Source::new("test.toml", ""))
    }

    fn clip(name: &str) -> Clip {
        Clip::whole(name, place())
    }

    fn node(rect: Rect, content: Content) -> Node {
        Node {
            content,
            ..background(&clip(""), rect, rect, plain((1, 1)))
        }
    }

    fn film(name: &str, rect: Rect, filter: Filter) -> Node {
        let film = Film {
            clip: clip(name),
            surface: Surface::default(),
            mask: None,
            filter,
        };
        node(rect, Content::Film(film))
    }

    fn plain((width, height): (u32, u32)) -> Arc<Pixels> {
        let rgba = [200, 100, 50, 255].repeat((width * height) as usize);
        Arc::new(Pixels {
            width,
            height,
            rgba,
            opaque: true,
        })
    }

    fn scene(nodes: Vec<Node>) -> Scene {
        Scene {
            raster: (270, 480),
            film: Some(clip("below.mp4")),
            nodes,
            ..Scene::empty(1080.0, 1920.0)
        }
    }

    fn picture(node: &Node) -> &Picture {
        match &node.content {
            Content::Picture(picture) => picture,
            other => panic!("no picture: {other:?}"),
        }
    }

    #[test]
    fn every_clip_becomes_a_picture_of_its_box_in_whole_pixels() {
        let grey = Filter {
            grayscale: 1.0,
            ..Filter::default()
        };
        let inner = film("inner.mp4", Rect::new(42.0, 80.0, 401.0, 400.0), grey);
        let group = Content::Group(Group {
            surface: Surface::default(),
            clip: true,
            children: vec![inner],
        });
        let scene = scene(vec![node(Rect::new(0.0, 0.0, 500.0, 500.0), group)]);
        let names: Vec<_> = scene.clips().iter().map(|c| c.path.clone()).collect();
        assert_eq!(
            names,
            ["below.mp4", "inner.mp4"].map(std::path::PathBuf::from)
        );
        assert!(scene.is_film());

        let mut asked = Vec::new();
        let still = scene.with_films(|clip, size| {
            asked.push((clip.path.display().to_string(), size));
            Some(plain(size))
        });
        assert_eq!(
            asked,
            [
                ("below.mp4".into(), (270, 480)),
                ("inner.mp4".into(), (100, 100))
            ]
        );
        assert!(!still.is_film());
        assert_eq!(
            picture(&still.nodes[0]).dest,
            Rect::new(0.0, 0.0, 1080.0, 1920.0)
        );
        let Content::Group(group) = &still.nodes[1].content else {
            panic!("the group is gone");
        };
        let inner = picture(&group.children[0]);
        assert_eq!(inner.dest, Rect::new(44.0, 80.0, 400.0, 400.0));
        let [r, g, b, _] = *inner.pixels.rgba.first_chunk().unwrap();
        assert!(r == g && g == b, "the filter is applied: {r} {g} {b}");
    }

    #[test]
    fn a_clip_without_a_picture_stays() {
        let rect = Rect::new(0.0, 0.0, 100.0, 100.0);
        let scene = scene(vec![film("a.mp4", rect, Filter::default())]);
        let same = scene.with_films(|_, _| None);
        assert_eq!(same.clips().len(), 2);
    }

    #[test]
    fn progress_ends_with_the_film() {
        let mut scene = scene(Vec::new());
        assert_eq!(scene.progress(Duration::from_secs(3)), 0.0);
        scene.length = Some(Duration::from_secs(12));
        assert_eq!(scene.progress(Duration::from_secs(3)), 0.25);
        assert_eq!(scene.progress(Duration::from_secs(13)), 1.0);
    }

    #[test]
    fn what_is_seen_keeps_the_shape_of_its_box_and_stays_inside() {
        let motion = Motion {
            zoom: [1.0, 2.0],
            pan: [(0.0, 0.5), (0.75, 0.5)],
        };
        let seen = |t| motion.seen((400, 200), (100.0, 100.0), t);
        let part = |x, y, side| Seen {
            x,
            y,
            w: side,
            h: side,
        };
        // the left edge holds the first window, the focus the last
        assert_eq!(seen(0.0), part(0.0, 0.0, 200.0));
        assert_eq!(seen(1.0), part(250.0, 50.0, 100.0));
        let half = seen(0.5);
        assert!((half.w - 200.0 / 1.5).abs() < 1e-9 && (half.w - half.h).abs() < 1e-9);
        assert!((half.x + half.w / 2.0 - 200.0).abs() < 1e-9);
    }

    proptest::proptest! {
        #[test]
        fn nothing_outside_a_picture_is_ever_seen(
            w in 1u32..5000, h in 1u32..5000, bw in 1.0f64..2000.0, bh in 1.0f64..2000.0,
            z0 in 1.0f32..10.0, z1 in 1.0f32..10.0,
            pan in proptest::array::uniform4(0.0f32..=1.0), t in 0.0f64..=1.0,
        ) {
            let motion = Motion { zoom: [z0, z1], pan: [(pan[0], pan[1]), (pan[2], pan[3])] };
            let seen = motion.seen((w, h), (bw, bh), t);
            proptest::prop_assert!(seen.x >= 0.0 && seen.y >= 0.0 && seen.w > 0.0 && seen.h > 0.0);
            proptest::prop_assert!(seen.x + seen.w <= f64::from(w) + 1e-6);
            proptest::prop_assert!(seen.y + seen.h <= f64::from(h) + 1e-6);
        }
    }
}

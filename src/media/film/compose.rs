//! Frames of the finished film: clips in their boxes, painted layers over and under them.
//!
//! In: a scene, the facts of its clips, a size. Out: frame after frame in the encoder's own colours. What stands still is
//! painted once and laid on each frame as it is; only what cannot be done so goes through RGBA. Never: encoding.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame;

use super::av;
use super::facts::Facts;
use super::lay::{self, Matte, Overlay};
use super::pictures::Purpose;
use super::player::{Player, Shown};
use super::shape::Fitted;
use crate::frame as paint;
use crate::media::Error;
use crate::platform::Cancel;
use crate::scene::picture::{self, Filter};
use crate::scene::{Clip, Content, Node, Picture, Pixels, Rect, Scene, Surface};

/// The facts of every clip of a scene, by its file.
pub(super) type Known = HashMap<PathBuf, Facts>;

/// Part of a frame, from the bottom up.
enum Stratum {
    /// Painted once.
    Still(Box<Overlay>),
    /// Painted for every frame, because it moves.
    Moving(Box<Scene>),
    /// A clip in its box.
    Clip(Box<Layer>),
}

/// A clip in its box.
struct Layer {
    player: usize,
    /// The box's corner.
    x: i32,
    y: i32,
    /// How much of each pixel of the frame shows of it, where that is not all.
    silhouette: Option<Vec<u8>>,
    /// The same for pictures that stand here in the box.
    matte: Option<(Fitted, Matte)>,
    /// The last picture that was see-through, by its number.
    overlay: Option<(u64, Overlay)>,
}

impl Layer {
    /// A picture covers all of the frame.
    fn covers(&self, shown: &Shown, (width, height): (u32, u32)) -> bool {
        let Fitted { x, y, .. } = shown.fitted;
        let size = (shown.fitted.width, shown.fitted.height);
        (self.x, self.y, x, y, size) == (0, 0, 0, 0, (width, height))
            && shown.rgba.is_none()
            && self.silhouette.is_none()
    }

    /// Lays a picture on a frame.
    fn lay(&mut self, shown: &Shown, onto: &mut frame::Video) {
        let size = (onto.width(), onto.height());
        let fitted = shown.fitted;
        let (x, y) = (self.x + fitted.x as i32, self.y + fitted.y as i32);
        if let Some(silhouette) = &self.silhouette
            && self.matte.as_ref().is_none_or(|(of, _)| *of != fitted)
        {
            let matte = cut_out(silhouette, size, (x, y), (fitted.width, fitted.height));
            self.matte = Some((fitted, matte));
        }
        let matte = self.matte.as_ref().map(|(_, matte)| matte);
        let Some(rgba) = &shown.rgba else {
            return lay::place(&shown.frame, x, y, matte, onto);
        };
        if self
            .overlay
            .as_ref()
            .is_none_or(|(of, _)| *of != shown.number)
        {
            let mut rgba = rgba.clone();
            if let Some(matte) = matte {
                matte.cut(&mut rgba);
            }
            let all = lay::on_nothing(&rgba, fitted.width, (x, y), size);
            let overlay = Overlay::new(size.0, size.1, &all);
            self.overlay = overlay.map(|overlay| (shown.number, overlay));
        }
        if let Some((_, overlay)) = &self.overlay {
            overlay.lay(onto);
        }
    }
}

/// Makes the frames of a film.
pub(super) struct Composer {
    size: (u32, u32),
    rate: f64,
    players: Vec<Player>,
    strata: Vec<Stratum>,
    /// The whole scene, where its layers mix with the film in ways that only RGBA knows.
    mixed: Option<Box<Scene>>,
    /// Black, or whatever stands still at the bottom.
    ground: frame::Video,
}

impl Composer {
    /// For frames of `size` pixels, `rate` a second.
    ///
    /// # Errors
    /// What opening the clips gives.
    pub fn new(
        scene: &Scene,
        known: &Known,
        size: (u32, u32),
        rate: f64,
        purpose: Purpose,
        cancel: &Cancel,
    ) -> Result<Self, Error> {
        let mut composer = Self {
            size,
            rate,
            players: Vec::new(),
            strata: Vec::new(),
            mixed: None,
            ground: black(size),
        };
        let mut build = Build {
            scene,
            known,
            size,
            scale: size.0 as f32 / scene.width,
            purpose,
            cancel,
            waiting: Vec::new(),
        };
        if is_mixed(scene) {
            build.mixed(&mut composer)?;
        } else {
            build.strata(&mut composer)?;
        }
        composer.settle();
        Ok(composer)
    }

    /// What stands still at the bottom becomes the ground.
    fn settle(&mut self) {
        if let Some(Stratum::Still(overlay)) = self.strata.first() {
            overlay.lay(&mut self.ground);
            self.strata.remove(0);
        }
    }

    /// Goes to a frame of the film, forwards or back.
    ///
    /// # Errors
    /// What opening the clips gives.
    pub fn seek(&mut self, index: u64) -> Result<(), Error> {
        for player in &mut self.players {
            player.seek(index, self.rate)?;
        }
        Ok(())
    }

    /// Seconds of clips that are decoded in vain on the way to a frame, after [`Self::seek`].
    pub fn run_up(&self, index: u64) -> f64 {
        let of = |player: &Player| player.run_up(index, self.rate);
        self.players.iter().map(of).sum()
    }

    /// Frame `index` of the film; indices only grow.
    ///
    /// # Errors
    /// What the clips give.
    pub fn frame(&mut self, index: u64, onto: &mut frame::Video) -> Result<(), Error> {
        av::own(onto).map_err(av::failed)?;
        if self.mixed.is_some() {
            return self.mixed_frame(index, onto);
        }
        let at = self.at(index);
        let mut is_bare = true;
        for stratum in &mut self.strata {
            if let Stratum::Clip(layer) = stratum {
                let shown = self.players[layer.player].frame(index, self.rate)?;
                // under a clip that covers everything nothing is seen
                if is_bare && !layer.covers(shown, self.size) {
                    lay::place(&self.ground, 0, 0, None, onto);
                }
                is_bare = false;
                layer.lay(shown, onto);
                continue;
            }
            if std::mem::take(&mut is_bare) {
                lay::place(&self.ground, 0, 0, None, onto);
            }
            match stratum {
                Stratum::Still(overlay) => overlay.lay(onto),
                Stratum::Moving(scene) => {
                    let painted = paint::paint(scene, at);
                    if let Some(overlay) = overlay_of(&painted, self.size) {
                        overlay.lay(onto);
                    }
                }
                Stratum::Clip(_) => {}
            }
        }
        if is_bare {
            lay::place(&self.ground, 0, 0, None, onto);
        }
        Ok(())
    }

    fn mixed_frame(&mut self, index: u64, onto: &mut frame::Video) -> Result<(), Error> {
        let at = self.at(index);
        let Some(scene) = &self.mixed else {
            return Ok(());
        };
        let mut shown = Vec::with_capacity(self.players.len());
        for player in &mut self.players {
            shown.push(player.pixels(index, self.rate)?);
        }
        let mut shown = shown.into_iter();
        let filled = scene.with_films(|_, _| shown.next());
        let painted = paint::paint(&filled, at);
        let rgba = resized(&painted, self.size);
        lay::to_yuv(&rgba, onto);
        Ok(())
    }

    fn at(&self, index: u64) -> Duration {
        Duration::from_secs_f64(index as f64 / self.rate)
    }

    /// Sections of clips that were broken and concealed: the file, and the time on the clip's own line.
    pub fn damaged(&self) -> Vec<(&Path, f64)> {
        let of = |p: &'_ Player| p.damaged();
        self.players
            .iter()
            .flat_map(|p| of(p).into_iter().map(move |at| (p.path(), at)))
            .collect()
    }

    /// Clips whose pictures changed their look on the way, in words.
    pub fn changed(&self) -> Vec<String> {
        let mut all: Vec<String> = self.players.iter().filter_map(Player::changed).collect();
        all.dedup();
        all
    }
}

/// A frame that nothing has been painted on.
pub(super) fn black((width, height): (u32, u32)) -> frame::Video {
    let mut frame = frame::Video::new(Pixel::YUV420P, width, height);
    frame.data_mut(0).fill(16);
    frame.data_mut(1).fill(128);
    frame.data_mut(2).fill(128);
    frame
}

/// A layer mixes with the film beneath it otherwise than by lying on it, or a clip is turned, or inside a group.
fn is_mixed(scene: &Scene) -> bool {
    let is_film = |node: &Node| matches!(node.content, Content::Film(_));
    let first = if scene.film.is_some() {
        Some(0)
    } else {
        scene.nodes.iter().position(Node::has_film)
    };
    let Some(first) = first else { return false };
    scene.nodes[first..].iter().any(Node::mixes)
        || scene.nodes.iter().any(|node| {
            node.has_film()
                && (!is_film(node) || node.rotate != 0.0 || node.opacity < 1.0 || is_filtered(node))
        })
}

fn is_filtered(node: &Node) -> bool {
    matches!(&node.content, Content::Film(film) if film.filter != Filter::default())
}

/// What building a composer needs at every step.
struct Build<'a> {
    scene: &'a Scene,
    known: &'a Known,
    size: (u32, u32),
    scale: f32,
    purpose: Purpose,
    cancel: &'a Cancel,
    /// Layers that will be painted together.
    waiting: Vec<Node>,
}

impl Build<'_> {
    fn strata(&mut self, into: &mut Composer) -> Result<(), Error> {
        if self.scene.background.is_some() {
            let ground = Scene {
                background: self.scene.background.clone(),
                ..self.part(Vec::new())
            };
            self.still(&ground, into);
        }
        if let Some(clip) = &self.scene.film {
            let canvas = Rect::new(0.0, 0.0, self.scene.width, self.scene.height);
            self.clip(clip, canvas, None, into)?;
        }
        for node in &self.scene.nodes {
            match &node.content {
                Content::Film(film) => {
                    self.waiting.push(under(node));
                    self.flush(into);
                    let matte = has_matte(node).then(|| self.silhouette(node));
                    self.clip(&film.clip, node.rect, matte, into)?;
                    self.waiting.extend(border_of(node));
                }
                _ if node.has_motion() => {
                    self.flush(into);
                    into.strata
                        .push(Stratum::Moving(Box::new(self.part(vec![node.clone()]))));
                }
                _ => self.waiting.push(node.clone()),
            }
        }
        self.flush(into);
        Ok(())
    }

    fn mixed(&self, into: &mut Composer) -> Result<(), Error> {
        let mut failed = None;
        // the painter draws pictures at their own size, so they come at that of its raster
        self.scene.with_films(|clip, (w, h)| {
            match self.player(clip, (w.max(2), h.max(2))) {
                Ok(player) => into.players.push(player),
                Err(error) => failed = failed.take().or(Some(error)),
            }
            None
        });
        if let Some(error) = failed {
            return Err(error);
        }
        into.mixed = Some(Box::new(self.scene.clone()));
        Ok(())
    }

    fn player(&self, clip: &Clip, size: (u32, u32)) -> Result<Player, Error> {
        let facts = self.known.get(&clip.path).ok_or_else(|| Error::Film {
            message: format!("nobody looked into `{}`", clip.path.display()),
        })?;
        Player::new(clip, facts, size, self.purpose, self.cancel)
    }

    fn clip(
        &mut self,
        clip: &Clip,
        rect: Rect,
        matte: Option<paint::Frame>,
        into: &mut Composer,
    ) -> Result<(), Error> {
        let (x, y, w, h) = self.pixels(rect);
        let player = self.player(clip, (w, h))?;
        let silhouette = matte.map(|silhouette| {
            let rgba = resized(&silhouette, self.size);
            rgba.chunks_exact(4).map(|pixel| pixel[3]).collect()
        });
        into.strata.push(Stratum::Clip(Box::new(Layer {
            player: into.players.len(),
            x,
            y,
            silhouette,
            matte: None,
            overlay: None,
        })));
        into.players.push(player);
        Ok(())
    }

    /// A box in whole output pixels, at least two each way.
    fn pixels(&self, rect: Rect) -> (i32, i32, u32, u32) {
        let edge = |at: f32| (at * self.scale).round();
        let (left, top) = (edge(rect.x), edge(rect.y));
        let (right, bottom) = (edge(rect.right()), edge(rect.bottom()));
        let side = |from: f32, to: f32| ((to - from) as u32).max(2);
        (
            left as i32,
            top as i32,
            side(left, right),
            side(top, bottom),
        )
    }

    /// Some layers of the scene, on nothing.
    fn part(&self, nodes: Vec<Node>) -> Scene {
        Scene {
            background: None,
            film: None,
            nodes,
            ..self.scene.clone()
        }
    }

    fn flush(&mut self, into: &mut Composer) {
        if !self.waiting.is_empty() {
            let waiting = std::mem::take(&mut self.waiting);
            let part = self.part(waiting);
            self.still(&part, into);
        }
    }

    fn still(&self, part: &Scene, into: &mut Composer) {
        let painted = paint::paint(part, Duration::ZERO);
        let Some(overlay) = overlay_of(&painted, self.size) else {
            return;
        };
        if overlay.is_opaque() {
            // nothing beneath it is seen
            into.strata.clear();
        }
        into.strata.push(Stratum::Still(Box::new(overlay)));
    }

    /// Where the clip shows: its box with round corners and mask, in white on nothing.
    fn silhouette(&self, node: &Node) -> paint::Frame {
        let Content::Film(film) = &node.content else {
            return paint::paint(&self.part(Vec::new()), Duration::ZERO);
        };
        let scale = self.scene.raster.0 as f32 / self.scene.width;
        let side = |length: f32| ((length * scale).ceil() as u32).max(1);
        let (width, height) = (side(node.rect.w) + 1, side(node.rect.h) + 1);
        let white = Pixels {
            width,
            height,
            rgba: vec![255; width as usize * height as usize * 4],
            opaque: true,
        };
        let picture = Picture {
            pixels: Arc::new(white),
            dest: Rect::new(
                node.rect.x,
                node.rect.y,
                width as f32 / scale,
                height as f32 / scale,
            ),
            surface: Surface {
                radius: film.surface.radius,
                ..Surface::default()
            },
            mask: film.mask.clone(),
            motion: None,
        };
        let white = Node {
            shadows: Vec::new(),
            content: Content::Picture(picture),
            ..node.clone()
        };
        paint::paint(&self.part(vec![white]), Duration::ZERO)
    }
}

fn has_matte(node: &Node) -> bool {
    match &node.content {
        Content::Film(film) => film.mask.is_some() || film.surface.radius != [0.0; 4],
        _ => false,
    }
}

/// What of a clip's layer lies beneath the clip: shadow and fill.
fn under(node: &Node) -> Node {
    let mut under = node.clone();
    if let Content::Film(film) = &mut under.content {
        film.surface.border = None;
    }
    under
}

/// What of a clip's layer lies over the clip.
fn border_of(node: &Node) -> Option<Node> {
    let Content::Film(film) = &node.content else {
        return None;
    };
    film.surface.border.as_ref()?;
    let surface = Surface {
        fill: None,
        ..film.surface.clone()
    };
    Some(Node {
        shadows: Vec::new(),
        content: Content::Shape(surface),
        ..node.clone()
    })
}

fn overlay_of(painted: &paint::Frame, size: (u32, u32)) -> Option<Overlay> {
    let rgba = resized(painted, size);
    Overlay::new(size.0, size.1, &rgba)
}

/// A painted frame at another size.
fn resized(painted: &paint::Frame, size: (u32, u32)) -> Vec<u8> {
    let own = (painted.width(), painted.height());
    if own == size {
        return painted.rgba().to_vec();
    }
    picture::resized(painted.rgba(), own, size)
}

/// A part of a frame's coverage, a byte a pixel; outside of the frame nothing shows.
fn cut_out(
    coverage: &[u8],
    (all_w, all_h): (u32, u32),
    (left, top): (i32, i32),
    (width, height): (u32, u32),
) -> Matte {
    let mut cut = Vec::with_capacity(width as usize * height as usize);
    for y in top..top + height as i32 {
        for x in left..left + width as i32 {
            let inside = (0..all_w as i32).contains(&x) && (0..all_h as i32).contains(&y);
            // a place left of or above the frame is no index
            cut.push(match inside {
                true => coverage[y as usize * all_w as usize + x as usize],
                false => 0,
            });
        }
    }
    Matte::new(width, height, cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_that_hangs_over_the_edge_shows_only_inside() {
        let white = vec![255; 4 * 4];
        let (clip, mut onto) = (black((4, 4)), black((4, 4)));
        onto.data_mut(0).fill(99);
        let matte = cut_out(&white, (4, 4), (-2, -2), (4, 4));
        lay::place(&clip, -2, -2, Some(&matte), &mut onto);
        assert_eq!((onto.data(0)[0], onto.data(0)[3]), (16, 99));
    }
}

//! The scene: everything a frame needs, and nothing that can still fail.
//!
//! In: built by `scene::resolve`. Out: read by `frame::paint`. Units are canvas units (1080 × 1920 for a
//! Story), origin top-left, y down, `f32`. No percentages, no links, no expressions; text is shaped to
//! positioned glyphs, pictures are decoded, upright, in sRGB and of the size at which they are drawn.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::diag::Place;
use crate::scene::geometry::{Point, Rect};
use crate::scene::glyphs::Text;
use crate::scene::identity::Identity;
use crate::scene::paint::{Color, Paint, Pixels};
use crate::scene::picture::{Filter, Fit};
use crate::scene::sticker::{Extras, StickerKind};

/// What is painted on one frame.
#[derive(Debug, Clone)]
pub struct Scene {
    /// Canvas size in units; 1080 × 1920 for a Story.
    pub width: f32,
    /// Canvas height in units.
    pub height: f32,
    /// Raster size in pixels; both scales are equal up to rounding.
    pub raster: (u32, u32),
    /// What lies under every layer; transparent when absent.
    pub background: Option<Paint>,
    /// A clip over the whole canvas, above the background and under every layer.
    pub film: Option<Clip>,
    /// Layers from the bottom up.
    pub nodes: Vec<Node>,
    /// Sound under the whole film.
    pub bed: Option<Bed>,
    /// How long the film is; without it, as long as its clips.
    pub length: Option<Duration>,
    /// People to tag, with the point to tap.
    pub mentions: Vec<Mention>,
    /// What only a person can add, in the app.
    pub by_hand: Vec<ByHand>,
    /// What the story has in the app besides its picture.
    pub extras: Extras,
    /// Files it was made from, templates and fonts not counted, as they were before they were read; says whether a finished
    /// picture is still the same.
    pub files: Vec<Identity>,
}

impl Scene {
    /// Nothing on a canvas of that size, a pixel a unit.
    pub fn empty(width: f32, height: f32) -> Self {
        Self {
            width,
            height,
            raster: (width as u32, height as u32),
            background: None,
            film: None,
            nodes: Vec::new(),
            bed: None,
            length: None,
            mentions: Vec::new(),
            by_hand: Vec::new(),
            extras: Extras::default(),
            files: Vec::new(),
        }
    }
}

/// One tagged person.
#[derive(Debug, Clone, PartialEq)]
pub struct Mention {
    /// Without the `@`.
    pub username: String,
    /// Where to tap, as a part of width and height, 0–1.
    pub at: Point,
}

/// Something the template asks for that the platform takes from nobody but a person in the app.
#[derive(Debug, Clone, PartialEq)]
pub struct ByHand {
    /// What.
    pub what: Extra,
    /// Which of the story's [`Extras::stickers`] it is, where it is one.
    pub sticker: Option<usize>,
    /// Where it is asked for.
    pub place: Place,
}

/// What a picture has beside it in the app.
#[derive(Debug, Clone, PartialEq)]
pub enum Extra {
    /// A link to tap.
    Link {
        /// `https`.
        url: String,
        /// The sticker's words; without them, the address.
        text: Option<String>,
        /// Its centre, as a part of width and height, 0–1.
        at: Point,
    },
    /// Another sticker.
    Sticker(StickerKind),
    /// Words that are not in the picture.
    Caption(String),
    /// What the picture shows, in words.
    Alt(String),
}

/// A part of a film file and how it meets its box. The file is there; what it holds, `media` finds out.
#[derive(Debug, Clone, PartialEq)]
pub struct Clip {
    /// The file.
    pub path: PathBuf,
    /// Where it is named.
    pub place: Place,
    /// How its picture meets the box.
    pub fit: Fit,
    /// The point of the picture to keep (cover) or the alignment (contain), 0–1 from its left-top corner.
    pub focus: (f32, f32),
    /// Where in the clip to begin.
    pub start: Duration,
    /// Where in the clip to stop; without it, at its end.
    pub end: Option<Duration>,
    /// 1 is as recorded; 0.5–2.
    pub speed: f32,
    /// Begins again when it is over; otherwise its last picture stays.
    pub looped: bool,
    /// Without its sound.
    pub mute: bool,
    /// 1 is as recorded; 0–4.
    pub volume: f32,
}

impl Clip {
    /// All of a file, as it was recorded, with sound, covering its box.
    pub fn whole(path: impl Into<PathBuf>, place: Place) -> Self {
        Self {
            path: path.into(),
            place,
            fit: Fit::Cover,
            focus: (0.5, 0.5),
            start: Duration::ZERO,
            end: None,
            speed: 1.0,
            looped: false,
            mute: false,
            volume: 1.0,
        }
    }
}

/// Sound under a film.
#[derive(Debug, Clone, PartialEq)]
pub struct Bed {
    /// The file; a film's sound will do.
    pub path: PathBuf,
    /// Where it is named.
    pub place: Place,
    /// 1 is as recorded; 0–4.
    pub volume: f32,
    /// Length of the fade at the start.
    pub fade_in: Duration,
    /// Length of the fade at the end.
    pub fade_out: Duration,
    /// How far it goes down while the film's own sound is heard: 0 not at all, 1 to silence.
    pub duck: f32,
}

/// Zoom and pan over the length of a film, even from its start to its end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Motion {
    /// Scale at the start and at the end, both at least 1.
    pub zoom: [f32; 2],
    /// The point of the picture that is kept in view at the start and at the end, 0–1 from its left-top corner.
    pub pan: [(f32, f32); 2],
}

/// One layer.
#[derive(Debug, Clone)]
pub struct Node {
    /// The layer's id, when it has one.
    pub id: Option<String>,
    /// Where the layer is in its template.
    pub place: Place,
    /// The layer's box, before rotation.
    pub rect: Rect,
    /// Degrees clockwise about the centre of `rect`, in (-360, 360).
    pub rotate: f32,
    /// 0–1.
    pub opacity: f32,
    /// How it mixes with what lies beneath.
    pub blend: Blend,
    /// Painted beneath the layer, first one lowest.
    pub shadows: Vec<Shadow>,
    /// May reach into the app's chrome on purpose.
    pub bleed: bool,
    /// What it shows.
    pub content: Content,
}

impl Node {
    /// Content in its box, upright, opaque, without a shadow.
    pub fn plain(place: Place, rect: Rect, content: Content) -> Self {
        Self {
            id: None,
            place,
            rect,
            rotate: 0.0,
            opacity: 1.0,
            blend: Blend::Normal,
            shadows: Vec::new(),
            bleed: false,
            content,
        }
    }

    /// What it paints depends on what lies beneath it otherwise than by lying on it.
    pub fn mixes(&self) -> bool {
        let backdrop = match &self.content {
            Content::Shape(surface) => surface.backdrop,
            Content::Group(group) => group.surface.backdrop,
            _ => None,
        };
        self.blend != Blend::Normal
            || backdrop.is_some()
            || matches!(&self.content, Content::Group(group) if group.children.iter().any(Self::mixes))
    }
}

/// W3C compositing blend modes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the W3C names")]
pub enum Blend {
    #[default]
    Normal,
    Multiply,
    Screen,
    Overlay,
    Darken,
    Lighten,
    SoftLight,
}

/// A drop shadow, as CSS has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shadow {
    /// To the right, units.
    pub dx: f32,
    /// Down, units.
    pub dy: f32,
    /// CSS blur radius in units; the Gaussian's sigma is half of it.
    pub blur: f32,
    /// How far the silhouette grows before it is blurred, units.
    pub spread: f32,
    /// Its colour.
    pub color: Color,
}

/// What a layer shows.
#[derive(Debug, Clone)]
pub enum Content {
    /// A filled, rounded box.
    Shape(Surface),
    /// A picture in a rounded box.
    Picture(Picture),
    /// A clip in a rounded box; a still frame shows its surface only.
    Film(Film),
    /// Shaped text.
    Text(Text),
    /// A QR code.
    Qr(Qr),
    /// Children on a rounded box.
    Group(Group),
}

/// A box: fill, corners, border. Shapes are nothing else; pictures and groups stand on one.
#[derive(Debug, Clone, Default)]
pub struct Surface {
    /// Inside the corners.
    pub fill: Option<Paint>,
    /// Corner radii in units: top-left, top-right, bottom-right, bottom-left; already fitted to the box.
    pub radius: [f32; 4],
    /// Drawn inside the box's edge.
    pub border: Option<Border>,
    /// The border follows the circle in the middle of the box, which a mask cuts out, and not the box's edge.
    pub circled: bool,
    /// Changes to what lies beneath, inside the corners, before anything is painted; its blur is in canvas units.
    pub backdrop: Option<Filter>,
}

/// A line along the inside of a box's edge.
#[derive(Debug, Clone)]
pub struct Border {
    /// Units.
    pub width: f32,
    /// Its paint.
    pub paint: Paint,
}

/// A picture in a box.
#[derive(Debug, Clone)]
pub struct Picture {
    /// The pixels, of the size at which they are drawn unless the layer is turned or moves.
    pub pixels: Arc<Pixels>,
    /// Where they go; inside the node's box (smaller than it with `fit = "contain"`). The part of a moving picture
    /// that is seen fills it at every moment.
    pub dest: Rect,
    /// The box's corners, border, and what shows where the picture does not reach.
    pub surface: Surface,
    /// Stretched over the node's box; 255 shows.
    pub mask: Option<Arc<Mask>>,
    /// How it moves while the film runs. Its pixels are then those of the whole picture, as large as the greatest zoom
    /// asks for; [`Motion::seen`] says which part of them fills `dest`. With `fill` they are stretched to its shape.
    pub motion: Option<Motion>,
}

/// A clip in a box.
#[derive(Debug, Clone)]
pub struct Film {
    /// What plays.
    pub clip: Clip,
    /// The box's corners, border, and what shows where the clip does not reach.
    pub surface: Surface,
    /// Stretched over the node's box; 255 shows.
    pub mask: Option<Arc<Mask>>,
    /// Changes to its look; unlike a picture's, not made yet, and its blur is in canvas units.
    pub filter: Filter,
}

/// How much of each pixel shows.
#[derive(Debug, PartialEq, Eq)]
pub struct Mask {
    /// Pixels a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `width * height` bytes.
    pub coverage: Vec<u8>,
}

/// Children on a box.
#[derive(Debug, Clone)]
pub struct Group {
    /// The box.
    pub surface: Surface,
    /// Cut the children at the box's rounded edge.
    pub clip: bool,
    /// From the bottom up; their boxes are in canvas units too.
    pub children: Vec<Node>,
}

/// A QR code: square modules over the node's box, quiet zone included.
#[derive(Debug, Clone)]
pub struct Qr {
    /// Modules a side, quiet zone not counted.
    pub size: usize,
    /// `size * size`, rows from the top; true is dark.
    pub dark: Vec<bool>,
    /// Modules of quiet zone on each side.
    pub quiet: usize,
    /// The dark modules.
    pub paint: Paint,
    /// The box behind them.
    pub surface: Surface,
}

//! The scene: everything a frame needs, and nothing that can still fail.
//!
//! In: built by `scene::resolve`. Out: read by `frame::paint`. Units are canvas units (1080 × 1920 for a
//! Story), origin top-left, y down, `f32`. No percentages, no links, no expressions; text is shaped to
//! positioned glyphs, pictures are decoded, upright, in sRGB and of the size at which they are drawn.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::diag::Place;
use crate::scene::picture::{Filter, Fit};
pub use crate::template::grammar::Color;

/// A point in canvas units.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    /// From the left edge.
    pub x: f32,
    /// From the top edge.
    pub y: f32,
}

/// A box in canvas units.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rect {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width, never negative.
    pub w: f32,
    /// Height, never negative.
    pub h: f32,
}

impl Rect {
    /// A box from its left-top corner and size.
    pub const fn new(x: f32, y: f32, w: f32, h: f32) -> Self {
        Self { x, y, w, h }
    }

    /// Right edge.
    pub fn right(&self) -> f32 {
        self.x + self.w
    }

    /// Bottom edge.
    pub fn bottom(&self) -> f32 {
        self.y + self.h
    }

    /// Centre.
    pub fn center(&self) -> Point {
        Point {
            x: self.x + self.w / 2.0,
            y: self.y + self.h / 2.0,
        }
    }

    /// The same box elsewhere.
    pub fn moved(&self, dx: f32, dy: f32) -> Self {
        Self {
            x: self.x + dx,
            y: self.y + dy,
            ..*self
        }
    }

    /// Larger by `by` on every side (smaller when negative, never below zero).
    pub fn grown(&self, by: f32) -> Self {
        Self {
            x: self.x - by,
            y: self.y - by,
            w: (self.w + 2.0 * by).max(0.0),
            h: (self.h + 2.0 * by).max(0.0),
        }
    }

    /// The least box that holds both.
    pub fn union(&self, other: &Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Self {
            x,
            y,
            w: self.right().max(other.right()) - x,
            h: self.bottom().max(other.bottom()) - y,
        }
    }
}

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
    /// Files it was made from, templates and fonts not counted; says whether a finished picture is still the same.
    pub files: Vec<PathBuf>,
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
    /// Where it is asked for.
    pub place: Place,
}

/// What a picture has beside it in the app.
#[derive(Debug, Clone, PartialEq)]
pub enum Extra {
    /// A link to tap.
    Link {
        /// `http` or `https`.
        url: String,
        /// The sticker's words; without them, the address.
        text: Option<String>,
        /// Its centre, as a part of width and height, 0–1.
        at: Point,
    },
    /// Words that are not in the picture.
    Caption(String),
}

/// A stretch of a film file and how it meets its box. The file is there; what it holds, only `media` knows.
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
    /// Where the layer stands in its template.
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

/// Something to fill with. Geometry is in canvas units.
#[derive(Debug, Clone)]
pub enum Paint {
    /// One colour.
    Solid(Color),
    /// Along the line from `from` (position 0) to `to` (position 1); the ends are held beyond it.
    Linear {
        /// Where position 0 is.
        from: Point,
        /// Where position 1 is.
        to: Point,
        /// At least two, positions ascending in 0–1; mixed in premultiplied sRGB as CSS does.
        stops: Arc<[Stop]>,
    },
    /// Away from a centre.
    Radial {
        /// Where position 0 is.
        center: Point,
        /// Distance of position 1 on either axis, units, both above zero.
        radius: Point,
        /// As for `Linear`.
        stops: Arc<[Stop]>,
    },
    /// Around a centre, clockwise; position 0 and 1 are at `angle`.
    Conic {
        /// What it turns about.
        center: Point,
        /// Degrees; 0 points up, 90 to the right.
        angle: f32,
        /// As for `Linear`.
        stops: Arc<[Stop]>,
    },
    /// A picture, drawn into `rect`; nothing outside it.
    Picture {
        /// Its pixels.
        pixels: Arc<Pixels>,
        /// Where they go.
        rect: Rect,
    },
}

/// A colour on a gradient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stop {
    /// 0–1.
    pub at: f32,
    /// Straight alpha.
    pub color: Color,
}

/// Decoded pixels: upright, sRGB, premultiplied RGBA8, rows without gaps.
#[derive(PartialEq, Eq)]
pub struct Pixels {
    /// Pixels a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// `width * height * 4` bytes.
    pub rgba: Vec<u8>,
    /// Every alpha is 255.
    pub opaque: bool,
}

impl std::fmt::Debug for Pixels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pixels({}x{})", self.width, self.height)
    }
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

/// Shaped text.
#[derive(Debug, Clone, Default)]
pub struct Text {
    /// Boxes behind the glyphs, painted first.
    pub highlights: Vec<Highlight>,
    /// Glyphs of one font, size and paint.
    pub runs: Vec<GlyphRun>,
    /// A line around the outside of every glyph, painted beneath all of them.
    pub stroke: Option<Stroke>,
    /// Lines under and through the words.
    pub rules: Vec<Rule>,
    /// The inked box of each line, top to bottom.
    pub lines: Vec<Rect>,
    /// Nothing shows outside it (`overflow = "clip"`).
    pub clip: Option<Rect>,
    /// What the text says after wrapping and ellipsis, for checks and tests.
    pub shown: String,
    /// Font size at which it was set, units.
    pub size: f32,
    /// Weight 600 or more; WCAG calls bold text large earlier.
    pub bold: bool,
}

/// A box behind a line or block of text.
#[derive(Debug, Clone)]
pub struct Highlight {
    /// Its box.
    pub rect: Rect,
    /// Corner radii in units: top-left, top-right, bottom-right, bottom-left; less where it joins the next line's box.
    pub radius: [f32; 4],
    /// Its paint.
    pub paint: Paint,
}

/// A line under or through a line of text.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its box.
    pub rect: Rect,
    /// Its paint.
    pub paint: Paint,
    /// It goes through the glyphs and is painted over them; otherwise it lies beneath them.
    pub over: bool,
}

/// A line around glyphs.
#[derive(Debug, Clone)]
pub struct Stroke {
    /// Units that show outside the glyph's edge.
    pub width: f32,
    /// Its paint.
    pub paint: Paint,
}

/// Glyphs of one face, size and paint.
#[derive(Debug, Clone)]
pub struct GlyphRun {
    /// The face.
    pub face: Face,
    /// Font variations in user units, `(*b"wght", 700.0)`; sorted by tag.
    pub variations: Vec<([u8; 4], f32)>,
    /// Pixels per em at one pixel a unit; the text's font size in units.
    pub size: f32,
    /// Slant that the face lacks, degrees; positive leans right.
    pub skew: f32,
    /// The face lacks this weight: thicken by this many units in all.
    pub embolden: f32,
    /// Fill of outline glyphs; colour glyphs keep their own colours and take its alpha.
    pub paint: Paint,
    /// Glyphs in visual order.
    pub glyphs: Vec<Glyph>,
}

/// One glyph.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glyph {
    /// Index in the face.
    pub id: u16,
    /// Origin on the baseline, canvas units.
    pub x: f32,
    /// Baseline, canvas units.
    pub y: f32,
}

/// A font face: file bytes and index.
#[derive(Clone)]
pub struct Face {
    /// Bytes and index, shared.
    pub data: parley::FontData,
}

impl Face {
    /// The same for every run of the same face in this process; for caches.
    pub fn key(&self) -> (u64, u32) {
        (self.data.data.id(), self.data.index)
    }

    /// The font file.
    pub fn bytes(&self) -> &[u8] {
        self.data.data.as_ref()
    }
}

impl std::fmt::Debug for Face {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Face(#{}, {} bytes)",
            self.data.index,
            self.bytes().len()
        )
    }
}

//! Glyphs as sprites: outlines rasterised to masks, colour bitmaps scaled, each once.
//!
//! In: a run of shaped glyphs and the view. Out: the [`Sprite`] of each glyph and the pixel it belongs at.
//! Sprites are kept, a bounded number of bytes a thread, by face, variations, size, slant, weight, stroke, and
//! quarter of a pixel. Never: colours of text, placing of glyphs against each other.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use ab_glyph::{Font, FontRef, GlyphId, GlyphImageFormat, VariableFont};
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer, pixels::U8x4};

use super::blend::mul;
use super::geometry::{Area, View, whole};
use super::outline;
use crate::scene::{GlyphRun, Pixels};

/// Sprites kept a thread.
const CACHE_BYTES: usize = 12 << 20;

/// A sprite larger than this is left out: no story shows a glyph of more than two frames.
pub const MAX_SPRITE_PIXELS: usize = 2 * 1080 * 1920;

/// What a glyph looks like.
#[derive(Debug)]
pub enum Sprite {
    /// Nothing to see.
    Blank,
    /// Coverage; the area is relative to the glyph's origin on the baseline.
    Mask { area: Area, cover: Vec<u8> },
    /// Colours; `left` and `top` are relative to the origin.
    Image { left: f32, top: f32, pixels: Pixels },
}

impl Sprite {
    fn bytes(&self) -> usize {
        let held = match self {
            Self::Blank => 0,
            Self::Mask { cover, .. } => cover.len(),
            Self::Image { pixels, .. } => pixels.rgba.len(),
        };
        held + 96
    }
}

/// Everything about a run that changes how its glyphs look.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Look {
    face: (u64, u32),
    variations: Vec<([u8; 4], u32)>,
    size: u32,
    skew: u32,
    embolden: u32,
    stroke: u32,
}

#[derive(Default)]
struct Shelf {
    sprites: HashMap<(u16, u8), Rc<Sprite>>,
    bytes: usize,
    used: u64,
}

#[derive(Default)]
struct Cache {
    shelves: HashMap<Look, Shelf>,
    bytes: usize,
    clock: u64,
}

impl Cache {
    fn take(&mut self, look: &Look) -> Shelf {
        let shelf = self.shelves.remove(look).unwrap_or_default();
        self.bytes -= shelf.bytes;
        shelf
    }

    /// Puts a shelf back and drops those that were not used for longest, until what is kept fits.
    fn put(&mut self, look: Look, mut shelf: Shelf) {
        self.clock += 1;
        shelf.used = self.clock;
        self.bytes += shelf.bytes;
        self.shelves.insert(look, shelf);
        while self.bytes > CACHE_BYTES {
            let oldest = self.shelves.iter().min_by_key(|(_, s)| s.used);
            let Some(look) = oldest.map(|(look, _)| look.clone()) else {
                break;
            };
            self.take(&look);
        }
    }
}

thread_local! {
    static CACHE: RefCell<Cache> = RefCell::default();
}

/// How a run's outlines become masks, in pixels.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// Pixels an em.
    pub size: f32,
    /// Horizontal shift for each unit up.
    pub lean: f32,
    /// Thickening in all.
    pub embolden: f32,
    /// Line outside the edge.
    pub stroke: f32,
}

/// Calls `place` for each glyph of a run with its sprite and the pixel its origin is put at. With `stroke`
/// (units) the sprite is the glyph grown by it.
pub fn each(
    run: &GlyphRun,
    view: &View,
    stroke: f32,
    mut place: impl FnMut(i32, i32, &Rc<Sprite>),
) {
    let form = Form {
        size: view.length(run.size),
        lean: libm::tanf(run.skew.clamp(-60.0, 60.0).to_radians()),
        embolden: view.length(run.embolden).max(0.0),
        stroke: view.length(stroke).max(0.0),
    };
    if form.size.is_nan() || form.size < 0.1 {
        return;
    }
    let bits = |(tag, value): &([u8; 4], f32)| (*tag, value.to_bits());
    let look = Look {
        face: run.face.key(),
        variations: run.variations.iter().map(bits).collect(),
        size: form.size.to_bits(),
        skew: form.lean.to_bits(),
        embolden: form.embolden.to_bits(),
        stroke: form.stroke.to_bits(),
    };
    let mut shelf = CACHE.with_borrow_mut(|cache| cache.take(&look));
    let mut font = None;
    for glyph in &run.glyphs {
        // letters keep quarters of a pixel across, and stand on whole pixels
        let quarters = whole((view.length(glyph.x) * 4.0).round());
        let (x, bin) = (quarters.div_euclid(4), quarters.rem_euclid(4) as u8);
        let y = whole(view.length(glyph.y).round());
        let sprite = shelf.sprites.entry((glyph.id, bin)).or_insert_with(|| {
            let font = font.get_or_insert_with(|| open(run));
            let sprite = match font {
                Some(font) => draw(font, GlyphId(glyph.id), f32::from(bin) / 4.0, &form),
                None => Sprite::Blank,
            };
            shelf.bytes += sprite.bytes();
            Rc::new(sprite)
        });
        place(x, y, sprite);
    }
    CACHE.with_borrow_mut(|cache| cache.put(look, shelf));
}

/// Opens a run's face. Only glyphs that are not cached need it, and it reads little more than the table list.
fn open(run: &GlyphRun) -> Option<FontRef<'_>> {
    let index = run.face.data.index;
    let mut font = FontRef::try_from_slice_and_index(run.face.bytes(), index).ok()?;
    for (tag, value) in &run.variations {
        font.set_variation(tag, *value);
    }
    Some(font)
}

fn draw(font: &FontRef, id: GlyphId, shift: f32, form: &Form) -> Sprite {
    if let Some(image) = bitmap(font, id, form) {
        return image;
    }
    let Some(curves) = font.outline(id).map(|outline| outline.curves) else {
        return Sprite::Blank;
    };
    let per_unit = form.size / font.units_per_em().unwrap_or(1000.0).max(1.0);
    outline::mask(&curves, per_unit, shift, form)
        .map_or(Sprite::Blank, |(area, cover)| Sprite::Mask { area, cover })
}

/// A glyph that the face holds as a picture, scaled to the size of the text.
fn bitmap(font: &FontRef, id: GlyphId, form: &Form) -> Option<Sprite> {
    let image = font.glyph_raster_image2(id, form.size.ceil().min(f32::from(u16::MAX)) as u16)?;
    if !matches!(image.format, GlyphImageFormat::Png) || image.pixels_per_em == 0 {
        return None;
    }
    if form.stroke > 0.0 {
        return Some(Sprite::Blank);
    }
    let png = image::load_from_memory_with_format(image.data, image::ImageFormat::Png).ok()?;
    let mut rgba = png.to_rgba8();
    for px in rgba.pixels_mut() {
        let [r, g, b, a] = px.0;
        px.0 = [mul(r, a), mul(g, a), mul(b, a), a];
    }
    let scale = form.size / f32::from(image.pixels_per_em);
    let (width, height) = rgba.dimensions();
    let to = |v: u32| ((v as f32 * scale).round() as u32).max(1);
    if to(width) as usize * to(height) as usize > MAX_SPRITE_PIXELS {
        return Some(Sprite::Blank);
    }
    Some(Sprite::Image {
        left: image.origin.x * scale,
        top: -(image.origin.y + height as f32) * scale,
        pixels: resized(rgba.as_raw(), (width, height), (to(width), to(height)))?,
    })
}

fn resized(rgba: &[u8], from: (u32, u32), to: (u32, u32)) -> Option<Pixels> {
    let source = TypedImageRef::<U8x4>::from_buffer(from.0, from.1, rgba).ok()?;
    let mut scaled = TypedImage::<U8x4>::new(to.0, to.1);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .use_alpha(false);
    Resizer::new()
        .resize_typed(&source, &mut scaled, &options)
        .ok()?;
    // the filter overshoots at edges; a colour above its alpha would glow
    let sane = |px: &U8x4| {
        let [r, g, b, a] = px.0;
        [r.min(a), g.min(a), b.min(a), a]
    };
    Some(Pixels {
        width: to.0,
        height: to.1,
        rgba: scaled.pixels().iter().flat_map(sane).collect(),
        opaque: false,
    })
}

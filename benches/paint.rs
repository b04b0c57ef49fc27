//! Painting alone: a full photo, a scrim, a logo, a pill, four texts with emoji, at 1080 × 1920.
//!
//! The JPEG encoding of the same frame stands beside it, because that is what painting is measured by.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use ab_glyph::{Font, FontRef, VariableFont};
use criterion::{Criterion, criterion_group, criterion_main};
use storypress::diag::{Place, Source};
use storypress::frame::{paint, paint_checked};
use storypress::scene::*;

fn node(rect: Rect, content: Content) -> Node {
    Node::plain(Place::whole(&Source::new("bench.toml", "")), rect, content)
}

/// Smooth light with some grain, so that it encodes like a photo.
fn photo(width: u32, height: u32) -> Pixels {
    let mut seed = 1u32;
    let mut rgba = Vec::with_capacity((width * height * 4) as usize);
    for y in 0..height {
        for x in 0..width {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let grain = (seed >> 28) + ((x / 24 + y / 31) % 7) * 6;
            let light = |v: u32| (v + grain).min(255) as u8;
            rgba.extend([
                light(x * 180 / width + 20),
                light(y * 160 / height + 30),
                light((x + y) / 20),
                255,
            ]);
        }
    }
    Pixels {
        width,
        height,
        rgba,
        opaque: true,
    }
}

/// A disc with a soft edge.
fn logo(side: u32) -> Pixels {
    let mut rgba = Vec::new();
    for y in 0..side {
        for x in 0..side {
            let half = side as f32 / 2.0;
            let (dx, dy) = (x as f32 + 0.5 - half, y as f32 + 0.5 - half);
            let cover = (half - (dx * dx + dy * dy).sqrt()).clamp(0.0, 1.0);
            let v = (cover * 255.0) as u8;
            rgba.extend([v, v / 2, v / 4, v]);
        }
    }
    Pixels {
        width: side,
        height: side,
        rgba,
        opaque: false,
    }
}

fn picture(rect: Rect, pixels: Pixels) -> Node {
    let picture = Picture {
        pixels: Arc::new(pixels),
        dest: rect,
        surface: Surface::default(),
        mask: None,
        motion: None,
    };
    node(rect, Content::Picture(picture))
}

fn shape(rect: Rect, fill: Paint, radius: f32) -> Node {
    let surface = Surface {
        fill: Some(fill),
        radius: [radius; 4],
        ..Surface::default()
    };
    node(rect, Content::Shape(surface))
}

/// Black from clear at the middle to four fifths at the foot, and a little at the head.
fn scrim(rect: Rect) -> Node {
    let stop = |at, alpha: f32| Stop {
        at,
        color: Color {
            a: (alpha * 255.0) as u8,
            ..Color::BLACK
        },
    };
    let paint = Paint::Linear {
        from: Point::default(),
        to: Point { x: 0.0, y: rect.h },
        stops: [
            stop(0.0, 0.45),
            stop(0.25, 0.0),
            stop(0.5, 0.0),
            stop(1.0, 0.8),
        ]
        .into(),
    };
    shape(rect, paint, 0.0)
}

struct Fonts {
    text: Face,
    emoji: Face,
}

impl Fonts {
    fn load() -> Self {
        let face = |name: &str| {
            let path = format!("{}/assets/fonts/{name}", env!("CARGO_MANIFEST_DIR"));
            let bytes = std::fs::read(path).expect("the bundled fonts");
            Face {
                data: parley::FontData::new(bytes.into(), 0),
            }
        };
        Self {
            text: face("Inter.ttf"),
            emoji: face("NotoColorEmoji.ttf"),
        }
    }

    /// Lines of text from the left, each a run; characters that Inter lacks are taken from the emoji face.
    fn set(&self, lines: &[&str], weight: f32, size: f32, at: (f32, f32), color: Color) -> Node {
        let mut runs = Vec::new();
        for (line, words) in lines.iter().enumerate() {
            let (mut x, y) = (at.0, at.1 + line as f32 * size * 1.08);
            for (face, variations) in [
                (&self.text, vec![(*b"wght", weight)]),
                (&self.emoji, Vec::new()),
            ] {
                let mut font = FontRef::try_from_slice(face.bytes()).expect("a font");
                for (tag, value) in &variations {
                    font.set_variation(tag, *value);
                }
                let per_unit = size / font.units_per_em().expect("units");
                let is_emoji = variations.is_empty();
                let mut glyphs = Vec::new();
                for c in words.chars().filter(|c| (*c > '\u{ffff}') == is_emoji) {
                    let id = font.glyph_id(c);
                    glyphs.push(Glyph { id: id.0, x, y });
                    x += font.h_advance_unscaled(id) * per_unit;
                }
                runs.push(GlyphRun {
                    face: face.clone(),
                    variations,
                    size,
                    skew: 0.0,
                    embolden: 0.0,
                    paint: Paint::Solid(color),
                    glyphs,
                });
            }
        }
        let rect = Rect::new(at.0, at.1 - size, 952.0, size * lines.len() as f32);
        let text = Text {
            runs,
            size,
            lines: vec![rect],
            ..Text::default()
        };
        node(rect, Content::Text(text))
    }
}

fn frame() -> Scene {
    let fonts = Fonts::load();
    let full = Rect::new(0.0, 0.0, 1080.0, 1920.0);
    let white = |a| Color { a, ..Color::WHITE };
    let orange = Color {
        r: 0xff,
        g: 0x5a,
        b: 0x36,
        a: 255,
    };
    let title = ["The long-awaited", "autumn menu is"];
    let lead = ["Fresh from the oven \u{1f525} until Sunday \u{1f389}"];
    let pill = Rect::new(208.0, 294.0, 300.0, 72.0);
    let nodes = vec![
        picture(full, photo(1080, 1920)),
        scrim(full),
        picture(Rect::new(64.0, 270.0, 120.0, 120.0), logo(120)),
        shape(pill, Paint::Solid(orange), 36.0),
        fonts.set(&["NEW DROP"], 700.0, 34.0, (262.0, 342.0), white(255)),
        fonts.set(&title, 800.0, 96.0, (64.0, 1174.0), white(255)),
        fonts.set(&lead, 400.0, 44.0, (64.0, 1365.0), white(217)),
        fonts.set(
            &["A line in another script"],
            400.0,
            48.0,
            (420.0, 1445.0),
            white(255),
        ),
        fonts.set(
            &["12 Calle Mayor, open until ten"],
            500.0,
            30.0,
            (64.0, 1520.0),
            white(204),
        ),
    ];
    Scene {
        background: Some(Paint::Solid(Color::BLACK)),
        nodes,
        ..Scene::empty(1080.0, 1920.0)
    }
}

fn encoded(compressor: &mut turbojpeg::Compressor, rgba: &[u8]) -> usize {
    let image = turbojpeg::Image {
        pixels: rgba,
        width: 1080,
        pitch: 1080 * 4,
        height: 1920,
        format: turbojpeg::PixelFormat::RGBX,
    };
    compressor
        .compress_to_vec(image)
        .map_or(0, |bytes| bytes.len())
}

fn benches(c: &mut Criterion) {
    let scene = frame();
    let mut group = c.benchmark_group("paint");
    group.sample_size(40);
    group.bench_function("frame", |b| {
        b.iter(|| black_box(paint(&scene, Duration::ZERO)))
    });
    group.bench_function("frame, contrast measured", |b| {
        b.iter(|| black_box(paint_checked(&scene)))
    });
    for (name, nodes) in [("photo", 0..1), ("photo and scrim", 0..2), ("texts", 4..9)] {
        let part = Scene {
            nodes: scene.nodes[nodes].to_vec(),
            background: None,
            ..scene.clone()
        };
        group.bench_function(name, |b| b.iter(|| black_box(paint(&part, Duration::ZERO))));
    }
    let painted = paint(&scene, Duration::ZERO);
    let mut compressor = turbojpeg::Compressor::new().expect("a compressor");
    compressor.set_quality(90).expect("a quality");
    compressor
        .set_subsamp(turbojpeg::Subsamp::Sub2x2)
        .expect("a subsampling");
    group.bench_function("encode alone", |b| {
        b.iter(|| encoded(&mut compressor, black_box(painted.rgba())))
    });
    group.bench_function("frame and encode", |b| {
        b.iter(|| encoded(&mut compressor, paint(&scene, Duration::ZERO).rgba()))
    });
    group.finish();
}

criterion_group!(paint_benches, benches);
criterion_main!(paint_benches);

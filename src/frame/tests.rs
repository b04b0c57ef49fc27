use std::sync::Arc;

use ab_glyph::{Font, FontRef, VariableFont};

use super::*;
use crate::diag::{Place, Source};
use crate::scene::*;

fn node(rect: Rect, content: Content) -> Node {
    Node::plain(Place::whole(&Source::new("test.toml", "")), rect, content)
}

fn rgb(r: u8, g: u8, b: u8) -> Color {
    Color { r, g, b, a: 255 }
}

fn surface(paint: Paint) -> Surface {
    Surface {
        fill: Some(paint),
        ..Surface::default()
    }
}

fn shape(rect: Rect, color: Color) -> Node {
    node(rect, Content::Shape(surface(Paint::Solid(color))))
}

fn group(rect: Rect, children: Vec<Node>) -> Node {
    let group = Group {
        surface: Surface::default(),
        clip: false,
        children,
    };
    node(rect, Content::Group(group))
}

fn scene(size: (u32, u32), background: Option<Color>, nodes: Vec<Node>) -> Scene {
    Scene {
        background: background.map(Paint::Solid),
        nodes,
        ..Scene::empty(size.0 as f32, size.1 as f32)
    }
}

fn painted(scene: &Scene) -> Frame {
    paint(scene, Duration::ZERO)
}

fn px(frame: &Frame, x: u32, y: u32) -> [u8; 4] {
    let at = (y * frame.width() + x) as usize * 4;
    let px = &frame.rgba()[at..at + 4];
    [px[0], px[1], px[2], px[3]]
}

/// A picture in which every pixel differs.
fn pixels(width: u32, height: u32) -> Arc<Pixels> {
    let one = |i: u32| [(i * 7) as u8, (i * 13) as u8, (i / 3) as u8, 255];
    Arc::new(Pixels {
        width,
        height,
        rgba: (0..width * height).flat_map(one).collect(),
        opaque: true,
    })
}

fn picture(rect: Rect, pixels: Arc<Pixels>) -> Node {
    let picture = Picture {
        pixels,
        dest: rect,
        surface: Surface::default(),
        mask: None,
        motion: None,
    };
    node(rect, Content::Picture(picture))
}

fn face(name: &str) -> Face {
    let path = format!("{}/assets/fonts/{name}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(path).expect("the bundled fonts");
    Face {
        data: parley::FontData::new(bytes.into(), 0),
    }
}

/// One run, set without kerning.
fn run(face: &Face, words: &str, size: f32, at: (f32, f32), paint: Paint) -> GlyphRun {
    let mut font = FontRef::try_from_slice(face.bytes()).expect("a font");
    let bold = font.set_variation(b"wght", 800.0);
    let per_unit = size / font.units_per_em().expect("units");
    let mut x = at.0;
    let glyph = |c: char| {
        let id = font.glyph_id(c);
        let glyph = Glyph {
            id: id.0,
            x,
            y: at.1,
        };
        x += font.h_advance_unscaled(id) * per_unit;
        glyph
    };
    GlyphRun {
        glyphs: words.chars().map(glyph).collect(),
        face: face.clone(),
        variations: if bold {
            vec![(*b"wght", 800.0)]
        } else {
            vec![]
        },
        size,
        skew: 0.0,
        embolden: 0.0,
        paint,
    }
}

fn text(words: &str, at: (f32, f32), size: f32, color: Color) -> Node {
    let run = run(&face("Inter.ttf"), words, size, at, Paint::Solid(color));
    let rect = Rect::new(at.0, at.1 - size, size * words.len() as f32, size * 1.3);
    let text = Text {
        runs: vec![run],
        lines: vec![rect],
        size,
        ..Text::default()
    };
    node(rect, Content::Text(text))
}

fn as_text(node: &mut Node) -> &mut Text {
    match &mut node.content {
        Content::Text(text) => text,
        _ => panic!("a text"),
    }
}

#[test]
fn a_translucent_box_mixes_as_src_over_does() {
    let half = Color {
        r: 255,
        g: 0,
        b: 0,
        a: 128,
    };
    let nodes = vec![shape(Rect::new(1.0, 0.0, 1.5, 2.0), half)];
    let frame = painted(&scene((4, 2), Some(Color::WHITE), nodes));
    assert_eq!(frame.rgba().len(), 32);
    assert_eq!(px(&frame, 0, 0), [255; 4]);
    assert_eq!(px(&frame, 1, 1), [255, 127, 127, 255]);
    assert_eq!(px(&frame, 2, 1), [255, 191, 191, 255]);
    assert_eq!(px(&frame, 3, 1), [255; 4]);
}

#[test]
fn opacity_is_the_same_folded_in_or_painted_apart() {
    let mut folded = shape(Rect::new(0.0, 0.0, 8.0, 8.0), rgb(20, 200, 90));
    folded.opacity = 0.37;
    let mut apart = group(
        folded.rect,
        vec![shape(Rect::new(0.0, 0.0, 8.0, 8.0), rgb(20, 200, 90))],
    );
    apart.opacity = 0.37;
    let at = |node: Node| painted(&scene((8, 8), Some(rgb(200, 10, 30)), vec![node]));
    assert_eq!(at(folded), at(apart));
}

#[test]
fn overlapping_children_fade_as_one() {
    let child = || shape(Rect::new(0.0, 0.0, 4.0, 4.0), Color::BLACK);
    let mut both = group(Rect::new(0.0, 0.0, 4.0, 4.0), vec![child(), child()]);
    both.opacity = 0.5;
    let frame = painted(&scene((4, 4), Some(Color::WHITE), vec![both]));
    assert_eq!(px(&frame, 2, 2), [127, 127, 127, 255]);
}

fn gradient(to: Point) -> Paint {
    let stop = |at, v| Stop {
        at,
        color: rgb(v, v, v),
    };
    Paint::Linear {
        from: Point::default(),
        to,
        stops: [stop(0.0, 0), stop(1.0, 255)].into(),
    }
}

#[test]
fn gradients_run_from_end_to_end_on_both_axes() {
    let size = (256, 256);
    let full = Rect::new(0.0, 0.0, 256.0, 256.0);
    for (to, down) in [((0.0, 256.0), true), ((256.0, 0.0), false)] {
        let paint = gradient(Point { x: to.0, y: to.1 });
        let node = node(full, Content::Shape(surface(paint)));
        let frame = painted(&scene(size, None, vec![node]));
        for i in 0..256 {
            let (x, y) = if down { (31, i) } else { (i, 31) };
            let exact = (f64::from(i) + 0.5) / 256.0 * 255.0;
            let got = f64::from(px(&frame, x, y)[0]);
            assert!((got - exact).abs() <= 0.63, "{got} for {exact}");
        }
    }
}

#[test]
fn colours_of_a_gradient_mix_premultiplied() {
    let stops = [
        Stop {
            at: 0.0,
            color: rgb(255, 0, 0),
        },
        Stop {
            at: 1.0,
            color: Color::CLEAR,
        },
    ];
    let paint = Paint::Linear {
        from: Point::default(),
        to: Point { x: 0.0, y: 3.0 },
        stops: stops.into(),
    };
    let node = node(
        Rect::new(0.0, 0.0, 1.0, 3.0),
        Content::Shape(surface(paint)),
    );
    let frame = painted(&scene((1, 3), None, vec![node]));
    // half way to transparent it is still pure red, not a dark one
    assert_eq!(px(&frame, 0, 1), [128, 0, 0, 128]);
}

#[test]
fn a_picture_of_the_right_size_is_copied() {
    let source = pixels(5, 4);
    let nodes = vec![picture(Rect::new(1.3, 0.8, 5.0, 4.0), source.clone())];
    let frame = painted(&scene((8, 8), Some(Color::BLACK), nodes));
    for (x, y) in [(0, 0), (4, 0), (0, 3), (4, 3), (2, 2)] {
        let at = (y * 5 + x) as usize * 4;
        assert_eq!(px(&frame, 1 + x, 1 + y), source.rgba[at..at + 4]);
    }
    assert_eq!(px(&frame, 6, 1), [0, 0, 0, 255]);
    assert_eq!(px(&frame, 1, 0), [0, 0, 0, 255]);
}

#[test]
fn a_picture_twice_as_large_is_averaged() {
    let rgba = [0, 40, 80, 120].iter().flat_map(|v| [*v, *v, *v, 255]);
    let source = Pixels {
        width: 2,
        height: 2,
        rgba: rgba.collect(),
        opaque: true,
    };
    let larger = Pixels {
        width: 6,
        height: 6,
        rgba: [9, 9, 9, 255].repeat(36),
        opaque: true,
    };
    let at = |pixels: Pixels, side: f32| {
        let rect = Rect::new(0.0, 0.0, side, side);
        painted(&scene((4, 4), None, vec![picture(rect, Arc::new(pixels))]))
    };
    assert_eq!(px(&at(larger, 2.0), 1, 1), [9, 9, 9, 255]);
    let frame = at(source, 4.0);
    assert_eq!(px(&frame, 0, 0)[0], 0);
    assert_eq!(px(&frame, 3, 3)[0], 120);
    assert_eq!(px(&frame, 1, 0)[0], 10);
}

#[test]
fn a_mask_is_stretched_over_the_box() {
    let mut masked = picture(Rect::new(0.0, 0.0, 4.0, 4.0), pixels(4, 4));
    if let Content::Picture(picture) = &mut masked.content {
        picture.mask = Some(Arc::new(Mask {
            width: 2,
            height: 1,
            coverage: vec![255, 0],
        }));
    }
    let frame = painted(&scene((4, 4), None, vec![masked]));
    assert_eq!(px(&frame, 0, 2)[3], 255);
    assert_eq!(px(&frame, 3, 2)[3], 0);
    assert_eq!(px(&frame, 1, 2)[3], 191);
}

#[test]
fn quarter_turns_move_pixels_and_change_none() {
    let source = pixels(6, 4);
    let turned = |degrees: f32| {
        let mut node = picture(Rect::new(1.0, 2.0, 6.0, 4.0), source.clone());
        node.rotate = degrees;
        painted(&scene((8, 8), None, vec![node]))
    };
    let upright = turned(0.0);
    let (right, half, left) = (turned(90.0), turned(180.0), turned(-90.0));
    for y in 2..6 {
        for x in 1..7 {
            let expect = px(&upright, x, y);
            assert_eq!(px(&right, 7 - y, x), expect);
            assert_eq!(px(&half, 7 - x, 7 - y), expect);
            assert_eq!(px(&left, y, 7 - x), expect);
        }
    }
}

#[test]
fn a_turned_box_keeps_its_area_and_colour() {
    let mut node = shape(Rect::new(20.0, 25.0, 40.0, 30.0), rgb(250, 120, 10));
    node.rotate = 31.0;
    let frame = painted(&scene((80, 80), None, vec![node]));
    let mass: f64 = frame
        .rgba()
        .chunks(4)
        .map(|p| f64::from(p[3]) / 255.0)
        .sum();
    assert!((mass - 1200.0).abs() < 6.0, "{mass}");
    assert_eq!(px(&frame, 40, 40), [250, 120, 10, 255]);
}

#[test]
fn a_group_cuts_its_children_at_its_round_corners() {
    let rect = Rect::new(0.0, 0.0, 20.0, 20.0);
    let mut round = group(rect, vec![shape(rect, Color::BLACK)]);
    if let Content::Group(group) = &mut round.content {
        group.clip = true;
        group.surface.radius = [10.0; 4];
    }
    let frame = painted(&scene((20, 20), Some(Color::WHITE), vec![round]));
    assert_eq!(px(&frame, 0, 0), [255; 4]);
    assert_eq!(px(&frame, 10, 10), [0, 0, 0, 255]);
    assert!(px(&frame, 10, 0)[0] < 8);
}

#[test]
fn a_border_lies_inside_the_edge() {
    let mut framed = shape(Rect::new(2.0, 2.0, 10.0, 10.0), Color::WHITE);
    if let Content::Shape(surface) = &mut framed.content {
        surface.border = Some(Border {
            width: 2.0,
            paint: Paint::Solid(rgb(255, 0, 0)),
        });
    }
    let frame = painted(&scene((14, 14), Some(Color::BLACK), vec![framed]));
    assert_eq!(px(&frame, 1, 6), [0, 0, 0, 255]);
    assert_eq!(px(&frame, 2, 6), [255, 0, 0, 255]);
    assert_eq!(px(&frame, 3, 6), [255, 0, 0, 255]);
    assert_eq!(px(&frame, 4, 6), [255; 4]);
    assert_eq!(px(&frame, 11, 6), [255, 0, 0, 255]);
}

fn black_shadow(dx: f32, blur: f32) -> Shadow {
    Shadow {
        dx,
        dy: 0.0,
        blur,
        spread: 0.0,
        color: Color::BLACK,
    }
}

#[test]
fn no_shadow_shows_through_a_translucent_box() {
    let glass = Color {
        a: 64,
        ..Color::WHITE
    };
    let mut node = shape(Rect::new(10.0, 10.0, 10.0, 10.0), glass);
    node.shadows = vec![black_shadow(4.0, 0.0)];
    let frame = painted(&scene((30, 30), Some(Color::WHITE), vec![node]));
    assert_eq!(px(&frame, 16, 15), [255; 4]);
    assert_eq!(px(&frame, 22, 15), [0, 0, 0, 255]);
    assert_eq!(px(&frame, 25, 15), [255; 4]);
}

#[test]
fn a_group_without_fill_casts_its_childrens_shadow() {
    let rect = Rect::new(0.0, 0.0, 10.0, 20.0);
    let mut both = group(
        rect,
        vec![shape(Rect::new(2.0, 2.0, 2.0, 2.0), rgb(9, 9, 9))],
    );
    both.shadows = vec![black_shadow(8.0, 0.0)];
    let frame = painted(&scene((20, 20), Some(Color::WHITE), vec![both]));
    assert_eq!(px(&frame, 2, 2), [9, 9, 9, 255]);
    assert_eq!(px(&frame, 10, 2), [0, 0, 0, 255]);
    assert_eq!(px(&frame, 12, 2), [255; 4]);
    assert_eq!(px(&frame, 10, 10), [255; 4]);
}

#[test]
fn a_stroke_leaves_the_letters_whole() {
    let red = rgb(255, 0, 0);
    let plain = text("Rg", (20.0, 90.0), 80.0, Color::WHITE);
    let mut stroked = plain.clone();
    as_text(&mut stroked).stroke = Some(Stroke {
        width: 5.0,
        paint: Paint::Solid(red),
    });
    let on = |node: Node| painted(&scene((200, 130), Some(Color::BLACK), vec![node]));
    let (plain, stroked) = (on(plain), on(stroked));
    let (mut ink, mut around) = (0, 0);
    for (p, s) in plain.rgba().chunks(4).zip(stroked.rgba().chunks(4)) {
        if p[0] == 255 {
            assert_eq!(s, p);
            ink += 1;
        } else if s == [255, 0, 0, 255] {
            around += 1;
        }
    }
    assert!(ink > 1000 && around > 1500, "{ink} {around}");
}

#[test]
fn a_thickened_glyph_is_heavier_and_a_slanted_one_is_not() {
    let weigh = |change: &dyn Fn(&mut GlyphRun)| {
        let mut node = text("H", (30.0, 90.0), 80.0, Color::WHITE);
        change(&mut as_text(&mut node).runs[0]);
        let frame = painted(&scene((140, 120), Some(Color::BLACK), vec![node]));
        frame
            .rgba()
            .chunks(4)
            .map(|p| f64::from(p[0]) / 255.0)
            .sum::<f64>()
    };
    let plain = weigh(&|_| {});
    assert!(weigh(&|run| run.embolden = 3.0) > plain * 1.1);
    assert!((weigh(&|run| run.skew = 12.0) / plain - 1.0).abs() < 0.01);
}

#[test]
fn emoji_keep_their_colours_and_take_the_alpha() {
    let faded = |a| {
        let paint = Paint::Solid(Color { a, ..Color::WHITE });
        let run = run(&face("NotoColorEmoji.ttf"), "🔥", 60.0, (10.0, 70.0), paint);
        let emoji = Text {
            runs: vec![run],
            size: 60.0,
            ..Text::default()
        };
        let rect = Rect::new(0.0, 0.0, 90.0, 90.0);
        let node = node(rect, Content::Text(emoji));
        painted(&scene((90, 90), None, vec![node]))
    };
    let (full, half) = (faded(255), faded(128));
    let warm = full.rgba().chunks(4).filter(|p| p[0] > 200 && p[2] < 90);
    assert!(warm.count() > 500);
    let most = |f: &Frame| f.rgba().chunks(4).map(|p| p[3]).max();
    assert_eq!((most(&full), most(&half)), (Some(255), Some(128)));
}

#[test]
fn letters_are_filled_by_a_gradient_of_the_canvas() {
    let mut node = text("HH", (0.0, 80.0), 100.0, Color::WHITE);
    as_text(&mut node).runs[0].paint = gradient(Point { x: 0.0, y: 80.0 });
    let frame = painted(&scene((150, 100), None, vec![node]));
    let inked: Vec<_> = (0..100)
        .map(|y| px(&frame, 15, y))
        .filter(|p| p[3] == 255)
        .collect();
    assert!(inked.len() > 60);
    assert!(inked.windows(2).all(|w| w[0][0] <= w[1][0]));
    assert!(inked[inked.len() - 1][0] > 250);
}

#[test]
fn what_a_full_photo_hides_is_not_painted_and_not_missed() {
    let hidden = || text("gone", (5.0, 40.0), 40.0, Color::WHITE);
    let photo = picture(Rect::new(0.0, 0.0, 64.0, 48.0), pixels(64, 48));
    let scene = scene((64, 48), Some(Color::WHITE), vec![hidden(), photo]);
    let (frame, contrasts) = paint_checked(&scene);
    assert_eq!(frame.rgba(), pixels(64, 48).rgba);
    assert_eq!(contrasts, []);
}

#[test]
fn contrast_is_reported_against_what_is_beneath() {
    let ratio = |back: Color, color: Color, stroke: Option<Color>| {
        let mut node = text("Words", (10.0, 60.0), 50.0, color);
        node.id = Some("title".into());
        as_text(&mut node).stroke = stroke.map(|color| Stroke {
            width: 4.0,
            paint: Paint::Solid(color),
        });
        let inner = group(Rect::new(0.0, 0.0, 300.0, 90.0), vec![node]);
        let scene = scene((300, 90), Some(back), vec![inner]);
        let (_, contrasts) = paint_checked(&scene);
        assert_eq!(contrasts[0].path, [0, 0]);
        assert_eq!(contrasts[0].id.as_deref(), Some("title"));
        contrasts[0].ratio
    };
    let grey = rgb(0x76, 0x76, 0x76);
    assert!((ratio(Color::WHITE, Color::BLACK, None) - 21.0).abs() < 0.01);
    assert!((ratio(Color::WHITE, grey, None) - 4.54).abs() < 0.01);
    assert!((ratio(Color::WHITE, Color::WHITE, None) - 1.0).abs() < 0.01);
    assert!((ratio(Color::WHITE, Color::WHITE, Some(Color::BLACK)) - 21.0).abs() < 0.01);
}

#[test]
fn contrast_sees_through_layers_to_what_they_are_laid_on() {
    let mut faded = text("Words", (10.0, 60.0), 50.0, Color::BLACK);
    as_text(&mut faded).highlights = vec![Highlight {
        rect: Rect::new(0.0, 0.0, 1.0, 1.0),
        radius: [0.0; 4],
        paint: Paint::Solid(Color::BLACK),
    }];
    faded.opacity = 0.5;
    for rotate in [0.0, 12.0] {
        faded.rotate = rotate;
        let scene = scene((300, 90), Some(Color::WHITE), vec![faded.clone()]);
        let (frame, contrasts) = paint_checked(&scene);
        let darkest = frame.rgba().chunks(4).map(|p| p[0]).min();
        assert!(darkest <= Some(128), "{darkest:?}");
        // black at half strength on white is #7F7F7F, 4 to 1
        assert!((contrasts[0].ratio - 4.0).abs() < 0.05, "{contrasts:?}");
    }
}

#[test]
fn modules_of_a_code_are_all_of_one_size() {
    let dark = (0..25).map(|i| i % 2 == 0).collect();
    let code = Qr {
        size: 5,
        dark,
        quiet: 1,
        paint: Paint::Solid(Color::BLACK),
        surface: surface(Paint::Solid(Color::WHITE)),
    };
    let rect = Rect::new(3.4, 2.6, 33.0, 33.0);
    let scene = scene(
        (40, 40),
        Some(rgb(0, 0, 255)),
        vec![node(rect, Content::Qr(code))],
    );
    let frame = painted(&scene);
    let row: Vec<u8> = (0..40).map(|x| px(&frame, x, 11)[0]).collect();
    let runs: Vec<usize> = row.chunk_by(|a, b| a == b).map(<[u8]>::len).collect();
    assert_eq!(runs[2..7], [4; 5], "{row:?}");
    assert!(row.iter().all(|v| *v == 0 || *v == 255));
}

#[test]
fn a_scene_goes_over_a_frame() {
    let base = painted(&scene((8, 8), Some(rgb(1, 2, 3)), vec![]));
    let top = scene(
        (8, 8),
        None,
        vec![shape(Rect::new(4.0, 0.0, 4.0, 8.0), Color::WHITE)],
    );
    let frame = over(base, &top);
    assert_eq!(px(&frame, 3, 3), [1, 2, 3, 255]);
    assert_eq!(px(&frame, 4, 3), [255; 4]);
}

#[test]
fn a_smaller_raster_scales_everything() {
    let mut small = scene((40, 40), Some(Color::WHITE), vec![]);
    small.raster = (20, 20);
    small.nodes = vec![shape(Rect::new(10.0, 10.0, 20.0, 20.0), Color::BLACK)];
    let frame = painted(&small);
    assert_eq!((frame.width(), frame.height()), (20, 20));
    assert_eq!(px(&frame, 4, 10), [255; 4]);
    assert_eq!(px(&frame, 5, 5), [0, 0, 0, 255]);
    assert_eq!(px(&frame, 15, 14), [255; 4]);
}

fn everything() -> Scene {
    let mut title = text("Title", (20.0, 80.0), 64.0, Color::WHITE);
    title.shadows = vec![black_shadow(2.0, 9.0)];
    title.rotate = -7.0;
    let mut tinted = shape(Rect::new(10.0, 20.0, 90.0, 50.0), rgb(255, 90, 54));
    tinted.blend = Blend::SoftLight;
    let mut boxed = shape(Rect::new(100.3, 60.2, 60.0, 40.0), rgb(10, 90, 200));
    boxed.shadows = vec![black_shadow(4.0, 30.0)];
    let photo = picture(Rect::new(0.0, 0.0, 200.0, 120.0), pixels(200, 120));
    let nodes = vec![photo, tinted, boxed, title];
    scene((200, 120), Some(Color::BLACK), nodes)
}

/// Writes a picture to look at: `cargo test --lib frame:: -- --ignored`, then `frame.png` in the temporary folder.
#[test]
#[ignore = "it is for the eye"]
fn a_picture_to_look_at() {
    let frame = painted(&everything());
    let path = std::env::temp_dir().join("frame.png");
    let (width, height) = (frame.width(), frame.height());
    image::save_buffer(&path, frame.rgba(), width, height, image::ColorType::Rgba8)
        .expect("a writable temporary folder");
}

#[test]
fn threads_and_repetition_change_nothing() {
    let scene = everything();
    let first = painted(&scene);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..3 {
                    assert_eq!(painted(&scene), first);
                }
            });
        }
    });
}

#[test]
fn absurd_numbers_paint_something() {
    for v in [f32::NAN, f32::INFINITY, -1e30, 1e30, 1e7] {
        let mut scene = everything();
        for node in &mut scene.nodes {
            node.rect = Rect::new(v, -v, v.abs(), 40.0);
            node.rotate = v;
            node.shadows = vec![Shadow {
                dx: v,
                dy: 3.0,
                blur: v,
                spread: v,
                color: Color::BLACK,
            }];
            match &mut node.content {
                Content::Text(text) => {
                    text.runs[0].size = v;
                    text.runs[0].embolden = v;
                    text.runs[0].skew = v;
                    text.runs[0].glyphs[0].x = v;
                }
                Content::Shape(surface) => surface.radius = [v; 4],
                Content::Picture(picture) => picture.dest.x = v,
                _ => {}
            }
        }
        assert_eq!(painted(&scene).rgba().len(), 200 * 120 * 4);
        for node in &mut scene.nodes {
            node.rotate = 0.0;
        }
        assert_eq!(painted(&scene).rgba().len(), 200 * 120 * 4);
    }
}

#[test]
fn nothing_of_a_fill_shows_around_its_opaque_border() {
    let rect = Rect::new(10.3, 10.3, 60.0, 60.0);
    for clip in [false, true] {
        let mut round = surface(Paint::Solid(Color::BLACK));
        round.radius = [30.0; 4];
        round.border = Some(Border {
            width: 6.0,
            paint: Paint::Solid(Color::WHITE),
        });
        let content = match clip {
            false => Content::Shape(round),
            true => Content::Group(Group {
                surface: round,
                clip,
                children: vec![shape(rect, Color::BLACK)],
            }),
        };
        let scene = scene((80, 80), Some(Color::WHITE), vec![node(rect, content)]);
        let frame = painted(&scene);
        for (x, y) in (0..80).flat_map(|y| (0..80).map(move |x| (x, y))) {
            let away = libm::hypotf(x as f32 + 0.5 - 40.3, y as f32 + 0.5 - 40.3);
            if away > 25.0 {
                assert_eq!(px(&frame, x, y), [255; 4], "{x}, {y}");
            }
        }
    }
}

#[test]
fn a_stroke_does_not_show_through_letters_without_a_fill() {
    let clear = Color {
        a: 0,
        ..Color::BLACK
    };
    let mut words = text("III", (20.0, 90.0), 80.0, clear);
    as_text(&mut words).stroke = Some(Stroke {
        width: 3.0,
        paint: Paint::Solid(Color::BLACK),
    });
    let hollow = painted(&scene((200, 120), Some(Color::WHITE), vec![words]));
    let letters = text("III", (20.0, 90.0), 80.0, Color::BLACK);
    let solid = painted(&scene((200, 120), Some(Color::WHITE), vec![letters]));
    let mut inside = 0;
    for (x, y) in (0..120).flat_map(|y| (0..200).map(move |x| (x, y))) {
        if px(&solid, x, y) == [0, 0, 0, 255] {
            assert_eq!(px(&hollow, x, y), [255; 4], "{x}, {y}");
            inside += 1;
        }
    }
    assert!(inside > 1000);
    assert!(hollow.rgba().chunks(4).any(|px| px == [0, 0, 0, 255]));
}

//! Every format, what becomes of clear pixels, fits and filters.

use image::{ImageFormat, Rgba, RgbaImage};
use storypress::scene::picture::{Error, Filter, Fit, Limits, Pictures, Prepared};

use super::make::{self, BLUE, GREEN, RED, WHITE};

pub fn prepare(bytes: &[u8], width: u32, height: u32, fit: Fit) -> Result<Prepared, Error> {
    let (_folder, path) = make::file("picture", bytes);
    Pictures::new(Limits::default()).prepare(&path, &make::wanted(width, height, fit))
}

pub fn pixel(made: &Prepared, x: u32, y: u32) -> [u8; 4] {
    let at = (y * made.pixels.width + x) as usize * 4;
    made.pixels.rgba[at..at + 4]
        .try_into()
        .expect("a pixel has four bytes")
}

#[track_caller]
pub fn near(got: [u8; 4], want: [u8; 3], by: u8, what: &str) {
    let close = got.iter().zip(want).all(|(&a, b)| a.abs_diff(b) <= by);
    assert!(close && got[3] == 255, "{what}: {got:?} for {want:?}");
}

#[track_caller]
fn quarters(made: &Prepared, by: u8, what: &str) {
    let (w, h) = (made.pixels.width, made.pixels.height);
    for (x, y, want) in [
        (w / 4, h / 4, RED),
        (w - w / 4, h / 4, GREEN),
        (w / 4, h - h / 4, BLUE),
        (w - w / 4, h - h / 4, WHITE),
    ] {
        near(pixel(made, x, y), want, by, what);
    }
}

fn sixteen_bit() -> Vec<u8> {
    let wide = image::DynamicImage::from(make::corners(96, 64)).into_rgb16();
    make::encode(wide, ImageFormat::Png)
}

const SVG: &str = r##"<?xml version="1.0"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 64">
  <defs><rect id="q" width="48" height="32"/></defs>
  <use href="#q" fill="rgb(220,40,40)"/>
  <use href="#q" x="48" fill="rgb(40,180,60)"/>
  <use href="#q" y="32" fill="rgb(40,60,200)"/>
  <use href="#q" x="48" y="32" fill="rgb(240,240,240)"/>
</svg>"##;

#[test]
fn every_format_shows_the_same_picture() {
    let corners = make::corners(96, 64);
    let files: [(&str, Vec<u8>, u8); 9] = [
        ("JPEG", make::jpeg(&corners, turbojpeg::Subsamp::Sub2x2), 4),
        ("PNG", make::encode(corners.clone(), ImageFormat::Png), 1),
        ("16-bit PNG", sixteen_bit(), 1),
        ("WebP", make::encode(corners.clone(), ImageFormat::WebP), 1),
        ("GIF", make::encode(corners, ImageFormat::Gif), 6),
        ("AVIF", include_bytes!("fixtures/quarters.avif").to_vec(), 5),
        ("HEIC", include_bytes!("fixtures/quarters.heic").to_vec(), 5),
        ("SVG", SVG.as_bytes().to_vec(), 1),
        (
            "SVG with a mark",
            format!("\u{feff}  {}", &SVG[22..]).into_bytes(),
            1,
        ),
    ];
    for (name, bytes, by) in files {
        let (_folder, path) = make::file("picture.txt", &bytes);
        let pictures = Pictures::new(Limits::default());
        assert_eq!(pictures.size(&path), Ok((96, 64)), "{name}");
        for (width, height) in [(48, 32), (96, 64), (192, 128)] {
            let made = pictures
                .prepare(&path, &make::wanted(width, height, Fit::Fill))
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(made.pixels.opaque, "{name}");
            quarters(&made, by, name);
        }
    }
}

#[test]
fn every_chroma_subsampling_shows_the_same_picture() {
    use turbojpeg::Subsamp;
    for subsamp in [
        Subsamp::None,
        Subsamp::Sub2x1,
        Subsamp::Sub2x2,
        Subsamp::Sub1x2,
        Subsamp::Sub4x1,
        Subsamp::Sub1x4,
    ] {
        // sizes that fill no block, at full size and at every scale of the decoder
        let bytes = make::jpeg(&make::corners(333, 251), subsamp);
        for (width, height) in [(333, 251), (160, 120), (70, 50), (35, 25), (17, 13), (8, 6)] {
            let made = prepare(&bytes, width, height, Fit::Cover).expect("the picture is whole");
            // a sharp kernel rings next to an edge, and everything is next to it here
            let by = if width < 20 { 12 } else { 6 };
            quarters(&made, by, &format!("{subsamp:?} at {width}"));
        }
    }
}

#[test]
fn a_picture_that_its_file_turns_is_turned_once() {
    let made = prepare(include_bytes!("fixtures/turned.heic"), 32, 48, Fit::Fill)
        .expect("the picture is whole");
    near(pixel(&made, 8, 12), GREEN, 5, "left-top");
    near(pixel(&made, 24, 12), WHITE, 5, "right-top");
    near(pixel(&made, 8, 36), RED, 5, "left-bottom");
}

#[test]
fn clear_pixels_are_premultiplied_before_they_are_mixed() {
    // what hides under a clear pixel must not bleed into its neighbour
    let half = RgbaImage::from_fn(64, 64, |x, _| {
        if x < 32 {
            Rgba([255, 0, 255, 0])
        } else {
            Rgba([0, 200, 0, 255])
        }
    });
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        let made = prepare(&make::encode(half.clone(), format), 9, 9, Fit::Fill)
            .expect("the picture is whole");
        assert!(!made.pixels.opaque);
        assert_eq!(pixel(&made, 0, 4), [0, 0, 0, 0]);
        assert_eq!(pixel(&made, 8, 4), [0, 200, 0, 255]);
        for pixel in made.pixels.rgba.chunks(4) {
            assert!(
                pixel[0] == 0 && pixel[2] == 0 && pixel[1] <= pixel[3],
                "{pixel:?}"
            );
        }
    }
    let made = prepare(include_bytes!("fixtures/alpha.avif"), 48, 32, Fit::Fill)
        .expect("the picture is whole");
    assert_eq!(pixel(&made, 8, 8)[3], 0);
    near(pixel(&made, 40, 8), GREEN, 6, "the opaque half");
}

#[test]
fn a_gif_shows_its_first_frame() {
    use image::codecs::gif::GifEncoder;
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    for color in [RED, BLUE] {
        let frame = RgbaImage::from_pixel(20, 10, Rgba([color[0], color[1], color[2], 255]));
        encoder
            .encode_frame(image::Frame::new(frame))
            .expect("the encoder takes this frame");
    }
    drop(encoder);
    let made = prepare(&bytes, 20, 10, Fit::Fill).expect("the picture is whole");
    near(pixel(&made, 5, 5), RED, 6, "the first frame");
}

#[test]
fn contain_gives_a_smaller_picture_and_where_it_goes() {
    let bytes = make::jpeg(&make::corners(96, 64), turbojpeg::Subsamp::None);
    let made = prepare(&bytes, 300, 300, Fit::Contain).expect("the picture is whole");
    assert_eq!((made.pixels.width, made.pixels.height), (300, 200));
    assert_eq!(made.offset_px, (0, 50));
    assert_eq!(made.scale, 3.125);
    quarters(&made, 4, "contain");
}

#[test]
fn a_small_picture_says_how_much_it_is_enlarged_and_a_drawing_never_is() {
    let bytes = make::jpeg(&make::corners(96, 64), turbojpeg::Subsamp::None);
    let made = prepare(&bytes, 192, 192, Fit::Cover).expect("the picture is whole");
    assert_eq!(made.scale, 3.0);
    let made = prepare(SVG.as_bytes(), 960, 640, Fit::Contain).expect("the drawing is whole");
    assert_eq!(made.scale, 1.0);
    // edges are drawn at the size, not enlarged
    near(pixel(&made, 479, 100), RED, 1, "left of the edge");
    near(pixel(&made, 480, 100), GREEN, 1, "right of the edge");
}

#[test]
fn blur_fills_the_box_behind_the_whole_picture() {
    let bytes = make::jpeg(&make::corners(96, 64), turbojpeg::Subsamp::None);
    let made = prepare(&bytes, 90, 160, Fit::Blur).expect("the picture is whole");
    assert_eq!((made.pixels.width, made.pixels.height), (90, 160));
    assert_eq!(made.offset_px, (0, 0));
    // the picture itself is 90 x 60 in the middle
    near(pixel(&made, 10, 55), RED, 4, "the picture");
    near(pixel(&made, 80, 105), WHITE, 4, "the picture");
    let above = pixel(&made, 5, 5);
    assert!(
        above[0] > above[1] + 40 && above[0] < RED[0],
        "darker red above: {above:?}"
    );
}

#[test]
fn filters_are_applied_to_what_is_drawn() {
    let (_folder, path) = make::file(
        "a.png",
        &make::encode(make::corners(96, 64), ImageFormat::Png),
    );
    let mut wanted = make::wanted(96, 64, Fit::Cover);
    wanted.filter = Filter {
        grayscale: 1.0,
        ..Filter::default()
    };
    let made = Pictures::new(Limits::default())
        .prepare(&path, &wanted)
        .expect("the picture is whole");
    let [r, g, b, a] = pixel(&made, 10, 10);
    assert!(r == g && g == b && a == 255);
    assert!(r.abs_diff(78) <= 1, "the light of the red quarter, not {r}");
}

#[test]
fn a_mask_is_alpha_or_else_light() {
    let slope = RgbaImage::from_fn(64, 4, |x, _| Rgba([255, 255, 255, (x * 4) as u8]));
    let (_folder, path) = make::file("a.png", &make::encode(slope, ImageFormat::Png));
    let pictures = Pictures::new(Limits::default());
    let mask = pictures.mask(&path, 64, 4).expect("the picture is whole");
    assert_eq!((mask.width, mask.height), (64, 4));
    assert_eq!(mask.coverage[10], 40);

    let grey = image::GrayImage::from_fn(64, 4, |x, _| image::Luma([(x * 4) as u8]));
    let (_folder, path) = make::file("b.png", &make::encode(grey, ImageFormat::Png));
    let mask = pictures.mask(&path, 64, 4).expect("the picture is whole");
    assert_eq!(mask.coverage[10], 40);
}

#[test]
fn an_em_of_an_svg_is_that_of_a_browser() {
    let svg = r##"<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><path fill="#fff" d="M0 0h20v20H0z"/><rect width="1em" height="1em" fill="#dc2828"/></svg>"##;
    let made = prepare(svg.as_bytes(), 20, 20, Fit::Fill).expect("it is whole");
    near(pixel(&made, 15, 15), RED, 1, "inside");
    near(pixel(&made, 16, 15), [255, 255, 255], 1, "outside");
}

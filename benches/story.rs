//! One story from template and row to a finished file, whole and a stage at a time.
//!
//! A full-screen photograph as a phone takes it (12 megapixels, stored sideways), scrim, logo, pill, four texts with
//! emoji and Arabic. The bench makes the photograph itself. `encode alone` is the yardstick: what the JPEG of the
//! same frame costs without anything else.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::json;
use storypress::data::Row;
use storypress::diag::{Place, Source};
use storypress::frame::{Frame, paint_checked};
use storypress::media::{self, Options};
use storypress::project;
use storypress::scene::picture::Limits;
use storypress::scene::{Assets, Scene, resolve};
use storypress::template::expression::Clock;
use storypress::template::{self, Template};
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

const PROJECT: &str = r##"
[brand]
logo = "logo.svg"
colors = { accent = "#ff5a36" }
fonts = { arabic = "Cairo.ttf" }
"##;

const LOGO: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512">
<circle cx="256" cy="256" r="248" fill="#fff"/>
<path d="M136 200h200v96a92 92 0 0 1-92 92h-16a92 92 0 0 1-92-92z" fill="#ff5a36"/>
</svg>"##;

const TEMPLATE: &str = r##"
[vars]
photo = { type = "image", default = "photo.jpg" }
title = { default = "" }

[[layer]]
id = "photo"
type = "image"
src = "{{ photo }}"

[[layer]]
id = "scrim"
type = "shape"
fill = { linear = [["#00000073", 0.0], ["#0000", 0.25], ["#0000", 0.5], ["#000c", 1.0]], angle = 180 }

[[layer]]
id = "logo"
type = "image"
src = "{{ brand.logo }}"
left = 64
top = 270
width = 120
height = 120

[[layer]]
id = "pill"
type = "shape"
left = 208
top = 294
width = 300
height = 72
radius = 36
fill = "$accent"

[[layer]]
id = "pill text"
type = "text"
text = "NEW DROP"
weight = 700
size = 34
color = "#fff"
left = 208
top = 294
width = 300
height = 72
align = "center"
valign = "middle"

[[layer]]
id = "title"
type = "text"
text = "{{ title }}"
weight = 800
size = 96
line_height = 1.08
color = "#fff"
left = 64
width = 952
bottom = 630

[[layer]]
id = "subtitle"
type = "text"
text = "Fresh roast ☕ every morning 🔥 from 7:30"
size = 44
color = "#ffffffd9"
left = 64
width = 952
top = 1320
height = 60

[[layer]]
id = "arabic"
type = "text"
text = "قهوة طازجة كل صباح من الساعة 7:30"
font = "arabic"
size = 48
color = "#fff"
left = 64
width = 952
top = 1392
height = 90

[[layer]]
id = "footer"
type = "text"
text = "@cornerroastery  ·  offer {{ '%03d' | format(row.index) }}  ·  corner-roastery.example"
weight = 500
size = 30
color = "#fffc"
left = 64
width = 952
top = 1490
height = 40
"##;

/// Light that changes slowly, shapes with edges, fine texture and grain: about the bytes of a real photograph.
fn photograph() -> Vec<u8> {
    const WIDTH: usize = 4032;
    const HEIGHT: usize = 3024;
    let mut seed = 1u32;
    let mut pixels = Vec::with_capacity(WIDTH * HEIGHT * 3);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // two dice together, as grain is: mostly little
            let grain = (seed >> 28) as i32 - (seed >> 24 & 15) as i32;
            let edge = if (x / 310 + y / 230) % 5 == 0 { 60 } else { 0 };
            let weave = ((x * x / 900 + y * 3) / 11 % 9) as i32 * 3;
            let light = |of: usize| (of * 150 / (WIDTH + HEIGHT)) as i32 + 30 + edge + weave;
            let channels = [light(x + y), light(2 * y), light(WIDTH - x + y / 2)];
            pixels.extend(channels.map(|c| (c + grain / 2).clamp(0, 255) as u8));
        }
    }
    let mut compressor = Compressor::new().expect("a compressor");
    compressor.set_quality(93).expect("a quality");
    compressor
        .set_subsamp(Subsamp::Sub2x2)
        .expect("a subsampling");
    let image = Image {
        pixels: pixels.as_slice(),
        width: WIDTH,
        pitch: WIDTH * 3,
        height: HEIGHT,
        format: PixelFormat::RGB,
    };
    let jpeg = compressor.compress_to_vec(image).expect("a JPEG");
    // an EXIF block of one entry, orientation 6: the camera was held upright
    let exif =
        b"\xff\xe1\0\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    [&jpeg[..2], exif, &jpeg[2..]].concat()
}

struct Studio {
    template: Template,
    assets: Assets,
    photo: PathBuf,
    out: PathBuf,
    changes: u64,
    stories: usize,
}

impl Studio {
    fn open(folder: &Path) -> Self {
        let write = |name: &str, bytes: &[u8]| {
            std::fs::write(folder.join(name), bytes).expect("a file");
        };
        write(project::FILE, PROJECT.as_bytes());
        write("logo.svg", LOGO.as_bytes());
        write("frame.toml", TEMPLATE.as_bytes());
        write("photo.jpg", &photograph());
        let font = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/assets/fonts/display/Cairo.ttf"
        );
        std::fs::copy(font, folder.join("Cairo.ttf")).expect("the sample's font");
        let file = folder.join(project::FILE);
        let project = project::open(&file, &file).expect("a project");
        let fence = project.allowed_paths(folder);
        let path = folder.join("frame.toml");
        let (template, told) = template::load(&path, &path, &fence).expect("a template");
        assert!(told.is_empty(), "{told:?}");
        let now = "2026-11-21T10:00[UTC]".parse().expect("a time");
        let clock = Clock { now };
        let (assets, told) = Assets::new(fence, true, project.brand, Limits::default(), clock);
        assert!(told.is_empty(), "{told:?}");
        Self {
            template,
            assets,
            photo: folder.join("photo.jpg"),
            out: folder.join("out.jpg"),
            changes: 0,
            stories: 0,
        }
    }

    /// A photograph that changed is decoded anew.
    fn change_photo(&mut self) {
        self.changes += 1;
        let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(self.changes);
        std::fs::File::options()
            .write(true)
            .open(&self.photo)
            .and_then(|file| file.set_modified(time))
            .expect("a time of change");
    }

    /// Each story has a title and a number of its own.
    fn resolve(&mut self) -> Scene {
        self.stories += 1;
        let title = format!("Free refills all week for early birds #{}", self.stories);
        let serde_json::Value::Object(values) = json!({ "title": title }) else {
            unreachable!("it is written as an object");
        };
        let place = Place::whole(&Source::new("rows.json", ""));
        let row = Row::new(self.stories, values, place, Vec::new());
        resolve(&self.template, &row, &self.assets)
            .expect("a scene")
            .value
    }

    fn write(&self, frame: &Frame) -> media::Media {
        media::still(frame, &self.out, &Options::default()).expect("a file")
    }

    fn story(&mut self) -> media::Media {
        let scene = self.resolve();
        let (frame, _) = paint_checked(&scene);
        self.write(&frame)
    }
}

fn encoded(compressor: &mut Compressor, buffer: &mut [u8], rgba: &[u8]) -> usize {
    let image = Image {
        pixels: rgba,
        width: 1080,
        pitch: 1080 * 4,
        height: 1920,
        format: PixelFormat::RGBX,
    };
    compressor.compress_to_slice(image, buffer).expect("a JPEG")
}

fn benches(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut studio = Studio::open(folder.path());
    let scene = studio.resolve();
    let frame = paint_checked(&scene).0;
    let mut compressor = Compressor::new().expect("a compressor");
    compressor.set_quality(90).expect("a quality");
    compressor
        .set_subsamp(Subsamp::Sub2x2)
        .expect("a subsampling");
    let mut buffer = vec![0; 1080 * 1920 * 4];

    let mut group = c.benchmark_group("story");
    group.sample_size(30);
    group.bench_function("whole, its own photo", |b| {
        b.iter(|| {
            studio.change_photo();
            studio.story()
        });
    });
    group.bench_function("whole, shared photo", |b| b.iter(|| studio.story()));
    group.bench_function("resolve, its own photo", |b| {
        b.iter(|| {
            studio.change_photo();
            studio.resolve()
        });
    });
    group.bench_function("resolve, shared photo", |b| b.iter(|| studio.resolve()));
    group.bench_function("paint", |b| b.iter(|| paint_checked(black_box(&scene))));
    group.bench_function("write", |b| b.iter(|| studio.write(black_box(&frame))));
    group.bench_function("encode alone", |b| {
        b.iter(|| encoded(&mut compressor, &mut buffer, black_box(frame.rgba())))
    });
    group.finish();
}

criterion_group!(story, benches);
criterion_main!(story);

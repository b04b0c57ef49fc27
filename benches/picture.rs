//! A phone's photo of twelve megapixels, from its bytes to the pixels of a story's background.
//!
//! `STORYPRESS_PHOTOS` names a folder of JPEGs to take instead of the picture made here.

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{Criterion, criterion_group, criterion_main};
use storypress::scene::picture::{Filter, Fit, Limits, Pictures, Wanted};

/// Slopes, edges and sensor noise, so that the file is about as large as a phone's.
fn photo() -> Vec<u8> {
    let (width, height) = (4032usize, 3024usize);
    let mut state = 1u32;
    let mut pixels = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 24) as i32 % 9 - 4;
            let edge = if (x / 97 + y / 61) % 3 == 0 { 40 } else { 0 };
            let slope = (x * 120 / width + y * 60 / height) as i32;
            for base in [40, 60, 50] {
                pixels.push((base + slope + edge + noise).clamp(0, 255) as u8);
            }
        }
    }
    let mut encoder = turbojpeg::Compressor::new().expect("there is memory for an encoder");
    encoder
        .set_quality(93)
        .and_then(|()| encoder.set_subsamp(turbojpeg::Subsamp::Sub2x2))
        .and_then(|()| {
            encoder.compress_to_vec(turbojpeg::Image {
                pixels: pixels.as_slice(),
                width,
                pitch: width * 3,
                height,
                format: turbojpeg::PixelFormat::RGB,
            })
        })
        .expect("the encoder takes this picture")
}

fn photos(folder: &std::path::Path) -> Vec<PathBuf> {
    if let Some(given) = std::env::var_os("STORYPRESS_PHOTOS") {
        let mut found: Vec<PathBuf> = std::fs::read_dir(given)
            .expect("STORYPRESS_PHOTOS names a folder")
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|ext| ext == "jpg"))
            .collect();
        found.sort();
        return found;
    }
    let path = folder.join("photo.jpg");
    std::fs::write(&path, photo()).expect("a temporary file can be written");
    vec![path]
}

fn picture(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let photos = photos(folder.path());
    let wanted = Wanted {
        width_px: 1080,
        height_px: 1920,
        fit: Fit::Cover,
        focus: (0.5, 0.5),
        filter: Filter::default(),
    };
    // nothing is remembered: a batch of different photos decodes each
    let pictures = Pictures::new(Limits {
        cache_bytes: 0,
        ..Limits::default()
    });
    let mut group = c.benchmark_group("picture");
    group.sample_size(20);
    for path in &photos {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        group.bench_function(format!("cover/{name}"), |b| {
            b.iter(|| black_box(pictures.prepare(path, &wanted)).expect("the photo is whole"));
        });
    }
    let blurred = Wanted {
        fit: Fit::Blur,
        ..wanted
    };
    group.bench_function("blur fill", |b| {
        b.iter(|| black_box(pictures.prepare(&photos[0], &blurred)).expect("the photo is whole"));
    });
    let mut soft = wanted;
    soft.filter.blur = 20.0;
    soft.filter.saturation = 0.6;
    group.bench_function("filters", |b| {
        b.iter(|| black_box(pictures.prepare(&photos[0], &soft)).expect("the photo is whole"));
    });
    let remembering = Pictures::new(Limits::default());
    group.bench_function("remembered", |b| {
        b.iter(|| black_box(remembering.prepare(&photos[0], &wanted)).expect("it is whole"));
    });
    group.finish();
}

criterion_group!(benches, picture);
criterion_main!(benches);
